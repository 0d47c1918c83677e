"""Checks what a build runs again, and what it makes of programs and pages."""

import filecmp
import importlib.metadata
import io
import json
import os
import py_compile
import re
import subprocess
import sys
from contextlib import redirect_stdout

import nbformat
import pytest
from bookbuild import book as book_module
from bookbuild import cache, figures, numbering, worker
from bookbuild.errors import BookError
from conftest import DRAWS, PROGRAMS, TinyBook, wait_for

FIRST = PROGRAMS["part/first.py"]
SECOND = """\
# Second

```python
--8<-- "part/second.py"
```
"""


def builds(book):
    """Build a book that has no mistakes; returns the `Build`."""
    done = book.build()
    assert done.code == 0, done.output
    return done


def text_of(html):
    """The text of an HTML page, on one line."""
    html = re.sub(r"<(script|style|annotation)\b.*?</\1>", "", html,
                  flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", "", html).split())


# What runs again ---------------------------------------------------------

def test_unchanged_program_does_not_run_again(book):
    assert builds(book).runs == ["part/first.py"]
    before = (book.site / "part/first.html").read_bytes()
    assert builds(book).runs == []
    assert (book.site / "part/first.html").read_bytes() == before


def test_changed_page_runs_no_program(book):
    builds(book)
    book.page("part/first.md", "# Other\n\n{{ mean:.3f }}\n")
    assert builds(book).runs == []
    assert "2.000" in book.html("part/first.html")


def test_changed_program_reruns_alone(book):
    book.page("part/second.md", SECOND)
    book.program("part/second.py", "print('one')\n")
    assert sorted(builds(book).runs) == ["part/first.py", "part/second.py"]
    book.program("part/second.py", "print('two')\n")
    assert builds(book).runs == ["part/second.py"]


def test_program_that_comes_back_is_remembered(book):
    builds(book)
    book.program("part/first.py", FIRST.replace("[1, 2, 3]", "[1, 2, 6]"))
    builds(book)
    book.program("part/first.py", FIRST)
    assert builds(book).runs == []
    assert "The mean is 2.00" in book.html("part/first.html")


@pytest.mark.parametrize("name, program, text, changed", [
    ("part/helper.py", "from helper import number\n", "number = 2\n",
     "number = 5\n"),
    ("part/tools/inner.py", "from tools.inner import number\n",
     "number = 2\n", "number = 5\n"),
    ("part/data.txt", "from pathlib import Path\nnumber = int((Path(__file__)"
     ".parent / 'data.txt').read_text())\n", "2", "5"),
    ("part/data.csv", "import numpy as np\nfrom pathlib import Path\n"
     "number = int(np.loadtxt(Path(__file__).with_name('data.csv')))\n",
     "2\n", "5\n"),
], ids=["helper", "helper in a package", "data", "data read by numpy"])
def test_change_of_a_file_a_program_reads_reruns_it(book, name, program,
                                                    text, changed):
    book.page("part/second.md", SECOND + "It is {{ number }}.\n")
    path = book.program(name, text)
    if name.endswith(".py"):
        # Run by hand, a helper leaves its bytecode, which is read instead.
        py_compile.compile(path)
    book.program("part/second.py", program + "results = {'number': number}\n")
    builds(book)
    assert "It is 2." in book.html("part/second.html")
    assert builds(book).runs == []
    book.program(name, changed)
    assert builds(book).runs == ["part/second.py"]
    assert "It is 5." in book.html("part/second.html")
    book.page("part/second.md", SECOND + "Now it is {{ number }}.\n")
    assert builds(book).runs == []


def test_change_of_a_library_version_reruns_what_uses_it(book):
    book.page("part/second.md", SECOND)
    book.program("part/second.py", "import numpy\nprint(numpy.ones(2))\n")
    builds(book)
    path, record = book.record("part/second.py")
    assert record["versions"]["numpy"] == importlib.metadata.version("numpy")
    record["versions"]["numpy"] = "1.0"
    path.write_text(json.dumps(record))
    assert builds(book).runs == ["part/second.py"]


def test_changed_machinery_reruns_everything(tmp_path, monkeypatch):
    entry = cache.Cache(tmp_path, tmp_path).path
    before = entry("part/first.py", FIRST)
    assert entry("part/first.py", FIRST) == before
    assert entry("part/first.py", FIRST + "\n") != before
    assert entry("part/other.py", FIRST) != before
    monkeypatch.setattr(cache, "machinery_hash", lambda: "another")
    assert entry("part/first.py", FIRST) != before


def test_nothing_is_written_beside_pages_and_programs(book):
    book.program("part/helper.py", "number = 2\n")
    book.program("part/first.py", "import helper\n" + DRAWS + FIRST)
    before = sorted(path for folder in ("docs", "snippets")
                    for path in (book.root / folder).rglob("*"))
    builds(book)
    assert before == sorted(path for folder in ("docs", "snippets")
                            for path in (book.root / folder).rglob("*"))


def test_an_edit_under_serve_gives_one_rebuild(book, serve):
    server = serve(book)
    assert server.shows("part/first.html", "The mean is 2.00")
    book.program("part/first.py", FIRST.replace("[1, 2, 3]", "[1, 2, 6]"))
    assert server.shows("part/first.html", "The mean is 3.00")
    assert not wait_for(lambda: book.log.count("Detected file changes") > 1,
                        seconds=1.5)
    assert book.log.count("Detected file changes") == 1


def test_a_page_edited_under_serve_starts_no_program(book, serve):
    server = serve(book)
    assert server.shows("part/first.html", "The mean is 2.00")
    book.page("part/first.md", "# Other\n\n{{ mean:.3f }}\n")
    assert server.shows("part/first.html", "2.000")
    assert book.log.count("Running 1 programs") == 1


# What a page shows ---------------------------------------------------------

def test_output_is_shown_where_its_section_is(book):
    book.program("part/first.py", """\
def shout(word):
    print(word, "!")

# --8<-- [start:one]
print("one", end=" ")
shout("from a function")
# --8<-- [end:one]
print("between")
# --8<-- [start:two]
for i in range(2):
    print("two", i, "<b>")
# --8<-- [end:two]
""")
    book.page("part/first.md", """\
# First

/// output | part/first.py:one
///

/// output | part/first.py:two
///

/// output | part/first.py
///
""")
    builds(book)
    shown = re.findall(r'<div class="highlight output">.*?<code>(.*?)'
                       "</code>", book.html("part/first.html"), re.S)
    assert shown == [
        "one from a function !\n",
        "two 0 &lt;b&gt;\ntwo 1 &lt;b&gt;\n",
        "one from a function !\nbetween\n"
        "two 0 &lt;b&gt;\ntwo 1 &lt;b&gt;\n"]


def test_sections_are_embedded_with_the_name_of_their_file(book):
    builds(book)
    page = book.html("part/first.html")
    assert "part/first.py" in text_of(page)
    assert "--8&lt;--" not in page and "[start:work]" not in page
    assert 'print("mean is", mean)' in text_of(page).replace("&quot;", '"')


def test_numbers_are_formatted_where_they_stand(book):
    book.program("part/first.py", """\
import numpy as np
results = {"score": {"test": 0.98765, "runs": [0.1, 0.25]},
           "count": 12345, "name": "Adam", "array": np.arange(3) / 2}
print(results)
""")
    book.page("part/second.md", SECOND + """
Others: {{ part/first.py score.test:.0% }} of {{part/first.py count:,}}.
Own: {{ own }}.
""")
    book.program("part/second.py", "results = {'own': 7}\n")
    book.page("part/first.md", """\
# First

Percent {{ score.test:.1% }}, list {{ score.runs.1:.2f }}, last
{{ score.runs.-1 }}, array {{ array.2 }}, {{ count:,}} by {{ name }}.

Formula $x = {{ score.test:.2f }}$ stays.

| what | value |
|------|------:|
| test | {{ score.test:.3f }} |

Code `{{ count }}` and

```text
{{ count }}
```
""")
    builds(book)
    page = book.html("part/first.html")
    assert ("Percent 98.8%, list 0.25, last 0.25, array 1.0, 12,345 by "
            "Adam." in text_of(page))
    assert re.search('data-tex="x = 0.99"><span class="katex">.*<math', page)
    assert re.search(r"<td[^>]*>0.988</td>", page)
    assert page.count("{{ count }}") == 2
    assert ("Others: 99% of 12,345. Own: 7."
            in text_of(book.html("part/second.html")))


def test_figures_come_light_and_dark_and_differ_only_in_colours(book):
    book.program("part/first.py", DRAWS + FIRST)
    book.page("part/first.md", """\
# First

/// figure | part/first.py:line
    alt: A line that rises
It *rises* with $t$.
///
""")
    builds(book)
    light, dark = ((book.site / f"figures/part/first/line{tail}.svg"
                    ).read_text() for tail in ("", "-dark"))
    for svg in (light, dark):
        assert svg.startswith("<svg")
        assert "<metadata" not in svg and "Matplotlib" not in svg
        assert not re.search(r"\b20\d\d-\d\d-\d\d\b", svg)
    assert light != dark
    colour = re.compile(r"#[0-9a-f]{6}\b")
    assert colour.sub("", light) == colour.sub("", dark)
    assert not (set(colour.findall(light)) & set(colour.findall(dark))
                & set(figures.DARK))
    page = book.html("part/first.html")
    for look, tail in (("light", ""), ("dark", "-dark")):
        [image] = re.findall(rf'<img[^>]*class="on-{look}"[^>]*>', page)
        assert 'alt="A line that rises"' in image
        assert f'src="../figures/part/first/line{tail}.svg"' in image
        assert 'width="614"' in image and 'height="326"' in image
    assert "Figure 1.1.1 It rises with" in text_of(page)
    assert "<em>rises</em>" in page


def test_claims_are_listed_with_links_that_lead_to_them(book):
    claim = """
/// claim | The mean $\\bar x$ is *two*.
```python
assert results["mean"] == 2
```
///
"""
    book.page("part/first.md", "# First\n{{ mean }}\n" + claim)
    builds(book)
    page, listing = book.html("part/first.html"), book.html("claims.html")
    [(target, anchor)] = re.findall(
        r'<li><a href="([^"#]+)#(claim-[^"]+)">', listing)
    assert target == "part/first.html"
    assert f'<details class="claim" id="{anchor}">' in page
    assert "<em>two</em>" in listing
    assert "assert" not in text_of(listing)
    assert '<a href="part/first.html">1.1 First</a>' in listing


@pytest.mark.parametrize("folders", [False, True])
def test_chapters_pages_and_figures_are_numbered(tmp_path, folders):
    def html(page):
        name = page.removesuffix("index") + (
            "" if page.endswith("index") else "/")
        return book.html(f"{name}index.html" if folders else f"{page}.html")

    book = TinyBook(tmp_path / "book", config={
        "use_directory_urls": folders, "nav": [
            "index.md",
            {"Parts": [{"Part one": ["part/index.md", "part/first.md"]},
                       {"Part two": ["two/index.md", "two/page.md"]}]},
            {"Appendix": ["bibliography.md", "claims.md"]}]})
    book.page("index.md", "# Home\n\nSee [](two/page.md), [](two/index.md), "
              "[](two/page.md#fig-line) and [by name](two/page.md).\n")
    book.page("two/index.md", "# Two\n")
    book.program("two/page.py", DRAWS)
    book.page("two/page.md", """\
# Page

/// figure | two/page.py:line
    alt: A line
Caption.
///

See [](#fig-line) and [](../part/first.md).
""")
    builds(book)
    assert ("See section 2.1, chapter 2, figure 2.1.1 and by name."
            in text_of(html("index")))
    page = html("two/page")
    assert "See figure 2.1.1 and section 1.1." in text_of(page)
    assert '<span class="page-number">2.1</span> Page' in page
    assert '<span class="figure-number">Figure 2.1.1</span>' in page
    assert "page-number" not in html("claims")
    assert "2.1 Page" in text_of(page.partition("</title>")[0])


def test_citations_lead_to_the_bibliography(tmp_path):
    book = TinyBook(tmp_path / "book", settings={"references": "refs.bib"})
    book.write(".", "refs.bib", """\
@article{one1998, author={Ann One and Bea Two and Cy Three},
  title={A title}, journal={A journal}, year={1998}}
@book{two2001, author={Bea Two}, title={A book}, publisher={P}, year={2001}}
""")
    book.page("part/first.md", "# First\n\nSaid [@one1998, chapter 9; "
              "@two2001]. {{ mean }}\n")
    builds(book)
    page = book.html("part/first.html")
    assert "(One et al., 1998, chapter 9; Two, 2001)" in text_of(page)
    for key in ("one1998", "two2001"):
        assert f'href="../bibliography.html#ref-{key}"' in page
        assert f'id="ref-{key}"' in book.html("bibliography.html")


def test_programs_can_be_downloaded_and_run_the_same(book):
    program = '''\
"""What it does."""

# --8<-- [start:some-data]
numbers = [1, 2]
print("numbers", numbers)
# --8<-- [end:some-data]

# --8<-- [start:total]
def total(numbers):
    return sum(numbers)


print(total(numbers))
results = {"mean": total(numbers) / 2}
# --8<-- [end:total]
'''
    path = book.program("part/first.py", program)
    book.page("part/first.md", '# First\n\n```python\n'
              '--8<-- "part/first.py:total"\n```\n')
    builds(book)
    direct = subprocess.run([sys.executable, path], check=True, text=True,
                            capture_output=True).stdout
    offered = book.site / "programs/part/first.py"
    assert "--8<--" not in offered.read_text()
    assert subprocess.run([sys.executable, offered], check=True, text=True,
                          capture_output=True).stdout == direct
    notebook = nbformat.read(book.site / "programs/part/first.ipynb", 4)
    nbformat.validate(notebook)
    code = [cell.source for cell in notebook.cells
            if cell.cell_type == "code"]
    assert len(code) >= 2
    assert not any("--8<--" in cell or "# %%" in cell for cell in code)
    assert "What it does." in notebook.cells[0].source
    printed, names = io.StringIO(), {}
    with redirect_stdout(printed):
        for cell in code:
            exec(cell, names)
    assert printed.getvalue() == direct
    page = book.html("part/first.html")
    for name in ("first.py", "first.ipynb"):
        assert f'<a href="../programs/part/{name}" download>' in page


# What fails under strict ---------------------------------------------------

def test_program_that_no_page_refers_to_fails_the_build(book):
    book.program("part/orphan.py", "print(1)\n")
    done = book.build()
    assert done.code != 0
    assert "part/orphan.py: no page refers to this program" in done.output
    book.program("part/first.py", "import orphan\n" + FIRST)
    builds(book)  # a helper is no orphan


def test_warning_of_a_program_fails_every_build(book):
    book.program("part/first.py", FIRST +
                 "import warnings\nwarnings.warn('too small')\n")
    for _ in range(2):  # also when it comes from the cache
        done = book.build()
        assert done.code != 0
        assert "part/first.py: UserWarning: too small" in done.output


def test_reference_that_nobody_cites_fails_the_build(tmp_path):
    book = TinyBook(tmp_path / "book", settings={"references": "refs.bib"})
    book.write(".", "refs.bib", "@book{two2001, author={Bea Two}, "
               "title={A book}, publisher={P}, year={2001}}\n")
    done = book.build()
    assert done.code != 0
    assert "no page cites 'two2001'" in done.output


# Reproducible --------------------------------------------------------------

def test_two_cold_builds_in_different_folders_are_identical(tmp_path):
    sites = []
    for seed in ("1", "2"):
        book = TinyBook(
            tmp_path / seed / f"book{seed}", config={
                "site_url": "https://example.org/", "plugins": ["search"]})
        book.program("part/first.py", "print({'a', 'b', 'c', 'd'})\n"
                     + DRAWS + "ax.fill_between([0, 1], [0, 1])\n"
                     "import numpy as np\nax.imshow(np.eye(3))\n" + FIRST)
        book.page("part/first.md", """\
# First

/// figure | part/first.py:line
    alt: A line
Caption with $x^2$.
///

/// output | part/first.py
///

/// claim | It is two.
///
""")
        done = book.build(hash_seed=seed)
        assert done.code == 0, done.output
        sites.append(book.site)
    names = [sorted(path.relative_to(site) for path in site.rglob("*")
                    if path.is_file()) for site in sites]
    assert names[0] == names[1] and len(names[0]) > 10
    assert any(name.name == "sitemap.xml.gz" for name in names[0])
    same, different, odd = filecmp.cmpfiles(*sites, names[0], shallow=False)
    assert different == [] and odd == []


# Small functions -----------------------------------------------------------

def test_references_are_found_in_order_with_their_lines():
    page = book_module.find_references("a/some-page.md", """\
# Title {{ one }}

```python
--8<-- "a/some_page.py:data"
{{ not_here }}
```

`{{ nor_here }}` but {{ a/other.py two.0:.1f }}

/// figure | a/some_page.py:plot
    alt: x
///
/// output | a/some_page.py:data
///
""")
    assert [(r.kind, r.program, r.name, r.line) for r in page.references] == [
        ("number", "a/some_page.py", "one", 1),
        ("include", "a/some_page.py", "data", 4),
        ("number", "a/other.py", "two.0", 8),
        ("figure", "a/some_page.py", "plot", 10),
        ("output", "a/some_page.py", "data", 13)]
    assert page.programs == ["a/some_page.py", "a/other.py"]


@pytest.mark.parametrize("text, line", [
    ("# --8<-- [start:a]\n# --8<-- [start:b]\n# --8<-- [end:b]\n", 2),
    ("# --8<-- [end:a]\n", 1),
    ("x\n# --8<-- [start:a]\n", 2),
    ("# --8<-- [start:a]\n# --8<-- [end:a]\n# --8<-- [start:a]\n", 3),
], ids=["nested", "not opened", "not closed", "twice"])
def test_wrong_section_marker_is_placed(tmp_path, text, line):
    path = tmp_path / "x.py"
    path.write_text(text)
    with pytest.raises(BookError) as caught:
        book_module.read_program("x.py", path)
    assert caught.value.program_line == line
    assert str(caught.value).startswith(f"x.py, line {line}: section")


def test_empty_links_are_filled_with_the_number_of_their_target():
    known = {("a/b.html", None): "section 1.1",
             ("a/b.html", "fig-x"): "figure 1.1.1"}
    html, missing = numbering.fill_links(
        '<a href="#fig-x"></a> <a href="../a/b.html"></a> '
        '<a href="c.html"></a> <a href="b.html">kept</a> '
        '<a href="b.html#fig-x"></a> <a href="https://b.html"></a>',
        "a/b.html", known)
    assert html == (
        '<a href="#fig-x">figure 1.1.1</a> '
        '<a href="../a/b.html">section 1.1</a> '
        '<a href="c.html"></a> <a href="b.html">kept</a> '
        '<a href="b.html#fig-x">figure 1.1.1</a> '
        '<a href="https://b.html"></a>')
    assert missing == ['<a href="c.html"></a>']


def test_each_colour_of_the_palette_has_one_dark_twin():
    svg = " ".join(figures.DARK)
    assert figures.darken(svg) == " ".join(figures.DARK.values())
    assert figures.darken("fill: #123456") == "fill: #123456"
    assert len(set(figures.DARK.values())) == len(figures.DARK)
    assert not set(figures.DARK) & set(figures.DARK.values())


def test_error_names_its_places():
    assert str(BookError("wrong", "a.md", 3, "a.py", 7)) == (
        "a.md, line 3 -> a.py, line 7: wrong")
    assert str(BookError("wrong", "a.md")) == "a.md: wrong"
    assert str(BookError("wrong")) == "wrong"


def test_file_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "folder" / "x.json"
    cache.write_atomically(path, "é")
    assert path.read_text(encoding="utf-8") == "é"
    cache.write_atomically(path, "new")
    assert [p.name for p in path.parent.iterdir()] == ["x.json"]
    with pytest.raises(TypeError):
        cache.write_atomically(path, None)
    assert path.read_text() == "new"


def test_old_entries_and_leftovers_are_swept(tmp_path):
    store = cache.Cache(tmp_path, tmp_path)
    folder = tmp_path / "programs"
    folder.mkdir()
    ages = {"new.json": 0, "old.json": 31 * 24 * 3600, "a.tmp": 7200,
            "b.tmp": 60}
    for name, age in ages.items():
        (folder / name).write_text("{}")
        now = (folder / name).stat().st_mtime
        os.utime(folder / name, (now - age, now - age))
    store.sweep()
    assert sorted(p.name for p in folder.iterdir()) == ["b.tmp", "new.json"]


@pytest.mark.parametrize("value, expected", [
    ({"a": 1}, None), ([1], None), (object(), "object"),
], ids=["dict", "list", "object"])
def test_results_hold_plain_things(value, expected):
    if expected is None:
        assert json.loads(json.dumps(value, default=worker.plain)) == value
    else:
        with pytest.raises(TypeError, match="results holds a object"):
            json.dumps(value, default=worker.plain)
