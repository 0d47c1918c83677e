# %% [markdown]
# # Answers: diffusion models
#
# Exercises 6 and 7 use the exact score and the sampler of [the page](../../diffusion/index.md).

# %% [markdown]
# ## Exercise 1
#
# The mean only, through the guess of the noise (or of $x_0$). Schedule and forward process are fixed beforehand, and so is the variance of a step back, here $\tilde\beta_t$. (Some models learn the variance, too.)

# %% [markdown]
# ## Exercise 2
#
# $\bar\alpha_2 = 0.45$: $x_2$ has the mean $\sqrt{0.45} \cdot 1 = 0.671$ and the variance $0.55$.
#
# For the step back, $\beta_2 = 0.5$, $\bar\alpha_1 = 0.9$: the weight of $x_0$ is $\sqrt{0.9} \cdot 0.5 / 0.55 = 0.862$, that of $x_2$ is $\sqrt{0.5} \cdot 0.1 / 0.55 = 0.129$. With $x_0 = 1$ and $x_2 = 0$ the mean is $0.862$, the variance $0.1 / 0.55 \cdot 0.5 = 0.091$.

# %% [markdown]
# ## Exercise 3
#
# With $a = \sqrt{\bar\alpha_t}$ and $b^2 = 1 - \bar\alpha_t$, Bayes' rule gives the two values weights in proportion to $e^{-(x_t \mp a)^2 / 2b^2}$, that is, to $e^{\pm a x_t / b^2}$. The mean is
#
# $$
# \E[x_0 \mid x_t] = \frac{e^{a x_t / b^2} - e^{-a x_t / b^2}}{e^{a x_t / b^2} + e^{-a x_t / b^2}} = \tanh\!\left( \frac{a\, x_t}{b^2} \right).
# $$
#
# The noise is $(x_t - a x_0) / b$, so the score is $-(x_t - a \tanh(a x_t / b^2)) / b^2$. A hidden unit with tanh is what is needed here.

# %% [markdown]
# ## Exercise 4
#
# $\tilde\beta_t / \beta_t = (1 - \bar\alpha_{t-1}) / (1 - \bar\alpha_t)$, and $\bar\alpha_t = \alpha_t \bar\alpha_{t-1} < \bar\alpha_{t-1}$, so the numerator is the smaller one. It must be so: whoever knows $x_0$ and $x_t$ knows two things about $x_{t-1}$. From $x_t$ alone, with a flat prior, one would know it to a variance of about $\beta_t$; another piece of information can only make a Gaussian narrower.

# %% [markdown]
# ## Exercise 5
#
# Any joint probability can be factored in any order. From the far end, all given $x_0$:
#
# $$
# q(x_1, \dots, x_T \mid x_0) = q(x_T \mid x_0) \prod_{t=2}^{T} q(x_{t-1} \mid x_t, x_{t+1}, \dots, x_T, x_0) .
# $$
#
# The chain goes from $x_{t-1}$ to $x_t$, and from there on what comes depends on $x_t$ only. So where $x_t$ is known, $x_{t+1}, \dots, x_T$ say nothing more about $x_{t-1}$, and can be left out.

# %% [markdown]
# ## Exercise 6

# %%
--8<-- "diffusion/score.py:data"

# %%
--8<-- "diffusion/score.py:sampler"


# %%
share = torch.arange(1, 9) / 36


def exact(x, a, b):
    away = x[..., None, :] - a * centres
    v = a ** 2 * s ** 2 + b ** 2
    belongs = (share.log() - away.square().sum(-1) / (2 * v)).softmax(-1)
    return b * (belongs[..., None] * away).sum(-2) / v


torch.manual_seed(0)
results = {}
x = sample(truly, 100).flatten(0, 1)
found = torch.cdist(x, centres).argmin(1).bincount(minlength=8) / len(x)
for k in range(8):
    print(f"heap {k + 1}: weight {share[k]:.3f}   found {found[k]:.3f}")
results["off"] = (found - share).abs().max().item()

# %% [markdown]
# The weights enter the softmax as the prior of Bayes' rule; nothing else changes. With 100 steps each heap is found about as often as it should be: the largest difference is {{ off:.3f}}. The weights are decided early, while the noise is large and the score is only slightly tilted. A learned score that is a little wrong there may get the weights wrong.

# %% [markdown]
# ## Exercise 7

# %%
results["weight"] = {"rare": 1 / 36, "frequent": 8 / 36}
for last in (0.2, 0.02, 0.005):
    signal, sigma = schedule(torch.linspace(0.001, last, T))
    x = sample(truly, 100, chain=(signal, sigma))
    good = quality(x)[0][0]
    x = x.flatten(0, 1)
    found = torch.cdist(x, centres).argmin(1).bincount(minlength=8) / len(x)
    results[f"end_{last}".replace("0.", "")] = {
        "kept": signal[-1].item() ** 2, "good": good,
        "rare": found[0].item(), "frequent": found[-1].item()}
    print(f"largest beta {last}: variance kept {signal[-1] ** 2:.2f}   "
          f"good {good:.3f}   first heap {found[0]:.3f}   last "
          f"{found[-1]:.3f}")

# %% [markdown]
# With a largest $\beta$ of 0.005, $x_T$ should still hold {{ end_005.kept:.0%}} of its variance from the data. The points are as good as before ({{ end_005.good:.1%}}): pure noise has the right variance, and the exact score leads each point to some heap. But which one it is now depends partly on where the point starts, and pure noise lies evenly around the centre: the rarest heap gets {{ end_005.rare:.3f}} instead of {{ weight.rare:.3f}}, the most frequent {{ end_005.frequent:.3f}} instead of {{ weight.frequent:.3f}}. With 0.02 ({{ end_02.kept:.0%}} kept) it is weaker ({{ end_02.rare:.3f}} and {{ end_02.frequent:.3f}}): the exact score forgives a lot. The large things, how much there is of what, come from the noisy end of the chain.

# %% [markdown]
# ## Exercise 8
#
# The exact score of the training set leads back to the training set: the sampler would copy training images, as the narrow Gaussians are all there is. A small network that is trained briefly does not reach this score; it learns a smoother one, which is the same for similar images, and what it makes lies between and around the training images. Whether that is "better" has to be measured with images that it never saw. The comparison of distances to the nearest training image on [the page that draws digits](../../diffusion/digits.md) is one such measure.
