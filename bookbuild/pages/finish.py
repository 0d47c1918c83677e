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

from bookbuild.errors import BookError
from bookbuild.pages import slips
from bookbuild.pages.book import Book
from bookbuild.pages.page import Page
from bookbuild.pages.questions import name_of
from bookbuild.pages.slips import CODE, Slips
from bookbuild.pages.slots import SLOT, Slot, add

COMMANDS = {
    "<!-- claims -->": "claims",
    "<!-- bibliography -->": "bibliography",
    "<!-- pdf -->": "pdf",
    "<!-- questions -->": "questions",
    "<!-- decks -->": "decks",
}
LABEL = re.compile(r"\s*\\label\{(eq-[\w-]+)\}")  # of a formula that is cited


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
                    if kind == "questions":
                        self.page.refer(name_of(self.page))
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
        self.questions()
        self.formulas(root)
        self.texts(root)
        self.sentences(root)
        self.links(root)
        self.title(root)
        self.exercises(root)
        if self.book.is_answers(
            self.page.uri
        ):  # MkDocs sees to the links of other pages
            for link in root.iter("a"):
                link.set("href", self.book.link(link.get("href", ""), self.page))
        slips.unclosed(self.md, self.book, self.page)

    def questions(self) -> None:
        """Report what is wrong with the page's questions."""
        for slot in self.page.slots:
            if slot.kind == "questions":
                try:
                    self.book.program(name_of(self.page))
                except BookError as error:
                    self.book.report(error.on(self.page.uri, slot.line))

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
            if display and (named := LABEL.search(tex)):
                number = self.equation(named[1], line)
                tex = LABEL.sub("", tex).strip() + rf" \tag{{{number}}}"
                element.set("id", named[1])
            element.set("class", "math")
            element.set("data-search-exclude", "")
            element.set("data-tex", add(self.page, Slot("tex", line, name=tex)))
            element.text = AtomicString(
                add(self.page, Slot("formula", line, name=tex, data=display))
            )

    def equation(self, anchor: str, line: int | None) -> str:
        """Number an equation that is cited; `[](#eq-name)` shows the number."""
        if anchor in self.page.places:
            self.book.report(
                BookError(f"two formulas are called {anchor}", self.page.uri, line)
            )
        self.page.places[anchor] = line
        place = 1 + sum(name.startswith("eq-") for name in self.page.labels)
        number = self.book.number_on(self.page.uri, place)
        self.page.labels[anchor] = f"{self.book.words['to_equation']} {number}"
        return number

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
            run_in(
                summary, "claim-number", f"{self.book.words['claim']} {claim.number}"
            )

    def links(self, root: etree.Element) -> None:
        """Keep which pages the page leads to, without its exercises."""
        heading = None
        for element in root:
            if element.tag == "h2":
                heading = text_of(element)
            if heading == self.book.words["questions"]:
                continue
            for link in element.iter("a"):
                path = (link.get("href") or "").partition("#")[0]
                if path.endswith(".md") and ":" not in path:
                    self.page.links.append(self.page.absolute(path))

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
        """Give each exercise a number, an anchor and a link to its answer."""
        if question := self.book.question_of(self.page.uri):
            word = re.escape(self.book.words["question"])
            for element in [*root.iter("h2"), *root.iter("a")]:
                if match := re.fullmatch(rf"{word} (\d+)", text_of(element)):
                    element.text = self.exercise(question, int(match[1]))
                    if element.tag == "h2":
                        set_anchor(element, f"exercise-{match[1]}")
        heading, numbered = None, 0
        for element in root:
            if element.tag == "h2":
                heading = text_of(element)
            elif element.tag == "ol" and heading == self.book.words["questions"]:
                element.set("class", "exercises")
                for item in element.findall("li"):
                    numbered += 1
                    number = self.exercise(self.page.uri, numbered)
                    parts = item.findall("p") or [item]
                    self.answer_link(parts[-1], item, numbered)
                    run_in(parts[0], "exercise-number", number)

    def exercise(self, uri: str, place: int) -> str:
        """What an exercise of a page is called: "Exercise 1.2.3"."""
        return f"{self.book.words['question']} {self.book.number_on(uri, place)}"

    def answer_link(self, end: etree.Element, item: etree.Element, place: int) -> None:
        """Let an exercise end with a link to its answer, if there are answers."""
        answers = self.book.answers_to(self.page.uri)
        if answers is None:
            return
        anchor = f"exercise-{place}"
        item.set("id", anchor)
        self.page.places[anchor] = None
        href = f"{self.page.relative(answers)}#{anchor}"
        link = etree.SubElement(end, "a", {"class": "answer-link", "href": href})
        link.text = self.book.words["answer"]
        if len(end) > 1:
            before = end[-2]
            before.tail = (before.tail or "").rstrip() + " "
        else:
            end.text = (end.text or "").rstrip() + " "


def set_anchor(heading: etree.Element, name: str) -> None:
    """Give a heading an anchor, and its link to itself."""
    heading.set("id", name)
    for link in heading.iter("a"):
        if link.get("href", "").startswith("#"):
            link.set("href", f"#{name}")


def text_of(heading: etree.Element) -> str:
    """The text of a heading, without the links in it."""
    return " ".join((heading.text or "").split())


def run_in(element: etree.Element, name: str, number: str) -> None:
    """Begin the text of an element with a number."""
    span = etree.Element("span", {"class": name})
    span.text, span.tail = number, " " + (element.text or "").lstrip()
    element.text = None
    element.insert(0, span)


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
