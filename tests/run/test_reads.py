"""What a record depends on: a change of it makes the record out of date, nothing else does."""
# ruff: noqa: F401, F811 (fixtures are imported)

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from running import book, failure, fresh_pool, pool, record

from bookbuild.run import reads
from bookbuild.run.follow import followed, names_hash

HERE = "from pathlib import Path\nHERE = Path(__file__).parent\n"


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


# name: (program, a change of what it read)
STALE = {
    "chdir": (
        HERE + "import os\nos.chdir(HERE)\nprint(open('data.txt').read())\n"
        "os.chdir('/')\n",
        "data.txt",
    ),
    "relative": ("print(open('snippets/part/data.txt').read())\n", "data.txt"),
    "bytes": (
        "import os\nprint(open(os.fsencode(os.path.dirname(__file__)) + "
        "b'/data.txt').read())\n",
        "data.txt",
    ),
    "os-open": (
        HERE + "import os\nos.read(os.open(HERE / 'data.txt', 0), 9)\n",
        "data.txt",
    ),
    "outside-the-book": (
        HERE + "print((HERE.parents[2] / 'shared.txt').read_text())\n",
        "../../../shared.txt",
    ),
    "glob": (HERE + "print(sorted(p.name for p in HERE.glob('*.txt')))\n", "new.txt"),
    "listdir": (HERE + "import os\nprint(os.listdir(HERE))\n", "new.txt"),
    "listdir-here": (
        HERE + "import os\nos.chdir(HERE)\nprint(os.listdir())\n",
        "new.txt",
    ),
    "scandir": (HERE + "import os\nprint(list(os.scandir(HERE)))\n", "new.txt"),
    "walk": (HERE + "import os\nprint(list(os.walk(HERE)))\n", "sub/new.txt"),
    "failed-open": (
        HERE + "try:\n    open(HERE / 'new.txt')\n"
        "except FileNotFoundError:\n    print('no')\n",
        "new.txt",
    ),
    "update": (
        HERE + "print(open(HERE / 'data.txt').read())\n"
        "open(HERE.parents[1] / 'own.txt', 'w')\n",
        "data.txt",
    ),
    "loadtxt": (
        HERE + "import numpy as np\nprint(np.loadtxt(HERE / 'data.txt'))\n",
        "data.txt",
    ),
    "helper": ("import helper\n", "helper.py"),
    "helper-of-helper": ("import helper\n", "deep.py"),
    "helper-with-bytecode": ("import helper\n", "helper.py"),
    "spawned-helper-with-bytecode": (
        "import subprocess, sys\nsubprocess.run([sys.executable, '-c', "
        "'import sys; sys.path[0] = \"snippets/part\"; import helper'])\n",
        "helper.py",
    ),
    "importlib": ("import importlib\nimportlib.import_module('helper')\n", "helper.py"),
    "pool-worker": (
        HERE + "import multiprocessing as mp\n"
        "def f(_): return (HERE / 'data.txt').read_text()\n"
        "with mp.get_context('fork').Pool(1) as p: print(p.map(f, [0]))\n",
        "data.txt",
    ),
    "process-pool": (
        HERE + "from concurrent.futures import ProcessPoolExecutor\n"
        "def f(_): return (HERE / 'data.txt').read_text()\n"
        "with ProcessPoolExecutor(1) as p: print(*p.map(f, [0]))\n",
        "data.txt",
    ),
    "spawned": (
        HERE + "import multiprocessing as mp\n"
        "def f(_): return (HERE / 'data.txt').read_text()\n"
        "if __name__ == '__main__':\n"
        "    with mp.get_context('spawn').Pool(1) as p:\n"
        "        print(p.map(f, [0]))\n",
        "data.txt",
    ),
    "spawned-helper": (
        "import multiprocessing as mp\n"
        "def f(_): import helper\n"
        "if __name__ == '__main__':\n"
        "    with mp.get_context('spawn').Pool(1) as p:\n"
        "        print(p.map(f, [0]))\n",
        "helper.py",
    ),
    "subprocess-python": (
        HERE + "import subprocess, sys\n"
        "code = f'print(open({str(HERE / \"data.txt\")!r}).read())'\n"
        "subprocess.run([sys.executable, '-c', code], check=True)\n",
        "data.txt",
    ),
    "fork": (
        HERE + "import os\nif os.fork() == 0:\n    open(HERE / 'data.txt')\n"
        "    os._exit(0)\nos.wait()\n",
        "data.txt",
    ),
    "thread": (
        HERE + "import threading\nt = threading.Thread(target=open, "
        "args=(HERE / 'data.txt',))\nt.start()\nt.join()\n",
        "data.txt",
    ),
    "atexit": (
        HERE + "import atexit\natexit.register(open, HERE / 'data.txt')\n",
        "data.txt",
    ),
    "closes-all-files": (
        HERE + "import os\nos.closerange(3, 200)\n"
        "print(open(HERE / 'data.txt').read())\n",
        "data.txt",
    ),
    "sqlite": (
        HERE + "import sqlite3\nsqlite3.connect('own.db').execute('select 1')\n",
        "../../own.db",
    ),
    "exists": (
        HERE + "import os\nprint(os.path.exists(HERE / 'new.txt'))\n",
        "new.txt",
    ),
    "is-file": (HERE + "print((HERE / 'new.txt').is_file())\n", "new.txt"),
    "is-no-folder": (HERE + "print((HERE / 'new').is_dir())\n", "new/new.txt"),
    "size": (HERE + "print((HERE / 'data.txt').stat().st_size)\n", "data.txt"),
    "access": (
        HERE + "import os\nprint(os.access(str(HERE / 'new.txt'), os.R_OK))\n",
        "new.txt",
    ),
    "exists-outside": (
        HERE + "print((HERE.parents[2] / 'new.txt').exists())\n",
        "../../../new.txt",
    ),
    "exists-for-a-library": (
        HERE + "import numpy as np\n"
        "print(np.lib.npyio.DataSource().exists('snippets/part/new.txt'))\n",
        "new.txt",
    ),
    "exists-in-a-process": (
        "import subprocess, sys\nsubprocess.run([sys.executable, '-c', "
        "'import os; os.path.exists(\"snippets/part/new.txt\")'])\n",
        "new.txt",
    ),
    "mapped": (
        HERE + "import torch\nx = torch.from_file(str(HERE / 'data.txt'), "
        "size=4, dtype=torch.uint8)\nprint(x)\n",
        "data.txt",
    ),
    "own-source": ("print(open(__file__).read())\n", "first.py"),
    "claims": ("x = 1\n", "data.txt"),
}


