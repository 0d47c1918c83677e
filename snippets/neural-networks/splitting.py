"""Who wrote it? Digits split at random, and in the order of the file."""

# --8<-- [start:data]
import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors
from torch import nn

X, y = load_digits(return_X_y=True)  # (1797, 64), in the order of the file
X = X / 16
# --8<-- [end:data]

# --8<-- [start:order]
_, nearest = NearestNeighbors(n_neighbors=2).fit(X).kneighbors(X)
gap = np.abs(nearest[:, 1] - np.arange(len(X)))  # places apart, in the file
rng = np.random.default_rng(0)
random_gap = np.abs(np.diff(rng.integers(len(X), size=(20000, 2))))
close = {
    "nearest": float((gap < 100).mean()),
    "random": float((random_gap < 100).mean()),
}
print(
    f"within 100 places: most similar digits {close['nearest']:.0%}, "
    f"random pairs {close['random']:.0%}"
)
# --8<-- [end:order]


# --8<-- [start:models]
def neighbour(train_X, train_y, test_X):
    return KNeighborsClassifier(1).fit(train_X, train_y).predict(test_X)


def linear(train_X, train_y, test_X):
    model = LogisticRegression(C=0.3, max_iter=100, tol=1e-3)
    return model.fit(train_X, train_y).predict(test_X)


def network(train_X, train_y, test_X, steps=300, batch=50):
    train_X, test_X = torch.tensor(train_X).float(), torch.tensor(test_X)
    train_y = torch.tensor(train_y)
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for step in range(steps):
        rows = torch.randint(len(train_X), (batch,))
        loss = F.cross_entropy(model(train_X[rows]), train_y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model(test_X.float()).argmax(1).numpy()


# --8<-- [end:models]


# --8<-- [start:split]
def errors(model, folds):
    """Share of wrong answers when each fifth in turn is held out."""
    wrong = 0
    for train, test in folds.split(X):
        wrong += (model(X[train], y[train], X[test]) != y[test]).sum()
    return float(wrong / len(X))


models = {
    "nearest neighbour": neighbour,
    "linear model": linear,
    "network": network,
}
rates = {}
print("errors, each fifth held out     at random (3 draws)   by file order")
for name, model in models.items():
    torch.manual_seed(0)
    mixed = [
        errors(model, KFold(5, shuffle=True, random_state=seed))
        for seed in range(3)
    ]
    blocks = [
        errors(model, KFold(5)) for _ in range(3 if name == "network" else 1)
    ]
    rates[name] = {"random": mixed, "file": blocks}
    print(
        f"{name:30}{min(mixed):11.1%} - {max(mixed):.1%}"
        f"{min(blocks):12.1%} - {max(blocks):.1%}"
    )
# --8<-- [end:split]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="splits", figsize=(6.4, 2.6))
for place, (name, row) in enumerate(rates.items()):
    for kind, color, mark in [("random", "C0", "o"), ("file", "C1", "s")]:
        values = 100 * np.array(row[kind])
        ax.plot(values, [place] * len(values), mark, color=color, ms=6)
        if not place:
            text = "split at random" if kind == "random" else "by file order"
            ax.annotate(
                text,
                (values.mean(), place),
                xytext=(0, 9),
                color=color,
                textcoords="offset points",
                ha="center",
            )
ax.set(
    yticks=range(3),
    yticklabels=rates,
    ylim=(-0.5, 2.7),
    xlim=(0, None),
    xlabel="errors on held-out digits (%)",
)
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
short = {"neighbour": "nearest neighbour", "linear": "linear model",
         "network": "network"}
percent = {kind: {key: 100 * float(np.mean(rates[name][kind]))
                  for key, name in short.items()}
           for kind in ("random", "file")}
results = {"close": close, "rates": rates, "percent": percent,
           "ratio": {key: percent["file"][key] / percent["random"][key]
                     for key in short}}
# --8<-- [end:results]
