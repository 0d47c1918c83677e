"""Turns a job into its outcome: a process of its own, watched until it is gone.

The process leads a session. When it has ended, by itself or at the limit, the
whole session is killed; on Linux also what has left the session, since a
supervisor that is a process of its own inherits all orphans of its program.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pickle
import secrets
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

from bookbuild.run import reads, worker
from bookbuild.run.job import Job
from bookbuild.run.output import LARGEST
from bookbuild.run.record import Failure, Outcome

TICK = 0.2  # seconds between looks at the limit and at who is still there
START = 120.0  # seconds in which a supervisor has to start
GRACE = 10.0  # seconds after the limit in which a supervisor has to report
LINUX = sys.platform.startswith("linux")
POSIX = os.name == "posix"
MARK = "BOOKBUILD_MARK"  # the environment variable that finds what is lost
PREFIX = "bookbuild-"  # of the folders of runs; the mark follows
SET_DEATH_SIGNAL, SET_SUBREAPER = 1, 36  # of Linux's prctl

Abandoned = Callable[[], bool]


def never() -> bool:
    """Nobody gives up waiting."""
    return False


def supervise(job: Job, fresh: bool = True, abandoned: Abandoned = never) -> Outcome:
    """Run a job and wait for the outcome; nothing of it is left alive.

    Args:
        job: what to run.
        fresh: in a new interpreter; else in a fork of this process, which
            must have one thread.
        abandoned: tells, when it is asked now and then, that nobody waits
            for the outcome any more.
    """
    if not fresh or not POSIX:
        return watch(job, abandoned, fork=POSIX and not fresh)
    with Fresh() as supervisor:
        over = threading.Event()

        def look() -> None:
            while not over.wait(TICK):
                if abandoned():
                    supervisor.stop()
                    return

        if abandoned is not never:
            threading.Thread(target=look, daemon=True).start()
        try:
            return supervisor.run(job)
        finally:
            over.set()


class Fresh:
    """A supervisor in a new interpreter, for one job."""

    def __init__(self) -> None:
        self.connection, theirs = socket.socketpair()
        self.mark = secrets.token_hex(8)
        with theirs:
            self.process = subprocess.Popen(
                [*interpreter("supervise"), str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=environment() | {MARK: self.mark},
                start_new_session=True,
            )

    def __enter__(self) -> Fresh:
        return self

    def __exit__(self, *exception: object) -> None:
        self.connection.close()  # lets it stop its program
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(3)
        self.process.kill()
        self.process.wait()

    def run(self, job: Job) -> Outcome:
        """Run the job."""
        outcome = None
        with contextlib.suppress(OSError):
            outcome = ask(self.connection, job, reads.libraries_now())
        if outcome is None:
            kill_marked(self.mark)
        return outcome or lost(job)

    def stop(self) -> None:
        """Let it kill its program; it may be called in another thread."""
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)


def interpreter(module: str) -> list[str]:
    """The command that calls `main` of a module of this package.

    The new interpreter finds the package where this one has found it, but
    its programs do not find more than they would if they ran by themselves.
    """
    home = str(Path(__file__).parent.parent.parent)
    code = (
        f"import sys; sys.path[:sys.path[0] == ''] = [{home!r}]; "
        f"from bookbuild.run.{module} import main; del sys.path[0]; main()"
    )
    return [sys.executable, "-c", code]


# Where things are and how to write, which other machines have too. What else
# stands in the environment would change results that no record knows of.
KEPT = {
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR",
    "TEMP", "TMP", "VIRTUAL_ENV", "SOURCE_DATE_EPOCH", "SYSTEMROOT", "SYSTEMDRIVE",
    "COMSPEC", "PATHEXT", "WINDIR", "APPDATA", "LOCALAPPDATA", "USERPROFILE",
    "HOMEDRIVE", "HOMEPATH", "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE",
}  # fmt: skip
KEPT_FAMILIES = ("LC_", "XDG_", "PYTHON", "LD_", "DYLD_", "CONDA", "BOOKBUILD_",
                 "FONTCONFIG_", "COVERAGE_")  # fmt: skip


def environment() -> dict[str, str]:
    """What programs find in `os.environ`: one thread, no window, one hash order."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.upper() in KEPT or name.upper().startswith(KEPT_FAMILIES)
    }
    return kept | {
        "MPLBACKEND": "Agg",
        "PYTHONHASHSEED": "0",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
    }


def lost(job: Job) -> Failure:
    """The outcome when the supervisor itself has died."""
    return Failure(job.program.name, "its process died, and so did the one watching it")


# The two sides of the connection between a build and a supervisor.


