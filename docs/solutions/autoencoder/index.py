# %% [markdown]
# # Answers: autoencoders
#
# Exercises 6 and 7 use the digits of [the page](../../autoencoder/index.md).

# %% [markdown]
# ## Exercise 1
#
# The code: it has fewer numbers than the input, and all that the decoder learns passes through it. If nothing else (noise, a penalty) prevents it, an overcomplete autoencoder can learn the identity, which has no error and says nothing about the data.

# %% [markdown]
# ## Exercise 2
#
# The strange 5 and 4 are above all three known ones: six pairs in the right order. The strange 1 is above 0 alone: one pair. Together 7 of 9, or 0.78. With 2.5 it is above 2 and 0: 8 of 9, or 0.89.

# %% [markdown]
# ## Exercise 3
#
# A circle has no preferred direction; every line through its centre is equally good. Take the horizontal one: the point at angle $a$ is rebuilt as $(\cos a, 0)$, and the error is $\sin^2 a$, on average $1/2$. The noise adds its variance in one direction. The table shows about that.

# %% [markdown]
# ## Exercise 4
#
# The new mean is $A\mu + c$ and the new covariance $A \Sigma A^\top$. So the distance is $(A(x - \mu))^\top (A \Sigma A^\top)^{-1} A(x - \mu) = (x - \mu)^\top A^\top A^{-\top} \Sigma^{-1} A^{-1} A (x - \mu)$, which is the old one. The distance to the nearest neighbour does change: stretch one direction, and another point may be nearest.

# %% [markdown]
# ## Exercise 5
#
# $f(x) = x$ and $g(z) = z$: the two coordinates are the code. The proof compares $f(x)$ with $f(-x)$ by their difference, a number that cannot go from positive to negative without being zero. A difference of two numbers, a vector, can: it goes round zero, as it does here.

# %% [markdown]
# ## Exercise 6

# %%
--8<-- "autoencoder/index.py:curve"

# %%
--8<-- "autoencoder/index.py:network"

# %%
--8<-- "autoencoder/index.py:digits"

# %%
--8<-- "autoencoder/index.py:local"

# %%
scale = (test_X - train_X.mean(0)).square().sum(1).mean().item()
torch.manual_seed(0)
deep = nn.Sequential(
    nn.Linear(196, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(),
    nn.Linear(128, 8), nn.Linear(8, 128), nn.ReLU(),
    nn.Linear(128, 256), nn.ReLU(), nn.Linear(256, 196))
train(deep, train_X, 1500, 0.002, 64, 0)
results = {"deep": error(deep, test_X) / scale,
           "local": error(local_pca(train_X, 8, 30), test_X) / scale}
print(f"deep network {results['deep']:.3f}, local PCA {results['local']:.3f}")

# %% [markdown]
# The deeper network loses {{ deep:.3f}} of the variance, local PCA {{ local:.3f}}: close together. A deeper network and more steps bring it to where the pieces were without any gradient descent.

# %% [markdown]
# ## Exercise 7

# %%
y = table[4000:, -1]
ink = test_X.sum(1)
a, b = -ink[y == 1], -ink[y != 1]
results["ink"] = (a[:, None] > b).float().mean().item()
print(f"area under the curve of 'little ink': {results['ink']:.3f}")

# %% [markdown]
# Little ink finds the 1 with an area of {{ ink:.2f}}. The comparison is unfair since we knew what was strange: whoever knows that needs no detector. A left-out 0 has much ink, and this score would rank it low.

# %% [markdown]
# ## Exercise 8
#
# Keep some recordings of normal running aside and look at the scores on them: they give the rate of false alarms, the only thing that can be measured without failures. Start with the nearest neighbour and the Mahalanobis distance on simple features (the loudness in each band of frequencies), which cost nothing. Recordings from another day or another machine of the same kind tell whether a score reacts to what is merely new. A few real failures, once they come, decide between the rest.
