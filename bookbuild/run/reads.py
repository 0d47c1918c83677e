"""Turns the log of a run into what its record depends on, and tells if that holds.

That has three parts: "files" (SHA-256 of the bytes, null
for a file that did not exist, "folder" for what is one), "folders" (SHA-256 of the names in them) and
"versions" (of the libraries). Names inside the book are relative to its
folder, so that a cache can move with it; others are absolute.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import importlib.util
import os
import re
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bookbuild.run.follow import below, names_hash, places, state
from bookbuild.run.job import Job, ProgramError

PACKAGE = str(Path(__file__).parent.parent)  # counts as machinery
SYSTEM = ("/proc", "/sys", "/dev", "/etc", "/usr", "/lib", "/lib64", "/bin",
          "/var/cache/fontconfig")  # fmt: skip


@dataclass(frozen=True)
class Libraries:
    """What is installed.

    Attributes:
        installed: what differs when a library is installed or removed.
        owners: top-level module, file or folder to its distributions.
        versions: distribution to its version.
    """

    installed: tuple[Any, ...]
    owners: Mapping[str, set[str]]
    versions: Mapping[str, str]


_libraries: Libraries | None = None


def installed() -> tuple[Any, ...]:
    """What differs when a library is installed or removed."""
    return tuple((place, state(place)) for place in places())


def libraries() -> Libraries:
    """What is installed, as far as it was looked at before."""
    global _libraries
    if _libraries is None:
        _libraries = find_libraries()
    return _libraries


def libraries_now() -> Libraries:
    """What is installed; looks again if that has changed."""
    if libraries().installed != installed():
        use_libraries(find_libraries())
    return libraries()


def use_libraries(known: Libraries) -> None:
    """Let `libraries` return what another process has found."""
    global _libraries
    _libraries = known


def find_libraries() -> Libraries:
    """Look at everything that is installed.

    This does what `importlib.metadata.packages_distributions` does, five
    times as fast, and includes packages that hold only data.
    """
    now = installed()
    owners: dict[str, set[str]] = {}
    versions: dict[str, str] = {}
    for distribution in importlib.metadata.distributions():
        metadata = (
            distribution.read_text("METADATA")
            or distribution.read_text("PKG-INFO")
            or ""
        )
        head = dict(HEAD.findall(metadata.partition("\n\n")[0]))
        if "Name" not in head:  # what a broken removal has left
            continue
        name = head["Name"]
        versions.setdefault(name, head.get("Version", ""))
        for top in top_names(distribution):
            if not top.endswith((".dist-info", "__pycache__")):
                owners.setdefault(top.partition(".")[0], set()).add(name)
    owners.pop("", None)  # of "..", files elsewhere
    return Libraries(now, owners, versions)


HEAD = re.compile(r"^(Name|Version):\s*(\S+)", re.M)


def top_names(distribution: importlib.metadata.Distribution) -> set[str]:
    """The modules and folders that a distribution has put into site-packages."""
    declared = distribution.read_text("top_level.txt")
    if declared and declared.split():
        return set(declared.split())
    record = distribution.read_text("RECORD")
    if record is None:
        return {file.parts[0] for file in distribution.files or ()}
    lines = record.splitlines()
    return {line.partition(",")[0].partition("/")[0] for line in lines}


def version(
    distribution: str, known: dict[str, str | None] | None = None
) -> str | None:
    """Installed version of a distribution, None when it is not installed.

    Args:
        distribution: its name.
        known: versions that were looked up before; a new one is added.
    """
    if known is not None and distribution in known:
        return known[distribution]
    try:
        found = importlib.metadata.version(distribution)
    except (importlib.metadata.PackageNotFoundError, ValueError):
        found = None
    if known is not None:
        known[distribution] = found
    return found


def file_hash(path: str | Path) -> str | None:
    """SHA-256 of a file's bytes, or None when it cannot be read; "folder" of one."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except IsADirectoryError:
        return "folder"
    except OSError:
        return "folder" if os.path.isdir(path) else None  # on Windows


def is_current(
    reads: Mapping[str, Any],
    root: Path,
    known: dict[str, str | None] | None = None,
) -> bool:
    """Whether nothing has changed that a record depends on.

    Args:
        reads: of the record.
        root: the book's folder.
        known: see `version`.
    """
    return (
        all(
            version(name, known) == number for name, number in reads["versions"].items()
        )
        and all(
            file_hash(root / name) == digest for name, digest in reads["files"].items()
        )
        and all(
            names_hash(str(root / name)) == digest
            for name, digest in reads["folders"].items()
        )
    )


@dataclass
class Events:
    """What a run did, from its log.

    Attributes:
        reads: path to the file's state when it was first opened.
        writes: paths that were written before they were read.
        both: paths that were read and then written.
        lists: path to the hash of its names when it was first listed.
        looks: paths that it was asked about.
        libraries: paths in site-packages.
        lost: (kind, line, name) of what cannot be followed.
        touched: all paths that were written.
    """

    reads: dict[str, Any] = field(default_factory=dict)
    writes: set[str] = field(default_factory=set)
    both: set[str] = field(default_factory=set)
    lists: dict[str, str | None] = field(default_factory=dict)
    libraries: set[str] = field(default_factory=set)
    looks: set[str] = field(default_factory=set)
    lost: list[tuple[str, int, str]] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)


