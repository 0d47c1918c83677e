"""Grades assertions that a reader writes about a program: they hold for it, and fail for its broken versions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bookbuild.check.book import CheckedBook
from bookbuild.errors import BookError
from bookbuild.run.program import Change, Program, read_text
from bookbuild.run.record import Claim, Failure

ANSWER = "answer"


@dataclass(frozen=True)
class Grade:
    """How assertions do with one version of a program.

    Attributes:
        version: "" for the right program, else what is broken.
        good: whether they hold for the right one, or notice the broken one.
        message: why not.
    """

    version: str
    good: bool
    message: str = ""


def grade(book: CheckedBook, name: str, answer: Path) -> Iterator[Grade]:
    """Grade a file of assertions; the right program comes first.

    Args:
        book: the book.
        name: a program with broken versions, as `cnn/index.py`.
        answer: a file with assertions, which see all names of the program.
    Raises:
        BookError: there is no such program, it has no broken versions, or
            the file cannot be read.
    """
    if name not in book.jobs:
        raise BookError("no page refers to this program", program=name)
    broken = book.breaks(name)
    if not broken:
        raise BookError("nobody has broken this program yet", program=name)
    if not answer.is_file():
        raise BookError("there is no such file", answer.name)
    text = read_text(answer, answer.name)
    if "assert" not in text:
        raise BookError("there is no assertion in it", answer.name)
    program = book.jobs[name][0]
    claims = (Claim(ANSWER, answer.name, 1, text),)
    waiting = [
        book.runner.submit(program, changes=changes, claims=claims)
        for changes in ((), *(one.changes for one in broken))
    ]
    held, message = judged(waiting[0].result())
    yield Grade("", held, message)
    if not held:
        return
    for one, future in zip(broken, waiting[1:], strict=True):
        held, message = judged(future.result())
        if not held and one.shorter and not holds(book, program, one.shorter, claims):
            message = "they fail in the program that only trains less, too"
            yield Grade(one.name, False, message)
        else:
            yield Grade(
                one.name, not held, "" if not held else "they hold all the same"
            )


def holds(
    book: CheckedBook,
    program: Program,
    changes: tuple[Change, ...],
    claims: tuple[Claim, ...],
) -> bool:
    """Whether assertions hold for a changed program."""
    return judged(book.runner.run(program, changes=changes, claims=claims))[0]


def judged(outcome: object) -> tuple[bool, str]:
    """Whether assertions held in a run, and if not, why."""
    if isinstance(outcome, Failure):
        return False, outcome.message
    [verdict] = outcome.verdicts  # type: ignore[attr-defined]
    return verdict.held, verdict.message
