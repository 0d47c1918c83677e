"""A drawing: which network for which data."""
# --8<-- [start:box]
import matplotlib.pyplot as plt

ink, soft, faint = "#24292f", "#f1f3f6", "#d4d8de"
fig, ax = plt.subplots(num="tree", figsize=(5.6, 5.2))
ax.set(xlim=(0, 9.9), ylim=(0.2, 10.2))
ax.set_axis_off()


def box(x, y, text, color=soft, width=4.2, height=1.15):
    ax.add_patch(plt.Rectangle((x, y - height / 2), width, height, lw=1,
                               facecolor=color, edgecolor=ink))
    ax.text(x + width / 2, y, text, ha="center", va="center",
            color=ink)
# --8<-- [end:box]


# --8<-- [start:tree]
steps = [
    ("Have you tried\nthe plain method?", "no", "Try it first.\nIt may do."),
    ("Do the inputs stand in no\norder that means something?", "yes",
     "Table: logistic regression,\ntrees; a plain network"),
    ("Do they stand on a grid?", "yes",
     "Image, spectrogram:\nconvolutions"),
    ("Do they stand in a row, and\ndoes what matters lie near?", "yes",
     "Signal, short text:\nconvolution, GRU, LSTM"),
    ("Does anything depend\non anything?", "yes",
     "Long text, sets: attention,\nif there is much data"),
    ("Are there few labels,\nand much without?", "yes",
     "Pretrain, or distort\nwhat you have"),
]
for place, (question, answer, advice) in enumerate(steps):
    y = 9.5 - 1.72 * place
    box(0.1, y, question)
    box(5.6, y, advice, faint)
    ax.annotate("", (5.6, y), (4.3, y),
                arrowprops=dict(arrowstyle="-|>", color=ink, shrinkA=0,
                                shrinkB=0))
    ax.text(4.95, y + 0.12, answer, ha="center", color=ink)
    if place:
        ax.annotate("", (2.2, y + 0.58), (2.2, y + 1.15),
                    arrowprops=dict(arrowstyle="-|>", color=ink, shrinkA=0,
                                    shrinkB=0))
plt.show()
# --8<-- [end:tree]
