# %% [markdown]
# # Answers: which network for which data?
#
# ## Exercise 1
#
# That a pattern of neighbouring inputs means the same wherever it stands. Shuffled pixels have no neighbours that belong together, so the promise is false: the layer sees pieces of many patterns at once and can at best learn what a plain layer learns, with fewer weights to do it.
#
# ## Exercise 2
#
# For instance, the verdicts of critics: single words say most of it, so a count of words loses little, and needs less data than a network that must learn the words first. And tomorrow's share price: the usual explanation is that whatever is known today about tomorrow's *change* has been traded on already, so next to nothing is left to learn.
#
# ## Exercise 3
#
# The standard error is $\sqrt{0.97 \cdot 0.03 / 171}$. Twice that is more than all differences between the means in the chart of the tumours.

# %%
import math

error = math.sqrt(0.97 * 0.03 / 171)
print(f"standard error {error:.3f}, twice {2 * error:.3f}")

# %% [markdown]
# ## Exercise 4
#
# The convolution has $3 \cdot 8 \cdot 5 = 120$ weights, a dense layer from $3 \cdot 100$ to $8 \cdot 100$ numbers has $300 \cdot 800 = 240\,000$.
#
# ## Exercise 5
#
# Let $P$ be the matrix that puts the inputs in another order, $x' = P x$. Then $W' = W P^\top$ gives $W' x' = W P^\top P x = W x$, since $P^\top P = I$. The same holds for all inputs at once, so whatever the layer could do before, it can do after. (And gradient descent finds it as easily: every order of the starting weights is equally likely, where they are drawn independently from one distribution.)
#
# ## Exercise 6

# %%
--8<-- "choosing/index.py:data"

# %%
--8<-- "choosing/index.py:network"

# %%
splits = [tables(load_breast_cancer, seed) for seed in range(runs)]
few = {"logistic regression": LogisticRegression(C=0.1),
       "nearest neighbours": KNeighborsClassifier(3),
       "random forest": RandomForestClassifier(100, random_state=0)}
scores = {name: [model.fit(X[:40], y[:40]).score(*test)
                 for (X, y), test in splits] for name, model in few.items()}
predict = network(torch.stack([X[:40] for (X, _), _ in splits]),
                  torch.stack([y[:40] for (_, y), _ in splits]))
guess = predict(torch.stack([X for _, (X, _) in splits])).argmax(2)
scores["network"] = [(g == y).float().mean().item()
                     for g, (_, (_, y)) in zip(guess, splits)]
for name, row in scores.items():
    print(f"{name:20} {sum(row) / runs:.3f} ({min(row):.3f} to {max(row):.3f})")

# %% [markdown]
# By their means logistic regression and the network are ahead, close together; forest and neighbours follow a point or two behind. The ranges of the splits are wider than these differences.
#
# ## Exercise 7
#
# The network and the nearest neighbours. In the neighbours' distance all columns count alike, and 100 of noise drown 13 that say something; the network has weights enough to tell its few training rows apart by their noise. The forest suffers least, since each tree looks for the columns that divide the classes.

# %%
torch.manual_seed(0)
splits = [tables(load_wine, seed) for seed in range(runs)]
scores = {name: [] for name in (*few, "network")}
for noise in (0, 100):
    parts = [[(torch.cat([X, torch.randn(len(X), noise)], 1), y)
              for X, y in split] for split in splits]
    for name, model in few.items():
        scores[name].append(sum(model.fit(*train).score(*test)
                                for train, test in parts) / runs)
    predict = network(*(torch.stack([train[i] for train, _ in parts])
                        for i in (0, 1)))
    X, y = (torch.stack([test[i] for _, test in parts]) for i in (0, 1))
    scores["network"].append((predict(X).argmax(2) == y).float().mean().item())
for name, (before, after) in scores.items():
    print(f"{name:20} {before:.3f}, with noise {after:.3f}")

# %% [markdown]
# ## Exercise 8
#
# Say you have the hourly load of a power network. The structure: the same hour of yesterday and of last week. The plain method: a regression on those two and on the temperature. A network (a GRU, or a convolution over the last week) has to beat *that*, on weeks later than any it was trained on; if it does not by more than the spread over five starts, keep the regression.
