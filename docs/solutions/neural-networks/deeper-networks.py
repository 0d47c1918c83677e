# %% [markdown]
# # Answers: deeper networks

# %% [markdown]
# ## Exercise 1
#
# Batch normalisation takes them over the examples of the batch, for each unit; layer normalisation over the units of a layer, for
# each example. Layer normalisation answers for one example alone at any time. Batch normalisation does so only after training, when
# it uses the averages that it has collected.
#
# ## Exercise 2
#
# $\sqrt{2/100} \approx 0.141$. With half of it, each layer halves the size of the signal (the root of its mean square), and 20
# layers leave $2^{-20}$, about a millionth. A random signal shows it, up to the luck of the weights:

# %%
--8<-- "neural-networks/optimisation.py:data"

# %%
torch.manual_seed(0)
for factor in (1, 0.5):
    signal = torch.randn(500, 100)
    before = signal.square().mean().sqrt()
    for layer in range(20):
        signal = F.relu(signal @ (factor * (2 / 100)**0.5
                                  * torch.randn(100, 100)))
    print(f"{factor} times He's weights: size after 20 layers is "
          f"{signal.square().mean().sqrt() / before:.0e} of the first")

# %% [markdown]
# ## Exercise 3
#
# $a^2$ is the sum of $\max(0, a)^2$ and $\max(0, -a)^2$, since one of the two is always zero. When $a$ and $-a$ have the same
# distribution, both have the same mean, so each is half of $\E[a^2]$. The inputs of a layer are the ReLUs of the layer before, and
# the variance of its sums is $H \sigma^2$ times the *mean square* of these inputs: half of what it would be without ReLU, which
# twice the variance of the weights makes up for.
#
# ## Exercise 4
#
# $(1 + w)^3 = 1 + 3w + 3w^2 + w^3$: one way past all three branches, three ways through one of them, three through two, and one
# through all three. The derivative for $w = -0.5$ is $0.5^3 = 0.125$, the plain network's $(-0.5)^3 = -0.125$. A residual network's
# gradient can shrink too, when its branches take away from what passes; near $w = 0$, where branches begin, it does not.

# %%
for w in (-0.5, 0.1, 0.5):
    ways = [1, 3 * w, 3 * w**2, w**3]
    print(f"w = {w}: residual {sum(ways):.3f} = "
          + " + ".join(f"({way:.3f})" for way in ways)
          + f", plain {w**3:.3f}")

# %% [markdown]
# ## Exercise 5
#
# Let $w$ be the weights into a unit and $u$ those out of it. With equal $w$, both have the same activation $h$ on every example; with
# equal $u$, the same derivative $\delta h = u^\top \delta z$. The gradient of $w$ depends on $x$, $h$ and $\delta h$ only, that of
# $u$ on $h$ and $\delta z$: all are the same for both. After the step they are equal again, and so on for ever.
#
# ## Exercise 6
#
# The training function of that page, with one line more after the model.

# %%
--8<-- "neural-networks/optimisation.py:optimizers"

# %%
--8<-- "neural-networks/optimisation.py:training"

# %%
def train(optimizer, lr, seed, steps=150, batch=50):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 32),
                          nn.ReLU(), nn.Linear(32, 10))
    for weights in model.parameters():
        nn.init.zeros_(weights)  # the change
    optimizer = optimizer(model.parameters(), lr)
    losses = []
    for step in range(steps):
        rows = torch.randint(len(train_X), (batch,))
        loss = F.cross_entropy(model(train_X[rows]), train_y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return model, losses


model, losses = train(adam, 0.01, seed=0)
moved = [name for name, p in model.named_parameters() if p.abs().max() > 0]
test_y = y[parts["test"]]
results = {"zeros": accuracy(model, "test"),
           "commonest": test_y.bincount().max().item() / len(test_y)}
print(f"accuracy {results['zeros']:.3f}, one class for all at best "
      f"{results['commonest']:.3f}; parameters that moved: {moved}")

# %% [markdown]
# Only the biases of the last layer move. They learn how frequent each class is, and the network gives all images the same answer:
# {{ zeros:.0%}} of the test digits are right, and {{ commonest:.0%}} would be if that answer were the commonest test digit. All
# activations are zero, so no weight of the last layer gets a gradient; its weights are zero, so none reaches the layers below.
#
# ## Exercise 7
#
# The page's functions, with other arguments.

# %%
--8<-- "neural-networks/deeper_networks.py:data"

# %%
--8<-- "neural-networks/deeper_networks.py:forward"

# %%
--8<-- "neural-networks/deeper_networks.py:training"

# %%
residual = train(50, 1, "layer", rates=(0.003,))["test"]
longer = train(50, steps=400, rates=(0.0003, 0.001, 0.003, 0.01))
results |= {"longest": max(longer["test"]), "least": min(longer["test"]),
            "residual": min(residual), "lr": longer["lr"]}
print("residual, 100 steps: ", *(f"{score:.3f}" for score in residual))
print(f"plain, 400 steps (rate {longer['lr']}):",
      *(f"{score:.3f}" for score in longer["test"]))

# %% [markdown]
# With four times the steps and the best of four rates ({{ lr }}), the plain networks read between {{ least:.0%}} and
# {{ longest:.0%}} of the test digits, depending on the seed; the worst residual network reads {{ residual:.0%}} after 100 steps.
# They do learn, but slowly and unreliably.
#
# ## Exercise 8
#
# One whose answer is built step by step, each step from the result of the one before, such as following a chain of references or
# the next configuration of a game, several moves on. Hold equal the number of parameters or of multiplications, the steps of training
# at each one's own best learning rate, and the kind of block; compare several seeds, and vary how many steps the *task* needs. If depth
# is what helps, the shallow network should fall behind when the task gets longer, and a shallow network with more units should not
# make up for it. [Deep learning](../../deep-learning/index.md) has an example in one dimension, with the answer known exactly.
