"""Another book, elsewhere, in another language, with front-end packages, words, macros and folders of its own."""

import os
import shutil
import subprocess
import sys

import pypdf
import pytest
from conftest import DRAWS, PROGRAMS, ROOT, TinyBook, builds, fails, text_of

WORDS = {
    "figure": "Abbildung",
    "to_figure": "Abbildung",
    "to_chapter": "Kapitel",
    "to_section": "Abschnitt",
    "and": "und",
    "answer": "Antwort",
    "others": "u. a.",
    "question": "Aufgabe",
    "questions": "Aufgaben",
    "reading": "{minutes} Minuten zu lesen",
    "measured": "Gemessen",
    "contents": "Inhalt",
    "programs": "Programme",
    "whole": "Das ganze Programm",
    "edition": "Ausgabe vom {date:%d.%m.%Y}",
}
PAGE = r"""
# Das Erste

Warum (siehe [@zwei2001; @drei2001])? Weil $\mittel = {{ mean:.0f }}$, siehe [](#fig-line) und [](index.md).

```python
--8<-- "teil/erstes.py:work"
```

/// output | teil/erstes.py:work
///

/// figure | teil/erstes.py:line
    alt: Eine Gerade
Sie steigt.
///

/// claim | Das Mittel ist größer als eins.
```python
assert mean > 1
```
///

## Aufgaben

1. *Einfach.* Und das Doppelte?
"""
ANSWER = """\
# %% [markdown]
# # Antworten
#
# ## Aufgabe 1
#
# Vier, denn $2 \\mittel = 4$.

# %%
--8<-- "teil/erstes.py:work"

# %%
print(2 * mean)
"""


BREAKS = """\
[[break]]
name = "durch neun"
old = "/ 3"
new = "/ 9"
fails = ["claim-das-mittel-ist-größer-als-eins"]
"""
BIB = """\
@book{zwei2001, author={A Eins and B Zwei}, title={T}, publisher={P}, year={2001}}
@book{drei2001, author={A Eins and B Zwei and C Drei}, title={T}, publisher={P},
  year={2001}}
"""


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A German book beside whose pages nothing of ours lies."""
    made = TinyBook(
        tmp_path_factory.mktemp("woanders") / "buch",
        settings={
            "programs": "programme",
            "answers": "loesungen",
            "words": WORDS,
            "references": "quellen.bib",
            "bibliography": "bibliography.md",
            "macros": {r"\mittel": r"\bar{x}"},
        },
        plugins=[
            {"mkdocs-jupyter": {"include": ["loesungen/*/*.py"], "execute": False}}
        ],
        config={
            "site_name": "Das kleine Buch",
            "theme": {"name": "mkdocs", "locale": "de"},
            "docs_dir": "seiten",
            "nav": [
                {"Teil": ["teil/index.md", "teil/erstes.md"]},
                {"Antworten": ["loesungen/teil/erstes.py"]},
                {"Anhang": ["claims.md", "bibliography.md"]},
            ],
        },
    )
    shutil.rmtree(made.root / "snippets")
    shutil.rmtree(made.root / "docs/part")
    (made.root / "docs").rename(made.root / "seiten")
    made.write("seiten", "teil/index.md", "# Der Teil\n\nEr beginnt.\n")
    made.write("seiten", "teil/erstes.md", PAGE)
    made.write("seiten", "loesungen/teil/erstes.py", ANSWER)
    made.write("programme", "teil/erstes.breaks.toml", BREAKS)
    made.write(".", "quellen.bib", BIB)
    made.write("programme", "teil/erstes.py", PROGRAMS["part/first.py"] + DRAWS)
    modules = made.root / "node_modules"
    modules.unlink()
    modules.mkdir()
    for name in ("katex", "mathjax", "@mathjax", "@fontsource-variable", "commander"):
        shutil.copytree(ROOT / "node_modules" / name, modules / name)
    return made


@pytest.mark.slow
def test_another_book_is_built_in_its_own_words(book):
    page = builds(book, "teil/erstes.html")
    shown = text_of(page)
    assert "Abbildung 1.1.1" in shown and "siehe Abbildung 1.1.1 und Kapitel 1" in shown
    assert "<math" in page and 'data-tex="\\mittel = 2"' in page
    assert "Gemessen: mean > 1: 2 > 1." in shown
    assert "Das ganze Programm" in shown and "Antwort" in shown
    assert "1 Minuten zu lesen" in shown
    assert "(Eins und Zwei, 2001; Eins u. a., 2001)" in shown
    assert (book.site / "programs/teil-erstes-answers.ipynb").exists()
    answers = text_of(book.html("loesungen/teil/erstes.html"))
    assert "Und das Doppelte?" in answers and "4.0" in answers


@pytest.mark.slow
def test_another_book_is_checked_by_pytest(book):
    book.write(".", "pytest.ini", "[pytest]\naddopts = --codeblocks\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rA"],
        cwd=book.root,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout
    assert "seiten/teil/erstes.md::line 6" in done.stdout
    assert "programme/teil/erstes.breaks.toml::durch-neun" in done.stdout


@pytest.mark.slow
def test_a_program_of_another_book_must_not_write_into_it(book):
    program = book.root / "programme/teil/erstes.py"
    before = program.read_text()
    program.write_text(f"open('seiten/neu.txt', 'w')\n{before}")
    try:
        fails(book, "a program must not write into the book (seiten/neu.txt)")
    finally:
        program.write_text(before)
        (book.root / "seiten/neu.txt").unlink()


@pytest.mark.slow
def test_another_book_is_printed_in_its_own_words(book):
    done = subprocess.run(
        [sys.executable, "-m", "bookbuild", "pdf"],
        cwd=book.root,
        capture_output=True,
        text=True,
        env=os.environ | {"SOURCE_DATE_EPOCH": "86400"},
    )
    assert done.returncode == 0, done.stderr
    reader = pypdf.PdfReader(book.site / "das-kleine-buch.pdf")
    text = " ".join(page.extract_text() for page in reader.pages)
    for word in (
        "Das kleine Buch",
        "Inhalt",
        "Ausgabe vom 02.01.1970",
        "Abbildung 1.1.1",
    ):
        assert word in text, text
    for word in ("Contents", "Edition", "Figure", "Program "):
        assert word not in text
