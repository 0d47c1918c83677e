"""SGD, momentum and Adam on the same digits, each with its best step size."""
# --8<-- [start:data]
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
X, y = map(torch.tensor, load_digits(return_X_y=True))
order = torch.randperm(len(X))
X, y = X[order].float() / 16, y[order]
parts = {"train": slice(0, 1000), "validation": slice(1000, 1400),
         "test": slice(1400, None)}
train_X, train_y = X[parts["train"]], y[parts["train"]]
# --8<-- [end:data]

# --8<-- [start:optimizers]
def sgd(p, lr):
    return torch.optim.SGD(p, lr=lr)


def momentum(p, lr):
    return torch.optim.SGD(p, lr=lr, momentum=0.9)


def adam(p, lr):
    return torch.optim.Adam(p, lr=lr)


optimizers = {"SGD": sgd, "momentum": momentum, "Adam": adam}
rates = [0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0]
# --8<-- [end:optimizers]

# --8<-- [start:training]
def train(optimizer, lr, seed, steps=150, batch=50):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 32),
                          nn.ReLU(), nn.Linear(32, 10))
    optimizer = optimizer(model.parameters(), lr)
    losses = []
    for step in range(steps):
        rows = torch.randint(len(train_X), (batch,))
        loss = F.cross_entropy(model(train_X[rows]), train_y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return model, losses


@torch.no_grad()
def accuracy(model, part):
    rows = parts[part]
    return (model(X[rows]).argmax(1) == y[rows]).float().mean().item()
# --8<-- [end:training]

# --8<-- [start:sweep]
seeds = range(3)
runs = {(name, lr): [train(make, lr, seed) for seed in seeds]
        for name, make in optimizers.items() for lr in rates}
sweep = {key: [accuracy(model, "validation") for model, _ in trained]
         for key, trained in runs.items()}
print("validation accuracy, mean of 3 seeds")
print(f"{'step size':10}" + "".join(f"{name:>10}" for name in optimizers))
for lr in rates:
    print(f"{lr:<10}" + "".join(f"{sum(sweep[name, lr]) / 3:10.3f}"
                                for name in optimizers))
# --8<-- [end:sweep]

# --8<-- [start:test]
best = {name: max(rates, key=lambda lr: sum(sweep[name, lr]))
        for name in optimizers}
final = {name: [train(make, best[name], seed) for seed in range(10, 16)]
         for name, make in optimizers.items()}
scores = {name: [accuracy(model, "test") for model, _ in trained]
          for name, trained in final.items()}
print("           step size   test accuracy   worst    best of 6 new seeds")
for name, s in scores.items():
    print(
        f"{name:10}{best[name]:10}{sum(s) / len(s):16.3f}{min(s):8.3f}"
        f"{max(s):8.3f}"
    )
borrowed = [
    accuracy(train(adam, best["SGD"], seed)[0], "test")
    for seed in range(10, 13)
]
print(f"Adam with SGD's step size: {max(borrowed):.3f} at best")
# --8<-- [end:test]

# --8<-- [start:longer]
longer, best_long = {}, {}
print("after 600 steps    step size   test accuracy   worst    best")
for name, make in optimizers.items():
    i = rates.index(best[name])  # its rate at 150 steps, and both neighbours
    valid = {
        lr: sum(
            accuracy(train(make, lr, seed, 600)[0], "validation")
            for seed in range(2)
        )
        for lr in rates[max(i - 1, 0) : i + 2]
    }
    lr = best_long[name] = max(valid, key=valid.get)
    longer[name] = [
        accuracy(train(make, lr, seed, 600)[0], "test")
        for seed in range(10, 16)
    ]
    print(
        f"{name:15}{lr:13}{sum(longer[name]) / 6:16.3f}"
        f"{min(longer[name]):8.3f}{max(longer[name]):8.3f}"
    )
# --8<-- [end:longer]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="sweep")
for i, (name, style, place) in enumerate([
        ("SGD", "o-", (0.42, 0.91)), ("momentum", "s--", (0.042, 0.955)),
        ("Adam", "^-.", (0.00042, 0.88))]):
    seeds_by_rate = torch.tensor([sweep[name, lr] for lr in rates])
    ax.plot(rates, seeds_by_rate.mean(1), style, color=f"C{i}", ms=5)
    ax.fill_between(rates, seeds_by_rate.min(1).values,
                    seeds_by_rate.max(1).values, color=f"C{i}", alpha=0.2)
    ax.annotate(name, place, color=f"C{i}")
ax.axhline(0.1, ls=":", color="C6")
ax.set(xscale="log", xlabel="step size (learning rate)",
       ylabel="accuracy on validation digits", ylim=(0, 1.02))

fig, ax = plt.subplots(num="losses")
places = {"SGD": (45, 1.75), "momentum": (51, 0.71), "Adam": (9, 0.8)}
for i, (name, trained) in enumerate(final.items()):
    losses = torch.tensor([losses for _, losses in trained]).mean(0)
    ax.plot(losses, ["-", "--", "-."][i], color=f"C{i}", lw=1.4)
    ax.annotate(name, places[name], color=f"C{i}")
ax.set(xlabel="step", ylabel="batch loss, mean of 6 seeds (nats)",
       ylim=(0, None))
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
mean = {name: sum(s) / len(s) for name, s in scores.items()}
mean_long = {name: sum(s) / len(s) for name, s in longer.items()}
results = {
    "best": best,
    "mean": mean,
    "scores": scores,
    "longer": longer,
    "best_long": best_long,
    "mean_long": mean_long,
    "borrowed_best": max(borrowed),
    "spread_points": 100 * (max(mean.values()) - min(mean.values())),
    "spread_long": 100 * (max(mean_long.values()) - min(mean_long.values())),
    "lead": {
        "150": 100 * (mean["Adam"] - mean["SGD"]),
        "600": 100 * (mean_long["SGD"] - mean_long["Adam"]),
    },
}
# --8<-- [end:results]
