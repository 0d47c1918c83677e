# %% [markdown]
# # Answers: a variational autoencoder of digits
#
# Exercise 6 trains the network of `manifold.py` from [the page](../../vae/digits.md).

# %% [markdown]
# ## Exercise 1
#
# With the grey values $g$ known, the mean number of nats of a model that says $\pi$ is the cross-entropy of $g$ and $\pi$, pixel by pixel, and this is never below the entropy of $g$. A model that does not know $g$ cannot do better than one that does.

# %% [markdown]
# ## Exercise 2
#
# Grey value 0.5 costs $\log 2 = 0.693$ nats. 0.9 costs $-0.9 \log 0.9 - 0.1 \log 0.1 = 0.325$. The model that says 0.5 pays 0.693 whatever comes: 0.368 too much, the KL divergence.

# %% [markdown]
# ## Exercise 3
#
# At most $\log 1000 = 6.9$ nats for an image, less what noise adds, which is nothing. All but one in a thousand of its samples are noise.

# %% [markdown]
# ## Exercise 4
#
# $\pi = c$ gives $c$. Two grey values $\pi, \pi'$ become $a\,|\pi - \pi'|$ apart, more than before. The map works on every pixel alone and keeps the order of grey values: it cannot move a stroke. What lies between a 4 and a 9 stays there, with darker edges.

# %% [markdown]
# ## Exercise 5
#
# For one pixel the weighted log-likelihood is $\sum_n r_n (x_n \log p + (1 - x_n) \log(1 - p))$. Its derivative $\sum_n r_n x_n / p - \sum_n r_n (1 - x_n)/(1 - p)$ is zero for $p = \sum_n r_n x_n / \sum_n r_n$. The second derivative is negative, so this is the maximum.

# %% [markdown]
# ## Exercise 6

# %%
--8<-- "vae/manifold.py:data"

# %%
--8<-- "vae/manifold.py:train"

# %%
results = {}
for weight in (1, 4):
    encode, decode, _ = train(2, weight, steps=600)
    near = torch.cdist(encode(test_X), encode(train_X)).argmin(1)
    right = (train_y[near] == test_y).float().mean().item()
    results[f"w_{weight}"] = right
    print(f"weight {weight}: {right:.0%}")

# %% [markdown]
# The digit of the nearest code is right for {{ w_1:.0%}} with weight 1 and for {{ w_4:.0%}} with weight 4. The code is cheaper and says less. ([Posterior collapse](../../vae/collapse.md) goes on from here.)

# %% [markdown]
# ## Exercise 7
#
# Compare the distance from samples to their nearest training digits with that from new real digits to theirs, under a distance that shifts and small changes do not fool. Compare the likelihood of training digits with that of held-out ones: a model that has stored gives the first far more. And train twice on two halves of the data: a model that has learned the kind of thing draws similar samples from both, one that has stored does not.
