"""Turns what a process opens, lists and starts into lines of a log, while it happens.

Python's audit hooks call `Follower.hook`. They are inherited by forked
children; in Python processes started afresh `child/sitecustomize.py` installs
the hook again. For their sake this module needs little of the standard
library and nothing of the book.
"""

from __future__ import annotations

import os
import sys
from _thread import get_ident

TYPE_CHECKING = False
if TYPE_CHECKING:  # the module `typing` takes longer than all of this
    from collections.abc import Callable
    from types import FrameType
    from typing import Any

LOG = "BOOKBUILD_READS"  # the environment variable that names the log
HERE = os.path.dirname(os.path.abspath(__file__))
CHILD = os.path.join(HERE, "child")

STARTS = {
    "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn",
    "os.fork", "os.forkpty",
}  # fmt: skip
CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link",
           "os.symlink", "os.truncate"}  # fmt: skip
LISTS = {"os.listdir", "os.scandir"}
EVENTS = STARTS | CHANGES | LISTS | {
    "open", "sqlite3.connect", "socket.connect", "ctypes.dlopen",
}  # fmt: skip
LOOKS = ("stat", "lstat", "access")  # functions of `os` that have no event

# Between a program and the process it starts stand only these.
LAUNCHERS = ("subprocess", "os", "pty", "runpy", "threading")
LAUNCHER_FOLDERS = ("asyncio", "concurrent", "multiprocessing")

STDLIB = os.path.dirname(os.path.abspath(os.__file__))
METADATA = os.path.join(STDLIB, "importlib", "metadata")


def places() -> tuple[str, ...]:
    """The folders in which libraries are installed."""
    return tuple(
        os.path.abspath(place)
        for place in sys.path
        if place.endswith(("site-packages", "dist-packages"))
    )


def below(path: str, folders: tuple[str, ...]) -> str | None:
    """The folder in which a path lies, of several."""
    for folder in folders:
        if path.startswith(folder + os.sep):
            return folder
    return None


