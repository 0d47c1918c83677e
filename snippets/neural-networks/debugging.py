"""Eight ways to make a network fail to learn, and the checks that tell."""
# --8<-- [start:network]
import math

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
X, y = map(torch.tensor, load_digits(return_X_y=True))
order = torch.randperm(len(X))
X, y = X[order].float() / 16, y[order]
train_X, train_y, test_X, test_y = X[:1000], y[:1000], X[1000:], y[1000:]


def build(dropout=0.0, dead=False):
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Dropout(dropout),
                          nn.Linear(64, 64), nn.ReLU(), nn.Dropout(dropout),
                          nn.Linear(64, 10))
    if dead:  # a bias that no input overcomes: the ReLUs put out zeros
        nn.init.constant_(model[0].bias, -5.0)
    return model
# --8<-- [end:network]

# --8<-- [start:training]
def train(seed, lr=0.1, steps=300, zero_grad=True, softmax=False,
          scale=1.0, shuffle=False, eval_mode=True, one_batch=False,
          **options):
    """-> loss of every batch, and accuracy on the held-out digits"""
    torch.manual_seed(seed)
    model = build(**options)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    labels = train_y[torch.randperm(len(train_y))] if shuffle else train_y
    losses = []
    for step in range(steps):
        rows = torch.randint(len(train_X), (50,))
        if one_batch:
            rows = torch.arange(50)
        scores = model(train_X[rows] * scale)
        if softmax:  # F.cross_entropy contains a softmax already
            scores = scores.softmax(1)
        loss = F.cross_entropy(scores, labels[rows])
        if zero_grad:
            optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    if eval_mode:
        model.eval()
    with torch.no_grad():
        guess = model(test_X * scale).argmax(1)
    return losses, (guess == test_y).float().mean().item()
# --8<-- [end:training]

# --8<-- [start:symptoms]
faults = {
    "healthy": {}, "step size too large": {"lr": 2.0},
    "step size too small": {"lr": 0.0003},
    "zero_grad forgotten": {"zero_grad": False},
    "softmax applied twice": {"softmax": True},
    "inputs not scaled": {"scale": 1600.0},  # 0 to 1600 instead of 0 to 1
    "labels misaligned": {"shuffle": True}, "dead ReLUs": {"dead": True},
    "dropout left on": {"dropout": 0.6, "eval_mode": False}}
cures = {"dropout left on": {"dropout": 0.6}}  # the others: leave it out
seeds = range(3)
runs = {name: [train(seed, **fault) for seed in seeds]
        for name, fault in faults.items()}
cured = {name: [train(seed, **cures[name]) for seed in seeds]
         if name in cures else runs["healthy"] for name in faults}


def summary(trained):
    """Mean of the last 20 losses, and mean, worst, best accuracy."""
    scores = [score for _, score in trained]
    last = sum(sum(losses[-20:]) / 20 for losses, _ in trained)
    return {"loss": last / len(trained), "mean": sum(scores) / len(scores),
            "worst": min(scores), "best": max(scores)}


before = {name: summary(trained) for name, trained in runs.items()}
after = {name: summary(trained) for name, trained in cured.items()}
print("                           with the fault       cured")
print("                           loss  accuracy    loss  accuracy")
for name in faults:
    print(f"{name:22}{before[name]['loss']:9.2f}{before[name]['mean']:10.2f}"
          f"{after[name]['loss']:8.2f}{after[name]['mean']:10.2f}")
# --8<-- [end:symptoms]

# --8<-- [start:checks]
first, one = {}, {}
print(f"log of 10 classes: {math.log(10):.2f}")
print("                        first loss   loss on one batch")
for name, fault in faults.items():
    first[name] = runs[name][0][0][0]
    losses, _ = train(0, **fault, one_batch=True)
    one[name] = sum(losses[-20:]) / 20
    marks = [" " if good else "!" for good in
             (abs(first[name] - math.log(10)) < 0.2, one[name] < 0.05)]
    print(f"{name:22}{first[name]:10.2f} {marks[0]}"
          f"{one[name]:18.2f} {marks[1]}")
# --8<-- [end:checks]

# --8<-- [start:draw]
fig, axes = plt.subplots(3, 3, num="symptoms", figsize=(6.4, 5.2),
                         sharex=True, sharey=True)
for ax, name in zip(axes.flat, faults):
    color = "C2" if name == "healthy" else "C1"
    ax.plot(runs[name][0][0], color=color, lw=0.9)
    ax.axhline(math.log(10), ls=":", color="C6", lw=1.2)
    ax.set_title(name, fontsize=11)
    ax.annotate(f"held out: {runs[name][0][1]:.2f}", (300, 3.1),
                ha="right", fontsize=11, va="center", color=color)
    ax.set(ylim=(0, 3.5))
axes[0, 0].annotate("log 10", (300, 1.9), color="C6", ha="right",
                    fontsize=11)
for ax in axes[-1]:
    ax.set_xlabel("step")
for ax in axes[:, 0]:
    ax.set_ylabel("loss (nats)")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"before": before, "after": after, "first": first, "one": one,
           "log10": math.log(10),
           "chance": test_y.bincount().max().item() / len(test_y)}
# --8<-- [end:results]
