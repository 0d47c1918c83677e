"""Why the exact sum over latents is out of reach, and what replaces it."""
# --8<-- [start:model]
import math

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
# S samples, N observations, d binary latents, D binary values observed
D, N = 24, 20


def log_bernoulli(values, logits):
    """log p(values), independent given the logits, summed over the last."""
    values, logits = torch.broadcast_tensors(values, logits)
    return -F.binary_cross_entropy_with_logits(
        logits, values, reduction="none").sum(-1)


def network(d):
    """A sigmoid belief network and N observations drawn from it."""
    torch.manual_seed(d)
    W, b = 6 / d**0.5 * torch.randn(d, D), torch.randn(D)
    z = torch.rand(N, d).round()  # fair coins
    b -= W.sum(0) / 2  # so that the sum over coins is centred
    return W, b, torch.sigmoid(z @ W + b).bernoulli()


def log_joint(X, z, W, b):  # log p(x, z), with p(z) = 2^-d
    return log_bernoulli(X, z @ W + b) - z.shape[-1] * math.log(2)
# --8<-- [end:model]

# --8<-- [start:exact]
def exact(X, W, b):
    """log p(x): all 2^d states of the latents, one term each."""
    d = len(W)
    states = torch.arange(2**d)[:, None] >> torch.arange(d) & 1
    terms = [log_joint(X, part[:, None].double(), W, b).logsumexp(0)
             for part in states.split(4096)]
    return torch.stack(terms).logsumexp(0), len(states)
# --8<-- [end:exact]

# --8<-- [start:variational]
def fit(X, W, b, steps=300, S=32):
    """Logits of a factorised q(z | x), one row per observation."""
    logits = torch.zeros(N, len(W), requires_grad=True)
    optimizer = torch.optim.Adam([logits], lr=0.1)
    for step in range(steps):
        z = torch.sigmoid(logits).detach().expand(S, -1, -1).bernoulli()
        log_q = log_bernoulli(z, logits)
        bound = (log_joint(X, z, W, b) - log_q).detach()  # (S, N)
        # coins have no derivative: weigh log q by how good a sample was
        better = (bound - bound.mean(0)) / (S - 1) * S
        loss = -(better * log_q).mean(0).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return logits.detach()


def estimate(X, W, b, logits, S=256):
    """The ELBO, and the importance-weighted estimate from S samples."""
    z = torch.sigmoid(logits).expand(S, -1, -1).bernoulli()
    log_w = log_joint(X, z, W, b) - log_bernoulli(z, logits)  # (S, N)
    return log_w.mean(0), log_w.logsumexp(0) - math.log(S)
# --8<-- [end:variational]

# --8<-- [start:compare]
sizes = [2, 4, 6, 8, 10, 12, 14, 16]
rows = []
print(" d     terms   exact    ELBO   256 from q   256 from prior")
for d in sizes:
    W, b, X = network(d)
    log_p, count = exact(X, W, b)
    logits = fit(X, W, b)
    bound, _ = estimate(X, W, b, logits, S=4096)  # an exact enough mean
    _, weighted = estimate(X, W, b, logits)
    _, blind = estimate(X, W, b, torch.zeros(N, d))
    values = [v.mean().item() for v in (log_p, bound, weighted, blind)]
    rows.append({"d": d, "terms": count, **dict(zip(
        ["exact", "elbo", "weighted", "blind"], values))})
    print(f"{d:2} {count:9,} {values[0]:7.2f} {values[1]:7.2f} "
          f"{values[2]:12.2f} {values[3]:16.2f}")
# --8<-- [end:compare]

# --8<-- [start:count]
# a billion terms a second, for the age of the universe in seconds
limit = math.log10(1e9 * 13.8e9 * 365.25 * 24 * 3600)
reach = {base: int(limit / math.log10(base)) for base in (2, 100)}
print(f"10^{limit:.0f} terms reach to {reach[2]} binary latents, or "
      f"{reach[100]} on grids of 100")
# --8<-- [end:count]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="terms", figsize=(6.4, 3.2))
span = torch.arange(1, 151)
for base, color, name, place in [
        (2, "C0", "$2^d$, binary latents", (88, 10)),
        (100, "C1", "$100^d$, grid of 100", (36, 62))]:
    ax.plot(span, span * math.log10(base), color=color)
    ax.annotate(name, place, color=color)
ax.axhline(limit, ls=":", color="C6")
ax.annotate("a billion a second\nsince the big bang",
            (22, limit + 3), color="C6")
powers = [0, 20, 40, 60, 80]
ax.set(xlabel="latent dimension $d$", ylabel="terms in the exact sum",
       ylim=(0, 80), yticks=powers, yticklabels=[f"$10^{{{k}}}$"
                                                 for k in powers])

fig, ax = plt.subplots(num="estimates", figsize=(6.4, 3.2))
for key, color, look, name, place in [
        ("weighted", "C2", "^-", "256 samples from $q$", (12.6, 0.12)),
        ("elbo", "C1", "o-", "ELBO", (14.8, -0.45)),
        ("blind", "C4", "s--", "256 samples from the prior", (7.2, -1.12))]:
    gap = [row[key] - row["exact"] for row in rows]
    ax.plot(sizes, gap, look, color=color)
    ax.annotate(name, place, color=color)
ax.axhline(0, ls=":", color="C6")
ax.set(xlabel="binary latents $d$",
       ylabel="estimate minus exact\nlog-likelihood (nats)")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"rows": rows, "binary": reach[2], "grid": reach[100],
           "limit": limit}
# --8<-- [end:results]
