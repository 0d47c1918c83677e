"""Turns the formulas that pymdownx.arithmatex marked into HTML and MathML, with KaTeX, while the site is built.

Rendered formulas are kept in one file of the cache, so KaTeX starts only
when a formula is new. They enter a page last, when its template is filled:
what reads pages before (the search index) would spend more time on the
markup of formulas than on all the rest.
"""

import atexit
import hashlib
import html
import json
import re
import shutil
import subprocess
from pathlib import Path

from markdown.extensions import Extension
from markdown.postprocessors import Postprocessor

from bookbuild import book
from bookbuild.cache import read_json, write_atomically
from bookbuild.errors import BookError

HERE = Path(__file__).parent
NODE_MODULES = HERE.parent / "node_modules"
FORMULA = re.compile(
    r'<(span|div) class="arithmatex">\\([\[(])(.*?)\\[\])]</\1>', re.S)
PLACE = re.compile(r'<(span|div) class="math" data-search-exclude '
                   r'data-tex="([^"]*)"></\1>')
MACROS = {r"\argmin": r"\operatorname*{arg\,min}",
          r"\argmax": r"\operatorname*{arg\,max}",
          r"\bm": r"\boldsymbol{#1}", r"\mathds": r"\mathbf{#1}",
          r"\KL": r"D_{\mathrm{KL}}", r"\E": r"\mathbb{E}",
          r"\R": r"\mathbb{R}"}


def node():
    """The path of Node.js.

    Raises:
        BookError: Node.js or its packages are not installed.
    """
    path = shutil.which("node")
    if path is None:
        raise BookError("Node.js is missing: pip install -r requirements.txt")
    if not NODE_MODULES.is_dir():
        raise BookError("the front-end packages are missing: npm ci")
    return path


class Katex:
    """KaTeX behind a cache; one process, started for the first new formula.

    Args:
        folder: the cache folder.
    """

    def __init__(self, folder):
        package = read_json(NODE_MODULES / "katex" / "package.json") or {}
        self.salt = package.get("version", "") + json.dumps(MACROS)
        self.path = Path(folder) / "formulas.json"
        self.known = read_json(self.path) or {}
        self.used, self.process = {}, None

    def render(self, formulas):
        """Render formulas.

        Args:
            formulas: list of (TeX, whether it stands on its own line).
        Returns:
            a list of {"html"} or {"error"}, in the same order.
        """
        keys = [self.key(*formula) for formula in formulas]
        new = {key: formula for key, formula in zip(keys, formulas)
               if key not in self.known}
        if new:
            answers = self.ask([{"tex": tex, "display": display}
                                for tex, display in new.values()])
            self.known |= dict(zip(new, answers))
        self.used |= {key: self.known[key] for key in keys}
        return [self.known[key] for key in keys]

    def key(self, tex, display):
        """Under which key a formula is known."""
        return hashlib.sha256(f"{self.salt}{display}{tex}".encode()
                              ).hexdigest()[:24]

    def ask(self, batch):
        """Hand a batch to the KaTeX process."""
        if self.process is None:
            self.process = subprocess.Popen(
                [node(), HERE / "katex.cjs", json.dumps(MACROS)], text=True,
                encoding="utf-8", stdin=subprocess.PIPE,
                stdout=subprocess.PIPE)
            atexit.register(self.process.kill)
        self.process.stdin.write(json.dumps(batch) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise BookError("KaTeX ended unexpectedly; try: npm ci")
        return json.loads(answer)

    def save(self):
        """Write the formulas of this build to the cache, if any is new."""
        good = {key: answer for key, answer in self.used.items()
                if "html" in answer}
        if good.keys() != (read_json(self.path) or {}).keys():
            write_atomically(self.path, json.dumps(good))


_engine = None


def engine():
    """The KaTeX of the current book."""
    global _engine
    folder = book.current.cache.folder
    if _engine is None or _engine.path.parent != folder:
        _engine = Katex(folder)
    return _engine


def render_formulas(text):
    """Render every marked formula of a page, and leave it a place."""
    found = [(html.unescape(m[3]).strip(), m[2] == "[")
             for m in FORMULA.finditer(text)]
    if not found:
        return text
    answers = iter(zip(found, engine().render(found)))

    def replace(match):
        (tex, _), answer = next(answers)
        if "error" in answer:
            page = book.current.current
            line = page.line_of(tex) or page.line_of(tex.split("\n")[0])
            # KaTeX marks the place with combining underlines; drop them.
            why = answer["error"].replace("\u0332", "")
            return html.escape(book.current.problem(BookError(
                f"wrong formula: {why}", page.uri, line)))
        return (f'<{match[1]} class="math" data-search-exclude'
                f' data-tex="{html.escape(tex)}"></{match[1]}>')

    return FORMULA.sub(replace, text)


def insert_formulas(text):
    """Put the rendered formulas into their places in a finished page."""
    def insert(match):
        tex, display = html.unescape(match[2]), match[1] == "div"
        [answer] = engine().render([(tex, display)])
        return match[0].replace("></", f">{answer['html']}</")

    return PLACE.sub(insert, text)


class Formulas(Postprocessor):
    """Runs after everything else has become text."""

    def run(self, text):
        return render_formulas(text)


class MathsExtension(Extension):
    """KaTeX for pymdownx.arithmatex (generic mode)."""

    def extendMarkdown(self, md):
        md.postprocessors.register(Formulas(md), "bookbuild-maths", -100)


def makeExtension(**options):
    return MathsExtension(**options)
