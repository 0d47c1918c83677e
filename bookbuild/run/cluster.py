"""Turns jobs into outcomes on the machines of a Dask cluster.

Every worker needs this package, the libraries of the book's programs, and the
book's files under the same path as here: a record depends on those files, and
names their hashes as they are on the worker. Start workers with one thread
for each core: `dask worker tcp://... --nthreads 2`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from bookbuild.errors import BookError
from bookbuild.run.job import Job
from bookbuild.run.pool import Pool, Task
from bookbuild.run.record import Failure, Outcome
from bookbuild.run.supervise import supervise


def run_there(job: Job) -> Outcome:
    """Run a job on a worker, in a new interpreter, while anybody wants it."""
    from distributed import get_worker

    worker: Any = get_worker()
    key = worker.get_current_task()

    def abandoned() -> bool:
        task = worker.state.tasks.get(key)
        return task is None or task.state != "executing"

    return supervise(job, fresh=True, abandoned=abandoned)


class ClusterPool(Pool):
    """Runs jobs on a Dask cluster, as many at a time as its workers have threads.

    They wait here, not there, so the longest and the most urgent go first as
    they do in a `Pool`. The jobs of a worker that dies run again on another.

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
        self.client: Any
        try:
            self.client = Client(  # type: ignore[no-untyped-call]
                address, timeout=timeout, set_as_default=False
            )
        except (OSError, ValueError, TypeError) as error:
            raise BookError(
                f"no Dask scheduler answers at {address}; start one with "
                "`dask scheduler`, or build without --cluster"
            ) from error
        super().__init__(root, preload, limit, self.width(), "cluster")

    def width(self) -> int:
        """How many programs the workers can run side by side now."""
        with contextlib.suppress(Exception):
            return max(1, int(sum(self.client.nthreads().values())))
        return 1

    def submit(self, job: Job, first: bool = False) -> Future[Outcome]:
        """Run a job when a worker is free: see `Pool.submit`."""
        self.cores = self.width()  # workers come and go
        return super().submit(job, first)

    def run(self, task: Task) -> Outcome:
        """The outcome of a job, from a worker."""
        there = self.client.submit(run_there, task.job, pure=False)
        self.let_stop(task, lambda: there.cancel(force=True))
        try:
            outcome: Outcome = there.result()
        except BaseException as error:
            return Failure(
                task.job.program.name,
                f"the cluster could not run it: {type(error).__name__} {error}",
            )
        finally:
            self.let_stop(task, None)
        return outcome

    def close(self) -> None:
        """Cancel everything, and leave the cluster."""
        if self.closed:
            return
        super().close()
        with contextlib.suppress(Exception):
            self.client.close(timeout=5)
