"""Terms of the glossary carry their meaning where a page first uses them."""

import re

from conftest import TinyBook, builds

from bookbuild.pages.terms import notes

GLOSSARY = """\
# Glossary

Gated unit (GU)
:   A unit with a gate; "shut" or not. [First](part/first.md)

Code
:   A word with other meanings. [First](part/first.md)
"""
PAGE = """\
# Here

The gated units, `gated unit`, [gated unit](first.md) and code; a gated unit, a GU and gu.

> Quoted.
"""


def test_the_first_use_of_a_term_says_what_it_means(tmp_path):
    book = TinyBook(
        tmp_path / "book",
        settings={"glossary": "glossary.md"},
        config={
            "markdown_extensions": ["def_list"],
            "nav": [
                {"Part": ["part/index.md", "part/first.md"]},
                {"Appendix": ["bibliography.md", "claims.md", "glossary.md"]},
            ],
        },
    )
    book.page("glossary.md", GLOSSARY)
    book.page("part/index.md", PAGE)
    book.page("part/first.md", "# First\n\nA **gated unit** is a gated unit.\n")
    (book.root / "snippets/part/first.py").unlink()
    page = builds(book, "part/index.html")
    assert re.findall(r"<abbr.*?</abbr>", page) == [
        '<abbr title="A unit with a gate; &quot;shut&quot; or not.">gated unit</abbr>'
    ]
    assert "<abbr" not in book.html("part/first.html")
    assert "<abbr" not in book.html("glossary.html")


def test_a_word_with_several_meanings_has_no_note():
    entry = "<dt>{}</dt><dd>What divides scores.</dd>"
    assert notes(entry.format("Temperature")) == {"Temperature": "What divides scores."}
    assert notes(entry.format("Temperature (of a softmax)")) == {}
    assert set(notes(entry.format("Principal analysis (PCA)"))) == {
        "Principal analysis",
        "PCA",
    }
