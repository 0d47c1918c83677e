"""Turns the fences of a page into listings: those that take sections of a program, and those written by hand.

An include of a program keeps its line until its fence is complete, so that
every fence still knows its line on the page. Which lines are includes and
what is a fence is decided by pymdownx; its classes are extended here.
"""

from __future__ import annotations

import re
from typing import Any

from markdown import Markdown, util
from markdown.preprocessors import Preprocessor
from pygments.lexers import get_lexer_by_name
from pygments.lexers.python import Python2Lexer, PythonConsoleLexer, PythonLexer
from pygments.util import ClassNotFound
from pymdownx.snippets import SnippetMissingError, SnippetPreprocessor
from pymdownx.superfences import (
    SuperFencesBlockPreprocessor,
    SuperFencesException,
)

from bookbuild.errors import BookError
from bookbuild.pages.book import Book
from bookbuild.pages.page import Listing, Page
from bookbuild.pages.slots import NUMBER
from bookbuild.run.program import lines_of, span

INCLUDED = re.compile("\ue002(\\d+)\ue003")
NOTHING = "\ue002\ue003"  # keeps the line of what is taken away
LEFT = re.compile(r"^[\s>]*(?:-+8<-+|-*\s*8\s*[<‹]-*\s*[\"'])")


def lexer(language: str | None) -> type | None:
    """What colours code in a language, however the language is spelt."""
    try:
        return type(get_lexer_by_name(language)) if language else None
    except ClassNotFound:
        return None


def is_python(language: str | None) -> bool:
    """Whether readers see code in a language as Python: then it has to run."""
    if language == "python":
        return True
    found = lexer(language)
    return found is not None and issubclass(found, PythonLexer)


def never_run(language: str | None) -> bool:
    """Whether code in a language looks like Python and cannot be run."""
    found = lexer(language) if language != "python" else PythonLexer
    return found is not None and found in (PythonConsoleLexer, Python2Lexer)


class Includes(SnippetPreprocessor):
    """Expands includes; those of programs keep their line, as a mark."""

    def __init__(self, config: dict[str, Any], md: Markdown, book: Book, page: Page):
        super().__init__(config, md)
        self.book, self.page = book, page
        self.included: list[tuple[str, str | None, int]] = []

    def run(self, lines: list[str]) -> list[str]:
        """Replace each include of a program by a mark, and expand the rest."""
        self.seen = set()
        found: list[str] = []
        block = False
        for number, line in enumerate(lines, 1 + self.page.offset):
            match = self.RE_ALL_SNIPPETS.match(line)
            if match and match["escape"]:
                found.append(line.replace(";", "", 1))
            elif match and match["block_marker"]:
                block = not block
                found.append(NOTHING)
            elif match or (block and line.strip()):
                space = line[: len(line) - len(line.lstrip())]
                path = (match["snippet"][1:-1] if match else line).strip()
                found += self.include(path, space, number)
            elif not match:
                found.append(line)
        return found

    def include(self, path: str, space: str, number: int) -> list[str]:
        """What takes the place of one include."""
        target = self.parse_snippet_target(path)
        if target and target["path"].endswith(".py"):
            if target["start"]:
                self.book.report(
                    BookError(
                        f"{path} takes lines by their number; name a section "
                        "of the program in place of them",
                        self.page.uri,
                        number,
                    )
                )
                return []
            self.included.append((target["path"], target["section"], number))
            return [f"{space}\ue002{len(self.included) - 1}\ue003"]
        try:
            return self.parse_snippets([f'{space}--8<-- "{path}"'])
        except SnippetMissingError as error:
            self.book.report(BookError(f"{path}: {error}", self.page.uri, number))
        except UnicodeDecodeError:
            self.book.report(
                BookError(
                    f"{path} is not UTF-8; save it as UTF-8", self.page.uri, number
                )
            )
        except (OSError, ValueError) as error:  # a folder; no name of a file
            problem = getattr(error, "strerror", None) or error
            self.book.report(
                BookError(f"{path!r} cannot be read: {problem}", self.page.uri, number)
            )
        return []


