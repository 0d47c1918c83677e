# %% [markdown]
# # Answers: few images
#
# Exercise 6 trains sixteen small networks, which takes about ten seconds.

# %% [markdown]
# ## Exercise 1
#
# Copied are the weights of the body (the convolutions and their batch normalisations), new are those of the head, since it has one row for each new class. In the frozen network only the head
# moves; in the fine-tuned one both move, the body from its copied weights, the head from random ones.
#
# ## Exercise 2
#
# The convolutions have $9 \cdot 1 \cdot 8 = 72$, $9 \cdot 8 \cdot 16 = 1152$ and $9 \cdot 16 \cdot 32 = 4608$ weights and no bias, their batch normalisations two numbers for each of 8, 16 and 32
# channels, together 112. So the body has 5944. After two poolings the maps are $3 \times 3$, so there are $32 \cdot 9 = 288$ features and
# $288 \cdot 5 + 5 = 1445$ weights in the head. With 25 labelled images that is about 58 weights for each image, and yet it does not fail: the features do most of the work, and the penalty of logistic regression keeps the weights small.

# %%
--8<-- "cnn/few_images.py:data"

# %%
--8<-- "cnn/few_images.py:distort"

# %%
--8<-- "cnn/few_images.py:networks"

# %%
one = Networks(1)
for name in ("body", "head"):
    print(name, sum(p.numel() for p in getattr(one, name).parameters()))

# %% [markdown]
# ## Exercise 3
#
# $A = \begin{pmatrix} 0 & -1 & 0 \\ 1 & 0 & 0 \end{pmatrix}$ reads the new image's point $(1, 0)$ at $(0, 1)$ of the old one, a quarter of a circle away (with the other signs it turns the other way). For a picture of half the size the new image must read
# twice as far from the middle: $A = \begin{pmatrix} 2 & 0 & 0 \\ 0 & 2 & 0 \end{pmatrix}$; what lies beyond the old image is filled with zeros. The matrix says where to *read*, so it does the opposite of what the picture does.
#
# ## Exercise 4
#
# The scores are $W f(x) + b = (W M) x + b$, a linear head on the pixels with the weights $WM$. So every classifier of the first kind is one of the second kind (and not the other way round, if $M$ loses something). What a frozen body can bring
# is in its non-linearities, and in *which* features it makes large: with few labels the penalty on the weights prefers large features. Even a linear $M$ changes that.
#
# ## Exercise 5
#
# The logarithm is concave, so by Jensen's inequality $\log \bar q_y(x) = \log \frac1K \sum_k q_y(x_k) \ge \frac1K \sum_k \log q_y(x_k)$. With a minus sign on both sides that is the statement. At test time: distort each test image several times and
# average the probabilities. On the distorted copies that is never worse on average than one answer for each copy (it may still be worse than the answer for the image as it is, which is none of them).
#
# ## Exercise 6

# %%
--8<-- "cnn/few_images.py:training"

# %%
draws = 4

# %%
--8<-- "cnn/few_images.py:labels"

# %%
results = {}
more = torch.tensor([False, True] * draws)
own = [draw(5, seed) for seed in range(draws) for _ in (0, 1)]
for steps in (150, 450):
    torch.manual_seed(0)
    nets = train(Networks(len(own)), pool_X, pool_y, own, more, steps,
                 batch=20)
    found = accuracy(nets, test_X, test_y)
    results[f"steps_{steps}"] = {
        "plain": found[~more].mean().item(),
        "distorted": found[more].mean().item()}
    print(steps, "steps:", ", ".join(
        f"{k} {v:.3f}" for k, v in results[f"steps_{steps}"].items()))

# %% [markdown]
# On images as they are the mean of four draws goes from {{ steps_150.plain:.3f}} to {{ steps_450.plain:.3f}}, on distorted copies from {{ steps_150.distorted:.3f}} to {{ steps_450.distorted:.3f}}. Twenty-five images are soon memorised, and
# after that there is nothing more to learn from them; copies are new in each step. So augmentation asks for longer training, and a comparison at equal steps, as on the page, shows less than it can do.
#
# ## Exercise 7

# %%
def neighbour_score(change):
    """Nearest neighbour, five labels, the digits and what `change` adds."""
    scores = []
    for seed in range(draws):
        rows = draw(5, seed)
        X, y = pool_X[rows], pool_y[rows]
        X, y = change(X), y.repeat(len(change(X)) // len(X))
        near = torch.cdist(test_X.flatten(1), X.flatten(1)).argmin(1)
        scores.append((y[near] == test_y).float().mean().item())
    return sum(scores) / draws


results["mirror"] = {
    "none": neighbour_score(lambda X: X),
    "added": neighbour_score(lambda X: torch.cat([X, X.flip(2)])),
    "only": neighbour_score(lambda X: X.flip(2)),
    "distorted": neighbour_score(lambda X: torch.cat([X, distort(X)]))}
for name, score in results["mirror"].items():
    print(f"{name:9} {score:.3f}")

# %% [markdown]
# Without mirrored copies the mean is {{ mirror.none:.3f}}, with them {{ mirror.added:.3f}}: the true digits are still there and mostly nearer, so a wrong distortion that is only *added* costs little here. One *distorted* copy of each instead, with the page's distortions, gives {{ mirror.distorted:.3f}}. With mirrored digits alone it
# is {{ mirror.only:.3f}}. (An 8 survives a mirror, a 7 does not.) A network has to divide its weights between true and mirrored digits and may suffer more: try it.
#
# ## Exercise 8
#
# An open question. A leaf may lie at any angle and on either side, so turning and mirroring keep its kind; so do moderate changes of size and light. Colour may be what tells two kinds apart, and then must stay. One would start from a network trained on
# photographs (ImageNet has plants), freeze its body first, and compare with fine-tuning at a small learning rate. With sixty photographs there are few to choose by: cross-validation, or the settings that worked for others, are better than
# a look at the test photographs. And all photographs of one plant belong into the same part.
