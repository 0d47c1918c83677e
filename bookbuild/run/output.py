"""Turns what is written to descriptor 1 into what each line of a program printed.

A file collects the bytes of whoever writes to the descriptor: the program,
its threads, C libraries, other processes. Whenever the line that runs at the
program's top level changes between two writes, the size of the file is noted
beside the new line.
"""

from __future__ import annotations

import codecs
import contextlib
import functools
import io
import itertools
import os
import re
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from bookbuild.run.job import ProgramError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

FLAGS = os.O_CREAT | os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0)
LARGEST = 20_000_000  # bytes that a program may print

# What drives a terminal: colours and cursor (CSI), titles and links (OSC),
# and the short escapes. Erasing in a line is done, the others are dropped.
ESCAPE = re.compile(
    r"\x1b(?:\[(?P<csi>[0-?]*)[ -/]*(?P<final>[@-~])"
    r"|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)"
    r"|[ -/]*[0-OQ-WYZ\\`-~])"
)
TOKEN = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f-\x9f]+|" + ESCAPE.pattern + r"|.", re.S)
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

Piece = tuple[int, str]  # a line of the program, and what it printed


class Output(io.FileIO):
    """Descriptor 1, which notes the line of the program that writes to it.

    Args:
        path: the file name of the program's code.
        end: the line to which belongs what is printed after the last one.
    """

    def __init__(self, path: str, end: int) -> None:
        super().__init__(1, "w", closefd=False)
        self.path, self.end = path, end
        self.marks: list[tuple[int, int]] = []
        self._line = -1

    def write(self, data: ReadableBuffer, /) -> int:
        """Write bytes, as `io.FileIO` does."""
        self.note(sys._getframe(1))
        return super().write(data) or 0

    def note(self, frame: FrameType | None) -> int:
        """Note which line is at work in a frame; returns it."""
        line = self.line(frame)
        if line != self._line:
            self._line = line
            with contextlib.suppress(OSError):  # the program has closed it
                self.marks.append((os.fstat(1).st_size, line))
        return line

    def line(self, frame: FrameType | None) -> int:
        """The line of the program's top level that led to a frame.

        A thread was started by no frame: then it is the line at which the
        main thread is.
        """
        found = top_line(frame, self.path)
        if found is None:
            main = threading.main_thread().ident or 0
            found = top_line(sys._current_frames().get(main), self.path)
        return self.end if found is None else found


def top_line(frame: FrameType | None, path: str) -> int | None:
    """The line of the innermost top-level frame of a file, if there is one."""
    while frame is not None:
        code = frame.f_code
        if code.co_name == "<module>" and code.co_filename == path:
            return frame.f_lineno
        frame = frame.f_back
    return None


def collect(file: Path, path: str, end: int) -> Output:
    """Let standard output go to a file from here on.

    Args:
        file: the file, which is made.
        path: the file name of the program's code.
        end: the last line of the program.
    """
    descriptor = os.open(file, FLAGS, 0o600)
    os.dup2(descriptor, 1)
    os.close(descriptor)
    output = Output(path, end)
    sys.stdout = sys.__stdout__ = io.TextIOWrapper(  # type: ignore[misc]
        output, encoding="utf-8", newline="\n", write_through=True
    )
    write = os.write

    @functools.wraps(write)
    def noting_write(descriptor: int, data: ReadableBuffer, /) -> int:
        if descriptor == 1:
            output.note(sys._getframe(1))
        return write(descriptor, data)

    os.write = noting_write
    return output


def flush() -> None:
    """Write out what Python and C still hold back."""
    for stream in (sys.stdout, sys.__stdout__, sys.stderr):
        with contextlib.suppress(Exception):  # closed, detached, replaced
            stream.flush()  # type: ignore[union-attr]
    if "ctypes" in sys.modules and os.name == "posix":
        sys.modules["ctypes"].CDLL(None).fflush(None)


def pieces(
    data: bytes, marks: list[tuple[int, int]]
) -> tuple[tuple[Piece, ...], list[str]]:
    """What each line printed, in order, as a reader of a terminal sees it.

    Args:
        data: all that was written.
        marks: (offset, line) in order: from there on, that line wrote.
    Returns:
        The pieces, and warnings.
    Raises:
        ProgramError: a control character was printed that has no place on
            a page.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    raw: list[Piece] = []
    offsets = [offset for offset, _ in marks[1:]] + [len(data)]
    lines = [line for _, line in marks] or [0]
    begin = 0
    for line, offset in zip(lines, offsets, strict=True):
        text = decoder.decode(data[begin:offset], final=offset == len(data))
        raw.append((line, text))
        begin = max(begin, offset)
    warnings = []
    bad = next((line for line, text in raw if "\ufffd" in text), None)
    if bad is not None and "\ufffd".encode() not in data:
        warnings.append(f"line {bad} prints bytes that are not UTF-8")
    shown = raw if plain(raw) else as_on_terminal(raw)
    return tuple(joined(shown)), warnings


def plain(raw: list[Piece]) -> bool:
    """Whether text has nothing in it that a terminal would obey."""
    return not any(CONTROL.search(text) for _, text in raw)


def joined(parts: list[Piece]) -> list[Piece]:
    """Pieces, with neighbours of one line put together and no empty ones."""
    result: list[tuple[int, list[str]]] = []
    for line, text in parts:
        if not text:
            continue
        if result and result[-1][0] == line:
            result[-1][1].append(text)
        else:
            result.append((line, [text]))
    return [(line, "".join(texts)) for line, texts in result]


def as_on_terminal(raw: list[Piece]) -> list[Piece]:
    r"""Pieces after a terminal has obeyed them.

    A "\r" goes back to the start of the line, where what follows is written
    over what stood there; escape sequences vanish.

    Raises:
        ProgramError: there is a control character besides.
    """
    text = "".join(part for _, part in raw)
    ends = list(itertools.accumulate(len(part) for _, part in raw))
    done: list[Piece] = []
    row: list[Piece] = []  # the characters of the terminal's line
    column = piece = 0
    for match in TOKEN.finditer(text):
        at, token = match.start(), match[0]
        while ends[piece] <= at:
            piece += 1
        line = raw[piece][0]
        if token == "\n":
            done += [*row, (line, "\n")]
            row, column = [], 0
        elif token == "\r":
            column = 0
        elif match["final"] == "K":
            column = erase(row, column, match["csi"])
        elif token[0] == "\x1b" and len(token) > 1:
            continue
        elif CONTROL.match(token):
            raise ProgramError(
                f"prints the control character U+{ord(token):04X}; print "
                "text that a page can show",
                line or None,
            )
        else:
            while at < match.end():
                while ends[piece] <= at:
                    piece += 1
                stop, line = min(match.end(), ends[piece]), raw[piece][0]
                width = stop - at
                row[column : column + width] = [
                    (line, character) for character in text[at:stop]
                ]
                column, at = column + width, stop
    return done + row


def erase(row: list[Piece], column: int, which: str) -> int:
    """Erase in the terminal's line; returns the column of the cursor."""
    if which in ("", "0"):
        del row[column:]
    elif which == "1":
        row[:column] = [(line, " ") for line, _ in row[:column]]
    elif which == "2":
        row[:] = [(row[0][0], " ")] * column if row else []
    return min(column, len(row))
