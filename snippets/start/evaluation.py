"""Using a network: its two modes, with and without a record, on a file."""
# --8<-- [start:dropout]
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from torch import nn

torch.manual_seed(0)
X = torch.rand(1400, 1) * 4 - 2
y = torch.sin(2 * X[:, 0]) + 0.2 * torch.randn(1400)
train_X, test_X = X[:400], X[400:]
train_y, test_y = y[:400], y[400:]


def network(seed):
    """Dropout sets each hidden unit to 0 with probability 0.2."""
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(1, 64), nn.Tanh(), nn.Dropout(0.2),
                         nn.Linear(64, 1), nn.Flatten(0))  # (B, 1) -> (B)


def train(seed, steps=3000):
    model = network(seed)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.03)
    for step in range(steps):
        rows = torch.randint(len(train_X), (20,))
        loss = (model(train_X[rows]) - train_y[rows]).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model
# --8<-- [end:dropout]

# --8<-- [start:modes]
models = [train(seed) for seed in range(3)]
errors, same, records = {}, {}, {}
for mode in ("train", "eval"):
    for record in ("with record", "no_grad"):
        key, errors[mode, record] = (mode, record), []
        with torch.set_grad_enabled(record == "with record"):
            for model in models:
                model.train(mode == "train")      # model.eval() if not
                once, twice = model(test_X), model(test_X)
                errors[key].append((once - test_y).square().mean().item())
        same[key] = torch.equal(once, twice)
        records[key] = once.requires_grad
        print(f"{mode:6}{record:12} same answer twice: {same[key]!s:6} "
              f"remembers: {records[key]!s:6} error "
              f"{min(errors[key]):.3f} - {max(errors[key]):.3f}")
# --8<-- [end:modes]

# --8<-- [start:averages]
with torch.no_grad():
    squares = (models[0](test_X) - test_y).square()[:201]
exact = squares.mean().item()
by_batches, by_counts = {}, {}
print(f"exact {exact:.4f}\nbatch size   mean of batch means    "
      "sum / count   (in five orders)")
for size in (201, 100, 67, 50, 20):
    by_batches[size], by_counts[size] = [], []
    for seed in range(5):
        torch.manual_seed(seed)
        batches = squares[torch.randperm(201)].split(size)
        means = [batch.mean().item() for batch in batches]
        by_batches[size].append(sum(means) / len(means))   # a vote a batch
        total = sum(batch.sum().item() for batch in batches)
        by_counts[size].append(total / 201)            # a vote an example
    print(f"{size:10d}" + "".join(f"{min(v):11.4f} - {max(v):.4f}"
                                  for v in (by_batches[size],
                                            by_counts[size])))
roots = [batch.mean().sqrt().item() for batch in squares.split(67)]
of_roots, root = sum(roots) / len(roots), exact**0.5
print(f"root mean square, equal batches: mean of roots {of_roots:.4f}, "
      f"root of mean {root:.4f}")
# --8<-- [end:averages]

# --8<-- [start:save]
model = models[0].eval()
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "curve.pt"
    torch.save(model.state_dict(), path)
    file_size = path.stat().st_size
    fresh = network(seed=99)
    before = (fresh(test_X) - model(test_X)).abs().max().item()
    fresh.load_state_dict(torch.load(path, weights_only=True))
forgotten = (fresh(test_X) - model(test_X)).abs().max().item()
fresh.eval()                        # a new module is in training mode
after = (fresh(test_X) - model(test_X)).abs().max().item()
print("names:", list(model.state_dict()), f" {file_size:,} bytes")
print(f"difference before loading {before:.3f}, loaded {forgotten:.3f}, "
      f"and with eval {after:.3f}")
# --8<-- [end:save]

# --8<-- [start:device]
device = "cuda" if torch.cuda.is_available() else "cpu"
model.to(device)                            # moves the parameters
prediction = model(test_X.to(device)).cpu()  # moves the data there and back
print("ran on", device)
# --8<-- [end:device]

# --8<-- [start:draw]
fig, axes = plt.subplots(1, 2, num="modes", figsize=(6.4, 2.9), sharey=True)
line = torch.linspace(-2, 2, 200)[:, None]
for ax, mode in zip(axes, ("train", "eval")):
    model.train(mode == "train")
    for call in range(4):
        with torch.no_grad():
            ax.plot(line, model(line), color="C0", lw=0.9)
    ax.plot(line, torch.sin(2 * line), "--", color="C1", lw=1.6)
    ax.set(title=f"model.{mode}(), four calls", xlabel="$x$")
axes[0].set_ylabel("answer")
axes[1].annotate("true curve", (-0.6, -1.15), color="C1", ha="center",
                 va="top")
axes[0].set_ylim(-1.7, 1.7)
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"train": sum(errors["train", "no_grad"]) / 3,
           "eval": sum(errors["eval", "no_grad"]) / 3, "before": before,
           "forgotten": forgotten, "after": after, "size": file_size,
           "exact": exact, "low": min(by_batches[100]),
           "high": max(by_batches[100]), "of_roots": of_roots,
           "root": root}
# --8<-- [end:results]
