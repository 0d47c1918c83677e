"""Tables: a network beside the methods that people use for tables."""
# --8<-- [start:data]
import warnings

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier

# R runs side by side, N rows, D columns, H hidden units
warnings.filterwarnings("ignore")         # of regressions that stop early
loaders = {"tumours": load_breast_cancer, "wines": load_wine,
           "digits": load_digits}
runs, sizes = 6, {}


def tables(load, seed):
    """-> (X, y) to learn from and (X, y) held out, columns standardised"""
    X, y = (torch.tensor(part) for part in load(return_X_y=True))
    torch.manual_seed(seed)
    order = torch.randperm(len(y))[:600]
    X, y, n = X[order].float(), y[order], int(0.7 * len(order))
    mean, std = X[:n].mean(0), X[:n].std(0).clamp(min=1e-3)
    X = (X - mean) / std
    return (X[:n], y[:n]), (X[n:], y[n:])
# --8<-- [end:data]

# --8<-- [start:network]
def network(X, y, decays=(0.0, 0.3, 3.0), steps=200, H=64, lr=0.005):
    """MLPs on (R, N, D), their decay chosen on a fifth -> predict"""
    R, N, D = X.shape
    K, cut = int(y.max()) + 1, int(0.8 * N)
    decay = torch.tensor(decays).repeat(R)[:, None, None]

    def train(X, y, decay):
        torch.manual_seed(0)
        sizes = [(D, H), (1, H), (H, K), (1, K)]
        parts = [torch.randn(len(X), *size) / size[0]**0.5
                 if size[0] > 1 else torch.zeros(len(X), *size)
                 for size in sizes]
        for part in parts:
            part.requires_grad_()
        optimizer = torch.optim.Adam(parts, lr=lr)

        def predict(X):
            return torch.relu(X @ parts[0] + parts[1]) @ parts[2] + parts[3]

        for step in range(steps):
            loss = F.cross_entropy(predict(X).flatten(0, 1), y.flatten())
            optimizer.zero_grad()
            (loss * len(X)).backward()
            optimizer.step()
            with torch.no_grad():         # decay beside the step, as AdamW
                for part in (parts[0], parts[2]):
                    part.mul_(1 - lr * decay)
        return torch.no_grad()(predict)

    many = [part.repeat_interleave(len(decays), 0) for part in (X, y)]
    predict = train(many[0][:, :cut], many[1][:, :cut], decay)
    right = (predict(many[0][:, cut:]).argmax(2) == many[1][:, cut:])
    best = right.float().mean(1).reshape(R, -1).argmax(1)
    return train(X, y, torch.tensor(decays)[best][:, None, None])
# --8<-- [end:network]

# --8<-- [start:compare]
plain = {
    "logistic regression": lambda: GridSearchCV(
        LogisticRegression(max_iter=200), {"C": [0.01, 0.1, 1.0]}, cv=3),
    "nearest neighbours": lambda: GridSearchCV(
        KNeighborsClassifier(), {"n_neighbors": [1, 3, 9]}, cv=3),
    "random forest": lambda: RandomForestClassifier(100, random_state=0)}
scores = {}
for name, load in loaders.items():
    splits = [tables(load, seed) for seed in range(runs)]
    sizes[name] = splits[0][0][0].shape
    row = scores[name] = {
        method: [make().fit(*train).score(*test) for train, test in splits]
        for method, make in plain.items()}
    predict = network(torch.stack([X for (X, _), _ in splits]),
                      torch.stack([y for (_, y), _ in splits]))
    held_X, held_y = (torch.stack([test[i] for _, test in splits])
                      for i in (0, 1))
    row["network"] = (predict(held_X).argmax(2) == held_y
                      ).float().mean(1).tolist()
    print(f"{name} ({sizes[name][0]} rows, {sizes[name][1]} columns):\n    "
          + ", ".join(f"{method} {sum(s) / runs:.3f}"
                      for method, s in row.items()))
# --8<-- [end:compare]

# --8<-- [start:draw]
fig, axes = plt.subplots(1, 3, num="tables", figsize=(6.8, 2.6),
                         sharey=True)
for ax, (name, row) in zip(axes, scores.items()):
    for place, (method, values) in enumerate(row.items()):
        ax.plot(values, [place] * runs, "|", ms=9, color="C6")
        ax.plot(sum(values) / runs, place, "s" if method == "network"
                else "o", color="C1" if method == "network" else "C0")
    ax.set(title=f"{name}, {sizes[name][0]} rows", xlim=(0.88, 1.005),
           xlabel="accuracy", yticks=range(len(row)), yticklabels=row)
    ax.title.set_fontsize(10)
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
ahead = {name: max(sum(row[m]) for m in plain) / runs
         - sum(row["network"]) / runs for name, row in scores.items()}
results = {"scores": {name: {m.replace(" ", "_"): sum(s) / runs
                             for m, s in row.items()}
                      for name, row in scores.items()},
           "ahead": ahead, "most": max(ahead.values()), "runs": runs,
           "rows": {name: size[0] for name, size in sizes.items()}}
# --8<-- [end:results]
