"""Turns pages, programs and answers into what a reader downloads (.py, .ipynb), and answers into pages.

A page becomes a notebook with its prose, formulas, code and outputs. A page
of answers is a program in percent format; its questions are filled in from
the page that asks them.
"""

from __future__ import annotations

import html as html_module
import json
import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bookbuild.errors import BookError
from bookbuild.pages.page import Listing, Page, exercises
from bookbuild.pages.show import reference
from bookbuild.pages.slots import NUMBER, Slot, add, add_numbers, number_slot
from bookbuild.pages.svg import lighter
from bookbuild.run.program import MARK, Program, lines_of
from bookbuild.run.record import Record

if TYPE_CHECKING:
    from bookbuild.pages.book import Book

CELL = re.compile(r"^# %%(?P<markdown> \[markdown\])?\s*$")
ALT = re.compile(r"^# alt: (.*)$", re.M)
SHOWN_ALT = re.compile(r"<span[^>]*># alt: [^<]*</span>\n?")
FIGURE = re.compile(r"""num=(['"])([^'"]+)\1""")
LINK = re.compile(r"(?<!!)\[([^\[\]]*)\]\(([^()\s]+)\)")
CITED = re.compile(r"\[(@[^\[\]]+)\](?!\()")
OPENING = re.compile(r"^\s*/{3,}\s*(figure|live|output|claim|details)\s*\|\s*(.*?)\s*$")


@dataclass
class Cell:
    """A cell of a page of answers.

    Attributes:
        markdown: whether it is prose.
        source: its text, prose without the leading #.
        first, last: its lines in the program's text, from 1.
    """

    markdown: bool
    source: str
    first: int
    last: int

    @property
    def figures(self) -> list[str]:
        """Names of the figures it draws."""
        return [match[2] for match in FIGURE.finditer(self.source)]

    @property
    def alt(self) -> str:
        """The alternative text of its figures."""
        return " ".join(ALT.findall(self.source))


def cells_of(program: Program) -> list[Cell]:
    """The cells of a program in percent format.

    Raises:
        BookError: text stands before the first cell, prose lacks its #, or a
            code cell holds what is meant as prose.
    """
    cells: list[Cell] = []
    for number, line in enumerate(lines_of(program.text), 1):
        if match := CELL.match(line):
            cells.append(Cell(bool(match["markdown"]), "", number + 1, number))
            continue
        place = program.place(number) or (program.name, number)
        where = {"program": place[0], "program_line": place[1]}
        if line.startswith("# %%") or (not cells and line.strip()):
            raise BookError(
                "a cell begins with '# %%' or '# %% [markdown]' on a line of its own",
                **where,
            )
        if not cells:
            continue
        cell = cells[-1]
        cell.last = number
        if cell.markdown:
            if line.strip() and not re.match(r"#( |$)", line):
                raise BookError("a line of a Markdown cell begins with '# '", **where)
            line = line[2:]
        elif re.match(r"# (#{1,4} |[-*] |\d+\. )", line):
            raise BookError(
                "this looks like Markdown in a code cell; put "
                "'# %% [markdown]' before it",
                **where,
            )
        cell.source += line + "\n"
    for cell in cells:
        cell.source = cell.source.strip("\n")
    return [cell for cell in cells if cell.source]


def questions(page: Page, answers: str, heading: str) -> list[str]:
    """The exercises of a page, with links and numbers as seen from its answers."""
    here = posixpath.dirname(answers)

    def link(match: re.Match[str]) -> str:
        target = match[2]
        if re.match(r"[a-z]+:", target):
            return match[0]
        path, _, anchor = target.partition("#")
        there = posixpath.join(posixpath.dirname(page.uri), path) if path else page.uri
        path = posixpath.relpath(there, here)
        return f"[{match[1]}]({path}{'#' + anchor if anchor else ''})"

    def number(match: re.Match[str]) -> str:
        if match["program"]:
            return match[0]
        return match[0].replace("{{", "{{ " + page.main + " ", 1).replace("  ", " ")

    asked = exercises(page.text, heading)
    return [NUMBER.sub(number, LINK.sub(link, text)) for text in asked]


