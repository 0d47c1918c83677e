"""What guidance makes of two Gaussians, where all scores are known."""
# --8<-- [start:exact]
import math

import matplotlib.pyplot as plt
import torch

torch.set_default_dtype(torch.float64)
torch.manual_seed(0)
start = torch.randn(20_000)                      # pure noise


def guided_score(x, a, w):
    """Class 1 is N(1, 1), class 2 N(-1, 1); x = a x_0 + b noise"""
    told = -(x - a)                              # variance stays 1
    classifier = 2 * a * torch.sigmoid(-2 * a * x)
    return told + w * classifier


def sample(w, K=200):
    """DDIM, all scores exact"""
    x = start
    u = torch.linspace(math.pi / 2, 0, K + 1)
    for (a, b), (c, d) in zip(zip(u.cos(), u.sin()),
                              zip(u.cos()[1:], u.sin()[1:])):
        noise = -b * guided_score(x, a, w)
        if a < 1e-6:                             # the first step: no signal
            x_0 = 1 + w + 0 * x                  # limit of (x - b noise) / a
        else:
            x_0 = (x - b * noise) / a
        x = c * x_0 + d * noise
    return x
# --8<-- [end:exact]

# --8<-- [start:compare]
grid = torch.linspace(-8, 12, 20_001)
table = {}
for w in (0, 1, 2, 4):
    log_p = -(grid - 1) ** 2 / 2 + w * torch.sigmoid(2 * grid).log()
    p = log_p.softmax(0)                         # the sharpened density
    mean = (p * grid).sum()
    wanted = mean.item(), (p * (grid - mean) ** 2).sum().sqrt().item()
    x = sample(w)
    table[w] = wanted, (x.mean().item(), x.std().item())
    print(f"w = {w}   sharpened density: mean {wanted[0]:.2f}, deviation "
          f"{wanted[1]:.2f}   sampler: {x.mean():.2f}, {x.std():.2f}")
# --8<-- [end:compare]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="sharpened")
for w, style, color, text, at in [
        (0, "-", "C0", "$w = 0$", (-1.2, 0.2)),
        (4, "--", "C1", "$w = 4$,\nwanted", (0.3, 0.5))]:
    p = (-(grid - 1) ** 2 / 2 + w * torch.sigmoid(2 * grid).log()).softmax(0)
    ax.plot(grid, p / (grid[1] - grid[0]), style, color=color)
    ax.annotate(text, at, color=color, ha="right")
ax.hist(sample(4).numpy(), bins=60, density=True, histtype="step",
        color="C2", lw=1.6)
ax.annotate("$w = 4$,\nsampled", (3.4, 0.5), color="C2")
ax.set(xlim=(-3, 5), ylim=(0, 0.8), xlabel="$x$", ylabel="density")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {f"w_{w}": {"wanted": wanted, "sampled": sampled}
           for w, (wanted, sampled) in table.items()}
sharp = -(grid - 1) ** 2 / 2 + 4 * torch.sigmoid(2 * grid).log()
results["peak"] = grid[sharp.argmax()].item()
# --8<-- [end:results]
