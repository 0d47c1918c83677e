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
from bookbuild.pages.page import Page, exercises
from bookbuild.pages.show import reference
from bookbuild.pages.slots import NUMBER, Slot, add, add_numbers, number_slot
from bookbuild.run.program import MARK, Program, lines_of
from bookbuild.run.record import Record

if TYPE_CHECKING:
    from bookbuild.pages.book import Book

CELL = re.compile(r"^# %%(?P<markdown> \[markdown\])?\s*$")
ANSWER = re.compile(r"^## Exercise (\d+)$", re.M)
ALT = re.compile(r"^# alt: (.*)$", re.M)
FIGURE = re.compile(r"""num=(['"])([^'"]+)\1""")
LINK = re.compile(r"(?<!!)\[([^\[\]]*)\]\(([^()\s]+)\)")
CITED = re.compile(r"\[(@[^\[\]]+)\](?!\()")
OPENING = re.compile(r"^\s*/{3,}\s*(figure|output|claim|details)\s*\|\s*(.*?)\s*$")


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


def questions(page: Page, answers: str) -> list[str]:
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

    return [NUMBER.sub(number, LINK.sub(link, text)) for text in exercises(page.text)]


def with_questions(
    cells: list[Cell], page: Page | None, answers: str, word: str
) -> list[Cell]:
    """Cells of answers, with each question below the heading of its answer.

    Args:
        page: the page that asks.
        answers: the page of answers.
        word: what a question is called.
    """
    if page is None:
        return cells
    asked = questions(page, answers)
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
        replace(cell, source=ANSWER.sub(insert, cell.source)) if cell.markdown else cell
        for cell in cells
    ]


def answered(cells: list[Cell]) -> list[int]:
    """The numbers of the exercises that cells answer, in order."""
    return [
        int(n) for cell in cells if cell.markdown for n in ANSWER.findall(cell.source)
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
            made.append(as_cell(False, cell.source, printed, cell.figures, record))
    return as_json(made)


def page_notebook(page: Page, book: Book) -> str:
    """A page as a notebook: prose, code, outputs and claims, as JSON.

    Its cells run from top to bottom: a claim follows the last listing of its
    program, and between two programs stands what the book's settings say.
    """
    lines = lines_of(page.text)
    records = [record for name in page.programs if (record := book.record(name))]
    made: list[dict[str, Any]] = [as_cell(True, install(book, *records))]
    starts = {listing.line: listing for listing in page.listings}
    last = {
        listing.program or page.uri: listing.line
        for listing in page.listings
        if not listing.claim
    }
    claims = {claim.id: claim for claim in page.claims}
    waiting: dict[str, list[str]] = {}  # claims' code, by program
    drawn: set[tuple[str | None, str]] = set()
    text: list[str] = []
    before: str | None = None

    def flush() -> None:
        source = prose("\n".join(text).strip("\n"), page, book)
        if source.strip():
            made.append(as_cell(True, source))
        text.clear()

    number, skip = 0, False
    while number < len(lines):
        line = lines[number]
        number += 1
        if listing := starts.get(number):
            number = listing.last
            if listing.claim:
                program = claims[listing.claim].program
                if program not in last:  # its code is not in this notebook
                    text += ["```python", listing.code, "```"]
                elif last[program] > listing.line:
                    waiting.setdefault(program, []).append(listing.code)
                else:
                    flush()
                    made.append(as_cell(False, listing.code))
                continue
            flush()
            program = listing.program or page.uri
            if before not in (None, program) and book.reset:
                made.append(as_cell(False, book.reset))
            before = program
            figures = [
                n for _, n in FIGURE.findall(listing.code) if (program, n) not in drawn
            ]
            drawn |= {(program, n) for n in figures}
            made.append(
                as_cell(
                    False,
                    listing.code,
                    section_output(listing, page, book),
                    figures,
                    book.record(program),
                )
            )
            if last[program] == listing.line:
                made += [as_cell(False, code) for code in waiting.pop(program, [])]
        elif match := OPENING.match(line):
            kind, argument = match.groups()
            skip = kind == "output"
            if kind == "claim":
                text += ["", f"**{book.words['claim']}.** {argument}", ""]
            elif kind == "details":
                text += ["", f"**{argument}**", ""]
        elif re.match(r"^\s*/{3,}\s*$", line):
            skip = False
            text.append("")
        elif not skip and not line.startswith("    ") and not line.startswith("<!--"):
            text.append(line)
    flush()
    return as_json(made)


def section_output(listing: Any, page: Page, book: Book) -> str:
    """What the sections of a listing printed."""
    record = book.record(listing.program or page.uri)
    if record is None or listing.program is None:
        return record.printed() if record else ""
    program = book.program(listing.program)
    return "".join(
        record.printed(*program.sections[name]) if name else record.printed()
        for name in listing.sections
    )


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
            f"{known[key]}=={version}"
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
    record: Record | None = None,
) -> dict[str, Any]:
    """A cell of a notebook."""
    if markdown:
        return {"cell_type": "markdown", "metadata": {}, "source": source}
    outputs: list[dict[str, Any]] = []
    if printed:
        outputs.append({"output_type": "stream", "name": "stdout", "text": printed})
    for name in figures or []:
        if record and name in record.figures:
            outputs.append(
                {
                    "output_type": "display_data",
                    "metadata": {},
                    "data": {"image/svg+xml": record.figures[name].svg},
                }
            )
    return {
        "cell_type": "code",
        "metadata": {},
        "execution_count": None,
        "outputs": outputs,
        "source": source.strip("\n"),
    }


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
