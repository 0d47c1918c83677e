"""Checks what pages and programs look like, without running them."""

import ast
import re
from pathlib import Path

import pytest
import yaml

from bookbuild.book import CODE, MARKER, find_references, read_program
from bookbuild.codeblocks import extract, python_fences

ROOT = Path(__file__).parent.parent
PAGES = sorted((ROOT / "docs").rglob("*.md"))
PROGRAMS = sorted((ROOT / "snippets").rglob("*.py"))
CHAPTERS = sorted(p.name for p in (ROOT / "snippets").iterdir() if p.is_dir())
CHAPTER_PAGES = [p for p in PAGES if p.parent.name in CHAPTERS]


def name(path):
    return path.relative_to(ROOT).as_posix()


def source(page):
    uri = page.relative_to(ROOT / "docs").as_posix()
    return find_references(uri, page.read_text(encoding="utf-8"))


def section(page, title):
    text = page.read_text(encoding="utf-8")
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    assert found, f"{name(page)} has no section '{title}'"
    return found[1].strip()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_python_fence_is_collected(page):
    collected = [line for block in extract(page) for line in block.fences
                 if block.syntax == "python"]
    assert sorted(collected) == python_fences(page.read_text(encoding="utf-8"))


def test_a_fence_that_pytest_codeblocks_would_miss_is_collected(tmp_path):
    page = tmp_path / "page.md"
    (tmp_path / "mkdocs.yml").write_text(
        "markdown_extensions: [pymdownx.snippets: {base_path: ['.']}]")
    page.write_text('```python title="x"\na = 1\n```\n\n'
                    "``` { .python .annotate }\nassert a == 1\n```\n\n"
                    "```py\nassert a == 2\n```\n")
    [block] = extract(page)
    assert block.fences == python_fences(page.read_text()) == [1, 5, 9]
    with pytest.raises(AssertionError, match="page.md, line 10: a == 2"):
        exec(block.code, {})


@pytest.mark.parametrize("page", CHAPTER_PAGES, ids=name)
def test_embedded_sections_are_the_whole_program_in_order(page):
    embedded = {}
    for reference in source(page).references:
        if reference.kind == "include":
            embedded.setdefault(reference.program, []).append(reference.name)
    for program, sections in embedded.items():
        text = read_program(program, ROOT / "snippets" / program)
        missing = set(text.sections) - set(sections)
        assert not missing, f"{program}: {missing} not on the page"
        if "draw" in sections:  # the code of a figure may stand beside it
            sections.remove("draw")
        expected = [s for s in text.sections if s in sections]
        assert sections == expected, program


@pytest.mark.parametrize("program", PROGRAMS, ids=name)
def test_program_is_complete_and_in_style(program):
    text = program.read_text(encoding="utf-8")
    lines = text.splitlines()
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "a program says what it does"
    assert max(map(len, lines)) <= 79
    assert not re.search(r"savefig|argparse|bookbuild|allow_pickle=True|"
                         r"requests|urllib", text)
    parts = read_program(program.name, program).sections
    if not parts:
        return
    first = tree.body[1].lineno  # after the docstring
    inside = {n for a, b in parts.values() for n in range(a, b + 1)}
    loose = [n for n, line in enumerate(lines, 1) if n >= first and line
             and n not in inside and not MARKER.match(line)]
    assert not loose, f"lines outside of sections: {loose}"
    longest = max(b - a + 1 for a, b in parts.values())
    assert longest <= 40, "a section fits on a screen"
    assert "results = {" in text


@pytest.mark.parametrize("page", CHAPTER_PAGES, ids=name)
def test_page_has_the_parts_of_a_page(page):
    text = page.read_text(encoding="utf-8")
    opening = text.split("\n\n")[1]
    assert "?" in opening, "a page opens with a question"
    sentences = re.findall(r"[.!?](?=\s|$)", section(page, "Summary"))
    assert 1 <= len(sentences) <= 5
    assert "solutions" in section(page, "Exercises")
    assert "[@" in section(page, "Read more")
    assert "/// figure |" in text and "/// claim |" in text
    assert source(page).main in source(page).programs


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_exercise_has_an_executed_answer(chapter):
    answers = (ROOT / f"docs/solutions/{chapter}.py").read_text("utf-8")
    total = 0
    for page in CHAPTER_PAGES:
        if page.parent.name != chapter:
            continue
        title = page.read_text("utf-8").split("\n")[0].removeprefix("# ")
        part = re.search(rf"^# ## {title}\n(.*?)(?=^# ## |\Z)", answers,
                         re.M | re.S)
        assert part, f"no answers to '{title}'"
        asked = re.findall(r"^(\d+)\. ", section(page, "Exercises"), re.M)
        assert re.findall(r"^# ### (\d+)\. ", part[1], re.M) == asked
        total += len(asked)
    assert total >= 5
    assert "exec(" in answers or "print(" in answers


def test_every_term_a_page_introduces_is_in_the_glossary():
    glossary = (ROOT / "docs/appendix/glossary.md").read_text("utf-8")
    terms = {re.sub(r" \(.*", "", term).lower() for term in
             re.findall(r"^(\S.*)\n:   ", glossary, re.M)}
    missing = []
    for page in CHAPTER_PAGES:
        prose = CODE.sub("", page.read_text("utf-8"))
        for term in re.findall(r"\*\*([^*\n]+)\*\*", prose):
            term = term.lower()
            if term.endswith((".", "it")) or term in (
                    "joins", "held-out"):
                continue  # a run-in heading or plain emphasis
            if term.removesuffix("s") not in terms and term not in terms:
                missing.append((name(page), term))
    assert not missing


def test_references_have_what_a_reader_needs_to_find_them():
    from pybtex.database import parse_file
    for key, entry in parse_file(
            str(ROOT / "docs/appendix/references.bib")).entries.items():
        assert entry.persons["author"] and entry.fields["title"], key
        assert re.fullmatch(r"(19|20)\d\d", entry.fields["year"]), key
        assert any(field in entry.fields for field in
                   ("journal", "booktitle", "publisher", "howpublished")), key
        first = entry.persons["author"][0].last_names[0].lower()
        assert key.startswith(first + entry.fields["year"]), key


def test_workflow_runs_what_a_contributor_runs():
    workflow = yaml.safe_load(
        (ROOT / ".github/workflows/book.yml").read_text("utf-8"))
    steps = workflow["jobs"]["test"]["steps"]
    assert any(step.get("run") == "bash .ci/run" for step in steps)
    assert any("cache" in step.get("uses", "") for step in steps)
    assert workflow["jobs"]["publish"]["needs"] == "test"


def test_no_file_names_a_machine_or_a_registry():
    tracked = [p for p in ROOT.rglob("*") if p.is_file() and not
               {".git", ".venv", "node_modules", "site", ".cache",
                "__pycache__", ".pytest_cache"} & set(p.relative_to(
                    ROOT).parts)]
    words = ["registry.npm" + "js", "pypi" + ".org", "files.python" + "hosted",
             "/wo" + "rk/", "/ro" + "ot/", "download.pyt" + "orch"]
    for path in tracked:
        text = path.read_bytes().decode("utf-8", "ignore")
        for word in words:
            assert word not in text, f"{name(path)} names {word}"
