"""The pytest plugin: fences of a book's pages and breaks of its programs become items that ask the book's own runner."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bookbuild.errors import BookError

if TYPE_CHECKING:
    from bookbuild.check.book import CheckedBook

KEY: pytest.StashKey[CheckedBook] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that ignores what is known."""
    parser.getgroup("bookbuild").addoption(
        "--fresh",
        action="store_true",
        help="run every program of the book again, and compare with what is known",
    )
    parser.getgroup("bookbuild").addoption(
        "--cluster", metavar="ADDRESS", help="run programs on this Dask cluster"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark of what is slow."""
    config.addinivalue_line(
        "markers",
        "slow: needs programs to run, a whole build, or more than a third of a second",
    )


def checked(config: pytest.Config) -> CheckedBook:
    """The book that is tested, read once."""
    if KEY not in config.stash:
        from bookbuild.check.book import CheckedBook

        config.stash[KEY] = CheckedBook(
            config.rootpath, config.getoption("fresh"), config.getoption("cluster")
        )
    return config.stash[KEY]


def pages(config: pytest.Config) -> Path:
    """The folder of the book's pages."""
    try:
        return Path(checked(config).config.docs_dir)
    except BookError:  # which an item will say
        return config.rootpath / "docs"


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path: Path, parent: Any) -> Iterator[Any]:
    """Collect breaks; take the place of pytest-codeblocks for the book's pages."""
    found = yield
    root = parent.config.rootpath
    if not (root / "mkdocs.yml").exists():
        return found
    if file_path.name.endswith(".breaks.toml"):
        from bookbuild.check.items import BreaksFile

        return [*found, BreaksFile.from_parent(parent, path=file_path)]
    if file_path.suffix == ".md" and file_path.is_relative_to(pages(parent.config)):
        from bookbuild.check.items import PageFile

        return [
            PageFile.from_parent(parent, path=file_path)
            if type(file).__module__ == "pytest_codeblocks.plugin"
            else file
            for file in found
        ]
    return found


def pytest_collection_modifyitems(config: pytest.Config, items: list[Any]) -> None:
    """Items that need programs to run are slow."""
    for item in items:
        if getattr(item, "needs", None):
            item.add_marker(pytest.mark.slow)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Start what the chosen items need, side by side, while others run."""
    config = session.config
    if config.option.collectonly or hasattr(config, "workerinput"):
        return
    for item in session.items:
        if needs := getattr(item, "needs", None):
            with contextlib.suppress(BookError, KeyError):  # the item will say so
                checked(config).start(*needs)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Stop programs that nobody waits for any more."""
    if KEY in session.config.stash:
        session.config.stash[KEY].close()