def layout(book):
    book.write("part/data.txt", "1 2\n")
    book.write("part/sub/old.txt", "1\n")
    book.write("part/helper.py", "import deep\n")
    book.write("part/deep.py", "x = 1\n")
    (book.root.parent / "shared.txt").write_text("1\n")
    (book.root / "own.db").write_text("")


@pytest.mark.slow
@pytest.mark.parametrize("name", STALE)
def test_a_change_of_what_was_read_is_noticed(name, tmp_path, pool):
    from running import Book

    (tmp_path / "book").mkdir()
    here = Book(tmp_path / "book")
    layout(here)
    text, changed = STALE[name]
    if name.endswith("with-bytecode"):
        subprocess.run(
            [sys.executable, "-c", "import helper"],
            cwd=here.snippets / "part",
            check=True,
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": ""},
        )
        assert list((here.snippets / "part").glob("__pycache__/helper*"))
    claims = ["assert open('snippets/part/data.txt')"] if name == "claims" else []
    found = record(pool, here.job(text, *claims))
    assert found.warnings == ()
    assert reads.is_current(found.reads, here.root)
    (here.snippets / "part" / "unrelated").mkdir()  # a folder that nobody lists
    if changed.endswith(("new.txt",)):
        (here.snippets / "part" / "unrelated").rmdir()
    here.write("part/" + changed, "changed = 2\n")
    assert not reads.is_current(found.reads, here.root)


