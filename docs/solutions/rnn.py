# %% [markdown]
# # Solutions: recurrent networks
#
# Worked answers to the exercises of the chapter. Where an answer is a number, a program computes it. Ablations
# take the program of the page, change a line, and run it again.

# %%
import contextlib
import io
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def run(program, stop, *changes):
    """Run a program of the book up to a section, with lines changed."""
    text = Path("snippets", program).read_text()
    text = text.split(f"# --8<-- [start:{stop}]")[0]
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    torch.set_default_dtype(torch.float32)  # a program may change it
    names = {"__name__": "__main__"}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(text, names)
    return names


results = {}

# ## Recurrent networks
#
# ### 1. Parameters
#
# $W$ has $20 \cdot 10$ weights, $U$ has $20 \cdot 20$, and there are 20 biases: 620. (PyTorch stores two biases for each unit, so it
# says 640.) The number of steps does not enter: the same weights serve all of them.

# %%
layer = nn.RNN(10, 20)
print(sum(p.numel() for p in layer.parameters()), "in PyTorch")

# %% [markdown]
# ### 2. A linear cell
#
# $h_1 = 1$, then $0.5, 0.25, 0.125$: the memory of the input is halved at each step. With $U = 1$ it is kept for ever; with $U > 1$ it
# grows.

# %%
h, states = 0.0, []
for x in (1, 0, 0, 0):
    h = 1 * x + 0.5 * h
    states.append(h)
print(states)

# %% [markdown]
# ### 3. An adder made by hand
#
# Let $s$ be the number of ones among the two bits and the carry. Three units ask whether $s \ge 1$, $s \ge 2$ and $s \ge 3$. The carry for the
# next step is the second unit. The bit of the sum is 1 if $s$ is 1 or 3: first unit minus second plus third.

# %%
names = run("rnn/index.py", "model")
W = torch.ones(3, 2)                              # each unit counts the bits
U = torch.tensor([[0., 1, 0]] * 3)                # and adds the carry
b = torch.tensor([-0.5, -1.5, -2.5])              # three thresholds
X, y, _ = names["sums"](100, 200)
h, said = torch.zeros(100, 3), []
for t in range(200):
    h = ((X[:, t] @ W.T + h @ U.T + b) > 0).float()
    said.append(h @ torch.tensor([1., -1, 1]))
results["by_hand"] = (torch.stack(said, 1) == y).float().mean().item()
print(f"right bits: {results['by_hand']:.3f}")

# %% [markdown]
# ### 4. How many units it takes

# %%
def adds(names, seed, length=8):
    """Train an adder; the share of right bits in sums of 200."""
    torch.manual_seed(seed)
    model = names["train"](False, length=length)
    X, y, _ = names["sums"](500, 200)
    with torch.no_grad():
        return ((model(X) > 0) == y.bool()).float().mean().item()


for units in (1, 2, 3, 4, 8):
    names = run("rnn/index.py", "evaluation", ("hidden=8", f"hidden={units}"))
    row = [adds(names, seed) for seed in range(3)]
    print(units, "units:", " ".join(f"{score:.3f}" for score in row))

# %% [markdown]
# The adder made by hand shows that three units suffice with hard thresholds. With fewer, training seldom finds a solution or none exists; with more
# than it needs, it nearly always does. Spare units make learning easier, not the function richer.
#
# ### 5. Short examples

# %%
for length in (2, 3):
    results[f"bits_{length}"] = [adds(names, seed, length)
                                 for seed in range(3)]
    print(f"learned from {length} bits:", " ".join(
        f"{score:.3f}" for score in results[f"bits_{length}"]))

