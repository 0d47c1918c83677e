"""Persons, places and organisations: generated sentences, then real ones."""
# --8<-- [start:generate]
import random
from collections import Counter, defaultdict
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from faker.providers.person.en_US import Provider
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from torch import nn
from torch.nn.utils.rnn import (pack_padded_sequence, pad_packed_sequence,
                                pad_sequence)

# B batch, T words of a sentence, H hidden units
random.seed(0)
words = sorted({*Provider.first_names, *Provider.last_names})
random.shuffle(words)  # each word is in one half only
halves = {"train": words[::2], "test": words[1::2]}


def a_name(kind, words):
    """A new person, place or organisation, made of these words."""
    one, two, three = random.sample(words, 3)
    suffix = random.choice(["ville", "ton", "bury", "port", "view"])
    form = random.choice(["Inc", "LLC", "Group", "PLC", "and Sons"])
    return random.choice({
        "PER": [f"{one} {two}", f"{one} {two}", one],
        "LOC": [one + suffix, f"Lake {one}", f"Port {one}", one],
        "ORG": [f"{one} {form}", f"{one}-{two}", f"{one} Bank", one,
                f"{one} , {two} and {three}"]}[kind])


for half, words in halves.items():
    halves[half] = {kind: [a_name(kind, words) for _ in range(700)]
                    for kind in ("PER", "LOC", "ORG")}
for half, names in halves.items():
    print(half, {kind: row[:2] for kind, row in names.items()})
# --8<-- [end:generate]

# --8<-- [start:sentences]
templates = """PER moved from LOC to LOC last spring .
The board of ORG met in LOC , and PER was late .
Shares of ORG fell after PER left the company .
In LOC , heavy rain stopped the trains .
PER told reporters that ORG would hire in LOC .
We drove through LOC and had lunch with PER .
ORG sued ORG over a patent .
Yesterday PER met PER at the station of LOC .
The mayor of LOC thanked PER and the staff of ORG .
ORG , which has an office in LOC , named PER as its head .
Her aunt , PER , lives near LOC .
Nobody at ORG knew why PER had resigned .""".splitlines()
new_templates = """After the storm , PER drove back to LOC .
Workers of ORG in LOC went on strike .
PER , who founded ORG , was born in LOC .
The bridge of LOC is older than ORG .""".splitlines()


def sentences(n, templates, names):
    """-> n pairs of words and tags, one tag for each word."""
    pairs = []
    for _ in range(n):
        words, tags = [], []
        for word in random.choice(templates).split():
            if word in names:
                parts = random.choice(names[word]).split()
                tags += ["B-" + word] + ["I-" + word] * (len(parts) - 1)
                words += parts
            else:
                words.append(word)
                tags.append("O")
        pairs.append((words, tags))
    return pairs
# --8<-- [end:sentences]

# --8<-- [start:real]
def wikinews():
    """500 Japanese news sentences with tags set by a person."""
    file = distribution("hironsancorpus").locate_file(
        "hironsan/corpus/iob_sents.txt")
    blocks = file.read_text("utf-8").split("\n\n")
    pairs, seen = [], set()
    for block in filter(str.strip, blocks):
        rows = [line.split("\t") for line in block.strip().splitlines()]
        if block not in seen:  # one sentence is in it twice
            pairs.append(([row[0] for row in rows],
                          [row[-1] for row in rows]))
        seen.add(block)
    return pairs
# --8<-- [end:real]

# --8<-- [start:score]
def entities(words, tags):
    """Spans of a sentence: (first word, behind the last, kind)."""
    spans, start = [], None
    for t, tag in enumerate([*tags, "O"]):
        goes_on = start is not None and tag == "I-" + tags[start][2:]
        if start is not None and not goes_on:
            spans.append((start, t, tags[start][2:]))
            start = None
        if tag.startswith("B-") or (tag != "O" and not goes_on):
            start = t
    return {(a, b, kind, " ".join(words[a:b])) for a, b, kind in spans}


def f1(pairs, guesses, known=()):
    """Entity-level F1 over the entities that are not in `known`."""
    hits = found = real = 0
    for (words, tags), guess in zip(pairs, guesses):
        true, said = [{span for span in entities(words, t)
                       if span[2:] not in known} for t in (tags, guess)]
        hits += len(true & said)
        found += len(said)
        real += len(true)
    return 2 * hits / (found + real)
# --8<-- [end:score]

