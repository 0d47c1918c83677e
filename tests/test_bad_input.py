"""Checks that what is wrong in a book is said once, clearly, and leaves the cache sound."""

import shutil
import signal
import time

import psutil
import pytest
from conftest import DRAWS, PAGES, PROGRAMS, TinyBook, wait_for

GOOD = PROGRAMS["part/first.py"]
# A page with a second program, on which the mistakes are made.
PAGE = """\
# Second

```python
--8<-- "part/second.py:work"
```
"""
WORK = "# --8<-- [start:work]\n{}\n# --8<-- [end:work]\n"


def make_book(root):
    """A book whose second page is empty."""
    book = TinyBook(root, settings={"limit": 1.5, "references": "refs.bib"})
    book.write(".", "refs.bib", "")
    book.page("part/second.md", "# Second\n")
    return book


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """The cache of such a book after its first program has run."""
    book = make_book(tmp_path_factory.mktemp("built") / "book")
    done = book.build()
    assert done.code == 0 and done.runs == ["part/first.py"], done.output
    return book.root / ".cache"


@pytest.fixture
def book(tmp_path, built):
    """A book whose first program has run; its second page is empty."""
    book = make_book(tmp_path / "book")
    shutil.copytree(built, book.root / ".cache")
    return book


def fails(book, *words):
    """Build a book that has one mistake; returns the one message.

    Checks that it stands on one line with these words, that nothing like a
    traceback is printed, and that no program but the second ran.
    """
    done = book.build()
    assert done.code != 0
    assert "Traceback" not in done.output
    assert 'File "' not in done.output
    assert "part/first.py" not in done.runs
    # MkDocs names the page first when the mistake is found in its text.
    [message] = [line for line in done.output.splitlines()
                 if line.startswith("ERROR")
                 and not line.endswith("Error reading page "
                                       "'part/second.md':")]
    for word in words:
        assert word in message
    assert "problems" not in message
    return message


def recovers(book, runs=("part/second.py",)):
    """Repair the second page and program; only that program runs."""
    book.page("part/second.md", PAGE)
    book.program("part/second.py", WORK.format("print('repaired')"))
    done = book.build()
    assert done.code == 0, done.output
    assert done.runs == list(runs)


@pytest.mark.parametrize("code, line, words", [
    ("x = 1\nx / 0", 3, "ZeroDivisionError: division by zero"),
    ("x = [1, 2\nprint(x))", 3, "SyntaxError"),
    ("import time\ntime.sleep(60)", None, "still running after 1.5 s"),
    ("import os\nos._exit(3)", None, "its process died (exit code 3)"),
    ("import os\nos.abort()", None, "its process died (SIGABRT)"),
    ("raise SystemExit(2)", 2, "called exit(2)"),
    ("raise KeyboardInterrupt", 2, "KeyboardInterrupt"),
    ("results = {'file': open}", None, "results holds a "
     "builtin_function_or_method"),
    ("from importlib.metadata import distribution\n"
     "distribution('no-such-package')", 3, "requirements-data.txt"),
    ("import no_such_module", 2, "No module named 'no_such_module'"),
], ids=["raises", "syntax error", "never ends", "exits", "aborts",
        "calls exit", "interrupts", "odd results", "missing data",
        "missing module"])
def test_program_that_fails_is_named_with_page_and_lines(book, code, line,
                                                         words):
    book.page("part/second.md", PAGE)
    book.program("part/second.py", WORK.format(code))
    place = "part/second.py" + (f", line {line}" if line else "")
    fails(book, f"part/second.md, line 4 -> {place}: ", words)
    recovers(book)


def test_error_in_a_helper_is_placed_at_the_line_that_called_it(book):
    book.page("part/second.md", PAGE)
    book.program("part/helper.py", "def f(x):\n    return x / 0\n")
    book.program("part/second.py",
                 WORK.format("from helper import f\nf(1)"))
    fails(book, "part/second.md, line 4 -> part/second.py, line 3: ",
          "ZeroDivisionError")


def test_program_that_draws_what_cannot_be_drawn_is_named(book):
    book.page("part/second.md", PAGE)
    book.program("part/second.py", WORK.format(
        DRAWS + r"ax.set_title(r'$\nosuchsymbol$')"))
    fails(book, "part/second.md, line 4 -> part/second.py", "nosuchsymbol")


