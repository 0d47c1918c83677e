# %% [markdown]
# # Answers: language models
#
# Exercise 3 is checked, 6, 7 and 8 computed, with the GPT that [the page](../../transformer/language-model.md) puts beside its rivals.

# %% [markdown]
# ## Exercise 1
#
# To complete a sentence, GPT: it gives a probability to every continuation and writes one token after the other. To sort letters, BERT is the nearer choice: the text is already there, and each word may be read with what follows it. (A GPT whose last state is used does it as well; its states know only what came before.)

# %% [markdown]
# ## Exercise 2
#
# $2 + 1 + 3 + 0 = 6$ bits for four characters, 1.5 bits per character. The comma is the third character: only the guess of the fourth, the space, may use it. A surprise of 0 says that the model was certain.

# %% [markdown]
# ## Exercise 3
#
# Each block has $12 E^2 = 12 \cdot 48^2 = 27\,648$ weights in matrices, two have $55\,296$, and the last layer $66 \cdot 48 = 3168$: together $58\,464$, each used once for a character. (The embedding is a look-up and multiplies nothing.) Scores and means of two layers over 32 characters add $2 \cdot 2 \cdot 32 \cdot 48 = 6144$, which makes $64\,608$.

# %% [markdown]
# ## Exercise 4
#
# A guess at $t$ depends on the output of the last block at $t$, which depends on the outputs of the block below at $t - N + 1, \dots, t$, each of which depends on places up to $N - 1$ further back. By induction over layers, after $L$ of them nothing before $t - L(N - 1)$ has any influence; and along the path that goes back $N - 1$ places in each layer, that far one has some, unless its weights happen to be zero.

# %% [markdown]
# ## Exercise 5
#
# $-\log_2$ is convex. So $-\log_2 \frac{q + q'}{2} \le \frac{1}{2}(-\log_2 q - \log_2 q')$ for each character (Jensen's inequality), and hence for the mean over the text. The mixture is never worse than the average of the two, and may be better than both.

# %% [markdown]
# ## Exercise 6

# %%
--8<-- "transformer/language_model_rivals.py:data"

# %%
--8<-- "transformer/language_model_rivals.py:block"

# %%
--8<-- "transformer/language_model_rivals.py:gpt"

# %%
--8<-- "transformer/language_model_rivals.py:recurrent"

# %%
--8<-- "transformer/language_model_rivals.py:train"

# %%
def score():
    return bits(chances(train("GPT", 150), test_ids))


turn, attend = rotate, F.scaled_dot_product_attention
results = {"plain": score()}
F.scaled_dot_product_attention = lambda Q, K, V, is_causal: attend(
    Q, K, V, is_causal=is_causal, scale=1.0)
results["undivided"] = score()
F.scaled_dot_product_attention = attend
rotate = lambda X: X
results["unplaced"] = score()
rotate = turn
print({name: round(value, 3) for name, value in results.items()})

# %% [markdown]
# After 150 steps, in one run each: {{ plain:.3f}} bits as it is, {{ undivided:.3f}} without the division, {{ unplaced:.3f}} without positions. At 12 numbers in a head the division changes the scores by a factor of 3.5, which the layers can learn to make up for. For the missing positions they have not made up in these steps; the causal mask alone says only how many characters came before.

# %% [markdown]
# ## Exercise 7

# %%
results["neighbours"] = bits(chances(train("GPT4", 150), test_ids))


class Own(GPT):
    def __init__(self, window=4, E=48, H=4):
        super().__init__(window)
        self.mix = nn.Conv1d(E, E, window, groups=E)


kinds["own"] = Own
results["own"] = bits(chances(train("own", 150), test_ids))
results["share"] = ((results["plain"] - results["own"])
                    / (results["plain"] - results["neighbours"]))
print(f"all with all {results['neighbours']:.3f}, "
      f"each its own {results['own']:.3f}")

# %% [markdown]
# In one run each: {{ plain:.3f}} bits without neighbours, {{ neighbours:.3f}} with the convolution of the page, {{ own:.3f}} with one that mixes each number with its own neighbours only. Those take $4 \cdot 48$ multiplications for a character where the page's takes $4 \cdot 48^2$. So {{ share:.0%}} of the help is there at hardly any cost, and is not owed to additional weights.

# %% [markdown]
# ## Exercise 8

# %%
pieces, spelled = parts, {c: c for c in alphabet}
for merge in range(100):                   # the most frequent pair becomes one
    (one, two), _ = Counter(zip(pieces[0], pieces[0][1:])).most_common(1)[0]
    new = chr(0x4E00 + merge)              # a sign that stands for both
    spelled[new] = spelled[one] + spelled[two]
    pieces = [part.replace(one + two, new) for part in pieces]
alphabet = sorted(spelled)
number, V = {c: i for i, c in enumerate(alphabet)}, len(alphabet)
train_ids, valid_ids, test_ids = (
    torch.tensor([number[c] for c in part]) for part in pieces)
p = chances(train("GPT", 150), test_ids)
length = sum(len(spelled[c]) for c in pieces[2][2 * T:])
results["pieces"] = -p.log2().sum().item() / length
results["per_piece"] = length / len(p)
print(f"{results['per_piece']:.2f} characters in a piece, such as",
      *(repr(spelled[c]) for c in alphabet[-100:-90]))
print(f"{results['pieces']:.3f} bits for a character")

# %% [markdown]
# The surprises of all pieces are added up and divided by the number of *characters*, so that the figures can be compared: {{ pieces:.3f}} bits with a hundred pairs made into pieces, {{ plain:.3f}} with single characters, after 150 steps of one run each. A piece has {{ per_piece:.2f}} characters, so the same number of steps reads more of the text, and a head that may look back 32 places sees further. (The comparison is not quite fair to the characters: a hundred more rows in the first and last layer are parameters and multiplications too.)

# %% [markdown]
# ## Exercise 9
#
# On a text of random letters that is repeated, measure the weight that each head puts on the place after the last occurrence of the current letter, and the surprise in the second half. A head that copies has a large weight there, and removing it takes away the gain of the second half over the first. Such pairs of heads, one that looks at the previous token and one that uses it, are called induction heads. A model as small as this page's need not have any.
