"""Draws a network whose layers are read by linear probes."""
# --8<-- [start:taps]
import matplotlib.pyplot as plt

INK, SOFT = "#24292f", "#f1f3f6"
fig, ax = plt.subplots(num="taps", figsize=(6.8, 2.6))


def box(x, y, text, color, width=1.3):
    ax.add_patch(plt.Rectangle((x - width / 2, y - 0.4), width, 0.8, lw=1.6,
                               facecolor=SOFT, edgecolor=color))
    ax.text(x, y, text, ha="center", va="center")


def arrow(start, end, color, style="-"):
    ax.annotate("", end, start, arrowprops={
        "arrowstyle": "-|>", "lw": 1.4, "color": color, "ls": style,
        "shrinkA": 0, "shrinkB": 0})


chain = ["pixels", "layer 1", "layer 2", "layer 3", "layer 4", "answer"]
for i, name in enumerate(chain):
    box(2 * i, 2, name, "C0" if "layer" in name else INK)
    if i:
        arrow((2 * i - 1.3, 2), (2 * i - 0.7, 2), INK)
    if name != "answer":
        box(2 * i, 0.2, "probe", "C1")
        arrow((2 * i, 1.55), (2 * i, 0.65), "C1", "--")
ax.text(5, 2.75, "trained once, then fixed", color="C0", ha="center")
ax.text(10, 0.2, "each trained\non its layer", color="C1", ha="center",
        va="center")
ax.set(xlim=(-0.8, 10.9), ylim=(-0.4, 3.1))
ax.axis("off")
plt.show()
# --8<-- [end:taps]
