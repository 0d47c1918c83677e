"""Has another core convert the pages of answers while the pages of text are read."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jinja2 import FileSystemBytecodeCache
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

from bookbuild.run.pool import available_cores

SEVERAL = 4  # pages from which a second process is worth its start


@contextlib.contextmanager
def templates_compiled_once(folder: Path) -> Iterator[None]:
    """For a while, nbconvert compiles each template once and not for each page.

    It is half of the work of a conversion.

    Args:
        folder: where they are kept.
    """
    from nbconvert.exporters.templateexporter import TemplateExporter

    create = TemplateExporter._create_environment
    compiled = FileSystemBytecodeCache(str(folder))

    def environment(exporter: Any) -> Any:
        made = create(exporter)
        made.bytecode_cache = compiled
        return made

    TemplateExporter._create_environment = environment
    try:
        yield
    finally:
        TemplateExporter._create_environment = create


class Ahead:
    """A process that fills the cache of mkdocs-jupyter.

    Each page is converted as mkdocs-jupyter does it, so that it finds its own
    work done when it comes to the page. Whatever goes wrong is left to it.

    Args:
        config: MkDocs's. files: the pages of answers that are new or changed.
    """

    def __init__(self, config: Any, files: list[Any]) -> None:
        self.child, self.folder = 0, Path()
        jupyter = config.plugins.get("mkdocs-jupyter")
        alone = threading.active_count() == 1  # a process with threads must not fork
        if (
            jupyter is None
            or len(files) < SEVERAL
            or available_cores() == 1
            or not (alone and sys.platform.startswith("linux"))
        ):
            return
        cache = Path(jupyter.config["cache_dir"])
        self.folder = cache.with_name(f"{cache.name}-ahead")
        parent = os.getpid()
        self.child = os.fork()
        if self.child == 0:
            try:
                self.convert(jupyter, cache, config, files, parent)
            finally:
                os._exit(0)

    def convert(
        self, jupyter: Any, cache: Path, config: Any, files: list[Any], parent: int
    ) -> None:
        """Convert pages in a folder of our own, and hand each over when it is whole."""
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        logging.disable(logging.CRITICAL)
        jupyter.config["cache_dir"] = str(self.folder)
        jupyter.on_pre_build(config)
        for folder in (cache, self.folder):
            folder.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(Exception), templates_compiled_once(self.folder):
            for file in files:
                if os.getppid() != parent:  # nobody waits for it any more
                    break
                page = jupyter.on_pre_page(Page(None, file, config), config, Files([]))
                page.render(config, Files([]))
                for done in self.folder.glob("*.json"):
                    os.replace(done, cache / done.name)

    def wait(self) -> None:
        """Wait until all pages are converted."""
        if self.child:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self.child, 0)
            self.child = 0
            shutil.rmtree(self.folder, ignore_errors=True)

    def stop(self) -> None:
        """End it, whatever it has done."""
        if self.child:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.child, signal.SIGKILL)
            self.wait()
