"""What a reader downloads is complete: programs, notebooks of pages, and answers run in an empty folder."""

import ast
import re
import subprocess
import sys

import nbformat
import pytest
from conftest import BIB, TinyBook, builds, fails, text_of

from bookbuild.pages.book import Book
from bookbuild.pages.notebooks import install
from bookbuild.run.record import Record

pytestmark = pytest.mark.slow

PROGRAM = '''\
"""What it does."""

# --8<-- [start:some-data]
numbers = [1, 2]
print("numbers", numbers)
# --8<-- [end:some-data]

# --8<-- [start:total]
def total(numbers):
    return sum(numbers)


print(total(numbers))
results = {"mean": total(numbers) / 2}
# --8<-- [end:total]
'''
PAGE = """\
# First

The mean is {{ mean:.1f }}; see [](index.md).

```python
--8<-- "part/first.py:some-data"
```

```python
--8<-- "part/first.py:total"
```

/// claim | The mean is {{ mean }}.
```python
assert results["mean"] == 1.5
```
///
"""
OTHER = """\
# --8<-- [start:all]
import sys

assert not hasattr(sys, "spoilt")
results = {"mean": 3}
# --8<-- [end:all]
"""


def notebook(path):
    """A notebook that is one, with the source of its code cells."""
    read = nbformat.read(path, 4)
    nbformat.validate(read)
    code = [cell.source for cell in read.cells if cell.cell_type == "code"]
    prose = "\n".join(c.source for c in read.cells if c.cell_type == "markdown")
    assert not any("--8<--" in source or "# %%" in source for source in code)
    return read, code, prose


