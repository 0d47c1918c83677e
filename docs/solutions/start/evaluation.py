# %% [markdown]
# # Answers: measuring, saving, repeating

# %% [markdown]
# ## Exercise 1
#
# (a) Both: `eval()` for the right answers, `no_grad()` to save time and memory. (b) Neither; training needs training mode and the record. (c) `eval()`, because the network is used and not trained, but not `no_grad()`: the derivative needs the record.

# %% [markdown]
# ## Exercise 2
#
# The weights and the biases. Gradients are not stored, the learning rate belongs to the optimiser, the code of `forward` stays in the program, and the mode is set by `train()` and `eval()`. (Some layers, such as batch normalisation, also store running means there, called *buffers*.)

# %%
--8<-- "start/evaluation.py:dropout"

# %%
model = network(0)
print(list(model.state_dict()))

# %% [markdown]
# ## Exercise 3
#
# The average of the averages is $(0.1 + 0.3 + 0.8)/3 = 0.4$. The mean error is $(4 \cdot 0.1 + 4 \cdot 0.3 + 1 \cdot 0.8)/9 = 2.4/9 \approx 0.27$. One example in nine had a third of the votes.

# %% [markdown]
# ## Exercise 4
#
# Let there be $K$ batches of $n$ examples each, with errors $e_{ki}$. The mean of the means is $\frac1K \sum_k \frac1n \sum_i e_{ki} = \frac{1}{Kn} \sum_{k,i} e_{ki}$, the mean over all $Kn$ examples.
#
# For the roots, let $m_k$ be the mean of batch $k$ and $r_k = \sqrt{m_k}$. The mean of the squares of numbers is never below the square of their mean, since their difference is a variance: $\frac1K \sum_k r_k^2 \ge \left(\frac1K \sum_k r_k\right)^2$. Take roots: the root of the mean is at least the mean of the roots, and they are equal only if all batches have the same error.

# %% [markdown]
# ## Exercise 5
#
# $10^8 + 1$ lies between $10^8$ and the next number, $10^8 + 8$, and nearer to the first: it is rounded to $10^8$. So the first result is 0 and the second 1: the order matters.

# %%
big, one = torch.tensor(1e8), torch.tensor(1.0)
print(((big + one) - big).item(), ((big - big) + one).item())
print("next number:", big.nextafter(torch.tensor(torch.inf)).item() - 1e8)

# %% [markdown]
# ## Exercise 6

# %%
def steps(model, optimizer, count):
    for step in range(count):
        rows = torch.randint(len(train_X), (20,))
        loss = (model(train_X[rows]) - train_y[rows]).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def sgd(model):
    return torch.optim.SGD(model.parameters(), lr=0.03, momentum=0.9)


def interrupted(keep_optimizer, keep_random, stop=500):
    """-> answers after 1000 steps, stopped and continued after 500"""
    model = network(seed=0)
    optimizer = sgd(model)
    steps(model, optimizer, stop)
    saved = {"model": model.state_dict(), "optimizer":
             optimizer.state_dict(), "random": torch.get_rng_state()}
    fresh = network(seed=77)              # another program, another day
    fresh.load_state_dict(saved["model"])
    optimizer = sgd(fresh)
    if keep_optimizer:
        optimizer.load_state_dict(saved["optimizer"])
    if keep_random:
        torch.set_rng_state(saved["random"])
    steps(fresh, optimizer, 1000 - stop)
    return fresh.eval()(test_X).detach()


model = network(seed=0)
steps(model, sgd(model), 1000)
whole = model.eval()(test_X).detach()
results = {}
for name, kept in [("model_only", (False, False)),
                   ("random", (False, True)),
                   ("optimizer", (True, False)), ("all", (True, True))]:
    results[name] = (interrupted(*kept) - whole).abs().max().item()
    print(f"{name:11} largest difference of an answer {results[name]:.4f}")

