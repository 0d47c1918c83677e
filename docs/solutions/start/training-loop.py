# %% [markdown]
# # Answers: the training loop

# %% [markdown]
# ## Exercise 1
#
# `optimizer.step()` changes the parameters, and nothing else does. `zero_grad()` and `backward()` change `.grad`. The targets are needed in the forward line, for the loss.

# %% [markdown]
# ## Exercise 2
#
# $1000 = 15 \cdot 64 + 40$: 16 steps, and the last batch has 40 examples.

# %%
import torch
from torch.utils.data import DataLoader, TensorDataset

loader = DataLoader(TensorDataset(torch.zeros(1000, 1)), batch_size=64)
sizes = [len(batch) for batch, in loader]
print(len(loader), "steps, last batch", sizes[-1])

# %% [markdown]
# ## Exercise 3
#
# The prediction is $2.68 \cdot 2 = 5.36$, the error $-0.64$, the derivative $2 \cdot (-0.64) \cdot 2 = -2.56$, and the new weight $2.68 + 0.1 \cdot 2.56 = 2.936$.
#
# In general, $w - 3$ becomes $w - 3 - \eta \cdot 2\,(2w - 6) \cdot 2 = (1 - 8 \eta)(w - 3)$. The distance shrinks with every step when $\lvert 1 - 8\eta \rvert < 1$, that is, for $0 < \eta < 1/4$. Above that, each step overshoots by more than it corrects.

# %% [markdown]
# ## Exercise 4
#
# Subtract the rule for step $t$ from that for step $t+1$: $w_{t+1} - w_t = -\eta\,(w_0 + \dots + w_t)$ minus $w_t - w_{t-1} = -\eta\,(w_0 + \dots + w_{t-1})$ gives $w_{t+1} - 2 w_t + w_{t-1} = -\eta\, w_t$, the first formula. Write $c = 2 - \eta$ and $Q_t = w_t^2 - c\, w_t w_{t-1} + w_{t-1}^2$. Then
#
# $$Q_{t+1} = w_{t+1} (w_{t+1} - c\, w_t) + w_t^2 = -w_{t+1} w_{t-1} + w_t^2 = w_t^2 - (c\, w_t - w_{t-1})\, w_{t-1} = Q_t .$$
#
# With $w_1 = (1 - \eta)\, w_0$ its value is $Q_1 = \eta\, w_0^2$, which is not zero. If $w$ settled at 0, $Q$ would go to 0. So it never does. For $0 < \eta < 4$ the curve $Q = \text{constant}$ is an ellipse, on which the pair $(w_t, w_{t-1})$ goes round and round; beyond that it is a hyperbola, and $w$ flies off.

# %%
w, total, Q = 1.0, 0.0, []
for step in range(1000):
    total += w                              # .grad, never cleared
    w, before = w - 0.1 * total, w
    Q.append(w**2 - 1.9 * w * before + before**2)
print(f"Q from {min(Q):.6f} to {max(Q):.6f}, w at the end {w:.3f}")

# %% [markdown]
# ## Exercise 5
#
# The program of the page, with another `forward`. To measure the error, the column has to be removed, or the score would have the same mistake.

# %%
--8<-- "start/training_loop.py:data"

# %%
--8<-- "start/training_loop.py:step"

# %%
--8<-- "start/training_loop.py:module"

# %%
--8<-- "start/training_loop.py:inside"

# %%
--8<-- "start/training_loop.py:loader"

# %%
--8<-- "start/training_loop.py:train"

# %%
--8<-- "start/training_loop.py:evaluate"

# %%
Right = Curve


class Curve(Right):
    def forward(self, X):
        return super().forward(X)[:, None]          # (B, 1) again


results, faulty = {}, []
for seed in range(2):
    model, _ = train(seed)
    prediction = model(test_X).detach()[:, 0]
    faulty.append((prediction - test_y).square().mean().item())
results["faulty"] = sum(faulty) / 2
results["mean"] = (test_y - train_y.mean()).square().mean().item()
results["spread"] = (prediction.max() - prediction.min()).item()
print("with the column:", [round(e, 3) for e in faulty],
      f" always the mean: {results['mean']:.3f}")
Curve = Right

# %% [markdown]
# The error is {{ faulty:.3f}} on average, that of always saying the mean {{ mean:.3f}}. The network has become nearly flat: its highest and lowest prediction are {{ spread:.2f}} apart in the second run. A little of the curve is left: in a batch of 20 each prediction meets its own target once in twenty times, so the best it can say is the mean and a twentieth of the curve above it.

# %% [markdown]
# ## Exercise 6

