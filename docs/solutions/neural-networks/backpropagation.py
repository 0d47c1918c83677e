# %% [markdown]
# # Answers: backpropagation in full
#
# Exercises 6 and 7 change the engine of [the page](../../neural-networks/backpropagation.md).

# %% [markdown]
# ## Exercise 1
#
# A value may hand on its derivative only when all contributions to it have arrived. They come from values that were computed from it, and these were made later. In the reverse order of making, all of them have had their turn.

# %% [markdown]
# ## Exercise 2
#
# With $y = 6$ the network is right: $\delta z = 2(6 - 6) = 0$, and nothing comes down: $\delta h = \delta w = 0$. With $y = 7$: $\delta z = 2(6 - 7) = -2$, $\delta h = -2 \cdot 1.5 = -3$, and $\delta w = -2 \cdot 4 + (-3) \cdot 2 = -14$.

# %% [markdown]
# ## Exercise 3
#
# Forward: $u = 3 + 9 = 12$ and $\ell = 36$. Backward: $\ell = u x$ gives $\delta u = x = 3$ and a contribution of $u = 12$ to $\delta x$; $u = x + x^2$ contributes $\delta u\,(1 + 2x) = 3 \cdot 7 = 21$. Together $\delta x = 33$. Written out, $\ell = x^2 + x^3$ has the derivative $2x + 3x^2 = 6 + 27 = 33$.

# %% [markdown]
# ## Exercise 4
#
# $X_{nd}$ occurs in $A_{nj}$ for each unit $j$, with slope $W_{jd}$. So $\delta X_{nd} = \sum_j \delta A_{nj} W_{jd} = (\delta A\, W)_{nd}$. $W_{jd}$ occurs in $A_{nj}$ for each example $n$, with slope $X_{nd}$. So $\delta W_{jd} = \sum_n \delta A_{nj} X_{nd} = ((\delta A)^\top X)_{jd}$.

# %% [markdown]
# ## Exercise 5
#
# The loss is $-\log q_y$, so only $q_y$ receives something: $\delta q_y = -1 / q_y$. Then
#
# $$
# \delta z_a = \delta q_y \frac{\partial q_y}{\partial z_a} = -\frac{1}{q_y}\, q_y \left([a = y] - q_a\right) = q_a - [a = y] .
# $$
#
# The factor $q_y$ cancels: this is why the derivative stays large where $q_y$ is almost zero.

# %% [markdown]
# ## Exercise 6
#
# The engine of the page:

# %%
--8<-- "neural-networks/autograd_engine.py:value"

--8<-- "neural-networks/autograd_engine.py:operations"

# %% [markdown]
# The slope of the ReLU is 1 on the right of zero and 0 on the left. The sigmoid can be put together from what is there.

# %%
def relu(v):
    on = float(v.data > 0)
    return Value(v.data * on, (v,), (on,))


def sigmoid(v):
    return value(1.0) / ((-v).exp() + 1.0)


results = {"gap": 0.0}
for at in (-3.0, -0.5, 0.7, 4.0):
    for ours, theirs in ((relu, torch.relu), (sigmoid, torch.sigmoid)):
        v, t = Value(at), torch.tensor(at, dtype=torch.float64,
                                       requires_grad=True)
        (ours(v) * v).backward()
        (theirs(t) * t).backward()
        gap = max(abs(ours(v).data - theirs(t).item()),
                  abs(v.grad - t.grad.item()))
        results["gap"] = max(results["gap"], gap)
        print(f"{ours.__name__:8} at {at:4}: derivative of v * {ours.__name__}(v) "
              f"{v.grad:.6f}")
print(f"largest gap to PyTorch {results['gap']:.0e}")

# %% [markdown]
# We multiply by $v$, so that $v$ is used twice. All agree to within {{ gap:.0e}}. At zero itself the ReLU has no derivative; PyTorch takes 0, and so does this one.

# %% [markdown]
# ## Exercise 7
#
# All three notice, because all use values more than once: in the drawing $w$ would keep only one of its two contributions; the random graphs use most values more than once; and in the network each weight is used by every example. Run it:
#
# ```console
# $ python -m bookbuild run neural-networks/autograd_engine.py --break "the last contribution only"
# ```

# %% [markdown]
# ## Exercise 8
#
# Carrying derivatives forward needs one sweep for each *input* that one asks about, and gives the derivatives of all outputs with respect to it. A network has many weights and one loss: thousands of sweeps, where going backwards takes one. With few inputs and many outputs (how do all points of a curve move if I turn this one knob?) forward is the better way; it also keeps nothing in memory. PyTorch offers it as `torch.func.jvp`.
