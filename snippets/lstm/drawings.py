"""Draws the LSTM cell, a translator with attention, and the CTC trellis."""

# --8<-- [start:step]
import math


def sigmoid(a):
    """1 / (1 + exp(-a))"""
    return 1 / (1 + math.exp(-a))


x, h, c = 1.0, 0.0, 0.5  # input, hidden state, cell state
forget, write, read = sigmoid(2.0), sigmoid(-1.0), sigmoid(1.0)
candidate = math.tanh(0.8)
new_c = forget * c + write * candidate
new_h = read * math.tanh(new_c)
print(f"forget {forget:.2f}  input {write:.2f}  output {read:.2f}")
print(f"candidate {candidate:.2f}")
print(f"cell {c:.2f} -> {new_c:.2f}, hidden state {new_h:.2f}")
# --8<-- [end:step]

# --8<-- [start:tools]
import matplotlib.pyplot as plt

INK, FAINT, SOFT = "#24292f", "#d4d8de", "#f1f3f6"


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


def arrow(ax, start, end, color=INK, style="-", curve=0.0, width=1.3):
    """An arrow from one point to another."""
    ax.annotate("", end, start, arrowprops={
        "arrowstyle": "-|>", "color": color, "linestyle": style,
        "lw": width, "shrinkA": 0, "shrinkB": 0,
        "connectionstyle": f"arc3,rad={curve}"})


def valve(ax, x, y, text, dx, dy):
    """A gate: a circle with a cross on the pipe that it opens and shuts."""
    ax.add_patch(plt.Circle((x, y), 0.38, facecolor=SOFT, edgecolor="C1",
                            lw=1.6, zorder=3))
    ax.text(x, y, "$\\times$", ha="center", va="center", zorder=4)
    ax.text(x + dx, y + dy, text, color="C1", ha="center", va="center")
# --8<-- [end:tools]


# --8<-- [start:cell]
ax = canvas("cell", 15.2, 6.8)
box(ax, 1.1, 5.4, f"$c_{{t-1}}$\n{c:.2f}")
box(ax, 14.1, 5.4, f"$c_t$\n{new_c:.2f}")
box(ax, 14.1, 2.2, f"$h_t$\n{new_h:.2f}")
box(ax, 6.6, 1.6, f"$g_t$\n{candidate:.2f}", width=1.6)
box(ax, 1.1, 1.6, "$x_t$\n$h_{t-1}$", color="none")
arrow(ax, (1.8, 5.4), (3.2, 5.4), color="C0", width=2.2)
arrow(ax, (4.0, 5.4), (6.2, 5.4), color="C0", width=2.2)
ax.text(6.6, 5.4, "+", fontsize=16, ha="center", va="center")
arrow(ax, (7.0, 5.4), (13.4, 5.4), color="C0", width=2.2)
valve(ax, 3.6, 5.4, f"forget gate $f_t$ = {forget:.2f}", 0.2, 0.85)
arrow(ax, (6.6, 2.1), (6.6, 3.2), color="C0", width=2.2)
valve(ax, 6.6, 3.6, f"input gate\n$i_t$ = {write:.2f}", 1.85, 0)
arrow(ax, (6.6, 4.0), (6.6, 5.05), color="C0", width=2.2)
arrow(ax, (1.8, 1.6), (5.8, 1.6))
ax.text(3.8, 1.85, "tanh", ha="center")
arrow(ax, (11.2, 5.4), (11.2, 2.6), color="C0")
ax.text(11.05, 4.0, "tanh", ha="right")
valve(ax, 11.2, 2.2, f"output gate\n$o_t$ = {read:.2f}", 0, -1.05)
arrow(ax, (11.6, 2.2), (13.4, 2.2), color="C0")
ax.text(0.4, 0.2, "Each gate is a sigmoid of its own weighted sum of "
        "$x_t$ and $h_{t-1}$.", fontsize=10)
plt.show()
# --8<-- [end:cell]


# --8<-- [start:attend]
keys = [[1.0, 0.0], [0.2, 0.9], [0.9, 0.5]]
query = [0.8, 1.2]
scores = [sum(q * k for q, k in zip(query, key)) for key in keys]
total = sum(math.exp(score) for score in scores)
weights = [math.exp(score) / total for score in scores]
context = [sum(w * key[i] for w, key in zip(weights, keys))
           for i in range(2)]
print("scores ", *(f"{score:.2f}" for score in scores))
print("weights", *(f"{weight:.2f}" for weight in weights))
print("context", *(f"{value:.2f}" for value in context))
# --8<-- [end:attend]


# --8<-- [start:translator]
ax = canvas("translator", 15.2, 7.6)
words, spoken = ["eighty", "-", "one"], ["<s>", "quatre", "vingt"]
for t, word in enumerate(words):
    x = 1.3 + 2.1 * t
    box(ax, x, 2, f"$k_{t + 1}$")
    ax.text(x, 0.55, word, ha="center")
    arrow(ax, (x, 0.95), (x, 1.5))
    if t:
        arrow(ax, (x - 1.4, 1.9), (x - 0.7, 1.9), color="C0")
        arrow(ax, (x - 0.7, 2.1), (x - 1.4, 2.1), color="C0")
    arrow(ax, (x, 2.5), (5.6 + 0.5 * t, 4.5), color="C1",
          width=0.6 + 5 * weights[t])
    ax.text(x - 0.1, 2.6, f"{weights[t]:.2f}", color="C1", ha="right",
            va="bottom")
