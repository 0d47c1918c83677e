"""Measures pi by throwing points at a square: a first program to run."""
# --8<-- [start:throw]
import math
import random

import matplotlib.pyplot as plt


def throw(seed, count=10_000):
    """-> share of random points that fall into the quarter circle"""
    random.seed(seed)
    hits = 0
    for _ in range(count):
        x, y = random.random(), random.random()  # each from 0 to 1
        hits += x * x + y * y <= 1
    return hits / count


estimates = [4 * throw(seed) for seed in range(5)]
print("four times the share:", [round(e, 3) for e in estimates])
print("pi:", round(math.pi, 3))
# --8<-- [end:throw]

# --8<-- [start:draw]
random.seed(0)
points = [(random.random(), random.random()) for _ in range(600)]
fig, ax = plt.subplots(num="quarter", figsize=(3.2, 3.2))
for inside, marker, color in [(True, "o", "C0"), (False, "^", "C1")]:
    chosen = [(x, y) for x, y in points if (x * x + y * y <= 1) == inside]
    ax.plot(*zip(*chosen), marker, color=color, ms=3)
angles = [k * math.pi / 200 for k in range(101)]
ax.plot([math.cos(a) for a in angles], [math.sin(a) for a in angles],
        color="#24292f")
ax.set(xlabel="$x$", ylabel="$y$", aspect="equal", xlim=(0, 1), ylim=(0, 1))
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"low": min(estimates), "high": max(estimates),
           "points": 10_000, "off": max(abs(e - math.pi)
                                        for e in estimates)}
# --8<-- [end:results]
