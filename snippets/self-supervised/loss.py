"""The contrastive loss: a choice among views, its numbers and slope."""
# --8<-- [start:loss]
import math

import torch
import torch.nn.functional as F

# B images, two views of each: 2 B rows; P numbers in a projection
torch.set_default_dtype(torch.float64)


def contrastive_loss(z, tau):
    """z: (2 B, P), rows of length 1; row i and row i + B are partners"""
    scores = z @ z.T / tau                               # (2 B, 2 B)
    scores = scores.fill_diagonal_(-math.inf)  # nobody picks itself
    partner = torch.arange(len(z)).roll(len(z) // 2)
    return F.cross_entropy(scores, partner)
# --8<-- [end:loss]

# --8<-- [start:example]
degrees = torch.tensor([0.0, 90, 30, 150])  # images 1, 2 and again 1, 2
angles = torch.deg2rad(degrees)
z = torch.stack([angles.cos(), angles.sin()], 1)
tau = 0.5
scores = (z[0] @ z[1:].T) / tau             # of the first view
chances = scores.softmax(0)
for k in range(3):
    print(f"view at {degrees[k + 1]:3.0f} degrees: score {scores[k]:6.3f}, "
          f"chosen with probability {chances[k]:.3f}")
first = -chances[1].log().item()            # its partner is at 30 degrees
loss = contrastive_loss(z, tau).item()
print(f"loss of the first view {first:.3f}, mean of all four {loss:.3f}")
# --8<-- [end:example]

# --8<-- [start:loops]
def by_loops(z, tau):
    """The formula, one view and one rival at a time."""
    n, total = len(z), 0
    for i in range(n):
        partner = (i + n // 2) % n
        rivals = sum(math.exp(z[i] @ z[k] / tau) for k in range(n) if k != i)
        total -= math.log(math.exp(z[i] @ z[partner] / tau) / rivals)
    return total / n


torch.manual_seed(0)
gap = {}
for B in (2, 5, 20):
    for t in (0.1, 0.5, 2.0):
        views = F.normalize(torch.randn(2 * B, 8), dim=1)
        gap[B, t] = abs(contrastive_loss(views, t).item() - by_loops(views, t))
print(f"loss against loops: {max(gap.values()):.0e}")
same = {B: contrastive_loss(torch.ones(2 * B, 1), tau).item()
        for B in (2, 20, 64)}
print("all in one point:", {B: round(value, 3) for B, value in same.items()})
# --8<-- [end:loops]

# --8<-- [start:slope]
# the first view alone, as the one who chooses
B, i = 5, 0
views = F.normalize(torch.randn(2 * B, 8), dim=1)
me = views[i].clone().requires_grad_()
others = torch.cat([views[:i], views[i + 1:]])           # (2 B - 1, P)
partner = i + B - 1                                      # its row in others
F.cross_entropy(others @ me / tau, torch.tensor(partner)).backward()
q = (others @ me / tau).softmax(0).detach()
formula = (q @ others - others[partner]) / tau
slope_gap = (me.grad - formula).abs().max().item()
print(f"slope against formula: {slope_gap:.0e}")
# --8<-- [end:slope]

# --8<-- [start:results]
results = {"degrees": degrees.tolist(), "scores": scores.tolist(),
           "chances": chances.tolist(), "first": first, "loss": loss,
           "gap": max(gap.values()), "slope_gap": slope_gap,
           "same": {f"of_{B}": value for B, value in same.items()}}
# --8<-- [end:results]
