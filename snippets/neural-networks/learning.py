"""Backpropagation written out by hand, checked, and used to read digits."""
# --8<-- [start:data]
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits

# B batch, D inputs, H hidden units, C classes
torch.set_default_dtype(torch.float64)
torch.manual_seed(0)
X, y = map(torch.tensor, load_digits(return_X_y=True))
order = torch.randperm(len(X))
X, y = X[order] / 16, y[order]  # (B, 64), grey values 0 to 1
train_X, train_y, test_X, test_y = X[:1000], y[:1000], X[1000:], y[1000:]
D, H, C = 64, 64, 10
# --8<-- [end:data]

# --8<-- [start:network]
def start(seed):
    """Small random weights, zero biases."""
    torch.manual_seed(seed)
    return {"W1": torch.randn(H, D) / D**0.5, "b1": torch.zeros(H),
            "W2": torch.randn(C, H) / H**0.5, "b2": torch.zeros(C)}


def forward(p, X, y):
    """-> loss, and what the backward pass will need"""
    h = torch.tanh(X @ p["W1"].T + p["b1"])               # (B, D) -> (B, H)
    z = h @ p["W2"].T + p["b2"]                           # (B, H) -> (B, C)
    # the logarithm of the softmax; logsumexp avoids overflow of exp
    log_q = z - z.logsumexp(1, keepdim=True)
    return -log_q[range(len(y)), y].mean(), (h, log_q)
# --8<-- [end:network]

# --8<-- [start:backward]
def backward(p, X, y, h, log_q):
    """The chain rule, from the loss back to every weight."""
    dz = log_q.exp()                  # softmax minus one-hot target, ...
    dz[range(len(y)), y] -= 1
    dz /= len(y)                      # ... for a mean over the batch
    dh = dz @ p["W2"]                                     # (B, C) -> (B, H)
    da = dh * (1 - h**2)              # the derivative of tanh
    return {"W1": da.T @ X, "b1": da.sum(0),              # (H, D), (H)
            "W2": dz.T @ h, "b2": dz.sum(0)}              # (C, H), (C)
# --8<-- [end:backward]

# --8<-- [start:autograd]
p = start(0)
batch_X, batch_y = train_X[:50], train_y[:50]
loss, kept = forward(p, batch_X, batch_y)
by_hand = backward(p, batch_X, batch_y, *kept)

auto = {name: w.clone().requires_grad_() for name, w in p.items()}
hidden = torch.tanh(batch_X @ auto["W1"].T + auto["b1"])
theirs = F.cross_entropy(hidden @ auto["W2"].T + auto["b2"], batch_y)
theirs.backward()
# --8<-- [end:autograd]

# --8<-- [start:check]
def slope(name, i, step=1e-5):
    """Nudge weight number i up and down, and see how the loss answers."""
    losses = []
    for nudge in (step, -step):
        moved = {**p, name: p[name].clone()}
        moved[name].view(-1)[i] += nudge
        losses.append(forward(moved, batch_X, batch_y)[0])
    return (losses[0] - losses[1]) / (2 * step)


worst = {"autograd": 0.0, "nudge": 0.0}
print("gradient of   largest entry   off autograd   off nudging")
for name, w in p.items():
    nudged = torch.stack([slope(name, i) for i in range(w.numel())])
    gap = (by_hand[name] - auto[name].grad).abs().max().item()
    gap_nudge = (by_hand[name] - nudged.view_as(w)).abs().max().item()
    worst["autograd"] = max(worst["autograd"], gap)
    worst["nudge"] = max(worst["nudge"], gap_nudge)
    print(f"{name:11}{by_hand[name].abs().max():16.4f}{gap:15.0e}"
          f"{gap_nudge:14.0e}")
# --8<-- [end:check]

# --8<-- [start:training]
def accuracy(p, X, y):
    hidden = torch.tanh(X @ p["W1"].T + p["b1"])
    guess = (hidden @ p["W2"].T + p["b2"]).argmax(1)
    return (guess == y).double().mean().item()


def train(seed, lr=0.5, epochs=60, batch=50):
    p, path, losses = start(seed), [], []
    for epoch in range(epochs):
        for rows in torch.randperm(len(train_X)).split(batch):
            loss, kept = forward(p, train_X[rows], train_y[rows])
            grads = backward(p, train_X[rows], train_y[rows], *kept)
            for name in p:
                p[name] = p[name] - lr * grads[name]
            losses.append(loss.item())
            path.append(p["W2"][:, 0].clone())  # from one unit to all classes
    return p, losses, torch.stack(path)


runs = [train(seed) for seed in range(5)]
scores = [accuracy(p, test_X, test_y) for p, _, _ in runs]
# --8<-- [end:training]

# --8<-- [start:baseline]
def train_linear(seed, lr=0.5, epochs=60, batch=50):
    """The same steps for a model without a hidden layer."""
    torch.manual_seed(seed)
    W, b = torch.zeros(C, D), torch.zeros(C)
    for epoch in range(epochs):
        for rows in torch.randperm(len(train_X)).split(batch):
            dz = (train_X[rows] @ W.T + b).softmax(1)
            dz[range(len(rows)), train_y[rows]] -= 1
            W -= lr * dz.T @ train_X[rows] / len(rows)
            b -= lr * dz.mean(0)
    return ((test_X @ W.T + b).argmax(1) == test_y).double().mean().item()


linear = [train_linear(seed) for seed in range(5)]
untrained = accuracy(start(0), test_X, test_y)
print("held-out accuracy, worst to best of 5 seeds")
for name, s in [("hidden layer", scores), ("linear model", linear),
                ("untrained", [untrained])]:
    print(f"{name:12}  {min(s):.3f} - {max(s):.3f}")
# --8<-- [end:baseline]

# --8<-- [start:draw]
_, losses, path = runs[0]
fig, axes = plt.subplots(2, 1, num="training", figsize=(6.4, 4.8),
                         sharex=True)
height = -9.0
for digit in path[-1].argsort().tolist():
    axes[0].plot(path[:, digit], color=f"C{digit % 8}", lw=1.2)
    height = max(height + 0.16, path[-1, digit].item())  # no overlaps
    axes[0].plot([len(path), len(path) + 45], [path[-1, digit], height],
                 color=f"C{digit % 8}", lw=0.8)
    axes[0].annotate(f"to {digit}", (len(path) + 52, height), va="center",
                     color=f"C{digit % 8}", fontsize=11)
axes[0].spines["bottom"].set_visible(False)
axes[0].tick_params(bottom=False)
axes[0].set_ylabel("weights from one\nhidden unit")
axes[1].plot(losses, color="C0", lw=0.8)
axes[1].axhline(torch.tensor(10.).log(), ls=":", color="C6")
axes[1].annotate("guessing: log 10", (len(path), 2.4), color="C6",
                 ha="right")
axes[1].set(xlabel="step", ylabel="loss of the batch (nats)", ylim=(0, 3))
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"worst": worst, "scores": scores, "linear": linear,
           "gap": 20 * (sum(scores) - sum(linear)), "untrained": untrained,
           "loss_gap": abs(loss - theirs).item(), "steps": len(losses),
           "loss_first": losses[0], "loss_last": losses[-1],
           "moved": (path[-1] - path[0]).abs().mean().item(),
           "parameters": sum(w.numel() for w in p.values())}
# --8<-- [end:results]
