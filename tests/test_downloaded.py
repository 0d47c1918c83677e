"""What readers of the built book download is what was run, or is run here: in an empty folder, with nothing of the book."""

import ast
import builtins
import json

import pytest
from conftest import ROOT

from bookbuild.run.pool import Pool
from bookbuild.run.program import Program
from bookbuild.run.record import Failure, Record
from bookbuild.run.runner import Runner
from bookbuild.run.store import Store

pytestmark = pytest.mark.slow


def same_code(one, other):
    """Whether two texts are the same program, but for comments and spaces."""
    return ast.dump(ast.parse(one)) == ast.dump(ast.parse(other))


def cells_of(site, name):
    """The cells of code of a notebook."""
    cells = json.loads((site / "programs" / name).read_text(encoding="utf-8"))["cells"]
    return [cell["source"] for cell in cells if cell["cell_type"] == "code"]


def code_of(path):
    """The code of a notebook, cell after cell, or of a program."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return text
    cells = json.loads(text)["cells"]
    return "\n\n".join(cell["source"] for cell in cells if cell["cell_type"] == "code")


def statements(code):
    """What a text does, statement by statement, without comments and its docstring."""
    body = ast.parse(code).body
    if ast.get_docstring(ast.parse(code)) is not None:
        body = body[1:]
    return [ast.dump(statement) for statement in body]


def names_set(code):
    """The names that a program gives a value to at its outermost level."""
    found = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
    return found


def is_made_of(cells, page, book):
    """Whether a notebook is whole programs one after the other, each with its claims behind it.

    Each of them ran on its own, with its claims behind it; it gives itself all
    names that it uses, so what ran before cannot change it, unless that takes
    a built-in name.
    """
    programs = {
        name: book.program(name).section(None)
        for name in page.programs
        if name.endswith(".py")
    }
    if any(names_set(code) & set(dir(builtins)) for code in programs.values()):
        return False
    known = {name: statements(code) for name, code in programs.items()}
    claims = [
        (statements(code), claim.program)
        for claim in page.claims
        for _, code in claim.code
    ]
    begun, whole = [], set()
    for cell in cells:
        here = statements(cell)
        if not begun and (not here or here == statements(book.reset)):
            continue
        if owners := {program for code, program in claims if code == here}:
            if not begun and owners & whole:
                continue
            return False
        begun += here
        for name, code in known.items():
            if code == begun:
                whole.add(name)
                begun = []
                break
    return not begun


@pytest.fixture(scope="session")
def recorded(checked):
    """What was run for each download: its name, the code, and the programs."""
    book, found = checked.book, {}
    for name, (program, _) in checked.jobs.items():
        if name.endswith(".py"):
            found[f"{book.download_name(name)}.py"] = program.text, [name]
        if name.startswith("solutions/"):
            found[f"{book.download_name(name)}.ipynb"] = program.text, [name]
    for uri, page in book.pages.items():
        if not any(listing.program for listing in page.listings):
            continue
        names = {
            listing.program or uri for listing in page.listings if not listing.claim
        }
        texts = [
            book.program(name).section(None) for name in page.programs if name in names
        ]
        texts += [code for claim in page.claims for _, code in claim.code]
        found[f"{book.download_name(uri)}.ipynb"] = "\n".join(texts), sorted(names)
    return found


def test_everything_the_book_ran_is_offered(site, recorded):
    assert {p.name for p in (site / "programs").iterdir()} == set(recorded)


def test_no_program_depends_on_files_of_the_book(records, checked):
    fonts = [file.relative_to(ROOT) for file in checked.runner.face]
    drawn = {p.as_posix() for font in fonts for p in (font, *font.parents)}
    for name, record in records.items():
        own = name if name.startswith("solutions/") else f"snippets/{name}"
        files = {
            file for kind in ("files", "folders") for file in record.reads.get(kind, {})
        } - {own, f"docs/{name}", *drawn}
        assert not files, f"{own} depends on {', '.join(sorted(files))}"


def test_downloads_are_what_was_run_or_run_in_an_empty_folder(
    site, recorded, checked, tmp_path
):
    others = {}
    for name, (text, programs) in recorded.items():
        code = code_of(site / "programs" / name)
        if len(programs) > 1 or not same_code(code, text):
            others[name] = code
    for uri, page in checked.book.pages.items():
        name = f"{checked.book.download_name(uri)}.ipynb"
        if name in others and is_made_of(cells_of(site, name), page, checked.book):
            del others[name]
    assert not [name for name in others if name.endswith(".py")]
    settings = checked.settings
    pool = Pool(tmp_path, settings.preload)
    store = Store(ROOT / ".cache" / "bookbuild", tmp_path)
    with Runner(store, lambda *_: pool, tmp_path, settings.limit) as runner:
        futures = {}
        for name, code in others.items():
            path = tmp_path / f"{name}.py"
            path.write_text(code, encoding="utf-8")
            places = tuple((name, line) for line in range(1, code.count("\n") + 2))
            futures[name] = runner.submit(
                Program(f"programs/{name}", path, code, {}, places)
            )
        wrong = [
            f"{name}, line {outcome.line} of its code: {outcome.message}"
            for name, future in futures.items()
            if isinstance(outcome := future.result(), Failure)
        ]
        assert not wrong, "\n".join(wrong)
        for name, future in futures.items():
            record = future.result()
            assert isinstance(record, Record)
            files = set(record.reads.get("files", {})) - {f"{name}.py"}
            assert not files, f"{name} depends on {', '.join(sorted(files))}"
