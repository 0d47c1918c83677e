# %% [markdown]
# # Answers: drawing digits
#
# Exercises 5 to 7 use the two Gaussians of [the page](../../diffusion/digits.md), whose scores are exact.

# %% [markdown]
# ## Exercise 1
#
# With $w = 0$, digits as asked, as the network learned them, without any exaggeration. With $w = -1$ the guided guess is $v + (-1)(v - v_{\text{untold}}) = v_{\text{untold}}$: digits of any kind. (The program skips the second run of the network only if $w = 0$.)

# %% [markdown]
# ## Exercise 2
#
# $x_0 = 0.6 \cdot 1 - 0.8 \cdot (-0.5) = 1$, and the noise is $0.8 \cdot 1 + 0.6 \cdot (-0.5) = 0.5$. Check: $0.6 \cdot 1 + 0.8 \cdot 0.5 = 1 = x$. DDIM goes to $0.8 \cdot 1 + 0.6 \cdot 0.5 = 1.1$.

# %% [markdown]
# ## Exercise 3
#
# $x$ is given, so from $x_0 = a x - b v$ an error $\delta$ in $v$ becomes $-b\,\delta$ in $x_0$, and from $\varepsilon = b x + a v$ it becomes $a\,\delta$ in the noise. The squares of the two lengths add up to $(b^2 + a^2)\, e^2 = e^2$: the loss in $v$ is the sum of the losses in $x_0$ and in the noise, both with weight 1.

# %% [markdown]
# ## Exercise 4
#
# At the first level it is so: there $x$ is noise and $a = 0$, $b = 1$. Suppose it holds at one level: for a fixed $x_0$, $x = a x_0 + b \varepsilon$ with $\varepsilon \sim \mathcal{N}(0, I)$. If the guess of $x_0$ is right, so is the noise that belongs to it, and $x' = c\, x_0 + \sqrt{d^2 - \eta^2}\, \varepsilon + \eta\, \varepsilon'$ is $c\, x_0$ plus a sum of independent Gaussians of variance $d^2 - \eta^2 + \eta^2 = d^2$. So it holds at the next level. (With a network's guess, which is a mean over many $x_0$, it holds only nearly, and better with small steps.)

# %% [markdown]
# ## Exercise 5
#
# Without noise $a = 1$. The score of class 1 is $-(x - 1)$, that of the classifier is $2 / (1 + e^{2x})$. At $x = 1$ the first is 0 and the second $2 / (1 + e^2) = 0.238$: the guided score is $0$ for $w = 0$ and $4 \cdot 0.238 = 0.954$ for $w = 4$. It is zero where $x - 1 = 8 / (1 + e^{2x})$. We look for it in small steps.

# %%
--8<-- "diffusion/sharpened.py:exact"

# %%
x = torch.linspace(1, 4, 30_001)
zero = x[guided_score(x, 1.0, 4).abs().argmin()].item()
results = {"zero": zero}
print(f"score at 1: {guided_score(torch.tensor(1.0), 1.0, 4):.3f}   "
      f"zero at {zero:.3f}")

# %% [markdown]
# At {{ zero:.2f}}: the peak of the sharpened density.

# %% [markdown]
# ## Exercise 6
#
# First as on the page.

# %%
--8<-- "diffusion/sharpened.py:compare"

# %%
results["wanted"], results["before"] = table[4][0][0], table[4][1][0]
always = guided_score


def guided_score(x, a, w):
    return always(x, a, w if a > 0.8 else 0)


def sample(w, K=200):
    x = start
    u = torch.linspace(math.pi / 2, 0, K + 1)
    for (a, b), (c, d) in zip(zip(u.cos(), u.sin()),
                              zip(u.cos()[1:], u.sin()[1:])):
        noise = -b * guided_score(x, a, w)
        x_0 = 1 + 0 * x if a < 1e-6 else (x - b * noise) / a
        x = c * x_0 + d * noise
    return x


for w in (0, 1, 4):
    x = sample(w)
    results[f"late_{w}"] = {"mean": x.mean().item(), "std": x.std().item()}
    print(f"w = {w}   mean {x.mean():.2f}   deviation {x.std():.2f}")

# %% [markdown]
# With $w = 4$ the mean is {{ late_4.mean:.2f}} now, where guiding at all levels gave {{ before:.2f}} and the sharpened density has {{ wanted:.2f}}: the overshoot came from the noisy levels, where guidance pushes all points alike. Without that push the mean falls short. Which levels to guide is one more knob.

# %% [markdown]
# ## Exercise 7

# %%
guided_score = always
for K in (2, 5, 10, 20):
    x = sample(0, K)
    results[f"K_{K}"] = {"mean": x.mean().item(), "std": x.std().item()}
    print(f"{K:2} steps   mean {x.mean():.3f}   deviation {x.std():.3f}")

# %% [markdown]
# The deviation is wrong with few steps ({{ K_2.std:.2f}} with two, {{ K_20.std:.2f}} with 20, where 1 is right), the mean is not: {{ K_2.mean:.2f}} and {{ K_20.mean:.2f}}. For one Gaussian the guess of $x_0$ is linear in $x$. The first step sets $x_0$ to the mean of the data, and every later step mixes linearly what has the right mean. (The rest to 1 is the draw: the noise that all begin with has a mean a little below 0.)

# %% [markdown]
# ## Exercise 8
#
# Recall would: real sevens of other schools are near no drawn one. The Fréchet distance would rise a little, if the features tell the two kinds of sevens apart. Precision, "sure" and "read as asked" notice nothing, or get better: the drawn sevens are all fine. They look fine one by one, too. No single sample shows what is missing.
