"""A map of the book: which chapter needs which."""
# --8<-- [start:map]
import matplotlib.pyplot as plt

ink, soft, faint = "#24292f", "#f1f3f6", "#d4d8de"
places = {  # chapter: column, row
    "Before\nyou start": (1, 6), "Deep\nlearning": (0, 5),
    "Neural\nnetworks": (1, 5), "Latent rep-\nresentations": (2, 5),
    "Convolutional\nnetworks": (0, 4), "Recurrent\nnetworks": (1, 4),
    "Long short-\nterm memory": (1, 3), "GAN": (2, 4),
    "Auto-\nencoders": (3, 4), "Variational\nautoencoders": (3, 3),
    "Transformers": (1, 2), "Self-\nsupervised": (0, 2),
    "Diffusion": (2.5, 2), "Larger\nruns": (2, 1), "Which\nnetwork?": (1, 1)}
needs = [("Before\nyou start", "Deep\nlearning"),
         ("Before\nyou start", "Neural\nnetworks"),
         ("Neural\nnetworks", "Latent rep-\nresentations"),
         ("Deep\nlearning", "Convolutional\nnetworks"),
         ("Neural\nnetworks", "Convolutional\nnetworks"),
         ("Neural\nnetworks", "Recurrent\nnetworks"),
         ("Recurrent\nnetworks", "Long short-\nterm memory"),
         ("Latent rep-\nresentations", "GAN"),
         ("Latent rep-\nresentations", "Auto-\nencoders"),
         ("Auto-\nencoders", "Variational\nautoencoders"),
         ("Variational\nautoencoders", "Diffusion"), ("GAN", "Diffusion"),
         ("Long short-\nterm memory", "Transformers"),
         ("Convolutional\nnetworks", "Self-\nsupervised"),
         ("Transformers", "Larger\nruns"),
         ("Self-\nsupervised", "Which\nnetwork?"),
         ("Transformers", "Which\nnetwork?")]
# --8<-- [end:map]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="map", figsize=(6.2, 5.65))
for start, end in needs:
    (a, b), (c, d) = places[start], places[end]
    ends = (((c - 0.42, d), (a + 0.42, b)) if b == d
            else ((c, d + 0.32), (a, b - 0.32)))
    ax.annotate("", *ends, arrowprops=dict(
        arrowstyle="-|>", color=ink, lw=1, shrinkA=0, shrinkB=0))
for name, (x, y) in places.items():
    color = faint if name in ("Diffusion", "Larger\nruns",
                              "Which\nnetwork?") else soft
    ax.add_patch(plt.Rectangle((x - 0.42, y - 0.32), 0.84, 0.64, ec=ink,
                               facecolor=color, lw=1, zorder=2))
    ax.text(x, y, name, ha="center", va="center", fontsize=9, color=ink)
ax.set(xlim=(-0.5, 3.5), ylim=(0.6, 6.4))
ax.set_axis_off()
plt.show()
# --8<-- [end:draw]
