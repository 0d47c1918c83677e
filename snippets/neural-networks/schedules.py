"""Learning-rate schedules, and an average, at reading noisy digits."""
# --8<-- [start:data]
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch.optim import lr_scheduler

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
def start(seed, R):
    """S starts by He's rule, the same for each of R rates"""
    torch.manual_seed(seed)
    params = []
    for n, out in [(D, H), (H, H), (H, C)]:
        W = (torch.randn(S, n, out) * (2 / n)**0.5).repeat(R, 1, 1)
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

# --8<-- [start:plans]
def constant(optimizer, T):
    return lr_scheduler.ConstantLR(optimizer, factor=1)


def step(optimizer, T):
    return lr_scheduler.MultiStepLR(optimizer, [T // 2, 3 * T // 4],
                                    gamma=0.1)


def cosine(optimizer, T):
    return lr_scheduler.CosineAnnealingLR(optimizer, T)


def one_cycle(optimizer, T):
    return lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=T,
                                   cycle_momentum=False)
# --8<-- [end:plans]

# --8<-- [start:training]
def train(plan, rates, T):
    """-> weights, mean weights of the last quarter, factors of the rate"""
    params, R = start(0, len(rates)), len(rates)
    scale = torch.tensor(rates).repeat_interleave(S)               # (N)
    optimizer = torch.optim.SGD(params, lr=1.0, momentum=0.9)
    schedule = plan(optimizer, T)
    average, factors = [torch.zeros_like(p) for p in params], []
    for t in range(T):
        loss = (scale * losses(params, *draw(R))).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        factors.append(schedule.get_last_lr()[0])
        schedule.step()
        if t >= T - T // 4:
            for total, p in zip(average, params):
                total += p.detach() / (T // 4)
    return params, average, factors
# --8<-- [end:training]

# --8<-- [start:compare]
# after 250 steps the largest rate is never the best
rates = {250: [0.01, 0.03, 0.1, 0.2], 750: [0.01, 0.03, 0.1]}
test, best, shapes = {}, {}, {}
for T, tried in rates.items():
    for plan in (constant, step, cosine, one_cycle):
        name = plan.__name__.replace("_", "-")
        last, average, shapes[name] = train(plan, tried, T)
        for kind, params in [(name, last), ("averaged", average)]:
            if kind == name or plan is constant:
                row = accuracy(params, valid_X, valid_y).mean(1).argmax()
                best[kind, T] = tried[row]
                test[kind, T] = accuracy(params, test_X, test_y)[row]
print("schedule   steps   rate   test accuracy   worst - best of 5")
for (name, T), a in sorted(test.items(), key=lambda entry: entry[0][1]):
    print(f"{name:10}{T:6}{best[name, T]:7}{a.mean():13.3f}"
          f"{a.min():13.3f} - {a.max():.3f}")
# --8<-- [end:compare]

# --8<-- [start:branch]
def go_on(params, lr, batch, T):
    """Plain SGD from these weights -> loss on the validation digits"""
    params = [p.detach().clone().requires_grad_() for p in params]
    optimizer = torch.optim.SGD(params, lr=lr)
    history = []
    for t in range(T + 1):
        if t % 10 == 0:
            with torch.no_grad():
                history.append(losses(params, valid_X, valid_y))
        if t == T:
            break
        optimizer.zero_grad()
        losses(params, *draw(1, batch)).sum().backward()
        optimizer.step()
    return params, torch.stack(history)


trunk, before = go_on(start(1, 1), 0.4, B, 300)
after = {name: go_on(trunk, lr, batch, 300)[1] for name, lr, batch in [
    ("nothing", 0.4, B), ("rate / 10", 0.04, B),
    ("batch x 10", 0.4, 10 * B)]}
print("change       validation loss 100 and 300 steps later, mean of 5")
for name, history in after.items():
    print(f"{name:12}{history[10].mean():13.3f}{history[30].mean():9.3f}")
# --8<-- [end:branch]

# --8<-- [start:draw]
fig, axes = plt.subplots(1, 4, num="shapes", figsize=(6.4, 2.3), sharey=True)
for i, (ax, (name, factors)) in enumerate(zip(axes, shapes.items())):
    ax.plot(factors, color=f"C{i}")
    ax.set(title=name, xlabel="step", ylim=(0, 1.08), xticks=[0, 700])
axes[0].set_ylabel("share of the peak rate")

fig, ax = plt.subplots(num="branch")
ax.plot(range(0, 301, 10), before.mean(1), color="C6")
for i, ((name, history), style) in enumerate(zip(after.items(),
                                                 ("-", "--", "-."))):
    steps = range(300, 601, 10)
    ax.plot(steps, history.mean(1), style, color=f"C{i}")
    ax.fill_between(steps, history.min(1).values, history.max(1).values,
                    color=f"C{i}", alpha=0.15, lw=0)
    ax.annotate(name, (605, history[-1].mean() + (0.04, 0, -0.02)[i]),
                color=f"C{i}", va="center")
ax.set(xlabel="step", ylabel="validation loss (nats)", ylim=(0.45, 1.2),
       xlim=(0, 720))
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
late = {name: history[20:] for name, history in after.items()}
results = {"late": {name: h.mean(0).tolist() for name, h in late.items()},
           "bounce": {name: h.std(0).mean().item()
                      for name, h in late.items()},
           "mean": {f"{name}_{T}": a.mean().item() for (name, T), a
                    in test.items()},
           "best_250": max(a.mean().item() for (name, T), a in test.items()
                           if T == 250),
           "best": {f"{name}_{T}": lr for (name, T), lr in best.items()},
           "after": {name: history[30].mean().item()
                     for name, history in after.items()}}
# --8<-- [end:results]
