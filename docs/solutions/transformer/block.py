# %% [markdown]
# # Answers: the block
#
# Exercise 6 uses the block of [the page](../../transformer/block.md), exercise 7 its network with positions.

# %% [markdown]
# ## Exercise 1
#
# Only attention exchanges information between tokens. Nothing exchanges any between the sequences of a batch.

# %% [markdown]
# ## Exercise 2
#
# The mean of $(2, 2, 2, 6)$ is 3, the variance $(1 + 1 + 1 + 9)/4 = 3$, the result $(-1, -1, -1, 3)/\sqrt 3 = (-0.58, -0.58, -0.58, 1.73)$. $(2, 2, 2, 2)$ has the variance 0; thanks to $\epsilon$ the result is $0/\sqrt\epsilon = 0$ and not $0/0$.

# %% [markdown]
# ## Exercise 3
#
# Attention: $4 E^2 + 4E = 2\,362\,368$. MLP: $2 E M + M + E = 4\,722\,432$. Two norms: $4E = 3072$. Together $7\,087\,872$, and twelve blocks $85\,054\,464$: most of the small GPT-2, the rest of which is its table of tokens and positions.

# %% [markdown]
# ## Exercise 4
#
# A constant $c$ is added to the mean as well, and cancels in $x - \text{mean}$, in numerator and variance. A factor $a > 0$ multiplies $x - \text{mean}$ by $a$ and the deviation by $a$, and cancels in the quotient.

# %% [markdown]
# ## Exercise 5
#
# $R_{\alpha t}\, q \cdot R_{\alpha s}\, k = q^\top R_{\alpha t}^\top R_{\alpha s}\, k = q^\top R_{\alpha s - \alpha t}\, k = q \cdot R_{\alpha (s - t)}\, k$. The identity used says that turning back by $\alpha t$ and on by $\alpha s$ is turning by the difference.

# %% [markdown]
# ## Exercise 6

# %%
--8<-- "transformer/block.py:norm"

# %%
--8<-- "transformer/block.py:parts"

# %%
--8<-- "transformer/block.py:block"

# %%
token_norm = layer_norm


def sequence_norm(X, scale, shift, eps=1e-5):
    mean = X.mean((-1, -2), keepdim=True)
    variance = X.var((-1, -2), keepdim=True, correction=0)
    return (X - mean) / (variance + eps).sqrt() * scale + shift


layer = nn.TransformerEncoderLayer(12, 3, 48, dropout=0.0)
p = dict(layer.named_parameters())
X = torch.randn(1, 6, 12)
future = X.clone()
future[0, 4:] = torch.randn(2, 12)
causal = torch.ones(6, 6).tril().bool()
results = {}
for name, norm in (("token", token_norm), ("sequence", sequence_norm)):
    layer_norm = norm  # block calls it by this name
    with torch.no_grad():
        gap = block(X, p, 3, True, causal) - block(future, p, 3, True, causal)
    results[name] = gap[0, :4].abs().max().item()
    print(f"norm over the {name}: earlier outputs change by "
          f"{results[name]:.0e}")

# %% [markdown]
# No: with a mean over the sequence the tokens before the change move by up to {{ sequence:.2f}}. The mask is right and the future comes in all the same. A test like this one finds it; the training loss would only look surprisingly good.

# %% [markdown]
# ## Exercise 7

# %%
--8<-- "transformer/positions.py:waves"

# %%
--8<-- "transformer/positions.py:task"

# %%
--8<-- "transformer/positions.py:model"

# %%
torch.set_default_dtype(torch.float32)
torch.manual_seed(0)
model = Network("learned")
optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
for step in range(500):
    X, y = draw(8, "previous")
    loss = F.cross_entropy(model(X).flatten(0, 1), y.flatten())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
for T in (8, 4):
    X, y = draw(T, "previous", 500)
    with torch.no_grad():
        right = (model(X).argmax(2) == y).all(1).float().mean().item()
    results[f"T_{T}"] = right
    print(f"rows of {T} letters all right: {right:.2f}")

# %% [markdown]
# At 8 letters {{ T_8:.0%}} of the rows are right, at 4 letters {{ T_4:.0%}}. The positions of the first four letters were all trained, and fewer keys compete in the softmax: going shorter is not the same as going longer.

# %% [markdown]
# ## Exercise 8
#
# The MLPs hold two thirds of the weights and are a first guess. One would take out (or freeze to their mean) the MLP of one block after the other and measure which kinds of answers get worse, compare with taking out attentions, and with taking out a part of equal size at random. Finding a unit that is active at the right moments is a hint only; without the intervention it may be a bystander.
