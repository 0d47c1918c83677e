"""Quick questions of a page: what does this code print? The right choice is what it prints, the wrong ones are what broken variants of it print; all are run, none is typed.

    [[question]]
    ask = "What does this print?"
    code = '''
    x = torch.zeros(3, 4)
    print(tuple(x.sum(dim=0).shape))'''
    setup = "import torch"
    why = "The sum over the rows leaves the columns."
    wrong = [{old = "dim=0", new = "dim=1", why = "That sums along each row."}]

`setup` runs before and is not shown; it may take sections of programs, as
answers do. `{break = "name", why = "..."}` breaks it as the page's own program
is broken.
"""

from __future__ import annotations

import hashlib
import io
import re
import tomllib
import zipfile
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape as xml

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from bookbuild.errors import BookError
from bookbuild.run.breaks import read_breaks
from bookbuild.run.program import (
    INCLUDE,
    Change,
    Program,
    read_program,
    read_text,
    span,
)
from bookbuild.run.record import Record

if TYPE_CHECKING:
    from bookbuild.pages.book import Book
    from bookbuild.pages.page import Page

ENDING = ".questions.toml"
FIELDS = {"ask", "code", "setup", "why", "wrong"}
HARNESS = '''\
"""What the code of each question prints, and each broken variant of it."""

import contextlib
import io


def printed(number, setup, code):
    out, names = io.StringIO(), {}
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(setup, f"question {number}", "exec"), names)
        with contextlib.redirect_stdout(out):
            exec(compile(code, f"question {number}", "exec"), names)
    except (NameError, SyntaxError, ImportError) as error:
        raise ValueError(f"question {number}: {error}") from None
    except Exception as error:
        return type(error).__name__
    return out.getvalue().strip()


results = {"printed": []}
'''
LETTERS = "ABCDEFGH"


@dataclass(frozen=True)
class Question:
    """A question of a page.

    Attributes:
        ask, why: what is asked, and why the right choice is right; text in
            which `code` stands between backticks.
        code: what is shown; setup: what runs before it.
        wrong: the changes of code and setup that make each wrong choice, and
            what a reader who chooses it is told.
    """

    ask: str
    why: str
    code: str
    setup: str
    wrong: tuple[tuple[tuple[Change, ...], str], ...]

    def variants(self) -> list[tuple[str, str]]:
        """What runs before and what runs for each choice, the right one first."""
        found = [(self.setup, self.code)]
        for changes, _ in self.wrong:
            setup, code = self.setup, self.code
            for change in changes:
                setup = setup.replace(change.old, change.new)
                code = code.replace(change.old, change.new)
            found.append((setup, code))
        return found


@dataclass(frozen=True)
class Choice:
    """What a reader can choose: what it says, whether it is right, and why."""

    text: str
    right: bool
    why: str


def name_of(page: Page) -> str:
    """The file with the questions of a page, below the folder of the programs."""
    return page.main.removesuffix(".py") + ENDING


def read_questions(name: str, snippets: Path) -> list[Question]:
    """The questions of a page.

    Args:
        name: their file, below the folder of the programs.
        snippets: that folder.
    Raises:
        BookError: the file is missing or wrong.
    """
    try:
        table = tomllib.loads(read_text(snippets / name, name))
    except tomllib.TOMLDecodeError as error:
        raise BookError(f"not TOML: {error}", program=name) from error
    entries = table.get("question")
    if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        raise BookError("write [[question]] in double brackets", program=name)
    return [one(entry, n, name, snippets) for n, entry in enumerate(entries, 1)]