# %%
shared = nn.Sequential(*[nn.Linear(64, 64), nn.Tanh()] * 4)
apart = nn.Sequential(*[layer for _ in range(4)
                        for layer in (nn.Linear(64, 64), nn.Tanh())])
for name, m in [("list times 4", shared), ("a loop", apart)]:
    print(f"{name:13}{sum(p.numel() for p in m.parameters()):7,} "
          "parameters")
print("the same object four times:", shared[0] is shared[2])

# %% [markdown]
# `[a, b] * 4` repeats the *objects*, as always in Python. The network applies one layer four times, with one set of weights, and its gradient is the sum over the four uses. It runs without an error. The count of parameters shows the mistake: a quarter of what was expected. (Sharing weights on purpose is a good idea elsewhere: [recurrent networks](../../rnn/index.md) do it over time.)

# %% [markdown]
# ## Exercise 7
#
# All examples at once means one step an epoch, so 100 epochs are 100 steps instead of 1000.

# %%
rates = [0.001, 0.01, 0.03, 0.1, 1.0]


valid = {lr: error(train(0, lr, 100, 200)[0], valid_X, valid_y)
         for lr in rates}
lr = min((lr for lr in rates if valid[lr] == valid[lr]), key=valid.get)
for epochs in (100, 1000):
    errors = [error(train(seed, lr, epochs, 200)[0], test_X, test_y)
              for seed in range(10, 12)]
    results[f"steps_{epochs}"] = {"worst": max(errors), "best": min(errors)}
    print(f"{epochs:4} epochs of batches of 200: rate {lr}, "
          f"{min(errors):.3f} - {max(errors):.3f}")
small = [error(train(seed)[0], test_X, test_y) for seed in range(10, 12)]
results["small"] = {"worst": max(small), "best": min(small)}
print(f"100 epochs of batches of 20: rate 0.03, {min(small):.3f} - "
      f"{max(small):.3f}")

# %% [markdown]
# (`valid[lr] == valid[lr]` is false for `nan` only.) For the same number of epochs the large batch is far behind: {{ steps_100.best:.3f}} to {{ steps_100.worst:.3f}} against {{ small.best:.3f}} to {{ small.worst:.3f}}. With as many *steps*, and so ten times the work, it reaches {{ steps_1000.best:.3f}} to {{ steps_1000.worst:.3f}}. A gradient from 20 examples costs a tenth of one from 200, and while the error is large it points nearly the same way; what counts then is how many steps are taken. (Near the end of a training it is [mostly noise](../../neural-networks/schedules.md).)

# %% [markdown]
# ## Exercise 8
#
# A polynomial is smooth everywhere; a jump is hard for it, and easy for a unit that switches. With plain SGD the network is slow to learn a switch, so we use the optimiser [Adam](../../neural-networks/optimisation.md).

# %%
torch.manual_seed(1)
train_y, valid_y, test_y = (
    2.0 * (x[:, 0] > 0.3) - 1 + 0.1 * torch.randn(len(x))
    for x in (train_X, valid_X, test_X))


def fit(seed, lr=0.03, epochs=100):
    torch.manual_seed(seed)
    model = Curve()
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    for epoch in range(epochs):
        for rows in torch.randperm(len(train_X)).split(20):
            loss = (model(train_X[rows]) - train_y[rows]).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return error(model, test_X, test_y)


def polynomial(degree):
    """-> error on validation and on test data"""
    powers = torch.arange(degree + 1)
    c = torch.linalg.lstsq((train_X / 2).double()**powers,
                           train_y[:, None].double()).solution
    return [((((x / 2).double()**powers @ c)[:, 0] - t)**2).mean().item()
            for x, t in ((valid_X, valid_y), (test_X, test_y))]


network = [fit(seed) for seed in range(5)]
scores = {degree: polynomial(degree) for degree in range(16)}
degree = min(scores, key=lambda d: scores[d][0])
results["jump"] = {"best": min(network), "worst": max(network),
                   "degree": degree, "polynomial": scores[degree][1]}
print(f"network {min(network):.4f} - {max(network):.4f}, polynomial of "
      f"degree {degree}: {scores[degree][1]:.4f}")

# %% [markdown]
# For a jump from $-1$ to 1, the network has errors of {{ jump.best:.3f}} to {{ jump.worst:.3f}}, the best polynomial (degree {{ jump.degree:d}}, chosen on the validation data) {{ jump.polynomial:.3f}}. The noise alone is $0.1^2$, so neither is perfect. A method made for jumps, such as a decision tree, might beat both: the right question is always which rival fits the problem.