BAD_PAGES = {
    "missing result": ("Text.\n\nIt is {{ mean:.1f }}.\n", 8, " -> "
                       "part/second.py: results has no 'mean'; there is: "
                       "total"),
    "wrong number format": ("It is {{ total:.1%x }}.\n", 6, " -> "
                            "part/second.py: cannot format"),
    "missing figure": ("/// figure | part/second.py:line\n    alt: A line\n"
                       "Caption.\n///\n", 6, " -> part/second.py: the "
                       "program drew no figure 'line'"),
    "figure without alternative text": (
        "/// figure | part/second.py:dot\nCaption.\n///\n", 6,
        " -> part/second.py: the figure has no alternative text"),
    "unknown section": ('```python\n--8<-- "part/second.py:data"\n```\n', 7,
                        " -> part/second.py: there is no section 'data'; "
                        "there is: work"),
    "unknown section of output": ("/// output | part/second.py:data\n///\n",
                                  6, " -> part/second.py: there is no "
                                  "section 'data'; there is: work"),
    "section that prints nothing": (
        "/// output | part/second.py:work\n///\n", 6, " -> part/second.py: "
        "this section prints nothing"),
    "unknown program": ('```python\n--8<-- "part/third.py"\n```\n', 7,
                        " -> part/third.py: there is no such program"),
    "wrong formula": ("Text $x^2$.\n\nThen $\\frac{1}{$ here.\n", 8,
                      ": wrong formula: KaTeX parse error"),
    "unknown citation": ("As said [@nobody2020].\n", 6,
                         ": unknown citation 'nobody2020'"),
    "unknown numbered link": ("See [](#fig-nothing).\n", 6,
                              ": nothing numbered stands behind"),
}


@pytest.mark.parametrize("name", BAD_PAGES)
def test_mistake_in_a_page_is_named_with_its_line(book, name):
    text, line, words = BAD_PAGES[name]
    book.page("part/second.md", f"{PAGE}{text}")
    program = WORK.format("results = {'total': 3}")
    if "figure" in name:
        program += DRAWS.replace("line", "dot", 1)
    book.program("part/second.py", program)
    fails(book, f"part/second.md, line {line}{words}")
    recovers(book)


def test_sections_that_do_not_fit_are_named_with_their_line(book):
    book.page("part/second.md", PAGE)
    book.program("part/second.py", "x = 1\n# --8<-- [start:work]\n")
    fails(book, "part/second.md, line 4 -> part/second.py, line 2: "
          "section 'work' has no end marker")
    recovers(book)


def test_all_mistakes_are_listed_at_once(book):
    book.page("part/second.md", PAGE + "{{ a }} and {{ b }}\n")
    book.program("part/second.py", WORK.format("print(1)"))
    done = book.build()
    assert done.code != 0
    assert "2 problems" in done.output
    assert "results has no 'a'" in done.output
    assert "results has no 'b'" in done.output


@pytest.mark.parametrize("damage", ["", "{", "{}", "[]", "null",
                                    '{"files": {}, "versions": {}}'])
def test_damaged_cache_entry_is_run_again(book, damage):
    path, record = book.record("part/first.py")
    path.write_text(damage)
    done = book.build()
    assert done.code == 0, done.output
    assert done.runs == ["part/first.py"]
    assert book.record("part/first.py")[1]["output"] == record["output"]


@pytest.mark.parametrize("name", ["timings.json", "formulas.json",
                                  "references.json"])
@pytest.mark.parametrize("damage", ["", "[]", "{"])
def test_other_damaged_cache_files_are_made_again(book, name, damage):
    (book.records.parent / name).write_text(damage)
    book.page("part/second.md", PAGE + "$x^2$\n")
    book.program("part/second.py", WORK.format("print(1)"))
    done = book.build()
    assert done.code == 0, done.output
    assert done.runs == ["part/second.py"]


def slow_book(book, seconds=60):
    """Give a book a second program that says its process and then sleeps."""
    book.page("part/second.md", PAGE)
    book.program("part/second.py", WORK.format(
        "import os, pathlib, time\n"
        f"pathlib.Path('pid.new').write_text(str(os.getpid()))\n"
        f"os.replace('pid.new', 'pid')\ntime.sleep({seconds})"))
    return book.root / "pid"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT,
                                    signal.SIGTERM])
