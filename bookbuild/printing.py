"""Turns a site that MkDocs has just built into the entries of a printed book, and has it printed or bound as an EPUB."""

from __future__ import annotations

import datetime
import os
from typing import TYPE_CHECKING, Any

from bookbuild.errors import BookError
from bookbuild.paper.document import Entry
from bookbuild.paper.epub import bind_book
from bookbuild.paper.press import Cover, print_book

if TYPE_CHECKING:
    from bookbuild.plugin import Build
    from bookbuild.run.store import Store


def print_site(build: Build, store: Store) -> tuple[bytes, int]:
    """Print a built site.

    Returns:
        the PDF, and its number of pages.
    Raises:
        BookError: a page holds what cannot be printed, or a tool is missing.
    """
    book = build.book
    paper = print_book(
        entries(build),
        cover_of(build),
        build.site,
        book.katex.node_modules,
        book.katex.macros,
        book.words,
        store,
        moment(),
        book.wording,
        book.faces.folders(),
    )
    return paper.pdf, paper.pages


def bind_site(build: Build, store: Store) -> tuple[bytes, int]:
    """Make an EPUB of a built site.

    Returns:
        the EPUB, and its number of pages of the site.
    Raises:
        BookError: a page holds what cannot be converted, or a tool is missing.
    """
    book = build.book
    return bind_book(
        entries(build),
        cover_of(build),
        build.site,
        lambda formula: book.katex.mathml(*formula),
        book.words,
        moment(),
        book.wording,
    )


def moment() -> int:
    """The date of the book, in seconds since 1970."""
    return int(os.environ["SOURCE_DATE_EPOCH"])


def cover_of(build: Build) -> Cover:
    """What a cover says of a site.

    Raises:
        BookError: the line of the edition is wrong.
    """
    config, book = build.config, build.book
    date = datetime.datetime.fromtimestamp(moment(), datetime.UTC)
    language = config.theme.get("language", config.theme.locale.language)
    try:
        edition = book.words["edition"].format(date=date)
    except (LookupError, ValueError, AttributeError) as error:
        raise BookError(
            f"the word 'edition' cannot be formatted ({error}); write it like "
            "'Edition of {date:%Y}'",
            "mkdocs.yml",
        ) from error
    return Cover(
        title=config.site_name,
        subtitle=config.site_description or "",
        author=config.site_author or "",
        edition=edition,
        rights=config.copyright or "",
        address=f"{config.site_url.rstrip('/')}/" if config.site_url else "",
        language=str(language),
    )


def entries(build: Build) -> list[Entry]:
    """The navigation as the table of contents of a printed book.

    A section of the navigation is a chapter when its first page has the
    number of one; else it is a part, or a chapter of one without a number.
    """
    found: list[Entry] = []
    numbers = build.book.numbers

    def add(kind: str, level: int, page: Any) -> None:
        uri = page.file.src_uri
        found.append(
            Entry(
                kind,
                level,
                page.title or uri,
                numbers.get(uri, ""),
                uri,
                page.url,
                page.content or "",
                uri == "index.md" and page.title == build.config.site_name,
            )
        )

    def walk(items: Any, level: int) -> None:
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
                found.append(Entry("part", 1, item.title))
                walk(item.children, 2)
            elif len(pages := pages_of(item)) == 1:
                add("chapter", level, pages[0])
            else:  # of a part: pages that belong together
                title = f"{item.parent.title}: {item.title}"
                found.append(Entry("chapter", level, title))
                for page in pages:
                    add("section", level + 1, page)

    def is_chapter(section: Any) -> bool:
        first = section.children[0]
        return first.is_page and first.file.src_uri in numbers

    walk(build.nav.items, 1)
    return found


def pages_of(section: Any) -> list[Any]:
    """All pages of a section of the navigation, in order."""
    pages = []
    for item in section.children:
        pages += [item] if item.is_page else pages_of(item) if item.is_section else []
    return pages
