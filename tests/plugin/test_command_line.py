"""What `python -m bookbuild` does, and how it says what is wrong: in one sentence."""

import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint

import pytest
from conftest import BIB, PAGES, PROGRAMS, ROOT, TinyBook, builds

from bookbuild.__main__ import main

GOOD = PROGRAMS["part/first.py"]
CLAIM = """
/// claim | The mean is at least {bar}.
```python
assert results["mean"] >= {bar}
```
///
"""
BREAK = """\
[[break]]
name = "divided by nine"
old = "/ 3"
new = "/ 9"
fails = ["claim-the-mean-is-at-least-1"]
"""


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A book with a claim and a break, in which commands are given."""
    made = TinyBook(tmp_path / "book", settings={"expected": "expected.toml"})
    made.page("part/first.md", "# First\n\n{{ mean }}\n" + CLAIM.replace("{bar}", "1"))
    made.program("part/first.breaks.toml", BREAK)
    monkeypatch.chdir(made.root)
    return made


def call(capsys, *words):
    """Give a command; returns its exit code and what it printed."""
    code = main(list(words))
    printed = capsys.readouterr()
    assert "Traceback" not in printed.err
    return code, printed.out + printed.err


def test_run_shows_what_a_program_printed_and_its_claims(book, capsys):
    for name in ("part/first.py", "snippets/part/first.py"):
        code, printed = call(capsys, "run", name)
        assert code == 0
        assert "mean is 2.0\n" in printed
        assert "holds  claim-the-mean-is-at-least-1" in printed
        assert 'results["mean"] >= 1: 2 >= 1' in printed


def test_run_ends_with_an_error_when_a_claim_is_false(book, capsys):
    book.page("part/first.md", "# First\n\n{{ mean }}\n" + CLAIM.replace("{bar}", "3"))
    code, printed = call(capsys, "run", "part/first.py")
    assert code == 1
    assert "FAILS  claim-the-mean-is-at-least-3" in printed
    assert "part/first.md, line 7" in printed


def test_run_can_break_a_program(book, capsys):
    code, printed = call(capsys, "run", "part/first.py", "--break", "divided by nine")
    assert code == 0
    assert "FAILS  claim-the-mean-is-at-least-1" in printed
    code, printed = call(capsys, "run", "part/first.py", "--break", "divided")
    assert code == 1
    assert "there is no break 'divided'; there is: divided by nine" in printed


def test_run_fresh_runs_although_the_record_is_known(book, capsys):
    call(capsys, "run", "part/first.py")
    path, _ = book.record("part/first.py")
    before = path.stat().st_mtime_ns
    call(capsys, "run", "part/first.py")
    assert path.stat().st_mtime_ns == before
    call(capsys, "run", "--fresh", "part/first.py")
    assert path.stat().st_mtime_ns > before


def test_run_uses_the_record_of_the_build(book, capsys):
    builds(book)
    before = list(book.records.iterdir())
    call(capsys, "run", "part/first.py")
    assert list(book.records.iterdir()) == before


@pytest.mark.parametrize(
    "words, said",
    [
        (("run", "part/gone.py"), "part/gone.py: no page refers to this program"),
        (("--root", "nowhere", "run", "part/first.py"), "nowhere"),
        (("new", "page", "Part/One"), "'Part/One' is no chapter/page"),
        (("new", "page", "part/first"), "first.md is already there"),
    ],
    ids=["no program", "no book", "no name", "there already"],
)
def test_what_is_wrong_is_said_in_one_sentence(book, capsys, words, said):
    code, printed = call(capsys, *words)
    assert code == 1
    assert said in printed
    assert len(printed.strip().splitlines()) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "wrong, said",
    [
        ("lock file", ""),
        ("program is a folder", ""),
        ("break", "part/first.breaks.toml: write [[break]] in double brackets"),
        ("page", "part/index.md: the file is not UTF-8"),
        ("output", "docs: Is a directory"),
        ("published", ""),
        ("references", ""),
    ],
)
def test_odd_file_is_said_in_one_sentence_or_left_alone(book, capsys, wrong, said):
    words = ["run", "part/first.py", "--break", "divided by nine"]
    folder = book.root / "snippets/part"
    if wrong == "lock file":
        (folder / ".#first.py").symlink_to("me@host.1")
    elif wrong == "program is a folder":
        (folder / "x.py").mkdir()
    elif wrong == "break":
        book.program("part/first.breaks.toml", "break = [3]\n")
    elif wrong == "page":
        (book.root / "docs/part/index.md").write_bytes(b"# Caf\xe9\n")
    elif wrong == "output":
        words = ["claims", "--output", "docs"]
    else:
        book.settings(plugins=[{"book": {wrong: "docs"}}])
    code, printed = call(capsys, *words)
    assert code == bool(said)
    assert said in printed
    if said:
        assert len(printed.strip().splitlines()) == 1


def test_failed_program_is_said_in_one_sentence(book, capsys):
    book.program("part/first.py", GOOD.replace("/ 3", "/ 0"))
    code, printed = call(capsys, "run", "part/first.py")
    assert code == 1
    assert printed == "part/first.py, line 3: ZeroDivisionError: division by zero\n"


def test_claims_are_a_table_with_margins_and_breaks(book, capsys):
    code, printed = call(capsys, "claims")
    assert code == 0
    row = printed.splitlines()[-1]
    assert row == ("| claim-the-mean-is-at-least-1 | part/first.py | yes | "
                   '`results["mean"] >= 1`: 2 >= 1 | divided by nine |')  # fmt: skip
    call(capsys, "claims", "--output", "claims.md")
    assert (book.root / "claims.md").read_text() == printed


def test_expected_writes_what_programs_took_and_the_build_reads_it(book, capsys):
    builds(book)
    code, _ = call(capsys, "expected")
    assert code == 0
    seconds = tomllib.loads((book.root / "expected.toml").read_text())["seconds"]
    assert seconds.keys() == {"part/first.py"}
    builds(book)
    book.settings(plugins=["book"])
    code, printed = call(capsys, "expected")
    assert code == 1
    assert "names no file with 'expected'" in printed


def test_the_command_has_a_name_of_its_own():
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    point = EntryPoint("bookbuild", scripts["bookbuild"], "console_scripts")
    assert point.load() is main


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ("mkdocs", "build", "-f", "book/mkdocs.yml"),
        ("bookbuild", "--root", "book", "build"),
    ],
    ids=["mkdocs", "bookbuild"],
)
def test_a_book_is_built_from_another_folder_by_command(book, tmp_path, words):
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "The mean is at least 1" in (book.site / "part/first.html").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["book"]


@pytest.mark.slow
def test_new_page_builds_and_passes(tmp_path, capsys, monkeypatch, pytester):
    book = TinyBook(
        tmp_path / "book",
        plugins=[
            {"mkdocs-jupyter": {"include": ["solutions/*/*.py"], "execute": False}}
        ],
        settings={"references": "refs.bib", "bibliography": "bibliography.md"},
    )
    book.write(".", "refs.bib", BIB)
    book.page("part/first.md", PAGES["part/first.md"] + "\nSee [@two2001].\n")
    monkeypatch.chdir(book.root)
    code, printed = call(capsys, "new", "page", "part/some-thing")
    assert code == 0
    assert printed.splitlines() == [
        "docs/part/some-thing.md",
        "snippets/part/some_thing.py",
        "snippets/part/some_thing.breaks.toml",
        "snippets/part/some_thing.questions.toml",
        "docs/solutions/part/some-thing.py",
    ]
    book.settings(
        nav=[
            {"Part": ["part/index.md", "part/first.md", "part/some-thing.md"]},
            {"Answers": ["solutions/part/some-thing.py"]},
            {"Appendix": ["bibliography.md", "claims.md"]},
        ],
        validation={"omitted_files": "warn", "anchors": "warn"},
    )
    page = builds(book, "part/some-thing.html")
    assert (
        "<figure" in page
        and "[@two2001]" in (book.root / "docs/part/some-thing.md").read_text()
    )
    monkeypatch.chdir(book.root)
    book.write(".", "pytest.ini", "[pytest]\naddopts = --codeblocks\n")
    done = pytester.runpytest_inprocess("docs", "snippets", "-p", "no:cacheprovider")
    done.assert_outcomes(passed=5)


def test_claims_can_be_seen_with_other_seeds(book, capsys):
    book.program(
        "part/first.py",
        "import random\nrandom.seed(3)\nmean = 2 if random.random() > 0.237 else 0\n"
        'results = {"mean": mean}\n',
    )
    (book.root / "snippets/part/first.breaks.toml").unlink()
    assert call(capsys, "run", "part/first.py")[0] == 0
    code, printed = call(capsys, "run", "part/first.py", "--seeds", "1")
    assert code == 1 and "FAILS  claim-the-mean-is-at-least-1" in printed
    _, printed = call(capsys, "claims", "--seeds", "1")
    assert "| part/first.py | **no** |" in printed