@pytest.mark.parametrize(
    "name", ["chdir", "helper", "pool-worker", "spawned", "glob", "subprocess-python"]
)
def test_a_fresh_interpreter_is_followed_too(name, book, fresh_pool):
    layout(book)
    text, changed = STALE[name]
    found = record(fresh_pool, book.job(text))
    assert reads.is_current(found.reads, book.root)
    book.write("part/" + changed, "changed = 2\n")
    assert not reads.is_current(found.reads, book.root)


def test_a_compiled_module_counts(book, pool):
    """No file is opened for it, as far as Python can tell."""
    (source,) = Path(os.__file__).parent.glob("lib-dynload/xxlimited.*")
    shutil.copy(source, book.write("part/first.py", "").parent)
    found = record(pool, book.job("import xxlimited\n"))
    assert list(found.reads["files"]) == [f"snippets/part/{source.name}"]


def test_names_are_relative_to_the_book(book, pool):
    layout(book)
    outside = book.root.parent / "shared.txt"
    found = record(
        pool,
        book.job(
            HERE + f"import os\nopen(HERE / 'data.txt')\nos.listdir(HERE)\n"
            f"open({str(outside)!r})\ntry:\n    open('docs/none.csv')\n"
            "except OSError: pass\n"
        ),
    )
    assert found.reads["files"] == {
        "snippets/part/data.txt": sha("1 2\n"),
        "docs/none.csv": None,
        str(outside): sha("1\n"),
    }
    assert found.reads["folders"] == {
        "snippets/part": names_hash(str(book.snippets / "part"))
    }


def test_a_record_holds_in_a_copy_of_the_book(book, tmp_path, pool):
    layout(book)
    found = record(
        pool,
        book.job(
            HERE + "import helper, os\nopen(HERE / 'data.txt')\nos.listdir(HERE)\n"
        ),
    )
    copy = tmp_path / "copy"
    subprocess.run(
        ["cp", "-r", str(book.root / "snippets"), str(copy / "snippets")], check=False
    )
    copy.mkdir()
    subprocess.run(["cp", "-r", str(book.root / "snippets"), str(copy)], check=True)
    assert reads.is_current(found.reads, copy)
    (copy / "snippets/part/data.txt").write_text("other")
    assert not reads.is_current(found.reads, copy)


def test_hidden_files_and_caches_do_not_count(book, pool):
    layout(book)
    hidden = book.root / ".cache"
    hidden.mkdir()
    (hidden / "x").write_text("1")
    found = record(
        pool,
        book.job(
            HERE
            + "import os\nopen('.cache/x')\nos.listdir(HERE)\nopen('/etc/passwd')\n"
            "open('/proc/self/status')\nos.listdir('/usr')\nopen(os.devnull)\n"
            "import json.tool, zipfile\nopen(json.__file__)\n"
        ),
    )
    assert found.reads["files"] == {}
    (book.snippets / "part" / ".#first.py").write_text("")
    (book.snippets / "part" / "__pycache__").mkdir()
    assert reads.is_current(found.reads, book.root)


def test_libraries_count_by_their_version(book, pool):
    found = record(pool, book.job("import filelock\n"))
    assert list(found.reads["versions"]) == ["filelock"]
    assert not reads.is_current(
        {**found.reads, "versions": {"filelock": "0.0"}}, book.root
    )


def test_data_of_libraries_count_by_their_version(book, pool):
    found = record(
        pool,
        book.job(
            "from importlib.metadata import distribution, version\n"
            "open(distribution('filelock').locate_file('filelock/py.typed'))\n"
            "version('psutil')\n"
        ),
    )
    assert list(found.reads["versions"]) == ["filelock", "psutil"]
    assert found.reads["files"] == {}


def test_looking_for_a_library_lists_no_folder(book, pool):
    layout(book)
    found = record(
        pool,
        book.job(
            "from importlib.metadata import distribution, distributions\n"
            "distribution('filelock')\nlist(distributions())\n"
        ),
    )
    assert found.reads["folders"] == {}


def test_what_runs_programs_is_no_file_they_read(book, pool):
    """Libraries show where they were called from, and read those files for it."""
    found = record(pool, book.job("import traceback\ntraceback.print_stack()\n"))
    assert found.reads["files"] == {}


