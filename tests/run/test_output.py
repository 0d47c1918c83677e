"""Which line printed what, and what a reader of a terminal would see of it."""
# ruff: noqa: F401, F811 (fixtures are imported)

import time

import pytest
from running import book, failure, pool, record

from bookbuild.run.job import ProgramError
from bookbuild.run.output import pieces

# Programs, and what each of their lines prints.
LINES = {
    "statements": ("print('a')\nprint('b')\n", {1: "a\n", 2: "b\n"}),
    "a-function": ("def f():\n    print('in f')\n\nf()\n", {4: "in f\n"}),
    "a-loop": (
        "for i in range(2):\n    print(i)\n    print('-')\n",
        {2: "01", 3: "--"},
    ),
    "parts-of-a-line": ("print('a', end='')\nprint('b')\n", {1: "a", 2: "b\n"}),
    "several-lines": ("print(\n    'a',\n    'b',\n)\n", {1: "a b\n"}),
    "a-child": (
        "import subprocess\nprint('a')\nsubprocess.run(['echo', 'b'])\nprint('c')\n",
        {2: "a\n", 3: "b\n", 4: "c\n"},
    ),
    "a-shell": ("import os\nprint('a')\nos.system('echo b')\n", {2: "a\n", 3: "b\n"}),
    "a-spawned-process": (
        "import os\nprint('a')\npid = os.posix_spawn('/bin/echo', ['echo', 'b'], "
        "os.environ)\nos.waitpid(pid, 0)\n",
        {2: "a\n", 3: "b\n"},
    ),
    "a-fork": (
        "import os\nprint('a')\nif os.fork() == 0:\n    print('b')\n"
        "    os._exit(0)\nos.wait()\n",
        {2: "a\n", 3: "b\n"},
    ),
    "multiprocessing": (
        "import multiprocessing as mp\nprint('a')\n"
        "if __name__ == '__main__':\n"
        "    p = mp.get_context('spawn').Process(target=print, "
        "args=('b',))\n    p.start()\n    p.join()\n",
        {2: "a\n", 5: "a\nb\n"},
    ),  # it imports the program
    "a-thread": (
        "import threading\nprint('a')\n"
        "t = threading.Thread(target=print, args=('b',))\n"
        "t.start()\nt.join()\nprint('c')\n",
        {2: "a\n", 6: "c\n"},
    ),
    "descriptor": (
        "import os\nprint('a')\nos.write(1, b'b\\n')\nprint('c')\n",
        {2: "a\n", 3: "b\n", 4: "c\n"},
    ),
    "atexit": (
        "import atexit\natexit.register(print, 'bye')\nprint('hi')\n# end\n\n",
        {3: "hi\nbye\n"},
    ),
    "atexit-after-exit": (
        "import atexit, sys\natexit.register(print, 'bye')\nsys.exit()\nprint('hi')\n",
        {3: "bye\n"},
    ),
    "a-helper": ("import helper\nhelper.f()\n", {1: "imported\n", 2: "helper\n"}),
    "an-exec": ("exec('print(1)\\nprint(2)')\n", {1: "1\n2\n"}),
    "half-a-character": (
        "import sys\nsys.stdout.buffer.write(b'\\xc3')\n"
        "sys.stdout.buffer.write(b'\\xa9\\n')\n",
        {3: "\u00e9\n"},
    ),
}


@pytest.mark.parametrize("name", LINES)
def test_output_belongs_to_the_line_that_led_to_it(name, book, pool):
    text, lines = LINES[name]
    book.write("part/helper.py", "print('imported')\ndef f(): print('helper')\n")
    found = record(pool, book.job(text))
    seen = {}
    for line, printed in found.output:
        seen[line] = seen.get(line, "") + printed.replace("\n", "") * (name == "a-loop")
        seen[line] += printed * (name != "a-loop")
    if name == "a-thread":  # line 4 or 5, as the threads happen to run
        assert seen.pop(4, "") + seen.pop(5, "") == "b\n"
    assert seen == lines


