"""Finds what looks like the book's own syntax in a finished page, and was not read as such.

It reads the HTML, since that is what a reader sees: whatever an author wrote,
and whoever passed it on unread.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import lxml.etree
import lxml.html
from markdown import Markdown
from markdown.postprocessors import Postprocessor

from bookbuild.errors import BookError
from bookbuild.pages.book import Book
from bookbuild.pages.page import Page
from bookbuild.pages.slots import SLOT

CODE = {"code", "pre", "script", "style"}
READ_TOO = ("alt", "title", "aria-label")  # attributes
NUMBER = (
    "a number that cannot be read; write {{ name:.2f }} or "
    "{{ part/program.py name:.1% }}"
)
CITATION = "a citation that cannot be read; write [@key], [@key, chapter 9] or "
CITATION += "[@one; @two]"
BLOCK = (
    "a block that cannot be read; write /// figure | part/program.py:name, an "
    "indented alt: line, the caption, ///"
)
SLIPS = {
    re.compile(r"\{\{[^{}]*\}\}|\{\{|\}\}|\{\s+\{|\}\s+\}"): NUMBER,
    re.compile(rf"\{{\s*{SLOT.pattern}|{SLOT.pattern}\s*\}}"): NUMBER,
    # Single braces around a name, with a format or without.
    re.compile(
        r"\{\s*(?:[\w/.-]+\.py\s+|published\s+)?[A-Za-z_][\w.-]*\s*(?::[^{}]*)?\}"
    ): NUMBER,
    re.compile(r"\[[^\[\]]*(?<![\w.])@[\w:.-]+[^\[\]]*\]"): CITATION,
    # With a year in it, it is a key and nobody's name.
    re.compile(r"(?<![\w.])@[A-Za-z][\w:.-]*\d{4}[\w:.-]*"): CITATION,
    re.compile(r"\[\s*\]\s*\([^()\s]*(?:#|\.md)[^()\s]*\)"): "a reference that "
    "cannot be read; write [](page.md#fig-name), with nothing between the brackets",
    re.compile(r"(?:^|\n)\s*(?:/{3,}|//?\s*[A-Za-z][\w-]*\s*\||//\s*(?:\n|$))"): BLOCK,
    re.compile(r"-+8<-+|(?:--+\s*8\s*[<‹]|(?:^|\n)\s*8\s*[<‹])-*\s*[-\"']"): "an "
    "include that cannot be read",
}


def report(text: str, page: Page, book: Book) -> None:
    """Report the slips in a text that a reader of the page sees."""
    seen: list[tuple[int, int]] = []
    for pattern, problem in SLIPS.items():
        for match in pattern.finditer(text):
            if any(a < match.end() and match.start() < b for a, b in seen):
                continue
            seen.append(match.span())
            line = page.line_of(SLOT.sub("", match[0]).strip(), next_one=True)
            shown = " ".join(SLOT.sub("…", text[match.start() :]).split())[:40]
            book.report(BookError(f"{shown!r}: {problem}", page.uri, line))


class Slips(Postprocessor):
    """Looks at a page once all of it is HTML.

    Args:
        commands: comments that ask for something, to its kind.
    """

    def __init__(
        self, md: Markdown, book: Book, page: Page, commands: dict[str, str]
    ) -> None:
        super().__init__(md)
        self.book, self.page, self.commands = book, page, commands

    def run(self, text: str) -> str:
        root = lxml.html.fragment_fromstring(text, create_parent="div")
        for part in seen_by_readers(root):
            report(part, self.page, self.book)
        for comment in root.iter(lxml.etree.Comment):
            self.command(comment.text or "")
        for link in root.iter("a"):
            if link.get("href") and not len(link) and not (link.text or "").strip():
                shown = f"[{link.text or ''}]({link.get('href')})"
                self.say(
                    f"{shown!r}: a link without a text; write [](page.md#fig-name) "
                    "with nothing between the brackets for a number",
                    f"({link.get('href')})",
                )
        return text

    def command(self, text: str) -> None:
        """Report a comment that is nearly one of those that ask for lists."""
        for comment, kind in self.commands.items():
            if text.strip(" -!").lower() == kind:
                self.say(f"'<!--{text}-->': write {comment}", f"<!--{text}-->")

    def say(self, problem: str, near: str) -> None:
        """Report a problem at the line of a text."""
        line = self.page.line_of(near, next_one=True)
        self.book.report(BookError(problem, self.page.uri, line))


def unclosed(md: Markdown, book: Book, page: Page) -> None:
    """Report blocks that the page opens and does not close."""
    for entry in md.parser.blockprocessors["blocks"].stack:
        name, argument = entry.block.NAME, entry.block.argument or ""
        head = f"{name} | {argument}" if argument else name
        line = page.line_of(f"/ {head}") or page.line_of(head)
        mark = "/" * entry.block.length
        problem = f"the block '{mark} {head}' is never closed; end it with {mark}"
        book.report(BookError(problem, page.uri, line))


def seen_by_readers(element: lxml.html.HtmlElement) -> Iterator[str]:
    """The texts of an element that are prose, and those of its attributes."""
    if element.tag in CODE or not isinstance(element.tag, str):
        return
    yield element.text or ""
    for name in READ_TOO:
        yield element.get(name, "")
    for child in element:
        yield from seen_by_readers(child)
        yield child.tail or ""
