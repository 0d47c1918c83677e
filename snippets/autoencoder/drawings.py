"""Drawings of the chapter: a denoising autoencoder, and what it does."""
# --8<-- [start:cloud]
import matplotlib.pyplot as plt
import numpy as np

rng = np.random.default_rng(0)
angle = np.linspace(0.15 * np.pi, 0.85 * np.pi, 200)
fig, ax = plt.subplots(num="cloud", figsize=(5, 2.4))
ax.plot(np.cos(angle), np.sin(angle), color="C0", lw=3)
for turn in np.linspace(0.22, 0.78, 8):
    spot = np.array([np.cos(turn * np.pi), np.sin(turn * np.pi)])
    for side in (0.62, 1.38):
        start, end = side * spot, (1 + 0.25 * (side - 1)) * spot
        ax.plot(*start, "o", color="C1", ms=5)
        ax.annotate("", end, start, arrowprops={
            "arrowstyle": "->", "color": "C1", "shrinkA": 4})
ax.annotate("clean examples", (0.98, 0.62), color="C0", ha="left")
ax.annotate("noisy ones, and the step that a\ndenoiser takes from each",
            (0, 0.05), color="C1", ha="center")
ax.set(xlim=(-1.5, 1.7), ylim=(0, 1.5), aspect="equal")
ax.axis("off")
plt.show()
# --8<-- [end:cloud]

# --8<-- [start:results]
y, s, variance = 3.0, 1.0, 4.0
results = {"y": y, "noise": s, "variance": variance,
           "factor": variance / (variance + s ** 2),
           "guess": variance / (variance + s ** 2) * y}
# --8<-- [end:results]
