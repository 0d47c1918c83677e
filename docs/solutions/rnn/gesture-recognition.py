# %% [markdown]
# # Answers: gesture recognition
#
# The recordings, the augmentation and the two distances are those of
# [the page](../../rnn/gesture-recognition.md). To keep the running time short,
# the networks here read every fourth frame only and train for 160 steps.

# %%
--8<-- "rnn/gesture_recognition.py:data"
--8<-- "rnn/gesture_recognition.py:neighbours"
results = {}

# %% [markdown]
# ## Exercise 1
#
# Point by point, the squared differences are $0 + 1 + 1 + 0 = 2$. With
# warping, the two zeros of the first series match the one zero of the second,
# the ones match, and the 2 of the first matches both twos: the cost is 0.

# %%
a, b = (torch.tensor([series, [0.0] * 4]).T for series in
        ([0.0, 0, 1, 2], [0.0, 1, 2, 2]))
print("without warping", straight(a[None], b)[0],
      "with warping", warped(a[None], b)[0])

# %% [markdown]
# ## Exercise 2
#
# The nearest neighbour of a test recording would be the previous repetition
# by the same person, and the score would say how well people repeat
# themselves within a session. A new user has no recordings in the training
# set. So the split has to be by person; if that is impossible, the score has
# to be called what it is.

# %% [markdown]
# ## Exercise 3
#
# The network and its training, with what the exercise changes as arguments.
# Positions come in two versions: in the picture, and relative to the centre
# of the recording's own path. All variants see the same three splits.

# %%
--8<-- "rnn/gesture_recognition.py:training"


class Recogniser(nn.Module):
    """A GRU over a path, one direction or two, one score a sign."""

    def __init__(self, directions=2, last=False, hidden=32):
        super().__init__()
        self.gru = nn.GRU(2, hidden, batch_first=True,
                          bidirectional=directions == 2)
        self.drop, self.last = nn.Dropout(0.3), last
        self.out = nn.Linear(directions * hidden, 15)

    def forward(self, X):
        """X (B, T, 2) -> logits (B, 15)."""
        states, _ = self.gru(X)
        read = states[:, -1] if self.last else states.mean(1)
        return self.out(self.drop(read))


def train(X, y, augment, steps=160, batch=64, lr=0.03, **options):
    model = Recogniser(**options)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, steps)
    for step in range(steps):
        rows = torch.randint(len(X), (batch,))
        some = varied(X[rows]) if augment else X[rows]
        loss = F.cross_entropy(model(some), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return model.eval()


def scores(X, augment=True, **options):
    """Accuracy on held-out recordings, for three splits."""
    row = []
    for seed in range(3):
        torch.manual_seed(seed)
        known, held_out = torch.randperm(len(X)).split([220, len(X) - 220])
        model = train(X[known], y[known], augment, **options)
        with torch.no_grad():
            hits = model(X[held_out]).argmax(1) == y[held_out]
        row.append(hits.float().mean().item())
    return row


def show(name, row):
    results[name.replace(" ", "_")] = {"mean": float(np.mean(row)),
                                       "least": min(row), "most": max(row)}
    print(f"{name:18}", " ".join(f"{score:.3f}" for score in row),
          f"  mean {np.mean(row):.3f}")


few = paths[:, ::4]  # every fourth frame
steps = 10 / 4 * few.diff(dim=1)
show("steps", scores(steps))
show("positions", scores(4 * (few - 0.5)))  # 0.5: middle of the picture
show("own positions", scores(4 * (few - few.mean(1, keepdim=True))))
show("not augmented", scores(steps, augment=False))

# %% [markdown]
# With positions in the picture the network gets {{ positions.mean:.0%}} on
# average, with steps {{ steps.mean:.0%}}. Part of the difference is *where*
# the hand moved: relative to the centre of its own path, positions get
# {{ own_positions.mean:.0%}}. Without augmentation it is
# {{ not_augmented.mean:.0%}}, in three splits between
# {{ not_augmented.least:.0%}} and {{ not_augmented.most:.0%}}, where the
# augmented network has {{ steps.least:.0%}} to {{ steps.most:.0%}}: in so
# short a training, three splits cannot tell these two apart.

# %% [markdown]
# ## Exercise 4
#
# The exercise changes two things, so we change them one after the other.

# %%
show("forwards, mean", scores(steps, directions=1))
show("forwards, last", scores(steps, directions=1, last=True))

# %%
results["forwards"] = [results["forwards,_mean"], results["forwards,_last"]]

# %% [markdown]
# Read forwards, with the mean of all states, the network names
# {{ forwards.0.mean:.0%}}, with the last state {{ forwards.1.mean:.0%}}; with
# both directions it was {{ steps.mean:.0%}}. The splits of one row differ
# more than these means, so nothing measurable is lost here. These paths are
# short: the last state has to keep fifteen signs apart over
# {{ length:d }} steps. The longer the recording, the more there is to keep.

# %%
results["length"] = steps.shape[1]

# %% [markdown]
# ## Exercise 5
#
# A direction with GRU cells has $3 \cdot 32 \cdot (2 + 32 + 2) = 3456$ parameters, two have 6912, and the last layer has $15 \cdot 64 + 15 = 975$: 7887 together. With plain cells $2 \cdot 1152 + 975 = 3279$.

# %% [markdown]
# ## Exercise 6
#
# The path that goes along the diagonal, $(1, 1), (2, 2), \dots, (T, T)$, is one of the paths that warping may choose, and its cost is that sum. Warping takes the cheapest path, so its cost is at most that.

# %% [markdown]
# ## Exercise 7
#
# Take $a = (0, 0)$, $b = (0, 1)$ and $c = (1, 1)$. From $a$ to $b$: the 1 must match a 0, cost 1. From $b$ to $c$: the 0 must match a 1, cost 1. From $a$ to $c$ every match costs 1 and there are at least two, cost 2: just equal. With longer series the gap opens: $a = (0, 0, 0)$, $c = (1, 1, 1)$ cost 3, and
# $b = (0, 1)$ is still at cost 1 from each. So $3 > 1 + 1$. (The costs are squared distances, which break it for plain numbers as well; with warping it happens even without the square.)

# %% [markdown]
# ## Exercise 8
#
# The neighbour has a natural threshold: the distance to the nearest training recording, set on validation recordings so that few true gestures are refused. A softmax always shares out the whole probability, so its largest value is a poor guide for inputs of a new kind. Train with a class of other movements, or refuse when several networks disagree; and
# test it with movements of a kind that was in no training set.
