"""How the text of a program is read, whatever its file holds."""
# ruff: noqa: F401, F811 (fixtures are imported)

import pytest
from running import book, pool, record

from bookbuild.errors import BookError
from bookbuild.run.program import read_program

MARKED = "# --8<-- [start:work]\nprint('in section')\n# --8<-- [end:work]\nprint(2)\n"


def test_a_file_in_another_encoding_is_named(book):
    path = book.write("part/first.py", "")
    path.write_bytes(
        "# -*- coding: latin-1 -*-\nprint('caf\u00e9')\n".encode("latin-1")
    )
    with pytest.raises(BookError) as caught:
        read_program("part/first.py", path, book.snippets)
    assert str(caught.value) == (
        "part/first.py: the file is not UTF-8 (byte 36); save it as UTF-8"
    )


@pytest.mark.parametrize("before", ["", "\ufeff", "x = 1\n\x0c\n\n", "x = 1\r\n\r\n"])
def test_sections_print_what_their_lines_print(before, book, pool):
    program = book.program(before + MARKED)
    found = record(pool, book.job(before + MARKED))
    assert program.section("work") == "print('in section')"
    assert found.printed(*program.sections["work"]) == "in section\n"


def test_a_solution_runs_with_the_sections_it_includes(book, pool):
    from bookbuild.run.job import Job

    book.write("part/first.py", MARKED)
    path = book.root / "docs" / "solution.py"
    path.write_text('print(1)\n--8<-- "part/first.py:work"\nprint(__file__)\n')
    program = read_program("solution.py", path, book.snippets)
    found = record(pool, Job(program, (), book.root, 10))
    assert found.output == ((1, "1\n"), (2, "in section\n"), (3, f"{path}\n"))
    assert program.place(2) == ("part/first.py", 2)