def with_questions(
    cells: list[Cell], page: Page | None, answers: str, words: dict[str, str]
) -> list[Cell]:
    """Cells of answers, with each question below the heading of its answer.

    Args:
        page: the page that asks.
        answers: the page of answers.
        words: what a question is called, and the heading above them.
    """
    if page is None:
        return cells
    asked = questions(page, answers, words["questions"])
    word = words["question"]
    answer = re.compile(rf"^## {re.escape(word)} (\d+)$", re.M)
    back = posixpath.relpath(page.uri, posixpath.dirname(answers))

    def insert(match: re.Match[str]) -> str:
        number = int(match[1])
        if not 0 < number <= len(asked):
            return match[0]
        quoted = "\n".join(
            f"> {line}".rstrip() for line in asked[number - 1].split("\n")
        )
        link = f"[{word} {number}]({back}#exercise-{number})"
        return f"{match[0]}\n\n{quoted}\n>\n> {link}"

    return [
        replace(cell, source=answer.sub(insert, cell.source)) if cell.markdown else cell
        for cell in cells
    ]


def answered(cells: list[Cell], word: str = "Exercise") -> list[int]:
    """The numbers of the exercises that cells answer, in order."""
    answer = re.compile(rf"^## {re.escape(word)} (\d+)$", re.M)
    return [
        int(n) for cell in cells if cell.markdown for n in answer.findall(cell.source)
    ]


# What mkdocs-jupyter gets, and what becomes of it ---------------------------


def as_program(cells: list[Cell]) -> str:
    """Cells as a program in percent format."""
    parts = []
    for cell in cells:
        lines = cell.source.split("\n")
        if cell.markdown:
            lines = [f"# {line}".rstrip() for line in lines]
        parts.append(
            "\n".join(["# %% [markdown]" if cell.markdown else "# %%", *lines])
        )
    return "\n\n".join(parts) + "\n"


def answers_html(
    html: str, cells: list[Cell], page: Page, convert: Callable[[str], str]
) -> str:
    """A page made by mkdocs-jupyter, in the shape of the book's other pages.

    Its Markdown is rendered by the book's own extensions (formulas, boxes,
    citations), and its code cells lose what only a live notebook needs.

    Args:
        html: the page as mkdocs-jupyter rendered it.
        convert: turns Markdown into HTML with slots of `page`.
    """
    import lxml.html

    root = lxml.html.fragment_fromstring(html, create_parent="div")
    parts = []
    for cell, element in zip(cells, root.cssselect(".jp-Cell[id]"), strict=True):
        if cell.markdown:
            parts.append(convert(cell.source))
            continue
        for pre in element.cssselect("[class^=highlight] pre"):
            inner = lxml.html.tostring(pre, encoding="unicode", with_tail=False)
            inner = inner.removeprefix("<pre>").removesuffix("</pre>")
            inner = SHOWN_ALT.sub("", inner)  # it is the figure's own
            parts.append(
                '<div class="highlight language-python"><pre><code>'
                f"{inner}</code></pre></div>"
            )
        alt = add_numbers(page, " ".join(cell.alt.split()))
        shown = cell.first, cell.last, cell.figures
        parts.append(add(page, Slot("cell", None, page.uri, alt=alt, data=shown)))
    if not any(slot.kind == "status" for slot in page.slots):
        parts.insert(0, add(page, Slot("status")))  # there is no title
    return "\n".join(parts)


# Downloads ------------------------------------------------------------------


def percent_program(text: str) -> str:
    """A program with its sections as percent cells, for editors."""
    lines = []
    for line in lines_of(text):
        match = MARK.match(line)
        if not match:
            lines.append(line)
        elif match[1] == "start":
            lines.append(f"# %% {match[2].replace('-', ' ')}")
    return "\n".join(lines).rstrip("\n") + "\n"


def in_prose(cells: list[Cell], page: Page, book: Book) -> list[Cell]:
    """Cells of answers as they read outside of the book."""
    return [
        replace(cell, source=prose(cell.source, page, book)) if cell.markdown else cell
        for cell in cells
    ]


def answers_notebook(cells: list[Cell], record: Record | None, book: Book) -> str:
    """A page of answers as a notebook with what its cells produced, as JSON."""
    made = [as_cell(True, install(book, record))]
    for cell in cells:
        if cell.markdown:
            made.append(as_cell(True, cell.source))
        else:
            printed = record.printed(cell.first, cell.last) if record else ""
            drawn = drawings(record, cell.figures, book)
            made.append(as_cell(False, cell.source, printed, drawn))
    return as_json(made)


