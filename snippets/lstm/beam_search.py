"""Beam search: numbers longer than any seen, and texts of menus."""
# --8<-- [start:data]
import gettext
import math
import random
import re
from collections import Counter
from importlib.metadata import distribution

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
train_pairs = [p for p in pairs if len(p[0]) <= 12][:4000]
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
    def __init__(self, source, target, H=64):
        super().__init__()
        self.source, self.target = source, target
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
        """ids (B, T) -> logits (B, T, words), state."""
        queries, state = self.decoder(self.write(ids), state)
        scores = queries @ keys.transpose(1, 2)  # (B, T, S)
        scores = scores.masked_fill(~real[:, None], -torch.inf)
        weights = scores.softmax(2)
        context = weights @ keys  # (B, T, H)
        mixed = self.mix(torch.cat([queries, context], 2)).tanh()
        return self.out(mixed), state
# --8<-- [end:model]

# --8<-- [start:training]
def train(pairs, steps, batch=32, lr=0.01):
    torch.manual_seed(0)
    source, target = (Vocabulary(side) for side in zip(*pairs))
    model = Translator(source, target)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, steps)
    sides = list(zip(*pairs))
    (X, X_length), (y, _) = source.encode(sides[0]), target.encode(sides[1])
    y_in = F.pad(y[:, :-1], (1, 0), value=START)  # what came before
    for step in range(steps):
        rows = torch.randint(len(pairs), (batch,))
        S, T = int(X_length[rows].max()), int((y[rows] > 0).sum(1).max())
        logits, _ = model.decode(y_in[rows, :T], *model.encode(
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

# --8<-- [start:measures]
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

# --8<-- [start:real]
def interface():
    """Menu texts of JupyterLab with their French translations."""
    package = distribution("jupyterlab-language-pack-fr-FR")
    texts = {}
    for file in package.files:
        if file.suffix == ".mo":
            with open(package.locate_file(file), "rb") as stream:
                catalogue = gettext.GNUTranslations(stream)._catalog
            texts |= {key: text for key, text in catalogue.items()
                      if isinstance(key, str)}
    rows = {" ".join(split(key.split("\x04")[-1])): split(text)
            for key, text in texts.items() if key and text}
    return [(key.split(), text) for key, text in sorted(rows.items())
            if 3 <= len(key.split()) <= 12 and key.split() != text]


real = interface()
random.shuffle(real)
steps = 300
models = {"numbers": train(train_pairs, steps),
          "texts": train(real[:-200], steps)}
# --8<-- [end:real]

# --8<-- [start:texts]
@torch.no_grad()
def greedy(model, sentences, most=30):
    """The likeliest next word, again and again."""
    keys, real, state = model.encode(*model.source.encode(sentences))
    rows = torch.full((len(sentences), 1), START)
    for _ in range(most):
        logits, state = model.decode(rows[:, -1:], keys, real, state)
        rows = torch.cat([rows, logits.argmax(2)], 1)
    return [model.target.decode(row) for row in rows[:, 1:]]


real_score = {}
for name, rows in [("own", real[:200]), ("held out", real[-200:])]:
    sources, targets = zip(*rows)
    guesses = greedy(models["texts"], sources)
    real_score[name] = bleu(guesses, targets)
print(f"{len(real)} interface texts: BLEU {real_score['held out']:.3f}, "
      f"on its own texts {real_score['own']:.3f}")
for texts in list(zip(sources, guesses, targets))[:3]:
    print(" | ".join(" ".join(words) for words in texts))
# --8<-- [end:texts]

# --8<-- [start:beam]
@torch.no_grad()
def beam(model, sentences, width, most=30):
    """Beam search: carry the likeliest few beginnings along.

    -> the best translations, their log-probabilities (B)
    """
    B, many = len(sentences), len(model.target.words)
    keys, real, state = model.encode(*model.source.encode(sentences))
    keys, real = (x.repeat_interleave(width, 0) for x in (keys, real))
    state = [x.repeat_interleave(width, 1) for x in state]
    rows = torch.full((B * width, 1), START)
    score = torch.full((B, width), -torch.inf)
    score[:, 0] = 0  # at first there is only one beginning
    done = torch.zeros(B, width, dtype=torch.bool)
    for _ in range(most):
        logits, state = model.decode(rows[:, -1:], keys, real, state)
        chance = logits.log_softmax(2).view(B, width, many)
        chance[done] = -torch.inf
        chance[..., PAD] = torch.where(done, 0.0, -torch.inf)
        total = (score[..., None] + chance).flatten(1)
        score, best = total.topk(width)  # (B, width)
        old = (best // many + width * torch.arange(B)[:, None]).flatten()
        word = best % many
        rows = torch.cat([rows[old], word.view(-1, 1)], 1)
        state = [x[:, old] for x in state]
        done = done.flatten()[old].view(B, width) | (word == END)
        if done.all():
            break
    rows = rows.view(B, width, -1)[:, 0, 1:]  # the best of each
    return [model.target.decode(row) for row in rows], score[:, 0]
# --8<-- [end:beam]

# --8<-- [start:truth]
@torch.no_grad()
def log_chance(model, pairs):
    """The log-probability of each true translation (B)."""
    sources, targets = zip(*pairs)
    y, _ = model.target.encode(targets)
    logits, _ = model.decode(F.pad(y[:, :-1], (1, 0), value=START),
                                *model.encode(*model.source.encode(sources)))
    chance = logits.log_softmax(2).gather(2, y[..., None])[..., 0]
    return chance.masked_fill(y == PAD, 0).sum(1)
# --8<-- [end:truth]

# --8<-- [start:search]
width, searched = 5, {}
groups = {"numbers": [p for p in pairs if 13 <= len(p[0]) <= 17][:600],
          "texts": real[-200:]}
for name, group in groups.items():
    model, (sources, targets) = models[name], zip(*group)
    truth, row = log_chance(model, group), {"pairs": len(group)}
    (narrow, low), (beamed, high) = (beam(model, sources, size)
                                     for size in (1, width))
    for key, guesses, chance in [("greedy", narrow, low),
                                 ("beam", beamed, high)]:
        wrong = torch.tensor([g != t for g, t in zip(guesses, targets)])
        row[key] = {"exact": 1 - wrong.float().mean().item(),
                    "bleu": bleu(guesses, targets),
                    "wrong": int(wrong.sum()), "search_errors": int(
                        (wrong & (truth > chance + 1e-4)).sum())}
        print(f"{name:8}{key:7}exact {row[key]['exact']:.3f}, BLEU "
              f"{row[key]['bleu']:.3f}; wrong {row[key]['wrong']}, the "
              f"truth likelier in {row[key]['search_errors']} of them")
    row["likelier"] = int((high > low + 1e-4).sum())
    row["less"] = int((high < low - 1e-4).sum())
    print(f"beam's result likelier {row['likelier']}, less likely "
          f"{row['less']} times")
    searched[name] = row
long_sources = [source for source, _ in groups["numbers"]]
one, _ = beam(models["numbers"], long_sources, 1)
plain = greedy(models["numbers"], long_sources)
# --8<-- [end:search]

# --8<-- [start:results]
results = {"real": {"bleu": real_score["held out"],
                    "own": real_score["own"]}, "learned": len(real) - 200,
           "searched": searched, "width": width, "steps": steps}
# --8<-- [end:results]
