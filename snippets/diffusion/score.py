"""A score that is known exactly, a sampler, and how to spoil it."""
# --8<-- [start:data]
import math

import matplotlib.pyplot as plt
import torch

# S seeds side by side, N points of two numbers, T noise steps
S, T, s = 3, 100, 0.1
angle = torch.arange(8) * math.pi / 4
centres = 1.4 * torch.stack([angle.cos(), angle.sin()], 1)     # (8, 2)


def schedule(beta):
    """-> factor of the signal and deviation of the noise, t = 0 ... T"""
    kept = torch.cat([torch.ones(1), (1 - beta).cumprod(0)])
    return kept.sqrt(), (1 - kept).sqrt()


def draw(*shape):
    return centres[torch.randint(8, shape)] + s * torch.randn(*shape, 2)


beta = torch.linspace(0.001, 0.2, T)
signal, sigma = schedule(beta)
# --8<-- [end:data]

# --8<-- [start:exact]
def exact(x, a, b):
    """Mean of the noise in x = a x_0 + b noise, when only x is known."""
    away = x[..., None, :] - a * centres              # (..., 8, 2)
    v = a ** 2 * s ** 2 + b ** 2
    belongs = (-away.square().sum(-1) / (2 * v)).softmax(-1)
    return b * (belongs[..., None] * away).sum(-2) / v


def log_density(x, a, b):
    v = a ** 2 * s ** 2 + b ** 2
    squares = (x[:, None] - a * centres).square().sum(-1)
    return (-squares / (2 * v)).logsumexp(1) - (16 * math.pi * v).log()


torch.manual_seed(0)
tweedie = 0.0
for t in (1, 5, 10, 20, 50, 100):
    a, b = signal[t].double(), sigma[t].double()
    x = a * draw(1000).double() + b * torch.randn(1000, 2)
    x.requires_grad_()
    score = torch.autograd.grad(log_density(x, a, b).sum(), x)[0]
    tweedie = max(tweedie, (
        score + exact(x, a, b) / b).abs().max().item())
print(f"score and - noise / sigma differ by at most {tweedie:.0e}")
# --8<-- [end:exact]

# --8<-- [start:sampler]
def sample(guess, K, N=2000, chain=(signal, sigma), noise=1.0):
    """From pure noise in K of the T steps -> (S, N, 2)"""
    a, b = chain
    times = torch.linspace(T, 0, K + 1).round().long()
    x = torch.randn(S, N, 2)
    for t, r in zip(times, times[1:]):                # from t back to r
        ratio = a[t] / a[r]
        added = b[t] ** 2 - ratio ** 2 * b[r] ** 2    # variance, r to t
        x = (x - added / b[t] * guess(x, t)) / ratio
        x = x + noise * b[r] / b[t] * added.sqrt() * torch.randn_like(x)
    return x


def quality(x):
    """-> for each seed: share of good points, heaps hit, rarest heap"""
    distance, heap = torch.cdist(x, centres.expand(len(x), 8, 2)).min(-1)
    rows = []
    for near, h in zip(distance < 3 * s, heap):
        count = h[near].bincount(minlength=8)
        rows.append((near.float().mean().item(),
                     (count > len(h) / 80).sum().item(),
                     8 * count.min().item() / len(h)))
    return rows


def truly(x, t):
    return exact(x, signal[t], sigma[t])
# --8<-- [end:sampler]

# --8<-- [start:broken]
scaled = signal, sigma
backwards = schedule(beta.flip(0))                    # large steps first
unscaled = torch.ones(T + 1), torch.cat(
    [torch.zeros(1), beta.cumsum(0).sqrt()])          # x + noise, no factor
broken = {}
print("                          steps   good   radius")
for name, chain, trained, noise in [
        ("as derived", scaled, scaled, 1),
        ("noise left out", scaled, scaled, 0),
        ("schedule reversed", backwards, backwards, 1),
        ("not scaled", unscaled, unscaled, 1),
        ("not scaled in training", scaled, unscaled, 1)]:
    for K in (20, 100):
        x = sample(lambda x, t: exact(x, trained[0][t], trained[1][t]), K,
                   chain=chain, noise=noise)
        row = quality(x)
        radius = x.norm(dim=-1)
        broken[name, K] = {
            "good": sorted(r[0] for r in row),
            "radius": radius.mean().item(), "spread": radius.std().item()}
        print(f"{name:25}{K:6}{broken[name, K]['good'][1]:8.3f}"
              f"{radius.mean():7.2f} +- {radius.std():.2f}")
# --8<-- [end:broken]

# --8<-- [start:draw]
fig, axes = plt.subplots(1, 2, num="field", figsize=(6.4, 3.4))
line = torch.linspace(-2.4, 2.4, 15)
grid = torch.cartesian_prod(line, line)
for ax, t in zip(axes, (30, 10)):
    arrows = -exact(grid, signal[t], sigma[t]) / sigma[t]
    arrows = arrows / (1 + arrows.norm(dim=1, keepdim=True))  # shortened
    ax.quiver(*grid.T, *arrows.T, color="C0", scale=16, width=0.006)
    ax.plot(*(signal[t] * centres).T, "o", color="C1", ms=6)
    ax.set(title=f"noise of deviation {sigma[t]:.2f}", aspect="equal",
           xlabel="first number", xticks=[-2, 0, 2], yticks=[-2, 0, 2])
axes[0].set_ylabel("second number")


fig, axes = plt.subplots(1, 4, num="samples", figsize=(5.8, 1.75))
pictures = [("data", draw(300)), ("20 steps", sample(truly, 20)[0]),
            ("no noise, 20", sample(truly, 20, noise=0)[0]),
            ("no noise, 100", sample(truly, 100, noise=0)[0])]
for ax, (name, x) in zip(axes, pictures):
    ax.plot(*x[:300].T, ".", ms=2, color="C0")
    ax.set(xlim=(-2.1, 2.1), ylim=(-2.1, 2.1), aspect="equal", xticks=[],
           yticks=[])
    ax.set_title(name, fontsize=11)
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"tweedie": tweedie, "T": T, "within": 1 - math.exp(-9 / 2),
           "sigma": {f"t_{t}": sigma[t].item() for t in (10, 30)},
           "broken": {name.replace(" ", "_"): {f"K_{K}": broken[name, K]
                      for K in (20, 100)} for name, _ in broken}}
# --8<-- [end:results]
