# %% [markdown]
# # Answers: image classification
#
# Exercises 4, 6, 7 and 8 train, which takes about half a minute. One run each: differences below two points mean little.

# %% [markdown]
# ## Exercise 1
#
# A network can memorise its training digits. The score on them says how well it memorised; only digits it has never seen
# say what it will do in use. The difference between the two scores is a measure of overfitting. The learning rate that does best on some
# digits owes a part of that to chance, to just these digits; so the digits that choose it cannot also judge it.
#
# ## Exercise 2
#
# A convolution with $C$ input maps, $O$ output maps and kernel size $k$ has $O C k^2$ weights (these have no bias, because batch
# normalisation adds one), and uses each of them at every position of its output.

# %%
--8<-- "cnn/image_classification.py:data"

# %%
--8<-- "cnn/image_classification.py:models"

# %%
--8<-- "cnn/image_classification.py:cost"

# %%
cnn = make_cnn().eval()
maps = train_X[:1]
for layer in cnn:
    maps = layer(maps)
    size = sum(p.numel() for m in layer.modules()
               if isinstance(m, nn.Conv2d) for p in m.parameters())
    print(f"{type(layer).__name__:18} {str(tuple(maps.shape[1:])):14}"
          + (f"{size:6,} weights {size * maps[0, 0].numel():9,} products"
             if size else ""))

# %% [markdown]
# The last convolution has most weights: it maps 24 channels to 24. Most multiplications are made by the third, $16 \cdot 16 \cdot 9$ weights on a
# grid that is four times as large. The first, on the largest image, has one input channel and is cheap in both.
#
# ## Exercise 3
#
# A convolution $f$ with glued edges commutes with rolling by one pixel, $fT = Tf$ ([the chapter's first page](../../cnn/index.md#shift-the-input-and-the-output-shifts-along)), so it commutes with $T^4$, and
# so does a function of each number alone. Max pooling $m$ reads the windows that begin at even columns; moving the input by two columns
# moves the windows' contents by one window: $m T^2 = T m$, so $m T^4 = T^2 m$. The second pooling $m'$ turns $T^2$ into $T$. Write the network as $g \, m' f_2 \, m f_1$ with global pooling $g$, and take the roll through:
#
# $$g\,m' f_2\, m f_1 T^4 = g\,m' f_2\, m T^4 f_1 = g\,m' f_2 T^2 m f_1 = g\,m' T^2 f_2\, m f_1 = g\,T\, m' f_2\, m f_1 = g\, m' f_2\, m f_1,$$
#
# since the largest of all values does not care where it stands. Rolled by two, $m T^2 = T m$, and then $m' T$ would have to be something
# simple: but an odd roll breaks each window of $m'$ in two, so it is not.
#
# ## Exercise 4
#
# The training function of the page, with one change: an argument `augment`, which exercise 6 needs. We train the
# page's CNN, its MLP, and the CNN without global pooling.

# %%
def move(X, right, down=0):
    return F.pad(X, (right, -right, down, -down))


def train(model, epochs=4, batch=64, lr=0.02, augment=lambda X: X):
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
    return model.eval()


@torch.no_grad()
def measure(name, predict, size):
    results[name] = {
        test: (predict(X) == test_y).float().mean().item()
        for test, X in [("held_out", test_X), ("shifted", move(test_X, 3, 3)),
                        ("down", move(test_X, 0, 6))]}
    results[name]["parameters"] = size
    print(f"{name:10} held out {results[name]['held_out']:.3f}, moved by 3 and"
          f" 3 {results[name]['shifted']:.3f}, 6 down "
          f"{results[name]['down']:.3f}")


def measure_network(name, model):
    measure(name, lambda X: model(X).argmax(1), count(model))


results = {}
torch.manual_seed(0)
cnn = make_cnn()
flat = nn.Sequential(*list(make_cnn())[:-4], nn.Flatten(),  # (B, 24 * 7 * 7)
                     nn.Dropout(0.1), nn.Linear(24 * 7 * 7, 10))
for name, model in [("CNN", cnn), ("flat", flat), ("MLP", make_mlp(hidden))]:
    measure_network(name, train(model))

