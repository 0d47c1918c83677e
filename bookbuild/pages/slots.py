"""What waits in a page for a program's record.

A slot stands in the text as two private-use characters with its number
between them, which neither Markdown nor HTML touches.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bookbuild.pages.page import Page

SLOT = re.compile("\ue000(\\d+)\ue001")
NUMBER = re.compile(
    r"\{\{\s*(?:(?P<program>published|[\w/.-]+\.py)\s+)?"
    r"(?P<name>[\w.-]+)\s*(?::(?P<spec>[^{}]*?))?\s*\}\}"
)
WAITING = "…"


@dataclass
class Slot:
    """Something a page waits for.

    Attributes:
        kind: a name in `show.SHOW`.
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
