"""The only place that knows MkDocs's events: it reads pages, has programs run, and fills in what they produced."""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import threading
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import Future, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import filelock
import markdown as python_markdown
from mkdocs.config import config_options as option
from mkdocs.config.base import Config
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin, event_priority
from mkdocs.structure.files import File
from mkdocs.utils import CountHandler

from bookbuild.errors import BookError
from bookbuild.pages import notebooks, numbering
from bookbuild.pages.book import (
    WORDS,
    Book,
    figure_files,
    page_from_file,
)
from bookbuild.pages.citations import read_references
from bookbuild.pages.extension import NEEDED, BookExtension
from bookbuild.pages.maths import Katex
from bookbuild.pages.page import Page
from bookbuild.pages.show import fill, render_formulas
from bookbuild.run.pool import Pool, available_cores
from bookbuild.run.program import Program
from bookbuild.run.record import Claim, Failure, Outcome, Record
from bookbuild.run.runner import AnyPool, Runner
from bookbuild.run.store import Store

log = logging.getLogger("mkdocs.plugins.bookbuild")


class BookConfig(Config):
    """The settings of a book; a misspelt one is an error."""

    programs = option.Type(str, default="snippets")
    answers = option.Type(str, default="solutions")
    limit = option.Type((int, float), default=120)
    preload = option.ListOfItems(option.Type(str), default=[])
    references = option.Optional(option.Type(str))
    bibliography = option.Type(str, default="bibliography.md")
    published = option.Optional(option.Type(str))
    expected = option.Optional(option.Type(str))
    requirements = option.Type(dict, default={})
    reset = option.Type(str, default="")
    assets = option.Type(dict, default={})
    macros = option.Type(dict, default={})
    words = option.Type(dict, default={})
    cluster = option.Optional(option.Type(str))
    start = option.Choice(("auto", "fork", "fresh"), default="auto")

    def validate(self) -> Any:
        """Take what MkDocs only warns of as an error."""
        failed, warnings = super().validate()
        for word in self["words"] or {}:
            if word not in WORDS:
                warnings.append(("words", f"there is no word '{word}'"))
        return failed + [
            (key, text if isinstance(text, Exception) else option.ValidationError(text))
            for key, text in warnings
        ], []


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
    jobs: dict[str, tuple[Any, tuple[Claim, ...]]] = field(default_factory=dict)

    @property
    def site(self) -> Path:
        """The folder the site is written to."""
        return Path(self.config.site_dir)


