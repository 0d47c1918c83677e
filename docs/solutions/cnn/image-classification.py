# %% [markdown]
# # Answers: image classification
#
# Exercises 3 and 4 train two CNNs and three MLPs, which takes half a minute or more.

# %% [markdown]
# ## Exercise 1
#
# A network can learn its training digits by heart. The score on them says how well it memorised; only digits it has never seen
# say what it will do in use. The difference between the two scores is a measure of overfitting.
#
# ## Exercise 2
#
# A convolution with $C$ input maps, $O$ output maps and kernel size $k$ has $O C k^2$ weights (these have no bias, because batch
# normalisation adds one).

# %%
--8<-- "cnn/image_classification.py:data"

# %%
--8<-- "cnn/image_classification.py:models"

# %%
cnn.eval()  # a look, which must not change batch normalisation's averages
maps = train_X[:1]
for layer in cnn:
    maps = layer(maps)
    size = sum(p.numel() for m in layer.modules()
               if isinstance(m, nn.Conv2d) for p in m.parameters())
    print(f"{type(layer).__name__:18} {str(tuple(maps.shape[1:])):14}"
          + (f"{size:6,} weights" if size else ""))

# %% [markdown]
# The last convolution has most: it maps 24 channels to 24. The first one, which sees the largest image, has fewest.
#
# ## Exercise 3
#
# First the two networks of the page.

# %%
--8<-- "cnn/image_classification.py:training"

# %%
--8<-- "cnn/image_classification.py:evaluation"

# %% [markdown]
# Then the CNN without global pooling. The rest of it and its training stay the same.

# %%
flat = nn.Sequential(
    conv(1, 8, 5), nn.MaxPool2d(2),                   # (B, 8, 14, 14)
    conv(8, 16), conv(16, 16), nn.MaxPool2d(2),       # (B, 16, 7, 7)
    conv(16, 24), conv(24, 24),                       # (B, 24, 7, 7)
    nn.Flatten(),                                     # (B, 24 * 7 * 7)
    nn.Dropout(0.1), nn.Linear(24 * 7 * 7, 10))       # (B, 10)
train(flat)
results = scores | {"flat": {"held_out": accuracy(flat, test_X),
                             "shifted": accuracy(flat, shifted_X)}}
results["CNN"]["parameters"] = count(cnn)
for name, score in results.items():
    print(f"{name:4}  held out {score['held_out']:.3f}, "
          f"shifted {score['shifted']:.3f}")

# %% [markdown]
# On digits in the middle it does about as well ({{ flat.held_out:.3f}} against {{ CNN.held_out:.3f}}). On moved digits it falls to
# {{ flat.shifted:.3f}}, where the CNN with global pooling has {{ CNN.shifted:.3f}}: the dense layer at the end has learned
# *where* each pattern stands. So convolutions make it possible to ignore the position, and global pooling makes it happen.
#
# ## Exercise 4
#
# The training function of the page, with each batch moved by one random step. It runs for 30 epochs in place of 14, since every
# epoch shows other positions, and with half the learning rate. We train the MLP of the page and one that is sixteen times as wide.

# %%
def moved_at_random(X, most=3):
    """Move a whole batch by the same random step."""
    return move(X, *torch.randint(-most, most + 1, (2,)).tolist())


def train(model, epochs=30, batch=64, lr=0.01):
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    batches = len(train_X) // batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, lr, epochs * batches)
    for epoch in range(epochs):
        for rows in torch.randperm(len(train_X)).split(batch)[:batches]:
            X = moved_at_random(train_X[rows])  # the change
            loss = F.cross_entropy(model(X), train_y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()


for name, width in [("small", hidden), ("large", 16 * hidden)]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(28 * 28, width), nn.ReLU(),
                          nn.Linear(width, 10))
    train(model)
    results[name] = {"held_out": accuracy(model, test_X),
                     "shifted": accuracy(model, shifted_X),
                     "parameters": count(model)}
    results[name]["closed"] = (
        (results[name]["shifted"] - results["MLP"]["shifted"])
        / (results["CNN"]["shifted"] - results["MLP"]["shifted"]))
    print(f"{width:4} hidden units: held out {results[name]['held_out']:.3f},"
          f" shifted {results[name]['shifted']:.3f}, "
          f"{count(model):,} parameters")

# %% [markdown]
# On moved digits the small MLP rises from {{ MLP.shifted:.2f}} to {{ small.shifted:.2f}}, which closes {{ small.closed:.0%}} of
# the gap to the CNN. It pays with its score on digits in the middle, {{ small.held_out:.2f}} in place of
# {{ MLP.held_out:.2f}}: the same weights must now serve 49 positions. The wide one does better on both ({{ large.held_out:.2f}}
# in the middle, {{ large.shifted:.2f}} moved, {{ large.closed:.0%}} of the gap), and has {{ large.parameters:,d}} parameters
# where the CNN has {{ CNN.parameters:,d}}. What the convolution has built in, the MLP has to learn, with more parameters
# and more examples. (One run each.)
