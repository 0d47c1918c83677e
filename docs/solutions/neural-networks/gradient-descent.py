# %% [markdown]
# # Answers: gradient descent

# %% [markdown]
# ## Exercise 1
#
# The largest safe step is $2/10 = 0.2$. The best one is $2/(2 + 10) = 1/6$: then both directions shrink by the same factor at
# each step, $\lvert 1 - 2/6 \rvert = \lvert 1 - 10/6 \rvert = 2/3$. With the functions of
# [the page](../../neural-networks/gradient-descent.md) we can try it.

# %%
--8<-- "neural-networks/gradient_descent.py:descend"

# %%
--8<-- "neural-networks/gradient_descent.py:parabola"

# %%
--8<-- "neural-networks/gradient_descent.py:limit"

# %%
print(f"largest safe step {largest_step(bowl(2, 10), [1.0, 1.0], 0.6):.3f}")
for lr in (0.14, 1 / 6, 0.19):
    path = descend(bowl(2, 10), [1.0, 1.0], lr, 20)
    print(f"step size {lr:.3f}: distance after 20 steps "
          f"{path[-1].norm():.0e}")

# %% [markdown]
# ## Exercise 2
#
# The curvature is 4, so each step multiplies $w$ by $1 - 0.4 \cdot 4 = -0.6$: from 1 to $-0.6$ to $0.36$. The `parabola` of the
# page is this loss.

# %%
print(descend(parabola, [1.0], 0.4, 2)[:, 0].tolist())

# %% [markdown]
# ## Exercise 3

# %%
ravine, first = bowl(1, 50), [-10.0, 1.0]
results = {}
for momentum in (0.5, 0.75, 0.9, 0.99):
    path = descend(ravine, first, 0.03, 4000, momentum)
    far = (ravine(path) > 1e-6).nonzero()
    steps = int(far[-1]) + 1  # after the last point that is still far away
    results[f"momentum_{round(100 * momentum)}"] = steps
    print(f"momentum {momentum:4}: {steps:4} steps until the loss is 1e-6")

# %% [markdown]
# Momentum 0.5 needs {{ momentum_50:d }} steps, 0.9 {{ momentum_90:d }} and 0.99 {{ momentum_99:d }}; the page's 0.75 needs
# {{ momentum_75:d }}. There is a best value in between. With too little momentum the way along the ravine is long; with too much,
# the path shoots past the minimum and swings about it for a long time.
