"""Gradient descent on a parabola and in a ravine: how long is a good step?"""
# --8<-- [start:descend]
import matplotlib.pyplot as plt
import torch


def descend(loss, start, lr, steps, momentum=0.0):
    """Gradient descent -> the points visited (steps + 1, D)."""
    w = torch.tensor(start, dtype=torch.float64)
    velocity, path = torch.zeros_like(w), [w]
    for step in range(steps):
        w = w.detach().requires_grad_()
        grad, = torch.autograd.grad(loss(w), w)
        velocity = momentum * velocity + grad
        w = w.detach() - lr * velocity
        path.append(w)
    return torch.stack(path).detach()
# --8<-- [end:descend]

# --8<-- [start:parabola]
curvature = 4.0  # the second derivative; theory: lr must stay below 2 / 4


def parabola(w):
    return curvature / 2 * (w**2).sum()


print("step size   distance after 10 steps   each step times   theory")
walks = {}
for lr in (0.01, 0.1, 0.25, 0.45, 0.5, 0.55):
    walks[lr] = descend(parabola, [1.0], lr, steps=10)[:, 0]
    print(
        f"{lr:9.2f}{abs(walks[lr][-1]):26.4f}"
        f"{walks[lr][1] / walks[lr][0]:18.2f}{1 - lr * curvature:9.2f}"
    )
# --8<-- [end:parabola]

# --8<-- [start:limit]
def largest_step(loss, start, high, momentum=0.0):
    """Halve an interval until the largest step that converges is known."""
    low = 0.0
    for _ in range(12):
        lr = (low + high) / 2
        path = descend(loss, start, lr, 300, momentum)
        if loss(path[-1]) > loss(path[0]):  # further away than at first
            high = lr
        else:
            low = lr
    return low


def bowl(*curvatures):
    """A loss with these second derivatives along its axes."""
    curvatures = torch.tensor(curvatures, dtype=torch.float64)
    return lambda w: 0.5 * (curvatures * w**2).sum(-1)


limits = []  # curvatures, momentum, measured, theory
for curvatures, momentum in [
    ((0.5,), 0),
    ((4,), 0),
    ((1, 4), 0),
    ((1, 50), 0),
    ((4,), 0.5),
    ((1, 4), 0.9),
    ((1, 50), 0.3),
    ((1, 50), 0.5),
    ((1, 50), 0.8),
]:
    theory = 2 * (1 + momentum) / max(curvatures)
    limits.append((curvatures, momentum, largest_step(
        bowl(*curvatures), [1.0] * len(curvatures), 3 * theory, momentum),
        theory))
print("curvatures   momentum   largest safe step   theory")
for curvatures, momentum, measured, theory in limits:
    print(f"{', '.join(map(str, curvatures)):10}{momentum:11}"
          f"{measured:20.4f}{theory:9.4f}")
# --8<-- [end:limit]

# --8<-- [start:ravine]
ravine, first = bowl(1, 50), [-10.0, 1.0]  # flat along w_1, steep across
settings = {  # theory: without momentum 2 / (1 + 50) is the best step
    "too small": (0.01, 0), "best": (2 / (1 + 50), 0),
    "too large": (0.0405, 0), "momentum": (0.03, 0.75)}
paths = {name: descend(ravine, first, lr, 600, momentum)
         for name, (lr, momentum) in settings.items()}
arrival = {}
print("           step size   momentum   steps until the loss is 1e-6")
for name, (lr, momentum) in settings.items():
    far = ravine(paths[name]) > 1e-6
    arrival[name] = int(far.nonzero()[-1]) + 1  # after the last far point
    print(f"{name:10}{lr:10.4f}{momentum:11.2f}"
          f"{arrival[name] if arrival[name] <= 600 else '> 600':>20}")
# --8<-- [end:ravine]

# --8<-- [start:draw]
fig, axes = plt.subplots(1, 3, num="parabola", figsize=(6.4, 2.4),
                         sharey=True)
w = torch.linspace(-1.9, 1.9, 100)[:, None]
for ax, (lr, name) in zip(axes, [(0.05, "too small"), (0.2, "right"),
                                 (0.52, "too large")]):
    path = descend(parabola, [1.0], lr, 8)
    ax.plot(w, 2 * w**2, color="C6", lw=1)
    ax.plot(path, 2 * path**2, "o-", color="C0", ms=4, lw=1)
    ax.plot(*path[0], 2, "o", color="C1")
    ax.set(xlabel="weight $w$", title=f"{name}: {lr}")
axes[0].set_ylabel("loss")
axes[0].annotate("start", (1, 2), xytext=(-6, 2), ha="right", color="C1",
                 textcoords="offset points")
# --8<-- [end:draw]

# --8<-- [start:draw_ravine]
fig, axes = plt.subplots(4, 1, num="ravine", figsize=(6.4, 6.4),
                         sharex=True, sharey=True)
grid = torch.cartesian_prod(torch.linspace(-11, 4, 100),
                            torch.linspace(-1.7, 1.7, 100)).double()
for ax, (name, path) in zip(axes, paths.items()):
    ax.contour(*grid.reshape(100, 100, 2).unbind(2),
               ravine(grid).reshape(100, 100), [0.5, 2, 8, 20, 40, 70],
               colors="gray", linewidths=0.7)
    ax.plot(*path[:41].T, ".-", color="C0", lw=1, ms=5)
    ax.plot(0, 0, "*", color="C1", ms=9)
    ax.set(
        ylabel="$w_2$",
        ylim=(-1.7, 1.7),
        title=f"{name}: step {settings[name][0]:.4f}, "
        f"momentum {settings[name][1]:.2f}",
    )
axes[-1].set_xlabel("$w_1$")
plt.show()
# --8<-- [end:draw_ravine]

# --8<-- [start:results]
results = {
    "limits": [
        {"curvature": max(c), "momentum": m, "measured": a, "theory": b}
        for c, m, a, b in limits
    ],
    "arrival": arrival,
    "speedup": arrival["best"] / arrival["momentum"],
    "worst_limit": max(abs(a / b - 1) for _, _, a, b in limits),
    "settings": settings,
    "live": {"ravine": {"curvatures": [1, 50], "start": first,
                        "settings": settings}},
}
# --8<-- [end:results]