# --8<-- [start:features]
def features(word):
    """A word as a few small pieces that also new words have."""
    shape = "".join("A" if c.isupper() else "a" if c.islower() else
                    "9" if c.isdigit() else c for c in word)[:6]
    script = "".join(sorted({"kana" if "\u3040" <= c < "\u3100" else
                             "han" if c > "\u3100" else "" for c in word}))
    return ["w" + word, "p" + word[:2], "s" + word[-2:],
            "e" + word[-1:], "f" + shape, "k" + script]


class Tagger(nn.Module):
    def __init__(self, pieces, tags, size=32, hidden=32):
        super().__init__()
        self.pieces = {p: i + 1 for i, p in enumerate(sorted(pieces))}
        self.tags = tags
        self.embed = nn.EmbeddingBag(len(pieces) + 1, size, mode="sum",
                                     padding_idx=0)
        self.rnn = nn.GRU(size, hidden, batch_first=True,
                          bidirectional=True)
        self.drop = nn.Dropout(0.3)
        self.out = nn.Linear(2 * hidden, len(tags))

    def encode(self, words):
        """-> (T, 6) numbers of the pieces; 0 for what is unknown."""
        return torch.tensor([[self.pieces.get(p, 0) for p in features(w)]
                             for w in words])

    def forward(self, rows, hide=0.0):
        """B times (T, 6) -> logits (all real words of the batch, tags)."""
        lengths = [len(row) for row in rows]
        X = torch.cat(rows)
        X = X.masked_fill(torch.rand(X.shape) < hide, 0)
        X = self.drop(self.embed(X)).split(lengths)  # B times (T, size)
        packed = pack_padded_sequence(
            pad_sequence(X, True), torch.tensor(lengths), True, False)
        states, _ = pad_packed_sequence(self.rnn(packed)[0], True)
        real = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
        return self.out(self.drop(states[real]))
# --8<-- [end:features]

