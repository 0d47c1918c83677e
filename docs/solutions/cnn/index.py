# %% [markdown]
# # Answers: convolutional networks

# %% [markdown]
# ## Exercise 1
#
# Each of the 32 kernels has $3 \cdot 5 \cdot 5$ weights and one bias: $32 \cdot (75 + 1) = 2432$. None of them changes with the
# size of the image; only the output does.

# %%
--8<-- "cnn/index.py:photograph"

# %%
layer = nn.Conv2d(3, 32, 5)
print(sum(p.numel() for p in layer.parameters()), "parameters")
for width in (64, 128):
    print("image", (64, width), "-> output",
          tuple(layer(torch.zeros(1, 3, 64, width)).shape[1:]))

# %% [markdown]
# ## Exercise 2
#
# Each output is the pixel at the kernel's upper left minus the one at its lower right: $2-3$, $1-1$ in the first row and $0-0$,
# $3-2$ in the second.

# %%
--8<-- "cnn/index.py:slide"

# %%
print(slide(torch.tensor([[2., 1, 0], [0, 3, 1], [1, 0, 2]]),
            torch.tensor([[1., 0], [0, -1]])))

# %% [markdown]
# ## Exercise 3
#
# The first convolution: $\lfloor (32 + 4 - 5)/2 \rfloor + 1 = 16$, so 16 maps of $16 \times 16$, with
# $16 \cdot (3 \cdot 25 + 1) = 1216$ parameters and $16 \cdot 75 \cdot 16^2 = 307\,200$ multiplications. Pooling leaves
# $8 \times 8$ and multiplies nothing. The $1 \times 1$ convolution gives 10 maps of $8 \times 8$, with $10 \cdot (16 + 1) = 170$
# parameters and $10 \cdot 16 \cdot 8^2 = 10\,240$ multiplications. The library agrees about shapes and parameters.

# %%
maps = torch.zeros(1, 3, 32, 32)
for layer in (nn.Conv2d(3, 16, 5, stride=2, padding=2), nn.MaxPool2d(2),
              nn.Conv2d(16, 10, 1)):
    maps = layer(maps)
    print(f"{type(layer).__name__:10}", tuple(maps.shape[1:]),
          sum(p.numel() for p in layer.parameters()), "parameters")

# %% [markdown]
# ## Exercise 4
#
# On a grid of $n \times n$ pixels with glued edges, positions are counted modulo $n$. The shift is $(TX)_{i,j} = X_{i,\,j-1}$, and the layer
# is $(fX)_{i,j} = b + \sum_{u,v} K_{u,v} X_{i+u,\,j+v}$ (the sum over channels changes nothing). Then
#
# $$(f\,TX)_{i,j} = b + \sum_{u,v} K_{u,v} (TX)_{i+u,\,j+v} = b + \sum_{u,v} K_{u,v} X_{i+u,\,j-1+v} = (fX)_{i,\,j-1} = (T\,fX)_{i,j}.$$
#
# A function $\varphi$ of each number alone gives $\varphi((TX)_{i,j}) = \varphi(X_{i,j-1})$, which is $T$ after $\varphi$. And if $fT = Tf$ and
# $gT = Tg$, then $gfT = gTf = Tgf$: the property passes along the chain. Where did we need the glued edges? $X_{i,j-1}$ must
# exist for $j = 0$. Where did we need stride 1? With stride 2 the layer reads $X_{2i+u,\,2j+v}$, and $2j - 1$ is no multiple of 2.
#
# ## Exercise 5
#
# The $9 \times 9$ kernel with weights $1/81$ is the product of a column and a row with weights $1/9$. Sliding one over the result
# of the other gives the same sums, with $9 + 9$ multiplications for each pixel in place of 81. It works for every kernel that is a
# column times a row, that is, a matrix of rank 1 (a *separable* kernel). The vertical-edge kernel is one too.

# %%
photo = image[None, None]  # (B, C, H, W)
column, row = torch.full((1, 1, 9, 1), 1 / 9), torch.full((1, 1, 1, 9), 1 / 9)
twice = nn.functional.conv2d(nn.functional.conv2d(photo, column), row)[0, 0]
print(f"largest difference {(twice - responses['blur']).abs().max():.0e}")
for name, kernel in kernels.items():
    print(name, "has rank", int(torch.linalg.matrix_rank(kernel)))

# %% [markdown]
# ## Exercise 6
#
# With two $3 \times 3$ layers, a unit sees two pixels to each side. What the zeros change can therefore reach two pixels into the
# picture and no further. The page's picture is empty at its border, which would hide some of it, so we shift a random picture by
# one pixel and look at each column.

# %%
--8<-- "cnn/translation.py:network"

# %%
def zero_padded(channels, out):
    return nn.Conv2d(channels, out, 3, padding=1)  # the change


zeros = nn.Sequential(zero_padded(1, 8), nn.ReLU(),
                      zero_padded(8, 8), nn.ReLU())
