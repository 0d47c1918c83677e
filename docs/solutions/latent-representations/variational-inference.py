# %% [markdown]
# # Answers: variational inference

# %% [markdown]
# ## Exercise 1
#
# ELBO and divergence add up to $\log p(x)$, which does not depend on $q$. If one rises by 0.3, the other falls by 0.3.
#
# ## Exercise 2
#
# $\KL(p \,\|\, q) = \tfrac12 \log\tfrac{0.5}{0.9} + \tfrac12 \log\tfrac{0.5}{0.1}$ and
# $\KL(q \,\|\, p) = 0.9 \log\tfrac{0.9}{0.5} + 0.1 \log\tfrac{0.1}{0.5}$.

# %%
import numpy as np

p, q = np.array([0.5, 0.5]), np.array([0.9, 0.1])
print(f"KL(p || q) = {(p * np.log(p / q)).sum():.3f}, "
      f"KL(q || p) = {(q * np.log(q / p)).sum():.3f} nats")

# %% [markdown]
# They differ: who expects the bent coin ($q$) is more surprised by the fair one than the other way round.
#
# ## Exercise 3
#
# $p(x) = 0.5 \cdot 0.8 + 0.5 \cdot 0.2 = 0.5$ and $p(z = 1 \mid x) = 0.4 / 0.5 = 0.8$. The ELBO of $q = (1/2, 1/2)$ is
# $\tfrac12 \log \tfrac{0.4}{0.5} + \tfrac12 \log \tfrac{0.1}{0.5} = -0.916$, and the divergence
# $\tfrac12 \log \tfrac{0.5}{0.8} + \tfrac12 \log \tfrac{0.5}{0.2} = 0.223$. Together $-0.693 = \log 0.5$.
#
# ## Exercise 4
#
# $-\KL(q \,\|\, p) = \E_q[\log (p/q)] \le \E_q[p/q - 1] = \int p - \int q \le 1 - 1 = 0$ (the first integral runs only over places
# where $q > 0$).
#
# ## Exercise 5
#
# $\KL(p \,\|\, q) = -\E_p[\log q] + \text{const} = \log \sigma + \E_p[(z - \mu)^2] / (2 \sigma^2) + \text{const}$. The derivative with
# respect to $\mu$ vanishes at $\mu = \E_p[z]$; then $\E_p[(z - \mu)^2]$ is the variance $v$ of $p$, and
# $1/\sigma - v/\sigma^3 = 0$ gives $\sigma^2 = v$.
#
# ## Exercise 6
#
# Write $f(z) = \log p(x, z) - \log q(z)$. Then $\nabla \int q f = \int f\, \nabla q + \int q\, \nabla f$. Since $\nabla q = q\, \nabla \log q$,
# the first term is $\E_q[f\, \nabla \log q]$, the estimator's mean. The second is $-\int q\, \nabla \log q = -\nabla \int q = 0$. For the
# same reason $\E_q[c\, \nabla \log q] = 0$ for a constant $c$, so it changes nothing on average; it changes the size of what is averaged.
#
# ## Exercise 7
#
# As a function of $z$, prior and likelihood are both Gaussian, and the product of two Gaussians is again one, up to a factor. Its
# precision (one over the variance) is the sum of theirs: $1 + 1/0.25 = 5$. Its mean is $x \cdot 4 / 5$. So the posterior is
# $\mathcal{N}(0.8\,x,\ 1/5)$, and $q$ can be equal to it. We take the model of
# [the page](../../latent-representations/variational-inference.md), replace the decoder, and integrate on the grid again.

# %%
--8<-- "latent-representations/variational_inference.py:model"

# %%
def decode(z):
    return z  # the change; log_joint calls it by its name

# %%
--8<-- "latent-representations/variational_inference.py:exact"

# %%
def elbo(q):
    """The bound without a grid: E_q[(x - z)^2] = (x - m)^2 + v."""
    m, v = q.loc, q.scale**2
    fit = Normal(m, 0.5).log_prob(x) - v / (2 * 0.5**2)
    return fit - kl_divergence(q, prior)


def kl_to_posterior(q):
    log_q = q.log_prob(grid)
    return (log_q.exp() * (log_q - log_posterior)).sum() * dz


q = Normal(0.8 * x, torch.tensor(1 / 5).sqrt())
results = {"kl": abs(kl_to_posterior(q).item()),
           "gap": abs((elbo(q) - log_evidence).item())}
print(f"q: mean {q.loc:.3f}, sd {q.scale:.3f}")
print(f"divergence to the posterior {results['kl']:.0e}, "
      f"ELBO minus log p(x) {results['gap']:.0e}")
assert max(results.values()) < 1e-6

# %% [markdown]
# Both are zero up to the rounding of double precision: with a linear decoder the family of Gaussians contains the posterior, and
# the ELBO of the best $q$ is $\log p(x)$ itself.
#
# ## Exercise 8
#
# Compare the ELBO with the importance-weighted estimate from many samples of $q$: both lie below $\log p(x)$ on average, and a large
# difference shows a large gap. Take a richer family and see whether the bound rises. Look at the weights $p(x, z) / q(z)$: if a few
# samples carry all the weight, $q$ misses something. Simulate: draw $z$ from the prior and $x$ from the model, fit $q$, and see how often
# the true $z$ lies in the range that $q$ calls likely.
