"""The title of a page becomes a picture for other sites."""

import io
from types import SimpleNamespace

import pytest
from conftest import ROOT, builds
from PIL import Image, ImageChops

from bookbuild.errors import BookError
from bookbuild.pages.card import LINES, card, wrapped

BACKGROUND = ROOT / "docs/assets/card.png"
FACE = [
    ROOT / "node_modules/source-sans/TTF" / f"SourceSans3-{name}.ttf"
    for name in ("Regular", "Bold")
]


def drawn(**words):
    """Where a card differs from its background: left, top, right, bottom."""
    picture = Image.open(io.BytesIO(card(BACKGROUND, FACE, **words))).convert("L")
    plain = Image.open(io.BytesIO(card(BACKGROUND, FACE, ""))).convert("L")
    changed = ImageChops.difference(picture, plain).point(lambda v: 255 * (v > 90))
    return SimpleNamespace(
        size=picture.size,
        **dict(zip(("left", "top", "right", "bottom"), changed.getbbox(), strict=True)),
    )


@pytest.mark.parametrize(
    "title", ["GRU", "Named entity recognition", "All the words of a title " * 7]
)
def test_titles_stand_in_the_left_half_and_are_not_cut(title):
    box = drawn(title=title)
    assert box.size == (1200, 630)
    assert box.left > 60 and box.right < 720
    assert box.top > 150 and box.bottom < 600


def test_the_same_words_give_the_same_bytes():
    words = {"title": "One page", "above": "A book 1.2", "below": "Somebody"}
    assert card(BACKGROUND, FACE, **words) == card(BACKGROUND, FACE, **words)


def test_a_background_that_is_no_picture_is_said(tmp_path):
    wrong = tmp_path / "card.png"
    wrong.write_text("no picture")
    with pytest.raises(BookError, match=r"card\.png: cannot be read"):
        card(wrong, FACE, "A title")


def test_lines_break_between_words():
    font = SimpleNamespace(getlength=len)
    assert wrapped("a long title indeed", font, 8) == ["a long", "title", "indeed"]
    assert wrapped("incomprehensibilities", font, 8) == ["incomprehensibilities"]
    assert LINES > 2


def test_every_page_has_one_if_the_site_has_an_address(book):
    (book.root / "docs/card.png").write_bytes(BACKGROUND.read_bytes())
    book.config["plugins"] = [{"book": {"card": "card.png"}}]
    book.settings()
    builds(book)
    assert not (book.site / "cards").exists()
    book.settings(site_url="https://example.org/")
    builds(book)
    cards = {path.stem for path in (book.site / "cards").rglob("*.png")}
    assert cards == {"index.md", "first.md", "bibliography.md", "claims.md"}
