"""Jobs run side by side, in a good order, and leave the build alone."""
# ruff: noqa: F401, F811 (fixtures are imported)

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import CancelledError
from pathlib import Path

import pytest
from running import book, end, is_alive, numbers, pool, record, soon

from bookbuild.errors import BookError
from bookbuild.run.pool import Pool
from bookbuild.run.record import Failure, Record

GATE = "import os, time\nwhile not os.path.exists('gate'): time.sleep(0.02)\n"


def order(one, book, submit):
    """The order in which jobs end on one core that is busy at first."""
    ended = []

    def ask(name, expected=None, first=False):
        from dataclasses import replace

        job = replace(book.job("print(1)\n", name=f"{name}.py"), expected=expected)
        future = one.submit(job, first)
        future.add_done_callback(lambda f: ended.append(name))
        return future

    gate = one.submit(book.job(GATE, name="gate.py", limit=200))
    assert soon(lambda: one.running)
    futures = submit(ask)
    (book.root / "gate").write_text("")
    gate.result(60)
    for future in futures:
        future.result(60)
    assert soon(lambda: len(ended) == len(futures))
    return "".join(ended)


@pytest.fixture
def one(tmp_path):
    with Pool(tmp_path, cores=1) as one:
        yield one


def test_the_longest_first(one, book):
    assert (
        order(one, book, lambda ask: [ask("a", 1), ask("b", 5), ask("c"), ask("d", 2)])
        == "bcda"
    )


def test_urgent_ones_before(one, book):
    assert (
        order(
            one,
            book,
            lambda ask: [
                ask("a", 1),
                ask("b", 5),
                ask("c", first=True),
                ask("d", first=True),
            ],
        )
        == "dcba"
    )


def test_promoted_ones_start_at_once(one, book):
    def submit(ask):
        futures = [ask("a", 9), ask("b", 5)]
        one.promote("none.py")
        one.promote("b.py")  # the gate is closed, and the only core busy
        assert isinstance(futures[1].result(30), Record)
        assert soon(lambda: not one.extra)
        return futures

    assert order(one, book, submit) == "ba"


def test_as_many_run_as_there_are_cores(book, tmp_path):
    with Pool(tmp_path, cores=3) as three:
        jobs = [
            book.job(
                "open('runs', 'a').write(f'{__import__(\"os\").getpid()}\\n')\n" + GATE,
                name=f"{i}.py",
            )
            for i in range(5)
        ]
        futures = [three.submit(job) for job in jobs]
        assert len(numbers(book.root / "runs", 3)) == 3
        assert len(three.running) == 3 and len(three.waiting) == 2
        (book.root / "gate").write_text("")
        assert all(isinstance(f.result(60), Record) for f in futures)


def test_cancelled_jobs_end_and_others_may_follow(one, book):
    text = "import os, time\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(99)\n"
    runs = one.submit(book.job(text, name="a.py"))
    waits = one.submit(book.job(text, name="b.py"))
    (number,) = numbers(book.root / "pid")
    one.cancel_all()
    for future in runs, waits:
        with pytest.raises(CancelledError):
            future.result(10)
    assert not is_alive(number)
    assert record(one, book.job("print(1)\n")).printed() == "1\n"


def test_a_future_that_is_cancelled_does_not_run(one, book):
    gate = one.submit(book.job(GATE, name="gate.py"))
    assert soon(lambda: one.running)
    future = one.submit(book.job("open('ran', 'w')\n", name="a.py"))
    assert future.cancel()
    (book.root / "gate").write_text("")
    gate.result(60)
    record(one, book.job("print(1)\n"))
    assert not (book.root / "ran").exists()


def test_a_closed_pool_refuses(tmp_path, book):
    one = Pool(tmp_path)
    one.close()
    one.close()
    with pytest.raises(BookError):
        one.submit(book.job("print(1)\n"))


def preloads(tmp_path, monkeypatch, text):
    """Let a module be there for the server to import."""
    folder = tmp_path / "modules"
    folder.mkdir()
    (folder / "preloaded.py").write_text(text)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return ["preloaded"]


SEEN = "import sys\nprint('preloaded' in sys.modules)\n"


