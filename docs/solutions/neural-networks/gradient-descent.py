# %% [markdown]
# # Answers: gradient descent

# %% [markdown]
# ## Exercise 1
#
# The largest safe step is $2/10 = 0.2$. The best one is $2/(2 + 10) = 1/6$: then both directions shrink by the same factor at
# each step, $\lvert 1 - 2/6 \rvert = \lvert 1 - 10/6 \rvert = 2/3$. With the functions of
# [the page](../../neural-networks/gradient-descent.md) we can try it.

# %%
--8<-- "neural-networks/gradient_descent.py:descend"

# %%
--8<-- "neural-networks/gradient_descent.py:parabola"

# %%
--8<-- "neural-networks/gradient_descent.py:limit"

# %%
print(f"largest safe step {largest_step(bowl(2, 10), [1.0, 1.0], 0.6):.3f}")
for lr in (0.14, 1 / 6, 0.19):
    path = descend(bowl(2, 10), [1.0, 1.0], lr, 20)
    print(f"step size {lr:.3f}: distance after 20 steps "
          f"{path[-1].norm():.0e}")

# %% [markdown]
# ## Exercise 2
#
# The curvature is 4, so each step multiplies $w$ by $1 - 0.4 \cdot 4 = -0.6$: from 1 to $-0.6$ to $0.36$. The `parabola` of the
# page is this loss.

# %%
print(descend(parabola, [1.0], 0.4, 2)[:, 0].tolist())

# %% [markdown]
# ## Exercise 3
#
# The gradient is $4w$. First step: $v = 4$, $w = 1 - 0.4 \cdot 4 = -0.6$. Second: $v = 0.5 \cdot 4 + 4 \cdot (-0.6) = -0.4$,
# $w = -0.6 + 0.16 = -0.44$.

# %%
print(descend(parabola, [1.0], 0.4, 2, 0.5)[:, 0].tolist())

# %% [markdown]
# ## Exercise 4
#
# A direction with curvature $a$ shrinks by $\lvert 1 - \eta a \rvert$. Over all $a$ between $a_{\min}$ and $a_{\max}$ this is largest
# at one of the two ends, $1 - \eta a_{\min}$ or $\eta a_{\max} - 1$. The first falls with $\eta$ and the second rises, so the larger
# of the two is smallest where they are equal: $\eta = 2 / (a_{\min} + a_{\max})$. There it is
# $1 - 2 a_{\min} / (a_{\min} + a_{\max}) = (a_{\max} - a_{\min}) / (a_{\max} + a_{\min}) = (\kappa - 1) / (\kappa + 1)$.
#
# ## Exercise 5
#
# $v$ becomes $g + \beta g + \beta^2 g + \dots = g / (1 - \beta)$, so a step goes $\eta g / (1 - \beta)$: with $\beta = 0.9$ ten times as
# far as without. To compare fairly one tunes the step size of each.
#
# ## Exercise 6

# %%
ravine, first = bowl(1, 50), [-10.0, 1.0]
results = {}
for momentum in (0.5, 0.75, 0.9, 0.99):
    path = descend(ravine, first, 0.03, 4000, momentum)
    far = (ravine(path) > 1e-6).nonzero()
    steps = int(far[-1]) + 1  # after the last point that is still far away
    results[f"momentum_{round(100 * momentum)}"] = steps
    print(f"momentum {momentum:4}: {steps:4} steps until the loss is 1e-6")

# %% [markdown]
# Momentum 0.5 needs {{ momentum_50:d }} steps, 0.9 {{ momentum_90:d }} and 0.99 {{ momentum_99:d }}; the page's 0.75 needs
# {{ momentum_75:d }}. There is a best value in between. With too little momentum the way along the ravine is long; with too much,
# the path shoots past the minimum and swings about it for a long time.
#
# ## Exercise 7

# %%
def noisy(schedule, steps=4000):
    """Root mean square distance from the minimum over the last half."""
    torch.manual_seed(0)
    w, far = 1.0, []
    for step in range(steps):
        w -= schedule(step) * (curvature * w + torch.randn(()).item())
        far.append(w**2)
    return (sum(far[steps // 2:]) / (steps // 2))**0.5


for name, schedule in [("large", lambda t: 0.1),
                       ("small", lambda t: 0.01),
                       ("shrinking", lambda t: 0.25 / (t + 1))]:
    results[name] = noisy(schedule)
    print(f"{name:10} stays {results[name]:.4f} away")

# %% [markdown]
# A constant step size of 0.1 stays about {{ large:.2f}} away, whatever the number of steps; a smaller one stays closer
# ({{ small:.2f}}) and takes longer to get there. A step that shrinks as $1/t$ averages the noise away: {{ shrinking:.4f}}.
#
# ## Exercise 8

# %%
def two_minima(w):
    return ((w**2 - 1)**2 + 0.3 * w).sum()


starts = torch.linspace(-1.5, 1.5, 31)
calm = None  # where the small steps end
for lr, momentum in [(0.05, 0), (0.05, 0.9), (0.2, 0)]:
    ends = [descend(two_minima, [w.item()], lr, 200, momentum)[-1].item() < 0
            for w in starts]
    calm = calm or ends
    moved = sum(a != b for a, b in zip(ends, calm))
    results[f"moved_{round(100 * (lr + momentum))}"] = moved
    print(f"step {lr}, momentum {momentum}: the deeper minimum from "
          f"{sum(ends)} of 31 starts, {moved} end elsewhere")

# %% [markdown]
# With small steps, from every start to the left of the hump, and from none to the right of it. With momentum {{ moved_95:d}} of 31
# starts ends in the other valley, with the large step {{ moved_20:d}}: both carry the path of the start farthest out on the right, where the slope is steepest, over the hump. That is no way
# to find the deeper minimum: it is the long step that crosses, and it would as well cross from the deeper valley into the other.
