# %% [markdown]
# # Answers: language modelling
#
# These are the counting models of the page; nothing here trains a network.

# %%
--8<-- "rnn/language_modelling.py:data"

# %%
--8<-- "rnn/language_modelling.py:counts"

# %%
--8<-- "rnn/language_modelling.py:ngrams"
results = {}

# %% [markdown]
# ## Exercise 1
#
# One character with probability zero that occurs after all costs $-\log_2 0 = \infty$ bits, whatever else the model knows. It would also be wrong: what has not been seen in a whole play may come next.

# %% [markdown]
# ## Exercise 2
#
# $1 + 2 + 3 = 6$ bits for three characters: 2 bits each, and a perplexity of $2^2 = 4$.

# %% [markdown]
# ## Exercise 3
#
# With $N_1 = 10$, $N_2 = 5$, $N_3 = 3$, $N_4 = 2$ we get $y = 10 / (10 + 10) = 1/2$, and then $d(1) = 1 - 2 \cdot \tfrac12 \cdot \tfrac{5}{10}$, $d(2) = 2 - 3 \cdot \tfrac12 \cdot \tfrac35$ and
# $d(3) = 3 - 4 \cdot \tfrac12 \cdot \tfrac23$:

# %%
n = {1: 10, 2: 5, 3: 3, 4: 2}
y = n[1] / (n[1] + 2 * n[2])
print([round(i - (i + 1) * y * n[i + 1] / n[i], 2) for i in (1, 2, 3)])

# %% [markdown]
# ## Exercise 4
#
# Sum the numerator over all $x$. The counts give $\sum_x N(cx) = N(c)$, the discounts give $-\sum_x d(N(cx)) = -\gamma(c)$, since $d(0) = 0$, and the last term gives $\gamma(c) \sum_x p_{k-1}(x \mid c') = \gamma(c)$. What is left is $N(c)$, and
# divided by $N(c)$ it is 1. If $c$ is new, $p_k = p_{k-1}$ and there is nothing to show. Since $p_0$ sums to 1, so do all. We check it for a context of each length:

# %%
for n in orders:
    context = "To be, or not"[:n - 1]
    print(n, round(sum(ngrams[n].probability(context, c)
                       for c in alphabet), 9))

# %% [markdown]
# ## Exercise 5

# %%
class OneDiscount(NGram):
    def __init__(self, text, n):
        super().__init__(text, n)
        for k, counts in self.counts.items():
            once = sum(c == 1 for c in counts.values())
            twice = sum(c == 2 for c in counts.values())
            y = once / (once + 2 * twice) if twice else 0.5
            self.discount[k] = [0.0, y, y, y]
            self.taken[k] = Counter()
            for gram in counts:
                self.taken[k][gram[:-1]] += y


for n in (3, 6):
    one = bits(chances(OneDiscount(train_text, n), test_text))
    results[f"lost_{n}"] = one - test_bits[n - 1]
    print(f"order {n}: {test_bits[n - 1]:.3f} with three discounts, "
          f"{one:.3f} with one")

# %% [markdown]
# One discount costs {{ lost_3:.3f}} bits at order 3 and {{ lost_6:.3f}} at order 6. Long pieces are mostly seen once or twice, and that is where the three discounts differ; a short piece has been seen often, and then a discount hardly matters.

# %% [markdown]
# ## Exercise 6

# %%
for name, part in (("tenth", 0.1), ("third", 1 / 3), ("all", 1.0)):
    model = NGram(train_text[:int(part * len(train_text))], 6)
    results[name] = bits(chances(model, test_text))
    print(f"{name}: {results[name]:.3f} bits")

# %% [markdown]
# From a tenth to a third of the text the surprise falls from {{ tenth:.2f}} to {{ third:.2f}} bits, and with all of it to {{ all:.2f}}. Each threefold of text takes away a good part of a bit: pieces that were new become known. The end of that is not in sight here.

# %% [markdown]
# ## Exercise 7

# %%
short, valid_short = (chances(ngrams[3], part) for part in (test_text, valid_text))
valid_counted = chances(ngrams[best], valid_text)
share = min((i / 10 for i in range(11)), key=lambda s: bits(
    s * valid_short + (1 - s) * valid_counted))
results |= {"share": share, "half": bits((counted + short) / 2),
            "two_counts": bits(share * short + (1 - share) * counted),
            "alone": test_bits[best - 1]}
print(f"order {best} alone: {results['alone']:.3f}; with {share:.0%} of order "
      f"3: {results['two_counts']:.3f}; half and half: {results['half']:.3f}")

# %% [markdown]
# Next to nothing. The validation text gives the shorter model a share of {{ share:.0%}}, and the mixture needs {{ two_counts:.3f}} bits, the longer model alone {{ alone:.3f}}; half and half it would be {{ half:.3f}}. The longer model already contains the shorter one and uses it where its own counts are thin. A second model is not enough; the network, which is of another kind, does help.

# %% [markdown]
# ## Exercise 8
#
# Let a small network see the context, or only a few facts about it (how often the longest known context was seen, how many different characters came after it, how sure either model is), and put out one number, through a sigmoid the share. Its loss is the surprise of the mixture,
# so it can be trained by gradient descent, but on text that neither model was trained on: on their own text both are far too sure of themselves. The validation part serves. In places with a well-known context it will learn to trust the counts, elsewhere the network.
