"""Linear and logistic regression as the smallest networks, on real data."""
# --8<-- [start:patients]
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.linear_model import LogisticRegression

torch.set_default_dtype(torch.float64)
diabetes = load_diabetes(scaled=False)
bmi = torch.tensor(diabetes.data[:, 2])        # body mass index, kg/m^2
progress = torch.tensor(diabetes.target)       # a year later, 25 to 346
print(f"{len(bmi)} patients, mean progression {progress.mean():.0f}")
# --8<-- [end:patients]

# --8<-- [start:descend]
def descend(loss, x, y, lr, steps=2000):
    """Fit w x + b by gradient descent, on x with mean 0 and deviation 1"""
    scaled = (x - x.mean()) / x.std()
    p = torch.zeros(2, requires_grad=True)     # weight and bias
    for _ in range(steps):
        slope = torch.autograd.grad(loss(p[0] * scaled + p[1], y), p)[0]
        with torch.no_grad():
            p -= lr * slope
    w = p[0].item() / x.std().item()           # back to the units of x
    return w, p[1].item() - w * x.mean().item()
# --8<-- [end:descend]

# --8<-- [start:linear]
w, b = descend(F.mse_loss, bmi, progress, lr=0.1)
A = torch.stack([bmi, torch.ones(len(bmi))], 1)            # (B, 2)
formula = torch.linalg.solve(A.T @ A, A.T @ progress).tolist()
left = progress - (w * bmi + b)
sigma = left.square().mean().sqrt().item()
within = [(left.abs() < k * sigma).double().mean().item() for k in (1, 2)]
explained = 1 - sigma**2 / progress.var(correction=0).item()
print(f"by descent  progression = {w:.4f} bmi {b:+.3f}")
print(f"by formula  progression = {formula[0]:.4f} bmi {formula[1]:+.3f}")
print(f"standard deviation of what is left {sigma:.1f}, of all "
      f"{progress.std(correction=0):.1f}: {explained:.0%} explained")
print(f"within one and two of it: {within[0]:.0%}, {within[1]:.0%}")
# --8<-- [end:linear]

# --8<-- [start:logistic]
cancer = load_breast_cancer()
radius = torch.tensor(cancer.data[:, 0])       # mean radius of the nuclei
malignant = torch.tensor(1.0 - cancer.target)  # 1 malignant, 0 benign
bce = F.binary_cross_entropy_with_logits
v, c = descend(bce, radius, malignant, lr=1.0)
theirs = LogisticRegression(C=float("inf"), tol=1e-10).fit(
    radius[:, None].numpy(), malignant.numpy())
q = (v * radius + c).sigmoid()
print(f"by descent    logit = {v:.4f} radius {c:+.3f}")
print(f"scikit-learn  logit = {theirs.coef_[0, 0]:.4f} radius "
      f"{theirs.intercept_[0]:+.3f}")
print(f"mean probability {q.mean():.4f}, share malignant "
      f"{malignant.mean():.4f}")
# --8<-- [end:logistic]

# --8<-- [start:decide]
MISSED, ALARM = 10, 1  # what the two mistakes cost
limit = ALARM / (ALARM + MISSED)


def cost(q, y, threshold):
    found = q > threshold
    return (MISSED * y * ~found + ALARM * (1 - y) * found).mean().item()


thresholds = torch.arange(0.01, 1, 0.01).tolist()
costs, bin_gaps = [], []
for seed in range(20):
    torch.manual_seed(seed)
    fit, held = torch.randperm(len(radius)).split([285, 284])
    model = LogisticRegression(C=float("inf")).fit(
        radius[fit, None].numpy(), malignant[fit].numpy())
    q_all = torch.tensor(model.predict_proba(radius[:, None].numpy())[:, 1])
    tuned = min(thresholds,
                key=lambda t: cost(q_all[fit], malignant[fit], t))
    costs.append([cost(q_all[held], malignant[held], t)
                  for t in (0.5, limit, tuned)])
    bins = [held[i] for i in q_all[held].argsort().chunk(5)]
    bin_gaps.append(max((q_all[i].mean() - malignant[i].mean()).abs()
                        .item() for i in bins))
