"""Draws a chain of diffusion: eight heaps of points, and two steps."""
# --8<-- [start:chain]
import math

import matplotlib.pyplot as plt
import torch

INK = "#24292f"
torch.manual_seed(0)
kept = torch.cat([torch.ones(1),
                  (1 - torch.linspace(0.001, 0.2, 100)).cumprod(0)])
angle = torch.arange(8) * math.pi / 4
centres = 1.4 * torch.stack([angle.cos(), angle.sin()], 1)
points = centres[torch.randint(8, (400,))] + 0.1 * torch.randn(400, 2)
noise = torch.randn(400, 2)
shown = (0, 10, 20, 50, 100)
fig, axes = plt.subplots(1, 5, num="chain", figsize=(5.8, 2.3))
for ax, t in zip(axes, shown):
    x = kept[t].sqrt() * points + (1 - kept[t]).sqrt() * noise
    ax.plot(*x.T, ".", color="C0", ms=2)
    ax.set(xlim=(-3.4, 3.4), ylim=(-3.4, 3.4), aspect="equal", xticks=[],
           yticks=[])
    ax.set_title(f"$t = {t}$", fontsize=12, pad=3)
for y, left, right, color, style, text in [
        (0.88, 0.12, 0.88, "C1", "-", "forward: noise is added, "
         "nothing is learned"),
        (0.14, 0.88, 0.12, "C2", "--", "reverse: the network's guess of "
         "the noise is taken out")]:
    fig.add_artist(plt.matplotlib.patches.FancyArrowPatch(
        (left, y), (right, y), transform=fig.transFigure, lw=1.6,
        arrowstyle="-|>", mutation_scale=14, color=color, linestyle=style))
    fig.text(0.5, y + (0.03 if y > 0.5 else -0.105), text, ha="center",
             color=color, fontsize=12)
plt.show()
# --8<-- [end:chain]

# --8<-- [start:guidance]
fig, ax = plt.subplots(num="guidance", figsize=(5.2, 2.0))
start, untold, told = (0, 0), (1, 1.6), (3, 1.2)
far = [b + 0.5 * (b - a) for a, b in zip(untold, told)]
for tip, color, style, text, at in [
        (untold, "C0", "-", "guess without the digit", (0.9, 1.8)),
        (told, "C1", "-", "guess with it", (2.9, 1.5)),
        (far, "C2", "--", "guided, $w = 0.5$", (4.2, 0.9))]:
    ax.annotate("", tip, start, arrowprops={
        "arrowstyle": "-|>", "color": color, "lw": 2, "linestyle": style,
        "shrinkA": 0, "shrinkB": 0})
    ax.text(*at, text, color=color, ha="center" if tip == untold else "left",
            va="center")
ax.plot(*zip(untold, far), ":", color=INK)
ax.plot(0, 0, "o", color=INK)
ax.text(0, -0.2, "$x_t$", ha="center")
ax.set(xlim=(-0.5, 6.2), ylim=(-0.4, 2.1), aspect="equal")
ax.set_axis_off()
plt.show()
# --8<-- [end:guidance]

# --8<-- [start:numbers]
x_0, first, second = 2.0, 0.5, -1.0               # two draws of noise
x_1 = math.sqrt(0.64) * x_0 + math.sqrt(0.36) * first
x_2 = math.sqrt(0.64) * x_1 + math.sqrt(0.36) * second
joined = 0.8 * 0.6 * first + 0.6 * second
results = {"x_1": x_1, "x_2": x_2, "kept": 0.64 ** 2,
           "signal": math.sqrt(0.64 ** 2), "noise": math.sqrt(1 - 0.64 ** 2),
           "guided": far, "variance": 0.64 * 0.36 + 0.36, "joined": joined}
print(f"x_1 = {x_1:.2f}, x_2 = {x_2:.2f}")
# --8<-- [end:numbers]
