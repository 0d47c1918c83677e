"""An autograd engine for single numbers, checked against PyTorch."""
# --8<-- [start:value]
import math
import random

import torch
import torch.nn.functional as F
from sklearn.datasets import make_moons
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


def by_nudging(w, step=1e-6):
    def loss(w):
        return (w * (w * 2.0 + 1.0) - 5.5)**2
    return (loss(w + step) - loss(w - step)) / (2 * step)


print(f"nudging w:   {by_nudging(1.5):.6f}")
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
for seed in range(300):
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
print(f"300 random graphs: largest relative gap of a value "
      f"{gap['value']:.0e}, of a derivative {gap['derivative']:.0e}")
# --8<-- [end:random]

# --8<-- [start:network]
# H hidden units, C classes
random.seed(0)
points, classes = make_moons(200, noise=0.1, random_state=0)
train_X, train_y = points[:60], classes[:60]
test_X, test_y = torch.tensor(points[60:]), torch.tensor(classes[60:])
H, C = 6, 2
W1 = [[Value(random.gauss(0, 1)) for _ in range(2)] for _ in range(H)]
b1 = [Value(0.0) for _ in range(H)]
W2 = [[Value(random.gauss(0, 0.4)) for _ in range(H)] for _ in range(C)]
b2 = [Value(0.0) for _ in range(C)]
weights = [v for row in W1 for v in row] + b1 + [
    v for row in W2 for v in row] + b2


def dense(W, b, x):
    return [sum((w * v for w, v in zip(row, x)), start)
            for row, start in zip(W, b)]


def network_loss(x, y):
    h = [a.tanh() for a in dense(W1, b1, x)]
    z = dense(W2, b2, h)
    return sum(s.exp() for s in z).log() - z[y]  # -log softmax at y
# --8<-- [end:network]

# --8<-- [start:twin]
model = nn.Sequential(nn.Linear(2, H), nn.Tanh(), nn.Linear(H, C)).double()
nn.utils.vector_to_parameters(
    torch.tensor([v.data for v in weights], dtype=torch.float64),
    model.parameters())
optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
X, y = torch.tensor(train_X), torch.tensor(train_y)
# --8<-- [end:twin]

# --8<-- [start:training]
worst, before = {"loss": 0.0, "gradient": 0.0, "weight": 0.0}, Value.made
for step in range(40):
    loss = sum(network_loss(x, c) for x, c in zip(train_X, train_y)) * (
        1 / len(train_X))
    for v in weights:
        v.grad = 0.0
    loss.backward()

    their_loss = F.cross_entropy(model(X), y)
    optimizer.zero_grad()
    their_loss.backward()
    grads = torch.cat([p.grad.flatten() for p in model.parameters()])
    worst["loss"] = max(worst["loss"], abs(loss.data - their_loss.item()))
    for v, g in zip(weights, grads.tolist()):
        worst["gradient"] = max(worst["gradient"], abs(v.grad - g))

    for v in weights:
        v.data -= 1.0 * v.grad
    optimizer.step()
theirs = nn.utils.parameters_to_vector(model.parameters()).tolist()
worst["weight"] = max(abs(v.data - t) for v, t in zip(weights, theirs))
made = (Value.made - before) // 40
accuracy = (model(test_X).argmax(1) == test_y).double().mean().item()
print(f"values made for one step: {made:,d}")
print("largest gap in 40 steps: " + ", ".join(
    f"{name} {g:.0e}" for name, g in worst.items()))
print(f"loss {loss.data:.3f}, held-out accuracy {accuracy:.3f}")
# --8<-- [end:training]
