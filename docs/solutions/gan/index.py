# %% [markdown]
# # Answers: generative adversarial networks
#
# Exercises 6 and 7 train the eight Gaussians of [the page](../../gan/index.md) once more.

# %% [markdown]
# ## Exercise 1
#
# From the gradient of the discriminator's answer with respect to the sample it has made. It never sees a real one.

# %% [markdown]
# ## Exercise 2
#
# $D^*(0) = \tfrac14 / (\tfrac14 + \tfrac12) = \tfrac13$ and $D^*(1) = \tfrac34 / (\tfrac34 + \tfrac12) = \tfrac35$. The value is $\tfrac14 \log \tfrac13 + \tfrac34 \log \tfrac35 + \tfrac12 \log \tfrac23 + \tfrac12 \log \tfrac25$.

# %%
import math

results = {"value": math.log(1 / 3) / 4 + 3 * math.log(3 / 5) / 4
           + math.log(2 / 3) / 2 + math.log(2 / 5) / 2}
results["js"] = (results["value"] + math.log(4)) / 2
print(f"value {results['value']:.4f}, Jensen-Shannon divergence "
      f"{results['js']:.4f}")

# %% [markdown]
# The value is {{ value:.4f}}, not much above $-\log 4$: the two are only {{ js:.4f}} nats apart.

# %% [markdown]
# ## Exercise 3

# %%
--8<-- "gan/drawings.py:parts"

# %%
--8<-- "gan/drawings.py:step"

# %%
results["move"] = lr * D_now * a
print(f"non-saturating: {b:.3f}, minimax: {results['move']:.3f}")

# %% [markdown]
# The loss $\log(1 - D)$ has the slope $-D a$ with respect to $b$; a step down the loss moves $b$ up by {{ move:.3f}}, where the non-saturating loss moved $b$ several times as far, because the discriminator was rather sure: $D$ is small, and $1 - D$ large.

# %% [markdown]
# ## Exercise 4
#
# With $m = (p + q)/2 \ge p/2$ we have $p / m \le 2$, so $\KL(p \,\Vert\, m) = \E_{x \sim p} \log (p/m) \le \log 2$, and the same for $q$. Half their sum is at most $\log 2$. Equality needs $p / m = 2$ wherever $p > 0$, which says $q = 0$ there, and the other way round: no $x$ has both.

# %% [markdown]
# ## Exercise 5
#
# The slopes are $\partial V / \partial D = G$ and $\partial V / \partial G = D$. A step gives $D' = D + \eta G$ and $G' = G - \eta D$, and $D'^2 + G'^2 = (1 + \eta^2)(D^2 + G^2)$. Each step turns the point around the solution and leads away from it by the factor $\sqrt{1 + \eta^2}$. Neither player is at fault: each does the best for itself.

# %% [markdown]
# ## Exercise 6

# %%
--8<-- "gan/modes.py:data"

# %%
--8<-- "gan/modes.py:networks"

# %%
--8<-- "gan/modes.py:train"

# %%
S = 3                                            # three seeds, to save time
G, _ = train((0.9, 0.9), steps=3000)
with torch.no_grad():
    judged = [judge(points) for points in apply(G, torch.randn(S, 2000, Z))]
results["modes"] = [found for share, found in judged]
results["good"] = [share for share, found in judged]
print("modes", results["modes"], " good",
      " ".join(f"{share:.2f}" for share in results["good"]))

# %% [markdown]
# Now {{ modes.0}}, {{ modes.1}} and {{ modes.2}} modes are found, with {{ good.0:.0%}}, {{ good.1:.0%}} and {{ good.2:.0%}} of the points good. The run is longer, and so is its stretch of a falling learning rate; this one change does not tell which of the two helps. What the page says of 1000 steps is not true of all lengths.

# %% [markdown]
# ## Exercise 7

# %%
Z = 1
G, _ = train((0.0, 0.0))
with torch.no_grad():
    judged = [judge(points) for points in apply(G, torch.randn(S, 2000, Z))]
results["line"] = [found for share, found in judged]
results["line_good"] = [share for share, found in judged]
print("modes", results["line"], " good",
      " ".join(f"{share:.2f}" for share in results["line_good"]))

# %% [markdown]
# The generator bends a line, and lays it through {{ line.0}}, {{ line.1}} and {{ line.2}} modes. Each way from one to the next costs bad points, but it can be passed quickly: {{ line_good.0:.0%}}, {{ line_good.1:.0%}} and {{ line_good.2:.0%}} are good.

# %% [markdown]
# ## Exercise 8
#
# Real samples. Two networks that only judge each other have nothing to compare their samples with: any agreement is a solution. One of the two has to see data.
