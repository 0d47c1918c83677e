# %% [markdown]
# # Answers: when a network does not learn

# %% [markdown]
# ## Exercise 1
#
# $\log 1000 \approx 6.91$ and $\log 2 \approx 0.69$.
#
# ## Exercise 2
#
# Misaligned labels, which can be memorised (held-out data find them), and a forgotten `model.eval()`, which acts only after training
# (evaluating twice finds it: the scores differ).
#
# ## Exercise 3
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
# The loss stays above {{ floor:.3f}}: after 300 steps it is {{ after.300:.3f}}, after
# 3000 {{ after.3000:.3f}}. It falls so slowly because the first softmax is flat where the right class has almost no probability.
#
# ## Exercise 4
#
# The sums grow by the factor 1600 (up to the bias), and so does the gradient of the weights for the same derivative of the sums. A step on
# $w$ changes the sums by $1600^2$ times as much, so the rate would have to be $1600^2 \approx 2.6$ million times smaller for the first
# layer. The other layers and the biases would then stand still. Scale the inputs.
#
# ## Exercise 5
#
# $v \leftarrow 1 \cdot v + g$: momentum with $\beta = 1$, with nothing that ever stops the velocity. On a parabola the limit
# $2 (1 + \beta) / a_{\max}$ is finite, but at $\beta = 1$ the swings never become smaller, and with noise or a larger step they grow. (The
# program adds momentum of its own on top.)
#
# ## Exercise 6
#
# If label and image are independent, the best a model can do is to give every image the same probabilities, those of the labels; for any
# other $q$ the expected loss is the entropy plus $\KL(p \,\|\, q) \ge 0$. On training data the network can remember which label each image
# happened to get.
#
# ## Exercise 7
#
# We use a network with one output, for "is it a seven?".

# %%
def first_and_one_batch(target, steps=300):
    """The first loss, and the last on one batch of 50."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    losses = []
    for step in range(steps):
        difference = model(train_X[:50]).squeeze(1) - target
        loss = difference.square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses[0], losses[-1]


seven = (train_y[:50] == 7).float()
for name, target in [("(B)", seven), ("(B, 1)", seven[:, None])]:
    start, end = first_and_one_batch(target)
    results["wrong" if "1" in name else "right"] = end
    print(f"target {name:7} first loss {start:.3f}, on one batch {end:.4f}")
results["variance"] = seven.var(unbiased=False).item()
print(f"variance of the target: {results['variance']:.4f}")

# %% [markdown]
# The first loss looks harmless. On one batch the loss goes to {{ right:.4f}} with the right shape and stays at {{ wrong:.4f}} with the wrong
# one: every output is compared with every target, so the best the network can do is to answer with their mean, and the variance of the
# target, {{ variance:.4f}}, is left. The one-batch test finds it.
#
# ## Exercise 8
#
# One possible order: look at ten examples with their labels as the network gets them (a minute); the first loss (a second); one batch (some
# seconds); the loss with inputs set to zero, which must be worse (seconds); a plain baseline on the same data (minutes). Only then search
# for settings.
