"""The LSTM cell by hand, and its gates at work."""
# --8<-- [start:cell]
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import nn

# B batch, T time, D inputs, H hidden units


def lstm(X, h, c, W, U, b, keep=None, write=None, listen=None):
    """Read a batch of sequences with an LSTM cell.

    X (B, T, D), h and c (B, H), W (4 H, D), U (4 H, H), b (4 H)
    -> outputs, cell states, input gates, forget gates, each (B, T, H)
    For experiments: keep, a fixed value of the forget gate; write and
    listen (B, T), factors of the input gate and of U h at each step.
    """
    steps = []
    for t in range(X.shape[1]):
        past = h @ U.T
        if listen is not None:
            past = past * listen[:, t, None]
        z = X[:, t] @ W.T + past + b  # (B, 4 H)
        i, f, g, o = z.chunk(4, dim=1)
        i, f, o = i.sigmoid(), f.sigmoid(), o.sigmoid()  # gates, 0 to 1
        if keep is not None:
            f = torch.full_like(f, keep)
        if write is not None:
            i = i * write[:, t, None]
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
    torch.autograd.grad(outputs.square().sum(), [X, *layer.parameters()])
    for outputs in (by_hand, theirs)]
worst = {"output": (by_hand - theirs).abs().max().item(),
         "cell": (cells[:, -1] - last[0]).abs().max().item(),
         "gradient": max((a - b).abs().max().item()
                         for a, b in zip(grads, grads_theirs))}
for name, value in worst.items():
    print(f"{name:9} largest difference {value:.0e}")
# --8<-- [end:compare]

# --8<-- [start:task]
def hold(n, length=100, rate=0.05):
    """Values and flags: the answer is the value at the last flag.

    -> X (B, T, 2) with values and flags, y (B, T)
    """
    values = 2 * torch.rand(n, length) - 1
    flags = (torch.rand(n, length) < rate).float()
    flags[:, 0] = 1
    last = (flags * torch.arange(length)).cummax(1).values.long()
    return torch.stack([values, flags], 2), values.gather(1, last)


class Holder(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.rnn = nn.LSTM(2, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 1)

    def forward(self, X):
        return self.out(self.rnn(X)[0])[..., 0]
# --8<-- [end:task]

# --8<-- [start:train]
def train(hidden, keep, write, seed, steps=1200, lr=0.03):
    """keep, write: biases of forget and input gate at the start"""
    torch.manual_seed(seed)
    model = Holder(hidden)
    with torch.no_grad():
        model.rnn.bias_hh_l0.zero_()
        model.rnn.bias_ih_l0[:hidden] = write           # input gate
        model.rnn.bias_ih_l0[hidden:2 * hidden] = keep  # forget gate
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, steps)
    for step in range(steps):
        X, y = hold(32)
        loss = F.mse_loss(model(X), y)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    return model


starts = (0, 1, 2, 5000, 5001, 5002)  # three, and three from elsewhere
one_unit = [train(1, 4.0, -3.0, seed) for seed in starts]
half_open = [train(4, 0.0, 0.0, seed) for seed in range(3)]
# --8<-- [end:train]

# --8<-- [start:changes]
@torch.no_grad()
def answer(model, X, **change):
    """Our cell with the trained weights -> answers, c, i, f."""
    rnn = model.rnn
    start = torch.zeros(len(X), rnn.hidden_size)
    outputs, *parts = lstm(X, start, start, rnn.weight_ih_l0,
                           rnn.weight_hh_l0,
                           rnn.bias_ih_l0 + rnn.bias_hh_l0, **change)
    return model.out(outputs)[..., 0], *parts


X, y = hold(300)
marks = X[..., 1]  # 1 at a flag, 0 elsewhere
flag = marks == 1
changes = {"trained": {}, "never written": {"write": marks},
           "deaf": {"listen": marks}, "always keep": {"keep": 1.0},
           "always forget": {"keep": 0.0}}
networks = {f"one unit, run {i}": model for i, model in enumerate(one_unit)}
networks |= {f"four units, run {i}": model
             for i, model in enumerate(half_open)}
