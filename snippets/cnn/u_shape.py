"""Draws the U-Net of the page on segmentation."""
import matplotlib.pyplot as plt

LEVELS = [(40, 8, 8), (20, 16, 8), (10, 32, 16)]  # grid, channels down and up
fig, ax = plt.subplots(num="shape", figsize=(6.8, 3.8))


def block(x, y, grid, channels, color):
    """A box as wide as its text needs, wider for larger grids."""
    width = 2.5 + grid / 28
    ax.add_patch(plt.Rectangle((x - width / 2, y - 0.32), width, 0.64,
                               facecolor="none", edgecolor=color, lw=1.6))
    ax.text(x, y, f"{grid} × {grid}\n{channels}", ha="center",
            va="center", fontsize=11)
    return width / 2


def arrow(start, end, **look):
    ax.annotate("", end, start, arrowprops={
        "arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0, "lw": 1.5, **look})


for depth, (grid, down, up) in enumerate(LEVELS):
    y, x = -1.1 * depth, 1.05 * depth
    edge = block(x, y, grid, f"{down} channels", "C0")
    block(12 - x, y, grid, f"{up} channels", "C1")
    arrow((x + edge + 0.1, y), (12 - x - edge - 0.1, y), ls="--", color="C2")
    ax.text(6, y + 0.1, "bridge", color="C2", ha="center")
    if depth < 2:  # to the next block, and back from it
        arrow((x + 0.3, y - 0.36), (x + 0.75, y - 0.74), color="C0")
        arrow((12 - x - 0.75, y - 0.74), (12 - x - 0.3, y - 0.36),
              color="C1")
edge = block(6, -3.3, 5, "64, then 32", "C3")
arrow((2.6, -2.56), (6 - edge - 0.1, -3.2), color="C0")
arrow((6 + edge + 0.1, -3.2), (9.4, -2.56), color="C1")
ax.text(0, 0.42, "image", ha="center", va="bottom")
ax.text(12, 0.42, "classes", ha="center", va="bottom")
ax.text(1.9, -3.15, "halve the grid", color="C0", ha="center")
ax.text(10.1, -3.15, "double the grid", color="C1", ha="center")
ax.set(xlim=(-2.1, 14.1), ylim=(-3.8, 0.8))
ax.set_axis_off()
plt.show()
