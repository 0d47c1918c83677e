# %% [markdown]
# # Answers: recurrent networks
#
# The cell, the task and the adder are those of
# [the page](../../rnn/index.md). Everything together takes about ten
# seconds.

# %%
--8<-- "rnn/index.py:cell"
--8<-- "rnn/index.py:sums"
results = {}

# %% [markdown]
# ## Exercise 1
#
# $W$ has $20 \cdot 10$ weights, $U$ has $20 \cdot 20$, and there are 20
# biases: 620 parameters. (PyTorch stores two biases for each unit, so it
# counts 640.) The number of steps does not enter: the same weights serve
# all of them, 100 steps or one.

# %%
layer = nn.RNN(10, 20)
print(sum(p.numel() for p in layer.parameters()), "in PyTorch")

# %% [markdown]
# ## Exercise 2
#
# $h_1 = 1$, then $0.5$, $0.25$, $0.125$: the memory of the input is halved
# at each step. With $U = 1$ it is kept for ever, with $U = -1$ too, though
# its sign changes at every step. With $|U| > 1$ it grows.

# %%
for U in (0.5, 1, -1, 1.5):
    h, states = 0.0, []
    for x in (1, 0, 0, 0):
        h = 1 * x + U * h
        states.append(h)
    print(f"U = {U}:", states)

# %% [markdown]
# ## Exercise 3
#
# Let $s$ be the number of ones among the two bits and the carry. Three units
# ask whether $s \ge 1$, $s \ge 2$ and $s \ge 3$. The carry for the next step
# is the second unit. The bit of the sum is 1 if $s$ is 1 or 3: first unit
# minus second plus third.

# %%
W = torch.ones(3, 2)                            # each unit counts the bits
U = torch.tensor([[0.0, 1, 0]] * 3)             # and adds the carry
b = torch.tensor([-0.5, -1.5, -2.5])            # three thresholds
torch.manual_seed(0)
X, y, _ = sums(100, 200)
h, said = torch.zeros(100, 3), []
for t in range(200):
    h = ((X[:, t] @ W.T + h @ U.T + b) > 0).float()
    said.append(h @ torch.tensor([1.0, -1, 1]))
results["by_hand"] = (torch.stack(said, 1) == y).float().mean().item()
print(f"right bits in sums of 200: {results['by_hand']:.3f}")

# %% [markdown]
# All bits are right ({{ by_hand:.0%}}), and no training was needed.

# %% [markdown]
# ## Exercise 4
#
# The width becomes an argument of the training; the rest is the page's
# program, with 300 steps in place of 500.

# %%
class Adder(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.rnn = nn.RNN(2, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 1)

    def forward(self, X):
        """X (B, T, 2) -> logits of the sum's bits (B, T)."""
        states, _ = self.rnn(X)
        return self.out(states)[..., 0]


def train(hidden, length, seed, steps=300):
    torch.manual_seed(seed)
    model = Adder(hidden)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for step in range(steps):
        X, y, _ = sums(64, length)
        loss = F.binary_cross_entropy_with_logits(model(X), y.float())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


@torch.no_grad()
def accuracy(model, length=200):
    """The share of right bits in long sums."""
    X, y, _ = sums(500, length)
    return ((model(X) > 0) == y.bool()).float().mean().item()


seeds = range(3)
results["units"] = {}
for hidden in (1, 2, 3, 4, 8):
    row = [accuracy(train(hidden, 8, seed)) for seed in seeds]
    results["units"][str(hidden)] = {
        "perfect": sum(score > 0.999 for score in row), "best": max(row)}
    print(hidden, "units:", " ".join(f"{score:.3f}" for score in row))

# %% [markdown]
# With 8 units {{ units.8.perfect:d}} of three networks add without an error,
# with 4 units {{ units.4.perfect:d}}, with 3 units {{ units.3.perfect:d}},
# with 2 units {{ units.2.perfect:d}} and with a single one
# {{ units.1.perfect:d}} (its best run has {{ units.1.best:.0%}} of the bits).
#
# What is *possible* is another question. One unit cannot do it: at the
# first step the answer is the exclusive or of the two bits, and a single
# threshold on a weighted sum cannot compute that. Two units can, with
# weights set by hand: a steep one that holds the carry, and a shallow one
# that is nearly linear.

# %%
model = Adder(2)
small = 0.2                                     # tanh is nearly linear here
with torch.no_grad():
    model.rnn.weight_ih_l0[:] = torch.tensor([[20.0, 20], [small, small]])
    model.rnn.weight_hh_l0[:] = torch.tensor([[10.0, 0], [small / 2, 0]])
    model.rnn.bias_ih_l0[:] = torch.tensor([-25, -1.25 * small])
    model.rnn.bias_hh_l0.zero_()
    model.out.weight[:] = torch.tensor([[-1, 1 / small]])
    model.out.bias.zero_()
results["two"] = accuracy(model)
print(f"two units set by hand: {results['two']:.3f}")

# %% [markdown]
# Two units set by hand get {{ two:.1%}} of the bits right. So spare units do
# not make this task solvable, they make a solution easier to find.

# %% [markdown]
# ## Exercise 5

# %%
for length in (2, 3):
    results[f"bits_{length}"] = [accuracy(train(8, length, seed))
                                 for seed in seeds]
    print(f"learned from {length} bits:", " ".join(
        f"{score:.3f}" for score in results[f"bits_{length}"]))

# %% [markdown]
# From sums of 3 bits the network learns a rule that holds, or very nearly
# holds, for 200: {{ bits_3.0:.1%}}, {{ bits_3.1:.1%}} and {{ bits_3.2:.1%}}
# of the bits with three random seeds. From sums of 2 bits it gets
# {{ bits_2.0:.0%}}, {{ bits_2.1:.0%}} and {{ bits_2.2:.0%}}. In two bits,
# the only carry that is ever used comes out of the first step, into which
# none goes. Carrying on a carry is never asked for, so what the network does
# with one is left to chance.

# %% [markdown]
# ## Exercise 6
#
# For $T = 1$ the sum is $W x_1$, which is $h_1$. If it holds for $T - 1$, then $h_T = W x_T + U h_{T-1} = W x_T + \sum_{t=1}^{T-1} U^{T-t} W x_t$, which is the sum for $T$. So each input is kept, multiplied by $U$ once for every step that has
# passed, and all of them are added: the cell forgets or amplifies everything at the same pace, whatever it was.

# %% [markdown]
# ## Exercise 7
#
# $h_3 = 0.25 x_1 + 0.5 x_2 + x_3$. The inputs $(4, 0, 0)$ and $(0, 2, 0)$ both give $h_3 = 1$. From there on the states are the same whatever follows, so no later answer can differ: what the state does not hold is gone.

# %% [markdown]
# ## Exercise 8
#
# One answer at the end; one answer at each step; a sequence of another length, written by a second network.
