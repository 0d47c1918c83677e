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
from typing import Any

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
    title = f"the break {entry.get('name', '')!r}"
    lacking = {"name", "old", "new", "fails"} - entry.keys()
    wrong = entry.keys() - FIELDS
    if lacking:
        raise BookError(f"{title} lacks {', '.join(sorted(lacking))}", program=shown)
    if wrong:
        raise BookError(
            f"{title} has no field {', '.join(sorted(wrong))}", program=shown
        )
    also, fails = entry.get("also", []), entry["fails"]
    if not (isinstance(fails, list) and all(isinstance(f, str) for f in fails)):
        raise BookError(f"{title}: fails is a list of claims' ids", program=shown)
    if not isinstance(also, list) or not all(
        isinstance(piece, dict) and piece.keys() == {"old", "new"} for piece in also
    ):
        raise BookError(
            f"{title}: also is a list of {{old = ..., new = ...}}", program=shown
        )
    texts = [entry["name"]]
    texts += [piece[key] for piece in (entry, *also) for key in ("old", "new")]
    if not all(isinstance(text, str) for text in texts):
        raise BookError(f"{title}: name, old and new are texts", program=shown)
    return Break(
        entry["name"],
        tuple(Change(piece["old"], piece["new"]) for piece in (entry, *also)),
        tuple(fails),
    )
