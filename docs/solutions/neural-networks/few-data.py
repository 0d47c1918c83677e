# %% [markdown]
# # Answers: few data, and how sure to be

# %% [markdown]
# ## Exercise 1
#
# An ensemble lowers the variance; the bias stays what it was, since the average of several predictions has the same mean. A stronger
# penalty lowers the variance and raises the bias. More examples lower the variance, and leave the bias about where it was (of a model
# that stays the same: one would choose a weaker penalty for more examples, which lowers the bias as well).
#
# ## Exercise 2
#
# The mean is 3, so the squared bias is 1. The variance is $(4 + 0 + 0 + 4) / 4 = 2$. The squared errors are 9, 1, 1 and 1, their mean is
# 3, and $1 + 2 = 3$.

# %%
predictions, truth = [1, 3, 3, 5], 4
mean = sum(predictions) / 4
bias_2 = (mean - truth)**2
variance = sum((p - mean)**2 for p in predictions) / 4
error = sum((p - truth)**2 for p in predictions) / 4
print(f"bias^2 {bias_2} + variance {variance} = {error}")
assert bias_2 + variance == error

# %% [markdown]
# ## Exercise 3
#
# $e^2 / (e^2 + 1) \approx 0.88$ at $\tau = 1$ and $e / (e + 1) \approx 0.73$ at $\tau = 2$. As $\tau$ grows, all quotients $z_c / \tau$ go to
# zero and all classes to the same probability.
#
# ## Exercise 4
#
# The variance of a sum is the sum of all variances and covariances: $M v + M (M - 1)\, c$. The average is the sum divided by $M$, so its
# variance is divided by $M^2$:
#
# $$
# \frac{v}{M} + \frac{M - 1}{M}\, c = c + \frac{v - c}{M} .
# $$
#
# If the members differ little, $c$ is nearly $v$, and averaging leaves nearly all of the variance. Networks trained on the same examples
# share what these examples have in common by chance; only the part that comes from their starts is averaged away.
#
# ## Exercise 5
#
# Let member $m$ give the right class the probability $q_m$. Minus the logarithm is a convex function: it lies below its chords, so its
# value at a mean is at most the mean of its values (Jensen's inequality),
#
# $$
# -\log \frac1M \sum_{m=1}^{M} q_m \;\le\; \frac1M \sum_{m=1}^{M} -\log q_m ,
# $$
#
# for each example, and so for their mean. Since the logarithm is strictly curved, they are equal only if all members give the right
# class the same probability, on every example.
#
# ## Exercise 6

# %%
--8<-- "neural-networks/cross_validation.py:model"

# %%
misses = {5: [], n: []}
for seed in range(60):
    rows = np.random.default_rng(seed).permutation(len(X))
    mine, others = rows[:n], rows[n:]
    for count in misses:
        parts = np.split(mine, count)
        # every part has the same size, so the mean of the means will do
        held_out = [accuracy(np.setdiff1d(mine, part), part)
                    for part in parts]
        misses[count].append(np.mean(held_out) - accuracy(mine, others))
results = {"five": {}, "all": {}}
for name, count in (("five", 5), ("all", n)):
    miss = 100 * np.array(misses[count])
    results[name] = {"mean": miss.mean(), "deviation": miss.std()}
    print(f"{count:3} parts: mean {miss.mean():+.1f} points, "
          f"standard deviation {miss.std():.1f}")

# %% [markdown]
# Leaving out one digit at a time trains on nearly all of them, so the estimate is hardly too low any more: {{ all.mean:+.1f}} points on
# average, against {{ five.mean:+.1f}} with five parts. Its standard deviation is {{ all.deviation:.1f}} points, against
# {{ five.deviation:.1f}}: the luck that remains is that of the sixty digits themselves, and no way of cutting them up removes it.
#
# ## Exercise 7

# %%
--8<-- "neural-networks/few_data.py:data"

# %%
--8<-- "neural-networks/few_data.py:train"

# %%
--8<-- "neural-networks/few_data.py:score"

# %%
--8<-- "neural-networks/few_data.py:temperature"

# %%
# The same networks (the same seed), asked about noisy copies of the test
# digits. `train` answers for all rows of X, so we put the copies there;
# training looks at the first thousand rows only.
X[1000:] += 0.3 * torch.randn_like(X[1000:])
torch.manual_seed(1)
noisy = score((train(labelled) / taus[:, None, None])
              .log_softmax(2)[:, 1000:])
clean = score(cooled[:, 1000:])
for name, row in (("clean", clean), ("noisy", noisy)):
    results[name] = {"accuracy": row["accuracy"].mean().item(),
                     "gap": 100 * row["gap"].mean().item()}
    print(f"{name}: accuracy {row['accuracy'].mean():.3f}, "
          f"sure - right {row['gap'].mean():+.3f}, with its temperature")

# %% [markdown]
# On clean test digits the network with its temperature is right in {{ clean.accuracy:.0%}} of the cases, and its probabilities are off by
# {{ clean.gap:+.1f}} points on average. On noisy ones it is right in {{ noisy.accuracy:.0%}}, and they are off by {{ noisy.gap:+.1f}}
# points: it is wrong more often without noticing it enough. A temperature is chosen *for* some kind of data.
#
# ## Exercise 8
#
# Leave out one patient at a time: five parts, each with all examples of one patient. The penalty is the one with the best average over
# these parts; the temperature is chosen on the logits that the left-out patients got. The five scores say how much patients differ, and
# the sixth should be expected to lie as far off as they do. For a number to report, the whole choice has to be repeated inside of each
# outer part (with the four other patients only), so that the left-out patient has taken no part in it. Five patients are few: the
# spread of five numbers is itself a rough guess, and a mean over 100 examples with a small standard error would only pretend otherwise.
