"""Draws how backpropagation runs through a network with one hidden layer."""
import matplotlib.pyplot as plt

BOXES = ["$x$", "$a$", "$h$", "$z$", "$\\ell$"]
STEPS = ["times $W_1$", "tanh", "times $W_2$", "loss"]
BACK = ["$\\delta a$", "$\\delta h$", "$\\delta z$", "$1$"]
fig, ax = plt.subplots(num="graph", figsize=(6.4, 2.7))


def arrow(start, end, color):
    ax.annotate("", end, start, arrowprops={
        "arrowstyle": "-|>", "color": color, "lw": 1.6,
        "shrinkA": 0, "shrinkB": 0})


for i, name in enumerate(BOXES):
    ax.add_patch(plt.Rectangle((2 * i - 0.35, -0.3), 0.7, 0.6,
                               facecolor="none", edgecolor="C0", lw=1.6))
    ax.text(2 * i, 0, name, ha="center", va="center", fontsize=13)
for i, (step, back) in enumerate(zip(STEPS, BACK)):
    arrow((2 * i + 0.4, 0.12), (2 * i + 1.6, 0.12), "C0")
    ax.text(2 * i + 1, 0.25, step, ha="center", fontsize=11, color="C0")
    if i:
        arrow((2 * i + 1.6, -0.12), (2 * i + 0.4, -0.12), "C1")
    ax.text(2 * i + 2, -0.62, back, ha="center", fontsize=12, color="C1")
for i, (x, first) in enumerate([(1, "x"), (5, "h")], 1):
    arrow((x, 1.15), (x, 0.55), "C0")
    ax.text(x, 1.25, f"$W_{i}, b_{i}$", ha="center", fontsize=12)
    bend = "a" if i == 1 else "z"
    arrow((x + 0.25, -0.2), (x + 0.25, -0.95), "C1")
    ax.text(x + 0.25, -1.3, f"$\\delta W_{i} = \\delta {bend}\\,"
            f"{first}^\\top$", ha="center", fontsize=12, color="C1")
ax.text(-0.4, 0.75, "forward", color="C0", fontsize=11)
ax.text(8.4, -1.0, "backward", color="C1", fontsize=11, ha="right")
ax.set(xlim=(-0.6, 8.6), ylim=(-1.5, 1.55))
ax.set_axis_off()
plt.show()
