# %% [markdown]
# # Solutions: convolutional networks
#
# Worked answers to the exercises of the chapter. Where an answer is a number, a program computes it. Ablations
# take the program of the page, change one line, and run it again.

# %%
import contextlib
import io
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def run(program, stop, *changes):
    """Run a program of the book up to a section, with lines changed."""
    text = Path("snippets", program).read_text()
    text = text.split(f"# --8<-- [start:{stop}]")[0]
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    torch.set_default_dtype(torch.float32)  # a program may change it
    names = {"__name__": "__main__"}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(text, names)
    return names


results = {}

# %% [markdown]
# ## Convolutional networks
#
# ### 1. Parameters of a layer
#
# Each of the 32 kernels has $3 \cdot 5 \cdot 5$ weights and one bias: $32 \cdot (75 + 1) = 2432$. None of them changes with the size of the
# image; only the output does.

# %%
layer = nn.Conv2d(3, 32, 5)
print(sum(p.numel() for p in layer.parameters()), "parameters")

# %% [markdown]
# ### 2. A kernel by hand
#
# Each output is the pixel at the kernel's upper left minus the one at its lower right:
# $2-3$, $1-1$ in the first row and $0-0$, $3-2$ in the second.

# %%
names = run("cnn/index.py", "draw")
image = torch.tensor([[2., 1, 0], [0, 3, 1], [1, 0, 2]])
print(names["slide"](image, torch.tensor([[1., 0], [0, -1]])))

# %% [markdown]
# ### 3. A blur in two passes
#
# The $9 \times 9$ kernel with weights $1/81$ is the product of a column and a row with weights $1/9$. Sliding the one over
# the result of the other gives the same sums, with $9 + 9$ multiplications for each pixel in place of 81. It works for each kernel that is
# a column times a row, that is, a matrix of rank 1. The vertical-edge kernel is one too.

# %%
photo = names["image"][None, None]
column, row = torch.full((1, 1, 9, 1), 1 / 9), torch.full((1, 1, 1, 9), 1 / 9)
twice = F.conv2d(F.conv2d(photo, column), row)[0, 0]
gap = (twice - names["responses"]["blur"]).abs().max()
print(f"largest difference {gap:.0e}")
for name, kernel in names["kernels"].items():
    print(name, "has rank", int(torch.linalg.matrix_rank(kernel)))

# %% [markdown]
# ### 4. Zeros at the border
#
# With two $3 \times 3$ layers, a unit sees two pixels to each side. What the zeros change can therefore reach two pixels into
# the picture and no further. We shift a random picture by one pixel and look at each column.

# %%
torch.manual_seed(0)
zeros = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(),
                      nn.Conv2d(8, 8, 3, padding=1), nn.ReLU())
X = torch.randn(1, 1, 32, 32)
with torch.no_grad():
    moved = zeros(torch.roll(X, 1, dims=-1))
    expected = torch.roll(zeros(X), 1, dims=-1)
broken = (moved - expected).abs().amax((0, 1, 2)) > 1e-6
print("columns that differ:", broken.nonzero()[:, 0].tolist())

# %% [markdown]
# The columns at the left (0 to 2) and at the right (30, 31) differ: two from the border on each side, and one more because the
# shift itself moved the border by a pixel.
#
# ### 5. A blur before pooling
#
# A $3 \times 3$ blur removes the finest detail, the part that looks different on the two halves of the grid.

# %%
names = run("cnn/translation.py", "draw")
weights = torch.tensor([1., 2, 1])
kernel = (weights[:, None] * weights / 16).repeat(8, 1, 1, 1)


def blur(X):
    X = F.pad(X, [1] * 4, mode="circular")
    return F.conv2d(X, kernel, groups=8)


class Blur(nn.Module):
    def forward(self, X):
        return blur(X)


smooth = nn.Sequential(names["features"], Blur(), nn.MaxPool2d(2))
dense_max = nn.Sequential(names["features"], nn.MaxPool2d(2, stride=1),
                          Blur(), nn.AvgPool2d(1, stride=2))
results["pooling"] = {
    "plain": names["gap"](names["pooled"], 1, 2),
    "blurred": names["gap"](smooth, 1, 2),
    "antialiased": names["gap"](dense_max, 1, 2)}
for name, value in results["pooling"].items():
    print(f"{name:12} gap at shift 1: {value:.3f}")

