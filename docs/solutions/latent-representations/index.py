# %% [markdown]
# # Answers: latent representations
#
# The answer to exercise 6 trains six autoencoders.

# %% [markdown]
# ## Exercise 1
#
# The latent representation is the output of the encoder, the narrowest layer (the bottleneck): 2, 4, 8, 16 or 32 numbers for each
# image. (The hidden layers of 256 units are representations too, but not small ones.)
#
# ## Exercise 2
#
# A layer from $m$ to $n$ units has $mn + n$ parameters. PCA with 8 components stores them and the mean.

# %%
--8<-- "latent-representations/index.py:data"

# %%
--8<-- "latent-representations/index.py:pca"

# %%
--8<-- "latent-representations/index.py:nonlinear"

# %%
size = sum(p.numel() for p in autoencoder(8).parameters())
by_hand = ((784 * 256 + 256) + (256 * 8 + 8)
           + (8 * 256 + 256) + (256 * 784 + 784))
stored = 8 * 784 + 784
print(f"autoencoder: {size:,} parameters, by hand {by_hand:,}")
print(f"PCA: {stored:,} numbers")
results = {"times": size / stored}

# %% [markdown]
# The network is {{ times:.0f}} times as large. Smaller codes are not smaller models.
#
# ## Exercise 3
#
# The mean is zero. By symmetry the first component is $(1, 1)/\sqrt 2$: along it the points lie at $3/\sqrt2$, $3/\sqrt2$,
# $-3/\sqrt2$, $-3/\sqrt2$ (the codes), across it at $\pm 1/\sqrt2$. The error that is left is $1/2$ for each point, out of a
# mean square of 5.
#
# ## Exercise 4
#
# In the orthonormal basis $v_1, \dots, v_D$ of all components, $x - \bar x = \sum_k c_k v_k$ with $c_k = v_k^\top (x - \bar x)$. The
# reconstruction keeps $k \le K$, so the squared error is $\sum_{k > K} c_k^2$, and the mean of $c_k^2$ over the data is the variance
# along $v_k$.
#
# ## Exercise 5
#
# $(W_2 A^{-1})(A W_1) = W_2 W_1$, so the reconstruction, and with it the error, is the same. The columns of $W_2 A^{-1}$ span the same
# space as those of $W_2$ and can be any basis of it. Nothing in the error prefers the orthonormal one that PCA picks, ordered by
# variance.
#
# ## Exercise 6
#
# The page's `autoencoder` with its two ReLUs left out:

# %%
def linear_autoencoder(size, hidden=256):
    return nn.Sequential(
        nn.Linear(784, hidden), nn.Linear(hidden, size),
        nn.Linear(size, hidden), nn.Linear(hidden, 784))


with torch.no_grad():
    results["pca"] = F.mse_loss(pca(test_X, 8), test_X).item()
print("held-out error, three seeds")
for name, make in [("ReLU", autoencoder), ("linear", linear_autoencoder)]:
    errors = []
    for seed in range(3):
        torch.manual_seed(seed)
        model = train(make(8), 0.005)
        with torch.no_grad():
            errors.append(F.mse_loss(model(test_X), test_X).item())
    results[name] = sum(errors) / 3
    print(f"{name:7}", "  ".join(f"{error:.4f}" for error in errors))
print(f"PCA     {results['pca']:.4f}")

# %% [markdown]
# Without activation functions the four layers are one linear map through 8 numbers. On the training digits such a map cannot do
# better than PCA, and on held-out digits its error comes out as that of PCA: {{ linear:.4f}} and {{ pca:.4f}}. With ReLUs
# the error is {{ ReLU:.4f}} (means of three random starts).
#
# ## Exercise 7
#
# Write $v = (1, 2)$, so $\lVert v \rVert^2 = 5$ and $g(f(x)) = (x \cdot v) v / 5$. Then $(x - g(f(x))) \cdot v = x \cdot v - (x \cdot v) \cdot 5 / 5 = 0$. By Pythagoras every other point $av$ of the line is further away:
# $\lVert x - av \rVert^2 = \lVert x - g(f(x)) \rVert^2 + \lVert g(f(x)) - av \rVert^2$. The code is 1 for all $x$ with $x_1 + 2 x_2 = 5$, a whole line across the first one: the decoder cannot tell them apart.
#
# ## Exercise 8
#
# It depends on the other numbers and on the network: the decoder is not linear, so one number may change the slant in one place of the
# latent space and the digit in another. Nothing in the loss asks for more. One can ask: give some numbers the meaning by training them
# (the class, the slant measured from the image), or prefer codes whose numbers vary independently, as some variational autoencoders do;
# the second helps sometimes, and which number means what has still to be looked at.
