"""Draws the four lines of the training loop, with one step in numbers."""
# --8<-- [start:loop]
import matplotlib.pyplot as plt

INK, SOFT = "#24292f", "#f1f3f6"
w, x, target, lr = 1.0, 2.0, 6.0, 0.1
loss = (w * x - target)**2
gradient = 2 * (w * x - target) * x
moved = w - lr * gradient
boxes = [("forward", "loss = ...", f"loss = {loss:.0f}", "C0"),
         ("forget", "zero_grad()", ".grad = None", INK),
         ("backward", "backward()", f".grad = −{-gradient:.0f}", "C1"),
         ("move", "step()", f"w = {w:.0f} + 0.1 · 16 = {moved:.1f}", "C2")]
fig, ax = plt.subplots(num="loop", figsize=(6.4, 2.3))
arrow = {"arrowstyle": "-|>", "color": INK, "lw": 1.4, "shrinkA": 0,
         "shrinkB": 0}
for i, (name, code, numbers, color) in enumerate(boxes):
    left, middle = 2.6 * i, 2.6 * i + 1
    ax.add_patch(plt.Rectangle((left, 0), 2.0, 1.1, facecolor=SOFT,
                               edgecolor=color, lw=1.6))
    ax.text(middle, 0.78, name, ha="center", va="center", color=color,
            fontsize=12)
    ax.text(middle, 0.32, code, ha="center", va="center",
            family="monospace", fontsize=11)
    ax.text(middle, -0.4, numbers, ha="center", va="center", fontsize=10,
            color=color)
    if i < 3:
        ax.annotate("", (left + 2.6, 0.55), (left + 2.0, 0.55),
                    arrowprops=arrow)
ax.plot([8.8, 8.8, 1.0], [1.1, 1.7, 1.7], color=INK, lw=1.4)
ax.annotate("", (1.0, 1.1), (1.0, 1.72), arrowprops=arrow)
ax.text(4.9, 1.8, "next batch", ha="center", va="bottom")
ax.text(-0.1, -1.0, f"w = {w:.0f}, x = {x:.0f}, target {target:.0f}, "
        f"learning rate {lr}", fontsize=11)
ax.set(xlim=(-0.2, 10.6), ylim=(-1.1, 2.3))
ax.set_axis_off()
plt.show()
# --8<-- [end:loop]

# --8<-- [start:results]
results = {"loss": loss, "gradient": gradient, "moved": moved}
# --8<-- [end:results]
