"""Turns the rendered pages of a site into HTML for print, with calls of Typst in it.

What only a screen needs goes: permalinks, downloads, dark figures, folds. What
Pandoc cannot print becomes a call of what book.typ defines.
"""

from __future__ import annotations

import base64
import hashlib
import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, unquote_to_bytes, urlsplit

import lxml.html
from lxml.html import HtmlElement
from lxml.html.builder import COL, COLGROUP, DIV, EM, H1, SPAN, P

from bookbuild.errors import BookError
from bookbuild.paper.formulas import Drawing, Formula
from bookbuild.paper.marks import (
    BREAK,
    CONTROL,
    JOIN,
    PAGE,
    Source,
    breakable,
    call,
    mark,
    put,
    replace,
    wrap,
)

# What Material, pymdownx, Python-Markdown and pybtex call the parts of a page.
SCREEN_ONLY = """audio, button, iframe, script, style, svg, video,
    a.headerlink, a.footnote-backref"""
TRANSPARENT = "abbr, span.bibtex-protected"
LISTING, FILE_NAME, LANGUAGE = "div.highlight", "span.filename", "language-"
BOX, BOX_TITLE = "details, div.admonition", "summary, p.admonition-title"
FOOTNOTE_LINK, FOOTNOTES = "sup > a.footnote-ref", "div.footnote"

# What the book's own pages call theirs.
ON_SCREEN = """img.on-dark, span.page-number, div.page-programs, .book-running,
    span.pdf-link, p.search-words, a.md-button, .on-screen, .book-claims .claim-margin"""
CLAIM, RAGGED = "claim", "ragged"
OUTPUT, FIGURE, FIGURE_NUMBER = "output", "figure.book-figure", "span.figure-number"
CLAIM_MARGIN, REFERENCE, CITATION = "p.claim-margin", "ul.bibliography > li", "citation"
PROGRAMS, PROGRAM, PROGRAM_NAME = "p.programs", "a[href$='.py']", "data-program"
NUMBERED, NUMBER = (
    "ol.exercises > li, ul.claims > li",
    "span.exercise-number, span.claim-number",
)
ASIDE = re.compile(r"\bplt\.|\bresults\b|\bfigure\(")  # code of figures and numbers

NUMBER_AT_END = re.compile(r" (?=[\d.]+$)")
BLOCKS = {"table", "ul", "ol", "dl", "div"}  # cannot begin with an anchor
DEEPEST = 6  # PDF knows the headings H1 to H6
WIDEST = 36  # em, for a formula inside a line
WIDE = 9  # em, of a formula with which words of a justified line stand apart
TYPST = "data-typst"
LISTED = "[data-typst^='#listing']"  # code that has been turned into Typst
TALLEST = 14  # lines of a table that stays on one page
SHORT = 8  # lines of a claim that does
TEXT_WIDTH = 140 / 25.4 * 72  # points
TABLE_WIDTH = 93  # letters in a row of a table
COLUMN_SPACE = 2.7  # letters
LONGEST_WORD, LONGEST_CODE = 13, 11  # letters that stay together in a wide table
LEAST = 15  # letters to divide among the columns of a table,
LINES = 2  # if its rows have more lines than these
JOINT = re.compile(r"(?<=[/_.(,={])(?=\w{3})|(?<=[a-z])(?=[A-Z])")  # in code of a cell
CLOSING = ".,;:!?)]}\u2019\u201d"  # no line ever starts with these
OPENING = "([{\u2018\u201c-\u2013\u2014"  # a line may end after these or never does
NO_BREAK = "\u00a0"


@dataclass(frozen=True)
class Entry:
    """One line of the table of contents, in reading order.

    Attributes:
        kind: part, chapter or section.
        level: its depth, from 1.
        title: of a part, or of a page that has no heading.
        number: as it is printed, or "".
        uri: the page's name for links and messages; a part has none.
        url: where in the site the page lies.
        html: the page as it was rendered.
        preface: whether the page's title is the cover's, and not printed.
    """

    kind: str
    level: int
    title: str
    number: str = ""
    uri: str = ""
    url: str = ""
    html: str = ""
    preface: bool = False


