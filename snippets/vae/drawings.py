"""Drawing of a variational autoencoder, and its worked example."""
# --8<-- [start:parts]
import math

import matplotlib.pyplot as plt

ink, faint = "#24292f", "#d4d8de"
fig, ax = plt.subplots(num="network", figsize=(5.6, 2.6))


def box(x, y, w, h, text, color=ink):
    ax.add_patch(plt.Rectangle((x - w / 2, y - h / 2), w, h, fill=False,
                               edgecolor=color, lw=1.5))
    ax.text(x, y, text, ha="center", va="center", color=color)


def arrow(start, end, color=ink):
    ax.annotate("", end, start, arrowprops={"arrowstyle": "->",
                                            "color": color})
# --8<-- [end:parts]


# --8<-- [start:network]
box(0.5, 2, 0.7, 2.6, "$x$")
ax.add_patch(plt.Polygon([(1.3, 0.8), (1.3, 3.2), (2.9, 2.6), (2.9, 1.4)],
                         fill=False, edgecolor="C0", lw=1.5))
ax.text(2.1, 2, "encoder", color="C0", ha="center", va="center")
box(3.7, 2.6, 0.7, 0.7, r"$\mu$", "C0")
box(3.7, 1.4, 0.7, 0.7, r"$\sigma$", "C0")
box(3.7, 0.1, 0.7, 0.7, r"$\varepsilon$", "C3")
ax.text(3.2, 0.1, "noise", color="C3", ha="right", va="center")
box(5.6, 2, 1.7, 0.8, r"$z = \mu + \sigma\varepsilon$")
ax.add_patch(plt.Polygon([(7.1, 1.4), (7.1, 2.6), (8.7, 3.2), (8.7, 0.8)],
                         fill=False, edgecolor="C1", lw=1.5))
ax.text(7.9, 2, "decoder", color="C1", ha="center", va="center")
box(9.8, 2, 1.4, 2.6, "$p(x \\mid z)$", "C1")
for start, end in [((0.9, 2), (1.25, 2)), ((2.95, 2.3), (3.3, 2.55)),
                   ((2.95, 1.7), (3.3, 1.45)), ((4.1, 2.55), (4.7, 2.15)),
                   ((4.1, 1.45), (4.7, 1.85)), ((6.5, 2), (7.05, 2)),
                   ((8.75, 2), (9.05, 2))]:
    arrow(start, end)
arrow((4.1, 0.2), (5.3, 1.55), "C3")
ax.set(xlim=(0, 10.6), ylim=(-0.5, 3.6))
ax.axis("off")
plt.show()
# --8<-- [end:network]

# --8<-- [start:results]
mu, sigma, e = 1.0, 0.5, -0.4
results = {"mu": mu, "sigma": sigma, "e": e, "z": mu + sigma * e,
           "kl": (mu ** 2 + sigma ** 2 - 1) / 2 - math.log(sigma)}
# --8<-- [end:results]
