"""Signals in a deep network, by the size of its first weights."""
# --8<-- [start:network]
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

# B batch, H units in each layer
depth, H = 30, 64
torch.manual_seed(0)
X, y = map(torch.tensor, load_digits(return_X_y=True))
order = torch.randperm(len(X))
X, y = X[order].float() / 16, y[order]
X = (X - X[:1000].mean(0)) / (X[:1000].std(0) + 0.1)  # mean 0 for each pixel
train_X, train_y, test_X, test_y = X[:1000], y[:1000], X[1000:], y[1000:]


def network(activation, std, norm=None, layers=depth):
    """`layers` blocks whose weights have standard deviation `std`."""
    blocks = []
    for _ in range(layers):
        linear = nn.Linear(H, H)
        nn.init.normal_(linear.weight, std=std)
        nn.init.zeros_(linear.bias)
        blocks.append(nn.Sequential(linear, *([norm(H)] if norm else []),
                                    activation()))
    return nn.Sequential(*blocks, nn.Linear(H, 10))
# --8<-- [end:network]

# --8<-- [start:sizes]
xavier, he = (1 / H)**0.5, (2 / H)**0.5  # for as many inputs as outputs
starts = {("tanh", "too small"): 0.5 * xavier, ("tanh", "Xavier"): xavier,
          ("tanh", "too large"): 3 * xavier,
          ("ReLU", "too small"): 0.5 * he, ("ReLU", "Xavier"): xavier,
          ("ReLU", "He"): he, ("ReLU", "too large"): 2 * he}
activations = {"tanh": nn.Tanh, "ReLU": nn.ReLU}
# --8<-- [end:sizes]

# --8<-- [start:signals]
def signals(model):
    """Standard deviations of activations and of their gradients, by layer."""
    out, kept = X[:200], []
    for block in model[:-1]:
        out = block(out)
        out.retain_grad()
        kept.append(out)
    F.cross_entropy(model[-1](out), y[:200]).backward()
    return ([h.std().item() for h in kept],
            [h.grad.std().item() for h in kept])


measured = {key: [] for key in starts}  # one pair of lists for each seed
for (name, size), std in starts.items():
    for seed in range(3):
        torch.manual_seed(seed)
        measured[name, size].append(signals(network(activations[name], std)))
print("                  activations, layer      gradients, layer")
print(f"                      1         {depth}         1         {depth}")
for (name, size), runs in measured.items():
    forward, backward = runs[0]  # the first of three seeds
    print(f"{name:5}{size:10}" + "".join(f"{value:11.0e}" for value in (
        forward[0], forward[-1], backward[0], backward[-1])))
# --8<-- [end:signals]

# --8<-- [start:training]
def train(build, seed, steps=100):
    torch.manual_seed(seed)
    model = build()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    for step in range(steps):
        rows = torch.randint(len(train_X), (50,))
        loss = F.cross_entropy(model(train_X[rows]), train_y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        return (model(test_X).argmax(1) == test_y).float().mean().item()
# --8<-- [end:training]

# --8<-- [start:rescue]
shallow = 10  # layers; 30 take a longer training than a page has
scores = {}
print(f"held-out accuracy, {shallow} layers, worst - best of 3 seeds")
print("                    plain           with batch normalisation")
for (name, size), std in starts.items():
    for norm in (None, nn.BatchNorm1d):
        scores[name, size, norm is not None] = [train(
            lambda: network(activations[name], std, norm, shallow), seed)
            for seed in range(3)]
    plain, rescued = (scores[name, size, kind] for kind in (False, True))
    print(f"{name:5}{size:10}{min(plain):7.3f} - {max(plain):.3f}"
          f"{min(rescued):12.3f} - {max(rescued):.3f}")
# --8<-- [end:rescue]

# --8<-- [start:draw]
fig, axes = plt.subplots(2, 2, num="depth", figsize=(6.4, 5.2),
                         sharex=True, sharey="row")
for column, activation in enumerate(activations):
    sizes = [size for name, size in starts if name == activation]
    for size in sizes:
        color, style = {"too small": ("C0", "-"), "Xavier": ("C1", "--"),
                        "He": ("C2", "-."), "too large": ("C3", ":")}[size]
        rising = size in ("too small", "Xavier")  # gradients
        places = (depth, 10 if size == "too small" else 3)
        crowded = (activation, size) == ("tanh", "Xavier")
        nudges = [(4, -11 if crowded else -3), (3, -13 if rising else 5)]
        for ax, values, at, nudge in zip(
                axes[:, column], measured[activation, size][0], places,
                nudges):
            ax.plot(range(1, depth + 1), values, style, color=color)
            ax.annotate(size, (at, values[at - 1]), xytext=nudge,
                        textcoords="offset points", color=color)
            ax.set(yscale="log", xlim=(1, 40), xticks=[1, 10, 20, 30])
    axes[0, column].set_title(activation)
    axes[1, column].set_xlabel("layer")
axes[0, 0].set_ylabel("std of activations")
axes[1, 0].set_ylabel("std of gradients")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {f"{name} {size}": {
    "growth": [forward[-1] / forward[0] for forward, _ in runs],
    "growth_back": [backward[0] / backward[-1] for _, backward in runs],
    "plain": scores[name, size, False], "norm": scores[name, size, True]}
    for (name, size), runs in measured.items()}
# --8<-- [end:results]
