"""Builds the book once for all tests that look at it."""

import os
import subprocess
import sys
from pathlib import Path

os.environ |= {"MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1",
               "NO_MKDOCS_2_WARNING": "1"}

import pytest  # noqa: E402

ROOT = Path(__file__).parent


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the whole book, built by the command readers use."""
    folder = tmp_path_factory.mktemp("book") / "site"
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "-d", str(folder)],
        cwd=ROOT, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    return folder
