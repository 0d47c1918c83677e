"""English number words to French, with attention and without."""
# --8<-- [start:data]
import math
import random
import re
from collections import Counter

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from num2words import num2words
from torch import nn
from torch.nn.utils.rnn import (pack_padded_sequence, pad_packed_sequence,
                                pad_sequence)

# B batch, S source words, T target words, H hidden units
PAD, START, END, UNKNOWN = range(4)


def split(text):
    """Words, hyphens and marks of a text."""
    return re.findall(r"[\w']+|[^\w\s]", text.lower())


def pair(n):
    return split(num2words(n)), split(num2words(n, lang="fr"))


random.seed(0)
numbers = sorted({random.randrange(10**random.randint(1, 9))
                  for _ in range(14_000)})
random.shuffle(numbers)
pairs = [pair(n) for n in numbers]
short = [p for p in pairs if len(p[0]) <= 12]  # longer ones: a test
train_pairs, test_pairs = short[:4000], short[4000:]
print(" ".join(pair(70_199)[0]), "->", " ".join(pair(70_199)[1]))
print(len(train_pairs), "pairs to learn from,", len(test_pairs), "held out")
# --8<-- [end:data]

# --8<-- [start:vocabulary]
class Vocabulary:
    def __init__(self, sentences):
        self.words = ["", "", "", "?"] + sorted(
            {word for sentence in sentences for word in sentence})
        self.number = {w: i for i, w in enumerate(self.words) if i > 3}

    def encode(self, sentences):
        """-> numbers with END behind them (B, T), lengths (B)"""
        rows = [torch.tensor([self.number.get(word, UNKNOWN)
                              for word in sentence] + [END])
                for sentence in sentences]
        return pad_sequence(rows, True), torch.tensor([len(r) for r in rows])

    def decode(self, ids):
        """A row of numbers up to END -> words"""
        ids = ids.tolist()
        return [self.words[i] for i in ids[:ids.index(END)]] \
            if END in ids else [self.words[i] for i in ids]
# --8<-- [end:vocabulary]

# --8<-- [start:model]
class Translator(nn.Module):
    def __init__(self, source, target, attention, H=64):
        super().__init__()
        self.source, self.target = source, target
        self.attention = attention
        self.read = nn.Embedding(len(source.words), H, padding_idx=PAD)
        self.encoder = nn.LSTM(H, H // 2, batch_first=True,
                               bidirectional=True)
        self.write = nn.Embedding(len(target.words), H, padding_idx=PAD)
        self.decoder = nn.LSTM(H, H, batch_first=True)
        self.mix = nn.Linear(2 * H, H)
        self.out = nn.Linear(H, len(target.words))

    def encode(self, ids, lengths):
        """ids (B, S) -> keys (B, S, H), where real (B, S), state."""
        packed = pack_padded_sequence(self.read(ids), lengths, True, False)
        keys, (h, c) = self.encoder(packed)
        keys, _ = pad_packed_sequence(keys, True)
        # (2, B, H / 2) -> (1, B, H): the ends of both directions
        h, c = (x.transpose(0, 1).flatten(1)[None] for x in (h, c))
        return keys, ids != PAD, (h.contiguous(), c.contiguous())

    def decode(self, ids, keys, real, state):
        """ids (B, T) -> logits (B, T, words), weights (B, T, S), state."""
        queries, state = self.decoder(self.write(ids), state)
        scores = queries @ keys.transpose(1, 2)  # (B, T, S)
        scores = scores.masked_fill(~real[:, None], -torch.inf)
        weights = scores.softmax(2)
        context = weights @ keys * self.attention  # (B, T, H)
        mixed = self.mix(torch.cat([queries, context], 2)).tanh()
        return self.out(mixed), weights, state
# --8<-- [end:model]

