"""Turns what a page has waited for into HTML, now that the program's record is there, or says that it is coming."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from html import escape, unescape

from bookbuild.errors import BookError
from bookbuild.pages import questions
from bookbuild.pages.book import Book, figure_path, live_numbers, live_path
from bookbuild.pages.page import Page
from bookbuild.pages.slots import NUMBER, SLOT, WAITING, Slot, number_slot
from bookbuild.pages.terms import plain
from bookbuild.run.breaks import Break
from bookbuild.run.claims import OPERATORS
from bookbuild.run.program import Program
from bookbuild.run.record import Comparison, Failure

TESTS = dict(OPERATORS.values())  # "<" and the like to what they do


def fill(text: str, page: Page, book: Book, late: bool = False) -> str:
    """Fill the slots of a page's HTML.

    Args:
        text: HTML with slots of `page`.
        late: whether to fill also those that enter last, the formulas.
    """

    def html(match: re.Match[str]) -> str:
        slot = page.slots[int(match[1])]
        if slot.kind == "formula" and not late:
            return match[0]
        shown = SHOW[slot.kind](slot, page, book)
        if slot.kind == "formula" and match[2] and shown.endswith(LAST_BOX):
            stop = f'<span class="stop">{match[3]}</span>'
            return f"{shown.removesuffix(LAST_BOX)}{stop}{LAST_BOX}{match[2]}"
        return shown + (match[0][match.end(1) + 1 - match.start() :])

    return SLOT_AND_STOP.sub(html, text)


# A slot, and what may stand behind the formula in it: a browser would put a
# full stop at the beginning of a line, unless it is in the formula's last box.
SLOT_AND_STOP = re.compile(SLOT.pattern + r"(?:(</span>)([,.;:!?)\]]+))?")
LAST_BOX = "</span></span></span>"
FORMULA = re.compile(r'<(span|div) class="math"[^>]* data-tex="([^"]*)">[^<]*</\1>')
FOLDED = re.compile(r'<details(?! class="claim)')
SIGNS = {
    r"\\[dt]?frac\{([^{}]*)\}\{([^{}]*)\}": r"(\1) / (\2)",
    r"\\(?:left|right|[Bb]igg?[lrm]?|quad|qquad)(?![A-Za-z])": " ",
    r"\\(?:mathrm|mathbf|bm|text|operatorname)\*?|\\[^A-Za-z]|[{}&]": " ",
    r"\\": "",
    r"\s+": " ",
}  # of TeX, to what a reader may type

MARKED = re.compile(r'<span class="[^"]*">([^<]*)</span>')


def for_search(html: str, spellings: dict[str, str]) -> str:
    """A page as the search reads it: formulas as text, folded code left out.

    Args:
        html: its content, with slots for formulas.
        spellings: patterns to replacements, each for whole words; each section
            is also found by those who spell so.
    """
    html = FORMULA.sub(lambda f: f"<{f[1]}>{plain_tex(f[2])}</{f[1]}>", html)
    html = FOLDED.sub('<details data-search-exclude=""', SLOT.sub("", html))
    html = MARKED.sub(r"\1", html)  # most of its work would be for these
    return "".join(
        f"{part}{' ' * part.startswith('<h')}{other_words(part, spellings)}"
        for part in re.split(r"(?=<h[1-6][ >])|(?=</h[1-6]>)", html)
    )


def plain_tex(tex: str) -> str:
    """The TeX of a formula, escaped, without what nobody would search for."""
    tex = unescape(tex)
    for sign, text in SIGNS.items():
        tex = re.sub(sign, text, tex)
    return escape(tex.strip())


def other_words(html: str, spellings: dict[str, str]) -> str:
    """Words that a title or text has in another spelling only."""
    text = re.sub(r"<(script|style)\b.*?</\1>|<[^>]+>", " ", html, flags=re.S)
    words = set(re.findall(r"[a-z]+", text.lower()))
    lines = "\n".join(words)
    found = set()
    for pattern, replaced in spellings.items():
        found |= set(re.sub(f"^(?:{pattern})$", replaced, lines, flags=re.M).split())
    found -= words
    shown = " ".join(sorted(found))
    return shown if html.startswith("<h") or not found else f"<p>{shown}</p>"


def wrong(problem: str, slot: Slot, page: Page, book: Book) -> str:
    """Report an error at a slot, and show it there."""
    book.report(BookError(problem, page.uri, slot.line, slot.program or None))
    return problem_html(problem)


def problem_html(problem: str) -> str:
    """How a page that is served shows that a piece of it is wrong."""
    return f'<span class="book-problem">[{escape(problem)}]</span>'


def coming(program: str, book: Book) -> str:
    """What stands where a figure or output is not there yet."""
    failed = isinstance(book.outcomes.get(program), Failure)
    text = "not there: the program failed" if failed else WAITING
    return f'<span class="book-running">{text}</span>'


# What programs produced -------------------------------------------------------


def number(slot: Slot, page: Page, book: Book) -> str:
    return escape(book.value(slot, page))


def figure(slot: Slot, page: Page, book: Book) -> str:
    alt = escape(fill(slot.alt, page, book))
    try:
        drawn = book.figure(slot.program, slot.name)
    except BookError as error:
        return wrong(error.problem, slot, page, book)
    if drawn is None:
        return coming(slot.program, book)
    images = []
    for look in ("light", "dark"):
        source = page.to(figure_path(slot.program, slot.name or "", look))
        images.append(
            f'<img class="on-{look}" alt="{alt}" loading="lazy" src="{source}" '
            f'width="{drawn.width}" height="{drawn.height}">'
        )
    return "".join(images)


def live(slot: Slot, page: Page, book: Book) -> str:
    """Where the numbers of a live figure are: `results["live"]` of its program."""
    record = book.record(slot.program)
    if record is None:
        return ""
    if slot.name not in live_numbers(record):
        wrong(
            f"results[\"live\"] has no '{slot.name}', which a live figure needs",
            slot,
            page,
            book,
        )
        return ""
    return page.to(live_path(slot.program, slot.name or ""))


def output(slot: Slot, page: Page, book: Book) -> str:
    """What a section printed, or the whole program."""
    record = book.record(slot.program)
    if record is None:
        return coming(slot.program, book)
    try:
        program = book.program(slot.program)
    except BookError as error:
        return problem_html(error.problem)
    if slot.name:
        text = record.printed(*program.sections.get(slot.name, (0, -1)))
    else:
        text = record.printed()
    if not text.strip("\n"):
        return wrong("this section prints nothing", slot, page, book)
    return printed(text)


def printed(text: str) -> str:
    """What was printed, as HTML."""
    text = escape(text.rstrip("\n"), quote=False)
    return f"<pre><code>{text}\n</code></pre>"


def cell(slot: Slot, page: Page, book: Book) -> str:
    """What a cell of a notebook of answers printed and drew."""
    record = book.record(slot.program)
    if record is None:
        return coming(slot.program, book)
    first, last, names = slot.data
    text = record.printed(first, last)
    parts = []
    if text.strip("\n"):
        parts.append(f'<div class="highlight output">{printed(text)}</div>')
    for name in names:
        if name in record.figures:
            drawn = Slot("figure", slot.line, slot.program, name, alt=slot.alt)
            parts.append(
                f'<figure class="book-figure">{figure(drawn, page, book)}</figure>'
            )
    return "".join(parts)


# Claims -----------------------------------------------------------------------


def margin(slot: Slot, page: Page, book: Book) -> str:
    """Under a claim: what was measured, what was asked, what breaks it."""
    claim = next(c for c in page.claims if c.id == slot.name)
    return margin_of(claim.program, claim.id, book, how)


def margin_of(
    program: str, claim: str, book: Book, shown_break: Callable[[Break], str]
) -> str:
    """The margin of a claim and the breaks that make it fail, as HTML."""
    verdict = book.verdict(program, claim)
    if verdict is None:
        return WAITING
    parts = [
        f"<code>{escape(c.left)} {escape(c.operator)} {escape(c.right)}</code>: "
        f"{shorten(c.left_value)} {escape(c.operator)} {shorten(c.right_value)}"
        for c in verdict.comparisons
        if not verdict.held or came_true(c)
    ]
    shown = escape(verdict.message)
    if verdict.held:
        shown = f"{book.words['measured']}: " + (
            "; ".join(parts) or book.words["holds"]
        )
    failing = [shown_break(b) for b in book.breaks(program) if claim in b.fails]
    if failing:
        shown += f". {book.words['breaks']}: " + "; ".join(failing)
    return f"{shown}."


def came_true(comparison: Comparison) -> bool:
    """Whether a comparison was true; one that only chose something may not be.

    In `if a < b` inside a claim that holds, or `(a < b) == c`, it need not be.
    """
    test = TESTS[comparison.operator]
    return bool(test(comparison.left_value, comparison.right_value))


def name_only(broken: Break) -> str:
    """What a break is, in a few words."""
    return escape(broken.name)


def how(broken: Break) -> str:
    """What a break is, with the change a reader can try if it is a short one."""
    change = broken.changes[0]
    old, new = (" ".join(text.split()) for text in (change.old, change.new))
    if "\n" in change.old + change.new or max(len(old), len(new)) > 60 or not new:
        return escape(broken.name)
    return (
        f"{escape(broken.name)} (<code>{escape(old)}</code> → "
        f"<code>{escape(new)}</code>)"
    )


def shorten(value: float) -> str:
    """A number as a reader wants it in a margin: three figures that count."""
    if abs(value) < 1e6 and value == int(value):  # not so: nan, inf
        return f"{int(value)}"
    return f"{value:.3g}"


def claims(slot: Slot, page: Page, book: Book) -> str:
    """All claims of the book, page by page in reading order."""
    parts = []
    for other in book.in_order():
        if not other.claims:
            continue
        target = page.to(book.urls.get(other.uri, other.uri))
        title = book.titles.get(other.uri, other.uri)
        parts.append(
            f'<h2 id="{escape(other.uri)}"><a href="{target}">{title}</a></h2>'
            '<ul class="claims">'
        )
        parts += [
            f'<li><a href="{target}#{claim.id}">{book.words["claim"]} '
            f"{claim.number}</a> "
            f"{without_ids(fill(claim.sentence, other, book, late=True))}"
            f'<p class="claim-margin">'
            f"{margin_of(claim.program, claim.id, book, name_only)}</p>"
            "</li>"
            for claim in other.claims
        ]
        parts.append("</ul>")
    return "".join(parts)


def without_ids(html: str) -> str:
    """HTML that can stand on a page a second time."""
    return re.sub(r' id="[^"]*"', "", html)


# Formulas and references --------------------------------------------------------


def tex(slot: Slot, page: Page, book: Book) -> str:
    return escape(tex_of(slot, page, book))


def tex_of(slot: Slot, page: Page, book: Book) -> str:
    """The TeX of a formula, with the numbers it quotes."""
    return NUMBER.sub(lambda m: book.value(number_slot(page, m), page), slot.name or "")


def formula(slot: Slot, page: Page, book: Book) -> str:
    answer = book.katex.render([(tex_of(slot, page, book), bool(slot.data))])[0]
    if "error" in answer:
        problem = f"wrong formula: {answer['error']}"
        book.report(BookError(problem, page.uri, slot.line))
        return problem_html(problem)
    return answer["html"]


def render_formulas(book: Book) -> None:
    """Render all formulas of the book at once, and report wrong ones."""
    found = [
        (slot, page)
        for page in book.in_order()
        for slot in page.slots
        if slot.kind == "formula"
    ]
    book.katex.render(
        [(tex_of(slot, page, book), bool(slot.data)) for slot, page in found]
    )
    for slot, page in found:
        formula(slot, page, book)


def reference(slot: Slot, page: Page, book: Book) -> str:
    """The number of what an empty link leads to."""
    path, _, anchor = (slot.name or "").partition("#")
    uri = page.uri
    if path:
        uri = posixpath.normpath(posixpath.join(posixpath.dirname(uri), path))
    there = book.pages.get(uri)
    text = there.labels.get(anchor) if there and anchor else None
    if not anchor and (place := book.numbers.get(uri)):
        word = book.words["to_section" if "." in place else "to_chapter"]
        text = f"{word}\u00a0{place}"
    if text is None:
        return wrong(f"nothing numbered stands behind {slot.name}", slot, page, book)
    return escape(text)


def bibliography(slot: Slot, page: Page, book: Book) -> str:
    """The list of references, each with links to the pages that cite it."""
    rows = []
    for key, entry in book.references.items():
        places = [
            f'<a href="{page.to(book.urls.get(other.uri, other.uri))}#cite-{key}">'
            f"{book.numbers.get(other.uri) or book.titles.get(other.uri, other.uri)}</a>"
            for other in book.in_order()
            if key in other.cited and not book.is_answers(other.uri)
        ]
        cited = f" {book.words['cited']} {', '.join(places)}." if places else ""
        rows.append(
            f'<li id="ref-{escape(key)}">{entry["html"]}'
            f'<span class="cited">{cited}</span></li>'
        )
    return '<ul class="bibliography">' + "".join(rows) + "</ul>"


# What a page offers ---------------------------------------------------------------


def status(slot: Slot, page: Page, book: Book) -> str:
    """At the top of a page that is served: what is wrong or running."""
    parts = []
    errors = list(book.errors.get(page.uri, []))
    for place, others in book.errors.items():
        errors += others if place not in book.pages else []  # concerns all pages
    if errors:
        problems = "".join(f"<p><code>{escape(str(e))}</code></p>" for e in errors)
        parts.append(
            '<div class="admonition failure book-error"><p '
            'class="admonition-title">This page has mistakes</p>'
            f"{problems}</div>"
        )
    waiting = [
        name
        for name in page.programs
        if name not in book.outcomes and isinstance(book.programs.get(name), Program)
    ]
    if waiting:
        names = ", ".join(f"<code>{escape(name)}</code>" for name in waiting)
        parts.append(
            '<div class="admonition note book-running"><p class="admonition-title">'
            f"Figures and numbers of this page are coming</p><p>{names}: not run yet. "
            f"{escape(book.status)} The page fills in by itself.</p></div>"
        )
    return "".join(parts)


def downloads(slot: Slot, page: Page, book: Book) -> str:
    """The line that offers the page's programs."""
    own = [
        name
        for name in page.programs
        if not name.endswith(".md") and is_shown(name, page, book)
    ]
    if not own:
        return ""
    links = [
        f"<code>{posixpath.basename(name)}</code> "
        f'<a href="{page.to(f"programs/{book.download_name(name)}.py")}" '
        f'data-program="{escape(name)}" '
        f'aria-label="{posixpath.basename(name)}, {book.words["python"]}" '
        f"download>{book.words['python']}</a>"
        for name in own
    ]
    notebook = page.to(f"programs/{book.download_name(page.uri)}.ipynb")
    title = escape(plain(book.titles.get(page.uri, page.uri)))
    links.append(
        f'<a href="{notebook}" aria-label="{title}, {book.words["notebook"]}" '
        f"download>{book.words['notebook']}</a>"
    )
    if question := book.question_of(page.uri):
        there = page.to(book.urls[question])
        links.append(f'<a href="{there}">{book.words["questions"]}</a>')
    if not book.is_answers(page.uri):
        minutes = str(page.minutes())
        links.insert(0, book.words["reading"].replace("{minutes}", minutes))
        if seconds := book.seconds(own):
            shown = f"{max(1, round(seconds))}"
            links.insert(1, book.words["running"].replace("{seconds}", shown))
        if needed := book.needs(page):
            links.append(
                f'<span class="needs">{book.words["needs"]} '
                + ", ".join(
                    f'<a href="{page.to(book.urls[uri])}" title="'
                    f'{escape(plain(book.titles.get(uri, uri)))}">{book.numbers[uri]}</a>'
                    for uri in needed
                )
                + "</span>"
            )
    spans = "".join(f"<span>{link}</span>" for link in links)
    return f'<p class="programs">{spans}</p>'


