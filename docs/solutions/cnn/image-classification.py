# %% [markdown]
# # Answers: image classification
#
# Exercises 3 and 4 train two CNNs and three MLPs, which takes about half a minute.

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
# The training function of the page, with two small changes: an argument `augment`, which exercise 4 needs, and half the epochs, to
# save time. We train the page's two networks, and the CNN without global pooling.

# %%
def train(model, epochs=7, batch=64, lr=0.02, augment=lambda X: X):
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    batches = len(train_X) // batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, lr, epochs * batches)
    model.train()
    for epoch in range(epochs):
        for rows in torch.randperm(len(train_X)).split(batch)[:batches]:
            loss = F.cross_entropy(model(augment(train_X[rows])),
                                   train_y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    model.eval()


flat = nn.Sequential(
    conv(1, 8, 5), nn.MaxPool2d(2),                   # (B, 8, 14, 14)
    conv(8, 16), conv(16, 16), nn.MaxPool2d(2),       # (B, 16, 7, 7)
    conv(16, 24), conv(24, 24),                       # (B, 24, 7, 7)
    nn.Flatten(),                                     # (B, 24 * 7 * 7)
    nn.Dropout(0.1), nn.Linear(24 * 7 * 7, 10))       # (B, 10)
for model in (cnn, mlp, flat):
    train(model)

# %%
--8<-- "cnn/image_classification.py:evaluation"

# %%
def measure(name, model):
    results[name] = {"held_out": accuracy(model, test_X),
                     "shifted": accuracy(model, shifted_X),
                     "parameters": count(model)}
    print(f"{name:15} held out {results[name]['held_out']:.3f}, "
          f"shifted {results[name]['shifted']:.3f}, "
          f"{count(model):7,} parameters")


results = {}
for name, model in [("CNN", cnn), ("flat", flat), ("MLP", mlp)]:
    measure(name, model)

# %% [markdown]
# On digits in the middle the CNN without global pooling does about as well ({{ flat.held_out:.3f}}, and {{ CNN.held_out:.3f}}
# with it). On moved digits it falls to {{ flat.shifted:.3f}}, where the CNN with global pooling has {{ CNN.shifted:.3f}}: the
# dense layer at the end has learned *where* each pattern stands. So convolutions make it possible to ignore the position, and
# global pooling makes it happen.
#
# ## Exercise 4
#
# Each batch is moved by one random step. Every epoch then shows other positions, so we take more epochs, and half
# the learning rate. We train the MLP of the page and one that is sixteen times as wide.

# %%
def moved_at_random(X, most=3):
    """Move a whole batch by the same random step."""
    return move(X, *torch.randint(-most, most + 1, (2,)).tolist())


for name, width in [("small", hidden), ("large", 16 * hidden)]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(28 * 28, width), nn.ReLU(),
                          nn.Linear(width, 10))
    train(model, epochs=30, lr=0.01, augment=moved_at_random)
    measure(name, model)
gap = results["CNN"]["shifted"] - results["MLP"]["shifted"]
results["closed"] = (results["small"]["shifted"]
                     - results["MLP"]["shifted"]) / gap
print(f"share of the gap that the small one closes: {results['closed']:.2f}")

# %% [markdown]
# On moved digits the small MLP rises from {{ MLP.shifted:.2f}} to {{ small.shifted:.2f}}, which closes {{ closed:.0%}} of the gap
# to the CNN. It pays with its score on digits in the middle, {{ small.held_out:.2f}} in place of {{ MLP.held_out:.2f}}: the same
# weights must now serve 49 positions. The wide one does better on both, {{ large.held_out:.2f}} in the middle and
# {{ large.shifted:.2f}} moved, with {{ large.parameters:,d}} parameters where the CNN has {{ CNN.parameters:,d}}. What the
# convolution has built in, the MLP has to learn, with more parameters and more examples. (One run each.)
