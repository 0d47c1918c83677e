"""Turns connections into supervisors: imports the libraries once, then forks for each.

It is not multiprocessing's fork server, which imports the main module of the
build again in every child, prints into the build's output, takes its settings
from the build's own environment, and exists once in a process.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import os
import secrets
import select
import socket
import subprocess
import sys
import threading
import traceback
import weakref
from collections.abc import Iterator, Sequence
from typing import NoReturn

from bookbuild.run import reads
from bookbuild.run.supervise import (
    LINUX,
    MARK,
    SET_SUBREAPER,
    answer,
    environment,
    interpreter,
    kill_children,
    kill_marked,
)


class Server:
    """The build's side of it.

    Args:
        preload: names of modules to import before it forks.
    Attributes:
        installed: what was installed when it began: see `reads.installed`.
        suspect: whether a program may have harmed it.
    """

    suspect = False

    def __init__(self, preload: Sequence[str]) -> None:
        self.installed, self.mark = reads.installed(), secrets.token_hex(8)
        self.control, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
        with theirs:
            self.process = subprocess.Popen(
                [*interpreter("server"), str(theirs.fileno()), *preload],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=environment() | {MARK: self.mark},
                start_new_session=True,
            )

    def connect(self) -> socket.socket:
        """A connection to a new supervisor.

        Raises:
            OSError: the server has died.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self.control, [b"x"], [theirs.fileno()])
            except OSError:
                ours.close()
                raise
        return ours

    def is_alive(self) -> bool:
        """Whether it can still fork."""
        return self.process.poll() is None

    def retire(self) -> None:
        """Let it end when its programs have."""
        self.control.close()

    def kill(self) -> None:
        """End it now, with all that it has started.

        Its supervisors notice, and kill their programs. If it has died
        before, or one of them has, there may be nobody who does.
        """
        self.control.close()
        self.suspect |= not self.is_alive()
        self.process.kill()
        self.process.wait()
        if self.suspect:
            kill_marked(self.mark)


def main() -> NoReturn:
    """Import, then fork a supervisor for each connection that comes.

    It ends when the build does, however that ends: the control connection
    is then closed.
    """
    parent = os.getppid()
    control = socket.socket(fileno=int(sys.argv[1]))
    with ended_with(parent):
        prepare(sys.argv[2:])
    supervisors: dict[int, int] = {}  # file that tells of its end -> process
    listening = True
    while listening or supervisors:
        files = [*supervisors, *([control.fileno()] if listening else [])]
        ready, _, _ = select.select(files, [], [], 1)
        if os.getppid() != parent:
            break
        for file in ready:
            if file == control.fileno():
                listening = accept(control, supervisors)
                continue
            _, status = os.waitpid(supervisors.pop(file), 0)
            os.close(file)
            if status:  # it was killed, and leaves its program to this process
                kill_children(set(supervisors.values()))
    os._exit(0)


@contextlib.contextmanager
def ended_with(parent: int) -> Iterator[None]:
    """Let this process end with its parent, while it cannot look itself."""
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.5):
            if os.getppid() != parent:
                os._exit(0)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()  # a process with threads must not fork


def prepare(preload: Sequence[str]) -> None:
    """Import what programs will want, and inherit what they leave behind."""
    if LINUX:
        ctypes.CDLL(None).prctl(SET_SUBREAPER, 1)
    for name in preload:
        # If it fails, so does the program that needs it, which will say so.
        with contextlib.suppress(Exception, SystemExit):
            importlib.import_module(name)
    for finalizer in list(weakref.finalize._registry):  # type: ignore[attr-defined]
        finalizer.atexit = False  # what libraries clean up is not a program's
    reads.libraries()
    gc.collect()
    gc.freeze()  # so that the pages of these objects stay shared


def accept(control: socket.socket, supervisors: dict[int, int]) -> bool:
    """Fork for the next connection; returns whether more may come."""
    message, files, _, _ = socket.recv_fds(control, 1, 1)
    if not message:
        return False
    connection = socket.socket(fileno=files[0])
    number = os.fork()
    if number:
        connection.close()
        supervisors[os.pidfd_open(number)] = number
        return True
    try:
        control.close()
        for file in supervisors:
            os.close(file)
        answer(connection)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)
