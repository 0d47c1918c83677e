"""Tomorrow's temperature, and tomorrow's share price."""
# --8<-- [start:data]
import csv
from datetime import date
from importlib.metadata import distribution

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from matplotlib import cbook
from torch import nn

# B batch, T days of the past, D measurements, K days ahead
T, K = 14, 7
file = distribution("vega_datasets").locate_file(
    "vega_datasets/_data/seattle-weather.csv")
with open(file) as stream:
    rows = list(csv.DictReader(stream))
days = [date(*map(int, row["date"].split("/"))) for row in rows]
weather = np.array([[float(row[name]) for name in (
    "temp_max", "temp_min", "precipitation", "wind")] for row in rows])
phase = np.array([2 * np.pi * d.timetuple().tm_yday / 365.25 for d in days])
season = np.stack([np.ones(len(days)), np.sin(phase), np.cos(phase),
                   np.sin(2 * phase), np.cos(2 * phase)], 1)
starts = [days.index(date(*start)) for start in (
    (2014, 1, 1), (2014, 7, 1), (2015, 1, 1), (2015, 7, 1))]
print(f"{len(days)} days from {days[0]} to {days[-1]}; first forecast for "
      f"{days[starts[0]]}")
# --8<-- [end:data]

# --8<-- [start:windows]
def seasonal(values, end):
    """Yearly wave fitted to the days before `end` -> all days (N, D)."""
    fit = np.linalg.lstsq(season[:end], values[:end], rcond=None)[0]
    return season @ fit


def windows(values, days):
    """For each day: the T days before, and the K days from it on.

    values (N, D) -> X (B, T, D), y (B, K) of the first column
    """
    X = np.stack([values[d - T:d] for d in days])
    y = np.stack([values[d:d + K, 0] for d in days])
    return torch.tensor(X).float(), torch.tensor(y).float()
# --8<-- [end:windows]

# --8<-- [start:model]
class Forecaster(nn.Module):
    def __init__(self, inputs, outputs, hidden=12):
        super().__init__()
        self.lstm = nn.LSTM(inputs, hidden, batch_first=True)
        self.drop = nn.Dropout(0.2)
        self.out = nn.Linear(hidden, outputs)

    def forward(self, X):
        return self.out(self.drop(self.lstm(X)[0][:, -1]))


