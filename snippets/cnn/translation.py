"""What a convolution does to a shifted image, and what pooling changes."""
# --8<-- [start:network]
import matplotlib.pyplot as plt
import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
digit = torch.tensor(load_digits().images[0]).float() / 16  # (8, 8)
X = torch.zeros(1, 1, 32, 32)
X[0, 0, 8:24, 8:24] = digit.repeat_interleave(2, 0).repeat_interleave(2, 1)


def shift(X, right):
    """Move a picture to the right; what leaves on one side comes back."""
    return torch.roll(X, right, dims=-1)


def conv(channels, out):
    return nn.Conv2d(channels, out, 3, padding=1, padding_mode="circular")


features = nn.Sequential(conv(1, 8), nn.ReLU(), conv(8, 8), nn.ReLU())
# --8<-- [end:network]

# --8<-- [start:measure]
@torch.no_grad()
def gap(f, right, stride=1):
    """How far f(shifted X) is from shifted f(X), relative to f(X)."""
    moved, expected = f(shift(X, right)), shift(f(X), right // stride)
    return ((moved - expected).norm() / expected.norm()).item()


pooled = nn.Sequential(features, nn.MaxPool2d(2))
dense = nn.Sequential(nn.Flatten(), nn.Linear(32 * 32, 32 * 32),
                      nn.Unflatten(1, (1, 32, 32)))
shifts = range(10)
gaps = {"dense layer": [gap(dense, s) for s in shifts],
        "convolutions + pooling": [gap(pooled, s, 2) for s in shifts],
        "convolutions": [gap(features, s) for s in shifts]}
print(f"{'shift':22}", "".join(f"{s:5}" for s in shifts))
for name, values in gaps.items():
    print(f"{name:22}", "".join(f"{v:5.1f}" for v in values))
# --8<-- [end:measure]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="shifts")
for name, values in gaps.items():
    ax.plot(shifts, values, "o-", label=name)
    ax.annotate(name, (9, values[9]), xytext=(8, 0), va="center",
                textcoords="offset points", color=ax.lines[-1].get_color())
ax.set_xlabel("shift of the input (pixels)")
ax.set_ylabel("relative difference")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
with torch.no_grad():
    still = pooled(X)
    half = (still + shift(still, 1)) / 2  # moved by half a cell
    half_gap = ((pooled(shift(X, 1)) - half).norm() / half.norm()).item()
results = {
    "conv": max(gaps["convolutions"]),
    "pool_even": max(gaps["convolutions + pooling"][::2]),
    "pool_odd": min(gaps["convolutions + pooling"][1::2]),
    "pool_most": max(gaps["convolutions + pooling"]),
    "odd": gaps["convolutions + pooling"][1],
    "half": half_gap,
    "dense": min(gaps["dense layer"][1:]),
}
# --8<-- [end:results]
