# %% [markdown]
# # Answers: deep learning
#
# The third answer trains models of [the page](../../deep-learning/index.md) on its signals again; that takes about 20 seconds.

# %% [markdown]
# ## Exercise 1
#
# Logistic regression and the MLP. Each unit of their first layer adds up *all* inputs, with a weight for each. Another order of
# the positions is only another order of these weights, which start at random anyway. (So the two runs differ as two random starts
# do, and not more.) The CNN and the GRU treat neighbours differently from distant positions.
#
# ## Exercise 2
#
# The MLP has to learn a pattern again at every position and size at which it may appear, and 4000 signals show it few of these
# combinations. The CNN uses the same kernels at all positions (weight sharing), so what it learns at one place holds everywhere.
#
# ## Exercise 3
#
# When a signal is moved in a circle, the amplitudes of its Fourier components stay the same; only their phases change. So these
# are features that say *what* is there and not *where*.

# %%
--8<-- "deep-learning/index.py:data"

# %%
--8<-- "deep-learning/index.py:models"

# %%
--8<-- "deep-learning/index.py:training"

# %%
def amplitudes(X):
    """How strong the 20 slowest waves are: (B, 40) -> (B, 20)."""
    return torch.fft.rfft(X).abs()[:, :20]


scale = amplitudes(train_X).std(0)
inputs = {"raw": (train_X, test_X),
          "Fourier": (amplitudes(train_X) / scale,
                      amplitudes(test_X) / scale)}
results = {"raw": {}, "Fourier": {}}
runs = [("raw", "logistic", logistic, 20, 0.01),
        ("raw", "MLP", mlp, 20, 0.005), ("raw", "CNN", cnn, 15, 0.01),
        ("Fourier", "logistic", lambda: nn.Linear(20, 10), 20, 0.01),
        ("Fourier", "MLP", lambda: nn.Sequential(  # for 20 numbers, not 40
            nn.Linear(20, 256), *mlp()[1:]), 20, 0.005)]
print("held-out accuracy, three seeds")
for kind, name, make, epochs, lr in runs:
    X, held_out = inputs[kind]
    scores = []
    for seed in range(3):
        torch.manual_seed(seed)
        model = make()
        train(model, X, epochs, lr)
        scores.append(accuracy(model, held_out, test_y))
    results[kind][name] = sum(scores) / len(scores)
    print(f"{kind:8}{name:9}", "  ".join(f"{s:.3f}" for s in scores))

# %% [markdown]
# Logistic regression reads {{ raw.logistic:.0%}} of the held-out signals from the raw numbers and {{ Fourier.logistic:.0%}} from
# the amplitudes (means of three random starts): the feature helps, a little. What it throws away, the phases, is gone for good.
# The MLP shows how much that is: it reads {{ raw.MLP:.0%}} from the raw numbers and only {{ Fourier.MLP:.0%}} from the amplitudes.
# The CNN, which learns features of its own, reads {{ raw.CNN:.0%}}.
