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
