"""Turns `part/program.breaks.toml` into the changes that take a program's idea out, each with the claims that must then fail.

    [[break]]
    name = "kernel turned round"
    old = "weight[:, :, u, v]"
    new = "weight[:, :, k - 1 - u, v]"
    fails = ["claim-the-convolution-equals"]

More pieces of one break stand in `also = [{old = "...", new = "..."}]`. What
only saves time, fewer steps say, stands in `shorter`, in the same form: the
claims must hold in the program that is only shorter, and fail in the one that
is broken too.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bookbuild.errors import BookError
from bookbuild.run.program import Change, read_text

FIELDS = {"name", "old", "new", "also", "shorter", "fails"}


@dataclass(frozen=True)
class Break:
    """One way to break a program.

    Attributes:
        name: what is broken, in a few words.
        changes: of its text.
        fails: ids of the claims that must not hold then.
        shorter: those of the changes that only save time.
    """

    name: str
    changes: tuple[Change, ...]
    fails: tuple[str, ...]
    shorter: tuple[Change, ...] = ()


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
    entries = table.get("break", [])
    if not isinstance(entries, list):
        raise BookError("write [[break]] in double brackets", program=shown)
    return [one_break(entry, shown) for entry in entries]


def one_break(entry: dict[str, Any], shown: str) -> Break:
    """A break as its table in the file says it.

    Args:
        entry: the table.
        shown: what the book calls the file.
    Raises:
        BookError: a field is lacking, unknown or of the wrong kind.
    """
    if not isinstance(entry, dict):
        raise BookError("write [[break]] in double brackets", program=shown)
    title = f"the break {entry.get('name', '')!r}"
    lacking = {"name", "old", "new", "fails"} - entry.keys()
    wrong = entry.keys() - FIELDS
    if lacking:
        raise BookError(f"{title} lacks {', '.join(sorted(lacking))}", program=shown)
    if wrong:
        raise BookError(
            f"{title} has no field {', '.join(sorted(wrong))}", program=shown
        )
    fails = entry["fails"]
    if not (isinstance(fails, list) and all(isinstance(f, str) for f in fails)):
        raise BookError(f"{title}: fails is a list of claims' ids", program=shown)
    also, shorter = (
        pieces(entry, field, title, shown) for field in ("also", "shorter")
    )
    [itself] = changes([entry], title, shown)
    if not isinstance(entry["name"], str):
        raise BookError(f"{title}: name, old and new are texts", program=shown)
    return Break(
        entry["name"],
        (itself, *also, *shorter),
        tuple(fails),
        shorter,
    )


def pieces(
    entry: dict[str, Any], field: str, title: str, shown: str
) -> tuple[Change, ...]:
    """The changes that a field of a break lists.

    Raises:
        BookError: it is no list of changes.
    """
    found = entry.get(field, [])
    if not isinstance(found, list) or not all(
        isinstance(piece, dict) and piece.keys() == {"old", "new"} for piece in found
    ):
        raise BookError(
            f"{title}: {field} is a list of {{old = ..., new = ...}}", program=shown
        )
    return changes(found, title, shown)


def changes(tables: list[dict[str, Any]], title: str, shown: str) -> tuple[Change, ...]:
    """Tables of `old` and `new` as changes of a text.

    Raises:
        BookError: one of them is no text.
    """
    texts = [table[key] for table in tables for key in ("old", "new")]
    if not all(isinstance(text, str) for text in texts):
        raise BookError(f"{title}: name, old and new are texts", program=shown)
    return tuple(Change(table["old"], table["new"]) for table in tables)
