"""The LSTM cell by hand, and its gates at work."""
# --8<-- [start:cell]
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import nn

# B batch, T time, D inputs, H hidden units


def lstm(X, h, c, W, U, b, keep=None):
    """Read a batch of sequences with an LSTM cell.

    X (B, T, D), h and c (B, H), W (4 H, D), U (4 H, H), b (4 H)
    keep: a fixed value for the forget gate, for experiments
    -> outputs, cell states, input gates, forget gates, each (B, T, H)
    """
    steps = []
    for t in range(X.shape[1]):
        z = X[:, t] @ W.T + h @ U.T + b  # (B, 4 H)
        i, f, g, o = z.chunk(4, dim=1)
        i, f, o = i.sigmoid(), f.sigmoid(), o.sigmoid()  # gates, 0 to 1
        if keep is not None:
            f = torch.full_like(f, keep)
        c = f * c + i * g.tanh()  # keep some of the old, add some new
        h = o * c.tanh()          # show some of it
        steps.append((h, c, i, f))
    return [torch.stack(part, 1) for part in zip(*steps)]
# --8<-- [end:cell]

# --8<-- [start:compare]
torch.manual_seed(0)
layer = nn.LSTM(3, 5, batch_first=True, dtype=torch.float64)
X = torch.randn(4, 9, 3, dtype=torch.float64, requires_grad=True)
h, c = torch.randn(2, 4, 5, dtype=torch.float64)
weights = [layer.weight_ih_l0, layer.weight_hh_l0]
by_hand, cells, _, _ = lstm(X, h, c, *weights,
                      layer.bias_ih_l0 + layer.bias_hh_l0)
theirs, (_, last) = layer(X, (h[None], c[None]))
grads, grads_theirs = [
    torch.autograd.grad(outputs.square().sum(), [X, *weights])
    for outputs in (by_hand, theirs)]
worst = {"output": (by_hand - theirs).abs().max().item(),
         "cell": (cells[:, -1] - last[0]).abs().max().item(),
         "gradient": max((a - b).abs().max().item()
                         for a, b in zip(grads, grads_theirs))}
for name, value in worst.items():
    print(f"{name:9} largest difference {value:.0e}")
# --8<-- [end:compare]

# --8<-- [start:task]
def hold(n, length=30):
    """Values and flags: the answer is the value at the last flag.

    -> X (B, T, 2) with values and flags, y (B, T)
    """
    values = 2 * torch.rand(n, length) - 1
    flags = (torch.rand(n, length) < 0.15).float()
    flags[:, 0] = 1
    last = (flags * torch.arange(length)).cummax(1).values.long()
    return torch.stack([values, flags], 2), values.gather(1, last)


class Holder(nn.Module):
    def __init__(self, hidden=4):
        super().__init__()
        self.rnn = nn.LSTM(2, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 1)

    def forward(self, X):
        return self.out(self.rnn(X)[0])[..., 0]


torch.manual_seed(0)
model, steps = Holder(), 1200
optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.02, steps)
for step in range(steps):
    X, y = hold(64)
    loss = F.mse_loss(model(X), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    schedule.step()
# --8<-- [end:task]

# --8<-- [start:gates]
weights = [model.rnn.weight_ih_l0, model.rnn.weight_hh_l0,
           model.rnn.bias_ih_l0 + model.rnn.bias_hh_l0]


@torch.no_grad()
def answer(X, keep=None):
    """Our cell with the trained weights, forget gate free or fixed."""
    start = torch.zeros(len(X), 4)
    outputs, *parts = lstm(X, start, start, *weights, keep=keep)
    return model.out(outputs)[..., 0], *parts


X, y = hold(500)
flag = X[..., 1] == 1
guess, cells, inputs, forgets = answer(X)
rms = {"trained": guess, "always keep": answer(X, 1.0)[0],
       "always forget": answer(X, 0.0)[0], "last value": X[..., 0],
       "constant": torch.zeros_like(y)}
rms = {name: F.mse_loss(g, y).sqrt().item() for name, g in rms.items()}
for name, error in rms.items():
    print(f"{name:14} error {error:.3f}")
gates = {"input": inputs, "forget": forgets}
mean = {name: {"at a flag": gate[flag].mean(0),
               "elsewhere": gate[~flag].mean(0)}  # one number a unit
        for name, gate in gates.items()}
opens = mean["input"]["at a flag"] - mean["input"]["elsewhere"]
unit = int(opens.argmax())
for name, row in mean.items():
    for where, units in row.items():
        print(f"{name} gate {where:9} mean {units.mean():.2f}, "
              f"unit {unit}: {units[unit]:.2f}")
# --8<-- [end:gates]

# --8<-- [start:draw]
fig, axes = plt.subplots(3, 1, num="gates", figsize=(6.4, 4.6), sharex=True)
steps = range(30)
axes[0].plot(steps, X[0, :, 0], "o", color="gray", ms=4)
axes[0].plot(steps, guess[0], color="C0", drawstyle="steps-post")
for ax in axes:
    for t in flag[0].nonzero()[:, 0]:
        ax.axvline(t, color="C1", lw=1, ls=":")
axes[0].set(ylabel="value", ylim=(-1.15, 1.15))
axes[0].set_title("flags dotted, answer of the network as a line")
for ax, (name, gate) in zip(axes[1:], gates.items()):
    ax.bar(steps, gate[0, :, unit], color=["C1" if f else "C0"
                                           for f in flag[0]])
    ax.set(ylabel=f"{name} gate", ylim=(0, 1.05))
axes[2].set(xlabel="step")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"worst": worst, "unit_number": unit,
           "rms": {name.replace(" ", "_"): value
                   for name, value in rms.items()},
           "unit": {name: [row[w][unit].item() for w in row]
                    for name, row in mean.items()},
           "units": {name: [row[w].mean().item() for w in row]
                     for name, row in mean.items()}}
# --8<-- [end:results]