def test_libraries_of_a_started_python_count(book, pool):
    found = record(
        pool,
        book.job(
            "import subprocess, sys\n"
            "subprocess.run([sys.executable, '-c', 'import filelock'], check=True)\n"
        ),
    )
    assert "filelock" in found.reads["versions"]


def test_what_a_run_writes_is_no_dependency(book, pool):
    found = record(
        pool,
        book.job("""\
import os, pathlib, shutil, subprocess, tempfile
with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder, 'a.txt')
    path.write_text('1')
    path.read_text()
    os.listdir(folder)
    path.rename(path.with_name('b.txt'))
    path.with_name('b.txt').read_text()
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        open(file.name).read()
    shutil.copy(path.with_name('b.txt'), path.with_name('c.txt'))
    open(path.with_name('c.txt')).read()
kept = tempfile.mkdtemp()
pathlib.Path(kept, 'x').write_text('1')
os.listdir(kept)
pathlib.Path(kept, 'x').read_text()
"""),
    )
    assert found.reads["files"] == {} and found.reads["folders"] == {}
    assert found.warnings == ()


def test_what_a_library_writes_is_no_dependency(book, pool):
    """`torch.save` writes in C++, as `ctypes` does here: no hook sees that."""
    found = record(
        pool,
        book.job("""\
import ctypes, os, tempfile
path = os.path.join(tempfile.mkdtemp(), 'x')
libc = ctypes.CDLL(None)
libc.close(libc.creat(path.encode(), 0o600))
open(path).read()
os.remove(path)
"""),
    )
    assert found.reads["files"] == {}
    (warning,) = found.warnings  # of `ctypes` itself
    assert "the C library" in warning


@pytest.mark.parametrize(
    "call",
    [
        "open(HERE / 'new.txt', 'w')",
        "open(HERE / 'data.txt', 'a')",
        "open(HERE / 'data.txt', 'r+')",
        "(HERE / 'data.txt').unlink()",
        "(HERE / 'data.txt').rename(HERE / 'x')",
        "(HERE / 'new').mkdir()",
        "open('docs/new.md', 'w')",
        "import subprocess, sys; subprocess.run([sys.executable, '-c', "
        '\'open("docs/new.md", "w")\'])',
    ],
)
def test_a_program_must_not_write_into_the_book(call, book, pool):
    layout(book)
    found = failure(pool, book.job(HERE + call + "\n"))
    assert found.message.startswith("a program must not write into the book (")


def test_a_file_that_changes_meanwhile_is_an_error(book, pool):
    layout(book)
    found = failure(
        pool,
        book.job(
            HERE + "import ctypes\nopen(HERE / 'data.txt').read()\n"
            "libc = ctypes.CDLL(None)\n"  # as another process would
            "libc.truncate(str(HERE / 'data.txt').encode(), 1)\n"
        ),
    )
    assert found.message == (
        "snippets/part/data.txt was changed while the program ran; build again"
    )


def test_a_folder_that_changes_meanwhile_is_an_error(book, pool):
    layout(book)
    found = failure(
        pool,
        book.job(
            HERE + "import ctypes\nlist(HERE.iterdir())\n"
            "libc = ctypes.CDLL(None)\n"
            "libc.creat(str(HERE / 'new.txt').encode(), 0o600)\n"
        ),
    )
    assert found.message == (
        "snippets/part was changed while the program ran; build again"
    )


def test_a_helper_that_changes_meanwhile_is_an_error(book, pool):
    layout(book)
    found = failure(
        pool,
        book.job(
            HERE + "import ctypes, helper\nlibc = ctypes.CDLL(None)\n"
            "libc.truncate(str(HERE / 'deep.py').encode(), 1)\n"
        ),
    )
    assert found.message == (
        "snippets/part/deep.py was changed while the program ran; build again"
    )


def test_a_program_that_changes_meanwhile_is_an_error(book, pool):
    found = failure(
        pool,
        book.job("import ctypes\nctypes.CDLL(None).truncate(__file__.encode(), 3)\n"),
    )
    assert found.message == "the program was changed while it ran; build again"


