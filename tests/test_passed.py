"""Tests that have passed are not run again while nothing changes that they could see."""

import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
PASSED = Path(__file__).parent / "passed.py"
SETTINGS = """\
[pytest]
testpaths = docs tests snippets
pythonpath = tests
"""


@pytest.fixture
def book(pytester, monkeypatch):
    """A repository with a test of the machinery, one of the book, and one that fails."""
    monkeypatch.delenv("CI", raising=False)
    root = pytester.path
    for folder in ("tests/run", "docs", "snippets"):
        (root / folder).mkdir(parents=True)
    shutil.copy(PASSED, root / "tests")
    (root / "tests/conftest.py").write_text("from passed import pytest_configure\n")
    (root / "tests/run/test_machinery.py").write_text("def test_it(): pass\n")
    (root / "tests/test_book.py").write_text("def test_this(): pass\n")
    (root / "tests/test_bad.py").write_text("def test_that(): assert False\n")
    (root / "docs/page.md").write_text("A page.\n")
    (root / "pytest.ini").write_text(SETTINGS)
    (root / ".gitignore").write_text(
        ".cache\n__pycache__\n.pytest_cache\nstd*\nrunpytest*\n"
    )
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    return pytester


def outcomes(book, *arguments):
    """How many tests passed, failed, and were left out."""
    counts = book.runpytest_subprocess(*arguments).parseoutcomes()
    return tuple(counts.get(name, 0) for name in ("passed", "failed", "deselected"))


def test_what_has_passed_is_left_out_and_what_failed_is_not(book):
    assert outcomes(book) == (2, 1, 0)
    assert outcomes(book) == (0, 1, 2)


def test_a_change_of_a_page_runs_the_tests_of_the_book(book):
    outcomes(book)
    (book.path / "docs/page.md").write_text("Another page.\n")
    assert outcomes(book) == (1, 1, 1)


def test_any_other_change_runs_everything(book):
    outcomes(book)
    (book.path / "pytest.ini").write_text(SETTINGS + "# changed\n")
    assert outcomes(book) == (2, 1, 0)


def test_named_tests_fresh_ones_and_those_in_ci_are_run(book, monkeypatch):
    outcomes(book)
    assert outcomes(book, "tests") == (2, 1, 0)
    assert outcomes(book, "--fresh") == (2, 1, 0)
    monkeypatch.setenv("CI", "true")
    assert outcomes(book) == (2, 1, 0)


def test_a_change_while_tests_run_is_not_forgotten(book):
    (book.path / "tests/test_book.py").write_text(
        "from pathlib import Path\n"
        "def test_this(): Path(__file__).parent.parent.joinpath('new').touch()\n"
    )
    assert outcomes(book) == (2, 1, 0)
    assert outcomes(book) == (2, 1, 0)
    assert outcomes(book) == (0, 1, 2)


def test_a_test_that_fails_is_not_thought_to_pass_any_more(book):
    book.path.joinpath("tests/test_bad.py").write_text(
        "import os\ndef test_that(): assert 'BAD' not in os.environ\n"
    )
    assert outcomes(book) == (3, 0, 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BAD", "1")
        assert outcomes(book, "tests") == (2, 1, 0)
    assert outcomes(book) == (1, 0, 2)


def test_without_git_everything_runs(book):
    shutil.rmtree(book.path / ".git")
    assert outcomes(book) == (2, 1, 0)
    assert outcomes(book) == (2, 1, 0)
