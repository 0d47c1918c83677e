"""Why cross-entropy: the gradient of three losses at a confident mistake."""
# --8<-- [start:slopes]
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn


def zero_one(z):
    return (z < 0).double()  # 1 for a mistake, 0 otherwise


def squared(z):
    return (1 - z.sigmoid())**2


def cross_entropy(z):
    return -F.logsigmoid(z)


# z: the logit of the right answer in a choice between two
z = torch.tensor([2.0, -1, -2, -5, -10], dtype=torch.float64)
nudge = 1e-3  # the 0/1 loss is flat, with a jump at 0, so nudge it
slopes = {"0/1": ((zero_one(z + nudge) - zero_one(z - nudge))
                  / (2 * nudge)).tolist()}
for name, loss in [("squared", squared), ("cross-entropy", cross_entropy)]:
    w = z.clone().requires_grad_()
    loss(w).sum().backward()
    slopes[name] = w.grad.tolist()
print("logit   probability   slope of 0/1   squared   cross-entropy")
for i, value in enumerate(z):
    print(f"{value:5.0f}{value.sigmoid():14.5f}{slopes['0/1'][i]:15.5f}"
          f"{slopes['squared'][i]:10.5f}{slopes['cross-entropy'][i]:16.5f}")
# --8<-- [end:slopes]

# --8<-- [start:data]
torch.manual_seed(0)
X, y = map(torch.tensor, load_digits(return_X_y=True))
order = torch.randperm(len(X))
X, y = X[order].float() / 16, y[order]
train_X, train_y = X[:1000], y[:1000]
valid_X, valid_y = X[1000:1400], y[1000:1400]
test_X, test_y = X[1400:], y[1400:]


def squared_error(scores, y):
    return (scores.softmax(1) - F.one_hot(y, 10)).square().sum(1).mean()
# --8<-- [end:data]

# --8<-- [start:training]
@torch.no_grad()
def accuracy(model, X, y):
    return (model(X).argmax(1) == y).float().mean().item()


def train(loss_function, lr, seed, bad_start, steps=400):
    """-> accuracy on validation and test digits, every 10 steps"""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 10))
    if bad_start:  # sure that every image is a zero
        with torch.no_grad():
            model[2].bias[0] += 10
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    curve = []
    for step in range(steps + 1):
        if step % 10 == 0:
            curve.append(
                [
                    accuracy(model, valid_X, valid_y),
                    accuracy(model, test_X, test_y),
                ]
            )
        rows = torch.randint(len(train_X), (50,))
        loss = loss_function(model(train_X[rows]), train_y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return torch.tensor(curve)  # (measurements, 2)


def arrival(curve, goal=0.9):
    """The first measured step at which the accuracy reaches the goal."""
    reached = (curve >= goal).nonzero()
    return 10 * reached[0].item() if len(reached) else 10 * len(curve)


# --8<-- [end:training]

# --8<-- [start:compare]
losses = {"squared": squared_error, "cross-entropy": F.cross_entropy}
rates = [0.3, 1.0, 3.0, 10.0]
best, curves, arrivals = {}, {}, {}
print("from             loss          step size   steps to 90 %   final")
for bad_start in (False, True):
    start = "confident mistake" if bad_start else "ordinary start"
    for name, function in losses.items():
        delay = {
            lr: sum(
                arrival(train(function, lr, seed, bad_start)[:, 0])
                for seed in range(2)
            )
            for lr in rates
        }
        lr = best[start, name] = min(delay, key=delay.get)
        runs = torch.stack(
            [
                train(function, lr, seed, bad_start)[:, 1]
                for seed in range(10, 14)
            ]
        )
        curves[start, name] = runs  # (seeds, measurements)
        steps = arrivals[start, name] = [arrival(run) for run in runs]
        print(
            f"{start:18}{name:14}{lr:6}{min(steps):11} - {max(steps):3}"
            f"{runs[:, -1].min():9.3f} - {runs[:, -1].max():.3f}"
        )
# --8<-- [end:compare]

# --8<-- [start:draw]
fig, axes = plt.subplots(1, 2, num="slopes", figsize=(6.4, 2.9))
line = torch.linspace(-6, 4, 400, dtype=torch.float64)
for i, (name, style, loss, at) in enumerate([
        ("0/1", ":", zero_one, (-5.8, 0.5)),
        ("squared", "--", squared, (-5.8, 1.2)),
        ("cross-entropy", "-", cross_entropy, (-3.6, 4.2))]):
    w = line.clone().requires_grad_()
    values = loss(w)
    axes[0].plot(line, values.detach(), style, color=f"C{i}")
    axes[0].annotate(name, at, color=f"C{i}")
    if i:
        values.sum().backward()
        axes[1].plot(line, w.grad, style, color=f"C{i}")
    else:
        axes[1].plot(line, 0 * line, style, color="C0")
axes[0].set(xlabel="logit of the right answer", ylabel="loss")
axes[1].set(xlabel="logit of the right answer", ylabel="slope of the loss")

fig, axes = plt.subplots(1, 2, num="starts", figsize=(6.4, 2.9),
                         sharey=True)
for (start, name), runs in curves.items():
    ax = axes[int(start == "confident mistake")]
    color = "C2" if name == "cross-entropy" else "C1"
    steps = range(0, 10 * runs.shape[1], 10)
    ax.plot(
        steps,
        runs.T,
        color=color,
        lw=1,
        alpha=0.8,
        ls="-" if name == "cross-entropy" else "--",
    )
    ax.set(xlabel="step", title=start, ylim=(0, 1))
axes[0].set_ylabel("accuracy on test digits")
for ax in axes:
    ax.axhline(0.9, ls=":", color="C6", lw=1)
axes[1].annotate("cross-\nentropy", (92, 0.45), color="C2")
axes[1].annotate("squared", (75, 0.13), color="C1")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
starts = {"ordinary": "ordinary start", "mistake": "confident mistake"}
delays = {
    name: [
        late - early
        for early, late in zip(
            arrivals["ordinary start", name],
            arrivals["confident mistake", name],
        )
    ]
    for name in losses
}
ratios = [a / max(b, 1)
          for a, b in zip(delays["squared"], delays["cross-entropy"])]
results = {
    "slopes": slopes,
    "delays": delays,
    "ratios": ratios,
    "delay": {name: sum(d) / 4 for name, d in delays.items()},
    "steps": {
        key: {name: sum(arrivals[start, name]) / 4 for name in losses}
        for key, start in starts.items()
    },
    "final": {
        key: {name: curves[start, name][:, -1].tolist() for name in losses}
        for key, start in starts.items()
    },
    "best": {
        key: {name: best[start, name] for name in losses}
        for key, start in starts.items()
    },
}
# --8<-- [end:results]
