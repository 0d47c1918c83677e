"""Turns claims into verdicts: runs assertions and keeps the numbers they compare."""

from __future__ import annotations

import ast
import itertools
import math
import numbers
import operator
import traceback
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from bookbuild.run.record import Claim, Comparison, Verdict

OPERATORS: Mapping[type[ast.cmpop], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Lt: ("<", operator.lt),
    ast.LtE: ("<=", operator.le),
    ast.Gt: (">", operator.gt),
    ast.GtE: (">=", operator.ge),
    ast.Eq: ("==", operator.eq),
    ast.NotEq: ("!=", operator.ne),
}
COMPARE = "__bookbuild_compare__"  # the name by which assertions call `Seen`


@dataclass
class Place:
    """One comparison in the source, and its most telling evaluation.

    Attributes:
        left, symbol, right: its text.
        operation: what it does.
        wanted: whether the assertion wants it to hold (False below `not`).
        best: whether one evaluation that holds suffices (inside `any`).
        score: how far the kept evaluation is from failing; negative if it
            fails.
        kept, last: values: the most telling ones, and the latest.
    """

    left: str
    symbol: str
    right: str
    operation: Callable[[Any, Any], Any]
    wanted: bool
    best: bool
    score: float | None = None
    kept: tuple[float, float] | None = None
    last: tuple[float, float] | None = None

    def see(self, left: Any, right: Any, result: Any) -> None:
        """Keep an evaluation if it compares numbers and tells more."""
        values = number(left), number(right)
        if values[0] is None or values[1] is None:
            return
        self.last = values[0], values[1]
        distance = abs(values[0] - values[1])
        if bool(result) == self.wanted:
            score = 0.0 if math.isnan(distance) else distance
        else:
            score = -math.inf if math.isnan(distance) else -distance
        if self.score is None or (
            score > self.score if self.best else score < self.score
        ):
            self.score, self.kept = score, self.last

    def comparison(self, failed: bool) -> Comparison | None:
        """What is told of it; None if it has compared no numbers."""
        values = self.last if failed else self.kept
        if values is None:
            return None
        return Comparison(self.left, self.symbol, self.right, *values)