# --8<-- [start:training]
def train(pairs, attention, steps, batch=32, lr=0.01):
    torch.manual_seed(0)
    source, target = (Vocabulary(side) for side in zip(*pairs))
    model = Translator(source, target, attention)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, steps)
    sides = list(zip(*pairs))
    (X, X_length), (y, _) = source.encode(sides[0]), target.encode(sides[1])
    y_in = F.pad(y[:, :-1], (1, 0), value=START)  # what came before
    for step in range(steps):
        rows = torch.randint(len(pairs), (batch,))
        S, T = int(X_length[rows].max()), int((y[rows] > 0).sum(1).max())
        logits, _, _ = model.decode(y_in[rows, :T], *model.encode(
            X[rows, :S], X_length[rows]))
        loss = F.cross_entropy(logits.flatten(0, 1),
                               y[rows, :T].flatten(), ignore_index=PAD)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    return model.eval()
# --8<-- [end:training]

# --8<-- [start:translate]
@torch.no_grad()
def translate(model, sentences, most=30):
    """Greedy search: the likeliest next word, again and again."""
    keys, real, state = model.encode(*model.source.encode(sentences))
    word = torch.full((len(sentences), 1), START)
    words, maps = [], []
    for _ in range(most):
        logits, weights, state = model.decode(word, keys, real, state)
        word = logits.argmax(2)  # (B, 1)
        words.append(word)
        maps.append(weights)
        if all((torch.cat(words, 1) == END).any(1)):
            break
    rows = torch.cat(words, 1)
    return [model.target.decode(row) for row in rows], torch.cat(maps, 1)
# --8<-- [end:translate]

# --8<-- [start:measures]
def exact(model, pairs):
    guesses, _ = translate(model, [source for source, _ in pairs])
    return sum(guess == target for guess, (_, target)
               in zip(guesses, pairs)) / len(pairs)


def bleu(guesses, targets):
    """BLEU of a corpus: 1- to 4-grams in common, brevity penalty."""
    logs = 0
    for n in range(1, 5):
        hits = total = 0
        for guess, target in zip(guesses, targets):
            grams, truth = (Counter(tuple(words[i:i + n]) for i in
                                    range(len(words) - n + 1))
                            for words in (guess, target))
            hits += (grams & truth).total()
            total += grams.total()
        logs += math.log(max(hits, 1e-9) / max(total, 1)) / 4
    said, real = sum(map(len, guesses)), sum(map(len, targets))
    return math.exp(logs + min(0, 1 - real / max(said, 1)))
# --8<-- [end:measures]

# --8<-- [start:comparison]
sizes, steps, scores, models = (300, 4000), 300, {}, {}
for attention, times in ((True, 1), (False, 1), (False, 3)):
    for size in sizes:
        model = train(train_pairs[:size], attention, times * steps)
        scores[attention, size, times] = exact(model, test_pairs)
        print("with attention" if attention else "without      ",
              f"{size:5} pairs, {times * steps:4} steps: exact "
              f"{scores[attention, size, times]:.3f}")
    models.setdefault(attention, model)  # all pairs, as many steps
sources, targets = zip(*test_pairs)
score = {attention: bleu(translate(model, sources)[0], targets)
         for attention, model in models.items()}
print("BLEU with and without:", *(f"{s:.3f}" for s in score.values()))
# --8<-- [end:comparison]

# --8<-- [start:alone]
with torch.no_grad():
    words, maps = translate(models[True], sources[:50])
    alone = [translate(models[True], [source]) for source in sources[:50]]
same = sum(w == a[0][0] for w, a in zip(words, alone))
gap = max((m[:a[1].shape[1], :a[1].shape[2]] - a[1][0]).abs().max().item()
          for m, a in zip(maps, alone))
outside = max(m[:, len(s) + 1:].sum().item()
              for m, s in zip(maps, sources))  # weight on padding
print(f"{same} of 50 the same one by one, largest difference {gap:.0e}")
# --8<-- [end:alone]

# --8<-- [start:longer]
known = {word for source, _ in train_pairs for word in source}
longer, unknown = {}, 0
for length in (9, 11, 12, 13, 15, 17, 19, 22):
    some = [p for p in (pairs if length > 12 else test_pairs)
            if len(p[0]) == length][:200]
    unknown += sum(word not in known for s, _ in some for word in s)
    longer[length] = exact(models[True], some)
    print(f"{length} words: exact {longer[length]:.3f}")