class BookPlugin(BasePlugin[BookConfig]):
    """Builds a book: one object for all builds of one `mkdocs` command."""

    def __init__(self) -> None:
        self.serving = False
        self.build: Build | None = None
        self.runner: Runner | None = None
        self.live: Any = None  # what serves, once it does
        self.busy: filelock.FileLock | None = None
        self.mutex = threading.RLock()
        self.print_to: Path | None = None
        self.offer_pdf = False
        self.printed = 0

    # Events of MkDocs, in their order ------------------------------------

    def on_startup(self, *, command: str, dirty: bool) -> None:
        """Remember whether mistakes end the build or are shown in the page."""
        self.serving = command == "serve"

    def on_config(self, config: Any) -> Any:
        """Start a build: take the book's lock, read its settings."""
        if self.serving:
            forgive_warnings()
        root = root_of(config)
        os.environ.setdefault("SOURCE_DATE_EPOCH", commit_time(root))
        with self.said():
            if self.runner is None:
                self.runner = make_runner(root, self.config)
            self.runner.forget()
            self.build = Build(
                open_book(config, self.config, self.runner.store), config
            )
            if self.print_to is not None and self.offer_pdf:
                self.build.book.pdf = self.print_to.name
            self.busy = take_lock(self.runner.store)
            prepare_markdown(config, self.build.book)
        return config

    @event_priority(100)  # before mkdocs-jupyter looks for notebooks
    def on_files(self, files: Any, *, config: Any) -> Any:
        """Take stock of the pages; hand mkdocs-jupyter the pages of answers."""
        build = self.current
        build.files, book = files, build.book
        answers = []
        for file in list(files):
            if book.is_answers(file.src_uri):
                answers.append(file)
                book.uris.add(file.src_uri)
            elif (
                file.src_uri.endswith(".md")
                and file.is_documentation_page()
                and self.can_be_read(build, files, file)
            ):
                book.uris.add(file.src_uri)
        for file in answers:
            files.remove(file)
            files.append(self.answers_file(build, file.src_uri))
        if answers and "mkdocs-jupyter" not in config.plugins:
            problem = "answers need the plugin mkdocs-jupyter in mkdocs.yml"
            book.report(BookError(problem, answers[0].src_uri))
        for target, pattern in self.config.assets.items():
            with self.said():
                add_assets(book.root, target, pattern, files, config)
        book.urls = {file.src_uri: file.url for file in files}
        return files

    def on_nav(self, nav: Any, *, config: Any, files: Any) -> Any:
        """Number chapters and pages."""
        build = self.current
        build.nav, book = nav, build.book
        book.numbers = numbering.number_pages(nav)
        book.order = [page.file.src_uri for page in nav.pages]
        numbering.title_sections(nav, book.numbers)
        return nav

    def on_page_markdown(
        self, markdown: str, *, page: Any, config: Any, files: Any
    ) -> str:
        """Tell the Markdown extension which page it reads."""
        build, uri = self.current, page.file.src_uri
        build.book.reading = None
        if uri in build.book.uris and uri.endswith(".md"):
            source = page_from_file(build.book.docs, uri)
            source.url = page.url
            source.offset = source.text.count("\n") - markdown.count("\n")
            source.constants = tuple(map(str, page.meta.get("constants", [])))
            build.book.pages[uri] = build.book.reading = source
        return markdown

    def on_page_content(self, html: str, *, page: Any, config: Any, files: Any) -> str:
        """Give a page of answers the shape of the others."""
        build, uri = self.current, page.file.src_uri
        build.pages[uri] = page
        if uri in build.cells:
            html = self.answers_page(build, uri, html)
        build.book.reading = None
        return html

    def on_env(self, env: Any, *, config: Any, files: Any) -> Any:
        """All pages are read: have their programs run, and fill them in."""
        build = self.current
        build.env = env
        book = build.book
        build.jobs = book.jobs()
        for uri, page in build.pages.items():
            build.contents[uri] = page.content
            build.titles[uri] = page.title or ""
        with self.said():
            self.stop_at_mistakes(build)  # before anything runs
            self.load(build)
            if not self.serving:
                self.run(build)
            self.complete(build)
            self.stop_at_mistakes(build)
            warn(build)
        return env

    def on_post_page(self, output: str, *, page: Any, config: Any) -> str:
        """Put in the formulas."""
        book, uri = self.current.book, page.file.src_uri
        source = book.pages.get(uri)
        return fill(output, source, book, late=True) if source else output

    @event_priority(-100)  # when the site has been written
    def on_post_build(self, *, config: Any) -> None:
        """Write what programs produced, keep what was learnt, print."""
        build = self.current
        with self.said():
            for name, outcome in build.book.outcomes.items():
                write_figures(build, name, outcome)
            if not self.serving:
                write_downloads(build)
                if self.print_to is not None:
                    self.print_book(build)
            build.book.katex.save()
            assert self.runner is not None
            self.runner.store.sweep()
        for errors in build.book.errors.values():
            for error in errors:
                log.error(str(error))
        self.give_lock_back()
        if self.live is not None:
            self.live.start(build)

    def on_build_error(self, *, error: Exception) -> None:
        """Give the lock back."""
        self.give_lock_back()

    def on_serve(self, server: Any, *, config: Any, builder: Any) -> Any:
        """Run what has not run yet while pages can already be read."""
        from bookbuild.serving import Live

        assert self.runner is not None
        server.watch(str(self.current.book.snippets))
        for name in (self.config.references, self.config.published):
            if name:
                server.watch(str(self.current.book.root / name))
        self.live = Live(self, server)
        self.live.start(self.current)
        return server

    def on_shutdown(self) -> None:
        """Stop what is still running; MkDocs may use this object for another book."""
        runner, self.runner = self.runner, None
        if runner is not None:
            runner.close()
        self.give_lock_back()
        self.build = self.live = None

    # Parts of a build ------------------------------------------------------

    @property
    def current(self) -> Build:
        """The build that is going on."""
        assert self.build is not None
        return self.build

    @contextlib.contextmanager
    def said(self) -> Iterator[None]:
        """Hand MkDocs our errors as its own, which it prints as one sentence."""
        try:
            yield
        except BookError as error:
            if self.serving and self.build is not None:
                self.build.book.report(error)
            else:
                raise PluginError(str(error)) from None

    def give_lock_back(self) -> None:
        """Let other builds of this book begin."""
        if self.busy is not None:
            self.busy.release()

    def stop_at_mistakes(self, build: Build) -> None:
        """End a build that has mistakes, with all of them; not when serving."""
        found = [e for errors in build.book.errors.values() for e in errors]
        if not found or self.serving:
            return
        if len(found) == 1:
            raise PluginError(str(found[0]))
        raise PluginError("\n  ".join([f"{len(found)} problems:", *map(str, found)]))

    def can_be_read(self, build: Build, files: Any, file: Any) -> bool:
        """Whether a page is UTF-8; one that is not is replaced by one that says so."""
        try:
            page_from_file(build.book.docs, file.src_uri)
        except BookError as error:
            build.book.report(error)
            files.remove(file)
            text = f"# {file.name}\n\n{error}\n"
            files.append(File.generated(build.config, file.src_uri, content=text))
            return False
        return True

    def answers_file(self, build: Build, uri: str) -> File:
        """The file that mkdocs-jupyter turns into a page of answers."""
        book = build.book
        try:
            cells = notebooks.cells_of(book.program(uri))
        except BookError as error:
            book.report(
                BookError(
                    error.problem,
                    uri,
                    program=error.program,
                    program_line=error.program_line,
                )
            )
            cells = [notebooks.Cell(True, f"# {uri}", 1, 1)]
        question = None
        if name := book.question_of(uri):
            with contextlib.suppress(BookError):  # reported where it is read
                question = page_from_file(book.docs, name)
        build.cells[uri] = notebooks.with_questions(cells, question, uri)
        assert self.runner is not None
        folder = self.runner.store.folder / "answers"
        text = notebooks.as_program(build.cells[uri])
        path = folder / uri
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            write(path, text)
        return File(
            uri, str(folder), build.config.site_dir, build.config.use_directory_urls
        )

    def answers_page(self, build: Build, uri: str, html: str) -> str:
        """A page of answers, from what mkdocs-jupyter has made of it."""
        book = build.book
        try:
            page = page_from_file(book.docs, uri)
        except BookError:  # reported when its program was read
            page = Page(uri, "")
        page.url = build.pages[uri].url
        if isinstance(book.programs[uri], Program):
            page.refer(uri)
        book.pages[uri] = book.reading = page
        converter = python_markdown.Markdown(
            extensions=build.config.markdown_extensions,
            extension_configs=build.config.mdx_configs,
        )
        return notebooks.answers_html(
            html,
            build.cells[uri],
            page,
            lambda source: converter.reset().convert(source),
        )

    # Running -------------------------------------------------------------

    def load(self, build: Build) -> None:
        """Take the records of earlier builds."""
        assert self.runner is not None
        for name, (program, claims) in build.jobs.items():
            record = self.runner.load(program, claims=claims)
            if record is not None:
                build.book.outcomes[name] = record

    def run(self, build: Build) -> None:
        """Run all programs that have no record, and wait for them."""
        assert self.runner is not None
        waiting: dict[Future[Outcome], str] = {}
        missing = [name for name in build.jobs if name not in build.book.outcomes]
        if not missing:
            return
        begun = time.monotonic()
        log.info(f"Running {len(missing)} programs on {available_cores()} cores")
        for name in missing:
            program, claims = build.jobs[name]
            waiting[self.runner.submit(program, claims=claims)] = name
        for done, future in enumerate(as_completed(waiting), 1):
            name = waiting[future]
            outcome = build.book.outcomes[name] = future.result()
            log.info(
                progress(
                    name,
                    outcome,
                    done,
                    len(missing),
                    time.monotonic() - begun,
                    self.left(build),
                )
            )

    def left(self, build: Build) -> float:
        """Seconds until all programs of a build will probably have run."""
        assert self.runner is not None
        known = [self.runner.expected(name) for name in build.jobs]
        usual = [seconds for seconds in known if seconds is not None] or [5.0]
        mean = sum(usual) / len(usual)
        waiting = [
            seconds or mean
            for name, seconds in zip(build.jobs, known, strict=True)
            if name not in build.book.outcomes
        ]
        return sum(waiting) / available_cores()

    def complete(self, build: Build) -> None:
        """Judge what ran, and fill all pages in."""
        build.book.judge()
        render_formulas(build.book)
        for uri in build.contents:
            self.fill_title(build, uri)
        for uri in build.contents:
            self.fill_page(build, uri)

    def fill_title(self, build: Build, uri: str) -> None:
        """Fill a page's title and its table of contents."""
        book, page = build.book, build.pages[uri]
        if source := book.pages.get(uri):
            page.title = fill(build.titles[uri], source, book)
            fill_toc(page.toc, source, book)
        book.titles[uri] = page.title

    def fill_page(self, build: Build, uri: str) -> None:
        """Fill a page's slots, all but the formulas."""
        page, source = build.pages[uri], build.book.pages.get(uri)
        if source is None:
            return
        self.fill_title(build, uri)
        page.content = fill(build.contents[uri], source, build.book)
        for slot in source.slots:
            if slot.kind == "bibliography" and page.present_anchor_ids is not None:
                page.present_anchor_ids |= {f"ref-{k}" for k in build.book.references}

    def print_book(self, build: Build) -> None:
        """Print the site that has just been written."""
        from bookbuild.printing import print_site

        assert self.print_to is not None and self.runner is not None
        pdf, self.printed = print_site(build, self.runner.store)
        self.print_to.parent.mkdir(parents=True, exist_ok=True)
        self.print_to.write_bytes(pdf)