def train(X, y, seed=0, steps=120, batch=64, lr=0.01):
    torch.manual_seed(seed)
    model = Forecaster(X.shape[2], y.shape[1])
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr,
                                  weight_decay=0.1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, steps)
    for step in range(steps):
        rows = torch.randint(len(X), (batch,))
        loss = F.mse_loss(model(X[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return model.eval()


def damped(X, y):
    """One number for each lead: how much of yesterday is left by then."""
    now = X[:, -1, 0]
    left = now @ y / (now @ now)  # (K,)
    return lambda X: X[:, -1, :1] * left


def ridge(X, y, strength=30.0):
    """Linear regression on a window -> a function."""
    A = F.pad(X.flatten(1), (0, 1), value=1.0)
    W = torch.linalg.solve(A.T @ A + strength * torch.eye(A.shape[1]),
                           A.T @ y)
    return lambda X: F.pad(X.flatten(1), (0, 1), value=1.0) @ W
# --8<-- [end:model]

# --8<-- [start:walk]
def walk(values, start, end, seed=0):
    """Learn from the days before `start`, forecast those up to `end`.

    -> forecasts by method, each (days, K), in degrees
    """
    normal = seasonal(values, start)
    spread = (values[:start] - normal[:start]).std(0)
    unusual = (values - normal) / spread  # how far from normal
    past = range(T, start - K + 1)  # answers too lie before `start`
    X, y = windows(unusual, past)
    rules = {"LSTM": train(X, y, seed), "two weeks": ridge(X, y),
             "yesterday": lambda X, line=ridge(X[:, -1:], y, 1.0):
             line(X[:, -1:]), "damped": damped(X, y)}
    misses = (y - rules["damped"](X)).numpy() * spread[0]
    low, high = np.quantile(misses, [0.1, 0.9], axis=0)  # (K,) each
    future = range(start, end)
    X, _ = windows(unusual, future)
    usual = np.stack([normal[d:d + K, 0] for d in future])
    with torch.no_grad():
        found = {name: rule(X).numpy() * spread[0] + usual
                 for name, rule in rules.items()}
    return found | {
        "seasonal mean": usual,
        "persistence": np.repeat(values[start - 1:end - 1, :1], K, 1),
        "low": found["damped"] + low, "high": found["damped"] + high}
# --8<-- [end:walk]

# --8<-- [start:errors]
ends = [*starts[1:], len(days) - K + 1]
seeds, runs = range(3), []
for seed in seeds:
    folds = [walk(weather, a, b, seed) for a, b in zip(starts, ends)]
    runs.append({name: np.concatenate([fold[name] for fold in folds])
                 for name in folds[0]})
truth = np.stack([weather[d:d + K, 0] for d in range(starts[0], ends[-1])])
errors = {name: np.array([np.sqrt(np.mean((run[name] - truth)**2, 0))
                          for run in runs]) for name in runs[0]
          if name not in ("low", "high")}
print(f"error in degrees, {len(truth)} days   1 ahead   3      7")
for name, table in errors.items():
    row = table.mean(0)  # over the seeds, which matter to the LSTM alone
    print(f"{name:27}{row[0]:10.2f}{row[2]:7.2f}{row[6]:7.2f}")
print("LSTM, one day ahead, by seed:",
      " ".join(f"{error:.2f}" for error in errors["LSTM"][:, 0]))
# --8<-- [end:errors]

# --8<-- [start:interval]
low, high = runs[0]["low"], runs[0]["high"]
covered = ((low < truth) & (truth < high)).mean(0)  # (K,)
width = (high - low).mean(0)
print("days ahead         ", *(f"{k + 1:5}" for k in range(K)))
print("inside the interval", *(f"{c:5.0%}" for c in covered))
print("its width          ", *(f"{w:5.1f}" for w in width))
# --8<-- [end:interval]

# --8<-- [start:leak]
day = starts[0] + 40  # change this day and all that come after it
other = weather.copy()
other[day:] = other[day:][::-1] + 10
before = walk(weather, starts[0], day + 60)
after = walk(other, starts[0], day + 60)
change = {name: np.abs(before[name] - after[name]).max(1)
          for name in before}
leak = max(c[:day - starts[0] + 1].max() for c in change.values())
felt = min(c[day - starts[0] + 1:].max() for name, c in change.items()
           if name not in ("seasonal mean", "low", "high"))
print(f"forecasts made before the change differ by {leak:.0e}, "
      f"later ones by up to {felt:.0f} degrees")
# --8<-- [end:leak]

# --8<-- [start:stocks]
prices = cbook.get_sample_data("goog.npz")["price_data"]
close = np.log(prices["adj_close"])
returns = np.diff(close)[:, None]  # (N, 1), one day to the next
N = len(returns)
begin = N - 500  # the last two years are forecast
guesses = []
for start in range(begin, N, 100):  # learn again every 100 days
    past = returns[:start]
    size = past.std()
    X = np.stack([past[d - T:d] for d in range(T, start)])
    model = train(torch.tensor(X / size).float(),
                  torch.tensor(past[T:] / size).float())
    X = np.stack([returns[d - T:d] for d in range(start, start + 100)])
    with torch.no_grad():
        guesses.append(model(torch.tensor(X / size).float()).numpy() * size)
guess = np.concatenate(guesses)[:, 0]  # (500,)
actual = returns[begin:, 0]
stock = {"LSTM": np.sqrt(np.mean((guess - actual)**2)),
         "persistence": np.sqrt(np.mean(actual**2))}
right_way = np.mean((guess > 0) == (actual > 0))
fit = 1 - np.var(actual - guess) / np.var(close[begin + 1:])
lag1 = np.corrcoef(returns[1:, 0], returns[:-1, 0])[0, 1]
for name, error in stock.items():
    print(f"{name:12} error {100 * error:.2f} % of the price")
print(f"right direction {right_way:.1%}, R2 of the price {fit:.3f}, "
      f"correlation of a day with the next {lag1:.2f}")
# --8<-- [end:stocks]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="horizon")
shown = {"persistence": ("C7", "^-."), "seasonal mean": ("C1", "s:"),
         "LSTM": ("C0", "o-"), "damped": ("C2", "x--")}
for name, (color, style) in shown.items():
    row = errors[name].mean(0)
    ax.plot(range(1, K + 1), row, style, color=color)
    above = name in ("seasonal mean", "persistence")
    ax.annotate(name, (5, row[4]), color=color, ha="center",
                xytext=(0, 8 if above else -16 - 12 * (name == "damped")),
                textcoords="offset points")
ax.set(xlabel="days ahead", ylabel="error (degrees Celsius)",
       xticks=range(1, K + 1))

fig, axes = plt.subplots(1, 2, num="price", figsize=(6.4, 2.8))
price = np.exp(close[begin:])
said = np.exp(close[begin:-1] + guess)  # for the day after
for ax, some, style in [(axes[0], slice(0, 500), "-"),
                        (axes[1], slice(200, 230), "--")]:
    ax.plot(np.arange(500)[some], price[1:][some], color="C6",
            label="price")
    ax.plot(np.arange(500)[some], said[some], style, color="C1", lw=1.2,
            label="forecast")
    ax.set(xlabel="day")
axes[0].set(ylabel="price (dollars)")
axes[0].annotate("price and\nforecast", (0, price.max()), va="top")
axes[1].set_title("thirty days of it")
axes[1].legend(loc="upper left")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
shifted = np.corrcoef(said[1:], price[1:-1])[0, 1]
results = {"weather": {name.split()[0]: table.mean(0).tolist()
                       for name, table in errors.items()},
           "seeds": errors["LSTM"][:, 0].tolist(), "days": len(truth),
           "covered": covered.tolist(), "width": width.tolist(),
           "T": T, "K": K, "asked": 0.8, "stock_days": len(actual),
           "steps": train.__defaults__[1],  # of training
           "leak": float(leak), "felt": float(felt), "stock": {
               name: 100 * float(e) for name, e in stock.items()},
           "ratio": float(stock["LSTM"] / stock["persistence"]),
           "right_way": float(right_way), "fit": float(fit),
           "lag1": float(lag1), "shifted": float(shifted)}
# --8<-- [end:results]
