"""What a seed fixes, and what the last digit of a number can change."""
# --8<-- [start:order]
import matplotlib.pyplot as plt
import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
draws = torch.randn(3)
torch.manual_seed(0)
print("same seed, same numbers:", torch.equal(draws, torch.randn(3)))


def add_up(numbers):
    total = torch.tensor(0.0)
    for number in numbers:
        total = total + number
    return total.item()


numbers = torch.randn(1000)
sums = add_up(numbers), add_up(numbers.flip(0)), numbers.sum().item()
print("1000 numbers added forwards, backwards, by PyTorch:\n ",
      *(f"{total:.7f}" for total in sums))
# --8<-- [end:order]

# --8<-- [start:train]
digits = load_digits()
X = torch.tensor(digits.data).float() / 16                    # (B, 64)
y = torch.tensor(digits.target)
train_X, train_y, test_X, test_y = X[:1000], y[:1000], X[1000:], y[1000:]


def train(seed, deep, nudge=False, steps=400):
    """-> class probabilities of the test digits, every 20 steps"""
    torch.manual_seed(seed)
    layers = [nn.Linear(64, 64), nn.ReLU()]   # ReLU: max(0, a)
    for _ in range(3 if deep else 0):
        layers += [nn.Linear(64, 64), nn.ReLU()]
    model = nn.Sequential(*layers, nn.Linear(64, 10))
    if nudge:  # the next larger number that float32 can write
        with torch.no_grad():
            row = model[0].weight[0]
            row.copy_(row.nextafter(torch.tensor(torch.inf)))
    optimizer = (torch.optim.Adam(model.parameters(), lr=0.01) if deep
                 else torch.optim.SGD(model.parameters(), lr=0.1))
    outputs = []
    for step in range(steps):
        if step % 20 == 0:
            outputs.append(model(test_X).softmax(1).detach())
        rows = torch.randint(len(train_X), (50,))
        loss = nn.functional.cross_entropy(model(train_X[rows]),
                                           train_y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return torch.stack([*outputs, model(test_X).softmax(1).detach()])
# --8<-- [end:train]

# --8<-- [start:compare]
table = {}
print(f"of {len(test_y)} answers differ         same seed   last digit   "
      "other seed   accuracy")
for name, deep in [("one hidden layer, SGD", False),
                   ("four, Adam", True)]:
    for seed in range(3):
        runs = [train(seed, deep), train(seed, deep),
                train(seed, deep, nudge=True), train(seed + 10, deep)]
        gaps = [(run - runs[0]).abs().amax((1, 2)) for run in runs[1:]]
        answers = [run[-1].argmax(1) for run in runs]
        differ = [(a != answers[0]).sum().item() for a in answers[1:]]
        scores = [(a == test_y).float().mean().item() for a in answers]
        table[name, seed] = {"gaps": gaps, "differ": differ,
                             "scores": scores}
        print(f"{name:22} seed {seed}{differ[0]:12}{differ[1]:13}"
              f"{differ[2]:13}{scores[0]:11.3f}")
# --8<-- [end:compare]

# --8<-- [start:draw]
fig, axes = plt.subplots(1, 2, num="gaps", figsize=(6.4, 3.0), sharey=True)
for (name, seed), runs in table.items():
    ax = axes[int(name.startswith("four"))]
    for gap, style, color in zip(runs["gaps"][1:], ("-", "--"),
                                 ("C0", "C1")):
        ax.plot(range(0, 401, 20), gap.clamp(min=1e-9), style, color=color,
                lw=1.4)
    ax.set(title=name.replace("four,", "four hidden layers,"),
           xlabel="step", yscale="log", ylim=(5e-10, 3))
axes[0].set_ylabel("largest difference\nof a probability")
axes[0].annotate("other seed", (20, 0.7), color="C1", va="bottom")
axes[0].annotate("last digit of 64 weights", (40, 3e-6), color="C0")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
calm, lively = ([runs for (name, _), runs in table.items()
                 if name.startswith(word)] for word in ("one", "four"))
results = {"calm": max(r["gaps"][1].max().item() for r in calm),
           "lively": [r["differ"][1] for r in lively],
           "least": min(r["differ"][1] for r in lively),
           "most": max(r["differ"][1] for r in lively),
           "other": [r["differ"][2] for r in lively],
           "other_least": min(r["differ"][2] for r in lively),
           "other_most": max(r["differ"][2] for r in lively),
           "sums": sums, "apart": max(sums) - min(sums),
           "scores": [r["scores"] for r in calm + lively]}
# --8<-- [end:results]
