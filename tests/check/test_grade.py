"""A reader's assertions are graded: by the right program and by each broken one."""

import pytest

from bookbuild.__main__ import main

PAGE = """\
# First

```python
--8<-- "part/first.py:work"
```
"""
PROGRAM = """\
\"\"\"A program.\"\"\"
# --8<-- [start:work]
steps = 100
numbers = [n / steps for n in range(steps)]
mean = sum(numbers) / len(numbers)
largest = max(numbers)
results = {"mean": mean}
# --8<-- [end:work]
"""
BREAKS = """\
[[break]]
name = "sum not divided"
old = " / len(numbers)"
new = ""
fails = []

[[break]]
name = "smallest for largest"
old = "max("
new = "min("
shorter = [{old = "100", new = "10"}]
fails = []
"""


@pytest.fixture
def graded(book, tmp_path, capsys):
    book.page("part/first.md", PAGE)
    book.program("part/first.py", PROGRAM)
    book.program("part/first.breaks.toml", BREAKS)

    def grade(text, program="part/first.py", answer=tmp_path / "mine.py"):
        (tmp_path / "mine.py").write_text(text)
        code = main(["--root", str(book.root), "grade", program, str(answer)])
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return code, said.out + said.err

    return grade


def test_assertions_that_notice_every_broken_program_pass(graded):
    code, said = graded("assert 0.4 < mean < 0.6\nassert largest > mean\n")
    assert code == 0 and "the right program passes" in said
    assert "caught 2 of 2" in said


def test_what_is_missed_is_named(graded):
    code, said = graded("assert 0.4 < mean < 0.6\n")
    assert code == 1 and "caught  sum not divided" in said
    assert "MISSED  smallest for largest" in said and "caught 1 of 2" in said


def test_assertions_that_fail_for_the_right_program_are_told_why(graded):
    code, said = graded("assert mean > 1\n")
    assert code == 1 and "the right program fails" in said and "caught" not in said


def test_a_shorter_run_is_no_broken_program(graded):
    code, said = graded("assert 0.4 < mean < 0.6\nassert len(numbers) == 100\n")
    assert code == 1
    assert "MISSED  smallest for largest: they fail in the program that only" in said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "program", "said"),
    [
        ("x = 1", "part/first.py", "there is no assertion"),
        ("assert x", "part/last.py", "no page refers to this program"),
        ("assert x", "part/first.py", "NameError"),
        ("assert (", "part/first.py", "SyntaxError"),
    ],
)
def test_a_mistake_is_said_in_one_sentence(graded, text, program, said):
    code, shown = graded(text, program)
    assert code == 1 and said in shown


def test_a_file_that_is_not_there(graded, tmp_path):
    code, said = graded("assert 1", answer=tmp_path / "yours.py")
    assert code == 1 and "yours.py: there is no such file" in said
