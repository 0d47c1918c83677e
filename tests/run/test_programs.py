"""What programs print, draw and compute, and how they go wrong, whatever they do."""
# ruff: noqa: F401, F811 (fixtures are imported)

from dataclasses import replace

import pytest
from running import book, failure, fresh_pool, pool, record

from bookbuild.run.pool import Pool
from bookbuild.run.program import Change

# name: (program, what it prints)
PRINTS = {
    "exit-0": ("import sys\nprint('done')\nsys.exit(0)\nprint('no')\n", "done\n"),
    "exit-main": (
        "import sys\ndef main():\n    print('done')\n"
        "if __name__ == '__main__':\n    sys.exit(main())\n",
        "done\n",
    ),
    "exit-builtin": ("print('done')\nexit()\n", "done\n"),
    "closes-all-files": (
        "import os\nos.closerange(3, 200)\nprint('x')\n",
        "x\n",
    ),
    "buffer": (
        "import sys\nsys.stdout.buffer.write(b'hello\\n')\n",
        "hello\n",
    ),
    "fileno": (
        "import subprocess, sys\n"
        "subprocess.run(['echo', 'from child'], stdout=sys.stdout)\n",
        "from child\n",
    ),
    "reconfigure": (
        "import sys\nsys.stdout.reconfigure(encoding='utf-8')\nprint('x')\n",
        "x\n",
    ),
    "reconfigure-latin": (
        "import sys\n"
        "sys.stdout.reconfigure(errors='backslashreplace')\n"
        "print('\\udc80')\n",
        "\\udc80\n",
    ),
    "subprocess": (
        "import subprocess\nprint('before', end=' ')\n"
        "subprocess.run(['echo', 'from child'])\nprint('after')\n",
        "before from child\nafter\n",
    ),
    "system": (
        "import os\nprint('a')\nos.system('echo b')\nprint('c')\n",
        "a\nb\nc\n",
    ),
    "atexit": (
        "import atexit\natexit.register(print, 'bye')\nprint('hi')\n",
        "hi\nbye\n",
    ),
    "thread": (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "print('one')\nwith ThreadPoolExecutor(1) as e:\n"
        "    list(e.map(print, ['two', 'three']))\n",
        "one\ntwo\nthree\n",
    ),
    "thread-at-end": (
        "import threading, time\n"
        "def f():\n    time.sleep(0.1)\n    print('late')\n"
        "threading.Thread(target=f).start()\nprint('main')\n",
        "main\nlate\n",
    ),
    "daemon-thread": (
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(99,), daemon=True)"
        ".start()\nprint('main')\n",
        "main\n",
    ),
    "os-write": (
        "import os\nprint('a')\nos.write(1, b'b\\n')\nprint('c')\n",
        "a\nb\nc\n",
    ),
    "dup": (
        "import os\nprint('a')\nos.fdopen(os.dup(1), 'w').write('b\\n')\nprint('c')\n",
        "a\nb\nc\n",
    ),
    "dev-stdout": (
        "print('a')\nwith open('/dev/stdout', 'a') as f: f.write('b\\n')\nprint('c')\n",
        "a\nb\nc\n",
    ),
    "libc": ("import ctypes\nctypes.CDLL(None).puts(b'from C')\n", "from C\n"),
    "fork": (
        "import os\nprint('a')\npid = os.fork()\n"
        "if pid == 0:\n    print('child')\nelse:\n    os.waitpid(pid, 0)\n"
        "    print('parent')\n",
        "a\nchild\nparent\n",
    ),
    "fork-child-exits": (
        "import os, sys\npid = os.fork()\n"
        "if not pid:\n    sys.exit(5)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n",
        "5\n",
    ),
    "fork-child-raises": (
        "import os, sys\npid = os.fork()\n"
        "if not pid:\n    sys.stderr = open(os.devnull, 'w')\n"
        "    raise ValueError\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n",
        "1\n",
    ),
    "stdout-closed": ("import sys\nprint('a')\nsys.stdout.close()\n", "a\n"),
    "stdout-detached": (
        "import sys\nprint('a')\nraw = sys.stdout.detach()\nraw.write(b'b\\n')\n",
        "a\nb\n",
    ),
    "stdout-replaced": (
        "import io, sys\nprint('a')\nsys.stdout = io.StringIO()\nprint('lost')\n",
        "a\n",
    ),
    "stdout-none": (
        "import sys\nprint('a')\nsys.stdout = None\nprint('lost')\n",
        "a\n",
    ),
    "stdout-redirected": (
        "import contextlib, io\nb = io.StringIO()\n"
        "with contextlib.redirect_stdout(b):\n    print('x')\n"
        "print(b.getvalue().upper(), end='')\n",
        "X\n",
    ),
    "stdout-reopened": (
        "import os, sys\nprint('a')\n"
        "sys.stdout = open(1, 'w', closefd=False)\nprint('b')\n",
        "a\nb\n",
    ),
    "stdout-closed-1": ("import os\nprint('a')\nos.close(1)\n", "a\n"),
    "under-under-stdout": (
        "import sys\nprint('a', file=sys.__stdout__)\n",
        "a\n",
    ),
    "isatty": (
        "import sys\nprint(sys.stdout.isatty(), sys.stdout.encoding, "
        "sys.stdout.name, sys.stdout.fileno())\n",
        "False utf-8 1 1\n",
    ),
    "unicode": (
        "print('caf\\u00e9 \\u65e5\\u672c \\U0001f600')\n",
        "caf\u00e9 \u65e5\u672c \U0001f600\n",
    ),
    "carriage-return": (
        "import sys\nfor i in range(4):\n    sys.stdout.write(f'\\r{i}/3')\nprint()\n",
        "3/3\n",
    ),
    "ansi": (
        "print('\\x1b[31mred\\x1b[0m done \\x1b]0;title\\x07')\n",
        "red done \n",
    ),
    "bom": ("\ufeffprint('in section')\n", "in section\n"),
    "form-feed": ("x = 1\n\x0c\nprint('after')\n", "after\n"),
    "crlf": ("print('a')\r\nprint('b')\r\n", "a\nb\n"),
    "source": (
        "import inspect\ndef f():\n    return 1\nprint(inspect.getsource(f), end='')\n",
        "def f():\n    return 1\n",
    ),
    "main": (
        "import __main__, sys\nprint(__name__, __file__ == sys.argv[0], "
        "len(sys.argv), __main__.x if 'x' in globals() else 0, __spec__)\n",
        "__main__ True 1 0 None\n",
    ),
    "main-module": ("x = 3\nimport __main__\nprint(__main__.x)\n", "3\n"),
    "pickle": (
        "import pickle\nclass A: pass\n"
        "print(type(pickle.loads(pickle.dumps(A()))) is A)\n",
        "True\n",
    ),
    "dataclass": (
        "from __future__ import annotations\n"
        "from dataclasses import dataclass\n"
        "@dataclass\nclass A:\n    x: int = 3\nprint(A())\n",
        "A(x=3)\n",
    ),
    "stdin": ("import sys\nprint(repr(sys.stdin.read()))\n", "''\n"),
    "memory": (
        "import resource\n"
        "resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))\n"
        "try:\n    bytearray(2 * 2**30)\n"
        "except MemoryError:\n    print('refused')\n",
        "refused\n",
    ),
    "pool-fork": (
        "import multiprocessing as mp\ndef f(x): return x * x\n"
        "with mp.get_context('fork').Pool(1) as p:\n"
        "    print(p.map(f, [1, 2, 3]))\n",
        "[1, 4, 9]\n",
    ),
    "pool-spawn": (
        "import multiprocessing as mp\ndef f(x): return x * x\n"
        "if __name__ == '__main__':\n"
        "    with mp.get_context('spawn').Pool(1) as p:\n"
        "        print(p.map(f, [1, 2, 3]))\n",
        "[1, 4, 9]\n",
    ),
    "forkserver": (
        "import multiprocessing as mp\ndef f(x): print(x * x)\n"
        "if __name__ == '__main__':\n"
        "    p = mp.get_context('forkserver').Process(target=f, args=(3,))\n"
        "    p.start()\n    p.join()\n",
        "9\n",
    ),
    "process-name": (
        "import multiprocessing as mp\n"
        "print(mp.current_process().name, mp.parent_process())\n",
        "MainProcess None\n",
    ),
    "asyncio": (
        "import asyncio\nasync def f():\n    await asyncio.sleep(0)\n"
        "    print('x')\nasyncio.run(f())\n",
        "x\n",
    ),
    "sigint": (
        "import os, signal\ntry:\n    os.kill(os.getpid(), signal.SIGINT)\n"
        "except KeyboardInterrupt:\n    print('caught')\n",
        "caught\n",
    ),
    "alarm": (
        "import signal, time\nsignal.signal(signal.SIGALRM, "
        "lambda *a: print('ring'))\nsignal.setitimer(signal.ITIMER_REAL, .01)\n"
        "time.sleep(0.1)\n",
        "ring\n",
    ),
    "sys-path": (
        "import sys, os\nprint(sys.path[0] == os.path.dirname(__file__), "
        "any(os.path.exists(os.path.join(p or '.', 'bookbuild')) "
        "and 'site-packages' not in p for p in sys.path))\n",
        "True False\n",
    ),
    "folder": (
        "import os\nprint(os.getcwd() == os.path.dirname(os.path.dirname("
        "os.path.dirname(__file__))))\n",
        "True\n",
    ),
    "hash": (
        "print(hash('a') == hash('a'), __import__('sys').flags.hash_randomization)\n",
        "True 0\n",
    ),
    "no-bytecode": (
        "import helper\nimport os\nfolder = os.path.dirname(__file__)\n"
        "print(sorted(os.listdir(folder)))\n",
        "['first.py', 'helper.py']\n",
    ),
    "deletes-its-temporary-folder": (
        "import shutil, tempfile\nd = tempfile.mkdtemp()\nshutil.rmtree(d)\n"
        "print('gone')\n",
        "gone\n",
    ),
    "recursion": (
        "def f(): f()\ntry:\n    f()\nexcept RecursionError:\n    print('deep')\n",
        "deep\n",
    ),
}

