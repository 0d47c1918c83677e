"""Runs one program in this process and turns it into a record: what it printed, drew, computed and read."""

import functools
import io
import json
import os
import runpy
import sys
import time
import traceback
import warnings
from pathlib import Path

from bookbuild import figures
from bookbuild.cache import file_hash, version, write_atomically


def run_program(job, connection):
    """Run a program, write its cache entry, and report on the connection.

    Args:
        job: dict with `program` (name), `path`, `text` (its text as the
            build read it), `root` and `entry` (the file to write when the
            program succeeds).
        connection: gets one dict, {"cpu": seconds} or {"error", "line"}.
    """
    try:
        report = {"cpu": write_record(job)}
    except ProgramError as error:
        report = {"error": str(error), "line": error.line}
    connection.send(report)
    connection.close()


class ProgramError(Exception):
    """A program raised; `line` is the line of the program that did."""

    def __init__(self, message, line):
        super().__init__(message)
        self.line = line


@functools.cache
def owners():
    """Which distributions each top-level module comes from."""
    from importlib.metadata import packages_distributions

    return packages_distributions()


def prepare():
    """Learn what all runs need to know, before processes are forked."""
    for module in {name.partition(".")[0] for name in sys.modules}:
        for name in owners().get(module, []):
            version(name)


class Output(io.StringIO):
    """Standard output that remembers which line of the program wrote what."""

    def __init__(self, path):
        super().__init__()
        self.path, self.pieces = path, []

    def write(self, text):
        line = module_line(sys._getframe(1), self.path)
        if self.pieces and self.pieces[-1][0] == line:
            self.pieces[-1][1] += text
        else:
            self.pieces.append([line, text])
        return len(text)


def module_line(frame, path):
    """The line of the program's own top level that led to this frame."""
    while frame is not None:
        if (frame.f_code.co_name == "<module>"
                and frame.f_code.co_filename == path):
            return frame.f_lineno
        frame = frame.f_back
    return 0


def write_record(job):
    """Run the program of a job and write its record; returns CPU seconds."""
    path, root = job["path"], Path(job["root"])
    opened, loaded, began = watch_files(), set(sys.modules), time.time()
    use_style()
    sys.argv, sys.path[0] = [path], str(Path(path).parent)
    sys.dont_write_bytecode = True  # nothing appears beside the programs
    output, start = Output(path), time.process_time()
    sys.stdout = output
    try:
        with warnings.catch_warnings(record=True) as caught:
            names = runpy.run_path(path, run_name="__main__")
            drawn = figures.capture() if uses_pyplot() else {}
        results = json.loads(json.dumps(names.get("results", {}),
                                        default=plain))
    except BaseException as error:  # also exit() and KeyboardInterrupt
        raise ProgramError(describe(error), error_line(error, path)) from error
    finally:
        sys.stdout = sys.__stdout__
    cpu = time.process_time() - start
    if Path(path).read_text(encoding="utf-8") != job["text"]:
        raise ProgramError("the program was changed while it ran; build "
                           "again", None)
    # A helper read from its bytecode was not opened itself.
    opened |= {file for name in sys.modules.keys() - loaded if
               (file := getattr(sys.modules[name], "__file__", None))}
    record = {"program": job["program"], "output": output.pieces,
              "figures": drawn, "results": results, "cpu": cpu,
              "warnings": [f"{w.category.__name__}: {w.message}"
                           for w in caught
                           if "FigureCanvasAgg is non-interactive"
                           not in str(w.message)],
              **dependencies(opened, path, root, began)}
    write_atomically(job["entry"], json.dumps(record))
    return cpu


def uses_pyplot():
    """Whether the program drew with pyplot (which a preload may have loaded)."""
    return "matplotlib.pyplot" in sys.modules


def use_style():
    """Make figures look like the book's, without the program knowing."""
    try:
        import matplotlib
    except ImportError:
        return
    matplotlib.rcParams.update(figures.style())


def plain(value):
    """A number, array or tensor as plain Python, for JSON."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"results holds a {type(value).__name__}; use plain "
                    "numbers, strings, lists and dicts")


def watch_files():
    """Collect the names of all files that are opened from here on."""
    opened = set()

    def hook(event, arguments):
        if event == "open" and isinstance(arguments[0], (str, bytes)):
            opened.add(os.fsdecode(arguments[0]))

    sys.addaudithook(hook)
    return opened


def dependencies(opened, path, root, began):
    """What a run depended on: local files by hash, libraries by version.

    Raises:
        ProgramError: a local file was changed after the run began.
    """
    places = [Path(place) for place in sys.path
              if place.endswith(("site-packages", "dist-packages"))]
    files = {}
    modules = {name.partition(".")[0] for name in sys.modules}
    for name in sorted(opened):
        file = Path(os.path.abspath(name))
        if place := next((p for p in places if file.is_relative_to(p)), None):
            modules.add(file.relative_to(place).parts[0])
        elif (file.is_relative_to(root) and file != Path(path)
              and file.suffix != ".pyc" and file.is_file()
              and not any(part.startswith(".")
                          for part in file.relative_to(root).parts)):
            name = file.relative_to(root).as_posix()
            if file.stat().st_mtime > began:
                raise ProgramError(f"{name} was changed while the program "
                                   "ran; build again (a program must not "
                                   "write into the book)", None)
            files[name] = file_hash(file)
    names = sorted({owner for module in modules
                    for owner in owners().get(module, [])})
    return {"files": files, "versions": {name: version(name)
                                         for name in names}}


def describe(error):
    """One line that says what went wrong."""
    if isinstance(error, SystemExit):
        return f"called exit({error.code!r})"
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    text = f"{type(error).__name__}: {' '.join(text.split())}".rstrip(": ")
    if type(error).__name__ in ("PackageNotFoundError", "ModuleNotFoundError"):
        text += ("; is everything installed? See requirements.txt and "
                 "requirements-data.txt")
    return text


def error_line(error, path):
    """The last line of the program itself in the error's traceback."""
    if isinstance(error, SyntaxError) and error.filename == path:
        return error.lineno
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__)
             if frame.filename == path]
    return lines[-1] if lines else None