def test_a_section_gets_the_output_of_its_lines(book, pool):
    found = record(pool, book.job("print(1)\nprint(2)\nprint(3)\n"))
    assert found.printed(2, 3) == "2\n3\n"


@pytest.mark.slow
def test_many_lines_take_time_in_proportion(book, pool):
    """100,000 lines cost at most 2 s of CPU time more than 1,000 do."""
    text = "for i in range({}): print(i, 'x' * 20)\n"
    few = record(pool, book.job(text.format(1_000)))
    runs = [record(pool, book.job(text.format(100_000) + end)) for end in ("", "\n")]
    assert all(many.printed().count("\n") == 100_000 for many in runs)
    # The machine may be busy with something else once.
    assert min(many.cpu for many in runs) - few.cpu < 2


@pytest.mark.slow
def test_many_changes_of_line_take_time_in_proportion(book, pool):
    text = "for i in range({}):\n    print(i)\n    print('x', end='\\r')\n"
    few = record(pool, book.job(text.format(500)))
    many = record(pool, book.job(text.format(50_000)))
    assert many.cpu - few.cpu < 4


TERMINAL = [
    ("plain\n", "plain\n"),
    ("a\r\nb\r\n", "a\nb\n"),
    ("\r0/3\r1/3\r3/3\n", "3/3\n"),
    ("long line\rshort\n", "shortline\n"),
    ("long line\r\x1b[Kshort\n", "short\n"),
    ("long line\x1b[2K\rshort\n", "short    \n"),
    ("no newline\rNO", "NO newline"),
    ("\x1b[1;31mred\x1b[0m \x1b[38;5;208mx\x1b[m\n", "red x\n"),
    ("\x1b]8;;http://a.b\x1b\\link\x1b]8;;\x1b\\\n", "link\n"),
    ("\x1b]0;title\x07text\n", "text\n"),
    ("\x1b(Btext\x1b=\x1b>\x1b7\x1b8\x1bM\n", "text\n"),
    ("a\tb\n", "a\tb\n"),
    ("a\r\n\r\nb", "a\n\nb"),
    ("50%\r100%\nnext\n", "100%\nnext\n"),
]


@pytest.mark.parametrize(("printed", "shown"), TERMINAL)
def test_text_is_what_a_terminal_shows(printed, shown):
    found, warnings = pieces(printed.encode(), [(0, 1)])
    assert "".join(text for _, text in found) == shown
    assert warnings == []


def test_an_escape_sequence_may_come_in_parts():
    data = b"a\x1b[31mb\rc\n"
    found, _ = pieces(data, [(0, 1), (4, 2)])
    assert found == ((2, "c"), (2, "b\n")) or found == ((2, "cb\n"),)


def test_bytes_that_are_no_text_are_replaced_with_a_warning(book, pool):
    found = record(
        pool, book.job("import sys\nsys.stdout.buffer.write(b'caf\\xe9\\n')\n")
    )
    assert found.printed() == "caf\ufffd\n"
    assert found.warnings == ("line 2 prints bytes that are not UTF-8",)
    kept = record(pool, book.job("print('\\ufffd')\n"))
    assert kept.warnings == ()


@pytest.mark.parametrize("character", ["\0", "\a", "\b", "\v", "\f", "\x7f", "\x9b"])
def test_other_control_characters_are_refused_with_their_line(character):
    with pytest.raises(ProgramError) as caught:
        pieces(f"a\nb{character}c\n".encode(), [(0, 3), (2, 7)])
    assert f"U+{ord(character):04X}" in str(caught.value)
    assert caught.value.line == 7


@pytest.mark.slow
def test_a_large_output_with_progress_bars_is_quick():
    data = ("".join(f"\r{i}/100" for i in range(100)) + "\n").encode() * 2000
    began = time.process_time()
    pieces(data, [(0, 1)])
    assert time.process_time() - began < 10
