# %% [markdown]
# # Answers: speech recognition
#
# Recordings, network and decoding are those of
# [the page](../../lstm/speech-recognition.md). The third and the fourth
# answer train three networks, in about fifteen seconds.

# %%
from itertools import product

--8<-- "lstm/speech_recognition.py:data"


--8<-- "lstm/speech_recognition.py:model"


BLANK = 10


--8<-- "lstm/speech_recognition.py:paths"


--8<-- "lstm/speech_recognition.py:decode"


results = {}

# %% [markdown]
# ## Exercise 1
#
# "– 1 1 – 1" collapses to 1 1, "1 1 1 1 1" to 1, and "– – – – –" to nothing.
# Of the eight paths of three frames, six collapse to the single digit: all but
# "– – –" and "1 – 1".

# %%
for path in ([BLANK, 1, 1, BLANK, 1], [1] * 5, [BLANK] * 5):
    print(path, "->", collapse(path))
print(sum(collapse(path) == [1] for path in product([1, BLANK], repeat=3)),
      "of 8 paths collapse to 1")

# %% [markdown]
# ## Exercise 2
#
# Five frames, three classes and the blank: $4^5 = 1024$ paths. The text has a
# repeat, which needs a blank between. The classes that are left out get
# probability zero.

# %%
classes, target = [0, 1, 2, BLANK], [2, 2]
torch.manual_seed(0)
log_probs = torch.full((5, 11), -torch.inf)
log_probs[:, classes] = torch.randn(5, 4).log_softmax(1)
total = sum(log_probs[range(5), path].sum().exp()
            for path in product(classes, repeat=5)
            if collapse(path) == target)
by_program = probability(log_probs, target).exp()
print(f"{total:.6f} by all paths, {by_program:.6f} by the program")
assert torch.isclose(total, by_program)

# %% [markdown]
# ## Exercise 3
#
# To keep the training short we average neighbouring frames in pairs, which
# halves the length of every recording, and train for 200 steps. `most` is the
# largest number of digits in a training string; we need it for exercise 4, and
# train all its networks here: one on strings of one to five digits and two,
# from different random seeds, on strings of one or two. These get batches
# twice as large, so that each network hears as many digits.

