"""Losses from likelihood: five kinds of answer, one rule for the slope."""
# --8<-- [start:guess]
import math

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F

# B examples, C classes
torch.set_default_dtype(torch.float64)
measured = torch.tensor([2.0, 3.0, 7.0])
guesses = torch.linspace(0, 9, 901)
gaps = guesses[:, None] - measured                         # (901, 3)
losses = {"squared": gaps.square().mean(1), "absolute": gaps.abs().mean(1)}
lowest = {name: guesses[loss.argmin()].item()
          for name, loss in losses.items()}
for name, at in lowest.items():
    print(f"{name:9} error is smallest at {at:.2f}")
print(f"mean {measured.mean():.2f}, median {measured.median():.2f}")
# --8<-- [end:guess]

# --8<-- [start:noise]
torch.manual_seed(0)
noises = {"Gaussian": torch.distributions.Normal(0., 1.),
          "Laplace": torch.distributions.Laplace(0., 1.)}
off = {}
print("mean squared distance from the true value, 10,000 samples")
print("noise      numbers   mean     median")
for noise, distribution in noises.items():
    for n in (25, 75):
        sample = distribution.sample((10_000, n))  # the true value is 0
        off[noise, n] = {"mean": sample.mean(1).square().mean().item(),
                         "median":
                         sample.median(1).values.square().mean().item()}
        print(f"{noise:10}{n:6}{off[noise, n]['mean']:11.4f}"
              f"{off[noise, n]['median']:11.4f}")
# --8<-- [end:noise]

# --8<-- [start:five]
B, C = 6, 4
z = torch.randn(B, C, requires_grad=True)     # what the network puts out
numbers = 3 * torch.randn(B, C)
yes_no = (torch.rand(B, C) < 0.5).double()
one = F.one_hot(torch.randint(C, (B,)), C).double()
counts = torch.poisson(torch.full((B, C), 2.0))
total = {"reduction": "sum"}
tasks = {  # what was observed, what the model expects, the loss
    "a number": (numbers, z, 0.5 * F.mse_loss(z, numbers, **total)),
    "yes or no": (yes_no[:, 0], z[:, 0].sigmoid(),
                  F.binary_cross_entropy_with_logits(
                      z[:, 0], yes_no[:, 0], **total)),
    "one of several": (one, z.softmax(1),
                       F.cross_entropy(z, one.argmax(1), **total)),
    "several at once": (yes_no, z.sigmoid(),
                        F.binary_cross_entropy_with_logits(
                            z, yes_no, **total)),
    "a count": (counts, z.exp(), F.poisson_nll_loss(z, counts, **total))}
# --8<-- [end:five]

# --8<-- [start:slopes]
gap = {}
print("answer            largest gap between slope and expected - observed")
for name, (observed, expected, loss) in tasks.items():
    slope = torch.autograd.grad(loss, z, retain_graph=True)[0]
    if name == "yes or no":
        slope = slope[:, 0]
    gap[name] = (slope - (expected - observed)).abs().max().item()
    print(f"{name:18}{gap[name]:.0e}")
# --8<-- [end:slopes]

# --8<-- [start:likelihoods]
normal = torch.distributions.Normal(z, 1.0)
minus_log_p = {
    "a number": -normal.log_prob(numbers),
    "yes or no": -torch.distributions.Bernoulli(
        logits=z[:, 0]).log_prob(yes_no[:, 0]),
    "one of several": -torch.distributions.Categorical(
        logits=z).log_prob(one.argmax(1)),
    "several at once": -torch.distributions.Bernoulli(
        logits=z).log_prob(yes_no),
    "a count": -torch.distributions.Poisson(z.exp()).log_prob(counts)}
constant = {"a number": 0.5 * math.log(2 * math.pi) * B * C,
            "a count": (counts + 1).lgamma().sum().item()}
apart = {name: abs((minus_log_p[name].sum() - loss).item()
                   - constant.get(name, 0.0))
         for name, (_, _, loss) in tasks.items()}
print("loss against minus log-likelihood, apart from a constant: "
      f"{max(apart.values()):.0e}")
# --8<-- [end:likelihoods]

# --8<-- [start:overflow]
logits = torch.tensor([-5., -50, -200], dtype=torch.float32)
yes = torch.ones(3)
print("logit   log(sigmoid)   its slope   with logits   its slope")
table = []
for z0 in logits:
    by_hand = z0.clone().requires_grad_()
    inside = z0.clone().requires_grad_()
    first = -(1 / (1 + (-by_hand).exp())).log()
    second = F.binary_cross_entropy_with_logits(inside, torch.tensor(1.0))
    first.backward()
    second.backward()
    table.append([first.item(), by_hand.grad.item(), second.item(),
                  inside.grad.item()])
    print(f"{z0:5.0f}{table[-1][0]:15.3f}{table[-1][1]:12.3f}"
          f"{table[-1][2]:14.3f}{table[-1][3]:12.3f}")
# --8<-- [end:overflow]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="guess")
for (name, loss), style, color in zip(losses.items(), ("-", "--"),
                                      ("C0", "C1")):
    ax.plot(guesses, loss, style, color=color)
    at = lowest[name]
    ax.plot(at, loss.min(), "o", color=color)
ax.annotate("mean squared error", (1.5, 14.5), color="C0")
ax.annotate("mean absolute error", (5.6, 0.9), color="C1")
ax.annotate("lowest at the mean", (4.0, 3.2), color="C0", ha="center")
ax.annotate("lowest at\nthe median", (2.3, -1.5), color="C1", ha="center")
ax.plot(measured, [-2.6] * 3, "|", color="#24292f", ms=12, mew=2)
ax.set(xlabel="guess", ylabel="mean error of the guess", ylim=(-3, 20))
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"lowest": lowest, "gap": gap, "apart": apart, "overflow": table,
           "off": {f"{noise}, {n}": row for (noise, n), row in off.items()},
           "ratio": {f"{noise}, {n}": row["median"] / row["mean"]
                     for (noise, n), row in off.items()}}
# --8<-- [end:results]
