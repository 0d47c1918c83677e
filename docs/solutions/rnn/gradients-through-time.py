# %% [markdown]
# # Answers: gradients through time
#
# The third answer measures gradients, the fourth trains twelve small
# networks. Together they take about ten seconds.

# %%
--8<-- "rnn/gradients_through_time.py:chain"
results = {}

# %% [markdown]
# ## Exercise 1
#
# The matrix $U^\top$ and the slopes $1 - h_t^2$ of the $\tanh$. The slopes lie
# between 0 and 1 and can only shorten the gradient; the matrix can do either.

# %% [markdown]
# ## Exercise 2
#
# $\partial h_T / \partial h_{T-k} = u^k$. It is below $1/1000$ at $k = 100$ if
# $|u| < 10^{-3/100} = 0.933$. A weight that is 7% too small makes a hundred
# steps invisible. Differentiating the unrolled cell gives the same:

# %%
u = torch.tensor(10**(-3 / 100), dtype=torch.float64)
first = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
h = first
for step in range(100):
    h = u * h + 1.0
[grad] = torch.autograd.grad(h, first)
print(f"u = {u:.3f}: gradient {grad:.4f} at lag 100")

# %% [markdown]
# ## Exercise 3
#
# The page takes one rotation and twenty random inputs. Here each of the
# twenty runs also has a matrix of its own, and it comes in three versions:
# the rotation that is made from Gaussian numbers (their QR decomposition),
# the Gaussian numbers divided by $\sqrt{H}$, and these once more, divided by
# the modulus of their largest eigenvalue (the *spectral radius*).

# %%
def fade(U, seed):
    """Length of the gradient, lag by lag, relative to that at lag 0."""
    states = unroll(U, T, seed)
    generator = torch.Generator().manual_seed(seed + 100)
    goal = torch.randn(H, generator=generator, dtype=torch.float64)
    grads = torch.autograd.grad(states[-1] @ goal, states)
    norms = torch.stack([g.norm() for g in grads]).flip(0)
    return (norms / norms[0]).numpy()


def radius(U):
    return torch.linalg.eigvals(U).abs().max().item()


torch.manual_seed(1)
gaussian = [torch.randn(H, H, dtype=torch.float64) / H**0.5
            for _ in range(20)]
matrices = {"rotation": [torch.linalg.qr(G)[0] for G in gaussian],
            "Gaussian": gaussian,
            "rescaled": [G / radius(G) for G in gaussian],
            "one Gaussian": [gaussian[0]] * 20}
curves = {name: np.array([fade(U, seed) for seed, U in enumerate(row)])
          for name, row in matrices.items()}  # (20, T + 1)
for name, runs in curves.items():
    end = runs[:, 60]
    results[name.replace(" ", "_")] = {
        "median": float(np.median(end)),
        "factor": float(end.max() / end.min())}
    print(f"{name:12} at lag 60: median {np.median(end):.0e}, "
          f"{end.min():.0e} to {end.max():.0e}")
radii = [radius(G) for G in gaussian]
results["radii"] = [min(radii), max(radii)]
print(f"spectral radius of the Gaussian matrices {min(radii):.2f} to "
      f"{max(radii):.2f}")

# %%
# alt: Length of the gradient against the lag on a logarithmic axis, twenty
# alt: runs each. The curves of rotations fall slowly and stay close together.
# alt: Those of Gaussian matrices spread like a fan, some rising, some falling.
fig, ax = plt.subplots(num="matrices")
for name, color in (("Gaussian", "C1"), ("rotation", "C0")):
    ax.plot(curves[name].T, color=color, lw=0.7, alpha=0.6)
    ax.annotate(name, (60, curves[name][:, 60].max()), color=color,
                xytext=(4, 0), textcoords="offset points", va="center")
ax.set(yscale="log", xlabel="lag (steps back)", xlim=(0, 74),
       ylabel="length of the gradient, lag 0 = 1")
plt.show()

