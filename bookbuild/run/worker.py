"""Turns one program, run in this process, into its record."""

from __future__ import annotations

import ast
import atexit
import contextlib
import io
import json
import linecache
import os
import pickle
import sys
import threading
import time
import traceback
import types
import warnings
from pathlib import Path
from typing import Any, NoReturn

from bookbuild.run import claims, figures, output, reads
from bookbuild.run.follow import follow
from bookbuild.run.job import Job, ProgramError
from bookbuild.run.record import Failure, Figure, Outcome, Record

# Files in the folder of a run.
RESULT, ENDED, PRINTED = "result.json", "ended", "printed"
LOG, TEXT = "reads", "program.py"


def run(job: Job, result: Path) -> NoReturn:
    """Run a program in this process, write the outcome, and end the process.

    Args:
        job: the program and its claims.
        result: the file for the outcome, in a folder for this run alone. The
            file ENDED appears beside it when the program's last line has
            ended and only threads and `atexit` functions may go on.
    """
    began = os.getpid()
    if job.patient and hasattr(os, "nice"):
        os.nice(10)
    outcome: Outcome
    try:
        outcome = attempt(job, result.parent)
    except ProgramError as error:
        outcome = Failure(job.program.name, error.message, error.line)
    except Exception as error:  # the disk is full, a file of ours is gone
        outcome = Failure(
            job.program.name, f"no record could be made: {describe(error)}"
        )
    if os.getpid() == began:
        write(result, outcome)
    os._exit(0)


def attempt(job: Job, folder: Path) -> Record:
    """The record of a program that is run in this process.

    Raises:
        ProgramError: it has failed.
    """
    path, text = str(job.program.path), job.program.text
    started, process = times(), os.getpid()
    begun, file_before = time.time_ns(), reads.file_hash(path)
    loaded = set(sys.modules)
    names = prepare(job, folder)
    end = last_line(text)
    out = output.collect(folder / PRINTED, path, end)
    follow(str(folder / LOG), out.note)
    (folder / LOG).touch()
    with warnings.catch_warnings(record=True) as caught:
        execute(text, path, names, process, out)
        drawn = draw(job)
        results = plain_results(names.get("results", {}))
        with contextlib.redirect_stdout(io.StringIO()):  # no page shows it
            verdicts = claims.check(job.claims, names)
    (folder / ENDED).touch()
    finish()
    cpu = times() - started
    data = (folder / PRINTED).read_bytes()
    printed, doubts = output.pieces(data, out.marks)
    depends, unsure = reads.dependencies(folder / LOG, job, begun, folder, loaded)
    if reads.file_hash(path) != file_before:
        raise ProgramError("the program was changed while it ran; build again")
    return Record(
        program=job.program.name,
        output=printed,
        figures=drawn,
        results=results,
        verdicts=verdicts,
        cpu=cpu,
        warnings=unique([*told(caught), *doubts, *figures.heavy(drawn), *unsure]),
        reads=depends,
    )


def prepare(job: Job, folder: Path) -> dict[str, Any]:
    """Make this process one that runs a program; returns the names of `__main__`."""
    path, text = str(job.program.path), job.program.text
    settings = folder / "matplotlibrc"
    settings.write_text(figures.settings_file(), encoding="utf-8")
    os.environ.update(MATPLOTLIBRC=str(settings), PYTHONDONTWRITEBYTECODE="1")
    (folder / TEXT).write_text(text, encoding="utf-8")
    os.environ["BOOKBUILD_PROGRAM"] = path
    os.environ["BOOKBUILD_TEXT"] = str(folder / TEXT)
    if "matplotlib" in sys.modules:
        sys.modules["matplotlib"].rcParams.update(figures.style())
        figures.use_face(job.face)
    sys.dont_write_bytecode = True  # nothing appears beside the programs
    os.chdir(job.root)
    sys.argv = [path]
    sys.path.insert(0, str(job.program.path.parent))
    lines = text.splitlines(keepends=True)
    linecache.cache[path] = len(text), None, lines, path
    module = types.ModuleType("__main__")
    module.__dict__.update(__file__=path, __builtins__=__builtins__, __annotations__={})
    sys.modules["__main__"] = module
    return module.__dict__


def execute(
    text: str,
    path: str,
    names: dict[str, Any],
    process: int,
    out: output.Output,
) -> None:
    """Run the text of a program.

    A process that the program has forked ends here.

    Raises:
        ProgramError: it has raised, or exits with a code.
    """
    try:
        exec(compile(text, path, "exec", dont_inherit=True), names)
    except BaseException as error:
        ended = is_ordinary_end(error)
        if os.getpid() != process:
            end_fork(error)
        line = error_line(error, path)
        if not ended:
            raise ProgramError(describe(error), line) from error
        out.end = line or out.end
    if os.getpid() != process:
        end_fork(None)


