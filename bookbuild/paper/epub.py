"""Turns the pages of a book into one EPUB 3: through document.py and Pandoc.

Formulas are MathML and figures SVG; fonts and sizes are those of the reader.
"""

from __future__ import annotations

import datetime
import json
import re
import shutil
import tempfile
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import lxml.html
from lxml.html import HtmlElement
from lxml.html.builder import CODE, DIV, PRE, SPAN, A

from bookbuild.paper import document
from bookbuild.paper.document import BLOCKS, Document, Entry, Page, formula_of
from bookbuild.paper.formulas import Formula
from bookbuild.paper.marks import replace
from bookbuild.paper.press import HERE, WORDS, Cover, convert, front_matter, open_typst

DENSITY = 110  # dots in an inch of the cover
FILES = 3  # levels of headings that begin a file of their own
OURS = "at."  # begins the ids of labels, and no id of a page
KEEPS_ID = {"div", "span", "a", "h1", "h2", "h3", "h4", "h5", "h6"}


def bind_book(
    entries: Sequence[Entry],
    cover: Cover,
    site_folder: Path,
    mathml: Callable[[Formula], str],
    words: Mapping[str, str],
    timestamp: int,
    wording: Mapping[str, str] | None = None,
) -> tuple[bytes, int]:
    """Turn the pages of a built site into an EPUB; returns it and its count of pages.

    Args:
        mathml: turns a formula into MathML.
        others: as those of `press.print_book`.
    Raises:
        BookError: a page holds what cannot be converted, or a tool is missing.
    """
    words = WORDS | dict(words)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pages = Reflowed(
            entries, Path(site_folder), folder, words, wording, cover.address
        ).prepare_with(mathml)
        (folder / "metadata.json").write_text(metadata(cover, timestamp), "utf-8")
        target = folder / "book.epub"
        convert(
            pages,
            "epub3",
            f"--resource-path={folder}",
            f"--metadata-file={folder / 'metadata.json'}",
            f"--epub-cover-image={draw_cover(folder, cover, words)}",
            f"--css={HERE / 'epub.css'}",
            f"--split-level={FILES}",
            "--toc-depth=3",
            output=target,
        )
        return target.read_bytes(), len(pages)


def draw_cover(folder: Path, cover: Cover, words: Mapping[str, str]) -> Path:
    """Draw the cover of the printed book as a picture; returns its file."""
    shutil.copy(HERE / "book.typ", folder)
    source, picture = folder / "cover.typ", folder / "cover.png"
    source.write_text(front_matter(cover, words), "utf-8")
    _, compiler = open_typst(source)
    first, *_ = compiler.compile(format="png", ppi=DENSITY)
    picture.write_bytes(first)
    return picture


def metadata(cover: Cover, timestamp: int) -> str:
    """What libraries of books show, as Pandoc reads it; the same name each time."""
    day = datetime.datetime.fromtimestamp(timestamp, datetime.UTC)
    name = uuid.uuid5(uuid.NAMESPACE_URL, cover.address or cover.title)
    titles = [{"type": "main", "text": cover.title}]
    if cover.subtitle:
        titles.append({"type": "subtitle", "text": cover.subtitle})
    return json.dumps(
        {
            "title": titles,
            "creator": [{"role": "author", "text": cover.author}],
            "identifier": [{"scheme": "UUID", "text": f"urn:uuid:{name}"}],
            "date": day.date().isoformat(),
            "lang": cover.language,
            "rights": cover.rights,
        }
    )


