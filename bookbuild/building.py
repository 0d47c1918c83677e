"""What a build does, apart from answering MkDocs's events: settings to a book, records to files of the site."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import filelock
from mkdocs.structure.files import File
from mkdocs.utils import CountHandler

from bookbuild.errors import BookError
from bookbuild.pages import notebooks, questions
from bookbuild.pages.book import WORDS, Book, figure_files, live_numbers, live_path
from bookbuild.pages.card import card
from bookbuild.pages.citations import read_references
from bookbuild.pages.extension import NEEDED, BookExtension
from bookbuild.pages.faces import Faces
from bookbuild.pages.maths import Katex
from bookbuild.pages.page import Page
from bookbuild.pages.show import fill
from bookbuild.pages.svg import lighter
from bookbuild.pages.terms import plain
from bookbuild.run.pool import Pool, available_cores
from bookbuild.run.program import programs_in
from bookbuild.run.record import Claim, Failure, Outcome, Record
from bookbuild.run.runner import AnyPool, Runner
from bookbuild.run.store import Store

if TYPE_CHECKING:
    from bookbuild.plugin import BookConfig

log = logging.getLogger("mkdocs.plugins.bookbuild")
BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


@dataclass
class Build:
    """One build of the site, from reading the pages to writing them."""

    book: Book
    config: Any
    files: Any = None
    nav: Any = None
    env: Any = None
    pages: dict[str, Any] = field(default_factory=dict)  # MkDocs's, by URI
    contents: dict[str, str] = field(default_factory=dict)  # HTML with slots
    titles: dict[str, str] = field(default_factory=dict)  # the same
    cells: dict[str, list[notebooks.Cell]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)  # terms to their meaning
    jobs: dict[str, tuple[Any, tuple[Claim, ...]]] = field(default_factory=dict)
    letters: set[str] = field(default_factory=set)  # of its text, beyond ASCII
    new_answers: list[Any] = field(default_factory=list)  # files not seen before

    @property
    def site(self) -> Path:
        """The folder the site is written to."""
        return Path(self.config.site_dir)


def root_of(config: Any) -> Path:
    """The folder of a book."""
    return Path(config.config_file_path).resolve().parent


def open_book(config: Any, settings: BookConfig, store: Store) -> Book:
    """A book with nothing read yet but its settings and references."""
    root = root_of(config)
    book = Book(
        root=root,
        docs=Path(config.docs_dir),
        snippets=root / settings.programs,
        answers=settings.answers,
        katex=Katex(root / "node_modules", settings.macros, store),
        words=WORDS | settings.words,
        wording=settings.on_paper,
        bibliography=settings.bibliography,
        live=settings.live,
        reset=settings.reset,
        faces=Faces(face_files(root, settings), store),
    )
    try:
        if settings.references:
            book.references = read_references(
                root / settings.references, settings.references, store, book.words
            )
        if settings.published:
            book.published = read_toml(root, settings.published)
        book.expected = read_expected(root, settings.expected)
        book.requirements = {
            options: requirements(root / name)
            for name, options in settings.requirements.items()
        }
    except BookError as error:
        book.report(error)
    return book


def make_runner(root: Path, settings: BookConfig, docs: Path) -> Runner:
    """The runner of a book, with the pool that its settings ask for.

    Raises:
        BookError: the file of expected times is wrong.
    """

    def pool(root: Path, preload: Any, limit: float) -> AnyPool:
        if settings.cluster:
            from bookbuild.run.cluster import ClusterPool

            return ClusterPool(settings.cluster, root, preload, limit)
        return Pool(root, preload, limit, start=settings.start)

    return Runner(
        Store(root / ".cache" / "bookbuild", root),
        pool,
        root,
        float(settings.limit),
        settings.preload,
        read_expected(root, settings.expected),
        tuple(
            Path(os.path.relpath(folder, root)).as_posix()
            for folder in (docs, root / settings.programs)
        ),
        face_files(root, settings),
    )


def face_files(root: Path, settings: BookConfig) -> list[Path]:
    """The font files of the face in which figures are written.

    Raises:
        BookError: one is missing.
    """
    return [
        path for pattern in settings.face for path in front_end_files(root, pattern)
    ]


def read_expected(root: Path, name: str | None) -> dict[str, float]:
    """The seconds that programs are expected to take, by program.

    Raises:
        BookError: the file of expected times is wrong.
    """
    if not name or not (root / name).exists():
        return {}
    try:
        seconds = read_toml(root, name)["seconds"]
        return {program: float(value) for program, value in seconds.items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BookError(
            "it has a table [seconds] with a number for each program", name
        ) from error


def prepare_markdown(config: Any, book: Book) -> None:
    """Add what the book's syntax stands on, and the book's own extension."""
    extensions = [
        e for e in config.markdown_extensions if not isinstance(e, BookExtension)
    ]
    for name, settings in NEEDED.items():
        if name not in extensions:
            extensions.append(name)
            config.mdx_configs.setdefault(name, dict(settings))
    # pymdownx.snippets looks below the working directory otherwise.
    config.mdx_configs.setdefault("pymdownx.snippets", {})["base_path"] = [
        str(book.snippets)
    ]
    config.markdown_extensions = [*extensions, BookExtension(book)]


def progress(
    name: str, outcome: Outcome, done: int, of: int, passed: float, left: float
) -> str:
    """A line of the log for a program that has ended."""
    how = "failed" if isinstance(outcome, Failure) else f"{outcome.cpu:.1f} s"
    return (
        f"[{done}/{of}] {name}: {how} ({passed:.0f} s so far, about {left:.0f} s left)"
    )


def left(build: Build, runner: Runner) -> float:
    """Seconds until all programs of a build will probably have run."""
    known = {name: runner.expected(name) for name in build.jobs}
    usual = [seconds for seconds in known.values() if seconds is not None] or [5.0]
    mean = sum(usual) / len(usual)
    waiting = [
        mean if seconds is None else seconds
        for name, seconds in known.items()
        if name not in build.book.outcomes
    ]
    return sum(waiting) / available_cores()


def read_toml(root: Path, name: str) -> dict[str, Any]:
    """A TOML file of the book.

    Raises:
        BookError: it is missing or wrong.
    """
    try:
        return tomllib.loads((root / name).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BookError(f"cannot be read: {error}", name) from error


def requirements(path: Path) -> list[str]:
    """The distributions that a requirements file installs.

    Raises:
        BookError: it is missing.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BookError(f"cannot be read: {error}", path.name) from error
    return [
        line.partition("==")[0].strip()
        for line in lines
        if "==" in line and not line.startswith(("#", " "))
    ]


