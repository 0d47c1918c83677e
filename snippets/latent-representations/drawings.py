"""Draws an autoencoder: many numbers, few numbers, many numbers."""
# --8<-- [start:autoencoder]
import matplotlib.pyplot as plt

INK, SOFT = "#24292f", "#f1f3f6"
fig, ax = plt.subplots(num="autoencoder", figsize=(6.8, 2.9))


def column(x, count, name, color):
    """A list of numbers, drawn as a column of small squares."""
    for i in range(count):
        ax.add_patch(plt.Rectangle((x - 0.2, 0.4 * (i - count / 2)), 0.4, 0.4,
                                   facecolor=SOFT, edgecolor=color, lw=1.2))
    ax.text(x, -0.2 * count - 0.2, name, ha="center", va="top", fontsize=10,
            color=color)


def funnel(left, right, tall, small, name, color):
    """A part of the network, from `tall` to `small` numbers or back."""
    ax.add_patch(plt.Polygon(
        [(left, -0.2 * tall), (left, 0.2 * tall), (right, 0.2 * small),
         (right, -0.2 * small)], facecolor="none", edgecolor=color, lw=1.6))
    ax.text((left + right) / 2, 0, name, ha="center", va="center",
            fontsize=10, color=color)


column(0, 10, "input x\nD numbers", INK)
funnel(0.5, 3.5, 10, 3, "encoder f", "C0")
column(4, 2, "code z\nK numbers", "C2")
funnel(4.5, 7.5, 3, 10, "decoder g", "C1")
column(8, 10, "output\nD numbers", INK)
ax.annotate("", (7.75, 2.2), (0.25, 2.2), arrowprops={
    "arrowstyle": "<->", "color": INK, "lw": 1.2, "shrinkA": 0,
    "shrinkB": 0})
ax.text(4, 2.3, "loss: squared difference", ha="center", va="bottom",
        fontsize=10, color=INK)
ax.set(xlim=(-0.8, 8.8), ylim=(-3.2, 2.8))
ax.axis("off")
plt.show()
# --8<-- [end:autoencoder]
