"""How well three ways of estimating an accuracy do with 60 digits."""
# --8<-- [start:model]
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X, n, folds = X / 16, 60, 5


def accuracy(train, test, strength=1.0):
    """A linear model with penalty, fitted to one-hot answers."""
    A = np.c_[X[train], np.ones(len(train))]  # (B, D + 1)
    W = A.T @ np.linalg.solve(A @ A.T + strength * np.eye(len(train)),
                              np.eye(10)[y[train]])  # (D + 1, C)
    return ((np.c_[X[test], np.ones(len(test))] @ W).argmax(1)
            == y[test]).mean()
# --8<-- [end:model]

# --8<-- [start:estimate]
estimates = {"on the training digits": [], "one fifth held out": [],
             "cross-validation": []}
truth = []
for seed in range(300):
    rows = np.random.default_rng(seed).permutation(len(X))
    mine, others = rows[:n], rows[n:]  # 60 labelled digits, and all others
    truth.append(accuracy(mine, others))
    parts = np.split(mine, folds)
    held_out = [accuracy(np.setdiff1d(mine, part), part) for part in parts]
    for name, value in zip(estimates, (
            accuracy(mine, mine), held_out[0], np.mean(held_out))):
        estimates[name].append(value)
misses = {name: np.array(values) - truth
          for name, values in estimates.items()}
print(f"accuracy on new digits {np.mean(truth):.3f}, in 300 draws")
print("estimate minus truth         mean   standard deviation")
for name, miss in misses.items():
    print(f"{name:24}{miss.mean():+9.3f}{miss.std():15.3f}")
# --8<-- [end:estimate]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="estimates", figsize=(6.4, 2.6))
rng = np.random.default_rng(0)
for i, (name, miss) in enumerate(misses.items()):
    ax.plot(100 * miss, 2 - i + rng.uniform(-0.25, 0.25, len(miss)), ".",
            color=f"C{i}", ms=4)
ax.axvline(0, color="C6", ls="--")
ax.set(yticks=[2, 1, 0], yticklabels=misses,
       xlabel="estimate minus truth (percentage points)")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"truth": float(np.mean(truth)),
           "mean": {name.split()[-1]: 100 * float(miss.mean())
                    for name, miss in misses.items()},
           "deviation": {name.split()[-1]: 100 * float(miss.std())
                         for name, miss in misses.items()}}
# --8<-- [end:results]