def is_shown(name: str, page: Page, book: Book) -> bool:
    """Whether a page shows code of a program, and not only its results."""
    if name == page.uri or any(listing.program == name for listing in page.listings):
        return True
    drawn = any(s.kind == "figure" and s.program == name for s in page.slots)
    return drawn and not any(  # a drawing whose code no page shows
        listing.program == name
        for other in book.pages.values()
        for listing in other.listings
    )


def programs(slot: Slot, page: Page, book: Book) -> str:
    """The whole text of each program of the page, folded."""
    return "".join(
        '<details class="whole-program"><summary>'
        f"{book.words['whole']}: <code>{escape(name)}</code></summary>"
        '<div class="highlight"><pre><code>'
        f"{escape(program.section(None), quote=False)}"
        "</code></pre></div></details>"
        for name in page.programs
        if not name.endswith(".md")
        and is_shown(name, page, book)
        and isinstance(program := book.programs.get(name), Program)
    )


def quick(slot: Slot, page: Page, book: Book) -> str:
    """The quick questions of a page."""
    name = questions.name_of(page)
    record = book.record(name)
    if record is None:
        return coming(name, book)
    try:
        return questions.as_html(page, record, book)
    except BookError as error:
        return wrong(error.problem, Slot("questions", slot.line, name), page, book)


