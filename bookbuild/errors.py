"""The one kind of error that stops a build: a sentence that says what is wrong, where, and what to do."""

from mkdocs.exceptions import PluginError


class BookError(PluginError):
    """Something in a page or a program is wrong.

    Args:
        message: what is wrong and what to do about it.
        page: the page, relative to docs/.
        line: the line of the page, from 1.
        program: the program, relative to snippets/.
        program_line: the line of the program, from 1.
    """

    def __init__(self, message, page=None, line=None, program=None,
                 program_line=None):
        self.page, self.line = page, line
        self.program, self.program_line = program, program_line
        places = [f"{name}, line {number}" if number else name
                  for name, number in ((page, line), (program, program_line))
                  if name]
        self.problem = message
        super().__init__(": ".join([" -> ".join(places), message])
                         if places else message)
