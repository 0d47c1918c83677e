# %% [markdown]
# # Solutions: deep learning
#
# Worked answers to the exercises of the chapter. Where an answer is a number, a program computes it. Ablations
# take the program of the page, change a line, and run it again.

# %%
import contextlib
import io
from pathlib import Path

import numpy as np
import torch


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
# ## Deep learning
#
# ### 1. Which models do not notice
#
# Logistic regression and the MLP. Each of their units adds up *all* inputs with a weight for each, so another order of the positions is another order of the weights, which start at random
# anyway. CNN and GRU treat neighbours differently from distant positions.
#
# ### 2. More examples
#
# The MLP has to learn a pattern again at every position and size at which it may appear. A training set of 4000 signals shows it a small part of these. The CNN learns a pattern once, for all
# positions.
#
# ### 3. A feature made by hand
#
# The size of a signal's Fourier components does not change when the signal is moved in a circle. That is a feature that looks for *what* and not for *where*.

# %%
names = run("deep-learning/index.py", "table")
torch.manual_seed(0)
train_X, test_X = names["train_X"], names["test_X"]
features = [torch.fft.rfft(X).abs()[:, :20] for X in (train_X, test_X)]
scale = features[0].std(0)
for name, (train, test) in {"raw": (train_X, test_X), "Fourier": (
        features[0] / scale, features[1] / scale)}.items():
    model = torch.nn.Linear(train.shape[1], 10)
    names["train"](model, train, epochs=20, lr=0.01)
    results[name] = names["accuracy"](model, test, names["test_y"])
    print(f"{name:8} {results[name]:.3f}")

# %% [markdown]
# On the raw signals logistic regression reaches {{ raw:.0%}}, on the amplitudes {{ Fourier:.0%}}. What a hand-made feature keeps, it helps with; what it throws away (here where in the signal each wave
# stands) is gone. The CNN, which learns its features, is far ahead of both.
#
# ## Learned representations
#
# ### 1. What a probe measures
#
# How well a *linear* model can read the class off a layer. The network stays fixed, because otherwise it would learn to please the probe, and one would measure the network and the probe
# together.
#
# ### 2. Why the untrained network
#
# Random layers change the input too: they mix neighbours, and pooling forgets position. What they achieve is due to the architecture. Only what lies above it is due to learning.
#
# ### 3. No sparsity

# %%
names = run("deep-learning/representations.py", "measure")
grid = names["gabors"]()
for sparsity in (2, 0):
    _, filters = names["learn"](names["photos"], 0, sparsity=sparsity)
    fit = names["gabor_fit"](filters, grid).median().item()
    results[f"sparsity {sparsity}"] = fit
    print(f"sparsity {sparsity}: median Gabor fit {fit:.2f}")

# %% [markdown]
# Without the price for active units nothing prefers one set of axes to another, and the patterns stay as shapeless as at the start. The edges come from photographs *and* sparsity together.
