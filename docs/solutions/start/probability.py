# %% [markdown]
# # Answers: probability

# %% [markdown]
# ## Exercise 1
#
# A density can (it is probability per unit), and so can a likelihood that is made of densities. So can an entropy: 1.75 bits on the page. A probability and a correlation cannot.

# %% [markdown]
# ## Exercise 2
#
# The standard deviation is $\sqrt{a (1-a)/N}$. With the measured share in place of $a$: $\sqrt{0.9 \cdot 0.1/100} = 0.03$, three points. Half of it needs four times as many images, 400.

# %% [markdown]
# ## Exercise 3
#
# The prior is now 0.1. Ill and positive: $0.1 \cdot 0.95 = 0.095$. Healthy and positive: $0.9 \cdot 0.05 = 0.045$. So $p(\text{ill} \mid \text{positive}) = 0.095/0.14 \approx 0.68$: the same test, and quite another answer.

# %% [markdown]
# ## Exercise 4
#
# $\mathrm{KL}(p \Vert q) = \frac12 \log_2 \frac{1/2}{1/4} + \frac12 \log_2 \frac{1/2}{3/4} = \frac12 \cdot 1 + \frac12 (1 - \log_2 3) \approx 0.5 - 0.2925 = 0.2075$ bits.
#
# $\mathrm{KL}(q \Vert p) = \frac14 \log_2 \frac{1/4}{1/2} + \frac34 \log_2 \frac{3/4}{1/2} = -\frac14 + \frac34 (\log_2 3 - 1) \approx -0.25 + 0.4388 = 0.1888$ bits.

# %%
import torch

torch.set_default_dtype(torch.float64)
p, q = torch.tensor([0.5, 0.5]), torch.tensor([0.25, 0.75])
print(f"{(p * (p / q).log2()).sum():.4f} "
      f"{(q * (q / p).log2()).sum():.4f}")

# %% [markdown]
# ## Exercise 5
#
# Write $x - c = (x - \mu) + (\mu - c)$ and square: $(x - \mu)^2 + 2 (\mu - c)(x - \mu) + (\mu - c)^2$. The expectation of the first term is $\sigma^2$; that of the middle one is 0, because $\mathbb{E}[x - \mu] = 0$; the last is a constant. The sum is smallest for $c = \mu$: the mean is the best constant guess in squared error, and its error is the variance.

# %% [markdown]
# ## Exercise 6
#
# Let $u_c = 1/C$ be the uniform distribution. $\mathrm{KL}(p \Vert u) = \sum_c p_c \log \frac{p_c}{1/C} = \log C - H(p)$. It is never negative, so $H(p) \le \log C$, with equality only for $p = u$.

# %% [markdown]
# ## Exercise 7

# %%
torch.manual_seed(0)
faces = torch.arange(1.0, 7.0)
dice = {"fair": torch.full((6,), 1 / 6),
        "loaded": torch.tensor([0.02] * 5 + [0.9])}
results = {}
for name, p in dice.items():
    mu = (p * faces).sum()
    sigma = (p * (faces - mu)**2).sum().sqrt()
    throws = faces[torch.multinomial(p, 10 * 100_000, replacement=True)]
    z = (throws.reshape(-1, 10).mean(1) - mu) / (sigma / 10**0.5)
    results[name] = {"one": (z.abs() < 1).double().mean().item(),
                     "two": (z.abs() < 2).double().mean().item(),
                     "low": (z < -2).double().mean().item(),
                     "high": (z > 2).double().mean().item()}
    print(f"{name:7}" + "".join(f"  {key} {value:.3f}" for key, value in
                                results[name].items()))

# %% [markdown]
# Means of ten throws of the fair die are close to Gaussian: {{ fair.one:.0%}} within one standard deviation, {{ fair.two:.0%}} within two, and both tails are alike. Those of the loaded die are not: {{ loaded.one:.0%}} within one, and beyond two only on one side ({{ loaded.low:.1%}} below, {{ loaded.high:.1%}} above), because a mean cannot exceed six. The lopsided die needs more throws.

# %% [markdown]
# ## Exercise 8

# %%
from sklearn.datasets import load_digits

digits = load_digits()
X = torch.tensor(digits.data) / 16


def needed(X, share=0.9):
    """Number of components that keep a share of the variance."""
    S = torch.linalg.svdvals(X - X.mean(0))
    kept = (S**2).cumsum(0) / (S**2).sum()
    return (kept < share).sum().item() + 1


torch.manual_seed(0)
alike = X[:, torch.randperm(64)]
each = torch.stack([row[torch.randperm(64)] for row in X])
for name, data in [("plain", X), ("alike", alike), ("each", each)]:
    results[name] = needed(data)
    print(f"{name:6}{results[name]:4} components for 90 % of the variance")

# %% [markdown]
# {{ plain:d}} of 64. Shuffled in the same way they are {{ alike:d}} again: PCA does not know which pixels are neighbours. Shuffled each in its own way, it takes {{ each:d}}: what the pixels had to do with each other is gone. (With 64 directions of equal variance, it would take 58.)

# %% [markdown]
# ## Exercise 9

# %%
def first_two(X):
    """Mean, and the two first directions."""
    mu = X.mean(0)
    return mu, torch.linalg.svd(X - mu, full_matrices=False)[2][:2]


def explains(directions):
    """Share of the clean digits' variance that two directions keep."""
    clean = X - X.mean(0)
    return ((clean @ directions.T)**2).sum().item() / (clean**2).sum().item()


torch.manual_seed(0)
dirty = torch.cat([X, 10 * torch.rand(18, 64)])
far = (dirty - dirty.median(0).values).norm(dim=1)
kept = dirty[far < 3 * far.median()]
scaled = (dirty - dirty.median(0).values) / far[:, None]
for name, data in [("clean", X), ("dirty", dirty),
                   ("far ones removed", kept), ("scaled to 1", scaled)]:
    results[name.split()[0] + "_pca"] = explains(first_two(data)[1])
    print(f"{name:17}keeps {explains(first_two(data)[1]):.3f} of the "
          "clean variance")
results["removed"] = len(dirty) - len(kept)

# %% [markdown]
# One image in a hundred is enough: the two components of the dirty data lead to the noise and keep {{ dirty_pca:.0%}} of the variance of the digits, instead of {{ clean_pca:.0%}}. Two remedies work here. Images more than three times as far from the (entrywise) median as the typical one are left out: {{ removed:d}} images, and {{ far_pca:.0%}} are kept. Or every image is scaled to the same distance from the median, so that none has more than one vote: {{ scaled_pca:.0%}}. Both rest on the *median*, which 18 far points can hardly move, where the mean would have moved. The threshold of three was not tuned, and it would fail where many points lie far out or where being far out is what one looks for.
