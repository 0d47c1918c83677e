# %% [markdown]
# # Answers: time-series forecasting
#
# The weather and the share of the page; a few small networks are trained, in about ten seconds.

# %%
--8<-- "lstm/time_series_forecasting.py:data"

# %%
--8<-- "lstm/time_series_forecasting.py:windows"

# %%
--8<-- "lstm/time_series_forecasting.py:model"
results = {}

# %% [markdown]
# ## Exercise 1
#
# The yearly wave, the spread by which each measurement is divided, and the weights or numbers of the models.

# %% [markdown]
# ## Exercise 2
#
# The error of persistence on the same days, and the share of days on which the direction is right. Forecast and price both follow the same slow curve, so that their correlation is close to 1 for any forecast that stays near the last price.

# %% [markdown]
# ## Exercise 3
#
# To see what the split does, everything else must stay the same: the season and the scale (here taken from all days, for both), the test days (every second day of the last year), and the number of training windows. One network learns from windows that end before the last year, the other from
# windows that are drawn from all days that are not test days. The answer of a test day then stands in the windows of its neighbours.

# %%
normal = seasonal(weather, len(weather))  # the whole series, for both
spread = (weather - normal).std(0)
unusual = (weather - normal) / spread
test_days = list(range(starts[2], len(weather) - K, 2))
before = list(range(T, starts[2] - K))
others = [d for d in range(T, len(weather) - K) if d not in test_days]
X, y = windows(unusual, test_days)
chooser = np.random.default_rng(0)
errors = {}
for name, days_known in {"walked": before, "random": others}.items():
    runs = []
    for seed in range(3):
        known = chooser.choice(days_known, 700, replace=False)
        model = train(*windows(unusual, known), seed=seed, steps=400)
        with torch.no_grad():
            runs.append((model(X) - y).square().mean(0).sqrt() * spread[0])
    errors[name] = torch.stack(runs).mean(0)
    print(f"{name:7} error 1, 3, 7 days ahead:",
          " ".join(f"{errors[name][k]:.2f}" for k in (0, 2, 6)))
results |= {name: [errors[name][k].item() for k in (0, 2, 6)]
            for name in errors}

# %% [markdown]
# One day ahead the random split gives {{ random.0:.2f}} degrees, training on the past {{ walked.0:.2f}}; a week ahead it is {{ random.2:.2f}} against {{ walked.2:.2f}}. Everything but the split is the same, so the gain is the split's: what comes in the week after a test day stands in the windows and answers of its neighbours,
# and a network that knows them knows whether that part of the last year was warm. In use nobody has such neighbours. The test with the changed future on the page finds the mistake.

# %% [markdown]
# ## Exercise 4

# %%
prices = cbook.get_sample_data("goog.npz")["price_data"]
returns = np.diff(np.log(prices["adj_close"]))
size, begin = np.abs(returns), len(returns) - 500
lags = (1, 2, 5, 10)
results["lags"] = {str(lag): float(np.corrcoef(size[lag:], size[:-lag])[0, 1])
                   for lag in lags}
results["sign"] = float(np.corrcoef(returns[1:], returns[:-1])[0, 1])
past = np.array([size[d - 20:d].mean() for d in range(begin, len(size))])
for name, guess in [("mean", past), ("constant", size[:begin].mean())]:
    results[name] = 100 * float(np.sqrt(np.mean((guess - size[begin:])**2)))
print("correlation of a day's size with that of", ", ".join(
    f"{lag} days before: {results['lags'][str(lag)]:.2f}" for lag in lags))
print(f"error of the mean of 20 days {results['mean']:.2f} %, "
      f"of a constant {results['constant']:.2f} %")

# %% [markdown]
# The *size* of the change is correlated with that of the day before ({{ lags.1:.2f}}) and still with that of ten days before ({{ lags.10:.2f}}), unlike the change with its sign ({{ sign:.2f}}): calm and stormy weeks follow one another. Forecasts of risk build on that: the mean size of the last twenty
# days, the simplest of them, has an error of {{ mean:.2f}}%, a constant {{ constant:.2f}}%.

# %% [markdown]
# ## Exercise 5
#
# $\E[(x_{t+k} - x_t)^2] = 1 + 1 - 2 \rho^k$. For $c x_t$: $\E[(x_{t+k} - c x_t)^2] = 1 - 2 c \rho^k + c^2$, a parabola in $c$ with its minimum at $c = \rho^k$, where it is $1 - \rho^{2k}$. Since $2 (1 - \rho^k) - (1 - \rho^{2k}) = (1 - \rho^k)^2 \ge 0$, damping never hurts when $\rho$ is known.

# %% [markdown]
# ## Exercise 6
#
# One day: persistence $0.6$, damped $1 - 0.49 = 0.51$, season $1$. Seven days, $\rho^7 = 0.082$: persistence $1.84$, damped $0.993$, season $1$. Persistence is worse than the season as soon as $2 (1 - \rho^k) > 1$, that is $\rho^k < 1/2$: from two days on ($0.7^2 = 0.49$).

# %% [markdown]
# ## Exercise 7
#
# $\sqrt{0.8 \cdot 0.2 / 300} = 0.023$. A warm or unusual week lies outside of the interval for several days in a row; then 300 days hold fewer independent ones, and the share varies more.

# %% [markdown]
# ## Exercise 8
#
# Not one number but a quantile: if a loaf too many costs less than a customer lost, bake more than the mean (the quantile loss of the page on losses). The error is money: bread left over and bread missing, each at its price. The rival is the same weekday of last week, or the mean of the last four; walk forward through a year with its holidays.
