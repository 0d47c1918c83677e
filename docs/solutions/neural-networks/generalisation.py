# %% [markdown]
# # Answers: generalisation

# %% [markdown]
# ## Exercise 1
#
# The training and the validation set may be looked at as often as one likes (though each choice made on the validation set uses
# up a little of it). The test set is looked at once.
#
# ## Exercise 2
#
# More data; a remedy (regularisation: weight decay, dropout, early stopping); a smaller model. And a look at the test data: are
# they prepared like the training data?
#
# ## Exercise 3
#
# First the experiment of [the page](../../neural-networks/generalisation.md), with 15 points.

# %%
--8<-- "neural-networks/generalisation.py:polynomials"

# %% [markdown]
# Then with 150. The held-out points stay the same.

# %%
few_error = held_error
draws = [sample(150) for _ in range(100)]  # the change
fits = [[Chebyshev.fit(x, y, degree, domain=[-1, 1]) for degree in degrees]
        for x, y in draws]
held_error = np.median([[error(f, held_x, held_y) for f in row]
                        for row in fits], 0)
print("held-out error (median of 100 draws)")
print("degree        15 points     150 points")
for degree in (0, 1, 3, 5, 9, 12):
    print(f"{degree:6}{few_error[degree]:17.3f}{held_error[degree]:15.3f}")
results = {"few": few_error.tolist(), "many": held_error.tolist(),
           "best": int(held_error.argmin()),
           "least": float(held_error.min())}

# %% [markdown]
# Degree 12 hardly hurts any more: its error is {{ many.12:.3f}}, where the best degree ({{ best:d }}) has {{ least:.3f}} and the
# noise alone accounts for $0.3^2 = 0.09$. With 150 points there is little room to swing between them. What counts for overfitting
# is the freedom of the model (its capacity) compared with the amount of data.
