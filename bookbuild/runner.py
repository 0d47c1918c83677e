"""Runs programs in processes forked from one server that has the libraries already imported.

`run` (in the build) hands jobs to the server; `python -m bookbuild.runner` is
the server. It imports the libraries once and forks a process for each
program, as many at a time as there are cores. The server stays up between
builds of `mkdocs serve` and ends with the process that started it.
"""

import contextlib
import importlib
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from multiprocessing.connection import wait
from pathlib import Path

from bookbuild.worker import prepare, run_program

TICK = 0.5  # seconds between looks at time limits and at the parent
_server = None


def run(jobs, preload, limit, on_event, meanwhile):
    """Run programs and wait for all of them.

    Args:
        jobs: list of dicts, see `worker.run_program`.
        preload: names of the modules the server imports before it forks.
        limit: seconds a program may take.
        on_event: called with each report of the server: dicts with
            "program" and either "started", "cpu" or "error" and "line".
        meanwhile: called once, while the programs run.
    """
    warm(preload)
    _server.stdin.write(json.dumps({"jobs": jobs, "limit": limit}) + "\n")
    _server.stdin.flush()
    meanwhile()
    for line in _server.stdout:
        report = json.loads(line)
        if report.get("finished"):
            return
        on_event(report)
    raise RuntimeError("the process that runs the programs ended unexpectedly")


def warm(preload):
    """Start the server unless it runs, so that the libraries get loaded."""
    global _server
    if _server is None or _server.poll() is not None:
        _server = start_server(preload)


def start_server(preload):
    """Start the server; one thread a program, no window, same hash order."""
    here = str(Path(__file__).parent.parent)
    environment = os.environ | {
        "MPLBACKEND": "Agg", "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join(
            filter(None, [here, os.environ.get("PYTHONPATH")]))}
    server = subprocess.Popen(
        [sys.executable, "-m", "bookbuild.runner", str(os.getpid()),
         *preload], text=True, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, env=environment)
    return server


def serve(parent, preload):
    """The server's life: import, then run batch after batch from stdin.

    It ends when the build does, however that ends: the requests are then
    over, and `run_batch` sees that the parent is another one.

    Args:
        parent: the process number of the build.
        preload: names of the modules to import.
    """
    requests, replies = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    # What libraries print must not reach the replies, and what programs
    # read must not come from the requests.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the build
    for name in preload:
        try:
            importlib.import_module(name)
        except ImportError:
            pass  # the program that needs it will say so, with its line
    # Forking is unsafe with Apple's libraries and missing on Windows.
    can_fork = sys.platform.startswith("linux")
    context = multiprocessing.get_context("fork" if can_fork else "spawn")
    prepare()
    for line in requests:
        batch = json.loads(line)
        reports = run_batch(batch["jobs"], batch["limit"], context, parent)
        with contextlib.closing(reports), \
                contextlib.suppress(BrokenPipeError):
            for report in reports:
                print(json.dumps(report), file=replies, flush=True)
            print('{"finished": true}', file=replies, flush=True)
    os._exit(0)  # the build does not wait for libraries to clean up


def run_batch(jobs, limit, context, parent):
    """Run jobs side by side, one a core; yields reports as they come."""
    waiting, running = list(jobs), {}
    try:
        while (waiting or running) and os.getppid() == parent:
            while waiting and len(running) < cores():
                job = waiting.pop(0)
                receive, send = context.Pipe(duplex=False)
                process = context.Process(target=run_program,
                                          args=(job, send))
                process.start()
                send.close()
                running[receive] = job, process, time.monotonic() + limit
                yield {"program": job["program"], "started": True}
            for connection in wait(list(running), TICK):
                job, process, _ = running.pop(connection)
                yield {"program": job["program"]} | outcome(connection,
                                                            process)
            for connection, (job, process, end) in list(running.items()):
                if time.monotonic() > end:
                    del running[connection]
                    process.kill()
                    process.join()
                    yield {"program": job["program"], "line": None, "error":
                           f"still running after {limit:g} s, the limit; "
                           "stopped"}
    finally:  # the build was killed
        for _, process, _ in running.values():
            process.kill()


def outcome(connection, process):
    """The report of a process that has finished or died."""
    try:
        report = connection.recv()
    except EOFError:
        report = None
    process.join()
    if report is None:
        code = process.exitcode
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        report = {"error": f"its process died ({how})", "line": None}
    connection.close()
    return report


def cores():
    """How many programs may run side by side."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


if __name__ == "__main__":
    serve(int(sys.argv[1]), sys.argv[2:])
