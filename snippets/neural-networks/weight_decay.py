"""Weight decay is an L2 penalty for SGD, and something else for Adam."""
# --8<-- [start:two_weights]
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits

# W walkers, S networks side by side, B batch, D inputs, H hidden, C classes
LR, DECAY, W = 0.01, 0.1, 4000


def adam_l2(params, lr, decay):   # adds decay * w to the gradient
    return torch.optim.Adam(params, lr=lr, weight_decay=decay)


def adam_w(params, lr, decay):    # shrinks w by lr * decay, apart from that
    return torch.optim.AdamW(params, lr=lr, weight_decay=decay)


def sgd_l2(params, lr, decay):    # adds decay * w to the gradient
    return torch.optim.SGD(params, lr=lr, momentum=0.9, weight_decay=decay)


def left_over(make, sizes, steps):
    """Weights that start at 1 and get only noise as gradient: their mean"""
    torch.manual_seed(0)
    w = torch.ones(len(sizes), W, requires_grad=True)
    optimizer = make([w], LR, DECAY)
    path = [1.0 + 0 * sizes]
    for step in range(steps):
        w.grad = sizes[:, None] * torch.randn(len(sizes), W)
        optimizer.step()
        path.append(w.detach().mean(1))
    return torch.stack(path)


sizes = torch.tensor([10.0, 0.1])
paths = {make: left_over(make, sizes, 300) for make in (adam_w, adam_l2)}
print("mean weight after 300 steps     gradients of size 10     of size 0.1")
for make, path in paths.items():
    print(f"{make.__name__:22}{path[-1][0]:24.2f}{path[-1][1]:18.2f}")
print(f"(1 - rate * decay)^300 = {(1 - LR * DECAY)**300:.2f}")
# --8<-- [end:two_weights]

# --8<-- [start:data]
S, H = 5, 64
X, y = map(torch.tensor, load_digits(return_X_y=True))
X = X.float() / 16
torch.manual_seed(0)
rows = torch.stack([torch.randperm(1000)[:200] for _ in range(S)])
train_X, train_y = X[rows], y[rows]                    # (S, B, D), (S, B)
wrong = torch.rand(train_y.shape) < 0.2
train_y[wrong] = torch.randint(10, (int(wrong.sum()),))
valid_X, valid_y, test_X, test_y = X[1000:1397], y[1000:1397], X[1397:], \
    y[1397:]


def scores(params, X):
    return ((X @ params[0] + params[1]).relu() @ params[2]) + params[3]


@torch.no_grad()
def accuracy(params, X, y):
    return (scores(params, X).argmax(2) == y).float().mean(1)      # (S)
# --8<-- [end:data]

# --8<-- [start:train]
def start():
    torch.manual_seed(1)
    params = [torch.randn(S, 64, H) * (2 / 64)**0.5, torch.zeros(S, 1, H),
              torch.randn(S, H, 10) * (2 / H)**0.5, torch.zeros(S, 1, 10)]
    return [p.requires_grad_() for p in params]


def train(make, lr, decay, lengths=(150, 450)):
    """On all 200 examples at every step -> the weights after each length"""
    params, kept = start(), {}
    optimizer = make(params, lr, decay)
    for step in range(1, max(lengths) + 1):
        z = scores(params, train_X)
        loss = F.cross_entropy(z.flatten(0, 1), train_y.flatten())
        optimizer.zero_grad()
        (S * loss).backward()          # the sum of the networks' losses
        optimizer.step()
        if step in lengths:
            kept[step] = [p.detach().clone() for p in params]
    return kept
# --8<-- [end:train]

# --8<-- [start:compare]
trials = [("SGD, L2", sgd_l2, 0.1, [0.0, 0.01, 0.03, 0.1]),
          ("Adam, L2", adam_l2, 0.01, [0.0, 0.01, 0.03, 0.1]),
          ("AdamW", adam_w, 0.01, [0.0, 1.0, 3.0, 5.0, 10.0, 30.0])]
valid, test, best = {}, {}, {}
for name, make, lr, decays in trials:
    for decay in decays:
        for steps, params in train(make, lr, decay).items():
            key = name, steps, decay
            valid[key] = accuracy(params, valid_X, valid_y).mean().item()
            test[key] = accuracy(params, test_X, test_y)
print("                    test accuracy, mean of 5, at each decay")
for steps in (150, 450):
    for name, make, lr, decays in trials:
        best[name, steps] = max(
            decays, key=lambda decay: valid[name, steps, decay])
        print(f"{name:9}{steps:4} steps  " + "  ".join(
            f"{decay:g}: {test[name, steps, decay].mean():.3f}"
            for decay in decays) + f"  best {best[name, steps]:g}")
# --8<-- [end:compare]

# --8<-- [start:draw]
fig, axes = plt.subplots(1, 2, num="decay", figsize=(6.4, 2.9), sharey=True)
for ax, make, title in zip(axes, paths, ("AdamW", "Adam with L2")):
    for i, (name, style) in enumerate([("gradients of size 10", "-"),
                                       ("of size 0.1", "--")]):
        ax.plot(paths[make][:, i], style, color=f"C{i}")
    ax.set(title=title, xlabel="step", ylim=(0, 1.1))
axes[0].set_ylabel("mean of weights that start at 1")
axes[0].annotate("both sizes", (150, 0.93), color="C0")
axes[1].annotate("gradients of size 10", (80, 1.03), color="C0")
axes[1].annotate("of size 0.1", (165, 0.36), color="C1")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
ends = {make.__name__: path[-1].tolist() for make, path in paths.items()}
results = {"ends": ends, "factor": (1 - LR * DECAY)**300, "best": {}}
for (name, steps), decay in best.items():
    runs = test[name, steps, decay]
    results["best"][f"{name}, {steps}"] = {
        "decay": decay, "runs": runs.tolist(), "mean": runs.mean().item(),
        "gain": (runs - test[name, steps, 0.0]).tolist()}
# --8<-- [end:results]