class Page:
    """An entry as a tree of elements, without what print does not need.

    Attributes:
        title: its first heading; `top`: the id that had.
        labels: what links can lead to in it.
        level: of the last heading that was prepared.
    """

    def __init__(self, entry: Entry, preface: str) -> None:
        self.entry, self.uri, self.level = entry, entry.uri, entry.level
        self.root = parse(entry)
        for element in self.root.cssselect(f"{SCREEN_ONLY}, {ON_SCREEN}"):
            element.drop_tree()
        for element in self.root.cssselect(TRANSPARENT):
            element.drop_tag()
        titles = self.root.cssselect("h1")
        if not titles:
            titles = [H1(entry.title or entry.uri)]
            self.root.insert(0, titles[0])
        self.title = titles[0]
        if entry.preface:
            self.title.text, self.title[:] = preface, []
        self.top = self.title.attrib.pop("id", None)
        self.labels = {self.uri}


def parse(entry: Entry) -> HtmlElement:
    """The HTML of a page as a tree.

    Raises:
        BookError: it holds a control character.
    """
    parser = lxml.html.HTMLParser(remove_comments=True, remove_pis=True, huge_tree=True)
    html = entry.html.replace("\f", " ")  # a page break in a program
    try:
        root = lxml.html.fragment_fromstring(html, create_parent="div", parser=parser)
        text = "".join(root.itertext())
    except ValueError:  # lxml has noticed some of them
        root, text = None, html
    found = CONTROL.search(text)
    if root is None or found:
        named = f" U+{ord(found[0]):04X}" if found else ""
        raise BookError(
            f"the control character{named} cannot be printed; take it out of the "
            "text, or of what the program prints",
            entry.uri,
        )
    for choice in root.cssselect("details.choice"):  # nothing opens on paper
        for part in list(choice):
            if part.tag == "summary":
                part.tag = "span"
            else:
                choice.remove(part)
        choice.tag = "span"
    for key in root.cssselect("p.key"):
        key.attrib.pop("hidden", None)
    return root