# name: (program, message, line)
FAILS = {
    "exit-code": ("import sys\nsys.exit(3)\n", "called exit(3)", 2),
    "exit-text": ("exit('no data')\n", "called exit('no data')", 1),
    "unprintable": (
        "class E(Exception):\n"
        "    def __str__(self): raise RuntimeError('no')\nraise E()\n",
        "E: (it cannot be printed)",
        3,
    ),
    "raises": (
        "def f():\n    return 1 / 0\nf()\n",
        "ZeroDivisionError: division by zero",
        2,
    ),
    "raises-in-library": (
        "import json\n\njson.loads('{')\n",
        "JSONDecodeError: Expecting property name enclosed in "
        "double quotes: line 1 column 2 (char 1)",
        3,
    ),
    "many-lines": ("raise ValueError('a\\n  b\\nc')\n", "ValueError: a b c", 1),
    "base-exception": ("class E(BaseException): pass\nraise E('x')\n", "E: x", 2),
    "syntax": ("x = 1\ny = = 2\n", "SyntaxError: invalid syntax", 2),
    "indentation": (
        "if 1:\nx = 2\n",
        "IndentationError: expected an indented block after 'if' statement on line 1",
        2,
    ),
    "null-byte": (
        "x = 1\n\x00\n",
        "SyntaxError: source code string cannot contain null bytes",
        None,
    ),
    "missing-module": (
        "import no_such_module\n",
        "ModuleNotFoundError: No module named 'no_such_module'; is "
        "everything installed? See requirements.txt and "
        "requirements-data.txt",
        1,
    ),
    "missing-data": (
        "from importlib.metadata import version\n\nversion('no-such')\n",
        "PackageNotFoundError: No package metadata was found for "
        "no-such; is everything installed? See requirements.txt and "
        "requirements-data.txt",
        3,
    ),
    "interrupt": (
        "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n",
        "KeyboardInterrupt",
        2,
    ),
    "input": ("x = input()\n", "EOFError: EOF when reading a line", 1),
    "print-closed": (
        "import sys\nsys.stdout.close()\nprint('x')\n",
        "ValueError: I/O operation on closed file.",
        3,
    ),
    "recursion": (
        "def f():\n    f()\nf()\n",
        "RecursionError: maximum recursion depth exceeded",
        2,
    ),
    "memory": ("x = bytearray(10**14)\n", "MemoryError", 1),
    "group": (
        "raise ExceptionGroup('several', [ValueError('a')])\n",
        "ExceptionGroup: several (1 sub-exception)",
        1,
    ),
    "segfault": (
        "import ctypes\nctypes.string_at(0)\n",
        "its process died (SIGSEGV)",
        None,
    ),
    "abort": ("import os\nos.abort()\n", "its process died (SIGABRT)", None),
    "kills-itself": (
        "import os\nos.kill(os.getpid(), 9)\n",
        "its process died (SIGKILL)",
        None,
    ),
    "os-exit": (
        "import os\nos._exit(3)\n",
        "its process died (exit code 3)",
        None,
    ),
    "os-exit-0": (
        "import os\nos._exit(0)\n",
        "its process ended without a record",
        None,
    ),
    "exec": (
        "import os\nos.execv('/bin/true', ['true'])\n",
        "its process ended without a record",
        None,
    ),
    "bell": (
        "print('a')\nprint('b\\a')\n",
        "prints the control character U+0007; print text that a page can show",
        2,
    ),
    "backspace": (
        "print('b\\bc')\n",
        "prints the control character U+0008; print text that a page can show",
        1,
    ),
    "escape": (
        "print('\\x1b')\n",
        "prints the control character U+001B; print text that a page can show",
        1,
    ),
    "surrogate": (
        "print('\\udc80')\n",
        "UnicodeEncodeError: 'utf-8' codec can't "
        "encode character '\\udc80' in position 0: surrogates not allowed",
        1,
    ),
    "results-list": (
        "results = [1]\n",
        "results is a list; make it a dict",
        None,
    ),
    "results-object": (
        "results = {'a': object()}\n",
        "results: TypeError: it holds "
        "a object; use plain numbers, strings, lists and dicts",
        None,
    ),
    "results-cycle": (
        "results = {}\nresults['a'] = results\n",
        "results: ValueError: Circular reference detected",
        None,
    ),
    "results-key": (
        "results = {(1, 2): 3}\n",
        "results: TypeError: keys must be str, int, float, bool or None, not tuple",
        None,
    ),
    "results-set": (
        "results = {'a': {1}}\n",
        "results: TypeError: it holds a set; "
        "use plain numbers, strings, lists and dicts",
        None,
    ),
    "deletes-everything-of-the-run": (
        "import glob, os, shutil, tempfile\n"
        "own = os.path.dirname(os.environ['BOOKBUILD_READS'])\n"
        "shutil.rmtree(own)\n",
        None,
        None,
    ),
}
SLOW_TO_START = [
    "exit-0",
    "closes-all-files",
    "subprocess",
    "atexit",
    "thread",
    "fork",
    "pool-fork",
    "pool-spawn",
    "sigint",
    "sys-path",
    "main",
    "hash",
    "stdin",
    "no-bytecode",
]


