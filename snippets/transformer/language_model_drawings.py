"""Draws two ways to guess a character: causal and masked."""
# --8<-- [start:parts]
import math

import matplotlib.pyplot as plt

INK, SOFT = "#24292f", "#f1f3f6"


def box(ax, x, y, text, color="C0", width=0.9, height=0.8):
    ax.add_patch(plt.Rectangle((x - width / 2, y - height / 2), width, height,
                               facecolor=SOFT, edgecolor=color, lw=1.6))
    ax.text(x, y, text, ha="center", va="center", fontsize=12)


def arrow(ax, start, end, color=INK):
    ax.annotate("", end, start, arrowprops={
        "arrowstyle": "-|>", "color": color, "lw": 1.4, "shrinkA": 0,
        "shrinkB": 0})
# --8<-- [end:parts]

# --8<-- [start:ways]
fig, axes = plt.subplots(2, 1, num="ways", figsize=(5.0, 4.1))
chances = [0.5, 0.25, 0.5]
letters = ["n", "o", "t", "space"]
for ax in axes:
    ax.set(xlim=(1.3, 9.7), ylim=(0.2, 3.8), aspect="equal")
    ax.set_axis_off()
for i, letter in enumerate(letters[:3]):
    box(axes[0], 2 + 2 * i, 0.7, letter)
    box(axes[0], 2 + 2 * i, 2.7, letters[i + 1], "C1", 1.3)
    axes[0].text(2 + 2 * i, 3.3, f"{chances[i]}", ha="center", va="bottom",
                 color="C1")
    for j in range(i + 1):
        arrow(axes[0], (2 + 2 * j, 1.1), (2 + 2 * i, 2.3))
axes[0].text(7.1, 2.7, "each next one,\nfrom the left", va="center",
             color="C1")
axes[0].text(7.1, 0.7, "causal (GPT)", va="center")
for i, letter in enumerate(["n", "?", "t"]):
    box(axes[1], 2 + 2 * i, 0.7, letter, "C2" if letter == "?" else "C0")
    arrow(axes[1], (2 + 2 * i, 1.1), (4, 2.3))
box(axes[1], 4, 2.7, "o", "C2", 1.3)
axes[1].text(7.1, 2.7, "what was hidden,\nfrom both sides", va="center",
             color="C2")
axes[1].text(7.1, 0.7, "masked (BERT)", va="center")
plt.show()
# --8<-- [end:ways]

# --8<-- [start:results]
surprise = [-math.log2(p) for p in chances]
results = {"chances": chances, "surprise": surprise,
           "mean": sum(surprise) / len(surprise)}
# --8<-- [end:results]
