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
# One guess is right with probability $p = 0.1$. The accuracy on 400 has mean 0.1 and standard deviation
# $\sqrt{0.1 \cdot 0.9 / 400} = 0.015$. The best of a hundred independent draws of a Gaussian lies about 2.5 standard deviations
# above the mean: about 0.14, of pure luck.
#
# ## Exercise 4
#
# The gradient of the penalty is $\lambda w$, so $w - \eta (\nabla \ell + \lambda w) = (1 - \eta \lambda) w - \eta \nabla \ell$.
# Adam divides the gradient by its running size. With the penalty in the loss, $\lambda w$ is divided too, so weights with large
# gradients decay less. AdamW, which the page's program uses, shrinks the weights apart from Adam's step.
#
# ## Exercise 5
#
# The output is $h / (1 - p)$ with probability $1 - p$ and 0 otherwise: mean $h$. The mean square is $h^2 / (1 - p)$, so the variance
# is $h^2 / (1 - p) - h^2 = h^2\, p / (1 - p)$. Dropout is noise of this size, multiplied in.
#
# ## Exercise 6
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
#
# ## Exercise 7
#
# Again with 15 points, and the fits of all hundred draws on one grid.

# %%
draws = [sample(15) for _ in range(100)]
line = np.linspace(-0.9, 0.9, 200)
results |= {"bias": [], "variance": []}
print("degree   squared bias   variance")
for degree in degrees:
    curves = np.array([Chebyshev.fit(x, y, degree, domain=[-1, 1])(line)
                       for x, y in draws])
    middle = np.median(curves, 0)  # a mean would be ruled by a few fits
    results["bias"].append(float(np.mean((middle
                                          - np.sin(np.pi * line))**2)))
    results["variance"].append(float(np.median((curves - middle)**2)))
    if degree in (0, 1, 3, 5, 9, 12):
        print(f"{degree:6}{results['bias'][-1]:15.4f}"
              f"{results['variance'][-1]:11.4f}")

# %% [markdown]
# The bias falls, from {{ bias.1:.2f}} at degree 1 to {{ bias.3:.3f}} at degree 3. The variance is {{ variance.3:.3f}} there and grows from then on,
# to {{ variance.12:.2f}} at degree 12. (We take medians, since a few wild fits rule every mean at high degrees; at degree 12 even the middle
# of a hundred fits is off.) Their sum is smallest in between: that is the minimum of the page's figure.
#
# ## Exercise 8
#
# By patient: all recordings of one person go to the same part. With 20 patients, leave out four at a time (five folds), and within
# the other sixteen leave out some again to choose settings (*nested* cross-validation). The result is a mean over *patients*, so its
# uncertainty comes from 20 numbers and not from 2000; show them all.
