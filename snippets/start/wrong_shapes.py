"""Two wrong shapes that raise no error: what they do, and how to see it."""
# --8<-- [start:pairs]
import matplotlib.pyplot as plt
import torch

torch.manual_seed(0)
target = torch.randn(8)                 # (B)
prediction = target[:, None].clone()    # (B, 1), and perfect
pairs = (prediction - target).square()  # (B, 1) - (B) -> (B, B)
print("shape", tuple(pairs.shape), f"loss {pairs.mean():.3f}")
cured = (prediction.squeeze(1) - target).square()
print("shape", tuple(cured.shape), f"  loss {cured.mean():.3f}")
# --8<-- [end:pairs]

# --8<-- [start:move]
def move(cure, steps=30, lr=1.0):
    """Predictions that start at 2 and walk down the loss."""
    p = torch.full((8, 1), 2.0, requires_grad=True)
    path = [p.detach().clone()]
    for step in range(steps):
        difference = (p.squeeze(1) if cure else p) - target
        loss = difference.square().mean()
        p.grad = None
        loss.backward()
        with torch.no_grad():
            p -= lr * p.grad
        path.append(p.detach().clone())
    return torch.stack(path).squeeze(2), loss.item()  # (steps + 1, B)


paths, ends = {}, {}
for name, cure in [("(B, 1) - (B)", False), ("(B) - (B)", True)]:
    paths[name], ends[name] = move(cure)
    print(f"{name:13} last loss {ends[name]:.4f}, predictions from "
          f"{paths[name][-1].min():.3f} to {paths[name][-1].max():.3f}")
spread = (target - target.mean()).square().mean().item()
print(f"targets: from {target.min():.3f} to {target.max():.3f}, "
      f"mean {target.mean():.3f}, variance {spread:.4f}")
# --8<-- [end:move]

# --8<-- [start:table]
scores = torch.tensor([[3.0, 1.0, 0.0], [3.0, 2.0, 0.0]])  # (B, C)
right, wrong = scores.softmax(1), scores.softmax(0)
for name, q in [("softmax(1)", right), ("softmax(0)", wrong)]:
    print(name, " rows:", [[f"{number:.2f}" for number in row] for row in q],
          " rows sum to", [f"{row.sum():.2f}" for row in q])
# --8<-- [end:table]

# --8<-- [start:classifier]
from sklearn.datasets import load_digits

digits = load_digits()
X = torch.tensor(digits.images).float().reshape(-1, 64) / 16
y = torch.tensor(digits.target)
train_X, train_y, test_X, test_y = X[:1000], y[:1000], X[1000:], y[1000:]
means = torch.stack([train_X[train_y == c].mean(0) for c in range(10)])
scores = -(test_X[:, None] - means).square().sum(2)       # (B, C)


def accuracy(dim, batch_size, seed):
    """Share of right answers when the test digits come in batches."""
    torch.manual_seed(seed)
    order = torch.randperm(len(test_y))
    answers = [scores[rows].softmax(dim).argmax(1)
               for rows in order.split(batch_size)]
    return (torch.cat(answers) == test_y[order]).float().mean().item()
# --8<-- [end:classifier]

# --8<-- [start:batches]
sizes = [1, 2, 5, 20, 100, len(test_y)]
table = {dim: [[accuracy(dim, size, seed) for seed in range(5)]
               for size in sizes] for dim in (1, 0)}
print("accuracy, worst - best of five orders\n"
      "batch size   softmax(1)       softmax(0)")
for i, size in enumerate(sizes):
    print(f"{size:10d}" + "".join(
        f"{min(table[dim][i]):8.3f} - {max(table[dim][i]):.3f}"
        for dim in (1, 0)))
# --8<-- [end:batches]

# --8<-- [start:draw]
fig, axes = plt.subplots(1, 2, num="moves", figsize=(6.4, 3.0), sharey=True)
for ax, (name, path) in zip(axes, paths.items()):
    ax.plot(path, color="C0", lw=1.2)
    ax.plot([30] * 8, target, "o", color="C1", ms=5, clip_on=False)
    ax.set(title=name, xlabel="step", xlim=(0, 30))
axes[0].set_ylabel("value")
axes[0].axhline(target.mean(), ls=":", color="#24292f", lw=1.2)
axes[0].annotate("mean of the targets", (29, target.mean() - 0.15),
                 ha="right", va="top")
axes[0].annotate("targets", (28.5, target.max()), color="C1", ha="right",
                 va="center")
axes[0].annotate("all 8 predictions", (3.5, 1.3), color="C0")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"spread": spread, "sizes": sizes, "ends": list(ends.values()),
           "alone": max(table[0][0]), "whole": table[0][-1][0],
           "right": table[1][0][0], "perfect": pairs.mean().item(),
           "five": max(table[0][2]), "mean": target.mean().item()}
# --8<-- [end:results]
