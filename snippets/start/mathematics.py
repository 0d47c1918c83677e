"""Vectors, matrices and derivatives: each in a picture and some lines."""
# --8<-- [start:vectors]
import math

import matplotlib.pyplot as plt
import torch
from sklearn.datasets import load_sample_images

torch.set_default_dtype(torch.float64)  # about sixteen digits
a, b = torch.tensor([4.0, 1.0]), torch.tensor([2.0, 3.0])
dot = a @ b                             # the same as (a * b).sum()
shadow = dot / a.norm()                 # of b, along a
angle = math.atan2(3, 2) - math.atan2(1, 4)
cosine = dot / (a.norm() * b.norm())
print(f"a·b = {dot:.0f}, |a| = {a.norm():.3f}, shadow {shadow:.3f}")
print(f"cosine {cosine:.4f}, from the angle {math.cos(angle):.4f}")
# --8<-- [end:vectors]

# --8<-- [start:matrices]
W = torch.tensor([[1.0, 0.5], [0.2, 1.5]])
turn = torch.tensor([[0.0, -1.0], [1.0, 0.0]])      # a quarter turn
x = torch.tensor([2.0, 1.0])
print("W x           ", (W @ x).tolist())
print("by its columns", (2 * W[:, 0] + 1 * W[:, 1]).tolist())
print("W, then turn  ", (turn @ (W @ x)).tolist(),
      ((turn @ W) @ x).tolist())
print("turn, then W  ", (W @ (turn @ x)).tolist())
back = torch.linalg.inv(W) @ (W @ x)
print("inverse       ", [round(v, 6) for v in back.tolist()])
# --8<-- [end:matrices]

# --8<-- [start:svd]
U, S, Vh = torch.linalg.svd(W)          # W = U diag(S) Vh
rebuilt = (U @ torch.diag(S) @ Vh - W).abs().max().item()
t = torch.linspace(0, 2 * math.pi, 3601)[:-1]
circle = torch.stack([t.cos(), t.sin()])            # (2, 3600)
lengths = (W @ circle).norm(dim=0)                  # (3600)
print(f"singular values {S[0]:.4f}, {S[1]:.4f}")
print(f"longest and shortest image of a unit vector "
      f"{lengths.max():.4f}, {lengths.min():.4f}")
# --8<-- [end:svd]

