"""Gives the theme's HTML the names that those who do not see the page need, and takes from it what nobody sees."""

from __future__ import annotations

import re

NAV = re.compile(
    r'<nav class="md-nav" data-md-level="(?P<level>\d)" '
    r'aria-labelledby="(?P<id>\w+)"(?P<rest>[^>]*)>\s*'
    r'<label class="md-nav__title"[^>]*>\s*<span class="md-nav__icon md-icon"></span>'
    r"(?P<title>.*?)</label>",
    re.S,
)
# Names, signs and spaces in code, which book.css shows in the code's own colour:
# a third and more of the elements of a page, each of which a browser has to style.
UNCOLOURED = re.compile(r'<span class="(?:kc|n|o|p|w)">([^<]*)</span>')
ARTICLE = '<article class="md-content__inner md-typeset'
FORMULA = '<span class="katex">'
MANY = 130  # formulas from which on a phone takes long to lay a page out
TABLE = re.compile(r"^<table>.*?^</table>", re.M | re.S)
DIALOG = '<div class="md-search" data-md-component="search" role="dialog"'


def mended(page: str) -> str:
    """A page of Material for MkDocs whose dialog and lists of pages have names.

    Code in it is marked where it has a colour of its own, and only there.
    """
    page = UNCOLOURED.sub(r"\1", page)
    if page.count(FORMULA) > MANY:  # book.css lays out only what is near the view
        page = page.replace(ARTICLE, f"{ARTICLE} book-many", 1)
        page = TABLE.sub(framed, page)
    if search := re.search(r'class="md-search__input"[^>]* aria-label="([^"]+)"', page):
        page = page.replace(f"{DIALOG}>", f'{DIALOG} aria-label="{search[1]}">')
    page = page.replace(' tabindex=""', "")
    part = ""
    for nav in list(NAV.finditer(page)):
        title = " ".join(re.sub(r"<[^>]+>", "", nav["title"]).split())
        title = title.replace('"', "&quot;")
        if nav["level"] == "1":
            part = title
            continue
        name = f"{part}: {title}"
        label = re.search(rf'<label[^>]* id="{nav["id"]}"[^>]*>', page)
        if label:  # it shows an arrow
            said = f'<span class="only-said">{name}</span>'
            page = page.replace(label[0], label[0] + said, 1)
        else:
            lost = f'aria-labelledby="{nav["id"]}"'
            page = page.replace(lost, f'aria-label="{name}"', 1)
    return page


def framed(table: re.Match[str]) -> str:
    """A table in a frame that says how many rows it has, before the theme gives it its own.

    Only a frame that is there from the start keeps its place on the page.
    """
    rows = table[0].count("<tr>")
    return f'<div class="book-table" style="--rows: {rows}">{table[0]}</div>'
