"""Tensors: a shape, indexing, sums along a dimension, broadcasting."""
# --8<-- [start:first]
import matplotlib.pyplot as plt
import torch
from sklearn.datasets import load_digits

number = torch.tensor(2.5)
row = torch.tensor([1.0, 2.0, 3.0])
table = torch.tensor([[1, 2, 3], [4, 5, 6]])
for tensor in (number, row, table):
    print(f"shape {str(tuple(tensor.shape)):7} dtype {tensor.dtype}")
print("twice the row plus one:", (2 * row + 1).tolist())
# --8<-- [end:first]

# --8<-- [start:digits]
digits = load_digits()
X = torch.tensor(digits.images).float() / 16  # grey values from 0 to 1
y = torch.tensor(digits.target)               # which digit it is, 0 to 9
print("images", tuple(X.shape), X.dtype)
print("labels", tuple(y.shape), y.dtype)
# --8<-- [end:digits]

# --8<-- [start:indexing]
pieces = {"X[0]": X[0],                  # the first image
          "X[0, 3, 4]": X[0, 3, 4],      # its pixel in row 3, column 4
          "X[:5]": X[:5],                # the first five images
          "X[:, 0]": X[:, 0],            # the top row of every image
          "X[..., -1]": X[..., -1],      # the last column of every image
          "X[y == 7]": X[y == 7],        # all sevens
          "X[:, None]": X[:, None],      # a new dimension of size 1
          "X.reshape(-1, 64)": X.reshape(-1, 64)}  # each image as a list
for name, piece in pieces.items():
    print(f"{name:18}{tuple(piece.shape)}")
# --8<-- [end:indexing]

# --8<-- [start:sums]
print("table.sum(0)", table.sum(0).tolist())
print("table.sum(1)", table.sum(1).tolist())
kept = table.sum(1, keepdim=True)
print("keepdim=True", kept.tolist(), "shape", tuple(kept.shape))
ink = X.mean((1, 2))  # (1797, 8, 8) -> (1797): mean grey of each image
print(f"mean grey of a one {ink[y == 1].mean():.3f}, "
      f"of an eight {ink[y == 8].mean():.3f}")
# --8<-- [end:sums]

# --8<-- [start:broadcast]
column = torch.tensor([[10.0], [20.0]])        # (2, 1)
print((column + row).tolist())                 # (2, 1) + (3) -> (2, 3)
try:
    torch.zeros(2) + row
except RuntimeError as error:
    print("RuntimeError:", error)
# --8<-- [end:broadcast]

# --8<-- [start:means]
# B examples, D = 64 pixels, C = 10 classes
train_X, train_y = X[:1000].reshape(-1, 64), y[:1000]
test_X, test_y = X[1000:].reshape(-1, 64), y[1000:]
means = torch.stack([train_X[train_y == c].mean(0) for c in range(10)])
gaps = test_X[:, None] - means       # (B, 1, D) - (C, D) -> (B, C, D)
distances = gaps.square().sum(2)     # (B, C, D) -> (B, C)
guess = distances.argmin(1)          # (B, C) -> (B): the nearest mean
accuracy = (guess == test_y).float().mean().item()
often = train_y.bincount().argmax()  # always the most frequent class
chance = (test_y == often).float().mean().item()
print(f"nearest mean {accuracy:.3f}, most frequent class {chance:.3f}")
# --8<-- [end:means]

# --8<-- [start:draw]
fig, axes = plt.subplots(2, 10, num="means", figsize=(6.4, 1.75))
for c in range(10):
    first = test_X[test_y == c][0]
    for ax, image in zip(axes[:, c], (means[c], first)):
        ax.imshow(image.reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
axes[0, 0].set_ylabel("class\nmean")
axes[1, 0].set_ylabel("held-out\nimage")
plt.show()
# --8<-- [end:draw]

# --8<-- [start:products]
W, b = 2 * means, -means.square().sum(1)      # (C, D), (C)
scores = {"@": test_X @ W.T + b,              # (B, D) @ (D, C) -> (B, C)
          "einsum": torch.einsum("bd,cd->bc", test_X, W) + b,
          "by hand": (test_X[:, None] * W).sum(2) + b}
same = {name: (s.argmax(1) == guess).float().mean().item()
        for name, s in scores.items()}
apart = max((s - scores["@"]).abs().max().item() for s in scores.values())
print("same answer as the nearest mean:", same)
print(f"largest difference between the three: {apart:.0e}")
# --8<-- [end:products]

# --8<-- [start:results]
results = {"accuracy": accuracy, "chance": chance, "apart": apart,
           "same": list(same.values()), "train": len(train_X),
           "test": len(test_X), "ink_1": ink[y == 1].mean().item(),
           "ink_8": ink[y == 8].mean().item(),
           "intermediate": gaps.numel(), "answer": distances.numel()}
# --8<-- [end:results]
