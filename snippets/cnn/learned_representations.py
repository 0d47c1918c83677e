"""First-layer filters learned from two photographs are oriented edges."""
# --8<-- [start:patches]
import math

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from sklearn.datasets import load_sample_images

# S seeds, N patches, P = 12 × 12 pixels, K filters
side, K, N, S = 12, 64, 10000, 3
photos = [torch.tensor(photo).float().mean(2) / 255
          for photo in load_sample_images().images]  # grey, 0 to 1


def patches(photos):
    """N square patches from random places, without their mean: (N, P)."""
    every = torch.cat([photo.unfold(0, side, 3).unfold(1, side, 3)
                       .reshape(-1, side * side) for photo in photos])
    X = every[torch.randperm(len(every))[:N]]
    return X - X.mean(1, keepdim=True)


def shuffled(photo):
    """The same grey values, each at a random place."""
    return photo.flatten()[torch.randperm(photo.numel())].view_as(photo)


def scrambled(photo):
    """The same waves at random places: correlations stay, edges go."""
    noise = torch.fft.rfft2(torch.randn(photo.shape))
    waves = torch.fft.rfft2(photo).abs() * noise / noise.abs()
    return torch.fft.irfft2(waves, s=photo.shape)
# --8<-- [end:patches]

# --8<-- [start:whiten]
def whitening(X):
    """Matrix (P, K) to the K strongest principal components, variance 1."""
    variance, directions = torch.linalg.eigh(X.T @ X / len(X))
    return directions[:, -K:] / variance[-K:].sqrt()
# --8<-- [end:whiten]

# --8<-- [start:autoencoder]
def active(code):
    """How many units, on average, carry half of a patch's squared code."""
    power = code.square().sort(2, descending=True).values.cumsum(2)
    return (power < 0.5 * power[..., -1:]).sum(2).add(1).float().mean(1)


def learn(photos, steps=400, sparsity=2):
    """Filters before and after training, (S, K, P), and active units."""
    X = torch.stack([patches(photos) for seed in range(S)])  # (S, N, P)
    to_white = torch.stack([whitening(each) for each in X])  # (S, P, K)
    Z = X @ to_white                                         # (S, N, K)
    weight = torch.randn(S, K, K) / K**0.5  # a column for each filter
    before = (to_white @ weight).mT
    sparse = [active(Z @ weight)]
    weight.requires_grad_()
    optimizer = torch.optim.Adam([weight], lr=0.02)
    for step in range(steps):
        some = Z[:, torch.randint(N, (500,))]
        code = some @ weight                # encode
        output = code @ weight.mT           # decode, with the same weights
        loss = ((output - some)**2).mean() + sparsity * code.abs().mean()
        optimizer.zero_grad()
        (S * loss).backward()
        optimizer.step()
    weight = weight.detach()
    return before, (to_white @ weight).mT, [*sparse, active(Z @ weight)]
# --8<-- [end:autoencoder]

# --8<-- [start:gabor]
def gabors():
    """Every edge-like pattern of a grid, cosine and sine: (G, 2, P)."""
    axis = torch.arange(side) - (side - 1) / 2
    centre = torch.arange(-4.5, 5, 1.5)
    angle = torch.arange(12) * math.pi / 12
    cycles = torch.tensor([0.06, 0.09, 0.13, 0.18, 0.25, 0.35])  # per pixel
    width = torch.tensor([0.35, 0.5])     # of the envelope, in wavelengths
    stretch = torch.tensor([1.0, 2.0])    # its length over its width
    y0, x0, a, f, w, s = [v[:, None, None] for v in torch.cartesian_prod(
        centre, centre, angle, cycles, width, stretch).T]
    y, x = axis[None, :, None] - y0, axis[None, None, :] - x0
    across = x * a.cos() + y * a.sin()
    along = y * a.cos() - x * a.sin()
    envelope = torch.exp(-(across**2 + (along / s)**2) / 2 / (w / f)**2)
    waves = torch.stack([envelope * (2 * math.pi * f * across).cos(),
                         envelope * (2 * math.pi * f * across).sin()], 1)
    return torch.linalg.qr(waves.flatten(2).mT)[0].mT  # orthonormal pairs


def gabor_fit(filters, grid):
    """Share of each filter's power that its best Gabor explains, 0 to 1."""
    unit = filters / filters.norm(dim=1, keepdim=True)
    share = (grid @ unit.T).square().sum(1)    # (G, 2, P) -> (G, K)
    return share.amax(0)
# --8<-- [end:gabor]

# --8<-- [start:measure]
grid = gabors()
torch.manual_seed(0)
sources = {"photographs": photos,
           "shuffled pixels": [shuffled(photo) for photo in photos],
           "scrambled waves": [scrambled(photo) for photo in photos]}
filters, sparse = {}, {}  # filters[name]: (S, K, P)
for source, images in sources.items():
    before, after, (first, last) = learn(images)
    if source == "photographs":
        filters["untrained"], sparse["untrained"] = before, first
    filters[source], sparse[source] = after, last
sparse = {name: shares.tolist() for name, shares in sparse.items()}
fits = {name: [gabor_fit(run, grid) for run in runs]
        for name, runs in filters.items()}
medians = {name: [fit.median().item() for fit in runs]
           for name, runs in fits.items()}
print("filters           median Gabor fit, 3 seeds    active units")
for name, values in medians.items():
    print(f"{name:<16}  ", "  ".join(f"{v:.2f}" for v in values),
          f"{sum(sparse[name]) / S:18.1f}")
# --8<-- [end:measure]

# --8<-- [start:draw]
fig, axes = plt.subplots(2, 2, num="filters", figsize=(5.4, 5.6),
                         layout="constrained")
for ax, name in zip(axes.flat, filters):
    tiles = filters[name][0].view(8, 8, side, side)
    tiles = tiles / tiles.abs().amax((2, 3), keepdim=True)
    tiles = F.pad(tiles, (0, 2, 0, 2), value=math.nan)
    ax.imshow(tiles.transpose(1, 2).reshape(8 * side + 16, -1), cmap="gray",
              interpolation="none")
    ax.set_title(name, fontsize=10)
    ax.set_axis_off()

fig, ax = plt.subplots(num="fit", figsize=(6.4, 2.9), layout="constrained")
edges = [i / 25 for i in range(26)]
for name, color, look in zip(medians, ["C7", "C0", "C1", "C2"],
                             ["--", "-", "-.", ":"]):
    counts, *_ = ax.hist(fits[name][0].tolist(), edges, color=color,
                         histtype="step", lw=1.8, ls=look)
    peak = int(counts.argmax())
    ax.annotate(name, (edges[peak + 1], counts.max()), xytext=(5, 2),
                textcoords="offset points", color=color)
ax.set(xlabel="share of the filter that its best Gabor explains",
       ylabel="filters (of 64)", xlim=(0, 1))
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"medians": medians, "gabors": len(grid), "filters": K,
           "sparse": {name.split()[0]: sum(shares) / S
                      for name, shares in sparse.items()},
           "lowest": {name.split()[0]: min(runs)
                      for name, runs in medians.items()},
           "highest": {name.split()[0]: max(runs)
                       for name, runs in medians.items()},
           "widest": max(fits["photographs"][0]).item(),
           "above_half": {name: (torch.stack(runs) > 0.5).float().mean().item()
                          for name, runs in fits.items()}}
# --8<-- [end:results]
