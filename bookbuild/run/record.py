"""What a run of a program leaves: a record, or a failure, as typed classes that become JSON and back."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Claim:
    """Assertions about a program, run in its process when it has ended.

    Attributes:
        id: the claim's name in the book.
        page: the page that makes it.
        line: the line of the page on which `code` begins, from 1.
        code: the assertions.
    """

    id: str
    page: str
    line: int
    code: str


@dataclass(frozen=True)
class Comparison:
    """One comparison of an assertion, and the values it compared.

    Where it ran several times (in a loop, for each seed), these are the
    values with which it came closest to failing, or failed.

    Attributes:
        left, operator, right: its text, as in `score > 0.97`.
        left_value, right_value: the numbers.
    """

    left: str
    operator: str
    right: str
    left_value: float
    right_value: float


@dataclass(frozen=True)
class Verdict:
    """Whether a claim held.

    Attributes:
        claim: the claim's id.
        held: whether no assertion failed.
        message: of the first that failed, with page and line; "" if it held.
        code: the text of the assertion that failed, or "".
        comparisons: the numbers its assertions compared.
    """

    claim: str
    held: bool
    message: str = ""
    code: str = ""
    comparisons: tuple[Comparison, ...] = ()


@dataclass(frozen=True)
class Figure:
    """A drawing, as SVG in the colours of a light page; sizes in CSS pixels."""

    svg: str
    width: int
    height: int


@dataclass(frozen=True)
class Record:
    """What a program printed, drew, computed and read.

    Attributes:
        program: its name.
        output: (line of the program's text, what it printed), in order.
        figures: by name.
        results: the program's dict `results`, as plain JSON values.
        verdicts: of the claims it was run with, in their order.
        cpu: seconds of CPU time.
        warnings: what Python or the runner warned of.
        reads: what it depended on: see `reads.py`.
    """

    program: str
    output: tuple[tuple[int, str], ...]
    figures: dict[str, Figure]
    results: dict[str, Any]
    verdicts: tuple[Verdict, ...]
    cpu: float
    warnings: tuple[str, ...]
    reads: dict[str, dict[str, Any]] = field(default_factory=dict)

    def printed(self, first: int = 0, last: float = float("inf")) -> str:
        """What the lines from `first` to `last` printed."""
        return "".join(text for line, text in self.output if first <= line <= last)

    def to_json(self) -> dict[str, Any]:
        """The record as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Record:
        """The record from what `to_json` returned.

        Raises:
            KeyError, TypeError, ValueError: it is not what that returns.
        """
        return cls(
            program=data["program"],
            output=tuple((int(line), str(text)) for line, text in data["output"]),
            figures={n: Figure(**f) for n, f in data["figures"].items()},
            results=dict(data["results"]),
            verdicts=tuple(
                Verdict(
                    **{
                        **verdict,
                        "comparisons": tuple(
                            Comparison(**c) for c in verdict["comparisons"]
                        ),
                    }
                )
                for verdict in data["verdicts"]
            ),
            cpu=float(data["cpu"]),
            warnings=tuple(data["warnings"]),
            reads=dict(data["reads"]),
        )


@dataclass(frozen=True)
class Failure:
    """Why a program left no record.

    Attributes:
        program: its name.
        message: one line that says what went wrong.
        line: the line of its text that did, from 1, if known.
    """

    program: str
    message: str
    line: int | None = None


Outcome = Record | Failure