# %% [markdown]
# From sums of 3 bits the network learns a rule that holds for 200 ({{ bits_3.0:.2f}}, {{ bits_3.1:.2f}} and {{ bits_3.2:.2f}} for three starts). In sums of 2 bits a carry never has to be passed
# on *twice*; how the network goes on after that is luck ({{ bits_2.0:.2f}}, {{ bits_2.1:.2f}}, {{ bits_2.2:.2f}}).
#
# ## Sequences of unequal lengths
#
# ### 1. A small batch
#
# The rectangle has $3 \cdot 10 = 30$ places, 18 of them real: 40 % is padding. Three sequences run for three steps, two for two more, one for the last five.

# %%
from torch.nn.utils.rnn import pack_sequence

packed = pack_sequence([torch.zeros(n, 1) for n in (10, 5, 3)])
print("batch sizes", packed.batch_sizes.tolist())

# %% [markdown]
# ### 2. The last real state

# %%
def last_real(states, lengths):
    """States (B, T, H), lengths (B) -> the last real state (B, H)."""
    return states[torch.arange(len(states)), lengths - 1]


names = run("rnn/unequal_lengths.py", "alone")
gru = nn.GRU(12, 16, batch_first=True)
_, last = gru(names["packed"])
states, _ = gru(names["padded"])
gap = (last_real(states, names["lengths"]) - last[0]).abs().max().item()
print(f"largest difference from packing: {gap:.0e}")
assert gap < 1e-5

# %% [markdown]
# (For one direction only: see the last exercise.)
#
# ### 3. Batches of similar length

# %%
lengths = torch.tensor([len(x) for x in names["train_X"]])
for order in ("random", "sorted"):
    rows = (torch.randperm(len(lengths)) if order == "random"
            else lengths.argsort())
    batches = lengths[rows].split(30)
    room = sum(len(batch) * batch.max() for batch in batches)
    results[order] = 1 - (lengths.sum() / room).item()
    print(f"{order:7} {results[order]:.0%} padding")

# %% [markdown]
# Sorting leaves {{ sorted:.0%}} padding in place of {{ random:.0%}}. The price: batches are no longer random samples. If length and class go together (slow speakers), each
# batch is one-sided, and its gradient too. One sorts roughly, within large random groups.
#
# ### 4. Forwards only
#
# Reading forwards, the state at a real step depends on the steps before it only, and padding comes after all real steps. It spoils only states
# that the mask leaves out.
#
# ## Gradients through time
#
# ### 1. Two factors
#
# The matrix $U^\top$ and the slopes $1 - h_t^2$ of the $\tanh$. The slopes are at most 1 and can only shorten; the matrix can do either.
#
# ### 2. One unit
#
# $\partial h_T / \partial h_{T-k} = u^k$. It is below $1/1000$ at $k = 100$ if $|u| < 10^{-3/100} = 0.933$. A weight that is 7 % too small makes a hundred steps invisible.

# %%
print(f"{0.001 ** (1 / 100):.3f}")

# %% [markdown]
# ### 3. Gaussian weights

# %%
names = run("rnn/gradients_through_time.py", "echo")
H, norms = names["H"], {"rotation": [], "Gaussian": []}
torch.manual_seed(1)
for seed in range(20):
    G = torch.randn(H, H, dtype=torch.float64)
    for kind in norms:
        names["orthogonal"] = (torch.linalg.qr(G)[0] if kind == "rotation"
                               else G / H**0.5)
        norms[kind].append(names["fade"](1.0, seed)[60])
for kind, row in norms.items():
    print(f"{kind:9} gradient at lag 60: {min(row):.0e} to {max(row):.0e}")

# %% [markdown]
# A rotation treats all directions alike. A Gaussian matrix stretches some and shrinks others, and after sixty steps what remains depends on how much this
# matrix happens to stretch the direction it stretches most, taken sixty times: a small difference between two starts becomes a large factor.
#
# ### 4. How much to clip

# %%
names = run("rnn/gradients_through_time.py", "draw",
            ("rates, seeds = (0.1, 0.2, 0.4), range(3)",
             "rates, seeds = (0.2,), range(1)"))