# --8<-- [start:training]
def train(pairs, epochs, seed=0, lr=0.01, batch=32):
    torch.manual_seed(seed)
    tags = sorted({tag for _, row in pairs for tag in row})
    model = Tagger({p for words, _ in pairs for word in words
                    for p in features(word)}, tags)
    X = [model.encode(words) for words, _ in pairs]
    y = [torch.tensor([tags.index(tag) for tag in row]) for _, row in pairs]
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    for epoch in range(epochs):
        for rows in torch.randperm(len(pairs)).split(batch):
            target = torch.cat([y[i] for i in rows])
            loss = F.cross_entropy(model([X[i] for i in rows], hide=0.2),
                                   target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model.eval()


@torch.no_grad()
def tag(model, pairs):
    best = model([model.encode(words) for words, _ in pairs]).argmax(1)
    return [[model.tags[i] for i in row]
            for row in best.split([len(words) for words, _ in pairs])]
# --8<-- [end:training]

# --8<-- [start:baselines]
def majority(train_pairs, pairs):
    """Every word gets the tag it had most often; new words get O."""
    counts = defaultdict(Counter)
    for words, tags in train_pairs:
        for word, t in zip(words, tags):
            counts[word][t] += 1
    return [[counts[w].most_common(1)[0][0] if w in counts else "O"
             for w in words] for words, _ in pairs]


def gazetteer(train_pairs, pairs):
    """A list of all training entities; the longest match wins."""
    known = {tuple(name.split(" ")): kind for words, tags in train_pairs
             for *_, kind, name in entities(words, tags)}
    longest = max(map(len, known))
    guesses = []
    for words, _ in pairs:
        guess, t = ["O"] * len(words), 0
        while t < len(words):
            n = next((n for n in range(longest, 0, -1)
                      if tuple(words[t:t + n]) in known), 0)
            if n:
                kind = known[tuple(words[t:t + n])]
                guess[t:t + n] = ["B-" + kind] + ["I-" + kind] * (n - 1)
            t += n or 1
        guesses.append(guess)
    return guesses
# --8<-- [end:baselines]

# --8<-- [start:window]
def around(words, t):
    """The pieces of a word and of its neighbours, two to each side."""
    return {f"{shift} {piece}": 1 for shift in range(-2, 3)
            if 0 <= t + shift < len(words)
            for piece in features(words[t + shift])}


def fit_linear(pairs):
    """Logistic regression on these pieces: no state, no memory."""
    model = make_pipeline(DictVectorizer(), LogisticRegression(
        C=3, max_iter=100, tol=1e-3))
    return model.fit([around(words, t) for words, _ in pairs
                      for t in range(len(words))],
                     [tag for _, tags in pairs for tag in tags])


def linear(model, pairs):
    return [list(model.predict([around(words, t)
                                for t in range(len(words))]))
            for words, _ in pairs]
# --8<-- [end:window]

# --8<-- [start:evaluation]
news = wikinews()
made = sentences(500, templates, halves["train"])
corpora = {"new names": (made, sentences(300, templates, halves["test"])),
           "new names, new sentences": (
               made, sentences(300, new_templates, halves["test"])),
           "real news": (news[:400], news[400:])}
seeds, models = range(3), {}
for key, known_pairs, epochs in [("made", made, 8), ("news", news[:400], 25)]:
    models[key] = (fit_linear(known_pairs), [
        train(known_pairs, epochs, seed) for seed in seeds])
scores, guesses = {}, {}
for name, (known_pairs, pairs) in corpora.items():
    seen = {span[2:] for pair in known_pairs for span in entities(*pair)}
    window, networks = models["news" if name == "real news" else "made"]
    straight = linear(window, pairs)
    guesses[name] = [tag(model, pairs) for model in networks]
    scores[name] = {
        "majority": [f1(pairs, majority(known_pairs, pairs))],
        "gazetteer": [f1(pairs, gazetteer(known_pairs, pairs))],
        "linear": [f1(pairs, straight)],
        "GRU": [f1(pairs, guess) for guess in guesses[name]],
        "linear_new": [f1(pairs, straight, seen)],
        "new": [f1(pairs, guess, seen) for guess in guesses[name]]}
    print(name)
    for method, row in scores[name].items():
        print(f"    {method:11}", *(f"{score:.3f}" for score in row))
# --8<-- [end:evaluation]

# --8<-- [start:examples]
def marked(words, tags):
    """The sentence, with entities in brackets."""
    text = list(words)
    for a, b, kind, name in entities(words, tags):
        text[a] = "[" + text[a]
        text[b - 1] += " " + kind + "]"
    return " ".join(text)


pairs = corpora["new names, new sentences"][1][:4]
for (words, tags), guess in zip(
        pairs, guesses["new names, new sentences"][0]):
    print(marked(words, guess), "" if tags == guess else " <- wrong")
# --8<-- [end:examples]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="scores", figsize=(6.4, 3))
for i, (name, color) in enumerate([
        ("majority", "#f1f3f6"), ("gazetteer", "C1"), ("linear", "C2"),
        ("GRU", "C0")]):
    for x, row in enumerate(scores.values()):
        place, height = x + 0.21 * (i - 1.5), sum(row[name]) / len(row[name])
        ax.bar(place, height, 0.19, color=color, edgecolor="#24292f", lw=0.8,
               label=None if x else name)
        ax.plot([place] * len(row[name]), row[name], "_", color="#24292f",
                ms=5)
        ax.annotate(f"{height:.2f}", (place, max(row[name]) + 0.02),
                    ha="center", fontsize=9)
ax.set(xticks=range(3), ylabel="entity F1, held out", ylim=(0, 1.3),
       yticks=[0, 0.25, 0.5, 0.75, 1],
       xticklabels=["new names in\nknown sentences",
                    "new names in\nnew sentences", "real news"])
ax.legend(ncols=4, loc="upper right", fontsize=10)
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
ours = [{w for row in names.values() for name in row for w in name.split()}
        for names in halves.values()]
forms = {"Lake", "Port", "Bank", "Inc", "LLC", "Group", "PLC", "and", "Sons",
         ","}
twice = {" ".join(words) for words, _ in news[:400]} & {
    " ".join(words) for words, _ in news[400:]}
short = {"new names": "known", "new names, new sentences": "new",
         "real news": "real"}
results = {"names": sum(len(set(row)) for names in halves.values()
                        for row in names.values()), "twice": len(twice),
           "entities": sum(len(entities(*pair)) for pair in news),
           "news": len(news), "learned": 400, "hide": 0.2,
           "held_out": len(news) - 400, "runs": len(seeds),
           "shared": sorted((ours[0] & ours[1]) - forms),
           **{short[name]: {method: sum(row) / len(row)
                            for method, row in table.items()}
              for name, table in scores.items()},
           "range": {short[name]: {key: [min(table[key]), max(table[key])]
                                   for key in ("GRU", "new")}
                     for name, table in scores.items()}}
# --8<-- [end:results]
