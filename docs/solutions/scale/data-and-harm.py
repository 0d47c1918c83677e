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
# It is, though less in this run. (Perhaps since a digit that leans far to the right is more of what the others do.)

# %%
--8<-- "scale/data_and_harm.py:lean"

# %%
--8<-- "scale/data_and_harm.py:train"

# %%
gaps = {}
for side, chosen in [("left", group), ("right", lean > lean.quantile(0.85))]:
    rows = (~chosen & ~test).nonzero()[:800, 0]
    hit = (train(X, y, rows[None], 0)(X[None]).argmax(2)[0] == y).float()
    gaps[side] = (hit[~chosen & test].mean() - hit[chosen & test].mean()).item()
    print(f"trained without those that lean {side}: {gaps[side]:.3f} worse on them")

# %% [markdown]
# ## Exercise 6
#
# After 60 steps it knows hardly any. Stopping early protects, here at a point where the model is not yet of any use.

# %%
--8<-- "scale/canary.py:secrets"

# %%
--8<-- "scale/canary.py:train"

# %%
text, codes = hide(0)
model = train(text, 0, steps=60)
with torch.no_grad():
    for place, times in places.items():
        ids = encode("\n" + sentence(place, codes[place]))[None]
        chance = model(ids[:, :-1]).softmax(2).gather(2, ids[:, 1:, None])
        print(f"{place}, written {times} times: its digits have the "
              "probabilities", [round(p, 3) for p in chance[0, -5:-1, 0].tolist()])

# %% [markdown]
# A network that knew nothing but that digits follow would give each about 0.1.
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
