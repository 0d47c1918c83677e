# %% [markdown]
# # Answers: translation
#
# Number words, translator and training are those of
# [the page](../../lstm/translation.md). The fourth answer trains two
# translators.

# %%
--8<-- "lstm/translation.py:data"


--8<-- "lstm/translation.py:vocabulary"


--8<-- "lstm/translation.py:model"


--8<-- "lstm/translation.py:training"


--8<-- "lstm/translation.py:translate"


--8<-- "lstm/translation.py:measures"


results = {}

# %% [markdown]
# ## Exercise 1
#
# The scores are $2, 0, 0$ and $e^2 = 7.39$, so the weights are
# $7.39 / 9.39 = 0.79$ and twice $0.11$. The decoder looks at the first key.

# %%
query = torch.tensor([1.0, 0])
keys = torch.tensor([[2.0, 0], [0, 3], [0, 0]])
print((keys @ query).softmax(0))

# %% [markdown]
# ## Exercise 2
#
# All three words are in the reference: a share of 1. Of the two pairs,
# "le chat" is and "chat noir" is not: 1/2. The brevity penalty is
# $e^{1 - 4/3} = 0.72$.

# %%
guess, reference = "le chat noir".split(), "le chat est noir".split()
for n in (1, 2):
    grams, truth = (Counter(zip(*(words[i:] for i in range(n))))
                    for words in (guess, reference))
    print(f"pieces of {n}:", (grams & truth).total(), "of", grams.total())
print(f"brevity penalty {math.exp(1 - len(reference) / len(guess)):.2f}")

# %% [markdown]
# ## Exercise 3
#
# The library divides the scores by $\sqrt{H}$, so we multiply the queries by
# it first. The keys are the values, too. An untrained translator will do.

# %%
torch.manual_seed(0)
source, target = (Vocabulary(side) for side in zip(*train_pairs))
model = Translator(source, target, True).eval()
with torch.no_grad():
    keys, real, state = model.encode(
        *source.encode([english for english, _ in test_pairs[:5]]))
    word = torch.full((5, 1), START)
    queries, _ = model.decoder(model.write(word), state)
    _, weights, _ = model.decode(word, keys, real, state)
    H = queries.shape[-1]
    theirs = F.scaled_dot_product_attention(
        queries * H**0.5, keys, keys, attn_mask=real[:, None])
gap = (weights @ keys - theirs).abs().max().item()
print(f"largest difference {gap:.0e}")
assert gap < 1e-5

# %% [markdown]
# ## Exercise 4
#
# We train on 4000 numbers of up to 12 words, and on 4000 of up to 16, with
# 250 steps and batches of 48. Both translators are
# asked for numbers that neither has seen.

# %%
up_to_16 = [p for p in pairs if len(p[0]) <= 16][:4000]
translators = {12: train(train_pairs, True, 250, batch=48),
               16: train(up_to_16, True, 250, batch=48)}
seen = {" ".join(s) for s, _ in train_pairs + up_to_16}
fresh = [p for p in pairs if " ".join(p[0]) not in seen]
lengths = (12, 14, 16, 17, 19, 22)
print("words   " + "".join(f"{length:7}" for length in lengths))
for longest, model in translators.items():
    row = [exact(model, [p for p in fresh if len(p[0]) == length][:200])
           for length in lengths]
    results[f"up_to_{longest}"] = dict(zip(map(str, lengths), row))
    print(f"up to {longest}" + "".join(f"{score:7.3f}" for score in row))

# %% [markdown]
# With examples of up to 16 words the translator is right on
# {{ up_to_16.19:.0%}} of the numbers with 19 words and on
# {{ up_to_16.22:.0%}} of those with 22; trained on up to 12 words it gets
# {{ up_to_12.19:.0%}} and {{ up_to_12.22:.0%}}. (One run of each.) It has not
# learned the rule either: at 22 words it makes more mistakes than at 12. It
# has learned a longer range, and stays good some words beyond its end.
#
# The length is not the whole story. The translator that was trained on up to
# 12 words does better at 17 ({{ up_to_12.17:.0%}}) than at 16
# ({{ up_to_12.16:.0%}}): what counts as well is what a number is made of, as
# [the page](../../lstm/translation.md#where-it-fails-longer-and-of-a-rare-shape)
# shows.

# %% [markdown]
# ## Exercise 5
#
# Each score $q_t \cdot (k_s + v) = q_t \cdot k_s + q_t \cdot v$ grows by the same number, so that numerator and denominator of the softmax
# are multiplied by the same factor $e^{q_t \cdot v}$, which cancels. The context is $\sum_s \alpha_{t,s} (k_s + v) = m_t + v$, since the weights sum to 1.

# %%
keys, q, v = torch.randn(3, 2), torch.randn(2), torch.randn(2)
before, after = (keys @ q).softmax(0), ((keys + v) @ q).softmax(0)
shift = after @ (keys + v) - before @ keys - v
print(f"{(after - before).abs().max():.0e} {shift.abs().max():.0e}")

# %% [markdown]
# ## Exercise 6
#
# The products are $0.5 \cdot 0.4 = 0.20$, $0.3 \cdot 0.8 = 0.24$ and $0.2 \cdot 0.9 = 0.18$. Greedy search finds 0.20; a beam of two keeps "a" and "b" and finds 0.24, the best; a beam of three finds no better.

# %% [markdown]
# ## Exercise 7
#
# By induction: if the beam holds all sequences of length $t - 1$, the best $K$ continuations contain all sequences of length $t$ as long as $K$ is at least their number. So at length $T - 1$ it holds all of them, looks at every continuation, and takes the likeliest.

# %% [markdown]
# ## Exercise 8
#
# Divide the log-probability by the length, or by a power of it, or add a bonus for each word. Choose the power by BLEU on validation sentences, not by probability, since the probability is what is being corrected. A model whose probability of the end were right would need no correction.
