"""Rules for pages, programs and answers of this book that need no program to run; a message names the file to edit."""

import ast
import re
import tomllib

import pytest
import yaml
from conftest import ROOT

from bookbuild.check.lint import literals
from bookbuild.errors import BookError
from bookbuild.pages import notebooks
from bookbuild.pages.page import exercises
from bookbuild.pages.questions import name_of, read_questions
from bookbuild.run.program import MARK, read_program

PAGES = sorted(
    p.relative_to(ROOT / "docs").as_posix() for p in (ROOT / "docs").rglob("*.md")
)
PROGRAMS = sorted(
    p.relative_to(ROOT / "snippets").as_posix()
    for p in (ROOT / "snippets").rglob("*.py")
)
CHAPTERS = sorted({name.partition("/")[0] for name in PROGRAMS})
CHAPTER_PAGES = [page for page in PAGES if page.partition("/")[0] in CHAPTERS]
# CPU seconds of the programs of some chapters together, when two run side by
# side, which takes a tenth more than one alone.
BUDGETS = {
    "start deep-learning neural-networks latent-representations cnn": 460,
    "rnn lstm": 470,
    "gan autoencoder vae diffusion": 360,
    "transformer self-supervised scale choosing": 360,
}
KINDS = ["By hand", "Proof", "Change the program", "Open"]  # of exercises


def source(page):
    return (ROOT / "docs" / page).read_text(encoding="utf-8")


def part(page, title):
    """The text of a page below a heading."""
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", source(page), re.M | re.S)
    assert found, f"docs/{page} has no part '## {title}'"
    return found[1].strip()


# Pages -----------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_page_can_be_read(page, checked):
    errors = [str(error) for error in checked.book.errors.get(page, [])]
    assert not errors, "\n".join(errors)


@pytest.mark.parametrize("page", PAGES)
def test_every_number_of_a_page_is_tied_to_a_program_or_declared(page, checked):
    found = [f"docs/{literal}" for literal in literals(checked.book.pages[page])]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("page", CHAPTER_PAGES)
def test_listings_of_a_program_are_the_whole_program_in_order(page, checked):
    shown = {}
    for listing in checked.book.pages[page].listings:
        if listing.program:
            shown.setdefault(listing.program, []).extend(listing.sections)
    for name, sections in shown.items():
        if None in sections:
            continue  # the whole program at once
        known = list(checked.book.program(name).sections)
        # Pages may share a program of drawings; together they show all of it.
        elsewhere = {
            section
            for other in checked.book.pages.values()
            for listing in other.listings
            if listing.program == name and other.uri != page
            for section in listing.sections
        }
        known = [s for s in known if s in sections or s not in elsewhere]
        missing = [section for section in known if section not in sections]
        assert not missing, f"docs/{page} does not show {name}: {', '.join(missing)}"
        if "draw" in sections:  # the code of a figure may stand beside it
            sections.remove("draw")
            known.remove("draw")
        assert sections == known, (
            f"docs/{page} shows {name} in the order {', '.join(sections)}; the program "
            f"has {', '.join(known)}"
        )


@pytest.mark.parametrize("page", CHAPTER_PAGES)
def test_page_has_the_parts_of_a_page(page, checked):
    known = checked.book.pages[page]
    title = re.search(r"^# [^\n]*\n\n(.*?)\n\n", source(page), re.M | re.S)
    assert title, f"docs/{page} begins with no title and paragraph"
    assert "?" in title[1], f"docs/{page} opens with no question"
    sentences = re.findall(r"[.!?](?=\s|$)", part(page, "Summary"))
    assert 1 <= len(sentences) <= 5, f"docs/{page}: a summary has one to five sentences"
    assert exercises(source(page)), f"docs/{page} has no numbered list of exercises"
    lacking = [kind for kind in KINDS if f"*{kind}.*" not in part(page, "Exercises")]
    assert not lacking, f"docs/{page} has no exercise that begins *{lacking[0]}.*"
    asked = name_of(known)
    assert asked in known.programs, (
        f"docs/{page} asks no quick questions: write snippets/{asked}, and "
        "<!-- questions --> before the exercises"
    )
    number = len(read_questions(asked, checked.book.snippets))
    assert number >= 3, f"snippets/{asked} asks {number} questions, not three"
    assert "[@" in part(page, "Read more"), f"docs/{page}: 'Read more' cites nothing"
    assert known.claims, f"docs/{page} claims nothing (/// claim)"
    assert known.figures, f"docs/{page} has no figure (/// figure)"
    assert known.main in known.programs, (
        f"docs/{page} does not use its own program, snippets/{known.main}"
    )


