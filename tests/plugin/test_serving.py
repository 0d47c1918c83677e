"""What `mkdocs serve` shows while programs run, after edits, and when something is wrong."""

import re
import time
import urllib.error
import urllib.request
from urllib.parse import urljoin

import psutil
import pytest
from conftest import DRAWS, PROGRAMS, text_of, wait_for
from test_mistakes import BAD_PAGES

pytestmark = pytest.mark.slow
FIRST = PROGRAMS["part/first.py"]
SECOND = """\
# Second

```python
--8<-- "part/second.py"
```

It is {{ number }}.
"""


class Tab:
    """A browser's tab: it polls as MkDocs's script does, and reloads."""

    def __init__(self, server, page):
        self.server, self.page = server, page
        self.load()

    def load(self):
        self.html = self.server.get(self.page)
        found = re.search(r"livereload\((\d+), (\d+)\)", self.html)
        assert found, self.html
        self.epoch, self.request = map(int, found.groups())

    def poll(self, timeout=40):
        """The number that the server answers to the script of the page."""
        request = urllib.request.Request(
            urljoin(self.server.address, f"/livereload/{self.epoch}/{self.request}"),
            headers={"Referer": urljoin(self.server.address, self.page)},
        )
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return int(answer.read())

    def reloads(self):
        """Whether one poll makes the tab load its page again; it does."""
        if self.poll() > self.epoch:
            self.load()
            return True
        return False


def seconds_until(condition, seconds=60):
    """How long it takes until a condition holds."""
    begun = time.monotonic()
    assert wait_for(condition, seconds)
    return time.monotonic() - begun


@pytest.fixture
def book(book):
    """A book whose second page needs a program that takes long."""
    book.page("part/second.md", SECOND)
    book.program("part/second.py", "import time\ntime.sleep(5)\n"
                 "results = {'number': 7}\n")  # fmt: skip
    return book


def test_pages_can_be_read_while_their_programs_run_and_fill_in_by_themselves(
    book, serve
):
    server = serve(book)
    assert wait_for(lambda: server.get("part/second.html"), 60)
    tab = Tab(server, "part/second.html")
    shown = text_of(tab.html)
    assert "It is …." in shown
    assert "part/second.py" in shown and "of 2 programs of the book have run" in shown
    assert "Figures and numbers of this page are coming" in shown
    assert "[" not in shown.partition("coming")[2]
    assert server.shows("part/first.html", "The mean is 2.00")
    reloads = 0
    while "It is 7." not in tab.html and reloads < 3:
        reloads += tab.reloads()
    assert "It is 7." in tab.html and "are coming" not in tab.html
    time.sleep(1)
    tab.load()
    begun = time.monotonic()
    assert tab.poll() == tab.epoch  # it waits, and then says that nothing is new
    assert time.monotonic() - begun > 5
    assert server.process.poll() is None


def test_page_that_is_looked_at_goes_first(book, serve):
    for number in range(6):
        name = f"part/slow{number}"
        book.page(f"{name}.md", SECOND.replace("second", f"slow{number}"))
        book.program(f"{name}.py", "import time\ntime.sleep(3)\n"
                     f"results = {{'number': {number}}}\n")  # fmt: skip
    server = serve(book)
    assert server.shows("part/slow5.html", "are coming", 60)
    assert server.shows("part/slow5.html", "It is 5.", 60)
    ended = re.findall(r"\] part/(\w+)\.py: \d", book.log)
    assert "slow5" in ended[:4], ended


def test_program_that_is_edited_while_it_waits_is_not_run_as_it_was(book, serve):
    for name in ("one", "two"):  # they keep both cores busy
        book.page(f"part/{name}.md", SECOND.replace("second", name))
        book.program(f"part/{name}.py", "import time\ntime.sleep(8)\n"
                     "results = {'number': 1}\n")  # fmt: skip
    ran = book.root / "ran"
    text = (
        f"open({str(ran)!r}, 'a').write('{{0}} ')\nresults = {{{{'number': {{0}}}}}}\n"
    )
    book.page("part/second.md", SECOND)
    book.program("part/second.py", text.format(0))
    book.settings(strict=False)
    server = serve(book)
    assert wait_for(lambda: server.get("part/index.html"), 60)
    for edition in (1, 2, 3):
        book.program("part/second.py", text.format(edition))
        wait_for(lambda n=edition: book.log.count("Reloading browsers") >= n, 20)
    assert server.shows("part/second.html", "It is 3.", 60)
    assert ran.read_text().split()[-1] == "3"
    assert len(ran.read_text().split()) <= 2, ran.read_text()


