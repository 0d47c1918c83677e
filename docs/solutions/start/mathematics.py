# %% [markdown]
# # Answers: vectors, matrices, slopes

# %% [markdown]
# ## Exercise 1
#
# $x$ has 5 entries, one per column, and the result 3, one per row. The Jacobian of $W x$ has one row per output and one column per input, $3 \times 5$; it is $W$ itself.

# %% [markdown]
# ## Exercise 2
#
# $a \cdot b = 3 \cdot 4 + 4 \cdot (-3) = 0$. Both lengths are $\sqrt{9 + 16} = 5$. The cosine is 0, the angle 90 degrees: the vectors are orthogonal.

# %% [markdown]
# ## Exercise 3
#
# Mirrored at the diagonal, $(1, 0)$ goes to $(0, 1)$ and $(0, 1)$ to $(1, 0)$. These are the columns: $M = \begin{bmatrix} 0 & 1 \\ 1 & 0 \end{bmatrix}$. Mirroring twice does nothing, so $M^{-1} = M$. Products with the quarter turn:

# %%
import torch

torch.set_default_dtype(torch.float64)
M = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
turn = torch.tensor([[0.0, -1.0], [1.0, 0.0]])
print("turn first, then mirror:", (M @ turn).tolist())
print("mirror first, then turn:", (turn @ M).tolist())
print("mirror twice:", (M @ M).tolist())

# %% [markdown]
# Applied after the turn, the two together flip the second coordinate; applied before it, the first. The order matters.

# %% [markdown]
# ## Exercise 4
#
# The chain is $a = w x = 0.5$, $h = \tanh a \approx 0.46$, $f = h^2 \approx 0.21$. The slopes are $\partial f/\partial h = 2h \approx 0.92$, $\partial h/\partial a = 1 - h^2 \approx 0.79$ and $\partial a/\partial w = x = 0.5$. Their product is about $0.36$.

# %%
w = torch.tensor(1.0, requires_grad=True)
(torch.tanh(w * 0.5)**2).backward()
print(f"autograd: {w.grad.item():.4f}")

# %% [markdown]
# ## Exercise 5
#
# If $b = 0$, both sides are 0. Otherwise take $t = (a \cdot b)/\lVert b \rVert^2$ in
#
# $$0 \le \lVert a - t b \rVert^2 = \lVert a \rVert^2 - 2t\, a \cdot b + t^2 \lVert b \rVert^2 = \lVert a \rVert^2 - \frac{(a \cdot b)^2}{\lVert b \rVert^2} .$$
#
# So $(a \cdot b)^2 \le \lVert a \rVert^2 \lVert b \rVert^2$; take roots. (This is the Cauchy-Schwarz inequality. It is what makes the cosine a number between $-1$ and 1 in any number of dimensions.)

# %% [markdown]
# ## Exercise 6
#
# For $f(x) = \alpha x^2 + \beta x + \gamma$ we have $f(x + h) - f(x - h) = 4 \alpha x h + 2 \beta h$. Divided by $2h$ that is $2 \alpha x + \beta$, the derivative, for any $h$. On one side, $f(x + h) - f(x) = 2 \alpha x h + \alpha h^2 + \beta h$, and divided by $h$ the term $\alpha h$ is left over: the error is proportional to the step.

# %% [markdown]
# ## Exercise 7

# %%
torch.manual_seed(0)
results = {}
for D in (2, 10, 100, 1000):
    a, b = torch.randn(2, 1000, D)
    cosines = (a * b).sum(1) / (a.norm(dim=1) * b.norm(dim=1))
    angles = cosines.clamp(-1, 1).acos() * 180 / torch.pi
    results[f"d{D}"] = angles.std().item()
    print(f"{D:5} entries: angles {angles.min():5.1f} to "
          f"{angles.max():5.1f} degrees, spread {angles.std():.1f}")

# %% [markdown]
# The spread falls from {{ d2:.0f}} degrees to {{ d1000:.1f}}, like $1/\sqrt D$ from $D = 10$ on: with many entries, two random vectors are always nearly at a right angle. So in a space of many dimensions a cosine of, say, 0.3 is strong evidence of likeness, while in the plane it means nothing.

# %% [markdown]
# ## Exercise 8

# %%
from sklearn.datasets import load_sample_images

china = torch.tensor(load_sample_images().images[0]).double()
image = china.mean(2)[:424] / 255
torch.manual_seed(0)
for name, matrix in [("photograph", image),
                     ("noise", torch.randn(424, 640))]:
    S = torch.linalg.svdvals(matrix)
    results[name] = ((S[16:]**2).sum() / (S**2).sum()).item()
    print(f"{name:11} share of the squares left out by rank 16: "
          f"{results[name]:.1%}")

# %% [markdown]
# {{ photograph:.1%}} against {{ noise:.0%}}. The rows of a photograph resemble each other (sky, roofs, water), so a few directions hold most of it. The rows of noise are nearly orthogonal, by the exercise before: no direction is worth much more than another, and 16 of 424 directions keep little.

# %% [markdown]
# ## Exercise 9

# %%
tiles = image.reshape(53, 8, 80, 8).permute(0, 2, 1, 3).reshape(-1, 64)
S = torch.linalg.svdvals(tiles)                # tiles (4240, 64)
quarters = image.reshape(106, 4, 160, 4)
target = (quarters - quarters.mean((1, 3), keepdim=True)).square().mean()
target = target.sqrt().item()
print(f"means of 4 × 4 squares: error {target:.4f}")
for K in range(1, 7):
    error = ((S[K:]**2).sum() / image.numel()).sqrt().item()
    results[f"k{K}"] = error
    print(f"{K} numbers per tile: error {error:.4f}")
results["target"] = target
results["needed"] = next(K for K in range(1, 7)
                         if results[f"k{K}"] < target)
results["base"] = results["needed"] * 64 / len(tiles)

# %% [markdown]
# {{ needed:d}} numbers per tile are enough. The means of 4 × 4 squares are a code of four numbers per tile with four directions fixed in advance; the SVD chooses the best directions for *this* photograph. The comparison leaves out that these directions have to be stored too (here {{ base:.2f}} numbers per tile), and that numbers can be stored in more or fewer bits. This is the idea behind JPEG, which uses fixed directions (waves) that suit most photographs.
