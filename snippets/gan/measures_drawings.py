"""Draws what the measures of samples measure."""
# --8<-- [start:carry]
import matplotlib.pyplot as plt
import numpy as np

SOFT = "#d4d8de"
fig, ax = plt.subplots(num="carry", figsize=(5.6, 2.8))
x = np.linspace(-3.5, 9.5, 400)


def gaussian(mean, spread):
    return np.exp(-((x - mean) / spread) ** 2 / 2) / spread


ax.plot(x, 1.9 + gaussian(0, 1), color="C1")
ax.plot(x, -gaussian(4, 2), color="C0")
for z in (-2, -1, 0, 1, 2):
    ax.annotate("", (4 + 2 * z, 0.05), (z, 1.85), arrowprops={
        "arrowstyle": "-|>", "color": "#24292f", "shrinkA": 0, "shrinkB": 0})
ax.axhline(1.9, color=SOFT, lw=1, zorder=0)
ax.axhline(0, color=SOFT, lw=1, zorder=0)
ax.text(1.3, 2.5, "made: mean 0, spread 1", color="C1")
ax.text(-3.2, 0.15, "real: mean 4,\nspread 2", color="C0")
ax.set(xlim=(-3.5, 9.5), xlabel="feature", yticks=[])
mean, spread = (0 - 4) ** 2, (1 - 2) ** 2
# --8<-- [end:carry]

# --8<-- [start:reach]
real = np.array([[0, 0], [1.2, 0.4], [0.5, 1.3], [4.2, 3.0], [5.0, 2.2]])
made = np.array([[0.6, 0.5], [0.9, 0.9], [0.2, 0.9], [2.7, 0.2]])
fig, axes = plt.subplots(1, 2, num="reach", figsize=(5.6, 2.7))
shares = {}
for ax, of, around, title in [(axes[0], made, real, "precision"),
                              (axes[1], real, made, "recall")]:
    gaps = np.linalg.norm(around[:, None] - around, axis=2)
    reach = np.sort(gaps, 1)[:, 1]               # to the nearest other one
    for point, radius in zip(around, reach):
        ax.add_patch(plt.Circle(point, radius, facecolor=SOFT, alpha=0.45,
                                edgecolor="#24292f", lw=0.8))
    inside = (np.linalg.norm(of[:, None] - around, axis=2) <= reach).any(1)
    shares[title] = int(inside.sum())
    ax.plot(*real.T, "o", color="C0", ms=7)
    ax.plot(*made.T, "^", color="C1", ms=7)
    ax.set(xlim=(-2.2, 6.6), ylim=(-2.6, 5.0), aspect="equal", xticks=[],
           yticks=[], xlabel=f"{title}: {inside.sum()} of {len(of)}")
axes[0].text(4.0, 4.3, "real", color="C0")
axes[0].text(3.2, -0.3, "made", color="C1")
plt.show()
# --8<-- [end:reach]

# --8<-- [start:results]
results = {"mean": mean, "spread": spread, "distance": mean + spread,
           "precision": shares["precision"], "recall": shares["recall"],
           "made": len(made), "real": len(real)}
# --8<-- [end:results]