def test_a_file_read_and_then_written_is_warned_of(book, pool):
    (book.root / "count.txt").write_text("1")
    found = record(
        pool,
        book.job(
            "n = int(open('count.txt').read())\nopen('count.txt', 'w').write(str(n + 1))\n"
        ),
    )
    assert found.warnings == (
        "it reads count.txt and then changes it, so its results may depend on "
        "earlier runs",
    )


# name: (program, what it starts that cannot be followed)
STARTS = {
    "cat": (
        HERE + "import subprocess\nsubprocess.run(['cat', HERE / 'data.txt'])\n",
        (4, "cat"),
    ),
    "shell": (
        "import subprocess\nsubprocess.run('cat  x | wc', shell=True)\n",
        (2, "cat x | wc"),
    ),
    "system": ("import os\nos.system('true')\n", (2, "true")),
    "popen": ("import os\nos.popen('true').read()\n", (2, "true")),
    "posix-spawn": (
        "import os\nos.waitpid(os.posix_spawn('/bin/true', ['true'], {}), 0)\n",
        (2, "/bin/true"),
    ),
    "spawn": ("import os\nos.spawnlp(os.P_WAIT, 'true', 'true')\n", (2, "/")),
    "asyncio": (
        "import asyncio\nasync def f():\n"
        "    p = await asyncio.create_subprocess_exec('true')\n"
        "    await p.wait()\nasyncio.run(f())\n",
        (5, "true"),
    ),
    "thread": (
        "from concurrent.futures import ThreadPoolExecutor\nimport subprocess\n"
        "with ThreadPoolExecutor(1) as e: list(e.map(subprocess.run, "
        "[['true']]))\n",
        (3, "true"),
    ),
    "isolated-python": (
        "import subprocess, sys\nsubprocess.run([sys.executable, '-I', '-c', '0'])\n",
        (2, sys.executable),
    ),
    "python-without-environment": (
        "import subprocess, sys\nsubprocess.run([sys.executable, '-c', '0'], env={})\n",
        (2, sys.executable),
    ),
    "helper": ("import helper\n", (1, "true")),
    "child": (
        "import subprocess, sys\nsubprocess.run([sys.executable, '-c', "
        "'import os; os.system(\"true\")'])\n",
        (0, "true"),
    ),
}


LOST = {
    "network": (
        "import contextlib, socket\nwith contextlib.suppress(OSError):\n"
        "    socket.create_connection(('192.0.2.1', 9), 0.01)\n",
        "line 3 connects to 192.0.2.1; what comes from there",
    ),
    "c-library": (
        "import ctypes\nctypes.CDLL(None).getpid()\n",
        "line 2 loads `the C library`; what it reads",
    ),
}


@pytest.mark.parametrize("name", LOST)
def test_what_else_cannot_be_followed_is_warned_of(name, book, pool):
    text, said = LOST[name]
    (warning,) = record(pool, book.job(text)).warnings
    assert warning == f"{said} is not followed, so its results may go stale"


def test_looking_at_what_is_always_so_is_no_dependency(book, pool):
    """Libraries, this machine's own sockets, and what the run has made itself."""
    text = """\
import ctypes, os, pathlib, shutil, socket, tempfile, json
pathlib.Path(json.__file__).exists()
with tempfile.TemporaryDirectory() as folder:
    print(os.path.exists(folder + "/x"))
    pathlib.Path(folder, "y").write_text("1")
    shutil.copy(folder + "/y", folder + "/z")
with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(server.getsockname()).close()
"""
    found = record(pool, book.job(text))
    assert found.warnings == ()
    assert found.reads["files"] == {} and found.reads["folders"] == {}


@pytest.mark.parametrize("name", STARTS)
def test_a_process_that_cannot_be_followed_is_warned_of(name, book, pool):
    layout(book)
    book.write("part/helper.py", "import os\nos.system('true')\n")
    text, (line, shown) = STARTS[name]
    (warning,) = record(pool, book.job(text)).warnings
    where = f"line {line}" if line else "a process that it starts"
    assert warning.startswith(f"{where} starts `{shown or ''}")
    assert warning.endswith(
        "; what it reads is not followed, so its results may go stale"
    )


