"""The Markdown extension that reads one page of a book: it has the book and the page in its hand."""

from __future__ import annotations

import re
from typing import Any

from markdown import Markdown
from markdown.extensions import Extension
from pymdownx.snippets import SnippetPreprocessor
from pymdownx.superfences import SuperFencesBlockPreprocessor

from bookbuild.pages.blocks import Blocks
from bookbuild.pages.book import Book
from bookbuild.pages.finish import COMMANDS, Commands, Finish
from bookbuild.pages.inline import Citations, EmptyLinks, Numbers
from bookbuild.pages.listings import Fences, Includes, Stray
from bookbuild.pages.slips import Slips

# What the book's extension stands on; the plugin adds what a book does not name.
NEEDED: dict[str, dict[str, Any]] = {
    "attr_list": {},
    "pymdownx.arithmatex": {"generic": True},
    "pymdownx.highlight": {},
    "pymdownx.superfences": {},
    "pymdownx.snippets": {"check_paths": True, "dedent_subsections": True},
}


class BookExtension(Extension):
    """Reads the book's own syntax on the page that is being rendered.

    Args:
        book: the book; `book.reading` is the page. A Markdown converter is
            made for each page, and asks for it then.
    """

    def __init__(self, book: Book) -> None:
        super().__init__()
        self.book = book

    def extendMarkdown(self, md: Markdown) -> None:
        """Bind the processors to the page that is about to be read."""
        book, page = self.book, self.book.reading
        if page is None:
            return
        old = md.preprocessors["snippet"]
        assert isinstance(old, SnippetPreprocessor)
        includes = Includes(self.settings_of(md, "snippet"), md, book, page)
        old_fences = md.preprocessors["fenced_code_block"]
        assert isinstance(old_fences, SuperFencesBlockPreprocessor)
        fences = Fences(md, book, page, includes)
        fences.config, fences.extension = old_fences.config, old_fences.extension
        for entry in fences.extension.superfences:
            if entry["name"] == "superfences":
                entry["formatter"] = fences.highlight
        md.preprocessors.register(Commands(md, page), "book-commands", 33)
        md.preprocessors.register(includes, "snippet", 32)
        md.preprocessors.register(fences, "fenced_code_block", 25)
        md.preprocessors.register(Stray(md, book, page, includes), "book-stray", 24)
        Blocks(book, page, fences).extendMarkdown(md)
        # "- [@key]: Adam." is a reference in a list and defines no link.
        reference = md.parser.blockprocessors["reference"]
        reference.RE = re.compile(
            reference.RE.pattern.replace(r"\[(", r"\[(?!@)("), reference.RE.flags
        )
        md.inlinePatterns.register(Numbers(md, page), "book-numbers", 175)
        md.inlinePatterns.register(Citations(md, book, page), "book-citations", 172)
        md.inlinePatterns.register(EmptyLinks(md, page), "book-links", 171)
        # After inline text (20), the table of contents (5) and attributes (8);
        # before MkDocs takes the title (-1).
        md.postprocessors.register(Slips(md, book, page, COMMANDS), "book-slips", -10)
        md.treeprocessors.register(Finish(md, book, page), "book-finish", 2)

    def settings_of(self, md: Markdown, name: str) -> dict[str, Any]:
        """The settings of pymdownx.snippets, with the folder of the programs."""
        for extension in md.registeredExtensions:
            if type(extension).__module__ == "pymdownx.snippets":
                return extension.getConfigs() | {"base_path": [str(self.book.snippets)]}
        from pymdownx.snippets import SnippetExtension

        return (
            SnippetExtension().getConfigs()
            | NEEDED["pymdownx.snippets"]
            | {"base_path": [str(self.book.snippets)]}
        )
