"""Warm-up: what it repairs, and what it does not."""
# --8<-- [start:data]
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch.optim.lr_scheduler import LambdaLR

# N = R S networks: R learning rates, S starts each
# B batch, D inputs, H hidden units, C classes
S, B, D, H, C, NOISE = 5, 50, 64, 64, 10, 0.4
X, y = map(torch.tensor, load_digits(return_X_y=True))
X = X.float() / 16


def noisy(X):
    return X + NOISE * torch.randn_like(X)


torch.manual_seed(0)
train_X, train_y = X[:1000], y[:1000]
valid_X, valid_y = noisy(X[1000:1397].repeat(4, 1)), y[1000:1397].repeat(4)
test_X, test_y = noisy(X[1397:].repeat(4, 1)), y[1397:].repeat(4)
# --8<-- [end:data]

# --8<-- [start:networks]
def start(gain, R):
    """Six layers. Gain 1 is He's rule, more is too large"""
    torch.manual_seed(0)
    params = []
    for n, out in [(D, H)] + 4 * [(H, H)] + [(H, C)]:
        W = (gain * torch.randn(S, n, out) * (2 / n)**0.5).repeat(R, 1, 1)
        params += [W, torch.zeros(R * S, 1, out)]
    return [p.requires_grad_() for p in params]


def scores(params, X):
    for W, b in zip(params[::2], params[1::2]):
        X = X @ W + b                     # (N, B, D) -> (N, B, H)
        if W is not params[-2]:
            X = X.relu()
    return X                              # (N, B, C)


def losses(params, X, y):
    """The mean loss of each network -> (N)"""
    z = scores(params, X)
    y = y.expand(z.shape[:2]).flatten()
    return F.cross_entropy(z.flatten(0, 1), y,
                           reduction="none").reshape(len(z), -1).mean(1)


def draw(R, batch=B):
    """A batch for each start, the same for all rates"""
    rows = torch.randint(len(train_X), (S, batch))
    return (noisy(train_X[rows]).repeat(R, 1, 1),
            train_y[rows].repeat(R, 1))


@torch.no_grad()
def accuracy(params, X, y):
    """-> (R, S)"""
    return (scores(params, X).argmax(2) == y).float().mean(1).reshape(-1, S)
# --8<-- [end:networks]

# --8<-- [start:training]
def train(gain, warm_up, rates, T):
    """Up in a straight line for a share of the training, then down to 0"""
    def factor(t):
        u = (t + 1) / T
        return min(u / warm_up, (1 - u) / (1 - warm_up)) if warm_up else 1 - u

    params, R = start(gain, len(rates)), len(rates)
    scale = torch.tensor(rates).repeat_interleave(S)               # (N)
    optimizer = torch.optim.SGD(params, lr=1.0, momentum=0.9)
    schedule = LambdaLR(optimizer, factor)
    for t in range(T):
        optimizer.zero_grad()
        (scale * losses(params, *draw(R))).sum().backward()
        optimizer.step()
        schedule.step()
    return params
# --8<-- [end:training]

# --8<-- [start:compare]
# after 250 steps the smallest rate is never the best
rates = {250: [0.01, 0.03, 0.1], 750: [0.03, 0.1]}
valid, test = {}, {}
print("steps  start  warm-up  rate   test accuracy   worst - best of 5"
      "   worst at 0.1")
for T, tried in rates.items():
    for gain in (1.0, 1.5):
        for warm_up in (0, 0.2):
            key = T, gain, warm_up
            params = train(gain, warm_up, tried, T)
            valid[key] = accuracy(params, valid_X, valid_y)        # (R, S)
            row = valid[key].mean(1).argmax()
            a = test[key] = accuracy(params, test_X, test_y)[row]
            print(f"{T:5}{gain:7}{warm_up:9}{tried[row]:6}"
                  f"{a.mean():16.3f}{a.min():13.3f} - {a.max():.3f}"
                  f"{valid[key][-1].min():15.2f}")
# --8<-- [end:compare]

# --8<-- [start:draw]
fig, axes = plt.subplots(1, 2, num="starts", figsize=(6.4, 2.9),
                         sharey=True)
for ax, gain, title in zip(axes, (1.0, 1.5), ("start by He's rule",
                                              "start 1.5 times as large")):
    for warm_up, style, color in ((0, "o--", "C1"), (0.2, "s-", "C0")):
        a = valid[250, gain, warm_up]                              # (R, S)
        ax.plot(rates[250], a.mean(1), style, color=color)
        ax.plot(rates[250], a, "_", color=color, ms=9)
    ax.set(title=title, xlabel="peak learning rate", xscale="log",
           ylim=(0, 0.9))
axes[0].set_ylabel("accuracy on validation digits")
axes[1].annotate("warm-up", (0.012, 0.76), color="C0")
axes[1].annotate("no warm-up", (0.012, 0.36), color="C1")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"fallen": valid[250, 1.5, 0][2].min().item(),
           "kept": valid[250, 1.5, 0.2].min().item(),
           "test": {f"{T}, {gain}, {warm_up}": a.tolist()
                    for (T, gain, warm_up), a in test.items()},
           "mean": {f"{T}, {gain}, {warm_up}": a.mean().item()
                    for (T, gain, warm_up), a in test.items()},
           "worst at 0.1": {f"{T}, {gain}, {warm_up}": a[-1].min().item()
                            for (T, gain, warm_up), a in valid.items()}}
# --8<-- [end:results]