# --8<-- [start:low_rank]
china = torch.tensor(load_sample_images().images[0]).double()
image = china.mean(2)[:424] / 255                   # (424, 640), grey
U_, S_, Vh_ = torch.linalg.svd(image, full_matrices=False)
kept, blocks, errors = {}, {}, {}
for K, side in [(4, 8), (16, 4), (64, 2)]:
    kept[K] = U_[:, :K] @ torch.diag(S_[:K]) @ Vh_[:K]
    small = image.reshape(424 // side, side, -1, side).mean((1, 3))
    blocks[side] = small.repeat_interleave(side, 0).repeat_interleave(side, 1)
    errors[K] = [(image - other).square().mean().sqrt().item()
                 for other in (kept[K], blocks[side])]
    print(f"rank {K:2}: {K * (424 + 640 + 1) / image.numel():3.0%} of the "
          f"numbers, error {errors[K][0]:.4f}   {side} × {side} means: "
          f"{small.numel() / image.numel():3.0%}, error {errors[K][1]:.4f}")
left_out = {K: (S_[K:].square().sum() / image.numel()).sqrt().item()
            for K in kept}
# --8<-- [end:low_rank]

# --8<-- [start:rivals]
def improve(K, seed, rounds):
    """Other matrices of rank K: fit A and B of A @ B in turns."""
    torch.manual_seed(seed)
    B = torch.randn(K, 640)
    for _ in range(rounds):
        A = torch.linalg.lstsq(B.T, image.T).solution.T    # best for this B
        B = torch.linalg.lstsq(A, image).solution          # best for this A
    return (image - A @ B).square().mean().sqrt().item()


rivals = {rounds: [improve(16, seed, rounds) for seed in range(3)]
          for rounds in (1, 3, 30)}
for rounds, values in rivals.items():
    print(f"rank 16 by {rounds:2} rounds: error {min(values):.4f} - "
          f"{max(values):.4f}, by the SVD {errors[16][0]:.4f}")
# --8<-- [end:rivals]

# --8<-- [start:slopes]
def f(x):
    return math.sin(3 * x) + x**2


slope = 3 * math.cos(3 * 0.5) + 2 * 0.5             # by the rules
steps = [10.0**-k for k in range(1, 14)]
one = [abs((f(0.5 + h) - f(0.5)) / h - slope) for h in steps]
two = [abs((f(0.5 + h) - f(0.5 - h)) / (2 * h) - slope) for h in steps]
print("step      one-sided   two-sided")
for k in (0, 2, 4, 7, 10, 12):
    print(f"{steps[k]:.0e}{one[k]:14.1e}{two[k]:12.1e}")
# --8<-- [end:slopes]

# --8<-- [start:gradient]
def bowl(p):
    x, y = p[..., 0], p[..., 1]
    return x**2 + x * y + 2 * y**2


p = torch.tensor([1.0, 0.5], requires_grad=True)
bowl(p).backward()
gradient = p.grad                                   # (2)
around = p.detach() + 1e-6 * circle.T               # (3600, 2)
rise = (bowl(around) - bowl(p.detach())) / 1e-6     # (3600)
steepest = circle[:, rise.argmax()]
across = (circle.T @ gradient).abs().argmin()       # at a right angle
cosine_up = (steepest @ gradient / gradient.norm()).clamp(max=1)
off = math.degrees(cosine_up.acos())
print("gradient", gradient.tolist(), f"length {gradient.norm():.4f}")
print(f"steepest of 3600 directions: rises by {rise.max():.4f}, "
      f"{off:.2f} degrees from the gradient")
print(f"at a right angle to it: {rise[across]:.4f}")
# --8<-- [end:gradient]

# --8<-- [start:chain]
def inner(x):
    return torch.stack([x[0] * x[1], x[0] + x[1]])  # 2 inputs, 2 outputs


def outer(h):
    return h[0]**2 + 3 * h[1]                       # 2 inputs, 1 output


jacobian = torch.autograd.functional.jacobian
x = torch.tensor([1.0, 2.0])
J_inner, J_outer = jacobian(inner, x), jacobian(outer, inner(x))
whole = jacobian(lambda x: outer(inner(x)), x)
print("inner", J_inner.tolist(), " outer", J_outer.tolist())
print("outer @ inner", (J_outer @ J_inner).tolist(),
      " in one", whole.tolist())
# --8<-- [end:chain]

# --8<-- [start:fragile]
thin = torch.tensor([[1.0, 1.0], [1.0, 1.001]])
U_t, S_t, Vh_t = torch.linalg.svd(thin)
eye = torch.eye(2)
solvers = {  # each a matrix that turns y back into x
    "inverse": torch.linalg.inv(thin),
    "largest only": Vh_t[:1].T @ U_t[:, :1].T / S_t[0],
    "with 0.01 added": torch.linalg.inv(thin.T @ thin + 0.01 * eye) @ thin.T}
y = torch.tensor([2.0, 2.001])                      # thin @ (1, 1)
amplified = {name: (solve @ circle).norm(dim=0).max().item()
             for name, solve in solvers.items()}    # errors of length 1
solved = {name: solve @ y for name, solve in solvers.items()}
print(f"singular values {S_t[0]:.3f} and {S_t[1]:.6f}")
for name, x in solved.items():
    print(f"{name:16} x = ({x[0]:.3f}, {x[1]:.3f}), an error in y grows "
          f"up to {amplified[name]:.1f} times")
# --8<-- [end:fragile]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="slopes", figsize=(6.4, 3.0))
ax.loglog(steps, one, "s--", color="C1", ms=4)
ax.loglog(steps, two, "o-", color="C0", ms=4)
ax.set(xlabel="step $h$", ylabel="error of the slope", ylim=(1e-12, 10))
ax.annotate("one-sided", (1e-7, 2e-4), color="C1")
ax.annotate("two-sided", (4e-3, 3e-8), color="C0")
ax.annotate("rounding", (3e-12, 2e-8), ha="center")

fig, axes = plt.subplots(2, 4, num="low_rank", figsize=(5.8, 2.7))
panels = [image, *kept.values(), None, *blocks.values()]
titles = ["photograph", *(f"rank {K}" for K in kept), "",
          *(f"{side} × {side} means" for side in blocks)]
for ax, panel, title in zip(axes.flat, panels, titles):
    ax.set_axis_off()
    if panel is not None:
        ax.imshow(panel[::2, ::2], cmap=plt.get_cmap("gray", 64),
                  vmin=0, vmax=1)
        ax.set_title(title, fontsize=10)
plt.show()
# --8<-- [end:draw]

# --8<-- [start:results]
results = {"rebuilt": rebuilt, "singular": S.tolist(),
           "errors": {f"rank_{K}": {"svd": e[0], "means": e[1]}
                      for K, e in errors.items()},
           "one": min(one), "two": min(two),
           "best_step": steps[two.index(min(two))],
           "best_one": steps[one.index(min(one))],
           "tiny": two[12], "gradient": gradient.norm().item(), "off": off,
           "rise": rise.max().item(), "across": rise[across].item(),
           "whole": whole.tolist(), "dot": dot.item(),
           "amplified": list(amplified.values()),
           "shadow": shadow.item(), "cosine": cosine.item()}
# --8<-- [end:results]
