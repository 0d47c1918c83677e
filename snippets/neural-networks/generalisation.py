"""Overfitting measured: polynomials of growing degree, then a network."""
# --8<-- [start:polynomials]
import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from numpy.polynomial import Chebyshev
from sklearn.datasets import load_digits
from torch import nn

rng = np.random.default_rng(0)


def sample(n, noise=0.3):
    x = rng.uniform(-1, 1, n)
    return x, np.sin(np.pi * x) + noise * rng.normal(size=n)


def error(curve, x, y):
    return float(np.mean((curve(x) - y)**2))


degrees = range(13)
held_x, held_y = sample(1000)
draws = [sample(15) for _ in range(100)]  # 100 small training sets
fits = [[Chebyshev.fit(x, y, degree, domain=[-1, 1]) for degree in degrees]
        for x, y in draws]
train_error = np.median([[error(f, x, y) for f in row]
                         for row, (x, y) in zip(fits, draws)], 0)
held_error = np.median([[error(f, held_x, held_y) for f in row]
                        for row in fits], 0)
print("degree   training error   held-out error (median of 100 draws)")
for degree in (0, 1, 3, 5, 9, 12):
    print(f"{degree:6}{train_error[degree]:17.3f}{held_error[degree]:17.3f}")
# --8<-- [end:polynomials]

# --8<-- [start:digits]
torch.manual_seed(0)
X, y = map(torch.tensor, load_digits(return_X_y=True))
order = torch.randperm(len(X))
X, y = X[order].float() / 16, y[order]
pool_X, pool_y = X[:1000], y[:1000]           # training sets come from here
valid_X, valid_y = X[1000:1300], y[1000:1300]  # for every choice we make
test_X, test_y = X[1300:], y[1300:]            # takes part in no choice


def few_noisy(n=200, wrong=0.2):
    """A small training set; a fifth of its labels are drawn at random."""
    rows = torch.randperm(len(pool_X))[:n]
    labels = pool_y[rows].clone()
    noisy = torch.rand(n) < wrong
    labels[noisy] = torch.randint(10, (int(noisy.sum()),))
    return pool_X[rows], labels
# --8<-- [end:digits]

# --8<-- [start:training]
def accuracy(model, X, y):
    model.eval()  # switches dropout off
    return (model(X).argmax(1) == y).float().mean().item()


def train(seed, decay=0.0, dropout=0.0, stop=False, steps=150):
    """-> scores on the training, validation and test set"""
    torch.manual_seed(seed)
    train_X, train_y = few_noisy()
    model = nn.Sequential(nn.Dropout(dropout / 2), nn.Linear(64, 128),
                          nn.ReLU(), nn.Dropout(dropout),
                          nn.Linear(128, 10))
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01,
                                  weight_decay=decay)
    history = []
    for step in range(steps):
        model.train()
        loss = F.cross_entropy(model(train_X), train_y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 5 == 4:
            history.append([accuracy(model, train_X, train_y),
                            accuracy(model, valid_X, valid_y),
                            accuracy(model, test_X, test_y)])
    if stop:  # go back to the step that validation liked best
        return max(history, key=lambda scores: scores[1]), history
    return history[-1], history
# --8<-- [end:training]

# --8<-- [start:choose]
def choose(name, grid):
    """The strength with the best mean validation score over 3 seeds."""
    return max(grid, key=lambda strength: sum(
        train(seed, **{name: strength})[0][1] for seed in range(3)))


decay = choose("decay", [1, 3, 10, 20])
dropout = choose("dropout", [0.2, 0.4, 0.6, 0.8])
methods = {"none": {}, f"weight decay {decay}": {"decay": decay},
           f"dropout {dropout}": {"dropout": dropout},
           "early stopping": {"stop": True}}
seeds = range(10, 16)  # six new training sets and starts
runs = {name: [train(seed, **options) for seed in seeds]
        for name, options in methods.items()}
table = {name: np.array([scores for scores, _ in trained])
         for name, trained in runs.items()}
print("accuracy          training  validation      test  (worst - best)")
for name, scores in table.items():
    mean, low, high = scores.mean(0), scores.min(0)[2], scores.max(0)[2]
    print(f"{name:16}{mean[0]:10.3f}{mean[1]:12.3f}{mean[2]:10.3f}"
          f"  ({low:.3f} - {high:.3f})")
# --8<-- [end:choose]

# --8<-- [start:draw]
fig, axes = plt.subplots(1, 3, num="fits", figsize=(6.4, 2.5), sharey=True)
line = np.linspace(-1, 1, 300)
for ax, degree in zip(axes, (1, 3, 12)):
    ax.plot(line, np.sin(np.pi * line), color="C6", ls="--", lw=1.2)
    ax.plot(line, fits[0][degree](line), color="C0")
    ax.plot(*draws[0], "o", color="C1", ms=4)
    ax.set(ylim=(-2.2, 2.2), xlabel="$x$", title=f"degree {degree}")
axes[0].set_ylabel("$y$")

fig, ax = plt.subplots(num="capacity")
for curve, name, at, color in [(train_error, "training points", 6, "C0"),
                               (held_error, "held-out points", 8, "C1")]:
    ax.plot(degrees, curve, "o-", color=color)
    ax.annotate(name, (at, curve[at]), xytext=(0, -18), color=color,
                textcoords="offset points")
ax.axhline(0.3**2, ls=":", color="C6")
ax.annotate("variance of the noise", (12, 0.12), ha="right", color="C6")
ax.set(yscale="log", xlabel="degree of the polynomial",
       ylabel="mean squared error", ylim=(0.005, 1e6))

fig, ax = plt.subplots(num="stopping")
curves = np.mean([history for _, history in runs["none"]], 0)  # (T, 3)
steps = np.arange(5, 151, 5)
for column, name, color in [(0, "training set, wrong labels included", "C0"),
                            (2, "test set", "C1")]:
    ax.plot(steps, curves[:, column], color=color)
    ax.annotate(name, (75, curves[14, column]), xytext=(0, -14),
                color=color, textcoords="offset points")
ax.set(xlabel="step", ylabel="accuracy, mean of 6 runs", ylim=(0, 1.03))
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"train_error": train_error.tolist(), "decay": decay,
           "held_error": held_error.tolist(), "dropout": dropout,
           "best_degree": int(held_error.argmin()), "test": {}, "gains": {}}
for name, scores in table.items():
    gains = 100 * (scores - table["none"])[:, 2]
    results["test"][name.split()[0]] = float(scores[:, 2].mean())
    results["gains"][name.split()[0]] = gains.tolist()
# --8<-- [end:results]