def read_log(log: Path) -> Events:
    """The events of a run.

    Raises:
        ProgramError: the program has deleted or spoilt the log.
    """
    events = Events()
    try:
        for line in log.read_text(encoding="ascii").splitlines():
            kind, what, detail = ast.literal_eval(line)
            take(events, kind, what, detail)
    except (OSError, ValueError, SyntaxError) as error:
        raise ProgramError(
            "what it read is not known: it has deleted or changed the file "
            "in which that is written"
        ) from error
    return events


def take(events: Events, kind: str, what: Any, detail: Any) -> None:
    """Add one entry of the log."""
    if kind in NOT_FOLLOWED:
        events.lost.append((kind, what, detail))
    elif kind == "look":
        if what not in events.writes:
            events.looks.add(what)
    elif kind == "list":
        events.lists.setdefault(what, detail)
    elif kind == "library":
        events.libraries.add(what)
    elif kind == "read" or (kind == "both" and detail is not None):
        new = what not in events.writes
        if new:
            events.reads.setdefault(what, detail)
    if kind in ("write", "both"):
        events.touched.add(what)
        if what in events.reads or what in events.looks:
            events.both.add(what)
        else:
            events.writes.add(what)


@dataclass(frozen=True)
class Book:
    """Which paths a record of the book may depend on, and their names in it.

    Attributes:
        root: the book's folder.
        own: the folder of the run itself.
        sources: see `Job`.
    """

    root: str
    own: str
    sources: tuple[str, ...]

    def inside(self, path: str) -> str | None:
        """A path relative to the book, None if it lies elsewhere."""
        for root in (self.root, os.path.realpath(self.root)):
            if path == root or below(path, (root,)):
                return Path(os.path.relpath(path, root)).as_posix()
        return None

    def name(self, path: str) -> str | None:
        """What a record calls a path; None if it does not depend on it."""
        pythons = tuple({sys.prefix, sys.base_prefix, sys.exec_prefix})
        nested = tuple(p for p in pythons if self.inside(p))
        if path == self.own or below(path, (self.own, PACKAGE, *nested)):
            return None
        inside = self.inside(path)
        if inside is not None:
            parts = inside.split("/") if inside != "." else []
            hidden = any(p.startswith(".") or p == "__pycache__" for p in parts)
            return None if hidden else inside
        ignored = (*pythons, *SYSTEM, *caches())
        return None if path in SYSTEM or below(path, ignored) else path

    def source(self, path: str) -> str | None:
        """The name of a path below the folders that no program may change."""
        inside = self.inside(path)
        if inside and f"{inside}/".startswith(tuple(f"{s}/" for s in self.sources)):
            return self.name(path)
        return None


def caches() -> tuple[str, ...]:
    """Folders in which libraries keep what they can make again."""
    home = os.path.expanduser("~")
    found = [os.path.join(home, ".cache", "fontconfig")]
    if "matplotlib" in sys.modules:
        matplotlib = sys.modules["matplotlib"]
        found += [matplotlib.get_cachedir(), matplotlib.get_configdir()]
    else:
        found += [os.path.join(home, ".cache", "matplotlib"),
                  os.path.join(home, ".config", "matplotlib")]  # fmt: skip
    return tuple(found)


