"""The only place that knows MkDocs's events: it reads pages, has programs run, and fills in what they produced."""

from __future__ import annotations

import contextlib
import os
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, as_completed
from html import escape
from pathlib import Path
from typing import Any

import filelock
import markdown as python_markdown
from mkdocs.config import config_options as option
from mkdocs.config.base import Config
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin, CombinedEvent, event_priority
from mkdocs.structure.files import File

from bookbuild.ahead import Ahead
from bookbuild.building import (
    BEYOND_ASCII,
    Build,
    add_assets,
    commit_time,
    fill_toc,
    forgive_warnings,
    left,
    log,
    make_runner,
    open_book,
    prepare_markdown,
    progress,
    root_of,
    take_lock,
    warn,
    write,
    write_cards,
    write_downloads,
    write_figures,
    write_fonts,
)
from bookbuild.errors import BookError
from bookbuild.pages import notebooks, numbering
from bookbuild.pages.book import (
    WORDS,
    page_from_file,
)
from bookbuild.pages.mend import mended
from bookbuild.pages.page import Page
from bookbuild.pages.show import fill, for_search, render_formulas
from bookbuild.pages.terms import notes, with_notes
from bookbuild.run.pool import available_cores
from bookbuild.run.program import Program
from bookbuild.run.record import Outcome
from bookbuild.run.runner import Runner

SEEDS = ["manual_seed(", "default_rng(", "random.seed(", "random_state="]
# Settings that a runner keeps.
RUNNER = ("limit", "preload", "expected", "cluster", "start", "face")


class BookConfig(Config):
    """The settings of a book; a misspelt one is an error.

    Attributes:
        programs: the folder of the programs, beside mkdocs.yml.
        answers: the folder of the pages with answers, among the pages.
        limit: seconds that a program may take.
        preload: modules that most programs import; they are imported once.
        references: a BibTeX file; bibliography: the page that lists it.
        glossary: a page with a list of definitions; the first use of a term on
            another page gets its meaning as a note.
        live: the script of live figures, among the pages.
        face: patterns below node_modules of the font files in which figures
            are written, upright first; Matplotlib's own face without any.
        card: a picture among the pages, dark and with its left half empty;
            with a page's title on it, other sites show it beside links.
        published: a TOML file of values from elsewhere.
        expected: a TOML file that says how many seconds programs take, as
            `python -m bookbuild expected` writes it.
        requirements: files of requirements to the options that pip needs.
        reset: code that a page's notebook runs between two programs.
        seeds: texts of programs behind which a seed stands, for runs with others.
        assets: paths in the site to patterns below node_modules.
        macros: the book's own commands of TeX.
        spellings: patterns to what readers who spell otherwise search for.
        on_paper: patterns to what the text says instead in the printed book.
        words: those that the book itself writes; see `pages.book.WORDS`.
        cluster: the address of a Dask scheduler, to run programs there.
        start: how processes start here: see `run.pool.Pool`.
    """

    programs = option.Type(str, default="snippets")
    answers = option.Type(str, default="solutions")
    limit = option.Type((int, float), default=120)
    preload = option.ListOfItems(option.Type(str), default=[])
    references = option.Optional(option.Type(str))
    bibliography = option.Type(str, default="bibliography.md")
    glossary = option.Optional(option.Type(str))
    live = option.Type(str, default="assets/live.js")
    face = option.ListOfItems(option.Type(str), default=[])
    card = option.Optional(option.Type(str))
    published = option.Optional(option.Type(str))
    expected = option.Optional(option.Type(str))
    requirements = option.Type(dict, default={})
    reset = option.Type(str, default="")
    seeds = option.ListOfItems(option.Type(str), default=SEEDS)
    assets = option.Type(dict, default={})
    macros = option.Type(dict, default={})
    spellings = option.Type(dict, default={})
    on_paper = option.Type(dict, default={})
    words = option.Type(dict, default={})
    cluster = option.Optional(option.Type(str))
    start = option.Choice(("auto", "fork", "fresh"), default="auto")

    def validate(self) -> Any:
        """Take what MkDocs only warns of as an error."""
        failed, warnings = super().validate()
        for word in self["words"] or {}:
            if word not in WORDS:
                warnings.append(("words", f"there is no word '{word}'"))
        for key in ("spellings", "on_paper"):
            for pattern, replaced in (self[key] or {}).items():
                try:
                    re.compile(pattern).sub(replaced, "")
                except (re.error, TypeError) as error:
                    warnings.append((key, f"'{pattern}': {error}"))
        return failed + [
            (key, text if isinstance(text, Exception) else option.ValidationError(text))
            for key, text in warnings
        ], []


