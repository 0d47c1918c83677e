"""Turns the navigation into the numbers of chapters and pages: chapter 2, section 2.1.

A section of the navigation whose first page is an index.md is a chapter; its
other pages in the same folder are numbered below it.
"""

from __future__ import annotations

import posixpath
from typing import Any


def number_pages(nav: Any) -> dict[str, str]:
    """Number the chapters of a navigation and their pages.

    Args:
        nav: MkDocs's navigation.
    Returns:
        page URI to its number, "2" or "2.1"; other pages have none.
    """
    numbers: dict[str, str] = {}

    def walk(items: Any) -> None:
        for item in items:
            if not item.is_section:
                continue
            first = item.children[0]
            if first.is_page and first.file.src_uri.endswith("/index.md"):
                number_chapter(item, posixpath.dirname(first.file.src_uri))
            walk(item.children)

    def number_chapter(section: Any, folder: str) -> None:
        chapter = 1 + sum("." not in n for n in numbers.values())
        pages = [
            page
            for page in section.children
            if page.is_page and posixpath.dirname(page.file.src_uri) == folder
        ]
        for place, page in enumerate(pages):
            numbers[page.file.src_uri] = f"{chapter}.{place}" if place else str(chapter)

    walk(nav.items)
    return numbers


def title_sections(nav: Any, numbers: dict[str, str]) -> None:
    """Put a chapter's number before the title of its section."""

    def walk(items: Any) -> None:
        for item in items:
            if item.is_section:
                first = item.children[0]
                number = first.is_page and numbers.get(first.file.src_uri)
                if number and not item.title.startswith(f"{number} "):
                    item.title = f"{number} {item.title}"
                walk(item.children)

    walk(nav.items)
