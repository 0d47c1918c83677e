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
# $m = 0.1\,g$ and $v = 0.001\,g^2$, so $\hat m = g$ and $\hat v = g^2$, and the step is $\eta\, g / \lvert g \rvert$: both move by
# $\eta$. The size of the gradient cancels; only its sign counts.
#
# ## Exercise 4
#
# $a^2$ is the sum of $\max(0, a)^2$ and $\max(0, -a)^2$, since one of the two is always zero. When $a$ and $-a$ have the same
# distribution, both have the same mean, so each is half of $\E[a^2]$. The inputs of a layer are the ReLUs of the layer before, and
# the variance of its sums is $H \sigma^2$ times the *mean square* of these inputs: half of what it would be without ReLU, which
# twice the variance of the weights makes up for.
#
# ## Exercise 5
#
# Let $w$ be the weights into a unit and $u$ those out of it. With equal $w$, both have the same activation $h$ on every example; with
# equal $u$, the same derivative $\delta h = u^\top \delta z$. The gradient of $w$ depends on $x$, $h$ and $\delta h$ only, that of
# $u$ on $h$ and $\delta z$: all are the same for both. After the step they are equal again, and so on for ever.
#
# ## Exercise 6
#
# The page's training function, with one line more after the model.

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
# In the long run a step with momentum $\beta$ goes $1 / (1 - \beta)$ times as far as one without, so 0.99 with a tenth of the rate
# goes as far as 0.9. We take the rates around the page's best.

# %%
--8<-- "neural-networks/optimisation.py:training"

# %%
def heavier(p, lr):
    return torch.optim.SGD(p, lr=lr, momentum=0.99)


tops = {}
for name, make, rates in [("0.9", momentum, (0.03, 0.1, 0.3)),
                          ("0.99", heavier, (0.01, 0.03, 0.1))]:
    rows = {lr: sum(accuracy(train(make, lr, seed)[0], "validation")
                    for seed in range(3)) / 3 for lr in rates}
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
