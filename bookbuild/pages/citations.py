"""Turns a BibTeX file into references: how each is cited, and how it is listed."""

from __future__ import annotations

import hashlib
import importlib.metadata
import re
import string
from pathlib import Path
from typing import Any

from bookbuild.errors import BookError
from bookbuild.run.store import Store

FORMAT = "6"  # raise when what `read_references` returns changes


def read_references(
    path: Path, shown: str, store: Store, words: dict[str, str]
) -> dict[str, dict[str, str]]:
    """The references of a BibTeX file.

    Args:
        path: the file; shown: what messages call it.
        store: keeps what pybtex has made of it.
        words: those of the book, for "and" and "et al."
    Returns:
        key to {"cited": "A and B, 2001", "html", "plain"}, ordered as in the list.
    Raises:
        BookError: the file is missing or wrong; it says which entry.
    """
    try:
        content = path.read_bytes()
        content.decode("utf-8")
    except OSError as error:
        raise BookError(f"cannot be read: {error.strerror}", shown) from error
    except UnicodeDecodeError as error:
        raise BookError("the file is not UTF-8; save it as UTF-8", shown) from error
    version = importlib.metadata.version("pybtex")
    said = f"{FORMAT} {version} {words['and']} {words['others']} "
    key = hashlib.sha256(said.encode() + content).hexdigest()[:24]
    kept = store.get("references", key)
    if isinstance(kept, dict):
        return kept
    references = format_all(path, shown, words)
    store.put("references", key, references)
    return references


def format_all(
    path: Path, shown: str, words: dict[str, str]
) -> dict[str, dict[str, str]]:
    """Read and format every reference with pybtex."""
    from pybtex.database import BibliographyDataError, parse_file
    from pybtex.exceptions import PybtexError
    from pybtex.plugin import find_plugin
    from pybtex.scanner import PybtexSyntaxError, TokenRequired

    try:
        entries = parse_file(str(path)).entries
    except BibliographyDataError as error:
        raise BookError(f"{error}; remove one of them", shown) from error
    except (TokenRequired, PybtexSyntaxError) as error:
        raise BookError(f"no BibTeX: {error}", shown, error.lineno) from error
    except PybtexError as error:
        raise BookError(f"no BibTeX: {error}", shown) from error
    style = names_first(find_plugin("pybtex.style.formatting", "plain"))
    # Found once; `render_as` would look through all installed packages each time.
    backend, letters = (
        find_plugin("pybtex.backends", name)() for name in ("html", "text")
    )
    rows = []
    for key, entry in entries.items():
        if not entry.fields.get("year"):
            raise BookError(f"the entry '{key}' has no year", shown)
        try:
            [formatted] = style.format_entries([entry])
            year = str(entry.fields["year"])
            html = year_once(formatted.text.render(backend), year)
            plain = year_once(" ".join(formatted.text.render(letters).split()), year)
        except Exception as error:  # pybtex's styles raise many kinds
            wanted = str(error).split(": ")[-1] or type(error).__name__
            raise BookError(
                f"the entry '{key}' cannot be listed ({wanted}); does it "
                "have all that its type needs?",
                shown,
            ) from error
        names = authors(key, entry, shown, words, letters)
        cited = f"{names}, {year}"
        rows.append((key, names, {"cited": cited, "html": html, "plain": plain}))
    rows.sort(key=lambda row: (row[1].lower(), row[2]["cited"]))
    references = {key: entry for key, _, entry in rows}
    tell_apart(list(references.values()))
    return references


def names_first(plain: Any) -> Any:
    """A style of pybtex that begins as a text cites: "LeCun, Y. (1998)."

    Args:
        plain: the style that orders all the rest.
    """
    from pybtex.style.template import field, join, sentence

    class NamesFirst(plain):  # type: ignore[misc]
        def format_names(self, role: str, as_sentence: bool = True) -> Any:
            listed = super().format_names(role, as_sentence=False)
            if not as_sentence:
                return listed
            return sentence(sep=" ")[listed, join["(", field("year"), ")"]]

        def format_editor(self, e: Any, as_sentence: bool = True) -> Any:
            listed = super().format_editor(e, as_sentence=False)
            if not as_sentence:
                return listed
            if e.persons.get("author"):
                return sentence[listed]
            return sentence(sep=" ")[listed, join["(", field("year"), ")"]]

    return NamesFirst(name_style="lastfirst", abbreviate_names=True)


def year_once(text: str, year: str) -> str:
    """An entry without the year at its end, where pybtex puts it; it stands in front."""
    found = list(re.finditer(rf"(?:^|,?\s)(?:[A-Z][a-z]+\s)?{year}(?=\.)", text))
    if not found:
        return text
    begin, end = found[-1].span()
    # A sentence that was nothing but the year goes with its full stop.
    rest = text[end + 1 :] if text[:begin].endswith(".") else text[end:]
    return text[:begin] + rest


def tell_apart(references: list[dict[str, str]]) -> None:
    """Give each of those that would be cited alike a letter: 2016a, 2016b."""
    alike: dict[str, list[dict[str, str]]] = {}
    for entry in references:
        alike.setdefault(entry["cited"], []).append(entry)
    for cited, entries in alike.items():
        for letter, entry in zip(string.ascii_lowercase, entries, strict=False):
            if len(entries) > 1:
                year = cited.rpartition(" ")[2]
                entry["cited"] = cited + letter
                for kind in ("html", "plain"):
                    entry[kind] = entry[kind].replace(
                        f"({year})", f"({year}{letter})", 1
                    )


def authors(
    key: str, entry: Any, shown: str, words: dict[str, str], letters: Any
) -> str:
    """The authors as they are cited: A; A and B; A et al.

    Args:
        letters: pybtex's backend for plain text.
    Raises:
        BookError: there are none.
    """
    people = entry.persons.get("author") or entry.persons.get("editor") or []
    last = [
        " ".join(
            part.render(letters)
            for part in [*person.rich_prelast_names, *person.rich_last_names]
        )
        for person in people
    ]
    if not last:
        raise BookError(f"the entry '{key}' has no author (or editor)", shown)
    if len(last) <= 2:
        return f" {words['and']} ".join(last)
    return f"{last[0]} {words['others']}"
