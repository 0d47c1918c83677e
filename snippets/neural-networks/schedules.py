"""Four learning-rate schedules and an average, reading noisy digits."""
# --8<-- [start:data]
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch.optim import lr_scheduler

# S networks side by side, B batch, D inputs, H hidden units, C classes
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
def start(seed):
    """Weights and biases of S networks, by He's rule"""
    torch.manual_seed(seed)
    params = []
    for n, out in [(D, H), (H, H), (H, C)]:
        params += [torch.randn(S, n, out) * (2 / n)**0.5,
                   torch.zeros(S, 1, out)]
    return [p.requires_grad_() for p in params]


def scores(params, X):
    for W, b in zip(params[::2], params[1::2]):
        X = X @ W + b                     # (S, B, D) -> (S, B, H)
        if W is not params[-2]:
            X = X.relu()
    return X                              # (S, B, C)


def loss_of_batch(params, batch=B):
    """Each network draws a batch of its own; the sum of their mean losses"""
    rows = torch.randint(len(train_X), (S, batch))
    z = scores(params, noisy(train_X[rows]))
    return F.cross_entropy(z.flatten(0, 1), train_y[rows].flatten(),
                           reduction="sum") / batch


@torch.no_grad()
def accuracy(params, X, y):
    return (scores(params, X).argmax(2) == y).float().mean(1)      # (S)
# --8<-- [end:networks]

# --8<-- [start:schedules]
def constant(optimizer, T):
    return lr_scheduler.ConstantLR(optimizer, factor=1)


def step(optimizer, T):
    return lr_scheduler.MultiStepLR(optimizer, [T // 2, 3 * T // 4],
                                    gamma=0.1)


def cosine(optimizer, T):
    return lr_scheduler.CosineAnnealingLR(optimizer, T)


def one_cycle(optimizer, T):
    return lr_scheduler.OneCycleLR(
        optimizer, optimizer.param_groups[0]["lr"], total_steps=T,
        cycle_momentum=False)
# --8<-- [end:schedules]

# --8<-- [start:training]
def train(plan, lr, T):
    """-> weights, the mean of the weights of the last quarter, rates"""
    params = start(seed=0)
    optimizer = torch.optim.SGD(params, lr=lr, momentum=0.9)
    schedule = plan(optimizer, T)
    average, rates = [torch.zeros_like(p) for p in params], []
    for t in range(T):
        loss = loss_of_batch(params)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        rates.append(schedule.get_last_lr()[0])
        schedule.step()
        if plan is constant and t >= T - T // 4:
            for total, p in zip(average, params):
                total += p.detach() / (T // 4)
    return params, average, rates
# --8<-- [end:training]

# --8<-- [start:compare]
def best_of(runs, which):
    """The rate with the best mean validation accuracy, and test accuracies"""
    lr = max(runs, key=lambda lr: accuracy(runs[lr][which], valid_X,
                                           valid_y).mean())
    return lr, accuracy(runs[lr][which], test_X, test_y)


test, best, shapes = {}, {}, {}
for T in (250, 750):
    for plan in (constant, step, cosine, one_cycle):
        name = plan.__name__.replace("_", "-")
        runs = {lr: train(plan, lr, T) for lr in (0.01, 0.03, 0.1)}
        shapes[name] = runs[0.1][2]
        best[name, T], test[name, T] = best_of(runs, 0)
        if plan is constant:
            best["averaged", T], test["averaged", T] = best_of(runs, 1)
print("schedule   steps   rate   test accuracy   worst - best of 5")
for (name, T), a in sorted(test.items(), key=lambda row: row[0][1]):
    print(f"{name:10}{T:6}{best[name, T]:7}{a.mean():13.3f}"
          f"{a.min():13.3f} - {a.max():.3f}")
# --8<-- [end:compare]

# --8<-- [start:branch]
def go_on(params, lr, batch, T):
    """Plain SGD from these weights -> mean loss on the validation digits"""
    params = [p.detach().clone().requires_grad_() for p in params]
    optimizer = torch.optim.SGD(params, lr=lr)
    losses = []
    for t in range(T):
        if t % 10 == 0:
            with torch.no_grad():
                z = scores(params, valid_X).transpose(1, 2)        # (S, C, N)
                losses.append(F.cross_entropy(
                    z, valid_y.expand(S, -1), reduction="none").mean(1))
        optimizer.zero_grad()
        loss_of_batch(params, batch).backward()
        optimizer.step()
    return params, torch.stack(losses)


LR = 0.4
trunk, before = go_on(start(seed=1), LR, B, 310)
branches = {"nothing": (LR, B), "rate / 10": (LR / 10, B),
            "batch x 10": (LR, 10 * B), "both kept, averaged": (LR, B)}
after = {name: go_on(trunk, *setting, 310)[1]
         for name, setting in branches.items() if "averaged" not in name}
print("validation loss 100 and 300 steps after the change, mean of 5")
for name, losses in after.items():
    print(f"{name:12}{losses[10].mean():8.3f}{losses[30].mean():8.3f}")
# --8<-- [end:branch]
