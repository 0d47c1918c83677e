# %% [markdown]
# # Answers: learning
#
# The third answer trains the network of [the page](../../neural-networks/learning.md) with right and with wrong gradients.

# %% [markdown]
# ## Exercise 1
#
# The number of mistakes changes only when a prediction tips over from one class to another. Between these jumps its derivative is
# zero, so it does not say in which direction to go.
#
# ## Exercise 2
#
# Write $\ell = -z_y + \log \sum_a e^{z_a}$. The derivative of the first term with respect to $z_c$ is $-[c = y]$, that of the
# second $e^{z_c} / \sum_a e^{z_a} = q_c$. Together: $q_c - [c = y]$.
#
# ## Exercise 3
#
# First the network of the page, with the right gradients.

# %%
--8<-- "neural-networks/learning.py:data"

# %%
--8<-- "neural-networks/learning.py:network"

# %%
--8<-- "neural-networks/learning.py:backward"

# %%
--8<-- "neural-networks/learning.py:autograd"

# %%
--8<-- "neural-networks/learning.py:training"

# %%
--8<-- "neural-networks/learning.py:baseline"

# %% [markdown]
# Now `backward` with the fault. The function `train` calls it by its name, so from here on it gets the wrong gradients.

# %%
def backward(p, X, y, h, log_q):
    """The chain rule, with a mistake."""
    dz = log_q.exp()
    dz[range(len(y)), y] -= 1
    dz /= len(y)
    dh = dz @ p["W2"].T
    da = dh * (1 - h)                 # wrong: should be 1 - h**2
    return {"W1": X.T @ da, "b1": da.sum(0),
            "W2": h.T @ dz, "b2": dz.sum(0)}


wrong = backward(p, batch_X, batch_y, *kept)
for name in p:
    print(f"{name}: off autograd by right gradients "
          f"{(by_hand[name] - auto[name].grad).abs().max():.0e}, "
          f"wrong {(wrong[name] - auto[name].grad).abs().max():.0e}")
def flat(gradients):
    return torch.cat([gradients[name].flatten() for name in p])


cosine = F.cosine_similarity(flat(wrong), flat(by_hand), dim=0).item()
print(f"cosine of the angle between the two gradients: {cosine:.2f}")
wrong_scores = [accuracy(train(seed)[0], test_X, test_y)
                for seed in range(5)]
results = {"off": max((wrong[name] - auto[name].grad).abs().max().item()
                      for name in p), "cosine": cosine}
print("held-out accuracy, worst to best of 5 seeds")
for name, s in [("right", scores), ("wrong", wrong_scores),
                ("linear", linear)]:
    results[name] = {"worst": min(s), "best": max(s), "mean": sum(s) / 5}
    print(f"{name:6}  {min(s):.3f} - {max(s):.3f}")

# %% [markdown]
# The network still learns: {{ wrong.mean:.1%}} of the held-out digits on average. $1 - h$ has the sign of $1 - h^2$, so every
# derivative passed back for an example keeps its sign, and the wrong gradient points roughly where the right one does (the cosine
# of the angle between them is {{ cosine:.2f}} at the start). On its own, this score looks like success. Only beside the
# linear model's {{ linear.mean:.1%}} and the {{ right.mean:.1%}} of the right gradients does it look suspicious. The comparison
# with autograd shows the fault at once: entries of the gradient are off by up to {{ off:.3f}}.