def test_a_term_is_bold_once_in_reading_order_where_the_glossary_leads(checked):
    glossary = {
        re.sub(r" \(.*", "", term).lower(): entry
        for term, entry in re.findall(
            r"^(\S.*)\n:   ((?:.*\n)(?:    .*\n)*)",
            source("appendix/glossary.md") + "\n",
            re.M,
        )
    }
    order = re.findall(r"- ([\w/-]+\.md)", (ROOT / "mkdocs.yml").read_text())
    wrong, first = [], {}
    for page in [page for page in order if page in CHAPTER_PAGES]:
        for line, term in checked.book.pages[page].terms:
            if term.endswith((".", ":", "?", "!")):
                continue  # a run-in heading
            name, where = term.lower(), f"docs/{page}, line {line}: {term!r}"
            name = name if name in glossary else name.removesuffix("s")
            if name not in glossary:
                wrong.append(f"{where} is not in docs/appendix/glossary.md")
            elif first.setdefault(name, page) != page:
                wrong.append(f"{where} was explained in docs/{first[name]}")
            elif f"(../{page}" not in glossary[name]:
                wrong.append(f"{where}: the glossary leads to another page")
    assert not wrong, "\n".join(
        ["*emphasis* with one star is for words that are no new terms", *wrong]
    )


# Answers -----------------------------------------------------------------------


@pytest.mark.parametrize("page", CHAPTER_PAGES)
def test_every_exercise_is_answered(page, checked):
    book = checked.book
    uri = book.answers_to(page)
    if uri is None:
        answers = f"docs/{book.answers}/{page.removesuffix('.md')}.py"
        pytest.fail(f"{answers} is missing: it answers docs/{page}")
    answered = notebooks.answered(notebooks.cells_of(book.program(uri)))
    asked = len(exercises(source(page)))
    assert answered == list(range(1, asked + 1)), (
        f"docs/{uri} answers {answered}; docs/{page} has {asked} exercises; each has "
        "its heading, '# ## Exercise N'"
    )


def test_every_page_of_answers_has_its_page_and_some_code(checked):
    for uri in filter(checked.book.is_answers, checked.book.pages):
        question = checked.book.question_of(uri)
        assert question in CHAPTER_PAGES, f"docs/{uri} answers no page"
        cells = notebooks.cells_of(checked.book.program(uri))
        assert any(not cell.markdown for cell in cells), f"docs/{uri} runs nothing"