def test_stopped_build_leaves_no_process_and_keeps_what_is_done(tmp_path,
                                                                number):
    book = TinyBook(tmp_path / "book")
    pid_file = slow_book(book)
    build = book.start("build")
    assert wait_for(pid_file.exists)
    wait_for(lambda: "part/first.py: 0.0 s" in book.log)
    processes = psutil.Process(build.pid).children(recursive=True)
    assert int(pid_file.read_text()) in [p.pid for p in processes]
    build.send_signal(number)
    build.wait(10)
    _, alive = psutil.wait_procs(processes, timeout=4)
    for process in alive:
        process.kill()
    assert not alive
    recovers(book)


def test_build_killed_while_libraries_load_leaves_no_process(tmp_path):
    book = TinyBook(tmp_path / "book", settings={"preload": ["slow"]})
    pid_file = slow_book(book, seconds=20)
    book.page("part/first.md", "# First\n")  # so that none runs before
    book.write(".", "slow.py", "import time\ntime.sleep(1.5)\n")
    build = book.start("build")
    parent = psutil.Process(build.pid)
    [server] = wait_for(lambda: [p for p in parent.children()
                                 if "bookbuild.runner" in p.cmdline()])
    time.sleep(0.5)
    build.kill()
    build.wait()
    _, alive = psutil.wait_procs([server], timeout=5)
    for process in alive:
        process.kill()
    assert not alive
    assert not pid_file.exists()


def test_two_builds_at_once_both_succeed_and_one_waits(book):
    slow_book(book, seconds=1)
    builds = [book.start("build")]
    wait_for((book.root / "pid").exists)
    second = book.build()
    assert second.code == 0, second.output
    assert "Another build of this book is running; waiting" in second.output
    assert builds[0].wait(20) == 0
    assert second.runs == []


def test_program_changed_while_it_runs_is_not_kept(book):
    pid_file = slow_book(book, seconds=1)
    path = book.root / "snippets/part/second.py"
    before = path.read_text()
    build = book.start("build")
    wait_for(pid_file.exists)
    path.write_text(before.replace("sleep(1)", "sleep(0)"))
    build.wait(20)
    path.write_text(before)
    assert book.build().runs == ["part/second.py"]


def test_served_page_shows_its_error_until_it_is_repaired(book, serve):
    book.page("part/second.md", PAGE)
    book.program("part/second.py", WORK.format("print('fine so far')"))
    server = serve(book)
    assert server.shows("part/first.html", "The mean is 2.00")
    book.program("part/first.py", GOOD.replace("/ 3", "/ 0"))
    assert server.shows("part/first.html", "ZeroDivisionError")
    page = server.get("part/first.html")
    assert "part/first.md, line 4 -&gt; part/first.py, line 3" in page
    assert "part/first.md, line 4 -> part/first.py, line 3: " in book.log
    assert "Traceback" not in book.log
    assert "ZeroDivisionError" not in server.get("part/second.html")
    book.program("part/first.py", GOOD.replace("/ 3", "/ 2"))
    assert server.shows("part/first.html", "The mean is 3.00")
    assert "ZeroDivisionError" not in server.get("part/first.html")
    assert server.process.poll() is None


@pytest.mark.parametrize("name", BAD_PAGES)
def test_served_page_with_a_mistake_shows_it(book, serve, name):
    text, _, words = BAD_PAGES[name]
    book.page("part/second.md", PAGE + text)
    book.program("part/second.py", WORK.format("results = {'total': 3}")
                 + DRAWS.replace("line", "dot", 1))
    server = serve(book)
    words = words.split(": ", 1)[1].replace("'", "&#x27;")
    words = words.partition("&#x27;")[0].partition("; ")[0]
    assert server.shows("part/second.html", words, 15), book.log
    assert server.process.poll() is None
    book.page("part/second.md", PAGE + "Repaired.\n")
    assert server.shows("part/second.html", "Repaired.", 15)


def test_server_starts_with_an_error_in_the_first_build(book, serve):
    book.program("part/first.py", GOOD.replace("/ 3", "/ 0"))
    server = serve(book)
    assert server.shows("part/first.html", "ZeroDivisionError")
    book.program("part/first.py", GOOD)
    assert server.shows("part/first.html", "The mean is 2.00")
    assert server.process.poll() is None


def test_programs_stay_ended_after_the_server_stops(book, serve):
    pid_file = slow_book(book, seconds=0)
    server = serve(book)
    assert server.shows("part/first.html", "The mean is 2.00")
    processes = psutil.Process(server.process.pid).children(recursive=True)
    assert processes and pid_file.exists()
    server.stop()
    assert not psutil.wait_procs(processes, timeout=4)[1]
