# %% [markdown]
# # Answers: text generation
#
# Text, sampling and measures are those of
# [the page](../../lstm/text-generation.md). The network here is smaller and
# trains for less than half the steps, so it writes worse; everything takes
# about fifteen seconds.

# %%
--8<-- "lstm/text_generation.py:data"


results = {}

# %% [markdown]
# ## Exercise 1
#
# At temperature 1 the ratio of the two probabilities is $e^2 = 7.4$: 0.88 and
# 0.12. At 0.5 it is $e^4$: 0.98 and 0.02. At 2 it is $e$: 0.73 and 0.27.

# %%
for temperature in (1, 0.5, 2):
    print(temperature, (torch.tensor([2.0, 0]) / temperature).softmax(0))

# %% [markdown]
# ## Exercise 2
#
# First the network. The text it reads is an argument, for exercise 4.

# %%
class Writer(nn.Module):
    def __init__(self, hidden=128, size=32, drop=0.15):
        super().__init__()
        self.embed = nn.Embedding(V, size)
        self.lstm = nn.LSTM(size, hidden, batch_first=True)
        self.drop, self.out = nn.Dropout(drop), nn.Linear(hidden, V)

    def forward(self, ids, state=None):
        """ids (B, T) -> logits of the next one (B, T, V), state."""
        states, state = self.lstm(self.drop(self.embed(ids)), state)
        return self.out(self.drop(states)), state