def test_edited_program_runs_before_answers(book, serve):
    book.page("part/second.md", "# Second\n")
    (book.root / "snippets/part/second.py").unlink()
    book.settings(
        plugins=[
            {"mkdocs-jupyter": {"include": ["solutions/*/*.py"], "execute": False}},
            "book",
        ],
        nav=[*book.config["nav"], {"Answers": ["solutions/part/first.py"]}],
    )
    book.page(
        "solutions/part/first.py",
        "# %% [markdown]\n# # Answers\n\n# %%\n"
        '--8<-- "part/first.py:work"\n\n# %%\nimport time\ntime.sleep(4)\n',
    )
    server = serve(book)
    assert wait_for(lambda: "solutions/part/first.py: " in book.log, 60)
    book.program("part/first.py", FIRST.replace("[1, 2, 3]", "[1, 2, 6]"))
    assert server.shows("part/first.html", "The mean is 3.00")
    assert book.log.count("solutions/part/first.py: ") == 1
    assert wait_for(lambda: book.log.count("solutions/part/first.py: ") == 2)


def test_an_edit_gives_one_rebuild_and_runs_what_has_changed(book, serve):
    book.program("part/second.py", "results = {'number': 7}\n")
    server = serve(book)
    assert server.shows("part/first.html", "The mean is 2.00", 60)
    assert server.shows("part/second.html", "It is 7.")
    book.program("part/first.py", FIRST.replace("[1, 2, 3]", "[1, 2, 6]"))
    assert server.shows("part/first.html", "The mean is 3.00")
    assert not wait_for(lambda: book.log.count("Detected file changes") > 1, 1.5)
    book.page("part/first.md", "# Other\n\n{{ mean:.3f }}\n")
    assert server.shows("part/first.html", "3.000")
    assert len(re.findall(r"\] part/\w+\.py: \d", book.log)) == 3


# When something is wrong -------------------------------------------------------


def sound(server):
    """Whether a server lives and has told no traceback."""
    assert server.process.poll() is None, server.book.log
    assert "Traceback" not in server.book.log, server.book.log
    return True


def test_failed_program_shows_on_its_pages_until_it_is_repaired(book, serve):
    book.program("part/second.py", "results = {'number': 7}\n")
    book.program("part/first.py", FIRST.replace("/ 3", "/ 0"))
    server = serve(book)
    message = "part/first.md, line 4 -> part/first.py, line 3: ZeroDivisionError"
    assert server.shows("part/first.html", "ZeroDivisionError", 60)
    assert message in text_of(server.get("part/first.html"))
    assert server.shows("part/second.html", "It is 7.")
    assert "ZeroDivisionError" not in server.get("part/second.html")
    assert book.log.count(message) == 1
    book.program("part/first.py", FIRST)
    assert server.shows("part/first.html", "The mean is 2.00")
    assert "ZeroDivisionError" not in server.get("part/first.html")
    book.program("part/first.py", FIRST.replace("/ 3", "/ zero"))
    assert server.shows("part/first.html", "NameError")
    assert sound(server)


def test_false_claim_shows_on_its_page(book, serve):
    book.program("part/second.py", "results = {'number': 7}\n")
    book.page(
        "part/first.md",
        "# First\n\n{{ mean }}\n\n/// claim | It is five.\n"
        "```python\nassert mean == 5\n```\n///\n",
    )
    server = serve(book)
    assert server.shows("part/first.html", "the claim does not hold", 60)
    assert "2 == 5" in text_of(server.get("part/first.html"))
    assert server.shows("part/second.html", "It is 7.")
    assert sound(server)


def test_pages_with_mistakes_show_them(book, serve):
    book.program("part/second.py", "results = {'total': 3}\n")
    for number, (text, _, _) in enumerate(BAD_PAGES.values()):
        page = f'# Page\n\n```python\n--8<-- "part/bad.py:work"\n```\n{text}'
        page = re.sub(r"{{ (mean|total)", r"{{ part/bad.py \1", page)
        book.page(f"part/bad{number}.md", page.replace("second.py", "bad.py"))
    book.program(
        "part/bad.py",
        "# --8<-- [start:work]\nresults = {'total': 3}\n"
        "# --8<-- [end:work]\n" + DRAWS.replace("line", "dot", 1),
    )
    server = serve(book)
    for number, (_, _, words) in enumerate(BAD_PAGES.values()):
        words = words.split(": ", 1)[1].partition("'")[0].partition("; ")[0]
        assert server.shows(f"part/bad{number}.html", words, 60), words
    assert server.shows("part/first.html", "The mean is 2.00")
    assert sound(server)