class Follower:
    """Writes the log.

    Each entry is a line with a tuple: ("read" or "both", path, state) with
    the file's (time of change, size) or None; ("write", path);
    ("list", path, hash of the names); ("library", path in site-packages);
    ("look", path, None) when it is asked whether there is one; and what
    cannot be followed: ("start", line of the program, what it starts),
    ("connect", line, host) and ("load", line, library that is no Python).

    Args:
        log: the file, opened anew for each entry, since a program may close
            whatever is open.
        line: tells the line of the program that led to a frame. It is asked
            at every event, so that it knows which line prints next, should
            that be another process.
    """

    def __init__(self, log: str, line: Callable[[FrameType | None], int]) -> None:
        self.log, self.line = log, line
        self.seen: set[tuple[Any, ...]] = set()
        self.busy: set[int] = set()
        self.places = places()
        self.python = tuple(
            {sys.prefix, sys.base_prefix, STDLIB, os.path.realpath(STDLIB)}
        )
        self.not_authors = (*self.places, os.path.dirname(HERE))
        self.here = os.getcwd()  # of a program: the book
        self.others = tuple(
            place + os.sep
            for place in (*self.places, *self.python, "/proc", "/sys", "/dev", "/usr")
        )

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        """What Python calls at each event that can be audited."""
        if event not in EVENTS:
            return
        thread = get_ident()
        if thread in self.busy:
            return
        self.busy.add(thread)
        try:
            self.see(event, arguments, sys._getframe(1))
        except Exception:  # must never disturb the program
            pass
        finally:
            self.busy.discard(thread)

    def see(
        self, event: str, arguments: tuple[Any, ...], frame: FrameType | None
    ) -> None:
        """Log an event, unless it is known or the import system's own."""
        line = 0 if importing(frame) else self.line(frame)
        if event in STARTS:
            self.start(event, arguments, frame, line)
        elif event in LISTS:
            if not importing(frame):
                path = resolved("." if arguments[0] is None else arguments[0])
                if path and not below(path, self.places):
                    self.add("list", path, None)
        elif event in CHANGES:
            for name in arguments[:2]:
                if isinstance(name, (str, bytes, os.PathLike)):
                    self.add("write", resolved(name), None)
        elif event == "socket.connect":
            address = arguments[1]  # that of a socket on this machine is a text
            if isinstance(address, tuple) and not local(address[0]):
                self.add("connect", line, str(address[0]))
        elif event == "ctypes.dlopen":
            if self.by_author(frame):
                self.add("load", line, str(arguments[0] or "the C library"))
        elif event == "sqlite3.connect":
            path = resolved(arguments[0])
            if path and arguments[0] not in (":memory:", ""):
                exists = os.path.exists(path)
                self.add("read" if exists else "write", path, None)
        else:
            self.open(arguments, frame)

    def follow_looks(self) -> None:
        """See what asks whether a file exists, and of which size or age it is."""
        for name in LOOKS:
            plain = getattr(os, name)
            seen = self.looking(plain)
            setattr(os, name, seen)
            for able in (
                os.supports_dir_fd,
                os.supports_fd,
                os.supports_follow_symlinks,
                os.supports_effective_ids,
            ):
                if plain in able:
                    able.add(seen)

    def looking(self, plain: Callable[..., Any]) -> Callable[..., Any]:
        """A function of `os` that tells this follower first."""

        def look(path: Any, *arguments: Any, **options: Any) -> Any:
            if isinstance(path, (str, bytes, os.PathLike)) and "dir_fd" not in options:
                self.look(path, sys._getframe(1))
            return plain(path, *arguments, **options)

        look.__name__ = look.__qualname__ = plain.__name__
        look.__doc__ = plain.__doc__
        return look

    def look(self, name: Any, frame: FrameType | None) -> None:
        """Log that the program, or what it uses, looks at a file of the book.

        The program itself may also look elsewhere.
        """
        try:
            if isinstance(name, str) and name.startswith(self.others):
                return
            thread, path = get_ident(), resolved(name)
            if path is None or thread in self.busy or path.startswith(self.others):
                return
            if path == os.environ.get("BOOKBUILD_PROGRAM"):
                return
            if self.by_author(frame) or (
                below(path, (self.here,)) and not loading(frame)
            ):
                self.busy.add(thread)
                try:
                    self.add("look", path, None)
                finally:
                    self.busy.discard(thread)
        except Exception:  # must never disturb the program
            pass

    def by_author(self, frame: FrameType | None) -> bool:
        """Whether the author's own code acts, itself or through Python's library.

        Not when that code imports something.
        """
        while frame is not None:
            name = frame.f_code.co_filename
            if importing(frame) or below(name, self.not_authors):
                return False
            if not name.startswith("<frozen") and not below(name, (STDLIB,)):
                return True
            frame = frame.f_back
        return False

    def open(self, arguments: tuple[Any, ...], frame: FrameType | None) -> None:
        """Log that a file is opened, or would be if it existed."""
        path = resolved(arguments[0])
        if path is None or arguments[0] in sys.path:
            return
        if importing(frame):
            place = below(path, self.places)
            if place:
                top = path[len(place) + 1 :].partition(os.sep)[0]
                if top == "__pycache__":  # of a module that is one file
                    top = os.path.basename(path)
                self.add("library", os.path.join(place, top), None)
                return
            if below(path, self.python):
                return
        flags = arguments[2] if isinstance(arguments[2], int) else 0
        kind = "read"
        if flags & (os.O_WRONLY | os.O_RDWR):
            if importing(frame):  # bytecode
                return
            anew = flags & (os.O_WRONLY | os.O_TRUNC | os.O_EXCL)
            kind = "write" if anew or not os.path.exists(path) else "both"
        self.add(kind, path, None)

    def start(
        self,
        event: str,
        arguments: tuple[Any, ...],
        frame: FrameType | None,
        line: int,
    ) -> None:
        """Log that another process is started which cannot be followed."""
        if event in ("os.fork", "os.forkpty") or not by_program(frame, self.places):
            return
        if event == "os.system":
            self.add("start", line, os.fsdecode(arguments[0]))
            return
        if event == "os.spawn":
            arguments = arguments[1:]
        program, words = arguments[0], arguments[1]
        environment = arguments[-1]
        if isinstance(words, (str, bytes, os.PathLike)):
            words = [words]
        words = [os.fsdecode(word) for word in words]
        name = os.fsdecode(program if program is not None else words[0])
        if event == "os.exec" and not os.path.exists(name):
            return  # one of several places in which it is looked for
        if not followed(name, words, environment):
            shell = words[1:2] == ["-c"] and not is_python(name)
            self.add("start", line, words[2] if shell else name)

    def add(self, kind: str, what: Any, detail: Any) -> None:
        """Append an entry that is not there yet."""
        entry = kind, what, detail
        if what is None or entry in self.seen:
            return
        if kind in ("read", "both"):
            detail = state(what)
        elif kind == "list":
            detail = names_hash(what)
        handle = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            WRITE(handle, ascii((kind, what, detail)).encode() + b"\n")
        finally:
            os.close(handle)
        self.seen.add(entry)


