# %% [markdown]
# # Answers: losses
#
# Only exercise 7 needs a program.

# %% [markdown]
# ## Exercise 1
#
# | Question | Output | Last function | Loss | Decision |
# |---|---|---|---|---|
# | temperature | one number | none | squared error | the number |
# | rain | one logit | sigmoid | binary cross-entropy | more than the threshold that the costs give |
# | season | four logits | softmax | cross-entropy | the largest |
# | instruments | a logit for each | sigmoid of each | binary cross-entropy, added up | each above its threshold |
# | calls | logarithm of a rate | exp | Poisson | enough people for, say, 95% of the days |

# %% [markdown]
# ## Exercise 2
#
# $q = 1 / (1 + e^2) = 0.119$. If yes: the loss is $-\log 0.119 = 2.127$ and the slope $q - 1 = -0.881$: raise $z$. If no: the loss is $-\log 0.881 = 0.127$ and the slope $q = 0.119$: lower it a little.

# %% [markdown]
# ## Exercise 3
#
# Minus the log-likelihood is $3r - (2 + 0 + 4) \log r$ and a constant. Its derivative $3 - 6/r$ is zero at $r = 2$, the mean of the counts.

# %% [markdown]
# ## Exercise 4
#
# With $\sigma = e^s$ the loss is $\tfrac12 (y - z)^2 e^{-2s} + s$ and a constant. Its slopes are $(z - y)\, e^{-2s}$ and $1 - (y - z)^2 e^{-2s}$. The second is zero when $\sigma^2 = (y - z)^2$: on average over the examples with the same $x$, the network's variance becomes the mean squared error there. (It can also cheat: where it hits training points exactly, $\sigma$ shrinks without bound.)

# %% [markdown]
# ## Exercise 5
#
# $-y \log \sigma(z) - (1 - y) \log(1 - \sigma(z)) = \log(1 + e^z) - yz$, since $\log\sigma(z) = z - \log(1 + e^z)$ and $\log(1 - \sigma(z)) = -\log(1 + e^z)$. For $z \le 0$ this is the form that is asked for. For $z > 0$, $\log(1 + e^z) = z + \log(1 + e^{-z})$. In both cases the exponent $-|z|$ is never positive, so $e^{-|z|}$ lies between 0 and 1.

# %% [markdown]
# ## Exercise 6
#
# $q_1 = e^{z_1} / (e^{z_0} + e^{z_1})$; divide both by $e^{z_1}$: $q_1 = 1 / (1 + e^{-(z_1 - z_0)}) = \sigma(z_1 - z_0)$. So of two logits one is enough.

# %% [markdown]
# ## Exercise 7

# %%
import torch

torch.manual_seed(0)
results = {}
print("numbers    mean      median    middle")
for n in (25, 75):
    sample = 2 * torch.rand(10_000, n, dtype=torch.float64) - 1
    guesses = {"mean": sample.mean(1), "median": sample.median(1).values,
               "middle": (sample.min(1).values + sample.max(1).values) / 2}
    results[f"numbers_{n}"] = row = {
        name: guess.square().mean().item() for name, guess in guesses.items()}
    print(f"{n:7}" + "".join(f"{value:10.5f}" for value in row.values()))

# %% [markdown]
# The middle wins by far: {{ numbers_25.middle:.4f}} against {{ numbers_25.mean:.4f}} for the mean and {{ numbers_25.median:.4f}} for the median, and its lead grows with the number of samples. Its loss is the *largest* error; under uniform noise every guess that leaves all samples within reach has the same likelihood, and only the outermost ones say anything.

# %% [markdown]
# ## Exercise 8
#
# Let $u = y - g$ be the true time minus the estimate. If the parcel arrives later than announced ($u > 0$) it annoys three times as much as if it arrives earlier. The loss $3u$ for $u > 0$ and $-u$ otherwise has the derivative $-3$ or $1$ with respect to $g$; on average they cancel when $3\, p(y > g) = p(y < g)$, so that $p(y < g) = 3/4$: the network learns the 75% *quantile* of the time. This is the *quantile loss*; with equal weights it is the absolute error and the median. Asking for a whole distribution, and deciding afterwards, answers the question for any costs.