@pytest.mark.parametrize("name", PRINTS)
def test_what_is_printed_is_recorded(name, book, pool):
    text, printed = PRINTS[name]
    book.write("part/helper.py", "x = 1\n")
    found = record(pool, book.job(text))
    assert found.printed() == printed


@pytest.mark.parametrize("name", FAILS)
def test_what_goes_wrong_is_said_in_one_line(name, book, pool):
    text, message, line = FAILS[name]
    found = failure(pool, book.job(text))
    assert "\n" not in found.message
    if message is not None:
        assert (found.message, found.line) == (message, line)


@pytest.mark.parametrize("name", SLOW_TO_START)
def test_a_fresh_interpreter_prints_the_same(name, book, fresh_pool):
    text, printed = PRINTS[name]
    book.write("part/helper.py", "x = 1\n")
    found = record(fresh_pool, book.job(text))
    assert found.printed() == printed


def test_results_are_plain_values(book, pool):
    found = record(
        pool,
        book.job("""\
import numpy as np
results = {"a": np.float32(0.5), "b": np.arange(3), "c": (1, None), 3: True,
           "d": np.nan, "e": [{"f": np.int64(2)}], "g": "\\u00e9"}
"""),
    )
    assert str(found.results) == str(
        {
            "a": 0.5,
            "b": [0, 1, 2],
            "c": [1, None],
            "3": True,
            "d": float("nan"),
            "e": [{"f": 2}],
            "g": "\u00e9",
        }
    )
    assert record(pool, book.job("x = 1\n")).results == {}


