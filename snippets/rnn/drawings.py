"""Draws how recurrent networks are wired: unrolled, gated, cut, packed."""

# --8<-- [start:tools]
import matplotlib.pyplot as plt

INK, FAINT, SOFT = "#24292f", "#d4d8de", "#f1f3f6"
results = {}


def canvas(name, width, height):
    """An empty figure whose unit is about one centimetre."""
    fig, ax = plt.subplots(num=name, figsize=(0.4 * width, 0.4 * height))
    ax.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    ax.axis("off")
    return ax


def box(ax, x, y, text, width=1.4, color=SOFT, edge=INK):
    """A box with a text in it, centred at (x, y)."""
    ax.text(x, y, text, ha="center", va="center", zorder=3)
    ax.add_patch(plt.Rectangle((x - width / 2, y - 0.5), width, 1, zorder=2,
                               facecolor=color, edgecolor=edge, lw=1.3))


def arrow(ax, start, end, color=INK, style="-", curve=0.0):
    """An arrow from one point to another."""
    ax.annotate("", end, start, arrowprops={
        "arrowstyle": "-|>", "color": color, "linestyle": style,
        "lw": 1.3, "shrinkA": 0, "shrinkB": 0,
        "connectionstyle": f"arc3,rad={curve}"})
# --8<-- [end:tools]


# --8<-- [start:unrolled]
ax = canvas("unrolled", 15.2, 6.2)
box(ax, 1.5, 3, "$h$")
box(ax, 1.5, 1, "$x_t$", color="none")
box(ax, 1.5, 5, "$y_t$", color="none")
arrow(ax, (1.5, 1.5), (1.5, 2.5))
arrow(ax, (1.5, 3.5), (1.5, 4.5))
arrow(ax, (2.2, 3.2), (2.2, 2.8), color="C0", curve=-3.2)
ax.text(3.0, 3.0, "$U$", color="C0", va="center")
ax.text(3.95, 3, "=", fontsize=17, va="center", ha="center")
for t in range(4):
    x = 6.3 + 2.6 * t
    box(ax, x, 3, f"$h_{t + 1}$")
    box(ax, x, 1, f"$x_{t + 1}$", color="none")
    box(ax, x, 5, f"$y_{t + 1}$", color="none")
    arrow(ax, (x, 1.5), (x, 2.5))
    arrow(ax, (x, 3.5), (x, 4.5))
    arrow(ax, (x - 1.9, 3), (x - 0.7, 3), color="C0")
    ax.text(x - 1.3, 3.25, "$U$", color="C0", ha="center")
    ax.text(x + 0.15, 1.85, "$W$")
    ax.text(x + 0.15, 3.85, "$V$")
ax.text(4.35, 2.5, "$h_0$")
plt.show()
# --8<-- [end:unrolled]


# --8<-- [start:readouts]
ax = canvas("readouts", 15.2, 4.6)
shapes = [("one label for all", [3]), ("one label each", [0, 1, 2, 3]),
          ("next piece, fed back", [0, 1, 2, 3])]
for place, (title, outputs) in enumerate(shapes):
    left = 0.9 + 5.1 * place
    ax.text(left - 0.5, 4.25, title)
    for t in range(4):
        x = left + 1.15 * t
        box(ax, x, 2, "", width=0.56)
        arrow(ax, (x, 0.6), (x, 1.5))
        if t:
            arrow(ax, (x - 0.87, 2), (x - 0.28, 2), color="C0")
        if t in outputs:
            arrow(ax, (x, 2.5), (x, 3.6))
        if place == 2 and t < 3:
            arrow(ax, (x + 0.02, 3.5), (x + 1.12, 0.62), color="C1",
                  style="--")
plt.show()
# --8<-- [end:readouts]