print("words never seen in training:", unknown)
# --8<-- [end:longer]

# --8<-- [start:shape]
def groups(source):
    """How many of millions, thousands and the rest are not zero"""
    return (("million" in source) + ("thousand" in source)
            + (source[-1] not in ("million", "thousand")))


rare = sum(groups(s) == 3 for s, _ in train_pairs) / len(train_pairs)
print(f"three groups: {rare:.1%} of the numbers in training")
shape = {}
for count in (2, 3):
    some = [p for p in pairs if len(p[0]) == 14 and groups(p[0]) == count]
    shape[count] = exact(models[True], some[:200])
    print(f"14 words, {count} groups: exact {shape[count]:.3f}")
guesses, _ = translate(models[True], [source for source, _ in some])
lost = next(((source, guess) for (source, target), guess
             in zip(some, guesses) if len(guess) < len(target)), ((), ()))
print("shortened:", *lost[0], "->", *lost[1])
# --8<-- [end:shape]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="pairs")
for attention, times, name, style in [
        (True, 1, "with attention", "C0o-"), (False, 3, "without", "C1^-."),
        (False, 1, "without", "C1s--")]:
    ax.plot(sizes, [scores[attention, size, times] for size in sizes], style,
            label=f"{name}, {times * steps} steps")
ax.set(xscale="log", xlabel="training pairs", ylim=(0, 1.05),
       ylabel="exact translations, held out")
ax.set_xticks(sizes, sizes)
ax.minorticks_off()
ax.legend(loc="lower right")

fig, ax = plt.subplots(num="longer")
ax.plot(longer.keys(), longer.values(), "o-")
ax.axvline(12, ls=":", color="C6")
ax.annotate("longest seen in training", (12, 0.05), xytext=(4, 0),
            textcoords="offset points", color="C6")
ax.set(xlabel="length of the English text (words and marks)",
       ylabel="exact translations", ylim=(-0.03, 1.05))

example = pair(72_081)
words, weights = translate(models[True], [example[0]])
fig, ax = plt.subplots(num="map", figsize=(6.4, 4.2))
for t, row in enumerate(weights[0, :len(words[0]) + 1].tolist()):
    for s, weight in enumerate(row):
        ax.add_patch(plt.Rectangle((t - 0.5, s - 0.5), 1, 1, lw=0,
                                   alpha=max(0.0, min(weight, 1.0))))
ax.set(xlim=(-0.5, t + 0.5), ylim=(s + 0.5, -0.5), aspect="equal")
ax.set_xticks(range(len(words[0]) + 1), [*words[0], "end"], rotation=60)
ax.set_yticks(range(len(example[0]) + 1), [*example[0], "end"])
ax.set(xlabel="French word written", ylabel="English word looked at")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
kept = {" ".join(source) for source, _ in train_pairs}
found = weights[0, :len(words[0])]  # (T, S) of the number in the figure
rows = [*example[0], "the end"]
looks = [f"{word} at {rows[int(row.argmax())]} ({row.max():.2f})"
         for word, row in zip(words[0], found)]
results = {"with": [scores[True, size, 1] for size in sizes],
           "without": [scores[False, size, 1] for size in sizes],
           "patient": [scores[False, size, 3] for size in sizes],
           "steps": steps, "more_steps": 3 * steps,
           "sizes": list(sizes), "looks": ", ".join(looks),
           "number": " ".join(example[0]), "in_french": " ".join(words[0]),
           "longest": max(longer), "seen": 12, "seen_plus": 15,
           "shape": shape, "rare": rare, "tried": 14,
           "bleu": score[True], "bleu_without": score[False],
           "longer": longer, "unknown": unknown,
           "shared": sum(" ".join(s) in kept for s in sources),
           "same": same, "gap": gap, "outside": outside}
# --8<-- [end:results]
