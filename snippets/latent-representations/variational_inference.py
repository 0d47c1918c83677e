"""A posterior with no formula, and the Gaussian that comes closest to it."""
# --8<-- [start:model]
import matplotlib.pyplot as plt
import torch
from torch.distributions import Normal, kl_divergence

torch.set_default_dtype(torch.float64)
torch.manual_seed(0)
x = torch.tensor(0.5)  # the one observation
prior = Normal(0.0, 1.0)


def decode(z):
    return torch.exp(z)


def log_joint(z):  # log p(x, z) = log p(z) + log p(x | z)
    return prior.log_prob(z) + Normal(decode(z), 0.5).log_prob(x)
# --8<-- [end:model]

# --8<-- [start:exact]
grid = torch.linspace(-12, 12, 24001)
dz = grid[1] - grid[0]
log_evidence = (log_joint(grid).exp().sum() * dz).log()  # log p(x)
log_posterior = log_joint(grid) - log_evidence           # log p(z | x)
posterior = log_posterior.exp()
exact_mean = (posterior * grid).sum() * dz
exact_sd = ((posterior * (grid - exact_mean)**2).sum() * dz).sqrt()
print(f"log p(x) = {log_evidence:.6f}")
print(f"posterior: mean {exact_mean:.3f}, sd {exact_sd:.3f}")
# --8<-- [end:exact]

# --8<-- [start:identity]
def elbo(q):
    """The bound without a grid: E_q[(x - e^z)^2] has a closed form."""
    m, v = q.loc, q.scale**2
    square = x**2 - 2 * x * (m + v / 2).exp() + (2 * m + 2 * v).exp()
    fit = Normal(0.0, 0.5).log_prob(torch.tensor(0.0)) - 2 * square
    return fit - kl_divergence(q, prior)


def kl_to_posterior(q):
    log_q = q.log_prob(grid)
    return (log_q.exp() * (log_q - log_posterior)).sum() * dz


deviation, tried = 0.0, 0
print("   mean     sd       ELBO   +      KL   =   log p(x)")
for m, s in torch.tensor([(0, 1), (-0.6, 0.6), (-1, 0.3), (1, 0.2),
                          (-2, 0.9)]):
    q = Normal(m, s)
    total = elbo(q) + kl_to_posterior(q)
    tried += 1
    deviation = max(deviation, abs(total - log_evidence).item())
    print(f"{m:7.1f} {s:6.1f} {elbo(q):10.4f} {kl_to_posterior(q):11.4f}"
          f" {total:12.8f}")
# --8<-- [end:identity]

# --8<-- [start:search]
means = torch.linspace(-2, 1, 301)[:, None]
sds = torch.linspace(0.1, 1.5, 281)
table = elbo(Normal(means, sds))  # (301, 281), every pair
row, column = divmod(table.argmax().item(), len(sds))
best = {"mean": means[row].item(), "sd": sds[column].item(),
        "elbo": table.max().item()}
# --8<-- [end:search]

# --8<-- [start:fit]
def fit(seed, steps=600, samples=64):
    torch.manual_seed(seed)
    mean = torch.tensor(1.0, requires_grad=True)
    log_sd = torch.tensor(-1.5, requires_grad=True)
    optimizer = torch.optim.Adam([mean, log_sd], lr=0.05)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1, 0.0, steps)
    path = []
    for step in range(steps):
        noise = torch.randn(samples)
        z = mean + log_sd.exp() * noise  # the gradient passes through z
        q = Normal(mean, log_sd.exp())
        loss = -(log_joint(z) - q.log_prob(z)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        with torch.no_grad():
            path.append(elbo(q).item())
    return Normal(mean.detach(), log_sd.exp().detach()), path


fits = [fit(seed) for seed in range(3)]
fitted, path = fits[0]
gaps = [best["elbo"] - elbo(q).item() for q, _ in fits]
kl = kl_to_posterior(fitted).item()
print(f"grid search: mean {best['mean']:.3f}, sd {best['sd']:.3f}, "
      f"ELBO {best['elbo']:.5f}")
for seed, (q, _) in enumerate(fits):
    print(f"gradient {seed}:  mean {q.loc:.3f}, sd {q.scale:.3f}, "
          f"ELBO {elbo(q):.5f}")
print(f"left over: KL {kl:.4f}")
# --8<-- [end:fit]

# --8<-- [start:estimators]
start = Normal(torch.tensor(0.0), torch.tensor(0.5))
noise = torch.randn(100_000)
z = (start.loc + start.scale * noise).requires_grad_()
bound = log_joint(z) - start.log_prob(z)
pathwise, = torch.autograd.grad(bound.sum(), z)  # dz / dmean = 1
score = (bound * noise / start.scale).detach()   # bound * dlog q / dmean
centred = ((bound - bound.mean()) * noise / start.scale).detach()
estimators = {"pathwise": pathwise, "score": score, "centred": centred}
spread = {name: g.std().item() for name, g in estimators.items()}
average = {name: g.mean().item() for name, g in estimators.items()}
for name in spread:
    print(f"{name:9} gradient: mean {average[name]:.2f}, "
          f"sd {spread[name]:.2f}")
# --8<-- [end:estimators]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="posterior", figsize=(6.4, 3.2))
view = (grid > -4) & (grid < 2.5)
for curve, color, style, name, place in [
        (prior.log_prob(grid).exp(), "C6", "--", "prior", (1.3, 0.2)),
        (posterior, "C0", "-", "exact posterior", (0.1, 0.55)),
        (fitted.log_prob(grid).exp(), "C1", "-.", "best Gaussian",
         (-2.5, 0.6))]:
    ax.plot(grid[view], curve[view], color=color, ls=style)
    ax.annotate(name, place, color=color)
ax.set(xlabel="latent variable $z$", ylabel="density", ylim=0)

fig, ax = plt.subplots(num="bound", figsize=(6.4, 2.8))
ax.plot(range(1, len(path) + 1), path, color="C1")
ax.axhline(log_evidence, color="C0")
ax.annotate("log p(x)", (0.7 * len(path), log_evidence), xytext=(0, 4),
            textcoords="offset points", color="C0")
ax.annotate("ELBO", (0.7 * len(path), best["elbo"]), xytext=(0, -14),
            textcoords="offset points", color="C1")
ax.set(xlabel="step", ylabel="nats", ylim=(log_evidence - 1.2,
                                           log_evidence + 0.25))
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {
    "log_evidence": log_evidence.item(), "deviation": deviation,
    "posterior": {"mean": exact_mean.item(), "sd": exact_sd.item()},
    "best": best, "fitted": {"mean": fitted.loc.item(),
                             "sd": fitted.scale.item()},
    "gaps": gaps, "kl": kl, "spread": spread, "average": average,
    "ratio": spread["score"] / spread["pathwise"],
    "ratio_squared": (spread["score"] / spread["pathwise"])**2}
# --8<-- [end:results]