def test_warnings_are_told_once(book, pool):
    found = record(
        pool,
        book.job("""\
import warnings
for _ in range(3):
    warnings.warn("careful")
warnings.warn("really", DeprecationWarning)
warnings.warn("FigureCanvasAgg is non-interactive, and thus cannot be shown")
"""),
    )
    assert found.warnings == (
        "UserWarning: careful",
        "DeprecationWarning: really",
    )


def test_claims_see_the_program_and_print_nothing(book, pool):
    found = record(
        pool,
        book.job(
            "x = 3\nprint('program')\n",
            "print('claim')\nassert x == 3",
            "assert x > 3",
        ),
    )
    assert found.printed() == "program\n"
    assert [v.held for v in found.verdicts] == [True, False]
    assert found.verdicts[1].message == ("part/first.md, line 20: assert x > 3 (3 > 3)")


@pytest.mark.slow
def test_cpu_time_is_that_of_the_program_and_its_children(book, pool):
    busy = "end = time.process_time() + 0.3\nwhile time.process_time() < end: pass\n"
    for text in (
        "import time\n" + busy,
        "import subprocess, sys\n"
        f"subprocess.run([sys.executable, '-c', 'import time\\n' + {busy!r}])\n",
        "import time\ntime.sleep(0.3)\n",
    ):
        cpu = record(pool, book.job(text)).cpu
        assert (cpu >= 0.3) == ("sleep" not in text)


def test_settings_of_the_build_do_not_reach_programs(book, tmp_path, monkeypatch):
    """With PYTHONUNBUFFERED, C would hold nothing back; see `output.flush`."""
    monkeypatch.setenv("PYTHONUNBUFFERED", "")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "")
    book.write("part/helper.py", "x = 1\n")
    with Pool(tmp_path, cores=1) as one:
        for name in "libc", "no-bytecode":
            text, printed = PRINTS[name]
            assert record(one, book.job(text)).printed() == printed


def test_a_changed_program_shows_its_own_source(book, pool):
    job = book.job(
        "import inspect\ndef f():\n    return 1\nprint(inspect.getsource(f), end='')\n"
    )
    changed = job.program.changed((Change("return 1", "return 2"),))
    found = record(pool, replace(job, program=changed))
    assert found.printed() == "def f():\n    return 2\n"


def test_a_fork_of_the_program_checks_no_claims(book, pool):
    claim = "open('checked', 'a').write('x')\nassert True"
    record(pool, book.job("import os\nif os.fork(): os.wait()\n", claim))
    assert (book.root / "checked").read_text() == "x"
