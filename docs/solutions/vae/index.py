# %% [markdown]
# # Answers: variational autoencoders
#
# Exercise 7 changes the model of [the page](../../vae/index.md).

# %% [markdown]
# ## Exercise 1
#
# The second, reconstruction minus KL to the prior: both can be computed. The first contains $\log p(x)$ and the true posterior, which are what we do not have.

# %% [markdown]
# ## Exercise 2
#
# The first unit: $(0 + 1 - 1)/2 - \log 1 = 0$. It says nothing, its cloud is the prior. The second: $(4 + 0.25 - 1)/2 - \log 0.5 = 1.625 + 0.693 = 2.318$ nats, which is the whole KL term.

# %% [markdown]
# ## Exercise 3
#
# The ELBO is the mean of the logarithms, $(\log 0.02 + \log 0.08)/2 = \log 0.04 = -3.219$. $L_2$ is the logarithm of the mean, $\log 0.05 = -2.996$. For the same weights the second is never smaller, by Jensen's inequality.

# %% [markdown]
# ## Exercise 4
#
# Let $w_1, w_2$ be the two weights. $\log \frac{w_1 + w_2}{2} \ge \frac12 \log w_1 + \frac12 \log w_2$, since the logarithm is curved downwards. Take the mean over the samples: the left side becomes $L_2$, and each half of the right side $L_1/2$.

# %% [markdown]
# ## Exercise 5
#
# Let $q$ have mean $\mu$ and variances $\sigma_i^2$. Up to constants $\KL(q \,\|\, p) = -\sum_i \log \sigma_i + \tfrac12 \E_q[(z - m)^\top P (z - m)]$, and the mean is $(\mu - m)^\top P (\mu - m) + \sum_i P_{ii} \sigma_i^2$, because the numbers are independent under $q$. The first is smallest for $\mu = m$. The derivative with respect to $\sigma_i$, $-1/\sigma_i + P_{ii} \sigma_i$, is zero for $\sigma_i^2 = 1/P_{ii}$.

# %% [markdown]
# ## Exercise 6
#
# Data of variance $v$ under a Gaussian of variance $t = w^2 + s^2$ have the mean log-likelihood $-\tfrac12 \log t - v/2t$ plus a constant. It rises until $t = v$ and falls after it. With $s^2 > v$ already $t \ge s^2 > v$, so the smallest $t$ is best: $w = 0$. The posterior is then the prior, and the code says nothing. [Posterior collapse](../../vae/collapse.md) begins here.

# %% [markdown]
# ## Exercise 7

# %%
--8<-- "vae/index.py:kl"

# %%
--8<-- "vae/index.py:model"

# %%
--8<-- "vae/index.py:posterior"

# %%
--8<-- "vae/index.py:encoders"


# %%
def lost(W):
    """Exact gap of the best independent Gaussian: a KL of two Gaussians"""
    precision = torch.eye(K) + W.T @ W / s ** 2
    mean = torch.zeros(K)
    best = gaussian(mean, precision.diagonal().rsqrt())
    return kl_divergence(best, MultivariateNormal(
        mean, precision_matrix=precision)).item()


straight_W = torch.linalg.svd(W, full_matrices=False)
right_W = straight_W.U * straight_W.S
results = {"skew": lost(W), "right": abs(lost(right_W))}
print(f"gap: {results['skew']:.3f}; at a right angle {results['right']:.0e}")

# %% [markdown]
# With columns at a right angle $W^\top W$ is diagonal, so is the posterior's precision, and the gap of {{ skew:.2f}} nats is gone. The distribution of $x$ has not changed at all: we took $W = U S V^\top$ without the turn $V^\top$ of the codes, and $W W^\top$ is the same. Between two decoders with the same $p(x)$, the ELBO of a VAE with independent numbers in $q$ prefers the one with such axes; an autoencoder has no such preference.

# %% [markdown]
# ## Exercise 8
#
# Watch how the bound grows with $k$: if it still rises from 1000 to 10,000 samples, it has not converged. Look at the weights: if a few of the samples carry nearly all of the sum, the estimate rests on luck. And compare with a second $q$, made wider or fitted longer to a few examples: a bound that moves was not tight.
