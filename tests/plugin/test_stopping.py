"""Builds that are stopped, meet one another, or cannot write: no process stays, and what was done is kept."""

import signal
import subprocess
import time

import psutil
import pytest
from conftest import PROGRAMS, builds, fails, wait_for

pytestmark = pytest.mark.slow
GOOD = PROGRAMS["part/first.py"]
PAGE = """\
# Second

```python
--8<-- "part/second.py:work"
```
"""
SLEEPS = """\
# --8<-- [start:work]
import os, pathlib, subprocess, time
child = subprocess.Popen(["sleep", "300"], start_new_session=True)
pathlib.Path("pid.new").write_text(f"{{os.getpid()}} {{child.pid}}")
os.replace("pid.new", "pid")
time.sleep({seconds})
child.kill()
# --8<-- [end:work]
"""
WARNING = "starts `sleep 300`; what it reads is not followed"


def sleepy(book, seconds=60):
    """Give a book a second program that says its processes and then sleeps.

    It starts a process that has left its session.
    """
    book.page("part/second.md", PAGE)
    book.program("part/second.py", SLEEPS.format(seconds=seconds))
    book.settings(strict=False)  # it is warned of: see WARNING
    return book.root / "pid"


def end(processes, seconds=8):
    """Wait until processes are gone; returns those that are not, killed."""
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    for process in alive:
        process.kill()
    return alive


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_stopped_build_leaves_no_process_and_keeps_what_is_done(book, number):
    pid_file = sleepy(book)
    build = book.start("build")
    assert wait_for(pid_file.exists, 60)
    assert wait_for(lambda: "part/first.py: 0." in book.log)
    processes = psutil.Process(build.pid).children(recursive=True)
    named = [psutil.Process(int(pid)) for pid in pid_file.read_text().split()]
    build.send_signal(number)
    build.wait(20)
    assert not end({*processes, *named})
    assert "Traceback" not in book.log, book.log
    book.program("part/second.py", SLEEPS.format(seconds=0))
    assert builds(book).runs == ["part/second.py"]


def test_build_killed_while_libraries_load_leaves_no_process(book):
    book.settings(plugins=[{"book": {"preload": ["loads_slowly"]}}])
    book.write(".", "loads_slowly.py", "import time\ntime.sleep(3)\n")
    words, options = book.command("build")
    options["env"]["PYTHONPATH"] = str(book.root)
    build = subprocess.Popen(
        words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options
    )
    processes = wait_for(
        lambda: [
            p
            for p in psutil.Process(build.pid).children(recursive=True)
            if any("bookbuild.run" in word for word in p.cmdline())
        ]
    )
    assert processes
    time.sleep(0.5)
    build.kill()
    build.wait()
    assert not end(processes)


@pytest.mark.parametrize("milliseconds", range(200, 2000, 300))
def test_build_killed_at_any_moment_leaves_the_store_sound(book, milliseconds):
    build = book.start("build")
    time.sleep(milliseconds / 1000)
    build.kill()
    build.wait()
    assert "The mean is 2.00" in builds(book, "part/first.html")
    assert builds(book).runs == []


def test_two_builds_at_once_both_succeed_and_run_each_program_once(book):
    pid_file = sleepy(book, seconds=2)
    first = book.start("build")
    assert wait_for(pid_file.exists, 60)
    second = book.build_apart()
    assert second.code == 0, second.output
    assert "Another build of this book is running; waiting" in second.output
    assert first.wait(20) == 0
    assert second.runs == []


def test_program_changed_while_it_runs_is_not_kept(book):
    pid_file = sleepy(book, seconds=3)
    path = book.root / "snippets/part/second.py"
    before = path.read_text()
    build = book.start("build")
    assert wait_for(pid_file.exists, 60)
    path.write_text(before.replace("sleep(3)", "sleep(0)"))
    assert build.wait(20) != 0
    assert "part/second.py: the program was changed while it ran" in book.log
    path.write_text(before)
    assert book.build().runs == ["part/second.py"]


# A store that cannot be written ------------------------------------------------


@pytest.fixture
def mount():
    """Mount something, or skip where a test may not; it is unmounted at the end."""
    mounted = set()

    def mount(folder, *options):
        done = subprocess.run(["mount", *options, folder], capture_output=True)
        if done.returncode:
            pytest.skip("needs a machine where a test may mount folders")
        mounted.add(folder)

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.parametrize("wrong", ["no store yet", "a store of someone else"])
def test_store_that_cannot_be_written_is_said_in_one_sentence(book, mount, wrong):
    if wrong == "a store of someone else":
        builds(book)
        book.program("part/first.py", GOOD + "print(1)\n")
    folder = book.root / ".cache"
    folder.mkdir(exist_ok=True)
    mount(folder, "--bind", folder)
    mount(folder, "-o", "remount,bind,ro")
    fails(
        book,
        f"{folder}/bookbuild cannot be written (Read-only file system); "
        "make it writable",
    )


def test_full_disk_is_said_in_one_sentence(book, mount):
    folder = book.root / ".cache"
    folder.mkdir()
    mount(folder, "-t", "tmpfs", "-o", "size=64k", "tmpfs")
    book.program("part/first.py", GOOD + "print('x' * 200_000)\n")
    fails(book, "cannot be written (No space left on device)")
    assert not list(folder.rglob("*.tmp"))
