"""How a gradient fades or grows on its way back through time."""
# --8<-- [start:chain]
import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

# B batch, T time, H hidden units
H, T = 64, 60


def unroll(U, steps, seed=0):
    """Read random inputs with recurrent weights U -> T states (H)."""
    generator = torch.Generator().manual_seed(seed)
    h, states = torch.zeros(H, dtype=U.dtype, requires_grad=True), []
    for step in range(steps):
        states.append(h)
        noise = torch.randn(H, generator=generator, dtype=U.dtype)
        h = torch.tanh(U @ h + 0.1 * noise)
    return [*states, h]
# --8<-- [end:chain]

# --8<-- [start:compare]
torch.manual_seed(0)
orthogonal = torch.linalg.qr(torch.randn(H, H, dtype=torch.float64))[0]
U = (1.2 * orthogonal).requires_grad_()
states = unroll(U, 12)
goal = torch.randn(H, dtype=torch.float64)  # any function of the end
*grads, grad_U = torch.autograd.grad(states[-1] @ goal, [*states, U])

v, by_hand, shares = goal, [goal], []  # and the same, written out
for before, h in zip(states[-2::-1], states[:0:-1]):
    slope = (1 - h**2) * v
    shares.append(torch.outer(slope, before))  # this step's part
    v = U.T @ slope  # back by one step
    by_hand.append(v)
worst = max((a - b).abs().max().item()
            for a, b in zip(grads, reversed(by_hand)))
worst_U = (sum(shares) - grad_U).abs().max().item()
print(f"by hand against autograd: states {worst:.0e}, U {worst_U:.0e}")
# --8<-- [end:compare]

# --8<-- [start:norms]
def fade(gain, seed):
    """Length of the gradient, lag by lag, relative to that at lag 0."""
    states = unroll(gain * orthogonal, T, seed)
    generator = torch.Generator().manual_seed(seed + 100)
    goal = torch.randn(H, generator=generator, dtype=torch.float64)
    grads = torch.autograd.grad(states[-1] @ goal, states)
    norms = torch.stack([g.norm() for g in grads]).flip(0)
    return (norms / norms[0]).numpy()


gains = (0.8, 1.0, 1.5)
curves = {gain: np.array([fade(gain, seed) for seed in range(20)])
          for gain in gains}  # (seeds, T + 1)
print("gain   lag 10    lag 60   (median of 20)")
for gain, runs in curves.items():
    middle = np.median(runs, 0)
    print(f"{gain:4}{middle[10]:9.1e}{middle[60]:10.1e}")
# --8<-- [end:norms]

# --8<-- [start:echo]
def train(lr, clip, seed, frozen=False, steps=150, delay=5):
    """Learn to repeat a signal 5 steps later -> error, norms."""
    torch.manual_seed(seed)
    rnn, out = nn.RNN(1, 32, batch_first=True), nn.Linear(32, 1)
    nn.init.orthogonal_(rnn.weight_hh_l0).requires_grad_(not frozen)
    weights = [w for w in (*rnn.parameters(), *out.parameters())
               if w.requires_grad]
    optimizer = torch.optim.SGD(weights, lr, momentum=0.9)
    errors, norms = [], []
    for step in range(steps):
        X = 2 * torch.rand(32, 40, 1) - 1  # (B, T, 1)
        error = F.mse_loss(out(rnn(X)[0])[:, delay:], X[:, :-delay])
        optimizer.zero_grad()
        error.backward()
        norm = nn.utils.clip_grad_norm_(weights, clip)
        optimizer.step()
        errors.append(error.item())
        norms.append(norm.item())
    return {"error": np.mean(errors[-20:]), "norms": norms}


rates, seeds, limit = (0.2, 0.4), range(3), 0.5
settings = {"not clipped": (float("inf"), False), "clipped": (limit, False),
            "recurrent weights frozen": (float("inf"), True)}
runs = {name: {lr: [train(lr, clip, seed, frozen) for seed in seeds]
               for lr in rates} for name, (clip, frozen) in settings.items()}
print("error of every run, guessing", round(1 / 3, 3))
for name, table in runs.items():
    for lr, row in table.items():
        print(f"{name:24} rate {lr}:",
              *(f"{run['error']:.3f}" for run in row))
# --8<-- [end:echo]

