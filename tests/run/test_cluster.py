"""The same jobs, run on the workers of a Dask cluster on this machine."""
# ruff: noqa: F401, F811 (fixtures are imported)

import os
import re
import subprocess
import sys
from concurrent.futures import CancelledError
from pathlib import Path

import pytest
from running import book, end, is_alive, numbers, pool, soon

from bookbuild.errors import BookError
from bookbuild.run.cluster import ClusterPool
from bookbuild.run.record import Failure, Record

pytestmark = pytest.mark.slow

pytest.importorskip("distributed", reason="pip install 'bookbuild[cluster]'")
ROOT = Path(__file__).parents[2]


class Cluster:
    """A scheduler and two workers, as processes."""

    def __init__(self, folder):
        self.folder = folder
        self.log = folder / "log"
        self.started = []
        self.start("dask_scheduler", "--port", "0", "--no-dashboard")
        assert soon(lambda: self.find(), 60), self.log.read_text()
        self.address = self.find()[1]
        self.workers = [
            self.start(
                "dask_worker",
                self.address,
                "--nthreads",
                "1",
                "--no-nanny",
                "--no-dashboard",
                "--local-directory",
                str(folder),
            )
            for _ in range(2)
        ]

    def find(self):
        return re.search(r"Scheduler at:\s*(tcp://[\d.]+:\d+)", self.log.read_text())

    def start(self, module, *words):
        with self.log.open("a") as log:
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    f"distributed.cli.{module}",
                    "--host",
                    "127.0.0.1",
                    *words,
                ],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                cwd=self.folder,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
            )
        self.started.append(process)
        return process

    @property
    def width(self):
        return sum(worker.poll() is None for worker in self.workers)

    def stop(self):
        for process in self.started:
            process.kill()
        for process in self.started:
            process.wait()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    yield cluster
    cluster.stop()


@pytest.fixture
def far(cluster, book):
    with ClusterPool(cluster.address, book.root) as far:
        far.client.wait_for_workers(cluster.width, timeout=60)
        yield far


def test_records_are_the_same_as_here(far, book, pool):
    book.write("part/data.txt", "1")
    job = book.job(
        "import filelock\nprint(open('snippets/part/data.txt').read())\n"
        "results = {'a': 1}\n",
        "assert results['a'] < 3",
    )
    there, here = far.submit(job).result(60), pool.submit(job).result(60)
    assert isinstance(there, Record), there
    assert there.printed() == here.printed() == "1\n"
    assert (there.results, there.verdicts, there.reads) == (
        here.results,
        here.verdicts,
        here.reads,
    )


def test_failures_are_the_same_as_here(far, book, pool):
    for text in (
        "1 / 0\n",
        "import os; os._exit(3)\n",
        "import os; os.kill(os.getppid(), 9); import time; time.sleep(9)\n",
    ):
        job = book.job(text)
        assert far.submit(job).result(60) == pool.submit(job).result(60)
    job = book.job("import time; time.sleep(600)\n", limit=0.5)
    assert far.submit(job).result(60) == Failure(
        "part/first.py", "still running after 0.5 s, the limit; stopped"
    )


def test_what_is_cancelled_stops_there(far, book):
    job = book.job(
        "import os, time\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(600)\n",
        limit=600,
    )
    future = far.submit(job)
    (number,) = numbers(book.root / "pid")
    far.cancel_all()
    with pytest.raises(CancelledError):
        future.result(10)
    assert soon(lambda: not is_alive(number), 10)
    assert far.submit(book.job("print(1)\n")).result(60).printed() == "1\n"


def test_promoted_jobs_go_first(far, book):
    gate = "import os, time\nwhile not os.path.exists('gate'): time.sleep(0.02)\n"
    gates = [far.submit(book.job(gate, name=f"gate{i}.py")) for i in range(2)]
    ended = []
    futures = {}
    for name in "abc":
        job = book.job("print(1)\n", name=f"{name}.py")
        futures[name] = far.submit(job)
        futures[name].add_done_callback(lambda f, name=name: ended.append(name))
    far.promote("c.py")
    (book.root / "gate").write_text("")
    for future in [*gates, *futures.values()]:
        assert isinstance(future.result(60), Record)
    assert "c" in ended[:2]


def test_the_jobs_of_a_killed_worker_run_elsewhere(far, cluster, book):
    text = (
        "import os, time\nopen('pids', 'a').write(f'{os.getpid()}\\n')\n"
        "while not os.path.exists('gate'): time.sleep(0.02)\nprint('done')\n"
    )
    future = far.submit(book.job(text))
    (number,) = numbers(book.root / "pids")
    victim = next(w for w in cluster.workers if w.pid in ancestors(number))
    victim.kill()
    victim.wait()
    assert len(numbers(book.root / "pids", 2)) == 2
    assert soon(lambda: not is_alive(number))
    (book.root / "gate").write_text("")
    assert future.result(60).printed() == "done\n"


def ancestors(number):
    found = []
    while number > 1:
        status = Path(f"/proc/{number}/stat").read_bytes()
        number = int(status.rpartition(b")")[2].split()[1])
        found.append(number)
    return found


def test_a_closed_pool_refuses(far, book):
    far.close()
    far.close()
    with pytest.raises(BookError):
        far.submit(book.job("print(1)\n"))


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense", "tcp://x:y"])
def test_no_scheduler_is_told_in_a_sentence(address, tmp_path):
    with pytest.raises(BookError) as caught:
        ClusterPool(address, tmp_path, timeout=0.5)
    assert address in str(caught.value) and "\n" not in str(caught.value)


def test_no_dask_is_told_in_a_sentence(tmp_path):
    script = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "sys.modules['distributed'] = None\n"
        "from bookbuild.errors import BookError\n"
        "from bookbuild.run.cluster import ClusterPool\n"
        "try: ClusterPool('tcp://127.0.0.1:1', '.')\n"
        "except BookError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "a cluster needs Dask; pip install 'bookbuild[cluster]'\n"