def one(entry: dict[str, Any], number: int, name: str, snippets: Path) -> Question:
    """A question as its table in the file says it.

    Raises:
        BookError: a field is lacking, unknown, or changes nothing.
    """

    def wrong(problem: str) -> BookError:
        return BookError(f"question {number}: {problem}", program=name)

    if lacking := {"ask", "code", "why", "wrong"} - entry.keys():
        raise wrong(f"lacks {', '.join(sorted(lacking))}")
    if unknown := entry.keys() - FIELDS:
        raise wrong(f"has no field {', '.join(sorted(unknown))}")
    texts = {key: entry.get(key, "") for key in ("ask", "why", "code", "setup")}
    if not all(isinstance(text, str) for text in texts.values()):
        raise wrong("ask, why, code and setup are texts")
    program = name.removesuffix(ENDING) + ".py"
    breaks = {b.name: b for b in read_breaks(snippets / program, program)}
    setup = filled(texts["setup"], name, snippets)
    choices = []
    if not isinstance(entry["wrong"], list) or len(entry["wrong"]) < 2:
        raise wrong("wrong is a list of at least two changes")
    for piece in entry["wrong"]:
        match piece:
            case {"break": str(broken), "why": str(why)} if len(piece) == 2:
                if broken not in breaks:
                    raise wrong(f"{program} has no break {broken!r}")
                changes = breaks[broken].changes
            case {"old": str(old), "new": str(new), "why": str(why)} if len(piece) == 3:
                changes = (Change(old, new),)
            case _:
                raise wrong("a wrong choice is {old, new, why} or {break, why}")
        if not any(c.old in setup + "\n" + texts["code"] for c in changes):
            raise wrong(f"its code does not have {changes[0].old!r}")
        choices.append((changes, why))
    return Question(
        texts["ask"].strip(),
        texts["why"].strip(),
        texts["code"].strip("\n"),
        setup,
        tuple(choices),
    )


def filled(text: str, name: str, snippets: Path) -> str:
    """Code with the sections that it takes of programs filled in."""
    found = []
    for line in text.split("\n"):
        if match := INCLUDE.match(line):
            try:
                other = read_program(match[1], snippets / match[1], snippets)
                span(other, match[2])  # there is such a section
            except BookError as error:
                raise BookError(f"includes {error}", program=name) from error
            line = other.section(match[2])
        found.append(line)
    return "\n".join(found)


def as_program(name: str, snippets: Path) -> Program:
    """The program that finds out what all choices of a page's questions say.

    Raises:
        BookError: see `read_questions`.
    """
    text = HARNESS
    for number, question in enumerate(read_questions(name, snippets), 1):
        calls = ",\n    ".join(
            f"printed({number}, {setup!r}, {code!r})"
            for setup, code in question.variants()
        )
        text += f'results["printed"].append([\n    {calls},\n])\n'
    places = tuple((name, 1) for _ in text.split("\n"))
    return Program(name, snippets / name, text, {}, places)


def choices_of(question: Question, printed: list[str]) -> list[Choice]:
    """The choices of a question, in an order that does not tell which is right."""
    whys = [question.why, *(why for _, why in question.wrong)]
    found = [
        Choice(text, place == 0, why)
        for place, (text, why) in enumerate(zip(printed, whys, strict=True))
    ]

    def place(choice: Choice) -> str:
        return hashlib.sha256((question.code + choice.text).encode()).hexdigest()

    return sorted(found, key=place)


def asked(name: str, record: Record, book: Book) -> list[tuple[Question, list[Choice]]]:
    """The questions of a page with their choices.

    Raises:
        BookError: two choices of a question say the same, or one says nothing.
    """
    found = []
    printed = record.results["printed"]
    for number, question in enumerate(read_questions(name, book.snippets), 1):
        texts = printed[number - 1]
        if len(set(texts)) < len(texts) or not all(texts):
            raise BookError(
                f"question {number}: its choices are not different: "
                + ", ".join(map(repr, texts)),
                program=name,
            )
        found.append((question, choices_of(question, texts)))
    return found


# As HTML ----------------------------------------------------------------------


