"""Drawings for larger runs."""
# --8<-- [start:parallel]
import matplotlib.pyplot as plt

ink, faint, soft = "#24292f", "#d4d8de", "#f1f3f6"
fig, ax = plt.subplots(num="parallel", figsize=(5.8, 2.5))
ax.set(xlim=(-0.1, 10), ylim=(0.25, 3.95))
ax.set_axis_off()


def box(x, y, text, width=2.0, color=soft):
    ax.add_patch(plt.Rectangle((x, y - 0.45), width, 0.9, facecolor=color,
                               edgecolor=ink, lw=1))
    ax.text(x + width / 2, y, text, ha="center", va="center",
            color=ink)


def arrow(start, end, style="-|>"):
    ax.annotate("", end, start, arrowprops=dict(arrowstyle=style, color=ink,
                                                shrinkA=0, shrinkB=0))


box(0, 2.1, "batch", 1.2)
for y, name in [(3.4, "0"), (0.8, "1")]:
    box(2.0, y, f"half {name}", 1.2)
    box(4.0, y, f"process {name}\nall weights")
    box(6.6, y, f"gradient $g_{name}$", 1.7)
    arrow((1.2, 2.1), (2.0, y))
    arrow((3.2, y), (4.0, y))
    arrow((6.0, y), (6.6, y))
    arrow((8.3, y), (8.8, 2.55 if y > 2 else 1.65))
box(8.0, 2.1, "$\\frac{1}{2}(g_0 + g_1)$", 1.9, faint)
arrow((8.0, 2.1), (5.0, 2.95))
arrow((8.0, 2.1), (5.0, 1.25))
ax.text(6.3, 2.1, "step", ha="center", va="center", color=ink)
plt.show()
# --8<-- [end:parallel]
