"""What is kept between builds comes back whole, or not at all."""

import json
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bookbuild.errors import BookError
from bookbuild.run import store as module
from bookbuild.run.record import Comparison, Figure, Record, Verdict
from bookbuild.run.store import Store

RECORD = Record(
    "a.py",
    ((1, "x\n"),),
    {"f": Figure("<svg>", 1, 2)},
    {"a": [1, None, {"b": float("inf")}]},
    (Verdict("c", True, comparisons=(Comparison("a", "<", "b", 1.0, 2.0),)),),
    0.5,
    ("w",),
    {"files": {}, "folders": {}, "versions": {}},
)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "cache", tmp_path)


def entries(store):
    return [path for path in store.folder.rglob("*") if path.is_file()]


def test_what_is_put_comes_back(store):
    for value in ({"a": 1}, [1], "text", 3.5, 0, False):
        store.put("kind", "key/../with any\0text", value)
        assert store.get("kind", "key/../with any\0text") == value
    assert store.get("kind", "other") is None
    assert store.get("other", "key") is None


def test_a_record_comes_back(store):
    store.save("key", RECORD)
    assert store.record("key") == RECORD


def test_a_record_that_is_out_of_date_does_not(store):
    (store.root / "data.txt").write_text("1")
    reads = {"files": {"data.txt": None}, "folders": {}, "versions": {}}
    store.save("key", Record(**{**vars(RECORD), "reads": reads}))
    assert store.record("key") is None
    (store.root / "data.txt").unlink()
    assert store.record("key") is not None


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"3",
        b"\xff\xfe",
        b'{"value": 1}',
        b'{"key": "other", "value": {}}',
        b"[" * 100_000,
        b'{"key": "key", "value": {}}',
        b'{"key": "key", "value": [1]}',
        b'{"key": "key", "value": {"program": 1, "output": 3}}',
        json.dumps({"key": "other", "value": RECORD.to_json()}).encode(),
        json.dumps({"key": "key", "value": {**RECORD.to_json(), "reads": {}}}).encode(),
        json.dumps({"key": "key", "value": {**RECORD.to_json(), "reads": []}}).encode(),
        json.dumps(
            {"key": "key", "value": {**RECORD.to_json(), "figures": {"f": 1}}}
        ).encode(),
        json.dumps(
            {"key": "key", "value": {**RECORD.to_json(), "verdicts": [{}]}}
        ).encode(),
    ],
)
def test_a_damaged_record_counts_as_absent(damage, store):
    store.save("key", RECORD)
    (path,) = entries(store)
    path.write_bytes(damage)
    assert store.record("key") is None
    store.save("key", RECORD)
    assert store.record("key") == RECORD


def test_old_entries_are_swept_and_used_ones_kept(store):
    for key in "old", "used", "new":
        store.put("kind", key, 1)
    leftover, fresh = store.folder / "kind" / "x.tmp", store.folder / "kind" / "y.tmp"
    leftover.write_text("")
    fresh.write_text("")
    month = time.time() - 31 * module.DAY
    for path in store.path("kind", "old"), store.path("kind", "used"):
        os.utime(path, (month, month))
    os.utime(leftover, (time.time() - 4000,) * 2)
    assert store.get("kind", "used") == 1
    store.sweep()
    assert store.get("kind", "old") is None
    assert store.get("kind", "used") == store.get("kind", "new") == 1
    assert fresh.exists() and not leftover.exists()


def test_an_entry_is_touched_at_most_once_a_day(store):
    store.put("kind", "key", 1)
    path = store.path("kind", "key")
    hour, days = time.time() - 3600, time.time() - 2 * module.DAY
    os.utime(path, (hour, hour))
    store.get("kind", "key")
    assert path.stat().st_mtime == pytest.approx(hour)
    os.utime(path, (days, days))
    store.get("kind", "key")
    assert path.stat().st_mtime > hour


def test_sweeping_nothing_is_no_error(store):
    store.sweep()


def test_a_file_in_place_of_the_folder_is_told(store):
    store.folder.write_text("")
    with pytest.raises(BookError) as caught:
        store.put("kind", "key", 1)
    assert str(store.folder) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert store.get("kind", "key") is None


def another_user(store, code, *paths):
    """Run code as a user who owns nothing; returns what it printed."""
    script = (
        f"import os, sys; sys.path.insert(0, {str(Path(__file__).parents[2])!r})\n"
        "from bookbuild.run.store import Store; from bookbuild.errors import BookError\n"
        "if os.getuid() == 0: os.setgid(65534); os.setuid(65534)\n"
        f"store = Store({str(store.folder)!r}, '/')\n"
        f"try:\n    {code}\nexcept BookError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.stdout


def test_a_folder_that_cannot_be_written_is_told_and_read(store, monkeypatch):
    store.put("kind", "key", 1)
    old = time.time() - 40 * module.DAY
    os.utime(store.path("kind", "key"), (old, old))
    for path in store.folder, store.folder / "kind":
        path.chmod(0o555)
    for parent in store.folder.parents:  # pytest's folders are its own
        if parent.owner() != "root" or parent.stat().st_mode & 0o055 == 0:
            parent.chmod(parent.stat().st_mode | 0o055)
    store.path("kind", "key").chmod(0o444)
    try:
        told = another_user(store, "store.put('kind', 'b', 1)")
        assert f"the cache {store.folder} cannot be written" in told
        assert "cannot be written" in another_user(store, "store.sweep()")
        # Only the owner may say when it was used: that is no reason to fail.
        assert another_user(store, "print(store.get('kind', 'key'))") == "1\n"
    finally:
        for path in store.folder, store.folder / "kind":
            path.chmod(0o755)


def test_a_full_disk_is_told_and_leaves_nothing(store):
    """A file that may not grow fails as it does on a full disk."""
    store.put("kind", "key", 1)
    before = entries(store)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    import signal

    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(BookError) as caught:
            store.put("kind", "other", "x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert str(store.folder) in str(caught.value)
    assert entries(store) == before
    assert store.get("kind", "other") is None


def test_the_machinery_is_all_code_that_runs_programs(store, tmp_path, monkeypatch):
    copy = tmp_path / "run"
    shutil.copytree(Path(module.__file__).parent, copy)
    monkeypatch.setattr(module, "__file__", str(copy / "store.py"))
    seen = {store.machinery()}
    files = sorted(copy.rglob("*.py"))
    assert {"worker.py", "follow.py", "sitecustomize.py"} <= {f.name for f in files}
    for file in files:
        file.write_text(file.read_text() + "# changed\n")
        assert store.machinery() in seen  # of this build
        store.forget()
        assert store.machinery() not in seen
        seen.add(store.machinery())


def test_versions_are_looked_up_once_a_build(store):
    reads = {"files": {}, "folders": {}, "versions": {"filelock": "0"}}
    store.save("key", Record(**{**vars(RECORD), "reads": reads}))
    assert store.record("key") is None
    store._versions["filelock"] = "0"
    assert store.record("key") is not None
    store.forget()
    assert store.record("key") is None
