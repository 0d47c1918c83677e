"""A transformer block from nothing, checked against PyTorch's."""
# --8<-- [start:norm]
import math
import time

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

# B batch, T tokens, E numbers in a token, H heads of D numbers, M hidden
torch.set_default_dtype(torch.float64)
torch.manual_seed(0)


def layer_norm(X, scale, shift, eps=1e-5):
    """Each token by itself: mean 0 and variance 1 over its E numbers"""
    mean = X.mean(-1, keepdim=True)
    variance = X.var(-1, keepdim=True, correction=0)
    return (X - mean) / (variance + eps).sqrt() * scale + shift
# --8<-- [end:norm]

# --8<-- [start:parts]
def split(X, H):
    """(B, T, E) -> (B, H, T, D)"""
    return X.unflatten(-1, (H, -1)).transpose(1, 2)


def attend(X, p, H, allowed=None):
    W = p["self_attn.in_proj_weight"].chunk(3)
    b = p["self_attn.in_proj_bias"].chunk(3)
    Q, K, V = (split(F.linear(X, *part), H) for part in zip(W, b))
    scores = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
    if allowed is not None:
        scores = scores.masked_fill(~allowed, -math.inf)
    joined = (scores.softmax(-1) @ V).transpose(1, 2).flatten(2)
    return F.linear(joined, p["self_attn.out_proj.weight"],
                    p["self_attn.out_proj.bias"])


def mlp(X, p):
    hidden = F.linear(X, p["linear1.weight"], p["linear1.bias"]).relu()
    return F.linear(hidden, p["linear2.weight"], p["linear2.bias"])
# --8<-- [end:parts]

# --8<-- [start:block]
def block(X, p, H, pre_norm=True, allowed=None):
    """(B, T, E) -> (B, T, E)"""
    first = p["norm1.weight"], p["norm1.bias"]
    second = p["norm2.weight"], p["norm2.bias"]
    if pre_norm:  # the sum X itself is never normalised
        X = X + attend(layer_norm(X, *first), p, H, allowed)
        return X + mlp(layer_norm(X, *second), p)
    X = layer_norm(X + attend(X, p, H, allowed), *first)
    return layer_norm(X + mlp(X, p), *second)
# --8<-- [end:block]

# --8<-- [start:check]
B, T, E, H, M = 4, 7, 12, 3, 48
gap = {}
for pre_norm in (True, False):
    layer = nn.TransformerEncoderLayer(E, H, M, dropout=0.0, batch_first=True,
                                       norm_first=pre_norm)
    for parameter in layer.parameters():  # so that nothing is 0 or 1
        nn.init.normal_(parameter, std=0.5)
    p = dict(layer.named_parameters())
    X = torch.randn(B, T, E, requires_grad=True)
    causal = torch.ones(T, T).tril().bool()
    ours = block(X, p, H, pre_norm, causal)
    theirs = layer(X, src_mask=~causal)
    pull = torch.randn_like(X)
    grads = [torch.autograd.grad((out * pull).sum(), (X, *p.values()))
             for out in (ours, theirs)]
    name = "pre-norm" if pre_norm else "post-norm"
    gap[name] = [(ours - theirs).abs().max().item(),
                 max((a - b).abs().max().item() for a, b in zip(*grads))]
    print(f"{name:9} output {gap[name][0]:.0e}   gradients {gap[name][1]:.0e}")
parts = {part: sum(v.numel() for k, v in p.items() if k.startswith(part))
         for part in ("self_attn", "linear", "norm")}
print("parameters:", parts)
# --8<-- [end:check]

# --8<-- [start:alone]
alone = {}
one = X.detach().clone()
one[0, 2] = torch.randn(E)                        # change a single token
for name, function in [("layer norm", lambda X: layer_norm(X, 1.0, 0.0)),
                       ("mlp", lambda X: mlp(X, p)),
                       ("attention", lambda X: attend(X, p, H))]:
    change = (function(one) - function(X)).abs().amax(2)        # (B, T)
    others = change[0, torch.arange(T) != 2]                    # (T - 1)
    alone[name] = [change[0, 2].item(), others.max().item(),
                   change[1:].max().item(), others.min().item()]
    print(f"{name:11} at the token {alone[name][0]:.2f}, at others of its "
          f"sequence {alone[name][1]:.2f}, in others {alone[name][2]:.2f}")
