# %% [markdown]
# # Answers: self-supervised learning
#
# Exercises 6 and 7 train the networks of [the page](../../self-supervised/index.md), for 30 steps each.

# %% [markdown]
# ## Exercise 1
#
# The classes are the other views of the batch, $2B - 1$ of them. The right one is the view that was made from the same image; the program made it, so it knows.

# %% [markdown]
# ## Exercise 2
#
# The scores are $\cos 60° / 0.5 = 1$ for the partner at 150 degrees, $\cos 90° / 0.5 = 0$ for the view at 0 degrees and $\cos 60° / 0.5 = 1$ for that at 30 degrees. The partner is picked with probability $2.718 / (2.718 + 1 + 2.718) = 0.422$, and the loss is $0.862$. The partner is further away than that of the first view, and a view of the other image is as near as the partner.

# %% [markdown]
# ## Exercise 3
#
# $\log(2 \cdot 64 - 1) = \log 127 = 4.844$. With cosines of 1 and $-1$ the scores are 2 and $-2$, and the loss would be $\log(1 + 126\, e^{-4}) = 1.196$. But if $z_2 = -z_1$ and $z_3 = -z_1$, then $z_2 = z_3$: no more than two images can be opposite to each other.

# %% [markdown]
# ## Exercise 4
#
# $0 \le \lVert \sum_i z_i \rVert^2 = \sum_i \lVert z_i \rVert^2 + \sum_{i \ne k} z_i \cdot z_k = N + \sum_{i \ne k} z_i \cdot z_k$. So the sum over the $N(N-1)$ pairs is at least $-N$, and its mean at least $-1/(N-1)$.

# %% [markdown]
# ## Exercise 5
#
# Write $d_k = z_i \cdot z_k - z_i \cdot z_{p(i)}$. Then $\ell_i = \log \sum_{k \ne i} e^{d_k / \tau}$. With $d = \max_k d_k$, the sum lies between $e^{d/\tau}$ and $(2B-1)\, e^{d/\tau}$, so $d \le \tau \ell_i \le d + \tau \log(2B - 1)$, and the last term goes to zero. The partner itself has $d_k = 0$, so $d \ge 0$.

# %% [markdown]
# ## Exercise 6

# %%
--8<-- "self-supervised/collapse.py:data"

# %%
--8<-- "self-supervised/collapse.py:networks"

# %%
--8<-- "self-supervised/collapse.py:losses"

# %%
--8<-- "self-supervised/collapse.py:train"

# %%
--8<-- "self-supervised/collapse.py:measure"

# %%
results = {}
for name, stop in (("without", False), ("with", True)):
    rows = measure(*train(negatives=False, head="normalised", stop=stop,
                          steps=30))
    results[name] = {what: sum(row) / R for what, row in zip(
        ("spread", "dimensions", "accuracy"), rows)}
    print(f"{name:8} stop-gradient: " + ", ".join(
        f"{what} {value:.2f}" for what, value in results[name].items()))

# %% [markdown]
# No, not in these short runs. The spread is {{ with.spread:.2f}} with stop-gradient and predictor and {{ without.spread:.2f}} without, the accuracy {{ with.accuracy:.2f}} and {{ without.accuracy:.2f}}. It is the normalisation that forbids the single point. Both use few dimensions.

# %% [markdown]
# ## Exercise 7

# %%
full = with_negatives
for name, tau in (("small", 0.1), ("large", 2.0)):
    def with_negatives(z, other, tau=tau):
        return full(z, other, tau)

    rows = measure(*train(steps=30))
    results[name] = {what: sum(row) / R for what, row in zip(
        ("spread", "dimensions", "accuracy"), rows)}
    print(f"temperature {tau}: " + ", ".join(
        f"{what} {value:.2f}" for what, value in results[name].items()))

# %% [markdown]
# With $\tau = 0.1$ the projections spread {{ small.spread:.2f}} over {{ small.dimensions:.1f}} dimensions and the probe reads {{ small.accuracy:.2f}}; with $\tau = 2$ they are {{ large.spread:.2f}}, {{ large.dimensions:.1f}} and {{ large.accuracy:.2f}}. A small temperature pushes mainly the nearest few apart, and here the projections use more dimensions.

# %% [markdown]
# ## Exercise 8
#
# Views may be two stretches of the same recording, one with other noise, loudness or speed, or two nights of one bird. What changes must not change the kind: pitch often says which bird it is, so the pitch must stay. The rivals are the hundred labels *with the same changes*, and nearest neighbours on a good hand-made description (spectra); over several draws of the hundred, split by recording place.