def page_notebook(page: Page, book: Book) -> str:
    """A page as a notebook: prose, code, outputs and claims, as JSON."""
    notebook = PageNotebook(page, book)
    starts = {listing.line: listing for listing in page.listings}
    number, lines = 0, lines_of(page.text)
    while number < len(lines):
        line, number = lines[number], number + 1
        if listing := starts.get(number):
            notebook.listing(listing)
            number = listing.last
        else:
            notebook.line(line)
    notebook.flush()
    return as_json(notebook.cells)


class PageNotebook:
    """A page while it becomes a notebook, whose cells run from top to bottom.

    Programs would change each other's names if the cells of one stood among
    those of another: then only one of them runs here, and the other can be
    read. A claim follows the last listing of its program.

    Args:
        page: the page; book: the book it belongs to.
    """

    def __init__(self, page: Page, book: Book) -> None:
        self.page, self.book = page, book
        records = [book.record(name) for name in page.programs]
        self.cells: list[dict[str, Any]] = [as_cell(True, install(book, *records))]
        self.claims = {claim.id: claim for claim in page.claims}
        self.last = {name: last for name, (_, last) in apart(page).items()}
        self.waiting: dict[str, list[str]] = {}  # code of claims, by program
        self.drawn: set[tuple[str, str]] = set()
        self.text: list[str] = []
        self.before: str | None = None
        self.output = False  # whether this is inside a block of output

    def flush(self) -> None:
        """End a cell of prose."""
        source = prose("\n".join(self.text).strip("\n"), self.page, self.book)
        if source.strip():
            self.cells.append(as_cell(True, source))
        self.text.clear()

    def run(self, code: str, **outputs: Any) -> None:
        """Add a cell of code."""
        self.flush()
        self.cells.append(as_cell(False, code, **outputs))

    def listing(self, listing: Listing) -> None:
        """Add a listing: code to run, code to read, or the code of a claim."""
        program = listing.program or self.page.uri
        if listing.claim:
            program = self.claims[listing.claim].program
        last = self.last.get(program)
        if last is None:
            self.text += ["", "```python", listing.code.strip("\n"), "```", ""]
        elif not listing.claim:
            self.section(listing, program)
            if last == listing.line:
                for code in self.waiting.pop(program, []):
                    self.run(code)
        elif last > listing.line:
            self.waiting.setdefault(program, []).append(listing.code)
        else:
            self.run(listing.code)

    def section(self, listing: Listing, program: str) -> None:
        """Add code of a program, with what it printed and drew."""
        if self.before not in (None, program) and self.book.reset:
            self.run(self.book.reset)
        self.before = program
        names = [name for _, name in FIGURE.findall(listing.code)]
        figures = [name for name in names if (program, name) not in self.drawn]
        self.drawn |= {(program, name) for name in figures}
        record = self.book.record(program)
        printed = ""
        if record and listing.program:
            sections = self.book.program(program).sections
            printed = "".join(
                record.printed(*sections[name]) if name else record.printed()
                for name in listing.sections
            )
        elif record:
            printed = record.printed(listing.line, listing.last)
        drawn = drawings(record, figures, self.book)
        self.run(listing.code, printed=printed, figures=drawn)

    def line(self, line: str) -> None:
        """Add a line of the page that is in no listing."""
        if match := OPENING.match(line):
            kind, argument = match.groups()
            self.output = kind == "output"
            if kind == "claim":
                self.text += ["", f"**{self.book.words['claim']}.** {argument}", ""]
            elif kind == "details":
                self.text += ["", f"**{argument}**", ""]
            elif kind in ("figure", "live"):
                self.figure(*argument.split(":", 1))
        elif re.match(r"^\s*/{3,}\s*$", line):
            self.output = False
            self.text.append("")
        elif line.startswith("<!-- questions"):
            while self.text and not self.text[-1].startswith("## "):
                self.text.pop()
            self.text = self.text[:-1]  # they are for the page
        elif not self.output and not line.startswith(("    ", "<!--")):
            self.text.append(line)

    def figure(self, program: str, name: str = "") -> None:
        """Add a figure, unless its program runs here and draws it."""
        record = self.book.record(program)
        if program not in self.last and record is not None:
            drawn = drawings(record, [name], self.book)
            self.run(f"# A figure of {program}", figures=drawn)