def decks(slot: Slot, page: Page, book: Book) -> str:
    """The line that offers all questions for other programs."""
    text = escape(book.words["decks"], quote=False)
    for file in ("anki.txt", "qti.zip"):
        kind = file.partition(".")[0]
        there = page.to(f"questions/{file}")
        text = re.sub(
            rf"\[([^\]]+)\]\(\{{{kind}\}}\)",
            rf'<a href="{there}" download>\1</a>',
            text,
        )
    return f"<p>{text}</p>"


def pdf(slot: Slot, page: Page, book: Book) -> str:
    """The link to the PDF, in a build that makes one."""
    if not book.pdf:
        return ""
    link = f'<a href="{page.to(book.pdf)}">{book.words["download"]}</a>'
    return f'<span class="pdf-link"> ({link})</span>'  # which no PDF needs


SHOW: dict[str, Callable[[Slot, Page, Book], str]] = {
    "number": number,
    "figure": figure,
    "live": live,
    "output": output,
    "cell": cell,
    "margin": margin,
    "claims": claims,
    "tex": tex,
    "formula": formula,
    "reference": reference,
    "bibliography": bibliography,
    "status": status,
    "downloads": downloads,
    "programs": programs,
    "questions": quick,
    "decks": decks,
    "pdf": pdf,
}
