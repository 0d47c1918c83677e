"""The last look at a parsed page: its title, its formulas, its exercises."""

from __future__ import annotations

import html
import re
import xml.etree.ElementTree as etree
from collections.abc import Iterator

from markdown import Markdown
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString

from bookbuild.pages import slips
from bookbuild.pages.book import Book
from bookbuild.pages.page import Page
from bookbuild.pages.slips import CODE, Slips
from bookbuild.pages.slots import SLOT, Slot, add

COMMANDS = {
    "<!-- claims -->": "claims",
    "<!-- bibliography -->": "bibliography",
    "<!-- pdf -->": "pdf",
}


class Commands(Preprocessor):
    """Puts slots in the place of comments that ask for lists."""

    def __init__(self, md: Markdown, page: Page) -> None:
        super().__init__(md)
        self.page = page

    def run(self, lines: list[str]) -> list[str]:
        for number, line in enumerate(lines):
            for comment, kind in COMMANDS.items():
                if comment in line and f"`{comment}`" not in line:
                    slot = add(self.page, Slot(kind, number + 1))
                    if line.strip() == comment and kind != "pdf":
                        slot = f'<div class="book-{kind}">{slot}</div>'
                    lines[number] = line = line.replace(comment, slot)
        return lines


class Finish(Treeprocessor):
    """Completes the tree of a page, after all inline text has been read."""

    def __init__(self, md: Markdown, book: Book, page: Page) -> None:
        super().__init__(md)
        self.book, self.page = book, page

    def run(self, root: etree.Element) -> None:
        if any(not x.program and not x.claim for x in self.page.listings):
            self.page.refer(self.page.uri)  # its own code
        self.formulas(root)
        self.texts(root)
        self.sentences(root)
        self.title(root)
        self.exercises(root)
        if self.book.is_answers(
            self.page.uri
        ):  # MkDocs sees to the links of other pages
            for link in root.iter("a"):
                link.set("href", self.book.link(link.get("href", ""), self.page))
        slips.unclosed(self.md, self.book, self.page)

    def formulas(self, root: etree.Element) -> None:
        """Give each formula that arithmatex has marked a slot."""
        for element in root.iter():
            if element.get("class") != "arithmatex":
                continue
            # arithmatex has put \\( \\) or \\[ \\] around it and escaped it.
            tex = html.unescape((element.text or "").strip())[2:-2].strip()
            display = element.tag == "div"
            line = self.page.line_of(tex) or self.page.line_of(tex.split("\n")[0])
            element.attrib.clear()
            element.set("class", "math")
            element.set("data-search-exclude", "")
            element.set("data-tex", add(self.page, Slot("tex", line, name=tex)))
            element.text = AtomicString(
                add(self.page, Slot("formula", line, name=tex, data=display))
            )

    def texts(self, root: etree.Element) -> None:
        """Keep what the lint of numbers reads: texts without code, formulas, slots."""
        heading = None
        for element, where in kinds(root):
            heading = text_of(element) if element.tag == "h2" else heading
            if heading == self.book.words["questions"] and where == "prose":
                continue  # the numbers of a task
            text = SLOT.sub("", "".join(words(element)))
            if re.search(r"\w", text):
                line = self.page.line_of(text.split("\n")[0].strip()[:40])
                if name := element.get("data-claim"):
                    line = next(c.line for c in self.page.claims if c.id == name)
                self.page.texts.append((where, line, " ".join(text.split())))
        for element in root.iter("strong"):
            term = " ".join("".join(element.itertext()).split())
            self.page.terms.append((self.page.line_of(f"**{term}"), term))

    def sentences(self, root: etree.Element) -> None:
        """Keep the HTML of each claim's sentence, for the list of claims."""
        known = {claim.id: claim for claim in self.page.claims}
        for summary in root.iter("summary"):
            claim = known.get(summary.attrib.pop("data-claim", ""))
            if claim is None:
                continue
            text = self.md.serializer(summary)
            for processor in self.md.postprocessors:
                if not isinstance(processor, Slips):
                    text = processor.run(text)
            claim.sentence = text[text.index(">") + 1 : text.rindex("<")].strip()

    def title(self, root: etree.Element) -> None:
        """Number the title; below it, what the page offers and how it stands."""
        answers = self.book.is_answers(self.page.uri)
        titles = [place for place, child in enumerate(root) if child.tag == "h1"]
        if answers and not titles:
            return  # a cell
        if titles and (number := self.book.numbers.get(self.page.uri)):
            title = root[titles[0]]
            span = etree.Element("span", {"class": "page-number"})
            span.text, span.tail = number, " " + (title.text or "")
            title.text = None
            title.insert(0, span)
        slots = add(self.page, Slot("status")) + add(self.page, Slot("downloads"))
        root.insert(titles[0] + 1 if titles else 0, aside("page-head", slots))
        if self.page.programs and not answers:
            root.append(aside("page-programs", add(self.page, Slot("programs"))))

    def exercises(self, root: etree.Element) -> None:
        """Give each exercise an anchor and a link to its answer."""
        if self.book.question_of(self.page.uri):
            word = re.escape(self.book.words["question"])
            for element in root.iter("h2"):
                if match := re.fullmatch(rf"{word} (\d+)", text_of(element)):
                    set_anchor(element, f"exercise-{match[1]}")
        answers = self.book.answers_to(self.page.uri)
        if answers is None:
            return
        heading = None
        for element in root:
            if element.tag == "h2":
                heading = text_of(element)
            elif element.tag == "ol" and heading == self.book.words["questions"]:
                for number, item in enumerate(element.findall("li"), 1):
                    item.set("id", f"exercise-{number}")
                    self.page.places[f"exercise-{number}"] = None
                    target = item.findall("p")[-1] if item.findall("p") else item
                    link = etree.SubElement(
                        target,
                        "a",
                        {
                            "class": "answer-link",
                            "href": self.page.relative(answers) + f"#exercise-{number}",
                        },
                    )
                    link.text = self.book.words["answer"]
                    if len(target) > 1:
                        before = target[-2]
                        before.tail = (before.tail or "").rstrip() + " "
                    else:
                        target.text = (target.text or "").rstrip() + " "


