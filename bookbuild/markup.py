"""Turns the blocks of a page (figure, output, claim) and its {{ numbers }} into HTML.

    /// figure | part/program.py:name
        alt: What the figure shows, for those who cannot see it.
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

import posixpath
import re
import xml.etree.ElementTree as etree

from markdown import util
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor
from pymdownx.blocks import BlocksExtension
from pymdownx.blocks.block import Block, type_string
from pymdownx.slugs import slugify

from bookbuild import book
from bookbuild.errors import BookError

TITLED = re.compile(r'^(?P<open>[ \t]*```python)\n(?P<line>[ \t]*--8<--[ \t]+"'
                    r'(?P<name>[^":]+)(?::[\w-]+)?")', re.M)


def relative(target):
    """A link from the page being rendered to a path of the site."""
    return posixpath.relpath(target, posixpath.dirname(
        book.current.current.uri) or ".")


def split(argument):
    """`part/program.py:name` as (program, name or None)."""
    program, _, name = argument.partition(":")
    return program.strip(), name.strip() or None


def problem(message, text, program=None):
    """Report an error at the line of the current page that has a text."""
    page = book.current.current
    return book.current.problem(
        BookError(message, page.uri, page.line_of(text), program))


def block_problem(kind, message, program, name):
    """Report an error at a figure or output block of the current page."""
    page = book.current.current
    lines = [r.line for r in page.references
             if (r.kind, r.program, r.name) == (kind, program, name)]
    return book.current.problem(BookError(
        message, page.uri, lines[0] if lines else None, program))


class Figure(Block):
    """A figure that a program drew, with its caption."""

    NAME = "figure"
    ARGUMENT = True
    OPTIONS = {"alt": ["", type_string]}

    def on_create(self, parent):
        program, name = split(self.argument)
        figure = etree.SubElement(parent, "figure", {
            "class": "book-figure", "id": f"fig-{name}"})
        alt = " ".join(self.options["alt"].split())
        try:
            if not alt:
                raise BookError("the figure has no alternative text (alt:)")
            drawn = book.current.figure(program, name)
        except (BookError, KeyError) as error:
            etree.SubElement(figure, "p").text = block_problem(
                self.NAME, getattr(error, "problem",
                                   "the program has not run"), program, name)
        else:
            for look in ("light", "dark"):
                etree.SubElement(figure, "img", {
                    "class": f"on-{look}", "alt": alt, "loading": "lazy",
                    "src": relative(figure_path(program, name, look)),
                    "width": str(drawn["width"]),
                    "height": str(drawn["height"])})
        self.caption = etree.SubElement(figure, "figcaption")
        return figure

    def on_add(self, block):
        return self.caption

    def on_end(self, block):
        self.tracker["figures"] = number = self.tracker.get("figures", 0) + 1
        page = book.current.numbers.get(book.current.current.uri)
        label = etree.Element("span", {"class": "figure-number"})
        label.text = f"Figure {page}.{number}" if page else f"Figure {number}"
        first = self.caption.find("p")
        if first is None:
            first = etree.SubElement(self.caption, "p")
        label.tail = " " + (first.text or "")
        first.text = None
        first.insert(0, label)


def figure_path(program, name, look):
    """Where in the site a figure lies."""
    tail = "" if look == "light" else "-dark"
    return f"figures/{program.removesuffix('.py')}/{name}{tail}.svg"


class Output(Block):
    """What a section of a program printed."""

    NAME = "output"
    ARGUMENT = True

    def on_create(self, parent):
        program, section = split(self.argument)
        try:
            text = book.current.output(program, section)
            if not text:
                text = block_problem(self.NAME, "this section prints nothing",
                                     program, section)
        except KeyError:
            text = block_problem(self.NAME, "the program has not run",
                                 program, section)
        div = etree.SubElement(parent, "div", {"class": "highlight output"})
        code = etree.SubElement(etree.SubElement(div, "pre"), "code")
        code.text = util.AtomicString(text + "\n")
        return div


class Claim(Block):
    """A sentence and the assertions that check it, folded."""

    NAME = "claim"
    ARGUMENT = True

    def on_create(self, parent):
        name = slugify(case="lower")(re.sub(r"[$`*\\]", "", self.argument), "-")
        box = etree.SubElement(parent, "details", {
            "class": "claim", "id": "claim-" + "-".join(name.split("-")[:8])})
        etree.SubElement(box, "summary").text = self.argument
        return box


class Prepare(Preprocessor):
    """Fill in the numbers, and name the file above each included listing."""

    def run(self, lines):
        if book.current is None or book.current.current is None:
            return lines
        text = book.current.fill_numbers("\n".join(lines))
        return TITLED.sub(r'\g<open> title="\g<name>"\n\g<line>',
                          text).split("\n")


class BlocksOfABook(BlocksExtension):
    """Registers the blocks."""

    def extendMarkdownBlocks(self, md, block_mgr):
        for block in (Figure, Output, Claim):
            block_mgr.register(block, {})


class MarkupExtension(Extension):
    """The blocks and the numbers."""

    def extendMarkdown(self, md):
        BlocksOfABook().extendMarkdown(md)
        md.preprocessors.register(Prepare(md), "bookbuild", 100)


def makeExtension(**options):
    return MarkupExtension(**options)