# %% [markdown]
# On the whole the curves fall as slowly as those of rotations, but at lag 60
# the longest Gaussian gradient is {{ Gaussian.factor:.0f}} times as long as
# the shortest; for rotations the factor is {{ rotation.factor:.1f}}. A
# rotation treats all directions alike. A Gaussian matrix stretches some and
# shrinks others, and two things follow. First, matrices differ: the spectral
# radius lies between {{ radii.0:.2f}} and {{ radii.1:.2f}}, and sixty steps
# take it to the power of sixty. Divide it out, and the factor falls to
# {{ rescaled.factor:.0f}}. Second, directions differ within a matrix: even
# with a single Gaussian matrix and twenty inputs and goals the factor is
# {{ one_Gaussian.factor:.0f}}.

# %% [markdown]
# ## Exercise 4
#
# The page's training at learning rate 0.2, twice as long, for four limits and
# three random seeds.

# %%
def train(lr, clip, seed, steps=300, delay=5):
    """Learn to repeat a signal 5 steps later -> error at the end, norms."""
    torch.manual_seed(seed)
    rnn, out = nn.RNN(1, 32, batch_first=True), nn.Linear(32, 1)
    nn.init.orthogonal_(rnn.weight_hh_l0)
    weights = [*rnn.parameters(), *out.parameters()]
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
    return np.mean(errors[-20:]), np.array(norms)


print("guessing", round(1 / 3, 3))
results["clip"] = {}
for clip in (5, 0.05, 0.005, 0.0005):
    runs = [train(0.2, clip, seed) for seed in range(3)]
    errors = [error for error, _ in runs]
    clipped = np.mean([norms > clip for _, norms in runs])
    results["clip"][str(clip).replace(".", "_")] = {
        "least": float(min(errors)), "most": float(max(errors)),
        "clipped": float(clipped)}
    print(f"limit {clip:6}: error", " ".join(f"{e:.4f}" for e in errors),
          f"  steps shortened {clipped:.0%}")

# %% [markdown]
# Over a wide range the limit hardly matters. At 0.05 it shortens
# {{ clip.0_05.clipped:.0%}} of the steps, and the error is
# {{ clip.0_05.most:.4f}} or less; at 0.005 it is still
# {{ clip.0_005.most:.4f}} or less. At 0.0005 the errors are
# {{ clip.0_0005.least:.2f}} to {{ clip.0_0005.most:.2f}}, half of guessing
# or more: that limit is too small *for 300 steps*. When every step is
# shortened, the limit takes the place of the learning rate. Momentum 0.9 makes
# each gradient count ten times, so one step moves the weights by at most
# $0.2 \cdot 0.0005 / (1 - 0.9) = 0.001$, and all 300 by at most 0.3.

# %% [markdown]
# ## Exercise 5
#
# Its length is 5, so it becomes $(0.6, 0.8)$, with the same direction. Entry by entry it becomes $(1, 1)$, which points elsewhere.

# %% [markdown]
# ## Exercise 6
#
# Without $\tanh$, $\delta h_{t-1} = U^\top \delta h_t$. For a rotation $U U^\top$ is the identity, so $\lVert U^\top v \rVert^2 = v^\top U U^\top v = \lVert v \rVert^2$. Every step keeps the length, so all of them together do.

# %% [markdown]
# ## Exercise 7
#
# As for $u$, with $x_t$ in place of $h_{t-1}$: $\sum_t 0.75\, \delta h_t\, x_t = 0.75 \cdot (0.456 \cdot 1 + 0 - 1 \cdot 1) = -0.41$.

# %% [markdown]
# ## Exercise 8
#
# With fixed cuts a dependence across a cut never enters the gradient if the pieces begin at the same places in every round; with random cuts each pair of neighbouring steps is sometimes in one piece. (The programs of this book begin each round at a random place for that reason.) Overlapping pieces
# give every step some past to learn from, at the cost of computing it twice. Neither lets a gradient reach farther back than the length of a piece.