def inline(text: str) -> str:
    """A text with `code` between backticks, as HTML."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))


def shown_code(code: str) -> str:
    """Code as pages show it."""
    inner = highlight(code, PythonLexer(), HtmlFormatter(nowrap=True))
    return (
        f'<div class="language-python highlight"><pre><code>{inner}</code></pre></div>'
    )


def shown_choice(choice: Choice) -> str:
    """A choice; what is printed on several lines keeps them."""
    text = escape(choice.text, quote=False).replace("\n", "<br>")
    return f"<code>{text}</code>"


def as_html(page: Page, record: Record, book: Book) -> str:
    """The questions of a page: each choice opens and says whether it is right.

    Raises:
        BookError: see `asked`.
    """
    words, parts = book.words, []
    for number, (question, choices) in enumerate(asked(name_of(page), record, book), 1):
        items, key = [], ""
        for letter, choice in zip(LETTERS, choices, strict=False):
            verdict = words["right" if choice.right else "wrong"]
            why = f"<p><strong>{verdict}.</strong> {inline(choice.why)}</p>"
            items.append(
                f'<li><details class="choice"><summary>{shown_choice(choice)}'
                f"</summary>{why}</details></li>"
            )
            if choice.right:
                key = f"{words['answer']}: {letter}. {inline(choice.why)}"
        parts.append(
            f'<div class="question" id="question-{number}">'
            f'<p class="ask">{number}. {inline(question.ask)}</p>'
            f"{shown_code(question.code)}"
            f'<ol class="choices" type="A">{"".join(items)}</ol>'
            f'<p class="key" hidden>{key}</p></div>'
        )
    return "".join(parts) + break_it(page, book)


def break_it(page: Page, book: Book) -> str:
    """The task that can be graded: assertions that tell broken programs apart."""
    if page.main not in page.programs or not (broken := book.breaks(page.main)):
        return ""
    text = book.words["break_it"].format(count=len(broken), program=page.main)
    return f'<p class="break-it">{inline(text)}</p>'


# For other programs -------------------------------------------------------------


def decks(book: Book) -> dict[str, bytes]:
    """All questions of a book for Anki and as QTI: file names to contents."""
    known = []
    for page in book.in_order():
        name = name_of(page)
        record = book.record(name) if name in page.programs else None
        if record is not None:
            for number, pair in enumerate(asked(name, record, book), 1):
                known.append((page, number, *pair))
    if not known:
        return {}
    return {"anki.txt": anki(known, book).encode(), "qti.zip": qti(known, book)}


def anki(known: list[tuple[Page, int, Question, list[Choice]]], book: Book) -> str:
    """Cards as Anki imports them: front, back and page, separated by tabs."""
    lines = ["#separator:tab", "#html:true", "#columns:Front\tBack\tTags"]
    lines += ["#tags column:3"]
    for page, _, question, choices in known:
        right = next(choice for choice in choices if choice.right)
        options = "".join(f"<li>{shown_choice(choice)}</li>" for choice in choices)
        code = escape(question.code, quote=False).replace("\n", "<br>")
        front = f"{inline(question.ask)}<pre>{code}</pre><ol type=A>{options}</ol>"
        back = f"{shown_choice(right)}<br>{inline(question.why)}"
        tag = page.uri.removesuffix(".md").replace("/", "::")
        lines.append("\t".join(x.replace("\t", "    ") for x in (front, back, tag)))
    return "\n".join(lines) + "\n"


ITEM = """\
<?xml version="1.0" encoding="UTF-8"?>
<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" \
identifier="{id}" title="{title}" adaptive="false" timeDependent="false">
  <responseDeclaration identifier="RESPONSE" cardinality="single" \
baseType="identifier"><correctResponse><value>{right}</value></correctResponse>\
</responseDeclaration>
  <outcomeDeclaration identifier="SCORE" cardinality="single" baseType="float"/>
  <itemBody>
    <p>{ask}</p>
    <pre>{code}</pre>
    <choiceInteraction responseIdentifier="RESPONSE" shuffle="true" maxChoices="1">
{choices}
    </choiceInteraction>
  </itemBody>
  <responseProcessing template="http://www.imsglobal.org/question/qti_v2p1/\
rptemplates/match_correct"/>
</assessmentItem>
"""
MANIFEST = """\
<?xml version="1.0" encoding="UTF-8"?>
<manifest xmlns="http://www.imsglobal.org/xsd/imscp_v1p1" identifier="questions">
  <metadata><schema>QTIv2.1 Package</schema><schemaversion>1.0.0</schemaversion>\
</metadata>
  <organizations/>
  <resources>
{resources}
  </resources>
</manifest>
"""


def qti(known: list[tuple[Page, int, Question, list[Choice]]], book: Book) -> bytes:
    """A package of IMS Question and Test Interoperability 2.1, as bytes."""
    files, resources = {}, []
    for page, number, question, choices in known:
        name = f"{book.download_name(page.uri)}-{number}"
        right = next(n for n, c in enumerate(choices) if c.right)
        files[f"{name}.xml"] = ITEM.format(
            id=name,
            title=xml(name),
            right=LETTERS[right],
            ask=xml(question.ask.replace("`", "")),
            code=xml(question.code),
            choices="\n".join(
                f'      <simpleChoice identifier="{letter}">{xml(choice.text)}'
                "</simpleChoice>"
                for letter, choice in zip(LETTERS, choices, strict=False)
            ),
        )
        resources.append(
            f'    <resource identifier="{name}" type="imsqti_item_xmlv2p1" '
            f'href="{name}.xml"><file href="{name}.xml"/></resource>'
        )
    files["imsmanifest.xml"] = MANIFEST.format(resources="\n".join(resources))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in sorted(files.items()):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, text)
    return packed.getvalue()
