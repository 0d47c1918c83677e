"""Turns values into Typst source, and that into elements that carry it through Pandoc.

Such an element is an empty span (inside a paragraph) or div (between
paragraphs) with the source in its attribute data-typst; marks.lua puts the
source in its place.
"""

from __future__ import annotations

import re

from lxml.html import Element, HtmlElement

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"})
PAGE = "// page:"  # begins the line at which a page begins, before its name
JOIN, BREAK = "\u2060", "\u200b"  # forbids and allows to break a line


class Source(str):
    """Typst source, where a plain string would be text."""


def literal(text: str) -> str:
    """A text as a string of Typst, on one line, without control characters."""
    return '"' + CONTROL.sub("", text).translate(ESCAPES) + '"'


def typst(value: object) -> str:
    """A value of Python as Typst writes it."""
    match value:
        case Source():
            return value
        case str():
            return literal(value)
        case bool():
            return "true" if value else "false"
        case list() | tuple():
            return "(" + "".join(f"{typst(item)}, " for item in value) + ")"
        case _:
            return str(value)


def call(name: str, *values: object, **named: object) -> Source:
    """The call of a function of Typst, for use inside another call."""
    arguments = [typst(value) for value in values]
    arguments += [f"{key}: {typst(value)}" for key, value in named.items()]
    return Source(f"{name}({', '.join(arguments)})")


def breakable(text: str, longest: int) -> str:
    """Allow a line break inside of words that are very long."""

    def split(word: re.Match) -> str:
        return BREAK.join(re.findall(f".{{1,{longest}}}", word[0]))

    return re.sub(rf"\S{{{longest + 1},}}", split, text)


def mark(source: str, tag: str = "span") -> HtmlElement:
    """An element that stands for a piece of Typst."""
    return Element(tag, {"data-typst": source})


def put(source: str, old: HtmlElement, tag: str = "span") -> None:
    """Put a piece of Typst in the place of an element; its id stays."""
    replace(old, mark(source, tag))


def replace(old: HtmlElement, new: HtmlElement) -> None:
    """Put one element in the place of another, under the same id."""
    new.tail = old.tail
    if name := old.get("id"):
        new.set("id", name)
    old.getparent().replace(old, new)


def wrap(before: str, element: HtmlElement, after: str = "", tag: str = "span") -> None:
    """Put pieces of Typst before and after what is inside an element."""
    opening = mark(before, tag)
    opening.tail, element.text = element.text, None
    element.insert(0, opening)
    if after:
        element.append(mark(after, tag))
