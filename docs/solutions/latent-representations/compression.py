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
    spent, error = bits_and_distortion(*pca(8), bits, test_X)
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

# %% [markdown]
# ## Exercise 3
#
# 0, 10, 110, 111: lengths 1, 2, 3, 3, the bits of exercise 2. No word begins another, so a string of them can be cut up again in
# one way only.
#
# ## Exercise 4
#
# The mean square is $\frac{1}{\Delta} \int_{-\Delta/2}^{\Delta/2} e^2\, \mathrm{d}e = \frac{1}{\Delta} \cdot \frac{2}{3} \cdot
# \frac{\Delta^3}{8} = \Delta^2 / 12$. One more bit halves $\Delta$, so it leaves a quarter of the error of rounding. (The error of the
# code itself, what PCA or the network loses without rounding, stays.)
#
# ## Exercise 5
#
# It spends $-\sum p \log_2 q$ on average where $-\sum p \log_2 p$ would do; the difference is $\sum p \log_2 (p/q)$. On this page
# $q$ is counted on training digits and $p$ is that of new digits.
#
# ## Exercise 6
#
# The function of the page, with a step for each place.

# %%
@torch.no_grad()
def own_steps(encode, decode, bits, X):
    known, new = encode(train_X), encode(X)
    low, high = known.quantile(torch.tensor([0.001, 0.999]), 0)
    step = (high - low) / 2**bits  # (K): one for each place

    def level(codes):
        return ((codes - low) / step).long().clamp(0, 2**bits - 1)

    middle = low + (torch.arange(2**bits)[:, None] + 0.5) * step
    count = torch.ones_like(middle)
    count.scatter_add_(0, level(known), torch.ones_like(known))
    value = middle.scatter_add(0, level(known), known) / count
    spent = -(count / count.sum(0)).log2().gather(0, level(new))
    return (spent.sum(1).mean().item(),
            F.mse_loss(decode(value.gather(0, level(new))), X).item())


for name, measure in [("one", bits_and_distortion), ("own", own_steps)]:
    tried = [measure(*pca(size), bits, valid_X) + (size, bits)
             for size in range(4, 25) for bits in range(1, 7)]
    _, _, size, bits = min((p for p in tried if p[0] <= 25),
                           key=lambda p: p[1])
    spent, results[name] = measure(*pca(size), bits, test_X)
    results[name + "_bits"] = spent
    print(f"{name} step: {size} numbers, 2^{bits} levels, {spent:.1f} bits, "
          f"error {results[name]:.4f}")

# %% [markdown]
# With one step for all, PCA's error is {{ one:.4f}} at {{ one_bits:.1f}} bits, with a step for each number {{ own:.4f}} at {{ own_bits:.1f}}, the best of those that we tried with at most 25 bits on validation digits: next to
# no difference. One step spends the same error of rounding on every number, so numbers that vary little cost few bits or none, and many
# of them can be kept; with steps of their own they are stored as finely, relative to their size, as those that matter, and the best
# choice keeps fewer.
#
# ## Exercise 7
#
# $784 \cdot 8 / 25 \approx 251$. Anything can be compressed by any factor if the distortion does not matter: the factor of a lossy code means something only together with its error, and with the data that the code was made for.
#
# ## Exercise 8
#
# At 32 bits a weight, 400,000 weights are 12.8 million bits. A digit of 6272 bits that becomes one of 25 bits saves 6247, so the
# decoder is paid for after about 2050 digits, more than half of those it was trained on. (PCA with 16 components has 13,328 numbers
# to send and is paid for after about 70.) And it pays only while the images are digits.
