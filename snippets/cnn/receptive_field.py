"""How much of the input one unit can see, by formula and by measurement."""
# --8<-- [start:formula]
import matplotlib.pyplot as plt
import torch
from torch import nn


def receptive_field(layers):
    """Side of the input square that one output unit depends on.

    layers: list of (kernel size, stride), from the input on.
    """
    size, jump = 1, 1  # jump: input pixels between neighbouring units
    for kernel, stride in layers:
        size += (kernel - 1) * jump
        jump *= stride
    return size
# --8<-- [end:formula]

# --8<-- [start:measure]
def seen(layers, side=65):
    """Which input pixels change the unit in the middle: a (side, side) mask.

    The weights are all 1, so that no influence can cancel another.
    """
    X = torch.zeros(1, 1, side, side, requires_grad=True)
    out = X
    for kernel, stride in layers:
        out = nn.functional.conv2d(out, torch.ones(1, 1, kernel, kernel),
                                   stride=stride, padding=kernel // 2)
    middle = out.shape[-1] // 2
    out[0, 0, middle, middle].backward()
    return X.grad[0, 0]


stacks = {"3 × 3": [(3, 1)] * 6, "3 × 3, every second with stride 2":
          [(3, 1), (3, 2)] * 3}
sizes = {}
for name, layers in stacks.items():
    rows = [seen(layers[:depth]) for depth in range(1, 7)]
    sizes[name] = [int((row > 0).any(0).sum()) for row in rows]
    formula = [receptive_field(layers[:depth]) for depth in range(1, 7)]
    print(f"{name}\n  measured {sizes[name]}\n  formula  {formula}")
# --8<-- [end:measure]

# --8<-- [start:draw]
fig, axes = plt.subplots(1, 4, num="growth", figsize=(6.4, 1.9))
layers = stacks["3 × 3, every second with stride 2"]
for ax, depth in zip(axes, (1, 2, 4, 6)):
    influence = seen(layers[:depth])
    ax.imshow(influence / influence.max(), cmap="viridis", vmin=0, vmax=1)
    ax.set_title(f"{depth} layer{'s' * (depth > 1)}: "
                 f"{receptive_field(layers[:depth])} pixels", fontsize=10)
    ax.set_axis_off()
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
plain, strided = sizes.values()
influence = seen([(3, 1)] * 6)
middle = influence[29:36, 29:36].sum() / influence.sum()
results = {"plain": plain, "strided": strided, "middle": middle.item()}
print(f"share of the influence in the middle 7 × 7 pixels: {middle:.2f}")
# --8<-- [end:results]
