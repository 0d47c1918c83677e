"""A larger run: small steps added up, short numbers, recomputed layers."""
# --8<-- [start:accumulate]
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
X, y = torch.randn(96, 20).to(device), torch.randint(5, (96,)).to(device)


def make(normed=False):
    torch.manual_seed(1)
    return nn.Sequential(
        nn.Linear(20, 50), nn.BatchNorm1d(50) if normed else nn.Tanh(),
        nn.Linear(50, 5)).to(device)


def gradient(model, sizes, weighted=True):
    """Go through the batch in parts, one backward pass each, and add up."""
    parts = zip(X.split(sizes), y.split(sizes))
    for part_X, part_y in parts:
        share = len(part_X) / len(X) if weighted else 1 / len(sizes)
        (share * F.cross_entropy(model(part_X), part_y)).backward()
    return torch.cat([p.grad.flatten() for p in model.parameters()])


whole = gradient(make(), [96])
accumulated = {
    "equal parts": gradient(make(), [24] * 4) - whole,
    "unequal parts": gradient(make(), [60, 24, 12]) - whole,
    "unequal, not weighted": gradient(make(), [60, 24, 12], False) - whole,
    "batch norm": gradient(make(True), [24] * 4) - gradient(make(True), [96])}
accumulated = {name: gap.abs().max().item()
               for name, gap in accumulated.items()}
for name, gap in accumulated.items():
    print(f"{name:22} largest difference {gap:.0e}")
# --8<-- [end:accumulate]

# --8<-- [start:numbers]
formats = {"float32": torch.float32, "float16": torch.float16,
           "bfloat16": torch.bfloat16}
limits = {}
for name, dtype in formats.items():
    info = torch.finfo(dtype)
    ones = torch.tensor(0, dtype=dtype)
    for _ in range(5000):
        ones = ones + 1           # a running sum, rounded at each step
    update = (torch.tensor(1, dtype=dtype) + 1e-3).item() - 1
    limits[name] = {"step": info.eps, "smallest": info.smallest_normal,
                    "largest": info.max, "sum": ones.item(),
                    "update": update}
    print(f"{name:9}step {info.eps:.1e}, smallest "
          f"{info.smallest_normal:.0e}, largest {info.max:.0e}, "
          f"5000 ones: {ones.item():.0f}, 1 + 0.001 = "
          f"{1 + update:.4f}")
tiny = torch.tensor(2e-8)         # a gradient that float16 cannot hold
scaled = (tiny * 2**16).to(torch.float16).float() / 2**16
lost = tiny.to(torch.float16).item()
print(f"2e-8 in float16: {lost:.0e}; multiplied by 2^16 before and divided "
      f"after: {scaled.item():.1e}")
# --8<-- [end:numbers]

# --8<-- [start:mixed]
def train(how, lr=0.005, steps=400):
    """Fit a line whose weights are near 1, with small steps."""
    torch.manual_seed(2)
    inputs = torch.randn(256, 10, device=device)
    goal = inputs @ torch.full((10, 1), 1.02, device=device)
    w = torch.ones(10, 1, device=device,
                   dtype=torch.bfloat16 if how == "bfloat16" else None)
    errors = []
    for step in range(steps):
        w.requires_grad_()
        short = how == "mixed"
        with torch.autocast(device, torch.bfloat16, enabled=short):
            guess = inputs.to(w.dtype) @ w
        loss = (guess.float() - goal).square().mean()
        grad, = torch.autograd.grad(loss, w)
        w = (w - lr * grad).detach()
        errors.append((w.float() - 1.02).abs().mean().item())
    return errors


fits = {how: train(how) for how in ("float32", "mixed", "bfloat16")}
for how, errors in fits.items():
    print(f"{how:9} distance of the weights from the goal: "
          f"{errors[0]:.4f} -> {errors[-1]:.4f}")
# --8<-- [end:mixed]

# --8<-- [start:recompute]
depth, width = 36, 64
torch.manual_seed(3)
layers = nn.ModuleList(nn.Sequential(nn.Linear(width, width), nn.Tanh())
                       for _ in range(depth))