# %% [markdown]
# Pooling alone leaves a gap of {{ pooling.plain:.2f }}. A blur before it leaves {{ pooling.blurred:.2f }}. The paper's order (take
# the maximum at every pixel, blur, and only then keep every second value) leaves {{ pooling.antialiased:.2f }}. None of them reaches zero: a shift by half a step cannot be
# represented exactly on the coarse grid.
#
# ## Image classification
#
# ### 1. Why held-out digits
#
# A network can learn its training digits by heart. The score on them says how well it memorised; only digits it has never seen say what it
# will do in use. The difference between the two scores is what over-fitting means.
#
# ### 2. Shapes and parameters
#
# A convolution with $C$ input maps, $O$ output maps and kernel size $k$ has $O C k^2$ weights (these have no bias, because batch normalisation
# adds one).

# %%
names = run("cnn/image_classification.py", "training")
X = names["train_X"][:1]
for layer in names["cnn"]:
    X = layer(X)
    size = sum(p.numel() for m in layer.modules()
               if isinstance(m, nn.Conv2d) for p in m.parameters())
    print(f"{type(layer).__name__:18} {str(tuple(X.shape[1:])):14}"
          + (f"{size:6,} weights" if size else ""))

# %% [markdown]
# The last convolution has most: it maps 24 channels to 24. The first one, which sees the largest image, has fewest.
#
# ### 3. Without global pooling

# %%
names = run("cnn/image_classification.py", "confusion",
            ("    nn.AdaptiveMaxPool2d(1), nn.Flatten(), ",
             "    nn.Flatten(), "),
            ("nn.Linear(24, 10))", "nn.Linear(24 * 7 * 7, 10))"))
results["flat"] = names["scores"]["CNN"]

# %% [markdown]
# On digits in the middle it does about as well ({{ flat.held_out:.3f }}). On moved digits it falls to {{ flat.shifted:.3f }}: the dense layer at
# the end has learned *where* each pattern stands. So convolutions make it possible to ignore the position, and global pooling makes it happen.
#
# ### 4. Teach the MLP about shifts

# %%
names = run("cnn/image_classification.py", "confusion",
            ("epochs=14", "epochs=1"))


def moved_at_random(X, most=3):
    """Move a whole batch by the same random step."""
    return names["move"](X, *torch.randint(-most, most + 1, (2,)).tolist())


def accuracy(model, X):
    with torch.no_grad():
        return (model(X).argmax(1) == names["test_y"]).float().mean().item()


