# %% [markdown]
# # Answers: named-entity recognition
#
# Sentences, score, network and training are those of
# [the page](../../rnn/named-entity-recognition.md). To keep the running time
# short, each network here learns from 200 generated sentences in place of
# 500; every row shows three draws of the sentences.

# %%
from functools import cache

--8<-- "rnn/named_entity_recognition.py:generate"


--8<-- "rnn/named_entity_recognition.py:sentences"


--8<-- "rnn/named_entity_recognition.py:score"


--8<-- "rnn/named_entity_recognition.py:features"


--8<-- "rnn/named_entity_recognition.py:training"


results = {}

# %% [markdown]
# ## Exercise 1
#
# Of the two names found one is a hit ("Maria" alone is not the whole name),
# and two are there: $F_1 = 2 \cdot 1 / (2 + 2) = 0.5$. Nine of the ten words
# have the right label, an accuracy of 0.9. (The place in the table, Lake
# Barry, is not part of the exercise: its two words count as right.)

# %%
example = "Maria Lopez left Hill and Sons in Lake Barry .".split()
truth = "B-PER I-PER O B-ORG I-ORG I-ORG O O O O".split()
answer = "B-PER O O B-ORG I-ORG I-ORG O O O O".split()
print("F1", f1([(example, truth)], [answer]),
      "accuracy", sum(t == a for t, a in zip(truth, answer)) / len(truth))

# %% [markdown]
# ## Exercise 2
#
# The patterns of that test are those of the training. Whoever knows the
# twelve patterns by heart knows where names stand and of which kind, without
# looking at the names or understanding a word. Only new patterns tell the
# difference.

# %% [markdown]
# ## Exercise 3
#
# To take pieces away, we let `features` blank them: a piece without its
# content is the same for all words and says nothing. Everything is tested on
# new names in new sentences.

# %%
every_piece = cache(features)  # the same words come again and again
fresh = sentences(200, new_templates, halves["test"])


def scores(patterns, blank=""):
    """F1 on new names in new sentences, for three draws of the training."""
    global features
    features = lambda word: [piece[0] if piece[0] in blank else piece
                             for piece in every_piece(word)]
    row = []
    for seed in range(3):
        random.seed(seed)
        pairs = sentences(200, patterns, halves["train"])
        model = train(pairs, epochs=6, lr=0.02)
        row.append(f1(fresh, tag(model, fresh)))
    return row


def show(name, label, row):
    results[name] = {"mean": sum(row) / len(row), "least": min(row),
                     "most": max(row)}
    print(f"{label:30}", " ".join(f"{score:.2f}" for score in row))


show("all", "everything", scores(templates))
show("word", "without the word itself", scores(templates, "w"))
show("affixes", "without prefix and suffixes", scores(templates, "pse"))
show("shape", "without the shape", scores(templates, "f"))

# %% [markdown]
# With everything the mean F1 is {{ all.mean:.2f}}. Without the shape it is
# {{ shape.mean:.2f}}, without prefix and suffixes {{ affixes.mean:.2f}}: these
# pieces are what a new name has in common with known ones. Without the word
# itself it is {{ word.mean:.2f}}. What the word helps to learn by heart, the
# names of the training, does not occur again.
#
# The pieces overlap (a capital, for instance, stands in the shape and in the
# prefix), so that the two losses do not add up to what both are worth.

# %% [markdown]
# ## Exercise 4
#
# Again 200 sentences each time, from the first 2, 4 or 8 of the patterns.

# %%
for count in (2, 4, 8):
    show(f"patterns_{count}", f"{count} patterns", scores(templates[:count]))
print(f"12 patterns: mean {results['all']['mean']:.2f} (from above)")

# %% [markdown]
# From two patterns the network reaches an F1 of {{ patterns_2.mean:.2f}} on
# other sentences, from four {{ patterns_4.mean:.2f}}, from eight
# {{ patterns_8.mean:.2f}} and from all twelve {{ all.mean:.2f}}. The number
# of *sentences* was the same each time: what helps is that they differ. How
# much one more pattern adds depends on which it is, and from four new
# patterns one cannot say where the curve will end.

# %% [markdown]
# ## Exercise 5
#
# A: precision $40/60 = 0.67$, recall $40/50 = 0.80$, $F_1 = 80/110 = 0.727$. B: $30/32 = 0.94$, $30/50 = 0.60$, $60/82 = 0.732$. Equal in F1, and different in use: the archivist misses ten names fewer with A; a program that acts on each hit makes two mistakes with B and twenty with A.

# %% [markdown]
# ## Exercise 6
#
# With $h$ hits, $f$ found and $t$ there, $P = h/f$ and $R = h/t$, so $1/P + 1/R = (f + t)/h$, and $2 / (1/P + 1/R) = 2h/(f + t)$. For the second part, $\frac{P + R}{2} - \frac{2 P R}{P + R} = \frac{(P + R)^2 - 4 P R}{2 (P + R)} = \frac{(P - R)^2}{2 (P + R)} \ge 0$.

# %% [markdown]
# ## Exercise 7
#
# Strictly, a name begins with B: then only one place is found, and neither I-PER nor I-ORG belongs to a name. Leniently, an I that follows nothing of its kind begins a name: a person of two words, a place, and an organisation. The rule has to be stated with the score. Forbidding the transitions O to I and B-LOC to I-ORG while decoding (the most probable *allowed* sequence, found by dynamic programming) makes such labels impossible.

# %% [markdown]
# ## Exercise 8
#
# Against either of the two, a program cannot be expected to do better than they do against each other: the F1 of one judged by the other is the mark to compare with. Look at the disagreements first: unclear rules (is a nickname a name?) can be repaired by a guideline and a third reader; what remains is a property of the task, and with a second set of labels one can say how much of the error it is.
