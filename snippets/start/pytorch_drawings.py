"""Draws tensors, sums and broadcasting as cells, and how derivatives run."""
# --8<-- [start:cells]
import matplotlib.pyplot as plt

INK, FAINT, SOFT = "#24292f", "#d4d8de", "#f1f3f6"


def cells(ax, left, top, rows, color="C0", fill=SOFT, ink=INK):
    """A grid of numbers; its top left corner is at (left, top)."""
    for i, row in enumerate(rows):
        for j, number in enumerate(row):
            ax.add_patch(plt.Rectangle(
                (left + j, top - i - 1), 1, 1, facecolor=fill,
                edgecolor=color, lw=1.4))
            ax.text(left + j + 0.5, top - i - 0.5, number, ha="center",
                    va="center", color=ink, fontsize=11)


def arrow(ax, start, end, color=INK):
    ax.annotate("", end, start, arrowprops={
        "arrowstyle": "-|>", "color": color, "lw": 1.4,
        "shrinkA": 0, "shrinkB": 0})


def canvas(name, width, height, scale=0.4):
    fig, ax = plt.subplots(num=name, figsize=(width * scale, height * scale))
    ax.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    ax.set_axis_off()
    return ax
# --8<-- [end:cells]

# --8<-- [start:shapes]
ax = canvas("shapes", 15.1, 6.2)
cells(ax, 0.3, 4.6, [["2.5"]])
cells(ax, 2.1, 4.6, [[1, 2, 3]])
cells(ax, 6.6, 5.1, [[1, 2, 3], [4, 5, 6]])
for k in (3, 2, 1, 0):  # the nearest image is drawn last
    cells(ax, 10.9 + 0.3 * k, 4.2 + 0.35 * k,
          [[".0", ".3", ".8"], [".0", ".3", "1."]] if k == 0
          else [[""] * 3] * 2)
for x, shape, words in [(0.8, "()", "number"), (3.6, "(3)", "row"),
                        (8.1, "(2, 3)", "table"),
                        (12.4, "(4, 2, 3)", "4 small images")]:
    ax.text(x, 1.2, shape, ha="center", fontsize=12, color="C0")
    ax.text(x, 0.3, words, ha="center", fontsize=11)
arrow(ax, (6.3, 5.1), (6.3, 3.1), "C1")
ax.text(6.05, 4.1, "dim 0", rotation=90, va="center", ha="right",
        fontsize=11, color="C1")
arrow(ax, (6.6, 5.4), (9.6, 5.4), "C1")
ax.text(8.1, 5.6, "dim 1", ha="center", fontsize=11, color="C1")
# --8<-- [end:shapes]

# --8<-- [start:sums]
ax = canvas("sums", 13, 4.6)
cells(ax, 0.6, 4.4, [[1, 2, 3], [4, 5, 6]])
arrow(ax, (2.1, 2.2), (2.1, 1.4), "C1")
cells(ax, 0.6, 1.2, [[5, 7, 9]], "C1")
ax.text(4.0, 0.7, "sum(0): dimension 0 is gone\n(2, 3) → (3)",
        va="center", fontsize=11, color="C1")
arrow(ax, (3.8, 3.4), (4.8, 3.4), "C2")
cells(ax, 5.0, 3.9, [[6, 15]], "C2")
ax.text(7.4, 3.4, "sum(1): dimension 1 is gone\n(2, 3) → (2)",
        va="center", fontsize=11, color="C2")
# --8<-- [end:sums]

# --8<-- [start:broadcasting]
ax = canvas("broadcasting", 13.0, 3.8)
copy = {"fill": "none", "color": FAINT, "ink": "C6"}
cells(ax, 0.4, 3.2, [["", 10, 10], ["", 20, 20]], **copy)
cells(ax, 0.4, 3.2, [[10], [20]])
cells(ax, 5.0, 3.2, [["", "", ""], [1, 2, 3]], **copy)
cells(ax, 5.0, 3.2, [[1, 2, 3]])
cells(ax, 9.6, 3.2, [[11, 12, 13], [21, 22, 23]], "C1")
for x, sign in [(4.2, "+"), (8.8, "=")]:
    ax.text(x, 2.2, sign, ha="center", va="center", fontsize=15)
for x, shape, color in [(1.9, "(2, 1)", "C0"), (6.5, "(3)", "C0"),
                        (11.1, "(2, 3)", "C1")]:
    ax.text(x, 0.3, shape, ha="center", fontsize=12, color=color)
# --8<-- [end:broadcasting]

# --8<-- [start:graph]
fig, ax = plt.subplots(num="graph", figsize=(6.4, 2.5))
nodes = [("$w x$", "2"), ("$w x + b$", "2.5"), ("$\\ldots - y$", "$-1.5$"),
         ("$(\\ldots)^2$", "2.25")]
for i, (name, number) in enumerate(nodes):
    ax.add_patch(plt.Rectangle((2.4 * i + 1.5, 0), 1.3, 0.9, facecolor=SOFT,
                               edgecolor="C0", lw=1.4))
    ax.text(2.4 * i + 2.15, 0.62, name, ha="center", va="center")
    ax.text(2.4 * i + 2.15, 0.24, number, ha="center", va="center",
            color="C0")
    if i < 3:
        arrow(ax, (2.4 * i + 2.85, 0.58), (2.4 * i + 3.85, 0.58), "C0")
        arrow(ax, (2.4 * i + 3.85, 0.3), (2.4 * i + 2.85, 0.3), "C1")
for x, text in [(2.15, "$w = 1,\\; x = 2$"), (4.55, "$b = 0.5$"),
                (6.95, "$y = 4$")]:
    ax.text(x, 1.65, text, ha="center", color="C0")
    arrow(ax, (x, 1.55), (x, 0.95), "C0")
for i, text in enumerate(["$-3$", "$-3$", "$-3$", "$1$"]):
    ax.text(2.4 * i + 2.15, -0.42, text, ha="center", color="C1")
for x, text in [(2.15, "$w$: $-3 \\cdot 2 = -6$"), (4.55, "$b$: $-3$")]:
    arrow(ax, (x, -0.5), (x, -1.0), "C1")
    ax.text(x, -1.4, text, ha="center", color="C1")
ax.text(1.2, 0.58, "forward", ha="right", va="center", color="C0")
ax.text(1.2, -0.32, "backward", ha="right", va="center", color="C1")
ax.set(xlim=(-0.2, 11), ylim=(-1.6, 2.0))
ax.set_axis_off()
plt.show()
# --8<-- [end:graph]

# --8<-- [start:results]
results = {"loss": (1 * 2 + 0.5 - 4)**2}
# --8<-- [end:results]
