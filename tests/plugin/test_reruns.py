"""What a build runs again: what has changed, and nothing else."""

import importlib.metadata
import json
import os
import py_compile

import pytest
from conftest import DRAWS, PROGRAMS, builds

FIRST = PROGRAMS["part/first.py"]
SECOND = """\
# Second

```python
--8<-- "part/second.py"
```
"""


def test_unchanged_program_does_not_run_again(book):
    assert builds(book).runs == ["part/first.py"]
    before = (book.site / "part/first.html").read_bytes()
    assert builds(book).runs == []
    assert (book.site / "part/first.html").read_bytes() == before


@pytest.mark.slow
def test_changed_page_runs_no_program(book):
    builds(book)
    book.page("part/first.md", "# Other\n\n{{ mean:.3f }}\n")
    assert builds(book).runs == []
    assert "2.000" in book.html("part/first.html")


@pytest.mark.slow
def test_changed_program_runs_alone_and_an_old_one_is_remembered(book):
    book.page("part/second.md", SECOND)
    book.program("part/second.py", "print('one')\n")
    assert sorted(builds(book).runs) == ["part/first.py", "part/second.py"]
    book.program("part/second.py", "print('two')\n")
    assert builds(book).runs == ["part/second.py"]
    book.program("part/second.py", "print('one')\n")
    assert builds(book).runs == []


@pytest.mark.slow
def test_changed_claim_runs_its_program_and_a_moved_one_runs_nothing(book):
    page = (
        "# First\n\n{{ mean }}\n\n/// claim | It is two.\n```python\n"
        "assert mean > 1\n```\n///\n"
    )
    book.page("part/first.md", page)
    builds(book)
    book.page("part/first.md", page.replace("{{ mean }}", "Words.\n\n{{ mean }}"))
    assert builds(book).runs == []
    book.page("part/first.md", page.replace("> 1", "> 1.5"))
    assert builds(book).runs == ["part/first.py"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name, program, text, changed",
    [
        (
            "part/helper.py",
            "from helper import number\n",
            "number = 2\n",
            "number = 50\n",
        ),
        (
            "part/tools/inner.py",
            "from tools.inner import number\n",
            "number = 2\n",
            "number = 50\n",
        ),
        (
            "part/data.txt",
            "from pathlib import Path\nnumber = int((Path(__file__)"
            ".parent / 'data.txt').read_text())\n",
            "2",
            "50",
        ),
    ],
    ids=["helper", "helper in a package", "data"],
)
def test_change_of_a_file_a_program_reads_runs_it(book, name, program, text, changed):
    book.page("part/second.md", SECOND + "It is {{ number }}.\n")
    path = book.program(name, text)
    if name.endswith(".py"):
        # Run by hand, a helper leaves its bytecode, which is read instead.
        py_compile.compile(path)
    book.program("part/second.py", program + "results = {'number': number}\n")
    builds(book)
    assert "It is 2." in book.html("part/second.html")
    assert builds(book).runs == []
    book.program(name, changed)
    assert builds(book).runs == ["part/second.py"]
    assert "It is 50." in book.html("part/second.html")


@pytest.mark.slow
def test_change_of_a_library_version_runs_what_uses_it(book):
    book.program("part/first.py", "import filelock\n" + FIRST)
    builds(book)
    path, entry = book.record("part/first.py")
    versions = entry["value"]["reads"]["versions"]
    assert versions["filelock"] == importlib.metadata.version("filelock")
    versions["filelock"] = "1.0"
    path.write_text(json.dumps(entry))
    assert builds(book).runs == ["part/first.py"]


@pytest.mark.slow
def test_damaged_entries_of_the_store_are_made_again(book):
    book.page("part/first.md", "# First\n\n{{ mean }} is $x$.\n")
    builds(book)
    entries = list((book.root / ".cache/bookbuild").rglob("*.json"))
    assert {p.parent.name for p in entries} >= {"records", "timings", "formulas"}
    for damage in ("", "{", "null", '{"key": "x", "value": {}}'):
        for path in entries:
            path.write_text(damage)
        assert builds(book).runs == ["part/first.py"], damage
    assert builds(book).runs == []


@pytest.mark.slow
def test_old_entries_of_the_store_and_leftovers_are_swept(book):
    builds(book)
    path, _ = book.record("part/first.py")
    ages = {"old.json": 31 * 24 * 3600, "new.json": 0, "a.tmp": 7200, "b.tmp": 60}
    for name, age in ages.items():
        (path.parent / name).write_text("{}")
        now = path.stat().st_mtime
        os.utime(path.parent / name, (now - age, now - age))
    builds(book)
    assert {p.name for p in path.parent.iterdir()} == {path.name, "new.json", "b.tmp"}


@pytest.mark.slow
def test_nothing_is_written_beside_pages_and_programs(book):
    book.program("part/helper.py", "number = 2\n")
    book.program("part/first.py", "import helper\n" + DRAWS + FIRST)

    def files():
        return sorted(
            path
            for folder in ("docs", "snippets")
            for path in (book.root / folder).rglob("*")
        )

    before = files()
    builds(book)
    assert files() == before
