"""Turns a program into the record of its last run, as long as nothing it depends on has changed.

An entry is one JSON file. Its name is the hash of what is known before a run
(the program's text, the runner, the figure style, Python's version); inside
stands what was learnt during the run: the files it read and the versions of
the libraries it used. A lookup checks those again. Entries are written to a
temporary name and renamed, so a reader sees a whole entry or none.
"""

import functools
import hashlib
import importlib.metadata
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path

PARTS = {"program", "output", "figures", "results", "cpu", "warnings",
         "files", "versions"}  # of a record
KEEP_UNUSED = 30 * 24 * 3600  # seconds an entry may lie unused


@functools.cache
def machinery_hash():
    """Hash of the code that runs programs and of the Python it runs on."""
    digest = hashlib.sha256(f"{sys.version}{platform.machine()}".encode())
    here = Path(__file__).parent
    for name in ("worker.py", "figures.py"):
        digest.update((here / name).read_bytes())
    return digest.hexdigest()


def file_hash(path):
    """SHA-256 of a file's bytes, or None when it cannot be read."""
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        return None


@functools.cache
def version(distribution):
    """Installed version of a distribution, or None when it is not installed."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def write_atomically(path, text):
    """Write a text file so that it appears whole or not at all."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(temporary, path)


def read_json(path):
    """The dict in a JSON file, or None when it is missing or damaged."""
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


class Cache:
    """The records of all runs, in one folder.

    Args:
        folder: where the entries live; made when first needed.
        root: the book's folder, to which recorded file names are relative.
    """

    def __init__(self, folder, root):
        self.folder, self.root = Path(folder), Path(root)

    def path(self, name, text):
        """Where the entry of a program with this name and text lives."""
        key = hashlib.sha256("\0".join(
            [name, text, machinery_hash()]).encode()).hexdigest()[:24]
        return self.folder / "programs" / f"{key}.json"

    def load(self, name, text):
        """The record of a program's last run, or None when it must run again."""
        path = self.path(name, text)
        record = read_json(path)
        if record is None or not self._is_current(record):
            return None
        if time.time() - path.stat().st_mtime > 24 * 3600:
            os.utime(path)
        return record

    def _is_current(self, record):
        return (PARTS <= record.keys()
                and all(file_hash(self.root / name) == digest
                    for name, digest in record["files"].items())
                and all(version(name) == number
                        for name, number in record["versions"].items()))

    def sweep(self):
        """Delete entries unused for a month and what killed builds left behind."""
        now = time.time()
        for path in self.folder.glob("programs/*"):
            age = now - path.stat().st_mtime
            if age > (3600 if path.suffix == ".tmp" else KEEP_UNUSED):
                path.unlink(missing_ok=True)
