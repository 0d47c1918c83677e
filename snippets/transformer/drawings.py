"""Draws attention: one question with numbers, and a masked table."""
# --8<-- [start:parts]
import matplotlib.pyplot as plt
import numpy as np

INK, FAINT, SOFT = "#24292f", "#d4d8de", "#f1f3f6"


def box(ax, x, y, text, color="C0", width=1.3, height=0.7):
    ax.add_patch(plt.Rectangle((x - width / 2, y - height / 2), width, height,
                               facecolor=SOFT, edgecolor=color, lw=1.6))
    ax.text(x, y, text, ha="center", va="center", fontsize=12)


def arrow(ax, start, end, color=INK, lw=1.4):
    ax.annotate("", end, start, arrowprops={
        "arrowstyle": "-|>", "color": color, "lw": lw, "shrinkA": 0,
        "shrinkB": 0})


def finish(ax, width, height):
    ax.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    ax.set_axis_off()
# --8<-- [end:parts]

# --8<-- [start:step]
keys, values = [[2, 0], [0, 2], [2, 2]], [[1, 0], [0, 1], [4, 4]]
query = np.array([1, 0])
scores = np.array(keys) @ query / np.sqrt(2)
weights = np.exp(scores) / np.exp(scores).sum()
output = weights @ np.array(values)

fig, ax = plt.subplots(num="step", figsize=(5.6, 3.1))
finish(ax, 11.4, 7.2)
ax.set(xlim=(0.4, 11.3), ylim=(1.1, 7.1))
box(ax, 1.2, 3.6, f"{query[0]}, {query[1]}", "C1")
ax.text(1.2, 4.2, "query $q$", ha="center", color="C1")
for i, y in enumerate((5.6, 3.6, 1.6)):
    box(ax, 3.7, y, f"{keys[i][0]}, {keys[i][1]}")
    box(ax, 8.0, y, f"{values[i][0]}, {values[i][1]}", "C2")
    arrow(ax, (1.85, 3.6), (3.05, y), "C1")
    ax.text(4.5, y + 0.06, f"{scores[i]:.2f}", va="bottom")
    ax.text(6.0, y + 0.06, f"{weights[i]:.2f}", va="bottom", weight="bold")
    arrow(ax, (4.35, y), (5.8, y))
    arrow(ax, (5.8, y), (7.35, y))
    arrow(ax, (8.65, y), (9.1, 3.85 if y > 4 else 3.6 if y > 2 else 3.35),
          "C2", 0.5 + 4 * weights[i])
box(ax, 10.15, 3.6, f"{output[0]:.2f}, {output[1]:.2f}", "C3", 2.1)
for x, name, color in [(3.4, "keys $k_s$", "C0"), (8.0, "values $v_s$", "C2")]:
    ax.text(x, 6.2, name, ha="center", color=color)
for x, name in [(4.85, "scores\n$q \\cdot k_s / \\sqrt{2}$"),
                (6.4, "weights\n(softmax)")]:
    ax.text(x, 6.6, name, ha="center", va="center", fontsize=10)
ax.text(10.15, 4.2, "output", ha="center", color="C3")
# --8<-- [end:step]

# --8<-- [start:causal]
fig, axes = plt.subplots(1, 3, num="masks", figsize=(6.4, 2.8))
words = ["the", "cat", "sat", "down"]
causal = np.tril(np.ones((4, 4)))
padding = np.ones((4, 4)) * (np.arange(4) < 3)
for ax, allowed, title in zip(axes, (np.ones((4, 4)), causal, padding),
                              ("no mask", "causal", "padding")):
    names = words[:3] + ["(pad)" if title == "padding" else "down"]
    ax.set_xticks(range(4), names, rotation=45, ha="right",
                  rotation_mode="anchor")
    ax.set_yticks(range(4), [""] * 4 if title == "causal" else names)
    ax.set(title=title, xlabel="looked at")
    ax.set(xlim=(-0.5, 3.5), ylim=(3.5, -0.5), aspect="equal")
    ax.spines[:].set_visible(True)
    for i in range(4):
        for j in range(4):
            ax.add_patch(plt.Rectangle(
                (j - 0.5, i - 0.5), 1, 1, lw=0.8, edgecolor=FAINT,
                facecolor="C0" if allowed[i, j] else SOFT))
            ax.text(j, i, "+" if allowed[i, j] else "0", ha="center",
                    va="center", color=SOFT if allowed[i, j] else INK)
axes[0].set_ylabel("looks")
# --8<-- [end:causal]

# --8<-- [start:heads]
fig, ax = plt.subplots(num="heads", figsize=(5.4, 2.4))
finish(ax, 11, 5.4)
ax.set(xlim=(0.3, 10.7), ylim=(0.3, 4.9))
box(ax, 1.2, 2.6, "tokens\n$T \\times E$", width=1.6, height=1.4)
for i, (y, color) in enumerate([(4.2, "C0"), (2.6, "C1"), (1.0, "C2")]):
    box(ax, 4.1, y, "$Q, K, V$\n$T \\times D$", color, 1.9, 1.2)
    box(ax, 6.9, y, f"attention {i + 1}", color, 2.0, 0.8)
    arrow(ax, (2.0, 2.6), (3.15, y))
    arrow(ax, (5.05, y), (5.9, y))
    arrow(ax, (7.9, y), (8.6, y if i == 1 else 2.6 + 0.55 * (1 - i)))
box(ax, 9.6, 2.6, "joined,\nmixed\n$T \\times E$", "C3", 2.0, 2.0)
# --8<-- [end:heads]

# --8<-- [start:block]
fig, ax = plt.subplots(num="block", figsize=(5.8, 2.0))
finish(ax, 12.7, 4.3)
arrow(ax, (0.2, 1.0), (12.6, 1.0), "C3", 3)
ax.text(0.2, 0.2, "residual stream: $T$ tokens of $E$ numbers", color="C3",
        fontsize=11)
for x, name, color in [(1.5, "attention", "C0"), (7.6, "MLP", "C2")]:
    box(ax, x, 2.3, "layer norm", INK, 2.3, 0.8)
    box(ax, x + 2.5, 3.7, name, color, 2.2, 0.9)
    arrow(ax, (x, 1.0), (x, 1.9))
    ax.plot([x, x], [2.7, 3.7], color=INK, lw=1.4)
    arrow(ax, (x, 3.7), (x + 1.4, 3.7))
    ax.plot([x + 3.6, x + 4.2], [3.7, 3.7], color=INK, lw=1.4)
    arrow(ax, (x + 4.2, 3.7), (x + 4.2, 1.3))
    ax.plot(x + 4.2, 1.0, "o", ms=13, mfc=SOFT, mec="C3", mew=1.8, zorder=4)
    ax.text(x + 4.2, 0.98, "+", ha="center", va="center", fontsize=13,
            zorder=5)
plt.show()
# --8<-- [end:block]

# --8<-- [start:results]
results = {"query": query.tolist(), "scores": scores.tolist(),
           "weights": weights.tolist(), "output": output.tolist()}
# --8<-- [end:results]
