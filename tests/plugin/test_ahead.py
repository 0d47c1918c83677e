"""Pages of answers are converted by another core, once, and nothing of it is left when a build ends."""

import json
import sys

import psutil
import pytest
from conftest import NAV, TinyBook

from bookbuild.ahead import SEVERAL
from bookbuild.run.pool import available_cores

pytestmark = pytest.mark.slow
ANSWERS = """\
# %% [markdown]
# # Answers {0}
#
# ## Exercise 1
#
# Twice {0}.

# %%
results = {{}}
print(2 * {0})
"""
NAMES = [f"solutions/part/p{number}.py" for number in range(SEVERAL)]
# Another core, and a system on which a process may fork.
CAN = available_cores() > 1 and sys.platform.startswith("linux")


@pytest.fixture
def answered(tmp_path):
    """A book with several pages of answers."""
    book = TinyBook(
        tmp_path / "book",
        plugins=[
            {"mkdocs-jupyter": {"include": ["solutions/*/*.py"], "execute": False}}
        ],
        config={"nav": [*NAV, {"Answers": NAMES}]},
    )
    for number, name in enumerate(NAMES):
        book.page(name, ANSWERS.format(number))
    return book


def verbose(book):
    """What a build says that says all."""
    process = book.start("build", "--verbose")
    assert process.wait(timeout=120) == 0, book.log
    return book.log


def pages(book):
    """The pages of answers, as they were built."""
    return [book.html(name.replace(".py", ".html")) for name in NAMES]


def test_pages_are_converted_before_they_are_wanted(answered):
    said = verbose(answered)
    assert said.count("Cache hit") == (SEVERAL if CAN else 0)
    assert said.count("Converting notebook") == (0 if CAN else SEVERAL)
    first = pages(answered)
    cache = answered.root / ".cache/mkdocs-jupyter"
    assert len(list(cache.glob("*.json"))) == SEVERAL
    for path in cache.iterdir():
        path.unlink()
    said = verbose(answered)  # no page is new: mkdocs-jupyter does its own work
    assert said.count("Converting notebook") == SEVERAL
    assert pages(answered) == first
    assert [p.name for p in (answered.root / ".cache").iterdir()].count(
        "mkdocs-jupyter-ahead"
    ) == 0


def test_a_build_that_fails_leaves_nothing_of_it(answered):
    answered.page("part/first.md", "# First\n\nThe mean is {{ nothing }}.\n")
    done = answered.build_apart()
    assert done.code != 0 and "nothing" in done.output
    assert "Traceback" not in done.output
    assert not (answered.root / ".cache/mkdocs-jupyter-ahead").exists()
    for path in (answered.root / ".cache/mkdocs-jupyter").glob("*.json"):
        json.loads(path.read_text())  # whole, or not there
    assert answered.build_apart().code != 0  # and nothing hinders the next


def test_a_build_that_fails_at_once_ends_it(answered):
    answered.config["plugins"][-1]["book"]["assets"] = {"a.woff2": "none/*.woff2"}
    answered.settings()
    done = answered.build_apart()
    assert done.code != 0 and "none/*.woff2 is missing" in done.output
    assert not (answered.root / ".cache/mkdocs-jupyter-ahead").exists()
    left = [
        p for p in psutil.process_iter(["cwd"]) if p.info["cwd"] == str(answered.root)
    ]
    assert not left