# What needs no state ---------------------------------------------------------


def root_of(config: Any) -> Path:
    """The folder of a book."""
    return Path(config.config_file_path).resolve().parent


def plugin_of(config: Any) -> BookPlugin:
    """The book's plugin in a configuration.

    Raises:
        BookError: there is none.
    """
    for plugin in config.plugins.values():
        if isinstance(plugin, BookPlugin):
            return plugin
    raise BookError("mkdocs.yml does not name the plugin 'book'")


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
        bibliography=settings.bibliography,
        reset=settings.reset,
    )
    try:
        if settings.references:
            book.references = read_references(
                root / settings.references, settings.references, store
            )
        if settings.published:
            book.published = read_toml(root, settings.published)
        book.requirements = {
            options: requirements(root / name)
            for name, options in settings.requirements.items()
        }
    except BookError as error:
        book.report(error)
    return book


def make_runner(root: Path, settings: BookConfig) -> Runner:
    """The runner of a book, with the pool that its settings ask for.

    Raises:
        BookError: the file of expected times is wrong.
    """
    expected: dict[str, float] = {}
    if settings.expected and (root / settings.expected).exists():
        expected = {
            name: float(value)
            for name, value in read_toml(root, settings.expected)
            .get("seconds", {})
            .items()
        }

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
        expected,
    )


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
    except OSError as error:
        raise BookError(f"cannot be read: {error.strerror}", path.name) from error
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
    """Write the figures of a program into the site."""
    if isinstance(outcome, Record):
        for path, svg in figure_files(name, outcome.figures):
            write(build.site / path, svg)


def write_downloads(build: Build) -> None:
    """Write what readers download: programs, and pages as notebooks."""
    book, folder = build.book, build.site / "programs"
    for name, (program, _) in build.jobs.items():
        if not name.endswith(".md") and name not in build.cells:
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
    for path in sorted(book.snippets.rglob("*.py")):
        name = path.relative_to(book.snippets).as_posix()
        if (
            name.rpartition("/")[2].startswith((".", "#"))
            or not path.is_file()
            or name in book.programs
            or running
        ):
            continue
        if path.relative_to(book.root).as_posix() not in read:
            log.warning(f"{name}: no page refers to this program")
    for path in sorted(book.snippets.rglob("*.breaks.toml")):
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


def add_assets(root: Path, target: str, pattern: str, files: Any, config: Any) -> None:
    """Add files of the front-end packages to the site.

    Args:
        target: a path in the site; a folder when it ends in a slash.
        pattern: a glob below node_modules.
    Raises:
        BookError: there are none.
    """
    paths = sorted((root / "node_modules").glob(pattern))
    if not paths:
        raise BookError(f"{pattern} is missing among the front-end packages: npm ci")
    for path in paths:
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
