"""Who can keep one bit among noise, and for how long?"""
# --8<-- [start:task]
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


def spread(rnn, lag):
    """Memories of all lengths up to the lag, and doors almost shut."""
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
           "GRU": (nn.GRU, plain), "LSTM": (nn.LSTM, plain),
           "LSTM, forget bias 1": (nn.LSTM, one),
           "LSTM, forget bias 5": (nn.LSTM, five),
           "LSTM, spread biases": (nn.LSTM, spread)}
lags, seeds = (10, 20, 40, 80, 160, 320), range(3)
scores, limit = {}, {}
for name, (cell, start) in runners.items():
    scores[name], limit[name] = [], 0
    for lag in lags:
        row = [train(cell, start, lag, seed) for seed in seeds]
        scores[name].append(row)
        if min(row) > 0.9:  # reliable: every run succeeds
            limit[name] = lag
        if max(row) < 0.7:  # out of the race: no run does
            break
    text = "  ".join(f"{lag}: " + " ".join(f"{s:.2f}" for s in row)
                     for lag, row in zip(lags, scores[name]))
    print(f"{name}, reliable to {limit[name]}\n    {text}")
# --8<-- [end:race]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="race")
marks = {"RNN": "C1", "RNN, orthogonal": "C3", "LSTM": "C2",
         "LSTM, forget bias 5": "C4", "LSTM, spread biases": "C0"}
places = {"RNN": (23, 0.68), "RNN, orthogonal": (45, 0.7),
          "LSTM": (10.5, 0.6), "LSTM, forget bias 5": (150, 0.75),
          "LSTM, spread biases": (120, 1.02)}
for name, color in marks.items():
    middle = [sum(row) / len(row) for row in scores[name]]
    ax.plot(lags[:len(middle)], middle, "o-", color=color)
    ax.annotate(name, places[name], color=color, fontsize=8)
ax.axhline(0.5, ls=":", color="gray")
ax.set(xscale="log", xlabel="steps between the bit and the question",
       ylabel="right answers (mean of 3 runs)", ylim=(0.4, 1.08))
ax.set_xticks(lags, lags)
ax.minorticks_off()
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"ratio": limit["LSTM, spread biases"] / max(limit["RNN"], 1),
           "rnn": limit["RNN"], "orthogonal": limit["RNN, orthogonal"],
           "gru": limit["GRU"], "lstm": limit["LSTM"],
           "one": limit["LSTM, forget bias 1"],
           "five": limit["LSTM, forget bias 5"],
           "spread": limit["LSTM, spread biases"]}
# --8<-- [end:results]