def train(ids, steps, B, T=32, lr=0.015):
    """Read the text in B strands, T characters at a time."""
    torch.manual_seed(0)
    model = Writer()
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, steps)
    L = (len(ids) - 1) // B
    X, y = ids[:B * L].view(B, L), ids[1:B * L + 1].view(B, L)
    at, state = 0, None
    for step in range(steps):
        if at + T > L:  # a new round over the text
            at, state = int(torch.randint(T, (1,))), None
        logits, state = model(X[:, at:at + T], state)
        state = [s.detach() for s in state]
        loss = F.cross_entropy(logits.flatten(0, 1),
                               y[:, at:at + T].flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        at += T
    return model.eval()


@torch.no_grad()
def write(model, choose, length, copies, start="\n"):
    """Draw each character from choose(logits) -> `copies` strings."""
    ids = torch.full((copies, 1), number[start])
    state, out = None, []
    for _ in range(length):
        logits, state = model(ids, state)
        ids = torch.multinomial(choose(logits[:, -1]), 1)
        out.append(ids)
    return ["".join(alphabet[i] for i in row) for row in torch.cat(out, 1)]


def at_temperature(temperature):
    return lambda logits: (logits / temperature).softmax(1)


model = train(train_ids, steps=400, B=32)
torch.manual_seed(0)
results["repeats"] = []
for start in "\nATW":
    [cold] = write(model, at_temperature(0.05), 600, 1, start)
    print(repr(cold[:160]))
    results["repeats"].append(next(
        (n for n in range(1, 571) if cold[n:n + 30] in cold[:n + 29]), 600))
print("characters before a piece of 30 is written again:",
      results["repeats"])

# %% [markdown]
# We start it with four different characters. The first piece of 30 characters
# that it has written before comes after {{ repeats.0:d }},
# {{ repeats.1:d }}, {{ repeats.2:d }} and {{ repeats.3:d }} characters. So
# close to always taking the likeliest one, it has hardly a way out of a phrase
# that leads back to its own beginning.

# %% [markdown]
# ## Exercise 3
#
# Three ways to draw at temperature 1: from all characters, from the ten
# likeliest (*top-k sampling*), and from the smallest set that has nine tenths
# of the probability (*nucleus* or *top-p sampling*).

# %%
def ten(logits):
    limit = logits.topk(10).values[:, -1:]
    return logits.masked_fill(logits < limit, -torch.inf).softmax(1)


def nucleus(logits):
    chance, order = logits.softmax(1).sort(descending=True)
    before = chance.cumsum(1) - chance  # what the likelier ones have
    return torch.zeros_like(chance).scatter(1, order,
                                            chance * (before < 0.9))


written = {}
for name, choose in [("all", at_temperature(1.0)), ("ten", ten),
                     ("nucleus", nucleus)]:
    torch.manual_seed(0)
    written[name] = write(model, choose, 400, 12)

# %%
--8<-- "lstm/text_generation.py:measures"


table = {name: measure(samples) for name, samples in written.items()}
for name, row in table.items():
    print(f"{name:8} real words {row['real words']:.2f}, distinct pairs "
          f"{row['distinct']:.2f}, longest copy {row['copied']}")
results["drawn"] = {name: {"real": row["real words"],
                           "distinct": row["distinct"]}
                    for name, row in table.items()}

# %% [markdown]
# Unlikely characters are rare one by one, but there are many of them, and one
# is enough to spoil a word. Drawn from the nucleus,
# {{ drawn.nucleus.real:.0%}} of the words are real, from the ten likeliest
# {{ drawn.ten.real:.0%}}, from all {{ drawn.all.real:.0%}}. Variety suffers
# little: {{ drawn.nucleus.distinct:.0%}} and {{ drawn.ten.distinct:.0%}} of
# the pairs are distinct, with all characters {{ drawn.all.distinct:.0%}}.

# %% [markdown]
# ## Exercise 4
#
# The same network, trained on a tenth of the text for 600 steps, and drawn
# from at temperature 0.7. Its copies are counted in this tenth, since it knows
# no other text.

# %%
@torch.no_grad()
def own_surprise(ids):
    """Bits per character on text that the network has learned from."""
    logits, _ = model(ids[None, :-1])
    return F.cross_entropy(logits[0], ids[1:]).item() / math.log(2)


def report(name):
    """Measures of the global model and train_text."""
    torch.manual_seed(0)
    samples = write(model, at_temperature(0.7), 400, 8)
    row = {"copied": measure(samples)["copied"], "held_out": surprise(1.0),
           "own": own_surprise(train_ids[:15000])}
    results[name] = row
    print(f"{name:5} longest copy {row['copied']}, bits on its own text "
          f"{row['own']:.2f}, held out {row['held_out']:.2f}")


report("all")
train_text = train_text[:len(train_text) // 10]
train_ids = train_ids[:len(train_text)]
model = train(train_ids, steps=600, B=16)
report("tenth")
results["rounds"] = 600 * 16 * 32 / len(train_ids)

# %% [markdown]
# One might expect a network that reads the same few pages
# {{ rounds:.0f}} times to recite them. It does not, yet: its longest copy has
# {{ tenth.copied:d }} characters, that of the network with all of the text
# {{ all.copied:d }}. What little text costs is seen on the held-out pages:
# {{ tenth.held_out:.2f}} bits for each character in place of
# {{ all.held_out:.2f}}, although the network knows its own pages better
# ({{ tenth.own:.2f}} bits, the other {{ all.own:.2f}}).

# %% [markdown]
# ## Exercise 5
#
# Dividing all scores by the same $\tau > 0$ keeps their order. The probability of the best character $b$ is $1 / \sum_c e^{(z_c - z_b) / \tau}$. All differences $z_c - z_b$ are at most 0; with a larger $\tau$ they come closer to 0, every term grows or stays, and the probability falls.

# %% [markdown]
# ## Exercise 6
#
# $7/9 = 0.78$. Draw words at random from a lexicon: hardly any pair occurs twice, all words are real, and it says nothing.

# %% [markdown]
# ## Exercise 7
#
# After a blank the next word depends little on the spelling of the last. Where one early decision fixes all that follows (a rhyme, an opened bracket, the digits of a number), a wrong one keeps doing harm.

# %% [markdown]
# ## Exercise 8
#
# Show pairs, one line of each, in random order, to people who do not know the play, and count; one half is guessing. It measures the surface: a copy would pass. So copies must be measured beside it, and the same test be done with the 5-gram.
