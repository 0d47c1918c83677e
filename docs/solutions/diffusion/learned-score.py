# %% [markdown]
# # Answers: a learned score
#
# ## Exercise 1
#
# At the least noise. There the score of a heap changes from pulling right to pulling left within the heap's own small width, so the network has to be precise in a small part of its input's range; and such small noise is a small part of what it is trained on.
#
# ## Exercise 2
#
# With 4 steps the sampler: each step moves far on a guess that holds nearby, and the exact score does no better. With 40 the network: the exact score leaves hardly a point between the circles.
#
# ## Exercise 3
#
# The slope is $1 / (0.25 \cdot 4 + 1) = 0.5$, so the guess is $0.5 \cdot 2 = 1$.
#
# ## Exercise 4
#
# $\E[(\varepsilon - c x)^2] = \E[\varepsilon^2] - 2 c\, \E[\varepsilon x] + c^2\, \E[x^2]$ is a parabola in $c$ with its lowest point at $c = \E[\varepsilon x] / \E[x^2]$. Since $x_0$ and $\varepsilon$ are independent with mean 0, $\E[\varepsilon x] = a\, \E[\varepsilon x_0] + b\, \E[\varepsilon^2] = b$, and $\E[x^2] = a^2 v + b^2$.
#
# ## Exercise 5
#
# A round has two halves. When each point goes to its nearest centre, its own squared distance cannot grow. When each centre moves to the mean of its points, the sum over these points cannot grow, since the mean is the place with the least sum of squared distances. So the sum falls or stays; and as there are finitely many ways to divide the points, the rounds come to an end.
#
# ## Exercise 6

# %%
--8<-- "diffusion/learned_score.py:data"

# %%
--8<-- "diffusion/learned_score.py:exact"

# %%
--8<-- "diffusion/learned_score.py:network"


# %%
def errors(steps, units):
    """Relative error of the learned score, by step; the mean of three"""
    torch.manual_seed(1)
    model = Guess((2 + 8, units, units, units, 2))
    optimizer = torch.optim.Adam(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.005, steps)
    for _ in range(steps):
        x, noise = draw(S, 256), torch.randn(S, 256, 2)
        t = torch.randint(1, T + 1, (S, 256))
        a, b = signal[t][..., None], sigma[t][..., None]
        loss = (model(a * x + b * noise, t) - noise).square().sum()
        optimizer.zero_grad()
        (loss / 256).backward()
        optimizer.step()
        schedule.step()
    found = {}
    for t in (1, 5, 20, 50, 100):
        x = signal[t] * draw(S, 2000) + sigma[t] * torch.randn(S, 2000, 2)
        truth = exact(x, signal[t], sigma[t])
        with torch.no_grad():
            guess = model(x, torch.full((S, 2000), t))
        found[t] = ((guess - truth).square().mean() / truth.square().mean()).item()
    return found


for name, setting in [("500 steps", (500, 96)), ("1000 steps", (1000, 96)),
                      ("1000 steps, 24 units", (1000, 24))]:
    print(f"{name:22}", "  ".join(f"t = {t}: {e:.2%}"
                                  for t, e in errors(*setting).items()))

# %% [markdown]
# In points the error grows most at little noise, where it is large already. At much noise a few hundred steps do, for there the score is nearly a straight line.
#
# ## Exercise 7
#
# Compare the last two lines above: in points the small network loses most at little noise and hardly anything elsewhere; as a multiple of the larger network's error it loses most at the end.
#
# ## Exercise 8
#
# Fit mixtures with more and more Gaussians to a part of the points, and look at the likelihood of the others: it stops rising when there are enough. Judge the network in the same way, or by samples: how far are they from held-out points, compared with other held-out points? If the mixture is as good, take it; its density can be written down, and it says how many heaps it needed.
