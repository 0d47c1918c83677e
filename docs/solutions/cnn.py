# %% [markdown]
# # Solutions: convolutional networks
#
# Some text with $x^2$ and a [link](../cnn/index.md). Number {{ a:.1f }}.
#
# !!! note
#     An admonition.

# %%
import matplotlib.pyplot as plt
print("hello")
# alt: A line.
fig, ax = plt.subplots(num="l")
ax.plot([1, 2])

# %% [markdown]
# ## Exercise 2

# %%
results = {"a": 1.5}
print(results)
