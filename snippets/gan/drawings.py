"""Draws the game of two networks, and one step of it in numbers."""
# --8<-- [start:parts]
import math

import matplotlib.pyplot as plt

INK, SOFT = "#24292f", "#f1f3f6"


def box(ax, x, y, text, color="C0", width=2.0, height=1.1):
    ax.add_patch(plt.Rectangle((x - width / 2, y - height / 2), width, height,
                               facecolor=SOFT, edgecolor=color, lw=1.6))
    ax.text(x, y, text, ha="center", va="center", fontsize=11)


def arrow(ax, start, end, color=INK, style="-"):
    ax.annotate("", end, start, arrowprops={
        "arrowstyle": "-|>", "color": color, "lw": 1.4, "linestyle": style,
        "shrinkA": 0, "shrinkB": 0})
# --8<-- [end:parts]

# --8<-- [start:game]
fig, ax = plt.subplots(num="game", figsize=(5.2, 2.7))
ax.set(xlim=(0, 11.4), ylim=(-0.2, 5.7), aspect="equal")
ax.set_axis_off()
box(ax, 1.1, 1.3, "noise $z$", INK, 1.6)
box(ax, 4.0, 1.3, "generator\n$G$", "C1")
box(ax, 6.6, 1.3, "made\n$G(z)$", "C1", 1.6)
box(ax, 6.6, 4.1, "real\n$x$", "C0", 1.6)
box(ax, 9.3, 2.7, "discriminator\n$D$", "C2", 2.7)
arrow(ax, (1.9, 1.3), (3.0, 1.3))
arrow(ax, (5.0, 1.3), (5.8, 1.3))
arrow(ax, (7.4, 1.5), (8.6, 2.15))
arrow(ax, (7.4, 3.9), (8.6, 3.25))
ax.plot([9.3, 9.3, 4.0], [2.15, 0.2, 0.2], "--", color="C1", lw=1.4)
arrow(ax, (4.0, 0.2), (4.0, 0.75), "C1")
ax.text(6.6, 0.3, "gradient, through $D$ into $G$", ha="center",
        va="bottom", color="C1", fontsize=10)
arrow(ax, (9.3, 3.25), (9.3, 4.2))
ax.text(9.3, 4.3, "probability\nthat it is real", ha="center", va="bottom",
        fontsize=11)
# --8<-- [end:game]

# --8<-- [start:step]
def sigmoid(a):
    return 1 / (1 + math.exp(-a))


# D(x) = sigmoid(a x + c), G(z) = z + b, one real and one made number
a, c, b, z, real, lr = 1.0, 0.0, 0.0, -1.0, 2.0, 0.5
made = z + b
D_real, D_made = sigmoid(a * real + c), sigmoid(a * made + c)
value = math.log(D_real) + math.log(1 - D_made)
slope_a = (1 - D_real) * real - D_made * made     # of the value, by a
slope_c = (1 - D_real) - D_made
a, c = a + lr * slope_a, c + lr * slope_c         # D climbs
after = (math.log(sigmoid(a * real + c))
         + math.log(1 - sigmoid(a * made + c)))
D_now = sigmoid(a * made + c)
slope_b = (1 - D_now) * a                         # of log D(made), by b
b = b + lr * slope_b                              # G climbs log D
D_then = sigmoid(a * (z + b) + c)
# --8<-- [end:step]

# --8<-- [start:slopes]
fig, ax = plt.subplots(num="slopes", figsize=(5.6, 3.3))
chances = [i / 100 for i in range(101)]
ax.plot(chances, chances, color="C0")
ax.plot(chances, chances[::-1], "--", color="C1")
ax.annotate("minimax", (0.58, 0.80), color="C0")
ax.annotate("non-saturating", (0.16, 0.88), color="C1")
ax.annotate("sure: made", (0.02, 0.3))
ax.annotate("sure: real", (0.85, 0.3))
ax.set(xlim=(0, 1), ylim=(0, 1.03),
       xlabel="discriminator's probability $D$ that the sample is real",
       ylabel="slope with respect to the logit, size")
# --8<-- [end:slopes]

# --8<-- [start:results]
results = {"D_real": D_real, "D_made": D_made, "value": value,
           "slope_a": slope_a, "slope_c": slope_c, "a": a, "c": c,
           "after": after, "D_now": D_now, "slope_b": slope_b, "b": b,
           "made": z + b, "D_then": D_then}
# --8<-- [end:results]
