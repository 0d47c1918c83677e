"""Turns a program, changes and claims into an outcome: from the store, or by a run."""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import CancelledError, Future, InvalidStateError
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from filelock import FileLock, Timeout

from bookbuild.errors import BookError
from bookbuild.run.job import Job, ProgramError
from bookbuild.run.program import Change, Program
from bookbuild.run.record import Claim, Outcome, Record, Verdict
from bookbuild.run.store import Store

__all__ = ["AnyPool", "Job", "ProgramError", "Runner"]

LOOK_AGAIN = 0.1  # seconds between looks at a lock that another process holds
PLACE = re.compile(r"line (\d+): ")  # how the message of a verdict begins


class AnyPool(Protocol):
    """What `Pool` and `ClusterPool` have in common."""

    def submit(self, job: Job, first: bool = False) -> Future[Outcome]:
        """See `Pool.submit`."""

    def promote(self, name: str) -> None:
        """See `Pool.promote`."""

    def cancel_all(self) -> None:
        """See `Pool.cancel_all`."""

    def drop(self, unwanted: Callable[[Job], bool]) -> None:
        """See `Pool.drop`."""

    def warm(self) -> None:
        """See `Pool.warm`."""

    def close(self) -> None:
        """See `Pool.close`."""


OnDone = Callable[[Job, Outcome, float | None, bool], None]


class Runner:
    """The one way to run a program.

    Args:
        store: where records are kept.
        pool_factory: called with `root`, `preload` and `limit` when the
            first program has to run; `Pool` is one.
        root: the book's folder.
        limit: seconds a program may take.
        preload: names of modules that most programs import.
        expectations: seconds that programs take, by name, for those that
            have not run here yet.
        sources, face: see `Job`.
        on_done: called with the job, its outcome, its seconds of CPU time if
            it left a record, and whether it came from the store. It is
            called in any thread.
    """

    def __init__(
        self,
        store: Store,
        pool_factory: Callable[..., AnyPool],
        root: Path,
        limit: float = 60,
        preload: Sequence[str] = (),
        expectations: Mapping[str, float] | None = None,
        sources: tuple[str, ...] = Job.sources,
        face: Sequence[Path] = (),
        on_done: OnDone | None = None,
    ) -> None:
        self.store, self.pool_factory = store, pool_factory
        self.root = Path(root).absolute()
        self.limit, self.preload = limit, preload
        self.expectations = dict(expectations or {})
        self.sources, self.face = sources, tuple(face)
        self.on_done = on_done
        self._lock = threading.RLock()
        self._pool: AnyPool | None = None
        self._asked: dict[str, Future[Outcome]] = {}
        self._held: list[Task] = []
        self._waiter: threading.Thread | None = None
        self._closed = False

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()

    def submit(
        self,
        program: Program,
        changes: tuple[Change, ...] = (),
        claims: tuple[Claim, ...] = (),
        first: bool = False,
        fresh: bool = False,
    ) -> Future[Outcome]:
        """Ask for the outcome of a program; asked twice, it runs once.

        Args:
            program: what to run.
            changes: pieces of its text to replace before.
            claims: what to check when it has ended.
            first: run it before all that wait now.
            fresh: run it even if there is a record.
        Returns:
            A future. Its exception is a BookError if records cannot be kept,
            or a CancelledError after `cancel_all`.
        Raises:
            BookError: a change does not fit the program.
        """
        job = self.job(program, changes, claims)
        with self._lock:
            shared = self._asked.get(job.key)
            known = shared is not None and not (fresh and shared.done())
            if shared is None or not known:
                shared = self._asked[job.key] = Future()
        if not known:
            self._begin(Task(job, shared, first, fresh))
        elif first:
            self.promote(program.name)
        return placed(shared, claims)

    def run(
        self,
        program: Program,
        changes: tuple[Change, ...] = (),
        claims: tuple[Claim, ...] = (),
        first: bool = False,
        fresh: bool = False,
    ) -> Outcome:
        """The outcome of a program: see `submit`."""
        return self.submit(program, changes, claims, first, fresh).result()

    def load(
        self,
        program: Program,
        changes: tuple[Change, ...] = (),
        claims: tuple[Claim, ...] = (),
    ) -> Record | None:
        """The record that is kept, without running anything."""
        job = self.job(program, changes, claims)
        record = self.store.record(job.key)
        return None if record is None else place(record, claims)

    def job(
        self,
        program: Program,
        changes: tuple[Change, ...] = (),
        claims: tuple[Claim, ...] = (),
    ) -> Job:
        """The job that would run.

        Raises:
            BookError: a change does not fit the program.
        """
        program = program.changed(tuple(changes))
        return Job(
            program=replace(program, path=program.path.absolute()),
            # Their lines are put in when verdicts are handed out.
            claims=tuple(replace(c, page="", line=1) for c in claims),
            root=self.root,
            limit=self.limit,
            machinery=self.store.machinery(self.face),
            expected=self.expected(program.name),
            sources=self.sources,
            patient=bool(changes),
            face=self.face,
        )

    def expected(self, name: str) -> float | None:
        """Seconds that a program will probably take, if anybody knows."""
        timing = self.store.get("timings", name)
        if isinstance(timing, (int, float)):
            return float(timing)
        return self.expectations.get(name)

    def forget(self) -> None:
        """A new build begins: look again at files, versions and failures."""
        self.store.forget()
        with self._lock:
            self._asked = {k: f for k, f in self._asked.items() if not f.done()}

    def warm(self) -> None:
        """Begin to import the libraries, so that the first program finds them."""
        self._get_pool().warm()

    def promote(self, name: str) -> None:
        """Run the waiting jobs of a program before all others."""
        with self._lock:
            pool = self._pool
        if pool is not None:
            pool.promote(name)

    def cancel_all(self) -> None:
        """Forget the jobs that wait, and stop those that run."""
        self.keep(())

    def keep(self, wanted: Collection[str]) -> None:
        """Forget all jobs, waiting or running, but those with these keys."""

        def unwanted(job: Job) -> bool:
            return job.key not in wanted

        with self._lock:
            held = [task for task in self._held if unwanted(task.job)]
            self._held = [task for task in self._held if task not in held]
            pool = self._pool
        for task in held:
            self._fail(task, CancelledError())
        if pool is not None:
            pool.drop(unwanted)

    def close(self) -> None:
        """Stop everything."""
        with self._lock:
            self._closed = True
        self.cancel_all()
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()

    def _get_pool(self) -> AnyPool:
        with self._lock:
            if self._closed:
                raise BookError("the runner is closed")
            if self._pool is None:
                self._pool = self.pool_factory(self.root, self.preload, self.limit)
            return self._pool

    def _begin(self, task: Task) -> None:
        """Answer from the store, or let the job run, or wait for its lock."""
        try:
            if self._from_store(task):
                return
            folder = self.store.folder / "locks"
            folder.mkdir(parents=True, exist_ok=True)
            task.lock = FileLock(
                folder / f"{task.job.key[:32]}.lock", thread_local=False
            )
            if not self._go(task):
                with self._lock:
                    self._held.append(task)
                    if self._waiter is None or not self._waiter.is_alive():
                        self._waiter = threading.Thread(
                            target=self._look_again, daemon=True
                        )
                        self._waiter.start()
        except OSError as error:
            self._fail(task, self.store.unusable(error))
        except Exception as error:
            self._fail(task, error)

    def _from_store(self, task: Task) -> bool:
        """Answer from the store; returns whether that was possible."""
        record = None if task.fresh else self.store.record(task.job.key)
        if record is None:
            return False
        self._finish(task, record, from_store=True)
        return True

    def _go(self, task: Task) -> bool:
        """Run a job if no other process does; returns whether none does."""
        assert task.lock is not None
        try:
            task.lock.acquire(blocking=False)
        except Timeout:
            return False
        if not self._from_store(task):  # another process may have run it
            future = self._get_pool().submit(task.job, task.first)
            future.add_done_callback(lambda f: self._ended(task, f))
        return True

    def _look_again(self) -> None:
        """Try the jobs that other processes run: the life of a thread."""
        while True:
            time.sleep(LOOK_AGAIN)
            with self._lock:
                held = list(self._held)
                if not held:
                    self._waiter = None
                    return
            for task in held:
                try:
                    gone = self._go(task)
                except Exception as error:
                    self._fail(task, error)
                    gone = True
                if gone:
                    with self._lock:
                        self._held = [t for t in self._held if t is not task]

    def _ended(self, task: Task, future: Future[Outcome]) -> None:
        """Keep the outcome of a job that has run, and hand it over."""
        try:
            outcome = future.result()
            if isinstance(outcome, Record):
                self.store.save(task.job.key, outcome)
                if not task.job.patient:
                    self.store.put("timings", outcome.program, outcome.cpu)
        except BaseException as error:
            self._fail(task, error)
        else:
            self._finish(task, outcome, from_store=False)

    def _finish(self, task: Task, outcome: Outcome, from_store: bool) -> None:
        """Hand over an outcome, and let others have the lock."""
        task.release()
        try:
            if self.on_done is not None:
                cpu = outcome.cpu if isinstance(outcome, Record) else None
                self.on_done(task.job, outcome, cpu, from_store)
        finally:
            with contextlib.suppress(InvalidStateError):
                task.future.set_result(outcome)

    def _fail(self, task: Task, error: BaseException) -> None:
        """Hand over an exception; the job may be asked for again."""
        task.release()
        with self._lock:
            if self._asked.get(task.job.key) is task.future:
                del self._asked[task.job.key]
        with contextlib.suppress(InvalidStateError):
            task.future.set_exception(error)