# %% [markdown]
# On digits in the middle the CNN without global pooling has {{ flat.held_out:.3f}}, where the page's CNN has {{ CNN.held_out:.3f}}.
# On moved digits it has {{ flat.shifted:.3f}}, against {{ CNN.shifted:.3f}}: the
# dense layer at the end has learned *where* each pattern stands. So convolutions make it possible to ignore the position, and
# global pooling makes it happen.
#
# ## Exercise 5
#
# The number of right answers among $n$ is binomial; its share has the standard deviation $\sqrt{p(1-p)/n}$, here
# $\sqrt{0.98 \cdot 0.02/1000} \approx 0.0044$. Twice that to each side: from 0.971 to 0.989. To tell 0.980 from 0.985 on
# *independent* digits, the difference of 0.005 must exceed about two standard deviations of a difference,
# $2\sqrt{(0.98 \cdot 0.02 + 0.985 \cdot 0.015)/n}$, so $n$ must be more than

# %%
print(round(4 * (0.98 * 0.02 + 0.985 * 0.015) / 0.005**2), "digits")

# %% [markdown]
# Two networks that read the *same* digits need fewer, since they fail on many of the same ones: then one counts the digits that only one of the two reads.
#
# ## Exercise 6
#
# Each batch is moved by one random step. Every epoch then shows other positions, so we take more epochs, and half
# the learning rate. We train the MLP of the page and one that is sixteen times as wide.

# %%
def moved_at_random(X, most=3):
    """Move a whole batch by the same random step."""
    return move(X, *torch.randint(-most, most + 1, (2,)).tolist())


for name, width in [("small", hidden), ("large", 16 * hidden)]:
    torch.manual_seed(0)
    measure_network(name, train(make_mlp(width), epochs=20, lr=0.01,
                                augment=moved_at_random))
gap = results["CNN"]["shifted"] - results["MLP"]["shifted"]
results["closed"] = (results["small"]["shifted"]
                     - results["MLP"]["shifted"]) / gap
print(f"share of the gap that the small one closes: {results['closed']:.2f}")

# %% [markdown]
# On moved digits the small MLP rises from {{ MLP.shifted:.2f}} to {{ small.shifted:.2f}}, which closes {{ closed:.0%}} of the gap
# to the CNN. It pays with its score on digits in the middle, {{ small.held_out:.2f}} in place of {{ MLP.held_out:.2f}}: the same
# weights must now serve 49 positions. The wide one has {{ large.held_out:.2f}} in the middle and
# {{ large.shifted:.2f}} moved, with {{ large.parameters:,d}} parameters where the CNN has {{ CNN.parameters:,d}}. What the
# convolution has built in, the MLP has to learn, with more parameters and more examples.
#
# ## Exercise 7

# %%
from sklearn.svm import SVC

machine = SVC(C=5).fit(train_X.flatten(1), train_y)
measure("SVC", lambda X: torch.tensor(machine.predict(X.flatten(1))),
        machine.support_vectors_.size)

# %% [markdown]
# In the middle it reads {{ SVC.held_out:.3f}}, more than the page's MLPs and its nearest neighbour and less than its CNN: on small, centred digits a good classical method is
# a strong rival. On moved digits it stands with those three, far behind the CNN, at {{ SVC.shifted:.2f}}, since it too compares pixel with pixel.
#
# ## Exercise 8
#
# Padding with the nearest pixel puts more of the same where the frame of zeros was: empty paper next to empty paper.

# %%
def conv(channels, out, kernel=3):  # make_cnn takes this one from now on
    return nn.Sequential(
        nn.Conv2d(channels, out, kernel, padding=kernel // 2, bias=False,
                  padding_mode="replicate"),  # the change
        nn.BatchNorm2d(out), nn.ReLU())


torch.manual_seed(0)
measure_network("replicate", train(make_cnn()))

# %% [markdown]
# Moved down by six pixels, the network keeps {{ replicate.down:.3f}}; with a frame of zeros it keeps {{ CNN.down:.3f}}. In this run it cures little or nothing, where gluing cured
# most. So the number zero is not to blame. The map still ends: on the coarse grids the patterns of a moved digit reach the border and are cut off there or smeared, and only gluing lets
# them continue. One run is no proof. Try other seeds, and more empty paper around the training digits, which needs more multiplications: where is the border then, seen from the digit?
