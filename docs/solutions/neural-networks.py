# %% [markdown]
# # Solutions: neural networks
#
# Worked answers to the exercises of the chapter. Where an answer is a number, a program computes it. Ablations
# take the program of the page, change a line, and run it again.

# %%
import contextlib
import io
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def run(program, stop, *changes):
    """Run a program of the book up to a section, with lines changed."""
    text = Path("snippets", program).read_text()
    text = text.split(f"# --8<-- [start:{stop}]")[0]
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    torch.set_default_dtype(torch.float32)  # a program may change it
    names = {"__name__": "__main__"}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(text, names)
    return names


results = {}

# %% [markdown]
# ## Neural networks
#
# ### 1. Counting
#
# The hidden layer has $3 \cdot 2$ weights and 3 biases, the output layer $2 \cdot 3$ weights and 2 biases: 17 in all.

# %%
model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 2))
print(sum(p.numel() for p in model.parameters()), "parameters")

# %% [markdown]
# ### 2. XOR by hand
#
# Let the first unit respond when at least one input is 1, $x_1 + x_2 - 0.5 > 0$, and the second when both are, $x_1 + x_2 - 1.5 > 0$. XOR is "the
# first but not the second": $h_1 - h_2 - 0.5 > 0$.

# %%
X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
h1, h2 = X.sum(1) - 0.5 > 0, X.sum(1) - 1.5 > 0
print((h1 * 1.0 - h2 - 0.5 > 0).astype(int))

# %% [markdown]
# ### 3. ReLU in place of tanh

# %%
names = run("neural-networks/index.py", "table", ("nn.Tanh", "nn.ReLU"))
relu = names["scores"]["3 hidden units", "XOR"]
results["relu"] = sum(score > 0.95 for score in relu)
print(" ".join(f"{score:.2f}" for score in relu))

# %% [markdown]
# {{ relu:d }} of six starts solve it. One possible cause of failure is a ReLU that is zero for all points: it gets no gradient and stays there. More units make this matter less.
#
# ## Learning
#
# ### 1. Counting mistakes
#
# The number of mistakes changes only when a prediction tips over. Between these jumps its derivative is zero, so it does not say in which direction to go.
#
# ### 2. The derivative of the cross-entropy
#
# Write $\ell = -z_y + \log \sum_a e^{z_a}$. The first term has the derivative $-[c = y]$ with respect to $z_c$. The second has $e^{z_c} / \sum_a e^{z_a} = q_c$. Together: $q_c - [c = y]$.
#
# ### 3. A wrong derivative

# %%
names = run("neural-networks/learning.py", "training",
            ("dh * (1 - h**2)", "dh * (1 - h)"))
results["off"] = names["worst"]["autograd"]
wrong = run("neural-networks/learning.py", "baseline",
            ("dh * (1 - h**2)", "dh * (1 - h)"))["scores"]
results["wrong"] = sum(wrong) / len(wrong)
print(f"off by up to {results['off']:.3f}, "
      f"held-out accuracy {results['wrong']:.3f}")

# %% [markdown]
# It still reaches {{ wrong:.1%}}: since $1 - h$ has the right sign, every step still goes roughly downhill. On its own, this score looks like success. Only beside the linear model's on the page, which is higher, does it look
# suspicious; the comparison with autograd shows the fault at once.
#
# ## Gradient descent
#
# ### 1. Step sizes
#
# The largest safe step is $2/10 = 0.2$; the best one is $2/(2 + 10) = 1/6$.
#
# ### 2. Two steps
#
# The curvature is 4, so each step multiplies with $1 - 0.4 \cdot 4 = -0.6$: from 1 to $-0.6$ to $0.36$.
#
# ### 3. More momentum

# %%
names = run("neural-networks/gradient_descent.py", "draw")
for momentum in (0.5, 0.75, 0.9, 0.99):
    path = names["descend"](names["ravine"], names["first"], 0.03, 4000,
                            momentum)
    far = names["ravine"](path) > 1e-6
    results[f"momentum {momentum}"] = int(far.nonzero()[-1]) + 1
    print(f"momentum {momentum:4}: {int(far.nonzero()[-1]) + 1:4} steps")

# %% [markdown]
# There is a best value. With too little momentum the way along the ravine is long; with too much, the path shoots past the minimum and swings for a long time.
#
# ## Optimisation
#
# ### 1. Three sets
#
# The training set gives the gradients, the validation set decides between settings, the test set gives the number that is reported.
#
# ### 2. He's rule
#
# $\sqrt{2/100} \approx 0.141$. With half of it, each layer halves the standard deviation, and 20 layers leave $2^{-20}$, about a millionth.
#
# ### 3. All weights zero

# %%
names = run("neural-networks/optimisation.py", "sweep",
            ("nn.ReLU(), nn.Linear(32, 10))",
             "nn.ReLU(), nn.Linear(32, 10))\n"
             "    [nn.init.zeros_(p) for p in model.parameters()]"))
model, losses = names["train"](names["adam"], 0.01, 0)
results["zeros"] = names["accuracy"](model, "test")
moved = [name for name, p in model.named_parameters() if p.abs().max() > 0]
print(f"accuracy {results['zeros']:.2f}; parameters that moved: {moved}")

# %% [markdown]
# Only the last biases move: they learn how frequent each class is, and the network guesses. All activations are zero, so no weight gets a gradient.
#
# ## Generalisation
#
# ### 1. Looking
#
# The training and the validation set may be looked at as often as one likes (each look uses up a little of the validation set). The test set is looked at once.
#
# ### 2. Large test error
#
# More data, a remedy (weight decay, dropout, early stopping), a smaller model. And a look at the test data: are they prepared like the training data?
#
# ### 3. Ten times as many points

# %%
names = run("neural-networks/generalisation.py", "digits",
            ("sample(15) for _ in range(100)",
             "sample(150) for _ in range(100)"))
results["degree 12"] = names["held_error"][12]
print("held-out error by degree:",
      " ".join(f"{e:.2f}" for e in names["held_error"]))

# %% [markdown]
# Degree 12 no longer hurts: with 150 points there is little room to swing between them. What counts is freedom compared with the amount of data.
#
# ## When a network does not learn
#
# ### 1. First losses
#
# $\log 1000 \approx 6.91$ and $\log 2 \approx 0.69$.
#
# ### 2. Softmax twice
#
# The first softmax puts out numbers between 0 and 1. The best the network can do is to give the right class 1 and the others 0. The second softmax, inside the loss, turns that into $e / (e + 9)$ for the right
# class, and the loss is $-\log \frac{e}{e + 9} \approx 1.46$.

# %%
print(round(float(F.cross_entropy(torch.eye(10), torch.arange(10))), 2))
