"""Drawings carry the letters of their text, which stays text."""

import base64
import io
import re
import shutil
from pathlib import Path

import pytest
from conftest import DRAWS, ROOT, builds, fails
from fontTools.ttLib import TTFont

from bookbuild.pages.faces import Faces, in_order

FACE = [
    ROOT / "node_modules/source-sans/TTF" / f"SourceSans3-{name}.ttf"
    for name in ("Regular", "It", "Bold", "BoldIt")
]
FAMILY = "font-family: 'Source Sans 3', 'DejaVu Sans', sans-serif"
FONT = re.compile(
    r"@font-face\{font-family:'([^']+)';font-weight:(\d+);font-style:(\w+);"
    r"src:url\(data:font/woff;base64,([^)]+)\)\}"
)


class Nothing:
    """A store that keeps nothing."""

    def get(self, kind, key):
        return None

    def put(self, kind, key, value):
        pass


@pytest.fixture(scope="module")
def faces():
    return Faces(FACE, Nothing())


def text(letters, style=FAMILY):
    return f'<svg width="9"><text style="{style}" x="1" y="2">{letters}</text></svg>'


def fonts(svg):
    """What each font of a drawing has: {(family, weight, style): letters}."""
    found = {}
    for family, weight, style, data in FONT.findall(svg):
        font = TTFont(io.BytesIO(base64.b64decode(data)))
        found[family, int(weight), style] = "".join(
            sorted(map(chr, font.getBestCmap()))
        )
    return found


def test_a_drawing_has_the_letters_of_its_text_and_no_others(faces):
    svg = faces.embedded(text("loss &amp; 3"))
    assert fonts(svg) == {("Source Sans 3", 400, "normal"): " &3los"}
    assert svg.count("</style>") == 1 and svg.index("<style") < svg.index("<text")


def test_what_a_face_lacks_comes_from_matplotlibs(faces):
    assert fonts(faces.embedded(text("r \u2299 h"))) == {
        ("Source Sans 3", 400, "normal"): " hr",
        ("DejaVu Sans", 400, "normal"): "\u2299",
    }


@pytest.mark.parametrize(
    "style, look",
    [
        ("font-weight: 700; ", (700, "normal")),
        ("font-weight: bold; ", (700, "normal")),
        ("font-style: italic; ", (400, "italic")),
        ("font-style: oblique; font-weight: 600; ", (700, "italic")),
    ],
)
def test_bold_and_slanted_text_have_fonts_of_their_own(faces, style, look):
    found = fonts(faces.embedded(text("w", style + FAMILY)))
    assert found == {("Source Sans 3", *look): "w"}


def test_text_in_an_unknown_face_and_drawings_without_text_stay(faces):
    for svg in (text("a", "font-family: 'Nobody'"), "<svg><path d=''/></svg>"):
        assert faces.embedded(svg) == svg


def test_the_same_letters_give_the_same_bytes(faces):
    again = Faces(FACE, Nothing())
    assert faces.embedded(text("again")) == again.embedded(text("again"))


def test_it_does_not_matter_where_the_fonts_lie(tmp_path):
    def embedded(*folders):
        files = []
        for folder, file in zip(folders, FACE[:2], strict=True):
            (tmp_path / folder).mkdir(exist_ok=True)
            files.append(shutil.copy(file, tmp_path / folder))
        svg = text("a") + text("b", "font-style: italic; " + FAMILY)
        return Faces([*map(Path, files)], Nothing()).embedded(svg)

    assert embedded("one", "two") == embedded("two", "one")


def span(letters, x, y="0", style="a"):
    return f'<tspan x="{x}" y="{y}" style="{style}">{letters}</tspan>'


def test_letters_of_a_formula_stand_as_one_reads_them():
    spans = [span("r", 0), span("a", 4), span(" ", 8), span("&lt;", 12)]
    spans += [span("\u03b7", 9.5, style="b"), span("2", 11, "-4", "b")]
    svg = f"<g><text>\n {' '.join(spans)}\n</text></g>"
    ordered = in_order(svg)
    assert re.sub(r"<[^>]+>", "", ordered) == "ra \u03b72&lt;"
    assert '<tspan x="0 4 8" y="0" style="a">ra </tspan>' in ordered
    assert 'xml:space="preserve"' in ordered


def test_other_text_is_left_alone():
    svg = text("one line") + "<text><tspan dx='1'>odd</tspan></text>"
    assert in_order(svg) == svg


@pytest.mark.slow
def test_figures_of_a_book_are_written_in_its_face(book):
    figure = (
        "Words.\n\n/// figure | part/first.py:line\n    alt: A line.\nA line.\n///\n"
    )
    book.page("part/first.md", f"# First\n\n{figure}")
    book.program("part/first.py", DRAWS)
    builds(book)
    path = book.site / "figures/part/first/line.svg"
    assert {family for family, *_ in fonts(path.read_text())} == {"DejaVu Sans"}
    book.config["plugins"] = [{"book": {"face": ["source-sans/TTF/*Regular.ttf"]}}]
    book.settings()
    builds(book)
    svg = path.read_text()
    assert {family for family, *_ in fonts(svg)} == {"Source Sans 3"}
    assert ">time (s)<" in svg
    book.config["plugins"] = [{"book": {"face": ["source-sans/none.ttf"]}}]
    book.settings()
    fails(book, "source-sans/none.ttf is missing among the front-end packages: npm ci")


SERIF = "@fontsource/source-serif-4/files/source-serif-4-latin-400-normal.woff2"


def test_fonts_of_a_site_have_ascii_and_the_letters_of_its_pages(book):
    book.config["plugins"] = [{"book": {"assets": {"assets/serif.woff2": SERIF}}}]
    book.settings()
    book.page("part/index.md", "# The part\n\nNaïve – and 3 § long.\n")
    (book.root / "docs/extra.js").write_text('document.title = "½"\n')
    builds(book)
    for icons in (book.site / "webfonts").glob("*.woff2"):  # the theme's
        assert len(TTFont(icons).getGlyphOrder()) > 200 or "v4" in icons.name
    whole = TTFont(ROOT / "node_modules" / SERIF)
    path = book.site / "assets/serif.woff2"
    letters = {chr(code) for code in TTFont(path).getBestCmap()}
    assert letters >= {chr(code) for code in range(32, 127)} | set("ï–§½")
    assert letters < {chr(code) for code in whole.getBestCmap()} and "ß" not in letters
    assert path.stat().st_size < 0.8 * (ROOT / "node_modules" / SERIF).stat().st_size
    assert "kern" in {
        f.FeatureTag for f in TTFont(path)["GPOS"].table.FeatureList.FeatureRecord
    }
