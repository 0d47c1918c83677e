"""The GRU by hand, how long its state lasts, and layers on layers."""
# --8<-- [start:step]
import matplotlib.pyplot as plt
import torch
from torch import nn

# B batch, T time, D inputs, H hidden units
h, heard, past = torch.tensor([0.5, 0.8, -1.2])  # state, W x, U h
reset, update = torch.tensor([-1.0, 1.0]).sigmoid()
candidate = (heard + reset * past).tanh()
new_h = update * h + (1 - update) * candidate
print(f"reset gate {reset:.2f}, update gate {update:.2f}, "
      f"candidate {candidate:.2f}")
print(f"h = {update:.2f} * {h:.2f} + {1 - update:.2f} * {candidate:.2f}"
      f" = {new_h:.2f}")
# --8<-- [end:step]

# --8<-- [start:cell]
def gru(X, h, W, U, b, b_past, paper=False):
    """Read a batch of sequences with a GRU cell.

    X (B, T, D), h (B, H), W (3 H, D), U (3 H, H), b and b_past (3 H)
    -> states (B, T, H). The three parts are reset, update, candidate.
    """
    states, H = [], h.shape[1]
    for t in range(X.shape[1]):
        new = X[:, t] @ W.T + b  # (B, 3 H)
        old = h @ U.T + b_past
        r = (new[:, :H] + old[:, :H]).sigmoid()
        z = (new[:, H:2 * H] + old[:, H:2 * H]).sigmoid()
        seen = r * old[:, 2 * H:]  # PyTorch: first U, then the gate
        if paper:                  # the paper: first the gate, then U
            seen = (r * h) @ U[2 * H:].T + b_past[2 * H:]
        n = (new[:, 2 * H:] + seen).tanh()
        h = z * h + (1 - z) * n
        states.append(h)
    return torch.stack(states, 1)
# --8<-- [end:cell]

# --8<-- [start:compare]
def gap(ours, theirs, *inputs):
    """Largest difference of two results and of their gradients."""
    grads = [torch.autograd.grad(out.square().sum(), inputs,
                                 retain_graph=True)
             for out in (ours, theirs)]
    return max((a - b).abs().max().item() for a, b in
               zip((ours, *grads[0]), (theirs, *grads[1])))


torch.manual_seed(0)
layer = nn.GRU(3, 5, batch_first=True, dtype=torch.float64)
X = torch.randn(4, 9, 3, dtype=torch.float64, requires_grad=True)
start = torch.randn(4, 5, dtype=torch.float64)
theirs, _ = layer(X, start[None])
gaps = {name: gap(gru(X, start, *layer.parameters(), paper), theirs,
                  X, *layer.parameters())
        for name, paper in [("PyTorch's order", False),
                            ("the paper's order", True)]}
for name, value in gaps.items():
    print(f"{name:18} largest difference {value:.0e}")
# --8<-- [end:compare]

# --8<-- [start:last]
@torch.no_grad()
def lasting(layer, steps=60):
    """How far apart two starts still are, after reading one noise."""
    layer, kind = layer.double(), torch.float64
    starts = torch.randn(2, 1, layer.hidden_size, dtype=kind).tanh()
    noise = 0.5 * torch.randn(1, steps, layer.input_size, dtype=kind)
    a, b = (layer(noise, start[None])[0][0] for start in starts)
    return (a - b).norm(dim=1) / (starts[0] - starts[1]).norm()  # (T)


def rotation(layer):
    """A plain layer whose recurrent weights are a random rotation."""
    nn.init.orthogonal_(layer.weight_hh_l0)
    return layer


def open_gate(layer, bias):
    """A GRU whose update gates start at the sigmoid of a bias."""
    H = layer.hidden_size
    with torch.no_grad():
        layer.bias_hh_l0[H:2 * H] = 0
        layer.bias_ih_l0[H:2 * H] = bias
    return layer


