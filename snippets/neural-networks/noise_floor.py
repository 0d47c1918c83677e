"""A constant learning rate never comes to rest: the noise floor."""
# --8<-- [start:walk]
import matplotlib.pyplot as plt
import torch

torch.manual_seed(0)
a, noise = 1.0, 1.0      # curvature; standard deviation of one gradient


def walk(rates, batch=1, walkers=4000):
    """SGD on the parabola a/2 w^2, from w = 5 -> (steps + 1, walkers)"""
    w = torch.full((walkers,), 5.0)
    path = [w]
    for lr in rates:
        gradient = a * w + noise / batch**0.5 * torch.randn(walkers)
        w = w - lr * gradient
        path.append(w)
    return torch.stack(path)
# --8<-- [end:walk]

# --8<-- [start:floor]
rows = []
print("rate   batch   mean square of w   by the formula")
for lr, batch in [(1.0, 1), (0.5, 1), (0.1, 1), (0.02, 1),
                  (0.5, 5), (0.1, 5), (0.5, 25)]:
    path = walk([lr] * round(12 / lr), batch)  # long enough to settle
    rows.append((lr, batch, path[-1].square().mean().item(),
                 lr * noise**2 / (batch * a * (2 - lr * a))))
    print(f"{lr:4}{batch:8}{rows[-1][2]:19.4f}{rows[-1][3]:17.4f}")
# --8<-- [end:floor]

# --8<-- [start:plans]
def constant(lr, T):
    return [lr] * T


def step(lr, T, place=0.5, factor=0.1):
    first = int(place * T)
    return [lr] * first + [lr * factor] * (T - first)


def linear(lr, T):
    return [lr * (1 - t / T) for t in range(T)]


def cosine(lr, T):
    part = torch.arange(T) / T
    return (lr * (1 + (torch.pi * part).cos()) / 2).tolist()


def expected_loss(rates, curvatures):
    """Mean loss at the end, from 5 in each direction, without simulation"""
    total = 0.0
    for a in curvatures:
        square = 25.0
        for lr in rates:
            square = (1 - lr * a)**2 * square + lr**2 * noise**2
        total += a / 2 * square
    return total
# --8<-- [end:plans]

# --8<-- [start:compare]
peaks = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0]
bowls = {"one curvature": [1.0], "ravine": [1.0, 0.02]}
table, searched = {}, {}
plans = (constant, step, cosine, linear)
print("expected loss at the end, with the best peak rate of each plan")
print("bowl          steps" + "".join(f"{plan.__name__:>15}"
                                      for plan in plans))
for bowl, curvatures in bowls.items():
    for T in (300, 900):
        line = f"{bowl:14}{T:5}"
        for plan in plans:
            losses = {lr: expected_loss(plan(lr, T), curvatures)
                      for lr in peaks}
            lr = min(losses, key=losses.get)
            table[bowl, T, plan.__name__] = losses[lr]
            line += f"{losses[lr]:8.4f} ({lr:4})"
        print(line)
        searched[bowl, T] = min(
            expected_loss(step(lr, T, place, factor), curvatures)
            for lr in peaks for place in (0.25, 0.5, 0.8, 0.9)
            for factor in (0.05, 0.1, 0.2))
print("one drop, its place and size searched too: ",
      ", ".join(f"{loss:.4f}" for loss in searched.values()))
# --8<-- [end:compare]

# --8<-- [start:draw]
fig, axes = plt.subplots(1, 3, num="paths", figsize=(6.4, 2.7), sharey=True)
for i, (ax, plan, lr) in enumerate(zip(axes, (constant, constant, cosine),
                                       (0.5, 0.02, 0.5))):
    ax.plot(walk(plan(lr, 200), walkers=3), color=f"C{i}", lw=0.9)
    ax.axhline(0, color="#24292f", lw=0.8)
    ax.set(title=f"{plan.__name__} {'from ' * (plan is cosine)}{lr}",
           xlabel="step")
axes[0].set_ylabel("distance from the minimum")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"floor": {f"{lr}, {batch}": {"measured": m, "formula": f}
                     for lr, batch, m, f in rows},
           "loss": {", ".join(map(str, key)): loss
                    for key, loss in table.items()}}
# --8<-- [end:results]
