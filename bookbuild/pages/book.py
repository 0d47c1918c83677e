"""All pages, programs and records of one build: what refers to what, what has to run, and what fills the slots."""

from __future__ import annotations

import contextlib
import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from bookbuild.errors import BookError
from bookbuild.pages.maths import Katex
from bookbuild.pages.page import ANSWERS, Page, join_lines
from bookbuild.pages.slots import (
    NUMBER,
    WAITING,
    Slot,
    fill,
    number_slot,
    problem_html,
    shorten,
)
from bookbuild.run.breaks import Break, read_breaks
from bookbuild.run.figures import darken
from bookbuild.run.program import (
    Program,
    choices,
    read_program,
    read_text,
)
from bookbuild.run.record import Claim, Failure, Figure, Outcome, Record, Verdict

WORDS = {
    "page": "p.",
    "programs": "Programs",
    "figure": "Figure",
    "chapter": "Chapter",
    "section": "Section",
    "program": "Program",
    "preface": "Preface",
    "contents": "Contents",
    "part": "Part",
    "answer": "Answer",
    "answers": "Answers",
    "question": "Exercise",
    "python": "Python",
    "notebook": "Notebook",
    "whole": "The whole program",
}


@dataclass
class Book:
    """A book while it is built.

    Attributes:
        root: its folder; docs, snippets: of its pages and programs.
        words: those the book itself writes, as "Figure".
        references: BibTeX key to {"cited", "html"}.
        published: values from elsewhere, by dotted name.
        bibliography: the page with the list of references.
        pages, programs, outcomes: by name.
        urls: where in the site a file of the pages' folder is.
        numbers: page to "1.2"; order: pages as they are read.
        reading: the page that is being parsed.
        errors: what is wrong, by page.
        status: what a page says while its programs run, by program.
        requirements: options of pip to the distributions they install.
        reset: code that a page's notebook runs between two programs.
    """

    root: Path
    docs: Path
    snippets: Path
    katex: Katex
    words: dict[str, str] = field(default_factory=lambda: dict(WORDS))
    references: dict[str, dict[str, str]] = field(default_factory=dict)
    published: dict[str, Any] = field(default_factory=dict)
    bibliography: str = "bibliography.md"
    pages: dict[str, Page] = field(default_factory=dict)
    uris: set[str] = field(default_factory=set)
    urls: dict[str, str] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    programs: dict[str, Program | BookError] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    reading: Page | None = None
    errors: dict[str, list[BookError]] = field(default_factory=dict)
    status: dict[str, str] = field(default_factory=dict)
    pdf: str | None = None
    requirements: dict[str, list[str]] = field(default_factory=dict)
    reset: str = ""

    # Finding -----------------------------------------------------------

    def has_page(self, uri: str) -> bool:
        """Whether the book has a page."""
        return uri in self.uris

    def link(self, href: str, page: Page) -> str:
        """A link that leads to a file beside a page's source, as it is in the site.

        One that leads nowhere is reported.
        """
        parts = urlsplit(href)
        if parts.scheme or parts.netloc or not parts.path:
            return href
        path = posixpath.normpath(
            posixpath.join(posixpath.dirname(page.uri), unquote(parts.path))
        )
        if path not in self.urls:
            self.report(
                BookError(
                    f"the link to {href} leads nowhere",
                    page.uri,
                    page.line_of(f"({href})"),
                )
            )
            return href
        anchor = f"#{parts.fragment}" if parts.fragment else ""
        return page.to(self.urls[path]) + anchor

    def report(self, error: BookError) -> str:
        """Remember what is wrong with a page; returns what the page shows."""
        errors = self.errors.setdefault(error.page or "", [])
        if str(error) not in map(str, errors):
            errors.append(error)
        return f"[{error.problem}]"

    def program(self, name: str) -> Program:
        """The program of a name, read once.

        Raises:
            BookError: there is no such program, or its sections are wrong.
        """
        if name not in self.programs:
            try:
                self.programs[name] = self.read(name)
            except BookError as error:
                self.programs[name] = error
        known = self.programs[name]
        if isinstance(known, BookError):
            raise known
        return known

    def read(self, name: str) -> Program:
        """Read a program: a file, a notebook of answers, or a page's own code."""
        if name.endswith(".md"):
            return self.code_of(self.pages[name])
        folder = self.docs if name.startswith(ANSWERS) else self.snippets
        return read_program(name, folder / name, self.snippets)

    def code_of(self, page: Page) -> Program:
        """The code that stands on a page itself, each line where it is there."""
        pieces = [
            (listing.line + 1, listing.code)
            for listing in page.listings
            if listing.program is None and listing.claim is None
        ]
        text = "\n" * (pieces[0][0] - 1) + join_lines(pieces) if pieces else ""
        lines = text.count("\n") + 1
        places = tuple((page.uri, line) for line in range(1, lines + 1))
        return Program(page.uri, self.docs / page.uri, text, {}, places)

    def program_before(self, page: Page, line: int | None) -> str:
        """The program that a claim on this line of a page is about."""
        before = [
            listing
            for listing in page.listings
            if listing.claim is None and line and listing.line < line
        ]
        in_claim = [claim for claim in page.claims]
        for listing in reversed(before):
            if listing.program:
                return listing.program
            if not any(
                c.line < listing.line
                and c.line > 0
                and listing.line in {n - 1 for n, _ in c.code}
                for c in in_claim
            ):
                return page.uri
        if page.main in page.programs or (self.snippets / page.main).is_file():
            return page.main
        return page.uri

    def jobs(self) -> dict[str, tuple[Program, tuple[Claim, ...]]]:
        """Every program that a page refers to, with all claims about it."""
        claims: dict[str, list[Claim]] = {}
        for page in self.in_order():
            for name, found in page.checks().items():
                claims.setdefault(name, []).extend(found)
        jobs = {}
        for page in self.in_order():
            for name in page.programs:
                if name in jobs:
                    continue
                with contextlib.suppress(BookError):  # reported where it is named
                    jobs[name] = self.program(name), tuple(claims.get(name, []))
        return jobs

    def in_order(self) -> list[Page]:
        """The pages in the order in which they are read."""
        place = {uri: number for number, uri in enumerate(self.order)}
        return sorted(
            self.pages.values(),
            key=lambda page: (place.get(page.uri, len(place)), page.uri),
        )

    def breaks(self, program: str) -> list[Break]:
        """The changes that are known to break a program."""
        if program.endswith(".md") or program.startswith(ANSWERS):
            return []
        return read_breaks(self.snippets / program, program)

    # Checking ------------------------------------------------------------

    def judge(self) -> None:
        """Report failed programs, false claims and what a page quotes in vain."""
        for page in self.in_order():
            for name in page.programs:
                outcome = self.outcomes.get(name)
                if isinstance(outcome, Failure):
                    self.blame(page, outcome)
            for claim in page.claims:
                verdict = self.verdict(claim.program, claim.id)
                if verdict is not None and not verdict.held:
                    self.report(
                        BookError(
                            f"the claim does not hold: {verdict.message}",
                            page.uri,
                            claim.line,
                            claim.program,
                        )
                    )

    def blame(self, page: Page, failure: Failure) -> None:
        """Put a program's failure on a page that refers to it."""
        program = self.programs[failure.program]
        assert isinstance(program, Program)
        lines = [
            listing.line + 1
            for listing in page.listings
            if listing.program == failure.program
        ]
        lines += [
            slot.line
            for slot in page.slots
            if slot.program == failure.program and slot.line
        ]
        place = program.place(failure.line)
        if place and place[0] == page.uri:  # the page's own code
            self.report(BookError(failure.message, page.uri, place[1]))
            return
        name, line = place or (failure.program, None)
        self.report(
            BookError(
                failure.message, page.uri, lines[0] if lines else None, name, line
            )
        )

    def verdict(self, program: str, claim: str) -> Verdict | None:
        """What became of a claim, once its program has run."""
        record = self.outcomes.get(program)
        if not isinstance(record, Record):
            return None
        return next((v for v in record.verdicts if v.claim == claim), None)

    # Results -----------------------------------------------------------

    def record(self, program: str) -> Record | None:
        """The record of a program, or None while there is none."""
        outcome = self.outcomes.get(program)
        return outcome if isinstance(outcome, Record) else None

    def figure(self, program: str, name: str | None) -> Figure | None:
        """A figure that a program drew, or None while there is no record.

        Raises:
            BookError: it drew no such figure.
        """
        record = self.record(program)
        if record is None:
            return None
        if name not in record.figures:
            raise BookError(
                f"the program drew no figure '{name}' (`num=\"{name}\"`); "
                f"{choices(record.figures)}",
                program=program,
            )
        return record.figures[name]

    def number(self, program: str, name: str) -> Any:
        """A value from a program's `results`, by its dotted name.

        Raises:
            BookError: there is no such value.
            LookupError: there is no record yet.
        """
        if program == "published":
            value: Any = self.published
        else:
            record = self.record(program)
            if record is None:
                raise LookupError(program)
            value = record.results
        whole = name
        while name:
            if isinstance(value, dict):
                # A key may hold dots itself, as "0.5".
                known = [
                    key for key in value if name == key or name.startswith(f"{key}.")
                ]
                if known:
                    key = max(known, key=len)
                    value, name = value[key], name[len(key) + 1 :]
                    continue
            part, _, rest = name.partition(".")
            if (
                isinstance(value, list)
                and part.lstrip("-").isdigit()
                and -len(value) <= int(part) < len(value)
            ):
                value, name = value[int(part)], rest
                continue
            where = (
                "the published values have" if program == "published" else "results has"
            )
            raise BookError(
                f"{where} no '{whole}'; {choices(value)}",
                program=None if program == "published" else program,
            )
        return value

    def value(self, slot: Slot, page: Page) -> str:
        """A number as text; errors are reported, and shown in its place."""
        try:
            value = self.number(slot.program, slot.name or "")
            return format(value, slot.spec)
        except LookupError:
            return WAITING
        except BookError as error:
            problem = error.problem
        except (ValueError, TypeError) as error:
            problem = f"cannot format {slot.name}:{slot.spec}: {error}"
        return self.report(
            BookError(
                problem,
                page.uri,
                slot.line,
                None if slot.program == "published" else slot.program,
            )
        )

    # Filling -----------------------------------------------------------

    def show(self, slot: Slot, page: Page) -> str:
        """The HTML of a slot."""
        return getattr(self, f"show_{slot.kind}")(slot, page)

    def show_number(self, slot: Slot, page: Page) -> str:
        return escape(self.value(slot, page))

    def tex(self, slot: Slot, page: Page) -> str:
        """The TeX of a formula, with the numbers it quotes."""
        return NUMBER.sub(
            lambda m: self.value(number_slot(page, m), page), slot.name or ""
        )

    def show_tex(self, slot: Slot, page: Page) -> str:
        return escape(self.tex(slot, page))

    def show_formula(self, slot: Slot, page: Page) -> str:
        answer = self.katex.render([(self.tex(slot, page), bool(slot.data))])[0]
        if "error" in answer:
            return escape(
                self.report(
                    BookError(f"wrong formula: {answer['error']}", page.uri, slot.line)
                )
            )
        return answer["html"]

    def prepare_formulas(self) -> None:
        """Render all formulas of the book at once, and report wrong ones."""
        found = [
            (slot, page)
            for page in self.in_order()
            for slot in page.slots
            if slot.kind == "formula"
        ]
        self.katex.render(
            [(self.tex(slot, page), bool(slot.data)) for slot, page in found]
        )
        for slot, page in found:
            self.show_formula(slot, page)

    def show_figure(self, slot: Slot, page: Page) -> str:
        alt = escape(fill(slot.alt, page, self))
        try:
            figure = self.figure(slot.program, slot.name)
        except BookError as error:
            return self.wrong(error.problem, page, slot)
        if figure is None:
            return self.coming(slot.program)
        images = []
        for look in ("light", "dark"):
            source = page.to(figure_path(slot.program, slot.name or "", look))
            images.append(
                f'<img class="on-{look}" alt="{alt}" loading="lazy" src="{source}" '
                f'width="{figure.width}" height="{figure.height}">'
            )
        return "".join(images)

    def wrong(self, problem: str, page: Page, slot: Slot) -> str:
        """Report an error at a slot, and show it there."""
        error = BookError(problem, page.uri, slot.line, slot.program or None)
        self.report(error)
        return problem_html(error)

    def coming(self, program: str) -> str:
        """What stands where a figure or output is not there yet."""
        if isinstance(self.outcomes.get(program), Failure):
            return '<span class="book-running">not there: the program failed</span>'
        return f'<span class="book-running">{WAITING}</span>'

    def show_output(self, slot: Slot, page: Page) -> str:
        record = self.record(slot.program)
        if record is None:
            return self.coming(slot.program)
        try:
            program = self.program(slot.program)
        except BookError as error:
            return problem_html(error)
        first, last = 0, 10**9
        if slot.data:
            first, last = slot.data
        elif slot.name:
            first, last = program.sections.get(slot.name, (0, -1))
        text = record.printed(first, last).rstrip("\n")
        if not text and slot.data is None:
            return self.wrong("this section prints nothing", page, slot)
        return f"<pre><code>{escape(text, quote=False)}\n</code></pre>"

    def show_cell(self, slot: Slot, page: Page) -> str:
        """What a cell of a notebook of answers printed and drew."""
        record = self.record(slot.program)
        if record is None:
            return self.coming(slot.program)
        first, last, names, alt = slot.data
        printed = escape(record.printed(first, last).rstrip("\n"), quote=False)
        parts = (
            [f'<div class="highlight output"><pre><code>{printed}\n</code></pre></div>']
            if printed
            else []
        )
        for name in names:
            inner = Slot("figure", slot.line, slot.program, name, alt=alt)
            if name in record.figures:
                parts.append(
                    '<figure class="book-figure">'
                    f"{self.show_figure(inner, page)}</figure>"
                )
        return "".join(parts)

    def show_margin(self, slot: Slot, page: Page) -> str:
        """Under a claim: what was measured, what was asked, what breaks it."""
        statement = next(c for c in page.claims if c.id == slot.name)
        return self.margin(statement.program, statement.id)

    def margin(self, program: str, claim: str) -> str:
        """The margin of a claim and the breaks that make it fail, as HTML."""
        verdict = self.verdict(program, claim)
        if verdict is None:
            return WAITING
        parts = [
            f"<code>{escape(c.left)} {escape(c.operator)} {escape(c.right)}</code>: "
            f"{shorten(c.left_value)} {escape(c.operator)} {shorten(c.right_value)}"
            for c in verdict.comparisons
        ]
        shown = "; ".join(parts) or "held" if verdict.held else escape(verdict.message)
        failing = [b.name for b in self.breaks(program) if claim in b.fails]
        if failing:
            shown += ". Fails with: " + "; ".join(map(escape, failing))
        return f"Measured: {shown}." if verdict.held else shown

    def show_reference(self, slot: Slot, page: Page) -> str:
        """The number of what an empty link leads to."""
        path, _, anchor = (slot.name or "").partition("#")
        uri = (
            posixpath.normpath(posixpath.join(posixpath.dirname(page.uri), path))
            if path
            else page.uri
        )
        there = self.pages.get(uri)
        text = there.labels.get(anchor) if there and anchor else None
        if not anchor and (number := self.numbers.get(uri)):
            word = self.words["section" if "." in number else "chapter"]
            text = f"{word.lower()} {number}"
        if text is None:
            return self.wrong(f"nothing numbered stands behind {slot.name}", page, slot)
        return escape(text)

    def show_status(self, slot: Slot, page: Page) -> str:
        """At the top of a page that is served: what is wrong or running."""
        problems = "".join(
            f"<p><code>{escape(str(error))}</code></p>"
            for error in self.errors.get(page.uri, [])
        )
        parts = []
        if problems:
            parts.append(
                '<div class="admonition failure book-error"><p '
                'class="admonition-title">This page has mistakes</p>'
                f"{problems}</div>"
            )
        waiting = [
            name
            for name in page.programs
            if name not in self.outcomes
            and name in self.programs
            and not isinstance(self.programs[name], BookError)
        ]
        if waiting:
            names = ", ".join(
                f"{escape(name)} ({self.status.get(name, 'waits')})" for name in waiting
            )
            parts.append(
                '<div class="admonition note book-running"><p class="admonition-title">'
                "Figures and numbers of this page are coming</p><p>Its programs have "
                f"not run yet: {names}. The page fills in by itself.</p></div>"
            )
        return "".join(parts)

    def show_downloads(self, slot: Slot, page: Page) -> str:
        """The line that offers the page's programs."""
        names = [
            name
            for name in page.programs
            if not name.endswith(".md")
            and (not name.startswith(ANSWERS) or name == page.uri)
        ]
        own = [name for name in names if self.is_shown(name, page)]
        if not own:
            return ""
        notebook = page.to(f"programs/{download_name(page.uri)}.ipynb")
        links = "".join(
            f"<span><code>{posixpath.basename(name)}</code> "
            f'<a href="{page.to(f"programs/{download_name(name)}.py")}" '
            f'data-program="{escape(name)}" '
            f"download>{self.words['python']}</a></span>"
            for name in own
        )
        links += (
            f'<span><a href="{notebook}" download>{self.words["notebook"]}</a></span>'
        )
        if (question := page.question_page) and self.has_page(question):
            links += (
                f'<span><a href="{page.to(self.urls[question])}">'
                f"{self.words['question']}s</a></span>"
            )
        return f'<p class="programs">{links}</p>'

    def is_shown(self, name: str, page: Page) -> bool:
        """Whether a page shows code of a program, and not only its results."""
        return name == page.uri or any(
            listing.program == name for listing in page.listings
        )

    def show_programs(self, slot: Slot, page: Page) -> str:
        """The whole text of each program of the page, folded."""
        return "".join(
            '<details class="whole-program"><summary>'
            f"{self.words['whole']}: <code>{escape(name)}</code></summary>"
            f'<div class="highlight"><pre><code>'
            f"{escape(whole_text(self.programs[name]), quote=False)}"
            "</code></pre></div></details>"
            for name in page.programs
            if not name.endswith(".md")
            and self.is_shown(name, page)
            and isinstance(self.programs.get(name), Program)
        )

    def show_claims(self, slot: Slot, page: Page) -> str:
        """All claims of the book, page by page in reading order."""
        parts = []
        for other in self.in_order():
            if not other.claims:
                continue
            target = page.to(self.urls.get(other.uri, other.uri))
            title = self.titles.get(other.uri, other.uri)
            parts.append(
                f'<h2 id="{escape(other.uri)}"><a href="{target}">{title}</a></h2><ol>'
            )
            parts += [
                f'<li><a href="{target}#{claim.id}">'
                f"{fill(claim.sentence, other, self, late=True)}</a>"
                f'<p class="claim-margin">{self.margin(claim.program, claim.id)}</p>'
                "</li>"
                for claim in other.claims
            ]
            parts.append("</ol>")
        return "".join(parts)

    def show_bibliography(self, slot: Slot, page: Page) -> str:
        """The list of references."""
        rows = [
            f'<li id="ref-{escape(key)}">{entry["html"]}</li>'
            for key, entry in self.references.items()
        ]
        return '<ul class="bibliography">' + "".join(rows) + "</ul>"

    def show_pdf(self, slot: Slot, page: Page) -> str:
        """The link to the PDF, in a build that makes one."""
        if not self.pdf:
            return ""
        return f' (<a href="{page.to(self.pdf)}">download</a>)'


def figure_path(program: str, name: str, look: str) -> str:
    """Where in the site a figure lies."""
    tail = "" if look == "light" else "-dark"
    return f"figures/{program.removesuffix('.py')}/{name}{tail}.svg"


def figure_files(program: str, figures: dict[str, Figure]) -> Iterable[tuple[str, str]]:
    """The files of a program's figures: their path in the site, and their SVG."""
    for name, figure in figures.items():
        yield figure_path(program, name, "light"), figure.svg
        yield figure_path(program, name, "dark"), darken(figure.svg)


def download_name(name: str) -> str:
    """What a page or program is called when it is downloaded: `cnn-index`."""
    stem = re.sub(r"\.(py|md)$", "", name)
    if stem.startswith(ANSWERS):
        stem = stem.removeprefix(ANSWERS) + "-answers"
    return stem.replace("/", "-")


def whole_text(program: Program | BookError) -> str:
    """A program without the marks of its sections."""
    return program.section(None) if isinstance(program, Program) else ""


def page_from_file(docs: Path, uri: str) -> Page:
    """A page, as it stands in its file.

    Raises:
        BookError: it is missing or not UTF-8.
    """
    return Page(uri, read_text(docs / uri, uri, page=True))