WRITE = os.write  # the program may put another in its place


def resolved(name: Any) -> str | None:
    """An absolute path, in the folder that is current now; None for others."""
    if isinstance(name, int) or name is None:
        return None
    return os.path.abspath(os.fsdecode(name))


def state(path: str) -> tuple[int, int] | None:
    """When a file was changed and how large it is; None if there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def local(host: object) -> bool:
    """Whether an address is this machine's own."""
    return str(host) in ("", "localhost", "::1") or str(host).startswith("127.")


def names_hash(folder: str) -> str | None:
    """SHA-256 of the names in a folder that a book may depend on."""
    import hashlib

    try:
        names = os.listdir(folder)
    except OSError:
        return None
    kept = sorted(
        os.fsencode(name)
        for name in names
        if not name.startswith(".") and name != "__pycache__"
    )
    return hashlib.sha256(b"\0".join(kept)).hexdigest()


def importing(frame: FrameType | None) -> bool:
    """Whether the import system itself is at work in a frame.

    `importlib.metadata` belongs to it: it looks for a library in all folders
    of sys.path.
    """
    return frame is not None and frame.f_code.co_filename.startswith(
        ("<frozen importlib", "<frozen zipimport", METADATA)
    )


def loading(frame: FrameType | None) -> bool:
    """Whether something is being imported."""
    while frame is not None and not importing(frame):
        frame = frame.f_back
    return frame is not None


def by_program(frame: FrameType | None, libraries: tuple[str, ...]) -> bool:
    """Whether the author's own code starts a process, not a library for itself."""
    while frame is not None:
        name = frame.f_code.co_filename
        if not name.startswith("<frozen"):
            if below(name, libraries):
                return False
            if not below(name, (STDLIB,)):
                return True
            inner = name[len(STDLIB) + 1 :]
            launcher = os.path.splitext(inner)[0] in LAUNCHERS
            if not launcher and not inner.startswith(LAUNCHER_FOLDERS):
                return False
        frame = frame.f_back
    return True


def followed(name: str, words: list[str], environment: Any) -> bool:
    """Whether a process will be a Python with the hook in it."""
    given = os.environ if environment is None else environment
    given = {os.fsdecode(k): os.fsdecode(v) for k, v in dict(given).items()}
    if not given.get(LOG) or CHILD not in given.get("PYTHONPATH", "").split(os.pathsep):
        return False
    for word in words[1:]:
        if not word.startswith("-") or word in ("-c", "-m"):
            break
        if not word.startswith("--") and set(word) & set("IES"):
            return False
    return is_python(name)


def is_python(name: str) -> bool:
    """Whether a program is Python, or a script that Python runs."""
    import shutil

    path = shutil.which(name) or name
    if os.path.basename(os.path.realpath(path)).startswith("python"):
        return True
    if os.path.realpath(path) == os.path.realpath(sys.executable):
        return True
    try:
        with open(path, "rb") as file:
            first = file.readline(200)
    except OSError:
        return False
    return first.startswith(b"#!") and b"python" in first


def follow(log: str, line: Callable[[FrameType | None], int] = lambda frame: 0) -> None:
    """Follow this process and its children from here on.

    Args:
        log: see `Follower`.
        line: see `Follower`.
    """
    os.environ[LOG] = log
    others = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    others = [place for place in others if place and place != CHILD]
    os.environ["PYTHONPATH"] = os.pathsep.join([CHILD, *others])
    follower = Follower(log, line)
    sys.addaudithook(follower.hook)
    follower.follow_looks()
