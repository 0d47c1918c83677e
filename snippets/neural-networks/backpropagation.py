"""Backpropagation through any number of layers; what it costs and keeps."""
# --8<-- [start:data]
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

# B batch, D inputs, H hidden units, C classes
torch.set_default_dtype(torch.float64)
X, y = map(torch.tensor, load_digits(return_X_y=True))
X, y = X[:50] / 16, y[:50]                                       # (B, D)


def start(sizes, seed=0):
    """One pair (W, b) for each layer, W with a row for each unit."""
    torch.manual_seed(seed)
    return [(torch.randn(out, n) / n**0.5, 0.1 * torch.randn(out))
            for n, out in zip(sizes, sizes[1:])]
# --8<-- [end:data]

# --8<-- [start:forward]
def forward(layers, X):
    """-> the scores, and the input of every layer"""
    kept = []
    for k, (W, b) in enumerate(layers, 1):
        kept.append(X)
        X = X @ W.T + b                           # (B, D) -> (B, H)
        if k < len(layers):
            X = X.tanh()
    return X, kept
# --8<-- [end:forward]

# --8<-- [start:backward]
def backward(layers, kept, delta):
    """delta: derivatives of the loss for the scores -> for all W and b"""
    grads = []
    for (W, b), inputs in zip(layers[::-1], kept[::-1]):
        grads.append((delta.T @ inputs, delta.sum(0)))  # (H, D), (H)
        delta = delta @ W                         # (B, H) -> (B, D)
        delta = delta * (1 - inputs**2)           # through tanh
    return grads[::-1]
# --8<-- [end:backward]

# --8<-- [start:check]
worst, smallest = {}, 1.0
print("layers   weights and biases   largest gap to autograd")
for L in (1, 2, 3, 6, 20):
    layers = start([64, *[32] * (L - 1), 10])
    scores, kept = forward(layers, X)
    delta = (scores.softmax(1) - F.one_hot(y, 10)) / len(y)
    by_hand = [g for pair in backward(layers, kept, delta) for g in pair]

    leaves = [p.requires_grad_() for pair in layers for p in pair]
    F.cross_entropy(forward(layers, X)[0], y).backward()
    worst[L] = max((g - p.grad).abs().max().item()
                   for g, p in zip(by_hand, leaves))
    smallest = min(smallest, *(g.abs().max().item() for g in by_hand))
    print(f"{L:6}{sum(p.numel() for p in leaves):18,d}{worst[L]:21.0e}")
# --8<-- [end:check]

# --8<-- [start:cost]
def network(L, H):
    layers = [nn.Linear(64, H), nn.Tanh()]
    for _ in range(L - 2):
        layers += [nn.Linear(H, H), nn.Tanh()]
    return nn.Sequential(*layers, nn.Linear(H, 10))


def multiplications(model, backward):
    with FlopCounterMode(display=False) as counter:
        loss = F.cross_entropy(model(X), y)
        if backward:
            loss.backward()
    return counter.get_total_flops() // 2  # it counts additions as well


print("layers  units    weights   forward  backward   ratio      nudging")
cost = {}
for L, H in [(2, 8), (2, 32), (2, 128), (4, 128), (8, 128), (16, 256)]:
    model = network(L, H)
    weights = sum(p.numel() for p in model.parameters())
    ahead = multiplications(model, False)
    back = multiplications(model, True) - ahead
    cost[L, H] = weights, ahead, back, (weights + 1) * ahead
    print(f"{L:6}{H:7}{weights:11,d}{ahead:10.1e}{back:10.1e}"
          f"{back / ahead:8.2f}{cost[L, H][3]:13.1e}")
# --8<-- [end:cost]

# --8<-- [start:memory]
def numbers_kept(model, record=True):
    """How many numbers autograd keeps for the backward pass, weights aside"""
    own = {p.data_ptr() for p in model.parameters()} | {X.data_ptr()}
    seen = {}

    def keep(tensor):
        if tensor.data_ptr() not in own:
            seen[tensor.data_ptr()] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda t: t):
        with torch.set_grad_enabled(record):
            F.cross_entropy(model(X), y)
    return sum(t.numel() for t in seen.values())


depths = (2, 4, 8, 16, 32)
kept_numbers = {L: numbers_kept(network(L, 128)) for L in depths}
unrecorded = numbers_kept(network(32, 128), record=False)
print("layers  numbers kept from forward to backward, for one example")
for L, n in kept_numbers.items():
    print(f"{L:6}{n / len(X):10.0f}")
print(f"with torch.no_grad(): {unrecorded}")
# --8<-- [end:memory]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="cost", figsize=(6.4, 3.4))
table = torch.tensor(list(cost.values()))
for column, style, name, place in [
        (3, "s-", "nudge every weight", (2e3, 5e11)),
        (2, "o-", "backward", (4e4, 2.5e7)),
        (1, "^--", "forward", (1.2e5, 6e5))]:
    ax.plot(table[:, 0], table[:, column], style, color=f"C{3 - column}")
    ax.annotate(name, place, color=f"C{3 - column}")
ax.set(xscale="log", yscale="log", xlabel="weights and biases",
       ylabel=f"multiplications, {len(X)} examples")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
sizes = [numbers[0] for numbers in cost.values()]
results = {"sizes": [min(sizes), max(sizes)],
           "times": cost[16, 256][3] / cost[16, 256][2],
           "per_layer": (kept_numbers[32] - kept_numbers[2]) / 30 / len(X),
           "worst": worst, "kept": kept_numbers, "unrecorded": unrecorded,
           "smallest": smallest,
           "cost": {f"{L} layers of {H}": dict(zip(
               ("weights", "forward", "backward", "nudging"), numbers))
               for (L, H), numbers in cost.items()},
           "ratio": {f"{L} layers of {H}": numbers[2] / numbers[1]
                     for (L, H), numbers in cost.items()}}
# --8<-- [end:results]
