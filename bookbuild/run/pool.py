"""Turns jobs into outcomes, side by side on this machine, the longest first."""

from __future__ import annotations

import atexit
import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future, InvalidStateError
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bookbuild.errors import BookError
from bookbuild.run import reads
from bookbuild.run.job import Job
from bookbuild.run.record import Outcome
from bookbuild.run.server import Server
from bookbuild.run.supervise import POSIX, Fresh, ask, lost, supervise


@dataclass(eq=False)
class Task:
    """A job that waits or runs.

    Attributes:
        job: what to run.
        first: a number that is larger the later it was asked for in a
            hurry; 0 if it never was.
        future: gets the outcome.
        stopped: whether nobody waits for it any more.
        stop: ends its program, while that runs.
    """

    job: Job
    first: int = 0
    future: Future[Outcome] = field(default_factory=Future)
    stopped: bool = False
    stop: Callable[[], None] | None = None


class Pool:
    """Runs jobs in processes of their own, as many at a time as there are cores.

    Args:
        root: the book's folder.
        preload: names of modules that most programs import.
        limit: unused here, since each job has its own.
        cores: how many programs run side by side; all cores if None.
        start: "fork" from a server that has imported `preload`; "fresh", in
            a new interpreter each; "auto": the first on Linux, the second
            elsewhere.
    """

    def __init__(
        self,
        root: Path,
        preload: Sequence[str] = (),
        limit: float = 60,
        cores: int | None = None,
        start: str = "auto",
    ) -> None:
        if start == "auto":
            start = "fork" if sys.platform.startswith("linux") else "fresh"
        self.root, self.preload, self.limit = root, tuple(preload), limit
        self.cores, self.start = cores or available_cores(), start
        self.changed = threading.Condition()
        self.waiting: list[Task] = []
        self.running: list[Task] = []
        self.known, self.mean = 0, 0.0  # jobs whose seconds are known
        self.threads: list[threading.Thread] = []
        self.hurry = 0
        self.extra = False
        self.closed = False
        self.server: Server | None = None
        self.retired: list[Server] = []
        self.starting = threading.Lock()
        self.process = os.getpid()
        atexit.register(self.close)

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()

    def warm(self) -> None:
        """Begin to import the libraries, so that the first job finds them."""
        if self.start == "fork":
            self.current_server()

    def submit(self, job: Job, first: bool = False) -> Future[Outcome]:
        """Run a job when a core is free.

        Args:
            job: what to run.
            first: before all that wait now.
        Raises:
            BookError: the pool is closed.
        """
        with self.changed:
            if self.closed:
                raise BookError(f"{job.program.name} cannot run: the pool is closed")
            task = Task(job)
            self.waiting.append(task)
            if job.expected is not None:
                self.known += 1
                self.mean += (job.expected - self.mean) / self.known
            if first:
                self.hurry += 1
                task.first = self.hurry
            while len(self.threads) < self.cores:
                self.add_thread(self.work)
            self.changed.notify()
        return task.future

    def promote(self, name: str) -> None:
        """Run the waiting jobs of a program before all others.

        When all cores are busy, one job may start besides.
        """
        with self.changed:
            found = [t for t in self.waiting if t.job.program.name == name]
            if not found:
                return
            self.hurry += 1
            for task in found:
                task.first = self.hurry
            if len(self.running) >= self.cores and not self.extra:
                self.extra = True
                self.add_thread(self.work_once)
            self.changed.notify()

    def cancel_all(self) -> None:
        """Forget the jobs that wait, and stop those that run."""
        self.drop(lambda job: True)

    def drop(self, unwanted: Callable[[Job], bool]) -> None:
        """Forget jobs that wait, and stop those that run, if they are unwanted."""
        with self.changed:
            waiting = [t for t in self.waiting if unwanted(t.job)]
            self.waiting = [t for t in self.waiting if t not in waiting]
            running = [t for t in self.running if unwanted(t.job)]
            for task in running:
                task.stopped = True
                if task.stop is not None:
                    task.stop()
        for task in waiting:
            task.future.cancel()

    def close(self) -> None:
        """Kill everything that runs, and refuse more."""
        if os.getpid() != self.process:  # a fork of the build ends
            return
        with self.changed:
            self.closed = True
            threads, self.threads = self.threads, []
            self.changed.notify_all()
        self.cancel_all()
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(5)
        with self.starting:
            servers = [*self.retired, *([self.server] if self.server else [])]
            self.retired, self.server = [], None
        for server in servers:
            server.kill()
        atexit.unregister(self.close)

    def add_thread(self, target: Any) -> None:
        """Start a thread that takes jobs."""
        thread = threading.Thread(target=target, daemon=True)
        self.threads.append(thread)
        thread.start()

    def work(self) -> None:
        """Take and run one job after the other: the life of a thread."""
        while task := self.take():
            self.finish(task)

    def work_once(self) -> None:
        """Run the most urgent job, besides the cores."""
        try:
            if task := self.take(block=False):
                self.finish(task)
        finally:
            with self.changed:
                self.extra = False
                with contextlib.suppress(ValueError):
                    self.threads.remove(threading.current_thread())

    def take(self, block: bool = True) -> Task | None:
        """The next job to run; None when there will be none."""
        with self.changed:
            while not self.closed:
                if not self.waiting:
                    if not block:
                        return None
                    self.changed.wait()
                    continue
                task = max(self.waiting, key=self.urgency)
                self.waiting.remove(task)
                if task.future.set_running_or_notify_cancel():
                    self.running.append(task)
                    return task
        return None

    def urgency(self, task: Task) -> tuple[int, bool, float]:
        """What is larger for a job that should start sooner."""
        job = task.job
        expected = self.mean if job.expected is None else job.expected
        return task.first, not job.patient, expected

    def finish(self, task: Task) -> None:
        """Run a job and hand over its outcome."""
        outcome: Outcome | None = None
        error: BaseException | None = None
        try:
            outcome = self.run(task)
        except Exception as problem:
            error = problem
        with self.changed:
            self.running.remove(task)
        with contextlib.suppress(InvalidStateError):
            if task.stopped:
                task.future.set_exception(CancelledError())
            elif error is not None:
                task.future.set_exception(error)
            elif outcome is not None:
                task.future.set_result(outcome)

    def run(self, task: Task) -> Outcome:
        """The outcome of a job.

        A program that kills the server takes those of others with it; they,
        and it, run once more with a server of their own.
        """
        if not POSIX:
            return supervise(task.job, abandoned=lambda: task.stopped)
        if self.start == "fresh":
            return self.run_fresh(task)
        for own in (False, True):
            server = Server(()) if own else self.current_server()
            outcome = None
            try:
                outcome = self.ask(task, server)
                again = outcome is None and not survives(server)
            except OSError:
                again = True
            finally:
                if outcome is None and not task.stopped:
                    server.suspect = True  # who knows what was done to it
                    self.retire(server)
                if own:
                    server.kill()
            if not again or task.stopped or self.closed:
                break
        return outcome or lost(task.job)

    def ask(self, task: Task, server: Server) -> Outcome | None:
        """The outcome from a supervisor of a server; None if it has died.

        Raises:
            OSError: there is none.
        """
        with server.connect() as connection:
            self.let_stop(task, lambda: shut_down(connection))
            try:
                return None if task.stopped else ask(connection, task.job)
            finally:
                self.let_stop(task, None)

    def run_fresh(self, task: Task) -> Outcome:
        """The outcome of a job in a new interpreter."""
        with Fresh() as supervisor:
            self.let_stop(task, supervisor.stop)
            try:
                return supervisor.run(task.job)
            finally:
                self.let_stop(task, None)

    def let_stop(self, task: Task, how: Callable[[], None] | None) -> None:
        """Say how a job can be stopped now."""
        with self.changed:
            task.stop = how
            if task.stopped and how is not None:
                how()

    def current_server(self) -> Server:
        """A server that has imported what is installed now."""
        with self.starting:
            server = self.server
            if server is None or server.installed != reads.installed():
                if server is not None:
                    self.put_aside(server)
                self.server = server = Server(self.preload)
            return server

    def retire(self, server: Server) -> None:
        """Use a server no more, unless another thread has said so before."""
        with self.starting:
            if self.server is server:
                self.put_aside(server)
                self.server = None

    def put_aside(self, server: Server) -> None:
        """Let a server end when its programs have, or when the pool closes."""
        server.retire()
        self.retired.append(server)
        for each in list(self.retired):
            if not each.is_alive():
                self.retired.remove(each)
                each.kill()  # and what it may have left


def shut_down(connection: socket.socket) -> None:
    """Let the supervisor at the other end stop its program."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_WR)


def survives(server: Server) -> bool:
    """Whether a server is still there shortly after a supervisor has died."""
    try:
        server.process.wait(0.5)
    except subprocess.TimeoutExpired:
        return True
    return False


def available_cores() -> int:
    """How many programs may run side by side."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
