"""Turns `part/program.breaks.toml` into the changes that take a program's idea out, each with the claims that must then fail.

    [[break]]
    name = "kernel turned round"
    old = "weight[:, :, u, v]"
    new = "weight[:, :, k - 1 - u, v]"
    fails = ["claim-the-convolution-equals"]

More pieces of one break stand in `also = [{old = "...", new = "..."}]`.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from bookbuild.errors import BookError
from bookbuild.run.program import Change, read_text

FIELDS = {"name", "old", "new", "also", "fails"}


@dataclass(frozen=True)
class Break:
    """One way to break a program.

    Attributes:
        name: what is broken, in a few words.
        changes: of its text.
        fails: ids of the claims that must not hold then.
    """

    name: str
    changes: tuple[Change, ...]
    fails: tuple[str, ...]


def breaks_file(program: Path) -> Path:
    """Where the breaks of a program stand."""
    return program.with_suffix(".breaks.toml")


def read_breaks(program: Path, name: str) -> list[Break]:
    """The breaks of a program; none when it has no file of them.

    Args:
        program: its file.
        name: what the book calls it.
    Raises:
        BookError: the file is no TOML, or a break lacks a field.
    """
    path = breaks_file(program)
    if not path.exists():
        return []
    shown = str(Path(name).with_suffix(".breaks.toml"))
    try:
        table = tomllib.loads(read_text(path, shown))
    except tomllib.TOMLDecodeError as error:
        raise BookError(f"not TOML: {error}", program=shown) from error
    found = []
    for entry in table.get("break", []):
        wrong = entry.keys() - FIELDS
        lacking = {"name", "old", "new", "fails"} - entry.keys()
        if wrong or lacking:
            word = (
                f"lacks {', '.join(sorted(lacking))}"
                if lacking
                else f"has no field {', '.join(sorted(wrong))}"
            )
            raise BookError(
                f"the break {entry.get('name', '')!r} {word}", program=shown
            )
        pieces = [entry, *entry.get("also", [])]
        found.append(
            Break(
                entry["name"],
                tuple(Change(piece["old"], piece["new"]) for piece in pieces),
                tuple(entry["fails"]),
            )
        )
    return found
