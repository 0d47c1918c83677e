"""Four ways to tell a token where it stands."""
# --8<-- [start:waves]
import math

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import nn

# T tokens, E numbers in a token
E = 32
rates = 100.0 ** -(torch.arange(E // 2) / (E // 2))      # (E / 2)


def waves(T):
    """Position t as sines and cosines of E / 2 frequencies -> (T, E)"""
    angle = torch.arange(T)[:, None] * rates
    return torch.cat([angle.sin(), angle.cos()], 1)


def rotate(X):
    """Turn each pair of numbers of token t by t times its rate"""
    angle = torch.arange(X.shape[1])[:, None] * rates    # (T, E / 2)
    a, b = X.chunk(2, -1)
    return torch.cat([a * angle.cos() - b * angle.sin(),
                      a * angle.sin() + b * angle.cos()], -1)


torch.manual_seed(0)
q, k = torch.randn(2, E, dtype=torch.float64)
rates = rates.double()
Q, K = rotate(q.expand(1, 40, E))[0], rotate(k.expand(1, 40, E))[0]
table_of_scores = Q @ K.T                                # (40, 40)
drift = max((line - line[0]).abs().max().item() for line in (
    table_of_scores.diagonal(d) for d in range(-30, 31)))
rates = rates.float()
print(f"the score of two tokens depends on their distance alone: {drift:.0e}")
# --8<-- [end:waves]

# --8<-- [start:task]
# B batch, A letters or digits
B, A, LONGEST = 64, 12, 8


def draw(T, task, number=B):
    """Rows, and the largest letter in each place, or the letter before it
    (in the first place itself), or the digits of a sum from the right"""
    if task == "sum":
        a, b = torch.randint(10, (2, number, T))
        y, carry = torch.empty_like(a), torch.zeros(number, dtype=torch.long)
        for t in range(T):
            total = a[:, t] + b[:, t] + carry
            y[:, t], carry = total % 10, total // 10
        return 10 * a + b, y
    X = torch.randint(A, (number, T))
    if task == "largest":
        return X, X.amax(1, keepdim=True).expand(-1, T)
    return X, torch.cat([X[:, :1], X[:, :-1]], 1)
# --8<-- [end:task]

# --8<-- [start:model]
class Network(nn.Module):
    """One block with a single head"""
    def __init__(self, kind):
        super().__init__()
        self.kind, self.sign = kind, nn.Embedding(100, E)
        self.place = nn.Embedding(2 * LONGEST, E)
        self.written = nn.Embedding(11, E)
        self.qkv, self.mix = nn.Linear(E, 3 * E), nn.Linear(E, E)
        self.first, self.second = nn.LayerNorm(E), nn.LayerNorm(E)
        self.mlp = nn.Sequential(nn.Linear(E, 4 * E), nn.ReLU(),
                                 nn.Linear(4 * E, E))
        self.out = nn.Linear(E, A)

    def forward(self, X, written=None):
        T = X.shape[1]
        h = self.sign(X)                                 # (B, T, E)
        if self.kind == "learned":
            h = h + self.place(torch.arange(T))
        if self.kind == "waves":
            h = h + waves(T)
        if written is not None:          # the digit before it; 10: none yet
            h = h + self.written(F.pad(written[:, :-1], (1, 0), value=10))
        Q, K, V = self.qkv(self.first(h)).chunk(3, -1)
        if self.kind == "rotary":
            Q, K = rotate(Q), rotate(K)
        scores = Q @ K.transpose(1, 2) / math.sqrt(E)
        if written is not None:          # who writes sees nothing to come
            scores = scores.masked_fill(torch.ones(T, T).triu(1).bool(),
                                        -math.inf)
        h = h + self.mix(scores.softmax(-1) @ V)
        return self.out(h + self.mlp(self.second(h)))    # (B, T, A)
# --8<-- [end:model]

# --8<-- [start:train]
def train(task, kind, seed, lr=0.01):
    """-> share of rows that are all right, at each length"""
    torch.manual_seed(seed)
    model, steps = Network(kind), STEPS[task]
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, steps)
    for step in range(steps):
        X, y = draw(torch.randint(2, LONGEST + 1, ()).item(), task)
        said = model(X, y if task == "sum" else None)
        loss = F.cross_entropy(said.flatten(0, 1), y.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return {T: answer(model, *draw(T, task, 500), task) for T in (4, 8, 12)}


@torch.no_grad()
def answer(model, X, y, task):
    if task != "sum":
        said = model(X).argmax(2)
    else:                       # it goes on from the digits it wrote itself
        said = torch.zeros_like(y)
        for t in range(X.shape[1]):
            said[:, t] = model(X, said)[:, t].argmax(1)
    return (said == y).all(1).float().mean().item()
# --8<-- [end:train]

# --8<-- [start:compare]
STEPS = {"largest": 300, "previous": 300, "sum": 600}
trials = [("largest", "none")] + [
    (task, kind) for task in ("previous", "sum")
    for kind in ("none", "learned", "waves", "rotary")]
table = {}
print("rows all right, 3 seeds     4 places       8 places      12 places")
for task, kind in trials:
    runs = [train(task, kind, seed) for seed in range(3)]
    table[task, kind] = {T: [run[T] for run in runs] for T in (4, 8, 12)}
    print(f"{task:9} {kind:12}" + "".join(
        f"{min(shares):9.2f} -{max(shares):5.2f}"
        for shares in table[task, kind].values()))
# --8<-- [end:compare]

# --8<-- [start:draw]
fig, axes = plt.subplots(1, 2, num="waves", figsize=(6.4, 2.9))
axes[0].imshow(waves(40).T, cmap="gray", aspect="auto")
axes[0].set(xlabel="position", ylabel="number in the token",
            title="waves that are added")
axes[1].imshow(table_of_scores, cmap="gray")
axes[1].set(xlabel="position of the key", ylabel="position of the query",
            title="scores after turning")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"drift": drift,
           "right": {f"{task}_{kind}": {f"T_{T}": shares for T, shares
                                        in row.items()}
                     for (task, kind), row in table.items()}}
# --8<-- [end:results]
