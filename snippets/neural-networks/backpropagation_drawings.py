"""Draws backpropagation: a graph with numbers, a layer, many layers."""
# --8<-- [start:parts]
import matplotlib.pyplot as plt
import numpy as np

INK, FAINT, SOFT = "#24292f", "#d4d8de", "#f1f3f6"


def box(ax, x, y, text, color="C0", width=1.1, height=0.62):
    ax.add_patch(plt.Rectangle((x - width / 2, y - height / 2), width, height,
                               facecolor=SOFT, edgecolor=color, lw=1.6))
    ax.text(x, y, text, ha="center", va="center", fontsize=13)


def arrow(ax, start, end, color, style="-"):
    ax.annotate("", end, start, arrowprops={
        "arrowstyle": "-|>", "color": color, "lw": 1.6, "ls": style,
        "shrinkA": 0, "shrinkB": 0})


def finish(ax, width, height):
    ax.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    ax.set_axis_off()
# --8<-- [end:parts]

# --8<-- [start:graph]
x, w, b, y = 2.0, 1.5, 1.0, 5.5
h = w * x + b
z = w * h
loss = (z - y)**2
dz = 2 * (z - y)
dh, dw_late = dz * w, dz * h
dw_early, db = dh * x, dh
dw = dw_late + dw_early

fig, ax = plt.subplots(num="graph", figsize=(6.4, 3.3))
finish(ax, 10, 5)
places = {"x": (0.6, 0.9), "b": (2.9, 0.4), "w": (4.6, 4.1),
          "h": (2.9, 2.2), "z": (6.2, 2.2), "loss": (8.9, 2.2)}
for name, text, value, wide in [
        ("x", "$x$", x, 1.0), ("b", "$b$", b, 1.0), ("w", "$w$", w, 1.0),
        ("h", "$h=wx+b$", h, 2.0), ("z", "$z=wh$", z, 1.4),
        ("loss", r"$\ell=(z-y)^2$", loss, 2.0)]:
    box(ax, *places[name], text, width=wide)
    ax.text(places[name][0] - wide / 2, places[name][1] + 0.42, f"{value:g}",
            color="C0", fontsize=12, ha="left")
for start, end in [((1.1, 1.1), (2.1, 1.89)), ((2.9, 0.71), (2.9, 1.89)),
                   ((3.9, 2.3), (5.5, 2.3)), ((6.9, 2.3), (7.9, 2.3)),
                   ((4.1, 3.9), (3.05, 2.51)), ((5.1, 3.9), (6.1, 2.51))]:
    arrow(ax, start, end, "C0")
for start, end in [((5.5, 2.08), (3.9, 2.08)), ((7.9, 2.08), (6.9, 2.08))]:
    arrow(ax, start, end, "C1", "--")
for text, place in [(f"{dz:g}", (7.4, 1.65)), (f"{dh:g}", (4.7, 1.65)),
                    (f"{dw_late:g}", (5.9, 3.35)),
                    (f"{dw_early:g}", (3.2, 3.35)),
                    (f"{dw_late:g} + {dw_early:g} = {dw:g}", (6.1, 4.1)),
                    (f"{db:g}", (3.3, 1.2)), (f"{dh * w:g}", (1.25, 1.75))]:
    ax.text(*place, text, color="C1", fontsize=13, va="center", ha="center",
            weight="bold")
ax.text(0.1, 4.6, "values, forward", color="C0", fontsize=12)
ax.text(6.6, 0.4, "derivatives, backward", color="C1", fontsize=12)
# --8<-- [end:graph]


# --8<-- [start:layer]
W = np.array([[1, 0, 2], [-1, 1, 0]])           # (H, D)
inputs, bias = np.array([1, 2, -1]), np.array([1, 0])
a = W @ inputs + bias
da = np.array([2, -1])                          # comes from above
d_inputs, dW = W.T @ da, np.outer(da, inputs)


def cells(ax, x, y, numbers, color, size=0.62):
    """A matrix, or a column of numbers, with (x, y) as its upper left"""
    numbers = np.atleast_2d(numbers.T).T
    for i, row in enumerate(numbers):
        for j, value in enumerate(row):
            ax.add_patch(plt.Rectangle(
                (x + j * size, y - (i + 1) * size), size, size,
                facecolor=SOFT, edgecolor=color, lw=1.2))
            ax.text(x + (j + 0.5) * size, y - (i + 0.5) * size, f"${value}$",
                    ha="center", va="center", fontsize=12)


# --8<-- [end:layer]

# --8<-- [start:draw_layer]
fig, axes = plt.subplots(3, 1, num="layer", figsize=(6.4, 6.2))
rows = [
    [(0.3, "$W$", W, "C0"), (2.6, "$x$", inputs, "C0"), (3.8, None, "+", ""),
     (4.4, "$b$", bias, "C0"), (5.6, None, "=", ""), (6.2, "$a$", a, "C0")],
    [(0.3, r"$W^\top$", W.T, "C0"), (2.0, r"$\delta a$", da, "C1"),
     (5.6, None, "=", ""), (6.2, r"$\delta x$", d_inputs, "C1")],
    [(0.3, r"$\delta a$", da, "C1"), (1.4, r"$x^\top$", inputs[None], "C0"),
     (5.6, None, "=", ""), (6.2, r"$\delta W$", dW, "C1")]]
titles = ["forward: $a = Wx + b$",
          r"backward, to the inputs: $\delta x = W^\top \delta a$",
          r"backward, to the weights: $\delta W = \delta a\, x^\top$"]
for ax, parts, title in zip(axes, rows, titles):
    finish(ax, 8.6, 2.5)
    ax.set_title(title, fontsize=12)
    for x0, name, numbers, color in parts:
        if name is None:
            ax.text(x0, 1.1, numbers, fontsize=15, va="center", ha="center")
            continue
        height = 0.62 * len(np.atleast_2d(numbers.T).T)
        cells(ax, x0, 1.1 + height / 2, numbers, color)
        ax.text(x0, 1.16 + height / 2, name, fontsize=12, color=color,
                va="bottom")
plt.show()
# --8<-- [end:draw_layer]

# --8<-- [start:results]
results = {"h": h, "z": z, "loss": loss, "dz": dz, "dh": dh, "db": db,
           "dx": dh * w, "late": dw_late, "early": dw_early, "dw": dw,
           "a": a.tolist(), "da": da.tolist(), "d_inputs":
           d_inputs.tolist(), "dW": dW.tolist()}
# --8<-- [end:results]