# %%
sounds = [sound[:len(sound) // 2 * 2].reshape(-1, 2, 13).mean(1)
          for sound in sounds]


def string(rows, digits):
    """Recordings drawn from `rows`, one after the other -> sound, rows."""
    chosen = np.random.choice(rows, digits)
    return torch.cat([sounds[i] for i in chosen]), chosen


def ctc(logits, lengths, targets):
    return F.ctc_loss(logits.log_softmax(2).transpose(0, 1),  # (T, B, C)
                      torch.cat(targets), lengths,
                      torch.tensor([len(t) for t in targets]), blank=BLANK)


def learn(most, batch, seed):
    """Train a network on strings of one to `most` digits."""
    np.random.seed(seed)
    torch.manual_seed(seed)

    def some_strings():
        strings = [string(train_rows, np.random.randint(1, most + 1))
                   for _ in range(batch)]
        return [sound for sound, _ in strings], [y[rows]
                                                 for _, rows in strings]

    return train(Listener(11), some_strings, ctc, steps=200, lr=0.02)


networks = {"one to five": learn(5, 20, seed=0),
            "one or two, seed 0": learn(2, 40, seed=0),
            "one or two, seed 1": learn(2, 40, seed=1)}

# %% [markdown]
# Now the spikes, in new strings of three digits that come out with three
# digits. A place of 0 is the beginning of the recording, 1 its end.

# %%
results["places"] = []
for name, listener in networks.items():
    np.random.seed(5)
    places = []
    for _ in range(200):
        sound, rows = string(test_rows, 3)
        with torch.no_grad():
            best = listener([sound])[0][0].argmax(1)
        spikes = [t for t in range(len(best)) if best[t] != BLANK
                  and (t == 0 or best[t] != best[t - 1])]
        if len(spikes) == 3:
            sizes = np.array([len(sounds[i]) for i in rows])
            starts = sizes.cumsum() - sizes
            places += list((np.array(spikes) - starts) / sizes)
    quantiles = [float(np.quantile(places, q)) for q in (0.1, 0.5, 0.9)]
    results["places"].append(quantiles)
    print(f"{name:18} tenth {quantiles[0]:.2f}, median {quantiles[1]:.2f}, "
          f"nine tenths {quantiles[2]:.2f}  ({len(places) // 3} strings)")

# %% [markdown]
# In the first network half of the spikes stand within the first
# {{ places.0.1:.0%}} of their recording and nine of ten within the first
# {{ places.0.2:.0%}}. The other two have their medians at
# {{ places.1.1:.0%}} and {{ places.2.1:.0%}}. So each network has a habit, and
# the habit differs from network to network, even between two that differ only
# in the random seed: CTC does not ask where in a word the label is put, and a
# network that reads in both directions knows the word at every frame of it.

# %% [markdown]
# ## Exercise 4

# %%
results["rates"] = {}
for name, listener in networks.items():
    np.random.seed(1)
    row = []
    for digits in (2, 7):
        strings = [string(test_rows, digits) for _ in range(150)]
        row.append(error_rate(transcribe([sound for sound, _ in strings]),
                              [y[rows].tolist() for _, rows in strings]))
    results["rates"][name.replace(" ", "_").replace(",", "")] = row
    print(f"trained on {name:18} word error rate at two digits {row[0]:.3f}, "
          f"at seven {row[1]:.3f}")
results["growth"] = [row[1] / row[0] for row in results["rates"].values()]

# %% [markdown]
# Trained on strings of one or two digits, the networks have a word error rate
# of {{ rates.one_or_two_seed_0.1:.0%}} and {{ rates.one_or_two_seed_1.1:.0%}}
# at seven digits; trained on one to five, {{ rates.one_to_five.1:.0%}}. At two
# digits the three are at {{ rates.one_or_two_seed_0.0:.0%}},
# {{ rates.one_or_two_seed_1.0:.0%}} and {{ rates.one_to_five.0:.0%}}: so from
# two digits to seven the error of the first two is multiplied by
# {{ growth.1:.1f}} and {{ growth.2:.1f}}, that of the other by
# {{ growth.0:.1f}}. Nothing about a word depends on how many others there are,
# but nobody told the network, and it may learn the range of its examples along
# with the task, as in
# [translation](../../lstm/translation.md#where-it-fails-longer-and-of-a-rare-shape).
# It need not: the first two differ only in the random seed.

# %% [markdown]
# ## Exercise 5
#
# Delete the 1 after the 3 and insert a 1 at the end: two changes, so the rate is $2/4 = 50$ %. (Substitutions: 1 to 4 and 4 to 1 are two as well.) It can be above 100%: a network that writes ten digits where one was said needs nine deletions for one word.

# %% [markdown]
# ## Exercise 6
#
# Each of the $U$ digits gets at least one frame, each of the $U + 1$ places for blanks none or more (between different digits no blank is needed). Give each digit its one frame; the other $T - U$ frames are shared freely among $2U + 1$ places, which can be done in $\binom{T - U + 2U}{2U} = \binom{T + U}{2U}$ ways. For $T = 3$, $U = 1$: $\binom42 = 6$, as counted in exercise 1.

# %% [markdown]
# ## Exercise 7
#
# The most probable path is blank, blank with $0.36$: it says nothing. The text of one digit has the paths digit-blank, blank-digit and digit-digit: $0.24 + 0.24 + 0.16 = 0.64$. So the text "one digit" is the most probable, although no path of it is. Greedy decoding is wrong here; a beam search over texts, which adds up the paths of equal texts, is right.

# %% [markdown]
# ## Exercise 8
#
# Joined strings have pauses and the speech melody of single words; in connected speech words run into each other, are shortened, and change at their borders, and people hesitate. Error rates would be higher, spikes less sharp, and a network trained on joined strings would fail more. That the CTC loss can be computed by the recursion should hold; that strings longer than any in training are read as well need not.