@dataclass(eq=False)
class Task:
    """A job that somebody has asked for.

    Attributes:
        job: what is to run.
        future: gets its outcome.
        first: whether it goes before others.
        fresh: whether it runs even if there is a record.
        lock: keeps other processes from running it too.
    """

    job: Job
    future: Future[Outcome]
    first: bool
    fresh: bool
    lock: FileLock | None = None

    def release(self) -> None:
        """Let other processes have the lock."""
        if self.lock is not None:
            self.lock.release()


def placed(shared: Future[Outcome], claims: tuple[Claim, ...]) -> Future[Outcome]:
    """A future of the same outcome, with pages and lines in its verdicts."""
    result: Future[Outcome] = Future()

    def hand_over(done: Future[Outcome]) -> None:
        error = done.exception()
        if error is not None:
            result.set_exception(error)
            return
        outcome = done.result()
        if isinstance(outcome, Record):
            outcome = place(outcome, claims)
        result.set_result(outcome)

    shared.add_done_callback(hand_over)
    return result


def place(record: Record, claims: tuple[Claim, ...]) -> Record:
    """A record whose verdicts name the pages and lines of claims."""
    return replace(
        record,
        verdicts=tuple(
            place_verdict(verdict, claim)
            for verdict, claim in zip(record.verdicts, claims, strict=True)
        ),
    )


def place_verdict(verdict: Verdict, claim: Claim) -> Verdict:
    """A verdict whose message names the page and line of its claim."""
    match = PLACE.match(verdict.message)
    if match is None:
        return verdict
    line = claim.line + int(match[1]) - 1
    rest = verdict.message[match.end() :]
    return replace(verdict, message=f"{claim.page}, line {line}: {rest}")
