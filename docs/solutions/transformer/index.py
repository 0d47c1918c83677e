# %% [markdown]
# # Answers: attention
#
# Exercises 6 and 7 train the network that looks things up on [the page](../../transformer/index.md).

# %% [markdown]
# ## Exercise 1
#
# In translation the query is computed from the decoder's state, and keys and values from the encoder's states: the output asks the input. In self-attention all three are computed from the same tokens, by three layers of weights.

# %% [markdown]
# ## Exercise 2
#
# The new score is 0. The exponentials are $4.113, 1, 4.113, 1$, their sum $10.226$; the weights are $0.402, 0.098, 0.402, 0.098$. The output is $(0.402 + 4 \cdot 0.402 + 8 \cdot 0.098,\; 0.098 + 4 \cdot 0.402 + 8 \cdot 0.098) = (2.79, 2.49)$. A key of zeros fits nothing and still gets a tenth of the weight: a softmax cannot say "none of these".

# %% [markdown]
# ## Exercise 3
#
# Parameters: $4 \cdot 512^2 + 4 \cdot 512 = 1\,050\,624$; the number of heads plays no part. Multiplications: the four layers take $4 \cdot 100 \cdot 512^2 = 104\,857\,600$, scores and means $2 \cdot 100^2 \cdot 512 = 10\,240\,000$ (eight heads of 64 numbers each), together $115\,097\,600$. At this length the layers cost ten times as much as the looking.

# %% [markdown]
# ## Exercise 4
#
# The scores of the permuted tokens are $P Q (P K)^\top = P Q K^\top P^\top$: rows and columns exchanged alike. The softmax works in each row and does not care about the order within it, so the weights are $P W P^\top$. Then $P W P^\top P V = P W V$, since $P^\top P = I$.

# %% [markdown]
# ## Exercise 5
#
# $q \cdot (k_s + c) = q \cdot k_s + q \cdot c$, and the second term is the same for all $s$: it cancels in the softmax. The bias of the keys' layer is such a $c$. It has no effect, and its gradient is always zero; some implementations leave it out.

# %% [markdown]
# ## Exercise 6

# %%
--8<-- "transformer/lookup.py:task"

# %%
--8<-- "transformer/lookup.py:attention"

# %%
--8<-- "transformer/lookup.py:train"

# %%
results = {}
share, model = train(Attention, 8, 300, seed=0)
keys, values, question, answer = draw(8, 2000)
keys[:, 1] = keys[:, 0]                       # two pairs of the same key
with torch.no_grad():
    said = model(keys, values, keys[:, 0]).argmax(1)
    weights = model.weights[:, :2]
one, two = (said == values[:, 0]), (said == values[:, 1])
results["either"] = (one | two).float().mean().item()
results["apart"] = (weights[:, 0] - weights[:, 1]).abs().max().item()
print(f"weights of the two differ by at most {results['apart']:.0e}")
print(f"says one of the two values: {results['either']:.2f}")

# %% [markdown]
# Equal keys get equal weights, so the output is half the one value and half the other. The last layer then names one of the two in {{ either:.0%}} of the cases: which one depends on the two values and not on their order.

# %% [markdown]
# ## Exercise 7

# %%
class Undivided(Attention):
    def forward(self, keys, values, question):
        Q = self.query(self.letter(question))[:, None]
        K = self.key(self.letter(keys))
        weights = (Q @ K.transpose(1, 2)).softmax(-1)
        return self.out((weights @ self.value(values))[:, 0])


results["undivided"] = [train(Undivided, 8, 300, seed)[0] for seed in range(3)]
print("without division:", [round(s, 3) for s in results["undivided"]])

# %% [markdown]
# It is learned all the same ({{ undivided.0:.1%}}, {{ undivided.1:.1%}} and {{ undivided.2:.1%}}). The argument of the page is about random numbers of variance 1 in query and key. Layers start with smaller weights than that, and they can learn their scale. The division makes the spread of the scores at the start independent of the size; whether that is needed at larger $E$ or with many layers, these runs do not tell.

# %% [markdown]
# ## Exercise 8
#
# Look only at the nearest tokens (a window), at a few chosen ones, or replace the softmax by a product that can be summed up once (then the cost grows with $T$, and what is kept is a state of fixed size, as in a recurrent network). Each gives up exact looking-up of anything anywhere, which is what the experiment of the page shows attention to be good at.
