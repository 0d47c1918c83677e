"""All pages, programs and records of one build: what refers to what, what has to run, and what fills the slots."""

from __future__ import annotations

import contextlib
import posixpath
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

from bookbuild.errors import BookError
from bookbuild.pages import questions
from bookbuild.pages.faces import Faces
from bookbuild.pages.maths import Katex
from bookbuild.pages.page import Page, join_lines
from bookbuild.pages.slots import (
    WAITING,
    Slot,
)
from bookbuild.pages.svg import reversed_at_night
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
    "and": "and",
    "answer": "Answer",
    "break_it": "Break it: this book keeps broken versions of `{program}` "
    "({count}). Write assertions into `mine.py` that hold for the right program and "
    "fail for each of them; `python -m bookbuild grade {program} mine.py` runs all "
    "and says which you have caught.",
    "breaks": "Fails with",
    "cited": "Cited in",
    "claim": "Claim",
    "contents": "Contents",
    "decks": "All questions of the book: [cards for Anki]({anki}), [a package for "
    "learning platforms (QTI 2.1)]({qti}).",
    "download": "download",
    "edition": "Edition of {date.day} {date:%B %Y}",
    "figure": "Figure",
    "holds": "it holds",
    "index": "Index",
    "install": "Run with these versions; to install them:",
    "measured": "Measured",
    "needs": "Builds on",
    "notebook": "Notebook",
    "others": "et al.",
    "page": "p.",
    "plain": "This notebook needs Python's standard library only.",
    "preface": "Preface",
    "program": "Program",
    "programs": "Programs",
    "python": "Python",
    "question": "Exercise",
    "questions": "Exercises",
    "reading": "{minutes} minutes to read",
    "right": "Right",
    "running": "runs in {seconds} s",
    "to_chapter": "chapter",
    "to_claim": "claim",
    "to_equation": "equation",
    "to_figure": "figure",
    "to_section": "section",
    "whole": "The whole program",
    "wrong": "No",
}


