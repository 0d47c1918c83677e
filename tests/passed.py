"""Remembers which tests have passed, and with what; those are not run again while nothing changes that they could see.

This holds for `pytest` without arguments. `pytest --fresh` runs everything,
and so do tests that are named, and continuous integration.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
KEPT = ROOT / ".cache" / "passed.json"
# Tests of a room of the machinery make books of their own: this book's pages
# and programs do not matter to them.
ROOMS = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir()}
BOOK = ("docs/", "snippets/")


def pytest_configure(config: pytest.Config) -> None:
    """Remember, but in the workers of pytest-xdist, and where Git knows no files."""
    if not hasattr(config, "workerinput") and listed_files() is not None:
        config.pluginmanager.register(Passed(), "passed tests")


class Passed:
    """What is known of the tests, in one run of pytest."""

    def __init__(self) -> None:
        self.fingerprints = fingerprints()
        self.kept: dict[str, str] = read()
        self.known = 0
        self.bad: set[str] = set()
        self.good: set[str] = set()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Leave out what would only say the same again."""
        everything = config.args_source == pytest.Config.ArgsSource.TESTPATHS
        if not everything or config.option.fresh or os.environ.get("CI"):
            return
        known = [item for item in items if self.is_known(item)]
        self.known = len(known)
        if known:
            config.hook.pytest_deselected(items=known)
            items[:] = [item for item in items if not self.is_known(item)]

    def is_known(self, item: pytest.Item) -> bool:
        """Whether a test has passed with these files and packages."""
        seen = self.seen(item.nodeid)
        return seen is not None and self.kept.get(item.nodeid) == seen

    def seen(self, name: str) -> str | None:
        """Hash of all that a test could see; None for pages and programs, which have records of their own."""
        folder, _, rest = name.partition("/")
        if folder != "tests":
            return None
        return self.fingerprints[rest.partition("/")[0] in ROOMS]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note how a test ends."""
        if report.outcome != "passed":
            self.bad.add(report.nodeid)
        elif report.when == "teardown":
            self.good.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        """Keep what has passed, unless something changed meanwhile."""
        if not self.good | self.bad or fingerprints() != self.fingerprints:
            return
        kept = read()
        for name in self.bad:
            kept.pop(name, None)
        for name in self.good - self.bad:
            if seen := self.seen(name):
                kept[name] = seen
        KEPT.parent.mkdir(exist_ok=True)
        new = KEPT.with_suffix(".new")
        new.write_text(json.dumps(kept, indent=0), encoding="utf-8")
        os.replace(new, KEPT)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say what was left out, and how to have it run."""
        if self.known:
            terminalreporter.line(
                f"{self.known} tests have passed with these files and packages and "
                "were not run again; pytest --fresh runs them."
            )


def read() -> dict[str, str]:
    """The tests that have passed, with the hash of what they could see."""
    try:
        kept = json.loads(KEPT.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}


def listed_files() -> str | None:
    """The names of all files that are not ignored, each with a zero behind it.

    Returns:
        None without Git, or in a copy that is no repository.
    """
    try:
        return subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        ).stdout.decode()
    except (OSError, subprocess.CalledProcessError):
        return None


def fingerprints() -> tuple[str, str]:
    """Hashes of all files and packages, and of those that are not this book's."""
    listed = listed_files() or ""
    installed = sorted(
        f"{package.name} {package.version}"
        for package in importlib.metadata.distributions()
    )
    start = f"{sys.version}\0{installed}".encode()
    whole, machinery = hashlib.sha256(start), hashlib.sha256(start)
    for name in sorted(set(listed.split("\0")) - {""}):
        path = ROOT / name
        content = path.read_bytes() if path.is_file() else b""
        part = f"\0{name}\0".encode() + hashlib.sha256(content).digest()
        whole.update(part)
        if not name.startswith(BOOK):
            machinery.update(part)
    return whole.hexdigest(), machinery.hexdigest()
