# %% [markdown]
# # Answers: larger runs
#
# ## Exercise 1
#
# They start equal, and after the all-reduce every process has the same gradient, so the same step is added to equal numbers. Nothing but the gradients is ever exchanged. (An optimiser with a state of its own, such as momentum, keeps it equal for the same reason.)
#
# ## Exercise 2
#
# $\tfrac{7}{10} \cdot 2 + \tfrac{3}{10} \cdot 4 = 2.6$. The plain mean of the parts is 3.

# %%
parts = [(7, 2.0), (3, 4.0)]
print("weighted", sum(n * g for n, g in parts) / sum(n for n, _ in parts),
      "plain", sum(g for _, g in parts) / len(parts))

# %% [markdown]
# ## Exercise 3
#
# With $p$ digits after the leading one, the numbers from $2^{p+1}$ on are 2 apart. So $2^{p+1} + 1$ lies halfway between two of them, and is rounded to the one whose last digit is even, which is $2^{p+1}$. The first such $n$ is $2^{p+1}$: $2^{11} = 2048$ for `float16` with $p = 10$, and $2^8 = 256$ for `bfloat16` with $p = 7$. That is where the sums in the output stop.
#
# ## Exercise 4
#
# For positive $a$ and $b$, $(\sqrt a - \sqrt b)^2 \ge 0$ gives $a + b \ge 2 \sqrt{a b}$. With $a = L/s$ and $b = s$ the product is $L$ for every $s$, so $L/s + s \ge 2 \sqrt L$, and both sides are equal exactly when $a = b$, which is $s = \sqrt L$.
#
# ## Exercise 5
#
# No, unless the same units are dropped. Dropout draws a mask for each example; for the parts, it draws other masks than for the whole batch. If we set the masks by hand, or the generator draws them in the same order, the parts agree again: dropout treats each example alone.

# %%
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
X, y = torch.randn(96, 20), torch.randint(5, (96,))
first, last = nn.Linear(20, 50), nn.Linear(50, 5)
masks = (torch.rand(96, 50) < 0.5).float() * 2


def gradient(sizes, same):
    first.zero_grad(), last.zero_grad()
    for rows in torch.arange(96).split(sizes):
        h = torch.tanh(first(X[rows]))
        h = h * masks[rows] if same else F.dropout(h, 0.5)
        (len(rows) / 96 * F.cross_entropy(last(h), y[rows])).backward()
    return torch.cat([p.grad.flatten() for p in first.parameters()])


gaps = {same: (gradient([96], same) - gradient([24] * 4, same)).abs().max().item()
        for same in (False, True)}
print(f"other masks {gaps[False]:.0e}, the same masks {gaps[True]:.0e}")
assert gaps[True] < 1e-6 < 1e-3 < gaps[False]

# %% [markdown]
# ## Exercise 6
#
# In pairs the two numbers that are added are about equally large, so little is lost: after one round there are 2500 twos, then fours, and so on. Sums of equal powers of two are exact; only where a number is left over is anything rounded. Libraries sum in this way, or keep the running sum in 32 bits.

# %%
numbers = torch.ones(5000, dtype=torch.bfloat16)
while len(numbers) > 1:
    if len(numbers) % 2:
        numbers = torch.cat([numbers, torch.zeros(1, dtype=torch.bfloat16)])
    numbers = numbers[::2] + numbers[1::2]
results = {"sum": numbers.item()}
print("in pairs:", numbers.item())
assert abs(numbers.item() - 5000) < 50

# %% [markdown]
# {{ sum:.0f}} comes out: of the numbers that `bfloat16` has, the one nearest to 5000.

# %% [markdown]
# ## Exercise 7
#
# No. A step of a tenth of the gap is lost nine times in ten, and is ten times too large the tenth time: right on average. The weights come near the goal, and then jitter between the numbers around it. (*Stochastic rounding* is built into some hardware for this reason.)

# %%
def rounded(w):
    """To bfloat16, up or down at random, right on average"""
    bits = w.view(torch.int32)
    return ((bits + torch.randint(0, 2**16, w.shape, dtype=torch.int32))
            & -2**16).view(torch.float32)


inputs = torch.randn(256, 10)
goal = inputs @ torch.full((10, 1), 1.02)
ends = {}
for name, shorten in [("nearest", lambda w: w.bfloat16().float()),
                      ("random", rounded)]:
    w = torch.ones(10, 1)
    for _ in range(400):
        grad = 2 * inputs.T @ (inputs @ w - goal) / 256
        w = shorten(w - 0.005 * grad)
    ends[name] = (w - 1.02).abs().mean().item()
    print(f"rounded to the {name}: distance {ends[name]:.4f}")
assert ends["random"] < 0.5 * ends["nearest"]

# %% [markdown]
# ## Exercise 8
#
# Into sending gradients (measure a step with the all-reduce left out), into waiting for the slowest process (measure the time each spends in the all-reduce), into reading data (let all processes use one batch over and over), or into what is not divided at all, such as an evaluation that only process 0 does. A share of the batch may also be too small to fill a card: measure examples per second on one card against the size of its part.
