"""Turns the rendered pages of a site into one HTML document for print.

What only a screen needs goes (permalinks, downloads, dark figures, foldable
boxes); what print needs stands in data attributes that pdf.py reads.
"""

import base64
import hashlib
import posixpath
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes, urlsplit

import lxml.etree
import lxml.html
from lxml.html.builder import DIV, H1, PRE, SPAN

from bookbuild.errors import BookError

DEEPEST = 6  # PDF knows the headings H1 to H6
SCREEN_ONLY = ("audio", "button", "iframe", "script", "style", "svg", "video")


@dataclass
class Entry:
    """One line of the table of contents.

    `kind` is part, chapter or section; `level` its depth from 1; `page` the
    page of MkDocs, or None for a part, which has only a `title`.
    """

    kind: str
    level: int
    page: object = None
    title: str = ""
    number: str = ""


def list_contents(nav, numbers):
    """Turn the navigation into the table of contents of the printed book.

    Args:
        nav: MkDocs's navigation.
        numbers: dict of page URI to its number, as numbering.py gives it.
    Returns:
        a list of `Entry`. A section of the navigation is a chapter when its
        first page has the number of one, and else a part.
    """
    entries = []

    def add(kind, level, page):
        entries.append(Entry(kind, level, page,
                             number=numbers.get(page.file.src_uri, "")))

    def walk(items, level):
        for item in items:
            if item.is_page:
                add("chapter", level, item)
            elif not item.is_section:
                continue
            elif is_chapter(item):
                first, *rest = pages_of(item)
                add("chapter", level, first)
                for page in rest:
                    add("section", level + 1, page)
            elif level == 1:
                entries.append(Entry("part", 1, title=item.title))
                walk(item.children, 2)
            else:
                walk(item.children, level)

    def is_chapter(section):
        first = section.children[0]
        return first.is_page and first.file.src_uri in numbers

    walk(nav.items, 1)
    return entries


def pages_of(section):
    """All pages of a section of the navigation, in order."""
    pages = []
    for item in section.children:
        if item.is_page:
            pages.append(item)
        elif item.is_section:
            pages += pages_of(item)
    return pages


