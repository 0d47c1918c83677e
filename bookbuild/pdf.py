"""Turns the book into one PDF: `python -m bookbuild.pdf [output.pdf]`.

MkDocs builds the site as always; the rendered pages then go through
print_html.py, Pandoc (HTML to Typst), and Typst with the template book.typ.
"""

import datetime
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort, BuildError, MkDocsException
from mkdocs.plugins import BasePlugin, event_priority
from pymdownx.slugs import slugify

from bookbuild import book as state
from bookbuild.errors import BookError
from bookbuild.print_html import Printer, list_contents
from bookbuild.print_maths import draw_formulas
from bookbuild.typst_blocks import literal, to_typst

TEMPLATE = Path(__file__).parent / "book.typ"
MISSING = "is missing: pip install -r requirements.txt"


def main(arguments):
    """Build the site and the PDF.

    Args:
        arguments: nothing, or the path of the PDF.
    Returns:
        what to end the process with: 0, or a sentence that says what failed.
    """
    show_warnings()
    start, printing = time.monotonic(), Printing()
    try:
        config = load_config()
        name = slugify(case="lower")(config.site_name, "-") + ".pdf"
        output = Path(arguments[0] if arguments
                      else Path(config.site_dir) / name)
        if not arguments:  # then the site can offer it for download
            config.extra.setdefault("bookbuild", {})["pdf"] = name
        config.plugins["bookbuild-pdf"] = printing
        config.plugins.on_startup(command="build", dirty=False)
        build(config)
        config.plugins.on_shutdown()
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_bytes(printing.pdf)
    except Abort as error:
        # MkDocs has logged the sentence already, unless it counts warnings.
        return 1 if printing.failed else str(error)
    except (MkDocsException, OSError) as error:
        return str(error)
    print(f"{output}: {printing.pages} pages, "
          f"{time.monotonic() - start:.1f} s")
    return 0


def show_warnings():
    """Show what MkDocs warns of, and which programs run."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    logging.getLogger("mkdocs").addHandler(handler)
    logging.getLogger("mkdocs").setLevel(logging.WARNING)
    logging.getLogger("mkdocs.plugins.bookbuild").setLevel(logging.INFO)


class Printing(BasePlugin):
    """Makes the PDF at the end of a build, while nobody else may build.

    Attributes:
        pdf: the content of the file; pages: how many it has.
        failed: whether the build ended with an error.
    """

    pdf, pages, failed = None, 0, False

    def on_nav(self, nav, config, files):
        """Keep the navigation; its pages will hold their final HTML."""
        self.nav = nav

    @event_priority(100)  # before the book's own hook gives the lock back
    def on_post_build(self, config):
        """Print the site that has just been written."""
        self.pdf, self.pages = print_book(state.current, self.nav, config)

    def on_build_error(self, error):
        """Remember that MkDocs reports an error."""
        self.failed = isinstance(error, BuildError)


def print_book(book, nav, config):
    """Turn the pages of a built site into a PDF.

    Args:
        book: the `Book` of the build.
        nav: the navigation, whose pages are rendered.
        config: the configuration of MkDocs.
    Returns:
        the PDF as bytes, and its number of pages.
    Raises:
        BookError: a page holds what cannot be printed, or a tool is missing.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        printer = Printer(list_contents(nav, book.numbers), config.site_dir,
                          folder, config.site_name)
        drawings = draw_formulas(printer.formulas, book.cache.folder)
        for number, drawing in enumerate(drawings):
            (folder / f"formula-{number}.svg").write_text(
                drawing["svg"], encoding="utf-8")
        document = json.loads(pandoc("html", "json", printer.html))
        document["blocks"] = to_typst(document["blocks"], printer.formulas,
                                      drawings)
        body = pandoc("json", "typst-smart", json.dumps(document))
        shutil.copy(TEMPLATE, folder)
        (folder / "main.typ").write_text(front_matter(config) + body,
                                         encoding="utf-8")
        return compile_typst(folder / "main.typ")


def pandoc(source, target, text):
    """Convert a document with Pandoc.

    Raises:
        BookError: Pandoc is missing or does not understand the document.
    """
    try:
        import pypandoc
        path = pypandoc.get_pandoc_path()
    except (ImportError, OSError) as error:
        raise BookError(f"Pandoc {MISSING}") from error
    run = subprocess.run([path, "--from", source, "--to", target,
                          "--wrap=none"], input=text, text=True,
                         encoding="utf-8", capture_output=True)
    if run.returncode:
        raise BookError(f"Pandoc cannot convert the book: {run.stderr}")
    return run.stdout


def front_matter(config):
    """The lines that give the template what the cover and metadata need."""
    moment = datetime.datetime.fromtimestamp(
        int(os.environ["SOURCE_DATE_EPOCH"]), datetime.timezone.utc)
    language = (config.theme["language"] if "language" in config.theme
                else config.theme.locale.language)
    values = {"title": config.site_name,
              "subtitle": config.site_description or "",
              "author": config.site_author or "",
              "edition": f"{moment.day} {moment:%B %Y}",
              "rights": config.copyright or "", "language": language}
    return "\n".join([
        '#import "book.typ": *', "#show: book.with(",
        *(f"  {name}: {literal(str(value))}," for name, value
          in values.items()), ")", "", ""])


def compile_typst(path):
    """Typeset a document as PDF/UA, the same bytes for the same input.

    Returns:
        the PDF as bytes, and its number of pages.
    Raises:
        BookError: Typst is missing, or cannot typeset the document.
    """
    try:
        import typst
    except ImportError as error:
        raise BookError(f"Typst {MISSING}") from error
    compiler = typst.Compiler(path, root=path.parent,
                              ignore_system_fonts=True)
    try:
        pdf, warnings = compiler.compile_with_warnings(
            format="pdf", pdf_standards=["ua-1"],
            timestamp=int(os.environ["SOURCE_DATE_EPOCH"]))
    except typst.TypstError as error:
        raise BookError(" ".join(["Typst cannot typeset the book:",
                                  error.message, *error.hints])) from error
    if warnings:
        raise BookError("Typst is not sure how to typeset the book: "
                        + warnings[0].message)
    pages = compiler.query("<last-page>", field="value", one=True)
    return pdf, int(pages)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
