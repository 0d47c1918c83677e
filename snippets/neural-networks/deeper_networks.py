"""Plain and residual networks of 6 to 50 layers, trained side by side."""
# --8<-- [start:block]
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn


class Block(nn.Module):
    """x + f(x), where f normalises, bends, and takes weighted sums."""

    def __init__(self, H):
        super().__init__()
        self.norm = nn.LayerNorm(H)
        self.linear = nn.Linear(H, H)

    def forward(self, x):
        return x + self.linear(F.relu(self.norm(x)))
# --8<-- [end:block]

# --8<-- [start:data]
# B batch, H units in each layer, N networks at once
H, seeds = 32, 3
torch.manual_seed(0)
X, y = map(torch.tensor, load_digits(return_X_y=True))
order = torch.randperm(len(X))
X, y = X[order].float() / 16, y[order]
X = (X - X[:1000].mean(0)) / (X[:1000].std(0) + 0.1)
train_X, train_y = X[:1000], y[:1000]
parts = {"validation": slice(1000, 1400), "test": slice(1400, None)}


def start(depth, copies=1, size=1.0, identity=False):
    """Weights of N = seeds * copies networks; each seed comes `copies` times.

    size: factor on He's weights; identity: 1 added to the diagonals
    """
    torch.manual_seed(1)
    shapes = [(64, H)] + [(H, H)] * (depth - 2) + [(H, 10)]
    weights = [torch.randn(seeds, *s) * (2 / s[0])**0.5 for s in shapes]
    for w in weights[1:-1]:
        w.mul_(size).add_(torch.eye(H) if identity else 0)
    weights = [w.repeat_interleave(copies, 0) for w in weights]  # (N, in, out)
    return [torch.stack(w).requires_grad_() for w in (
        weights[:1], weights[1:-1], weights[-1:])]
# --8<-- [end:data]

# --8<-- [start:forward]
def normalise(h, norm, n):
    """n: how many rows, the first ones, give the batch's statistics."""
    if norm == "layer":
        return F.layer_norm(h, (H,))
    if norm == "batch":
        mean = h[:, :n].mean(1, keepdim=True)
        var = h[:, :n].var(1, keepdim=True, unbiased=False)
        return (h - mean) / (var + 1e-5).sqrt()
    return h


def forward(weights, x, shortcut, norm, n=None, kept=None):
    """x (N, B, 64) -> logits (N, B, 10); the shortcut's factor 0 is plain."""
    first, middle, last = weights
    h = x @ first[0]  # (N, B, H)
    for w in middle:
        new = F.relu(normalise(h, norm, n)) @ w
        h = shortcut * h + new if shortcut else new
        if kept is not None:
            h.retain_grad()
            kept.append(h)
    return F.relu(normalise(h, norm, n)) @ last[0]
# --8<-- [end:forward]

# --8<-- [start:check]
weights = start(6)
block = Block(H)
nn.init.zeros_(block.linear.bias)
with torch.no_grad():
    h = train_X[:50] @ weights[0][0, 0]
    for w in weights[1][:, 0]:  # the first network's layers
        block.linear.weight.copy_(w.T)
        h = block(h)
    modules = F.relu(block.norm(h)) @ weights[2][0, 0]
    ours = forward(weights, train_X[:50].expand(seeds, -1, -1), 1, "layer")
check = (modules - ours[0]).abs().max().item()
print(f"largest difference from the module: {check:.0e}")
# --8<-- [end:check]

# --8<-- [start:signals]
kinds = {"plain": {}, "plain, layer norm": {"norm": "layer"},
         "plain, batch norm": {"norm": "batch"},
         "plain, near identity": {"size": 0.1, "identity": True},
         "residual": {"shortcut": 1},
         "residual, small start": {"shortcut": 1, "size": 0.1},
         "residual, layer norm": {"shortcut": 1, "norm": "layer"},
         "residual, batch norm": {"shortcut": 1, "norm": "batch"},
         "shortcut times 0.9": {"shortcut": 0.9, "norm": "layer"}}


def at_start(shortcut=0, norm=None, **options):
    kept, rows = [], train_X[:200].expand(seeds, -1, -1)
    z = forward(start(50, **options), rows, shortcut, norm, 200, kept)
    F.cross_entropy(z.flatten(0, 1), train_y[:200].repeat(seeds)).backward()
    size = [h.detach().square().mean().sqrt().item() for h in kept]
    back = [h.grad.square().mean().sqrt().item() for h in kept]
    unit = F.normalize(kept[-1].detach(), dim=2)
    pairs = (unit @ unit.mT).mean((1, 2))  # cosines, mean of all pairs
    return {"size": size, "back": back, "growth": size[-1] / size[0],
            "growth_back": back[0] / back[-1], "likeness": pairs.tolist()}


