"""The training loop, line by line, on points along a curve."""
# --8<-- [start:data]
import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
X = torch.rand(1400, 1) * 4 - 2                  # (B, 1), from -2 to 2
y = torch.sin(2 * X[:, 0]) + 0.2 * torch.randn(1400)           # (B)
train_X, valid_X, test_X = X.split([200, 200, 1000])
train_y, valid_y, test_y = y.split([200, 200, 1000])
# --8<-- [end:data]

# --8<-- [start:step]
w = torch.tensor(1.0, requires_grad=True)
optimizer = torch.optim.SGD([w], lr=0.1)
for x, target in [(2.0, 6.0), (1.0, 3.0)]:       # the rule is y = 3x
    loss = (w * x - target)**2                   # forward
    optimizer.zero_grad()                        # forget
    loss.backward()                              # backward
    before = w.item()
    optimizer.step()                             # move
    print(f"w {before:.2f}  loss {loss.item():5.2f}  "
          f"gradient {w.grad.item():6.2f}  new w {w.item():.2f}")
by_hand = [1 - 0.1 * 2 * (1 * 2 - 6) * 2]
by_hand.append(by_hand[0] - 0.1 * 2 * (by_hand[0] * 1 - 3) * 1)
# --8<-- [end:step]

# --8<-- [start:module]
class Curve(nn.Module):
    """One hidden layer: a number in, a number out."""

    def __init__(self, hidden_size=32):
        super().__init__()
        self.first = nn.Linear(1, hidden_size)
        self.last = nn.Linear(hidden_size, 1)

    def forward(self, X):
        h = torch.tanh(self.first(X))            # (B, 1) -> (B, H)
        return self.last(h).squeeze(1)           # (B, H) -> (B)


model = Curve()
for name, p in model.named_parameters():
    print(f"{name:13}{tuple(p.shape)}")
count = sum(p.numel() for p in model.parameters())
print("parameters:", count)
# --8<-- [end:module]

# --8<-- [start:inside]
first, last = model.first, model.last
h = torch.tanh(test_X @ first.weight.T + first.bias)
by_formula = (h @ last.weight.T + last.bias)[:, 0]
inside = (by_formula - model(test_X)).abs().max().item()
print(f"formula against module: off by {inside:.0e}")
# --8<-- [end:inside]

# --8<-- [start:loader]
loader = DataLoader(TensorDataset(train_X, train_y), batch_size=30,
                    shuffle=True)
batches = [batch_X for batch_X, batch_y in loader]
print("batches of one epoch:", [len(batch) for batch in batches])
seen = torch.cat(batches)[:, 0]
again = torch.cat([batch_X for batch_X, _ in loader])[:, 0]
# --8<-- [end:loader]

# --8<-- [start:train]
def train(seed, lr=0.03, epochs=100, batch_size=20):
    torch.manual_seed(seed)
    model = Curve()
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    loader = DataLoader(TensorDataset(train_X, train_y), batch_size,
                        shuffle=True)
    losses = []
    for epoch in range(epochs):
        model.train()
        for batch_X, batch_y in loader:
            prediction = model(batch_X)                     # forward
            loss = (prediction - batch_y).square().mean()
            optimizer.zero_grad()                           # forget
            loss.backward()                                 # backward
            optimizer.step()                                # move
            losses.append(loss.item())
    return model, losses
# --8<-- [end:train]

# --8<-- [start:evaluate]
@torch.no_grad()
def error(model, X, y):
    """Mean squared error on data that are not trained on."""
    model.eval()
    return (model(X) - y).square().mean().item()
# --8<-- [end:evaluate]

# --8<-- [start:rates]
rates = [0.001, 0.01, 0.03, 0.1, 1.0]
trained = {lr: [train(seed, lr) for seed in range(3)] for lr in rates}
valid = {lr: [error(model, valid_X, valid_y) for model, _ in trained[lr]]
         for lr in rates}
print("learning rate   error on validation data, best - worst of 3 seeds")
for lr, errors in valid.items():
    print(f"{lr:13}{min(errors):12.3f} - {max(errors):.3f}")
# --8<-- [end:rates]

# --8<-- [start:test]
def polynomial(degree):
    """Least squares on 1, x, x^2, ...: solved at once, no steps."""
    powers = torch.arange(degree + 1)
    c = torch.linalg.lstsq(train_X**powers, train_y[:, None]).solution
    return (test_X**powers @ c)[:, 0]            # (B, K) @ (K, 1) -> (B)


runs = trained[0.03] + [train(seed) for seed in (3, 4)]
network = [error(model, test_X, test_y) for model, _ in runs]
others = {"always the mean": train_y.mean(), "straight line": polynomial(1),
          "polynomial, degree 5": polynomial(5),
          "the true curve": torch.sin(2 * test_X[:, 0])}
rivals = {name: (test_y - guess).square().mean().item()
          for name, guess in others.items()}
print(f"network, 5 seeds      {min(network):.3f} - {max(network):.3f}")
for name, value in rivals.items():
    print(f"{name:22}{value:.3f}")
# --8<-- [end:test]

# --8<-- [start:draw]
fig, axes = plt.subplots(1, 2, num="fit", figsize=(6.4, 3.0))
line = torch.linspace(-2, 2, 200)[:, None]
axes[0].plot(train_X, train_y, ".", color="C6", ms=4, alpha=0.5)
for epochs, style, color in [(0, ":", "C3"), (10, "--", "C1"),
                             (100, "-", "C0")]:
    model = runs[0][0] if epochs == 100 else train(0, epochs=epochs)[0]
    axes[0].plot(line, model(line).detach(), style, color=color,
                 label=f"{epochs} epochs")
axes[0].legend(loc="upper left", fontsize=10, ncols=3, columnspacing=0.8,
               handlelength=1.3, handletextpad=0.4, borderpad=0)
axes[0].set(xlabel="$x$", ylabel="$y$", ylim=(-1.7, 2.1))
losses = torch.tensor(runs[0][1]).reshape(100, -1).mean(1)
axes[1].plot(range(1, 101), losses, color="C0")
axes[1].axhline(0.04, ls=":", color="#24292f", lw=1.2)
axes[1].annotate("noise alone", (100, 0.037), ha="right", va="top")
axes[1].set(xlabel="epoch", ylabel="mean squared error",
            yscale="log", ylim=(0.02, 1))
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
mean = {lr: sum(errors) / 3 for lr, errors in valid.items()}
results = {"count": count, "inside": inside, "network": network,
           "worst": max(network), "best": min(network),
           "mean": rivals["always the mean"], "by_hand": by_hand,
           "line": rivals["straight line"],
           "degree_5": rivals["polynomial, degree 5"],
           "truth": rivals["the true curve"], "steps": len(runs[0][1]),
           "valid": {str(lr): value for lr, value in mean.items()}}
# --8<-- [end:results]