WRONG_BOOKS = {
    "bib": ("refs.bib", "@misc{k, title={T}, year={2001}}", "no author"),
    "latin-1 page": ("docs/part/first.md", b"# Caf\xe9\n", "not UTF-8"),
    "latin-1 program": ("snippets/part/first.py", b"# caf\xe9\n", "not UTF-8"),
    "answers": ("docs/solutions/part/first.py", b"# %%\n1 / 0\n", "ZeroDivisionError"),
    "answers that are none": ("docs/solutions/part/first.py", b"1 / 0\n", "a cell begins"),
    "published": ("published.toml", b"a = \n", "published.toml"),
    "settings": ("mkdocs.yml", b"site_name: [", None),
    "misspelt setting": ("mkdocs.yml", b'{"site_name": "x", "plugins": [{"book": '
                         b'{"limits": 3}}]}', "limits"),
}  # fmt: skip


def wrong_book(book, name):
    """Give a book what it needs to go wrong; returns the file, and what it should be."""
    (book.root / "docs/part/second.md").unlink()
    (book.root / "snippets/part/second.py").unlink()
    book.write(".", "refs.bib", "@misc{k, author={A B}, title={T}, year={2001}}\n")
    book.write(".", "published.toml", "a = 1\n")
    book.page(
        "solutions/part/first.py",
        "# %% [markdown]\n# # Answers\n\n# %%\nprint('answered')\n",
    )
    book.page("part/first.md", "# First\n\nThe mean is {{ mean:.2f }} [@k].\n")
    book.settings(
        plugins=[
            {"mkdocs-jupyter": {"include": ["solutions/*/*.py"], "execute": False}},
            {"book": {"references": "refs.bib", "published": "published.toml"}},
        ],
        nav=[*book.config["nav"], {"Answers": ["solutions/part/first.py"]}],
    )
    path = book.root / WRONG_BOOKS[name][0]
    return path, path.read_bytes()


def anywhere(server, words):
    """Whether a page or the log says something."""
    pages = ("part/first.html", "solutions/part/first.html", "part/index.html")
    return any(words in text_of(server.get(page)) for page in pages)


@pytest.mark.parametrize("name", WRONG_BOOKS)
def test_server_survives_what_goes_wrong(book, serve, name):
    path, good = wrong_book(book, name)
    _, bad, words = WRONG_BOOKS[name]
    bad = bad.encode() if isinstance(bad, str) else bad
    server = serve(book)
    assert server.shows("part/first.html", "The mean is 2.00", 60), book.log
    assert server.shows("solutions/part/first.html", "answered"), book.log
    path.write_bytes(bad)
    if words:
        assert wait_for(lambda: words in book.log, 30), book.log
        assert wait_for(lambda: anywhere(server, words), 30), book.log
    else:
        assert wait_for(lambda: "Detected file changes" in book.log)
        time.sleep(3)
    assert server.get("part/index.html")
    path.write_bytes(good)
    assert server.shows("part/first.html", "The mean is 2.00", 60), book.log
    assert server.shows("solutions/part/first.html", "answered"), book.log
    assert not words or book.log.count(words) <= 2, book.log
    assert sound(server)


@pytest.mark.parametrize("name", [n for n in WRONG_BOOKS if "setting" not in n])
def test_server_starts_with_what_is_wrong(book, serve, name):
    path, good = wrong_book(book, name)
    _, bad, words = WRONG_BOOKS[name]
    path.write_bytes(bad.encode() if isinstance(bad, str) else bad)
    server = serve(book)
    assert wait_for(lambda: anywhere(server, words), 60), book.log
    path.write_bytes(good)
    assert server.shows("part/first.html", "The mean is 2.00", 60), book.log
    assert sound(server)


def test_program_saved_twice_while_it_runs(book, serve):
    mark = book.root / "running"
    text = ("import pathlib, time\npathlib.Path({!r}).touch()\ntime.sleep({})\n"
            "results = {{'number': {}}}\n")  # fmt: skip
    book.settings(strict=False)
    book.program("part/second.py", text.format(str(mark), 3, 1))
    server = serve(book)
    assert wait_for(mark.exists, 60)
    book.program("part/second.py", text.format(str(mark), 2, 2))
    time.sleep(2.5)
    book.program("part/second.py", text.format(str(mark), 2, 3))
    assert server.shows("part/second.html", "It is 3.", 60)
    assert "was changed while" not in server.get("part/second.html")
    assert sound(server)


def test_no_process_stays_when_the_server_ends(book, serve):
    server = serve(book)
    assert server.shows("part/first.html", "The mean is 2.00", 60)
    processes = psutil.Process(server.process.pid).children(recursive=True)
    assert processes
    server.stop()
    _, alive = psutil.wait_procs(processes, timeout=8)
    for process in alive:
        process.kill()
    assert not alive
