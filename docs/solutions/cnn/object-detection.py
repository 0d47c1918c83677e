# %% [markdown]
# # Answers: object detection

# %% [markdown]
# ## Exercise 1
#
# With side 1 and shift $d$, the squares share $1 - d$ and cover $1 + d$. At $d = 1/2$ the IoU is $1/3$. It falls below one half
# at $d = 1/3$: a shift of more than a third of the side is too much.

# %%
for shift in (1 / 3, 1 / 2):
    print(f"shift {shift:.2f}: IoU {(1 - shift) / (1 + shift):.2f}")

# %% [markdown]
# ## Exercise 2
#
# The precision along the list is $1, 1, 2/3, 3/4, 3/5$. For each rank the program takes the best precision from there on:
# $1, 1, 3/4, 3/4, 3/5$. It adds these up at the hits, $1 + 1 + 3/4$, and divides by the four digits: $0.6875$. The digit that was
# never found costs its whole quarter.

# %%
import matplotlib.pyplot as plt
import numpy as np

hit = np.array([1, 1, 0, 1, 0])
precision = hit.cumsum() / np.arange(1, 6)
best = np.maximum.accumulate(precision[::-1])[::-1]
print("average precision", (best * hit).sum() / 4)

# %% [markdown]
# ## Exercise 3
#
# The centre is $(15, 50)$, in column $\lfloor 15/8 \rfloor = 1$ and row $\lfloor 50/8 \rfloor = 6$. So $t_x = 15/8 - 1 - 1/2 = 0.375$,
# $t_y = 50/8 - 6 - 1/2 = -0.25$, and with 12 pixels of width and 20 of height $t_w = \log(12/20) \approx -0.511$, $t_h = \log(20/20) = 0$.

# %%
--8<-- "cnn/object_detection.py:digits"

# %%
--8<-- "cnn/object_detection.py:targets"

# %%
cls, box = encode(torch.tensor([[9., 40, 21, 60]]), torch.tensor([7]))
print("row, column:", (cls >= 0).nonzero()[0].tolist(), "t:",
      [round(value, 3) for value in box[6, 1].tolist()])
print("back again:", decode(box)[6, 1].tolist())

# %% [markdown]
# ## Exercise 4
#
# The IoU is $|A \cap B| / |A \cup B|$, and $A \cap B \subseteq A \cup B$; it is 1 only if the two have the same area, and of two boxes, one inside the other, with
# the same area, each must be the other. So the common part equals both boxes, $A = B$. If all lengths are multiplied by $a$, both areas are multiplied by $a^2$, and the
# quotient stays. A distance of corners in pixels would call five pixels the same error for a box of 10 and for one of 200 pixels, where the first is hardly a hit and the second looks perfect.
#
# ## Exercise 5
#
# When objects of different classes may overlap (a rider on a horse), non-maximum suppression across classes deletes one of them;
# then it should be done by class. Here digits never overlap, so two boxes in one place are two opinions about one digit, and
# only one can be right.
#
# ## Exercise 6

# %%
rng = np.random.default_rng(0)


def lost(digits, grid, scenes=20_000):
    """Share of digits whose cell has already been taken."""
    cells = rng.integers(grid**2, size=(scenes, digits))
    taken = [len(set(row)) for row in cells.tolist()]
    return 1 - float(np.mean(taken)) / digits


# alt: Two rising curves of the share of lost digits against the number of
# alt: digits in the scene. That of the 8 by 8 grid rises about four times
# alt: as steeply as that of the 16 by 16 grid.
counts = range(2, 11)
results = {}
fig, ax = plt.subplots(num="lost")
for grid in (8, 16):
    share = [lost(n, grid) for n in counts]
    results[f"grid_{grid}"] = {"two": share[0], "ten": share[-1]}
    ax.plot(counts, [100 * s for s in share], "o-")
    ax.annotate(f"{grid} × {grid} cells", (8, 100 * share[6]), ha="right",
                xytext=(-4, 6), textcoords="offset points",
                color=ax.lines[-1].get_color())
    print(f"{grid:2} × {grid}: {share[0]:.1%} of 2, {share[-1]:.1%} of 10")
ax.set(xlabel="digits in the scene", ylabel="lost digits (%)", ylim=0)
plt.show()

