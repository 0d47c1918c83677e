# %% [markdown]
# # Answers: denoising
#
# Exercises 6 and 7 train the network of `posterior.py` from [the page](../../autoencoder/denoising.md).

# %% [markdown]
# ## Exercise 1
#
# Copying the input is no solution: the input is noisy, the target is not. The noise prevents what the small code prevents elsewhere.

# %% [markdown]
# ## Exercise 2
#
# The posterior odds of $1$ against $-1$ are $e^{-(y-1)^2/2} / e^{-(y+1)^2/2} = e^{2y}$. So $p(1 \mid y) = e^{2y}/(1 + e^{2y})$, and the mean is $p(1 \mid y) - p(-1 \mid y) = \tanh y$. For $y = 1$ it is $0.762$.

# %% [markdown]
# ## Exercise 3
#
# $\Sigma$ has the components $(1, 1)/\sqrt 2$ with variance 1.8 and $(1, -1)/\sqrt 2$ with variance 0.2. They are shrunk by $1.8/2.8 = 0.643$ and $0.2/1.2 = 0.167$. $(1, 0)$ is half the sum of $(1, 1)$ and $(1, -1)$, so the result is $(0.643 + 0.167, 0.643 - 0.167)/2 = (0.405, 0.238)$. The second pixel is raised: its neighbour is bright.

# %% [markdown]
# ## Exercise 4
#
# With $y$ fixed, $\E[\lVert x - m(y) \rVert^2 \mid y]$ is the sum of the variances of the entries of $x$ under the posterior, by the definition of variance, since $m(y)$ is its mean. The mean over $y$ gives the claim.

# %% [markdown]
# ## Exercise 5
#
# $p(y) = \int p(x)\, \mathcal N(y;\, x, \Sigma_\varepsilon)\, \mathrm{d}x$, and the gradient of the Gaussian with respect to $y$ is $\Sigma_\varepsilon^{-1} (x - y)$ times the Gaussian. So $\nabla p(y) = p(y)\, \Sigma_\varepsilon^{-1} (\E[x \mid y] - y)$. Divide by $p(y)$ and multiply by $\Sigma_\varepsilon$.

# %% [markdown]
# ## Exercise 6

# %%
--8<-- "autoencoder/posterior.py:exact"


# %%
def learn(loss, target_noise=0.0, steps=800):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 32),
                          nn.Tanh(), nn.Linear(32, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, steps)
    for step in range(steps):
        x = clean.sample((300,))
        y = x + s * torch.randn_like(x)
        goal = x + target_noise * torch.randn_like(x)
        value = loss(model(y[:, None])[:, 0], goal)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        schedule.step()
    return torch.no_grad()(lambda y: model(y[:, None])[:, 0])


grid = torch.linspace(-2, 2, 401)
exact = posterior_mean(grid)
squared = nn.functional.mse_loss
results = {}
for name, noise in (("clean", 0.0), ("noisy", 1.0)):
    network = learn(squared, noise)
    results[name] = (network(grid) - exact).abs().max().item()
    print(f"{name} targets: at most {results[name]:.3f} away")

# %% [markdown]
# With noisy targets the network is at most {{ noisy:.2f}} from the posterior mean, with clean ones {{ clean:.2f}}: the same goal, reached less exactly, because the mean of independent noise is zero and only the spread of the gradients grows.

# %% [markdown]
# ## Exercise 7

# %%
network = learn(nn.functional.l1_loss)
spots = torch.tensor([-0.4, -0.2, 0.0])
x = torch.linspace(-4, 4, 4001)
weight = clean.log_prob(x) + Normal(x, s).log_prob(spots[:, None])
median = x[(weight.softmax(1).cumsum(1) < 0.5).sum(1)]
results["learned"], results["median"] = network(spots).tolist(), median.tolist()
for name, values in (("median", median), ("network", network(spots)),
                     ("mean", posterior_mean(spots))):
    print(f"{name:9}" + "".join(f"{value:8.2f}" for value in values))

# %% [markdown]
# The median of the posterior, which jumps from one group to the other where the mean passes gradually: at $y = 0$ the network says {{ learned.2:.2f}}, the median is {{ median.2:.2f}}. Beside the jump the network is smoother than that: at $y = -0.2$ it says {{ learned.1:.2f}}, where the median is {{ median.1:.2f}}. Absolute error decides, squared error hedges.

# %% [markdown]
# ## Exercise 8
#
# Take small steps: go a little way towards the posterior mean and add a little new noise, with a smaller noise level each time. Each step decides a bit more what the image is, and the last ones are sharp; this is how [diffusion models](../../diffusion/index.md) draw. Or add a second network that tells real from denoised images, as in [adversarial training](../../gan/index.md). Both give up squared error: a sharp image that is wrong costs more than a blurred one.