# Programs ----------------------------------------------------------------------


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_is_complete_and_in_style(name):
    where = f"snippets/{name}"
    program = read_program(name, ROOT / where, ROOT / "snippets")
    lines = program.text.split("\n")
    tree = ast.parse(program.text)
    assert ast.get_docstring(tree), f"{where} does not say what it does"
    long = [n for n, line in enumerate(lines, 1) if len(line) > 79]
    assert not long, f"{where}: more than 79 columns in lines {long}"
    found = re.findall(
        r"savefig|argparse|bookbuild|allow_pickle=True|requests|urllib", program.text
    )
    assert not found, f"{where} uses {', '.join(found)}: see CONTRIBUTING.md"
    inside = {
        n for first, last in program.sections.values() for n in range(first, last + 1)
    }
    loose = (
        []
        if not program.sections
        else [
            n
            for n, line in enumerate(lines, 1)
            if line
            and n not in inside
            and n >= tree.body[1].lineno
            and not MARK.match(line)
        ]
    )
    assert not loose, f"{where}: lines {loose} are in no section"
    long = [
        section
        for section, (first, last) in program.sections.items()
        if last - first >= 40
    ]
    assert not long, f"{where}: sections of more than 40 lines: {', '.join(long)}"


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_with_claims_has_breaks_that_concern_them(name, checked):
    _, claims = checked.jobs.get(name, (None, ()))
    where = f"snippets/{name.removesuffix('.py')}.breaks.toml"
    try:
        breaks = checked.breaks(name)
        for broken in breaks:
            checked.book.program(name).changed(broken.changes)
    except BookError as error:
        pytest.fail(f"{where}: {error}")
    known = {claim.id for claim in claims}
    wrong = [
        f"{broken.name!r}: there is no claim {claim}; there is: "
        + ", ".join(sorted(known))
        for broken in breaks
        for claim in broken.fails
        if claim not in known
    ]
    wrong += [
        f"{broken.name!r} names no claim that must fail"
        for broken in breaks
        if not broken.fails
    ]
    if claims and not breaks:
        wrong.append("no break takes the idea out of the program")
    assert not wrong, "\n".join([where, *wrong])


# The rest ------------------------------------------------------------------------


@pytest.mark.parametrize(("chapters", "budget"), BUDGETS.items())
def test_the_programs_of_chapters_keep_their_budget(chapters, budget):
    seconds = tomllib.loads((ROOT / "expected.toml").read_text())["seconds"]
    spent = {n: s for n, s in seconds.items() if n.split("/")[0] in chapters.split()}
    assert sum(spent.values()) <= budget, f"expected.toml: {spent}"
    assert max(spent.values()) <= 60


def test_references_have_what_a_reader_needs_to_find_them():
    from pybtex.database import parse_file

    for key, entry in parse_file(
        str(ROOT / "docs/appendix/references.bib")
    ).entries.items():
        where = f"docs/appendix/references.bib: {key}"
        assert entry.persons["author"] and entry.fields["title"], where
        assert re.fullmatch(r"(19|20)\d\d", entry.fields["year"]), where
        assert any(
            field in entry.fields
            for field in ("journal", "booktitle", "publisher", "howpublished")
        ), where
        name = entry.persons["author"][0].last_names[0].lower()
        first = re.sub(r"[^\w]", "", name)  # without the accents of TeX
        assert key.startswith(first + entry.fields["year"]), (
            f"{where} begins with the first author's last name and the year"
        )


def test_workflow_runs_what_a_contributor_runs():
    text = (ROOT / ".github/workflows/book.yml").read_text("utf-8")
    jobs = yaml.safe_load(text)["jobs"]
    assert "bash .ci/run" in text
    assert any(
        "cache" in step.get("uses", "")
        for job in jobs.values()
        for step in job["steps"]
    )
    assert jobs["publish"]["needs"]


def test_no_file_names_a_machine_or_a_registry():
    words = [
        "registry.npm" + "js",
        "pypi" + ".org",
        "files.python" + "hosted",
        "/wo" + "rk/",
        "/ro" + "ot/",
        "download.pyt" + "orch",
    ]
    ignored = {
        ".git",
        ".venv",
        "node_modules",
        "site",
        ".cache",
        "__pycache__",
        ".pytest_cache",
        ".ruff_cache",
        ".mypy_cache",
        "bookbuild.egg-info",
    }
    for path in ROOT.rglob("*"):
        name = path.relative_to(ROOT)
        if ignored & set(name.parts) or not path.is_file():
            continue
        text = path.read_bytes().decode("utf-8", "ignore")
        for word in words:
            assert word not in text, f"{name} names {word}"
