# %% [markdown]
# # Answers: before you start

# %% [markdown]
# ## Exercise 1
#
# A claim. Its assertions run after the page's program, and a test fails when one of them is false. (Code written directly on a page, as the squares above, runs in a test too, and would fail if it raised an error.)

# %% [markdown]
# ## Exercise 2
#
# A circle of radius 1 has the area $\pi$, a quarter of it $\pi/4$. The square has the area 1, so the share of points that fall into the quarter circle is close to $\pi/4$. Times four, that is $\pi$.

# %% [markdown]
# ## Exercise 3
#
# The program of the page, then other numbers of points.

# %%
--8<-- "start/index.py:throw"

# %%
results = {}
for count in (100, 10_000, 1_000_000):
    worst = max(abs(4 * throw(seed, count) - math.pi) for seed in range(5))
    results[f"n{count}"] = worst
    print(f"{count:9,} points: largest of five errors {worst:.4f}")

# %% [markdown]
# The errors fall: {{ n100:.3f}}, {{ n10000:.4f}}, {{ n1000000:.4f}}. By exercise 4, a hundred times as many points make a typical error ten times smaller; the largest of five is itself random, so single factors scatter a lot around ten.

# %% [markdown]
# ## Exercise 4
#
# A hit is 1 with probability $a = \pi/4$, else 0. Its mean is $a$, its variance $a (1-a)^2 + (1-a)\, a^2 = a (1-a)$. The share of hits among $N$ independent points has variance $a(1-a)/N$, and four times it has 16 times that variance. So the standard deviation of the estimate is $4 \sqrt{a (1-a)}/\sqrt N$.

# %%
a = math.pi / 4
results["factor"] = 4 * math.sqrt(a * (1 - a))
print(f"{results['factor']:.3f} / sqrt(N)")

# %% [markdown]
# ## Exercise 5
#
# There are many. The figure, for instance, prints nothing. A claim about it: "The figure shows 600 points, and all of them lie in the square."

# %%
--8<-- "start/index.py:draw"

# alt: The figure of the page, random points inside and outside of a quarter circle.
assert len(points) == 600
assert all(0 <= x <= 1 and 0 <= y <= 1 for x, y in points)

# %% [markdown]
# With `range(60)` in place of `range(600)` in the drawing, this claim fails, and not a letter of the output changes. Claims look at values, not at what happens to be printed.
#
# ## Exercise 6
#
# $1.64/\sqrt N = 0.0005$ gives $N = (1.64 / 0.0005)^2 \approx 10.8$ million points, and eleven seconds. One more digit takes a hundred times as many.
#
# ## Exercise 7

# %%
side = 100
middles = [(k + 0.5) / side for k in range(side)]
inside = sum(x * x + y * y <= 1 for x in middles for y in middles)
results["grid"] = abs(4 * inside / side**2 - math.pi)
print(f"{side**2:,} points in rows and columns: off by {results['grid']:.4f}")

# %% [markdown]
# The error is {{ grid:.4f}}, smaller than that of most random draws of as many points: the grid leaves no gaps and no crowds. Only the squares that the circle cuts can be counted wrongly, about two hundred of ten thousand, and their errors mostly cancel.
#
# ## Exercise 8
#
# One comparison of two seeds says nothing about other seeds. A claim should hold for a reason, and the reason here would be the number of points. So compare 100 points with 10,000, for many pairs of seeds.

# %%
pairs = 200
off = {count: [abs(4 * throw(seed, count) - math.pi) for seed in range(pairs)]
       for count in (100, 10_000)}
seeds = sum(a < b for a, b in zip(off[10_000][::2], off[10_000][1::2]))
points = sum(b < a for a, b in zip(off[100], off[10_000]))
results["seeds"], results["points"] = 2 * seeds / pairs, points / pairs
results["mean"] = [sum(off[count]) / pairs for count in off]
print(f"the even seed is nearer in {results['seeds']:.0%} of the pairs")
print(f"10,000 points are nearer than 100 in {results['points']:.0%}")
print(f"mean error: {results['mean'][0]:.3f} and {results['mean'][1]:.4f}")

# %% [markdown]
# A comparison of two seeds is true in about half of the cases, {{ seeds:.0%}} here. "10,000 points are nearer than 100" holds in {{ points:.0%}} of the pairs: better, and still wrong now and then. A claim that hardly ever fails is one about the *means* over many seeds, {{ mean.0:.3f}} and {{ mean.1:.4f}}: "at least five times smaller" leaves room.
