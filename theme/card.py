"""Draws docs/assets/card.png, on which the build writes the title of each page for other sites to show beside a link: gradient descent with momentum in a ravine. Run it by hand; the build does not."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

TARGET = Path(__file__).parent.parent / "docs" / "assets" / "card.png"

figure = plt.figure(figsize=(12, 6.3), dpi=100, facecolor="#1d3a5c")
ax = figure.add_axes((0, 0, 1, 1))
ax.set(xlim=(0, 12), ylim=(0, 6.3))
ax.axis("off")
x, y = np.meshgrid(np.linspace(6.6, 12, 200), np.linspace(0.2, 6.1, 200))
loss = (x - 9.6) ** 2 / 6 + 1.6 * (y - 3.1) ** 2
levels = [0.05, 0.2, 0.5, 1, 1.8, 3, 4.6, 7, 10]
ax.contour(x, y, loss, levels, colors="#8fb3dc", linewidths=1.2, alpha=0.55)

weight, speed = np.array([6.9, 5.3]), np.zeros(2)
path = [weight]
for _ in range(60):
    gradient = np.array([(weight[0] - 9.6) / 3, 3.2 * (weight[1] - 3.1)])
    speed = 0.72 * speed - 0.17 * gradient
    weight = weight + speed
    path.append(weight)
ax.plot(*np.array(path).T, "-o", color="#ffa35c", markersize=5, linewidth=2)

figure.savefig(TARGET)
