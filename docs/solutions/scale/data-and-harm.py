# %% [markdown]
# # Answers: data and harm
#
# ## Exercise 1
#
# The group is a small part of the test data, so what happens to it enters the mean with a small weight: the mean falls by the share of the group times the fall of its accuracy. The accuracy on the others hardly changes.
#
# ## Exercise 2
#
# $0.05 \cdot 0.6 + 0.95 \cdot 0.9 = 0.885$, before 0.9: what costs the group 30 points shows as one and a half.
#
# ## Exercise 3

# %%
import math

print(f"{math.log2(10_000 / 40):.2f} of {math.log2(10_000):.2f} bits")

# %% [markdown]
# ## Exercise 4
#
# Let $M$ and $S$ be the losses of a member and of a stranger, independent and with the same continuous distribution. Exchanging them changes nothing about the pair's distribution, so $P(M < S) = P(S < M)$. A tie has probability 0, so the two add up to 1, and each is $\tfrac12$.
#
# ## Exercise 5
#
# A group may be read badly because it is missing in training, or because it is harder in any case. So we train with it and without it.

# %%
--8<-- "scale/data_and_harm.py:lean"

# %%
--8<-- "scale/data_and_harm.py:train"

# %%
results = {}
for side, chosen in [("left", group), ("right", lean > lean.quantile(0.85))]:
    score = {}
    for kind, allowed in (("with", ~test), ("without", ~chosen & ~test)):
        rows = allowed.nonzero()[:800, 0]
        hit = (train(X, y, rows[None], 0)(X[None]).argmax(2)[0] == y).float()
        score[kind] = hit[chosen & test].mean().item()
        score[kind + "_others"] = hit[~chosen & test].mean().item()
        print(f"trained {kind} those that lean {side}: {score[kind]:.3f} right "
              f"on them, {score[kind + '_others']:.3f} on the others")
    results[side] = score | {"cost": score["with"] - score["without"]}

# %% [markdown]
# It is. Being left out costs those that lean right {{ right.cost:.2f}} of their accuracy, those that lean left {{ left.cost:.2f}}: about as much. Those that lean left are behind even when they are in the data ({{ left.with:.2f}} against {{ left.with_others:.2f}} for the others), those that lean right hardly ({{ right.with:.2f}} and {{ right.with_others:.2f}}).

# %% [markdown]
# ## Exercise 6
#
# We ask for the rank of each true code among all of them, as the page does.

# %%
--8<-- "scale/canary.py:secrets"

# %%
--8<-- "scale/canary.py:train"

# %%
--8<-- "scale/canary.py:rank"

# %%
text, codes = hide(0)
model = train(text, 0, steps=60)
for place, times in places.items():
    results[place] = rank(model, place, codes[place])
    print(f"{place:7} written {times:2} times: rank {results[place]}")

# %% [markdown]
# Only the one that was written most often: the code of the hall has rank {{ hall:d}} of 10,000 already; the others have {{ tower:d}} (tower), {{ vault:d}} and {{ gate:d}}. Stopping early protects what stood in the text a few times, and not what stood there often, and the model is not yet of much use.
#
# ## Exercise 7
#
# It does not: at this strength accuracy and recognition hardly change. The decays below that protect cost accuracy.

# %%
members, strangers = torch.arange(400), torch.arange(2000, 3500)
for decay in (0.0, 1.0, 5.0, 20.0):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(196, 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.01, weight_decay=decay)
    for step in range(600):
        rows = members[torch.randint(400, (50,))]
        optimizer.zero_grad()
        F.cross_entropy(net(X[rows]), y[rows]).backward()
        optimizer.step()
    with torch.no_grad():
        loss = F.cross_entropy(net(X), y, reduction="none")
        right = (net(X).argmax(1) == y)[test].float().mean()
    share = (loss[members, None] < loss[strangers]).float().mean()
    print(f"decay {decay}: accuracy {right:.3f}, members recognised {share:.3f}")

# %% [markdown]
# ## Exercise 8
#
# Four questions to begin with: for whom was it made, on what was it tested, which groups occur in those data, and which result would make you withdraw it? For the translator of numbers, for instance: trained on numbers of up to twelve English words, right on most of those that are a few words longer, and on hardly any of the longest; nobody who reads "exactly right" on its page would expect that.