class Document:
    """The pages of a book on their way to print.

    Args:
        entries: the table of contents.
        site: the folder of the site, where images lie.
        folder: where to put images.
        words: those printed, by their name in `press.WORDS`.
        wording: patterns to what the text says instead on paper.
        address: of the site, or "".
    Attributes:
        attached: the programs that the pages offer, by name.
        terms: those of the glossary, in small letters and as they are written.
    """

    def __init__(
        self,
        entries: Sequence[Entry],
        site: Path,
        folder: Path,
        words: Mapping[str, str],
        wording: Mapping[str, str] | None = None,
        address: str = "",
    ) -> None:
        self.site, self.folder, self.words = site, folder, words
        self.address, self.attached, self.terms = address, {}, {}
        self.pages = [Page(entry, words["preface"]) for entry in entries]
        for page in self.pages:
            reword(page.root, wording or {})
        self.places = {place(page.entry.url): page for page in self.pages if page.uri}
        self.targets: dict[str, tuple[str, str]] = {}  # label: (page, href)

    def formulas(self) -> dict[Formula, str]:
        """All formulas, each with the first page that has it.

        Raises:
            BookError: one is empty.
        """
        found: dict[Formula, str] = {}
        for page in self.pages:
            for element in page.root.cssselect("[data-tex]"):
                formula = formula_of(element)
                if not formula.tex:
                    raise BookError("a formula is empty", page.uri)
                found.setdefault(formula, page.uri)
        return found

    def prepare(self, drawings: Mapping[Formula, Drawing]) -> list[tuple[str, str]]:
        """Prepare all pages for print.

        Args:
            drawings: of every formula.
        Returns:
            the name of each page and its HTML.
        Raises:
            BookError: a page holds what cannot be printed.
        """
        self.drawings = drawings
        self.take(STEPS)
        for page in self.pages:
            page.root.insert(0, mark(PAGE + page.uri, "div"))
        return [
            (page.uri, lxml.html.tostring(page.root, encoding="unicode"))
            for page in self.pages
        ]

    def take(self, all_steps: Sequence[Steps]) -> None:
        """Turn what is on the pages, each step with all pages before the next.

        Raises:
            BookError: a page holds what cannot be printed.
        """
        for steps in all_steps:
            for page in self.pages:
                for selector, turn in steps.items():
                    for element in page.root.cssselect(selector):
                        turn(self, page, element)
        self.check_targets()

    def check_targets(self) -> None:
        """Check that every label a link leads to is on a page."""
        labels = set().union(*(page.labels for page in self.pages))
        for label, (uri, href) in self.targets.items():
            if label not in labels:
                raise BookError(
                    f"the link to {href} leads nowhere; no page of the book has "
                    f"{label}",
                    uri,
                )

    # Code ----------------------------------------------------------------

    def listing(self, page: Page, div: HtmlElement) -> None:
        """Highlighted code, or what it printed, which stays close to it."""
        if any("highlight" in parent.classes for parent in div.iterancestors()):
            return  # a part of one that has been replaced
        code = (div.cssselect("code, pre") or [div])[-1]
        kind = (
            "output" if OUTPUT in div.classes
            else "boxed" if div.xpath("ancestor::details")
            else "code"
        )  # fmt: skip
        names = [name for part in (div, code) for name in part.classes]
        languages = [name for name in names if name.startswith(LANGUAGE)]
        titles = div.cssselect(FILE_NAME)
        after = div.getnext()
        self.put_listing(
            div,
            code.text_content(),
            kind,
            languages[0].removeprefix(LANGUAGE) if languages else "",
            titles[0].text_content().strip() if titles else "",
            joined=after is not None and OUTPUT in after.classes,
        )

    def plain_listing(self, page: Page, pre: HtmlElement) -> None:
        """Text in columns that is no listing."""
        self.put_listing(pre, pre.text_content(), "code")

    def put_listing(
        self,
        old: HtmlElement,
        text: str,
        kind: str,
        language: str = "",
        name: str = "",
        joined: bool = False,
    ) -> None:
        """Put the call of `listing` in the place of an element."""
        text = breakable(text.rstrip(), 60)
        put("#" + call("listing", text, kind, language, name, joined), old, "div")

    def leave_out(self, page: Page, box: HtmlElement) -> None:
        """A box of nothing but code for figures becomes the name of its program."""
        title, *code = box
        if title.tag != "summary" or any(
            "highlight" not in part.classes or OUTPUT in part.classes for part in code
        ):
            return
        names = [name.text_content().strip() for name in box.cssselect(FILE_NAME)]
        if names and any(ASIDE.search(pre.text_content()) for pre in box.iter("pre")):
            shown = f"{title.text_content().strip()}: {', '.join(dict.fromkeys(names))}"
            self.put_left_out(box, shown)

    def put_left_out(self, box: HtmlElement, shown: str) -> None:
        """Put the name of a program in the place of its code."""
        put("#" + call("left-out", shown), box, "div")

    def code(self, page: Page, code: HtmlElement) -> None:
        """Code inside a line."""
        text = " ".join(code.text_content().splitlines())
        if code.xpath("ancestor::td"):
            pieces = [breakable(x, LONGEST_CODE) for x in JOINT.split(text)]
            text = BREAK.join(pieces)
        else:
            text = breakable(text, 24)
        put(f"#{call('raw', text)};", code)

    def programs(self, page: Page, line: HtmlElement) -> None:
        """The line of downloads becomes the names of the files."""
        files = []
        for link in line.cssselect(PROGRAM):
            href = link.get("href")
            name = link.get(PROGRAM_NAME) or posixpath.basename(href)
            content = self.file(page, href)
            if content is not None:
                self.attached[name] = content
            files.append((name, self.address and self.address + at(page, href)))
        word = self.words["program" if len(files) == 1 else "programs"]
        self.put_programs(line, f"{word}: ", files)

    def put_programs(
        self, line: HtmlElement, word: str, files: list[tuple[str, str]]
    ) -> None:
        """Put the names of files, each with its address or "", in the place of a line."""
        put("#" + call("programs", word, files), line, "div")

    def footnotes(self, page: Page, notes: HtmlElement) -> None:
        """Footnotes are named by the places that refer to them."""
        texts = {f"#{item.get('id')}": item for item in notes.cssselect("li[id]")}
        for link in page.root.cssselect(FOOTNOTE_LINK):
            name = link.get("href")
            if name not in texts or notes in link.iterancestors():
                raise BookError(
                    f"the footnote {name} has no text, or stands in another one",
                    page.uri,
                )
            replace(link.getparent(), SPAN({"data-footnote": page.uri + name}))
        for name, item in texts.items():
            del item.attrib["id"]
            item.tag = "div"
            item.set("data-note", page.uri + name)
            page.root.append(item)
        notes.drop_tree()

    # The glossary --------------------------------------------------------

    def definitions(self, page: Page, old: HtmlElement) -> None:
        """Terms and definitions of one paragraph each: both run in one line."""
        terms, texts = list(old)[::2], list(old)[1::2]
        if (
            any(term.tag != "dt" for term in terms)
            or any(text.tag != "dd" for text in texts)
            or len(terms) != len(texts)
            or old.xpath(".//p | .//ul | .//ol | .//dl | .//div | .//table | .//pre")
        ):
            return
        for term, text in zip(terms, texts, strict=True):
            name = " ".join(term.text_content().split())
            # "long short-term memory (LSTM)" is bold without its brackets.
            self.terms[re.sub(r" \(.*\)$", "", name.lower())] = name
            wrap(f"#entry[#{call('indexed', name, False)};", term, "][")
            wrap("", text, "]")
            term.tag = text.tag = "span"
            line = P(term, text)
            term.tail = None
            old.append(line)
        old.tag = "div"

    def term(self, page: Page, strong: HtmlElement) -> None:
        """A term in bold type, where the index leads to."""
        name = " ".join(strong.text_content().split()).lower()
        for known in (name, name.removesuffix("s"), name.removesuffix("es")):
            if known in self.terms:
                strong.addprevious(
                    mark(f"#{call('indexed', self.terms[known], True)};")
                )
                return

    # Tables --------------------------------------------------------------

    def table(self, page: Page, table: HtmlElement) -> None:
        """A wide table gets columns as wide as what is in them, or becomes a list."""
        rows = [row.cssselect("th, td") for row in table.cssselect("tr")]
        if len(rows) + len(table.text_content()) / TABLE_WIDTH <= TALLEST:
            table.addprevious(mark("#block(width: 100%, breakable: false)[", "div"))
            table.addnext(mark("]", "div"))
        if len({len(row) for row in rows}) != 1 or table.cssselect("[colspan]"):
            return
        columns = [
            [self.words_in(cell) for cell in row] for row in zip(*rows, strict=True)
        ]
        longest = [max(max(cell, default=1) for cell in column) for column in columns]
        lengths = [[sum(cell) + len(cell) for cell in column] for column in columns]
        room = TABLE_WIDTH - COLUMN_SPACE * len(columns)
        if sum(map(max, lengths)) <= room:
            return
        widths = [word + 1 for word in longest]
        rest = room - sum(widths)
        means = [sum(column) / len(column) for column in lengths]
        wanted = [
            max(0, mean - width) for mean, width in zip(means, widths, strict=True)
        ]
        if rest < LEAST and sum(means) > LINES * room:
            self.as_list(table, rows)
            return
        if sum(wanted):
            scale = max(0, rest) / sum(wanted)
            widths = [w + scale * x for w, x in zip(widths, wanted, strict=True)]
        whole = sum(widths) + COLUMN_SPACE * len(widths)
        shares = [100 * (width + COLUMN_SPACE) / whole for width in widths]
        styles = [{"style": f"width: {share:.2f}%"} for share in shares]
        table.insert(0, COLGROUP(*(COL(style) for style in styles)))

    def as_list(self, table: HtmlElement, rows: list[list[HtmlElement]]) -> None:
        """A table with too many columns for paper becomes a list of its rows."""
        (_, *heads), *entries = rows
        lines = []
        for first, *cells in entries:
            line = P(first)
            wrap("#entry[", first, "][")
            for head, cell in zip(heads, cells, strict=True):
                named = EM(f"{head.text_content().strip()}: ")
                line.append(named)
                line.append(cell)
                cell.tail = "; " if cell is not cells[-1] else None
            line.append(mark("]"))
            lines.append(line)
            for cell in (first, *cells):
                cell.tag = "span"
        replace(table, DIV(*lines))

    def words_in(self, cell: HtmlElement) -> list[float]:
        """How wide the words of a cell are, in letters."""
        found = [
            self.drawings[formula_of(element)].width / 0.45
            for element in cell.cssselect("[data-tex]")
        ]
        found += [8 for link in cell.cssselect("a") if not is_here(link)]
        for text in cell.xpath(".//text()[not(ancestor::*[@data-tex])]"):
            together = NUMBER_AT_END.sub("x", text)
            if text.getparent().tag == "code" and not text.is_tail:
                pieces = [x for word in text.split() for x in JOINT.split(word)]
                found += [1.2 * min(len(piece), LONGEST_CODE) for piece in pieces]
            else:
                found += [min(len(word), LONGEST_WORD) for word in together.split()]
        return found

    # Links ---------------------------------------------------------------

    def link(self, page: Page, link: HtmlElement) -> None:
        """A link between pages becomes a label; one outwards stays."""
        href = link.get("href", "")
        inside = not is_outwards(href)
        if inside:
            link.tag = "span"
        if link.xpath("ancestor::h1|ancestor::h2|ancestor::h3"):
            link.tag = "span"  # a bookmark cannot hold a link
        elif href and inside:
            self.link_inside(page, link, href)

    def link_inside(self, page: Page, link: HtmlElement, href: str) -> None:
        """Give a link its label; one that leads to a file becomes text."""
        path, _, anchor = href.partition("#")
        there = self.places.get(at(page, path)) if path else page
        if there is None:
            if self.file(page, path) is None:
                raise BookError(f"the link to {href} leads nowhere", page.uri)
            return
        anchor = unquote(anchor)
        label = there.uri if anchor in ("", there.top) else f"{there.uri}#{anchor}"
        self.targets.setdefault(label, (page.uri, href))
        if link.text:  # "figure 1.2" stays on one line
            link.text = NUMBER_AT_END.sub(NO_BREAK, link.text)
        far = there is not page and CITATION not in link.getparent().classes
        self.put_link(link, label, far)

    def put_link(self, link: HtmlElement, label: str, far: bool) -> None:
        """Let a link lead to a label, which may be `far`: on another page."""
        leaf = self.words["page"] if far else ""
        wrap(f"#{call('linked', label, leaf)}[", link, "];")

    def file(self, page: Page, href: str) -> bytes | None:
        """The content of a file of the site, or None."""
        try:
            return (self.site / at(page, href)).read_bytes()
        except (OSError, ValueError):
            return None

    # The rest --------------------------------------------------------------

    def formula(self, page: Page, element: HtmlElement) -> None:
        """A formula becomes its drawing, which stays with what touches it."""
        formula = formula_of(element)
        drawing = self.drawings[formula]
        scale = 1 if formula.display else WIDEST / max(WIDEST, drawing.width)
        sizes = [
            Source(f"{length * scale:.4f}em")
            for length in (drawing.width, drawing.height, drawing.depth)
        ]
        parts = [self.keep(drawing.svg.encode(), ".svg"), *sizes, formula.tex]
        if formula.display:
            put("#" + call("display-formula", *parts, formula.tag), element, "div")
            return
        if drawing.width * scale > WIDE:
            for paragraph in element.iterancestors("p"):
                paragraph.classes.add(RAGGED)
        # Typst may otherwise break "x-axis" before the hyphen.
        before, after = text_before(element), element.tail or ""
        put(
            (JOIN if touches(before[-1:], OPENING) else "")
            + f"#{call('inline-formula', *parts)};"
            + (JOIN if touches(after[:1], CLOSING) else ""),
            element,
        )

    def question(self, page: Page, question: HtmlElement) -> None:
        """A quick question, with its choices and their answer, on one page."""
        wrap("#block(width: 100%, breakable: false)[", question, "]", "div")

    def figure(self, page: Page, figure: HtmlElement) -> None:
        """Images with a caption, kept on one page."""
        images = figure.cssselect("img")
        shown = [self.image_call(page, image) for image in images]
        for image in images:
            image.drop_tree()
        for part in figure.cssselect("figcaption"):
            part.tag = "div"
        for number in figure.cssselect(FIGURE_NUMBER):
            number.tag = "strong"
        floats = figure.getparent() is page.root
        start = f"#{call('drawing', shown, self.label(page, figure), floats)}["
        if len(figure) or (figure.text or "").strip():
            figure.tag = "div"
            wrap(start, figure, "]", "div")
        else:
            put(f"{start}]", figure, "div")

    def image(self, page: Page, image: HtmlElement) -> None:
        """An image inside a line."""
        put(f"#{call('box', self.image_call(page, image))};", image)

    def image_call(self, page: Page, image: HtmlElement) -> Source:
        """The call that shows an image."""
        size = {}
        if width := points(image.get("width", "")):
            size["width"] = Source(f"{min(width, TEXT_WIDTH):.2f}pt")
        name = self.image_file(page, image)
        return call("image", name, alt=image.get("alt", ""), **size)

    def image_file(self, page: Page, image: HtmlElement) -> str:
        """Write the file of an image to the folder; returns its name there.

        Raises:
            BookError: it has no alternative text, or is no file of the site.
        """
        source, alt = image.get("src", ""), image.get("alt", "")
        shown = source if len(source) < 80 else f"{source[:40]}…"
        if not alt.strip():
            raise BookError(f"the image {shown} has no alternative text", page.uri)
        if source.startswith("data:"):
            content, suffix = data_of(source)
        else:
            content = self.file(page, source)
            suffix = posixpath.splitext(source.partition("?")[0])[1]
        if content is None:
            raise BookError(
                f"the image {shown} cannot be printed; it is no file of the site",
                page.uri,
            )
        return self.keep(content, suffix)

    def keep(self, content: bytes, suffix: str) -> str:
        """Write an image to the folder; returns its name there."""
        name = hashlib.sha256(content).hexdigest()[:16] + suffix
        (self.folder / name).write_bytes(content)
        return name

    def ragged(self, page: Page, paragraph: HtmlElement) -> None:
        """A paragraph with a wide formula, which cannot break, is not justified."""
        paragraph.addprevious(mark("#ragged[", "div"))
        paragraph.addnext(mark("]", "div"))

    def box(self, page: Page, box: HtmlElement) -> None:
        """A foldable box or an admonition becomes a box with a title."""
        kinds = [name for name in box.classes if name != "admonition"]
        titles = [part for part in box.cssselect(BOX_TITLE) if part.getparent() is box]
        kind = kinds[0] if kinds else "details"
        box.tag = "div"
        whole = kind == CLAIM and tall(box) <= SHORT
        start = f"#{call('boxed', kind, self.label(page, box), whole)}["
        if titles:
            titles[0].tag = "div"
            titles[0].addnext(mark("][", "div"))
        else:
            start += "]["
        wrap(start, box, "]", "div")

    def claim_margin(self, page: Page, line: HtmlElement) -> None:
        """What was measured for a claim."""
        wrap("#claim-margin[", line, "]")

    def reference(self, page: Page, item: HtmlElement) -> None:
        """A line of the bibliography."""
        item.tag, item.getparent().tag = "p", "div"
        wrap(f"#{call('reference', self.label(page, item))}[", item, "]")

    def numbered(self, page: Page, item: HtmlElement) -> None:
        """An exercise, or a line of the list of claims, begins with its number."""
        item.tag = item.getparent().tag = "div"
        for number in item.cssselect(NUMBER):
            number.tag = "strong"
        wrap(f"#{call('numbered', self.label(page, item))}[", item, "]", "div")

    def number(self, page: Page, number: HtmlElement) -> None:
        """The number of a claim."""
        number.tag = "strong"

    def heading(self, page: Page, heading: HtmlElement) -> None:
        """A heading gets its level in the book; no level is left out."""
        entry, depth = page.entry, int(heading.tag[1])
        if heading is page.title:
            kind, level = entry.kind, entry.level
            number, label = entry.number, entry.uri
        else:
            depth = max(depth, 2)
            kind = f"heading-{min(depth, 4)}"
            level = min(entry.level + depth - 1, page.level + 1, DEEPEST)
            number, label = "", self.label(page, heading)
        page.level = level
        strip(heading)
        if not heading.text and not len(heading):
            raise BookError("a heading is empty", page.uri)
        self.put_title(heading, kind, level, number, label)

    def put_title(
        self, heading: HtmlElement, kind: str, level: int, number: str, label: str
    ) -> None:
        """Make an element a heading."""
        heading.tag = "p"
        wrap(f"#{call('title', kind, level, number, label)}[", heading, "]")

    def anchor(self, page: Page, element: HtmlElement) -> None:
        """Anything else that a link leads to."""
        label = self.label(page, element)
        if not label:
            return
        anchor = f"#{call('anchor', label)};"
        if "data-typst" in element.attrib or element.tag in BLOCKS:
            tag = "div" if element.tag in BLOCKS else "span"
            element.addprevious(mark(anchor, tag))
        else:
            wrap(anchor, element)

    def long_words(self, page: Page, element: HtmlElement) -> None:
        """Words that are wider than the page may be broken."""
        if element.text:
            element.text = breakable(element.text, 60)
        if element.tail:
            element.tail = breakable(element.tail, 60)

    def label(self, page: Page, element: HtmlElement) -> str:
        """Take an element's id; the label in its place, or "" if none is needed."""
        label = f"{page.uri}#{element.attrib.pop('id', '')}"
        if label not in self.targets or label in page.labels:
            return ""
        page.labels.add(label)
        return label


