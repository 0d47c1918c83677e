"""Several labels at once, and counts: what the wrong loss costs."""
# --8<-- [start:strips]
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

# B examples, C labels, R repetitions, N examples in each
X, y = map(torch.tensor, load_digits(return_X_y=True))
X = X.float().reshape(-1, 8, 8) / 16


def strips(first, last, number):
    """Strips of three places; each is empty or holds a digit, at random"""
    rows = torch.randint(first, last, (number, 3))
    there = torch.rand(number, 3) < 0.5
    images = X[rows] * there[:, :, None, None]             # (B, 3, 8, 8)
    labels = (F.one_hot(y[rows], 10) * there[:, :, None]).amax(1)
    return images.transpose(1, 2).flatten(1), labels.float()


torch.manual_seed(0)
train_X, train_y = strips(0, 1000, 4000)       # (B, 192), (B, C)
valid_X, valid_y = strips(1000, 1397, 1000)    # of other digits
test_X, test_y = strips(1397, 1797, 1000)
held = test_y.sum(1).long().bincount()
print("test strips with 0, 1, 2, 3 different digits:", held.tolist())
# --8<-- [end:strips]

# --8<-- [start:train]
def one_choice(z, y):
    """Softmax; the digits that are there share the probability equally"""
    share = (y + 1e-6) / (y + 1e-6).sum(1, keepdim=True)
    return F.cross_entropy(z, share)


