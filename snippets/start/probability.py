"""Probability, in the amounts that this book uses."""
# --8<-- [start:dice]
import math

import matplotlib.pyplot as plt
import torch
from sklearn.datasets import load_digits

torch.set_default_dtype(torch.float64)
torch.manual_seed(0)
faces = torch.arange(1.0, 7.0)
mean = (faces / 6).sum().item()                       # 3.5
variance = ((faces - mean)**2 / 6).sum().item()       # 35/12
throws = torch.randint(1, 7, (2000, 1000)).double()   # 2000 times 1000
running = throws.cumsum(1) / torch.arange(1, 1001)
for N in (10, 100, 1000):
    print(f"mean of {N:4} throws: spread {running[:, N - 1].std():.4f}, "
          f"sigma / sqrt(N) {math.sqrt(variance / N):.4f}")
# --8<-- [end:dice]

# --8<-- [start:bayes]
prior = torch.tensor([0.99, 0.01])          # healthy, ill
positive = torch.tensor([0.05, 0.95])       # p(positive | each of them)
joint = prior * positive                    # p(positive and each of them)
posterior = joint / joint.sum()
print(f"p(positive) {joint.sum():.4f}, p(ill | positive) "
      f"{posterior[1]:.3f}")
people = torch.rand(1_000_000)
ill = people < 0.01
tested = torch.rand(1_000_000) < torch.where(ill, 0.95, 0.05)
counted = (ill & tested).sum().item() / tested.sum().item()
print(f"counted among a million: {counted:.3f}")
# --8<-- [end:bayes]

# --8<-- [start:gaussian]
def density(x, mu, sigma):
    return (torch.exp(-0.5 * ((x - mu) / sigma)**2)
            / (sigma * math.sqrt(2 * math.pi)))


grid = torch.linspace(-8, 8, 16001)
area = torch.trapezoid(density(grid, 0, 1), grid).item()
inside = {k: torch.trapezoid(density(grid, 0, 1) * (grid.abs() <= k),
                             grid).item() for k in (1, 2, 3)}
print(f"area {area:.6f}; within 1, 2, 3 standard deviations: "
      + ", ".join(f"{share:.4f}" for share in inside.values()))
# --8<-- [end:gaussian]

# --8<-- [start:covariance]
A = torch.tensor([[1.5, 0.0], [0.8, 0.6]])
noise = torch.randn(100_000, 2)             # independent, variance 1
points = noise @ A.T + torch.tensor([1.0, 2.0])       # (N, 2)
centred = points - points.mean(0)
covariance = centred.T @ centred / len(points)        # (2, 2)
should = A @ A.T
r = (covariance[0, 1] / (covariance[0, 0] * covariance[1, 1]).sqrt()).item()
print("covariance", [[round(v, 2) for v in row]
                     for row in covariance.tolist()],
      " A A^T", [[round(v, 2) for v in row] for row in should.tolist()],
      f" correlation {r:.2f}")
# --8<-- [end:covariance]

# --8<-- [start:pca]
digits = load_digits()
X = torch.tensor(digits.data) / 16                    # (N, D) = (1797, 64)
centred = X - X.mean(0)
cov = centred.T @ centred / len(X)                    # (64, 64)
values = torch.linalg.eigvalsh(cov).flip(0)           # largest first
S, Vh = torch.linalg.svd(centred, full_matrices=False)[1:]
two_ways = (S**2 / len(X) - values).abs().max().item()
codes = centred @ Vh[:2].T                            # (N, D) -> (N, 2)
share = values.cumsum(0) / values.sum()
print(f"eigenvalues against squared singular values: {two_ways:.0e}")
print("share of the variance in 1, 2, 10, 30 components: "
      + ", ".join(f"{share[k - 1]:.2f}" for k in (1, 2, 10, 30)))
# --8<-- [end:pca]

# --8<-- [start:search]
def climb(seed, steps=1000):
    """Look for the direction of largest variance step by step."""
    torch.manual_seed(seed)
    v = torch.randn(64, requires_grad=True)
    for _ in range(steps):
        variance = (centred @ (v / v.norm())).square().mean()
        v.grad = None
        variance.backward()
        with torch.no_grad():
            v += 10 * v.grad                          # uphill
    return variance.item()


first = codes[:, 0].square().mean().item()
climbed = [climb(seed) for seed in range(3)]
pixel = centred.square().mean(0).max().item()
_, _, uncentred = torch.linalg.svd(X, full_matrices=False)
wrong = (centred @ uncentred[0]).square().mean().item()
towards = (uncentred[0] @ X.mean(0) / X.mean(0).norm()).abs().item()
print(f"variance along the first component {first:.4f}, by search "
      f"{min(climbed):.4f} - {max(climbed):.4f}")
print(f"of the best pixel {pixel:.4f}, along the first direction "
      f"without centring {wrong:.4f}")
# --8<-- [end:search]