def ask(
    connection: socket.socket, job: Job, known: reads.Libraries | None = None
) -> Outcome | None:
    """Let the supervisor at the other end run a job.

    Whoever shuts the connection down for writing stops the program.

    Args:
        connection: to the supervisor.
        job: what to run.
        known: what is installed, if the other end does not know.
    Returns:
        The outcome, or None when the supervisor has died.
    Raises:
        OSError: there was none, or it does not answer.
    """
    message = pickle.dumps((job, known))
    processes: list[int] = []
    try:
        connection.settimeout(START)
        connection.sendall(struct.pack("!Q", len(message)) + message)
        with connection.makefile("rb") as file:
            processes = [int(number) for number in file.readline().split()]
            connection.settimeout(job.limit + GRACE)
            received = file.read() if processes else b""
        return worker.from_json(received)
    except (OSError, KeyError, TypeError, ValueError) as error:
        if not processes:
            raise ConnectionError("no supervisor") from error
        for number in processes:  # nobody else is left to do this
            kill_session(number)
        return None


def answer(connection: socket.socket) -> None:
    """Run the job that comes on a connection, and send the outcome.

    This process must be the supervisor's own.
    """
    with contextlib.suppress(OSError), connection:
        with connection.makefile("rb") as file:
            (length,) = struct.unpack("!Q", file.read(8))
            job, known = pickle.loads(file.read(length))
        if known is not None:
            reads.use_libraries(known)
        outcome = watch(job, None, connection)
        connection.sendall(worker.to_json(outcome))


def main() -> NoReturn:
    """Answer on the connection that `Fresh` has handed over."""
    answer(socket.socket(fileno=int(sys.argv[1])))
    os._exit(0)


# The watching itself.


def watch(
    job: Job,
    abandoned: Abandoned | None,
    connection: socket.socket | None = None,
    fork: bool = True,
) -> Outcome:
    """Run a job in a process of its own, which is gone when this returns.

    Args:
        job: what to run.
        abandoned: tells that nobody waits for the outcome any more. If it
            is None, this process has no other task, and all its descendants
            are killed in the end.
        connection: to the build; it ends when nobody waits any more, and
            gets the program's process number.
        fork: whether the program runs in a fork of this process.
    """
    alone = abandoned is None
    if alone and LINUX:
        ctypes.CDLL(None).prctl(SET_SUBREAPER, 1)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX + os.environ.get(MARK, "")))
    try:
        with running(job, folder, connection, fork, alone) as process:
            problem = wait(job, folder, process, connection, abandoned)
        if problem is None:
            problem = how_it_ended(process.status)
        if problem is None:
            try:
                return worker.from_json((folder / worker.RESULT).read_bytes())
            except (OSError, KeyError, TypeError, ValueError):
                problem = "its process ended without a record"
        return Failure(job.program.name, problem)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Forked:
    """A process that this one has forked."""

    status: int | None = None

    def __init__(self, number: int) -> None:
        self.number = number
        self.file = os.pidfd_open(number) if hasattr(os, "pidfd_open") else None

    def wait(self, seconds: float, others: list[int]) -> bool:
        """Wait for its end, or for other files; returns whether it has ended.

        Where that can be, it is not reaped, so that its number stays its own.
        """
        files = [*others, *([] if self.file is None else [self.file])]
        seconds = seconds if self.file is not None else min(seconds, 0.01)
        select.select(files, [], [], max(seconds, 0))
        if hasattr(os, "waitid"):
            flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
            return os.waitid(os.P_PID, self.number, flags) is not None
        return self.reap(os.WNOHANG)

    def reap(self, options: int = 0) -> bool:
        """Take its exit status; returns whether there is one."""
        if self.status is None:
            number, status = os.waitpid(self.number, options)
            if number:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status is not None

    def kill(self) -> None:
        """Kill its session, and reap it."""
        kill_session(self.number)
        self.reap()
        if self.file is not None:
            os.close(self.file)