# --8<-- [start:lengths]
def recall(T, clip, seed, frozen, gain=1.3, lr=0.02, steps=100, delay=5):
    """Read T steps, say what came 5 before the end -> error, norms."""
    torch.manual_seed(seed)
    rnn, out = nn.RNN(1, 32, batch_first=True), nn.Linear(32, 1)
    with torch.no_grad():
        nn.init.orthogonal_(rnn.weight_hh_l0).mul_(gain)
    rnn.weight_hh_l0.requires_grad_(not frozen)
    weights = [w for w in (*rnn.parameters(), *out.parameters())
               if w.requires_grad]
    optimizer = torch.optim.SGD(weights, lr, momentum=0.9)
    errors, norms = [], []
    for step in range(steps):
        X = 2 * torch.rand(16, T, 1) - 1  # (B, T, 1)
        answer = out(rnn(X)[0][:, -1])
        error = F.mse_loss(answer, X[:, -1 - delay])
        optimizer.zero_grad()
        error.backward()
        norms.append(nn.utils.clip_grad_norm_(weights, clip).item())
        optimizer.step()
        errors.append(error.item())
    return {"error": np.mean(errors[-20:]), "norms": norms}


lengths, many = (10, 40, 160), range(8)  # the longest take their time
long = {name: {T: [recall(T, clip, seed, frozen)
                   for seed in (seeds if T == 160 else many)]
               for T in lengths} for name, (clip, frozen)
        in settings.items()}
print("error of each run; guessing", round(1 / 3, 2))
for name, table in long.items():
    for length, row in table.items():
        print(f"{name:24} T = {length:3}:",
              *(f"{run['error']:.2f}" for run in row))
# --8<-- [end:lengths]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="fade")
lags = np.arange(T + 1)
for gain, color in zip(gains, ("C0", "C2", "C1")):
    ax.plot(lags, curves[gain].T, color=color, lw=0.5, alpha=0.4)
    middle = np.median(curves[gain], 0)
    ax.plot(lags, middle, color=color)
    ax.annotate(f"gain {gain}", (T, middle[-1]), xytext=(4, 0),
                textcoords="offset points", color=color, va="center")
ax.set(yscale="log", xlabel="lag (steps back)", xlim=(0, T + 12),
       ylabel="length of the gradient, lag 0 = 1")

fig, ax = plt.subplots(num="lengths", layout="constrained")
for (name, table), (color, style) in zip(long.items(), (
        ("C1", "o--"), ("C0", "s-"), ("C2", "^:"))):
    for i in many:
        there = [T for T in lengths if i < len(table[T])]
        ax.plot(there, [table[T][i]["error"] for T in there], style,
                color=color, lw=1, ms=4, label=None if i else name)
ax.axhline(1 / 3, color="C6", lw=1)
ax.annotate("guessing", (10, 1 / 3), color="C6", va="bottom",
            xytext=(0, 3), textcoords="offset points")
ax.set(xscale="log", xlabel="steps of the sequence", yscale="log",
       ylabel="error, one line a run")
ax.set_xticks(lengths, lengths)
ax.minorticks_off()
fig.legend(loc="outside upper center", ncols=3)

fig, ax = plt.subplots(num="clip")
spikes = runs["not clipped"][0.4][0]["norms"]
calm = runs["clipped"][0.4][0]["norms"]
for norms, name, color, style in [(spikes, "not clipped", "C1", "--"),
                                  (calm, "clipped", "C0", "-")]:
    norms = np.array([n for n in norms if np.isfinite(n)])
    ax.plot(norms, style, color=color)
    ax.annotate(name, (30, 1e9) if name[0] == "n" else (100, 3),
                color=color)
ax.set(yscale="log", xlabel="step of training", ylim=(1e-2, 1e12),
       ylabel="gradient norm before clipping")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
failed = {name: sum(not run["error"] < 1 / 3 for row in table.values()
                    for run in row) for name, table in runs.items()}
worse = {name.split()[0]: {str(T): sum(not run["error"] < 1 / 3
                                       for run in row)
                           for T, row in table.items()}
         for name, table in long.items()}
middle = {str(g): np.median(c, 0).tolist() for g, c in curves.items()}
results = {"worst": worst, "worst_U": worst_U, "gain": middle,
           "runs": len(rates) * len(seeds),
           "failed": failed["not clipped"], "clipped": failed["clipped"],
           "frozen": failed["recurrent weights frozen"], "limit": limit,
           "worse": worse, "lengths": list(lengths), "low_rate": 0.02,
           "many": len(many), "not_learned": sum(
               not run["error"] < 1 / 3 for run in long["not clipped"][40]),
           "long_gain": 1.3, "first": {str(T): max(
               run["norms"][0] for run in row) for T, row in
               long["not clipped"].items()}, "first_frozen": max(
               run["norms"][0] for run in
               long["recurrent weights frozen"][160]),
           "lag": T, "starts": len(curves[0.8]), "rate": rates[-1],
           "calmest": min(calm), "wildest": max(calm), "steps": len(calm),
           "steps_alive": int(np.isfinite(spikes).sum()), "delay": 5,
           "low": gains[0], "high": gains[-1], "shrunk": 1 / middle["0.8"][T]}
print("runs that failed:", failed)
# --8<-- [end:results]