class Reflowed(Document):
    """The pages of a book on their way to an EPUB; what it replaces makes HTML."""

    def prepare_with(self, mathml: Callable[[Formula], str]) -> list[tuple[str, str]]:
        """Prepare all pages; returns the name of each and its HTML."""
        self.mathml = mathml
        self.formulas()
        self.take(STEPS)
        return [
            (
                page.uri,
                "\n".join(
                    lxml.html.tostring(part, encoding="unicode") for part in page.root
                ),
            )
            for page in self.pages
        ]

    def put_listing(
        self,
        old: HtmlElement,
        text: str,
        kind: str,
        language: str = "",
        name: str = "",
        joined: bool = False,
    ) -> None:
        """Code that Pandoc highlights, below the name of its file."""
        shown = PRE(CODE(text.rstrip()))
        shown.set("class", "output" if kind == "output" else language)
        title = [DIV(name, {"class": "name"})] if name else []
        replace(old, DIV({"class": "listing"}, *title, shown))

    def put_left_out(self, box: HtmlElement, shown: str) -> None:
        """The name of a program."""
        replace(box, DIV({"class": "name"}, shown))

    def put_programs(
        self, line: HtmlElement, word: str, files: list[tuple[str, str]]
    ) -> None:
        """Names of programs, which lead to the site if its address is known."""
        names: list[Any] = [word]
        for name, address in files:
            names += [A(name, href=address) if address else name, ", "]
        replace(line, DIV({"class": "name"}, *names[:-1]))

    def link(self, page: Page, link: HtmlElement) -> None:
        """A link; one to a file of the site has become a span, and is text."""
        super().link(page, link)
        if link.tag == "span":
            link.drop_tag()

    def put_link(self, link: HtmlElement, label: str, far: bool) -> None:
        """A link to an id; Pandoc puts in the file."""
        link.tag = "a"
        link.set("href", f"#{name_of(label)}")

    def put_title(
        self, heading: HtmlElement, kind: str, level: int, number: str, label: str
    ) -> None:
        """A heading; the navigation lists those of pages, parts and chapters."""
        heading.tag = f"h{level}"
        if number:
            heading.text = f"{number} {heading.text or ''}"
        if kind.startswith("heading"):
            heading.set("class", "unnumbered unlisted")
        heading.attrib.pop("id", None)
        if label:
            heading.set("id", name_of(label))

    def formula(self, page: Page, element: HtmlElement) -> None:
        """MathML, which marks.lua hands through."""
        shown = DIV() if element.tag == "div" else SPAN()
        shown.set("data-mathml", self.mathml(formula_of(element)))
        replace(element, shown)

    def image(self, page: Page, image: HtmlElement) -> None:
        """An image, without what only the site needs."""
        file = self.image_file(page, image)
        kept = {key: image.get(key) for key in ("alt", "width") if image.get(key)}
        image.attrib.clear()
        image.attrib.update(kept | {"src": file})

    def box(self, page: Page, box: HtmlElement) -> None:
        """A box that is always open."""
        for title in box.cssselect(document.BOX_TITLE):
            if title.getparent() is box:
                title.tag = "div"
                title.set("class", "title")
        box.tag = "div"
        box.set("class", " ".join(["box", *box.classes]))

    def numbered(self, page: Page, item: HtmlElement) -> None:
        """An item of a list whose number is in its text."""
        item.tag = item.getparent().tag = "div"

    def number(self, page: Page, number: HtmlElement) -> None:
        """The number of a figure, claim or exercise."""
        number.tag = "strong"
        number.tail = f" {(number.tail or '').lstrip()}"

    def anchor(self, page: Page, element: HtmlElement) -> None:
        """What a link leads to has an id, or one before it where Pandoc forgets it."""
        label = self.label(page, element)
        if not label:
            return
        if element.tag in KEEPS_ID and "data-mathml" not in element.attrib:
            element.set("id", name_of(label))
        elif element.tag in BLOCKS | {"figure"}:
            element.addprevious(DIV(id=name_of(label)))
        else:
            anchor = SPAN(id=name_of(label))
            anchor.tail, element.text = element.text, None
            element.insert(0, anchor)


STEPS: list[document.Steps] = [
    {
        "details": Reflowed.leave_out,
        document.LISTING: Reflowed.listing,
        "pre:not([class])": Reflowed.plain_listing,
        document.PROGRAMS: Reflowed.programs,
        document.FOOTNOTES: Reflowed.footnotes,
    },
    {"a": Reflowed.link},
    {
        "[data-tex]": Reflowed.formula,
        "img": Reflowed.image,
        document.BOX: Reflowed.box,
        document.NUMBERED: Reflowed.numbered,
        f"{document.NUMBER}, {document.FIGURE_NUMBER}": Reflowed.number,
        "h1, h2, h3, h4, h5, h6": Reflowed.heading,
        f"[id]:not([id^='{OURS}'])": Reflowed.anchor,
    },
]


def name_of(label: str) -> str:
    """A label as an id: another one for each."""
    return re.sub(r"[^A-Za-z0-9.-]", lambda sign: f"_{ord(sign[0]):x}_", OURS + label)