for clip in (5, 0.5, 0.05, 0.005, 0.0005):
    run_of = names["train"](0.2, clip, seed=0)
    results[f"clip_{str(clip).replace('.', '_')}"] = float(run_of["error"])
    print(f"limit {clip:6}: error {run_of['error']:.4f}, usual norm "
          f"{np.median(run_of['norms']):.2f}")

# %% [markdown]
# Over a wide range the limit hardly matters. A limit far below the usual norms shortens *every* step, so that it acts as a smaller learning rate; down to 0.005 the 300 steps still
# suffice (error {{ clip_0_005:.4f}}), at 0.0005 they do not ({{ clip_0_0005:.2f}}).
#
# ## Gesture recognition
#
# ### 1. Warping by hand
#
# Point by point, the cost is $0 + 1 + 1 + 0 = 2$. With warping, the two zeros of the first match the one zero of the second, and the 2 of the first both twos: the cost is 0.

# %%
names = run("rnn/gesture_recognition.py", "evaluation")
a, b = (torch.tensor([series, [0.] * 4]).T for series in
        ([0., 0, 1, 2], [0., 1, 2, 2]))
print("straight", names["straight"](a[None], b)[0],
      "warped", names["warped"](a[None], b)[0])

# %% [markdown]
# ### 2. The same person in both parts
#
# The nearest neighbour of a test recording would be the previous repetition by the same person, and the score would say how well people repeat themselves. A new user has no
# recordings in the training set. So the split has to be by person, or the score has to be called what it is.
#
# ### 3. What each part is worth

# %%
quick = (("range(3):  # three ways", "range(2):  # two ways"),
         ("nearest(warped,", "nearest(straight,"))
changes = {"steps": [], "positions": [
    ("X = 10 * paths.diff(dim=1)", "X = 4 * paths")],
           "no augmentation": [("model(varied(X[rows]))", "model(X[rows])")]}
for name, change in changes.items():
    found = run("rnn/gesture_recognition.py", "draw", *quick, *change)
    results[name.split()[0]] = [np.mean(found["scores"][method]).item()
                                for method in ("GRU", "neighbour")]
    print(f"{name:16} network {results[name.split()[0]][0]:.3f}, nearest "
          f"neighbour {results[name.split()[0]][1]:.3f}")

# %% [markdown]
# (Mean of two splits each.) From positions the network gets {{ positions.0:.2f}} in place of {{ steps.0:.2f}}. Augmentation makes less of a difference: without it, {{ no.0:.2f}}.
# The two splits of one row differ by several points, so only large differences mean something.
#
# ### 4. Forwards only, last state

# %%
found = run("rnn/gesture_recognition.py", "draw", *quick,
            ("batch_first=True, bidirectional=True", "batch_first=True"),
            ("nn.Linear(2 * hidden", "nn.Linear(hidden"),
            ("states.mean(1)", "states[:, -1]"))
results["forward"] = found["scores"]["GRU"]
print(" ".join(f"{s:.3f}" for s in results["forward"]))

# %% [markdown]
# The network has to keep the whole path in mind until the end and reaches {{ forward.0:.2f}} and {{ forward.1:.2f}} (read in both directions, with the mean of all states: {{ steps.0:.2f}} on average). The mean over all steps makes the memory's task easier: whatever was
# recognised at any time counts.
#
# ## Language modelling
#
# ### 1. Bits and perplexity
#
# $1 + 2 + 3 = 6$ bits for three characters: 2 bits each, and a perplexity of $2^2 = 4$.
#
# ### 2. No zeros
#
# One character with probability zero that occurs after all costs $-\log_2 0 = \infty$ bits, whatever else the model knows. It would also be wrong: what has not
# been seen in 157,658 characters may come next.
#
# ### 3. Longer contexts

# %%
names = run("rnn/language_modelling.py", "model",
            ("for n in range(1, 6)}", "for n in range(1, 9)}"))
for name, bits in names["bits"].items():
    print(f"{name}: {bits:.3f}")
results["grams"] = list(names["bits"].values())

