# %% [markdown]
# # Answers: images as tokens
#
# Exercises 4 and 5 are checked, 6 and 7 computed, with the networks of [the page](../../transformer/vision.md).

# %% [markdown]
# ## Exercise 1
#
# That what matters is near (a kernel is small), and that a pattern is the same wherever it stands (one kernel for all places). The patch layer takes the second for granted, for shifts by whole patches, and within a patch the first; between patches the ViT takes neither for granted.

# %% [markdown]
# ## Exercise 2
#
# $224 / 16 = 14$, so $14 \cdot 14 = 196$ tokens; each patch has $3 \cdot 16^2 = 768$ numbers. One head has $196^2 = 38\,416$ scores. With $P = 8$ there are $784$ tokens and $614\,656$ scores, sixteen times as many.

# %% [markdown]
# ## Exercise 3
#
# The layers take $12 E^2$ for each token, scores and means $2 N E$: equal at $N = 6E = 192$ tokens. With $N = 16$ and $E = 32$, scores and means take $2 \cdot 16 \cdot 32 = 1024$ for each token, the layers $12 \cdot 1024 = 12\,288$: a thirteenth of all. This is the regime in which a transformer is a stack of MLPs with a little looking between.

# %% [markdown]
# ## Exercise 4
#
# Output $n$ of the patch layer is $\sum_{u, v} W_{uv} X_{iP + u,\, jP + v} + b$ for the patch in row $i$ and column $j$: the formula of a convolution with stride $P$. A shift by whole multiples of $P$ moves every patch to the place of another one; other shifts cut the image in other places.

# %%
--8<-- "transformer/vision.py:data"

# %%
--8<-- "transformer/vision.py:vit"

# %%
layer = nn.Linear(P * P, 8)
same = nn.Conv2d(1, 8, P, stride=P)
same.weight.data = layer.weight.data.view(8, 1, P, P)
same.bias.data = layer.bias.data
gap = (layer(patches(X[:9])) - same(X[:9]).flatten(2).transpose(1, 2)).abs()
results = {"gap": gap.max().item()}
print(f"largest difference {results['gap']:.0e}")

# %% [markdown]
# ## Exercise 5
#
# Let $\Pi$ exchange the rows of the table of tokens. The patch layer, the norms and the MLPs work on each row alone: $f(\Pi X) = \Pi f(X)$. So does attention, as exercise 4 of [the page on attention](../../transformer/index.md#exercises) shows, and the sum of a residual. So the last table is $\Pi$ times the old one, and the mean of its rows is the same.

# %% [markdown]
# ## Exercise 6

# %%
--8<-- "transformer/vision.py:cnn"

# %%
--8<-- "transformer/vision.py:train"

# %%
order = torch.randperm(16)
whole = train_X, test_X


def exchanged(X):
    return F.fold(patches(X)[:, order].mT, 16, P, stride=P)


makes = {"CNN": (make_cnn, 0.02), "ViT": (lambda: ViT(22, 2), 0.01)}
for name, (make, lr) in makes.items():
    train_X, test_X = exchanged(whole[0]), exchanged(whole[1])
    results[f"{name}_exchanged"] = accuracy(train(make, lr, 2000, 0, 200))
    train_X, test_X = whole
    results[f"{name}_plain"] = accuracy(train(make, lr, 2000, 0, 200))
    print(f"{name}: as they are {results[name + '_plain']:.3f}, exchanged "
          f"{results[name + '_exchanged']:.3f}")

# %% [markdown]
# In this run the CNN falls from {{ CNN_plain:.3f}} to {{ CNN_exchanged:.3f}}: strokes end at the borders of the patches, and its neighbours are wrong ones. To the ViT the exchange is only another numbering of its positions. It goes from {{ ViT_plain:.3f}} to {{ ViT_exchanged:.3f}}. The CNN's result lies below all three of its runs on [the page](../../transformer/vision.md), the ViT's among its three: so much do random starts make.

# %% [markdown]
# ## Exercise 7

# %%
for name, (make, lr) in makes.items():
    results[f"{name}_longer"] = accuracy(train(make, lr, 2000, 0, 600))
    print(f"{name}: {results[name + '_longer']:.3f} after 600 steps")

# %% [markdown]
# In one run each, the CNN comes to {{ CNN_longer:.3f}} and the ViT to {{ ViT_longer:.3f}}. The ViT gains more, and stays behind.

# %% [markdown]
# ## Exercise 8
#
# Compare the learned positions: dot products of the vectors of neighbouring patches against those of distant ones, beside the same for an untrained network. Look at the mean weight of attention by distance. As an intervention, forbid looking at neighbours, or at all others, by a mask in use, and compare the losses. Without intervention, the pictures only show what is there, not what it is for.
