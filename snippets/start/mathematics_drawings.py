"""Draws vectors, matrices, the SVD, a gradient and the chain rule."""
# --8<-- [start:vectors]
import matplotlib.pyplot as plt
import torch

INK, FAINT, SOFT = "#24292f", "#d4d8de", "#f1f3f6"
PAPER = {"facecolor": SOFT, "edgecolor": "none", "pad": 1.5}


def arrow(ax, end, color, start=(0, 0), lw=2.0):
    ax.annotate("", end, start, arrowprops={
        "arrowstyle": "-|>", "color": color, "lw": lw, "shrinkA": 0,
        "shrinkB": 0, "mutation_scale": 14})


a, b = torch.tensor([4.0, 1.0]), torch.tensor([2.0, 3.0])
foot = (a @ b) / (a @ a) * a
fig, ax = plt.subplots(num="vectors", figsize=(4.8, 3.2))
ax.plot([b[0], foot[0]], [b[1], foot[1]], ":", color=INK, lw=1.4)
ax.plot([0, foot[0]], [0, foot[1]], color="C2", lw=7, alpha=0.35,
        solid_capstyle="butt")
arrow(ax, a.tolist(), "C0")
arrow(ax, b.tolist(), "C1")
ax.annotate("$a = (4, 1)$", (4.05, 1.1), color="C0")
ax.annotate("$b = (2, 3)$", (2.1, 3.0), color="C1")
ax.annotate("shadow of $b$ along $a$", (1.3, 0.05), color="C2", va="top")
ax.set(xlim=(-0.3, 5.4), ylim=(-0.45, 3.4), aspect="equal",
       xlabel="first entry", ylabel="second entry")
# --8<-- [end:vectors]

# --8<-- [start:matrix]
W = torch.tensor([[1.0, 0.5], [0.2, 1.5]])
fig, axes = plt.subplots(1, 2, num="matrix", figsize=(6.4, 3.1))
for ax, M, title in zip(axes, (torch.eye(2), W), ("before", "after $W$")):
    for k in range(-1, 4):
        for line in (torch.tensor([[k, k], [-1.0, 3.0]]),
                     torch.tensor([[-1.0, 3.0], [k, k]])):
            ax.plot(*(M @ line), color=FAINT, lw=1)
    square = torch.tensor([[0.0, 1, 1, 0], [0, 0, 1, 1]])
    ax.fill(*(M @ square), color="C2", alpha=0.25, lw=0)
    arrow(ax, M[:, 0].tolist(), "C0")
    arrow(ax, M[:, 1].tolist(), "C1")
    point = M @ torch.tensor([2.0, 1.0])
    ax.plot(*point, "o", color=INK)
    ax.annotate(f"({point[0]:.3g}, {point[1]:.3g})", point + 0.17,
                bbox=PAPER)
    ax.set(title=title, xlim=(-1.2, 3.9), ylim=(-1.1, 2.9), aspect="equal")
for ax, first, second in [(axes[0], (0.4, -0.5), (-0.85, 0.65)),
                          (axes[1], (0.9, -0.4), (-0.75, 1.7))]:
    ends = ("(1, 0)", "(0, 1)") if ax is axes[0] else ("(1, 0.2)",
                                                       "(0.5, 1.5)")
    ax.annotate(ends[0], first, color="C0", bbox=PAPER)
    ax.annotate(ends[1], second, color="C1", bbox=PAPER)
# --8<-- [end:matrix]

# --8<-- [start:svd]
U, S, Vh = torch.linalg.svd(W)
if torch.det(U) < 0:  # signs are free: two turns in place of two mirrors
    U, Vh = U * torch.tensor([1.0, -1.0]), Vh * torch.tensor([[1.0], [-1.0]])
t = torch.linspace(0, 2 * torch.pi, 200)
circle = torch.stack([t.cos(), t.sin()])
stages = [torch.eye(2), Vh, S.diag() @ Vh, U @ S.diag() @ Vh]
names = ["unit circle", "turned by $V^\\top$", "stretched by $S$",
         "turned by $U$"]