costs = torch.tensor(costs)                                # (20, 3)
print("cost of a held-out patient, 20 splits   mean   lowest  highest")
for i, name in enumerate(["probability over 1/2", "probability over 1/11",
                          "threshold tuned on costs"]):
    print(f"{name:35}{costs[:, i].mean():9.2f}{costs[:, i].min():9.2f}"
          f"{costs[:, i].max():9.2f}")
better = (costs[:, 1] < costs[:, 0]).sum().item()
print(f"1/11 is cheaper than 1/2 in {better} of 20 splits, than the tuned one "
      f"in {(costs[:, 1] < costs[:, 2]).sum()}, dearer in "
      f"{(costs[:, 1] > costs[:, 2]).sum()}")
# --8<-- [end:decide]

# --8<-- [start:draw_hills]
fig, ax = plt.subplots(num="hills")
ax.plot(bmi, progress, ".", color="C6", ms=4, alpha=0.6)
ends = torch.tensor([17.5, 43.0])
ax.plot(ends, w * ends + b, color="C0")
ax.annotate("expected:\n$wx + b$", (39.0, 130), color="C0")
height = torch.linspace(-3, 3, 121)
for at in (21.0, 28.0, 35.0):
    bell = 3.6 * (-height**2 / 2).exp()        # its width on the page
    middle = w * at + b
    ax.plot(at + bell, middle + sigma * height, color="C1", lw=1.6)
    ax.plot([at, at], [middle - 3 * sigma, middle + 3 * sigma], ":",
            color="C1", lw=1)
ax.annotate("how likely each\nprogression is", (30.5, -42), color="C1")
ax.set(xlabel="body mass index (kg/m$^2$)",
       ylabel="progression of diabetes\nafter a year (score)",
       ylim=(-75, 400))
# --8<-- [end:draw_hills]

# --8<-- [start:draw_curve]
fig, ax = plt.subplots(num="curve")
line = torch.linspace(6, 29, 300)
ax.plot(line, (v * line + c).sigmoid(), color="C0")
for kind in (0, 1):
    x = radius[malignant == kind]
    ax.plot(x, kind + (0.05 if kind else -0.05) + 0 * x, "|",
            color="C1" if kind else "C2", ms=7, alpha=0.5)
groups = radius.argsort().chunk(12)
ax.plot([radius[g].mean() for g in groups],
        [malignant[g].mean() for g in groups], "o", color="#24292f",
        mfc="none", ms=6)
for q0, name in [(0.5, "1/2"), (limit, "1/11")]:
    at = (torch.tensor(q0).logit().item() - c) / v
    ax.plot([at, at, 6], [-0.05, q0, q0], ":", color="#24292f", lw=1)
    ax.annotate(name, (6.1, q0 + 0.02))
ax.annotate("malignant", (21.5, 0.9), color="C1")
ax.annotate("benign", (19.5, -0.07), color="C2", va="center")
ax.annotate("share in groups\nof equal size", (17.4, 0.62), color="#24292f")
ax.set(xlabel="mean radius of the cell nuclei (as in the data)",
       ylabel="probability of malignant", ylim=(-0.12, 1.12))
plt.show()
# --8<-- [end:draw_curve]

# --8<-- [start:results]
results = {"descent": [w, b], "formula": formula, "sigma": sigma,
           "within": within, "explained": explained, "patients": len(bmi),
           "tumours": len(radius), "logistic": [v, c],
           "theirs": [theirs.coef_[0, 0].item(), theirs.intercept_[0].item()],
           "middle": -c / v, "mean_q": q.mean().item(),
           "share": malignant.mean().item(),
           "mean_residual": left.mean().item(), "limit": limit,
           "cost": costs.mean(0).tolist(), "better": better,
           "bin_gap": sum(bin_gaps) / 20, "bin_gap_worst": max(bin_gaps)}
# --8<-- [end:results]
