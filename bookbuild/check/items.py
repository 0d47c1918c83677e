"""Turns the fences of a page and the breaks of a program into test items."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from pytest_codeblocks.plugin import MarkdownFile, TestBlock

from bookbuild.check.plugin import checked
from bookbuild.errors import BookError
from bookbuild.run.breaks import Break

if TYPE_CHECKING:
    from bookbuild.check.book import CheckedBook


class PageFile(MarkdownFile):
    """A page of the book, with an item for each fence.

    Fences of Python ask our runner; those in other languages stay as
    pytest-codeblocks has found them.
    """

    def collect(self) -> Iterator[pytest.Item]:
        book = opened(self)
        yield from (item for item in super().collect() if item.obj.syntax != "python")
        uri = self.path.relative_to(book.config.docs_dir).as_posix()
        page = book.book.pages.get(uri)
        lines = [listing.line for listing in page.listings] if page else []
        if not lines and book.book.errors.get(uri):
            lines = [1]  # an item that says what is wrong
        for line in lines:
            yield FenceItem.from_parent(self, name=f"line {line}", uri=uri, line=line)


class FenceItem(TestBlock):
    """A fence of Python: a listing, a claim, or a page's own code."""

    def __init__(self, name: str, parent: Any, uri: str, line: int) -> None:
        super().__init__(name, parent)
        self.uri, self.line = uri, line

    @property
    def needs(self) -> tuple[str]:
        """The program that has to run."""
        return (checked(self.config).fence(self.uri, self.line)[0],)

    def runtest(self) -> None:
        checked(self.config).check_page(self.uri, self.line)

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        return explain(self, excinfo)

    def reportinfo(self) -> Any:
        return self.path, self.line - 1, f"{self.uri}, line {self.line}"


class BreaksFile(pytest.File):
    """The breaks that stand beside a program."""

    def collect(self) -> Iterator[pytest.Item]:
        book = opened(self)
        name = self.path.relative_to(book.book.snippets).as_posix()
        program = name.removesuffix(".breaks.toml") + ".py"
        try:
            found = book.breaks(program)
        except BookError as error:
            raise self.CollectError(str(error)) from error
        for broken in found:
            # A name without spaces can be chosen with -k.
            yield BreakItem.from_parent(
                self,
                name=broken.name.replace(" ", "-"),
                program=program,
                broken=broken,
            )


class BreakItem(pytest.Item):
    """One broken program, and the claims that must not survive it.

    Attributes:
        needs: the program that has to run, and how it is broken.
    """

    def __init__(self, *, program: str, broken: Break, **options: Any) -> None:
        super().__init__(**options)
        self.needs = program, broken

    def runtest(self) -> None:
        checked(self.config).check_break(*self.needs)

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        return explain(self, excinfo)

    def reportinfo(self) -> Any:
        program, broken = self.needs
        return self.path, None, f"{program}: {broken.name}"


def opened(node: pytest.Collector) -> CheckedBook:
    """The book, with its pages read.

    Raises:
        CollectError: they cannot be; in one sentence.
    """
    try:
        book = checked(node.config)
        assert book.book
    except BookError as error:
        raise node.CollectError(str(error)) from error
    return book


def explain(item: pytest.Item, excinfo: Any) -> Any:
    """Our own errors in one sentence, others with their traceback."""
    if isinstance(excinfo.value, AssertionError | BookError):
        return str(excinfo.value)
    return pytest.Item.repr_failure(item, excinfo)
