# %% [markdown]
# # Answers: masked prediction
#
# Exercises 6 and 7 use the linear guess of [the page](../../self-supervised/masked.md).

# %% [markdown]
# ## Exercise 1
#
# Both turn an input into a code and the code into a guess of the input, trained by squared error. The plain one sees all that it has to reproduce, so its code must be small, or copying is enough. The masked one does not see what it is asked for, so its code may be as large as we like.

# %% [markdown]
# ## Exercise 2
#
# $w_1 + 0.9\, w_2 = 0.8$ and the same exchanged give $w_1 = w_2 = 0.8 / 1.9 = 0.421$, and the error $1 - 2 \cdot 0.8 \cdot 0.421 = 0.326$. With the first pixel alone $w = 0.8$, and the error is $1 - 0.64 = 0.36$. The second pixel says almost the same as the first.

# %% [markdown]
# ## Exercise 3
#
# BERT: $0.15 \cdot 512 \approx 77$ targets. Masked autoencoder: $0.75 \cdot 196 = 147$. Its encoder sees 49 of 196 tokens, a quarter, so scores and means of its attention cost a sixteenth.

# %% [markdown]
# ## Exercise 4
#
# Given $x_v$, let $c = \E[x_h \mid x_v]$. For any guess $g$ that depends on $x_v$, $\E[(x_h - g)^2 \mid x_v] = \E[(x_h - c)^2 \mid x_v] + (c - g)^2$, since the mixed term is $2(c - g)\, \E[x_h - c \mid x_v] = 0$. It is smallest for $g = c$. Where a stroke may go on in several ways, $c$ is the mean of these ways: a blur.

# %% [markdown]
# ## Exercise 5
#
# With one more pixel, the old guess is still possible: give the new pixel the weight 0. The smallest error over more weights is not larger than the smallest with one of them fixed at 0.

# %% [markdown]
# ## Exercise 6

# %%
--8<-- "self-supervised/masked_linear.py:data"

# %%
--8<-- "self-supervised/masked_linear.py:hide"

# %%
--8<-- "self-supervised/masked_linear.py:linear"

# %%
def error(hidden):
    wrong = (linear_fill(test_X[:200], hidden) - test_X[:200])[hidden]
    return wrong.square().mean().item()


results = {}
torch.manual_seed(0)
half = torch.tensor([0.5]).expand(200)
results["patches"] = error(hide((200, 14, 14), half))
results["pixels"] = error(torch.rand(200, 14, 14) < 0.5)
print(f"error: patches {results['patches']:.4f}, "
      f"pixels {results['pixels']:.4f}")

# %% [markdown]
# {{ pixels:.4f}} in place of {{ patches:.4f}}: next to each hidden pixel several are visible, and copying from next door does well. The easier the plain guess finds a task, the less is left for a network to learn.

# %% [markdown]
# ## Exercise 7

# %%
lower = (torch.arange(14) >= 7)[:, None].expand(200, 14, 14)
results["lower"] = error(lower)
spread = (test_X[:200] - pool_X.mean(0))[lower].square().mean().item()
results["lower_mean"] = spread
print(f"error: lower half {results['lower']:.4f}, its mean image "
      f"{spread:.4f}")

# %% [markdown]
# {{ lower:.4f}}, and {{ patches:.4f}} with random patches (exercise 6); on the lower half the mean image has {{ lower_mean:.4f}}. Most hidden pixels are far from all visible ones, and what the lower half looks like depends on which digit it is, which a linear guess hardly sees.

# %% [markdown]
# ## Exercise 8
#
# In a table, single entries; the plain guess is a regression on the other columns. In speech, stretches of several tenths of a second, since shorter ones can be interpolated. In a video, the same place in all frames, or it can be copied from the frame before. The task is too easy when a linear guess, or copying the nearest visible thing, has nearly the error of the network: so compute that first.
