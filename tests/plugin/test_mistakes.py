"""What is wrong in a book is said once, with its page, program and lines, and leaves the store sound."""

import pytest
from conftest import BIB, PROGRAMS, TinyBook, builds, fails

from bookbuild.errors import BookError

pytestmark = pytest.mark.slow

GOOD = PROGRAMS["part/first.py"]
# A page with a second program, on which the mistakes are made.
PAGE = """\
# Second

```python
--8<-- "part/second.py:work"
```
"""
WORK = "# --8<-- [start:work]\n{}\n# --8<-- [end:work]\n"


@pytest.fixture
def book(tmp_path):
    """A book with a second page, and little patience."""
    made = TinyBook(tmp_path / "book", settings={"limit": 1})
    made.page("part/second.md", PAGE)
    made.program("part/second.py", WORK.format("print('fine')"))
    return made


def says_once(book, *words):
    """Build a book that has one mistake: one error, on one line."""
    output = fails(book, *words)
    # MkDocs names the page first when the mistake is found in its text.
    [message] = [
        line
        for line in output.splitlines()
        if line.startswith("ERROR")
        and not line.endswith("Error reading page 'part/second.md':")
    ]
    for word in words:
        assert word in message
    assert "problems" not in message


# Programs --------------------------------------------------------------------


@pytest.mark.parametrize(
    "code, line, words",
    [
        ("x = 1\nx / 0", 3, "ZeroDivisionError: division by zero"),
        ("x = [1, 2\nprint(x))", 3, "SyntaxError"),
        ("import time\ntime.sleep(60)", None, "still running after 1 s"),
        ("import os\nos._exit(3)", None, "its process died (exit code 3)"),
        ("raise SystemExit(2)", 2, "called exit(2)"),
        ("raise KeyboardInterrupt", 2, "KeyboardInterrupt"),
        ("results = {'file': open}", None, "it holds a builtin_function_or_method"),
        (
            "from importlib.metadata import distribution\n"
            "distribution('no-such-package')",
            3,
            "requirements-data.txt",
        ),
        ("import no_such_module", 2, "No module named 'no_such_module'"),
    ],
    ids=[
        "raises",
        "syntax error",
        "never ends",
        "exits",
        "calls exit",
        "interrupts",
        "odd results",
        "missing data",
        "missing module",
    ],
)
def test_program_that_fails_is_named_with_page_and_lines(book, code, line, words):
    book.program("part/second.py", WORK.format(code))
    place = "part/second.py" + (f", line {line}" if line else "")
    says_once(book, f"part/second.md, line 4 -> {place}: ", words)


def test_repaired_program_runs_and_no_other(book):
    book.program("part/second.py", WORK.format("1 / 0"))
    fails(book, "ZeroDivisionError")
    assert book.record("part/first.py")
    book.program("part/second.py", WORK.format("print('repaired')"))
    assert builds(book).runs == ["part/second.py"]


def test_failed_program_runs_again_since_its_surroundings_may_have_changed(book):
    book.program("part/second.py", WORK.format("open('data.txt').close()"))
    fails(book, "FileNotFoundError")
    book.write(".", "data.txt", "")
    assert builds(book).runs == ["part/second.py"]


def test_error_in_a_helper_is_placed_at_the_line_that_called_it(book):
    book.program("part/helper.py", "def f(x):\n    return x / 0\n")
    book.program("part/second.py", WORK.format("from helper import f\nf(1)"))
    says_once(
        book, "part/second.md, line 4 -> part/second.py, line 3: ", "ZeroDivisionError"
    )


@pytest.mark.parametrize("code, error", [("x / 0", "Zero"), ("assert (1 ==", "Syntax")])
def test_failure_of_a_page_s_own_code_names_its_line(book, code, error):
    book.page("part/second.md", f"{PAGE}\n```python\nx = 1\n{code}\n```\n")
    says_once(book, f"part/second.md, line 9: {error}")


def test_sections_that_do_not_fit_are_named_with_their_line(book):
    book.program("part/second.py", "x = 1\n# --8<-- [start:work]\n")
    says_once(
        book,
        "part/second.md, line 4 -> part/second.py, line 2: "
        "section 'work' has no end marker",
    )


def test_program_that_no_page_refers_to_fails_the_build(book):
    book.program("part/orphan.py", "print(1)\n")
    fails(book, "part/orphan.py: no page refers to this program")
    book.program("part/first.py", "import orphan\n" + GOOD)
    builds(book)  # a helper is no orphan


