"""Autograd: derivatives of whatever is computed, and why they add."""
# --8<-- [start:line]
import torch

w = torch.tensor(1.0, requires_grad=True)
b = torch.tensor(0.5, requires_grad=True)
x, y = 2.0, 4.0
loss = (w * x + b - y)**2
loss.backward()
by_rule = {"w": w.grad.item(), "b": b.grad.item()}
print("loss", loss.item(), "gradient", by_rule)
# --8<-- [end:line]

# --8<-- [start:nudge]
def value(w, b):
    return (w * x + b - y)**2


step = 1e-3
by_nudging = {"w": (value(1 + step, 0.5) - value(1 - step, 0.5)) / (2 * step),
              "b": (value(1, 0.5 + step) - value(1, 0.5 - step)) / (2 * step)}
print("by nudging:", {name: round(g, 6) for name, g in by_nudging.items()})
# --8<-- [end:nudge]

# --8<-- [start:add]
w = torch.tensor(1.0, requires_grad=True)
(3 * w + 5 * w).backward()     # w is used twice
twice_used = w.grad.item()
(3 * w + 5 * w).backward()     # and a second call adds to what is there
twice_called = w.grad.item()
w.grad = None                  # forget it
(3 * w + 5 * w).backward()
cleared = w.grad.item()
print("used twice:", twice_used, " called twice:", twice_called,
      " cleared first:", cleared)
# --8<-- [end:add]

# --8<-- [start:parts]
torch.manual_seed(0)
X, target = torch.randn(6, 3), torch.randn(6)
w = torch.zeros(3, requires_grad=True)
(X @ w - target).square().sum().backward()       # all six examples
whole = w.grad.clone()
w.grad = None
for rows in (slice(0, 2), slice(2, 6)):          # two, then the other four
    (X[rows] @ w - target[rows]).square().sum().backward()
parts = (w.grad - whole).abs().max().item()
print(f"whole batch against the sum of its parts: off by {parts:.0e}")
# --8<-- [end:parts]

# --8<-- [start:vector]
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
outputs = torch.stack([x[0] * x[1], x[1] * x[2]])  # two outputs
v = torch.tensor([1.0, 10.0])
outputs.backward(v)
from_v = x.grad.tolist()
J = torch.autograd.functional.jacobian(
    lambda x: torch.stack([x[0] * x[1], x[1] * x[2]]), x)
print("Jacobian", J.tolist())                      # (2, 3)
print("x.grad", from_v, " v @ J", (v @ J).tolist())
x.grad = None                        # the same as the derivative of a sum
(v * torch.stack([x[0] * x[1], x[1] * x[2]])).sum().backward()
of_sum = x.grad.clone()
# --8<-- [end:vector]

# --8<-- [start:descent]
w = torch.tensor(0.0, requires_grad=True)
path = []
for step in range(25):
    loss = (w - 4)**2
    w.grad = None             # 1. forget the old derivative
    loss.backward()           # 2. compute the new one
    with torch.no_grad():     # 3. a move is not part of the model
        w -= 0.2 * w.grad
    path.append(w.item())
print("w after 1, 2, 3 and 25 steps:",
      [round(path[i], 3) for i in (0, 1, 2, 24)])
# --8<-- [end:descent]

# --8<-- [start:record]
inside = {"plain": (2 * w).requires_grad, "detach": w.detach().requires_grad}
with torch.no_grad():
    inside["no_grad"] = (2 * w).requires_grad
print("remembers how it was computed:", inside)
try:
    w -= 0.1
except RuntimeError as error:
    moved_outside = str(error)
    print("RuntimeError:", error)
# --8<-- [end:record]

# --8<-- [start:results]
results = {"by_rule": by_rule, "by_nudging": by_nudging, "parts": parts,
           "twice_used": twice_used, "twice_called": twice_called,
           "cleared": cleared, "path": path,
           "vector": from_v, "product": (v @ J).tolist()}
# --8<-- [end:results]