def test_libraries_are_imported_once(tmp_path, book, monkeypatch):
    names = preloads(
        tmp_path, monkeypatch, f"open({str(tmp_path / 'n')!r}, 'a').write('x')\n"
    )
    with Pool(tmp_path, names, cores=2) as two:
        two.warm()
        futures = [two.submit(book.job(SEEN, name=f"{i}.py")) for i in range(4)]
        assert {f.result(60).printed() for f in futures} == {"True\n"}
    assert (tmp_path / "n").read_text() == "x"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("raise ValueError\n", True),
        ("raise SystemExit(3)\n", True),
        ("import no_such_thing\n", True),
        ("import os; os._exit(3)\n", False),
    ],
)
def test_a_library_that_cannot_be_imported_stops_nobody(
    text, others, tmp_path, book, monkeypatch
):
    names = [*preloads(tmp_path, monkeypatch, text), "colorsys"]
    with Pool(tmp_path, names, cores=1) as one:
        found = record(one, book.job(SEEN + "print('colorsys' in sys.modules)\n"))
        assert found.printed() == f"False\n{others}\n"


QUIET = """\
import sys
sys.path[:0] = [{tests!r}, {root!r}]
from pathlib import Path
from running import Book
from bookbuild.run.pool import Pool
book = Book(Path({folder!r}))
if __name__ == "__main__":
    print("main", __name__, flush=True)
    with Pool(book.root, ["preloaded"], start={start!r}) as pool:
        print(pool.submit(book.job("print(input())")).result().message)
else:
    print("imported as", __name__, flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("start", ["fork", "fresh"])
def test_the_builds_own_input_and_output_are_its_own(start, tmp_path, monkeypatch):
    """What libraries print does not reach it, its main module runs once."""
    preloads(tmp_path, monkeypatch, "print('library')\n")
    (tmp_path / "book").mkdir()
    script = tmp_path / "build.py"
    script.write_text(
        QUIET.format(
            tests=str(Path(__file__).parent),
            root=str(Path(__file__).parents[2]),
            folder=str(tmp_path / "book"),
            start=start,
        )
    )
    done = subprocess.run(
        [sys.executable, str(script)],
        input="secret\n",
        text=True,
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "main __main__\nEOFError: EOF when reading a line\n"


def test_programs_are_in_sessions_of_their_own(one, book):
    """So an interrupt from the keyboard reaches the build alone."""
    found = record(
        one,
        book.job(
            "import os\nprint(os.getsid(0), os.getsid(os.getppid()), os.getpid())\n"
        ),
    )
    session, supervisors, number = map(int, found.printed().split())
    assert session == number
    assert supervisors != os.getsid(0)


def test_the_environment_of_programs(one, book, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    names = (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "MPLBACKEND",
        "PYTHONHASHSEED",
    )
    text = f"import os\nprint(*[os.environ[n] for n in {names}])\n"
    assert record(one, book.job(text)).printed() == "1 1 1 Agg 0\n"
    assert os.environ["OMP_NUM_THREADS"] == "7"


@pytest.mark.parametrize("start", ["fork", "fresh"])
def test_programs_know_nothing_of_other_variables(start, tmp_path, book, monkeypatch):
    monkeypatch.setenv("MY_STEPS", "300")
    monkeypatch.setenv("LC_TIME", "C")
    text = "import os\nprint(os.getenv('MY_STEPS'), os.getenv('LC_TIME'))\n"
    with Pool(tmp_path / "pool", start=start) as own:
        assert record(own, book.job(text)).printed() == "None C\n"


@pytest.mark.slow
def test_the_server_is_started_again(one, book):
    record(one, book.job("print(1)\n"))
    first = one.server
    first.process.kill()
    assert soon(lambda: not first.is_alive())
    assert record(one, book.job("print(2)\n")).printed() == "2\n"
    assert one.server is not first


def test_a_fork_of_the_build_does_not_close_the_pool(one, book):
    record(one, book.job("print(1)\n"))
    number = os.fork()
    if number == 0:
        one.close()
        os._exit(0)
    os.waitpid(number, 0)
    assert one.server.is_alive()
    assert record(one, book.job("print(1)\n"))


@pytest.mark.slow
def test_many_jobs_at_once_all_come_back(book, tmp_path):
    with Pool(tmp_path, cores=4) as four:
        futures = [
            four.submit(book.job(f"print({i})\n", name=f"{i}.py")) for i in range(40)
        ]
        printed = [future.result(60).printed() for future in futures]
        assert printed == [f"{i}\n" for i in range(40)]
        threads = threading.active_count()
    assert threads < 40