noise = torch.randn(1, 1, 32, 32)
with torch.no_grad():
    apart = (zeros(shift(noise, 1)) - shift(zeros(noise), 1)).abs()
broken = (apart.amax((0, 1, 2)) > 1e-6).nonzero()[:, 0]
print("columns (of 0 to 31) that differ:", broken.tolist())
results = {"left": int((broken < 16).sum()),
           "right": int((broken >= 16).sum())}

# %% [markdown]
# {{ left:d }} columns differ at the left and {{ right:d }} at the right: two from the border on each side, and one more because
# the shift itself moved the border by a pixel.
#
# ## Exercise 7
#
# A depthwise layer is the special full layer whose kernels are zero for all channels but one; the $1 \times 1$ convolution then
# mixes. Together they are one full layer with the kernel $K_{o,c,u,v} = M_{o,c} D_{c,u,v}$.

# %%
C = 64
depthwise = nn.Conv2d(C, C, 3, padding=1, groups=C, bias=False)
mix = nn.Conv2d(C, C, 1, bias=False)
full = nn.Conv2d(C, C, 3, padding=1, bias=False)
with torch.no_grad():
    full.weight.copy_(mix.weight * depthwise.weight[:, 0])  # (O, C, 3, 3)
    maps = torch.randn(1, C, 12, 12)
    apart = (full(maps) - mix(depthwise(maps))).abs().max()
print(f"largest difference {apart:.0e}")
separable = depthwise.weight.numel() + mix.weight.numel()
print(separable, "weights in two steps,", full.weight.numel(), "in one")
results["saved"] = full.weight.numel() / separable

# %% [markdown]
# The two steps have {{ saved:.1f}} times fewer weights, and as many times fewer multiplications, since all are used at every position. The
# reverse does not exist in general: for one input channel, the kernels of all outputs must be multiples of the same $3 \times 3$ grid,
# so for most full layers one would need several depthwise kernels a channel.
#
# ## Exercise 8
#
# A $3 \times 3$ blur removes the finest detail, the part that an odd shift changes. We measure the gap as on the page, for both
# orders and five random starts. And a second gap: one pixel is half a step of the coarse grid, so the output *should* move by half
# a cell. We compare it with the mean of the output as it was and the output moved by one cell.

# %%
--8<-- "cnn/translation.py:measure"

# %%
weights = torch.tensor([1., 2, 1])
kernel = (weights[:, None] * weights / 16).repeat(8, 1, 1, 1)


def blur(X):  # with edges glued together, as in the convolutions
    X = nn.functional.pad(X, [1] * 4, mode="circular")
    return nn.functional.conv2d(X, kernel, groups=8)


def largest(X):
    """The maximum of a 2 × 2 square at every pixel (stride 1)."""
    X = nn.functional.pad(X, [0, 1, 0, 1], mode="circular")
    return nn.functional.max_pool2d(X, 2, stride=1)


@torch.no_grad()
def half_gap(f):
    moved, still = f(shift(X, 1)), f(X)
    expected = (still + shift(still, 1)) / 2
    return ((moved - expected).norm() / expected.norm()).item()


ways = {"plain": lambda X: largest(X)[..., ::2, ::2],  # = nn.MaxPool2d(2)
        "before": lambda X: largest(blur(X))[..., ::2, ::2],
        "between": lambda X: blur(largest(X))[..., ::2, ::2]}
print("blur     gap at shift 1, five starts           mean   "
      "against half a cell, mean")
for way, pool in ways.items():
    row, half = [], []
    for seed in range(5):
        torch.manual_seed(seed)
        features = nn.Sequential(conv(1, 8), nn.ReLU(),
                                 conv(8, 8), nn.ReLU())
        row.append(gap(lambda X: pool(features(X)), 1, stride=2))
        half.append(half_gap(lambda X: pool(features(X))))
    results[way] = {"gap": sum(row) / 5, "half": sum(half) / 5}
    print(f"{way:8}", "  ".join(f"{value:.3f}" for value in row),
          f"{results[way]['gap']:9.3f}{results[way]['half']:12.3f}")
results["unavoidable"] = 1 - results["plain"]["half"] / results["plain"]["gap"]

# %% [markdown]
# Pooling alone leaves a gap of {{ plain.gap:.2f}} on average. Not all of it can be removed: one pixel is half a cell, and measured
# against the output moved by half a cell, the gap of pooling alone is {{ plain.half:.2f}}, so {{ unavoidable:.0%}} of it was the half cell. A blur
# before pooling leaves {{ before.half:.2f}} of these {{ plain.half:.2f}}, and a blur between the
# maximum and keeping every second value, the paper's order, {{ between.half:.2f}}: on this small network, whose weights are random,
# the order makes hardly any difference. (Against the output moved by no cell, as on the page, the numbers are {{ before.gap:.2f}} and
# {{ between.gap:.2f}}, and nothing could bring them to zero.)
