"""Draws a test among 1000 people, the Gaussian, likelihoods and entropy."""
# --8<-- [start:people]
import matplotlib.pyplot as plt
import torch

INK, FAINT = "#24292f", "#d4d8de"
# 2000 people: 20 ill, 19 of them positive; of 1980 healthy ones 99
groups = [(19, "19 ill and positive", "C1", "s", 0),
          (99, "99 healthy and positive", "C0", "^", 28),
          (1882, "the rest: negative", FAINT, "o", 64)]
fig, ax = plt.subplots(num="people", figsize=(6.4, 1.9))
start = 0
for size, name, color, marker, at in groups:
    places = torch.arange(start, start + size)
    ax.plot(places // 20, places % 20, marker, color=color, ms=2.6)
    ax.annotate(name, (at, 21), color=INK if color == FAINT else color)
    start += size
ax.set(xlim=(-1, 100.5), ylim=(-1, 24))
ax.set_axis_off()
# --8<-- [end:people]

# --8<-- [start:bell]
x = torch.linspace(-4, 4, 401)


def density(x, mu=0.0, sigma=1.0):
    return torch.distributions.Normal(mu, sigma).log_prob(x).exp()


fig, axes = plt.subplots(1, 2, num="bell", figsize=(6.4, 2.7))
for k, alpha in [(2, 0.2), (1, 0.35)]:
    inside = x.abs() <= k
    axes[0].fill_between(x[inside], density(x[inside]), color="C0",
                         alpha=alpha, lw=0)
axes[0].plot(x, density(x), color="C0")
for k, height, name in [(1, 0.14, "68%"), (2, 0.02, "95%")]:
    axes[0].annotate("", (-k, height), (k, height), arrowprops={
        "arrowstyle": "<->", "color": INK, "shrinkA": 0, "shrinkB": 0})
    axes[0].text(0, height + 0.01, name, ha="center")
axes[0].set(xlabel=r"$x$ in standard deviations", ylabel="density")
for mu, sigma, style, color in [(0, 1, "-", "C0"), (1, 0.3, "--", "C1"),
                                (-1, 2, ":", "C2")]:
    axes[1].plot(x, density(x, mu, sigma), style, color=color)
axes[1].annotate(r"$\mu = 1,\; \sigma = 0.3$", (0.0, 1.2), color="C1",
                 ha="right")
axes[1].annotate(r"$0,\; 1$", (-0.5, 0.42), color="C0", ha="right")
axes[1].annotate(r"$-1,\; 2$", (-2.4, 0.24), color="C2", ha="right")
axes[1].set(xlabel="$x$")
# --8<-- [end:bell]

# --8<-- [start:likelihood]
fig, axes = plt.subplots(1, 2, num="likelihood", figsize=(6.4, 2.8))
theta = torch.linspace(0, 1, 300)
axes[0].plot(theta, 1000 * theta**7 * (1 - theta)**3, color="C0")
axes[0].axvline(0.7, ls=":", color=INK, lw=1.2)
axes[0].set(xlabel=r"$\theta$, probability of heads",
            ylabel="likelihood (thousandths)",
            title="7 heads in 10 tosses")
heights = torch.tensor([1.62, 1.75, 1.71, 1.80])
x = torch.linspace(1.3, 2.05, 300)
for mu, style, color, name, at in [
        (1.72, "-", "C0", "most likely", (1.78, 4.1)),
        (1.55, "--", "C1", "less likely", (1.3, 4.2))]:
    axes[1].plot(x, density(x, mu, 0.1), style, color=color)
    axes[1].vlines(heights, 0, density(heights, mu, 0.1), color=color,
                   linestyles=style, lw=1.2)
    axes[1].annotate(name, at, color=color)
axes[1].plot(heights, 0 * heights, "o", color=INK, clip_on=False)
axes[1].set(xlabel="height (m)", ylabel="density (1/m)", ylim=(0, 4.6),
            title="four heights")
# --8<-- [end:likelihood]

# --8<-- [start:codes]
p, q = [1 / 2, 1 / 4, 1 / 8, 1 / 8], [1 / 8, 1 / 8, 1 / 4, 1 / 2]
fig, axes = plt.subplots(1, 2, num="codes", figsize=(6.4, 2.8))
for k, (values, color, name) in enumerate([(p, "C0", "$p$"),
                                           (q, "C1", "$q$")]):
    at = [i + 0.4 * k - 0.2 for i in range(4)]
    axes[0].bar(at, values, 0.36, color=color, hatch="//" if k else None,
                fill=not k, edgecolor=color)
    for place, value in zip(at, values):
        bits = -torch.tensor(value).log2().item()
        axes[0].text(place, value + 0.01, f"{bits:.0f}", ha="center",
                     color=color)
axes[0].text(0.25, 0.5, "bits of each code", va="center")
axes[0].text(2.3, 0.4, "$p$", color="C0", fontsize=13)
axes[0].text(2.6, 0.4, "$q$", color="C1", fontsize=13)
axes[0].set(xticks=range(4), xticklabels="ABCD", ylabel="probability",
            ylim=(0, 0.58))
x = torch.linspace(0.05, 3, 200)
axes[1].plot(x, x.log(), color="C0")
axes[1].plot(x, x - 1, "--", color="C1")
axes[1].plot(1, 0, "o", color=INK)
axes[1].annotate(r"$\log x$", (2.3, 0.5), color="C0")
axes[1].annotate("$x - 1$", (1.55, 1.0), color="C1", ha="right")
axes[1].set(xlabel="$x$", ylim=(-3, 2))
plt.show()
# --8<-- [end:codes]

# --8<-- [start:results]
results = {"people": [size for size, *_ in groups]}
# --8<-- [end:results]
