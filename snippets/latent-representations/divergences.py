"""One Gaussian for a target with two modes: both KL divergences."""
# --8<-- [start:target]
import matplotlib.pyplot as plt
import torch
from torch.distributions import Normal

torch.set_default_dtype(torch.float64)
grid = torch.linspace(-15, 15, 3001)
dz = grid[1] - grid[0]
weights, width = (0.6, 0.4), 0.7


def target(distance):
    """log p on the grid: two bumps, `distance` apart, 60 % in the left."""
    bumps = [Normal(center, width).log_prob(grid).exp()
             for center in (-distance / 2, distance / 2)]
    return (weights[0] * bumps[0] + weights[1] * bumps[1]).log()
# --8<-- [end:target]

# --8<-- [start:fit]
def kl(log_a, log_b):
    """KL(a || b), the average of log a - log b under a."""
    return (log_a.exp() * (log_a - log_b)).sum() * dz


def fit(log_p, direction, start, steps=50):
    """The Gaussian q that minimises the divergence, from a start."""
    parameters = torch.tensor(start).requires_grad_()  # mean, log sd
    optimizer = torch.optim.LBFGS([parameters], max_iter=steps,
                                  line_search_fn="strong_wolfe")

    def loss():
        log_q = Normal(parameters[0], parameters[1].exp()).log_prob(grid)
        log_q = log_q.log_softmax(0) - dz.log()  # so it stays on the grid
        value = (kl(log_p, log_q) if direction == "forward"
                 else kl(log_q, log_p))
        optimizer.zero_grad()
        value.backward()
        return value

    optimizer.step(loss)
    mean, log_sd = parameters.tolist()
    return {"mean": mean, "sd": torch.tensor(log_sd).exp().item(),
            "kl": loss().item()}
# --8<-- [end:fit]

# --8<-- [start:compare]
log_p = target(4.0)
p = log_p.exp()
moment_mean = ((p * grid).sum() * dz).item()
moment_sd = ((p * (grid - moment_mean)**2).sum() * dz).sqrt().item()
starts = {"left": [-2.0, -0.4], "wide": [0.0, 0.7],  # mean, log sd
          "right": [2.0, -0.4]}
fits = {(direction, side): fit(log_p, direction, start)
        for direction in ("forward", "reverse")
        for side, start in starts.items()}
print(f"target: mean {moment_mean:.4f}, sd {moment_sd:.4f}\n")
print("divergence  start     mean       sd       KL")
for (direction, side), q in fits.items():
    print(f"{direction:10}  {side:5} {q['mean']:8.4f} {q['sd']:8.4f}"
          f" {q['kl']:8.4f}")
# --8<-- [end:compare]

# --8<-- [start:empty]
rare = p < 0.02  # places where the target hardly ever is


def wasted(q):
    """The share of q's samples that fall where the target is not."""
    density = Normal(q["mean"], q["sd"]).log_prob(grid).exp()
    return (density[rare].sum() * dz).item()


waste = {"target": (p[rare].sum() * dz).item(),
         "forward": wasted(fits["forward", "left"]),
         "reverse": wasted(fits["reverse", "left"])}
for name, share in waste.items():
    print(f"{name:8} {share:6.1%} of the samples in rare places")
# --8<-- [end:empty]

# --8<-- [start:distances]
distances = torch.linspace(0, 5, 26).tolist()
widths = {"forward": [], "reverse": []}
for direction, curve in widths.items():
    for distance in distances:
        log_t = target(distance)
        tried = [fit(log_t, direction, start) for start in starts.values()]
        curve.append(min(tried, key=lambda q: q["kl"])["sd"])
jump = max(d for d, sd in zip(distances, widths["reverse"])
           if sd > 1.2 * width)
print(f"reverse covers both modes up to a distance of {jump:.1f}")
# --8<-- [end:distances]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="fits", figsize=(6.4, 3.2))
view = abs(grid) < 5.5
ax.fill_between(grid[view], p[view], color="C6", alpha=0.3, lw=0)
ax.annotate("target", (-2, 0.22), color="#24292f", ha="center")
for direction, side, color, place in [
        ("forward", "left", "C0", (3.6, 0.1)),
        ("reverse", "left", "C1", (-1.3, 0.45)),
        ("reverse", "right", "C2", (2.75, 0.45))]:
    q = fits[direction, side]
    curve = Normal(q["mean"], q["sd"]).log_prob(grid).exp()
    ax.plot(grid[view], curve[view], color=color)
    text = direction + (f",\nstart {side}" if direction == "reverse" else "")
    ax.annotate(text, place, color=color)
ax.set(xlabel="$z$", ylabel="density", ylim=0)

fig, ax = plt.subplots(num="distance", figsize=(6.4, 3.0))
for (direction, curve), color, look in zip(
        widths.items(), ["C0", "C1"], ["o-", "s--"]):
    ax.plot(distances, curve, look, ms=3, color=color)
    ax.annotate(direction, (distances[-4], curve[-4]), xytext=(0, 10),
                textcoords="offset points", color=color, ha="right")
ax.set(xlabel="distance of the two modes",
       ylabel="standard deviation\nof the fitted Gaussian", ylim=0)
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {
    "moments": {"mean": moment_mean, "sd": moment_sd},
    "forward": fits["forward", "left"], "left": fits["reverse", "left"],
    "right": fits["reverse", "right"], "wide": fits["reverse", "wide"],
    "waste": waste, "width": width, "weights": list(weights),
    "distances": distances, "widths": widths, "jump": jump}
# --8<-- [end:results]
