# %% [markdown]
# # Answers: PyTorch in one sitting

# %% [markdown]
# ## Exercise 1
#
# A number removes its dimension, a mean the dimensions it names, `None` adds one.

# %%
import torch

X = torch.rand(32, 3, 28, 28)
for name, piece in {"X[0]": X[0], "X[:, 0]": X[:, 0],
                    "X.mean((2, 3))": X.mean((2, 3)),
                    "X.reshape(32, -1)": X.reshape(32, -1),
                    "X[:, None]": X[:, None]}.items():
    print(f"{name:18}{tuple(piece.shape)}")

# %% [markdown]
# ## Exercise 2
#
# Align at the right: (4, 1) and (3) give (4, 3). (4) and (4, 3) compare 4 with 3, which is an error. (4, 1) and (4, 3) give (4, 3). (5, 1, 3) and (2, 1) give (5, 2, 3): every one of the two sizes 1 is stretched.

# %%
for one, two in [((4, 1), (3,)), ((4,), (4, 3)), ((4, 1), (4, 3)),
                 ((5, 1, 3), (2, 1))]:
    try:
        print(one, "+", two, "->",
              tuple((torch.zeros(one) + torch.zeros(two)).shape))
    except RuntimeError:
        print(one, "+", two, "-> error")

# %% [markdown]
# ## Exercise 3
#
# Forward: $a = w + 2 = 5$, then $f = a \cdot w = 15$. Backward: $\partial f/\partial a = w = 3$, and $\partial a/\partial w = 1$, so the way through $a$ brings $3 \cdot 1 = 3$ to $w$. The product also uses $w$ directly, with slope $a = 5$. At $w$ the two add: $3 + 5 = 8$. (Check: $f = w^2 + 2w$ has the derivative $2w + 2 = 8$.)

# %%
w = torch.tensor(3.0, requires_grad=True)
((w + 2) * w).backward()
print("autograd:", w.grad.item())

# %% [markdown]
# ## Exercise 4
#
# For one prediction $p_i$, write $p_i - y_j = (p_i - \bar y) - (y_j - \bar y)$ and square: $(p_i - \bar y)^2 - 2 (p_i - \bar y)(y_j - \bar y) + (y_j - \bar y)^2$. Take the mean over $j$. The first term does not depend on $j$; the middle one vanishes, because the mean of $y_j - \bar y$ is 0; the last becomes the variance of the targets. Now the mean over $i$: the loss is the mean of $(p_i - \bar y)^2$, plus the variance. The variance does not depend on the predictions, and the rest is smallest, zero, when *every* $p_i = \bar y$. The loss cannot get below the variance of the targets.

# %% [markdown]
# ## Exercise 5
#
# With $z_c + b$ in place of $z_c$, numerator and denominator of $e^{z_c}/\sum_k e^{z_k}$ are both multiplied by $e^b$, which cancels. For `softmax(0)` the sum runs over the examples of a batch, within one class. So one may add a number to each *class*, the same for all examples, and nothing changes: a bias per class has no effect at all.

# %% [markdown]
# ## Exercise 6
#
# The classifier of the page, with its scores and with the others.

# %%
--8<-- "start/wrong_shapes.py:table"

# %%
--8<-- "start/wrong_shapes.py:classifier"

# %%
results = {}
other = 2 * test_X @ means.T - means.square().sum(1)
print("digits whose nearest average differs:",
      (scores.argmax(1) != other.argmax(1)).sum().item())
for name, z in [("distances", scores), ("products", other)]:
    scores = z
    results[name] = {"right": accuracy(1, len(test_y), 0),
                     "wrong": accuracy(0, len(test_y), 0)}
    print(f"{name:10} softmax(1) {results[name]['right']:.3f}   "
          f"softmax(0) {results[name]['wrong']:.3f}")

# %% [markdown]
# Over dimension 1 nothing changes: the two scores of an image differ by $x \cdot x$, the same number for all of its classes, which the softmax ignores. Over dimension 0 it is a number that differs from *example to example* and does matter. The accuracy with the wrong dimension falls from {{ distances.wrong:.3f}} to {{ products.wrong:.3f}}, although both scores name the same nearest average. A result that depends on what should not matter is a sign of a mistake.

# %% [markdown]
# ## Exercise 7
#
# Every training image is now an average of its own.

# %%
gaps = test_X[:, None] - train_X                       # (797, 1000, 64)
nearest = gaps.square().sum(2).argmin(1)
results["nearest"] = (train_y[nearest] == test_y).float().mean().item()
results["numbers"] = gaps.numel()
results["right"] = results["distances"]["right"]
del gaps
product = 2 * test_X @ train_X.T - train_X.square().sum(1)  # (797, 1000)
same = (product.argmax(1) == nearest).float().mean().item()
print(f"nearest image {results['nearest']:.3f}, "
      f"numbers in gaps {results['numbers']:,}, same by product {same:.3f}")

# %% [markdown]
# The nearest *image* is right for {{ nearest:.1%}} of the held-out digits, the nearest average for {{ right:.1%}}: there are several ways to write a digit, and an average blurs them. The price: `gaps` holds {{ numbers:,d}} numbers. The product needs no such array.

# %% [markdown]
# ## Exercise 8

# %%
w = torch.tensor(0.0, requires_grad=True)
path = []
for step in range(200):
    loss = (w - 4)**2
    loss.backward()                 # adds to what is there
    with torch.no_grad():
        w -= 0.2 * w.grad
    path.append(w.item())
print([round(p, 2) for p in path[:12]])
results["low"], results["high"] = min(path[100:]), max(path[100:])
print(f"steps 100 to 200: from {results['low']:.2f} to "
      f"{results['high']:.2f}")

# %% [markdown]
# It swings around 4, between {{ low:.2f}} and {{ high:.2f}}, for ever. `.grad` is the sum of all slopes so far; when $w$ arrives at 4, that sum is still far from zero and pushes it past. There is no friction. (The exercises of [the training loop](../../start/training-loop.md) prove that it never settles.)

# %% [markdown]
# ## Exercise 9
#
# Two of many. First, an *accuracy* with the shapes of the page's first mistake: the comparison makes a table of all pairs, and the mean is near one tenth however good the answers are.

# %%
guess, right = test_y.clone(), test_y           # all answers right
column = guess[:, None]                         # the mistake
wrong = (column == right).float().mean().item()
print(f"accuracy of perfect answers: {wrong:.3f}")

# %% [markdown]
# Second, taking the mean off each *row* without `keepdim=True`. It raises an error, except, for instance, when the matrix is square: then the means of the rows are taken off the columns. The assertions compare shapes before anything is computed with them; here both would have failed.

# %%
table = torch.arange(9.0).reshape(3, 3)
print("wrong:", (table - table.mean(1)).mean(1).tolist())
print("right:", (table - table.mean(1, keepdim=True)).mean(1).tolist())
for made, meant in ((column, right.shape), (table.mean(1), (len(table), 1))):
    try:
        assert made.shape == meant, f"{tuple(made.shape)}, not {tuple(meant)}"
    except AssertionError as caught:
        print("caught:", caught)
results["perfect"] = wrong

# %% [markdown]
# The assertions state the shapes that the author had in mind. That is the general remedy.
