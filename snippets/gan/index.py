"""Two networks in a game: what the discriminator learns, exactly."""
# --8<-- [start:densities]
import math

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch.distributions import Categorical, MixtureSameFamily, Normal

S, B, H = 3, 256, 32         # games (seeds), numbers in a batch, hidden units
p = MixtureSameFamily(Categorical(torch.tensor([0.3, 0.7])),
                      Normal(torch.tensor([-2.0, 2.0]),
                             torch.tensor([0.6, 0.9])))
q = Normal(0.0, 2.0)
x = torch.linspace(-12, 12, 4801, dtype=torch.float64)
width = (x[1] - x[0]).item()


def divergence(a, b):                            # KL, in nats
    return (a * (a / b).log()).sum().item() * width


P, Q = p.log_prob(x).exp().double(), q.log_prob(x).exp().double()
best = P / (P + Q)                               # the best discriminator
js = (divergence(P, (P + Q) / 2) + divergence(Q, (P + Q) / 2)) / 2
value = ((P * best.log() + Q * (1 - best).log()).sum() * width).item()
print(f"value of the game                          {value:.6f}")
print(f"2 x Jensen-Shannon divergence - log 4      "
      f"{2 * js - math.log(4):.6f}")
# --8<-- [end:densities]

# --8<-- [start:networks]
def network():
    """S networks side by side: weights (S, in, out) and biases"""
    parts = []
    for a, b in ((1, H), (H, H), (H, 1)):
        parts += [(torch.rand(S, rows, b) * 2 - 1) / math.sqrt(a)
                  for rows in (a, 1)]
    return [part.requires_grad_() for part in parts]


def apply(net, x):
    """(S, B, 1) -> (S, B, 1)"""
    for i in (0, 2, 4):
        x = torch.baddbmm(net[i + 1], x, net[i])
        x = x.relu() if i < 4 else x
    return x
# --8<-- [end:networks]

# --8<-- [start:discriminator]
def game_value(D, real, made):
    """E log D(real) + E log(1 - D(made)), one for each seed"""
    return (F.logsigmoid(apply(D, real)).mean((1, 2))
            + F.logsigmoid(-apply(D, made)).mean((1, 2)))


def move(optimizer, loss):
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


torch.manual_seed(0)
D, steps = network(), 1000
optimizer = torch.optim.Adam(D, lr=0.005)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
for step in range(steps):
    real, made = p.sample((S, B, 1)), q.sample((S, B, 1))
    move(optimizer, -game_value(D, real, made).sum())
    schedule.step()
# --8<-- [end:discriminator]

# --8<-- [start:compare]
with torch.no_grad():
    learned = apply(D, x.float().expand(S, -1)[..., None]).sigmoid()
    learned = learned[..., 0].double()                    # (S, 4801)
reached = ((P * learned.log() + Q * (1 - learned).log()).sum(1)
           * width).tolist()
off = (((learned - best).abs() * (P + Q) / 2).sum(1) * width).tolist()
for seed in range(S):
    print(f"seed {seed}: value {reached[seed]:.4f}, mean distance from "
          f"p / (p + q) {off[seed]:.4f}")
# --8<-- [end:compare]

# --8<-- [start:sure]
def generator_loss(kind, logits):
    if kind == "minimax":
        return F.logsigmoid(-logits)             # lower log(1 - D(made))
    if kind == "non-saturating":
        return -F.logsigmoid(logits)             # raise log D(made)
    return F.logsigmoid(logits)                  # "exchanged": a mistake


far = Normal(8.0, 0.5)                           # a hopeless generator
D = network()
optimizer = torch.optim.Adam(D, lr=0.005)
for step in range(300):
    move(optimizer, -game_value(D, p.sample((S, B, 1)),
                                far.sample((S, B, 1))).sum())
made = far.sample((S, B, 1)).requires_grad_()
belief = apply(D, made).sigmoid()                # that it is real
slope = {}
for kind in ("minimax", "non-saturating"):
    loss = generator_loss(kind, apply(D, made)).sum()
    slope[kind] = torch.autograd.grad(loss, made)[0].abs()