class Fences(SuperFencesBlockPreprocessor):
    """Fences that know their line, and whose included sections are filled in."""

    def __init__(self, md: Markdown, book: Book, page: Page, includes: Includes):
        super().__init__(md)
        self.book, self.page, self.includes = book, page, includes
        self.by_stash: dict[str, Listing] = {}
        self.last_program: str | None = None
        self.first_line = 0

    def run(self, lines: list[str]) -> list[str]:
        """Search and stash the fenced code blocks."""
        self.get_hl_settings()
        self.clear()
        self.stack: list[Any] = []
        self.disabled_indented = self.config.get("disable_indented_code_blocks", False)
        self.preserve_tabs = self.config.get("preserve_tabs", False)
        return self.search_nested(lines)

    def process_nested_block(self, ws: str, content: str, start: int, end: int) -> None:
        """A fence is complete: fill in its sections and write it down."""
        line, last = start + 1 + self.page.offset, end + self.page.offset
        listing = Listing(line, last, "")
        if never_run(self.lang):
            self.book.report(
                BookError(
                    f"code marked {self.lang!r} is never run; mark it python, and show "
                    "what it prints with /// output | part/program.py:section",
                    self.page.uri,
                    line,
                )
            )
        self.code = [
            piece for code in self.code for piece in self.expand(code, listing)
        ]
        if listing.program is None and is_python(self.lang):
            self.code = [self.published(code) for code in self.code]
        if listing.program and is_python(self.lang):
            self.options.setdefault("title", listing.program)
        listing.code = self.rebuild_block(self.code)
        try:
            super().process_nested_block(ws, content, start, end)
        except SuperFencesException:
            raise
        if is_python(self.lang_of(listing)) or listing.program:
            self.note(listing)

    def lang_of(self, listing: Listing) -> str:
        """The language of the fence that has just been stashed."""
        return self.remembered

    def clear(self) -> None:
        """Forget the fence; its language is still wanted."""
        self.remembered = getattr(self, "lang", None) or ""
        super().clear()

    def expand(self, code: str, listing: Listing) -> list[str]:
        """The lines that stand for one line of a fence."""
        if NOTHING in code:
            return []
        match = INCLUDED.search(code)
        if not match:
            if LEFT.match(code):
                self.book.report(
                    BookError(
                        f"this is no include: {code.strip()!r}; write "
                        '--8<-- "part/program.py:section", with nothing before or '
                        "after it",
                        self.page.uri,
                        self.page.line_of(code.strip()),
                    )
                )
            return [code]
        name, section, line = self.includes.included[int(match[1])]
        space = code[: match.start()]
        self.page.refer(name)
        try:
            program = self.book.program(name)
            if section is not None:
                span(program, section)
        except BookError as error:
            self.book.report(error.on(self.page.uri, line))
            return [f"{space}# {error.problem}"]
        if listing.program not in (None, name):
            self.book.report(
                BookError(
                    f"a listing takes sections of {listing.program} and of "
                    f"{name}; give each its own",
                    self.page.uri,
                    line,
                )
            )
        listing.program = name
        listing.sections.append(section)
        return [space + text for text in lines_of(program.section(section))]

    def published(self, code: str) -> str:
        """A line of assertions with the published values that it names."""

        def value(match: re.Match[str]) -> str:
            if match["program"] != "published":
                return match[0]
            try:
                return repr(self.book.number("published", match["name"]))
            except BookError as error:
                line = self.page.line_of(match[0])
                return self.book.report(BookError(error.problem, self.page.uri, line))

        return NUMBER.sub(value, code)

    def note(self, listing: Listing) -> None:
        """Write a listing down, under the place it has in the text."""
        self.page.listings.append(listing)
        index = self.md.htmlStash.html_counter - 1
        self.by_stash[util.HTML_PLACEHOLDER % index] = listing


class Stray(Preprocessor):
    """Finds includes of programs that stand outside of a fence."""

    def __init__(self, md: Markdown, book: Book, page: Page, includes: Includes):
        super().__init__(md)
        self.book, self.page, self.includes = book, page, includes

    def run(self, lines: list[str]) -> list[str]:
        """Report what no fence has taken."""
        for line in lines:
            for match in INCLUDED.finditer(line):
                name, _, number = self.includes.included[int(match[1])]
                self.book.report(
                    BookError(
                        f"{name} is included outside of a fence; put it between "
                        "```python and ```",
                        self.page.uri,
                        number,
                    )
                )
        return [INCLUDED.sub("", line).replace(NOTHING, "") for line in lines]
