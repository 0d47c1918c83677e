"""Turns the formulas of a book into SVG for print, with MathJax.

Drawings are kept in one file of the cache, so Node.js starts only when a
formula is new.
"""

import hashlib
import json
import re
import subprocess
from pathlib import Path

from bookbuild.cache import read_json, write_atomically
from bookbuild.errors import BookError
from bookbuild.maths import HERE, MACROS, NODE_MODULES, node

DRAWER = HERE / "mathjax.cjs"
TAG = re.compile(r"\\tag(\*?)\{([^{}]*)\}")


def split_tag(tex):
    r"""A formula without its \tag, and the tag as it is printed."""
    tag = TAG.search(tex)
    if tag is None:
        return tex, ""
    return TAG.sub("", tex), tag[2] if tag[1] else f"({tag[2]})"


def draw_formulas(formulas, cache):
    """Draw formulas, or take them from the cache.

    Args:
        formulas: list of (TeX, whether displayed, page URI).
        cache: the folder of the cache.
    Returns:
        a list of {"svg", "width", "height", "depth"} in the same order;
        lengths in em, `depth` is what lies below the line of text.
    Raises:
        BookError: MathJax cannot draw a formula, or is missing.
    """
    if not formulas:
        return []
    path = Path(cache) / "formulas-print.json"
    package = read_json(NODE_MODULES / "mathjax" / "package.json") or {}
    salt = (package.get("version", "") + json.dumps(MACROS)
            + DRAWER.read_text(encoding="utf-8"))
    keys = [hashlib.sha256(f"{salt}{display}{tex}".encode()).hexdigest()[:24]
            for tex, display, _ in formulas]
    stored = read_json(path) or {}
    new = {key: formula for key, formula in zip(keys, formulas)
           if key not in stored}
    known = stored | dict(zip(new, ask(list(new.values()))))
    for key, (tex, _, uri) in zip(keys, formulas):
        if "error" in known[key]:
            raise BookError(f"the formula {tex} cannot be printed: "
                            f"{known[key]['error']}", uri)
    used = {key: known[key] for key in keys}
    if used.keys() != stored.keys():
        write_atomically(path, json.dumps(used))
    return [used[key] for key in keys]


def ask(formulas):
    """Have MathJax draw formulas; one answer for each."""
    if not formulas:
        return []
    batch = [{"tex": split_tag(tex)[0], "display": display}
             for tex, display, _ in formulas]
    run = subprocess.run(
        [node(), DRAWER, json.dumps(MACROS)], text=True,
        encoding="utf-8", input=json.dumps(batch), capture_output=True)
    if run.returncode:
        why = run.stderr.strip().splitlines() or ["no reason given"]
        raise BookError(f"MathJax ended with an error ({why[-1]}); try: "
                        "npm ci")
    answers = json.loads(run.stdout)
    if len(answers) != len(batch):
        raise BookError(f"MathJax drew {len(answers)} of {len(batch)} "
                        "formulas; try: npm ci")
    return answers
