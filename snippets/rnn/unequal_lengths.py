"""Sequences of unequal lengths in one batch: padding, packing, masks."""
# --8<-- [start:data]
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import (pack_padded_sequence, pad_packed_sequence,
                                pad_sequence)

# B batch, T time, D inputs, H hidden units
folder = distribution("aeon").locate_file("aeon/datasets/data")


def read(name):
    """A file of the UCR archive -> sequences (T, D), labels from 0."""
    lines = (folder / name).read_text().split("@data\n")[1].splitlines()
    rows = [line.split(":") for line in lines]
    X = [torch.tensor([[float(v) for v in channel.split(",")]
                       for channel in row[:-1]]).T for row in rows]
    return X, torch.tensor([int(row[-1]) - 1 for row in rows])


train_X, train_y = read("JapaneseVowels/JapaneseVowels_TRAIN.ts")
test_X, test_y = read("JapaneseVowels/JapaneseVowels_TEST.ts")
shared = {x.numpy().tobytes() for x in train_X} & {
    x.numpy().tobytes() for x in test_X}
print(f"train {len(train_X)}, test {len(test_X)}, in both {len(shared)}")
print("lengths", min(map(len, train_X)), "to", max(map(len, test_X)))
# --8<-- [end:data]

# --8<-- [start:pad]
torch.manual_seed(0)
gru = nn.GRU(12, 16, batch_first=True, bidirectional=True)
some = sorted(train_X, key=len)[::40]
lengths = torch.tensor([len(x) for x in some])
padded = pad_sequence(some, batch_first=True)  # (B, T, D), zeros at the end
packed = pack_padded_sequence(padded, lengths, batch_first=True,
                              enforce_sorted=False)
print("padded", tuple(padded.shape), "packed", tuple(packed.data.shape))
print("running at each step:", packed.batch_sizes.tolist())
# --8<-- [end:pad]

# --8<-- [start:alone]
with torch.no_grad():
    alone = [gru(x[None])[0][0] for x in some]  # one by one: the truth
    together, _ = pad_packed_sequence(gru(packed)[0], batch_first=True)
    careless, _ = gru(padded)
gaps, both_ways, on, back = {}, slice(32), slice(16), slice(16, 32)
for name, states, part in [("packed", together, both_ways),
                           ("padded, forwards", careless, on),
                           ("padded, backwards", careless, back)]:
    gaps[name] = max((states[i, :len(x), part] - x[:, part]).abs().max()
                     .item() for i, x in enumerate(alone))
    print(f"{name}: largest difference from one by one {gaps[name]:.0e}")
# --8<-- [end:alone]

# --8<-- [start:turn]
def turned(X, lengths):
    """Each row of (B, T, D) backwards; its padding stays behind it."""
    order = (lengths[:, None] - 1 - torch.arange(X.shape[1])) % X.shape[1]
    return X.take_along_dim(order[..., None], 1)


backwards = nn.GRU(12, 16, batch_first=True)  # with the same weights
backwards.load_state_dict({name: gru.state_dict()[name + "_reverse"]
                           for name in backwards.state_dict()})
with torch.no_grad():
    future = turned(backwards(turned(padded, lengths))[0], lengths)
turned_gap = max((future[i, :len(x)] - x[:, back]).abs().max().item()
                 for i, x in enumerate(alone))
print(f"turned: largest difference from one by one {turned_gap:.0e}")
# --8<-- [end:turn]

# --8<-- [start:loss]
def mean_loss(logits, targets, lengths):
    """Cross-entropy averaged over the real steps alone.

    logits (B, T, C), targets (B, T), lengths (B)
    """
    mask = torch.arange(logits.shape[1]) < lengths[:, None]  # (B, T)
    return F.cross_entropy(logits[mask], targets[mask])


logits = torch.randn(len(some), int(lengths.max()), 9, requires_grad=True)
targets = torch.randint(9, logits.shape[:2])
real = torch.arange(logits.shape[1]) < lengths[:, None]
loss = mean_loss(logits, targets, lengths)
[grad] = torch.autograd.grad(loss, logits)
garbage = torch.where(real[..., None], logits, 100 * torch.randn(9))
same = {"loss": (mean_loss(garbage, targets, lengths) - loss).abs().item(),
        "grad": grad[~real].abs().max().item()}
by_hand = torch.cat([F.cross_entropy(logits[i, :n], targets[i, :n],
                                     reduction="none")
                     for i, n in enumerate(lengths)]).mean()