batch = torch.randn(32, width)


def group(x, first, every):
    for layer in layers[first:first + every]:
        x = layer(x)
    return x


def backward(every):
    """Keep only what enters each group; run a group again on the way back.

    -> gradient of the input, most activations kept at once
    """
    firsts, inputs = list(range(0, depth, every)), [batch]
    with torch.no_grad():
        for first in firsts:
            inputs.append(group(inputs[-1], first, every))
    output = inputs.pop()
    grad = 2 * output / output.numel()    # of the mean of the squares
    kept = len(inputs) + every            # and those of one group
    for first, x in zip(reversed(firsts), reversed(inputs)):
        x.requires_grad_()
        grad, = torch.autograd.grad(group(x, first, every), x, grad)
        x.requires_grad_(False)
    return grad, kept
# --8<-- [end:recompute]


# --8<-- [start:memory]
x = batch.clone().requires_grad_()
plain, = torch.autograd.grad(group(x, 0, depth).square().mean(), x)
h = x
for first in range(0, depth, 6):          # PyTorch's own
    h = checkpoint(group, h, first, 6, use_reentrant=False)
theirs, = torch.autograd.grad(h.square().mean(), x)
memory = {}
for every in (1, 2, 3, 4, 6, 9, 12, 18, 36):
    grad, kept = backward(every)
    off = (grad - plain).abs().max() / plain.abs().max()
    memory[every] = {"kept": kept, "gap": off.item()}
    print(f"groups of {every:2}: {kept:2} activations kept at once in place "
          f"of {depth}, gradient off by {memory[every]['gap']:.0e}")
# --8<-- [end:memory]

# --8<-- [start:draw]
fig, axes = plt.subplots(1, 2, num="scale", figsize=(6.8, 2.8))
for (how, errors), look in zip(fits.items(), ("-", "--", ":")):
    axes[0].plot(errors, look, label=how, lw=2)
axes[0].set(xlabel="step", ylabel="distance from the goal", yscale="log")
axes[0].legend()
axes[1].plot(list(memory), [row["kept"] for row in memory.values()], "o-")
axes[1].axhline(depth, ls=":", color="C6", lw=1)
axes[1].annotate("all kept", (5, depth + 0.5), va="bottom", color="C6")
axes[1].set(xlabel="layers in a group", ylabel="activations kept",
            ylim=(0, 43), xscale="log", xticks=(1, 6, 36))
axes[1].set_xticks([], minor=True)
axes[1].set_xticklabels(["1", "6", "36"])
plt.show()
# --8<-- [end:draw]

# --8<-- [start:cost]
def operations(parameters, tokens):
    """Floating-point operations to train on so many tokens."""
    return 6 * parameters * tokens


best, reached = 312e12, 0.4      # operations a second of a card; a share
cost = {}
for name, parameters, tokens in [("a model of this book", 1e5, 3e6),
                                 ("a hundred times both", 1e7, 3e8),
                                 ("GPT-3", 175e9, 300e9),
                                 ("Chinchilla", 70e9, 1.4e12)]:
    total = operations(parameters, tokens)
    core, card = total / 2e10 / 3600, total / (reached * best) / 3600
    cost[name] = {"operations": total, "core": core, "card": card}
    print(f"{name:21} {total:.1e} operations: {core:.1e} hours at 2e10 a "
          f"second, {card:.1e} on a card")
# --8<-- [end:cost]

# --8<-- [start:results]
def key(name):
    return name.replace(",", "").replace(" ", "_").replace("-", "_")


results = {"accumulated": {key(n): gap for n, gap in accumulated.items()},
           "limits": limits, "lost": lost, "scaled": scaled.item(),
           "card_at_best": best, "reached": reached,
           "fits": {how: errors[-1] for how, errors in fits.items()},
           "memory": {str(k): row for k, row in memory.items()},
           "theirs": ((theirs - plain).abs().max()
                      / plain.abs().max()).item(), "depth": depth,
           "month": cost["GPT-3"]["card"] / 1000 / 24,  # days of 1000 cards
           "cost": {key(name): row for name, row in cost.items()}}
# --8<-- [end:results]
