"""What pytest sees of a book: every fence, every break, from the records of the build."""

import os
import re

import pytest
from conftest import PROGRAMS, TinyBook

import bookbuild.check.book  # noqa: F401  (stays imported between runs)

GOOD = PROGRAMS["part/first.py"]
PAGE = """\
# First

```python
--8<-- "part/first.py:work"
```

/// claim | The mean is at least {bar}.
```python
assert results["mean"] >= {bar}
```
///

1. In a list:

    ``` { .python }
    --8<-- "part/first.py:work"
    ```

> ```py
> assert 1 + 1 == 2
> ```
"""
BREAKS = """\
[[break]]
name = "divided by nine"
old = "/ 3"
new = "/ 9"
fails = ["claim-the-mean-is-at-least-2"]

[[break]]
name = "divided by ten"
old = "/ 3"
new = "/ 10"
fails = ["claim-the-mean-is-at-least-2"]
"""


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A tiny book with a claim and two breaks; tests stand in its folder."""
    made = TinyBook(tmp_path / "book")
    made.page("part/first.md", PAGE.replace("{bar}", "2"))
    made.program("part/first.py", "open('/dev/null').close()\n" + GOOD)
    made.program("part/first.breaks.toml", BREAKS)
    made.write(
        ".",
        "pytest.ini",
        "[pytest]\ntestpaths = docs snippets\n"
        "addopts = --codeblocks -p no:cacheprovider\n",
    )
    monkeypatch.chdir(made.root)
    return made


@pytest.fixture
def check(book, pytester):
    """Run pytest in the book; returns (exit code, output)."""

    def run(*words):
        os.chdir(book.root)
        done = pytester.runpytest_inprocess("-rA", *words)
        return done.ret, done.stdout.str() + done.stderr.str()

    return run


def runs(book):
    """How many records the book has."""
    return len(list(book.records.glob("*.json")))


def test_every_fence_and_break_is_an_item_of_its_own(book, check):
    code, output = check()
    assert code == 0, output
    assert re.search(r"\b6 passed", output), output
    for line in (3, 8, 15, 19):
        assert f"docs/part/first.md::line {line}" in output


@pytest.mark.slow
@pytest.mark.parametrize("face", [[], ["source-sans/TTF/*Regular.ttf"]])
def test_what_the_build_has_run_is_not_run_again(book, check, face):
    book.config["plugins"] = [{"book": {"face": face}}]
    book.settings()
    assert book.build().code == 0
    before = {p: p.stat().st_mtime_ns for p in book.records.iterdir()}
    code, output = check("docs")
    assert code == 0, output
    new = set(book.records.iterdir()) - set(before)
    assert not new


def test_one_break_is_checked_alone(book, check):
    code, output = check("-k", "divided-by-ten")
    assert code == 0, output
    assert "1 passed" in output
    assert runs(book) == 1


def test_false_claim_is_reported_with_its_line(book, check):
    book.page("part/first.md", PAGE.replace("{bar}", "3"))
    code, output = check("docs")
    assert code == 1
    assert "part/first.md, line 9" in output
    assert 'results["mean"] >= 3' in output
    assert "3 passed" in output


def test_failed_program_is_reported_with_its_line(book, check):
    book.program("part/first.py", GOOD.replace("/ 3", "/ 0"))
    code, output = check("docs")
    assert code == 1
    assert "part/first.py, line 3: ZeroDivisionError" in output


@pytest.mark.slow
def test_wrong_fence_of_a_page_itself_is_reported(book, check):
    book.page(
        "part/first.md", PAGE.replace("{bar}", "2").replace("1 + 1 == 2", "1 == 2")
    )
    code, output = check("docs")
    assert code == 1
    assert "part/first.md" in output and "AssertionError" in output


def test_break_that_breaks_nothing_is_reported(book, check):
    book.program("part/first.breaks.toml", BREAKS.replace("/ 9", "/ 3.0"))
    code, output = check("snippets")
    assert code == 1
    assert "part/first.breaks.toml, 'divided by nine'" in output
    assert "claim-the-mean-is-at-least-2 holds all the same" in output


SHORTER = 'shorter = [{old = "[1, 2, 3]", new = "NEW"}]\nfails ='


def test_the_shorter_program_must_bear_the_claims(book, check):
    text = BREAKS.replace("fails =", SHORTER.replace("NEW", "[3, 3, 0]"))
    book.program("part/first.breaks.toml", text)
    code, output = check("snippets")
    assert code == 0, output
    assert "2 passed" in output
    assert runs(book) == 3  # both breaks share the program that is only shorter


@pytest.mark.slow
@pytest.mark.parametrize(
    "new, words",
    [
        (
            "[1, 1, 1]",
            "claim-the-mean-is-at-least-2 fails in the shorter program without the "
            "break too: ",
        ),
        ("[1, 0 / 0]", "the shorter program fails without the break too: ZeroDiv"),
    ],
    ids=["claim", "raises"],
)
def test_claim_that_fails_in_the_shorter_program_is_reported(book, check, new, words):
    text = BREAKS.replace("fails =", SHORTER.replace("NEW", new), 1)
    book.program("part/first.breaks.toml", text)
    code, output = check("snippets")
    assert code == 1
    assert f"part/first.breaks.toml, 'divided by nine': {words}" in output
    assert "1 passed" in output


@pytest.mark.slow
@pytest.mark.parametrize(
    "old, new, words",
    [
        ('old = "/ 3"', 'old = "/ 4"', "a text that the program does not have"),
        ("at-least-2", "at-least-3", "there is no claim claim-the-mean-is-at-least-3"),
        (
            'new = "/ 9"',
            'new = "/ 0"',
            "ends before any claim is checked: ZeroDivision",
        ),
        ("fails =", "fail =", "lacks fails"),
        ("[[break]]", "[[break]", "not TOML"),
        (BREAKS, "break = [3]", "write [[break]] in double brackets"),
        ("fails =", 'also = [["3", "4"]]\nfails =', "also is a list of {old = ..."),
        ("fails =", "shorter = 3\nfails =", "shorter is a list of {old = ..."),
        ('new = "/ 9"', "new = 9", "name, old and new are texts"),
        ("fails = [", "fails = [1, ", "fails is a list of claims' ids"),
    ],
    ids=[
        "text",
        "claim",
        "raises",
        "field",
        "toml",
        "no table",
        "also",
        "shorter",
        "new",
        "fails",
    ],
)
def test_wrong_break_is_said_in_one_sentence(book, check, old, new, words):
    book.program("part/first.breaks.toml", BREAKS.replace(old, new, 1))
    code, output = check("snippets")
    assert code != 0
    assert words in output
    assert "Traceback" not in output


@pytest.mark.slow
def test_fresh_runs_everything_again_and_compares(book, check):
    check()
    code, output = check("--fresh", "docs")
    assert code == 0, output
    book.program(
        "part/first.py",
        "import time\n" + GOOD.replace("[1, 2, 3]", "[1, 2, 3 + time.time()]"),
    )
    check("docs")
    code, output = check("--fresh", "docs")
    assert code == 1
    assert "gives other results than in its last run" in output


def test_page_that_cannot_be_read_is_said_without_a_traceback(book, check):
    (book.root / "docs/part/index.md").write_bytes(b"# Caf\xe9\n")
    code, output = check()
    assert code != 0
    assert "part/index.md: the file is not UTF-8" in output
    assert "Traceback" not in output and "check/items.py" not in output


@pytest.mark.slow
def test_mistake_of_a_page_fails_its_items(book, check):
    book.page("part/first.md", '# First\n\n```python\n--8<-- "part/none.py"\n```\n')
    code, output = check("docs")
    assert code == 1
    assert "part/first.md, line 4 -> part/none.py: there is no such program" in output


def test_page_that_says_nothing_but_a_mistake_has_an_item_that_fails(book, check):
    book.page("part/first.md", "# First\n\n{{ mean }} {{ mean .2f }}\n")
    book.program("part/first.breaks.toml", "")
    code, output = check()
    assert code == 1
    assert "part/first.md, line 3" in output and "cannot be read" in output


def test_fences_of_other_languages_are_left_to_pytest_codeblocks(book, check):
    book.page("part/index.md", "# The part\n\n```bash\nexit 3\n```\n")
    code, output = check("docs/part/index.md")
    assert code == 1
    assert "FAILED docs/part/index.md::line 3" in output


@pytest.mark.slow
def test_items_can_be_shared_among_processes(book, check):
    code, output = check("-n", "2")
    assert code == 0, output
    assert "6 passed" in output
    assert runs(book) == 4  # program, page's own code, two breaks: each once
