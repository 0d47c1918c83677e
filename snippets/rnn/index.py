"""A recurrent cell by hand, and a network that learns to carry."""
# --8<-- [start:cell]
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import nn

# B batch, T time, D inputs, H hidden units


def recurrent(X, h, W, U, b):
    """Read a batch of sequences, one step at a time.

    X (B, T, D), h (B, H), W (H, D), U (H, H), b (H) -> (B, T, H)
    """
    states = []
    for t in range(X.shape[1]):
        h = torch.tanh(X[:, t] @ W.T + h @ U.T + b)  # the new memory
        states.append(h)
    return torch.stack(states, 1)
# --8<-- [end:cell]

# --8<-- [start:compare]
torch.manual_seed(0)
layer = nn.RNN(3, 5, batch_first=True, dtype=torch.float64)
X = torch.randn(4, 9, 3, dtype=torch.float64, requires_grad=True)
start = torch.randn(4, 5, dtype=torch.float64)
weights = [layer.weight_ih_l0, layer.weight_hh_l0]
by_hand = recurrent(X, start, *weights,
                    layer.bias_ih_l0 + layer.bias_hh_l0)
theirs, last = layer(X, start[None])
worst = {"output": (by_hand - theirs).abs().max().item()}
grads, grads_theirs = [
    torch.autograd.grad(states.square().sum(), [X, *layer.parameters()])
    for states in (by_hand, theirs)]
worst["gradient"] = max((a - b).abs().max().item()
                        for a, b in zip(grads, grads_theirs))
print(f"largest difference: output {worst['output']:.0e}, "
      f"gradient {worst['gradient']:.0e}")
# --8<-- [end:compare]

# --8<-- [start:sums]
def sums(n, length):
    """Random sums of two binary numbers, lowest bit first.

    -> bits of both (B, T, 2), bits of the sum (B, T), carries (B, T)
    """
    bits = torch.randint(2, (n, length, 2))
    total, carries, carry = [], [], torch.zeros(n, dtype=torch.long)
    for t in range(length):
        s = bits[:, t].sum(1) + carry
        total.append(s % 2)
        carry = s // 2
        carries.append(carry)
    return bits.float(), torch.stack(total, 1), torch.stack(carries, 1)
# --8<-- [end:sums]

# --8<-- [start:model]
class Adder(nn.Module):
    def __init__(self, hidden=8):
        super().__init__()
        self.rnn = nn.RNN(2, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 1)

    def forward(self, X, forget=False):
        """X (B, T, 2) -> logits of the sum's bits (B, T)."""
        if forget:  # every step becomes a sequence of its own
            states, _ = self.rnn(X.reshape(-1, 1, 2))
            states = states.reshape(*X.shape[:2], -1)
        else:
            states, _ = self.rnn(X)
        return self.out(states)[..., 0]


def train(forget, steps=500, length=8):
    model = Adder()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for step in range(steps):
        X, y, _ = sums(64, length)
        loss = F.binary_cross_entropy_with_logits(
            model(X, forget), y.float())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model
# --8<-- [end:model]

# --8<-- [start:evaluation]
@torch.no_grad()
def accuracy(model, length, forget=False):
    X, y, _ = sums(500, length)
    return ((model(X, forget) > 0) == y.bool()).float().mean().item()


scores = {"memory": [], "reset in use": [], "reset always": []}
models = []
for seed in (1, 2, 3):
    torch.manual_seed(seed)
    model, reset_model = train(forget=False), train(forget=True)
    for name, row in scores.items():
        row.append({n: accuracy(reset_model if name == "reset always"
                                else model, n, name != "memory")
                    for n in (8, 200)})
    models.append(model)
print("share of right bits, three runs")
for name, rows in scores.items():
    for n in (8, 200):
        print(f"{name:14}{n:4} bits:", *(f"{row[n]:.3f}" for row in rows))
# --8<-- [end:evaluation]