def apart(page: Page) -> dict[str, tuple[int, int]]:
    """The programs that stand on a page one after the other.

    Returns:
        their first and last listing's lines. Of two that are mixed, it has
        the page's own program, or the one that begins first.
    """
    spans: dict[str, tuple[int, int]] = {}
    for listing in page.listings:
        if not listing.claim:
            name = listing.program or page.uri
            spans[name] = spans.get(name, (listing.line, 0))[0], listing.line
    found: dict[str, tuple[int, int]] = {}
    for name in sorted(spans, key=lambda name: (name != page.main, spans[name])):
        first, last = spans[name]
        if all(last < begin or first > end for begin, end in found.values()):
            found[name] = first, last
    return found


def prose(text: str, page: Page, book: Book) -> str:
    """Markdown of a page as it reads outside of the book."""

    def cite(match: re.Match[str]) -> str:
        parts = []
        for part in match[1].split(";"):
            key, _, place = part.strip().partition(",")
            entry = book.references.get(key.removeprefix("@"))
            if entry is None:
                return match[0]
            parts.append(entry["cited"] + (f", {place.strip()}" if place else ""))
        return f"({'; '.join(parts)})"

    def link(match: re.Match[str]) -> str:
        shown, target = match.groups()
        if re.match(r"[a-z]+:", target):
            return match[0]
        if not shown:
            return html_module.unescape(
                reference(Slot("reference", name=target), page, book)
            )
        return shown

    text = NUMBER.sub(lambda m: book.value(number_slot(page, m), page), text)
    return LINK.sub(link, CITED.sub(cite, text))


def install(book: Book, *records: Record | None) -> str:
    """What a reader has to install, with the versions that were used."""
    versions: dict[str, str] = {}
    for record in records:
        if record:
            versions |= record.reads.get("versions", {})
    parts = []
    for options, names in book.requirements.items():
        known = {name.lower().replace("_", "-"): name for name in names}
        needed = sorted(
            # What follows a + is a build that a registry may not have.
            f"{known[key]}=={version.partition('+')[0]}"
            for name, version in versions.items()
            if (key := name.lower().replace("_", "-")) in known and version
        )
        if needed:
            parts.append(f"pip install {options}{' '.join(needed)}")
    if not parts:
        return book.words["plain"]
    commands = "\n".join(parts)
    return f"{book.words['install']}\n\n```console\n{commands}\n```"


def as_cell(
    markdown: bool,
    source: str,
    printed: str = "",
    figures: list[str] | None = None,
) -> dict[str, Any]:
    """A cell of a notebook."""
    if markdown:
        return {"cell_type": "markdown", "metadata": {}, "source": source}
    outputs: list[dict[str, Any]] = []
    if printed:
        outputs.append({"output_type": "stream", "name": "stdout", "text": printed})
    for svg in figures or []:
        data = {"image/svg+xml": svg}
        outputs.append({"output_type": "display_data", "metadata": {}, "data": data})
    return {
        "cell_type": "code",
        "metadata": {},
        "execution_count": None,
        "outputs": outputs,
        "source": source.strip("\n"),
    }


def drawings(record: Record | None, names: list[str], book: Book) -> list[str]:
    """Figures of a record as SVG; those it does not have are left out."""
    figures = record.figures if record else {}
    return [
        book.faces.embedded(lighter(figures[name].svg))
        for name in names
        if name in figures
    ]


def as_json(cells: list[dict[str, Any]]) -> str:
    """Cells as a notebook of format 4.5, the same at every run."""
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    return (
        json.dumps(
            {
                "cells": cells,
                "metadata": {
                    "kernelspec": {
                        "display_name": "Python 3",
                        "language": "python",
                        "name": "python3",
                    },
                    "language_info": {"name": "python"},
                },
                "nbformat": 4,
                "nbformat_minor": 5,
            },
            indent=1,
            ensure_ascii=False,
        )
        + "\n"
    )
