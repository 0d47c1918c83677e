"""The one kind of error: a sentence that says what is wrong, where, and what to do."""

from __future__ import annotations


class BookError(Exception):
    """Something in a page, a program or the book's folder is wrong.

    Args:
        message: what is wrong and what to do about it.
        page: the page, relative to the folder of the pages.
        line: the line of the page, from 1.
        program: the program, relative to the folder of the programs.
        program_line: the line of the program, from 1.
    """

    def __init__(
        self,
        message: str,
        page: str | None = None,
        line: int | None = None,
        program: str | None = None,
        program_line: int | None = None,
    ) -> None:
        self.page, self.line = page, line
        self.program, self.program_line = program, program_line
        self.problem = message
        places = [
            f"{name}, line {number}" if number else name
            for name, number in ((page, line), (program, program_line))
            if name
        ]
        super().__init__(
            ": ".join([" -> ".join(places), message]) if places else message
        )

    def on(self, page: str, line: int | None = None) -> BookError:
        """The same about a program, with the page and line that need it."""
        return BookError(self.problem, page, line, self.program, self.program_line)
