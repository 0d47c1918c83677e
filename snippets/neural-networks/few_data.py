"""200 labelled digits: how sure a network is, and what makes it better."""
# --8<-- [start:data]
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier

# N networks at once, B examples, C = 10 classes
draws, n, members, folds = 6, 200, 5, 5
torch.manual_seed(0)
X, y = map(torch.tensor, load_digits(return_X_y=True))
order = torch.randperm(len(X))
X, y = X[order].float() / 16, y[order]
test_X, test_y = X[1000:], y[1000:]
labelled = torch.stack([torch.randperm(1000)[:n] for _ in range(draws)])
# --8<-- [end:data]

# --8<-- [start:train]
def train(rows, H=64, lr=0.01, steps=300):
    """A network for each row of `rows` -> log-probabilities (N, all, C)."""
    N = len(rows)
    W1 = torch.randn(N, 64, H) * (2 / 64)**0.5
    W2 = torch.randn(N, H, 10) * (1 / H)**0.5
    b1, b2 = torch.zeros(N, 1, H), torch.zeros(N, 1, 10)
    weights = [w.requires_grad_() for w in (W1, b1, W2, b2)]
    optimizer = torch.optim.Adam(weights, lr=lr)

    def logits(x):
        return torch.baddbmm(b2, F.relu(torch.baddbmm(b1, x, W1)), W2)

    for step in range(steps):
        z = logits(X[rows])  # (N, n, C)
        loss = F.cross_entropy(z.flatten(0, 1), y[rows].flatten())
        optimizer.zero_grad()
        (N * loss).backward()  # each network's own mean
        optimizer.step()
    with torch.no_grad():
        return logits(X.expand(N, -1, -1)).log_softmax(2)
# --8<-- [end:train]

# --8<-- [start:score]
def score(log_q):
    """Log-probabilities (draws, test, C) -> three numbers for each draw."""
    sure, answer = log_q.max(2)
    right = (answer == test_y).float().mean(1)
    return {"accuracy": right, "gap": sure.exp().mean(1) - right,
            "loss": -log_q[:, torch.arange(len(test_y)), test_y].mean(1)}


print(f"{'digits':8}{'steps':6}  accuracy  sure - right: worst draw - best")
longer = {}
for size, steps in [(100, 300), (200, 50), (200, 300), (200, 900)]:
    torch.manual_seed(1)
    log_q = train(labelled[:, :size], steps=steps)
    row = longer[size, steps] = score(log_q[:, 1000:])
    print(f"{size:6}{steps:8}{row['accuracy'].mean():10.3f}"
          f"{row['gap'].max():+15.3f} - {row['gap'].min():+.3f}")
    if (size, steps) == (200, 300):
        single = log_q
q = single[:, 1000:].exp()  # (draws, test, C)
square = (q - F.one_hot(test_y, 10)).square().sum(2).mean()
share = (q.var(0).sum(1).mean() / square).item()
print(f"after 300 steps, {share:.0%} of the squared error is variance")
# --8<-- [end:score]

# --8<-- [start:temperature]
def temperature(log_q, right):
    """The divisor of the logits with the least cross-entropy."""
    grid = torch.logspace(-0.6, 0.6, 61)
    return min(grid, key=lambda t: F.cross_entropy(log_q / t, right))


parts = labelled.reshape(draws, folds, -1)
keep = ~torch.eye(folds, dtype=torch.bool)
without = torch.stack([part[k].flatten() for part in parts for k in keep])
torch.manual_seed(2)
crossed = train(without).unflatten(0, (draws, folds))
taus = torch.stack([temperature(  # for digits their network has not seen
    torch.cat([q[k, part[k]] for k in range(folds)]), y[part.flatten()])
    for q, part in zip(crossed, parts)])
cooled = (single / taus[:, None, None]).log_softmax(2)
print("temperatures:", *(f"{t:.2f}" for t in taus))
# --8<-- [end:temperature]

# --8<-- [start:rivals]
torch.manual_seed(3)
team = train(labelled.repeat_interleave(members, 0)).unflatten(
    0, (draws, members))
wide = train(labelled, H=64 * members, lr=0.003)
calm = train(labelled, lr=0.003)
plainer = {"logistic": [], "neighbour": []}
for rows in labelled:
    models = [LogisticRegression(C=C, max_iter=300) for C in (1, 10, 100)]
    linear = max(models, key=lambda model: cross_val_score(
        model, X[rows], y[rows], cv=folds, scoring="neg_log_loss").mean())
    linear.fit(X[rows], y[rows])
    plainer["logistic"].append(torch.tensor(linear.predict_log_proba(test_X)))
    nearest = KNeighborsClassifier(1).fit(X[rows], y[rows])
    plainer["neighbour"].append(nearest.score(test_X, test_y))
methods = {
    "one network": single, "its temperature": cooled,
    "five in cross-validation": crossed.exp().mean(1).log(),
    "five on all digits": team.exp().mean(1).log(),
    "one, five times as wide": wide, "one, smaller steps": calm}
table = {name: score(q[:, 1000:]) for name, q in methods.items()}
table["logistic regression"] = score(torch.stack(plainer["logistic"]))
print("mean of 6 draws           accuracy  sure - right  cross-entropy")
for name, row in table.items():
    print(f"{name:26}{row['accuracy'].mean():8.3f}{row['gap'].mean():+13.3f}"
          f"{row['loss'].mean():14.3f}")
print(f"nearest neighbour {sum(plainer['neighbour']) / draws:16.3f}")
# --8<-- [end:rivals]

# --8<-- [start:draw]
edges = torch.tensor([0, 0.5, 0.7, 0.85, 0.95, 0.99, 1.0001])
curves = {}
fig, ax = plt.subplots(num="reliability", figsize=(5, 4))
ax.plot([0.3, 1], [0.3, 1], color="C6", ls=":")
for name, mark, place in [("one network", "s--", (0.62, 0.42)),
                          ("its temperature", "o-", (0.4, 0.72))]:
    sure, answer = methods[name][:, 1000:].exp().max(2)
    right = (answer == test_y).float()
    of = torch.bucketize(sure, edges, right=True)
    curves[name] = [(sure[of == k].mean().item(), right[of == k].mean().item())
                    for k in range(1, len(edges))]
    [line] = ax.plot(*zip(*curves[name]), mark, ms=5)
    ax.annotate(name.replace("its", "with its"), place,
                color=line.get_color())
ax.set(xlabel="mean probability of the answer", ylabel="share that is right")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
def means(row):
    return {what: values.mean().item() for what, values in row.items()}


short = dict(zip(table, ("one", "tau", "crossed", "five", "wide", "calm",
                         "logistic")))
results = {short[name]: means(row) for name, row in table.items()}
results |= {f"steps_{size}_{steps}": means(row)
            for (size, steps), row in longer.items()}
results |= {"neighbour": sum(plainer["neighbour"]) / draws,
            "share": share, "taus": taus.tolist(), "low": min(taus).item(),
            "high": max(taus).item(), "curves": curves}
# --8<-- [end:results]
