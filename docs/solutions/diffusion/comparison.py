# %% [markdown]
# # Answers: generators compared
#
# Exercises 5 to 7 use the digits and one judge of [the page](../../diffusion/comparison.md).

# %% [markdown]
# ## Exercise 1
#
# Copies: the column *nearest* (0 for exact copies). One kind of seven only: *rarest*, which is 0, and recall, since the other real digits are near no drawn one. Precision and sureness praise both.

# %% [markdown]
# ## Exercise 2
#
# $0.3 \cdot 0 + 0.7 \cdot 1.1 = 0.77$. The mean hides what happens: it is better to look at the whole distribution of distances, where copies pile up at 0.

# %% [markdown]
# ## Exercise 3
#
# Both means have the same expectation and, for independent samples, variance $\sigma^2 / n$ each. Their difference has expectation 0 and variance $2 \sigma^2 / n$, which is the average of its square. So the first term of the Fréchet distance of two equal sources is on average not 0 but the sum of $2 \sigma^2 / n$ over all features: it falls like $1 / n$ and is never zero.

# %% [markdown]
# ## Exercise 4

# %%
--8<-- "diffusion/comparison.py:data"

# %%
--8<-- "diffusion/comparison.py:judge"

# %%
--8<-- "diffusion/comparison.py:distance"

# %%
results = {}
for n in (100, 1000):
    results[f"n_{n}"] = float(np.mean([
        distance(judges[0], train_X[torch.randperm(2500)[:n]],
                 test_X[torch.randperm(1000)[:n]]) for _ in range(20)]))
results["tenth"] = results["n_100"] / 10
print(f"100: {results['n_100']:.2f}   a tenth of it "
      f"{results['tenth']:.2f}   1000: {results['n_1000']:.2f}")

# %% [markdown]
# A tenth of {{ n_100:.1f}} is {{ tenth:.2f}}; the mean with 1000 is {{ n_1000:.2f}}. So it falls faster than $1/n$. One reason may be that 100 images say little about the covariances of 32 features; another, that the draws come from a finite stock: 1000 test digits are always the same 1000.

# %% [markdown]
# ## Exercise 5

# %%
def gaussians(seed):
    torch.manual_seed(seed)
    return torch.cat([torch.distributions.MultivariateNormal(
        part.mean(0), part.T.cov() + 1e-3 * torch.eye(196)).sample((100,))
        for part in (train_X[train_y == k].flatten(1) for k in range(10))
    ]).clamp(0, 1).reshape(-1, 1, 14, 14)


def stretch(images, dark, bright):
    return ((images - dark) / (bright - dark)).clamp(0, 1)


draws = [distance(judges[0], stretch(gaussians(seed), 0.2, 0.8))
         for seed in range(20)]
results["low"], results["high"] = min(draws), max(draws)
print(f"from {min(draws):.2f} to {max(draws):.2f}")

# %% [markdown]
# From {{ low:.2f}} to {{ high:.2f}}, with the same test digits each time.

# %% [markdown]
# ## Exercise 6

# %%
tried = gaussians(100)[::2]
table = {(dark, bright): distance(judges[0], stretch(tried, dark, bright),
                                  valid_X)
         for dark in (0, 0.1, 0.2, 0.3) for bright in (1, 0.9, 0.8, 0.7)}
for dark in (0, 0.1, 0.2, 0.3):
    print(f"black {dark}: " + "".join(
        f"{table[dark, bright]:7.1f}" for bright in (1, 0.9, 0.8, 0.7)))
best = min(table, key=table.get)
results["dark"], results["bright"] = best
results["chosen"] = distance(judges[0], stretch(gaussians(0), *best))

# %% [markdown]
# The best of the sixteen is black below {{ dark:.1f}} and white above {{ bright:.1f}}; with it, new draws have a distance of {{ chosen:.2f}} from the test digits. It stands in a corner of the table, so a still stronger contrast may be better on these validation digits. On the test digits it is not even as good as that of exercise 5 ({{ low:.2f}} to {{ high:.2f}}): what is chosen on five hundred digits suits those.

# %% [markdown]
# ## Exercise 7

# %%
rows = torch.randperm(2500)[:1000]
blurred = 0.6 * train_X[rows] + 0.4 * F.avg_pool2d(
    train_X[rows], 3, stride=1, padding=1)
for name, images in (("plain", train_X[rows]), ("blurred", blurred),
                     ("blurred, sharpened", stretch(blurred, 0.15, 0.75)),
                     ("black and white", train_X[rows].round())):
    key = name.replace(", ", "_").replace(" ", "_")
    results[key] = distance(judges[0], images)
    print(f"{name:20}{results[key]:6.1f}")

# %% [markdown]
# A little blur takes real digits from {{ plain:.1f}} to {{ blurred:.1f}}, although everybody can read them; raised contrast brings them back to {{ blurred_sharpened:.1f}}. Pure black and white gives {{ black_and_white:.1f}}: too much contrast is punished as well. The judge was trained on one kind of image, and notices both kinds of change, whether or not we care about them.

# %% [markdown]
# ## Exercise 8
#
# For example: recall among held-out digits, counted only for drawn digits that are farther from the nearest training digit than a twentieth of the real ones are. A generator buys it with copies that are shifted or distorted just enough. As soon as a measure is a target, somebody will find what it does not see; so one looks at several, and at the samples.
