"""Turns the blocks of a page (figure, live, output, claim) into HTML with slots.

/// figure | part/program.py:name
    alt: What the figure shows, for those who cannot see it.
The caption.
///

/// live | part/program.py:name
    alt: As of a figure, which stands there in print and without scripts.
The caption.
///

/// output | part/program.py:section
///

/// claim | The sentence that is claimed.
```python
assert results["accuracy"] > 0.9
```
///
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as etree
from typing import Any, ClassVar

from markdown import Markdown
from markdown.util import HTML_PLACEHOLDER_RE, AtomicString
from pymdownx.blocks import BlocksExtension, BlocksProcessor
from pymdownx.blocks.block import Block, type_string
from pymdownx.slugs import slugify

from bookbuild.errors import BookError
from bookbuild.pages import slips
from bookbuild.pages.book import Book
from bookbuild.pages.listings import Fences
from bookbuild.pages.page import Page, Statement
from bookbuild.pages.slots import NUMBER, Slot, add, add_numbers
from bookbuild.run.program import span

FOLDED = re.compile(r"^[>|]-?$")  # what YAML puts before a text of several lines
NOT_IN_A_NAME = re.compile(r"\{\{[^{}]*\}\}|[$`*\\]")


class TextOptions(BlocksProcessor):
    """Reads the options of the book's blocks as text, not as YAML."""

    def split_header(self, block: str, length: int) -> tuple[Any, str]:
        """The options at the head of a block, and the rest of it.

        An alternative text may hold colons, quotes, brackets and #.
        """
        head, rest = [], block.split("\n")
        while rest and rest[0].startswith("    ") and rest[0].strip():
            head.append(rest.pop(0).strip())
        if not head or not head[0].startswith("alt:"):
            return super().split_header(block, length)
        first = head[0].removeprefix("alt:").strip()
        lines = head[1:] if FOLDED.match(first) else [first, *head[1:]]
        return {"alt": " ".join(lines)}, "\n".join(rest)


class BookBlock(Block):
    """What the book's blocks share: the book, the page, and their line."""

    ARGUMENT = True

    def on_init(self) -> None:
        self.book: Book = self.config["book"]
        self.page: Page = self.config["page"]
        self.fences: Fences = self.config["fences"]

    def find_line(self) -> int | None:
        """The line of this block on the page."""
        return self.page.line_of(f"{self.NAME} | {self.argument}", next_one=True)

    def target(self, line: int | None) -> tuple[str, str | None]:
        """`part/program.py:name` as (program, name), and a word if it is wrong."""
        program, _, name = (part.strip() for part in self.argument.partition(":"))
        self.page.refer(program)
        try:
            known = self.book.program(program)
            if self.NAME == "output" and name:
                span(known, name)
        except BookError as error:
            self.book.report(error.on(self.page.uri, line))
        return program, name or None

    def define(self, anchor: str, line: int | None, what: str) -> None:
        """Note an anchor; the same one twice is an error that names both."""
        if anchor in self.page.places:
            self.book.report(
                BookError(
                    f"{what} has the same anchor, {anchor}, as the one on line "
                    f"{self.page.places[anchor]}",
                    self.page.uri,
                    line,
                )
            )
        self.page.places[anchor] = line


class Figure(BookBlock):
    """A figure that a program drew, with its caption."""

    NAME = "figure"
    OPTIONS: ClassVar = {"alt": ["", type_string]}

    def on_create(self, parent: etree.Element) -> etree.Element:
        self.line = line = self.find_line()
        self.program, self.name = program, name = self.target(line)
        anchor = f"fig-{name}"
        self.define(anchor, line, f"figure '{name}'")
        alt = " ".join(self.options["alt"].split())
        figure = etree.SubElement(
            parent, "figure", {"class": "book-figure", "id": anchor}
        )
        if not alt:
            self.book.report(
                BookError(
                    "the figure has no alternative text (alt:)",
                    self.page.uri,
                    line,
                    program,
                )
            )
        self.page.texts.append(("alt", line, NUMBER.sub("", alt)))
        slips.report(NUMBER.sub("", alt), self.page, self.book)
        self.page.figures += 1
        self.label = self.book.number_on(self.page.uri, self.page.figures)
        self.page.labels[anchor] = f"{self.book.words['to_figure']} {self.label}"
        figure.text = AtomicString(
            add(
                self.page,
                Slot("figure", line, program, name, alt=add_numbers(self.page, alt)),
            )
        )
        self.caption = etree.SubElement(figure, "figcaption")
        return figure

    def on_add(self, block: etree.Element) -> etree.Element:
        return self.caption

    def on_end(self, block: etree.Element) -> None:
        label = etree.Element("span", {"class": "figure-number"})
        label.text = f"{self.book.words['figure']} {self.label}"
        first = self.caption.find("p")
        if first is None:
            first = etree.SubElement(self.caption, "p")
        label.tail = " " + (first.text or "")
        first.text = None
        first.insert(0, label)


