"""Turns jobs into outcomes on the machines of a Dask cluster.

Every worker needs this package, the libraries of the book's programs, and the
book's files under the same path as here: a record depends on those files, and
names their hashes as they are on the worker. Start workers with one thread
for each core: `dask worker tcp://... --nthreads 2`.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future, InvalidStateError
from pathlib import Path
from typing import Any

from bookbuild.errors import BookError
from bookbuild.run.job import Job
from bookbuild.run.record import Failure, Outcome
from bookbuild.run.supervise import supervise


def run_there(job: Job) -> Outcome:
    """Run a job on a worker, in a new interpreter, while anybody wants it."""
    from distributed import get_worker

    worker = get_worker()
    key = worker.get_current_task()

    def abandoned() -> bool:
        task = worker.state.tasks.get(key)
        return task is None or task.state != "executing"

    return supervise(job, fresh=True, abandoned=abandoned)


class ClusterPool:
    """Runs jobs on a Dask cluster; the same interface as `Pool`.

    The jobs of a worker that dies run again on another one.

    Args:
        address: of the scheduler, as in `tcp://10.0.0.1:8786`.
        root: the book's folder.
        preload: unused: each program starts a new interpreter.
        limit: unused here, since each job has its own.
        timeout: seconds to wait for the scheduler.
    Raises:
        BookError: Dask is not installed, or the scheduler does not answer.
    """

    def __init__(
        self,
        address: str,
        root: Path,
        preload: Sequence[str] = (),
        limit: float = 60,
        timeout: float = 10,
    ) -> None:
        try:
            from distributed import Client
        except ImportError as error:
            raise BookError(
                "a cluster needs Dask; pip install 'bookbuild[cluster]'"
            ) from error
        try:
            self.client = Client(address, timeout=timeout, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise BookError(
                f"no Dask scheduler answers at {address}; start one with "
                "`dask scheduler`, or build without --cluster"
            ) from error
        self.root = root
        self.lock = threading.Lock()
        self.hurry = 0
        self.tasks: dict[Any, tuple[Job, Future[Outcome]]] = {}
        self.closed = False

    def __enter__(self) -> ClusterPool:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()

    def warm(self) -> None:
        """Nothing: the workers run already."""

    def submit(self, job: Job, first: bool = False) -> Future[Outcome]:
        """Run a job on the cluster: see `Pool.submit`.

        Raises:
            BookError: the pool is closed.
        """
        future: Future[Outcome] = Future()
        future.set_running_or_notify_cancel()
        self.send(job, future, first)
        return future

    def send(self, job: Job, future: Future[Outcome], first: bool) -> None:
        """Let a job run, and its outcome come into a future."""
        with self.lock:
            if self.closed:
                raise BookError(
                    f"{job.program.name} cannot run: the pool is closed"
                )
            self.hurry += first
            urgency = 1e9 * self.hurry if first else 0
            there = self.client.submit(
                run_there,
                job,
                pure=False,
                priority=urgency + (job.expected or 0),
            )
            self.tasks[there] = job, future
        there.add_done_callback(self.ended)

    def ended(self, there: Any) -> None:
        """Hand over the outcome of a job."""
        with self.lock:
            job, future = self.tasks.pop(there, (None, None))
        if job is None or future is None:
            return
        with contextlib.suppress(InvalidStateError):
            if there.cancelled():
                future.set_exception(CancelledError())
                return
            error = there.exception()
            if error is None:
                future.set_result(there.result())
            else:
                future.set_result(
                    Failure(
                        job.program.name,
                        f"the cluster could not run it: {error}",
                    )
                )

    def promote(self, name: str) -> None:
        """Run the waiting jobs of a program before all others."""
        with self.lock:
            found = [
                (there, *task)
                for there, task in self.tasks.items()
                if task[0].program.name == name and not self.runs(there)
            ]
            for there, _, _ in found:
                del self.tasks[there]
        for there, job, future in found:
            there.cancel()
            self.send(job, future, first=True)

    def runs(self, there: Any) -> bool:
        """Whether a worker is at a job already."""
        try:
            return bool(
                self.client.processing() and there.key in
                {key for keys in self.client.processing().values() for key in keys}
            )
        except Exception:
            return True

    def cancel_all(self) -> None:
        """Forget the jobs that wait, and those that run."""
        with self.lock:
            tasks, self.tasks = self.tasks, {}
        if tasks:
            with contextlib.suppress(Exception):
                self.client.cancel(list(tasks), force=True)
        for _, future in tasks.values():
            with contextlib.suppress(InvalidStateError):
                future.set_exception(CancelledError())

    def close(self) -> None:
        """Cancel everything, and leave the cluster."""
        with self.lock:
            if self.closed:
                return
            self.closed = True
        self.cancel_all()
        with contextlib.suppress(Exception):
            self.client.close(timeout=5)
