"""What waits in a page for a program's record, and the HTML it becomes.

A slot stands in the text as two private-use characters with its number
between them, which neither Markdown nor HTML touches.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from bookbuild.errors import BookError

if TYPE_CHECKING:
    from bookbuild.pages.book import Book
    from bookbuild.pages.page import Page

SLOT = re.compile("\ue000(\\d+)\ue001")
NUMBER = re.compile(
    r"\{\{\s*(?:(?P<program>published|[\w/.-]+\.py)\s+)?"
    r"(?P<name>[\w.-]+)\s*(?::(?P<spec>[^{}]*?))?\s*\}\}"
)
LATE = {"formula"}  # enter when the page's template is filled
WAITING = "…"


@dataclass
class Slot:
    """Something a page waits for.

    Attributes:
        kind: number, output, figure, margin, formula, reference, status,
            listing, claims, bibliography.
        line: of the page, for messages.
        program, name: what it refers to.
        spec: a number's format.
        alt: a figure's alternative text, with slots.
        data: what else its kind needs.
    """

    kind: str
    line: int | None = None
    program: str = ""
    name: str | None = None
    spec: str = ""
    alt: str = ""
    data: Any = None


def add(page: Page, slot: Slot) -> str:
    """Give a page a slot; returns what stands for it in the text."""
    page.slots.append(slot)
    return f"\ue000{len(page.slots) - 1}\ue001"


def add_numbers(page: Page, text: str) -> str:
    """Turn every {{ number }} of a plain text into a slot."""

    def place(match: re.Match[str]) -> str:
        return add(page, number_slot(page, match))

    return NUMBER.sub(place, text)


def number_slot(page: Page, match: re.Match[str]) -> Slot:
    """The slot of a {{ number }}."""
    program = match["program"] or page.main
    if program != "published":
        page.refer(program)
    return Slot(
        "number",
        page.line_of(match[0], next_one=True),
        program,
        match["name"],
        (match["spec"] or "").strip(),
    )


def fill(text: str, page: Page, book: Book, late: bool = False) -> str:
    """Fill the slots of a page's HTML.

    Args:
        text: HTML with slots of `page`.
        late: whether to fill also those that enter last, the formulas.
    """

    def html(match: re.Match[str]) -> str:
        slot = page.slots[int(match[1])]
        if slot.kind in LATE and not late:
            return match[0]
        return book.show(slot, page)

    while SLOT.search(text):
        filled = SLOT.sub(html, text)
        if filled == text:
            break
        text = filled
    return text


def plain(text: str, page: Page, book: Book) -> str:
    """A plain text with its {{ numbers }} filled in, not escaped."""

    def value(match: re.Match[str]) -> str:
        slot = number_slot(page, match)
        return book.value(slot, page)

    return NUMBER.sub(value, text)


def shorten(value: float) -> str:
    """A number as a reader wants it in a margin: three figures that count."""
    if value == int(value) and abs(value) < 1e6:
        return f"{int(value)}"
    return f"{value:.3g}"


def problem_html(error: BookError) -> str:
    """How a page shows that a piece of it is wrong, when it is served."""
    return f'<span class="book-problem">[{escape(error.problem)}]</span>'