# --8<-- [start:look]
def read_carry(model, X, carries):
    """Fit a linear probe on half of the states -> probe, accuracy."""
    with torch.no_grad():
        codes = model.rnn(X)[0].flatten(0, 1)  # (B * T, H)
    half, carry = len(codes) // 2, carries.flatten()
    probe = nn.Linear(codes.shape[1], 1)
    optimizer = torch.optim.LBFGS(probe.parameters(), max_iter=50)

    def closure():
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(
            probe(codes[:half])[:, 0], carry[:half].float())
        loss.backward()
        return loss

    optimizer.step(closure)
    read = (probe(codes[half:])[:, 0] > 0) == carry[half:].bool()
    return probe, read.float().mean().item()


X, y, carries = sums(200, 40)
probes, carry_read = zip(*(read_carry(model, X, carries)
                           for model in models))
fresh = [Adder() for _ in range(5)]
untrained = [read_carry(model, X, carries)[1] for model in fresh]
print("carry read from the state:", *(f"{x:.3f}" for x in carry_read))
print("of untrained networks:", *(f"{value:.3f}" for value in untrained))
# --8<-- [end:look]

# --8<-- [start:push]
@torch.no_grad()
def flipped(model, push, at=20):
    """Share of sums whose next bit changes when the state is pushed."""
    _, state = model.rnn(X[:, :at])  # (1, B, H)
    before, _ = model.rnn(X[:, at:at + 1], state)
    after, _ = model.rnn(X[:, at:at + 1], push(state))
    change = (model.out(before) > 0) != (model.out(after) > 0)
    return change.float().mean().item()


@torch.no_grad()
def mirror(state, probe, direction=None):
    """Across the probe's border; or as far, in another direction."""
    w = probe.weight[0]
    far = -2 * (state @ w + probe.bias) / w.norm()  # (1, B), signed
    return state + far[..., None] * (w / w.norm() if direction is None
                                     else direction)


aside = F.normalize(torch.randn(20, model.rnn.hidden_size), dim=1)
moved = {"across the border": [], "as far, elsewhere": []}
for model, probe in zip(models, probes):
    moved["across the border"].append(
        flipped(model, lambda state: mirror(state, probe)))
    moved["as far, elsewhere"].append(sum(
        flipped(model, lambda state: mirror(state, probe, direction))
        for direction in aside) / len(aside))
for name, row in moved.items():
    print(f"next bit flipped, state moved {name}:",
          *(f"{share:.0%}" for share in row))
# --8<-- [end:push]

# --8<-- [start:draw]
fig, panels = plt.subplots(1, 2, num="carry", figsize=(6.4, 3.2))
carry = carries.flatten()
for ax, name, model in zip(panels, ("trained", "untrained"),
                           (models[0], fresh[0])):
    with torch.no_grad():
        codes = model.rnn(X)[0].flatten(0, 1)
    _, _, axes = torch.pca_lowrank(codes, 2)
    plane = (codes - codes.mean(0)) @ axes
    for value, marker in [(0, "o"), (1, "^")]:
        ax.plot(*plane[carry == value][:600].T, marker, ms=4, alpha=0.5,
                color=f"C{value}", label=f"carry {value}")
    ax.set(xlabel="first component of the state")
    ax.set_title(name)
panels[0].set(ylabel="second component")
panels[0].legend(loc="best", frameon=True, facecolor="none", edgecolor="C6")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"worst": worst, "carry_read": min(carry_read), "learned": 8,
           "long": 200, "times": 200 // 8, "untrained": untrained,
           "least": min(untrained), "most": max(untrained),
           "across": min(moved["across the border"]),
           "elsewhere": max(moved["as far, elsewhere"]),
           "hidden": model.rnn.hidden_size, "runs": len(models),
           "first_untrained": untrained[0],
           **{name.replace(" ", "_"): [sum(row[n] for row in rows) / 3
                                       for n in (8, 200)]
              for name, rows in scores.items()}}
# --8<-- [end:results]
