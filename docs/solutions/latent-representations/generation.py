# %% [markdown]
# # Answers: generating new data

# %% [markdown]
# ## Exercise 1
#
# A judge trained on the same digits as the generator could take a copy of a training digit for a sign of quality, and shares the
# generator's blind spots. One measure is not enough because each can be satisfied by bad samples: a classifier is sure of many
# images that are no digits, and one perfect digit, repeated, is sharp and has no variety.
#
# ## Exercise 2
#
# *Sure* and *agree* would be 1, the best values possible. *Rarest* would be 0, since nine classes never appear, and the Fréchet
# *distance* would be large, because the features of the samples do not vary at all and their mean is that of a 7. We try it, with
# the generator and the judges of [the page](../../latent-representations/generation.md); our 7 is the held-out one whose features
# are nearest to the mean of all sevens.

# %%
--8<-- "latent-representations/generation.py:data"

# %%
--8<-- "latent-representations/generation.py:training"

# %%
--8<-- "latent-representations/generation.py:judges"

# %%
--8<-- "latent-representations/generation.py:samplers"

# %%
--8<-- "latent-representations/generation.py:judgement"

# %%
with torch.no_grad():
    sevens = test_X[test_y == 7]
    features, real = cnn[:-1](sevens), cnn[:-1](judge_X)
    middle = (features - features.mean(0)).square().sum(1).argmin()
    seven = sevens[middle].expand(n, -1)
    sure, guess = cnn(seven).softmax(1).max(1)
    agree = guess == mlp(seven).argmax(1)
# Equal samples have covariance 0, so the distance has two terms left.
away = (real.mean(0) - features[middle]).square().sum().item()
spread = real.T.cov().trace().item()
results = {"sure": (sure > 0.9).float().mean().item(),
           "agree": agree.float().mean().item(),
           "rarest": guess.bincount(minlength=10).min().item() / n,
           "away": away, "spread": spread, "distance": away + spread,
           "made": scores["one Gaussian per digit"]["distance"]}
print("                         sure   agree  rarest  distance")
print(f"{'the same 7':22} {results['sure']:6.3f} {results['agree']:7.3f}"
      f" {results['rarest']:7.3f} {results['distance']:9.1f}")

# %% [markdown]
# *Sure* is {{ sure:.0f}} and *agree* {{ agree:.0f}}, *rarest* is {{ rarest:.0f}}, and the distance is {{ distance:.0f}}, where
# samples from one Gaussian per digit have {{ made:.0f}}. Of the distance {{ spread:.0f}} is the spread of the real digits, which
# the samples lack, and {{ away:.0f}} is how far this 7 lies from their mean. Two of four columns catch it.
