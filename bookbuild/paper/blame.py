"""Turns what Typst says of a printed book into an error of the page it comes from."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

from bookbuild.errors import BookError
from bookbuild.paper.marks import PAGE

if TYPE_CHECKING:
    import typst

PLACE = re.compile(r"┌─ (\S+?):(\d+):\d+")
UNKNOWN = re.compile(r'the text `"(.+?)"` could not be displayed')
ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}")


def explain(error: typst.TypstError | typst.TypstWarning, path: Path) -> BookError:
    """Say what is wrong with which page.

    Args:
        error: what Typst says, with the places that its `diagnostic` shows.
        path: the document, in which lines that begin with `PAGE` name pages;
            its images lie beside it.
    """
    source = path.read_text(encoding="utf-8")
    unknown = "".join(
        ESCAPED.sub(lambda code: chr(int(code[1], 16)), text)
        for text in UNKNOWN.findall(error.diagnostic)
    )
    if unknown:
        uri, found = first_with(unknown, source, path.parent)
        named = ", ".join(f"{one} (U+{ord(one):04X})" for one in found)
        return BookError(
            f"no font of the PDF has {named}; put something else in its place, "
            "in the text or in what the program prints",
            uri,
        )
    reason = "; ".join([error.message, *error.hints])
    return BookError(f"Typst cannot typeset this: {reason}", page_of(error, source))


def first_with(
    unknown: str, source: str, folder: Path
) -> tuple[str | None, dict[str, None]]:
    """The first page that has some characters, in its text or images, and which."""
    _, *rest = re.split(f"^{PAGE}(.*)$", source, flags=re.M)
    for uri, text in zip(rest[::2], rest[1::2], strict=True):
        images = [
            image.read_text(encoding="utf-8", errors="replace")
            for image in folder.glob("*.svg")
            if image.name in text
        ]
        text = "".join([text, *images])
        if found := dict.fromkeys(one for one in unknown if one in text):
            return uri or None, found
    return None, dict.fromkeys(unknown)


def page_of(error: typst.TypstError | typst.TypstWarning, source: str) -> str | None:
    """The page at which Typst points, by a line or by an image."""
    lines = source.splitlines()
    for shown, number in PLACE.findall(error.diagnostic):
        name = posixpath.basename(shown)
        if name == "main.typ":
            last = int(number)
        else:
            last = next((n for n, line in enumerate(lines) if f'"{name}"' in line), 0)
        for line in reversed(lines[:last]):
            if line.startswith(PAGE):
                return line.removeprefix(PAGE) or None
    return None
