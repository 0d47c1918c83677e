# %% [markdown]
# # Answers: long memory
#
# Task and initial weights are those of [the page](../../lstm/long-memory.md).
# The third and the fourth answer train 21 small networks, which takes about
# fifteen seconds.

# %%
--8<-- "lstm/long_memory.py:task"


--8<-- "lstm/long_memory.py:starts"


import math

results = {}

# %% [markdown]
# ## Exercise 1
#
# $1 / (1 - f) = 1000$ means $f = 0.999$, and $\sigma(b) = 0.999$ means
# $b = \log(0.999 / 0.001) = 6.9$.

# %%
b = torch.tensor(0.999).logit()
print(f"bias {b:.2f}, time scale {1 / (1 - b.sigmoid()):.0f} steps")

# %% [markdown]
# ## Exercise 2
#
# An open forget gate keeps everything that was ever written, the noise of
# every step included. After $k$ steps of noise of size $s$ the memory
# contains a random sum of size $s \sqrt{k}$, which in the end is larger than
# the bit. With an input gate that is closed after the first step little of
# each later step enters. A memory without any training shows it: how often
# does its sign still give the bit?

# %%
torch.manual_seed(0)
for lag in (10, 100, 1000):
    X, y = batch(2000, lag)
    row = []
    for entry in (1.0, 0.03):  # the input gate after the first step
        memory = X[:, 0, 0] + entry * X[:, 1:, 0].sum(1)
        row.append(((memory > 0) == y.bool()).float().mean().item())
    results[f"lag_{lag}"] = row
    print(f"lag {lag:4}: input gate open {row[0]:.2f}, nearly closed "
          f"{row[1]:.2f} right")

# %% [markdown]
# With the input gate open, {{ lag_10.0:.0%}} are right after 10 steps and
# {{ lag_1000.0:.0%}} after 1000; with the gate nearly closed,
# {{ lag_1000.1:.0%}}. A network that begins with a nearly closed gate has to
# learn only when to open it. (It has another way not to write, a candidate
# near zero.)

# %% [markdown]
# ## Exercise 3
#
# The page's training, with 100 steps in place of 200.

# %%
def train(cell, start, lag, seed, steps=200, strength=1):
    """-> share of right answers on new sequences"""
    torch.manual_seed(seed)
    model = Keeper(cell)
    start(model.rnn, lag)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

    def noisy(n):
        X, y = batch(n, lag)
        X[:, 1:, 0] *= strength
        return X, y

    for step in range(steps):
        X, y = noisy(32)
        loss = F.cross_entropy(model(X), y)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    with torch.no_grad():
        X, y = noisy(500)
        return (model(X).argmax(1) == y).float().mean().item()


def spread_gru(rnn, lag):
    """Update gates with time scales up to the lag."""
    H = rnn.hidden_size
    with torch.no_grad():
        rnn.bias_hh_l0[H:2 * H] = 0
        rnn.bias_ih_l0[H:2 * H] = torch.log(1 + torch.rand(H) * (lag - 1))


seeds = range(3)
for name, start, lags in [("plain", plain, (20,)),
                          ("spread", spread_gru, (20, 60))]:
    for lag in lags:
        row = [train(nn.GRU, start, lag, seed, steps=100) for seed in seeds]
        results[f"{name}_{lag}"] = sum(score > 0.9 for score in row)
        print(f"GRU, {name:6} lag {lag}:",
              " ".join(f"{score:.2f}" for score in row))

# %% [markdown]
# At lag 20 the plain GRU keeps the bit (more than 90% right) in
# {{ plain_20:d }} of three such short runs, the GRU with spread biases in
# {{ spread_20:d }}; at lag 60, the longest tried here, in
# {{ spread_60:d }}. As with the LSTM, the initial biases decide.

# %% [markdown]
# ## Exercise 4
#
# Noise times 0 and 3 at lag 40, for the best network without gates and the
# best with gates. (With the page's noise both are reliable at this lag.)

# %%
cells = {"RNN, orthogonal": (nn.RNN, orthogonal),
         "LSTM, spread biases": (nn.LSTM, spread)}
for name, (cell, start) in cells.items():
    for strength in (0, 3):
        row = [train(cell, start, 40, seed, strength=strength)
               for seed in seeds]
        results[f"{name.split(',')[0]}_{strength}"] = sum(
            score > 0.9 for score in row)
        print(f"{name:19}, noise times {strength}:",
              " ".join(f"{score:.2f}" for score in row))

# %% [markdown]
# Without noise {{ RNN_0:d }} of three RNNs and {{ LSTM_0:d }} of three LSTMs
# keep the bit, with three times as much as on the page {{ RNN_3:d }} and
# {{ LSTM_3:d }}. At this lag leaving the noise out has nothing to improve.
# Three times the noise harms the network without gates and not the LSTM: it
# can refuse an input, by a closed input gate or by a candidate near zero,
# while the plain cell adds every input to what goes into its state.

# %% [markdown]
# ## Exercise 5
#
# $1 - \sigma(b) = 1 - 1 / (1 + e^{-b}) = e^{-b} / (1 + e^{-b}) = 1 / (1 + e^b)$. Write $n = 1 + e^b$. Then $f = 1 - 1/n$, and after $n$ steps
# $(1 - 1/n)^n$ is left. Its logarithm is $n \log(1 - 1/n) = -1 - 1/(2n) - \dots$, which tends to $-1$ as $n$ grows.

# %%
for b in (0.0, 1.0, 5.0, 10.0):
    n = 1 + math.exp(b)
    print(f"bias {b:4}: {n:8.1f} steps, left {(1 - 1 / n)**n:.3f}")

# %% [markdown]
# ## Exercise 6
#
# $0.993^{80} = e^{80 \log 0.993} = e^{-0.56} = 0.57$, and $e^{-3.5} = 0.03$ after 500.

# %% [markdown]
# ## Exercise 7
#
# The second: who is wrong in nine of ten cases knows the answer and says the opposite. Only 0.5 is guessing.

# %% [markdown]
# ## Exercise 8
#
# Spread them: biases of $\log u$ with $u$ from 1 to some hundreds of steps give units of all time scales, and training moves them where they are needed. The largest one can be chosen from how far back the context still lowers the loss of a validation text.