def fill_toc(items: Any, source: Page, book: Book) -> None:
    """Fill the slots in a table of contents."""
    for item in items:
        item.with_slots = getattr(item, "with_slots", item.title)
        item.title = fill(item.with_slots, source, book)
        fill_toc(item.children, source, book)


def write_figures(build: Build, name: str, outcome: Outcome) -> None:
    """Write the figures of a program into the site, and what drives the live ones."""
    if isinstance(outcome, Record):
        for path, svg in figure_files(name, outcome.figures):
            write(build.site / path, build.book.faces.embedded(lighter(svg)))
        for figure, numbers in live_numbers(outcome).items():
            told = json.dumps([figure, numbers], separators=(",", ":"))
            write(build.site / live_path(name, figure), f"live.take(...{told})\n")


def write_downloads(build: Build) -> None:
    """Write what readers download: programs, and pages as notebooks."""
    book, folder = build.book, build.site / "programs"
    for name, (program, _) in build.jobs.items():
        if name.endswith(".py") and name not in build.cells:
            write(
                folder / f"{book.download_name(name)}.py",
                notebooks.percent_program(program.text),
            )
    for uri, page in book.pages.items():
        target = folder / f"{book.download_name(uri)}.ipynb"
        if uri in build.cells:
            cells = notebooks.in_prose(build.cells[uri], page, book)
            write(target.with_suffix(".py"), notebooks.as_program(cells))
            record = book.record(uri)
            write(target, notebooks.answers_notebook(cells, record, book))
        elif any(listing.program for listing in page.listings):
            write(target, notebooks.page_notebook(page, book))
    for file, content in questions.decks(book).items():
        path = build.site / "questions" / file
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)