ax.text(0.5, 6.9, "encoder: a key for each word, read both ways")
for t, word in enumerate(spoken):
    x = 9.3 + 2.1 * t
    box(ax, x, 2, f"$q_{t + 1}$")
    ax.text(x, 0.55, word, ha="center")
    arrow(ax, (x, 0.95), (x, 1.5))
    if t:
        arrow(ax, (x - 1.4, 2), (x - 0.7, 2), color="C0")
arrow(ax, (6.2, 2), (8.6, 2), color="C0")
box(ax, 6.6, 5.0, "context", width=2.4)
arrow(ax, (11.4, 2.5), (7.6, 4.5), color="C2", style="--")
ax.text(9.3, 3.9, "query", color="C2")
box(ax, 11.4, 5.0, "scores of words", width=3.4)
arrow(ax, (7.8, 5.0), (9.7, 5.0), color="C1")
arrow(ax, (11.4, 2.5), (11.4, 4.5))
arrow(ax, (11.4, 5.5), (11.4, 6.3))
ax.text(11.4, 6.7, "vingt", ha="center")
plt.show()
# --8<-- [end:translator]


# --8<-- [start:beam]
ax = canvas("beam", 13.6, 6.4)
first, after = {"un": 0.6, "le": 0.4}, {"un": [1 / 3] * 3, "le": [0.9, 0.1]}
nexts = {"un": ["chat", "chien", "roi"], "le": ["chat", "reste"]}
box(ax, 1.2, 3.2, "start", width=1.8)
y, products = 5.6, {}
for word, place in [("un", 4.6), ("le", 1.2)]:
    box(ax, 5.0, place, word)
    arrow(ax, (2.1, 3.2), (4.3, place), color="C0" if word == "un" else "C1",
          style="--" if word == "un" else "-")
    ax.text(*((2.9, 4.4) if word == "un" else (2.3, 1.6)),
            f"{first[word]:.1f}")
    for chance, name in zip(after[word], nexts[word]):
        best = chance == 0.9
        box(ax, 9.0, y, name, width=1.8)
        arrow(ax, (5.7, place), (8.1, y), color="C1" if best else INK,
              width=2.6 if best else 1.0)
        products[word, name] = first[word] * chance
        ax.text(10.3, y, f"{first[word]:.1f} $\\cdot$ {chance:.2f} = "
                f"{products[word, name]:.2f}", va="center")
        y -= 1.15
plt.show()
tree = {"first": list(first.values()), "best": max(products.values()),
        "greedy": products["un", "chat"]}
# --8<-- [end:beam]


# --8<-- [start:trellis]
ax = canvas("trellis", 15.2, 7.4)
labels, frames = ["–", "3", "–", "3", "–", "7", "–"], 9
for s, label in enumerate(labels):
    y = 6.3 - 0.9 * s
    ax.text(0.5, y, label, ha="center", va="center")
    for t in range(frames):
        ax.plot(1.6 + 1.6 * t, y, "o", ms=5, color=INK)
for t in range(frames - 1):
    for s, label in enumerate(labels):
        moves = [0, 1]
        if s + 2 < len(labels) and label != "–" != labels[s + 2] \
                and label != labels[s + 2]:
            moves.append(2)
        for step in moves:
            if s + step < len(labels):
                ax.plot([1.6 + 1.6 * t, 3.2 + 1.6 * t],
                        [6.3 - 0.9 * s, 6.3 - 0.9 * (s + step)],
                        color=FAINT, lw=0.9, zorder=0)
path = [0, 1, 1, 2, 3, 5, 5, 6, 6]
ax.plot([1.6 + 1.6 * t for t in range(frames)],
        [6.3 - 0.9 * s for s in path], color="C1", lw=2.4)
spoken = [labels[s] for s in path]
for t, label in enumerate(spoken):
    ax.text(1.6 + 1.6 * t, 0.1, label, ha="center", color="C1")
ax.text(0.5, 7.1, "a row for each label and each blank (–), a column for "
        "each frame")
plt.show()
kept = [label for t, label in enumerate(spoken)
        if label != "–" and (t == 0 or spoken[t - 1] != label)]
print("path", "".join(spoken), "reads as", "".join(kept))
results = {"step": {"c": c, "forget": forget, "input": write,
                    "output": read, "candidate": candidate,
                    "new_c": new_c, "new_h": new_h},
           "beam": tree, "attend": {"scores": scores, "weights": weights,
                      "context": context},
           "trellis": {"frames": frames, "path": "".join(spoken),
                       "read": "".join(kept)}}
# --8<-- [end:trellis]
