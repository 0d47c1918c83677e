"""Turns a program and claims about it into a job, with the key it is kept under."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from bookbuild.run.program import Program
from bookbuild.run.record import Claim


class ProgramError(Exception):
    """A program went wrong.

    Args:
        message: one line that says what happened.
        line: the line of its text where it did, from 1, if known.
    """

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.message, self.line = message, line


@dataclass(frozen=True)
class Job:
    """A program to run once.

    Attributes:
        program: what runs, with its changes made; its path is absolute.
        claims: what is checked when it has ended.
        root: the book's folder, in which it runs; an absolute path.
        limit: seconds after which it is stopped.
        machinery: hash of what runs it: see `Store.machinery`.
        expected: seconds it will probably take, if known.
        sources: folders of the book, below root, that no program may change.
        patient: whether it lets others go before it, in the queue and on the
            cores; broken programs do, since only tests wait for them.
        face: font files of the face in which figures are written.
    """

    program: Program
    claims: tuple[Claim, ...]
    root: Path
    limit: float
    machinery: str = ""
    expected: float | None = None
    sources: tuple[str, ...] = ("docs", "snippets")
    patient: bool = False
    face: tuple[Path, ...] = ()

    @property
    def key(self) -> str:
        """Hash of all that is known before the run.

        Of a claim, its id and code count, not the page and line on which it
        stands: moving a claim runs nothing. The runner puts page and line
        into the verdicts that it hands out.
        """
        parts = [
            self.program.name,
            self.program.text,
            [[claim.id, claim.code] for claim in self.claims],
            self.machinery,
        ]
        text = json.dumps(parts)
        return hashlib.sha256(text.encode()).hexdigest()