# %% [markdown]
# Two digits share one of 64 cells with probability $1/64$, so of ten digits at most $9/2 \cdot 1/64$, seven per cent, are lost on
# average, and a little less, since several may share one cell: we count {{ grid_8.ten:.1%}}. A grid with four times as many
# cells loses about a quarter of that, {{ grid_16.ten:.1%}}. (Digits that may not overlap, as those of the page, lose
# fewer: their centres keep a distance.)
#
# ## Exercise 7

# %%
digits_there = 4
recall = hit.cumsum() / digits_there
plain = (precision * hit).sum() / digits_there
envelope = (best * hit).sum() / digits_there
eleven = np.mean([max(precision[recall >= r - 1e-9], default=0.0)
                  for r in np.linspace(0, 1, 11)])
results["plain"], results["envelope"] = float(plain), float(envelope)
results["eleven"] = float(eleven)
print(f"plain {plain:.4f}, envelope {envelope:.4f}, eleven {eleven:.4f}")

# %% [markdown]
# As it is at each hit, the precision gives {{ plain:.3f}}, and the envelope the same {{ envelope:.3f}}: it only matters where a later hit has a higher precision than an
# earlier one, which no hit of this list has. Eleven fixed recalls give {{ eleven:.3f}}. A number without its recipe cannot be compared with another.
#
# ## Exercise 8
#
# Computed once for the whole image, the convolutions give every window the features of its place, and the dense layer at the end becomes one more convolution. Two things change: a
# window's border no longer ends in zeros but in its neighbours, which a network trained on cut-out windows has never seen; and all windows have one size, so other shapes need the image
# at other scales. It saves most of the multiplications. What is still missing is the box: a window has a fixed shape, and the network must learn to say how far it is off. With four numbers more for each
# place, and one answer for each object instead of many, it is the detector of this page.
#
# ## Exercise 9
#
# The first 800 training scenes of the page, four epochs, and the page's network; only the weight of the box loss changes.

# %%
--8<-- "cnn/object_detection.py:scenes"

# %%
--8<-- "cnn/object_detection.py:model"

# %%
from copy import deepcopy

few = train_scenes[:800]
images = torch.stack([image for image, _, _ in few])[:, None]
cls, box = map(torch.stack, zip(*[encode(*s[1:]) for s in few]))
start = detector


def train(weight, epochs=4, batch=32, lr=0.01):
    torch.manual_seed(0)
    detector = deepcopy(start)
    optimizer = torch.optim.AdamW(detector.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, lr, epochs * len(images) // batch)
    for epoch in range(epochs):
        for rows in torch.randperm(len(images)).split(batch):
            there, where, what = split(detector(images[rows]))
            full = cls[rows] >= 0
            loss = (F.binary_cross_entropy_with_logits(
                        there, full.float(), reduction="sum") / full.sum()
                    + F.cross_entropy(what[full], cls[rows][full])
                    + weight * F.smooth_l1_loss(where[full], box[rows][full]))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return detector.eval()


detector = train(8)

# %%
--8<-- "cnn/object_detection.py:overlap"

# %%
--8<-- "cnn/object_detection.py:metric"

# %%
for weight in (8, 1):
    detector = train(weight) if weight != 8 else detector
    found = find(test_scenes, limit)
    row = [mean_ap(judge(found, test_scenes, share), test_scenes)
           for share in (0.5, 0.75)]
    results[f"weight_{weight}"] = {"loose": row[0], "tight": row[1]}
    print(f"weight {weight}: mAP@0.5 {row[0]:.3f}, mAP@0.75 {row[1]:.3f}")

# %% [markdown]
# After so short a training, the detector with $\lambda = 1$ has an mAP of {{ weight_1.loose:.2f}} at an IoU of 0.5, and that with $\lambda = 8$ {{ weight_8.loose:.2f}}; at 0.75 they have {{ weight_1.tight:.2f}} and
# {{ weight_8.tight:.2f}}. Perhaps a large weight makes the network care for boxes before it knows what is in them. Both are far below the page's detector, which has twice the scenes and more than twice the epochs: how much one
# trains matters more. Whoever wants to choose $\lambda$ should ask validation scenes, at the full length of training.
