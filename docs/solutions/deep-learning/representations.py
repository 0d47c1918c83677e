# %% [markdown]
# # Answers: learned representations
#
# The third answer trains the sparse layer of [the page](../../deep-learning/representations.md) with and without sparsity.

# %% [markdown]
# ## Exercise 1
#
# How well a *linear* model can read the class off a layer. The network stays fixed (frozen), because otherwise it would learn to
# suit the probe, and we would measure the network and the probe together.
#
# ## Exercise 2
#
# Random layers change the input too: they mix neighbours, and pooling discards position. What they achieve is due to the
# architecture. Only what the trained network achieves beyond that is due to learning.
#
# ## Exercise 3

# %%
--8<-- "deep-learning/representations.py:patches"

# %%
--8<-- "deep-learning/representations.py:whiten"

# %%
--8<-- "deep-learning/representations.py:autoencoder"

# %%
--8<-- "deep-learning/representations.py:gabor"

# %%
grid = gabors()
fits = {"untrained": [], "sparsity 2": [], "sparsity 0": []}
for seed in range(3):
    for sparsity in (2, 0):
        before, after = learn(photos, seed, sparsity=sparsity)
        fits[f"sparsity {sparsity}"].append(
            gabor_fit(after, grid).median().item())
    fits["untrained"].append(gabor_fit(before, grid).median().item())
print("median Gabor fit, three seeds")
for name, values in fits.items():
    print(f"{name:10}", "  ".join(f"{value:.2f}" for value in values))
results = {name.replace(" ", "_"): {"low": min(values), "high": max(values)}
           for name, values in fits.items()}

# %% [markdown]
# With sparsity the median fit is at least {{ sparsity_2.low:.2f}}, without it at most {{ sparsity_0.high:.2f}}, about what
# untrained filters have ({{ untrained.low:.2f}} to {{ untrained.high:.2f}}). Without the price for active units nothing prefers
# one set of axes to another: on whitened patches every orthogonal matrix of weights rebuilds the input exactly, whether its
# columns look like edges or not. The edges need the photographs, as the controls on the page show, *and* the sparsity.
