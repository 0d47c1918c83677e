"""Turns a file into a program: its text, its sections, and which line stands where.

A section stands between two marks, `# --8<-- [start:name]` and
`# --8<-- [end:name]`. A solution takes sections of another program with the
line that pages use, `--8<-- "part/program.py:name"`; they are filled in here,
before it runs and before it is offered for download.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from bookbuild.errors import BookError

MARK = re.compile(r"^\s*# --8<-- \[(start|end):([\w-]+)\]\s*$")
INCLUDE = re.compile(r'^--8<-- "([^":]+\.py)(?::([\w-]+))?"\s*$')
NEARLY_MARK = re.compile(r"^\s*#?\s*-*8<-")

Place = tuple[str, int]  # a program's name and a line of it, from 1


@dataclass(frozen=True)
class Change:
    """One piece of a program's text, and what takes its place."""

    old: str
    new: str


@dataclass(frozen=True)
class Program:
    """A program as it runs.

    Attributes:
        name: its path below the folder of the programs (or of the pages).
        path: its file.
        text: what runs, with included sections filled in.
        sections: a section's name to its first and last line, from 1.
        places: for each line of `text`, where its author wrote it.
    """

    name: str
    path: Path
    text: str
    sections: dict[str, tuple[int, int]]
    places: tuple[Place, ...]

    def place(self, line: int | None) -> Place | None:
        """Where the author wrote a line of the text."""
        if line is None or not 0 < line <= len(self.places):
            return None
        return self.places[line - 1]

    def section(self, name: str | None) -> str:
        """The text of a section, or of the whole program without its marks."""
        lines = lines_of(self.text)
        if name is not None:
            first, last = self.sections[name]
            lines = lines[first - 1 : last]
        return "\n".join(line for line in lines if not MARK.match(line))

    def changed(self, changes: tuple[Change, ...]) -> Program:
        """The program with pieces of its text replaced.

        Raises:
            BookError: a piece does not occur.
        """
        text = self.text
        for change in changes:
            if change.old not in text:
                shown = " ".join(change.old.split())
                raise BookError(
                    f"a change names a text that the program does not have: "
                    f"{shown[:60]}",
                    program=self.name,
                )
            text = text.replace(change.old, change.new)
        return replace(self, text=text) if changes else self


def lines_of(text: str) -> list[str]:
    """The lines of a text, as Python counts them."""
    return text.split("\n")


def read_text(path: Path, name: str, *, page: bool = False) -> str:
    """A text file, with line ends as \\n and no byte order mark.

    Raises:
        BookError: it is missing or not UTF-8; it is named `name`.
    """

    def error(message: str) -> BookError:
        return BookError(
            message, page=name if page else None, program=None if page else name
        )

    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as bad:
        raise error(
            f"the file is not UTF-8 (byte {bad.start}); save it as UTF-8"
        ) from bad
    except FileNotFoundError as bad:
        raise error(f"there is no such {'page' if page else 'program'}") from bad
    except OSError as bad:
        raise error(f"cannot be read: {bad.strerror}") from bad
    except ValueError as bad:  # no name of a file
        raise error(f"cannot be read: {bad}") from bad


def programs_in(folder: Path, ending: str = ".py") -> list[Path]:
    """The programs below a folder, without the lock files of editors."""
    return [
        path
        for path in sorted(Path(folder).rglob(f"*{ending}"))
        if not path.name.startswith((".", "#")) and path.is_file()
    ]


def find_sections(name: str, text: str) -> dict[str, tuple[int, int]]:
    """The sections of a program's text.

    Raises:
        BookError: a section is opened or closed wrongly.
    """
    sections: dict[str, tuple[int, int]] = {}
    inside, first = None, 0
    for number, line in enumerate(lines_of(text), 1):
        match = MARK.match(line)
        if not match:
            if NEARLY_MARK.match(line) and not INCLUDE.match(line):
                raise BookError(
                    "this looks like a section mark and is none; write "
                    "# --8<-- [start:name] or # --8<-- [end:name]",
                    program=name,
                    program_line=number,
                )
            continue
        edge, section = match.groups()
        if edge == "start" and inside is None and section not in sections:
            inside, first = section, number + 1
        elif edge == "end" and section == inside:
            sections[section], inside = (first, number - 1), None
        else:
            raise BookError(
                f"section marker [{edge}:{section}] does not fit; "
                "sections follow one another, each with a start and an end",
                program=name,
                program_line=number,
            )
    if inside:
        raise BookError(
            f"section '{inside}' has no end marker",
            program=name,
            program_line=first - 1,
        )
    return sections


def read_program(name: str, path: Path, snippets: Path) -> Program:
    """Read a program, fill in what it includes, and find its sections.

    Args:
        name: what the book calls it.
        path: its file.
        snippets: the folder in which included programs lie.
    Raises:
        BookError: a file or section is missing, or a mark does not fit.
    """
    text = read_text(path, name)
    lines: list[str] = []
    places: list[Place] = []
    for number, line in enumerate(lines_of(text), 1):
        match = INCLUDE.match(line)
        if not match:
            lines.append(line)
            places.append((name, number))
            continue
        other, section = match.groups()
        try:
            included = read_program(other, Path(snippets) / other, snippets)
            first, last = span(included, section)
        except BookError as error:
            raise BookError(
                error.problem if error.program == name else f"includes {error}",
                program=name,
                program_line=number,
            ) from error
        for inner in range(first, last + 1):
            inner_line = lines_of(included.text)[inner - 1]
            if not MARK.match(inner_line):
                lines.append(inner_line)
                places.append(included.places[inner - 1])
    filled = "\n".join(lines)
    return Program(name, Path(path), filled, find_sections(name, filled), tuple(places))


def span(program: Program, section: str | None) -> tuple[int, int]:
    """The first and last line of a section, or of the whole program.

    Raises:
        BookError: there is no such section.
    """
    if section is None:
        return 1, len(program.places)
    if section not in program.sections:
        raise BookError(
            f"there is no section '{section}'; {choices(program.sections)}",
            program=program.name,
        )
    return program.sections[section]


def choices(names: object) -> str:
    """A phrase that lists what could have been meant."""
    known = [str(name) for name in names] if isinstance(names, dict) else []
    return f"there is: {', '.join(known)}" if known else "it has none"
