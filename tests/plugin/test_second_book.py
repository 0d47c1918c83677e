"""Another book, elsewhere, in another language, with front-end packages, words, macros and folders of its own."""

import os
import shutil
import subprocess
import sys

import pypdf
import pytest
from conftest import DRAWS, PROGRAMS, ROOT, TinyBook, builds, text_of

WORDS = {
    "figure": "Abbildung",
    "to_figure": "Abbildung",
    "to_chapter": "Kapitel",
    "to_section": "Abschnitt",
    "answer": "Antwort",
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

Warum? Weil $\mittel = {{ mean:.0f }}$, siehe [](#fig-line) und [](index.md).

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

## Exercises

1. *Einfach.* Und das Doppelte?
"""
ANSWER = """\
# %% [markdown]
# # Antworten
#
# ## Exercise 1
#
# Vier, denn $2 \\mittel = 4$.

# %%
--8<-- "teil/erstes.py:work"

# %%
print(2 * mean)
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
            "macros": {r"\mittel": r"\bar{x}"},
        },
        plugins=[
            {"mkdocs-jupyter": {"include": ["loesungen/*/*.py"], "execute": False}}
        ],
        config={
            "site_name": "Das kleine Buch",
            "theme": {"name": "mkdocs", "locale": "de"},
            "nav": [
                {"Teil": ["teil/index.md", "teil/erstes.md"]},
                {"Antworten": ["loesungen/teil/erstes.py"]},
                {"Anhang": ["claims.md"]},
            ],
        },
    )
    shutil.rmtree(made.root / "snippets")
    for page in ("part/index.md", "part/first.md", "bibliography.md"):
        (made.root / "docs" / page).unlink()
    made.page("teil/index.md", "# Der Teil\n\nEr beginnt.\n")
    made.page("teil/erstes.md", PAGE)
    made.page("loesungen/teil/erstes.py", ANSWER)
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
    assert (book.site / "programs/teil-erstes-answers.ipynb").exists()
    answers = text_of(book.html("loesungen/teil/erstes.html"))
    assert "Und das Doppelte?" in answers and "4.0" in answers


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
