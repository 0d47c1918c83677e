"""Turns the formulas of a book into SVG for print, with MathJax.

Drawings are kept in a store, so Node.js starts only when a formula is new.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from bookbuild.errors import BookError

DRAWER = Path(__file__).with_name("mathjax.cjs")
KIND = "print-formula"  # of the entries in the store
TAG = re.compile(r"\\tag(\*?)\{([^{}]*)\}")


class Store(Protocol):
    """What is kept between builds: JSON values by kind and key."""

    def get(self, kind: str, key: str) -> Any:
        """The value, or None."""

    def put(self, kind: str, key: str, value: Any) -> None:
        """Keep a value."""


class Formula(NamedTuple):
    """A formula: its TeX, and whether it stands on a line of its own."""

    tex: str
    display: bool

    @property
    def tag(self) -> str:
        r"""The text of its \tag, as it is printed."""
        found = TAG.search(self.tex)
        if found is None:
            return ""
        return found[2] if found[1] else f"({found[2]})"


@dataclass(frozen=True)
class Drawing:
    """A drawn formula, with lengths in em; `depth` lies below the line."""

    svg: str
    width: float
    height: float
    depth: float


def draw(
    formulas: Mapping[Formula, str],
    node_modules: Path,
    macros: Mapping[str, str],
    store: Store,
) -> dict[Formula, Drawing]:
    r"""Draw formulas, or take their drawings from the store.

    Args:
        formulas: each formula, and the first page that has it.
        node_modules: the folder of the book's front-end packages.
        macros: as KaTeX takes them, {r"\name": "definition with #1"}.
        store: where drawings are kept.
    Returns:
        the drawing of each formula.
    Raises:
        BookError: MathJax cannot draw a formula, or is missing.
    """
    if not formulas:
        return {}
    salt = [version(node_modules), DRAWER.read_text("utf-8"), sorted(macros.items())]
    keys = {
        formula: hashlib.sha256(json.dumps([salt, formula]).encode()).hexdigest()
        for formula in formulas
    }
    drawings = {
        formula: Drawing(**kept)
        for formula, key in keys.items()
        if (kept := store.get(KIND, key))
    }
    new = [formula for formula in formulas if formula not in drawings]
    for formula, answer in zip(new, ask(new, node_modules, macros), strict=True):
        if "error" in answer:
            raise BookError(
                f"the formula {formula.tex} cannot be printed: {answer['error']}",
                formulas[formula],
            )
        drawings[formula] = Drawing(**answer)
        store.put(KIND, keys[formula], asdict(drawings[formula]))
    return drawings


def version(node_modules: Path) -> str:
    """The version of MathJax among the front-end packages.

    Raises:
        BookError: it is not there.
    """
    try:
        text = (node_modules / "mathjax" / "package.json").read_text("utf-8")
        return json.loads(text)["version"]
    except (OSError, ValueError, KeyError) as error:
        raise BookError(
            f"MathJax is missing in {node_modules}; in the folder above it: npm ci"
        ) from error


def ask(
    formulas: Iterable[Formula], node_modules: Path, macros: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Have MathJax draw formulas; one answer for each.

    Raises:
        BookError: Node.js is missing, or MathJax does not answer.
    """
    batch = [{"tex": TAG.sub("", tex), "display": display} for tex, display in formulas]
    if not batch:
        return []
    node = shutil.which("node")
    if node is None:
        raise BookError("Node.js is missing: pip install -r requirements.txt")
    run = subprocess.run(
        [node, DRAWER, node_modules.resolve(), json.dumps(dict(macros))],
        input=json.dumps(batch),
        text=True,
        encoding="utf-8",
        capture_output=True,
    )
    if run.returncode or not run.stdout:
        why = run.stderr.strip().splitlines() or ["no reason given"]
        raise BookError(f"MathJax ended with an error ({why[-1]}); try: npm ci")
    return json.loads(run.stdout)
