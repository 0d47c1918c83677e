# %% [markdown]
# # Answers: compression

# %% [markdown]
# ## Exercise 1
#
# The rate is the number of bits spent on an image, the distortion the error after decompression. Eight real numbers could hold
# any number of bits: it depends on how finely they are rounded (quantised), and on how predictable the levels are. We count the
# bits of one code of eight numbers, that of PCA, for finer and finer rounding.

# %%
--8<-- "latent-representations/compression.py:data"

# %%
--8<-- "latent-representations/compression.py:baselines"

# %%
--8<-- "latent-representations/compression.py:bits"

# %%
results = {"spent": []}
for bits in (1, 2, 4, 6, 8):
    spent, error = bits_and_distortion(*pca(8), bits)
    results["spent"].append(spent)
    print(f"{2**bits:3} levels: {spent:5.1f} bits per digit, "
          f"squared error per pixel {error:.4f}")

# %% [markdown]
# The same eight numbers cost from {{ spent.0:.0f}} to {{ spent.-1:.0f}} bits.
#
# ## Exercise 2
#
# A level with probability 1/8 costs $-\log_2 (1/8) = 3$ bits. The four levels cost 1, 2, 3 and 3 bits, on average
# $1/2 + 2/4 + 3/8 + 3/8 = 1.75$ bits, less than the 2 bits of a plain numbering.

# %%
p = np.array([1 / 2, 1 / 4, 1 / 8, 1 / 8])
print(-np.log2(p), "bits;", (p * -np.log2(p)).sum(), "on average")
