"""Turns [@key] into an author-year link, and <!-- bibliography --> into the list of what was cited.

The references stand in one BibTeX file, read by pybtex; what it makes of
them is cached with the file's hash.
"""

import hashlib
import html
import json
import re
import xml.etree.ElementTree as etree
from pathlib import Path

from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor
from markdown.preprocessors import Preprocessor

from bookbuild import book
from bookbuild.cache import read_json, write_atomically
from bookbuild.errors import BookError
from bookbuild.markup import problem, relative

CITATION = r"\[(@[\w:.-]+(?:,[^\];@]+)?(?:;\s*@[\w:.-]+(?:,[^\];@]+)?)*)\]"
FORMAT = 1  # raise when what `read` returns changes


def read(path, folder):
    """The references of a BibTeX file.

    Args:
        path: the file.
        folder: the cache folder.
    Returns:
        dict of key to {"names", "year", "html"}, ordered as in the list.
    """
    digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    store = Path(folder) / "references.json"
    cached = read_json(store)
    if cached and cached.get("key") == [FORMAT, digest]:
        return cached["references"]
    references = format_all(path)
    write_atomically(store, json.dumps(
        {"key": [FORMAT, digest], "references": references}))
    return references


def format_all(path):
    """Read and format every reference with pybtex."""
    from pybtex.database import parse_file
    from pybtex.plugin import find_plugin

    entries = parse_file(str(path)).entries
    style = find_plugin("pybtex.style.formatting", "plain")()
    backend = find_plugin("pybtex.backends", "html")()
    rows = []
    for key, entry in entries.items():
        [formatted] = style.format_entries([entry])
        rows.append((key, {"names": names(entry), "year": entry.fields["year"],
                           "html": formatted.text.render(backend)}))
    rows.sort(key=lambda row: (row[1]["names"].lower(), row[1]["year"]))
    return dict(rows)


def names(entry):
    """The authors as they are cited: A; A and B; A et al."""
    people = entry.persons.get("author") or entry.persons.get("editor") or []
    last = [" ".join(part.render_as("text") for part in
                     [*person.rich_prelast_names, *person.rich_last_names])
            for person in people]
    return (last[0] if len(last) == 1 else " and ".join(last)
            if len(last) == 2 else f"{last[0]} et al.")


class Citation(InlineProcessor):
    """[@key], [@key, chapter 9] and [@one; @two]."""

    def handleMatch(self, match, data):
        if book.current is None:
            return None, None, None
        span = etree.Element("span", {"class": "citation"})
        span.text, last = "(", None
        for part in match[1].split(";"):
            key, _, place = part.strip().partition(",")
            if last is not None:
                last.tail = "; "
            last = self.link(key[1:], place.strip(), match[0])
            span.append(last)
        last.tail = ")"
        return span, match.start(0), match.end(0)

    def link(self, key, place, text):
        """One link to the bibliography."""
        references = book.current.references
        if key not in references:
            missing = etree.Element("span")
            missing.text = problem(f"unknown citation '{key}'; the key is not "
                                   "in the BibTeX file", text)
            return missing
        entry = references[key]
        book.current.cited.add(key)
        link = etree.Element("a", {"href": relative(
            book.current.settings["bibliography"]) + f"#ref-{key}"})
        link.text = f"{entry['names']}, {entry['year']}"
        if place:
            link.text += f", {place}"
        return link


class Bibliography(Preprocessor):
    """Writes the list of references where a page asks for it."""

    def run(self, lines):
        return [listing(book.current.references)
                if line.strip() == "<!-- bibliography -->" and book.current
                else line for line in lines]


def listing(references):
    """All references as an HTML list."""
    rows = [f'<li id="ref-{html.escape(key)}">{entry["html"]}</li>'
            for key, entry in references.items()]
    return '<ul class="bibliography">' + "".join(rows) + "</ul>"


class CitationsExtension(Extension):
    """Citations and the bibliography."""

    def extendMarkdown(self, md):
        md.inlinePatterns.register(Citation(CITATION, md), "citation", 172)
        md.preprocessors.register(Bibliography(md), "bibliography", 99)


def makeExtension(**options):
    return CitationsExtension(**options)
