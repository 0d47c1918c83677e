# %% [markdown]
# # Answers: learning
#
# The answer to exercise 7 trains the network of [the page](../../neural-networks/learning.md) with right and with wrong gradients.

# %% [markdown]
# ## Exercise 1
#
# The number of mistakes changes only when a prediction tips over from one class to another. Between these jumps its derivative is
# zero, so it does not say in which direction to go.
#
# ## Exercise 2
#
# $e^2 + e + 1 = 11.107$, so the softmax is $0.665, 0.245, 0.090$. The loss is $-\log 0.245 = 1.408$. The derivatives are
# $0.665, -0.755, 0.090$: predicted minus what should have been.
#
# ## Exercise 3
#
# Write $\ell = -z_y + \log \sum_k e^{z_k}$. The derivative of the first term with respect to $z_c$ is $-[c = y]$, that of the
# second $e^{z_c} / \sum_k e^{z_k} = q_c$. Together: $q_c - [c = y]$.
#
# ## Exercise 4
#
# A factor $e^b$ cancels in $e^{z_c + b} / \sum_k e^{z_k + b}$. The derivatives are $q_c - [c = y]$, and both terms add up to 1. It is the
# same fact twice: along the direction $(1, \dots, 1)$ the loss does not change, so the slope in that direction, which is the sum of
# the derivatives, is zero.
#
# ## Exercise 5
#
# $\sigma' = \sigma (1 - \sigma)$, so the slope is $-2 (1 - \sigma)\, \sigma (1 - \sigma)$, in size at most $2 \sigma < 2 e^z$, since
# $\sigma(z) = e^z / (1 + e^z) < e^z$. For the cross-entropy $-\log \sigma$ it is $-\sigma' / \sigma = -(1 - \sigma)$. At a confident mistake
# $z$ is very negative: the first slope is nearly zero, the second nearly $-1$.
#
# ## Exercise 6
#
# Forward: $64 \cdot 64 + 64 \cdot 10 = 4736$. Backward: $\delta W_2 = \delta z\,h^\top$ takes 640, $\delta h = W_2^\top \delta z$ another 640,
# $\delta W_1$ takes 4096, and entry-by-entry products few. About 5400; the derivative with respect to $x$, another 4096, is not
# needed. With more layers the backward pass takes about twice as many as the forward pass.
#
# ## Exercise 7
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
    dh = dz @ p["W2"]
    da = dh * (1 - h)                 # wrong: should be 1 - h**2
    return {"W1": da.T @ X, "b1": da.sum(0),
            "W2": dz.T @ h, "b2": dz.sum(0)}


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
#
# ## Exercise 8
#
# What hinders is the slope of the softmax at the wrong score. Two ideas: an optimiser that divides by the size of the gradient, so that a tiny
# one still makes a step of the usual length (Adam); and a limit on the scores, $z \leftarrow 5 \tanh(z / 5)$, which makes a start so sure impossible. We try both, and count the
# steps to 90% of the test digits, 600 at most.

# %%
from torch import nn

print("steps to 90 % from a start that is sure of one class, three seeds")
for name, loss_of, make, lr, most in [
        ("cross-entropy", F.cross_entropy, torch.optim.SGD, 1.0, 0),
        ("squared", None, torch.optim.SGD, 1.0, 0),
        ("squared, Adam", None, torch.optim.Adam, 0.01, 0),
        ("squared, scores at most 5", None, torch.optim.SGD, 1.0, 5)]:
    needed, key = [], "limit" if most else name.split("-")[-1].split()[-1]
    for seed in range(3):
        torch.manual_seed(seed)
        model = nn.Sequential(nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 10))
        with torch.no_grad():
            model[2].bias[0] += 10
        optimizer = make(model.parameters(), lr=lr)
        for step in range(600):
            rows = torch.randint(len(train_X), (50,))
            z = model(train_X[rows])
            z = most * torch.tanh(z / most) if most else z
            loss = (loss_of(z, train_y[rows]) if loss_of else
                    (z.softmax(1) - F.one_hot(train_y[rows], 10))
                    .square().sum(1).mean())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if step % 10 == 9:
                with torch.no_grad():
                    right = (model(test_X).argmax(1) == test_y).float().mean()
                if right >= 0.9:
                    break
        needed.append(step + 1)
    results[key] = {"low": min(needed), "high": max(needed)}
    print(f"{name:26}", *needed)

# %% [markdown]
# Cross-entropy takes {{ entropy.low:d}} to {{ entropy.high:d}} steps, squared error {{ squared.low:d}} to {{ squared.high:d}}. The limit helps, {{ limit.low:d}} to {{ limit.high:d}}. Adam does not: {{ Adam.low:d}} to
# {{ Adam.high:d}} steps with this rate. A sound idea and a result are two things. The simplest cure is the cross-entropy.
