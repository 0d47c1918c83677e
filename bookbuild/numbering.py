"""Turns the navigation into numbers (chapter 2, page 2.1), and empty links into the number of what they point at.

A section of the navigation whose first page is an index.md is a chapter; its
other pages in the same folder are numbered below it.
"""

import posixpath
import re

HEADING = re.compile(r"(<h1[^>]*>)")
FIGURE = re.compile(r'<figure class="book-figure" id="([^"]+)".*?'
                    r'<span class="figure-number">([^<]+)</span>', re.S)
EMPTY_LINK = re.compile(r'<a href="([^"#:]*)(?:#([^"]*))?"></a>')


def number_pages(nav):
    """Number the chapters of a navigation and their pages.

    Args:
        nav: MkDocs's navigation.
    Returns:
        dict of page URI to its number, "2" or "2.1"; other pages have none.
    """
    numbers = {}

    def walk(items):
        for item in items:
            if not item.is_section:
                continue
            first = item.children[0]
            if first.is_page and posixpath.basename(
                    first.file.src_uri) == "index.md":
                number_chapter(item, posixpath.dirname(first.file.src_uri))
            walk(item.children)

    def number_chapter(section, folder):
        chapter = 1 + sum("." not in n for n in numbers.values())
        pages = [page for page in section.children if page.is_page and
                 posixpath.dirname(page.file.src_uri) == folder]
        for place, page in enumerate(pages):
            numbers[page.file.src_uri] = (f"{chapter}.{place}" if place
                                          else str(chapter))

    walk(nav.items)
    return numbers


def number_heading(html, number):
    """Put a page's number before its title."""
    return HEADING.sub(rf'\1<span class="page-number">{number}</span> ',
                       html, count=1)


def labels(pages, numbers):
    """What an empty link shows for each target.

    Args:
        pages: dict of site path to (URI, HTML).
        numbers: dict of URI to page number.
    Returns:
        dict of (site path, anchor or None) to text.
    """
    found = {}
    for path, (uri, html) in pages.items():
        path = posixpath.normpath(path)  # pages may be folders: "a/b/"
        if number := numbers.get(uri):
            word = "section" if "." in number else "chapter"
            found[path, None] = f"{word} {number}"
        for anchor, label in FIGURE.findall(html):
            found[path, anchor] = label.lower()
    return found


def link_line(text, link):
    """The line of a page's source that holds an empty link, or None."""
    target, anchor = EMPTY_LINK.match(link).groups()
    stem = posixpath.basename(target.rstrip("/")).removesuffix(".html")
    end = f"#{re.escape(anchor)}" if anchor else r"\.md"
    found = re.search(rf"\[\]\([^)]*{re.escape(stem)}[^)]*{end}\)", text)
    return text.count("\n", 0, found.start()) + 1 if found else None


def fill_links(html, path, known):
    """Write the number of its target into every empty link of a page.

    Args:
        html: the page; path: its place in the site.
        known: what `labels` returned.
    Returns:
        the page, and a list of targets that have no number.
    """
    missing = []

    def fill(match):
        target, anchor = match.groups()
        place = (posixpath.normpath(posixpath.join(
            posixpath.dirname(path), target)) if target else posixpath.normpath(path))
        label = known.get((place, anchor))
        if label is None:
            missing.append(match[0])
            return match[0]
        return f"{match[0][:-4]}{label}</a>"

    return EMPTY_LINK.sub(fill, html), missing