def test_what_a_library_starts_for_itself_is_not_warned_of(book, pool):
    found = record(
        pool,
        book.job(
            "import platform, ctypes.util\nplatform.processor()\n"
            "ctypes.util.find_library('m')\n"
        ),
    )
    assert found.warnings == ()


def test_scripts_of_python_are_followed(tmp_path, monkeypatch):
    from bookbuild.run import follow

    monkeypatch.setenv(follow.LOG, "log")
    monkeypatch.setenv("PYTHONPATH", follow.CHILD)
    script = tmp_path / "torchrun"
    script.write_text(f"#!{sys.executable}\n")
    script.chmod(0o700)
    assert followed(str(script), [str(script), "x.py"], None)
    assert followed(sys.executable, ["python", "-u", "x.py", "-I"], None)
    assert not followed(sys.executable, ["python", "-sE", "x.py"], None)
    assert not followed("sh", ["sh"], None)


def test_another_sitecustomize_is_run_too(book, tmp_path, pool):
    folder = book.root / "site"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text("print('other')\n")
    found = record(
        pool,
        book.job(
            "import os, subprocess, sys\n"
            "os.environ['PYTHONPATH'] += os.pathsep + 'site'\n"
            "subprocess.run([sys.executable, '-c', "
            "'import sitecustomize; print(sitecustomize.__file__)'])\n"
        ),
    )
    assert found.printed() == f"other\n{folder / 'sitecustomize.py'}\n"
    assert "site/sitecustomize.py" in found.reads["files"]


def test_started_processes_run_the_text_that_runs(book, pool):
    from dataclasses import replace

    from bookbuild.run.program import Change

    job = book.job(
        "import multiprocessing as mp\nx = 1\ndef f(): print(x)\n"
        "if __name__ == '__main__':\n"
        "    p = mp.get_context('spawn').Process(target=f)\n"
        "    p.start()\n    p.join()\n"
    )
    changed = job.program.changed((Change("x = 1", "x = 2"),))
    assert record(pool, replace(job, program=changed)).printed() == "2\n"


@pytest.mark.slow
def test_a_library_installed_meanwhile_is_seen(tmp_path, monkeypatch):
    from running import Book

    from bookbuild.run.pool import Pool

    (tmp_path / "book").mkdir()
    here = Book(tmp_path / "book")
    site = tmp_path / "site-packages"
    site.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(site))
    monkeypatch.syspath_prepend(str(site))
    with Pool(here.root, cores=1) as one:
        record(one, here.job("print(1)\n"))
        for version in "1.0", "2.0":
            for old in site.glob("*.dist-info"):
                subprocess.run(["rm", "-r", str(old)], check=True)
            (site / "fresh_module.py").write_text("")
            info = site / f"fresh-{version}.dist-info"
            info.mkdir()
            (info / "METADATA").write_text(f"Name: fresh\nVersion: {version}\n")
            (info / "top_level.txt").write_text("fresh_module\n")
            found = record(one, here.job("import fresh_module\n"))
            assert found.reads["versions"]["fresh"] == version
            assert reads.is_current(found.reads, here.root)


def test_what_is_opened_often_is_logged_once(tmp_path):
    from bookbuild.run.follow import Follower

    follower = Follower(str(tmp_path / "log"), lambda frame: 0)
    for _ in range(3):
        follower.hook("open", (str(tmp_path / "data.txt"), "r", 0))
        follower.hook("os.listdir", (str(tmp_path),))
    assert len((tmp_path / "log").read_text().splitlines()) == 2


def test_files_are_hashed_by_their_bytes(tmp_path):
    (tmp_path / "a").write_bytes(b"\xff\x00")
    assert reads.file_hash(tmp_path / "a") == hashlib.sha256(b"\xff\x00").hexdigest()
    assert reads.file_hash(tmp_path / "none") is None
    assert names_hash(str(tmp_path / "none")) is None
    before = names_hash(str(tmp_path))
    (Path(tmp_path) / "a").write_bytes(b"other")
    assert names_hash(str(tmp_path)) == before
    os.rename(tmp_path / "a", tmp_path / "b")
    assert names_hash(str(tmp_path)) != before
