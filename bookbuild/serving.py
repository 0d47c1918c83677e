"""Keeps served pages up to date while their programs run: what is looked at goes first, and each page reloads when its results are there."""

from __future__ import annotations

import queue
import re
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mkdocs.commands.build import get_context

from bookbuild.errors import BookError
from bookbuild.run.record import Outcome

if TYPE_CHECKING:
    from bookbuild.plugin import BookPlugin, Build

POLL = re.compile(r"/livereload/(\d+)/(\d+)")
LOOK = 0.2  # seconds between looks at whether a page has changed
WAIT = 25.0  # seconds after which a browser is answered in any case
SLACK = 300  # ms around the moment of a change in which a page reloads again


class Live:
    """What happens beside MkDocs's server.

    Args:
        plugin: the book's plugin; server: MkDocs's server.
    """

    def __init__(self, plugin: BookPlugin, server: Any) -> None:
        self.plugin, self.server = plugin, server
        self.build: Build | None = None
        self.begun = time.monotonic()
        self.arrived: queue.Queue[tuple[Build, str, Outcome]] = queue.Queue()
        self.changed: dict[str, int] = {}  # URL to the ms of its last change
        self.inner = server.get_app()
        server.set_app(self.answer)
        threading.Thread(target=self.refresh_forever, daemon=True).start()

    def start(self, build: Build) -> None:
        """Have run what a build found no record of; pages before answers."""
        runner = self.plugin.runner
        assert runner is not None
        self.build = build
        missing = [name for name in build.jobs if name not in build.book.outcomes]
        if missing:
            self.begun = time.monotonic()
        missing.sort(key=lambda name: name in build.cells)
        for name in missing:
            program, claims = build.jobs[name]
            future = runner.submit(program, claims=claims)
            future.add_done_callback(
                lambda done, name=name: self.arrive(build, name, done)
            )
        threading.Thread(target=self.later, args=(build,), daemon=True).start()

    def arrive(self, build: Build, name: str, done: Any) -> None:
        """A program has ended; its pages are refreshed by our own thread."""
        if not done.cancelled() and done.exception() is None:
            self.arrived.put((build, name, done.result()))

    def later(self, build: Build) -> None:
        """What nobody waits for: the files for download."""
        from bookbuild.plugin import write_downloads

        while self.build is build and len(build.book.outcomes) < len(build.jobs):
            time.sleep(LOOK)
        with self.plugin.mutex:
            if self.build is build and build is self.plugin.build:
                self.safely(write_downloads, build)

    # Pages ---------------------------------------------------------------

    def refresh_forever(self) -> None:
        """Write again the pages that records concern, as they arrive."""
        while True:
            first = self.arrived.get()
            with self.plugin.mutex:
                news = [first]
                while not self.arrived.empty():
                    news.append(self.arrived.get())
                names = set()
                for build, name, outcome in news:
                    if build is self.build and build is self.plugin.build:
                        build.book.outcomes[name] = outcome
                        names.add(name)
                if names and self.build is not None:
                    self.safely(self.refresh, self.build, names)

    def safely(self, action: Any, *arguments: Any) -> None:
        """Do something that must not end the thread; say what went wrong."""
        from bookbuild.plugin import log

        try:
            action(*arguments)
        except (BookError, OSError) as error:
            log.error(str(error))

    def refresh(self, build: Build, names: set[str]) -> None:
        """Write again the pages that refer to some programs."""
        from bookbuild.plugin import log, progress, write_figures

        book = build.book
        before = {uri: len(errors) for uri, errors in book.errors.items()}
        for name in names:
            write_figures(build, name, book.outcomes[name])
            done = len(book.outcomes)
            log.info(
                progress(
                    name,
                    book.outcomes[name],
                    done,
                    len(build.jobs),
                    time.monotonic() - self.begun,
                    self.plugin.left(build),
                )
            )
        book.judge()
        for uri, page in book.pages.items():
            lists = any(slot.kind == "claims" for slot in page.slots)
            if names & set(page.programs) or lists:
                self.write_page(build, uri)
        for uri, errors in book.errors.items():
            for error in errors[before.get(uri, 0) :]:
                log.error(str(error))

    def write_page(self, build: Build, uri: str) -> None:
        """Fill in a page and write it."""
        page, config = build.pages[uri], build.config
        self.plugin.fill_page(build, uri)
        page.active = True
        try:
            pages = build.files.documentation_pages()
            context = get_context(build.nav, pages, config, page)
            template = build.env.get_template(page.meta.get("template", "main.html"))
            output = config.plugins.on_post_page(
                template.render(context), page=page, config=config
            )
        finally:
            page.active = False
        path = build.site / page.file.dest_uri
        path.write_text(output, encoding="utf-8", errors="xmlcharrefreplace")
        self.changed[page.url] = now()

    # Browsers --------------------------------------------------------------

    def answer(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answer a browser: its page's programs first, its page's reload."""
        path = environ["PATH_INFO"]
        if match := POLL.fullmatch(path):
            url = self.page_url(urlsplit(environ.get("HTTP_REFERER", "")).path)
            epoch, asked = int(match[1]), int(match[2])
            end = time.monotonic() + WAIT
            while time.monotonic() < end:
                if self.server._visible_epoch > epoch:
                    break  # MkDocs has built everything again
                if self.changed.get(url, 0) > asked - SLACK:
                    start_response("200 OK", [("Content-Type", "text/plain")])
                    return [b"%d" % (epoch + 1)]
                time.sleep(LOOK)
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b"%d" % self.server._visible_epoch]
        self.look_at(self.page_url(path))
        return self.inner(environ, start_response)

    def page_url(self, path: str) -> str:
        """The URL, as MkDocs writes it, of a path that a browser asks for."""
        return path.removeprefix(self.server.mount_path)

    def look_at(self, url: str) -> None:
        """Let the programs of a page go first."""
        build, runner = self.build, self.plugin.runner
        if build is None or runner is None:
            return
        for uri, page in build.pages.items():
            if page.url in (url, url + "index.html") and (
                source := build.book.pages.get(uri)
            ):
                for name in reversed(source.programs):
                    if name not in build.book.outcomes:
                        runner.promote(name)


def now() -> int:
    """The time in the milliseconds that MkDocs's server counts in."""
    return round(time.monotonic() * 1000)