signals = {name: at_start(**kind) for name, kind in kinds.items()}
print("50 layers at the start activations  gradients     likeness")
for name, row in signals.items():
    low, high = min(row["likeness"]), max(row["likeness"])
    print(f"{name:22}{row['growth']:12.1e}{row['growth_back']:11.1e}"
          f"{low:9.2f}-{high:.2f}")
# --8<-- [end:signals]

# --8<-- [start:training]
def train(depth, shortcut=0, norm=None, steps=100, batch=32,
          rates=(0.001, 0.003), **options):
    """Test accuracies of the seeds, at the better rate for validation."""
    N = seeds * len(rates)
    weights = start(depth, len(rates), **options)
    lr = torch.tensor(rates).repeat(seeds).reshape(N, 1, 1)
    m, v = ([torch.zeros_like(w) for w in weights] for _ in range(2))
    for step in range(1, steps + 1):
        rows = torch.randint(1000, (seeds, batch))
        rows = rows.repeat_interleave(len(rates), 0)  # (N, B)
        z = forward(weights, train_X[rows], shortcut, norm, batch)
        loss = F.cross_entropy(z.flatten(0, 1), train_y[rows].flatten())
        gradients = torch.autograd.grad(N * loss, weights)
        with torch.no_grad():  # Adam, written out: each network has its rate
            for w, g, m_w, v_w in zip(weights, gradients, m, v):
                m_w.lerp_(g, 0.1)
                v_w.lerp_(g.square(), 0.01)
                w -= lr * (m_w / (1 - 0.9**step)) / (
                    (v_w / (1 - 0.99**step)).sqrt() + 1e-8)
    with torch.no_grad():  # training digits give the batch's statistics
        z = forward(weights, X.expand(N, -1, -1), shortcut, norm, 1000)
    right = (z.argmax(2) == y).float().reshape(seeds, len(rates), -1)
    valid, test = (right[:, :, rows].mean(2) for rows in parts.values())
    best = valid.mean(0).argmax()
    return {"test": test[:, best].tolist(), "lr": rates[best]}
# --8<-- [end:training]

# --8<-- [start:depths]
depths, runs = (6, 18, 50), {}
print("test accuracy after 100 steps        rate    worst - best seed")
for name, kind in kinds.items():
    for depth in depths:
        if depth == 50 or name in ("plain", "residual, layer norm"):
            row = runs[name, depth] = train(depth, **kind)
            print(f"{name + ',':23}{depth:3} layers{row['lr']:9}"
                  f"{min(row['test']):10.3f} - {max(row['test']):.3f}")
# --8<-- [end:depths]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="depths")
for name, mark, place in [("plain", "s--", (30, 0.48)),
                          ("residual, layer norm", "o-", (22, 0.96))]:
    scores = torch.tensor([runs[name, depth]["test"] for depth in depths])
    [line] = ax.plot(depths, scores.mean(1), mark, ms=0)
    for depth, row in zip(depths, scores):
        ax.plot([depth] * seeds, row, mark[0], ms=5, color=line.get_color())
    ax.annotate(name, place, color=line.get_color())
ax.axhline(0.1, ls=":", color="C6")
ax.annotate("guessing", (6, 0.04), color="C6")
ax.set(xlabel="layers", ylabel="accuracy on test digits", ylim=(0, 1.03),
       xticks=depths)

fig, axes = plt.subplots(1, 2, num="signals", figsize=(6.4, 3.2),
                         sharey=True, layout="constrained")
for ax, way, title in zip(axes, ("size", "back"), (
        "activations", "gradients")):
    for i, (name, style) in enumerate([
            ("plain", "-"), ("plain, batch norm", ":"), ("residual", "--"),
            ("residual, layer norm", "-.")]):
        values = torch.tensor(signals[name][way])
        values = values / values[0 if way == "size" else -1]
        ax.plot(range(1, 49), values, style, color=f"C{i}", lw=1.8)
        if way == "size":
            ax.plot([], [], style, color=f"C{i}", label=name)
    ax.set(yscale="log", ylim=(0.1, 1e9), xlabel="block", title=title)
axes[0].set_ylabel("size, against the end it starts from")
axes[0].legend(loc="upper left", frameon=False, labelspacing=0.25,
               handlelength=1.8, reverse=True)
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
fifty = {name: runs[name, 50]["test"] for name in kinds}
short = {name: name.replace(",", "").replace(" ", "_").replace(".", "_")
         for name in kinds}
results = {"check": check, "fifty": fifty,
           "signals": {short[name]: row for name, row in signals.items()},
           "mean": {f"{short[name]}_{depth}": sum(row["test"]) / seeds
                    for (name, depth), row in runs.items()}}
# --8<-- [end:results]