class Live(Figure):
    """A figure that readers can drive: a script draws it from a program's numbers."""

    NAME = "live"

    def on_create(self, parent: etree.Element) -> etree.Element:
        figure = super().on_create(parent)
        slot = Slot("live", self.line, self.program, self.name)
        figure.set("class", "book-figure book-live")
        figure.set("data-live", self.name or "")
        figure.set("data-numbers", add(self.page, slot))
        if not (self.book.docs / self.book.live).is_file():
            self.book.report(
                BookError(
                    f"a live figure needs the script {self.book.docs.name}/{self.book.live} (live: in "
                    "mkdocs.yml)",
                    self.page.uri,
                    self.line,
                )
            )
        if sum(slot.kind == "live" for slot in self.page.slots) == 1:
            script = {"src": self.page.to(self.book.live), "defer": "defer"}
            etree.SubElement(parent, "script", script)
        return figure


class Output(BookBlock):
    """What a section of a program printed."""

    NAME = "output"

    def on_create(self, parent: etree.Element) -> etree.Element:
        line = self.find_line()
        program, section = self.target(line)
        div = etree.SubElement(parent, "div", {"class": "highlight output"})
        div.text = AtomicString(add(self.page, Slot("output", line, program, section)))
        return div


class Claim(BookBlock):
    """A sentence and the assertions that check it, folded."""

    NAME = "claim"

    def on_create(self, parent: etree.Element) -> etree.Element:
        line = self.find_line()
        words = slugify(case="lower")(NOT_IN_A_NAME.sub(" ", self.argument), "-")
        name = "-".join([w for w in words.split("-") if w][:8])
        anchor = f"claim-{name}"
        self.define(anchor, line, "the claim")
        program = self.book.program_before(self.page, line)
        number = self.book.number_on(self.page.uri, len(self.page.claims) + 1)
        self.statement = Statement(anchor, line or 0, program, number)
        self.page.claims.append(self.statement)
        self.page.labels[anchor] = f"{self.book.words['to_claim']} {number}"
        self.page.refer(program)
        box = etree.SubElement(parent, "details", {"class": "claim", "id": anchor})
        self.summary = etree.SubElement(box, "summary")
        self.summary.text = self.argument
        self.summary.set("data-claim", anchor)
        return box

    def on_end(self, block: etree.Element) -> None:
        for element in block.iter():
            for match in HTML_PLACEHOLDER_RE.finditer(element.text or ""):
                listing = self.fences.by_stash.get(match[0])
                if listing is not None and listing.program is None:
                    listing.claim = self.statement.id
                    self.statement.code.append((listing.line + 1, listing.code))
        margin = etree.SubElement(block, "p", {"class": "claim-margin"})
        margin.text = AtomicString(
            add(self.page, Slot("margin", self.statement.line, name=self.statement.id))
        )


class Blocks(BlocksExtension):
    """Registers the blocks of one page."""

    def __init__(self, book: Book, page: Page, fences: Fences) -> None:
        super().__init__()
        self.parts = {"book": book, "page": page, "fences": fences}

    def extendMarkdownBlocks(self, md: Markdown, block_mgr: BlocksProcessor) -> None:
        block_mgr.__class__ = TextOptions
        for block in (Figure, Live, Output, Claim):
            block_mgr.register(block, self.parts)