torch.manual_seed(0)
makers = {"plain RNN": lambda: nn.RNN(4, 32, batch_first=True),
          "plain RNN, rotation": lambda: rotation(
              nn.RNN(4, 32, batch_first=True)),
          "GRU": lambda: nn.GRU(4, 32, batch_first=True),
          "GRU, update gate open": lambda: open_gate(
              nn.GRU(4, 32, batch_first=True), 4.0)}
curves = {name: torch.stack([lasting(make()) for _ in range(20)])
          for name, make in makers.items()}  # each (20, T)
for name, runs in curves.items():
    print(f"{name:22} left after 20 steps {runs[:, 19].median():.0e}, "
          f"after 60 {runs[:, 59].median():.0e}")
# --8<-- [end:last]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="lasting")
steps = range(1, 61)
styles = {"plain RNN": ("C1", "--", 24, "right"),
          "plain RNN, rotation": ("C3", ":", 44, "left"),
          "GRU": ("C0", "-.", 26, "left"),
          "GRU, update gate open": ("C2", "-", 30, "left")}
for name, (color, style, at, side) in styles.items():
    middle = curves[name].median(0).values
    ax.plot(steps, curves[name].T, color=color, lw=0.4, alpha=0.25)
    ax.plot(steps, middle, style, color=color, lw=2)
    ax.annotate(name, (at, middle[at - 1]), textcoords="offset points",
                xytext=(-8, -14) if side == "right" else (0, 14), ha=side,
                color=color)
ax.set(yscale="log", xlabel="steps read", ylim=(1e-13, 30),
       ylabel="distance of two states, start = 1")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:stack]
def recurrent(X, W, U, b):
    """The plain cell over a batch: X (B, T, D) -> states (B, T, H)."""
    h, states = X.new_zeros(len(X), len(U)), []
    for t in range(X.shape[1]):
        h = torch.tanh(X[:, t] @ W.T + h @ U.T + b)
        states.append(h)
    return torch.stack(states, 1)


def two_layers(X, rnn, between):
    """Two plain layers by hand, with something done between them."""
    w = dict(rnn.named_parameters())
    for k in (0, 1):
        states = recurrent(X, w[f"weight_ih_l{k}"], w[f"weight_hh_l{k}"],
                           w[f"bias_ih_l{k}"] + w[f"bias_hh_l{k}"])
        X = between(states) if k == 0 else states
    return X


rnn = nn.RNN(3, 5, num_layers=2, batch_first=True, dtype=torch.float64)
stack = {"no dropout": gap(two_layers(X, rnn, lambda s: s), rnn(X)[0],
                           X, *rnn.parameters())}
rnn.dropout = 1.0  # the extreme: the second layer hears nothing
stack["all dropped"] = gap(two_layers(X, rnn, lambda s: 0 * s),
                           rnn(X)[0], *rnn.parameters())
rnn.eval()         # in use nothing is dropped
stack["in use"] = gap(two_layers(X, rnn, lambda s: s), rnn(X)[0],
                      X, *rnn.parameters())
for name, value in stack.items():
    print(f"two layers, {name:12} largest difference {value:.0e}")
# --8<-- [end:stack]

# --8<-- [start:results]
results = {"gaps": list(gaps.values()), "stack": list(stack.values()),
           "step": {"h": h.item(), "reset": reset.item(),
                    "update": update.item(), "new": new_h.item(),
                    "candidate": candidate.item()},
           "open": torch.tensor(4.0).sigmoid().item(),
           "left": {key: [runs[:, t - 1].median().item() for t in (20, 60)]
                    for key, runs in zip(
                        ("rnn", "rotation", "gru", "open_gru"),
                        curves.values())},
           "weights": {key: sum(p.numel() for p in kind(10, 20).parameters())
                       for key, kind in [("rnn", nn.RNN), ("gru", nn.GRU),
                                         ("lstm", nn.LSTM)]}}
# --8<-- [end:results]
