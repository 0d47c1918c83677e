# %% [markdown]
# # Solutions: latent representations
#
# Worked answers to the exercises of the chapter. Where an answer is a number, a program computes it. Ablations
# take the program of the page, change a line, and run it again.

# %%
import contextlib
import io
from pathlib import Path

import numpy as np
import torch
from torch.distributions import Normal, kl_divergence


def run(program, stop, *changes):
    """Run a program of the book up to a section, with lines changed."""
    text = Path("snippets", program).read_text()
    text = text.split(f"# --8<-- [start:{stop}]")[0]
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    torch.set_default_dtype(torch.float32)  # a program may change it
    names = {"__name__": "__main__"}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(text, names)
    return names


results = {}

# %% [markdown]
# ## Latent representations
#
# ### 1. Where the representation is
#
# It is the output of the encoder, the narrowest layer: 2, 4, 8, 16 or 32 numbers for each image. (The hidden layers of 256 units are
# representations too, but not small ones.)
#
# ### 2. Counting
#
# A layer from $m$ to $n$ units has $mn + n$ parameters. PCA with 8 components stores them and the mean.

# %%
names = run("latent-representations/index.py", "sizes",
            ("optimizer.step(linear_loss)", ""))
model = names["autoencoder"](8)
print(sum(p.numel() for p in model.parameters()), "parameters")
print(784 * 256 + 256 + 256 * 8 + 8 + 8 * 256 + 256 + 256 * 784 + 784,
      "by hand")
print(8 * 784 + 784, "numbers for PCA")

# %% [markdown]
# The network is many times as large. Smaller codes are not smaller models.
#
# ### 3. Without the ReLUs

# %%
torch.manual_seed(0)
test_X = names["test_X"]
with torch.no_grad():
    results["pca"] = (names["pca"](test_X, 8) - test_X).square().mean().item()
for name in ("ReLU", "nothing"):
    torch.manual_seed(0)
    model = names["autoencoder"](8)
    if name == "nothing":
        model = torch.nn.Sequential(*[
            layer for layer in model if not isinstance(layer, torch.nn.ReLU)])
    names["train"](model)
    with torch.no_grad():
        results[name] = (model(test_X) - test_X).square().mean().item()
    print(f"activation {name:8} held-out error {results[name]:.4f}")
print(f"PCA                 held-out error {results['pca']:.4f}")

# %% [markdown]
# Without activation functions the four layers are one linear map through 8 numbers, and the error ({{ nothing:.4f }}) is that of PCA
# ({{ pca:.4f }}). With ReLUs it is {{ ReLU:.4f }}.
#
# ## Compression
#
# ### 1. Rate and distortion
#
# The rate is the number of bits spent on an image, the distortion the error after decompression. Eight real numbers could hold any number of bits: it
# depends on how finely they are rounded, and on how predictable the levels are.
#
# ### 2. Ideal bits
#
# A level with probability 1/8 costs $-\log_2 (1/8) = 3$ bits. The four levels cost 1, 2, 3 and 3 bits, on average
# $1/2 + 2/4 + 3/8 + 3/8 = 1.75$ bits, less than the 2 bits of a plain numbering.

# %%
p = np.array([1 / 2, 1 / 4, 1 / 8, 1 / 8])
print(-np.log2(p), "bits;", (p * -np.log2(p)).sum(), "on average")

# %% [markdown]
# ## Generating new data
#
# ### 1. Judges
#
# A judge trained on the same digits as the generator could take a copy of a training digit for a sign of quality, and shares the generator's blind
# spots. One measure is not enough because each can be satisfied by bad samples: a classifier is sure of many images that are no digits, and one perfect digit, repeated, is sharp
# and has no variety.
#
# ### 2. Always the same 7
#
# *Sure* and *agree* would be 1, the best values possible. *Rarest* would be 0, since nine classes never appear, and the *distance* would be large,
# because the features of the samples do not vary at all. Two of four columns catch it.
#
# ## Variational inference
#
# ### 1. What goes up comes down
#
# ELBO and divergence add up to $\log p(x)$, which does not depend on $q$. If one rises by 0.3, the other falls by 0.3.
#
# ### 2. Two coins
#
# $\KL(p \,\|\, q) = \tfrac12 \log\tfrac{0.5}{0.9} + \tfrac12 \log\tfrac{0.5}{0.1}$ and
# $\KL(q \,\|\, p) = 0.9 \log\tfrac{0.9}{0.5} + 0.1 \log\tfrac{0.1}{0.5}$.

# %%
p, q = np.array([0.5, 0.5]), np.array([0.9, 0.1])
print(f"KL(p || q) = {(p * np.log(p / q)).sum():.3f}, "
      f"KL(q || p) = {(q * np.log(q / p)).sum():.3f} nats")

# %% [markdown]
# They differ: who expects the bent coin is more surprised by the fair one than the other way round.
#
# ### 3. A linear decoder
#
# Two Gaussians multiply to a Gaussian, whose precision (one over the variance) is the sum of theirs: $1 + 1/0.25 = 5$. Its mean is
# $x \cdot 4 / 5$. So the posterior is $\mathcal{N}(0.8\,x,\ 1/5)$, and $q$ can be equal to it.

# %%
names = run("latent-representations/variational_inference.py", "identity",
            ("return torch.exp(z)", "return z"))
x, grid, dz = names["x"], names["grid"], names["dz"]
q = Normal(0.8 * x, torch.tensor(0.2).sqrt())
log_q = q.log_prob(grid)
gap = (log_q.exp() * (log_q - names["log_posterior"])).sum() * dz
fit = Normal(x, 0.5).log_prob(q.loc) - q.variance / (2 * 0.25)
elbo = fit - kl_divergence(q, names["prior"])
results["gap"] = abs(gap.item())
results["bound"] = abs((elbo - names["log_evidence"]).item())
print(f"divergence {results['gap']:.1e}, "
      f"ELBO minus log p(x) {results['bound']:.1e}")
assert max(results["gap"], results["bound"]) < 1e-6
torch.set_default_dtype(torch.float32)
