"""Draws a number on its way through layers, and a residual block."""
# --8<-- [start:chain]
import matplotlib.pyplot as plt

INK, FAINT, SOFT = "#24292f", "#d4d8de", "#f1f3f6"
layers = 4
passes = {w: [w**k for k in range(layers + 1)] for w in (0.5, 1.0, 2.0)}


def arrow(ax, start, end, color=INK, bend=0):
    ax.annotate("", end, start, arrowprops={
        "arrowstyle": "-|>", "color": color, "lw": 1.3, "shrinkA": 0,
        "shrinkB": 0, "connectionstyle": f"arc3,rad={bend}"})


def box(ax, x, y, text, width=0.9, color=SOFT):
    ax.add_patch(plt.Rectangle((x - width / 2, y - 0.3), width, 0.6,
                               facecolor=color, edgecolor=INK))
    ax.text(x, y, text, ha="center", va="center")


fig, ax = plt.subplots(num="chain", figsize=(6.4, 2.6))
for row, (w, values) in enumerate(passes.items()):
    for k, value in enumerate(values):
        ax.text(3 * k, -1.1 * row, f"{value:.4g}", ha="center", va="center",
                color="C1" if k in (0, layers) else INK)
        if k < layers:
            arrow(ax, (3 * k + 0.65, -1.1 * row), (3 * k + 2.25, -1.1 * row))
            ax.text(3 * k + 1.45, -1.1 * row + 0.15, f"times {w:g}",
                    ha="center", fontsize=10, color="C0")
for k in range(layers):
    ax.text(3 * k + 1.45, 0.75, f"layer {k + 1}", ha="center", fontsize=10)
ax.set(xlim=(-0.7, 3 * layers + 0.8), ylim=(-2.6, 1.1))
ax.axis("off")
plt.show()
# --8<-- [end:chain]

# --8<-- [start:block]
fig, ax = plt.subplots(num="block", figsize=(6.4, 1.8))
ax.text(0, 0, "$x$", ha="center", va="center", fontsize=14)
arrow(ax, (0.25, 0), (1.1, 0))
box(ax, 1.9, 0, "normalise", 1.6)
arrow(ax, (2.7, 0), (3.1, 0))
box(ax, 3.6, 0, "ReLU", 1.0)
arrow(ax, (4.1, 0), (4.5, 0))
box(ax, 5.1, 0, "$W \\cdot + b$", 1.2)
arrow(ax, (5.7, 0), (6.53, 0))
ax.text(6.1, 0.12, "$f(x)$", ha="center", fontsize=11)
ax.add_patch(plt.Circle((6.8, 0), 0.27, facecolor="none", edgecolor=INK))
ax.text(6.8, 0, "+", ha="center", va="center", fontsize=14)
arrow(ax, (7.07, 0), (7.7, 0))
ax.text(7.8, 0, "$x + f(x)$", ha="left", va="center", fontsize=14)
ax.plot([0.7, 0.7, 6.8], [0, 1.0, 1.0], color="C1", lw=2)
arrow(ax, (6.8, 1.0), (6.8, 0.27), "C1")
ax.text(3.7, 1.12, "shortcut: $x$ as it is", ha="center", color="C1")
ax.text(3.6, -0.75, "branch: what the block adds", ha="center", color="C0")
ax.set(xlim=(-0.4, 9.4), ylim=(-1.0, 1.5), aspect="equal")
ax.axis("off")
plt.show()
# --8<-- [end:block]

# --8<-- [start:numbers]
w, blocks = 0.1, 5
plain = [w**k for k in range(blocks + 1)]
residual = [(1 + w)**k for k in range(blocks + 1)]
for k in range(blocks + 1):
    print(f"after {k} blocks: times w {plain[k]:.5f}   "
          f"times 1 + w {residual[k]:.5f}")
results = {"passes": {f"{w:g}".replace(".", "_"): values
                      for w, values in passes.items()},
           "w": w, "plain": plain, "residual": residual}
# --8<-- [end:numbers]