class Instrument(ast.NodeTransformer):
    """Lets the comparisons inside `assert` statements tell their values.

    `a < b <= c` becomes a call with the places of its comparisons and the
    three values: what is left of the chain is evaluated even when it is
    decided already; nothing else changes.

    Args:
        code: the source.
        first: the number that its first comparison gets.
    """

    def __init__(self, code: str, first: int) -> None:
        self.code, self.first = code, first
        self.places: list[Place] = []
        self.asserts: dict[ast.Assert, range] = {}
        self.inside, self.wanted, self.best = False, True, False

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        """Instrument the test, not the message."""
        begin = len(self.places)
        before = self.inside, self.wanted, self.best
        self.inside, self.wanted, self.best = True, True, False
        node.test = self.visit(node.test)
        self.inside, self.wanted, self.best = before
        self.asserts[node] = range(begin, len(self.places))
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        """Below `not`, a comparison is wanted to fail."""
        flip = isinstance(node.op, ast.Not)
        self.wanted ^= flip
        self.generic_visit(node)
        self.wanted ^= flip
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Inside `any`, one evaluation suffices, below `not` inside `all`."""
        before = self.best
        if isinstance(node.func, ast.Name) and node.func.id in ("any", "all"):
            self.best = (node.func.id == "any") == self.wanted
        self.generic_visit(node)
        self.best = before
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """Replace a comparison by a call."""
        if not self.inside or not all(type(o) in OPERATORS for o in node.ops):
            return self.generic_visit(node)
        operands = [node.left, *node.comparators]
        texts = [self.text(operand) for operand in operands]
        first = self.first + len(self.places)
        pairs = itertools.pairwise(texts)
        for (left, right), op in zip(pairs, node.ops, strict=True):
            symbol, operation = OPERATORS[type(op)]
            self.places.append(
                Place(left, symbol, right, operation, self.wanted, self.best)
            )
        call = ast.Call(
            ast.Name(COMPARE, ast.Load()),
            [ast.Constant(first), *(self.visit(each) for each in operands)],
            [],
        )
        return ast.fix_missing_locations(ast.copy_location(call, node))

    def text(self, node: ast.expr) -> str:
        """How the author wrote an expression, on one line."""
        written = ast.get_source_segment(self.code, node)
        return " ".join((written or ast.unparse(node)).split())


class Seen:
    """All comparisons of all claims; called in their stead."""

    def __init__(self) -> None:
        self.places: list[Place] = []

    def __call__(self, first: int, *values: Any) -> Any:
        """The value of a chain of comparisons.

        Args:
            first: the number of its first comparison.
            values: its operands.
        """
        result: Any = True
        last = first + len(values) - 2
        for index, (left, right) in enumerate(itertools.pairwise(values), first):
            place = self.places[index]
            result = place.operation(left, right)
            place.see(left, right, result)
            if index < last and not result:
                break
        return result


def number(value: Any) -> float | None:
    """A number, or a scalar of NumPy or Torch, as a float; None for others."""
    try:
        if getattr(value, "shape", None) == () and hasattr(value, "item"):
            value = value.item()
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            return None
        return float(value)
    except Exception:
        return None


def check(
    claims: tuple[Claim, ...], namespace: MutableMapping[str, Any]
) -> tuple[Verdict, ...]:
    """Run claims, one after the other, in the namespace of a program.

    What one sets the next ones find. After one has failed the others are
    checked all the same.

    Args:
        claims: in the order of the page.
        namespace: the program's names; claims may add some.
    """
    seen = Seen()
    namespace[COMPARE] = seen
    try:
        return tuple(check_one(claim, namespace, seen) for claim in claims)
    finally:
        namespace.pop(COMPARE, None)


def check_one(claim: Claim, namespace: MutableMapping[str, Any], seen: Seen) -> Verdict:
    """Run one claim; see `check`."""
    page = claim.page or claim.id
    shift = claim.line - 1
    try:
        tree = ast.parse(claim.code, page)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        told = getattr(error, "msg", None) or error
        return failed(claim, line, f"{type(error).__name__}: {told}", "")
    if not any(isinstance(node, ast.Assert) for node in ast.walk(tree)):
        return failed(claim, 1, "the claim asserts nothing", "")
    statements = {
        node: ast.get_source_segment(claim.code, node) or ""
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt)
    }
    lines = {node: (node.lineno, node.end_lineno or node.lineno) for node in statements}
    instrument = Instrument(claim.code, len(seen.places))
    tree = instrument.visit(tree)
    seen.places += instrument.places
    try:
        code = compile(
            ast.increment_lineno(tree, shift), page, "exec", dont_inherit=True
        )
        exec(code, namespace)  # type: ignore[arg-type]
    except BaseException as error:
        line = last_line(error, page, shift)
        node = innermost(lines, line)
        text = statements.get(node, "") if node else ""
        places = [
            instrument.places[i]
            for i in instrument.asserts.get(node, ())  # type: ignore[call-overload]
        ]
        found = comparisons(places, failed=True)
        message = explain(error, " ".join(text.split()), found)
        return failed(claim, line, message, text, found)
    return Verdict(claim.id, True, comparisons=comparisons(instrument.places))


def failed(
    claim: Claim,
    line: int,
    message: str,
    code: str,
    found: tuple[Comparison, ...] = (),
) -> Verdict:
    """The verdict on a claim that did not hold, `line` counted from its start."""
    page = f"{claim.page}, " if claim.page else ""
    where = f"{page}line {claim.line + line - 1}"
    return Verdict(claim.id, False, f"{where}: {message}", code, found)


def comparisons(places: list[Place], failed: bool = False) -> tuple[Comparison, ...]:
    """What places tell of the values they have compared."""
    found = (place.comparison(failed) for place in places)
    return tuple(each for each in found if each is not None)


def last_line(error: BaseException, page: str, shift: int) -> int:
    """The claim's own line, from 1, at which an exception arose."""
    lines = [
        line
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename == page
    ]
    return lines[-1] - shift if lines else 1


def innermost(lines: dict[ast.stmt, tuple[int, int]], line: int) -> ast.stmt | None:
    """The smallest statement that stands on a line."""
    around = [node for node, (a, b) in lines.items() if a <= line <= b]
    return min(around, key=lambda node: lines[node][1] - lines[node][0], default=None)


def explain(error: BaseException, text: str, found: tuple[Comparison, ...]) -> str:
    """What went wrong in an assertion: its message, its text, its values."""
    try:
        told = " ".join(str(error).split())
    except Exception:
        told = ""
    if not isinstance(error, AssertionError):
        return f"{type(error).__name__}: {told}".rstrip(": ")
    values = ", ".join(
        f"{c.left_value:.6g} {c.operator} {c.right_value:.6g}" for c in found
    )
    shown = f"{text} ({values})" if values else text
    return f"{told}: {shown}" if told else shown
