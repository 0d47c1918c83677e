"""What one hidden layer adds: two problems that no straight line solves."""
# --8<-- [start:data]
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from sklearn.datasets import make_moons
from sklearn.linear_model import LogisticRegression
from torch import nn

torch.manual_seed(0)
corner = torch.randint(2, (1000, 2))  # one of the four corners of a square
xor_X = 2 * corner - 1 + 0.3 * torch.randn(1000, 2)
xor_y = corner[:, 0] ^ corner[:, 1]   # class 1 if exactly one of them is 1
moons_X, moons_y = map(torch.tensor, make_moons(1000, noise=0.1,
                                                random_state=0))
problems = {"XOR": (xor_X, xor_y), "moons": (moons_X.float(), moons_y)}
# The first 500 points of each are for training, the others held out.
# --8<-- [end:data]

# --8<-- [start:models]
def linear():
    return nn.Sequential(nn.Linear(2, 2))


def hidden(units, activation=nn.Tanh):
    return nn.Sequential(nn.Linear(2, units), activation(),
                         nn.Linear(units, 2))


builders = {"linear": linear,
            "2 hidden units": lambda: hidden(2),
            "3 hidden units": lambda: hidden(3),
            "3, no activation": lambda: hidden(3, nn.Identity)}
# --8<-- [end:models]

# --8<-- [start:training]
def train(build, X, y, seed, steps=300):
    torch.manual_seed(seed)
    model = build()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    for step in range(steps):
        loss = F.cross_entropy(model(X[:500]), y[:500])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


@torch.no_grad()
def accuracy(model, X, y):
    return (model(X[500:]).argmax(1) == y[500:]).float().mean().item()


models = {(name, problem): [train(build, X, y, seed) for seed in range(6)]
          for problem, (X, y) in problems.items()
          for name, build in builders.items()}
scores = {(name, problem): [accuracy(model, *problems[problem])
                            for model in runs]
          for (name, problem), runs in models.items()}
# --8<-- [end:training]

# --8<-- [start:table]
print("held-out accuracy, worst to best of 6 seeds")
print(f"{'':17}" + "".join(f"{problem:>15}" for problem in problems))
for name in builders:
    cells = [scores[name, problem] for problem in problems]
    print(f"{name:17}" + "".join(f"  {min(cell):.3f} - {max(cell):.3f}"
                                 for cell in cells))
# --8<-- [end:table]

# --8<-- [start:probe]
def probe(features, y):
    """Held-out accuracy of a new linear classifier on these features."""
    features = features.numpy()
    judge = LogisticRegression(max_iter=1000).fit(features[:500], y[:500])
    return float(judge.score(features[500:], y[500:]))


probes = {}
print("a linear probe on   the input   the hidden layer")
for problem, (X, y) in problems.items():
    model = models["3 hidden units", problem][0]
    features = model[:2](X).detach()  # (B, 2) -> (B, 3): weights and tanh
    probes[problem] = {"input": probe(X, y), "hidden": probe(features, y)}
    print(f"{problem:17}{probes[problem]['input']:12.3f}"
          f"{probes[problem]['hidden']:19.3f}")
# --8<-- [end:probe]

# --8<-- [start:draw]
fig, axes = plt.subplots(2, 3, num="regions", figsize=(6.4, 4.3),
                         sharex="row", sharey="row")
shown = ["linear", "3 hidden units", "3, no activation"]
for row, (problem, (X, y)) in zip(axes, problems.items()):
    lo, hi = X.min(0).values - 0.3, X.max(0).values + 0.3
    grid = torch.cartesian_prod(torch.linspace(lo[0], hi[0], 200),
                                torch.linspace(lo[1], hi[1], 200))
    for ax, name in zip(row, shown):
        with torch.no_grad():
            p = models[name, problem][0](grid).softmax(1)[:, 1]
        ax.contourf(*grid.reshape(200, 200, 2).unbind(2),
                    p.reshape(200, 200), [0, 0.5, 1], colors=["C0", "C1"],
                    alpha=0.25)
        ax.contour(*grid.reshape(200, 200, 2).unbind(2),
                   p.reshape(200, 200), [0.5], colors="#24292f",
                   linewidths=0.8)
        for label in (0, 1):
            dots = X[500:700][y[500:700] == label]  # some of those held out
            ax.plot(*dots.T, ".", color=f"C{label}", ms=2)
        ax.set_title(f"{name}: {scores[name, problem][0]:.2f}", fontsize=10)
    row[0].set_ylabel(f"{problem}: input $x_2$")
for ax in axes[1]:
    ax.set_xlabel("input $x_1$")
# --8<-- [end:draw]

# --8<-- [start:draw_hidden]
X, y = problems["XOR"]
first, tanh, last = models["2 hidden units", "XOR"][0]
weight, bias = first.weight.detach(), first.bias.detach()
out = last.weight.detach()[1] - last.weight.detach()[0]  # class 1 against 0
shift = (last.bias[1] - last.bias[0]).item()
with torch.no_grad():
    H = tanh(first(X))  # (B, 2) -> (B, 2)


def line(ax, normal, offset, name, reach):
    """Draw the points where normal . x + offset = 0."""
    middle = -offset * normal / normal.square().sum()
    along = torch.stack([-normal[1], normal[0]]) / normal.norm()
    ends = torch.stack([middle - reach * along, middle + reach * along])
    ax.plot(*ends.T, color="C6", lw=1.4)
    right = ends[ends[:, 0].argmax()]
    ax.annotate(name, right.tolist(), xytext=(4, 0), color="C6",
                textcoords="offset points", fontsize=10, va="center")


fig, axes = plt.subplots(1, 2, num="hidden", figsize=(6.4, 3.2))
for ax, points in zip(axes, (X, H)):
    for label in (0, 1):
        dots = points[500:][y[500:] == label]
        ax.plot(*dots.T, ".", color=f"C{label}", ms=4, alpha=0.7)
    ax.set_aspect("equal")
for unit in range(2):
    line(axes[0], weight[unit], bias[unit], f"$h_{unit + 1} = 0$", 2)
line(axes[1], out, shift, "last layer", 1.0)
axes[0].set(xlabel="input $x_1$", ylabel="input $x_2$", xlim=(-2.2, 2.7),
            ylim=(-2.4, 2.4), title="what comes in")
axes[1].set(xlabel="hidden unit $h_1$", ylabel="hidden unit $h_2$",
            xlim=(-1.2, 1.2), ylim=(-1.4, 1.2),
            title="what the last layer sees")
plt.show()
# --8<-- [end:draw_hidden]

# --8<-- [start:results]
results = {f"{problem} {name}": {"worst": min(runs), "best": max(runs)}
           for (name, problem), runs in scores.items()}
two = scores["2 hidden units", "XOR"]
results |= {"probes": probes, "two": two, "stuck": sum(s < 0.9 for s in two),
            "linear_xor": max(scores["linear", "XOR"])}
# --8<-- [end:results]
