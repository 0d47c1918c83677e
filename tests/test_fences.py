"""Every fence that readers of the book see as Python is an item of pytest, however it is written."""

import re

import pytest
from conftest import ROOT
from pygments.lexers import find_lexer_class_by_name
from pygments.util import ClassNotFound

FENCE = re.compile(r"^(?:[ >]|[*+-] |\d+\. )*(?P<mark>`{3,}|~{3,})(?P<rest>.*)$")
LANGUAGE = re.compile(r"^\s*\{?\s*\.?(?P<language>[\w+#-]+)")
PAGES = sorted(path.relative_to(ROOT / "docs") for path in ROOT.glob("docs/**/*.md"))


def coloured(language):
    """What Pygments takes a language for."""
    try:
        return find_lexer_class_by_name(language).name
    except ClassNotFound:
        return ""


def fences(text):
    """(line, language) of each fence, without the grammar of the book."""
    found, opened = [], ""
    for number, line in enumerate(text.split("\n"), 1):
        match = FENCE.match(line)
        if not match:
            continue
        if not opened:
            opened = match["mark"]
            language = LANGUAGE.match(match["rest"])
            found.append((number, language["language"] if language else ""))
        elif match["mark"].startswith(opened) and not match["rest"].strip():
            opened = ""
    return found


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_fence_of_python_is_collected(page, checked):
    uri = page.as_posix()
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    marked = [(line, coloured(language)) for line, language in fences(text)]
    wanted = [line for line, name in marked if name == "Python"]
    other = [line for line, name in marked if "Python" in name and name != "Python"]
    collected = [listing.line for listing in checked.book.pages[uri].listings]
    assert collected == wanted, f"docs/{uri}"
    assert not other, f"docs/{uri}: lines {other} look like Python and never run"
