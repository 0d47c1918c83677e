# %% [markdown]
# # Answers: optimisation

# %% [markdown]
# ## Exercise 1
#
# The training set gives the gradients, the validation set decides between settings (hyperparameters such as the learning rate),
# the test set gives the number that is reported.
#
# ## Exercise 2
#
# The best rates of the two differ by more than a factor of ten, so 0.01 is near the best for one and far from it for the other. Each has to
# be compared at its own best rate, chosen in the same way and with as many tries.
#
# ## Exercise 3
#
# $m = 0.1\,g$ and $v = 0.001\,g^2$, so $\hat m = g$ and $\hat v = g^2$, and the step is $\eta\, g / \lvert g \rvert$: both move by
# $\eta$. The size of the gradient cancels; only its sign counts.
#
# ## Exercise 4
#
# For $t = 1$, $m = (1 - \beta_1)\, g$. If $m = (1 - \beta_1^t)\, g$ after $t$ steps, the next one gives
# $\beta_1 (1 - \beta_1^t)\, g + (1 - \beta_1)\, g = (1 - \beta_1^{t+1})\, g$. Dividing by $1 - \beta_1^t$ gives $g$. In the same way
# $v = (1 - \beta_2^t)\, g^2$. Without the corrections the first step would be $0.1\, g / \sqrt{0.001\, g^2}$, about three times $\eta$:
# too long, since the mean square forgets more slowly than the mean. We check the two formulas with numbers:

# %%
--8<-- "neural-networks/optimisation.py:data"

# %%
g, m, v = 0.3, 0.0, 0.0
for t in range(1, 6):
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    print(f"step {t}: m / (1 - 0.9^t) = {m / (1 - 0.9**t):.3f}, root of "
          f"v / (1 - 0.999^t) = {(v / (1 - 0.999**t))**0.5:.3f}, "
          f"step without correction {m / v**0.5:.2f}")

# %% [markdown]
# ## Exercise 5
#
# All gradients are multiplied by $c$, so $m$ and $\hat m$ are, and $v$ and $\hat v$ are multiplied by $c^2$. The quotient
# $\hat m / \sqrt{\hat v}$ stays the same, step by step, since after equal steps the next gradients differ by $c$ again. The steps of plain SGD
# become $c$ times as long; a learning rate of $\eta / c$ makes them what they were.
#
# ## Exercise 6

# %%
--8<-- "neural-networks/optimisation.py:optimizers"

# %%
--8<-- "neural-networks/optimisation.py:training"

# %%
results = {"short": {}, "top": {}}
for name, make in optimizers.items():
    rows = {lr: sum(accuracy(train(make, lr, seed, steps=40)[0], "validation")
                    for seed in range(3)) / 3 for lr in rates[2:]}
    best = max(rows, key=rows.get)
    results["short"][name], results["top"][name] = best, rows[best]
    print(f"{name:9}best rate {best}:", ", ".join(
        f"{lr} {score:.2f}" for lr, score in rows.items()))

# %% [markdown]
# With 40 steps the best rates are {{ short.SGD }} for SGD, {{ short.momentum }} for momentum and {{ short.Adam }} for Adam, and the
# networks read {{ top.SGD:.0%}}, {{ top.momentum:.0%}} and {{ top.Adam:.0%}} of the validation digits. Compare with the page's table: in a short
# training small rates do not get to the goal, so the best rate found on short runs is as large as that for longer ones or larger.
# And plain SGD, which is slow, looks much worse than it is.
#
# ## Exercise 7
#
# In the long run a step with momentum $\beta$ goes $1 / (1 - \beta)$ times as far as one without, so 0.99 with a tenth of the rate
# goes as far as 0.9. We take the rates around the page's best.

# %%
def heavier(p, lr):
    return torch.optim.SGD(p, lr=lr, momentum=0.99)


tops = {}
for name, make, some in [("0.9", momentum, (0.03, 0.1, 0.3)),
                          ("0.99", heavier, (0.003, 0.01, 0.03))]:
    rows = {lr: sum(accuracy(train(make, lr, seed)[0], "validation")
                    for seed in range(3)) / 3 for lr in some}
    tops[name] = max(rows.values())
    print(f"momentum {name}:", ", ".join(
        f"step {lr}: {score:.3f}" for lr, score in rows.items()))
results |= {"light": tops["0.9"], "heavy": tops["0.99"]}

# %% [markdown]
# The best is {{ light:.1%}} with 0.9 and {{ heavy:.1%}} with 0.99 after 150 steps. Momentum of 0.99 takes about a hundred steps to get up
# to speed and as many to change its mind; that is most of this training.
#
# ## Exercise 8
#
# Try rates on a network of the same kind that is much smaller, or on the large one for a small part of the steps, and take the
# largest rate at which the loss falls smoothly, with a margin. Look at the first steps of the large run, and lower the rate if the
# loss jumps. Optimisers whose steps do not depend on the size of the gradient, and first weights scaled by the width, make the
# best rate depend less on the size.
