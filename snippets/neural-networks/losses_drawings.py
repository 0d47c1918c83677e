"""Draws what a network can say about an answer: five distributions."""
# --8<-- [start:draw]
import math

import matplotlib.pyplot as plt
import torch

INK, SOFT = "#24292f", "#f1f3f6"
z = 1.0                                # the number that the network puts out
scores = torch.tensor([1.0, 2.0, -1.0, 0.5])
fig, axes = plt.subplots(2, 3, num="answers", figsize=(6.4, 4.4))

ax = axes[0, 0]
ax.set(xlim=(0, 4), ylim=(0, 4))
ax.set_axis_off()
for y, text in [(0.9, "network"), (2.2, "last function"),
                (3.5, "distribution")]:
    ax.add_patch(plt.Rectangle((0.3, y - 0.4), 3.3, 0.8, facecolor=SOFT,
                               edgecolor="C0", lw=1.6))
    ax.text(1.95, y, text, ha="center", va="center")
for y, text in [(1.32, "outputs $z$"), (2.62, "parameters")]:
    ax.annotate("", (0.9, y + 0.46), (0.9, y), arrowprops={
        "arrowstyle": "-|>", "color": "C0", "lw": 1.6, "shrinkA": 0,
        "shrinkB": 0})
    ax.text(1.15, y + 0.22, text, va="center", fontsize=10)

# --8<-- [end:draw]

# --8<-- [start:distributions]
ax = axes[0, 1]
x = torch.linspace(-2, 4, 121)
ax.plot(x, (-(x - z)**2 / 2).exp() / math.sqrt(2 * math.pi), color="C0")
ax.plot([z, z], [0, 1 / math.sqrt(2 * math.pi)], ":", color=INK, lw=1)
ax.set_title("a number:\n$z$ itself")

bars = {"yes or no:\nsigmoid": torch.tensor([1 - 1 / (1 + math.exp(-z)),
                                             1 / (1 + math.exp(-z))]),
        "one of several:\nsoftmax": scores.softmax(0),
        "several at once:\nsigmoid of each": scores.sigmoid(),
        "a count:\nexp": torch.distributions.Poisson(math.exp(z)).log_prob(
            torch.arange(9.0)).exp()}
marks = [["no", "yes"], list("ABCD"), list("ABCD"), list(range(9))]
for ax, (title, p), names in zip(axes.flat[2:], bars.items(), marks):
    ax.bar(range(len(p)), p, color="C0", width=0.7)
    ax.set_xticks(range(len(p)), names)
    ax.set_title(title)
    ax.set_ylim(0, 1 if len(p) < 9 else 0.4)
axes[1, 1].axhline(0.5, ls=":", color=INK, lw=1)
axes[0, 1].set_ylabel("density")
for ax in (axes[0, 2], axes[1, 0]):
    ax.set_ylabel("probability")
plt.show()
# --8<-- [end:distributions]

# --8<-- [start:results]
yes = 1 / (1 + math.exp(-z))
results = {"yes": yes, "no": 1 - yes, "loss_yes": -math.log(yes),
           "loss_no": -math.log(1 - yes), "rate": math.exp(z),
           "softmax": scores.softmax(0).tolist(),
           "sigmoids": scores.sigmoid().tolist()}
# --8<-- [end:results]
