# %% [markdown]
# # Answers: latent representations
#
# The third answer trains six autoencoders, which takes about 15 seconds.

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
        model = train(make(8))
        with torch.no_grad():
            errors.append(F.mse_loss(model(test_X), test_X).item())
    results[name] = sum(errors) / 3
    print(f"{name:7}", "  ".join(f"{error:.4f}" for error in errors))
print(f"PCA     {results['pca']:.4f}")

# %% [markdown]
# Without activation functions the four layers are one linear map through 8 numbers. On the training digits such a map cannot do
# better than PCA, and on held-out digits its error comes out as that of PCA: {{ linear:.4f}} and {{ pca:.4f}}. With ReLUs
# the error is {{ ReLU:.4f}} (means of three random starts).
