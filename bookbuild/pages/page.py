"""A page as its author wrote it, and all that was written down while it was parsed."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bookbuild.run.program import lines_of
from bookbuild.run.record import Claim

if TYPE_CHECKING:
    from bookbuild.pages.slots import Slot

EXERCISE = re.compile(r"^(\d+)\.\s+(.*)$")


@dataclass
class Listing:
    """A fence of Python on a page.

    Attributes:
        line, last: its first and last line on the page, from 1.
        code: what a reader sees.
        program: the program that it takes sections of; None when it was
            written by hand.
        sections: the sections it takes; None stands for the whole program.
        claim: the id of the claim it stands in.
    """

    line: int
    last: int
    code: str
    program: str | None = None
    sections: list[str | None] = field(default_factory=list)
    claim: str | None = None


@dataclass
class Statement:
    """A claim as it stands on a page.

    Attributes:
        id: its anchor; line: of its sentence on the page.
        program: the program whose process checks it.
        number: as readers see it, "1.2.3".
        sentence: its HTML, with slots.
        code: (line of the page, assertions) of each of its listings.
    """

    id: str
    line: int
    program: str
    number: str = ""
    sentence: str = ""
    code: list[tuple[int, str]] = field(default_factory=list)


@dataclass
class Page:
    """A page.

    Attributes:
        uri: its path below the folder of the pages.
        text: its source.
        url: its address in the site.
        slots: what waits for records, by their number in the text.
        listings, claims: in the order of the page.
        programs: those it refers to, in order.
        labels: anchor to what a cross-reference shows, as "figure 1.2.3".
        places: anchor to the line where it was defined.
        cited: the keys of the references it cites.
        title: HTML of its title, with slots.
        source: the programs' line numbers start here (front matter).
        texts: (heading, caption, alt, claim or prose; line; text), for the lint.
        terms: (line, text) of what stands in **bold** type.
        links: the pages that it leads to, as often as it does.
        constants: literal numbers that its front matter declares.
    """

    uri: str
    text: str
    url: str = ""
    slots: list[Slot] = field(default_factory=list)
    listings: list[Listing] = field(default_factory=list)
    claims: list[Statement] = field(default_factory=list)
    programs: list[str] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    places: dict[str, int | None] = field(default_factory=dict)
    cited: set[str] = field(default_factory=set)
    offset: int = 0
    figures: int = 0
    constants: tuple[str, ...] = ()
    texts: list[tuple[str, int | None, str]] = field(default_factory=list)
    terms: list[tuple[int | None, str]] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)

    @property
    def main(self) -> str:
        """The program that belongs to this page."""
        if self.uri.endswith(".py"):
            return self.uri
        folder, slash, name = self.uri.removesuffix(".md").rpartition("/")
        return folder + slash + name.replace("-", "_") + ".py"

    def refer(self, program: str) -> None:
        """Note that the page refers to a program."""
        if program not in self.programs:
            self.programs.append(program)

    def line_of(self, text: str, next_one: bool = False) -> int | None:
        """A line that contains a text: the first one, or the next at each call."""
        start = self.seen.get(text, 0) if next_one else 0
        found = self.text.find(text, start)
        if found < 0:
            found = self.text.find(text)
        if found < 0:
            return None
        if next_one:
            self.seen[text] = found + len(text)
        return self.text.count("\n", 0, found) + 1

    def summary(self, length: int = 160) -> str:
        """Its first sentences, for search engines; at most so many characters."""
        text = next((text for where, _, text in self.texts if where == "prose"), "")
        shown = ""
        for sentence in re.findall(r"\S.*?[.?!](?=\s|$)", text):
            if shown and len(shown) + len(sentence) >= length:
                break
            shown += f" {sentence}"
        return shown.strip() if len(shown) <= length else f"{shown[:length]}…".strip()

    def minutes(self) -> int:
        """How long it takes to read, without its exercises and folded claims."""
        words = sum(
            len(text.split()) for where, _, text in self.texts if where != "alt"
        )
        lines = sum(x.code.count("\n") + 1 for x in self.listings if not x.claim)
        return max(1, round(words / 200 + lines / 30))

    def relative(self, target: str) -> str:
        """A link from this page's source to another source file."""
        return posixpath.relpath(target, posixpath.dirname(self.uri) or ".")

    def absolute(self, target: str) -> str:
        """The source file that a link of this page's source leads to."""
        return posixpath.normpath(posixpath.join(posixpath.dirname(self.uri), target))

    def to(self, target: str) -> str:
        """A link from this page in the site to another path of the site."""
        path = posixpath.relpath(target, posixpath.dirname(self.url) or ".")
        return f"{path}/" if target.endswith("/") else path

    def checks(self) -> dict[str, list[Claim]]:
        """The claims of the page by program, as the runner takes them."""
        found: dict[str, list[Claim]] = {}
        for claim in self.claims:
            text = join_lines(claim.code)
            first = claim.code[0][0] if claim.code else claim.line
            found.setdefault(claim.program, []).append(
                Claim(claim.id, self.uri, first, text)
            )
        return found


def join_lines(pieces: list[tuple[int, str]]) -> str:
    """Pieces of code in one text, each on the line it has on the page."""
    if not pieces:
        return ""
    first = pieces[0][0]
    lines: list[str] = []
    for line, code in pieces:
        lines += [""] * (line - first - len(lines))
        lines += lines_of(code.rstrip("\n"))
    return "\n".join(lines) + "\n"


def exercises(text: str, heading: str = "Exercises") -> list[str]:
    """The exercises of a page, as Markdown, in order.

    They are the numbered list under their heading.
    """
    found: list[list[str]] = []
    inside = False
    for line in lines_of(text):
        if line.startswith("## "):
            inside = line.removeprefix("## ").strip() == heading
        elif inside and (match := EXERCISE.match(line)):
            found.append([match[2]])
        elif inside and found and line.startswith("   "):
            found[-1].append(line.strip())
        elif inside and found and not line.strip():
            found[-1].append("")
        elif inside and found:
            inside = False
    return ["\n".join(lines).strip() for lines in found]