def test_breaks_of_no_program_fail_the_build(book):
    book.program("part/gone.breaks.toml", "")
    fails(book, "part/gone.breaks.toml: there is no program of this name")


def test_warning_of_a_program_fails_every_build(book):
    book.program(
        "part/first.py", GOOD + "import warnings\nwarnings.warn('too small')\n"
    )
    for _ in range(2):  # also when it comes from the store
        fails(book, "part/first.py: UserWarning: too small")


def test_reference_that_nobody_cites_fails_the_build(tmp_path):
    book = TinyBook(tmp_path / "book", settings={"references": "refs.bib"})
    book.write(".", "refs.bib", BIB)
    fails(book, "no page cites 'two2001'")


# Pages -----------------------------------------------------------------------

# name: (what stands on the page, program, the line that is named, words)
BAD_PAGES = {
    "missing result": (
        "Text.\n\nIt is {{ mean:.1f }}.\n",
        8,
        " -> part/second.py: results has no 'mean'; there is: total",
    ),
    "wrong number format": (
        "It is {{ total:.1%x }}.\n",
        6,
        " -> part/second.py: cannot format",
    ),
    "missing figure": (
        "/// figure | part/second.py:line\n    alt: A line\nCaption.\n///\n",
        6,
        " -> part/second.py: the program drew no figure 'line'",
    ),
    "figure without alternative text": (
        "/// figure | part/second.py:line\nCaption.\n///\n",
        6,
        " -> part/second.py: the figure has no alternative text",
    ),
    "unknown section": (
        '```python\n--8<-- "part/second.py:data"\n```\n',
        7,
        " -> part/second.py: there is no section 'data'; there is: work",
    ),
    "unknown section of output": (
        "/// output | part/second.py:data\n///\n",
        6,
        " -> part/second.py: there is no section 'data'; there is: work",
    ),
    "section that prints nothing": (
        "/// output | part/second.py:work\n///\n",
        6,
        " -> part/second.py: this section prints nothing",
    ),
    "unknown program": (
        '```python\n--8<-- "part/third.py"\n```\n',
        7,
        " -> part/third.py: there is no such program",
    ),
    "wrong formula": (
        "Text $x^2$.\n\nThen $\\frac{1}{$ here.\n",
        8,
        ": wrong formula: KaTeX parse error",
    ),
    "unknown citation": (
        "As said [@nobody2020].\n",
        6,
        ": unknown citation 'nobody2020'",
    ),
    "unknown numbered link": (
        "See [](#fig-nothing).\n",
        6,
        ": nothing numbered stands behind",
    ),
    "number of an unknown program": (
        "It is {{ part/third.py mean }}.\n",
        6,
        " -> part/third.py: there is no such program",
    ),
    "unknown published value": (
        "{{ published someone.mean }}\n",
        6,
        ": the published values have no 'someone.mean'",
    ),
}


@pytest.mark.parametrize("name", BAD_PAGES)
def test_mistake_in_a_page_is_named_with_its_line(book, name):
    text, line, words = BAD_PAGES[name]
    book.page("part/second.md", f"{PAGE}{text}")
    book.program("part/second.py", WORK.format("results = {'total': 3}"))
    says_once(book, f"part/second.md, line {line}{words}")


def test_lines_are_counted_from_the_top_of_the_file(book):
    book.page(
        "part/second.md", f"---\nconstants: [three]\n---\n{PAGE}\n{{{{ gone }}}}\n"
    )
    says_once(book, "part/second.md, line 10 -> part/second.py: results has no 'gone'")


def test_all_mistakes_are_listed_at_once(book):
    book.page("part/second.md", PAGE + "{{ a }} and {{ b }}\n")
    fails(book, "2 problems", "results has no 'a'", "results has no 'b'")


def test_mistakes_that_need_no_program_are_said_before_any_runs(book):
    book.page("part/second.md", PAGE + '```python\n--8<-- "part/third.py"\n```\n')
    output = fails(book, "there is no such program")
    assert "Running" not in output


def test_error_names_its_places():
    assert str(BookError("wrong", "a.md", 3, "a.py", 7)) == (
        "a.md, line 3 -> a.py, line 7: wrong"
    )
    assert str(BookError("wrong", "a.md")) == "a.md: wrong"
    assert str(BookError("wrong")) == "wrong"


# The store -------------------------------------------------------------------


def test_store_that_is_a_file_is_said_in_one_sentence(book):
    book.write(".", ".cache", "")
    fails(book, str(book.root / ".cache"), "make it writable")
