"""Open figures become drawings in the book's colours, light and dark."""
# ruff: noqa: F401, F811 (fixtures are imported)

import itertools

import pytest
from running import book, failure, fresh_pool, pool, record

from bookbuild.run import figures

DRAW = """\
import matplotlib.pyplot as plt
fig, ax = plt.subplots(num="line")
ax.plot([0, 1], [0, 1])
plt.show()
"""


@pytest.fixture(scope="module")
def drawing_pool(tmp_path_factory):
    from bookbuild.run.pool import Pool

    with Pool(tmp_path_factory.mktemp("drawing"), ["matplotlib.pyplot"]) as one:
        yield one


@pytest.mark.slow
def test_open_figures_are_drawn_under_their_names(book, drawing_pool):
    found = record(
        drawing_pool,
        book.job(DRAW + "plt.figure()\nplt.figure(num='closed')\nplt.close()\n"),
    )
    assert list(found.figures) == ["line", "2"]
    line = found.figures["line"]
    assert (line.width, line.height) == (614, 326)
    assert line.svg.startswith("<svg") and "<metadata>" not in line.svg
    assert figures.CYCLE[0] in line.svg
    assert found.warnings == ()


def test_closed_figures_are_not(book, drawing_pool):
    assert record(drawing_pool, book.job(DRAW + "plt.close('all')\n")).figures == {}


def test_each_colour_has_a_dark_twin():
    light = " ".join(figures.DARK)
    dark = figures.darken(light)
    assert not any(colour in dark for colour in figures.DARK)


def part(colour, place):
    """Red, green or blue of a colour, from 0 to 255."""
    return int(colour[1 + 2 * place : 3 + 2 * place], 16)


def test_the_first_colours_differ_in_grey_too():
    weights = 0.299, 0.587, 0.114
    greys = sorted(
        sum(weight * part(colour, place) for place, weight in enumerate(weights))
        for colour in figures.CYCLE[:4]
    )
    assert all(b - a >= 20 for a, b in itertools.pairwise(greys)), greys


def luminance(colour):
    """As WCAG defines it."""
    linear = [
        c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4
        for c in (part(colour, place) / 255 for place in range(3))
    ]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("colour", figures.CYCLE)
def test_a_line_can_be_seen_on_white(colour):
    assert 1.05 / (luminance(colour) + 0.05) >= 3


@pytest.mark.slow
def test_the_style_is_there_however_matplotlib_is_loaded(
    book, fresh_pool, drawing_pool
):
    """Preloaded, loaded by the program, and loaded by a process it starts."""
    forked = record(drawing_pool, book.job(DRAW)).figures
    fresh = record(fresh_pool, book.job(DRAW)).figures
    assert forked == fresh
    code = (
        "import matplotlib; from cycler import cycler; "
        "print(matplotlib.rcParams['axes.edgecolor'], "
        "matplotlib.rcParams['figure.figsize'])"
    )
    started = record(
        drawing_pool,
        book.job(
            f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {code!r}])\n"
        ),
    )
    assert started.printed() == f"{figures.INK} [6.4, 3.4]\n"


def test_the_file_of_settings_says_the_same_as_the_style(tmp_path, monkeypatch):
    matplotlib = pytest.importorskip("matplotlib")
    (tmp_path / "matplotlibrc").write_text(figures.settings_file())
    wanted = matplotlib.RcParams(matplotlib.rcParamsDefault)
    wanted.update(figures.style())
    read = matplotlib.rc_params_from_file(tmp_path / "matplotlibrc")
    for name in figures.style():
        assert read[name] == wanted[name], name


def test_a_heavy_figure_is_warned_of(book, drawing_pool):
    found = record(
        drawing_pool,
        book.job("""\
import numpy as np, matplotlib.pyplot as plt
fig, ax = plt.subplots(num='line')
ax.scatter(*np.random.default_rng(0).random((2, 15000)))
"""),
    )
    size = len(found.figures["line"].svg) / 1e6
    assert size > 1
    (warning,) = found.warnings
    assert warning.startswith(f"figure 'line' is an SVG of {size:.1f} MB; ")


def test_two_figures_of_one_name_are_an_error(book, drawing_pool):
    found = failure(
        drawing_pool, book.job(DRAW + "plt.figure(num='x').set_label('line')\n")
    )
    assert found.message == "two figures are named 'line'; give each its own num"


def test_a_figure_that_cannot_be_drawn_is_an_error(book, drawing_pool):
    found = failure(drawing_pool, book.job(DRAW + "ax.set_title('$\\\\nothing$')\n"))
    assert found.message.startswith("cannot draw: ValueError: ")


def test_the_same_program_draws_the_same(book, drawing_pool):
    first, second = (record(drawing_pool, book.job(DRAW)).figures for _ in "ab")
    assert first == second