# What is done with what, in this order.
Steps = dict[str, Callable[[Any, Page, HtmlElement], None]]
STEPS: list[Steps] = [
    {
        "details": Document.leave_out,
        "table": Document.table,
        "dl": Document.definitions,
        LISTING: Document.listing,
        "pre": Document.plain_listing,
        "code": Document.code,
        PROGRAMS: Document.programs,
        FOOTNOTES: Document.footnotes,
    },
    {"a": Document.link, "strong": Document.term},
    {
        "[data-tex]": Document.formula,
        FIGURE: Document.figure,
        "img": Document.image,
        BOX: Document.box,
        "div.question": Document.question,
        CLAIM_MARGIN: Document.claim_margin,
        REFERENCE: Document.reference,
        NUMBERED: Document.numbered,
        NUMBER: Document.number,
        "h1, h2, h3, h4, h5, h6": Document.heading,
        f"p.{RAGGED}": Document.ragged,
        "[id]": Document.anchor,
        "*": Document.long_words,
    },
]


def reword(root: HtmlElement, wording: Mapping[str, str]) -> None:
    """Replace words of the text and of alternative texts, but not of code."""
    patterns = [(re.compile(pattern), new) for pattern, new in wording.items()]

    def replaced(text: str) -> str:
        for pattern, new in patterns:
            text = pattern.sub(new, text)
        return text

    if not patterns:
        return
    code = "ancestor::code or ancestor::pre or ancestor::*[@data-tex]"
    for text in root.xpath(f".//text()[not({code})]"):
        element = text.getparent()
        if text.is_tail:
            element.tail = replaced(text)
        else:
            element.text = replaced(text)
    for image in root.cssselect("[alt]"):
        image.set("alt", replaced(image.get("alt")))


