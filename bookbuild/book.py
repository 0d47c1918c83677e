"""Turns the pages and programs of a book into a list of what refers to what, and what has to run.

A page refers to a program in four ways, all of them plain text:

    --8<-- "part/program.py:section"      its code (pymdownx.snippets)
    /// figure | part/program.py:name     a figure it drew
    /// output | part/program.py:section  what a section of it printed
    {{ part/program.py name:.1% }}        a number from its `results`

In the last one the program may be left out when it is the page's own:
`part/some-page.md` owns `part/some_page.py`.
"""

import ast
import functools
import re
from dataclasses import dataclass, field
from pathlib import Path

from bookbuild.cache import Cache
from bookbuild.errors import BookError

MARKER = re.compile(r"^\s*# --8<-- \[(start|end):([\w-]+)\]\s*$")
CODE = re.compile(r"^[ \t]*(?P<fence>`{3,}|~{3,}).*?^[ \t]*(?P=fence)[ \t]*$"
                  r"|(?P<ticks>`+)[^`\n]+(?P=ticks)", re.M | re.S)
INCLUDE = re.compile(r'^[ \t]*--8<--[ \t]+"(?P<program>[^":]+\.py)'
                     r'(?::(?P<name>[\w-]+))?"[ \t]*$', re.M)
BLOCK = re.compile(r"^[ \t]*/{3,}[ \t]*(?P<kind>figure|output)[ \t]*\|[ \t]*"
                   r"(?P<program>[^:\n]+?\.py)(?::(?P<name>[^\n]+?))?[ \t]*$",
                   re.M)
NUMBER = re.compile(r"\{\{\s*(?:(?P<program>[\w/.-]+\.py)\s+)?"
                    r"(?P<name>[\w.-]+)\s*(?P<spec>:[^{}]*?)?\s*\}\}")


@dataclass
class Program:
    """A program: its name below snippets/ (or docs/), file, and sections.

    `sections` maps a section's name to its first and last line, from 1.
    """

    name: str
    path: Path
    text: str
    sections: dict[str, tuple[int, int]]


@dataclass(frozen=True)
class Reference:
    """One place where a page refers to a program."""

    kind: str  # include, figure, output or number
    program: str
    name: str | None
    line: int


@dataclass
class PageSource:
    """A page as its author wrote it, with all its references in order."""

    uri: str
    text: str
    references: list[Reference] = field(default_factory=list)

    @property
    def main(self):
        """The name of the program that belongs to this page."""
        if self.uri.endswith(".py"):  # a solutions notebook
            return self.uri
        folder, slash, name = self.uri.removesuffix(".md").rpartition("/")
        return folder + slash + name.replace("-", "_") + ".py"

    @property
    def programs(self):
        """Names of the programs the page refers to, in order."""
        return list(dict.fromkeys(r.program for r in self.references))

    def line_of(self, text):
        """The first line that contains a text, or None."""
        head, found, _ = self.text.partition(text)
        return head.count("\n") + 1 if found else None


def read_program(name, path):
    """Read a program and find its sections.

    Raises:
        BookError: a section is opened or closed wrongly.
    """
    text = path.read_text(encoding="utf-8")
    sections, inside = {}, None
    for number, line in enumerate(text.splitlines(), 1):
        if not (match := MARKER.match(line)):
            continue
        edge, section = match.groups()
        if edge == "start" and inside is None and section not in sections:
            inside, first = section, number + 1
        elif edge == "end" and section == inside:
            sections[section], inside = (first, number - 1), None
        else:
            raise BookError(f"section marker [{edge}:{section}] does not fit; "
                            "sections follow one another, each with a start "
                            "and an end", program=name, program_line=number)
    if inside:
        raise BookError(f"section '{inside}' has no end marker", program=name,
                        program_line=first - 1)
    return Program(name, path, text, sections)


def find_references(uri, text):
    """All references of a page to programs, in the order of its lines."""
    source = PageSource(uri, text)
    prose = CODE.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)
    found = [("include", m, text) for m in INCLUDE.finditer(text)]
    found += [(m["kind"], m, prose) for m in BLOCK.finditer(prose)]
    found += [("number", m, prose) for m in NUMBER.finditer(prose)]
    for kind, match, searched in sorted(found, key=lambda f: f[1].start()):
        line = searched.count("\n", 0, match.start()) + 1
        # A regex on whole lines may start on the line break before its text.
        line += len(match[0]) - len(match[0].lstrip("\n"))
        source.references.append(Reference(
            kind, match["program"] or source.main, match["name"], line))
    return source


