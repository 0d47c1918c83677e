"""A book that is built on a Dask cluster: the same records as here, also when a worker dies in the middle."""

import json
import os
import re
import subprocess
import sys

import pytest
from conftest import ROOT, TinyBook, fails, wait_for

from bookbuild.__main__ import main

pytest.importorskip("distributed", reason="pip install 'bookbuild[cluster]'")
pytestmark = pytest.mark.slow
NOBODY = "tcp://127.0.0.1:9"
PAGE = '# Page\n\n```python\n--8<-- "part/slow{0}.py"\n```\n\nIt is {{{{ n }}}}.\n'
PROGRAM = """\
import pathlib, os, time
started = pathlib.Path("started")
started.mkdir(exist_ok=True)
(started / f"{0}-{{os.getpid()}}").touch()
time.sleep(2)
print("computed", {0})
results = {{"n": {0}}}
"""


class Cluster:
    """A scheduler and two workers, as processes on this machine."""

    def __init__(self, folder):
        self.log, self.processes = folder / "log", []
        self.start("dask_scheduler", "--port", "0", "--no-dashboard")
        found = wait_for(
            lambda: re.search(r"tcp://[\d.]+:\d+", self.log.read_text()), 60
        )
        self.address = found[0]
        for _ in range(2):
            self.start("dask_worker", self.address, "--nthreads", "1", "--no-nanny",
                       "--no-dashboard", "--local-directory", str(folder))  # fmt: skip
        assert wait_for(lambda: self.log.read_text().count("Registered to") == 2, 60), (
            self.log.read_text()
        )

    def start(self, module, *words):
        """Start a process of the cluster."""
        with self.log.open("a") as log:
            self.processes.append(subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{module}", "--host",
                 "127.0.0.1", *words], stdout=log, stderr=log,
                cwd=self.log.parent, env=os.environ | {"PYTHONPATH": str(ROOT)}))  # fmt: skip


@pytest.fixture
def cluster(tmp_path):
    made = Cluster(tmp_path)
    yield made
    for process in made.processes:
        process.kill()
        process.wait()


def make_book(root, **settings):
    """A book with four programs that take two seconds each."""
    book = TinyBook(root, settings=settings)
    for number in range(4):
        book.page(f"part/slow{number}.md", PAGE.format(number))
        book.program(f"part/slow{number}.py", PROGRAM.format(number))
    return book


def records(book):
    """What is kept of each program, but for the time it took."""
    found = [json.loads(path.read_text())["value"] for path in book.records.iterdir()]
    return {record["program"]: {**record, "cpu": 0} for record in found}


def test_book_is_built_on_a_cluster_that_loses_a_worker(tmp_path, cluster):
    here = make_book(tmp_path / "here")
    done = here.build_apart()
    assert done.code == 0, done.output
    there = make_book(tmp_path / "there")
    build = there.start("build", "--cluster", cluster.address, module="bookbuild")
    assert wait_for(lambda: len(list((there.root / "started").glob("*"))) >= 2, 60)
    cluster.processes[1].kill()
    assert build.wait(120) == 0, there.log
    assert len(list((there.root / "started").glob("*"))) >= 5  # one ran again
    assert records(there) == records(here)
    assert (there.site / "part/slow3.html").read_bytes() == (
        here.site / "part/slow3.html"
    ).read_bytes()


def test_cluster_that_the_command_names_is_the_one_asked(tmp_path, capsys):
    book = make_book(tmp_path / "book")
    for words in (["build"], ["pdf"], ["run", "part/slow0.py"]):
        code = main(["--root", str(book.root), *words, "--cluster", NOBODY])
        printed = capsys.readouterr()
        assert code == 1
        assert f"no Dask scheduler answers at {NOBODY}" in printed.out + printed.err
        assert "Traceback" not in printed.err
    assert not (book.root / "started").exists()


def test_cluster_that_does_not_answer_is_said_in_one_sentence(tmp_path):
    book = make_book(tmp_path / "book", cluster=NOBODY)
    fails(book, f"no Dask scheduler answers at {NOBODY}")
