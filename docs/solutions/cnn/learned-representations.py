# %% [markdown]
# # Answers: learned representations
#
# The answer to exercise 6 trains the sparse layer of [the page](../../cnn/learned-representations.md) with and without sparsity.

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
#
# Three units at distances of 2 pixels, each 5 wide: $5 + 2 \cdot 2 = 9$ pixels wide, as the caption says.
#
# ## Exercise 4
#
# With an orthogonal $W$ the output is $W W^\top z = z$ for every patch, so the error is zero; whitened or not. Whitening matters because
# then all directions count alike, and the error of a $W$ that is *not* orthogonal does not depend on which way it points either. So
# nothing but the price chooses among the axes.
#
# ## Exercise 5
#
# By the inequality of Cauchy and Schwarz, $\left(\frac1K \sum \lvert c_k \rvert\right)^2 \le \frac1K \sum c_k^2$, with equality only if all
# $\lvert c_k \rvert$ are equal. The mean square of the code is fixed by the whitening; a low mean absolute value then asks for the opposite
# of equal entries: a few large and many small ones.
#
# ## Exercise 6

# %%
--8<-- "cnn/learned_representations.py:patches"

# %%
--8<-- "cnn/learned_representations.py:whiten"

# %%
--8<-- "cnn/learned_representations.py:autoencoder"

# %%
--8<-- "cnn/learned_representations.py:gabor"

# %%
grid = gabors()
fits = {}
torch.manual_seed(0)
for sparsity in (2, 0):
    before, after, _ = learn(photos, sparsity=sparsity)
    fits[f"sparsity {sparsity}"] = [gabor_fit(run, grid).median().item()
                                    for run in after]
fits["untrained"] = [gabor_fit(run, grid).median().item() for run in before]
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
#
# ## Exercise 7
#
# Of $2, 2, 2, 2$ every unit has a quarter of the sum of squares, 16, so two carry half. Of $4, 1, 1, 1, 1$ the first has 16 of 20: one unit. The second is sparser. Divide each by the root of its mean square: the first has the mean
# absolute value 1, the second $(8/5)/2 = 0.8$. At the same mean square the sparser code costs less, as exercise 5 says.
#
# ## Exercise 8
#
# Set these units to zero and see whether the network still reads their digit; compare with as many other units of the layer, chosen at
# random. If both cost little, the network does not need them. A picture of favourites cannot show that. We take the units of layer 4 of which more
# than half of the twenty favourites are one digit, and look at the validation digits.

# %%
--8<-- "cnn/layers.py:data"

# %%
--8<-- "cnn/layers.py:model"

# %%
--8<-- "cnn/layers.py:excite"

# %%
drops = {"its units": [], "as many others": []}
for seed in range(2):
    torch.manual_seed(seed)
    model = train(network())
    counts = F.one_hot(test_y[strongest(model, "layer 4")[0]], 10).sum(0)
    with torch.no_grad():
        maps = model[:9](valid_X)  # behind the ReLU of layer 4

    def right(off):
        """Share of each digit that is read without the units `off`."""
        keep = torch.ones(len(counts)).index_fill(0, off, 0)
        with torch.no_grad():
            hit = model[9:](maps * keep[:, None, None]).argmax(1) == valid_y
        return torch.stack([hit[valid_y == digit].float().mean()
                            for digit in range(10)])

    whole = right(torch.tensor([], dtype=torch.long))
    for digit in range(10):
        own = (counts.argmax(1) == digit) & (counts[:, digit] > top / 2)
        off, rest = own.nonzero()[:, 0], (~own).nonzero()[:, 0]
        if len(off):
            others = [rest[torch.randperm(len(rest))[:len(off)]]
                      for _ in range(20)]
            drops["its units"].append((whole - right(off))[digit].item())
            drops["as many others"].append(np.mean(
                [(whole - right(each))[digit].item() for each in others]))
for name, row in drops.items():
    print(f"{name:14} {100 * np.mean(row):5.1f} points of its accuracy lost, "
          f"mean of {len(row)} digits")
results["units"] = {name.split()[-1]: 100 * np.mean(row)
                    for name, row in drops.items()}
results["digits"] = len(drops["its units"])

# %% [markdown]
# Without the units that seem made for it, a digit loses {{ units.units:.1f}} points of accuracy, without as many others {{ units.others:.1f}}
# ({{ digits:d}} digits of two networks that have such units). So few digits settle little; but an experiment of this kind can show that units are not needed, and a picture of favourites cannot.