class Book:
    """The pages, programs and records of one build.

    Args:
        root: the folder of mkdocs.yml.
        docs, snippets: folders of the pages and the programs.
        settings: the `extra.bookbuild` part of mkdocs.yml.
        serving: whether errors are shown in the page instead of ending the
            build.
    """

    def __init__(self, root, docs, snippets, settings, serving=False):
        self.root, self.docs = Path(root), Path(docs)
        self.snippets, self.serving = Path(snippets), serving
        self.settings = settings
        self.cache = Cache(self.root / ".cache" / "bookbuild", self.root)
        self.pages: dict[str, PageSource] = {}
        self.programs: dict[str, Program] = {}
        self.records: dict[str, dict] = {}
        self.errors: dict[str, list[BookError]] = {}
        self.numbers: dict[str, str] = {}  # page to "1.2"
        self.order: list[str] = []  # pages as they are read
        self.current: PageSource | None = None  # being rendered

    # Finding -----------------------------------------------------------

    def add_page(self, uri, text):
        """Find what a page refers to, and read the programs it names."""
        page = self.pages[uri] = find_references(uri, text)
        for reference in page.references:
            try:
                program = self.program(reference.program)
            except BookError as error:
                error.page = uri
                self.fail(BookError(error.problem, uri, reference.line,
                                    error.program, error.program_line))
                continue
            name = reference.name
            if (reference.kind in ("include", "output") and name
                    and name not in program.sections):
                self.fail(BookError(
                    f"there is no section '{name}'; "
                    f"{choices(program.sections)}", uri, reference.line,
                    program.name))

    def program(self, name):
        """The program of a name, read once.

        Raises:
            BookError: there is no such program or its sections are wrong.
        """
        if name not in self.programs:
            path = (self.docs if name.startswith("solutions/")
                    else self.snippets) / name
            if not path.is_file():
                raise BookError("there is no such program", program=name)
            self.programs[name] = read_program(name, path)
        return self.programs[name]

    def fail(self, error):
        """Remember what is wrong with a page."""
        errors = self.errors.setdefault(error.page, [])
        if str(error) not in map(str, errors):
            errors.append(error)

    def problem(self, error):
        """Report an error found while rendering.

        Returns:
            text for the page, when serving. Raises the error otherwise.
        """
        if not self.serving:
            raise error
        self.fail(error)
        return f"[{error.problem}]"

    # Results -----------------------------------------------------------

    def check(self):
        """Check that every figure and number a page quotes was produced."""
        for uri, page in self.pages.items():
            for reference in page.references:
                record = self.records.get(reference.program)
                if record is None:
                    continue
                try:
                    if reference.kind == "figure":
                        self.figure(reference.program, reference.name)
                    elif reference.kind == "number":
                        self.number(reference.program, reference.name)
                except BookError as error:
                    self.fail(BookError(error.problem, uri, reference.line,
                                        reference.program))

    def figure(self, program, name):
        """A captured figure: {"svg", "width", "height"}."""
        figures = self.records[program]["figures"]
        if name not in figures:
            raise BookError(f"the program drew no figure '{name}' "
                            f"(`num=\"{name}\"`); {choices(figures)}",
                            program=program)
        return figures[name]

    def number(self, program, name):
        """A value from a program's `results`, by its dotted name."""
        value = self.records[program]["results"]
        for part in name.split("."):
            if isinstance(value, list) and part.lstrip("-").isdigit() \
                    and -len(value) <= int(part) < len(value):
                value = value[int(part)]
            elif isinstance(value, dict) and part in value:
                value = value[part]
            else:
                raise BookError(f"results has no '{name}'; {choices(value)}",
                                program=program)
        return value

    def output(self, program, section=None):
        """What a program, or one section of it, printed."""
        first, last = (self.program(program).sections[section] if section
                       else (0, float("inf")))
        return "".join(text for line, text in self.records[program]["output"]
                       if first <= line <= last).rstrip("\n")

    def fill_numbers(self, text):
        """Replace every {{ number }} of the current page's text."""
        def fill(match):
            if match.lastgroup is None or not match["name"]:
                return match[0]
            program = match["program"] or self.current.main
            try:
                value = self.number(program, match["name"])
                return format(value, (match["spec"] or ":")[1:])
            except (BookError, KeyError, ValueError, TypeError) as error:
                problem = (error.problem if isinstance(error, BookError)
                           else f"cannot format {match[0]}: {error}")
                return self.problem(BookError(
                    problem, self.current.uri,
                    self.current.line_of(match[0]), program))

        pieces, end = [], 0
        for code in CODE.finditer(text):
            pieces += [NUMBER.sub(fill, text[end:code.start()]), code[0]]
            end = code.end()
        return "".join([*pieces, NUMBER.sub(fill, text[end:])])


def choices(names):
    """A phrase that lists what could have been meant."""
    names = [str(name) for name in names] if isinstance(names, dict) else []
    return f"there is: {', '.join(names)}" if names else "it has none"


@functools.cache
def docstring(text):
    """The first line of a program's docstring, or an empty string."""
    try:
        return (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]
    except SyntaxError:
        return ""


current: Book | None = None
"""The book being built; extensions of Markdown cannot be handed it."""
