"""Turns the open Matplotlib figures into SVG, once for light and once for dark pages.

A figure is drawn with the colours of LIGHT. Each of them has a twin in DARK,
so the dark figure is the same drawing with the colours exchanged: nothing is
drawn twice, and the two cannot disagree.
"""

import io
import re

# The eight hues of the colour-blind-safe palette of Okabe and Ito, darkened
# until they reach a contrast of 3:1 on white and lightened to do so on slate.
CYCLE = ["#0b6cb0", "#c8500a", "#0a8463", "#a8478a",
         "#8a6d00", "#3b8fc2", "#555a61", "#b3202a"]
CYCLE_DARK = ["#5fb4f0", "#ff9a4d", "#3fcfa4", "#e68fc6",
              "#e3c84a", "#9bd4f5", "#b9bec6", "#ff7b80"]
INK, INK_DARK = "#24292f", "#e2e4e9"      # text, ticks, frames
FAINT, FAINT_DARK = "#d4d8de", "#4a4f5c"  # grid lines
SOFT, SOFT_DARK = "#f1f3f6", "#2c303a"    # fills behind text
DARK = dict(zip([*CYCLE, INK, FAINT, SOFT],
                [*CYCLE_DARK, INK_DARK, FAINT_DARK, SOFT_DARK], strict=True))


def style():
    """Matplotlib settings for figures drawn while the book is built."""
    from cycler import cycler

    return {
        "axes.prop_cycle": cycler(color=CYCLE),
        "axes.edgecolor": INK, "axes.labelcolor": INK,
        "axes.facecolor": "none", "axes.titlecolor": INK,
        "axes.grid": False, "axes.axisbelow": True,
        "axes.spines.top": False, "axes.spines.right": False,
        "axes.titlesize": "medium", "axes.titlelocation": "left",
        "figure.constrained_layout.use": True,
        "figure.facecolor": "none", "figure.figsize": (6.4, 3.4),
        "figure.dpi": 100, "figure.max_open_warning": 0,
        "font.size": 10, "grid.color": FAINT, "grid.linewidth": 0.8,
        "image.cmap": "viridis", "image.interpolation": "nearest",
        "legend.frameon": False, "legend.labelcolor": INK,
        "lines.linewidth": 1.8, "patch.edgecolor": INK,
        "patch.facecolor": CYCLE[0], "savefig.facecolor": "none",
        "svg.fonttype": "path", "svg.hashsalt": "bookbuild",
        "text.color": INK, "xtick.color": INK, "ytick.color": INK,
        "hatch.color": INK, "boxplot.boxprops.color": INK,
    }


def capture():
    """Draw every open figure.

    Returns:
        dict of figure name (its `num`) to {"svg", "width", "height"}; the
        size is in CSS pixels (1/96 inch).
    """
    import matplotlib.pyplot as plt

    drawn = {}
    for number in plt.get_fignums():
        figure = plt.figure(number)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg",
                       metadata={"Date": None, "Creator": None})
        width, height = figure.get_size_inches() * 96
        drawn[figure.get_label() or str(number)] = {
            "svg": tidy(buffer.getvalue()), "width": round(width),
            "height": round(height)}
    return drawn


def tidy(svg):
    """Drop the XML prologue and metadata of an SVG, which readers never see."""
    svg = svg[svg.index("<svg"):]
    return re.sub(r"\s*<metadata>.*?</metadata>", "", svg, flags=re.S)


def darken(svg):
    """The same drawing for a dark page."""
    pattern = re.compile("|".join(map(re.escape, DARK)))
    return pattern.sub(lambda match: DARK[match[0]], svg)
