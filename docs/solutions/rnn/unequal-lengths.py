# %% [markdown]
# # Answers: sequences of unequal lengths
#
# The recordings and the batch are those of
# [the page](../../rnn/unequal-lengths.md). Nothing is trained here.

# %%
--8<-- "rnn/unequal_lengths.py:data"
--8<-- "rnn/unequal_lengths.py:pad"
results = {}

# %% [markdown]
# ## Exercise 1
#
# The rectangle has $3 \cdot 10 = 30$ places and 18 of them are real: 12 of
# 30, or 40%, are padding. Three sequences run for three steps, two for two
# more and one for the last five.

# %%
three = [torch.zeros(n, 1) for n in (3, 5, 10)]
small = pack_padded_sequence(
    pad_sequence(three, batch_first=True), torch.tensor([3, 5, 10]),
    batch_first=True, enforce_sorted=False)
print("batch sizes", small.batch_sizes.tolist())

# %% [markdown]
# ## Exercise 2
#
# Row $i$ of the batch has its last real state at step `lengths[i] - 1`. We
# compare with the last states that PyTorch returns for the packed batch,
# with a layer that reads forwards only.

# %%
def last_real(states, lengths):
    """States (B, T, H), lengths (B) -> the last real state (B, H)."""
    return states[torch.arange(len(states)), lengths - 1]


torch.manual_seed(0)
forwards = nn.GRU(12, 16, batch_first=True)
with torch.no_grad():
    _, last = forwards(packed)
    states, _ = forwards(padded)
gap = (last_real(states, lengths) - last[0]).abs().max().item()
naive = (states[:, -1] - last[0]).abs().max().item()
print(f"last_real: largest difference from packing {gap:.0e}")
print(f"states[:, -1]: largest difference {naive:.0e}")
assert gap < 1e-5

# %% [markdown]
# `last_real` agrees with packing up to rounding; `states[:, -1]` does not.
# For a backward layer it is of no use: its states have begun in the padding
# and carry it along to every step.

# %% [markdown]
# ## Exercise 3
#
# We cut batches of 30 in both ways and count the padding; for the random
# batches we take the mean of ten shuffles. As for the price, we also count
# how many of the nine speakers an average batch contains.

# %%
long = torch.tensor([len(x) for x in train_X])


def cut(rows):
    """Batches of 30 -> share of padding, speakers in a batch."""
    batches = rows.split(30)
    room = sum(len(b) * long[b].max() for b in batches)
    speakers = sum(len(train_y[b].unique()) for b in batches) / len(batches)
    return 1 - (long.sum() / room).item(), speakers


by_chance = [cut(torch.randperm(len(long))) for _ in range(10)]
results["random"] = [sum(column) / 10 for column in zip(*by_chance)]
results["sorted"] = cut(long.argsort(stable=True))
for name in ("random", "sorted"):
    padding, speakers = results[name]
    print(f"{name:6} {padding:.0%} padding, {speakers:.1f} speakers a batch")

# %% [markdown]
# Sorting leaves {{ sorted.0:.0%}} padding in place of {{ random.0:.0%}}. The
# price: batches are no longer random samples. Length and class go together
# here (some men's vowels are longer), so that a sorted batch contains
# {{ sorted.1:.1f}} of the nine speakers on average and a random one
# {{ random.1:.1f}}. A one-sided batch has a one-sided gradient, and the same
# recordings meet in every epoch. In practice one shuffles, and sorts within
# large random groups only.

# %% [markdown]
# ## Exercise 4
#
# Reading forwards, the state at a real step depends on this step and the
# steps before it, and all padding comes after the real steps. It can spoil
# only states that the mask leaves out. The layer of exercise 2, on the padded
# batch and on each sequence alone:

# %%
with torch.no_grad():
    worst = max((states[i, :len(x)] - forwards(x[None])[0][0]).abs().max()
                .item() for i, x in enumerate(some))
print(f"largest difference at real steps: {worst:.0e}")
assert worst < 1e-5

# %% [markdown]
# It saves correctness, not time: the layer still computes the padded steps.

# %% [markdown]
# ## Exercise 5
#
# At the steps 1 to 4 there are 4, 3, 1 and 1 sequences left: 9 states. The rectangle has $4 \cdot 4 = 16$.

# %% [markdown]
# ## Exercise 6
#
# Over all real steps each has the weight $1/10$. As a mean of means a step of the short sequence has $\tfrac12 \cdot \tfrac12 = 1/4$, one of the long sequence $\tfrac12 \cdot \tfrac18 = 1/16$. If the steps are what is judged (a label for each word), the first; if the sequences are (one verdict for each text), the second.

# %% [markdown]
# ## Exercise 7
#
# The padded steps are $B$ times the sum of the longest lengths of the batches, so compare these sums. Order the batches of *any* division by their longest sequence, from the longest down. The first $k - 1$ batches hold $(k - 1) B$ sequences, so at least one of the $(k - 1) B + 1$ longest lies in the $k$-th batch or later, and the longest of batch $k$ is at least the $((k - 1) B + 1)$-th longest of all. In the sorted division it is exactly that one. So each term of its sum is the smallest possible.

# %% [markdown]
# ## Exercise 8
#
# Put sequences of like length together, with many short ones in a batch and few long ones (a budget of steps for a batch, not of sequences), in random order of batches. Cut the long ones into pieces if the task allows it. Watch that the loss weighs steps as intended, that the learning rate suits batches of such different sizes, and that length and class are not mixed up: batches that are all of one class train badly.