@dataclass
class Book:
    """A book while it is built.

    Attributes:
        root: its folder; docs, snippets: of its pages and programs.
        faces: the fonts of its drawings.
        answers: the folder, below docs, of pages with answers.
        words: those the book itself writes, as "Figure".
        wording: patterns to what the text says instead on paper.
        references: BibTeX key to {"cited", "html", "plain"}.
        published: values from elsewhere, by dotted name.
        expected: seconds that programs take.
        bibliography: the page with the list of references.
        live: the script of live figures, below docs.
        pages, programs, outcomes: by name.
        urls: where in the site a file of the pages' folder is.
        numbers: page to "1.2"; order: pages as they are read.
        reading: the page that is being parsed.
        errors: what is wrong, by page.
        status: how far the run is, for pages that wait for it.
        requirements: options of pip to the distributions they install.
        reset: code that a page's notebook runs between two programs.
    """

    root: Path
    docs: Path
    snippets: Path
    katex: Katex
    faces: Faces
    answers: str = "solutions"
    words: dict[str, str] = field(default_factory=lambda: dict(WORDS))
    wording: dict[str, str] = field(default_factory=dict)
    references: dict[str, dict[str, str]] = field(default_factory=dict)
    published: dict[str, Any] = field(default_factory=dict)
    expected: dict[str, float] = field(default_factory=dict)
    bibliography: str = "bibliography.md"
    live: str = "assets/live.js"
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
    status: str = ""
    pdf: str | None = None
    requirements: dict[str, list[str]] = field(default_factory=dict)
    reset: str = ""

    # Finding -----------------------------------------------------------

    def is_answers(self, uri: str) -> bool:
        """Whether something is a page of answers."""
        return uri.startswith(f"{self.answers}/") and uri.endswith(".py")

    def number_on(self, uri: str, place: int) -> str:
        """The number of a page's figure, claim or exercise: "1.2.3"."""
        number = self.numbers.get(uri)
        return f"{number}.{place}" if number else f"{place}"

    def answers_to(self, uri: str) -> str | None:
        """The page with the answers to a page's exercises, if there is one."""
        answers = f"{self.answers}/{uri.removesuffix('.md')}.py"
        return answers if answers in self.uris else None

    def question_of(self, uri: str) -> str | None:
        """The page whose exercises a page of answers answers, if there is one."""
        if not self.is_answers(uri):
            return None
        question = uri.removeprefix(f"{self.answers}/").removesuffix(".py") + ".md"
        return question if question in self.uris else None

    def download_name(self, name: str) -> str:
        """What a page or program is called when it is downloaded: `cnn-index`."""
        stem = name.removesuffix(".py").removesuffix(".md")
        if self.is_answers(name):
            stem = stem.removeprefix(f"{self.answers}/") + "-answers"
        return stem.replace("/", "-")

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

    def begin(self, page: Page, text: str, meta: dict[str, Any]) -> None:
        """Begin to read a page: `text` is its source below the front matter."""
        self.pages[page.uri] = self.reading = page
        page.offset = page.text.count("\n") - text.count("\n")
        if page.offset == 0 and page.text.startswith("---"):
            problem = "the front matter, between the lines ---, is no YAML of names "
            problem += f"and values{yaml_problem(page.text)}"
            self.report(BookError(problem, page.uri, 1))
        constants = meta.get("constants") or []
        if isinstance(constants, list):
            page.constants = tuple(map(str, constants))
        else:
            problem = "'constants:' is a list; write each on a line of its own, after -"
            self.report(BookError(problem, page.uri, page.line_of("constants:")))

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
        if name.endswith(questions.ENDING):
            return questions.as_program(name, self.snippets)
        folder = self.docs if self.is_answers(name) else self.snippets
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

    def needs(self, page: Page, most: int = 3) -> list[str]:
        """The earlier pages that a page leads to most, in reading order.

        A page that leads to none of them builds on the first of its chapter.
        """
        before: dict[str, int] = {}
        for uri in self.order:
            if uri == page.uri:
                break
            if uri in self.pages and uri in self.numbers:
                before[uri] = page.links.count(uri)
        chosen = sorted(before, key=lambda uri: -before[uri])[:most]
        first = posixpath.join(posixpath.dirname(page.uri), "index.md")
        return [uri for uri in before if uri in chosen and before[uri]] or [
            uri for uri in before if uri == first
        ]

    def seconds(self, programs: Iterable[str]) -> float | None:
        """CPU seconds that programs are expected to take together."""
        known = [self.expected.get(name) for name in programs]
        if all(value is None for value in known):
            return None
        return sum(value for value in known if value is not None)

    def breaks(self, program: str) -> list[Break]:
        """The changes that are known to break a program."""
        if not program.endswith(".py") or self.is_answers(program):
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
            BookError: there is no such value, or no such program.
            LookupError: there is no record yet.
        """
        if program == "published":
            value: Any = self.published
        else:
            record = self.record(program)
            if record is None:
                self.program(program)
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


def figure_path(program: str, name: str, look: str) -> str:
    """Where in the site a figure lies."""
    tail = "" if look == "light" else "-dark"
    return f"figures/{program.removesuffix('.py')}/{name}{tail}.svg"


def live_numbers(record: Record) -> dict[str, Any]:
    """What the live figures of a program need, by name: its `results["live"]`."""
    numbers = record.results.get("live")  # which may be a result like any other
    return numbers if isinstance(numbers, dict) else {}


def live_path(program: str, name: str) -> str:
    """Where in the site the numbers of a live figure lie."""
    return f"figures/{program.removesuffix('.py')}/{name}.js"


def figure_files(program: str, figures: dict[str, Figure]) -> Iterable[tuple[str, str]]:
    """The files of a program's figures: their path in the site, and their SVG."""
    for name, figure in figures.items():
        yield figure_path(program, name, "light"), figure.svg
        dark = reversed_at_night(darken(figure.svg))
        yield figure_path(program, name, "dark"), dark


def yaml_problem(text: str) -> str:
    """What YAML says of the front matter of a page, in brackets."""
    head = text.split("\n---", 1)[0].removeprefix("---")
    try:
        yaml.safe_load(head)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        return f" ({error.problem}, line {mark.line + 1})" if mark else ""
    except yaml.YAMLError:
        pass
    return ""


def page_from_file(docs: Path, uri: str) -> Page:
    """A page, as it stands in its file.

    Raises:
        BookError: it is missing or not UTF-8.
    """
    return Page(uri, read_text(docs / uri, uri, page=True))
