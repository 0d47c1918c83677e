"""Convolution written out by hand, against PyTorch's."""
# --8<-- [start:photograph]
import matplotlib.pyplot as plt
import torch
from sklearn.datasets import load_sample_images
from torch import nn

china, flower = load_sample_images().images  # (427, 640, 3), values 0 to 255
image = torch.tensor(china).float().mean(2)[100:300, 200:500] / 255
print("image", tuple(image.shape))
# --8<-- [end:photograph]

# --8<-- [start:slide]
def slide(image, kernel):
    """Weighted sum of the pixels under the kernel, at every position.

    image (H, W), kernel (k, k) -> (H - k + 1, W - k + 1)
    """
    k = len(kernel)
    H, W = image.shape
    out = torch.zeros(H - k + 1, W - k + 1)
    for u in range(k):
        for v in range(k):
            out += kernel[u, v] * image[u:u + H - k + 1, v:v + W - k + 1]
    return out


vertical = torch.tensor([[-1., 0, 1], [-2, 0, 2], [-1, 0, 1]])
kernels = {"vertical edges": vertical, "horizontal edges": vertical.T,
           "blur": torch.full((9, 9), 1 / 81)}
responses = {name: slide(image, kernel) for name, kernel in kernels.items()}
# --8<-- [end:slide]

# --8<-- [start:draw]
fig, axes = plt.subplots(2, 2, num="edges", figsize=(5.8, 4.8))
panels = {"photograph": image, **responses}
for ax, (name, panel) in zip(axes.flat, panels.items()):
    top = 1 if panel.min() >= 0 else 2
    ax.imshow(panel[:150, :200], cmap=plt.get_cmap("gray", 64),
              vmin=0 if top == 1 else -top, vmax=top)
    ax.set_title(name)
    ax.set_axis_off()
plt.show()
# --8<-- [end:draw]

# --8<-- [start:layer]
def convolution(X, weight, bias, stride=1, padding=0):
    """A convolutional layer by hand.

    X (B, C, H, W), weight (O, C, k, k), bias (O) -> (B, O, H', W')
    """
    X = nn.functional.pad(X, [padding] * 4)
    k = weight.shape[-1]
    H = (X.shape[2] - k) // stride + 1
    W = (X.shape[3] - k) // stride + 1
    out = bias.reshape(1, -1, 1, 1)
    for u in range(k):
        for v in range(k):
            patch = X[:, :, u:u + stride * H:stride, v:v + stride * W:stride]
            out = out + torch.einsum("bchw,oc->bohw",
                                     patch, weight[:, :, u, v])
    return out
# --8<-- [end:layer]

# --8<-- [start:compare]
torch.manual_seed(0)
X = torch.randn(2, 3, 11, 14, dtype=torch.float64)
X.requires_grad_()
worst = {"output": 0.0, "input": 0.0, "weight": 0.0, "bias": 0.0}
for stride, padding in [(1, 0), (1, 1), (2, 0), (2, 2), (3, 1)]:
    layer = nn.Conv2d(3, 4, 3, stride, padding, dtype=torch.float64)
    by_hand = convolution(X, layer.weight, layer.bias, stride, padding)
    theirs = layer(X)
    of = X, layer.weight, layer.bias
    ours = by_hand, *torch.autograd.grad(by_hand.square().sum(), of)
    library = theirs, *torch.autograd.grad(theirs.square().sum(), of)
    for name, a, b in zip(worst, ours, library):
        worst[name] = max(worst[name], (a - b).abs().max().item())
    print(
        f"stride {stride}, padding {padding}: "
        f"{tuple(X.shape[2:])} -> {tuple(theirs.shape[2:])}"
    )
print(
    "largest difference:",
    *(f"{name} {gap:.0e}" for name, gap in worst.items()),
)
# --8<-- [end:compare]

# --8<-- [start:parameters]
def count(module):
    return sum(p.numel() for p in module.parameters())


side, channels = 28, 16
conv = count(nn.Conv2d(1, channels, 5, padding=2))
local = side**2 * conv  # the same patches, but weights of their own each
dense = side**2 * (side**2 * channels) + side**2 * channels
assert dense == count(nn.Linear(side**2, side**2 * channels, device="meta"))
work = {
    "convolution": channels * side**2 * 5**2,  # multiplications
    "local, not shared": channels * side**2 * 5**2,
    "dense": channels * side**2 * side**2,
}
for (name, products), size in zip(work.items(), (conv, local, dense)):
    print(f"{name:18}{size:>10,} parameters{products:>11,} products")
# --8<-- [end:parameters]

# --8<-- [start:results]
results = {
    "worst": worst,
    "conv": conv,
    "local": local,
    "dense": dense,
    "locality": dense / local,
    "work_saved": work["dense"] / work["convolution"],
}
# --8<-- [end:results]
