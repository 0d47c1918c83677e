"""Two gesture data sets of a public archive, with the archive's own split."""
# --8<-- [start:data]
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

# B batch, T time, H hidden units
folder = distribution("aeon").locate_file("aeon/datasets/data")


def read(name, steps):
    """One file of the archive -> series (B, T) of equal length, labels."""
    text = (folder / f"{name}.ts").read_text().split("@data\n")[1]
    rows = [line.split(":") for line in text.splitlines()]
    series = [np.array(row[0].split(","), float) for row in rows]
    X = [np.interp(np.linspace(0, len(s) - 1, steps), range(len(s)), s)
         for s in series]
    y = [int(float(row[-1])) - 1 for row in rows]
    return torch.tensor(np.array(X)).float(), torch.tensor(y)


sets = {}
for name, steps in [("GunPoint", 150), ("PickupGestureWiimoteZ", 40)]:
    sets[name] = [read(f"{name}/{name}_{part}", steps)
                  for part in ("TRAIN", "TEST")]
    (train_X, train_y), (test_X, _) = sets[name]
    print(f"{name}: {len(train_X)} to learn from, {len(test_X)} held out, "
          f"{train_y.max() + 1} classes")
# --8<-- [end:data]

# --8<-- [start:model]
class Recogniser(nn.Module):
    def __init__(self, classes, hidden=32):
        super().__init__()
        self.gru = nn.GRU(2, hidden, batch_first=True, bidirectional=True)
        self.out = nn.Linear(2 * hidden, classes)

    def forward(self, X):
        """X (B, T) -> logits (B, classes)."""
        step = 10 * X.diff(dim=1, prepend=X[:, :1])
        pair = torch.stack([X, step], 2)[:, ::X.shape[1] // 37]
        return self.out(self.gru(pair)[0].mean(1))


def varied(X):
    """Each series a little larger, higher and later, at random."""
    X = X * torch.exp(0.1 * torch.randn(len(X), 1))
    X = X + 0.1 * torch.randn(len(X), 1)
    later = torch.randint(-8, 9, (len(X), 1))
    return X.gather(1, (torch.arange(X.shape[1]) - later) % X.shape[1])


def train(X, y, seed, steps=200, lr=0.01):
    torch.manual_seed(seed)
    model = Recogniser(int(y.max()) + 1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, steps)
    for step in range(steps):
        rows = torch.randint(len(X), (25,))
        loss = F.cross_entropy(model(varied(X[rows])), y[rows])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    return model.eval()
# --8<-- [end:model]

# --8<-- [start:warped]
def warped(A, B, window=8):
    """Warped distances of all pairs: (N, T), (M, T) -> (N, M)."""
    far = torch.full((len(A), len(B)), torch.inf)
    before = [torch.zeros_like(far), *[far] * A.shape[1]]
    for i in range(A.shape[1]):
        now = [far] * len(before)
        for j in range(max(0, i - window), min(A.shape[1], i + window + 1)):
            now[j + 1] = (A[:, None, i] - B[:, j])**2 + torch.minimum(
                torch.minimum(before[j], before[j + 1]), now[j])
        before = now
    return before[-1]
# --8<-- [end:warped]

# --8<-- [start:evaluation]
seeds, scores = range(3), {}
for name, ((train_X, train_y), (test_X, test_y)) in sets.items():
    nearest = train_y[torch.cdist(test_X, train_X).argmin(1)]
    after_warping = train_y[warped(test_X, train_X).argmin(1)]
    models = [train(train_X, train_y, seed) for seed in seeds]
    with torch.no_grad():
        gru = [(model(test_X).argmax(1) == test_y).float().mean().item()
               for model in models]
    scores[name] = {"neighbour": (nearest == test_y).float().mean().item(),
                    "warped": (after_warping == test_y).float().mean().item(),
                    "gru": gru, "mean": float(np.mean(gru))}
    print(f"{name}: nearest neighbour {scores[name]['neighbour']:.3f}, "
          f"warped {scores[name]['warped']:.3f}, GRU",
          " ".join(f"{score:.3f}" for score in gru))
# --8<-- [end:evaluation]

# --8<-- [start:draw]
fig, axes = plt.subplots(1, 2, num="series", figsize=(6.4, 2.6))
for ax, (name, [(X, y), _]) in zip(axes, sets.items()):
    for label in range(2):
        for series in X[y == label][:5]:
            ax.plot(series, ("-", "--")[label], color=f"C{label}",
                    lw=0.9, alpha=0.8)
    ax.set_title(name)
axes[0].set(xlabel="frame of the video", ylabel="place of the hand")
axes[1].set(xlabel="time (resampled)", ylabel="acceleration")
axes[0].annotate("draws\na gun", (0, 1.3), color="C0")
axes[0].annotate("points", (116, 1.5), color="C1")
axes[1].annotate("one person", (0, 2.0), color="C0")
axes[1].annotate("another", (0, 1.7), color="C1")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
shared = {x.numpy().tobytes() for [(X, _), _] in sets.values() for x in X} & {
    x.numpy().tobytes() for [_, (X, _)] in sets.values() for x in X}
results = {"gun": scores["GunPoint"], "shared": len(shared),
           "steps": train.__defaults__[0],
           "person": scores["PickupGestureWiimoteZ"]}
# --8<-- [end:results]
