"""Keeps served pages up to date while their programs run: what is looked at goes first, and each page reloads when its results are there."""

from __future__ import annotations

import logging
import os
import queue
import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from html import escape
from logging.handlers import BufferingHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from mkdocs.commands.build import get_context
from mkdocs.exceptions import MkDocsException

from bookbuild.building import (
    Build,
    left,
    log,
    progress,
    write_downloads,
    write_figures,
)
from bookbuild.errors import BookError
from bookbuild.run.record import Failure, Outcome

if TYPE_CHECKING:
    from bookbuild.plugin import BookPlugin

POLL = re.compile(r"/livereload/(\d+)/(\d+)")
LOOK = 0.2  # seconds between looks at whether something has changed
WAIT = 10.0  # seconds after which a browser is answered in any case
SLACK = 300  # ms within which a page may have been read before it was changed
FAILED = """\
<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="2">
<title>The book cannot be built</title><p>The book cannot be built:</p>
<pre>{}</pre><p>This page comes back when that is repaired.</p>
"""


class Live:
    """What happens beside MkDocs's server.

    Args:
        plugin: the book's plugin; server: MkDocs's server.
    """

    def __init__(self, plugin: BookPlugin, server: Any) -> None:
        self.plugin, self.server = plugin, server
        self.build: Build | None = None
        self.begun = time.monotonic()
        self.failure = ""
        self.arrived: queue.Queue[tuple[Build, str, Outcome]] = queue.Queue()
        self.changed: dict[str, int] = {}  # page to the ms of its last change
        self.builder: Callable[..., None] = server.builder
        server.builder = self.build_again
        self.inner = server.get_app()
        server.set_app(self.answer)
        threading.Thread(target=self.refresh_forever, daemon=True).start()

    # Builds ----------------------------------------------------------------

    def build_again(self) -> None:
        """Build after a change; what goes wrong must not stop the server.

        MkDocs would answer no more until a later build succeeds.
        """
        logger, said = logging.getLogger("mkdocs"), BufferingHandler(1000)
        said.setLevel(logging.ERROR)
        logger.addHandler(said)
        failure = ""
        with self.plugin.mutex:
            try:
                self.builder()
            except MkDocsException as error:
                failure = str(error)
            except Exception as error:
                log.exception("the build ended unexpectedly")
                failure = str(error)
        logger.removeHandler(said)
        if failure:
            failure = "\n".join(r.getMessage() for r in said.buffer) or failure
        self.failure = failure

    def start(self, build: Build) -> None:
        """Have run what a build found no record of; pages before answers."""
        runner = self.plugin.runner
        assert runner is not None
        self.build = build
        missing = [name for name in build.jobs if name not in build.book.outcomes]
        if missing:
            self.begun = time.monotonic()
        missing.sort(key=build.book.is_answers)
        wanted = {name: build.jobs[name] for name in missing}
        runner.keep(
            {runner.job(program, claims=c).key for program, c in wanted.values()}
        )
        try:
            if missing:
                runner.warm()
        except BookError as error:  # a cluster that does not answer
            log.error(str(error))
            for name in missing:
                self.arrived.put((build, name, Failure(name, str(error))))
            missing.clear()
        for name in missing:
            program, claims = build.jobs[name]
            future = runner.submit(program, claims=claims)
            future.add_done_callback(
                lambda done, name=name: self.arrive(build, name, done)
            )
        threading.Thread(target=self.offer, args=(build,), daemon=True).start()

    def arrive(self, build: Build, name: str, done: Any) -> None:
        """A program has ended; its pages are refreshed by our own thread."""
        if done.cancelled() or isinstance(done.exception(), CancelledError):
            return
        error = done.exception()
        outcome = Failure(name, str(error)) if error else done.result()
        self.arrived.put((build, name, outcome))

    def is_current(self, build: Build | None) -> bool:
        """Whether no later build has begun."""
        return build is not None and build is self.build and build is self.plugin.build

    def offer(self, build: Build) -> None:
        """Write what nobody waits for, the files for download."""
        while self.is_current(build) and len(build.book.outcomes) < len(build.jobs):
            time.sleep(LOOK)
        with self.plugin.mutex:
            if self.is_current(build):
                self.safely(write_downloads, build)

    # Pages -----------------------------------------------------------------

    def refresh_forever(self) -> None:
        """Write again the pages that records concern, as they arrive."""
        while True:
            news = [self.arrived.get()]
            with self.plugin.mutex:
                while not self.arrived.empty():
                    news.append(self.arrived.get())
                names = []
                for build, name, outcome in news:
                    if self.is_current(build):
                        build.book.outcomes[name] = outcome
                        names.append(name)
                if names and self.build is not None:
                    self.safely(self.refresh, self.build, names)

    def safely(self, action: Any, *arguments: Any) -> None:
        """Do something that must not end the thread; say what went wrong."""
        try:
            action(*arguments)
        except (BookError, OSError) as error:
            log.error(str(error))

    def refresh(self, build: Build, names: list[str]) -> None:
        """Write again the pages that refer to some programs."""
        book = build.book
        known = {str(error) for errors in book.errors.values() for error in errors}
        passed, remaining = time.monotonic() - self.begun, self.left(build)
        done = len(book.outcomes) - len(names)
        for number, name in enumerate(names, done + 1):
            outcome = book.outcomes[name]
            write_figures(build, name, outcome)
            of = len(build.jobs)
            log.info(progress(name, outcome, number, of, passed, remaining))
        book.judge()
        for uri, page in book.pages.items():
            lists = any(slot.kind == "claims" for slot in page.slots)
            if set(names) & set(page.programs) or lists:
                self.write_page(build, uri)
                self.changed[uri] = now()
        for errors in book.errors.values():
            for error in errors:
                if str(error) not in known:
                    log.error(str(error))

    def left(self, build: Build) -> float:
        """Seconds until all programs will probably have run."""
        assert self.plugin.runner is not None
        return left(build, self.plugin.runner)

    def write_page(self, build: Build, uri: str) -> None:
        """Fill in a page and write it."""
        page, config, book = build.pages[uri], build.config, build.book
        book.status = (
            f"{len(book.outcomes)} of {len(build.jobs)} programs of the book have run; "
            f"about {self.left(build):.0f} s are left."
        )
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
        new = path.with_name(f"{path.name}.new")
        new.write_text(output, encoding="utf-8", errors="xmlcharrefreplace")
        os.replace(new, path)  # nobody reads half a page

    # Browsers --------------------------------------------------------------

    def answer(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answer a browser: its page's programs first, its page's reload."""
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "ignore")
        if match := POLL.fullmatch(path):
            referer = urlsplit(environ.get("HTTP_REFERER", "")).path
            epoch = self.next_epoch(self.page_at(referer), *map(int, match.groups()))
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b"%d" % epoch]
        uri = self.page_at(path)
        if uri is None and not path.endswith(("/", ".html")):
            return self.inner(environ, start_response)
        if uri is not None:
            self.look_at(uri)
        if self.failure:
            # MkDocs's server would log each answer that is not 200.
            start_response("200 OK", [("Content-Type", "text/html")])
            return [FAILED.format(escape(self.failure)).encode()]
        return self.inner(environ, start_response)

    def next_epoch(self, uri: str | None, epoch: int, asked: int) -> int:
        """Wait until a page that was served is no longer the latest, but not long.

        Args:
            uri: the page.
            epoch: the moment of the build that it was served from, in ms.
            asked: the moment at which it was served, in ms.
        Returns:
            a number larger than `epoch` if the page is to be loaded again.
        """
        end = time.monotonic() + WAIT
        while time.monotonic() < end and self.server._visible_epoch <= epoch:
            changed = self.changed.get(uri or "", 0)
            if changed > asked - SLACK and now() > changed + SLACK:
                return epoch + 1
            time.sleep(LOOK)
        return self.server._visible_epoch

    def page_at(self, path: str) -> str | None:
        """The page that a browser finds at a path."""
        build = self.build
        url = unquote(path).removeprefix(self.server.mount_path)
        names = {url, url.removesuffix("index.html")}
        if not url or url.endswith("/"):
            names.add(f"{url}index.html")
        pages = build.pages.items() if build else ()
        return next((uri for uri, page in pages if unquote(page.url) in names), None)

    def look_at(self, uri: str) -> None:
        """Let the programs of a page go first; show how far the run is."""
        build, runner = self.build, self.plugin.runner
        source = build.book.pages.get(uri) if build else None
        if build is None or runner is None or source is None:
            return
        waiting = [
            name
            for name in source.programs
            if name in build.jobs and name not in build.book.outcomes
        ]
        for name in reversed(waiting):
            runner.promote(name)
        if waiting and self.plugin.mutex.acquire(blocking=False):
            try:
                if self.is_current(build):
                    self.safely(self.write_page, build, uri)
            finally:
                self.plugin.mutex.release()


def now() -> int:
    """The time in the milliseconds that MkDocs's server counts in."""
    return round(time.monotonic() * 1000)
