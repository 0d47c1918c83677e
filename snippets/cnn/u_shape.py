"""Draws the U-Net of the page on segmentation."""
import matplotlib.pyplot as plt

LEVELS = [(40, 8, 8), (20, 16, 8), (10, 32, 16)]  # grid, channels down and up
fig, ax = plt.subplots(num="shape", figsize=(6.4, 3.4))


def block(x, y, grid, channels, color):
    width = 1.15 + grid / 28
    box = plt.Rectangle((x - width / 2, y - 0.28), width, 0.56,
                        facecolor="none", edgecolor=color, lw=1.6)
    ax.add_patch(box)
    ax.text(x, y + 0.02, f"{grid} × {grid}\n{channels}", ha="center",
            va="center", fontsize=8, linespacing=1.25)
    return width / 2 + 0.08


def arrow(start, end, **look):
    ax.annotate("", end, start, arrowprops={
        "arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0, "lw": 1.5, **look})


for depth, (grid, down, up) in enumerate(LEVELS):
    y, x = -depth, 0.95 * depth
    edge = block(x, y, grid, f"{down} channels", "C0")
    block(10 - x, y, grid, f"{up} channels", "C1")
    arrow((x + edge, y), (10 - x - edge, y), ls="--", color="C2")
    ax.text(5, y + 0.08, "bridge", color="C2", ha="center", fontsize=8)
    arrow((x + 0.2, y - 0.32), (x + 0.75, y - 0.7), color="C0")
    arrow((10 - x - 0.75, y - 0.7), (10 - x - 0.2, y - 0.32), color="C1")
edge = block(5, -3, 5, "64, then 32", "C3")
arrow((2.9, -3), (5 - edge, -3), color="C0")
arrow((5 + edge, -3), (7.1, -3), color="C1")
ax.text(-1.5, 0, "image", ha="right", va="center", fontsize=9)
ax.text(11.5, 0, "classes", ha="left", va="center", fontsize=9)
ax.text(0.9, -2.6, "halve the grid", color="C0", ha="right", fontsize=8)
ax.text(9.1, -2.6, "double the grid", color="C1", ha="left", fontsize=8)
ax.set(xlim=(-2.6, 12.8), ylim=(-3.4, 0.5))
ax.set_axis_off()
plt.show()