def run(text, folder):
    """What a text prints as a program in an empty folder."""
    folder.mkdir()
    path = folder / "downloaded.py"
    path.write_text(text)
    done = subprocess.run(
        [sys.executable, path], cwd=folder, text=True, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_program_and_notebook_of_a_page_are_offered_and_run_the_same(book, tmp_path):
    path = book.program("part/first.py", PROGRAM)
    book.page("part/first.md", PAGE)
    page = builds(book, "part/first.html")
    direct = subprocess.run(
        [sys.executable, path], check=True, text=True, capture_output=True
    ).stdout
    offered = (book.site / "programs/part-first.py").read_text()
    assert "--8<--" not in offered and "# %% some data" in offered
    assert run(offered, tmp_path / "py") == direct
    _, code, prose = notebook(book.site / "programs/part-first.ipynb")
    assert run("\n".join(code), tmp_path / "ipynb") == direct
    assert ast.dump(ast.parse("\n".join(code[:-1]))) == ast.dump(
        ast.Module(ast.parse(PROGRAM).body[1:], [])
    )
    assert "assert" in code[-1]
    assert "The mean is 1.5; see chapter\u00a01." in prose
    assert "**Claim.** The mean is 1.5." in prose
    for name in ("part-first.py", "part-first.ipynb"):
        assert re.search(rf'<a href="../programs/{name}"[^>]* download>', page)


def test_notebook_shows_what_cells_printed(book):
    book.program("part/first.py", PROGRAM)
    book.page("part/first.md", PAGE)
    builds(book)
    read, _, _ = notebook(book.site / "programs/part-first.ipynb")
    printed = [
        output.text
        for cell in read.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    ]
    assert printed == ["numbers [1, 2]\n", "3\n"]


def test_whole_program_can_be_seen_on_the_page(book):
    book.program("part/first.py", PROGRAM)
    book.page("part/first.md", PAGE.replace(":total", ":some-data", 1))
    page = builds(book, "part/first.html")
    whole = re.search(r'<details class="whole-program">.*?</details>', page, re.S)[0]
    assert "def total(numbers):" in whole and "--8" not in whole


def test_notebook_of_several_programs_begins_each_anew(tmp_path):
    book = TinyBook(
        tmp_path / "book",
        settings={"reset": "import sys\nvars(sys).pop('spoilt', None)\n"},
    )
    book.program("part/first.py", PROGRAM + "import sys\nsys.spoilt = True\n")
    book.program("part/other.py", OTHER)
    book.page(
        "part/first.md",
        PAGE + '\n```python\n--8<-- "part/other.py:all"\n```\n\n'
        "/// claim | It is three.\n```python\nassert results['mean'] == 3\n```\n///\n",
    )
    book.page(
        "part/first.md",
        (book.root / "docs/part/first.md")
        .read_text()
        .replace('--8<-- "part/first.py:total"', '--8<-- "part/first.py"'),
    )
    builds(book)
    _, code, _ = notebook(book.site / "programs/part-first.ipynb")
    run("\n".join(code), tmp_path / "ipynb")


def test_claim_before_the_end_of_its_program_is_checked_after_it(book, tmp_path):
    book.program("part/first.py", PROGRAM)
    lines = PAGE.split("\n\n")
    lines.insert(3, lines.pop())  # the claim before the last listing
    book.page("part/first.md", "\n\n".join(lines) + "\n")
    builds(book)
    _, code, _ = notebook(book.site / "programs/part-first.ipynb")
    assert "assert" in code[-1] and "assert" not in "".join(code[:-1])
    run("\n".join(code), tmp_path / "ipynb")


def test_programs_that_are_mixed_do_not_change_each_other_s_names(book, tmp_path):
    book.program("part/first.py", PROGRAM)
    book.program("part/other.py", OTHER.replace("results", "numbers = results"))
    lines = PAGE.split("\n\n")
    lines.insert(3, '```python\n--8<-- "part/other.py:all"\n```')
    book.page("part/first.md", "\n\n".join(lines) + "\n")
    builds(book)
    _, code, prose = notebook(book.site / "programs/part-first.ipynb")
    assert run("\n".join(code), tmp_path / "ipynb") == "numbers [1, 2]\n3\n"
    assert "```python\nimport sys" in prose


# Answers -----------------------------------------------------------------------

ANSWERS = """\
# %% [markdown]
# # Answers: first
#
# ## Exercise 1
#
# Because $x^2$ is, see [the page](../../part/first.md) and [@two2001].

# %%
--8<-- "part/first.py:some-data"

# %%
print("doubled", [2 * n for n in numbers])

# %% [markdown]
# ## Exercise 2
#
# !!! note
#     In a box.
"""
EXERCISES = """
## Exercises

1. *Recall.* Why is $x$ {{ mean }}? See [](#exercises) or [the part](index.md).
2. *Open.* And
   then?
"""


@pytest.fixture
def answered(tmp_path):
    """A book with a page of answers."""
    book = TinyBook(
        tmp_path / "book",
        settings={"references": "refs.bib"},
        plugins=[
            "search",
            {"mkdocs-jupyter": {"include": ["solutions/*/*.py"], "execute": False}},
        ],
        config={
            "nav": [
                {"Part": ["part/index.md", "part/first.md"]},
                {"Answers": ["solutions/part/first.py"]},
                {"Appendix": ["bibliography.md", "claims.md"]},
            ]
        },
    )
    book.write(".", "refs.bib", BIB)
    book.program("part/first.py", PROGRAM)
    book.page("part/first.md", PAGE + EXERCISES.replace(" [](#exercises) or", ""))
    book.page("solutions/part/first.py", ANSWERS)
    return book


@pytest.mark.slow
def test_answers_are_a_page_with_questions_and_links_both_ways(answered):
    question = builds(answered, "part/first.html")
    page = answered.html("solutions/part/first.html")
    shown = text_of(page)
    assert "Why is" in shown and "1.5? See the part." in shown
    assert "In a box." in shown and "admonition" in page and "<math" in page
    assert "(Two, 2001)" in shown
    assert "numbers [1, 2]" in shown and "doubled [2, 4]" in shown
    assert 'href="../../part/first.html#exercise-1"' in page
    assert 'href="../../part/first.html"' in page
    assert 'href="../../part/index.html"' in page
    for number in (1, 2):
        assert f'href="../solutions/part/first.html#exercise-{number}"' in question
        assert f'id="exercise-{number}"' in question
        assert f'id="exercise-{number}"' in page
        assert f"Exercise 1.1.{number} " in text_of(question)
        assert f">Exercise 1.1.{number}</a>" in page  # below its heading
        assert re.search(rf"<h2[^>]*>Exercise 1.1.{number}<", page)


def test_answers_that_are_downloaded_run_in_an_empty_folder(answered, tmp_path):
    builds(answered)
    page = answered.html("solutions/part/first.html")
    for name in ("part-first-answers.py", "part-first-answers.ipynb"):
        assert f'href="../../programs/{name}"' in page
    offered = (answered.site / "programs/part-first-answers.py").read_text()
    assert "Why is $x$ 1.5?" in offered and "(Two, 2001)" in offered
    assert run(offered, tmp_path / "py") == "numbers [1, 2]\ndoubled [2, 4]\n"
    read, code, prose = notebook(answered.site / "programs/part-first-answers.ipynb")
    assert run("\n".join(code), tmp_path / "ipynb") == (
        "numbers [1, 2]\ndoubled [2, 4]\n"
    )
    assert "Why is $x$ 1.5?" in prose
    outputs = [o.text for c in read.cells if c.cell_type == "code" for o in c.outputs]
    assert outputs == ["numbers [1, 2]\n", "doubled [2, 4]\n"]


@pytest.mark.parametrize(
    "old, new, words",
    [
        (
            "# %% [markdown]\n# ## Exercise 2",
            "# ## Exercise 2",
            "looks like Markdown in a code cell",
        ),
        ("# Because", "Because", "line 6: a line of a Markdown cell begins with '# '"),
        (
            "first.py:some-data",
            "gone.py:some-data",
            "part/gone.py: there is no such program",
        ),
        ("../../part/first.md", "../../part/gone.md", "leads nowhere"),
        ("print(", "print)", "line 12: SyntaxError"),
        ('print("doubled"', '1 / 0\nprint("doubled"', "line 12: ZeroDivisionError"),
        ("$x^2$", "$\\frac{$", "wrong formula"),
        ("[@two2001]", "[@three]", "unknown citation"),
        ("Because", "Because {{ gone }}", "no 'gone'"),
    ],
    ids=[
        "cell",
        "prose",
        "include",
        "link",
        "syntax",
        "raises",
        "formula",
        "citation",
        "number",
    ],
)
def test_mistake_in_answers_is_named_with_its_line(answered, old, new, words):
    answered.page("solutions/part/first.py", ANSWERS.replace(old, new, 1))
    fails(answered, "solutions/part/first.py", words)


def test_answers_that_are_not_utf8_are_named(answered):
    (answered.root / "docs/solutions/part/first.py").write_bytes(b"# %%\n# caf\xe9\n")
    fails(answered, "solutions/part/first.py: the file is not UTF-8")


def test_answers_without_their_plugin_are_refused(answered):
    answered.settings(plugins=[{"book": {"references": "refs.bib"}}])
    fails(answered, "solutions/part/first.py: answers need the plugin mkdocs-jupyter")


def test_what_is_installed_has_a_version_that_registries_have(tmp_path):
    """`2.13.0+cpu` is a build for one kind of machine."""
    katex = faces = None  # no formulas and figures here
    made = Book(
        tmp_path, tmp_path, tmp_path, katex, faces, requirements={"": ["torch"]}
    )
    reads = {"versions": {"torch": "2.13.0+cpu"}}
    ran = Record("a.py", (), {}, {}, (), 1.0, (), reads)
    assert "pip install torch==2.13.0\n" in install(made, ran)
