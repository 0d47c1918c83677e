"""Mistakes of the training loop that raise no error, each with its cure."""
# --8<-- [start:forget]
import matplotlib.pyplot as plt
import torch
from torch import nn

torch.manual_seed(0)
X = torch.rand(1400, 1) * 4 - 2
y = torch.sin(2 * X[:, 0]) + 0.2 * torch.randn(1400)
train_X, train_y, test_X, test_y = X[:200], y[:200], X[400:], y[400:]


def train(seed, lr, forget):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    losses = []
    for epoch in range(100):
        for rows in torch.randperm(200).split(20):
            prediction = model(train_X[rows]).squeeze(1)
            loss = (prediction - train_y[rows]).square().mean()
            if forget:
                optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    with torch.no_grad():
        error = (model(test_X).squeeze(1) - test_y).square().mean()
    return error.item(), losses
# --8<-- [end:forget]

# --8<-- [start:rates]
rates = [0.03, 0.01, 0.001, 0.0003, 0.00005]
cured = [train(seed, 0.03, True) for seed in range(3)]
faulty = {lr: [train(seed, lr, False) for seed in range(3)] for lr in rates}
good = [error for error, _ in cured]
bad = {lr: [error for error, _ in runs] for lr, runs in faulty.items()}


def late(runs):
    """Highest training error of an epoch after the 50th, for each run."""
    return [max(sum(losses[i:i + 10]) / 10 for i in range(500, 1000, 10))
            for _, losses in runs]


print("rate             held-out error at the end   highest after epoch 50")
for name, runs in [("0.03, cured", cured), *faulty.items()]:
    ends, tops = [error for error, _ in runs], late(runs)
    print(f"{name!s:14}{min(ends):12.3g} - {max(ends):<10.3g}"
          f"{min(tops):12.3g} - {max(tops):.3g}")
# --8<-- [end:rates]

# --8<-- [start:sequences]
def sequences(decides, count):
    """Sequences of 8 random signs (B, T, 1); one place is the answer."""
    X = torch.randint(2, (count, 8, 1)) * 2.0 - 1
    return X, (X[:, decides, 0] > 0).float()


def read(seed, batch_first, decides, steps=150):
    """-> accuracy, and how far another example moves an answer"""
    torch.manual_seed(seed)
    reader = nn.GRU(1, 16, batch_first=batch_first)
    last = nn.Linear(16, 1)

    def model(X):
        states, _ = reader(X)                    # (B, T, 1) -> (B, T, 16)
        return last(states[:, -1]).squeeze(1)    # the last item -> (B)

    optimizer = torch.optim.Adam([*reader.parameters(), *last.parameters()],
                                 lr=0.01)
    for step in range(steps):
        X, y = sequences(decides, 32)
        loss = nn.functional.binary_cross_entropy_with_logits(model(X), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    X, y = sequences(decides, 1000)
    with torch.no_grad():
        answers = model(X)
        X[0] = -X[0]                             # change the first example
        leak = (model(X) - answers)[1:].abs().max().item()
    return ((answers > 0) == (y > 0)).float().mean().item(), leak
# --8<-- [end:sequences]

# --8<-- [start:layouts]
layouts = {}
for decides, words in [(0, "the first item decides"),
                       (-1, "the last item decides")]:
    for batch_first in (True, False):
        runs = [read(seed, batch_first, decides) for seed in range(3)]
        scores, leaks = zip(*runs)
        layouts[decides, batch_first] = scores, leaks
        print(f"{words:23} batch_first={batch_first!s:6} "
              f"{min(scores):.3f} - {max(scores):.3f}   leaks: "
              f"{'no' if max(leaks) == 0 else 'yes'}")
# --8<-- [end:layouts]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="forgotten", figsize=(6.4, 2.8))
for words, runs, style, color in [
        ("zero_grad called,\nrate 0.03", cured, "-", "C0"),
        ("forgotten,\nrate 0.01", faulty[0.01], ":", "C3"),
        ("forgotten,\nrate 0.001", faulty[0.001], "--", "C1")]:
    losses = torch.tensor(runs[0][1]).reshape(100, -1).mean(1)
    ax.plot(range(1, 101), losses, style, color=color)
    ax.annotate(words, (102, losses[-1]), color=color,
                va="top" if style == "-" else "bottom")
ax.set(xlabel="epoch", ylabel="mean squared error", yscale="log",
       ylim=(0.005, 300), xlim=(0, 145), xticks=range(0, 101, 25))
ax.spines["bottom"].set_bounds(0, 100)
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {
    "low": sum(cured[0][1][-10:]) / 10, "cured": max(good),
    "best_faulty": min(min(v) for v in bad.values()),
    "layouts": {f"{d} {b}": list(v[0]) for (d, b), v in layouts.items()}}
# --8<-- [end:results]
