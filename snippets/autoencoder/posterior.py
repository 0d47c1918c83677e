"""The best denoiser is the mean of the posterior, and a step uphill."""
# --8<-- [start:exact]
import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.distributions import Categorical, MixtureSameFamily, Normal

# clean numbers x, noisy ones y = x + s e
torch.manual_seed(0)
torch.set_num_threads(1)
s = 0.6
share = torch.tensor([0.3, 0.7])
center, width = torch.tensor([-1.0, 1.0]), torch.tensor([0.2, 0.2])
clean = MixtureSameFamily(Categorical(share), Normal(center, width))
blurred = MixtureSameFamily(
    Categorical(share), Normal(center, (width ** 2 + s ** 2).sqrt()))


def posterior_mean(y):
    """By adding up over a fine grid of x"""
    x = torch.linspace(-4, 4, 1001)
    weight = clean.log_prob(x) + Normal(x, s).log_prob(y[:, None])  # (N, 1001)
    return weight.softmax(1) @ x


def uphill(y):
    """y + s^2 times the slope of the log density of noisy numbers"""
    y = y.clone().requires_grad_()
    slope, = torch.autograd.grad(blurred.log_prob(y).sum(), y)
    return y.detach() + s ** 2 * slope


def linear(y):
    mean, variance = clean.mean, clean.variance
    return mean + variance / (variance + s ** 2) * (y - mean)
# --8<-- [end:exact]


# --8<-- [start:learn]
def learn(seed, steps=800):
    """A network that only ever sees pairs of clean and noisy numbers"""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 32),
                          nn.Tanh(), nn.Linear(32, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, steps)
    for step in range(steps):
        x = clean.sample((300,))
        y = x + s * torch.randn_like(x)
        loss = (model(y[:, None])[:, 0] - x).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return torch.no_grad()(lambda y: model(y[:, None])[:, 0])
# --8<-- [end:learn]


# --8<-- [start:compare]
y = torch.linspace(-2, 2, 401)
exact = posterior_mean(y)
networks = [learn(seed) for seed in range(3)]
away = {"uphill": [(uphill(y) - exact).abs().max().item()],
        "network": [(net(y) - exact).abs().max().item() for net in networks],
        "linear": [(linear(y) - exact).abs().max().item()],
        "identity": [(y - exact).abs().max().item()]}
x = clean.sample((50_000,))
noisy = x + s * torch.randn_like(x)
ways = {"posterior mean": lambda y: torch.cat(
            [posterior_mean(part) for part in y.split(1000)]),
        "network": networks[0], "linear": linear, "identity": lambda y: y}
loss = {name: (way(noisy) - x).square().mean().item()
        for name, way in ways.items()}
print("largest distance from the posterior mean, -2 <= y <= 2")
for name, values in away.items():
    print(f"  {name:15}" + " ".join(f"{value:.5f}" for value in values))
print("mean squared error on 50,000 noisy numbers")
for name, value in loss.items():
    print(f"  {name:15}{value:.4f}")
# --8<-- [end:compare]

# --8<-- [start:gaussian]
D = 5                                             # numbers in a vector
A = torch.randn(D, D, dtype=torch.double)
mean, cov = torch.randn(D, dtype=torch.double), A @ A.T
Y = torch.randn(100, D, dtype=torch.double) * 3
eye = torch.eye(D, dtype=torch.double)
wiener = mean + (Y - mean) @ torch.linalg.solve(cov + s ** 2 * eye, cov)
seen = Y.clone().requires_grad_()
density = torch.distributions.MultivariateNormal(mean, cov + s ** 2 * eye)
slope, = torch.autograd.grad(density.log_prob(seen).sum(), seen)
step = Y + s ** 2 * slope
precision = torch.linalg.inv(cov) + eye / s ** 2  # of the posterior
bayes = torch.linalg.solve(
    precision, (torch.linalg.solve(cov, mean) + Y / s ** 2).T).T
gap = {"Wiener and Bayes": (wiener - bayes).abs().max().item(),
       "step and Bayes": (step - bayes).abs().max().item()}
for name, value in gap.items():
    print(f"{name}: {value:.0e}")
# --8<-- [end:gaussian]

# --8<-- [start:draw]
fig, (top, ax) = plt.subplots(2, 1, num="denoiser", figsize=(6, 6),
                              sharex=True, height_ratios=[1, 2])
top.plot(y, clean.log_prob(y).exp(), color="C2")
top.plot(y, blurred.log_prob(y).exp(), "--", color="C3")
top.annotate("clean", (0.45, 1.1), color="C2")
top.annotate("noisy", (-0.35, 0.42), color="C3")
top.set(ylabel="density", ylim=(0, 1.5))
ax.plot(y, y, ":", color="#24292f")
ax.plot(y, linear(y), "--", color="C1")
ax.plot(y, exact, color="C0")
ax.plot(y[::25], networks[0](y[::25]), "o", color="C3")
ax.annotate("nothing done", (-1.45, -1.75), color="#24292f")
ax.annotate("best linear", (1.3, 0.55), color="C1")
ax.annotate("posterior mean (line),\nnetwork (dots)", (-1.0, 0.75),
            color="C0", ha="center")
ax.set(xlabel="noisy number $y$", ylabel="guess of the clean $x$")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"away": away, "loss": loss, "gap": gap, "noise": s,
           "wiener": (clean.variance / (clean.variance + s ** 2)).item()}
# --8<-- [end:results]