def write_cards(build: Build, background: str | None) -> None:
    """Write the pictures that other sites show beside links, which need an address.

    Args:
        background: the picture on which titles are written, among the pages.
    """
    if not build.config.site_url or not background:
        return
    name, face = build.config.site_name, build.book.faces.files
    for uri, page in build.pages.items():
        home = page.is_homepage
        number = build.book.numbers.get(uri, "")
        above = "" if home else f"{name} {number}".rstrip()
        title = name if home else plain(page.title or uri)
        below = build.config.site_author or "" if home else ""
        target = build.site / "cards" / f"{uri}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(
            card(build.book.docs / background, face, title, above, below)
        )


def write_fonts(build: Build, targets: Iterable[str]) -> None:
    """Leave the fonts of the book the letters that the site has, and all of ASCII.

    Args:
        targets: where its assets are; the theme's fonts have signs no page names.
    """
    places = tuple(targets)
    letters = build.letters | {chr(code) for code in range(32, 127)}
    for script in build.book.docs.rglob("*.js"):
        letters.update(BEYOND_ASCII.findall(script.read_text(encoding="utf-8")))
    for file in build.files:
        if file.src_uri.endswith(".woff2") and file.src_uri.startswith(places):
            font = build.book.faces.cut(file.content_bytes, letters)
            (build.site / file.dest_uri).write_bytes(font)


def write(path: Path, text: str) -> None:
    """Write a file of the site, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def warn(build: Build) -> None:
    """Warn of programs no page refers to, warnings of programs, unused references."""
    book = build.book
    read = {
        name
        for outcome in book.outcomes.values()
        if isinstance(outcome, Record)
        for name in outcome.reads.get("files", {})
    }
    running = len(book.outcomes) < len(build.jobs)
    for path in programs_in(book.snippets):
        name = path.relative_to(book.snippets).as_posix()
        if name in book.programs or running:
            continue
        if path.relative_to(book.root).as_posix() not in read:
            log.warning(f"{name}: no page refers to this program")
    for path in programs_in(book.snippets, questions.ENDING):
        name = path.relative_to(book.snippets).as_posix()
        if name not in book.programs:
            log.warning(f"{name}: no page asks these questions; <!-- questions -->")
    for path in programs_in(book.snippets, ".breaks.toml"):
        if not path.with_name(path.name.removesuffix(".breaks.toml") + ".py").exists():
            log.warning(
                f"{path.relative_to(book.snippets).as_posix()}: there is no "
                "program of this name"
            )
    for name, outcome in sorted(book.outcomes.items()):
        if isinstance(outcome, Record):
            for warning in outcome.warnings:
                log.warning(f"{name}: {warning}")
    cited = {key for page in book.pages.values() for key in page.cited}
    for key in book.references.keys() - cited:
        log.warning(f"no page cites '{key}'")


def front_end_files(root: Path, pattern: str) -> list[Path]:
    """Files of the front-end packages.

    Args:
        pattern: a glob below node_modules.
    Raises:
        BookError: there are none.
    """
    paths = sorted((root / "node_modules").glob(pattern))
    if not paths:
        raise BookError(f"{pattern} is missing among the front-end packages: npm ci")
    return paths


def add_assets(root: Path, target: str, pattern: str, files: Any, config: Any) -> None:
    """Add files of the front-end packages to the site.

    Args:
        target: a path in the site; a folder when it ends in a slash.
        pattern: a glob below node_modules.
    Raises:
        BookError: there are none.
    """
    for path in front_end_files(root, pattern):
        uri = target + path.name if target.endswith("/") else target
        files.append(File.generated(config, uri, abs_src_path=str(path)))


def commit_time(root: Path) -> str:
    """Seconds since 1970 of the last commit, so that two builds agree."""
    try:
        answer = subprocess.run(
            ["git", "log", "-1", "--format=%ct"],
            cwd=root,
            capture_output=True,
            text=True,
        )
        return answer.stdout.strip() or "315532800"
    except OSError:
        return "315532800"


def take_lock(store: Store) -> filelock.FileLock:
    """Wait until no other build of this book is running.

    Raises:
        BookError: the store cannot be written to.
    """
    lock = filelock.FileLock(store.folder / "lock")
    try:
        store.folder.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            log.info("Another build of this book is running; waiting for it")
            lock.acquire()
    except OSError as error:
        raise store.unusable(error) from error
    return lock


def forgive_warnings() -> None:
    """Keep `mkdocs serve` running: in strict mode a warning would end it."""
    logger = logging.getLogger("mkdocs")
    for handler in list(logger.handlers):
        if isinstance(handler, CountHandler):
            logger.removeHandler(handler)
