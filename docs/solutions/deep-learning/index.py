# %% [markdown]
# # Answers: deep learning
#
# The answer to exercise 6 trains models of [the page](../../deep-learning/index.md) on its signals again.

# %% [markdown]
# ## Exercise 1
#
# Logistic regression and the MLP. Each unit of their first layer adds up *all* inputs, with a weight for each. Another order of
# the positions is only another order of these weights, which start at random anyway. (So the two runs differ as two random starts
# do, and not more.) The CNN and the GRU treat neighbours differently from distant positions.
#
# ## Exercise 2
#
# The MLP has to learn a pattern again at every position and size at which it may appear, and the training signals show it few of these
# combinations. The CNN uses the same kernels at all positions (weight sharing), so what it learns at one place holds everywhere.
#
# ## Exercise 3
#
# A layer from $m$ to $n$ units has $mn + n$ parameters, a convolution with $m$ channels in, $n$ out and kernels of $k$ numbers
# $kmn + n$, and the GRU $3 (2H + H^2 + 2H)$ with $H = 24$.

# %%
--8<-- "deep-learning/index.py:data"

# %%
--8<-- "deep-learning/index.py:models"

# %%
by_hand = {
    "logistic": 40 * 10 + 10,
    "MLP": (40 * 256 + 256) + (256 * 256 + 256) + (256 * 10 + 10),
    "CNN": (5 * 24 + 24) + 2 * (3 * 24 * 24 + 24) + (24 * 10 + 10),
    "GRU": 3 * (2 * 24 + 24 * 24 + 2 * 24) + (20 * 24 * 10 + 10)}
for (name, size), make in zip(by_hand.items(), (logistic, mlp, cnn, GRU)):
    count = sum(p.numel() for p in make().parameters())
    print(f"{name:9}{size:8,} by hand,{count:8,} counted")
    assert size == count

# %% [markdown]
# The MLP is by far the largest. It is not for want of parameters that it falls behind.
#
# ## Exercise 4
#
# The first layer of the MLP computes $\varphi(W x + b)$. Shuffling can be undone, $P^\top P x = x$, so the layer
# $\varphi(W P^\top (P x) + b)$ gives for $Px$ what the first gives for $x$: its weights are the columns of $W$ in another order, and
# all later layers stay as they are. In a convolution, every row of the matrix holds the same few weights, each row moved on by
# one place. $W P^\top$ has the columns of $W$ in another order and is in general no such matrix.
#
# ## Exercise 5
#
# A unit is a line with one kink, and a sum of $n$ units (plus a constant) has at most $n$ kinks: between two neighbouring kinks all
# of its units are straight, so their sum is. A line of $2^k$ pieces has $2^k - 1$ kinks between 0 and 1, hence at least so many units.
#
# One more fold: each piece of the folded line runs straight from 0 to 1 or back. The fold maps 0 to 0, the middle to 1, and 1 to 0, straight in
# between. So it turns each piece, whichever way it runs, into two: up to 1 and down to 0. After $k$ folds there are $2^k$ pieces.
#
# ## Exercise 6
#
# When a signal is moved in a circle, the amplitudes of its Fourier components stay the same; only their phases change. So these
# are features that say *what* is there and not *where*.

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
runs = [("raw", "logistic", logistic, 20, 0.02),
        ("raw", "MLP", mlp, 15, 0.01), ("raw", "CNN", cnn, 10, 0.03),
        ("Fourier", "logistic", lambda: nn.Linear(20, 10), 20, 0.02),
        ("Fourier", "MLP", lambda: nn.Sequential(  # for 20 numbers, not 40
            nn.Linear(20, 256), *mlp()[1:]), 15, 0.01)]
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
#
# ## Exercise 7

# %%
def keeping_places(C=24):
    return nn.Sequential(*cnn(C)[:-3], nn.Flatten(), nn.Linear(10 * C, 10))


torch.manual_seed(0)
order = torch.randperm(40)
for kind, X, held_out in [("ordinary", train_X, test_X), (
        "shuffled", train_X[:, order], test_X[:, order])]:
    scores = []
    for seed in range(3):
        torch.manual_seed(seed)
        model = keeping_places()
        train(model, X, 10, 0.01)
        scores.append(accuracy(model, held_out, test_y))
    results[kind] = sum(scores) / 3
    print(f"{kind:9}", "  ".join(f"{s:.3f}" for s in scores))

# %% [markdown]
# With the places kept, the CNN reads {{ ordinary:.0%}} of the ordinary signals and {{ shuffled:.0%}} of the shuffled ones (means of
# three random starts). It loses less by the shuffle than the page's CNN, and has less to lose. The MLP reads about as many shuffled
# signals as ordinary ones, {{ raw.MLP:.0%}}: it is still ahead on shuffled ones, and behind this CNN on ordinary ones. (The CNN has the smaller of the page's two step sizes here.)
#
# ## Exercise 8
#
# An example. Readings of a sensor: neighbours in time belong together, and an event may happen at any time, as a CNN takes for
# granted. To see whether a model uses that, shuffle the times, in the same way for all recordings, and train again. Rows of a
# table of customers have no order and no neighbours; nothing would change, and nothing is to be gained from a CNN.
