"""A diffusion chain in one dimension: every formula against arithmetic."""
# --8<-- [start:schedule]
import math

import matplotlib.pyplot as plt
import torch

# N points, T steps of noising
torch.set_default_dtype(torch.float64)
torch.manual_seed(0)
T = 100
beta = torch.linspace(0.001, 0.2, T)             # beta[t - 1] is step t's
alpha = 1 - beta
kept = torch.cat([torch.ones(1), alpha.cumprod(0)])  # kept[t], t = 0 ... T
for t in (0, 1, 10, 20, 50, 100):
    print(f"t = {t:3}   signal {kept[t].sqrt():.4f}   noise "
          f"{(1 - kept[t]).sqrt():.4f}")
# --8<-- [end:schedule]

# --8<-- [start:forward]
factor, variance, gap = torch.tensor(1.0), torch.tensor(0.0), 0.0
for t in range(1, T + 1):                        # step by step, exactly
    factor = alpha[t - 1].sqrt() * factor
    variance = alpha[t - 1] * variance + beta[t - 1]
    gap = max(gap, (factor - kept[t].sqrt()).abs().item(),
              (variance - (1 - kept[t])).abs().item())
print(f"largest difference from the closed form, all t: {gap:.0e}")

N, ran = 200_000, {}
for start in (0.5, 2.0):
    x = torch.full((N,), start)
    for t in range(1, T + 1):                    # and with real noise
        x = alpha[t - 1].sqrt() * x + beta[t - 1].sqrt() * torch.randn(N)
        if t in (10, 20, 50):
            jump = kept[t].sqrt() * start + (
                1 - kept[t]).sqrt() * torch.randn(N)
            ran[start, t] = [(part.mean().item(), part.std().item())
                             for part in (x, jump)]
            print(f"x_0 = {start}, t = {t:2}: stepwise mean, deviation "
                  "{:.3f} {:.3f}   jump {:.3f} {:.3f}".format(
                      *ran[start, t][0], *ran[start, t][1]))
# --8<-- [end:forward]

# --8<-- [start:posterior]
def step_back(t, x_0, x_t):
    """Mean and variance of x_{t-1} when x_0 and x_t are known."""
    a, b = alpha[t - 1], beta[t - 1]
    mean = (kept[t - 1].sqrt() * b * x_0
            + a.sqrt() * (1 - kept[t - 1]) * x_t) / (1 - kept[t])
    return mean, (1 - kept[t - 1]) / (1 - kept[t]) * b


grid = torch.linspace(-12, 12, 200_001)
off = []
for t in (2, 5, 20, 60, 100):
    for x_0, x_t in [(1.0, 0.3), (-2.0, 1.5), (0.0, -1.0)]:
        log_p = -(x_t - alpha[t - 1].sqrt() * grid) ** 2 / 2 / beta[t - 1] \
            - (grid - kept[t - 1].sqrt() * x_0) ** 2 / 2 / (1 - kept[t - 1])
        p = log_p.softmax(0)                     # Bayes' rule on a grid
        mean = (p * grid).sum()
        ours = step_back(t, x_0, x_t)
        off.append(max((mean - ours[0]).abs().item(),
                       ((p * (grid - mean) ** 2).sum() - ours[1]).abs()
                       .item()))
print(f"{len(off)} cases, largest difference {max(off):.0e}")
# --8<-- [end:posterior]

# --8<-- [start:bound]
m, s = 0.8, 0.5                                  # data: one Gaussian


def gauss_kl(mean_square, v, w):
    """KL of N(a, v) from N(b, w), where (a - b)^2 is known."""
    return ((w / v).log() + (v + mean_square) / w - 1) / 2


def bound(wrong):
    """-> minus the ELBO from its terms, minus log p from the model"""
    terms = [gauss_kl(kept[T] * (m ** 2 + s ** 2), 1 - kept[T],
                      torch.tensor(1.0))]        # the end of the chain
    mu, v = torch.tensor(0.0), torch.tensor(1.0)  # the model's own x_T
    for t in range(T, 0, -1):
        total = kept[t] * s ** 2 + 1 - kept[t]   # variance of x_t
        left = s ** 2 * (1 - kept[t]) / total    # of x_0, x_t known
        pull, tilde = step_back(t, 1.0, 0.0)     # weight of x_0
        width = tilde + pull ** 2 * left         # of x_{t-1}, x_t known
        error = pull ** 2 * (left + wrong ** 2)  # of the mean, squared
        if t > 1:
            terms.append(gauss_kl(error, tilde, width))
        else:                                    # -log p(x_0 | x_1)
            terms.append(((2 * math.pi * width).log() + error / width) / 2)
        slope = step_back(t, 0.0, 1.0)[0] + pull * s ** 2 * (
            kept[t].sqrt() / total)
        shift = pull * (m - s ** 2 * kept[t] / total * m + wrong)
        mu, v = slope * mu + shift, slope ** 2 * v + width
    exact = ((2 * math.pi * v).log() + (s ** 2 + (m - mu) ** 2) / v) / 2
    return sum(terms).item(), exact.item()


bounds = {wrong: bound(wrong) for wrong in (-0.3, -0.1, 0.0, 0.1, 0.3)}
for wrong, (elbo, exact) in bounds.items():
    print(f"guess of x_0 off by {wrong:4}: -ELBO {elbo:.6f} nats, "
          f"-log p {exact:.6f} nats")
# --8<-- [end:bound]

# --8<-- [start:weights]
t = torch.arange(2, T + 1)
tilde = (1 - kept[t - 1]) / (1 - kept[t]) * beta[t - 1]
weight = beta[t - 1] ** 2 / (2 * tilde * alpha[t - 1] * (1 - kept[t]))
signal_to_noise = kept[1:] / (1 - kept[1:])
steps_of_ratio = (signal_to_noise[:-1] - signal_to_noise[1:]) / 2
as_x = weight * kept[t] / (1 - kept[t])          # of the error of x_0
same = ((as_x - steps_of_ratio) / steps_of_ratio).abs().max().item()
print(f"weight of the noise's error, t = 2: {weight[0]:.2f}, t = 20: "
      f"{weight[18]:.3f}, t = {T}: {weight[-1]:.3f}")
print(f"two forms of the weight differ by {same:.0e}")
# --8<-- [end:weights]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="weights")
for line, style, color, text, at in [
        (weight, "-", "C0", "of the error of the noise", (0.45, 0.6)),
        (as_x, "--", "C1", "of the error of $x_0$", (0.16, 0.82))]:
    ax.plot(t, line, style, color=color)
    ax.annotate(text, at, xycoords="axes fraction", color=color)
ax.set(yscale="log", xlabel="step $t$", ylabel="weight in the bound")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"T": T, "gap": gap, "off": max(off), "same": same,
           "kept": {f"t_{t}": kept[t].item() for t in (10, 20, 50, 100)},
           "noise": {f"t_{t}": (1 - kept[t]).sqrt().item()
                     for t in (10, 20, 50, 100)},
           "exact": bounds[0.0][1], "elbo": bounds[0.0][0],
           "wrong": bounds[0.3],
           "weight": {"first": weight[0].item(), "last": weight[-1].item(),
                      "lowest": weight.min().item(),
                      "x_first": as_x[0].item(), "x_last": as_x[-1].item(),
                      "ratio": (weight[0] / weight.min()).item()}}
# --8<-- [end:results]
