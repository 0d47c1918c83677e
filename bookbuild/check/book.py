"""A book as its tests see it: what stands on its pages, without building the site, and the runner that has the answers."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import markdown as python_markdown
from mkdocs.config import load_config
from mkdocs.exceptions import MkDocsException
from mkdocs.structure.files import get_files
from mkdocs.structure.nav import get_navigation
from mkdocs.utils.meta import get_data

from bookbuild.building import make_runner, open_book, prepare_markdown
from bookbuild.errors import BookError
from bookbuild.pages import numbering
from bookbuild.pages.book import Book, page_from_file
from bookbuild.pages.page import Listing, Page, Statement
from bookbuild.plugin import BookConfig, plugin_of
from bookbuild.run.breaks import Break, read_breaks
from bookbuild.run.program import Change, Program, programs_in, read_text
from bookbuild.run.reads import file_hash
from bookbuild.run.record import Claim, Failure, Outcome, Record, Verdict
from bookbuild.run.runner import Runner


class CheckedBook:
    """A book whose fences, claims and breaks can be checked one by one.

    Args:
        root: the folder of mkdocs.yml.
        fresh: whether to run everything again, and compare with what is known.
        cluster: the address of a Dask scheduler, in place of that in mkdocs.yml.
    """

    def __init__(
        self, root: Path, fresh: bool = False, cluster: str | None = None
    ) -> None:
        self.root, self.fresh, self.cluster = Path(root).resolve(), fresh, cluster
        self.futures: dict[tuple[str, str], Any] = {}
        self.before: dict[str, Record | None] = {}

    # Reading -----------------------------------------------------------

    @cached_property
    def config(self) -> Any:
        """The configuration of MkDocs."""
        try:
            return load_config(str(self.root / "mkdocs.yml"))
        except MkDocsException as error:
            raise BookError(str(error)) from error

    @cached_property
    def settings(self) -> BookConfig:
        """The settings of the book."""
        settings = plugin_of(self.config).config
        settings.cluster = self.cluster or settings.cluster
        return settings

    @cached_property
    def runner(self) -> Runner:
        """A runner, with the store that the build uses too."""
        return make_runner(self.root, self.settings, Path(self.config.docs_dir))

    @cached_property
    def book(self) -> Book:
        """The book, with all its pages read; they come from the store if they can."""
        book = open_book(self.config, self.settings, self.runner.store)
        files = get_files(self.config)
        for file in list(files):
            if book.is_answers(file.src_uri) or file.is_documentation_page():
                book.uris.add(file.src_uri)
        nav = get_navigation(files, self.config)
        book.numbers = numbering.number_pages(nav)
        book.order = [page.file.src_uri for page in nav.pages]
        for uri in sorted(u for u in book.uris if u.endswith(".md")):
            book.pages[uri] = page_from_file(book.docs, uri)
        self.read_pages(book)
        for uri in sorted(book.uris - book.pages.keys()):
            book.pages[uri] = Page(uri, read_text(book.docs / uri, uri), programs=[uri])
        return book

    def read_pages(self, book: Book) -> None:
        """Fill in what stands on the pages."""
        key = self.state(book)
        kept = self.runner.store.get("pages", key)
        if isinstance(kept, dict) and kept.keys() == book.pages.keys():
            for uri, known in kept.items():
                page = book.pages[uri]
                page.listings = [Listing(**entry) for entry in known["listings"]]
                page.claims = [
                    Statement(
                        **{
                            **entry,
                            "code": [(line, code) for line, code in entry["code"]],
                        }
                    )
                    for entry in known["claims"]
                ]
                page.programs = known["programs"]
                page.texts = [tuple(entry) for entry in known["texts"]]
                page.terms = [tuple(entry) for entry in known["terms"]]
                page.figures = known["figures"]
                page.constants = tuple(known["constants"])
            return
        prepare_markdown(self.config, book)
        for page in book.pages.values():
            text, meta = get_data(page.text)
            book.begin(page, text, meta)
            python_markdown.Markdown(
                extensions=self.config.markdown_extensions,
                extension_configs=self.config.mdx_configs,
            ).convert(text)
        book.reading = None
        if not book.errors:
            self.runner.store.put(
                "pages",
                key,
                {
                    uri: {
                        "listings": [asdict(entry) for entry in page.listings],
                        "claims": [asdict(entry) for entry in page.claims],
                        "programs": page.programs,
                        "texts": page.texts,
                        "terms": page.terms,
                        "figures": page.figures,
                        "constants": list(page.constants),
                    }
                    for uri, page in book.pages.items()
                },
            )

    def state(self, book: Book) -> str:
        """A key that changes with anything the reading of pages depends on."""
        machinery = self.runner.store.machinery(self.runner.face)
        digest = hashlib.sha256(machinery.encode())
        here = Path(__file__).parent.parent / "pages"
        files = [
            *sorted(here.glob("*.py")),
            self.root / "mkdocs.yml",
            *programs_in(book.snippets),
        ]
        files += [
            self.root / name
            for name in (self.settings.references, self.settings.published)
            if name
        ]
        for path in files:
            digest.update(f"{path.name} {file_hash(path)}\0".encode())
        for uri, page in sorted(book.pages.items()):
            digest.update(f"{uri}\0{page.text}\0".encode())
        return digest.hexdigest()[:24]

    # Running -------------------------------------------------------------

    def close(self) -> None:
        """Stop programs that nobody waits for any more."""
        if "runner" in vars(self):
            self.runner.close()

    @cached_property
    def jobs(self) -> dict[str, tuple[Program, tuple[Claim, ...]]]:
        """Every program, with the claims about it."""
        return self.book.jobs()

    def start(self, program: str, broken: Break | None = None) -> Any:
        """Have a program run, or one of its breaks; a future of the outcome."""
        key = program, broken.name if broken else ""
        if key not in self.futures:
            known, claims = self.jobs[program]
            if self.fresh and broken is None:
                self.before[program] = self.runner.load(known, claims=claims)
            self.futures[key] = self.runner.submit(
                known,
                changes=broken.changes if broken else (),
                claims=claims,
                fresh=self.fresh,
            )
            if broken and broken.shorter:
                self.start(program, only_shorter(broken))
        return self.futures[key]

    def outcome(self, program: str, broken: Break | None = None) -> Outcome:
        """What became of a program.

        Raises:
            BookError: no page refers to it.
        """
        if program not in self.jobs:
            raise BookError("no page refers to this program", program=program)
        return self.start(program, broken).result()

    # Checking ------------------------------------------------------------

    def fence(self, uri: str, line: int) -> tuple[str, Statement | None]:
        """The program that a fence on a line of a page is about, and its claim."""
        page = self.book.pages[uri]
        for listing in page.listings:
            if listing.line == line:
                claim = next((c for c in page.claims if c.id == listing.claim), None)
                return claim.program if claim else listing.program or uri, claim
        return uri, None

    def check_page(self, uri: str, line: int) -> None:
        """Check the fence on a line of a page.

        Raises:
            AssertionError: its program failed, or its claim does not hold.
        """
        for error in self.book.errors.get(uri, []):
            raise AssertionError(str(error))
        name, claim = self.fence(uri, line)
        outcome = self.outcome(name)
        if isinstance(outcome, Failure):
            raise AssertionError(str(self.as_error(outcome, uri, line)))
        if claim:
            verdict = verdict_of(outcome, claim.id)
            if verdict is None or not verdict.held:
                message = verdict.message if verdict else "the claim was not checked"
                raise AssertionError(f"{uri}, line {claim.line} -> {name}: {message}")
        if self.fresh:
            self.compare(name, outcome)

    def compare(self, name: str, outcome: Record) -> None:
        """See that a program that ran again gave the same as before."""
        before = self.before.get(name)
        if before is not None and (before.results, before.output) != (
            outcome.results,
            outcome.output,
        ):
            raise AssertionError(
                f"{name} gives other results than in its last run: is everything "
                "seeded?"
            )

    def other_seeds(self, program: str, more: int) -> Break | None:
        """The program with a number added to each of its seeds; None if it has none."""
        text = self.jobs[program][0].text
        changes = tuple(
            Change(before, f"{before}{more} + ")
            for before in self.settings.seeds
            if before in text
        )
        return Break(f"seeds + {more}", changes, ()) if changes else None

    def breaks(self, program: str) -> list[Break]:
        """The breaks of a program."""
        return read_breaks(self.book.snippets / program, program)

    def check_break(self, program: str, broken: Break) -> None:
        """See that a broken program makes the claims fail that it should.

        Raises:
            AssertionError: a claim holds all the same, or does not exist.
        """
        where = f"{program.removesuffix('.py')}.breaks.toml, {broken.name!r}"
        try:
            outcome = self.outcome(program, broken)
        except BookError as error:
            raise AssertionError(f"{where}: {error}") from error
        if broken.shorter:
            self.check_shorter(program, broken, where)
        if isinstance(outcome, Failure):
            raise AssertionError(
                f"{where}: the broken program ends before any claim "
                f"is checked: {outcome.message}"
            )
        if not broken.fails:
            raise AssertionError(f"{where}: names no claim that must fail")
        known = {verdict.claim for verdict in outcome.verdicts}
        for claim in broken.fails:
            if claim not in known:
                raise AssertionError(
                    f"{where}: there is no claim {claim}; there is: "
                    + ", ".join(sorted(known))
                )
            verdict = verdict_of(outcome, claim)
            if verdict is not None and verdict.held:
                raise AssertionError(f"{where}: {claim} holds all the same")

    def check_shorter(self, program: str, broken: Break, where: str) -> None:
        """See that it is the break that makes claims fail, not the shorter run.

        Raises:
            AssertionError: a claim fails in the program that is only shorter.
        """
        outcome = self.outcome(program, only_shorter(broken))
        if isinstance(outcome, Failure):
            raise AssertionError(
                f"{where}: the shorter program fails without the break too: "
                f"{outcome.message}"
            )
        for claim in broken.fails:
            verdict = verdict_of(outcome, claim)
            if verdict is not None and not verdict.held:
                raise AssertionError(
                    f"{where}: {claim} fails in the shorter program without the "
                    f"break too: {verdict.message}"
                )

    def as_error(self, failure: Failure, uri: str, line: int) -> BookError:
        """A failure as an error with its places."""
        program, _ = self.jobs[failure.program]
        name, number = program.place(failure.line) or (failure.program, None)
        return BookError(failure.message, uri, line, name, number)


def only_shorter(broken: Break) -> Break:
    """The program of a break without the break, as short as it runs there."""
    changes = broken.shorter
    name = "shorter: " + "; ".join(f"{c.old} -> {c.new}" for c in changes)
    return Break(name, changes, broken.fails)


def verdict_of(record: Record, claim: str) -> Verdict | None:
    """The verdict on one claim."""
    return next((v for v in record.verdicts if v.claim == claim), None)
