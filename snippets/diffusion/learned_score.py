"""Diffusion in two dimensions: the learned score against the exact one."""
# --8<-- [start:data]
import math

import matplotlib.pyplot as plt
import torch
from torch import nn

# S seeds trained side by side, N points of two numbers, T noise steps
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
# --8<-- [end:exact]

# --8<-- [start:sampler]
def sample(guess, K, N=2000):
    """From pure noise in K of the T steps -> (S, N, 2)"""
    a, b = signal, sigma
    times = torch.linspace(T, 0, K + 1).round().long()
    x = torch.randn(S, N, 2)
    for t, r in zip(times, times[1:]):                # from t back to r
        ratio = a[t] / a[r]
        added = b[t] ** 2 - ratio ** 2 * b[r] ** 2    # variance, r to t
        x = (x - added / b[t] * guess(x, t)) / ratio
        x = x + b[r] / b[t] * added.sqrt() * torch.randn_like(x)
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

# --8<-- [start:network]
class Guess(nn.Module):
    """S networks side by side: point and step -> the noise in it"""

    def __init__(self, sizes=(2 + 8, 96, 96, 96, 2)):
        super().__init__()
        self.W = nn.ParameterList([
            (2 * torch.rand(S, i, o) - 1) * math.sqrt(3 / i)
            for i, o in zip(sizes, sizes[1:])])
        self.b = nn.ParameterList([torch.zeros(S, 1, o) for o in sizes[1:]])

    def forward(self, x, t):                          # (S, N, 2), (S, N)
        wave = t[..., None] / T * torch.arange(1, 5) * math.pi / 2
        h = torch.cat([x, wave.cos(), wave.sin()], -1)
        for i, (W, b) in enumerate(zip(self.W, self.b)):
            h = torch.baddbmm(b, h.relu() if i else h, W)
        return h
# --8<-- [end:network]

# --8<-- [start:train]
steps = 2000
torch.manual_seed(1)
model = Guess()
optimizer = torch.optim.Adam(model.parameters())
onecycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.005, steps)
for step in range(steps):
    x, noise = draw(S, 256), torch.randn(S, 256, 2)
    t = torch.randint(1, T + 1, (S, 256))
    a, b = signal[t][..., None], sigma[t][..., None]
    guess = model(a * x + b * noise, t)
    loss = (guess - noise).square().sum(-1).mean(1).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    onecycle.step()
# --8<-- [end:train]

# --8<-- [start:errors]
def learned(x, t):
    with torch.no_grad():
        return model(x, torch.full(x.shape[:-1], int(t)))


errors, sizes, straight = {}, {}, {}
total = centres.square().mean() + s ** 2              # variance of the data
for t in (1, 2, 5, 10, 20, 30, 50, 70, 100):
    a, b = signal[t], sigma[t]
    x = a * draw(S, 4000) + b * torch.randn(S, 4000, 2)
    truth = exact(x, a, b)
    scale = truth.square().sum(-1).mean()
    errors[t] = ((learned(x, t) - truth).square().sum(-1).mean(1)
                 / scale).tolist()
    linear = b * x / (a ** 2 * total + b ** 2)        # one Gaussian's
    straight[t] = ((linear - truth).square().sum(-1).mean() / scale).item()
    print(f"sigma {b:.3f}   error of three networks "
          + " ".join(f"{e:7.2%}" for e in sorted(errors[t]))
          + f"   one Gaussian {straight[t]:6.1%}")
# --8<-- [end:errors]

# --8<-- [start:steps]
table = {}
for K in (2, 5, 10, 20, 50, 100):
    for name, guess in (("exact", truly), ("learned", learned)):
        table[name, K] = sorted(quality(sample(guess, K)))
    print(f"{K:3} steps   good, exact {table['exact', K][1][0]:.3f}   "
          "learned " + " ".join(f"{r[0]:.3f}" for r in table["learned", K])
          + f"   heaps {[r[1] for r in table['learned', K]]}")
# --8<-- [end:steps]

# --8<-- [start:rival]
torch.manual_seed(2)
points = draw(500)
means = points[:1]
for _ in range(7):                                    # the farthest point
    means = torch.cat([means, points[torch.cdist(
        points, means).min(1).values.argmax()][None]])
for _ in range(10):                                   # k-means
    own = torch.cdist(points, means).argmin(1)
    means = torch.stack([points[own == k].mean(0) for k in range(8)])
width = (points - means[own]).square().mean().sqrt()
fitted = means[torch.randint(8, (S, 2000))] + width * torch.randn(S, 2000, 2)
table["rival"] = sorted(quality(fitted))
print("eight fitted Gaussians: good "
      + " ".join(f"{row[0]:.3f}" for row in table["rival"]))
# --8<-- [end:rival]

# --8<-- [start:export]
def plain(part):
    """Nested lists of numbers with two digits that count"""
    if part.dim() == 0:
        return float(f"{part.item():.2g}")
    return [plain(row) for row in part]


layers = []                                       # of the first network
for i, (W, b) in enumerate(zip(model.W, model.b)):
    layers += [{"kind": "relu"}] if i else []
    layers.append({"kind": "linear", "weight": plain(W[0].T),
                   "bias": plain(b[0, 0])})
exported = {"layers": layers, "T": T, "centres": centres.tolist(),
            "signal": signal.tolist(), "sigma": sigma.tolist()}
fig, axes = plt.subplots(1, 2, num="noise", figsize=(6.4, 3.2))
for ax, x, title in zip(axes, (torch.randn(1, 300, 2),
                               sample(learned, 20, 300)),
                        ("noise", "after 20 steps")):
    ax.plot(*x[0].T, ".", ms=4)
    ax.plot(*centres.T, "o", mfc="none", ms=20, color="C1")
    ax.set(title=title, xlim=(-3, 3), ylim=(-3, 3), aspect="equal")
# --8<-- [end:export]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="steps")
counts = [2, 5, 10, 20, 50, 100]
for name, style, color, at in [("exact", "o-", "C0", (11, 0.9)),
                               ("learned", "s--", "C1", (26, 0.74))]:
    ax.plot(counts, [table[name, K][1][0] for K in counts], style,
            color=color)
    ax.annotate(f"{name} score", at, color=color, ha="right" if
                name == "exact" else "left")
ax.fill_between(counts, *([table["learned", K][i][0] for K in counts]
                          for i in (0, -1)), color="C1", alpha=0.25)
ax.set(xscale="log", ylim=(-0.02, 1.05), xlabel="steps of the sampler",
       ylabel="share of good points")
ax.set_xticks(counts, counts)
ax.minorticks_off()

plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {
    "T": T, "training": steps,
    "good": {name: {f"K_{K}": table[name, K][1][0] for K in counts}
             for name in ("exact", "learned")},
    "lowest": {f"K_{K}": table["learned", K][0][0] for K in counts},
    "highest": {f"K_{K}": table["learned", K][-1][0] for K in counts},
    "rival": table["rival"][0][0], "points": len(points),
    "rarest": min(row[2] for row in table["learned", 100]),
    "error": {f"t_{t}": sorted(e)[1] for t, e in errors.items()},
    "sigma": {f"t_{t}": sigma[t].item() for t in errors},
    "straight": {f"t_{t}": e for t, e in straight.items()},
    "live": {"noise": exported}}
# --8<-- [end:results]
