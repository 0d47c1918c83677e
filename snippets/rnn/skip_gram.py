"""Words that are neighbours, counted by hand; skip-gram on five lines."""
# --8<-- [start:count]
import math

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F

lines = ["the king spoke", "the queen spoke", "the king slept",
         "a dog barked", "a dog slept"]
words = sorted({word for line in lines for word in line.split()})
V = len(words)
n = torch.zeros(V, V, dtype=torch.float64)  # how often side by side
for line in lines:
    ids = [words.index(word) for word in line.split()]
    for i, j in zip(ids, ids[1:]):
        n[i, j] += 1
        n[j, i] += 1
single, N = n.sum(1), n.sum()
pmi = (n * N / (single[:, None] * single)).log()
king, spoke = words.index("king"), words.index("spoke")
print(f"king {single[king]:.0f}, spoke {single[spoke]:.0f}, side by side "
      f"{n[king, spoke]:.0f}, of {N:.0f}: PMI {pmi[king, spoke]:.2f}")
# --8<-- [end:count]

# --8<-- [start:alike]
unit = F.normalize(pmi.clamp(min=0), dim=1)
close = unit @ unit.T
alike = {other: close[king, words.index(other)].item()
         for other in ("queen", "dog", "spoke")}
print("cosine with king:",
      ", ".join(f"{word} {value:.2f}" for word, value in alike.items()))
# --8<-- [end:alike]

# --8<-- [start:gradient]
torch.manual_seed(0)
u = torch.randn(4, dtype=torch.float64, requires_grad=True)
v = torch.randn(4, 4, dtype=torch.float64, requires_grad=True)
label = torch.tensor([1.0, 0, 0, 0], dtype=torch.float64)
loss = F.binary_cross_entropy_with_logits(v @ u, label, reduction="sum")
theirs = torch.autograd.grad(loss, (u, v))
error = (v @ u).sigmoid() - label  # by how much each guess is too high
ours = (error @ v, error[:, None] * u)
gap = max((a - b).abs().max().item() for a, b in zip(ours, theirs))
print(f"gradient by hand against autograd: {gap:.0e}")
# --8<-- [end:gradient]

# --8<-- [start:tie]
K = 5


def learn(d):
    """The best skip-gram scores with d numbers a word -> (V, V)."""
    torch.manual_seed(0)
    U, C = (torch.randn(V, d, dtype=torch.float64, requires_grad=True)
            for _ in range(2))
    optimizer = torch.optim.LBFGS([U, C], max_iter=2000, history_size=50,
                                  tolerance_change=0,
                                  line_search_fn="strong_wolfe")
    drawn = K * single[:, None] * single / N  # pairs drawn at random

    def closure():
        optimizer.zero_grad()
        x = U @ C.T
        loss = -(n * F.logsigmoid(x) + drawn * F.logsigmoid(-x)).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return (U @ C.T).detach()


seen = n > 0
gaps = {}
for d in (V, 2):
    off = learn(d)[seen] - (pmi[seen] - math.log(K))
    gaps[d] = off.abs().max().item()
    print(f"{d} numbers a word: score against PMI - log {K}, "
          f"largest difference {gaps[d]:.0e}")
# --8<-- [end:tie]

# --8<-- [start:draw]
INK, FAINT, SOFT = "#24292f", "#d4d8de", "#f1f3f6"
fig, (ax, table) = plt.subplots(1, 2, num="neighbours", figsize=(6.6, 3.4),
                                width_ratios=[1.15, 1])
ax.set(xlim=(-0.2, 6.2), ylim=(-0.4, 5.2))
ax.axis("off")
for row, line in enumerate(lines):
    for i, word in enumerate(line.split()):
        y = 4.6 - row
        is_king, beside = word == "king", "king" in line
        ax.text(1 + 2 * i, y, word, ha="center", va="center", color="C0"
                if is_king else "C1" if beside else INK,
                fontweight="bold" if is_king else "normal")
        if beside and not is_king:
            ax.annotate("", (1 + 2 * i, y - 0.25), (3, y - 0.25),
                        arrowprops={"arrowstyle": "-|>", "color": "C1",
                                    "connectionstyle": "arc3,rad="
                                    + ("-0.3" if i == 0 else "0.3")})
for i in range(V):
    for j in range(V):
        if n[i, j]:
            table.add_patch(plt.Rectangle((j - 0.5, i - 0.5), 1, 1, lw=0,
                                          alpha=min(1, 0.2 * n[i, j].item())))
            table.text(j, i, f"{n[i, j]:.0f}", ha="center", va="center",
                       color=INK)
table.set(xlim=(-0.5, V - 0.5), ylim=(V - 0.5, -0.5), aspect="equal")
table.set_xticks(range(V), words, rotation=60)
table.set_yticks(range(V), words)
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"gap": gap, "gaps": {str(d): g for d, g in gaps.items()},
           "king": single[king].item(), "spoke": single[spoke].item(),
           "both": n[king, spoke].item(), "N": N.item(), "V": V,
           "pmi": pmi[king, spoke].item(), "K": K, "alike": alike,
           "ratio": (n[king, spoke] * N / single[king]
                     / single[spoke]).item()}
# --8<-- [end:results]
