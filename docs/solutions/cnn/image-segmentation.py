# %% [markdown]
# # Answers: image segmentation
#
# The third answer trains two U-Nets, which takes about 20 seconds.

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
print(receptive_field(layers), "pixels, in an image of 40")

# %% [markdown]
# Wider than the whole scene: the middle can use all of a digit to tell a 4 from a 7.
#
# ## Exercise 3
#
# The data and the network of the page; to save time, 1000 of its 2000 training scenes.

# %%
--8<-- "cnn/image_segmentation.py:digits"

# %%
--8<-- "cnn/image_segmentation.py:scenes"

# %%
train_X, train_y = train_X[:1000], train_y[:1000]

# %%
--8<-- "cnn/image_segmentation.py:model"

# %% [markdown]
# The training function of the page, with a weight for each class: 1 for the photograph and `ink` for the digits. Only
# the ratio matters, since the weighted mean divides by the sum of the weights.

# %%
def train(model, ink, epochs=5, batch=16, lr=0.01):
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
for name, ink in [("equal", 1.0), ("heavy", 10.0)]:
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
