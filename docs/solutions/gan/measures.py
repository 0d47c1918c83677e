# %% [markdown]
# # Answers: judging samples
#
# Exercises 6 and 7 use data and judge of [the page](../../gan/measures.md).

# %% [markdown]
# ## Exercise 1
#
# Precision (the 7 lies among real digits), and *sure*; *nearest*, if the 7 is not one of the training set. It fails in recall, in the rarest class, and in the Fréchet distance: a covariance of zero is far from that of real digits.

# %% [markdown]
# ## Exercise 2
#
# $(2 - 1)^2 + (2 - 2)^2 = 1$. If all made ones are 1, then mean 1 and spread 0: $0 + (2 - 0)^2 = 4$. The right mean without any spread is worse here than a mean that is off by one with the right spread.

# %% [markdown]
# ## Exercise 3
#
# Balls around real points: 0 and 1 reach to each other, radius 1; 5 reaches to 1, radius 4. So they cover $[-1, 2]$ and $[1, 9]$, and all three made points are inside: precision 1. Balls around made points: 0.5 and 0.6 have the radius 0.1, and 3 has 2.4. They cover $[0.4, 0.7]$ and $[0.6, 5.4]$. Of the real points 1 and 5 are inside: recall 2/3. The far real point 5 made precision generous: without it, 3 would lie outside.

# %% [markdown]
# ## Exercise 4
#
# The formula contains nothing but means and covariances, so equal ones give zero. In one dimension: real features are $-1$ or $1$ with a half each, made ones are drawn from $\mathcal{N}(0, 1)$. Both have mean 0 and variance 1; most of the made ones lie where no real one is.

# %% [markdown]
# ## Exercise 5
#
# Copies and perfect new digits are both real digits, so distance, precision, recall, sureness and shares are those of real digits, whatever $a$ is. `nearest` is a mean: a copy contributes 0 and a new digit 1, so it is $1 - a$. It falls below 0.9 for $a > 0.1$. One copy in twenty would pass as chance.

# %% [markdown]
# ## Exercise 6

# %%
--8<-- "gan/measures.py:data"

# %%
--8<-- "gan/measures.py:judge"

# %%
--8<-- "gan/measures.py:measures"

# %%
test_features = judge[:-1](test_X)
results = {"by_count": {}}
for count in (100, 250, 500, 1000, 2000):
    distances = [frechet(judge[:-1](train_X[torch.randperm(2500)[:count]]),
                         test_features) for draw in range(5)]
    results["by_count"][f"n{count}"] = sum(distances) / 5
    print(f"{count:5} copies: {sum(distances) / 5:.2f}")

# %% [markdown]
# From {{ by_count.n100:.1f}} with 100 copies down to {{ by_count.n2000:.1f}} with 2000, though the source is the same. Covariances from few samples are off, and being off in any direction counts as distance.

# %% [markdown]
# ## Exercise 7

# %%
--8<-- "gan/measures.py:learners"

# %%
--8<-- "gan/measures.py:cheats"

# %%
--8<-- "gan/measures.py:table"

# %%
torch.manual_seed(0)
untrained = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.Linear(32 * 9, 32), nn.ReLU(), nn.Linear(32, 10))
untrained.requires_grad_(False)
for kind, net in (("trained", judge), ("untrained", untrained)):
    far = {name: frechet(net[:-1](images), net[:-1](test_X))
           for name, images in drawn.items()}
    results[kind] = {name.replace(" ", "_"): d for name, d in far.items()}
    print(kind + ":", ", ".join(f"{name} {far[name]:.3g}"
                                for name in sorted(far, key=far.get)))

# %% [markdown]
# Not quite. Real digits, copies and shifted copies stay in front; noise and ten digits, repeated, stay behind. But the untrained judge puts the ten digits last of all ({{ untrained.ten_digits:.4f}}, noise {{ untrained.noise:.4f}}; the trained one gives them {{ trained.ten_digits:.0f}}, and noise {{ trained.noise:.0f}}): it sees contrast and roughness, and hardly whether something is a digit.

# %% [markdown]
# ## Exercise 8
#
# For each sample the most similar training faces, in the features of a network for recognising faces, compared with how similar *new* real faces are to the training set; above all the nearest few, and not the mean. Also whether the model gives training faces a higher likelihood, or a discriminator a higher logit, than new ones. None of it proves that nothing is stored.
