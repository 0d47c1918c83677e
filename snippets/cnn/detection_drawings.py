"""Draws boxes: a grid's cell, intersection over union, suppression."""
# --8<-- [start:tools]
import matplotlib.pyplot as plt
import torch

INK, FAINT, SOFT = "#24292f", "#d4d8de", "#f1f3f6"


def frame(ax, box, color, text="", fill="none", **look):
    """A box, (left, top, right, bottom), with a word at its corner."""
    left, top, right, bottom = box
    ax.add_patch(plt.Rectangle((left, top), right - left, bottom - top,
                               edgecolor=color, facecolor=fill, lw=2, **look))
    ax.text(left + 0.2, top + 0.2, text, color=color, fontsize=10, va="top")


def iou(a, b):
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    common = max(width, 0) * max(height, 0)
    areas = [(c[2] - c[0]) * (c[3] - c[1]) for c in (a, b)]
    return common / (sum(areas) - common), common, areas
# --8<-- [end:tools]

# --8<-- [start:grid]
box = torch.tensor([20.0, 10, 36, 34])
cell, typical = 8, 20
middle, size = (box[:2] + box[2:]) / 2, box[2:] - box[:2]
corner = middle // cell * cell
t = [*(middle / cell % 1 - 0.5).tolist(), *(size / typical).log().tolist()]
fig, ax = plt.subplots(num="grid", figsize=(4.2, 3.9))
for edge in range(0, 65, cell):
    ax.plot([edge, edge], [0, 64], color=FAINT, lw=1, zorder=0)
    ax.plot([0, 64], [edge, edge], color=FAINT, lw=1, zorder=0)
frame(ax, (*corner.tolist(), *(corner + cell).tolist()), "C0", fill=FAINT)
frame(ax, box.tolist(), "C1")
ax.plot(*middle.tolist(), "o", color=INK, ms=5)
look = {"fontsize": 9, "bbox": {"fc": SOFT, "ec": "none", "pad": 1.5}}
ax.text(38, 20, f"centre ({middle[0]:g}, {middle[1]:g})", color=INK, **look)
ax.text(20, 7.6, "box of a digit", color="C1", **look)
ax.annotate("its cell: column 3, row 2", (26, 24), (14, 45), color="C0",
            arrowprops={"arrowstyle": "->", "color": "C0"}, **look)
ax.set(xlim=(-1, 65), ylim=(65, -1), aspect="equal", xlabel="pixels",
       xticks=range(0, 65, 16), yticks=range(0, 65, 16))
ax.spines[:].set_visible(False)
plt.show()
# --8<-- [end:grid]

# --8<-- [start:iou]
pairs = [((1, 1, 7, 5), (3, 2, 9, 6)), ((1, 1, 7, 5), (2, 1, 8, 5)),
         ((1, 1, 6, 5), (7, 4, 9, 8))]
shares = [iou(*pair) for pair in pairs]
fig, axes = plt.subplots(1, 3, num="iou", figsize=(6.8, 2.6))
for ax, (a, b), (share, common, areas) in zip(axes, pairs, shares):
    if common:
        frame(ax, (max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]),
                   min(a[3], b[3])), FAINT, fill=FAINT)
    ax.vlines(range(1, 10), 1, 9, color=FAINT, lw=0.8, zorder=0)
    ax.hlines(range(1, 10), 1, 9, color=FAINT, lw=0.8, zorder=0)
    frame(ax, a, "C0")
    frame(ax, b, "C1", ls="--")
    ax.set_title(f"shared {common}, covered {sum(areas) - common}\n"
                 f"IoU {share:.2f}", fontsize=12)
    ax.set(xlim=(0.9, 9.1), ylim=(9.1, 0.9), aspect="equal")
    ax.axis("off")
plt.show()
# --8<-- [end:iou]

# --8<-- [start:suppress]
boxes = {"0.9": (1, 1, 6, 7), "0.8": (9, 2, 13, 8), "0.7": (2, 1.6, 7, 7.4),
         "0.6": (9.6, 3, 13.6, 8.4), "0.4": (4, 9, 8, 12.2)}
fig, axes = plt.subplots(1, 2, num="steps", figsize=(6.8, 3.1))
kept = []
for score, box in boxes.items():  # best first
    if all(iou(box, boxes[other])[0] < 0.4 for other in kept):
        kept.append(score)
for ax, some, title in zip(axes, (boxes, kept), ("before", "after")):
    for score in some:
        inside = score in kept
        frame(ax, boxes[score], "C0" if inside else "C1",
              ls="-" if inside else "--")
        left, top, right, bottom = boxes[score]
        ax.text(*((left, top - 0.2) if inside else (right + 0.2, bottom)),
                score, fontsize=12, color="C0" if inside else "C1")
    ax.set_title(title, fontsize=12)
    ax.set(xlim=(0.5, 15), ylim=(12.5, -0.1), aspect="equal")
    ax.axis("off")
plt.show()
results = {"t": t, "share": [share for share, *_ in shares],
           "common": shares[0][1], "areas": shares[0][2],
           "covered": sum(shares[0][2]) - shares[0][1],
           "before": len(boxes), "after": len(kept),
           "twins": [iou(boxes["0.9"], boxes["0.7"])[0],
                     iou(boxes["0.8"], boxes["0.6"])[0]]}
# --8<-- [end:suppress]
