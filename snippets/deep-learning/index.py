"""MNIST-1D: what four models learn from signals, in order and shuffled."""
# --8<-- [start:data]
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from mnist1d.data import make_dataset
from torch import nn

# B batch, T = 40 positions, C channels, H hidden units
data = make_dataset()  # generated here: the package's fixed seed, no download
train_X = torch.tensor(data["x"], dtype=torch.float32)  # (B, T)
test_X = torch.tensor(data["x_test"], dtype=torch.float32)
train_y, test_y = torch.tensor(data["y"]), torch.tensor(data["y_test"])
print("train", tuple(train_X.shape), "test", tuple(test_X.shape))
# --8<-- [end:data]

# --8<-- [start:shuffle]
torch.manual_seed(0)
order = torch.randperm(train_X.shape[1])  # one permutation for all examples
inputs = {"ordinary": (train_X, test_X),
          "shuffled": (train_X[:, order], test_X[:, order])}
# --8<-- [end:shuffle]

# --8<-- [start:models]
def logistic():
    return nn.Linear(40, 10)


def mlp(H=256):
    return nn.Sequential(nn.Linear(40, H), nn.ReLU(), nn.Linear(H, H),
                         nn.ReLU(), nn.Linear(H, 10))


def cnn(C=24):
    return nn.Sequential(
        nn.Unflatten(1, (1, 40)),                               # (B, 1, 40)
        nn.Conv1d(1, C, 5, padding=2), nn.ReLU(),               # (B, C, 40)
        nn.Conv1d(C, C, 3, stride=2, padding=1), nn.ReLU(),     # (B, C, 20)
        nn.Conv1d(C, C, 3, stride=2, padding=1), nn.ReLU(),     # (B, C, 10)
        nn.AdaptiveMaxPool1d(1), nn.Flatten(),                  # (B, C)
        nn.Linear(C, 10))


class GRU(nn.Module):
    def __init__(self, H=24):
        super().__init__()
        self.gru = nn.GRU(2, H, batch_first=True)
        self.output = nn.Linear(20 * H, 10)

    def forward(self, X):  # two numbers at a time
        states, _ = self.gru(X.unflatten(1, (20, 2)))  # (B, T/2, H)
        return self.output(states.flatten(1))
# --8<-- [end:models]

# --8<-- [start:training]
def train(model, X, epochs, lr, batch=200):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, lr, epochs * len(X) // batch)
    for epoch in range(epochs):
        for rows in torch.randperm(len(X)).split(batch):
            loss = F.cross_entropy(model(X[rows]), train_y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()


@torch.no_grad()
def accuracy(model, X, y):
    return (model(X).argmax(1) == y).float().mean().item()
# --8<-- [end:training]

# --8<-- [start:table]
def run(make, X, epochs, lr, seed):
    torch.manual_seed(seed)
    model = make()
    train(model, X, epochs, lr)
    return model


runs = [("logistic", logistic, 20, (0.01, 0.03)),  # epochs, step sizes
        ("MLP", mlp, 15, (0.003, 0.01)), ("CNN", cnn, 10, (0.01, 0.03)),
        ("GRU", GRU, 14, (0.01, 0.03))]
cut = 3200   # the last 800 training signals choose the step size
scores = {}  # scores[name][kind]: held-out accuracy in %, one per seed
fit, best = {}, {}  # accuracy on the training signals; step sizes
for name, make, epochs, rates in runs:
    scores[name], fit[name], best[name] = {}, {}, {}
    for kind, (X, held_out) in inputs.items():
        tried = {lr: run(make, X[:cut], epochs, lr, 0) for lr in rates}
        lr = best[name][kind] = max(tried, key=lambda lr: accuracy(
            tried[lr], X[cut:], train_y[cut:]))
        models = [tried[lr]] + [run(make, X[:cut], epochs, lr, seed)
                                for seed in (1, 2)]
        scores[name][kind] = [100 * accuracy(model, held_out, test_y)
                              for model in models]
        fit[name][kind] = [100 * accuracy(model, X[:cut], train_y[:cut])
                           for model in models]
# --8<-- [end:table]

# --8<-- [start:print]
def mean(values):
    return sum(values) / len(values)


print("held-out %  ordinary          shuffled          step sizes")
for name in scores:
    row = [f"{mean(s):5.1f} ({min(s):.1f}-{max(s):.1f})"
           for s in scores[name].values()]
    print(f"{name:<11} {row[0]}  {row[1]} ", *best[name].values())
# --8<-- [end:print]

# --8<-- [start:draw]
fig, axes = plt.subplots(2, 5, num="signals", figsize=(6.4, 2.8),
                         sharex=True, sharey=True, layout="constrained")
for column, digit in enumerate((0, 1, 4, 6, 7)):
    example = (train_y == digit).nonzero()[0, 0]
    for ax, (kind, (X, _)) in zip(axes[:, column], inputs.items()):
        ax.plot(X[example], color="C0" if kind == "ordinary" else "C1")
        ax.set(yticks=[])
    axes[0, column].set_title(digit)
axes[0, 0].set_ylabel("ordinary")
axes[1, 0].set_ylabel("shuffled")
fig.supxlabel("position", fontsize="medium")

fig, ax = plt.subplots(num="accuracy", figsize=(6.4, 3.4))
for side, (kind, color) in enumerate([("ordinary", "C0"), ("shuffled", "C1")]):
    for x, name in enumerate(scores):
        values = scores[name][kind]
        place = x + 0.2 * (2 * side - 1)
        ax.bar(place, mean(values), 0.36, color=color, alpha=0.35,
               hatch="//" if side else None, edgecolor=color, lw=0)
        ax.plot([place] * len(values), values, "o", color=color, ms=4)
        if x == 2:
            ax.annotate(kind, (place + 0.04 * side, max(values) + 4),
                        color=color, ha="center", fontsize=10)
ax.axhline(10, color="C6", ls=":")
ax.annotate("guessing", (-1.05, 12), color="C6")
ax.set(xticks=range(4), xticklabels=scores, xlim=(-1.1, 3.5), ylim=(0, 108),
       ylabel="accuracy on held-out signals (%)")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
means = {name: {kind: mean(s) for kind, s in row.items()}
         for name, row in scores.items()}
results = {
    "scores": scores, "means": means, "fit": fit,
    "parameters": {name: sum(p.numel() for p in make().parameters())
                   for name, make, *_ in runs},
    "loss_by_shuffle": {name: m["ordinary"] - m["shuffled"]
                        for name, m in means.items()},
    "order": order.tolist()}
# --8<-- [end:results]