# --8<-- [end:alone]

# --8<-- [start:cost]
def multiplications(function, T, E=64):
    X = torch.randn(1, T, E)
    with FlopCounterMode(display=False) as counter:
        function(X)
    return counter.get_total_flops() // 2


big = nn.TransformerEncoderLayer(64, 4, 256, dropout=0.0, batch_first=True,
                                 norm_first=True).requires_grad_(False)
q = dict(big.named_parameters())
cost = {T: (multiplications(lambda X: attend(X, q, 4), T),
            multiplications(lambda X: mlp(X, q), T))
        for T in (16, 64, 128, 256, 1024, 2048)}
print("tokens   attention, million   MLP, million")
for T, (a, m) in cost.items():
    print(f"{T:6}{a / 1e6:21.2f}{m / 1e6:15.2f}")
# --8<-- [end:cost]

# --8<-- [start:cache]
def step(x, p, H, past):
    """One new token x (B, 1, E); past: keys and values of those before"""
    y = layer_norm(x, p["norm1.weight"], p["norm1.bias"])
    W = p["self_attn.in_proj_weight"].chunk(3)
    b = p["self_attn.in_proj_bias"].chunk(3)
    Q, K, V = (split(F.linear(y, *part), H) for part in zip(W, b))
    past = (torch.cat([past[0], K], 2), torch.cat([past[1], V], 2))
    w = (Q @ past[0].transpose(-2, -1) / math.sqrt(Q.shape[-1])).softmax(-1)
    joined = (w @ past[1]).transpose(1, 2).flatten(2)
    x = x + F.linear(joined, p["self_attn.out_proj.weight"],
                     p["self_attn.out_proj.bias"])
    return x + mlp(layer_norm(x, p["norm2.weight"], p["norm2.bias"]), p), past


def with_cache(X):
    outputs, past = [], 2 * (torch.zeros(1, 4, 0, 16),)
    for t in range(X.shape[1]):
        out, past = step(X[:, t:t + 1], q, 4, past)
        outputs.append(out)
    return torch.cat(outputs, 1)


def all_again(X):
    for t in range(X.shape[1]):
        block(X[:, :t + 1], q, 4)
# --8<-- [end:cache]

# --8<-- [start:saved]
saved, took = {}, {}
for T in (16, 64, 256):
    X = torch.randn(1, T, 64)
    gap_T = (with_cache(X) - block(X, q, 4, True, torch.ones(T, T).tril()
                                   .bool())).abs().max().item()
    flops = []
    for write in (with_cache, all_again):
        with FlopCounterMode(display=False) as counter:
            write(X)
        flops.append(counter.get_total_flops())
        start = time.perf_counter()
        write(X)                                  # without the counter
        took[T, write] = time.perf_counter() - start
    saved[T] = gap_T, flops[1] / flops[0]
    print(f"{T:4} tokens: gap {saved[T][0]:.0e}, {saved[T][1]:.0f} times "
          "fewer multiplications")
# --8<-- [end:saved]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="cost")
lengths = list(cost)
for column, style, text, at in [(0, "o-", "attention", (200, 60)),
                                (1, "s--", "MLP", (600, 9))]:
    ax.plot(lengths, [cost[T][column] / 1e6 for T in lengths], style,
            color=f"C{column}")
    ax.annotate(text, at, color=f"C{column}")
ax.set(xscale="log", yscale="log", xlabel="tokens",
       ylabel="multiplications (million)")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"gap": gap, "parts": parts, "alone": alone,
           "share": parts["linear"] / sum(parts.values()),
           "cost": {f"T_{T}": pair for T, pair in cost.items()},
           "saved": {f"T_{T}": times for T, (_, times) in saved.items()}}
# --8<-- [end:results]
