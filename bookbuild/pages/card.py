"""Turns the title of a page into the picture that other sites show beside a link to it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bookbuild.errors import BookError

if TYPE_CHECKING:
    from PIL import ImageFont

LEFT, WIDTH = 0.06, 0.5  # where the words stand, as shares of the picture's width
ABOVE, TITLE, BELOW = 0.2, 0.3, 0.86  # and of its height
LARGE, SMALL = 0.115, 0.052  # sizes of letters, the same
LINES = 4  # of a title, at most; a longer one is smaller
WHITE, PALE = "#ffffff", "#c8d6e6"
COLOURS = 64


def card(
    background: Path, face: Sequence[Path], title: str, above: str = "", below: str = ""
) -> bytes:
    """A picture with the title of a page on it, as PNG.

    Args:
        background: a dark picture, whose left half is empty.
        face: font files: upright first, and one whose name says it is bold.
        title: of the page.
        above, below: what stands there in smaller letters.
    Raises:
        BookError: the background is no picture.
    """
    from PIL import Image, ImageDraw, ImageFont

    try:
        picture = Image.open(background).convert("RGB")
    except OSError as error:
        raise BookError(f"cannot be read: {error}", background.name) from error
    width, height = picture.size
    draw = ImageDraw.Draw(picture)
    bold = next((path for path in face if path.stem.endswith("Bold")), None)

    def font(path: Path | None, size: float) -> ImageFont.FreeTypeFont:
        pixels = round(size * height)
        if path is None:
            return ImageFont.load_default(pixels)  # type: ignore[return-value]
        return ImageFont.truetype(path, pixels)

    small = font(face[0] if face else None, SMALL)
    size = LARGE
    lines = wrapped(title, font(bold, size), WIDTH * width)
    while len(lines) > LINES and size > SMALL:
        size *= 0.85
        lines = wrapped(title, font(bold, size), WIDTH * width)
    for text, top in ((above, ABOVE), (below, BELOW)):
        draw.text((LEFT * width, top * height), text, PALE, small, anchor="ls")
    draw.multiline_text(
        (LEFT * width, TITLE * height),
        "\n".join(lines),
        WHITE,
        font(bold, size),
        spacing=0.2 * size * height,
    )
    file = io.BytesIO()
    picture.quantize(COLOURS).save(file, "png", optimize=True)
    return file.getvalue()


def wrapped(text: str, font: ImageFont.FreeTypeFont, width: float) -> list[str]:
    """A text in lines no wider than `width`, unless a word is."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
