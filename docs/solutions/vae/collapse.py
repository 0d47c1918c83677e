# %% [markdown]
# # Answers: posterior collapse
#
# Exercises 5 and 6 train the strong decoder of [the page](../../vae/collapse.md).

# %% [markdown]
# ## Exercise 1
#
# It may mean that the code says less. The ELBO is what counts: if the reconstruction gets worse by more than the KL term falls, the model has become worse.

# %% [markdown]
# ## Exercise 2
#
# A unit is worth it where the variance is above $\beta s^2$. For $\beta = 1$ that is 0.5: three units (9, 4, 1). For $\beta = 4$ it is 2: two. For $\beta = 20$ it is 10: none.

# %% [markdown]
# ## Exercise 3
#
# The reconstruction is divided by 784, the KL term not: $\beta = 784$. With the sum over the images it is $784 \cdot 128 = 100\,352$.

# %% [markdown]
# ## Exercise 4
#
# $\E_x \E_{q(z \mid x)}[\log q(z \mid x) - \log p(z)]$; add and subtract $\log q(z)$. The first difference, $\log q(z \mid x) - \log q(z)$, has as its mean the mutual information of $x$ and $z$. The second, $\log q(z) - \log p(z)$, depends on $z$ alone, and $z$ averaged over $x$ is distributed as $q(z)$: its mean is $\KL(q(z) \,\|\, p(z))$, which is not negative. So the KL term pays for what the code says, and for not matching the prior.

# %% [markdown]
# ## Exercise 5

# %%
--8<-- "vae/collapse.py:data"

# %%
--8<-- "vae/collapse.py:model"

# %%
--8<-- "vae/collapse.py:train"


# %%
def slower(lr, steps):
    """The page's training from the start, with another learning rate"""
    torch.manual_seed(0)
    model = VAE()
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, steps)
    for step in range(steps):
        x = torch.bernoulli(train_X[torch.randint(len(train_X), (100,))])
        fit, kl, _ = model(x, True)
        loss = (kl.sum(1) - fit).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return judge(model, True)


results = {"slow": slower(0.003, 600)}
print({name: round(value, 2) for name, value in results["slow"].items()})

# %% [markdown]
# {{ slow.units:d}} of 16. A likely reason is that with the smaller rate the regression takes longer to explain the pixels, and the code is found in the meantime. Minus the ELBO, {{ slow.loss:.1f}} nats, is worse than on the page: after these few steps the network has not finished.

# %% [markdown]
# ## Exercise 6

# %%
results["long"] = slower(0.02, 1800)
print({name: round(value, 2) for name, value in results["long"].items()})

# %% [markdown]
# After three times the steps {{ long.units:d}} of 16 units are in use, with a KL term of {{ long.kl:.1f}} nats, and minus the ELBO is {{ long.loss:.1f}}. That is about what warm-up reached on the page with a third of the steps.

# %% [markdown]
# ## Exercise 7
#
# Weaken the decoder where it should not do the work: let each pixel see only its nearest neighbours, so that only the code can know the digit. Or hide part of what it sees (dropout on the pixels before). Or ask for it: predict the label, or a coarse version of the image, from the code alone. All of these say beforehand what belongs into the code; the likelihood by itself does not.