ratio = slope["minimax"] / slope["non-saturating"]
print(f"probability of being real at most {belief.max():.2f}")
for kind in slope:
    print(f"{kind:15} mean slope by seed", " ".join(
        f"{number:.4f}" for number in slope[kind].mean((1, 2))))
# --8<-- [end:sure]

# --8<-- [start:shift]
def travel(kind, optimizer_class, lr, steps=100):
    """How far does a generator of one number go, against a fixed D?"""
    shift = torch.zeros(S, 1, 1, requires_grad=True)
    optimizer = optimizer_class([shift], lr=lr)
    for step in range(steps):
        logits = apply(D, shift + far.sample((S, B, 1)))
        move(optimizer, generator_loss(kind, logits).mean((1, 2)).sum())
    return (-shift.detach())[:, 0, 0].tolist()


way = {}
for name, optimizer_class in [("gradient descent", torch.optim.SGD),
                              ("Adam", torch.optim.Adam)]:
    way[name] = {}
    for kind in slope:
        way[name][kind] = travel(kind, optimizer_class, 0.05)
        print(f"{name:16} {kind:15} moved by", " ".join(
            f"{number:.3f}" for number in way[name][kind]))
# --8<-- [end:shift]

# --8<-- [start:play]
def js_of(numbers):
    """Jensen-Shannon divergence from p, in 60 bins, for each seed"""
    true = (P[:-1] * width).reshape(60, -1).sum(1)
    share = torch.stack([torch.histc(row, 60, -12, 12) for row in
                         numbers.clamp(-11.99, 11.99)]).double()
    share = share / share.sum(1, keepdim=True) + 1e-9
    m = (share + true) / 2
    return ((share * (share / m).log() + true * (true / m).log()).sum(1)
            / 2).tolist()


def play(kind, steps=600, lr=0.002):
    """-> divergence of the generators from p, every 50 steps"""
    torch.manual_seed(0)
    G, D = network(), network()
    turn_G, turn_D = (torch.optim.Adam(net, lr=lr, betas=(0.0, 0.99))
                      for net in (G, D))
    curve = []
    for step in range(steps + 1):
        if step % 50 == 0:
            curve.append(js_of(apply(G, torch.randn(S, 10_000, 1)).detach()))
        made = apply(G, torch.randn(S, B, 1))
        move(turn_D, -game_value(D, p.sample((S, B, 1)),
                                  made.detach()).sum())
        loss = generator_loss(kind, apply(D, made))
        move(turn_G, loss.mean((1, 2)).sum())
    return curve


curves = {kind: play(kind) for kind in (*slope, "exchanged")}
for kind, curve in curves.items():
    print(f"{kind:15} first {min(curve[0]):.2f} to {max(curve[0]):.2f}, "
          f"last {min(curve[-1]):.3f} to {max(curve[-1]):.3f}")
# --8<-- [end:play]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="best")
ax.plot(x, P, color="C0")
ax.plot(x, Q, "--", color="C1")
ax.plot(x, best, color="#24292f", lw=2.5)
ax.plot(x, learned[0], ":", color="C3", lw=2.5)
for text, place, color in [("real, $p$", (3.1, 0.24), "C0"),
                           ("made, $q$", (-5.9, 0.06), "C1"),
                           ("$p / (p + q)$", (3.9, 0.62), "#24292f"),
                           ("learned", (4.6, 0.3), "C3")]:
    ax.annotate(text, place, color=color)
ax.set(xlim=(-6, 6), ylim=(0, 1), xlabel="number $x$",
       ylabel="density, or probability of being real")

fig, ax = plt.subplots(num="play")
for kind, style in zip(curves, ("C0-", "C1--", "C3:")):
    ax.plot(range(0, 601, 50), curves[kind], style, lw=1.8,
            label=[kind, None, None])
ax.legend(loc=(0.55, 0.55))
ax.set(ylim=(0, 0.72), xlabel="steps of both networks",
       ylabel="Jensen-Shannon divergence, nats")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"js": js, "value": value, "reached": reached, "off": off,
           "belief": belief.max().item(), "way": way,
           "start": min(curves["minimax"][0]),
           "end": {kind: {"low": min(curve[-1]), "high": max(curve[-1])}
                   for kind, curve in curves.items()}}
# --8<-- [end:results]
