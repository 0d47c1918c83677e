"""Looking a value up by its key: one attention layer against a GRU."""
# --8<-- [start:task]
import math

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import nn

# B batch, N pairs, A letters, E numbers for a letter
A, E, B = 16, 32, 64


def draw(N, number=B):
    """N pairs of a key and a value, and one of the keys as a question"""
    keys = torch.rand(number, A).argsort(1)[:, :N]       # (B, N), all differ
    values = torch.randint(A, (number, N))
    place = torch.randint(N, (number,))
    rows = torch.arange(number)
    return keys, values, keys[rows, place], values[rows, place]
# --8<-- [end:task]

# --8<-- [start:attention]
class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.letter, self.value = nn.Embedding(A, E), nn.Embedding(A, E)
        self.query, self.key = nn.Linear(E, E), nn.Linear(E, E)
        self.out = nn.Linear(E, A)

    def forward(self, keys, values, question):
        Q = self.query(self.letter(question))[:, None]   # (B, 1, E)
        K = self.key(self.letter(keys))                  # (B, N, E)
        weights = (Q @ K.transpose(1, 2) / math.sqrt(E)).softmax(-1)
        self.weights = weights[:, 0]                     # (B, N)
        return self.out((weights @ self.value(values))[:, 0])
# --8<-- [end:attention]

# --8<-- [start:gru]
class Recurrent(nn.Module):
    """Reads pair after pair, and then the question"""
    def __init__(self, hidden_size=64):
        super().__init__()
        self.letter, self.value = nn.Embedding(A, E), nn.Embedding(A, E)
        self.gru = nn.GRU(E, hidden_size, batch_first=True)
        self.out = nn.Linear(hidden_size, A)

    def forward(self, keys, values, question, mark=0):
        pairs = self.letter(keys) + self.value(values) + mark  # (B, N, E)
        asked = self.letter(question)[:, None]                 # (B, 1, E)
        _, h = self.gru(torch.cat([pairs, asked], 1))          # (1, B, H)
        return self.out(h[0])


class Told(Recurrent):
    """The same, but each key comes with a mark if it will be asked for"""
    def forward(self, keys, values, question):
        asked = (keys == question[:, None])[..., None]         # (B, N, 1)
        return super().forward(keys, values, question, 4 * asked)
# --8<-- [end:gru]

# --8<-- [start:train]
def train(kind, N, steps, seed):
    """-> share of new questions that are answered"""
    torch.manual_seed(seed)
    model = kind()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    for step in range(steps):
        keys, values, question, answer = draw(N)
        loss = F.cross_entropy(model(keys, values, question), answer)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        keys, values, question, answer = draw(N, 2000)
        right = model(keys, values, question).argmax(1) == answer
    return right.float().mean().item(), model
# --8<-- [end:train]

# --8<-- [start:compare]
table = {}
print("share of questions answered, 3 seeds    2 pairs         8 pairs")
for kind, steps in [(Attention, 300), (Recurrent, 300), (Recurrent, 900),
                    (Told, 300)]:
    for N in (2, 8):
        runs = [train(kind, N, steps, seed) for seed in range(3)]
        table[kind.__name__, steps, N] = [share for share, _ in runs]
        if kind is Attention:
            model = runs[0][1]
    low_high = [f"{min(table[kind.__name__, steps, N]):.2f} - "
                f"{max(table[kind.__name__, steps, N]):.2f}" for N in (2, 8)]
    print(f"{kind.__name__:10}{steps:4} steps{low_high[0]:>29}"
          f"{low_high[1]:>16}")
# --8<-- [end:compare]

# --8<-- [start:look]
keys, values, question, answer = draw(8, 500)
with torch.no_grad():
    right = model(keys, values, question).argmax(1) == answer
    weights = model.weights                              # (500, N)
    asked = keys == question[:, None]
    at_key = weights[asked].mean().item()
    cut = weights * ~asked                 # the asked pair's weight taken away
    cut = cut / cut.sum(1, keepdim=True)
    without = model.out((cut[:, None] @ model.value(values))[:, 0])
lost = (without.argmax(1) == answer).float().mean().item()
print(f"weight of the pair that is asked for: {at_key:.3f} on average")
print(f"answered with all pairs {right.float().mean():.3f}, without the one "
      f"asked for {lost:.3f}")
# --8<-- [end:look]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="weights", figsize=(6.0, 3.0))
ax.set(xlim=(-0.5, 7.5), ylim=(5.5, -0.5))
for i in range(6):
    for n in range(8):
        pair = "abcdefghijklmnop"[keys[i, n]] + str(values[i, n].item())
        ax.add_patch(plt.Rectangle((n - 0.5, i - 0.5), 1, 1, lw=0, fc="C0",
                                   alpha=weights[i, n].item()))
        ax.text(n, i, pair, ha="center", va="center",
                color="#f1f3f6" if weights[i, n] > 0.5 else "#24292f")
ax.set_yticks(range(6), [f"{'abcdefghijklmnop'[q]} ?" for q in question[:6]])
ax.set(xlabel="place of the pair", ylabel="question")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"share": {f"{kind}_{steps}_{N}": shares for (kind, steps, N), shares
                     in table.items()}, "at_key": at_key, "lost": lost,
           "mean": {f"{kind}_{steps}_{N}": sum(shares) / 3
                    for (kind, steps, N), shares in table.items()}}
# --8<-- [end:results]