# %% [markdown]
# With the model alone the answers differ by up to {{ model_only:.2f}}. The optimiser has a state of its own, the momentum of each weight, and the random numbers a state too, which decides the batches and the dropout to come. With all three saved, the difference is {{ all:.0f}}: the interrupted training is the same training. Even when the same batches follow, the lost momentum alone changes the result, by up to {{ random:.4f}}.

# %% [markdown]
# ## Exercise 7

# %%
models = [train(seed) for seed in range(3)]
rows = {"one": [], "hundred": [], "eval": []}
with torch.no_grad():
    for model in models:
        model.train()
        calls = torch.stack([model(test_X) for _ in range(100)])
        model.eval()
        for name, answer in [("one", calls[0]), ("hundred", calls.mean(0)),
                             ("eval", model(test_X))]:
            rows[name].append((answer - test_y).square().mean().item())
for name, errors in rows.items():
    results[name] = sum(errors) / 3
    print(f"{name:8}" + "".join(f"{e:8.4f}" for e in errors))

# %% [markdown]
# The average of 100 noisy answers has an error of {{ hundred:.3f}}, that of `eval()` is {{ eval:.3f}}, that of a single call {{ one:.3f}}. In this network only a linear layer follows the dropout, so the expected answer in training mode *is* the answer of evaluation mode; a hundred calls come close to it, at a hundred times the cost.

# %% [markdown]
# ## Exercise 8
#
# One design: change one thing at a time, from both ends. Each row trains with and without the nudge, from three seeds.

# %%
from sklearn.datasets import load_digits

digits = load_digits()
X = torch.tensor(digits.data).float() / 16
y = torch.tensor(digits.target)
train_X, train_y, test_X = X[:1000], y[:1000], X[1000:]


def drift(seed, depth, adam, lr, steps=300):
    """-> how far a change in the last digit has grown"""
    answers = []
    for nudge in (False, True):
        torch.manual_seed(seed)
        layers = []
        for _ in range(depth):
            layers += [nn.Linear(64, 64), nn.ReLU()]
        model = nn.Sequential(*layers, nn.Linear(64, 10))
        if nudge:
            with torch.no_grad():
                row = model[0].weight[0]
                row.copy_(row.nextafter(torch.tensor(torch.inf)))
        kind = torch.optim.Adam if adam else torch.optim.SGD
        optimizer = kind(model.parameters(), lr=lr)
        for step in range(steps):
            rows = torch.randint(len(train_X), (50,))
            loss = nn.functional.cross_entropy(model(train_X[rows]),
                                               train_y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        answers.append(model(test_X).softmax(1).detach())
    return (answers[1] - answers[0]).abs().max().item()


table = {}
for name, setting in [("one_sgd", (1, False, 0.1)),
                      ("one_sgd_large", (1, False, 0.3)),
                      ("four_sgd", (4, False, 0.1)),
                      ("four_sgd_large", (4, False, 0.3)),
                      ("one_adam", (1, True, 0.01)),
                      ("four_adam_small", (4, True, 0.001)),
                      ("four_adam", (4, True, 0.01))]:
    table[name] = [drift(seed, *setting) for seed in range(3)]
    results[name] = max(table[name])
    print(f"{name:16}" + "".join(f"{gap:10.0e}" for gap in table[name]))

# %% [markdown]
# Depth alone does not let the last digit grow, and Adam alone only in one run of three and a little ({{ one_adam:.0e}}). Four layers with SGD at 0.1 and four layers with Adam at 0.001 keep it at {{ four_sgd:.0e}} and {{ four_adam_small:.0e}}; with three times that rate, or with Adam at 0.01, the same four layers blow it up to {{ four_sgd_large:.1f}} and {{ four_adam:.1f}}, where one layer, with SGD at 0.3, keeps it at {{ one_sgd_large:.0e}}. So here it takes *steps that are large for the depth*, whichever optimiser takes them. Seven settings and three seeds do not show where the border runs, nor that it is the same for other data.
#
# As for the processor cores: two threads add up large sums in another order than one. On one machine that we tried, the four layers with Adam gave other answers with two threads than with one, by as much as after the nudge, while each number of threads repeated itself exactly. Try it on yours.
