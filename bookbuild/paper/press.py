"""Turns the pages of a book into one PDF: through document.py, Pandoc and Typst.

Typst typesets PDF/UA-1, the same bytes for the same pages.
"""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bookbuild.errors import BookError
from bookbuild.paper.blame import explain
from bookbuild.paper.document import Document, Entry
from bookbuild.paper.formulas import Store, draw
from bookbuild.paper.marks import call

HERE = Path(__file__).parent
WORDS = {
    "contents": "Contents",
    "index": "Index",
    "page": "p.",
    "preface": "Preface",
    "program": "Program",
    "programs": "Programs",
}
ATTACHED = "programs.zip"
MISSING = "is missing: pip install -r requirements.txt"


@dataclass(frozen=True)
class Cover:
    """What the first page and the metadata of the PDF say.

    Attributes:
        edition: the whole line, as "Edition of 1 May 2026".
        address: of the site, or "".
        language: a code as HTML has it, "en" or "pt-BR".
    """

    title: str
    subtitle: str = ""
    author: str = ""
    edition: str = ""
    rights: str = ""
    address: str = ""
    language: str = "en"


@dataclass(frozen=True)
class Paper:
    """A printed book: the content of its file, and how many pages it has."""

    pdf: bytes
    pages: int


def print_book(
    entries: Sequence[Entry],
    cover: Cover,
    site_folder: Path,
    node_modules: Path,
    macros: Mapping[str, str],
    words: Mapping[str, str],
    store: Store,
    timestamp: int,
    wording: Mapping[str, str] | None = None,
    fonts: Sequence[Path] = (),
) -> Paper:
    r"""Turn the pages of a built site into a PDF.

    Args:
        entries: the parts, chapters and sections in reading order.
        cover: what the first page says.
        site_folder: where the images of the pages lie.
        node_modules: the folder of the book's front-end packages.
        macros: those of its formulas, {r"\name": "definition with #1"}.
        words: those printed; what it lacks of `WORDS` is in English.
        store: where drawn formulas are kept.
        timestamp: seconds since 1970 that the PDF gives as its date.
        wording: patterns to what the text says instead on paper.
        fonts: folders of the fonts in which figures are written.
    Raises:
        BookError: a page holds what cannot be printed, or a tool is missing.
    """
    words = WORDS | dict(words)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        document = Document(
            entries, Path(site_folder), folder, words, wording, cover.address
        )
        drawings = draw(document.formulas(), Path(node_modules), macros, store)
        body = convert(document.prepare(drawings), "typst-smart", "--wrap=none")
        shutil.copy(HERE / "book.typ", folder)
        path = folder / "main.typ"
        if document.attached:
            write_zip(folder / ATTACHED, document.attached)
            body += f"\n#{call('attach', ATTACHED, words['programs'])}\n"
        if document.terms:
            body += f"\n#{call('make-index', words['index'])}\n"
        path.write_text(front_matter(cover, words) + body, encoding="utf-8")
        return typeset(path, timestamp, fonts)


def write_zip(path: Path, files: Mapping[str, bytes]) -> None:
    """Write an archive, the same bytes for the same files."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(info, files[name])


def front_matter(cover: Cover, words: Mapping[str, str]) -> str:
    """The lines that give the template what the cover and metadata need."""
    language, _, region = cover.language.partition("-")
    values = vars(cover) | {
        "language": language.lower(),
        "region": region.upper(),
        "contents": words["contents"],
    }
    return f'#import "book.typ": *\n#show: {call("book.with", **values)}\n\n'


def convert(
    pages: Sequence[tuple[str, str]],
    kind: str,
    *options: str,
    output: Path | None = None,
) -> str:
    """Convert the HTML of pages with Pandoc.

    Args:
        pages: the name and the HTML of each.
        kind: what to, as Pandoc names it.
        options: those of Pandoc.
        output: a file to write; the result is returned when left out.
    Raises:
        BookError: Pandoc is missing, or does not understand a page.
    """

    def pandoc(html: str) -> str:
        return run_pandoc(html, kind, options, output)

    try:
        return pandoc("\n".join(html for _, html in pages))
    except RuntimeError as error:
        reason, uri = first_refused(pages, pandoc) or (error, None)
        said = " ".join(str(reason).rpartition("during conversion:")[2].split())
        raise BookError(f"Pandoc cannot convert this: {said}", uri) from error


def first_refused(
    pages: Sequence[tuple[str, str]], pandoc: Callable[[str], str]
) -> tuple[RuntimeError, str] | None:
    """The first page that Pandoc does not convert by itself, and why."""
    for uri, html in pages:
        try:
            pandoc(html)
        except RuntimeError as error:
            return error, uri
    return None


def run_pandoc(
    html: str, kind: str, options: Sequence[str], output: Path | None
) -> str:
    """Convert HTML; see `convert`.

    Raises:
        RuntimeError: Pandoc fails or warns.
        BookError: it is missing.
    """
    try:
        import pypandoc

        return pypandoc.convert_text(
            html,
            kind,
            "html",
            [*options, "--fail-if-warnings", f"--lua-filter={HERE / 'marks.lua'}"],
            outputfile=output,
            verify_format=False,
        )
    except (ImportError, OSError) as error:
        raise BookError(f"Pandoc {MISSING}") from error


def typeset(path: Path, timestamp: int, fonts: Sequence[Path] = ()) -> Paper:
    """Typeset a document as PDF/UA, the same bytes for the same input.

    Raises:
        BookError: Typst is missing, or cannot typeset the document.
    """
    typst, compiler = open_typst(path, fonts)
    try:
        pdf, warnings = compiler.compile_with_warnings(
            format="pdf", pdf_standards=["ua-1"], timestamp=timestamp
        )
    except typst.TypstError as error:
        raise explain(error, path) from error
    if warnings:
        raise explain(warnings[0], path)
    assert isinstance(pdf, bytes)
    pages = compiler.query("<last-page>", field="value", one=True)
    return Paper(pdf, int(pages))


def open_typst(path: Path, fonts: Sequence[Path] = ()) -> tuple[Any, Any]:
    """Typst, and its compiler for a document.

    Args:
        fonts: folders of fonts it may use beside its own.

    Raises:
        BookError: it is missing.
    """
    try:
        import typst
    except ImportError as error:
        raise BookError(f"Typst {MISSING}") from error
    return typst, typst.Compiler(
        path,
        root=path.parent,
        font_paths=[str(folder) for folder in fonts],
        ignore_system_fonts=True,
    )
