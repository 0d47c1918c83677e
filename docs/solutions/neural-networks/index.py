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
# The sum becomes $1.2 \cdot 0.5 + 0.4 \cdot 1 + 0.3 \cdot 2 - 0.2 = 1.4$, and ReLU passes it on: 1.4. With all signs changed it is
# $-0.6 - 0.4 - 0.6 - 0.2 = -1.8$, and ReLU puts out 0. (The bias does not change its sign, so the two sums are not opposite.)
#
# ## Exercise 3
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
# ## Exercise 4
#
# Multiply out: $W_2 (W_1 x + b_1) + b_2 = (W_2 W_1)\,x + (W_2 b_1 + b_2)$, so $W = W_2 W_1$ and $b = W_2 b_1 + b_2$. Every column
# of $W$ is a combination of the $H$ columns of $W_2$, so the rank of $W$ is at most $H$ (and at most the number of inputs or
# outputs). A narrow hidden layer without activation function can even do less than none.
#
# ## Exercise 5
#
# $\sigma = (1 + e^{-a})^{-1}$, so $\sigma' = e^{-a} (1 + e^{-a})^{-2} = \sigma \cdot \frac{e^{-a}}{1 + e^{-a}} = \sigma (1 - \sigma)$.
# A product of two numbers that add up to 1 is largest when both are $1/2$: at $a = 0$, where the slope is $1/4$. For
# $\tanh = u/v$ with $u = e^a - e^{-a}$ and $v = e^a + e^{-a}$ we have $u' = v$ and $v' = u$, so
# $\tanh' = (v^2 - u^2)/v^2 = 1 - \tanh^2$, which is largest at $a = 0$, where it is 1.
#
# ## Exercise 6
#
# Three units can stand in $3! = 6$ orders. Since $\tanh(-a) = -\tanh(a)$, changing the sign of all weights into a unit, of its
# bias, and of all weights out of it changes nothing: $2^3 = 8$ choices of signs. Together $6 \cdot 8 = 48$ settings for each
# function, 47 of them others (if no two units are equal and none is zero). Weights have no meaning one by one.
#
# ## Exercise 7
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
# is. The two that are left could do it by themselves (one for $x_1 - x_2$ and one for $x_2 - x_1$), but from these starts training does not find that. With twelve units there are enough to spare: {{ relu_12:d }} of six starts succeed.
#
# ## Exercise 8
#
# We try one to eight units with tanh, from six starts each.

# %%
from sklearn.datasets import make_circles

rings_X, rings_y = make_circles(1000, noise=0.08, factor=0.5,
                                random_state=0)
rings_X, rings_y = torch.tensor(rings_X).float(), torch.tensor(rings_y)
results["rings"] = {}
for units in (1, 2, 3, 4, 8):
    row = [accuracy(train(lambda: hidden(units), rings_X, rings_y, seed),
                    rings_X, rings_y) for seed in range(6)]
    results["rings"][str(units)] = {"worst": min(row), "best": max(row)}
    print(f"{units} hidden units: {min(row):.3f} - {max(row):.3f}")
radius = rings_X.norm(dim=1, keepdim=True)
judge = LogisticRegression().fit(radius[:500], rings_y[:500])
results["radius"] = float(judge.score(radius[500:], rings_y[500:]))
print(f"linear model of the distance from the centre: {results['radius']:.3f}")

# %% [markdown]
# Two units, two lines, cannot enclose the inner ring ({{ rings.2.best:.0%}} of held-out points at best); three lines make a triangle
# round it ({{ rings.3.worst:.0%}} at worst). Without hidden units: give the linear model the distance from the centre as its input, and
# it reads {{ radius:.0%}}. Who knows the right feature needs no network.
