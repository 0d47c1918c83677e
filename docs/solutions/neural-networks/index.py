# %% [markdown]
# # Answers: neural networks

# %% [markdown]
# ## Exercise 1
#
# The hidden layer has $3 \cdot 2$ weights and 3 biases, the output layer $2 \cdot 3$ weights and 2 biases: 17 in all.

# %%
import numpy as np
from torch import nn

model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 2))
print(sum(p.numel() for p in model.parameters()), "parameters")

# %% [markdown]
# ## Exercise 2
#
# Let the first unit respond when at least one input is 1, $x_1 + x_2 - 0.5 > 0$, and the second when both are,
# $x_1 + x_2 - 1.5 > 0$. XOR is "the first but not the second": $h_1 - h_2 - 0.5 > 0$.

# %%
def step(a):
    return (a > 0).astype(int)


X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
h1, h2 = step(X.sum(1) - 0.5), step(X.sum(1) - 1.5)
for x, answer in zip(X, step(h1 - h2 - 0.5)):
    print(x, "->", answer)

# %% [markdown]
# ## Exercise 3
#
# The function `hidden` of the page takes the activation as an argument. We need XOR only, and other networks in `builders`.

# %%
--8<-- "neural-networks/index.py:data"

# %%
--8<-- "neural-networks/index.py:models"

# %%
problems = {"XOR": problems["XOR"]}
builders = {"3 units, tanh": lambda: hidden(3),
            "3 units, ReLU": lambda: hidden(3, nn.ReLU),
            "12 units, ReLU": lambda: hidden(12, nn.ReLU)}

# %%
--8<-- "neural-networks/index.py:training"

# %%
solved = {name: [score > 0.95 for score in row]
          for (name, _), row in scores.items()}
for (name, _), row in scores.items():
    print(f"{name:15}", " ".join(f"{score:.2f}" for score in row))
dead = [int((model[:2](xor_X) == 0).all(0).sum())
        for model in models["3 units, ReLU", "XOR"]]
print("units of the second row that are zero at every point:", dead)
results = {
    "tanh": sum(solved["3 units, tanh"]), "relu": sum(solved["3 units, ReLU"]),
    "relu_12": sum(solved["12 units, ReLU"]),
    "failed": 6 - sum(solved["3 units, ReLU"]),
    "failed_dead": sum(units > 0 and not good for units, good in
                       zip(dead, solved["3 units, ReLU"]))}

# %% [markdown]
# Three ReLUs solve it from {{ relu:d }} of six starts, where three units with tanh do from {{ tanh:d }}. Of the runs that fail
# ({{ failed:d }}), {{ failed_dead:d }} have a unit that is zero at every point, a dead ReLU: it gets no gradient, and stays as it
# is. The units that are left do not suffice. With twelve units there are enough to spare: {{ relu_12:d }} of six starts succeed.