class Printer:
    """The pages of a book on their way to print.

    Args:
        entries: what `list_contents` returned.
        site: the folder of the site, where images lie.
        folder: where to copy images to.
        name: the name of the site.

    Attributes:
        html: the document.
        formulas: list of (TeX, whether displayed, page URI) in the order of
            the numbers in `data-formula`.
    """

    def __init__(self, entries, site, folder, name):
        self.site, self.folder, self.name = Path(site), Path(folder), name
        self.formulas, self.targets = [], {}
        self.places = {place(entry.page.url): entry.page.file.src_uri
                       for entry in entries if entry.page}
        self.tops = {}  # page URI to the id of its title
        roots = {entry.page.file.src_uri: self.parse(entry)
                 for entry in entries if entry.page}
        for entry in entries:
            if entry.page:
                self.resolve_links(roots[entry.page.file.src_uri], entry.page)
        labels, parts = set(), []
        for entry in entries:
            if entry.page:
                root = roots[entry.page.file.src_uri]
                labels |= self.clean(root, entry)
            else:
                root = DIV(heading(entry.title, entry))
            parts.append(lxml.html.tostring(root, encoding="unicode"))
        for label, (uri, href) in self.targets.items():
            if label not in labels:
                raise BookError(f"the link to {href} leads nowhere; no page "
                                f"of the book has {label}", uri)
        self.html = "\n".join(parts)

    def parse(self, entry):
        """Read a page and drop what print does not need."""
        root = lxml.html.fragment_fromstring(entry.page.content or "",
                                             create_parent="div")
        lxml.etree.strip_elements(root, lxml.etree.Comment, *SCREEN_ONLY,
                                  with_tail=False)
        for line in root.cssselect("p.programs"):
            programs(line)
        inner = set(root.cssselect(".highlight .highlight"))
        for div in set(root.cssselect("div.highlight")) - inner:
            listing(div)
        for code in root.cssselect("code"):
            code.text, code[:] = code.text_content(), []
        for element in root.cssselect("a.headerlink, a.footnote-backref, "
                                      "span.page-number, img.on-dark"):
            element.drop_tree()
        for element in root.cssselect("abbr, span.bibtex-protected"):
            element.drop_tag()
        uri, titles = entry.page.file.src_uri, root.cssselect("h1")
        if not titles:
            titles = [H1(entry.page.title or uri)]
            root.insert(0, titles[0])
        if uri == "index.md" and titles[0].text_content() == self.name:
            titles[0].text = "Preface"  # the cover already bears the name
        self.tops[uri] = titles[0].get("id")
        return root

    # Links ---------------------------------------------------------------

    def resolve_links(self, root, page):
        """Turn links between pages into labels, and keep those outwards."""
        uri = page.file.src_uri
        for link in root.cssselect("a"):
            href = link.get("href")
            if link.xpath("ancestor::sup") and "footnote-ref" in link.classes:
                continue
            if not href:
                link.tag = "span"
            elif link.xpath("ancestor::h1|ancestor::h2|ancestor::h3"):
                link.drop_tag()  # a bookmark cannot hold a link
            elif not urlsplit(href).scheme:
                self.resolve(link, href, page, uri)

    def resolve(self, link, href, page, uri):
        """Give a link its label, or drop it when it leads to a file."""
        path, _, anchor = href.partition("#")
        target = place(posixpath.join(posixpath.dirname(page.url),
                                      unquote(path))) if path else None
        there = self.places.get(target) if path else uri
        if there is None:
            if not (self.site / target).is_file():
                raise BookError(f"the link to {href} leads nowhere", uri)
            link.drop_tag()
            return
        anchor = unquote(anchor)
        label = (there if not anchor or anchor == self.tops[there]
                 else f"{there}#{anchor}")
        self.targets.setdefault(label, (uri, href))
        if link.text:  # "figure 1.2" stays on one line
            link.text = re.sub(r" (?=[\d.]+$)", "\u00a0", link.text)
        link.set("data-label", label)
        link.set("href", "#")
        if there != uri and "citation" not in link.getparent().classes:
            link.set("data-far", "yes")

    # Parts of a page -------------------------------------------------------

    def clean(self, root, entry):
        """Prepare a page for print; returns the labels it defines."""
        uri = entry.page.file.src_uri
        for formula in root.cssselect("[data-tex]"):
            self.formula(formula, uri)
        for figure in root.cssselect("figure.book-figure"):
            figure.tag = "div"
            figure.set("data-figure", "yes")
            for caption in figure.cssselect("figcaption"):
                caption.tag = "div"
            for number in figure.cssselect("span.figure-number"):
                number.tag = "strong"
        for image in root.cssselect("img"):
            self.image(image, entry.page)
        for box in root.cssselect("details, div.admonition"):
            mark_box(box)
        for item in root.cssselect("ul.bibliography > li"):
            item.tag = "div"
            item.set("data-reference", "yes")
            item.getparent().tag = "div"
        move_footnotes(root, uri)
        mark_headings(root, entry)
        return self.mark_labels(root, uri)

    def formula(self, element, uri):
        """Replace a formula by its number in the list."""
        display = element.tag == "div"
        self.formulas.append((element.get("data-tex").strip(), display, uri))
        empty(element)
        element.attrib.clear()
        element.set("data-formula", str(len(self.formulas) - 1))

    def image(self, image, page):
        """Copy an image; its size becomes points (3/4 of a CSS pixel)."""
        source = image.get("src", "")
        if source.startswith("data:"):
            kind, _, data = source.partition(",")
            content = (base64.b64decode(data) if kind.endswith(";base64")
                       else unquote_to_bytes(data))
            suffix = "." + re.search(r"image/(\w+)", kind)[1]
        else:
            path = self.site / place(posixpath.join(
                posixpath.dirname(page.url), unquote(source)))
            if not path.is_file():
                raise BookError(f"the image {source} cannot be printed; it is "
                                "no file of the site", page.file.src_uri)
            content, suffix = path.read_bytes(), path.suffix
        name = hashlib.sha256(content).hexdigest()[:16] + suffix
        (self.folder / name).write_bytes(content)
        width = re.match(r"[\d.]+", image.get("width", ""))
        image.tag = "span"
        image.attrib.pop("src", None)
        image.set("data-image", name)
        image.set("data-alt", image.get("alt", ""))
        image.set("data-width",
                  f"{float(width[0]) * .75:.2f}" if width else "")

    def mark_labels(self, root, uri):
        """Turn ids that something links to into labels; drop all others."""
        labels = {uri}
        for element in root.cssselect("[id]"):
            label = f"{uri}#{element.attrib.pop('id')}"
            if label not in self.targets or label in labels:
                continue
            labels.add(label)
            if element.tag in ("h2", "h3", "h4", "h5", "h6") or set(
                    element.attrib) & {"data-figure", "data-box",
                                       "data-reference"}:
                element.set("data-label", label)
                continue
            anchor = SPAN({"data-anchor": label})
            if element.tag in ("table", "ul", "ol", "dl", "pre"):
                element.addprevious(DIV(anchor))
            else:
                anchor.tail, element.text = element.text, None
                element.insert(0, anchor)
        return labels


