"""Draws bias and variance as arrows that miss in two ways."""
# --8<-- [start:misses]
import matplotlib.pyplot as plt

INK, FAINT = "#24292f", "#d4d8de"
truth = 4.0
models = {"stiff model": [2.8, 3.1, 3.0, 2.7, 3.4],
          "loose model": [2.1, 5.9, 4.6, 2.9, 4.5]}
parts = {}
fig, ax = plt.subplots(num="misses", figsize=(6.4, 2.6))
ax.axvline(truth, color=INK, ls="--", lw=1.2)
ax.text(truth + 0.1, 1.7, "truth", color=INK)
for row, (name, values) in enumerate(models.items()):
    mean = sum(values) / len(values)
    square = sum((v - truth)**2 for v in values) / len(values)
    bias = mean - truth
    variance = sum((v - mean)**2 for v in values) / len(values)
    parts[name] = {"mean": mean, "bias_2": bias**2, "variance": variance,
                   "error": square}
    ax.plot(values, [1 - row] * 5, "o", color=f"C{row}", ms=7)
    ax.plot(mean, 1 - row - 0.3, "^", color=f"C{row}", ms=8)
    ax.text(mean - 0.15, 1 - row - 0.38, f"mean {mean:.1f}", ha="right",
            color=f"C{row}", fontsize=10)
    ax.text(0.4, 1 - row, name, va="center", color=f"C{row}")
    print(f"{name}: bias^2 {bias**2:.2f} + variance {variance:.2f} = "
          f"mean squared error {square:.2f}")
ax.set(xlim=(0.3, 6.6), ylim=(-0.8, 2.0), yticks=[],
       xlabel="prediction at one point, one dot for each training set")
for side in ("left", "right", "top"):
    ax.spines[side].set_visible(False)
plt.show()
# --8<-- [end:misses]

# --8<-- [start:results]
results = {name.split()[0]: row for name, row in parts.items()} | {
    "truth": truth}
# --8<-- [end:results]
