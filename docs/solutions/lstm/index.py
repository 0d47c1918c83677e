# %% [markdown]
# # Answers: long short-term memory
#
# The cell is that of [the page](../../lstm/index.md). The last answer trains
# nine small networks on shorter sequences, in about ten seconds.

# %%
--8<-- "lstm/index.py:cell"
results = {}

# %% [markdown]
# ## Exercise 1
#
# A plain layer has $20 \cdot 10 + 20 \cdot 20$ weights and, in PyTorch,
# $2 \cdot 20$ biases: 640 parameters. An LSTM has four such sets, one for
# each gate and one for the candidate: 2560.

# %%
for layer in (nn.RNN(10, 20), nn.LSTM(10, 20)):
    print(type(layer).__name__, sum(p.numel() for p in layer.parameters()))

# %% [markdown]
# ## Exercise 2
#
# After $n$ steps $f^n$ is left. $0.5^n < 0.01$ from $n = 7$ on,
# $0.99^n < 0.01$ from $n = 459$ on.

# %%
for f in (0.5, 0.99):
    left, n = 1.0, 0
    while left >= 0.01:
        left, n = left * f, n + 1
    print(f"f = {f}: less than a hundredth after {n} steps")

# %% [markdown]
# ## Exercise 3
#
# PyTorch stacks the weights in the order reset, update, candidate. The reset
# gate $r$ decides how much of the past the candidate sees.

# %%
torch.manual_seed(0)
gru = nn.GRU(3, 5, batch_first=True, dtype=torch.float64)
X = torch.randn(4, 9, 3, dtype=torch.float64)
h, states = torch.zeros(4, 5, dtype=torch.float64), []
for t in range(9):
    new = X[:, t] @ gru.weight_ih_l0.T + gru.bias_ih_l0  # (B, 3 H)
    old = h @ gru.weight_hh_l0.T + gru.bias_hh_l0
    (new_r, new_z, new_n), (old_r, old_z, old_n) = (
        new.chunk(3, dim=1), old.chunk(3, dim=1))
    r, z = (new_r + old_r).sigmoid(), (new_z + old_z).sigmoid()
    n = (new_n + r * old_n).tanh()
    h = z * h + (1 - z) * n
    states.append(h)
by_hand, theirs = torch.stack(states, 1), gru(X)[0]
grads = [torch.autograd.grad(out.square().sum(), list(gru.parameters()))
         for out in (by_hand, theirs)]
gap = max((a - b).abs().max().item() for a, b in
          zip((by_hand, *grads[0]), (theirs, *grads[1])))
print(f"largest difference, outputs and gradients: {gap:.0e}")
assert gap < 1e-10

# %% [markdown]
# ## Exercise 4
#
# We train networks of 4, 8 and 16 units, with three random seeds each and
# 500 steps in place of 1200. Of each we ask: how large is its error; in what
# share of the units is the forget gate lower at a flag than elsewhere; by how
# much, on average; by how much does the input gate open in the unit where it
# opens most; and how large does the error become when the most important
# unit is silenced, that is, when its output is replaced by its mean?

# %%
def hold(n, length=30):
    """Values and flags: the answer is the value at the last flag.

    -> X (B, T, 2) with values and flags, y (B, T)
    """
    values = 2 * torch.rand(n, length) - 1
    flags = (torch.rand(n, length) < 0.15).float()
    flags[:, 0] = 1
    last = (flags * torch.arange(length)).cummax(1).values.long()
    return torch.stack([values, flags], 2), values.gather(1, last)


class Holder(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.rnn = nn.LSTM(2, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 1)

    def forward(self, X):
        return self.out(self.rnn(X)[0])[..., 0]


def train(hidden, seed, steps=500):
    torch.manual_seed(seed)
    model = Holder(hidden)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.02, steps)
    for step in range(steps):
        X, y = hold(64)
        loss = F.mse_loss(model(X), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return model


@torch.no_grad()
def look(model):
    """What the gates do, and what one unit is worth."""
    X, y = hold(500)
    rnn, start = model.rnn, torch.zeros(500, model.rnn.hidden_size)
    outputs, _, entry, forget = lstm(
        X, start, start, rnn.weight_ih_l0, rnn.weight_hh_l0,
        rnn.bias_ih_l0 + rnn.bias_hh_l0)

    def error(outputs):
        return F.mse_loss(model.out(outputs)[..., 0], y).sqrt().item()

    flag = X[..., 1] == 1
    closes = forget[~flag].mean(0) - forget[flag].mean(0)  # (H)
    opens = entry[flag].mean(0) - entry[~flag].mean(0)
    silenced = []
    for unit in range(outputs.shape[-1]):
        without = outputs.clone()
        without[..., unit] = outputs[..., unit].mean()
        silenced.append(error(without))
    return [error(outputs), (closes > 0).float().mean().item(),
            closes.mean().item(), opens.max().item(), max(silenced)]


columns = ("error", "share", "closes", "opens", "silenced")
print("units  " + "  ".join(f"{name:>8}" for name in columns))
for hidden in (4, 8, 16):
    rows = [look(train(hidden, seed)) for seed in range(3)]
    for row in rows:
        print(f"{hidden:5}  " + "  ".join(f"{value:8.3f}" for value in row))
    results[f"units_{hidden}"] = {
        name: sum(column) / 3 for name, column in zip(columns, zip(*rows))}

# %% [markdown]
# (Means of three runs.) With more units the error falls, from
# {{ units_4.error:.3f}} with 4 to {{ units_16.error:.3f}} with 16. The forget
# gates still close at a flag, in {{ units_16.share:.0%}} of 16 units, but less
# far: by {{ units_16.closes:.2f}} in place of {{ units_4.closes:.2f}}. The
# input gate that opens most opens by {{ units_16.opens:.2f}}, although it is
# now the largest of 16; with 4 it is {{ units_4.opens:.2f}}. Silencing the
# most important unit raises the error to {{ units_4.silenced:.2f}} with 4
# units, and only to {{ units_16.silenced:.2f}} with 16. The work is shared,
# so the gates of one unit tell less about the network: the more units, the
# harder it is to read.