fig, axes = plt.subplots(1, 4, num="svd", figsize=(6.4, 2.0), sharey=True)
for ax, M, name in zip(axes, stages, names):
    ax.plot(*(M @ circle), color=INK, lw=1.2)
    arrow(ax, (M @ Vh[0]).tolist(), "C0")
    arrow(ax, (M @ Vh[1]).tolist(), "C1")
    ax.set(xlim=(-1.85, 1.85), ylim=(-1.85, 1.85), aspect="equal",
           xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    ax.set_title(name, fontsize=10)
# --8<-- [end:svd]

# --8<-- [start:gradient]
x, y = torch.meshgrid(torch.linspace(-2.4, 2.6, 120),
                      torch.linspace(-1.7, 1.7, 120), indexing="xy")
fig, ax = plt.subplots(num="gradient", figsize=(5.8, 3.8))
lines = ax.contour(x, y, x**2 + x * y + 2 * y**2,
                   levels=[0.25, 1, 2, 3.5], colors="C6", linewidths=1)
ax.clabel(lines, fontsize=11, fmt="%g")
for px, py in [(1.0, 0.5), (-1.3, -0.2), (0.3, -1.055)]:
    up = torch.tensor([2 * px + py, px + 4 * py]) * 0.2
    ax.plot(px, py, "o", color=INK, ms=4)
    arrow(ax, (px + up[0].item(), py + up[1].item()), "C1", (px, py))
    arrow(ax, (px - up[0].item(), py - up[1].item()), "C0", (px, py), 1.2)
ax.annotate("gradient: up", (1.6, 1.15), color="C1", bbox=PAPER)
ax.annotate("against it: down", (-2.3, 1.6), color="C0", bbox=PAPER)
ax.set(xlabel="$x$", ylabel="$y$", aspect="equal", ylim=(-2.0, 1.95))
# --8<-- [end:gradient]

# --8<-- [start:chain]
fig, ax = plt.subplots(num="chain", figsize=(6.4, 2.6))
places = {"$x_1 = 1$": (0, 1), "$x_2 = 2$": (0, 0),
          "$h_1 = x_1 x_2 = 2$": (2.6, 1), "$h_2 = x_1 + x_2 = 3$": (2.6, 0),
          "$f = h_1^2 + 3 h_2 = 13$": (5.3, 0.5)}
for name, (px, py) in places.items():
    ax.text(px, py, name, ha="center", va="center", fontsize=13, bbox={
        "facecolor": SOFT, "edgecolor": "C0", "boxstyle": "square,pad=0.4"})
for start, end, slope, at in [
        ((0.45, 1), (1.8, 1), "2", (1.1, 1.07)),
        ((0.45, 0.9), (1.75, 0.12), "1", (0.95, 0.7)),
        ((0.45, 0.1), (1.8, 0.88), "1", (0.95, 0.2)),
        ((0.45, 0), (1.75, 0), "1", (1.1, -0.22)),
        ((3.4, 0.93), (4.35, 0.64), "4", (3.95, 0.88)),
        ((3.45, 0.07), (4.35, 0.36), "3", (3.95, 0.0))]:
    arrow(ax, end, INK, start, 1.2)
    ax.text(*at, slope, color="C1", fontsize=13, ha="center")
ax.text(2.8, -0.65, "$\\partial f / \\partial x_1 = 4 \\cdot 2 + 3 \\cdot 1"
        " = 11, \\qquad \\partial f / \\partial x_2 = 4 \\cdot 1 + "
        "3 \\cdot 1 = 7$", ha="center", color="C1", fontsize=13)
ax.set(xlim=(-0.5, 6.3), ylim=(-0.8, 1.35))
ax.set_axis_off()
plt.show()
# --8<-- [end:chain]

# --8<-- [start:results]
results = {"singular": S.tolist()}
# --8<-- [end:results]
