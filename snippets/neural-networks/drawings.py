"""Draws a neuron, a network, and activation functions with slopes."""

# --8<-- [start:neuron]
import math

import matplotlib.pyplot as plt
import torch

INK, FAINT, SOFT = "#24292f", "#d4d8de", "#f1f3f6"
inputs, weights, bias = [0.5, -1.0, 2.0], [1.2, 0.4, 0.3], -0.2
weighted = sum(w * x for w, x in zip(weights, inputs)) + bias
activation = math.tanh(weighted)
print(f"weighted sum {weighted:.2f}, activation {activation:.2f}")


def arrow(ax, start, end, width=1.3):
    """An arrow from one point to another."""
    ax.annotate("", end, start, arrowprops={
        "arrowstyle": "-|>", "color": INK, "lw": width,
        "shrinkA": 0, "shrinkB": 0})


fig, ax = plt.subplots(num="neuron", figsize=(6.4, 2.4))
for i, (x, w) in enumerate(zip(inputs, weights)):
    y = 4 - 1.5 * i
    ax.text(0.6, y, f"$x_{i + 1} = {x:g}$", ha="center", va="center")
    arrow(ax, (1.4, y), (4.05, 2.5 + 0.28 * (1 - i)))
    ax.text([3.2, 2.9, 2.9][i], [3.6, 2.58, 0.95][i],
            f"$w_{i + 1} = {w:g}$", color="C0", ha="center", va="bottom")
ax.add_patch(plt.Circle((4.9, 2.5), 0.85, facecolor=SOFT, edgecolor=INK))
ax.text(4.9, 2.5, f"sum\n{weighted:.2f}", ha="center", va="center")
ax.text(4.9, 0.75, f"bias $b = {bias:g}$", color="C0", ha="center")
arrow(ax, (4.9, 1.1), (4.9, 1.65))
arrow(ax, (5.75, 2.5), (7.0, 2.5))
ax.add_patch(plt.Rectangle((7.0, 1.9), 1.7, 1.2, facecolor=SOFT,
                           edgecolor=INK))
ax.text(7.85, 2.5, "tanh", ha="center", va="center")
arrow(ax, (8.7, 2.5), (9.8, 2.5))
ax.text(10.9, 2.5, f"activation\n$h = {activation:.2f}$", ha="center",
        va="center", color="C1")
ax.set(xlim=(-0.3, 11.9), ylim=(0.3, 4.6), aspect="equal")
ax.axis("off")
plt.show()
# --8<-- [end:neuron]


# --8<-- [start:network]
sizes = [3, 5, 4, 2]
names = ["input layer", "hidden layer", "hidden layer", "output layer"]
fig, ax = plt.subplots(num="network", figsize=(6.4, 3.2))
places = [[(3.2 * k, 2.6 + 1.05 * (i - (n - 1) / 2)) for i in range(n)]
          for k, n in enumerate(sizes)]
for before, after in zip(places, places[1:]):
    for a in before:
        for b in after:
            ax.plot([a[0], b[0]], [a[1], b[1]], color=FAINT, lw=0.9,
                    zorder=0)
for k, (layer, name) in enumerate(zip(places, names)):
    for x, y in layer:
        ax.add_patch(plt.Circle((x, y), 0.3, facecolor=SOFT,
                                edgecolor=["C0", INK, INK, "C1"][k], lw=1.5))
    ax.text(layer[0][0], -0.35, name, ha="center", va="top")
for k in range(3):
    ax.text(3.2 * k + 1.6, 5.35, f"$W_{k + 1}$: {sizes[k + 1]} × {sizes[k]}",
            ha="center")
ax.set(xlim=(-1.2, 10.8), ylim=(-1.0, 5.8), aspect="equal")
ax.axis("off")
plt.show()
count = sum(a * b + b for a, b in zip(sizes, sizes[1:]))
print("parameters:", count)
# --8<-- [end:network]


# --8<-- [start:activations]
functions = {"sigmoid": torch.sigmoid, "tanh": torch.tanh,
             "ReLU": torch.relu}
a = torch.linspace(-4, 4, 401, requires_grad=True)
largest = {}
fig, axes = plt.subplots(1, 3, num="activations", sharey=True,
                         figsize=(6.8, 2.6))
for ax, (name, function) in zip(axes, functions.items()):
    h = function(a)
    [slope] = torch.autograd.grad(h.sum(), a)
    largest[name] = slope.max().item()
    ax.plot(a.detach(), h.detach(), color="C0")
    ax.plot(a.detach(), slope, "--", color="C1")
    ax.axhline(0, color=FAINT, lw=0.8, zorder=0)
    ax.set(title=name, xlabel="weighted sum $a$", ylim=(-1.2, 2.2))
axes[0].text(-3.9, 1.15, "activation", color="C0")
axes[0].text(-3.9, 0.45, "slope", color="C1")
axes[0].set_ylabel("value")
plt.show()
print("largest slope:", *(f"{k} {v:.2f}" for k, v in largest.items()))
results = {"weighted": weighted, "activation": activation, "bias": bias,
           "inputs": inputs, "weights": weights, "sizes": sizes,
           "parameters": count, "largest": largest}
# --8<-- [end:activations]
