# %% [markdown]
# # Answers: gates and layers
#
# The cell is that of [the page](../../rnn/gru.md). Nothing here is trained.

# %%
--8<-- "rnn/gru.py:step"

# %%
--8<-- "rnn/gru.py:cell"

# %%
--8<-- "rnn/gru.py:last"
results = {}

# %% [markdown]
# ## Exercise 1
#
# $z = 1$ keeps. With $z = 0$ everything is replaced by the candidate, and with $r = 1$ the candidate is $\tanh(W_n x + b_n + U_n h + b'_n)$: the plain cell.

# %% [markdown]
# ## Exercise 2
#
# $0.9 \cdot 0.2 + 0.1 \cdot (-1) = 0.08$. At each step the distance to the candidate shrinks to nine tenths. It was 1.2, so after ten steps it is $1.2 \cdot 0.9^{10}$:

# %%
h = 0.2
for _ in range(10):
    h = 0.9 * h + 0.1 * -1
results["ten"] = h
print(f"{h:.3f} and {-1 + 1.2 * 0.9**10:.3f}")

# %% [markdown]
# ## Exercise 3
#
# Three sets of $HD + HH$ weights and $2H$ biases: $3H(D + H + 2)$. The second layer reads $H$ numbers, so it has $3H(2H + 2)$.

# %%
for layers in (1, 2):
    count = sum(p.numel() for p in nn.GRU(10, 20, layers).parameters())
    print(layers, count, 3 * 20 * (10 + 20 + 2)
          + (layers - 1) * 3 * 20 * (2 * 20 + 2))

# %% [markdown]
# ## Exercise 4
#
# The candidate is a $\tanh$, so it lies between $-1$ and 1. $h_t = z h_{t-1} + (1 - z) n$ with $z$ between 0 and 1 lies between $h_{t-1}$ and $n$, and so between $-1$ and 1 as well, if $h_{t-1}$ does. Start with $h_0$ and go on step by step.

# %% [markdown]
# ## Exercise 5
#
# $U_n h = (0.3, 0.5)$, and the gate leaves $(0.3, 0)$. $r \odot h = (0.5, 0)$, and the weights make $(0, 0.5)$ of it: something else. In entry $i$ the two sides are $r_i \sum_j u_{ij} h_j$ and
# $\sum_j u_{ij} r_j h_j$. For them to be equal for all $r$ and $h$, every $u_{ij}$ with $i \ne j$ must be 0: only a diagonal $U_n$ does not care where the gate stands.

# %%
U, r, h = torch.tensor([[0.0, 1], [1, 0]]), torch.tensor([1.0, 0]), \
    torch.tensor([0.5, 0.3])
print((r * (U @ h)).tolist(), (U @ (r * h)).tolist())

# %% [markdown]
# ## Exercise 6
#
# Both states add the same $(1 - z) n$, so their difference is multiplied by $z$ at each step: $d z^k$. From $z^{60} = 1/2$ follow $z = 2^{-1/60}$ and the bias $\log\bigl(z / (1 - z)\bigr)$:

# %%
z = torch.tensor(2.0)**(-1 / 60)
results["bias"] = z.logit().item()
print(f"z = {z:.4f}, bias {results['bias']:.2f}")

# %% [markdown]
# On the page the bias is 4, a little less than {{ bias:.2f}}, and a little less than one half is left; the candidates differ too, which adds something back.

# %% [markdown]
# ## Exercise 7

# %%
@torch.no_grad()
def noisy(layer, size, steps=60):
    """`lasting` of the page, with noise of any size."""
    layer, kind = layer.double(), torch.float64
    starts = torch.randn(2, 1, layer.hidden_size, dtype=kind).tanh()
    noise = size * torch.randn(1, steps, layer.input_size, dtype=kind)
    a, b = (layer(noise, start[None])[0][0] for start in starts)
    return ((a - b).norm(dim=1) / (starts[0] - starts[1]).norm())[-1]


torch.manual_seed(0)
for key, (name, make) in zip("abcd", makers.items()):
    row = [torch.stack([noisy(make(), size) for _ in range(20)])
           .median().item() for size in (0.5, 2.0)]
    results[key] = row[0] / row[1]
    print(f"{name:22} left after 60 steps: noise 0.5 {row[0]:.0e}, "
          f"noise 2 {row[1]:.0e}")

# %% [markdown]
# The plain cells suffer most: loud inputs push the units to the ends of the $\tanh$, where its slope is small, and every step multiplies what is left by that slope. With a rotation {{ b:,.0f}} times less is left than before. In a GRU the state is carried past the $\tanh$, so the one with open gates loses a factor of
# {{ d:.1f}} only: loud inputs move its gates as well, and a gate that closes for a moment lets go.

# %% [markdown]
# ## Exercise 8
#
# Such a unit mixes its old state and a candidate in a fixed proportion: a moving average with a learned length, sometimes called a *leaky unit*. It can keep things at several time scales at once, and it fades slowly. It cannot decide by the *input* when to write and when to hold: the noise of
# every step enters in the same proportion as the one thing that matters. For that the gate has to see $x_t$, which takes a matrix of its own.
