"""The one way to run a program: what has run and has not changed does not run again."""
# ruff: noqa: F401, F811 (fixtures are imported)

import subprocess
import sys
import threading
from concurrent.futures import CancelledError
from functools import partial
from pathlib import Path

import pytest
from filelock import FileLock
from running import book, numbers, soon

from bookbuild.errors import BookError
from bookbuild.run.pool import Pool
from bookbuild.run.program import Change, read_program
from bookbuild.run.record import Claim, Failure, Record
from bookbuild.run.runner import Runner
from bookbuild.run.store import Store


class Counting:
    """A runner, and the names of the programs that it has run or found."""

    def __init__(self, book, **options):
        self.ran, self.found = [], []
        self.runner = Runner(
            Store(book.root / ".cache", book.root),
            partial(Pool, cores=2),
            book.root,
            20,
            on_done=self.done,
            **options,
        )

    def done(self, job, outcome, cpu, from_store):
        (self.found if from_store else self.ran).append(job.program.name)
        assert (cpu is None) == isinstance(outcome, Failure)

    def __enter__(self):
        return self.runner, self.ran, self.found

    def __exit__(self, *exception):
        self.runner.close()


def claim(code, page="part/first.md", line=10, name="claim"):
    return Claim(name, page, line, code)


def test_a_program_runs_once(book):
    program = book.program("print(1)\n")
    with Counting(book) as (runner, ran, found):
        futures = [runner.submit(program) for _ in range(3)]
        first = futures[0].result()
        assert isinstance(first, Record) and first.printed() == "1\n"
        assert all(future.result() == first for future in futures)
        assert runner.run(program) == first
        assert runner.load(program) == first
        assert found == []
        assert ran == ["part/first.py"]
    with Counting(book) as (runner, ran, found):
        assert runner.run(program) == first
        assert (ran, found) == ([], ["part/first.py"])
        assert runner.run(program, fresh=True).printed() == "1\n"
        (lock,) = (book.root / ".cache" / "locks").iterdir()
        FileLock(lock).acquire(blocking=False)  # nobody holds it any more
        assert ran == ["part/first.py"]


@pytest.mark.parametrize("change", ["text", "claims", "data", "machinery"])
def test_a_program_runs_again_when_something_has_changed(change, book):
    book.write("part/data.txt", "1")
    text = "print(open('snippets/part/data.txt').read())\n"
    program, claims = book.program(text), (claim("assert 1 < 2"),)
    with Counting(book) as (runner, ran, _):
        runner.run(program, claims=claims)
        if change == "text":
            program = book.program(text + "\n")
        elif change == "claims":
            claims = (claim("assert 1 < 3"),)
        elif change == "data":
            book.write("part/data.txt", "2")
            runner.forget()
        else:
            runner.store._machinery = "other"
        assert runner.load(program, claims=claims) is None
        assert isinstance(runner.run(program, claims=claims), Record)
        assert len(ran) == 2


def test_a_claim_that_moves_runs_nothing(book):
    program = book.program("x = 1\n")
    before, after = claim("\nassert x > 2"), claim("\nassert x > 2", "other.md", 70)
    with Counting(book) as (runner, ran, _):
        (verdict,) = runner.run(program, claims=(before,)).verdicts
        assert verdict.message == "part/first.md, line 11: assert x > 2 (1 > 2)"
        (verdict,) = runner.run(program, claims=(after,)).verdicts
        assert verdict.message == "other.md, line 71: assert x > 2 (1 > 2)"
        (verdict,) = runner.load(program, claims=(after,)).verdicts
        assert verdict.message == "other.md, line 71: assert x > 2 (1 > 2)"
        assert len(ran) == 1


def test_a_book_may_be_named_by_a_relative_path(book, monkeypatch):
    monkeypatch.chdir(book.root.parent)
    root = Path(book.root.name)
    book.program("print(__file__)\nopen('snippets/part/first.py')\n")
    name = "part/first.py"
    program = read_program(name, root / "snippets" / name, root / "snippets")
    with Runner(Store(root / ".cache", root), Pool, root) as runner:
        found = runner.run(program)
        assert found.printed() == f"{book.snippets / name}\n"
        assert list(found.reads["files"]) == [f"snippets/{name}"]
        assert runner.load(program) == found


def test_claims_come_back_in_their_order(book):
    program = book.program("x = 1\n")
    claims = (claim("assert x > 2", name="a"), claim("assert x < 2", name="b"))
    with Counting(book) as (runner, _, _):
        for found in (
            runner.run(program, claims=claims),
            runner.load(program, claims=claims),
        ):
            assert [(v.claim, v.held) for v in found.verdicts] == [
                ("a", False),
                ("b", True),
            ]


def test_changes_are_made_before(book):
    program = book.program("x = 1\nprint(x)\n")
    with Counting(book) as (runner, _, _):
        assert runner.run(program, (Change("x = 1", "x = 2"),)).printed() == "2\n"
        assert runner.run(program).printed() == "1\n"
        with pytest.raises(BookError):
            runner.submit(program, (Change("y", "z"),))


def test_a_failure_is_remembered_until_the_next_build(book):
    program = book.program("open('none.txt')\n")
    with Counting(book) as (runner, ran, _):
        assert isinstance(runner.run(program), Failure)
        (book.root / "none.txt").write_text("")
        assert isinstance(runner.run(program), Failure)
        assert len(ran) == 1
        runner.forget()
        assert isinstance(runner.run(program), Record)
    with Counting(book) as (runner, ran, found):
        assert isinstance(runner.run(program), Record)
        assert found


