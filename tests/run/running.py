"""Tiny real programs and the pools that run them, for the tests of bookbuild/run."""

import contextlib
import os
import signal
import time
from pathlib import Path

import pytest

from bookbuild.run.job import Job
from bookbuild.run.pool import Pool
from bookbuild.run.program import read_program
from bookbuild.run.record import Claim, Failure, Record


class Book:
    """A folder with programs in it.

    Args:
        root: an empty folder.
    """

    def __init__(self, root):
        self.root = root
        self.snippets = root / "snippets"
        self.snippets.mkdir()
        (root / "docs").mkdir()

    def write(self, name, text):
        """Write a file beside the programs; returns its path."""
        path = self.snippets / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def program(self, text, name="part/first.py"):
        """Write a program and read it."""
        path = self.write(name, text)
        return read_program(name, path, self.snippets)

    def job(self, text, *claims, name="part/first.py", limit=20):
        """A job of a program, with the claims `claims` in a page."""
        claims = tuple(
            Claim(f"claim-{number}", "part/first.md", 10 * number, code)
            for number, code in enumerate(claims, 1)
        )
        return Job(self.program(text, name), claims, self.root, limit)


@pytest.fixture
def book(tmp_path):
    return Book(tmp_path)


@pytest.fixture(scope="session")
def pool(tmp_path_factory):
    """A pool that forks, and one that starts interpreters: see `pools`."""
    with Pool(tmp_path_factory.mktemp("pool")) as pool:
        yield pool


@pytest.fixture(scope="session")
def fresh_pool(tmp_path_factory):
    with Pool(tmp_path_factory.mktemp("fresh"), start="fresh") as pool:
        yield pool


def record(pool, job):
    """The record of a job that must leave one."""
    outcome = pool.submit(job).result(60)
    assert isinstance(outcome, Record), outcome
    return outcome


def failure(pool, job):
    """The failure of a job that must fail."""
    outcome = pool.submit(job).result(60)
    assert isinstance(outcome, Failure), outcome
    return outcome


def is_alive(number):
    """Whether a process exists and is no zombie."""
    try:
        status = Path(f"/proc/{number}/stat").read_bytes()
    except OSError:
        return False
    return status.rpartition(b")")[2].split()[0] not in (b"Z", b"X")


def soon(condition, seconds=5.0):
    """Whether a condition comes true within some seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def end(number):
    """Kill a process that a test may have left."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(number, signal.SIGKILL)


def numbers(path, count=1):
    """The process numbers that programs have written into a file."""

    def found():
        return path.exists() and len(path.read_text().split()) >= count

    assert soon(found, 20), f"{path} does not appear"
    return [int(word) for word in path.read_text().split()]
