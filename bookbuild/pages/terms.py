"""Says what a term means where a page first uses it: the glossary's entry, as a note on the word."""

from __future__ import annotations

import re
from html import escape, unescape

from bookbuild.pages.slots import SLOT

ENTRY = re.compile(r"<dt[^>]*>(.*?)</dt>\s*<dd[^>]*>(.*?)</dd>", re.S)
TAG = re.compile(r"(<[^>]+>)")
LEADS = re.compile(r'<a [^>]*href="([^"#]*)[^"]*"[^>]*>.*?</a>\.?', re.S)
VOID = ("<br", "<img", "<input", "<hr", "<!--", "<wbr")
# Only in these, and in nothing but these.
TEXT = {"p", "li", "dd", "td", "em"}
AROUND = {"div", "article", "ul", "ol", "dl", "table", "thead", "tbody", "tr", "figure"}
LONG = 10  # letters of a word that has one meaning


def notes(glossary: str) -> dict[str, str]:
    """Names of terms to what they mean, of those with one meaning only.

    Args:
        glossary: HTML of a list of definitions. The last link of each, to the
            page that explains the term, is left out; so are definitions with
            formulas.
    """
    found = {}
    for term, meaning in ENTRY.findall(glossary):
        text = plain(LEADS.sub("", meaning))
        if SLOT.search(meaning) or "data-tex" in meaning or not text:
            continue
        short = re.search(r"\((\w*[A-Z]\w*[A-Z]\w*)\)", term)
        if "(" in term and not short:  # "temperature (of a softmax)": one of several
            continue
        for name in (plain(re.sub(r"\(.*?\)", "", term)), short and short[1]):
            if name and (re.search(r"[ -]|[A-Z].*[A-Z]", name) or len(name) >= LONG):
                found[name] = text
    return found


def plain(html: str) -> str:
    """The text of a piece of HTML, on one line."""
    return " ".join(unescape(TAG.sub("", html)).split())


def with_notes(html: str, notes: dict[str, str]) -> str:
    """A page with a note on the first use of each term that it does not explain.

    Args:
        html: the page's content.
    """
    explained = {
        plain(bold).lower() for bold in re.findall(r"<strong>(.*?)</strong>", html)
    }
    whole = html.lower()
    title = plain(html.partition("</h1>")[0]).lower()
    left = {
        name.lower(): name
        for name in notes
        if name.lower() in whole
        and name.lower() not in explained
        and not title.endswith(name.lower())
    }
    if not left:
        return html
    names = "|".join(re.escape(n) for n in sorted(left, key=lambda n: (-len(n), n)))
    pattern = re.compile(rf"(?<![\w-])({names})(?=s?(?![\w-]))", re.I)

    def note(found: re.Match[str]) -> str:
        name = left.get(found[1].lower())
        if name is None or (re.search("[A-Z].*[A-Z]", name) and found[1] != name):
            return found[1]
        meaning = notes[name]
        for other in [n for n in left if notes[left[n]] == meaning]:
            del left[other]
        return f'<abbr title="{escape(meaning)}">{found[1]}</abbr>'

    parts, open_tags = TAG.split(html), []
    for place, part in enumerate(parts):
        if not part.startswith("<"):
            if set(open_tags) <= TEXT | AROUND and TEXT & set(open_tags):
                parts[place] = pattern.sub(note, part)
        elif part.startswith("</"):
            name = part[2:-1].strip()
            if name in open_tags:
                while open_tags.pop() != name:
                    pass
        elif not part.startswith(VOID) and not part.endswith("/>"):
            open_tags.append(re.split(r"[\s>]", part[1:], maxsplit=1)[0])
    return "".join(parts)
