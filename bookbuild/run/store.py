"""Turns a key into what was kept under it in an earlier build, and back.

Everything kept between builds lies in one folder: a folder for each kind, a
JSON file for each entry. Entries are written to a temporary name and renamed,
so a reader sees a whole entry or none; a damaged one counts as absent.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bookbuild.errors import BookError
from bookbuild.run.reads import is_current
from bookbuild.run.record import Record

DAY = 24 * 3600


class Store:
    """What is kept between builds.

    Args:
        folder: where; made when first needed.
        root: the book's folder, to which the files of records are relative.
    """

    def __init__(self, folder: Path, root: Path) -> None:
        self.folder, self.root = Path(folder), Path(root)
        self._versions: dict[str, str | None] = {}
        self._machinery: str | None = None

    def forget(self) -> None:
        """Look up again what is installed: a new build begins."""
        self._versions.clear()
        self._machinery = None

    def machinery(self, face: Sequence[Path] = ()) -> str:
        """Hash of what runs programs: our code, Python, the face of figures.

        Args:
            face: its font files.
        """
        if self._machinery is None:
            digest = hashlib.sha256(f"{sys.version}\0{platform.machine()}".encode())
            here = Path(__file__).parent
            for file in sorted(here.rglob("*.py")):
                name = file.relative_to(here).as_posix()
                digest.update(f"\0{name}\0".encode() + file.read_bytes())
            for file in face:
                with contextlib.suppress(OSError):  # a program that draws says so
                    digest.update(b"\0" + file.read_bytes())
            self._machinery = digest.hexdigest()
        return self._machinery

    def path(self, kind: str, key: str) -> Path:
        """The file of an entry."""
        name = hashlib.sha256(key.encode()).hexdigest()[:32]
        return self.folder / kind / f"{name}.json"

    def get(self, kind: str, key: str) -> Any | None:
        """What was kept, or None.

        Args:
            kind: of what is kept: "records", "timings", ...
            key: any text.
        """
        path = self.path(kind, key)
        try:
            content = json.loads(path.read_bytes())
            if content["key"] != key:
                return None
            value = content["value"]
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return None
        with contextlib.suppress(OSError):  # a cache may be for reading only
            if time.time() - path.stat().st_mtime > DAY:
                os.utime(path)
        return value

    def put(self, kind: str, key: str, value: Any) -> None:
        """Keep something that JSON can say.

        Args:
            kind, key: see `get`.
            value: what to keep.
        Raises:
            BookError: the folder cannot be written.
        """
        path = self.path(kind, key)
        text = json.dumps({"key": key, "value": value})
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    file.write(text)
                os.replace(temporary, path)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(temporary)
                raise
        except OSError as error:
            raise self.unusable(error) from error

    def unusable(self, error: OSError) -> BookError:
        """The error for a folder that cannot be used."""
        return BookError(
            f"the cache {self.folder} cannot be written "
            f"({error.strerror or error}); make it writable and free space, "
            "or remove it"
        )

    def record(self, key: str) -> Record | None:
        """The record of a job, as long as nothing it depends on has changed.

        Args:
            key: see `Job.key`.
        """
        try:
            record = Record.from_json(self.get("records", key))  # type: ignore[arg-type]
            current = is_current(record.reads, self.root, self._versions)
        except (KeyError, TypeError, ValueError, AttributeError):
            return None
        return record if current else None

    def save(self, key: str, record: Record) -> None:
        """Keep the record of a job.

        Raises:
            BookError: the folder cannot be written.
        """
        self.put("records", key, record.to_json())

    def sweep(self, keep_days: float = 30) -> None:
        """Delete what nobody has used for long, and what killed builds left.

        Raises:
            BookError: the folder cannot be written.
        """
        now = time.time()
        try:
            for path in self.folder.glob("*/*"):
                with contextlib.suppress(FileNotFoundError):
                    age = now - path.stat().st_mtime
                    old = 3600 if path.suffix == ".tmp" else keep_days * DAY
                    if age > old and path.is_file():
                        path.unlink()
        except OSError as error:
            raise self.unusable(error) from error