def dependencies(
    log: Path, job: Job, began: int, own: Path, loaded: set[str]
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """What a run depended on, and warnings about it.

    Args:
        log: what `follow` wrote.
        job: what ran.
        began: when it began, in nanoseconds since the epoch.
        own: the folder of the run itself.
        loaded: names of the modules that were loaded before.
    Raises:
        ProgramError: a file changed meanwhile, or the program has written
            into the book.
    """
    events = read_log(log)
    book = Book(str(job.root), str(own), job.sources)
    refuse_writing(events, book)
    distributions = owning({*sys.modules, *map(top_name, events.libraries)})
    distributions |= {
        name for place in events.libraries if (name := of_metadata(place))
    }
    files: dict[str, str | None] = {}
    for path in sorted({*events.reads, *helpers(loaded)}):
        owner = owners_of_file(path)
        if owner:
            distributions |= owner
            continue
        path = source_of(path)  # bytecode is opened even where it is not
        before = events.reads.get(path, UNKNOWN)
        name = book.name(path)
        if name is None or os.path.isdir(path) or path in events.writes:
            continue
        now = state(path)
        if made_by_run(path, before, now, began, book):
            continue
        if before is UNKNOWN:
            changed = now is not None and now[0] > began
        else:
            changed = before != now
        if changed and path not in events.touched:
            raise changed_meanwhile(name)
        files[name] = file_hash(path)
    made = tuple(events.writes)
    for path in sorted((events.looks | mapped()) - events.reads.keys()):
        name = book.name(path)
        if (
            name is not None
            and name != "."
            and not below(path, (*places(), *made))
            and not made_by_run(path, UNKNOWN, state(path), began, book)
        ):
            files[name] = file_hash(path)
    folders: dict[str, str | None] = {}
    for path, names in sorted(events.lists.items()):
        folder = None if path in events.writes else book.name(path)
        if folder is None or made_by_run(path, state(path), state(path), began, book):
            continue
        folders[folder] = names_hash(path)
        if folders[folder] != names and book.source(path):
            raise changed_meanwhile(folder)
    versions = {
        name: libraries().versions.get(name) or version(name)
        for name in sorted(distributions)
    }
    return (
        {"files": files, "folders": folders, "versions": versions},
        [
            *(not_followed(*lost) for lost in events.lost),
            *(
                f"it reads {name} and then changes it, so its results may "
                "depend on earlier runs"
                for path in sorted(events.both)
                if (name := book.name(path)) in files
            ),
        ],
    )


def mapped() -> set[str]:
    """Files in the memory of this process, which a library has opened itself."""
    try:
        lines = Path("/proc/self/maps").read_text(errors="replace").splitlines()
    except OSError:  # not on Linux
        return set()
    paths = {line.split(maxsplit=5)[5] for line in lines if line.count(" /")}
    return {path for path in paths if os.path.isfile(path)}


UNKNOWN: Any = object()  # the state of a file whose opening was not seen


def changed_meanwhile(name: str) -> ProgramError:
    """The error for a file or folder that changed during the run."""
    return ProgramError(f"{name} was changed while the program ran; build again")


def refuse_writing(events: Events, book: Book) -> None:
    """Refuse that a program writes where the book's authors write.

    Raises:
        ProgramError: it has.
    """
    for path in sorted(events.touched):
        name = book.source(path)
        if name is not None:
            raise ProgramError(
                f"a program must not write into the book ({name}); let it "
                "write to a folder of tempfile"
            )


def made_by_run(path: str, before: Any, now: Any, began: int, book: Book) -> bool:
    """Whether what lies in the folder for temporary files came with the run.

    Libraries and processes that cannot be followed write there too.
    """
    temporary = (
        os.path.abspath(tempfile.gettempdir()),
        os.path.realpath(tempfile.gettempdir()),
    )
    if book.inside(path) is not None or not below(path, temporary):
        return False
    first = now if before is UNKNOWN or before is None else before
    return first is not None and bool(first[0] > began)


def helpers(loaded: set[str]) -> set[str]:
    """The files of the modules that were loaded during the run."""
    found = set()
    for name in set(sys.modules) - loaded - {"__main__"}:
        file = getattr(sys.modules[name], "__file__", None)
        if isinstance(file, str) and os.path.isabs(file):
            found.add(os.path.abspath(file))
    return found


def source_of(path: str) -> str:
    """The source of a file with bytecode; other paths as they are."""
    if path.endswith(".pyc"):
        try:
            return importlib.util.source_from_cache(path)
        except ValueError:  # a module without source
            return path
    return path


def top_name(place: str) -> str:
    """The module to which an entry of site-packages belongs."""
    return os.path.basename(place).partition(".")[0]


def of_metadata(place: str) -> str | None:
    """The distribution whose metadata an entry of site-packages is."""
    stem, extension = os.path.splitext(os.path.basename(place))
    if extension in (".dist-info", ".egg-info"):
        return stem.partition("-")[0]
    return None


def owning(modules: set[str]) -> set[str]:
    """The distributions that modules come from."""
    known = libraries().owners
    tops = {name.partition(".")[0] for name in modules}
    tops -= {"_distutils_hack"}  # loaded without being asked for
    found = {owner for top in tops for owner in known.get(top, ())}
    return found - {"bookbuild"}  # counts as machinery


def owners_of_file(path: str) -> set[str]:
    """The distributions to which a file in site-packages belongs."""
    place = below(path, places())
    if place is None:
        return set()
    top = os.path.join(place, path[len(place) + 1 :].partition(os.sep)[0])
    name = of_metadata(top)
    return {name} if name else owning({top_name(top)})


NOT_FOLLOWED = {
    "start": ("starts `{}`", "what it reads"),
    "connect": ("connects to {}", "what comes from there"),
    "load": ("loads `{}`", "what it reads"),
}


def not_followed(kind: str, line: int, name: str) -> str:
    """The warning of something of which nobody knows what it reads.

    Args:
        kind: one of NOT_FOLLOWED.
        line: of the program that does it; 0 if another process does.
        name: of the process, machine or library.
    """
    where = f"line {line}" if line else "a process that it starts"
    shown = " ".join(name.split())
    shown = shown if len(shown) < 60 else shown[:57] + "..."
    does, what = NOT_FOLLOWED[kind]
    return (
        f"{where} {does.format(shown)}; {what} is not followed, so its "
        "results may go stale"
    )
