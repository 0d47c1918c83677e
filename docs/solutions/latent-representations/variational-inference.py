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