for width in (names["hidden"], 16 * names["hidden"]):
    torch.manual_seed(0)
    mlp = nn.Sequential(nn.Flatten(), nn.Linear(784, width), nn.ReLU(),
                        nn.Linear(width, 10))
    optimizer = torch.optim.AdamW(mlp.parameters(), lr=0.005)
    for epoch in range(30):
        for rows in torch.randperm(4000).split(64):
            loss = F.cross_entropy(mlp(moved_at_random(
                names["train_X"][rows])), names["train_y"][rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    test_X = names["test_X"]
    score = accuracy(mlp, test_X), accuracy(mlp, names["shifted_X"])
    results[f"moved_{'small' if width == names['hidden'] else 'large'}"] = score
    print(f"{width:4} hidden units: {score[0]:.3f}, moved {score[1]:.3f}")

# %% [markdown]
# (30 epochs in place of 14, since every epoch shows other positions.) Most of the gap on moved digits closes ({{ moved_small.1:.2f }}), but the small MLP pays with its score on digits in the middle
# ({{ moved_small.0:.2f }}): the same weights must now serve 49 positions. A hidden layer sixteen times as wide
# does better on both ({{ moved_large.0:.2f }} and {{ moved_large.1:.2f }}). What the convolution has built in, the MLP has to learn, with
# more parameters and more examples.
#
# ## Object detection
#
# ### 1. Shifted squares
#
# With side 1 and shift $d$, the squares share $1 - d$ and cover $1 + d$. At $d = 1/2$ the IoU is $1/3$. It falls
# below one half at $d = 1/3$: a shift of more than a third of the side is too much.

# %%
for shift in (1 / 3, 1 / 2):
    print(f"shift {shift:.2f}: IoU {(1 - shift) / (1 + shift):.2f}")

# %% [markdown]
# ### 2. Average precision
#
# The precision along the list is $1, 1, 2/3, 3/4, 3/5$. For each rank the program takes the best precision from there on:
# $1, 1, 3/4, 3/4, 3/5$. It adds these up at the hits, $1 + 1 + 3/4$, and divides by the four digits: $0.6875$. The digit that was never found
# costs its whole quarter.

# %%
hit = np.array([1, 1, 0, 1, 0])
precision = hit.cumsum() / np.arange(1, 6)
best = np.maximum.accumulate(precision[::-1])[::-1]
print("average precision", (best * hit).sum() / 4)

# %% [markdown]
# ### 3. Suppression by class
#
# When objects of different classes may overlap (a rider on a horse), suppression across classes deletes one of them; then it should be
# done by class. Here digits never overlap, so two boxes in one place are two opinions about one digit, and only one can
# be right.
#
# ### 4. Centres that share a cell

# %%
rng = np.random.default_rng(0)


def lost(digits, grid, scenes=4000):
    """Share of digits whose cell has already been taken."""
    cells = rng.integers(grid**2, size=(scenes, digits))
    taken = [len(set(row)) for row in cells.tolist()]
    return 1 - np.mean(taken) / digits


# alt: Two rising curves of the share of lost digits against the number of
# alt: digits; the curve of the 8 by 8 grid rises to 6 or 7 per cent at ten digits,
# alt: that of the 16 by 16 grid stays below 2 per cent.
counts = range(2, 11)
fig, ax = plt.subplots(num="lost")
for grid in (8, 16):
    share = [100 * lost(n, grid) for n in counts]
    ax.plot(counts, share, "o-", label=f"{grid} × {grid} cells")
    print(f"{grid} x {grid}: {share[0]:.1f} % of 2, {share[-1]:.1f} % of 10")
ax.set(xlabel="digits in the scene", ylabel="lost digits (%)")
ax.legend()
plt.show()

# %% [markdown]
# Each pair shares a cell with probability 1/64, so ten digits lose at most $9/2 \cdot 1/64$, seven per cent, and a little less, since several
# may share one cell. A grid with four times as many cells loses about a quarter of that. (Digits that may not overlap, as ours, lose fewer.)
#
# ## Image segmentation
#
# ### 1. An IoU
#
# 30 pixels are shared; $50 + 40 - 30 = 60$ are covered by one or the other. The IoU is 0.5, while the precision is 0.75 and the recall
# 0.6.
#
# ### 2. The view from the bottom of the U
#
# On the way down come three times a $3 \times 3$ convolution and a pooling, then two convolutions.

# %%
names = run("cnn/receptive_field.py", "measure")
layers = 3 * [(3, 1), (2, 2)] + 2 * [(3, 1)]
print(names["receptive_field"](layers), "pixels, in an image of 40")

# %% [markdown]
# Wider than the whole scene. That is why the middle can tell a 4 from a 7.
#
# ### 3. Ink that counts ten times

# %%
def quality(program):
    guess, truth = program["guess"] > 0, program["test_y"] > 0
    both = (guess & truth).sum()
    return {"precision": (both / guess.sum()).item(),
            "recall": (both / truth.sum()).item(),
            "iou": (both / (guess | truth).sum()).item()}


only_unet = ("unet, blind = train(UNet()), train(UNet(bridges=False))",
             "unet = train(UNet())")
heavy = ("train_y[rows])", "train_y[rows],\n"
         "                weight=torch.tensor([0.1, 1, 1, 1]))")
for name, changes in [("equal", [only_unet]), ("ink", [only_unet, heavy])]:
    program = run("cnn/image_segmentation.py", "metric", *changes,
                  ("scenes(2000", "scenes(1500"))
    with torch.no_grad():
        program["guess"] = program["unet"](program["test_X"]).argmax(1)
    results[name] = quality(program)
    print(f"{name:6}", {k: round(v, 3) for k, v in results[name].items()})

# %% [markdown]
# Both networks saw 1500 scenes only, to save time. With equal weights the recall is {{ equal.recall:.2f }} and the precision
# {{ equal.precision:.2f }}; with heavy ink they are {{ ink.recall:.2f }} and {{ ink.precision:.2f }}: the network misses less and paints more that is
# not ink. The IoU goes from {{ equal.iou:.2f }} to {{ ink.iou:.2f }}. A weight is a statement about which error is worse, and IoU holds them equal.
