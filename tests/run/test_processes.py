"""Programs that do not end, or leave something behind: both are over when the outcome is there."""
# ruff: noqa: F401, F811 (fixtures are imported)

import os
import pickle
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from running import (
    book,
    end,
    failure,
    fresh_pool,
    is_alive,
    numbers,
    pool,
    record,
    soon,
)

from bookbuild.run import reads, supervise, worker
from bookbuild.run.pool import Pool
from bookbuild.run.record import Failure, Record

pytestmark = pytest.mark.slow

# In all of these, PIDS is the file into which go the numbers of processes
# that must be dead when the outcome is there.
TELL = """\
import os, signal, subprocess, sys, threading, time
def tell(pid):
    with open('PIDS', 'a') as file:
        file.write(f'{pid}\\n')
tell(os.getpid())
"""
LIMIT = "still running after 0.5 s, the limit; stopped"
KEPT = LIMIT + " (its last line had ended; a thread or atexit handler kept it)"

# name: (program, message or None if it leaves a record)
LEAVES = {
    "hangs": ("time.sleep(600)\n", LIMIT),
    "hangs-in-C": ("x = 9\nprint(x ** x ** x)\n", LIMIT),
    "non-daemon-thread": (
        "threading.Thread(target=time.sleep, args=(600,)).start()\nprint('done')\n",
        KEPT,
    ),
    "busy-thread": (
        "def f():\n    while True: pass\nthreading.Thread(target=f).start()\n",
        KEPT,
    ),
    "atexit": ("import atexit\natexit.register(time.sleep, 600)\n", KEPT),
    "ignores-sigterm": (
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(600)\n",
        LIMIT,
    ),
    "stops-itself": ("os.kill(os.getpid(), signal.SIGSTOP)\n", LIMIT),
    "child-at-the-limit": (
        "p = subprocess.Popen(['sleep', '600'])\ntell(p.pid)\np.wait()\n",
        LIMIT,
    ),
    "fork-that-holds-everything": (
        "pid = os.fork()\nif pid == 0:\n    time.sleep(60)\n    os._exit(0)\n"
        "tell(pid)\nos._exit(3)\n",
        "its process died (exit code 3)",
    ),
    "fork-that-goes-on": (
        "pid = os.fork()\nif pid == 0:\n    time.sleep(60)\n    os._exit(0)\n"
        "tell(pid)\n",
        None,
    ),
    "child-that-goes-on": ("tell(subprocess.Popen(['sleep', '600']).pid)\n", None),
    "shell-in-the-background": (
        "subprocess.run('sleep 600 & echo $! >> PIDS', shell=True)\n",
        None,
    ),
    "daemon":  # forks twice, with a session of its own
    (
        "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        "        signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "        signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "        tell(os.getpid())\n        time.sleep(600)\n    os._exit(0)\n"
        "os.wait()\ntime.sleep(0.1)\n",
        None,
    ),
    "daemon-in-a-new-session": (
        "tell(subprocess.Popen(['sleep', '600'], start_new_session=True).pid)\n",
        None,
    ),
    "pool-left-open": (
        "import multiprocessing as mp\npool = mp.get_context('fork').Pool(2)\n"
        "pool.apply(int)\nfor p in mp.active_children(): tell(p.pid)\n",
        None,
    ),
    "kills-its-session": (
        "os.killpg(0, signal.SIGKILL)\n",
        "its process died (SIGKILL)",
    ),
    "segfault-with-a-child": (
        "import ctypes\ntell(subprocess.Popen(['sleep', '600']).pid)\n"
        "ctypes.string_at(0)\n",
        "its process died (SIGSEGV)",
    ),
    "prints-for-ever": (
        "while True: print('x' * 10_000)\n",
        "printed more than 20 MB; stopped",
    ),
}
# These end by killing what watches them.
KILLS_PARENT = {
    "kills-its-parent": "os.kill(os.getppid(), 9)\ntime.sleep(600)\n",
    "kills-its-parent-with-children": "tell(subprocess.Popen(['sleep', '600']).pid)\n"
    "tell(subprocess.Popen(['sleep', '600'], start_new_session=True).pid)\n"
    "os.kill(os.getppid(), 9)\ntime.sleep(600)\n",
    "kills-its-parent-as-a-daemon": "parent = os.getppid()\n"
    "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
    "        tell(os.getpid())\n        os.kill(parent, 9)\n"
    "        time.sleep(600)\n    os._exit(0)\ntime.sleep(600)\n",
}


def text(body, pids):
    return (TELL + body).replace("PIDS", str(pids))


