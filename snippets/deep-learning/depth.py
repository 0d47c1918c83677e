"""What depth can do: a folded line; and what it does to a dense network."""
# --8<-- [start:fold]
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from mnist1d.data import make_dataset
from torch import nn


def unit(x, weight, constant):
    """One unit: a weighted sum, and zero in place of negative sums."""
    return F.relu(weight * x + constant)


def fold(x):
    """A layer of two units; folds the line from 0 to 1 in the middle."""
    return unit(x, 2, 0) - 2 * unit(x, 2, -1)


def pieces(y):
    """Number of straight pieces of a curve, from its values on a grid."""
    slopes = y.diff()
    return 1 + int((slopes.diff().abs() > 1e-9).sum())


x = torch.linspace(0, 1, 2**12 + 1, dtype=torch.float64)
folded, deep = [x], {}
for layers in range(1, 9):
    folded.append(fold(folded[-1]))  # one more layer
    deep[layers] = {"units": 2 * layers, "pieces": pieces(folded[-1])}
steps = [0.3]
for _ in range(3):
    steps.append(fold(torch.tensor(steps[-1])).item())
print("0.3 becomes", ", then ".join(f"{step:.1f}" for step in steps[1:]))
# --8<-- [end:fold]

# --8<-- [start:single]
def single_layer(x, y, count):
    """Units side by side, one for each kink, that follow a curve y."""
    knots = torch.linspace(0, 1, count + 1, dtype=x.dtype)[:-1]
    stride = (len(x) - 1) // count
    slopes = y[::stride].diff() * count
    changes = torch.cat([slopes[:1], slopes.diff()])  # of slope, at each knot
    units = [unit(x, 1, -knot) for knot in knots]
    return y[0] + sum(c * u for c, u in zip(changes, units))


print("layers  units  pieces   units in a single layer   difference")
for layers, row in deep.items():
    y = folded[layers]
    row["single"] = row["pieces"]  # a unit adds one kink
    row["gap"] = (single_layer(x, y, row["single"]) - y).abs().max().item()
    print(f"{layers:4}{row['units']:8}{row['pieces']:8}{row['single']:16}"
          f"{row['gap']:22.0e}")
curve = torch.sin(2 * torch.pi * x)
smooth = {count: (single_layer(x, curve, count) - curve).abs().max().item()
          for count in (4, 8, 16, 32, 64)}
print("a wave, largest error by units:",
      ", ".join(f"{count}: {error:.4f}" for count, error in smooth.items()))
# --8<-- [end:single]

# --8<-- [start:equal]
def parameters(H, layers, D, C):
    return D * H + H + (layers - 1) * (H * H + H) + H * C + C


def width(layers, D, C, budget):
    """The most units in a layer that the budget of parameters allows."""
    return max(H for H in range(1, 2000)
               if parameters(H, layers, D, C) <= budget)


def network(H, layers, D, C):
    blocks = [m for k in range(layers)
              for m in (nn.Linear(H if k else D, H), nn.ReLU())]
    return nn.Sequential(*blocks, nn.Linear(H, C))


depths, random_pieces = (1, 2, 4, 8), {}
line = torch.linspace(-3, 3, 12001, dtype=torch.float64)[:, None]
for layers in depths:
    H = width(layers, 1, 1, 1000)
    counts = []
    for seed in range(5):
        torch.manual_seed(seed)
        h, switches = line, 0
        for block in network(H, layers, 1, 1).double():
            h = block(h)
            if isinstance(block, nn.ReLU):  # a unit goes on or off: a kink
                switches = switches + ((h[1:] > 0) != (h[:-1] > 0)).sum(1)
        counts.append(1 + int((switches > 0).sum()))
    random_pieces[layers] = {"units": layers * H, "pieces": counts}
    print(f"random weights, layers x units {layers} × {H:<4}"
          f"{min(counts):4} to {max(counts)} pieces")
# --8<-- [end:equal]

# --8<-- [start:train]
data = make_dataset()
X, test_X = (torch.tensor(data[key]).float() for key in ("x", "x_test"))
y, test_y = torch.tensor(data["y"]), torch.tensor(data["y_test"])
train_X, train_y, valid_X, valid_y = X[:3200], y[:3200], X[3200:], y[3200:]


@torch.no_grad()
def accuracy(model, X, y):
    return (model(X).argmax(1) == y).float().mean().item()


def train(layers, lr, seed, steps=300, batch=100):
    torch.manual_seed(seed)
    model = network(width(layers, 40, 10, 6000), layers, 40, 10)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    for step in range(steps):
        rows = torch.randint(len(train_X), (batch,))
        loss = F.cross_entropy(model(train_X[rows]), train_y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model
# --8<-- [end:train]

# --8<-- [start:compare]
scores = {}
print("layers x units    rate   training      test (worst - best of 3)")
for layers in depths:
    runs = {lr: [train(layers, lr, seed) for seed in range(3)]
            for lr in (0.003, 0.01)}
    lr = max(runs, key=lambda lr: sum(
        accuracy(model, valid_X, valid_y) for model in runs[lr]))
    fit = [accuracy(model, train_X, train_y) for model in runs[lr]]
    test = [accuracy(model, test_X, test_y) for model in runs[lr]]
    scores[layers] = {"fit": fit, "test": test, "lr": lr}
    H = width(layers, 40, 10, 6000)
    print(f"{layers} × {H:3}{lr:15}{sum(fit) / 3:11.2f}"
          f"{min(test):12.3f} - {max(test):.3f}")
# --8<-- [end:compare]

# --8<-- [start:draw]
fig, axes = plt.subplots(1, 3, num="fold", figsize=(6.8, 2.5), sharey=True,
                         layout="constrained")
for layers, ax in enumerate(axes, 1):
    ax.plot(x, folded[layers], color="C0")
    ax.plot(steps[0], steps[layers], "o", color="C1")
    ax.set(title=f"{layers} layer{'s' * (layers > 1)}, "
           f"{2 * layers} units", xlabel="$x$", xticks=[0, 0.5, 1])
axes[0].set_ylabel("output")

fig, ax = plt.subplots(num="depth", figsize=(6, 3.6))
for key, name, mark, color, place in [
        ("fit", "training signals", "s--", "C0", (4.6, 0.57)),
        ("test", "test signals", "o-", "C1", (4.6, 0.39))]:
    values = torch.tensor([scores[layers][key] for layers in depths])
    ax.plot(depths, values.mean(1), mark, ms=0, color=color)
    ax.plot(depths, values, mark[0], ms=5, color=color)
    ax.annotate(name, place, color=color)
ax.set(xlabel="hidden layers (about 6000 parameters in all)", xticks=depths,
       ylabel="accuracy", ylim=(0.3, 1))
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"deep": {str(k): row for k, row in deep.items()}, "steps": steps,
           "smooth": {str(k): error for k, error in smooth.items()},
           "random": {str(k): row | {"least": min(row["pieces"]),
                                     "most": max(row["pieces"])}
                      for k, row in random_pieces.items()},
           "test": {str(k): sum(row["test"]) / 3
                    for k, row in scores.items()},
           "fit": {str(k): sum(row["fit"]) / 3 for k, row in scores.items()}}
# --8<-- [end:results]
