"""Follows a Python process that a program of the book has started afresh.

Python imports this module at its start, since the folder stands first on
PYTHONPATH. A `sitecustomize` that the environment has besides is run too.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _follow() -> None:
    log = os.environ.get("BOOKBUILD_READS")
    if not log:
        return
    here = os.path.dirname(os.path.abspath(__file__))
    source = os.path.join(os.path.dirname(here), "follow.py")
    names: dict[str, Any] = {"__name__": "bookbuild.run.follow", "__file__": source}
    with open(source, encoding="utf-8") as file:
        exec(compile(file.read(), source, "exec"), names)
    names["follow"](log)


def _run_the_text_that_runs() -> None:
    """Let multiprocessing load a program as it runs, with what was filled in."""
    import io

    program = os.environ.get("BOOKBUILD_PROGRAM")
    text = os.environ.get("BOOKBUILD_TEXT", "")
    open_code = io.open_code

    def open_text(path: str) -> Any:
        return open_code(text if path == program else path)

    if program:
        io.open_code = open_text


def _run_the_other() -> None:
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [p for p in sys.path if os.path.abspath(p or ".") != here]
    ours = sys.modules.pop("sitecustomize")
    try:
        import sitecustomize  # type: ignore # noqa: F401
    except ModuleNotFoundError as error:
        if error.name != "sitecustomize":
            raise
    finally:
        sys.modules.setdefault("sitecustomize", ours)


try:
    _follow()
    _run_the_text_that_runs()
finally:
    _run_the_other()