def left(pids):
    """The processes of a test that are alive."""
    return [number for number in numbers(pids) if is_alive(number)]


@pytest.fixture
def pids(tmp_path):
    """The file PIDS; whatever is in it is killed after the test."""
    yield tmp_path / "pids"
    if (tmp_path / "pids").exists():
        for number in left(tmp_path / "pids"):
            end(number)


@pytest.fixture(params=["fork", "fresh"])
def any_pool(request):
    return request.getfixturevalue("pool" if request.param == "fork" else "fresh_pool")


@pytest.mark.parametrize("name", LEAVES)
def test_nothing_outlives_a_program(name, book, pids, any_pool):
    body, message = LEAVES[name]
    limit = 0.5 if message in (LIMIT, KEPT) else 30
    job = book.job(text(body, pids), limit=limit)
    outcome = any_pool.submit(job).result(60)
    assert not left(pids)
    if message is None:
        assert isinstance(outcome, Record), outcome
    else:
        assert outcome == Failure("part/first.py", message)


@pytest.mark.parametrize("name", KILLS_PARENT)
def test_a_program_may_kill_what_watches_it(name, book, pids, any_pool):
    job = book.job(text(KILLS_PARENT[name], pids))
    found = failure(any_pool, job)
    assert found.message == "its process died, and so did the one watching it"
    assert soon(lambda: not left(pids))
    assert record(any_pool, book.job("print(1)\n")).printed() == "1\n"


def test_a_program_may_stop_what_watches_it(book, pids, any_pool, monkeypatch):
    monkeypatch.setattr(supervise, "GRACE", 0.3)
    body = "os.kill(os.getppid(), signal.SIGSTOP)\ntime.sleep(600)\n"
    job = book.job(text(body, pids), limit=0.3)
    found = failure(any_pool, job)
    assert found.message == "its process died, and so did the one watching it"
    assert soon(lambda: not left(pids))


@pytest.mark.parametrize("signal", ["SIGKILL", "SIGSTOP"])
def test_a_program_may_kill_the_server_of_all(
    signal, book, tmp_path, pids, monkeypatch
):
    monkeypatch.setattr(supervise, "GRACE", 1)
    body = f"""\
parent = os.getppid()
server = int(open(f'/proc/{{parent}}/stat').read().rpartition(')')[2].split()[1])
tell(server)
tell(subprocess.Popen(['sleep', '600']).pid)
tell(subprocess.Popen(['sleep', '600'], start_new_session=True).pid)
os.kill(server, signal.{signal})
os.kill(parent, signal.{signal})
time.sleep(600)
"""
    bystander = f"""\
import time
from pathlib import Path
while Path({str(pids)!r}).stat().st_size == 0:
    time.sleep(0.05)
time.sleep(0.5)
print('done')
"""
    pids.write_text("")
    with Pool(tmp_path, cores=2) as one:
        other = one.submit(book.job(bystander, name="other.py"))
        job = book.job(text(body, pids), limit=1)
        outcome = one.submit(job).result(60)
        assert isinstance(outcome, Failure), outcome
        assert isinstance(other.result(60), Record)
        assert record(one, book.job("print(1)\n")).printed() == "1\n"
    assert soon(lambda: not left(pids))


def test_where_there_is_no_forking_a_program_is_stopped_too(book, pids):
    job = book.job(text("time.sleep(600)\n", pids), limit=1)
    outcome = supervise.watch(job, lambda: False, fork=False)
    assert outcome == Failure(
        "part/first.py", "still running after 1 s, the limit; stopped"
    )
    assert not left(pids)


def test_a_job_in_a_file_can_be_run(book, tmp_path):
    job = book.job("import sys\nprint(sys.path[0])\n")
    (tmp_path / "job").write_bytes(pickle.dumps((job, reads.libraries())))
    subprocess.run(
        [
            sys.executable,
            "-m",
            "bookbuild.run.worker",
            tmp_path / "job",
            tmp_path / "result",
        ],
        check=True,
        cwd=Path(reads.__file__).parents[2],
    )
    found = worker.from_json((tmp_path / "result").read_bytes())
    assert found.printed() == f"{book.snippets / 'part'}\n"


def test_where_there_is_no_forking_records_are_the_same(book, pool):
    job = book.job("import sys\nprint(sys.argv)\nresults = {'a': 1}\n", "assert 1 > 0")
    forked = record(pool, job)
    started = supervise.watch(job, lambda: False, fork=False)
    assert isinstance(started, Record), started
    assert started.output == forked.output
    assert (started.results, started.verdicts) == (forked.results, forked.verdicts)


