"""Turns {{ numbers }}, [@citations] and empty [](links) inside a line into HTML with slots."""

from __future__ import annotations

import posixpath
import re
import xml.etree.ElementTree as etree

from markdown import Markdown
from markdown.inlinepatterns import InlineProcessor
from markdown.util import AtomicString

from bookbuild.errors import BookError
from bookbuild.pages.book import Book
from bookbuild.pages.page import Page
from bookbuild.pages.slots import NUMBER, Slot, add, number_slot

ONE = r"@[\w:.-]+(?:,[^\];@]+)?"
CITATION = rf"\[({ONE}(?:;\s*{ONE})*)\](?!\()"
EMPTY_LINK = r"\[\]\(([^()\s]+)\)"


class Numbers(InlineProcessor):
    """{{ part/program.py name:.1% }}"""

    def __init__(self, md: Markdown, page: Page) -> None:
        super().__init__(NUMBER.pattern, md)
        self.page = page

    def handleMatch(self, m: re.Match[str], data: str):
        return add(self.page, number_slot(self.page, m)), m.start(0), m.end(0)


class Citations(InlineProcessor):
    """[@key], [@key, chapter 9] and [@one; @two]"""

    def __init__(self, md: Markdown, book: Book, page: Page) -> None:
        super().__init__(CITATION, md)
        self.book, self.page = book, page

    def handleMatch(self, m: re.Match[str], data: str):
        span = etree.Element("span", {"class": "citation"})
        span.text, last = "(", None
        for part in m[1].split(";"):
            key, _, place = part.strip().partition(",")
            if last is not None:
                last.tail = "; "
            last = self.link(key[1:], place.strip(), m[0])
            span.append(last)
        assert last is not None
        last.tail = ")"
        return span, m.start(0), m.end(0)

    def link(self, key: str, place: str, text: str) -> etree.Element:
        """One link to the bibliography."""
        entry = self.book.references.get(key)
        if entry is None:
            missing = etree.Element("span", {"class": "book-problem"})
            missing.text = self.book.report(
                BookError(
                    f"unknown citation '{key}'; the key is not in the BibTeX file",
                    self.page.uri,
                    self.page.line_of(text),
                )
            )
            return missing
        first = key not in self.page.cited
        self.page.cited.add(key)
        target = posixpath.splitext(self.book.bibliography)[0] + ".md"
        link = etree.Element("a", {"href": self.page.relative(target) + f"#ref-{key}"})
        link.text = entry["cited"] + (f", {place}" if place else "")
        link.set("title", entry["plain"])
        if first:  # the bibliography leads back here
            link.set("id", f"cite-{key}")
        return link


class EmptyLinks(InlineProcessor):
    """[](page.md#fig-name): a link that shows the number of what it leads to"""

    def __init__(self, md: Markdown, page: Page) -> None:
        super().__init__(EMPTY_LINK, md)
        self.page = page

    def handleMatch(self, m: re.Match[str], data: str):
        link = etree.Element("a", {"href": m[1]})
        line = self.page.line_of(m[0], next_one=True)
        link.text = AtomicString(add(self.page, Slot("reference", line, name=m[1])))
        return link, m.start(0), m.end(0)
