"""ELBO, importance-weighted bound and exact likelihood of a linear model."""
# --8<-- [start:kl]
import math

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.distributions import MultivariateNormal, Normal, kl_divergence

# N examples of D numbers, codes of K numbers, S samples of each code
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
torch.manual_seed(0)
mu, sigma = torch.tensor([0.0, 1, -2, 0.5]), torch.tensor([1.0, 0.5, 1, 2])
formula = (mu ** 2 + sigma ** 2 - 1) / 2 - sigma.log()
q, p = Normal(mu, sigma), Normal(0, 1)
z = q.sample((400_000,))
part = q.log_prob(z) - p.log_prob(z)
sampled, error = part.mean(0), part.std(0) / math.sqrt(len(part))
library = kl_divergence(q, Normal(torch.zeros(4), torch.ones(4)))
print("formula ", [f"{value:.4f}" for value in formula])
print("sampled ", [f"{value:.4f}" for value in sampled])
# --8<-- [end:kl]

# --8<-- [start:model]
torch.manual_seed(0)
N, D, K, s = 400, 6, 2, 1.0
W, b = torch.randn(D, K), torch.randn(D)          # decoder: W z + b
W[:, 1] += W[:, 0]                                # not at a right angle


def draw(N):
    """x = W z + b + s e, with z and e standard normal"""
    return torch.randn(N, K) @ W.T + b + s * torch.randn(N, D)


X, new_X = draw(N), draw(N)
total = MultivariateNormal(b, W @ W.T + s ** 2 * torch.eye(D))
exact = total.log_prob(new_X)                     # log p(x), (N,)
# --8<-- [end:model]

# --8<-- [start:posterior]
precision = torch.eye(K) + W.T @ W / s ** 2       # (K, K), the same for all x
cov = torch.linalg.inv(precision)
mean = (new_X - b) @ W @ cov / s ** 2             # (N, K)
prior = MultivariateNormal(torch.zeros(K), torch.eye(K))


def terms(q, X, S):
    """log p(x, z) - log q(z) of S samples, (S, N)"""
    z = q.rsample((S,))                           # (S, N, K)
    fit = Normal(z @ W.T + b, s).log_prob(X).sum(-1)
    return fit + prior.log_prob(z) - q.log_prob(z)


def bound(q, X, k, S=1000):
    """Mean over x of the bound with k samples, from S / k draws"""
    parts = terms(q, X, S).unflatten(0, (S // k, k))
    return (parts.logsumexp(1) - math.log(k)).mean().item()
# --8<-- [end:posterior]


# --8<-- [start:encoders]
def gaussian(mu, sigma):
    """Independent numbers: what most encoders put out"""
    return MultivariateNormal(mu, scale_tril=torch.diag_embed(sigma))


def fit(q, parts, X, steps, lr):
    optimizer = torch.optim.Adam(parts, lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, steps)
    for step in range(steps):
        loss = -terms(q(X), X, 4).mean()          # minus ELBO
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return q


def encoder(network):                             # amortised: one for all x
    log_sigma = torch.zeros(K, requires_grad=True)
    return fit(lambda X: gaussian(network(X), log_sigma.exp().expand(
        len(X), K)), [*network.parameters(), log_sigma], X, 500, 0.05)


small = encoder(nn.Sequential(nn.Linear(D, 2), nn.Tanh(), nn.Linear(2, K)))
straight = encoder(nn.Linear(D, K))
free = [torch.zeros(N, K, requires_grad=True) for _ in range(2)]
own = fit(lambda X: gaussian(free[0], free[1].exp()), free, new_X, 300, 0.1)
# --8<-- [end:encoders]

# --8<-- [start:bounds]
ways = {"small encoder": small(new_X), "straight encoder": straight(new_X),
        "fitted to each x": own(new_X),
        "best independent": gaussian(mean, precision.diagonal().rsqrt()
                                     .expand(N, K)),
        "posterior": MultivariateNormal(mean, cov)}
counts = (1, 10, 100, 1000)
gap = {}
with torch.no_grad():
    print(f"exact log p(x): {exact.mean():.3f}\nlost, k =         "
          + "".join(f"{k:9}" for k in counts))
    for name, q in ways.items():
        gap[name] = [exact.mean().item() - bound(q, new_X, k)
                     for k in counts]
        print(f"{name:18}" + "".join(f"{g:9.4f}" for g in gap[name]))
# --8<-- [end:bounds]

# --8<-- [start:forms]
posterior = ways["posterior"]
forms = {}                                        # (3, N) for each q
with torch.no_grad():
    for name, q in ways.items():
        m, V = q.mean, q.covariance_matrix        # (N, K), (N, K, K)
        spread = (W @ V @ W.T).diagonal(0, -2, -1).sum(-1)
        rebuilt = (Normal(m @ W.T + b, s).log_prob(new_X).sum(-1)
                   - spread / (2 * s ** 2))       # E_q log p(x|z)
        prior_part = prior.log_prob(m) - V.diagonal(0, -2, -1).sum(-1) / 2
        forms[name] = torch.stack([
            exact - kl_divergence(q, posterior),
            rebuilt - kl_divergence(q, prior),
            rebuilt + prior_part + q.entropy()])
        print(f"{name:18}" + "".join(
            f"{form.mean():12.6f}" for form in forms[name]))
# --8<-- [end:forms]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="bounds")
for name, style, color in [("small encoder", "o-", "C3"),
                           ("straight encoder", "s--", "C0"),
                           ("posterior", "^:", "C2")]:
    ax.plot(counts, [-g for g in gap[name]], style, color=color, label=name)
ax.set(xscale="log", xlabel="samples $k$ for each example",
       ylabel="bound minus exact $\\log p(x)$, nats")
ax.legend(loc="lower right", frameon=False)
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"exact": exact.mean().item(),
           "gap": {name.replace(" ", "_"): values
                   for name, values in gap.items()},
           "kl": formula.tolist(),
           "cov": {"one": cov[0, 0].item(), "cross": cov[0, 1].item()}}
# --8<-- [end:results]