ALONE = """\
import sys
sys.path[:0] = [{tests!r}, {root!r}]
from pathlib import Path
from running import Book
from bookbuild.run.supervise import supervise
(Path({folder!r}) / "book").mkdir()
print(supervise(Book(Path({folder!r}) / "book").job({text!r}), fresh=False))
"""


def alone(tmp_path, text):
    """The command that runs a program without a pool."""
    return [
        sys.executable,
        "-c",
        ALONE.format(
            tests=str(Path(__file__).parent),
            root=str(Path(__file__).parents[2]),
            folder=str(tmp_path),
            text=text,
        ),
    ]


def test_without_a_pool_a_program_dies_with_what_watches_it(tmp_path, pids):
    watcher = subprocess.Popen(
        alone(tmp_path, text("time.sleep(600)\n", pids)),
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    try:
        numbers(pids)
    finally:
        watcher.kill()
        watcher.wait()
    assert soon(lambda: not left(pids))


def test_without_a_pool_a_program_reads_no_input(tmp_path):
    done = subprocess.run(
        alone(tmp_path, "print(input())\n"),
        input="secret\n",
        text=True,
        capture_output=True,
        check=True,
    )
    assert "EOFError" in done.stdout


BUILD = """\
import sys, time
sys.path[:0] = [{tests!r}, {root!r}]
from pathlib import Path
from running import Book
from bookbuild.run.pool import Pool
book = Book(Path({folder!r}))
pool = Pool(book.root, start={start!r}, cores=2)
job = book.job({text!r})
future = pool.submit(job)
pool.submit(book.job("import time; time.sleep(600)", name="b.py"))
print(future.result())
"""


@pytest.mark.parametrize("start", ["fork", "fresh"])
@pytest.mark.parametrize("how", ["SIGKILL", "SIGTERM", "SIGINT"])
def test_a_killed_build_leaves_nothing(how, start, tmp_path, pids):
    body = (
        "tell(os.getppid())\n"
        "tell(subprocess.Popen(['sleep', '600']).pid)\n"
        "tell(subprocess.Popen(['sleep', '600'], start_new_session=True).pid)\n"
        "time.sleep(600)\n"
    )
    (tmp_path / "book").mkdir()
    script = BUILD.format(
        tests=str(Path(__file__).parent),
        root=str(Path(__file__).parents[2]),
        folder=str(tmp_path / "book"),
        start=start,
        text=text(body, pids),
    )
    build = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.DEVNULL)
    try:
        numbers(pids, 4)
        build.send_signal(getattr(__import__("signal"), how))
        build.wait(10)
        assert soon(lambda: not left(pids), 3)
    finally:
        build.kill()
        build.wait()


def test_a_build_killed_while_libraries_load_leaves_nothing(
    tmp_path, pids, monkeypatch
):
    folder = tmp_path / "modules"
    folder.mkdir()
    (folder / "slow.py").write_text(text("time.sleep(600)\n", pids))
    monkeypatch.setenv("PYTHONPATH", str(folder))
    script = (
        f"import sys, time; sys.path.insert(0, {str(Path(__file__).parents[2])!r})\n"
        "from bookbuild.run.pool import Pool\n"
        "Pool('.', ['slow']).warm()\ntime.sleep(600)\n"
    )
    build = subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path)
    try:
        numbers(pids)
        build.kill()
        build.wait(10)
        assert soon(lambda: not left(pids), 3)
    finally:
        build.kill()
        build.wait()


def test_closing_kills_what_runs(book, tmp_path, pids, any_pool):
    with Pool(tmp_path, start=any_pool.start) as one:
        job = book.job(text("time.sleep(600)\n", pids))
        future = one.submit(job)
        numbers(pids)
        began = time.monotonic()
    assert time.monotonic() - began < 30
    assert future.done() and not left(pids)
    one.close()


def test_temporary_folders_are_removed(book, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    (tmp_path / "tmp").mkdir()
    for start in "fork", "fresh":
        with Pool(tmp_path, start=start, cores=1) as one:
            record(one, book.job("print(1)\n"))
            failure(one, book.job("import os; os._exit(3)\n"))
            failure(
                one,
                book.job("import os, time; os.kill(os.getppid(), 9)\ntime.sleep(9)\n"),
            )
            one.submit(book.job("import time; time.sleep(600)\n"))
            assert soon(lambda: os.listdir(tmp_path / "tmp"))
    assert soon(lambda: not os.listdir(tmp_path / "tmp"))
