"""Draws convolution and pooling on small grids of numbers."""

# --8<-- [start:tools]
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F

INK, FAINT, SOFT = "#24292f", "#d4d8de", "#f1f3f6"


def grid(ax, values, marked=(), colour="C1", title=""):
    """A grid of numbers, with some cells marked; rows run downwards."""
    rows, columns = values.shape
    for i in range(rows):
        for j in range(columns):
            inside = (i, j) in marked
            ax.add_patch(plt.Rectangle(
                (j, -i - 1), 1, 1, facecolor="none",
                edgecolor=colour if inside else FAINT,
                lw=2.2 if inside else 1, zorder=2 if inside else 1))
            number = f"{values[i, j]:g}".replace("-", "−")
            ax.text(j + 0.5, -i - 0.5, number, ha="center", va="center",
                    fontsize=13, color=colour if inside else INK)
    ax.set(xlim=(-0.15, columns + 0.15), ylim=(-rows - 0.15, 0.15),
           aspect="equal")
    ax.set_title(title, fontsize=11)
    ax.axis("off")


def block(i, j, size):
    """The cells of a square."""
    return {(i + u, j + v) for u in range(size) for v in range(size)}
# --8<-- [end:tools]


# --8<-- [start:numbers]
image = torch.tensor([[1., 2, 0, 1, 0],
                      [0, 1, 3, 1, 1],
                      [2, 0, 1, 2, 0],
                      [1, 1, 0, 1, 3],
                      [0, 2, 1, 0, 1]])
kernel = torch.tensor([[1., 0, -1],
                       [1, 0, -1],
                       [1, 0, -1]])


def convolve(image, kernel, **options):
    """The layer's sums for one image and one kernel."""
    return F.conv2d(image[None, None], kernel[None, None], **options)[0, 0]


plain = convolve(image, kernel)                       # (3, 3)
strided = convolve(image, kernel, stride=2)           # (2, 2)
padded = convolve(image, kernel, padding=1)           # (5, 5)
patch = image[0:3, 1:4]
products = patch * kernel
print("patch times kernel:", products.flatten().int().tolist())
print("their sum:", int(products.sum()))
print("sizes:", *(tuple(m.shape) for m in (plain, strided, padded)))
# --8<-- [end:numbers]


# --8<-- [start:slide]
fig, axes = plt.subplots(1, 3, num="slide", figsize=(6.4, 2.6),
                         width_ratios=[5, 3, 3])
grid(axes[0], image, block(0, 1, 3), title="image, 5 × 5")
grid(axes[1], kernel, block(0, 0, 3), title="kernel, 3 × 3")
grid(axes[2], plain, {(0, 1)}, "C0", title="feature map, 3 × 3")
plt.show()
# --8<-- [end:slide]


# --8<-- [start:stride]
framed = F.pad(image, (1, 1, 1, 1))
fig, axes = plt.subplots(1, 4, num="stride", figsize=(7.2, 2.6),
                         width_ratios=[5, 2, 7, 5])
grid(axes[0], image, block(0, 2, 3), title="stride 2: next place")
grid(axes[1], strided, {(0, 1)}, "C0", title="2 × 2")
grid(axes[2], framed, block(0, 0, 3), title="padding 1: a frame of zeros")
grid(axes[3], padded, {(0, 0)}, "C0", title="5 × 5")
plt.show()
# --8<-- [end:stride]


# --8<-- [start:channels]
fig, ax = plt.subplots(num="channels", figsize=(7, 2.35))


def sheets(x, count, size, text, colour):
    """A stack of channels, seen from the front."""
    for c in reversed(range(count)):
        ax.add_patch(plt.Rectangle(
            (x + 0.22 * c, 1.6 + 0.22 * c), size, size, facecolor=SOFT,
            edgecolor=colour, lw=1.4, zorder=count - c))
    ax.text(x + size / 2, 1.3, text, ha="center", va="top")


sheets(0.2, 3, 2.6, "image\n3 channels", "C0")
sheets(4.4, 3, 0.9, "one kernel\n3 × 3 × 3", "C1")
sheets(6.6, 1, 2.4, "one map", "C1")
sheets(10.2, 3, 0.35, "1 × 1 kernel\n3 weights", "C2")
sheets(12.2, 1, 2.6, "mixes channels,\npixel by pixel", "C2")
ax.text(3.75, 2.6, "$*$", fontsize=16, ha="center")
ax.text(6.05, 2.6, "=", fontsize=14, ha="center")
ax.text(11.55, 2.6, "$\\to$", fontsize=14, ha="center")
ax.set(xlim=(0, 15), ylim=(0, 4.8), aspect="equal")
ax.axis("off")
plt.show()
# --8<-- [end:channels]


# --8<-- [start:pooling]
square = image[:4, :4]
largest = F.max_pool2d(square[None, None], 2)[0, 0]
average = F.avg_pool2d(square[None, None], 2)[0, 0]
fig, axes = plt.subplots(1, 3, num="pooling", figsize=(5.6, 2.4),
                         width_ratios=[4, 2.2, 2.2])
grid(axes[0], square, block(0, 2, 2), title="windows of 2 × 2")
grid(axes[1], largest, {(0, 1)}, "C0", title="largest")
grid(axes[2], average, {(0, 1)}, "C0", title="average")
plt.show()
results = {"products": products.flatten().tolist(),
           "sum": plain[0, 1].item(), "strided": strided.tolist(),
           "corner": padded[0, 0].item(), "largest": largest.tolist(),
           "average": average.tolist(),
           "sizes": {"plain": list(plain.shape),
                     "stride 2": list(strided.shape),
                     "padding 1": list(padded.shape)}}
# --8<-- [end:pooling]
