"""An autograd engine for single numbers, checked against PyTorch."""
# --8<-- [start:value]
import math
import random

import torch
import torch.nn.functional as F
from torch import nn


class Value:
    """A number that remembers what it was computed from."""
    made = 0  # how many there are; numbers them in the order of making

    def __init__(self, data, parents=(), slopes=()):
        self.data, self.grad = data, 0.0
        self.parents = parents  # the values it was computed from, ...
        self.slopes = slopes    # ... and its derivative for each of them
        self.number = Value.made
        Value.made += 1

    def backward(self):
        """Add the derivative of this value to .grad of all it began with."""
        found, todo = {self}, [self]
        while todo:
            for parent in todo.pop().parents:
                if parent not in found:
                    found.add(parent)
                    todo.append(parent)
        delta = dict.fromkeys(found, 0.0)
        delta[self] = 1.0
        for v in sorted(found, key=lambda v: v.number, reverse=True):
            for parent, slope in zip(v.parents, v.slopes):
                delta[parent] += delta[v] * slope
            if not v.parents:
                v.grad += delta[v]
# --8<-- [end:value]

# --8<-- [start:operations]
    def __add__(self, other):
        other = value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        other = value(other)
        return Value(self.data * other.data, (self, other),
                     (other.data, self.data))

    def __pow__(self, k):  # k: a plain number
        return Value(self.data**k, (self,), (k * self.data**(k - 1),))

    def exp(self):
        return Value(math.exp(self.data), (self,), (math.exp(self.data),))

    def log(self):
        return Value(math.log(self.data), (self,), (1 / self.data,))

    def tanh(self):
        t = math.tanh(self.data)
        return Value(t, (self,), (1 - t * t,))

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + -value(other)

    def __truediv__(self, other):
        return self * value(other)**-1

    __radd__, __rmul__ = __add__, __mul__  # for 2.0 + v and 2.0 * v


def value(x):
    return x if isinstance(x, Value) else Value(x)
# --8<-- [end:operations]

# --8<-- [start:twice]
x, w, b = Value(2.0), Value(1.5), Value(1.0)
h = w * x + b
z = w * h                   # w is used a second time
loss = (z - 5.5)**2
loss.backward()
print(f"h = {h.data}, z = {z.data}, loss = {loss.data}")
print(f"derivatives: w {w.grad}, b {b.grad}, x {x.grad}")


def loss_at(w):
    return (w * (w * 2.0 + 1.0) - 5.5)**2


nudged = (loss_at(1.5 + 1e-6) - loss_at(1.5 - 1e-6)) / 2e-6
twice = {"w": w.grad, "b": b.grad, "x": x.grad}
print(f"nudging w:   {nudged:.6f}")
# --8<-- [end:twice]

# --8<-- [start:random]
OPERATIONS = [lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b,
              lambda a, b: a / (b * b + 1.0), lambda a, b: 2.0 * a,
              lambda a, b: a.tanh(), lambda a, b: b.tanh()**3,
              lambda a, b: a.tanh().exp(), lambda a, b: (a * a + 1.0).log()]


def compute(numbers, seed, steps=15):
    """A random computation with four numbers -> its result"""
    rng, values = random.Random(seed), list(numbers)
    for _ in range(steps):  # each step takes two of the values so far
        a, b = rng.choice(values), rng.choice(values)
        values.append(rng.choice(OPERATIONS)(a, b))
    return sum(values)


def relative(a, b):
    return abs(a - b) / (1 + abs(b))


gap = {"value": 0.0, "derivative": 0.0}
graphs = 300
for seed in range(graphs):
    numbers = torch.linspace(-1.5, 1.5, 4, dtype=torch.float64).tolist()
    ours = [Value(n) for n in numbers]
    theirs = [torch.tensor(n, dtype=torch.float64, requires_grad=True)
              for n in numbers]
    result, their_result = compute(ours, seed), compute(theirs, seed)
    for start, last in ((ours, result), (theirs, their_result)):
        last.backward()
        (start[0] * start[1]).backward()  # a second call has to add
    gap["value"] = max(gap["value"],
                       relative(result.data, their_result.item()))
    for v, t in zip(ours, theirs):
        gap["derivative"] = max(gap["derivative"],
                                relative(v.grad, t.grad.item()))
print(f"{graphs} random graphs: largest relative gap of a value "
      f"{gap['value']:.0e}, of a derivative {gap['derivative']:.0e}")
# --8<-- [end:random]

# --8<-- [start:network]
# H hidden units, C classes
torch.manual_seed(0)
corners = torch.tensor([[1, 1], [-1, -1], [1, -1], [-1, 1]]).double()
X = corners.repeat(60, 1) + 0.3 * torch.randn(240, 2).double()
y = torch.tensor([0, 0, 1, 1]).repeat(60)  # XOR, as four clouds
train_X, train_y, test_X, test_y = X[:40], y[:40], X[40:], y[40:]
H, C = 6, 2
model = nn.Sequential(nn.Linear(2, H), nn.Tanh(), nn.Linear(H, C)).double()
W1, b1, W2, b2 = ([[Value(w) for w in row]
                   for row in p.reshape(len(p), -1).tolist()]
                  for p in model.parameters())  # the same start
weights = [v for part in (W1, b1, W2, b2) for row in part for v in row]


def dense(W, b, x):
    return [sum(w * v for w, v in zip(row, x)) + bias[0]
            for row, bias in zip(W, b)]


def scores(x):
    return dense(W2, b2, [a.tanh() for a in dense(W1, b1, x)])


def cross_entropy(z, y):
    return sum(s.exp() for s in z).log() - z[y]
# --8<-- [end:network]

# --8<-- [start:training]
optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
worst, before, steps = {"loss": 0.0, "gradient": 0.0}, Value.made, 30
for step in range(steps):
    loss = sum(cross_entropy(scores(x), y)
               for x, y in zip(train_X.tolist(), train_y.tolist())) * (1 / 40)
    for v in weights:
        v.grad = 0.0
    loss.backward()
    their_loss = F.cross_entropy(model(train_X), train_y)
    optimizer.zero_grad()
    their_loss.backward()
    grads = torch.cat([p.grad.flatten() for p in model.parameters()])

    worst["loss"] = max(worst["loss"], abs(loss.data - their_loss.item()))
    for v, g in zip(weights, grads.tolist()):
        worst["gradient"] = max(worst["gradient"], abs(v.grad - g))
        v.data -= 1.0 * v.grad
    optimizer.step()
# --8<-- [end:training]

# --8<-- [start:score]
made = (Value.made - before) // steps
theirs = nn.utils.parameters_to_vector(model.parameters()).tolist()
worst["weights"] = max(abs(v.data - t) for v, t in zip(weights, theirs))
guess = torch.tensor([scores(x)[1].data > scores(x)[0].data
                      for x in test_X.tolist()])
accuracy = (guess == (test_y == 1)).double().mean().item()
print(f"largest gap in {steps} steps: " + ", ".join(
    f"{name} {g:.0e}" for name, g in worst.items()))
print(f"loss {loss.data:.3f}, held-out accuracy {accuracy:.3f}")
print(f"values made for one step: {made:,d}")
# --8<-- [end:score]

# --8<-- [start:results]
results = {"gap": gap, "worst": worst, "accuracy": accuracy, "made": made,
           "steps": steps, "weights": len(weights), "graphs": graphs,
           "twice": twice, "nudged": nudged}
# --8<-- [end:results]
