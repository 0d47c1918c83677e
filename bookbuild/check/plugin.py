"""The pytest plugin: it hands pytest-codeblocks the fences of a book's pages, and makes each break of a program a test item."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bookbuild.errors import BookError

KEY: pytest.StashKey[Any] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that ignores what is known."""
    parser.getgroup("bookbuild").addoption(
        "--fresh", action="store_true",
        help="run every program of the book again, and compare with what is known")


def pytest_configure(config: pytest.Config) -> None:
    """Take the place of pytest-codeblocks' reader for the pages of a book."""
    config.addinivalue_line("markers", "slow: needs programs to run or a whole build")
    if not (config.rootpath / "mkdocs.yml").exists():
        return
    try:
        import pytest_codeblocks.plugin as codeblocks
    except ImportError:
        return
    original = codeblocks.extract_from_file

    def extract(path: Path, *arguments: Any, **options: Any) -> Any:
        uri = page_uri(config, Path(path))
        if uri is None:
            return original(path, *arguments, **options)
        return blocks_of(checked(config), uri, original(path, *arguments, **options))

    codeblocks.extract_from_file = extract


def checked(config: pytest.Config) -> Any:
    """The book that is tested, read once."""
    if KEY not in config.stash:
        from bookbuild.check.book import CheckedBook

        config.stash[KEY] = CheckedBook(config.rootpath, config.getoption("fresh"))
        ACTIVE.append(config.stash[KEY])
    return config.stash[KEY]


ACTIVE: list[Any] = []  # pytest-codeblocks hands its items nothing but code


def page_uri(config: pytest.Config, path: Path) -> str | None:
    """The page of the book that a file is, if it is one."""
    docs = config.rootpath / "docs"
    return path.relative_to(docs).as_posix() if path.is_relative_to(docs) else None


def blocks_of(book: Any, uri: str, others: list[Any]) -> list[Any]:
    """The fences of a page as pytest-codeblocks' blocks.

    A fence of Python asks our runner; fences in other languages stay as
    pytest-codeblocks has found them.
    """
    from pytest_codeblocks.main import CodeBlock

    blocks = [block for block in others if block.syntax != "python"]
    page = book.book.pages.get(uri)
    listings = page.listings if page else []
    for error in book.book.errors.get(uri, []):
        listings = listings or [None]
        del error
    for listing in listings:
        line = listing.line if listing else 1
        blocks.append(CodeBlock(
            f"from bookbuild.check.plugin import verify\nverify({uri!r}, {line})\n",
            line, syntax="python"))
    return blocks


def verify(uri: str, line: int) -> None:
    """Check one fence; what the code of pytest-codeblocks' items calls."""
    book = ACTIVE[-1]
    for error in book.book.errors.get(uri, []):
        raise AssertionError(str(error))
    book.check_page(uri, line)


# Breaks ---------------------------------------------------------------------

def pytest_collect_file(file_path: Path, parent: Any) -> Any:
    """Collect the breaks of a program."""
    if file_path.name.endswith(".breaks.toml"):
        return BreaksFile.from_parent(parent, path=file_path)
    return None


class BreaksFile(pytest.File):
    """The breaks that stand beside a program."""

    def collect(self) -> Iterator[pytest.Item]:
        book = checked(self.config)
        name = self.path.relative_to(book.book.snippets).as_posix()
        program = name.removesuffix(".breaks.toml") + ".py"
        try:
            found = book.breaks(program)
        except BookError as error:
            raise self.CollectError(str(error)) from error
        for broken in found:
            # A name without spaces can be chosen with -k.
            yield BreakItem.from_parent(self, name=broken.name.replace(" ", "-"),
                                        program=program, broken=broken)


class BreakItem(pytest.Item):
    """One broken program, and the claims that must not survive it."""

    def __init__(self, *, program: str, broken: Any, **options: Any) -> None:
        super().__init__(**options)
        self.program, self.broken = program, broken

    def runtest(self) -> None:
        checked(self.config).check_break(self.program, self.broken)

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        if isinstance(excinfo.value, AssertionError | BookError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> Any:
        return self.path, None, f"{self.program}: {self.broken.name}"


# All programs at once ---------------------------------------------------------

def pytest_collection_modifyitems(config: pytest.Config, items: list[Any]) -> None:
    """Items that need programs to run are slow."""
    for item in items:
        if isinstance(item, BreakItem) or is_fence(item):
            item.add_marker(pytest.mark.slow)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Start what the chosen items need, side by side, while others run."""
    config = session.config
    if KEY not in config.stash or config.option.collectonly or hasattr(
            config, "workerinput"):
        return
    book = checked(config)
    for item in session.items:
        try:
            if isinstance(item, BreakItem):
                book.start(item.program, item.broken)
            elif is_fence(item) and (uri := page_uri(config, item.path)):
                for program in book.book.pages[uri].programs:
                    if program in book.jobs:
                        book.start(program)
        except (BookError, KeyError):
            pass  # the item will say so


def is_fence(item: Any) -> bool:
    """Whether this is an item that pytest-codeblocks made."""
    return type(item).__module__ == "pytest_codeblocks.plugin"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Stop programs that nobody waits for any more."""
    if KEY in session.config.stash:
        session.config.stash[KEY].runner.close()
