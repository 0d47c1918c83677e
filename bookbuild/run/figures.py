"""Turns the open Matplotlib figures into SVG, once for light and once for dark pages.

A figure is drawn with the colours of LIGHT. Each of them has a twin in DARK,
so the dark figure is the same drawing with the colours exchanged: nothing is
drawn twice, and the two cannot disagree.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bookbuild.run.job import ProgramError
from bookbuild.run.record import Figure

# Eight hues after the colour-blind-safe palette of Okabe and Ito, with a
# contrast of at least 3:1 on white and, lightened, on slate. The first four
# differ in brightness too, so that they can be told apart in grey.
CYCLE = [
    "#0b5cb0", "#ee6c1a", "#0f9670", "#4b1a6b",
    "#8a6d00", "#3b8fc2", "#555a61", "#b3202a",
]  # fmt: skip
CYCLE_DARK = [
    "#5fb4f0", "#ff9a4d", "#3fcfa4", "#e68fc6",
    "#e3c84a", "#9bd4f5", "#b9bec6", "#ff7b80",
]  # fmt: skip
INK, INK_DARK = "#24292f", "#e2e4e9"  # text, ticks, frames
FAINT, FAINT_DARK = "#d4d8de", "#4a4f5c"  # grid lines
SOFT, SOFT_DARK = "#f1f3f6", "#2c303a"  # fills behind text
DARK = dict(
    zip(
        [*CYCLE, INK, FAINT, SOFT],
        [*CYCLE_DARK, INK_DARK, FAINT_DARK, SOFT_DARK],
        strict=True,
    )
)
HEAVY = 1_000_000  # bytes of SVG that a reader should not have to wait for


STYLE: dict[str, Any] = {
    "axes.edgecolor": INK, "axes.labelcolor": INK,
    "axes.facecolor": "none", "axes.titlecolor": INK,
    "axes.grid": False, "axes.axisbelow": True,
    "axes.spines.top": False, "axes.spines.right": False,
    "axes.titlesize": "medium", "axes.titlelocation": "left",
    "figure.constrained_layout.use": True,
    "figure.facecolor": "none", "figure.figsize": (6.4, 3.4),
    "figure.dpi": 100, "figure.max_open_warning": 0,
    "font.size": 11, "grid.color": FAINT, "grid.linewidth": 0.8,
    "image.cmap": "viridis", "image.interpolation": "nearest",
    "legend.frameon": False, "legend.labelcolor": INK,
    "lines.linewidth": 1.8, "patch.edgecolor": INK,
    "patch.facecolor": CYCLE[0], "savefig.facecolor": "none",
    "svg.fonttype": "none", "svg.hashsalt": "bookbuild",
    "text.color": INK, "xtick.color": INK, "ytick.color": INK,
    "hatch.color": INK, "boxplot.boxprops.color": INK,
}  # fmt: skip


def style() -> dict[str, Any]:
    """Matplotlib settings for figures drawn while the book is built."""
    from cycler import cycler

    return STYLE | {"axes.prop_cycle": cycler(color=CYCLE)}


def use_face(files: Sequence[Path]) -> None:
    """Write figures in a face; Matplotlib is loaded.

    Args:
        files: its font files, upright first. Without any, figures are
            written in Matplotlib's own face.
    Raises:
        ProgramError: one is missing, or no font.
    """
    if not files:
        return
    import matplotlib
    from matplotlib.font_manager import fontManager

    known = {entry.fname: entry.name for entry in fontManager.ttflist}
    for file in files:
        if str(file) not in known:
            try:
                fontManager.addfont(file)
            except (OSError, RuntimeError) as error:
                raise ProgramError(f"the face of figures: {file}: {error}") from error
            known[str(file)] = fontManager.ttflist[-1].name
    name = known[str(files[0])]
    matplotlib.rcParams.update(
        {
            "font.sans-serif": [name, "DejaVu Sans"],
            "mathtext.fontset": "custom",
            "mathtext.fallback": "stixsans",
            "mathtext.rm": name,
            "mathtext.sf": name,
            "mathtext.it": f"{name}:italic",
            "mathtext.cal": f"{name}:italic",
            "mathtext.bf": f"{name}:bold",
            "mathtext.bfit": f"{name}:italic:bold",
        }
    )


def settings_file() -> str:
    """The same settings as the text of a `matplotlibrc` file.

    A program that loads Matplotlib itself, late or in another process, finds
    them there; nothing is imported for programs that draw nothing.
    """
    lines = [f"axes.prop_cycle: cycler('color', {[c[1:] for c in CYCLE]})"]
    for name, value in STYLE.items():
        shown = ", ".join(map(str, value)) if isinstance(value, tuple) else value
        lines.append(f"{name}: {str(shown).removeprefix('#')}")
    return "\n".join(lines) + "\n"


def capture() -> dict[str, Figure]:
    """Draw every open figure.

    Returns:
        dict of figure name (its `num`) to the drawing; sizes are in CSS
        pixels (1/96 inch).
    Raises:
        ProgramError: two figures have one name.
    """
    import matplotlib.pyplot as plt

    drawn: dict[str, Figure] = {}
    for number in plt.get_fignums():
        figure = plt.figure(number)
        name = str(figure.get_label() or number)
        if name in drawn:
            raise ProgramError(f"two figures are named '{name}'; give each its own num")
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
        width, height = figure.get_size_inches() * 96
        drawn[name] = Figure(tidy(buffer.getvalue()), round(width), round(height))
    return drawn


def heavy(figures: dict[str, Figure]) -> list[str]:
    """A warning for each figure that makes a page slow to load."""
    sizes = {name: len(f.svg.encode()) for name, f in figures.items()}
    return [
        f"figure '{name}' is an SVG of {size / 1e6:.1f} MB; draw fewer "
        "points, or pass rasterized=True to what has so many"
        for name, size in sizes.items()
        if size > HEAVY
    ]


def tidy(svg: str) -> str:
    """Drop the XML prologue and metadata of an SVG, which readers never see."""
    svg = svg[svg.index("<svg") :]
    return re.sub(r"\s*<metadata>.*?</metadata>", "", svg, flags=re.S)


def darken(svg: str) -> str:
    """The same drawing for a dark page."""
    pattern = re.compile("|".join(map(re.escape, DARK)))
    return pattern.sub(lambda match: DARK[match[0]], svg)