def end_fork(error: BaseException | None) -> NoReturn:
    """End a process that the program has forked, the way Python does."""
    code: object = None
    if isinstance(error, SystemExit):
        code = error.code
        if code is not None and not isinstance(code, int):
            print(safe(code), file=sys.stderr)
            code = 1
    elif error is not None:
        trace = error.__traceback__ and error.__traceback__.tb_next
        sys.excepthook(type(error), error, trace)
        code = 1
    finish()
    os._exit(code & 255 if isinstance(code, int) else 0)


def finish() -> None:
    """What Python does at its end: wait for threads, call `atexit` functions."""
    try:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
    finally:
        output.flush()


def times() -> float:
    """Seconds of CPU time of this process and its children that have ended."""
    used = os.times()
    return time.process_time() + used.children_user + used.children_system


def is_ordinary_end(error: BaseException) -> bool:
    """Whether an exception is `sys.exit` without an error code."""
    if not isinstance(error, SystemExit):
        return False
    code = error.code
    return code is None or (isinstance(code, int) and code == 0)


def last_line(text: str) -> int:
    """The last line of a program's code."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        body = []
    return (body[-1].end_lineno or 1) if body else 1


def draw(job: Job) -> dict[str, Figure]:
    """The open figures of a program.

    Raises:
        ProgramError: one cannot be drawn.
    """
    if "matplotlib.pyplot" not in sys.modules:
        return {}
    try:
        figures.use_face(job.face)
        return figures.capture()
    except ProgramError:
        raise
    except Exception as error:
        raise ProgramError(f"cannot draw: {describe(error)}") from error


def plain_results(results: Any) -> dict[str, Any]:
    """The program's results as plain JSON values.

    Raises:
        ProgramError: they hold something else.
    """
    if not isinstance(results, dict):
        raise ProgramError(f"results is a {type(results).__name__}; make it a dict")
    try:
        converted: dict[str, Any] = json.loads(json.dumps(results, default=plain))
    except Exception as error:
        raise ProgramError(f"results: {describe(error)}") from error
    return converted


def plain(value: Any) -> Any:
    """A number, array or tensor as plain Python, for JSON.

    Raises:
        TypeError: it is something else.
    """
    for method in ("tolist", "item"):
        if hasattr(value, method):
            return getattr(value, method)()
    raise TypeError(
        f"it holds a {type(value).__name__}; use plain numbers, strings, "
        "lists and dicts"
    )


def told(caught: list[warnings.WarningMessage]) -> list[str]:
    """Python's warnings as text, without the one that `plt.show()` gives here."""
    texts = [f"{w.category.__name__}: {safe(w.message)}" for w in caught]
    return [t for t in texts if "FigureCanvasAgg is non-interactive" not in t]


def unique(texts: list[str]) -> tuple[str, ...]:
    """The same in their order, each once."""
    return tuple(dict.fromkeys(texts))


def safe(thing: object) -> str:
    """A thing's text on one line, whatever its class does."""
    try:
        return " ".join(str(thing).split())
    except BaseException:
        return "(it cannot be printed)"


def describe(error: BaseException) -> str:
    """One line that says what went wrong."""
    name = type(error).__name__
    if isinstance(error, SystemExit):
        code = error.code
        return f"called exit({code if isinstance(code, int) else repr(safe(code))})"
    text = safe(error.msg if isinstance(error, SyntaxError) else error)
    text = f"{name}: {text}".rstrip(": ")
    if name in ("PackageNotFoundError", "ModuleNotFoundError"):
        text += (
            "; is everything installed? See requirements.txt and requirements-data.txt"
        )
    return text


def error_line(error: BaseException, path: str) -> int | None:
    """The last line of the program itself in the error's traceback."""
    if isinstance(error, SyntaxError) and error.filename == path:
        return error.lineno
    lines = [
        line
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename == path
    ]
    return lines[-1] if lines else None


def to_json(outcome: Outcome) -> bytes:
    """An outcome as bytes."""
    if isinstance(outcome, Record):
        return json.dumps({"record": outcome.to_json()}).encode()
    return json.dumps({"failure": vars(outcome)}).encode()


def from_json(data: bytes) -> Outcome:
    """The outcome from what `to_json` returned.

    Raises:
        KeyError, TypeError, ValueError: it is not what that returns.
    """
    content = json.loads(data)
    if "record" in content:
        return Record.from_json(content["record"])
    return Failure(**content["failure"])


def write(file: Path, outcome: Outcome) -> None:
    """Write an outcome so that it appears whole or not at all."""
    temporary = file.with_suffix(".tmp")
    temporary.write_bytes(to_json(outcome))
    os.replace(temporary, file)


def main() -> NoReturn:
    """Run the pickled job of a file: `python -m bookbuild.run.worker JOB RESULT`."""
    job, known = pickle.loads(Path(sys.argv[1]).read_bytes())
    reads.use_libraries(known)
    run(job, Path(sys.argv[2]))


if __name__ == "__main__":
    del sys.path[0]  # the folder in which it was started
    main()
