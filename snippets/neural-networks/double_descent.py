"""Random ReLU features on few digits: errors, bias and variance by width."""
# --8<-- [start:data]
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

# n examples, w hidden units (width), C = 10 classes
X, y = load_digits(return_X_y=True)
order = np.random.default_rng(0).permutation(len(X))
X, y = X[order] / 16 - 0.3, y[order]
pool, test = np.arange(1000), np.arange(1000, len(X))
truth = np.eye(10)[y[test]]  # (B, C), one-hot
n, draws = 200, 5
widths = [10, 25, 50, 100, 150, 200, 270, 400, 800, 2000]
strengths = [1e-4, 1e-3, 1e-2, 1e-1, 1]  # of the penalty
# --8<-- [end:data]

# --8<-- [start:fit]
def fit(A, Y, strength):
    """Output weights with the least squares + strength * their squares.

    Strength near 0: of all best fits, the one with the smallest weights.
    """
    U, s, Vt = np.linalg.svd(A, full_matrices=False)  # A = U diag(s) Vt
    return Vt.T @ ((s / (s**2 + strength))[:, None] * (U.T @ Y))


def draw(seed, wrong):
    """n training digits and 200 for validation, some with random labels."""
    rng = np.random.default_rng(seed)
    rows = rng.permutation(pool)[:n + 200]
    labels = y[rows].copy()
    noisy = rng.random(len(rows)) < wrong
    labels[noisy] = rng.integers(10, size=noisy.sum())
    return rng, rows, labels


def features(x, W):
    return np.maximum(x @ W, 0) / np.sqrt(W.shape[1])  # (B, w)
# --8<-- [end:fit]

# --8<-- [start:run]
def scores(wrong):
    """Scores on test digits, (draws, B, C), by width; plain and penalised."""
    plain = {w: [] for w in widths}
    penalised = {w: [] for w in widths}
    for seed in range(draws):
        rng, rows, labels = draw(seed, wrong)
        for w in widths:
            W = rng.normal(size=(64, w)) / 4  # hidden weights: never trained
            A, Y = features(X[rows[:n]], W), np.eye(10)[labels[:n]]
            V, T = features(X[rows[n:]], W), features(X[test], W)
            plain[w].append(T @ fit(A, Y, 1e-12))
            best = max(strengths, key=lambda s: (
                (V @ fit(A, Y, s)).argmax(1) == labels[n:]).mean())
            penalised[w].append(T @ fit(A, Y, best))
    return {"plain": plain, "penalised": penalised}


table = {}
for wrong in (0, 0.2):
    print(f"{wrong:.0%} random labels       width" +
          "".join(f"{w:6}" for w in widths))
    for kind, by_width in scores(wrong).items():
        for w in widths:
            S = np.array(by_width[w])
            table[wrong, kind, w] = {
                "errors": (S.argmax(2) != y[test]).mean(1),
                "square": ((S - truth)**2).sum(2).mean(),
                "bias_2": ((S.mean(0) - truth)**2).sum(1).mean(),
                "variance": S.var(0).sum(1).mean()}
        print(f"{kind:10}errors             " + "".join(
            f"{table[wrong, kind, w]['errors'].mean():6.2f}" for w in widths))
# --8<-- [end:run]

# --8<-- [start:draw]
fig, axes = plt.subplots(1, 2, num="double", figsize=(6.8, 3.4),
                         layout="constrained")
for kind, style, color, place in [("plain", "o-", "C0", (330, 0.55)),
                                  ("penalised", "s--", "C1", (12, 0.06))]:
    errors = np.array([table[0.2, kind, w]["errors"] for w in widths])
    axes[0].plot(widths, errors.mean(1), style, color=color, ms=4)
    axes[0].fill_between(widths, errors.min(1), errors.max(1), color=color,
                         alpha=0.2, lw=0)
    axes[0].annotate(kind, place, color=color)
axes[0].axvline(n, color="C6", ls=":")
axes[0].annotate("width = n", (n * 1.1, 0.93), color="C6", fontsize=10)
axes[0].set(xscale="log", xlabel="width", ylim=(0, 1),
            ylabel="errors on test digits (share)")
for what, style, color, name, place in [
        ("bias_2", "o-", "C2", "bias squared", (10, 1.0)),
        ("variance", "s--", "C3", "variance", (600, 2))]:
    axes[1].plot(widths, [table[0.2, "plain", w][what] for w in widths],
                 style, color=color, ms=4)
    axes[1].annotate(name, place, color=color)
axes[1].set(xscale="log", yscale="log", xlabel="width",
            ylabel="squared error, plain")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {name: {kind: {str(w): float(table[wrong, kind, w]["errors"].mean())
                         for w in widths} for kind in ("plain", "penalised")}
           for name, wrong in [("clean", 0), ("noisy", 0.2)]}
# --8<-- [end:results]
