"""What readers of the built book download is what was run, or is run here: in an empty folder, with nothing of the book."""

import ast
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


def code_of(path):
    """The code of a notebook, cell after cell, or of a program."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return text
    cells = json.loads(text)["cells"]
    return "\n\n".join(cell["source"] for cell in cells if cell["cell_type"] == "code")


@pytest.fixture(scope="session")
def recorded(checked):
    """What was run for each download: its name, the code, and the programs."""
    book, found = checked.book, {}
    for name, (program, _) in checked.jobs.items():
        if not name.endswith(".md"):
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


def test_no_program_depends_on_files_of_the_book(records):
    for name, record in records.items():
        own = name if name.startswith("solutions/") else f"snippets/{name}"
        files = {
            file for kind in ("files", "folders") for file in record.reads.get(kind, {})
        } - {own, f"docs/{name}"}
        assert not files, f"{own} depends on {', '.join(sorted(files))}"


def test_downloads_are_what_was_run_or_run_in_an_empty_folder(
    site, recorded, checked, tmp_path
):
    others = {}
    for name, (text, programs) in recorded.items():
        code = code_of(site / "programs" / name)
        if len(programs) > 1 or not same_code(code, text):
            others[name] = code
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
