# %% [markdown]
# # Answers: a GAN that draws digits
#
# Exercises 5 and 6 train [the page's](../../gan/training.md) networks, for fewer steps.

# %% [markdown]
# ## Exercise 1
#
# Otherwise any real-looking digit would pass, and the generator could ignore what it was asked for. Told the label, the discriminator can object to a good 8 that was meant to be a 3.

# %% [markdown]
# ## Exercise 2
#
# First convolution $16 \cdot (16 + 1) = 272$, second $32 \cdot (16 \cdot 9 + 1) = 4640$, dense $128 \cdot (512 + 1) = 65\,664$, last $10 \cdot (128 + 1) = 1290$: together $71\,866$.

# %%
--8<-- "gan/training.py:data"

# %%
--8<-- "gan/training.py:judge"

# %%
--8<-- "gan/training.py:networks"

# %%
results = {"parameters": sum(part.numel() for part in
                             discriminator().parameters())}
print(results["parameters"])

# %% [markdown]
# Counted: {{ parameters:,d}}.

# %% [markdown]
# ## Exercise 3
#
# Half the sum of the squares: $\tfrac12 \cdot 196 \cdot 0.1^2 = 0.98$.

# %% [markdown]
# ## Exercise 4
#
# Among the pairs with label $c$, the value is that of a game of its own, with densities $p(x \mid c)$ and $q(x \mid c)$, and equal shares of the label make the two equally frequent. Its best discriminator is $D^* = p(x \mid c) / (p(x \mid c) + q(x \mid c))$, by the derivation on [the first page](../../gan/index.md#what-the-best-discriminator-knows). The logit is $\log (D^* / (1 - D^*)) = \log p(x \mid c) - \log q(x \mid c)$.

# %% [markdown]
# ## Exercise 5

# %%
--8<-- "gan/training.py:step"

# %%
--8<-- "gan/training.py:train"

# %%
STEPS = 400
G = train(0, stop=STEPS)[STEPS, "last"].eval()
torch.manual_seed(1)
way = torch.linspace(0, 1, 21)[:, None]
labels = torch.eye(10)
along_noise = along_digit = 0
for k in range(10):
    start, end = torch.randn(2, 20, 1, 32)
    walk = start + way * (end - start)                       # (20, 21, 32)
    fixed = labels[k].expand(20, 21, 10)
    other = labels[k] + way * (labels[(k + 1) % 10] - labels[k])
    with torch.no_grad():
        seen = [judge(G(part.reshape(-1, 42))).argmax(1).reshape(20, 21)
                for part in (torch.cat([walk, fixed], 2),
                             torch.cat([start.expand(20, 21, 32),
                                        other.expand(20, 21, 10)], 2))]
    along_noise += (seen[0][:, 1:] != seen[0][:, :-1]).sum().item() / 200
    along_digit += (seen[1][:, 1:] != seen[1][:, :-1]).sum().item() / 200
results["along_noise"], results["along_digit"] = along_noise, along_digit
print(f"changes of class on a way: noise {along_noise:.2f}, "
      f"digit {along_digit:.2f}")

# %% [markdown]
# On the way between two noises the judge changes its mind {{ along_noise:.2f}} times on average (a perfect conditional generator: never), and between two digits {{ along_digit:.2f}} times (at least once, if both ends are read rightly). The noise is for the handwriting, the label for the digit. In between two labels the generator draws what it was never asked for.

# %% [markdown]
# ## Exercise 6

# %%
G.train()
asked = torch.arange(1000) % 10
with torch.no_grad():
    mixed = judge(G(noise_for(asked))).argmax(1)
    alone = torch.cat([judge(G(noise_for(torch.full((100,), k)))).argmax(1)
                       for k in range(10)])
results["mixed"] = (mixed == asked).float().mean().item()
results["alone"] = (alone == torch.arange(1000) // 100).float().mean().item()
print(f"as asked for: mixed {results['mixed']:.2f}, "
      f"one kind a batch {results['alone']:.2f}")

# %% [markdown]
# In mixed batches {{ mixed:.0%}} are read as what was asked for, in batches of one kind {{ alone:.0%}}. Batch normalisation takes the mean over the batch away, and where all ask for the same digit, what they ask for *is* the mean.

# %% [markdown]
# ## Exercise 7
#
# It could: if the discriminator is pleased by exactly one image, its gradient leads there. With few digits and a large discriminator, this may happen in the end. One would look at the distance to the nearest training image, shifts and changes of thickness included, and compare with held-out digits.

# %% [markdown]
# ## Exercise 8
#
# Where one pass must be enough (sound or pictures in real time), as the judge in a loss for sharper images (super-resolution, codecs), or to make a diffusion model's many steps few. Where variety, likelihoods or simple training matter, other models are better.
