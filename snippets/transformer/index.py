"""Attention from nothing, checked against PyTorch's, with every mask."""
# --8<-- [start:attention]
import math

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import nn

# B batch, H heads, T queries, S keys and values, D numbers in each,
# E = H D numbers in a token
torch.set_default_dtype(torch.float64)
torch.manual_seed(0)


def attention(Q, K, V, allowed=None):
    """allowed: True where a query may look at a key -> output, weights"""
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])  # (..., T, S)
    if allowed is not None:
        scores = scores.masked_fill(~allowed, -math.inf)
    weights = scores.softmax(-1)
    return weights @ V, weights                                # (..., T, D)
# --8<-- [end:attention]

# --8<-- [start:example]
keys = torch.tensor([[2.0, 0], [0, 2], [2, 2]])      # three tokens
values = torch.tensor([[1.0, 0], [0, 1], [4, 4]])
query = torch.tensor([[1.0, 0]])                     # one question
scores = (query @ keys.T / math.sqrt(2))[0]
output, weights = attention(query, keys, values)
for name, row in [("scores", scores), ("weights", weights[0]),
                  ("output", output[0])]:
    print(f"{name:8}" + "".join(f"{number:8.3f}" for number in row))
# --8<-- [end:example]

# --8<-- [start:masks]
B, H, T, S, D = 3, 2, 5, 5, 4
causal = torch.ones(T, S).tril().bool()              # (T, S)
lengths = torch.tensor([5, 3, 1])
real = torch.arange(S) < lengths[:, None]            # (B, S)
masks = {"none": None, "causal (T, S)": causal,
         "padding (B, 1, 1, S)": real[:, None, None],
         "both (B, 1, T, S)": causal & real[:, None, None],
         "each head (B, H, T, S)": causal & (torch.rand(B, H, T, S) < 0.5)
         | torch.eye(T).bool()}
gap = {}
for name, allowed in masks.items():
    Q, K, V = (torch.randn(B, H, n, D, requires_grad=True)
               for n in (T, S, S))
    ours = attention(Q, K, V, allowed)[0]
    theirs = F.scaled_dot_product_attention(Q, K, V, attn_mask=allowed)
    pull = torch.randn_like(ours)
    grads = [torch.autograd.grad((out * pull).sum(), (Q, K, V))
             for out in (ours, theirs)]
    gap[name] = [(ours - theirs).abs().max().item(),
                 max((a - b).abs().max().item() for a, b in zip(*grads))]
    print(f"{name:24} output {gap[name][0]:.0e}   gradient "
          f"{gap[name][1]:.0e}")
# --8<-- [end:masks]

# --8<-- [start:heads]
def split(X, H):
    """(B, T, E) -> (B, H, T, D)"""
    return X.unflatten(-1, (H, -1)).transpose(1, 2)


def multi_head(X, Z, p, H, allowed=None):
    """Queries from X (B, T, E), keys and values from Z (B, S, E)"""
    W_q, W_k, W_v = p["in_proj_weight"].chunk(3)     # (E, E) each
    b_q, b_k, b_v = p["in_proj_bias"].chunk(3)
    Q, K, V = (split(F.linear(*part), H) for part in [
        (X, W_q, b_q), (Z, W_k, b_k), (Z, W_v, b_v)])
    heads, weights = attention(Q, K, V, allowed)     # (B, H, T, D)
    joined = heads.transpose(1, 2).flatten(2)        # -> (B, T, E)
    return F.linear(joined, p["out_proj.weight"], p["out_proj.bias"]), weights
# --8<-- [end:heads]

# --8<-- [start:library]
E = H * D
library = nn.MultiheadAttention(E, H, batch_first=True)
nn.init.normal_(library.in_proj_bias)
p = dict(library.named_parameters())
X, Z = (torch.randn(B, n, E, requires_grad=True) for n in (T, S))
both = causal & real[:, None, None]
ours, our_weights = multi_head(X, Z, p, H, both)
theirs, their_weights = library(X, Z, Z, key_padding_mask=~real,
                                attn_mask=~causal,
                                average_attn_weights=False)
pull = torch.randn_like(ours)
grads = [torch.autograd.grad((out * pull).sum(), (X, Z, *p.values()),
                             retain_graph=True) for out in (ours, theirs)]
library_gap = {
    "output": (ours - theirs).abs().max().item(),
    "weights": (our_weights - their_weights).abs().max().item(),
    "gradient": max((a - b).abs().max().item() for a, b in zip(*grads))}
for name, value in library_gap.items():
    print(f"{name:9} {value:.0e}")
# --8<-- [end:library]

# --8<-- [start:order]
X = torch.randn(B, T, E)
order = torch.tensor([3, 0, 4, 1, 2])
positions = torch.randn(T, E)
moved, ahead = {}, {}
for name, extra in (("without positions", 0), ("with positions", positions)):
    plain = multi_head(X + extra, X + extra, p, H)[0]
    mixed = multi_head(X[:, order] + extra, X[:, order] + extra, p, H)[0]
    moved[name] = (plain[:, order] - mixed).abs().max().item()
    print(f"order changed, {name}: outputs differ by {moved[name]:.0e}")
future = X.clone()
future[:, 3:] = torch.randn(B, 2, E)                 # tokens 3 and 4
for name, allowed in (("causal", causal), ("no mask", None)):
    difference = (multi_head(X, X, p, H, allowed)[0]
                  - multi_head(future, future, p, H, allowed)[0]).abs()
    ahead[name] = difference[:, :3].max().item()
    print(f"future changed, {name}: outputs before it differ by "
          f"{ahead[name]:.0e}")
# --8<-- [end:order]

# --8<-- [start:scale]
spread = {}
print("numbers D   spread of scores   largest weight of 16   slope left")
for D in (4, 16, 64, 256, 1024):
    for scaled in (True, False):
        Q, K = torch.randn(1000, 1, D), torch.randn(1000, 16, D)
        s = (Q @ K.transpose(1, 2))[:, 0] / (math.sqrt(D) if scaled else 1)
        w = s.softmax(-1)
        slope = (w * (1 - w)).sum(-1).mean().item()  # trace of the Jacobian
        spread[D, scaled] = (s.std().item(), w.max(-1).values.mean().item(),
                             slope)
    print(f"{D:9}" + "".join(
        f"{a:11.2f} /{b:6.2f}" for a, b in zip(spread[D, True],
                                              spread[D, False])))
# --8<-- [end:scale]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="scale")
sizes = sorted({D for D, scaled in spread})
for scaled, style, color, text, at in [
        (True, "o-", "C0", "divided by root D", (60, 0.30)),
        (False, "s--", "C1", "not divided", (100, 0.75))]:
    ax.plot(sizes, [spread[D, scaled][1] for D in sizes], style, color=color)
    ax.annotate(text, at, color=color)
ax.set(xscale="log", ylim=(0, 1), xlabel="numbers D in query and key",
       ylabel="largest of 16 weights, mean")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"gap": gap, "library": library_gap, "moved": moved, "ahead": ahead,
           "scores": scores.tolist(), "weights": weights[0].tolist(),
           "output": output[0].tolist(),
           "largest": {f"D_{D}": {"scaled": spread[D, True][1],
                                  "plain": spread[D, False][1]}
                       for D in sizes}}
# --8<-- [end:results]