same["by hand"] = (by_hand - loss).abs().item()
ignored = F.cross_entropy(  # the library's own way
    logits.flatten(0, 1), targets.where(real, -100).flatten())
same["library"] = (ignored - loss).abs().item()
print({name: f"{value:.0e}" for name, value in same.items()})
# --8<-- [end:loss]

# --8<-- [start:model]
class Speaker(nn.Module):
    """Names the speaker: bidirectional GRU, then one of three readings."""

    def __init__(self, reading, hidden=32):
        super().__init__()
        self.reading = reading
        self.gru = nn.GRU(12, hidden, batch_first=True, bidirectional=True)
        self.out = nn.Linear(2 * hidden, 9)

    def forward(self, X):
        lengths = torch.tensor([len(x) for x in X])
        X = pad_sequence(X, batch_first=True)
        if self.reading == "padded":  # mean over everything, zeros too
            return self.out(self.gru(X)[0].mean(1))
        packed = pack_padded_sequence(X, lengths, batch_first=True,
                                      enforce_sorted=False)
        states, last = self.gru(packed)
        if self.reading == "last":  # (2, B, H), the ends of both ways
            return self.out(torch.cat([last[0], last[1]], 1))
        states, _ = pad_packed_sequence(states, batch_first=True)
        return self.out(states.sum(1) / lengths[:, None])  # padding is 0


def train(reading, epochs=14):
    torch.manual_seed(0)
    model = Speaker(reading)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for epoch in range(epochs):
        for rows in torch.randperm(len(train_X)).split(30):
            loss = F.cross_entropy(model([train_X[i] for i in rows]),
                                   train_y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model.eval()
# --8<-- [end:model]

# --8<-- [start:company]
long = torch.zeros(80, 12)  # a long silence as company in the batch


@torch.no_grad()
def judge(model):
    """-> accuracy one by one, share of answers that company changes."""
    alone = torch.cat([model([x]) for x in test_X]).argmax(1)
    company = torch.cat([model([x, long])[:1] for x in test_X]).argmax(1)
    return {"alone": (alone == test_y).float().mean().item(),
            "company": (company == test_y).float().mean().item(),
            "changed": (alone != company).float().mean().item()}


def series(X):  # mean and spread of each channel, order forgotten
    return torch.stack([torch.cat([x.mean(0), x.std(0)]) for x in X])


distance = torch.cdist(series(test_X), series(train_X))
nearest = (train_y[distance.argmin(1)] == test_y).float().mean().item()
scores = {reading: judge(train(reading))
          for reading in ("mean", "last", "padded")}
print(f"nearest neighbour of means and spreads {nearest:.3f}")
print("          alone   in company   answers changed")
for name, s in scores.items():
    print(f"{name:8}{s['alone']:7.3f}{s['company']:13.3f}"
          f"{s['changed']:18.3f}")
# --8<-- [end:company]

# --8<-- [start:draw]
fig, axes = plt.subplots(1, 2, num="batch", figsize=(6.4, 2.6))
fig.get_layout_engine().set(wspace=0.08)
axes[0].barh(range(len(some)), lengths, color="C0", alpha=0.4)
axes[0].barh(range(len(some)), lengths.max() - lengths, left=lengths,
             color="C6", alpha=0.3)
axes[0].annotate("real steps", (0.5, 3), va="center")
axes[0].annotate("padding", (14, 0), va="center")
axes[0].set(xlabel="step", ylabel="sequence of the batch")
for i, key in enumerate(["alone", "company"]):
    axes[1].bar([x + 0.38 * i for x in range(3)],
                [scores[name][key] for name in scores], 0.36,
                label=["alone", "in company"][i])
axes[1].set_xticks([0.19, 1.19, 2.19], ["masked\nmean", "packed\nends",
                                        "padded\nmean"])
axes[1].set(ylabel="accuracy, held out", ylim=(0, 1.3),
            yticks=[0, 0.25, 0.5, 0.75, 1])
axes[1].legend(ncols=2, loc="upper right", fontsize=10,
               columnspacing=1, handlelength=1.2)
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"shared": len(shared), "gaps": gaps, "same": same,
           "shortest": min(map(len, train_X)),
           "longest": max(map(len, test_X)),
           "nearest": nearest, "scores": scores,
           "waste": 1 - lengths.sum().item() / real.numel()}
# --8<-- [end:results]