# --8<-- [start:gru]
ax = canvas("gru", 14.6, 6.4)
box(ax, 1.1, 5.2, "$h_{t-1}$")
box(ax, 1.1, 1.2, "$x_t$", color="none")
box(ax, 4.3, 1.2, "reset $r_t$", width=2.3)
box(ax, 7.0, 3.2, "candidate $n_t$", width=2.9)
box(ax, 9.9, 1.2, "update $z_t$", width=2.4)
box(ax, 13.6, 5.2, "$h_t$")
arrow(ax, (1.8, 5.2), (12.9, 5.2), color="C0")
ax.text(4.2, 5.5, "kept: $z_t \\odot h_{t-1}$", color="C0")
ax.text(10.1, 3.7, "written:\n$(1 - z_t) \\odot n_t$", color="C1")
arrow(ax, (7.0, 3.7), (9.8, 5.1), color="C1", curve=-0.25)
arrow(ax, (9.9, 1.7), (9.9, 5.1), style="--")
arrow(ax, (4.3, 1.7), (4.3, 3.1), style="--")
arrow(ax, (2.4, 5.2), (4.2, 3.2), color="C0", curve=0.25)
arrow(ax, (4.3, 3.2), (5.55, 3.2))
ax.text(4.5, 2.25, "$r_t \\odot\\;\\cdot$")
arrow(ax, (1.8, 1.2), (3.15, 1.2))
ax.text(0.4, 0.1, "Both gates and the candidate also see $x_t$; "
        "the gates see $h_{t-1}$.", fontsize=10)
plt.show()
# --8<-- [end:gru]


# --8<-- [start:stacked]
ax = canvas("stacked", 12.4, 6.6)
for t in range(4):
    x = 2.6 + 2.6 * t
    box(ax, x, 0.9, f"$x_{t + 1}$", color="none")
    for layer, y in [(1, 2.6), (2, 4.5)]:
        box(ax, x, y, f"$h^{{({layer})}}_{t + 1}$")
        arrow(ax, (x - 1.9, y), (x - 0.7, y), color="C0")
    arrow(ax, (x, 1.4), (x, 2.1))
    arrow(ax, (x, 3.1), (x, 4.0), color="C1", style="--")
    arrow(ax, (x, 5.0), (x, 6.1))
ax.text(0.1, 5.6, "layer 2", va="center")
ax.text(0.1, 1.6, "layer 1", va="center")
ax.text(2.8, 3.5, "dropout", color="C1", va="center")
plt.show()
# --8<-- [end:stacked]


# --8<-- [start:truncated]
ax = canvas("truncated", 15.2, 3.6)
length, cut = 12, 4
for t in range(length):
    x = 0.9 + 1.2 * t
    box(ax, x, 1.6, f"{t + 1}", width=0.8)
    if t:
        arrow(ax, (x - 0.8, 1.75), (x - 0.4, 1.75), color="C0")
    if t % cut:
        arrow(ax, (x - 0.4, 1.4), (x - 0.8, 1.4), color="C1")
    if t and t % cut == 0:
        ax.plot([x - 0.6, x - 0.6], [0.5, 2.7], color="C7", lw=2.2)
ax.text(0.5, 3.1, "forwards: the state goes on", color="C0")
ax.text(15, 3.1, "backwards: the gradient stops at a cut", color="C1",
        ha="right")
plt.show()
results |= {"length": length, "cut": cut}
# --8<-- [end:truncated]


# --8<-- [start:packed]
ax = canvas("packed", 14, 5.4)
words = ["abcde", "fgh", "ij"]
for row, word in enumerate(words):
    for t in range(5):
        full = t < len(word)
        box(ax, 0.9 + t, 4 - 1.1 * row, word[t] if full else "",
            width=0.85, color="none", edge=f"C{row}" if full else FAINT)
ax.text(0.4, 4.85, "padded: five steps a row")
counts = [sum(len(word) > t for word in words) for t in range(5)]
x = 7.6
for t, count in enumerate(counts):
    for row in range(count):
        box(ax, x, 4 - 1.1 * row, words[row][t], width=0.85,
            color="none", edge=f"C{row}")
    ax.text(x, 0.85, str(count), ha="center")
    x += 1.2
ax.text(7.1, 4.85, "packed: only what is there")
ax.text(7.1, 0.15, "rows at each step")
plt.show()
results |= {"cells": 5 * len(words), "full": sum(map(len, words)),
            "counts": counts}
# --8<-- [end:packed]


# --8<-- [start:turned]
ax = canvas("turned", 14, 4.6)
orders = {"as they are": lambda n, t: t,
          "turned": lambda n, t: (n - 1 - t) % 5}
for (title, place), x in zip(orders.items(), (0.9, 8.1)):
    for row, word in enumerate(words):
        for t in range(5):
            i = place(len(word), t)
            full = i < len(word)
            box(ax, x + t, 3 - 1.1 * row, word[i] if full else "", width=0.85,
                color="none", edge=f"C{row}" if full else FAINT)
    ax.text(x - 0.5, 3.85, title)
arrow(ax, (5.7, 1.9), (7.3, 1.9))
plt.show()
# --8<-- [end:turned]