# %% [markdown]
# From 5 ({{ grams.4:.3f}}) to 6 ({{ grams.5:.3f}}) nothing is gained. It hardly hurts, because a context that was not seen hands over to a shorter one, and one that was seen once leaves most of its
# weight to it.
#
# ### 4. Less text

# %%
for share in (0.1, 0.33, 1.0):
    names = run("rnn/language_modelling.py", "future",
                ("train_text, test_text = text[:cut], text[cut:]",
                 f"train_text, test_text = text[:int({share} * cut)], "
                 "text[cut:]\nalphabet = sorted(set(text))"),
                ("alphabet = sorted(set(train_text))\n", ""),
                ("ngrams = {n: NGram(train_text, n) for n in range(1, 6)}",
                 "ngrams = {5: NGram(train_text, 5)}"),
                ('mass = sum', 'mass = 0 and sum'), ("steps=2300", "steps=500"),
                ("step % 460 == 459", "False"))
    results[f"share_{int(100 * share)}"] = [names["bits"]["5-gram"],
                                            names["bits"]["RNN"]]
    print(f"{share:4.0%}: 5-gram {names['bits']['5-gram']:.2f}, "
          f"network {names['bits']['RNN']:.2f}")

# %% [markdown]
# In 500 steps the counting model gains more: with a tenth of the text the network is {{ behind_10:.2f}} bits behind it, with all of the text {{ behind_100:.2f}}. Counting makes full use of each further page at once. The network can
# use what it has time to read: 500 steps are two and a half rounds over the whole text, and 25 over a tenth of it. Given 2300 steps, it overtakes (the page). Text and computation are two different limits.

# %%
for part in ("10", "100"):
    gram, net = results[f"share_{part}"]
    results[f"behind_{part}"] = net - gram
print({key: round(value, 2) for key, value in results.items()
       if key.startswith("behind")})

# %% [markdown]
# ## Named-entity recognition
#
# ### 1. F1 and accuracy
#
# Of two names found one is a hit ("Maria" alone is not the whole name), and two are there: $F_1 = 2 \cdot 1 / (2 + 2) = 0.5$. Nine of the ten words have the right label, an accuracy
# of 0.9.
#
# ### 2. What the test does not say
#
# The patterns of the test are those of the training. Whoever knows the twelve patterns by heart knows where names stand and of which kind, without looking at the names or
# understanding a word. Only new patterns tell the difference.
#
# ### 3. What the pieces are worth

# %%
names = run("rnn/named_entity_recognition.py", "evaluation")
features = names["features"]
made = names["sentences"](600, names["templates"], names["halves"]["train"])
fresh = names["sentences"](200, names["new_templates"],
                           names["halves"]["test"])
for missing, letters in [("nothing", ""), ("the word", "w"),
                         ("prefix and suffixes", "pse"), ("shape", "f")]:
    names["features"] = lambda word: [
        piece if piece[0] not in letters else piece[0]
        for piece in features(word)]
    model = names["train"](list(made), 5)
    score = names["f1"](fresh, names["tag"](model, fresh))
    print(f"without {missing:20} F1 {score:.2f}")
names["features"] = features

# %% [markdown]
# The scores of single runs scatter by a few hundredths. What matters most is the shape: without it, a new name does not look like one. Prefixes and suffixes do not help here; they make it possible to
# learn names by heart.
#
# ### 4. More patterns

# %%
for count in (2, 4, 8, 12):
    some = names["sentences"](600, names["templates"][:count],
                              names["halves"]["train"])
    model = names["train"](some, 5)
    score = names["f1"](fresh, names["tag"](model, fresh))
    results[f"patterns_{count}"] = score
    print(f"{count:2} patterns: F1 {score:.2f}")

# %% [markdown]
# From two patterns the network reaches an F1 of {{ patterns_2:.2f}} on other sentences, from twelve {{ patterns_12:.2f}}. The number of *sentences* was the same each
# time: what counts is how different they are.
