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
           "made": float(np.mean([row["distance"] for row in
                               scores["one Gaussian per digit"]]))}
print("                         sure   agree  rarest  distance")
print(f"{'the same 7':22} {results['sure']:6.3f} {results['agree']:7.3f}"
      f" {results['rarest']:7.3f} {results['distance']:9.1f}")

# %% [markdown]
# *Sure* is {{ sure:.0f}} and *agree* {{ agree:.0f}}, *rarest* is {{ rarest:.0f}}, and the distance is {{ distance:.0f}}, where
# samples from one Gaussian per digit have {{ made:.0f}}. Of the distance {{ spread:.0f}} is the spread of the real digits, which
# the samples lack, and {{ away:.0f}} is how far this 7 lies from their mean. Two of four columns catch it.
#
# ## Exercise 3
#
# $(0 - 3)^2 + 1 + 4 - 2 \sqrt{1 \cdot 4} = 9 + 5 - 4 = 10$, which is $3^2 + (1 - 2)^2$.
#
# ## Exercise 4
#
# In one dimension the covariances are $\sigma_1^2$ and $\sigma_2^2$, and
# $\sigma_1^2 + \sigma_2^2 - 2 \sqrt{\sigma_1^2 \sigma_2^2} = (\sigma_1 - \sigma_2)^2$. A sum of two squares is zero only when both are.
#
# ## Exercise 5
#
# A mean of 10 numbers and a symmetric covariance of $10 \cdot 11 / 2 = 55$: 65. Ten of them need 650, and 10 more for the classes, if these
# are not all equally frequent. The 2500 training digits are 250 for each class, about four for each number.
#
# ## Exercise 6

# %%
a, b = test_X[test_y == 3][0], test_X[test_y == 8][0]
steps = torch.linspace(0, 1, 5)[:, None]
halfway = {}
with torch.no_grad():
    ends = encoder(torch.stack([a, b]))
    by_code = decoder((1 - steps) * ends[0] + steps * ends[1])
    by_pixel = (1 - steps) * a + steps * b
    for name, images in [("codes", by_code), ("pixels", by_pixel)]:
        for kind, judge in (("CNN", cnn), ("MLP", mlp)):
            sure, guess = judge(images).softmax(1).max(1)
            halfway[f"{kind}_{name}"] = sure[2].item()
            print(f"{name:7}{kind}  ", "  ".join(f"{g} ({s:.2f})" for g, s in
                                               zip(guess.tolist(), sure.tolist())))
results["halfway"] = halfway
fig, axes = plt.subplots(2, 1, figsize=(5, 2.2))
for ax, name, images in zip(axes, ("codes", "pixels"), (by_code, by_pixel)):
    ax.imshow(torch.cat(list(images.reshape(5, 28, 28)), 1), cmap="gray_r")
    ax.set(xticks=[], yticks=[], ylabel=name)
plt.show()

# %% [markdown]
# Half way both judges say 3, for the code and for the pixels, though between the pixels lies a double exposure. The CNN is as sure of it as of the
# decoded code ({{ halfway.CNN_pixels:.2f}} and {{ halfway.CNN_codes:.2f}}), the MLP less sure ({{ halfway.MLP_pixels:.2f}} and {{ halfway.MLP_codes:.2f}}). Neither can say "none of them". One pair proves nothing; look at some more.
#
# ## Exercise 7
#
# Each of the $K$ numbers has mean square 1, so one code has $K$. Half way, each number is $(a + b)/2$ with variance $(1 + 1)/4 = 1/2$, so the point has $K/2$: it lies nearer to the middle than nearly all codes do when $K$ is large. A decoder has
# seen few codes there, which is one reason why decoded points half way can look worse than the ends.
#
# ## Exercise 8
#
# Compare every sample with its nearest training digit, and do the same for held-out digits: samples that lie much closer to training digits
# than new real digits do are copies. Distances of features find copies that are moved or made bolder.