# --8<-- [start:likelihood]
tosses = torch.tensor([1, 0, 1, 1, 0, 1, 1, 1, 0, 1])  # 7 heads of 10
theta = torch.linspace(0.001, 0.999, 999)
log_likelihood = (tosses.sum() * theta.log()
                  + (1 - tosses).sum() * (1 - theta).log())
best = theta[log_likelihood.argmax()].item()
print(f"most likely theta {best:.3f}")
heights = torch.tensor([1.62, 1.75, 1.71, 1.80])
mu = torch.linspace(1.5, 1.9, 401)
squares = (heights[:, None] - mu).square().sum(0)
minus_log = -density(heights[:, None], mu, 0.1).log().sum(0)
print(f"fewest squares at {mu[squares.argmin()]:.3f}, most likely at "
      f"{mu[minus_log.argmin()]:.3f}, mean {heights.mean():.3f}")
# --8<-- [end:likelihood]

# --8<-- [start:entropy]
p = torch.tensor([1 / 2, 1 / 4, 1 / 8, 1 / 8])
q = torch.tensor([1 / 8, 1 / 8, 1 / 4, 1 / 2])
sure = torch.tensor([0.97, 0.01, 0.01, 0.01])


def cross_entropy(p, q):
    return -(p * q.log2()).sum().item()


def kl(p, q):
    return (p * (p / q).log2()).sum().item()


print(f"entropy {cross_entropy(p, p)}, cross-entropy {cross_entropy(p, q)}"
      f", KL {kl(p, q)} bits")
print(f"KL(p || sure) {kl(p, sure):.3f}, KL(sure || p) {kl(sure, p):.3f}")
torch.manual_seed(0)
draw = torch.rand(2, 10_000, 4)
P, Q = draw / draw.sum(2, keepdim=True)               # (10000, 4) each
many = (P * (P / Q).log2()).sum(1)
print(f"10,000 random pairs: KL from {many.min():.1e} to {many.max():.1f}")
# --8<-- [end:entropy]

# --8<-- [start:product]
probabilities = torch.rand(1000, dtype=torch.float32)
product = probabilities.prod().item()
logs = probabilities.log().sum().item()
print(f"product of 1000 probabilities {product}, sum of logs {logs:.1f}")
# --8<-- [end:product]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="running", figsize=(6.4, 2.8))
N = torch.arange(1, 1001)
for path, style in zip(running[:5], ("-", "--", "-.", ":", "-")):
    ax.plot(N, path, style, lw=1.5)
for sign in (-2, 2):
    ax.plot(N, mean + sign * (variance / N).sqrt(), color="#24292f", lw=1)
ax.set(xscale="log", xlabel="number of throws $N$", ylim=(0.8, 6.2),
       ylabel="mean so far")
ax.annotate(r"$3.5 \pm 2\sigma / \sqrt{N}$", (14, 4.6))

fig, ax = plt.subplots(num="cloud", figsize=(4.6, 3.4))
ax.plot(*points[:400].T, ".", color="C6", ms=3, alpha=0.6)
values_, axes_ = torch.linalg.eigh(covariance)
t = torch.linspace(0, 2 * math.pi, 200)
ring = torch.stack([t.cos(), t.sin()], 1) * values_.sqrt() @ axes_.T
for k, style in [(1, "-"), (2, "--")]:
    ax.plot(*(k * ring + points.mean(0)).T, style, color="C0", lw=1.4)
for k in range(2):
    tip = points.mean(0) + axes_[:, k] * values_[k].sqrt()
    ax.annotate("", tip, points.mean(0), arrowprops={
        "arrowstyle": "-|>", "color": "C1", "lw": 2, "shrinkA": 0,
        "shrinkB": 0})
ax.set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal")

fig, ax = plt.subplots(num="plane", figsize=(6.4, 4.2))
for digit, color in zip((0, 1, 3, 4, 6), ("C0", "C1", "C2", "C3", "C7")):
    ax.plot(*codes[digits.target == digit][:60].T, ls="", ms=7, mew=0,
            marker=f"${digit}$", color=color)
ax.set(xlim=(-2.2, 2.2), ylim=(-2.0, 2.1), xlabel="first component",
       ylabel="second component")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"mean": mean, "variance": variance,
           "spread": [running[:, N - 1].std().item()
                      for N in (10, 100, 1000)],
           "posterior": posterior[1].item(), "counted": counted, "best": best,
           "positive": joint.sum().item(), "r": r, "inside": inside,
           "share_2": share[1].item(), "share_10": share[9].item(),
           "first": first, "pixel": pixel, "wrong": wrong,
           "towards": towards, "logs": logs, "product": product,
           "entropy": cross_entropy(p, p), "cross": cross_entropy(p, q),
           "kl": kl(p, q), "p_sure": kl(p, sure), "sure_p": kl(sure, p)}
# --8<-- [end:results]