def place(url):
    """The path of a page in the site, however its address is written."""
    return posixpath.normpath(unquote(url) or ".")


def empty(element):
    """Remove all that is inside an element."""
    element.text, element[:] = None, []


def replace(old, new):
    """Put one element in the place of another."""
    new.tail = old.tail
    old.getparent().replace(old, new)


def heading(title, entry):
    """The title of a part."""
    return H1(title, {"data-kind": entry.kind, "data-level": str(entry.level)})


def mark_headings(root, entry):
    """Give every heading its level in the book; no level is left out."""
    level = entry.level
    for element in root.cssselect("h1, h2, h3, h4, h5, h6"):
        depth = int(element.tag[1])
        if depth == 1:
            element.attrib.pop("id", None)
            kind, shown = entry.kind, entry.level
            element.set("data-label", entry.page.file.src_uri)
            element.set("data-number", entry.number)
        else:
            kind = "heading-" + str(min(depth, 4))
            shown = min(entry.level + depth - 1, level + 1, DEEPEST)
        level = shown
        element.set("data-kind", kind)
        element.set("data-level", str(shown))


def listing(div):
    """Turn highlighted code or printed output into plain text with a title."""
    code = div.cssselect("code")[-1]
    classes = f"{div.get('class')} {code.get('class', '')}"
    language = re.search(r"language-([\w+-]+)", classes)
    kind = ("output" if "output" in div.classes else
            "boxed" if div.xpath("ancestor::details") else "code")
    if language:
        language = language[1]
    elif code.cssselect("span[class]"):
        language = "python"  # what else would the programs be in
    titles = div.cssselect("span.filename")
    after = div.getnext()
    joined = after is not None and "output" in after.classes
    replace(div, PRE(code.text_content().rstrip(), {
        "data-listing": kind, "data-language": language or "",
        "data-name": titles[0].text_content().strip() if titles else "",
        "data-joined": "yes" if joined else ""}))


def mark_box(box):
    """Turn a foldable box or an admonition into a box with a title."""
    kinds = [name for name in box.classes if name != "admonition"]
    titles = box.xpath("./summary|./p[contains(@class, 'admonition-title')]")
    box.tag = "div"
    box.attrib.pop("class", None)
    box.set("data-box", kinds[0] if kinds else "details")
    if titles:
        titles[0].tag = "div"
        titles[0].attrib.clear()
        titles[0].set("data-title", "yes")


def programs(line):
    """Turn the line of downloads into the names of the files."""
    names = [re.sub(r"^(\.\./)*programs/", "", link.get("href"))
             for link in line.cssselect("[href$='.py']")]
    word = "Program" if len(names) == 1 else "Programs"
    replace(line, DIV(f"{word}: {', '.join(names)}",
                      {"data-programs": "yes"}))


def move_footnotes(root, uri):
    """Name the text of each footnote at the places that refer to it."""
    for mark in root.cssselect("sup[id^='fnref']"):
        link = mark.cssselect("a")[0]
        replace(mark, SPAN({
            "data-footnote": f"{uri}{link.get('href')}"}))
    for notes in root.cssselect("div.footnote"):
        for item in notes.cssselect("li[id]"):
            item.tag = "div"
            item.set("data-note", f"{uri}#{item.attrib.pop('id')}")
            root.append(item)
        notes.drop_tree()
