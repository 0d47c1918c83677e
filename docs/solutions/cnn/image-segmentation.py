# %% [markdown]
# # Answers: image segmentation
#
# The fifth answer trains two U-Nets, which takes about 10 seconds.

# %% [markdown]
# ## Exercise 1
#
# 30 pixels are shared; $50 + 40 - 30 = 60$ are covered by one or the other. The IoU is 0.5, while the precision is
# $30/40 = 0.75$ and the recall $30/50 = 0.6$.
#
# ## Exercise 2
#
# On the way down come three times a $3 \times 3$ convolution and a pooling, then two convolutions.

# %%
--8<-- "cnn/receptive_field.py:formula"

# %%
layers = 3 * [(3, 1), (2, 2)] + 2 * [(3, 1)]
print("U-Net", receptive_field(layers), "pixels, in an image of 40")
print("flat ", receptive_field(4 * [(3, 1)]), "pixels")

# %% [markdown]
# The middle of the U-Net sees more than the whole scene and can use all of a digit to tell a 4 from a 7; the flat network sees a piece of a stroke.
#
# ## Exercise 3
#
# A convolution has $9 \cdot \text{inputs} \cdot \text{outputs}$ weights, its batch normalisation two numbers for each output. On the way down $9 \cdot (1 \cdot 8 + 8 \cdot 16 + 16 \cdot 32)$,
# in the middle $9 \cdot (32 \cdot 64 + 64 \cdot 32)$, on the way up $9 \cdot (64 \cdot 16 + 32 \cdot 8 + 16 \cdot 8)$ with bridges and half of that
# without; the classifier has $8 \cdot 4 + 4$.

# %%
down, middle = [(1, 8), (8, 16), (16, 32)], [(32, 64), (64, 32)]
for bridges in (True, False):
    both = 1 + bridges
    up = [(32 * both, 16), (16 * both, 8), (8 * both, 8)]
    total = sum(9 * a * b + 2 * b for a, b in down + middle + up) + 8 * 4 + 4
    print("with bridges" if bridges else "without", total)

# %% [markdown]
# ## Exercise 4
#
# Write $I = |A \cap B|$ and $U = |A \cup B|$. Since $|A| + |B| = U + I$, the Dice coefficient is $D = 2I/(U + I)$. Divide above and below by
# $U$: $D = 2J/(1 + J)$. The derivative with respect to $J$ is $2/(1+J)^2 > 0$, so $D$ grows with $J$, and both order two programs alike for one class. Their means need not:
# one program with $J = 1$ and $J = 0.2$ on two classes has mean $J$ 0.6 and mean $D$ $(1 + 1/3)/2 = 0.667$; one with $J = 0.58$ twice has mean $J$ 0.58 and mean
# $D$ 0.734. The curve is bent, so $D$ forgives an uneven result less.
#
# ## Exercise 5
#
# The data and the network of the page; to save time, 500 of its training scenes.

# %%
--8<-- "cnn/image_segmentation.py:digits"

# %%
--8<-- "cnn/image_segmentation.py:scenes"

# %%
--8<-- "cnn/image_segmentation.py:parts"

# %%
train_X, train_y = train_X[:500], train_y[:500]

# %%
--8<-- "cnn/image_segmentation.py:model"

# %% [markdown]
# The training function of the page, with `ink` as the weight of the digits. Only
# the ratio to that of the photograph matters, since the weighted mean divides by the sum of the weights.

# %%
def train(model, ink, epochs=4, batch=8, lr=0.01):
    weight = torch.tensor([1.0, ink, ink, ink])  # the change
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    batches = len(train_X) // batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, lr, epochs * batches)
    for epoch in range(epochs):
        for rows in torch.randperm(len(train_X)).split(batch)[:batches]:
            loss = F.cross_entropy(model(train_X[rows]), train_y[rows],
                                   weight=weight)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return model.eval()


results = {}
print("weight of ink   precision   recall     IoU")
for name, ink in [("equal", 1.0), ("heavy", 5.0)]:
    torch.manual_seed(0)
    model = train(UNet(), ink)
    with torch.no_grad():
        guess = torch.cat([model(X).argmax(1) for X in test_X.split(50)]) > 0
    both, either = (guess & (test_y > 0)).sum(), (guess | (test_y > 0)).sum()
    results[name] = {"precision": (both / guess.sum()).item(),
                     "recall": (both / (test_y > 0).sum()).item(),
                     "iou": (both / either).item()}
    print(f"{ink:13.0f}" + "".join(
        f"{value:11.3f}" for value in results[name].values()))

# %% [markdown]
# In this run, equal weights give a recall of {{ equal.recall:.2f}} and a precision of {{ equal.precision:.2f}}, heavy ink
# {{ heavy.recall:.2f}} and {{ heavy.precision:.2f}}: the network misses less ink and paints more that is none. The IoU goes from
# {{ equal.iou:.2f}} to {{ heavy.iou:.2f}}. A weight is a statement about which error is worse, and IoU holds them equal.
#
# ## Exercise 6
#
# The page adds up shared and covered pixels over all scenes before it divides, so that a large digit counts more than a small one. The
# mean over scenes gives every scene the same weight: a missed digit that is alone of its class in a scene gives that scene and class an IoU of 0, however
# small it is. So the mean over scenes punishes it more (and must decide what to do with scenes that lack the class).
#
# ## Exercise 7

# %%
from scipy.ndimage import label

regions = [sum(label(mask.numpy() == c, np.ones((3, 3)))[1]
               for c in (1, 2, 3)) for mask in test_y]
results["many"] = sum(n > 2 for n in regions)
results["scenes"] = len(regions)
print("scenes with 0, 1, 2, ... regions:", np.bincount(regions).tolist())

# %% [markdown]
# {{ many:d}} of {{ scenes:d}} scenes have more than two regions, although none holds more than two digits: where a stroke is faint, with less than half its ink, the mask has a
# gap, and the digit falls into pieces. Two digits of one kind that touch make one region in place of two. So regions are not objects, which is why instance segmentation is a
# task of its own.
#
# ## Exercise 8
#
# An open question; a fair answer trains each version with three seeds and compares at equal time. A transposed convolution has weights of its own, which can learn a sharper rise, and it can
# also print its grid on the mask (a chessboard), since some output pixels are reached by more weights than others when the kernel is not a multiple of the stride.
# Bilinear interpolation is smooth and has nothing to learn. The convolution after the join can repair much of either, so expect small differences.
