# %% [markdown]
# # Answers: schedules
#
# Exercises 6 and 7 use the parabola with noise of [the page](../../neural-networks/schedules.md).

# %% [markdown]
# ## Exercise 1
#
# A falling rate: costs nothing, but one must know the end in advance. Averaging the weights: memory for a second set of weights. A larger batch: more work for each step.

# %% [markdown]
# ## Exercise 2
#
# $v_\infty = 0.1 \cdot 9 / (9 \cdot 2 \cdot (2 - 0.2)) = 0.9 / 32.4 = 0.0278$. With four times the batch a quarter of it, $0.0069$.

# %% [markdown]
# ## Exercise 3
#
# $0.1$; $0.05\,(1 + \cos 45°) = 0.0854$; $0.05$; $0.05\,(1 - \cos 45°) = 0.0146$. The cosine's mean over half a wave is zero, so the mean rate is $0.05$.

# %% [markdown]
# ## Exercise 4
#
# For $\eta a \ge 2$ we have $1 - \eta a \le -1$, so $(1 - \eta a)^2 \ge 1$: the first term is at least $v$, and the second adds $\eta^2 s^2 / B > 0$ at every step. So $v$ grows by at least that amount each time.

# %% [markdown]
# ## Exercise 5
#
# With $1 - \eta_t a = t / (t + 1)$ a step is $w_{t+1} = \frac{t}{t+1} w_t - \frac{1}{a (t+1)} \varepsilon_t$. At $t = 0$ it gives $w_1 = -\varepsilon_0 / a$. Suppose $w_t = -\frac{1}{a t} \sum_{i<t} \varepsilon_i$. Then
#
# $$
# w_{t+1} = -\frac{1}{a (t+1)} \sum_{i<t} \varepsilon_i - \frac{1}{a (t+1)}\, \varepsilon_t = -\frac{1}{a (t+1)} \sum_{i<t+1} \varepsilon_i .
# $$
#
# A mean of $t$ independent numbers of variance $s^2/B$ has the variance $s^2 / (B t)$, so the mean square is $s^2 / (a^2 B\, t)$. The start is forgotten after one step: this works because we knew the curvature.

# %% [markdown]
# ## Exercise 6

# %%
--8<-- "neural-networks/noise_floor.py:walk"

# %%
--8<-- "neural-networks/noise_floor.py:plans"

# %%
peaks = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0]
results = {}
for T in (300, 900):
    row = {name: min(expected_loss(rates(lr), [1.0, 0.02]) for lr in peaks)
           for name, rates in [
               ("constant", lambda lr: constant(lr, T)),
               ("planned", lambda lr: cosine(lr, T)),
               ("cut", lambda lr: cosine(lr, 2 * T)[:T])]}
    results[f"steps_{T}"] = row
    print(f"{T} steps: " + ", ".join(f"{name} {loss:.4f}"
                                     for name, loss in row.items()))

# %% [markdown]
# All three are trained for the same number of steps, in the ravine of the page. Yes: the cosine that was planned for twice the time and cut off ends at {{ steps_300.cut:.3f}}, the constant rate at {{ steps_300.constant:.3f}}, the one planned for this time at {{ steps_300.planned:.3f}}. Cut off at half its peak, it has most of the lead already, after 900 steps as well; the rest is what its end would have brought.

# %% [markdown]
# ## Exercise 7

# %%
torch.manual_seed(0)
path = walk([0.2] * 400)
results["last"] = path[-1].square().mean().item()
print(f"last weight alone: {results['last']:.4f}")
for share in (10, 25, 75):
    mean = path[-400 * share // 100:].mean(0)
    results[f"part_{share}"] = mean.square().mean().item()
    print(f"mean of the last {share} %: {results[f'part_{share}']:.4f}")

# %% [markdown]
# The mean square falls from {{ last:.3f}} for the last weight to {{ part_10:.4f}}, {{ part_25:.4f}} and {{ part_75:.4f}}: the more steps, the better, as long as the average begins after the walk has arrived.

# %% [markdown]
# ## Exercise 8
#
# A constant rate with averaging, or a rate that stays constant for most of the time and falls only at the end: both can be stopped at any time after a short extra run. Keep the weights, the optimiser's running means and the state of the random numbers every so often; to stop, go back to the last such point and let the rate fall from there, or take the average. A cosine would have to know the end.