rms = {network: {name: F.mse_loss(answer(model, X, **change)[0],
                                  y).sqrt().item()
                 for name, change in changes.items()}
       for network, model in networks.items()}
print(f"{'error':22}", "  ".join(changes))
for network, row in rms.items():
    print(f"{network:22}", "  ".join(
        f"{error:{len(name)}.3f}" for name, error in row.items()))
# --8<-- [end:changes]


# --8<-- [start:gates]
def holds(row):
    """No change between flags adds half of the error."""
    return max(row["never written"], row["deaf"]) < 1.5 * row["trained"]


ones = [row for name, row in rms.items() if name.startswith("one")]
holding = [row for row in ones if holds(row)] or ones
hearing = [row for row in ones if not holds(row)] or ones
others = {"last value": X[..., 0], "constant": torch.zeros_like(y)}
others = {name: F.mse_loss(g, y).sqrt().item() for name, g in others.items()}
print({name: round(error, 3) for name, error in others.items()})
gates = {"input": [], "forget": []}  # a run: mean at flags, elsewhere
for model in one_unit:
    guess, cells, inputs, forgets = answer(model, X)
    for name, gate in [("input", inputs), ("forget", forgets)]:
        gates[name].append([gate[flag].mean().item(),
                            gate[~flag].mean().item()])
for name, row in gates.items():
    print(f"{name} gate at a flag and elsewhere:", ", ".join(
        f"{at:.2f} {elsewhere:.3f}" for at, elsewhere in row))
# --8<-- [end:gates]

# --8<-- [start:draw]
guess, cells, inputs, forgets = answer(one_unit[0], X)
fig, axes = plt.subplots(4, 1, num="gates", figsize=(6.4, 5.6), sharex=True)
steps = range(X.shape[1])
axes[0].plot(steps, X[0, :, 0], "o", color="C6", ms=2.5)
axes[0].plot(steps, guess[0], color="C0", drawstyle="steps-post")
axes[0].set_title("flags dotted, values as dots, answer as a line")
panels = {"cell state": cells, "input gate": inputs, "forget gate": forgets}
for ax, (name, part) in zip(axes[1:], panels.items()):
    ax.plot(steps, part[0, :, 0], color="C0", drawstyle="steps-post")
    ax.set(ylabel=name)
for ax in axes:
    for t in flag[0].nonzero()[:, 0]:
        ax.axvline(t, color="C1", lw=1, ls=":")
axes[0].set(ylabel="value", ylim=(-1.15, 1.15))
for ax in axes[2:]:
    ax.set(ylim=(-0.05, 1.1))
axes[3].set(xlabel="step")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:export]
def plain(values):
    return [[round(v, 5) for v in row] for row in values.tolist()]


rnn = one_unit[0].rnn
exported = {"weight_ih": plain(rnn.weight_ih_l0),
            "weight_hh": plain(rnn.weight_hh_l0),
            "bias": plain((rnn.bias_ih_l0 + rnn.bias_hh_l0)[None])[0],
            "out": {"weight": plain(one_unit[0].out.weight),
                    "bias": plain(one_unit[0].out.bias[None])[0]}}
# --8<-- [end:export]

# --8<-- [start:results]
def key(name):
    """A name as the text quotes it."""
    return name.replace(" ", "_").replace(",", "")


def spans(rows):
    """Least and largest error of some networks, by change."""
    return {key(name): [min(row[name] for row in rows),
                        max(row[name] for row in rows)] for name in changes}


results = {"worst": worst, "others": {key(n): e for n, e in others.items()},
           "gates": gates, "flags": int(flag[0].sum()),
           "length": X.shape[1], "runs": len(one_unit),
           "halves": len(half_open), "holding": sum(map(holds, ones)),
           "one": spans(holding), "hearing": spans(hearing),
           "half": spans([row for name, row in rms.items()
                          if name.startswith("four")]),
           "live": {"gates": exported}}
# --8<-- [end:results]
