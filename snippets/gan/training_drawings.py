"""Draws a conditional GAN: the digit goes in, and picks the logit."""
# --8<-- [start:tools]
import math

import matplotlib.pyplot as plt

INK, SOFT, FAINT = "#24292f", "#f1f3f6", "#d4d8de"
noise, classes, hidden, pixels, digit = 32, 10, 256, 196, 3
logits = [-1.2, 2.0]
chance = 1 / (1 + math.exp(-logits[0]))
loss = -math.log(chance)
fig, ax = plt.subplots(num="networks", figsize=(5.4, 3.0))
ax.set(xlim=(0, 11.4), ylim=(0.3, 6.1), aspect="equal")
ax.set_axis_off()


def box(x, y, text, color, width, height):
    ax.add_patch(plt.Rectangle((x - width / 2, y - height / 2), width, height,
                               facecolor=SOFT, edgecolor=color, lw=1.6))
    ax.text(x, y, text, ha="center", va="center", fontsize=10)


def arrow(start, end, color=INK):
    ax.annotate("", end, start, arrowprops={
        "arrowstyle": "-|>", "color": color, "lw": 1.4, "shrinkA": 0,
        "shrinkB": 0})
# --8<-- [end:tools]

# --8<-- [start:networks]
box(1.1, 3.9, f"noise\n{noise}", INK, 1.6, 1.1)
box(1.1, 1.5, f"digit {digit}\n1 of {classes}", "C3", 1.6, 1.1)
box(4.0, 3.3, f"generator\ndense {hidden}\ndense {hidden}\ndense {pixels}",
    "C1", 2.1, 2.4)
box(6.3, 3.3, "image\n14 × 14", "C1", 1.5, 1.1)
box(8.8, 3.3, "discriminator\nconv 16\nconv 32\ndense 128", "C2", 2.5, 2.4)
arrow((1.9, 3.9), (2.95, 3.6))
arrow((1.9, 1.6), (2.95, 2.6), "C3")
arrow((5.05, 3.3), (5.55, 3.3))
arrow((7.05, 3.3), (7.55, 3.3))
for k in range(classes):
    ax.add_patch(plt.Rectangle((10.4, 5.0 - 0.38 * k), 0.6, 0.36, lw=1,
                               facecolor="C3" if k == digit else FAINT,
                               edgecolor=INK))
arrow((10.05, 3.3), (10.38, 3.3))
ax.text(10.7, 5.5, "logits", ha="center", va="bottom", fontsize=10)
ax.plot([1.1, 1.1, 11.25, 11.25], [0.95, 0.5, 0.5, 4.04], "--", color="C3")
arrow((11.25, 4.04), (11.0, 4.04), "C3")
ax.text(6.2, 0.62, "the digit picks the logit", color="C3", ha="center",
        va="bottom", fontsize=10)
plt.show()
# --8<-- [end:networks]

# --8<-- [start:results]
results = {"noise": noise, "classes": classes, "hidden": hidden,
           "pixels": pixels, "logits": logits, "chance": chance,
           "loss": loss}
# --8<-- [end:results]