class BookPlugin(BasePlugin[BookConfig]):
    """Builds a book: one object for all builds of one `mkdocs` command."""

    def __init__(self) -> None:
        self.serving = False
        self.build: Build | None = None
        self.runner: Runner | None = None
        self.settings: dict[str, Any] = {}  # those of the runner
        self.live: Any = None  # what serves, once it does
        self.busy: filelock.FileLock | None = None
        self.ahead: Ahead | None = None
        self.mutex = threading.RLock()
        self.print_to: Path | None = None
        self.print_as = "pdf"  # or "epub"
        self.shown = ""  # the content of the page that is being searched
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
        try:
            runner = self.runner_for(root, Path(config.docs_dir))
            book = open_book(config, self.config, runner.store)
            self.busy = take_lock(runner.store)
        except BookError as error:
            raise PluginError(str(error)) from None
        if self.print_to is not None and self.offer_pdf:
            book.pdf = self.print_to.name
        self.build = Build(book, config)
        prepare_markdown(config, book)
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
        self.ahead = Ahead(config, build.new_answers)
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

    @event_priority(100)  # before mkdocs-jupyter looks whether it has done it before
    def on_pre_page(self, page: Any, *, config: Any, files: Any) -> Any:
        """Let answers be converted to their end before the first is wanted."""
        if self.ahead is not None and page.file.src_uri in self.current.cells:
            self.ahead.wait()
        return page

    def on_page_markdown(
        self, markdown: str, *, page: Any, config: Any, files: Any
    ) -> str:
        """Tell the Markdown extension which page it reads."""
        build, uri = self.current, page.file.src_uri
        build.book.reading = None
        if uri in build.book.uris and uri.endswith(".md"):
            source = page_from_file(build.book.docs, uri)
            source.url = page.url
            build.book.begin(source, markdown, page.meta)
        return markdown

    def on_page_content(self, html: str, *, page: Any, config: Any, files: Any) -> str:
        """Give a page of answers the shape of the others."""
        build, uri = self.current, page.file.src_uri
        build.pages[uri] = page
        if uri in build.cells:
            html = self.answers_page(build, uri, html)
        if not (page.is_homepage or uri in build.book.numbers):
            boost = 0.5 if uri in build.cells else 0.2  # after the chapters' pages
            page.meta.setdefault("search", {"boost": boost})
        if source := build.book.pages.get(uri):
            page.meta.setdefault("description", escape(source.summary()))
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

    @event_priority(100)  # before the search takes the page's text
    def before_search(self, context: Any, *, page: Any, **others: Any) -> Any:
        """Let the search find formulas as text, and words as others spell them."""
        if page.file.src_uri in self.current.book.pages:
            self.shown = page.content
            page.content = for_search(page.content, self.config.spellings)
        return context

    @event_priority(-100)  # after the search
    def after_search(self, context: Any, *, page: Any, **others: Any) -> Any:
        """Put back what is shown."""
        if page.file.src_uri in self.current.book.pages:
            page.content = self.shown
        return context

    on_page_context = CombinedEvent(before_search, after_search)

    def on_post_page(self, output: str, *, page: Any, config: Any) -> str:
        """Put in the formulas."""
        book, uri = self.current.book, page.file.src_uri
        source = book.pages.get(uri)
        whole = mended(fill(output, source, book, late=True) if source else output)
        self.current.letters.update(BEYOND_ASCII.findall(whole))
        return whole

    def on_post_template(self, output: str, *, template_name: str, config: Any) -> str:
        """Treat the page for addresses that do not exist as the others."""
        return mended(output) if template_name.endswith(".html") else output

    @event_priority(-100)  # when the site has been written
    def on_post_build(self, *, config: Any) -> None:
        """Write what programs produced, keep what was learnt, print."""
        build = self.current
        with self.said():
            for name, outcome in build.book.outcomes.items():
                write_figures(build, name, outcome)
            if not self.serving:
                write_downloads(build)
                write_cards(build, self.config.card)
                write_fonts(build, self.config.assets)
                if self.print_to is not None:
                    self.print_book(build)
            build.book.katex.save()
            build.book.katex.close()
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
        if self.ahead is not None:
            self.ahead.stop()
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
        if self.ahead is not None:
            self.ahead.stop()
        self.give_lock_back()
        self.build = self.live = None

    # Parts of a build ------------------------------------------------------

    def runner_for(self, root: Path, docs: Path) -> Runner:
        """The runner of a book; a new one when its settings have changed.

        Raises:
            BookError: a file that the settings name is wrong.
        """
        settings = {name: self.config[name] for name in RUNNER}
        if self.runner is not None and settings != self.settings:
            self.runner.close()
            self.runner = None
        if self.runner is None:
            self.runner = make_runner(root, self.config, docs)
            self.settings = settings
        self.runner.forget()
        return self.runner

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
            book.report(error.on(uri))
            cells = [notebooks.Cell(True, f"# {uri}", 1, 1)]
        question = None
        if name := book.question_of(uri):
            with contextlib.suppress(BookError):  # reported where it is read
                question = page_from_file(book.docs, name)
        build.cells[uri] = notebooks.with_questions(cells, question, uri, book.words)
        assert self.runner is not None
        folder = self.runner.store.folder / "answers"
        text = notebooks.as_program(build.cells[uri])
        path = folder / uri
        config = build.config
        file = File(uri, str(folder), config.site_dir, config.use_directory_urls)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            write(path, text)
            build.new_answers.append(file)
        return file

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
        self.runner.warm()
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
                    left(build, self.runner),
                )
            )

    def complete(self, build: Build) -> None:
        """Judge what ran, and fill all pages in."""
        build.book.judge()
        render_formulas(build.book)
        for uri in build.contents:
            self.fill_title(build, uri)
        build.notes = notes(build.contents.get(self.config.glossary or "", ""))
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
        if uri in build.book.numbers and uri not in build.cells:
            page.content = with_notes(page.content, build.notes)
        if page.present_anchor_ids is not None:
            page.present_anchor_ids |= source.places.keys()
            if any(slot.kind == "bibliography" for slot in source.slots):
                page.present_anchor_ids |= {f"ref-{k}" for k in build.book.references}

    def print_book(self, build: Build) -> None:
        """Print the site that has just been written."""
        from bookbuild.printing import bind_site, print_site

        make = print_site if self.print_as == "pdf" else bind_site
        assert self.print_to is not None and self.runner is not None
        content, self.printed = make(build, self.runner.store)
        self.print_to.parent.mkdir(parents=True, exist_ok=True)
        self.print_to.write_bytes(content)


def plugin_of(config: Any) -> BookPlugin:
    """The book's plugin in a configuration.

    Raises:
        BookError: there is none.
    """
    for plugin in config.plugins.values():
        if isinstance(plugin, BookPlugin):
            return plugin
    raise BookError("mkdocs.yml does not name the plugin 'book'")
