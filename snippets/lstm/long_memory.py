"""Who can keep one bit among noise, and for how long?"""
# --8<-- [start:task]
import math

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import nn

# B batch, H hidden units


def batch(n, lag):
    """A bit, marked by a flag, then noise for `lag` steps.

    -> X (B, lag + 1, 2), y (B)
    """
    X = 0.5 * torch.randn(n, lag + 1, 2)
    y = torch.randint(2, (n,))
    X[..., 1] = 0
    X[:, 0, 0], X[:, 0, 1] = 2 * y - 1.0, 1
    return X, y


class Keeper(nn.Module):
    def __init__(self, cell, hidden=16):
        super().__init__()
        self.rnn = cell(2, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 2)

    def forward(self, X):
        return self.out(self.rnn(X)[0][:, -1])  # asked at the end
# --8<-- [end:task]

# --8<-- [start:starts]
def plain(rnn, lag):
    """PyTorch's own start: small random weights, gates half open."""


def orthogonal(rnn, lag):
    """Recurrent weights that neither stretch nor shrink."""
    nn.init.orthogonal_(rnn.weight_hh_l0)


def bias(rnn, forget, entry=0.0):
    """Fix the forget and input gates' biases, in PyTorch's order."""
    H = rnn.hidden_size
    with torch.no_grad():
        rnn.bias_hh_l0.zero_()
        rnn.bias_ih_l0[:H] = entry        # input gate
        rnn.bias_ih_l0[H:2 * H] = forget  # forget gate


def one(rnn, lag):
    bias(rnn, 1.0)


def five(rnn, lag):
    bias(rnn, 5.0)


def as_long(rnn, lag):
    """Every memory as long as the lag; gates half open to write."""
    bias(rnn, math.log(lag))


def as_long_shut(rnn, lag):
    """Every memory as long as the lag, little written."""
    bias(rnn, math.log(lag), -math.log(lag))


def spread(rnn, lag):
    """Memories of all lengths up to the lag, little written."""
    forget = torch.log(1 + torch.rand(rnn.hidden_size) * (lag - 1))
    bias(rnn, forget, -forget)
# --8<-- [end:starts]

# --8<-- [start:race]
def train(cell, start, lag, seed, steps=200):
    """-> share of right answers on new sequences"""
    torch.manual_seed(seed)
    model = Keeper(cell)
    start(model.rnn, lag)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for step in range(steps):
        X, y = batch(32, lag)
        loss = F.cross_entropy(model(X), y)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    with torch.no_grad():
        X, y = batch(500, lag)
        return (model(X).argmax(1) == y).float().mean().item()


runners = {"RNN": (nn.RNN, plain), "RNN, orthogonal": (nn.RNN, orthogonal),
           "LSTM": (nn.LSTM, plain),
           "LSTM, forget bias 1": (nn.LSTM, one),
           "LSTM, forget bias 5": (nn.LSTM, five),
           "LSTM, spread biases": (nn.LSTM, spread)}
lags, seeds = (10, 40, 160), range(5)
scores, limit = {}, {}
for name, (cell, start) in runners.items():
    scores[name], limit[name] = [], 0
    for lag in lags:
        row = [train(cell, start, lag, seed) for seed in seeds]
        scores[name].append(row)
        if min(row) <= 0.8:  # a run has failed: out of the race
            break
        limit[name] = lag
    text = "  ".join(f"{lag}: " + " ".join(f"{s:.2f}" for s in row)
                     for lag, row in zip(lags, scores[name]))
    print(f"{name}, reliable to {limit[name]}\n    {text}")
# --8<-- [end:race]

# --8<-- [start:biases]
told = {}  # the longest lag, and every unit told how long it is
for name, start in [("forget bias log(lag)", as_long),
                    ("the same, input shut", as_long_shut)]:
    told[name] = [train(nn.LSTM, start, lags[-1], seed) for seed in seeds]
    print(f"LSTM, {name}, lag {lags[-1]}:",
          " ".join(f"{score:.2f}" for score in told[name]))
# --8<-- [end:biases]

# --8<-- [start:longer]
more, twice = 3, 2 * lags[0]  # times as many batches, lag
longer = {name: [train(*runners[name], twice, seed, more * 200)
                 for seed in seeds] for name in ("RNN", "LSTM")}
for name, row in longer.items():
    print(f"{name}, lag {twice}, {more * 200} batches:",
          " ".join(f"{score:.2f}" for score in row))
# --8<-- [end:longer]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="race", figsize=(6.4, 4))
marks = {"LSTM, spread biases": ("C0", "o"),
         "LSTM, forget bias 5": ("C4", "s"),
         "RNN, orthogonal": ("C3", "^"), "RNN": ("C1", "v"),
         "LSTM": ("C2", "x")}
for i, (name, (color, marker)) in enumerate(marks.items()):
    shift = 1.06**(i - 2)  # side by side, not one over the other
    for lag, row in zip(lags, scores[name]):
        ax.plot([lag * shift] * len(row), row, marker, color=color, ms=6,
                label=name if lag == lags[0] else None, alpha=0.8)
ax.axhline(0.5, ls=":", color="C6")
ax.annotate("guessing", (9, 0.51), color="C6", va="bottom")
ax.set(xscale="log", xlabel="lag (steps)", ylim=(0.25, 1.05),
       ylabel="right answers, one mark a run")
ax.set_xticks(lags, lags)
ax.minorticks_off()
ax.legend(loc="center", fontsize=9, frameon=True, facecolor="none",
          edgecolor="C6")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
def kept(row):
    """How many runs keep the bit."""
    return sum(score > 0.8 for score in row)


gateless = max(limit["RNN"], limit["RNN, orthogonal"])
results = {"ratio": limit["LSTM, spread biases"] / max(limit["RNN"], 1),
           "ratio_orthogonal": limit["LSTM, spread biases"]
           / max(gateless, 1),
           "rnn": limit["RNN"], "orthogonal": limit["RNN, orthogonal"],
           "lstm": limit["LSTM"], "one": limit["LSTM, forget bias 1"],
           "five": limit["LSTM, forget bias 5"],
           "spread": limit["LSTM, spread biases"],
           "batches": 200, "more": more * 200, "twice": twice,
           "runs": len(seeds), "longest": lags[-1], "shortest": lags[0],
           "right": {name: kept(row) for name, row in longer.items()},
           "solved": {key: [kept(row) for row in scores[name]]
                      for key, name in [
                          ("orthogonal", "RNN, orthogonal"),
                          ("five", "LSTM, forget bias 5"),
                          ("rnn", "RNN"), ("lstm", "LSTM")]},
           "told": [kept(row) for row in told.values()]}
# --8<-- [end:results]