def test_longest_first(book):
    for name in "abcd":
        book.write(f"{name}.py", "")
    programs = {n: book.program("print(1)\n", f"{n}.py") for n in "abcd"}
    order = []
    store = Store(book.root / ".cache", book.root)
    store.put("timings", "a.py", 3)
    runner = Runner(
        store,
        partial(Pool, cores=1),
        book.root,
        expectations={"a.py": 100, "b.py": 9, "c.py": 1},
        on_done=lambda job, *_: order.append(job.program.name[0]),
    )
    with runner:
        gate = book.root / "gate"
        waits = book.program(
            "import os, time\nwhile not os.path.exists('gate'): time.sleep(0.02)\n",
            "wait.py",
        )
        futures = [runner.submit(waits)]
        assert soon(lambda: runner._pool and runner._pool.running)
        futures += [runner.submit(programs[name]) for name in "abcd"]
        gate.write_text("")
        for future in futures:
            future.result()
        # d is not known: the mean of the others that wait.
    assert order == ["w", "b", "d", "a", "c"]


def test_timings_are_kept(book):
    with Counting(book) as (runner, _, _):
        assert runner.expected("part/first.py") is None
        found = runner.run(book.program("print(1)\n"))
        assert runner.expected("part/first.py") == found.cpu


TWICE = """\
import sys
sys.path[:0] = [{tests!r}, {root!r}]
from pathlib import Path
from running import Book
from bookbuild.run.pool import Pool
from bookbuild.run.program import read_program
from bookbuild.run.runner import Runner
from bookbuild.run.store import Store
folder = Path({folder!r})
program = read_program("a.py", folder / "snippets/a.py", folder / "snippets")
with Runner(Store(folder / ".cache", folder), Pool, folder) as runner:
    print(runner.run(program).printed(), end="")
"""


@pytest.mark.slow
def test_two_processes_do_not_run_a_program_twice(book, tmp_path):
    book.program(
        "import time\nopen('runs', 'a').write('x')\ntime.sleep(0.5)\nprint('done')\n",
        "a.py",
    )
    script = TWICE.format(
        tests=str(Path(__file__).parent),
        root=str(Path(__file__).parents[2]),
        folder=str(book.root),
    )
    both = [
        subprocess.Popen(
            [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    assert [each.communicate(timeout=60)[0] for each in both] == ["done\n"] * 3
    assert (book.root / "runs").read_text() == "x"


@pytest.mark.slow
def test_when_the_other_process_dies_the_program_runs_here(book):
    program = book.program(
        "import time\nopen('runs', 'a').write('1 ')\ntime.sleep(2)\nprint('done')\n",
        "a.py",
    )
    script = TWICE.format(
        tests=str(Path(__file__).parent),
        root=str(Path(__file__).parents[2]),
        folder=str(book.root),
    )
    other = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.DEVNULL)
    try:
        numbers(book.root / "runs")
        with Counting(book) as (runner, ran, _):
            future = runner.submit(program)
            assert runner._held
            other.kill()
            assert future.result(60).printed() == "done\n"
            assert ran == ["a.py"]
    finally:
        other.kill()
        other.wait()


def test_a_cache_that_cannot_be_written_is_told(book):
    (book.root / ".cache").write_text("")
    with Counting(book) as (runner, _, _), pytest.raises(BookError) as caught:
        runner.run(book.program("print(1)\n"))
    assert str(book.root / ".cache") in str(caught.value)


def test_a_cache_that_fills_up_meanwhile_is_told(book):
    with Counting(book) as (runner, _, _):
        runner.run(book.program("print(1)\n"))
        records = book.root / ".cache" / "records"
        for file in records.iterdir():
            file.unlink()
        records.rmdir()
        records.write_text("")
        with pytest.raises(BookError):
            runner.run(book.program("print(2)\n"))


def test_what_is_cancelled_may_be_asked_again(book):
    slow = book.program("import time\ntime.sleep(600)\n", "slow.py")
    quick = book.program("print(1)\n", "quick.py")
    with Counting(book) as (runner, _, _):
        futures = [
            runner.submit(slow),
            runner.submit(slow, (Change("600", "601"),)),
            runner.submit(quick),
        ]
        assert soon(lambda: len(runner._pool.running) == 2)
        runner.cancel_all()
        for future in futures:
            with pytest.raises(CancelledError):
                future.result(10)
        assert runner.run(quick).printed() == "1\n"


@pytest.mark.slow
def test_closing_ends_what_waits(book):
    slow = book.program("import time\ntime.sleep(600)\n", "slow.py")
    with Counting(book) as (runner, _, _):
        future = runner.submit(slow)
    with pytest.raises(CancelledError):
        future.result(10)
    with pytest.raises(BookError):
        runner.submit(slow).result(1)


def test_asking_from_many_threads_runs_once(book):
    program = book.program("print(1)\n")
    with Counting(book) as (runner, ran, _):
        results = []
        threads = [
            threading.Thread(target=lambda: results.append(runner.run(program)))
            for _ in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(results) == 20 and len(set(map(id, results))) >= 1
        assert len(ran) == 1