def set_anchor(heading: etree.Element, name: str) -> None:
    """Give a heading an anchor, and its link to itself."""
    heading.set("id", name)
    for link in heading.iter("a"):
        if link.get("href", "").startswith("#"):
            link.set("href", f"#{name}")


def text_of(heading: etree.Element) -> str:
    """The text of a heading, without the links in it."""
    return " ".join((heading.text or "").split())


def aside(name: str, slots: str) -> etree.Element:
    """An element that holds nothing but slots, and is not searched."""
    element = etree.Element("div", {"class": name, "data-search-exclude": ""})
    element.text = AtomicString(slots)
    return element


KINDS = {
    "h1": "heading",
    "h2": "heading",
    "h3": "heading",
    "h4": "heading",
    "figcaption": "caption",
    "summary": "claim",
    "p": "prose",
    "li": "prose",
    "td": "prose",
    "dd": "prose",
}


def kinds(element: etree.Element) -> Iterator[tuple[etree.Element, str]]:
    """The elements below an element that hold text, and what each is."""
    for child in element:
        if child.tag == "summary" and not child.get("data-claim"):
            continue
        if where := KINDS.get(child.tag):
            yield child, where
        if child.tag != "figcaption":
            yield from kinds(child)


def words(element: etree.Element) -> Iterator[str]:
    """The text of an element, without that of its lists, code and formulas."""
    yield element.text or ""
    for child in element:
        skipped = (
            child.tag in CODE
            or child.tag in ("p", "li", "ul", "ol")
            or set(child.get("class", "").split())
            & {"math", "citation", "figure-number"}
        )
        if not skipped or (element.tag == "figcaption" and child.tag == "p"):
            yield from words(child)
        yield child.tail or ""