def train(loss, seed, steps, batch=50):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(192, 128), nn.ReLU(),
                          nn.Linear(128, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    for step in range(steps):
        rows = torch.randint(len(train_X), (batch,))
        value = loss(model(train_X[rows]), train_y[rows])
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
    return model
# --8<-- [end:train]

# --8<-- [start:compare]
def exact(q, y, threshold):
    """Share of strips with all ten labels right"""
    return ((q > threshold) == (y > 0)).all(1).float().mean().item()


thresholds = [i / 50 for i in range(1, 50)]
answers = {"sigmoids": (F.binary_cross_entropy_with_logits, torch.sigmoid),
           "softmax": (one_choice, lambda z: z.softmax(1))}
scores = {}
print("strips right in all ten labels, 3 seeds    over 1/2   tuned threshold")
for steps in (300, 900):
    last = {}
    for name, (loss, to_q) in answers.items():
        runs = []
        for seed in range(3):
            model = train(loss, seed, steps)
            with torch.no_grad():
                q, valid_q = to_q(model(test_X)), to_q(model(valid_X))
            best = max(thresholds, key=lambda t: exact(valid_q, valid_y, t))
            runs.append([exact(q, test_y, 0.5), exact(q, test_y, best)])
        last[name] = q
        half, tuned = scores[name, steps] = list(zip(*runs))
        print(f"{name:9}{steps:4} steps{min(half):25.3f} - {max(half):.3f}"
              f"{min(tuned):9.3f} - {max(tuned):.3f}")
# --8<-- [end:compare]

# --8<-- [start:counts]
def fit(loss, x, y):
    """w x + b for R samples at once, to the minimum -> (R, 2)"""
    p = torch.zeros(len(x), 2, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([p], max_iter=100, tolerance_change=1e-12,
                                  line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        total = loss(p[:, :1] * x + p[:, 1:], y).mean(1).sum()
        total.backward()
        return total

    optimizer.step(closure)
    return p.detach()


models = {  # the loss; from the network's output to the expected count
    "line, squared": (lambda z, y: (z - y)**2, lambda z: z),
    "log(1 + count), squared": (lambda z, y: (z - y.log1p())**2, torch.expm1),
    "exp, squared": (lambda z, y: (z.exp() - y)**2, torch.exp),
    "exp, Poisson": (lambda z, y: z.exp() - y * z, torch.exp)}
# --8<-- [end:counts]

# --8<-- [start:sample]
torch.manual_seed(0)
grid = torch.linspace(0, 3, 31, dtype=torch.float64)
truth = (0.8 * grid - 0.5).exp()
count_table, curves, samples = {}, {}, {}
print("mean of 200 samples        N   total   below 0   error at 0 and 3"
      "   spread at 0")
for N in (100, 300):
    x = 3 * torch.rand(200, N, dtype=torch.float64)        # (R, N)
    counts = torch.poisson((0.8 * x - 0.5).exp())
    samples[N] = x[0], counts[0]
    for name, (loss, expected) in models.items():
        p = fit(loss, x, counts)
        on_grid = expected(p[:, :1] * grid + p[:, 1:])     # (R, 31)
        total = (expected(p[:, :1] * x + p[:, 1:]).sum(1)
                 / counts.sum(1)).mean().item()
        below = (on_grid.min(1).values < 0).float().mean().item()
        error = (on_grid.mean(0) / truth - 1).tolist()
        spread = (on_grid[:, 0] / truth[0] - 1).square().mean().sqrt()
        curves[name, N] = on_grid[0]
        count_table[name, N] = {"total": total, "below": below,
                                "error": error,
                                "spread": spread.item()}
        print(f"{name:25}{N:3}{total:8.3f}{below:10.2f}{error[0]:11.0%}"
              f"{error[-1]:8.0%}{spread:14.0%}")
# --8<-- [end:sample]

# --8<-- [start:draw_strips]
fig, axes = plt.subplots(3, 3, num="strips", figsize=(6.4, 4.4),
                         gridspec_kw={"width_ratios": [1.1, 1, 1]})
for n, row in zip((0, 2, 3), axes):            # how many digits there are
    i = (test_y.sum(1) == n).nonzero()[0].item()
    row[0].imshow(test_X[i].reshape(8, 24), cmap="gray_r", vmin=0, vmax=1)
    row[0].set(xticks=[7.5, 15.5], yticks=[], xticklabels=[])
    row[0].spines[["top", "right"]].set_visible(True)
    for ax, (name, q) in zip(row[1:], last.items()):
        color = "C0" if name == "sigmoids" else "C1"
        right = test_y[i] > 0
        ax.bar(range(10), q[i], color=[color if r else "none" for r in right],
               edgecolor=color)
        ax.axhline(0.5, ls=":", color="#24292f", lw=1)
        ax.set(ylim=(0, 1.02), xticks=range(10), yticks=[0, 1])
axes[0, 1].set_title("ten sigmoids")
axes[0, 2].set_title("one softmax")
axes[1, 1].set_ylabel("probability")
for ax in axes[2, 1:]:
    ax.set_xlabel("label")
# --8<-- [end:draw_strips]

# --8<-- [start:draw_counts]
fig, ax = plt.subplots(num="counts")
x, counts = samples[100]
ax.plot(x, counts, "o", color="C6", ms=3, mfc="none", alpha=0.7)
ax.plot(grid, truth, color="#24292f", lw=4, alpha=0.3)
for i, (name, style) in enumerate(zip(models, (":", "--", "-.", "-"))):
    if name != "exp, squared":
        ax.plot(grid, curves[name, 100], style, color=f"C{i}")
for text, height, color in [("truth", 6.9, "#24292f"), ("line", 4.5, "C0"),
                            ("log(1 + count)", 5.2, "C1"),
                            ("exp, Poisson", 6.05, "C3")]:
    ax.annotate(text, (3.05, height), color=color, va="center")
ax.plot([-0.1, 3.0], [0, 0], color="#24292f", lw=0.8)
ax.set(xlabel="input", ylabel="count, and expected count",
       xlim=(-0.1, 4.2), xticks=range(4))
ax.spines["bottom"].set_bounds(-0.1, 3.0)
plt.show()
# --8<-- [end:draw_counts]

# --8<-- [start:results]
results = {"held": held.tolist(),
           "exact": {f"{name}, {steps}": {"half": list(half),
                                          "tuned": list(tuned)}
                     for (name, steps), (half, tuned) in scores.items()},
           "counts": {f"{name}, {N}": row
                      for (name, N), row in count_table.items()}}
# --8<-- [end:results]
