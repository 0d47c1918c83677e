"""Eight Gaussians: how many does a GAN find, and what helps it?"""
# --8<-- [start:data]
import math

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from sklearn.mixture import GaussianMixture

# S networks side by side (seeds), B points in a batch, H hidden units
S, B, H, Z, SHORT, LONG = 5, 128, 64, 4, 1000, 3000
angles = torch.arange(8) * math.tau / 8
centres = 2 * torch.stack([angles.cos(), angles.sin()], 1)       # (8, 2)
SPREAD = 0.1


def draw(*shape):
    """Points from eight Gaussians on a circle"""
    return (centres[torch.randint(8, shape)]
            + SPREAD * torch.randn(*shape, 2))


def judge(points):
    """-> share within three spreads of a centre, number of modes found"""
    far, mode = torch.cdist(points, centres).min(-1)             # (N,)
    good = far < 3 * SPREAD
    share = mode[good].bincount(minlength=8) / len(points)
    return good.float().mean().item(), (share > 0.02).sum().item()
# --8<-- [end:data]

# --8<-- [start:networks]
def network(*sizes):
    """S networks side by side, as [weights (S, in, out), bias, ...]"""
    p = []
    for a, b in zip(sizes[:-1], sizes[1:]):
        p += [(torch.rand(S, a, b) * 2 - 1) / math.sqrt(a),
              (torch.rand(S, 1, b) * 2 - 1) / math.sqrt(a)]
    return [part.requires_grad_() for part in p]


def apply(p, x):
    """(S, B, in) -> (S, B, out)"""
    for W, b in zip(p[:-2:2], p[1:-2:2]):
        x = torch.baddbmm(b, x, W).relu()
    return torch.baddbmm(p[-1], x, p[-2])
# --8<-- [end:networks]

# --8<-- [start:train]
def train(momentum, penalty=0.0, steps=SHORT, lr=0.002):
    """momentum of G and of D -> G, and the average of its weights"""
    torch.manual_seed(0)
    G, D = network(Z, H, H, 2), network(2, H, H, 1)
    average = [part.detach().clone() for part in G]
    turns = [torch.optim.Adam(p, lr=lr, betas=(beta, 0.99))
             for p, beta in zip((G, D), momentum)]
    for step in range(steps):
        for turn in turns:                       # level, then falling
            turn.param_groups[0]["lr"] = lr * min(1, 2 - 2 * step / steps)
        real, made = draw(S, B), apply(G, torch.randn(S, B, Z))
        real.requires_grad_(penalty > 0)
        at_real = apply(D, real)
        loss = (F.softplus(-at_real)
                + F.softplus(apply(D, made.detach()))).mean((1, 2)).sum()
        if penalty:
            slope, = torch.autograd.grad(at_real.sum(), real,
                                         create_graph=True)
            loss = loss + penalty / 2 * slope.square().sum(2).mean(1).sum()
        turns[1].zero_grad()
        loss.backward(inputs=D)
        turns[1].step()
        loss = F.softplus(-apply(D, made)).mean((1, 2)).sum()
        turns[0].zero_grad()
        loss.backward(inputs=G)
        turns[0].step()
        for old, new in zip(average, G):
            old.lerp_(new.detach(), 0.01)
    return G, average
# --8<-- [end:train]


# --8<-- [start:runs]
settings = {"no momentum": {"momentum": (0.0, 0.0)},
            "momentum in G": {"momentum": (0.9, 0.0)},
            "momentum in D": {"momentum": (0.0, 0.9)},
            "momentum in both": {"momentum": (0.9, 0.9)},
            "in both, with R1": {"momentum": (0.9, 0.9), "penalty": 1.0},
            "no momentum, longer": {"momentum": (0.0, 0.0), "steps": LONG}}
good, modes, good_average, drawn = {}, {}, {}, {}
print("                     modes found    share of good points")
for name, setting in settings.items():
    nets = train(**setting)
    with torch.no_grad():
        z = torch.randn(S, 2000, Z)
        last, mean = ([judge(points) for points in apply(p, z)] for p in nets)
        drawn[name] = apply(nets[0], z)[0]
    good[name], modes[name] = (list(column) for column in zip(*last))
    good_average[name] = [share for share, _ in mean]
    print(f"{name:20}", *modes[name], "     ",
          " ".join(f"{share:.2f}" for share in good[name]))
# --8<-- [end:runs]

# --8<-- [start:rival]
torch.manual_seed(1)
points = draw(1000).numpy()
mixture = GaussianMixture(8, n_init=5, random_state=0).fit(points)
rival = judge(torch.from_numpy(mixture.sample(2000)[0]).float())
print(f"mixture of eight Gaussians, fitted to 1000 points: {rival[1]} modes, "
      f"{rival[0]:.2f} good")
true = judge(draw(2000))
print(f"the eight Gaussians themselves: {true[1]} modes, {true[0]:.2f} good")
# --8<-- [end:rival]

# --8<-- [start:draw]
fig, axes = plt.subplots(1, 3, num="points", figsize=(5.8, 2.4), sharey=True)
for ax, name, text in zip(axes, ("no momentum", "no momentum, longer",
                                 "momentum in both"),
                          ("no momentum", "longer", "momentum")):
    ax.scatter(*draw(500).T, s=9, color="#d4d8de")
    ax.scatter(*drawn[name][:500].T, s=3, color="C1")
    ax.set(xlim=(-3.4, 3.4), ylim=(-3.4, 3.4), aspect="equal", title=text,
           xlabel="$x_1$")
axes[0].set_ylabel("$x_2$")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
def span(table):
    return {name.replace(" ", "_").replace(",", ""): {
        "low": min(row), "high": max(row)} for name, row in table.items()}


results = {"good": span(good), "modes": span(modes),
           "average": span(good_average), "rival": rival[0],
           "true": true[0], "points": LONG * B}
# --8<-- [end:results]
