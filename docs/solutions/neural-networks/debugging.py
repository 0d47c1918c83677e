# %% [markdown]
# # Answers: when a network does not learn

# %% [markdown]
# ## Exercise 1
#
# $\log 1000 \approx 6.91$ and $\log 2 \approx 0.69$.
#
# ## Exercise 2
#
# The first softmax puts out numbers between 0 and 1. The best the network can do is to give the right class 1 and the others 0.
# The second softmax, inside the loss, turns that into $e / (e + 9)$ for the right class, and the loss is
# $-\log \frac{e}{e + 9} \approx 1.46$. That is the least it can be. We train on one batch, as the second check of
# [the page](../../neural-networks/debugging.md) does, for longer and longer.

# %%
--8<-- "neural-networks/debugging.py:network"

# %%
--8<-- "neural-networks/debugging.py:training"

# %%
floor = F.cross_entropy(torch.eye(10), torch.arange(10)).item()
print(f"a first softmax that is perfect: loss {floor:.3f}")
results = {"floor": floor, "after": {}}
for steps in (300, 1000, 3000):
    losses, _ = train(0, softmax=True, one_batch=True, steps=steps)
    results["after"][str(steps)] = losses[-1]
    print(f"one batch, after {steps:4} steps: loss {losses[-1]:.3f}")

# %% [markdown]
# Even with fifty examples learned by heart the loss stays above {{ floor:.3f}}: after 300 steps it is {{ after.300:.3f}}, after
# 3000 {{ after.3000:.3f}}. (It falls so slowly because the first softmax is flat where the network is sure and wrong.)