def tall(box: HtmlElement) -> int:
    """About how many lines the content of a box has on paper."""
    text = "\n".join(part.text_content() for part in box)
    code = sum(part.get(TYPST, "").count("\\n") + 1 for part in box.cssselect(LISTED))
    return code + sum(1 + len(x) // TABLE_WIDTH for x in text.split("\n") if x)


def place(url: str) -> str:
    """The path of a page or file in the site, however its address is written."""
    return posixpath.normpath(unquote(url) or ".").lstrip("/")


def at(page: Page, href: str) -> str:
    """The path in the site of what an address on a page leads to."""
    path = urlsplit(href).path
    return place(posixpath.join(posixpath.dirname(page.entry.url), path))


def is_here(link: HtmlElement) -> bool:
    """Whether a link leads to a place on its own page."""
    return (link.get("href") or "#").startswith("#")


def is_outwards(href: str) -> bool:
    """Whether an address leads out of the site."""
    try:
        address = urlsplit(href)
    except ValueError:
        return True
    return bool(address.scheme or address.netloc)


def data_of(source: str) -> tuple[bytes | None, str]:
    """The content and the suffix of an image that stands in its address."""
    head, _, data = source.partition(",")
    kind, *options = head.removeprefix("data:image/").split(";")
    try:
        content = (
            base64.b64decode(data) if "base64" in options else unquote_to_bytes(data)
        )
    except ValueError:
        content = None
    return content, "." + kind.partition("+")[0]


def points(width: str) -> float | None:
    """A width in pixels of CSS, in points, of which a pixel has 3/4."""
    try:
        return float(width.removesuffix("px")) * 0.75
    except ValueError:
        return None


def formula_of(element: HtmlElement) -> Formula:
    """The formula that an element stands for."""
    return Formula(element.get("data-tex").strip(), element.tag == "div")


def text_before(element: HtmlElement) -> str:
    """The text between an element and what stands before it."""
    previous = element.getprevious()
    if previous is None:
        return element.getparent().text or ""
    return previous.tail or ""


def touches(character: str, exceptions: str) -> bool:
    """Whether a line must not end between a formula and this character."""
    return bool(character) and not character.isspace() and character not in exceptions


def strip(element: HtmlElement) -> None:
    """Remove spaces at the ends of an element."""
    element.text = (element.text or "").lstrip()
    if len(element):
        element[-1].tail = (element[-1].tail or "").rstrip()
    else:
        element.text = element.text.rstrip()