class Started:
    """A process in a new interpreter, where there is no forking."""

    status: int | None = None

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process, self.number = process, process.pid

    def wait(self, seconds: float, others: list[int]) -> bool:
        """Wait for its end; returns whether it has ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(max(seconds, 0))
        return self.process.poll() is not None

    def kill(self) -> None:
        """Kill it, and where there are sessions, its session."""
        self.status = self.process.poll()
        if POSIX:
            kill_session(self.number)
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def running(
    job: Job,
    folder: Path,
    connection: socket.socket | None,
    fork: bool,
    alone: bool,
) -> Iterator[Forked | Started]:
    """The process of a program; in the end nothing of it is alive."""
    process = (
        Forked(fork_program(job, folder, connection))
        if fork
        else Started(start_program(job, folder))
    )
    try:
        yield process
    finally:
        process.kill()
        if alone and LINUX:
            kill_children(set())


def fork_program(job: Job, folder: Path, connection: socket.socket | None) -> int:
    """Fork a process that runs a program; returns its number."""
    parent = os.getpid()
    number = os.fork()
    if number:
        return number
    try:
        os.setsid()
        if LINUX:
            ctypes.CDLL(None).prctl(SET_DEATH_SIGNAL, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)
        if connection is not None:
            # It says this itself: its program may stop the supervisor at once.
            connection.sendall(b"%d %d\n" % (os.getpid(), parent))
            connection.close()
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        worker.run(job, folder / worker.RESULT)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def start_program(job: Job, folder: Path) -> subprocess.Popen[bytes]:
    """Start a new interpreter that runs a program."""
    file = folder / "job"
    file.write_bytes(pickle.dumps((job, reads.libraries_now())))
    return subprocess.Popen(
        [*interpreter("worker"), str(file), str(folder / worker.RESULT)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env=environment(),
        start_new_session=True,
    )


def wait(
    job: Job,
    folder: Path,
    process: Forked | Started,
    connection: socket.socket | None,
    abandoned: Abandoned | None,
) -> str | None:
    """Wait for the end of a program; returns why it is to be killed, if it is."""
    parent = os.getppid()
    end = time.monotonic() + job.limit
    files = [] if connection is None else [connection.fileno()]
    while True:
        left = end - time.monotonic()
        if process.wait(min(left, TICK), files):
            return None
        if left <= 0:
            kept = " (its last line had ended; a thread or atexit handler kept it)"
            return f"still running after {job.limit:g} s, the limit; stopped" + (
                kept if (folder / worker.ENDED).exists() else ""
            )
        if size(folder / worker.PRINTED) > LARGEST:
            return f"printed more than {LARGEST // 10**6} MB; stopped"
        gone = os.getppid() != parent if abandoned is None else abandoned()
        if gone or (connection is not None and is_closed(connection)):
            return "stopped, since nobody waits for it any more"


def size(file: Path) -> int:
    """The size of a file; 0 if there is none."""
    try:
        return file.stat().st_size
    except OSError:
        return 0


def is_closed(connection: socket.socket) -> bool:
    """Whether the other side of a connection will send nothing more."""
    try:
        return not connection.recv(1, socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True


def how_it_ended(status: int | None) -> str | None:
    """What to say of an exit status; None if there is nothing to say."""
    if not status:
        return None
    if status > 0:
        return f"its process died (exit code {status})"
    try:
        return f"its process died ({signal.Signals(-status).name})"
    except ValueError:
        return f"its process died (signal {-status})"


def kill_session(number: int) -> None:
    """Kill a process that leads a session, and those that are still in it."""
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(number, signal.SIGKILL)


def kill_marked(mark: str) -> None:
    """Kill all processes that were started with a mark, or by one of those.

    The folders of their runs are removed.

    This is for Linux, when what should have watched them has been killed.
    A process that is just being started has no environment for a moment, so
    this looks several times.
    """
    wanted = f"{MARK}={mark}".encode()
    for pause in (0, 0.05, 0.2, 0.5) if LINUX else ():
        time.sleep(pause)
        for number in processes():
            with contextlib.suppress(OSError):
                given = Path("/proc", str(number), "environ").read_bytes()
                if wanted in given.split(b"\0"):
                    os.kill(number, signal.SIGKILL)
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}{mark}*"):
        shutil.rmtree(folder, ignore_errors=True)


def kill_children(kept: set[int], seconds: float = 2.0) -> None:
    """Kill the children of this process, and what they leave behind.

    On Linux, in a process that inherits orphans, these are all descendants.

    Args:
        kept: children to leave alone, with their own children.
        seconds: when to give up.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        others = children() - kept
        if not others:
            return
        for number in others:
            kill_session(number)
        for number in others:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(number, os.WNOHANG)
        time.sleep(0.002)


def children() -> set[int]:
    """The children of this process, on Linux."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return set()
    found = set()
    mine = os.getpid()
    for number in processes():
        with contextlib.suppress(OSError):
            status = Path("/proc", str(number), "stat").read_bytes()
            if int(status.rpartition(b")")[2].split()[1]) == mine:
                found.add(number)
    return found


def processes() -> list[int]:
    """All processes, on Linux; none elsewhere."""
    return [int(n) for n in os.listdir("/proc") if n.isdigit()] if LINUX else []


if __name__ == "__main__":
    main()
