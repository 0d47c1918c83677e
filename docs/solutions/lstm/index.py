# %% [markdown]
# # Answers: long short-term memory
#
# The cell is that of [the page](../../lstm/index.md). The fourth answer trains
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
# With $o_t = 1$ and no $\tanh$, $h_t = c_t$: one memory is left. With $i_t = 1 - f_t$ it becomes $h_t = f_t h_{t-1} + (1 - f_t) g_t$, which is the
# last line of a GRU with $z_t = f_t$ and $n_t = g_t$. What is missing is the reset gate: $g_t$ sees all of $h_{t-1}$. A bias of 50 holds the reset gate of `torch.nn.GRU` open.

# %%
torch.manual_seed(0)
gru = nn.GRU(3, 5, batch_first=True, dtype=torch.float64)
with torch.no_grad():
    gru.bias_ih_l0[:5] = 50
W, U = gru.weight_ih_l0, gru.weight_hh_l0
b = gru.bias_ih_l0 + gru.bias_hh_l0
X = torch.randn(4, 9, 3, dtype=torch.float64)
h, states = torch.zeros(4, 5, dtype=torch.float64), []
for t in range(9):
    _, f, g = (X[:, t] @ W.T + h @ U.T + b).chunk(3, dim=1)
    f = f.sigmoid()
    h = f * h + (1 - f) * g.tanh()
    states.append(h)
gap = (torch.stack(states, 1) - gru(X)[0]).abs().max().item()
print(f"largest difference: {gap:.0e}")
assert gap < 1e-10

# %% [markdown]
# ## Exercise 4
#
# Three random seeds each, and 400 training steps in place of the page's 1200.
# Of each network we ask:
#
# - *error*: how far it is from the right answer;
# - *unwritten*: its error when the input gates are shut between flags;
# - *closes*, *opens*: by how much, on average over its units, the forget gate
#   is lower and the input gate higher at a flag than elsewhere;
# - *silenced*: its error when the most important unit is silenced, that is,
#   when its output is replaced by its mean.

# %%
def hold(n, length=30, rate=0.15):
    """Values and flags: the answer is the value at the last flag.

    -> X (B, T, 2) with values and flags, y (B, T)
    """
    values = 2 * torch.rand(n, length) - 1
    flags = (torch.rand(n, length) < rate).float()
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


def train(hidden, seed, steps=400, lr=0.02):
    torch.manual_seed(seed)
    model = Holder(hidden)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, steps)
    for step in range(steps):
        X, y = hold(64)
        loss = F.mse_loss(model(X), y)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    return model


@torch.no_grad()
def look(model):
    """What the gates do, and what shutting or silencing them costs."""
    X, y = hold(300)
    marks = X[..., 1]  # 1 at a flag, 0 elsewhere
    rnn, start = model.rnn, torch.zeros(300, model.rnn.hidden_size)

    def run(**change):
        outputs, _, entry, forget = lstm(
            X, start, start, rnn.weight_ih_l0, rnn.weight_hh_l0,
            rnn.bias_ih_l0 + rnn.bias_hh_l0, **change)
        return outputs, entry, forget

    def error(outputs):
        return F.mse_loss(model.out(outputs)[..., 0], y).sqrt().item()

    outputs, entry, forget = run()
    closes = forget[marks == 0].mean(0) - forget[marks == 1].mean(0)  # (H)
    opens = entry[marks == 1].mean(0) - entry[marks == 0].mean(0)
    silenced = []
    for unit in range(outputs.shape[-1]):
        without = outputs.clone()
        without[..., unit] = outputs[..., unit].mean()
        silenced.append(error(without))
    return [error(outputs), error(run(write=marks)[0]),
            closes.mean().item(), opens.mean().item(), max(silenced)]


columns = ("error", "unwritten", "closes", "opens", "silenced")
print("units  " + "  ".join(f"{name:>9}" for name in columns))
for hidden in (4, 8, 16):
    rows = [look(train(hidden, seed)) for seed in range(3)]
    for row in rows:
        print(f"{hidden:5}  " + "  ".join(f"{value:9.3f}" for value in row))
    results[f"units_{hidden}"] = {
        name: sum(column) / 3 for name, column in zip(columns, zip(*rows))}

# %% [markdown]
# (Means of three runs.) With more units the error falls, from
# {{ units_4.error:.3f}} with 4 to {{ units_16.error:.3f}} with 16. But the
# gates say less. On average over the units the forget gate closes by
# {{ units_16.closes:.2f}} at a flag in place of {{ units_4.closes:.2f}}, and
# the input gate opens by {{ units_16.opens:.2f}} in place of
# {{ units_4.opens:.2f}}. The work is shared: silencing the most important
# unit raises the error to {{ units_4.silenced:.2f}} with 4 units, and only to
# {{ units_16.silenced:.2f}} with 16.
#
# And what a gate seems to say need not be so. With the input gates shut
# between flags the error rises to {{ units_4.unwritten:.2f}},
# {{ units_8.unwritten:.2f}} and {{ units_16.unwritten:.2f}} with 4, 8 and 16
# units: none of these networks keeps the value in its cell states alone; they
# write it anew, as the four units with half-open gates on the page do.

# %% [markdown]
# ## Exercise 5
#
# The forget gate is $\sigma(-2) = 0.12$ in place of $\sigma(2) = 0.88$, so little of the old cell state is left. Most of the new one is what
# the input gate lets in.

# %%
forget, write, read = torch.tensor([-2.0, -1, 1]).sigmoid()
c = forget * 0.5 + write * torch.tensor(0.8).tanh()
print(f"forget gate {forget:.2f}, cell state {c:.2f}, "
      f"hidden state {read * c.tanh():.2f}")

# %% [markdown]
# ## Exercise 6
#
# Without the $U$, $f_t$, $i_t$ and $g_t$ depend on $x_t$ only, so in $c_t = f_t c_{t-1} + i_t g_t$ (one unit) the derivative of $c_t$
# with respect to $c_{t-1}$ is $f_t$. By the chain rule the derivative of $c_T$ with respect to $c_0$ is the product of all of them. With $U$
# there is a second path: $c_{t-1}$ changes $h_{t-1}$, and that changes the gates and the candidate of step $t$, in all units. These terms are added to $f_t$, and
# along them gradients fade or explode as in a plain recurrent network.

# %% [markdown]
# ## Exercise 7
#
# It has no output gate and no separate cell state, and its input gate is one minus its forget gate. It has a reset gate, which decides how much of the past the candidate sees.

# %% [markdown]
# ## Exercise 8
#
# If the forget gate is $f$ between flags and the input gate lets in noise of size $s$ at each step, the value decays like $f^k$ and gathers noise of size $s \sqrt{k}$. Both can be measured from the gates; then test with sequences whose flags are ever farther apart, and compare where the error rises.
