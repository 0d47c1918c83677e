"""What a page shows of its programs: sections, output, numbers, figures, claims, references."""

import json
import re

import pytest
from conftest import DRAWS, PAGES, PROGRAMS, TinyBook, builds, fails, text_of

from bookbuild.run import figures

FIRST = PROGRAMS["part/first.py"]
SECOND = """\
# Second

```python
--8<-- "part/second.py"
```
"""


def test_output_is_shown_where_its_section_is(book):
    book.program(
        "part/first.py",
        """\
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
""",
    )
    book.page(
        "part/first.md",
        """\
# First

/// output | part/first.py:one
///

/// output | part/first.py:two
///

/// output | part/first.py
///
""",
    )
    page = builds(book, "part/first.html")
    shown = re.findall(
        r'<div class="highlight output"><pre><code>(.*?)</code>', page, re.S
    )
    assert shown == [
        "one from a function !\n",
        "two 0 &lt;b&gt;\ntwo 1 &lt;b&gt;\n",
        "one from a function !\nbetween\ntwo 0 &lt;b&gt;\ntwo 1 &lt;b&gt;\n",
    ]


def test_sections_are_embedded_with_the_name_of_their_file(book):
    page = builds(book, "part/first.html")
    assert "part/first.py" in text_of(page)
    assert "--8&lt;--" not in page and "[start:work]" not in page
    assert 'print("mean is", mean)' in text_of(page)


def test_sections_in_lists_and_boxes_are_embedded(book):
    fence = '```python\n--8<-- "part/first.py:work"\n```\n'
    indented = "".join(f"    {line}\n" for line in fence.splitlines())
    book.page(
        "part/first.md", f"# First\n\n1. Item.\n\n{indented}\n!!! note\n{indented}"
    )
    page = builds(book, "part/first.html").partition("page-programs")[0]
    assert text_of(page).count('print("mean is", mean)') == 2


@pytest.mark.slow
def test_numbers_are_formatted_where_they_stand(book):
    book.program(
        "part/first.py",
        """\
results = {"score": {"test": 0.98765, "runs": [0.1, 0.25], "0.5": 3},
           "count": 12345, "name": "Adam"}
""",
    )
    book.page(
        "part/second.md",
        SECOND
        + """
Others: {{ part/first.py score.test:.0% }} of {{part/first.py count:,}}.
Own: {{ own }}.
""",
    )
    book.program("part/second.py", "results = {'own': 7}\n")
    book.page(
        "part/first.md",
        """\
# First

Percent {{ score.test:.1% }}, list {{ score.runs.1:.2f }}, last
{{ score.runs.-1 }}, key {{ score.0.5 }}, {{ count:,}} by {{ name }}.

Formula $x = {{ score.test:.2f }}$ stays.

| what | value |
|------|------:|
| test | {{ score.test:.3f }} |

Code `{{ count }}` and

```text
{{ count }}
```
""",
    )
    page = builds(book, "part/first.html")
    assert "Percent 98.8%, list 0.25, last 0.25, key 3, 12,345 by Adam." in text_of(
        page
    )
    assert re.search('data-tex="x = 0.99"><span class="katex">.*<math', page)
    assert re.search(r"<td[^>]*>0.988</td>", page)
    assert page.count("{{ count }}") == 2
    assert "Others: 99% of 12,345. Own: 7." in text_of(book.html("part/second.html"))


def test_published_values_stand_in_prose_and_in_assertions(tmp_path):
    book = TinyBook(tmp_path / "book", settings={"published": "published.toml"})
    book.write(".", "published.toml", "[someone]\nmean = 1.5\n")
    book.page(
        "part/first.md",
        "# First\n\n{{ mean }} is more than "
        "{{ published someone.mean:.2f }}.\n\n/// claim | It is more.\n```python\n"
        "assert mean > {{ published someone.mean }}\n```\n///\n",
    )
    page = text_of(builds(book, "part/first.html"))
    assert "2.0 is more than 1.50." in page
    assert "assert mean > 1.5" in page
    assert "mean > 1.5: 2 > 1.5" in page


@pytest.mark.slow
def test_figures_come_light_and_dark_and_differ_only_in_colours(book):
    book.program("part/first.py", DRAWS + FIRST)
    book.page(
        "part/first.md",
        """\
# First

/// figure | part/first.py:line
    alt: A line that rises
It *rises* with $t$.
///
""",
    )
    page = builds(book, "part/first.html")
    light, dark = (
        (book.site / f"figures/part/first/line{tail}.svg").read_text()
        for tail in ("", "-dark")
    )
    for svg in (light, dark):
        assert svg.startswith("<svg")
        assert "<metadata" not in svg and "Matplotlib" not in svg
        assert not re.search(r"\b20\d\d-\d\d-\d\d\b", svg)
    assert light != dark
    colour = re.compile(r"#[0-9a-f]{6}\b")
    assert colour.sub("", light) == colour.sub("", dark)
    assert not (
        set(colour.findall(light)) & set(colour.findall(dark)) & set(figures.DARK)
    )
    for look, tail in (("light", ""), ("dark", "-dark")):
        [image] = re.findall(rf'<img[^>]*class="on-{look}"[^>]*>', page)
        assert 'alt="A line that rises"' in image
        assert f'src="../figures/part/first/line{tail}.svg"' in image
        assert 'width="614"' in image and 'height="326"' in image
    assert "Figure 1.1.1 It rises with" in text_of(page)
    assert "<em>rises</em>" in page


def test_each_colour_of_the_palette_has_one_dark_twin():
    svg = " ".join(figures.DARK)
    assert figures.darken(svg) == " ".join(figures.DARK.values())
    assert figures.darken("fill: #123456") == "fill: #123456"
    assert len(set(figures.DARK.values())) == len(figures.DARK)
    assert not set(figures.DARK) & set(figures.DARK.values())


def test_claims_are_listed_with_links_that_lead_to_them(book):
    book.page(
        "part/first.md",
        """\
# First

{{ mean }}

/// claim | The mean $\\bar x$ is *two*.
```python
assert results["mean"] == 2
```
///
""",
    )
    page = builds(book, "part/first.html")
    listing = book.html("claims.html")
    [(target, anchor)] = re.findall(r'<li><a href="([^"#]+)#(claim-[^"]+)">', listing)
    assert target == "part/first.html"
    assert f'<details class="claim" id="{anchor}">' in page
    assert "<em>two</em>" in listing and "<math" in listing
    assert 'results["mean"] == 2: 2 == 2' in text_of(listing)
    assert '<a href="part/first.html">' in listing
    assert "1.1 First" in text_of(listing)


@pytest.mark.slow
def test_chapters_pages_and_figures_are_numbered(tmp_path):
    book = TinyBook(
        tmp_path / "book",
        config={
            "nav": [
                "index.md",
                {
                    "Parts": [
                        {"Part one": ["part/index.md", "part/first.md"]},
                        {"Part two": ["two/index.md", "two/page.md"]},
                    ]
                },
                {"Appendix": ["bibliography.md", "claims.md"]},
            ],
        },
    )
    book.page(
        "index.md",
        "# Home\n\nSee [](two/page.md), [](two/index.md), "
        "[](two/page.md#fig-line) and [by name](two/page.md). "
        "Also [](two/page.md#eq-sum) and [](two/page.md#claim-it-is-so).\n",
    )
    book.page("two/index.md", "# Two\n")
    book.program("two/page.py", DRAWS)
    book.page(
        "two/page.md",
        """\
# Page

/// figure | two/page.py:line
    alt: A line
Caption.
///

See [](#fig-line) and [](../part/first.md).

$$
a + b \\label{eq-sum}
$$

/// claim | It is so.
```python
assert True
```
///

## Exercises

1. Why?
2. How?
""",
    )
    for folders in (False, True):
        book.settings(use_directory_urls=folders)
        page = builds(book, "two/page/index.html" if folders else "two/page.html")
        home = text_of(book.html("index.html"))
        assert "See section 2.1, chapter 2, figure 2.1.1 and by name." in home
        assert "Also equation 2.1.1 and claim 2.1.1." in home
        assert "See figure 2.1.1 and section 1.1." in text_of(page)
        assert r'data-tex="a + b \tag{2.1.1}"' in page and 'id="eq-sum"' in page
        assert "Claim 2.1.1 It is so." in text_of(page)
        assert "Exercise 2.1.1 Why?" in text_of(page)
        assert "Exercise 2.1.2 How?" in text_of(page)
        assert '<span class="page-number">2.1</span> Page' in page
        assert '<span class="figure-number">Figure 2.1.1</span>' in page
        assert (
            f'src="{"../../" if folders else "../"}figures/two/page/line.svg"' in page
        )
        assert "2.1 Page" in text_of(page.partition("</title>")[0])
        claims = book.html("claims/index.html" if folders else "claims.html")
        assert "page-number" not in claims
        assert "Claim 2.1.1 It is so." in text_of(claims)


@pytest.mark.slow
def test_citations_lead_to_the_bibliography(tmp_path):
    book = TinyBook(tmp_path / "book", settings={"references": "refs.bib"})
    book.write(
        ".",
        "refs.bib",
        """\
@article{one1998, author={Ann One and Bea Two and Cy Three},
  title={A title}, journal={A journal}, year={1998}}
@book{two2001, author={Bea Two}, title={A book}, publisher={P}, year={2001}}
""",
    )
    book.page(
        "part/first.md", "# First\n\nSaid [@one1998, chapter 9; @two2001]. {{ mean }}\n"
    )
    page = builds(book, "part/first.html")
    assert "(One et al., 1998, chapter 9; Two, 2001)" in text_of(page)
    for key in ("one1998", "two2001"):
        assert f'href="../bibliography.html#ref-{key}"' in page
        assert f'id="ref-{key}"' in book.html("bibliography.html")


def test_a_page_is_found_by_those_who_spell_otherwise(tmp_path):
    spellings = {"(.*)isation": r"\1ization"}
    book = TinyBook(tmp_path / "book", {"spellings": spellings}, plugins=["search"])
    book.page(
        "part/index.md",
        "# The part\n\nWords.\n\n## One\n\nNormalisation, isation-free.\n\n## Two\n\nNo.\n",
    )
    page = builds(book, "part/index.html")
    assert "normalization" not in page
    entries = json.loads((book.site / "search/search_index.json").read_text())["docs"]
    found = {e["location"]: e["text"] for e in entries if "normalization" in e["text"]}
    assert found == {
        "part/index.html": found["part/index.html"],  # the whole page
        "part/index.html#one": "Normalisation, isation-free. ization normalization",
    }


def test_the_search_reads_formulas_as_text_and_no_folded_code(tmp_path):
    book = TinyBook(tmp_path / "book", plugins=["search"])
    book.page(
        "part/index.md",
        "# The part\n\nLet $h_t = \\tanh(\\frac{a}{2} x_{t})$ be so.\n\n"
        "$$\n\\left(\\sigma^2 < 1\\right)\n$$\n",
    )
    page = builds(book, "part/index.html")
    assert "<math" in page
    entries = json.loads((book.site / "search/search_index.json").read_text())["docs"]
    [text] = [e["text"] for e in entries if e["location"] == "part/index.html"]
    assert "Let h_t = tanh((a) / (2) x_ t ) be so." in text
    assert "sigma^2 < 1 )" in text


def test_a_spelling_that_is_no_pattern_is_one_message(tmp_path):
    book = TinyBook(tmp_path / "book", settings={"spellings": {"(": "x"}})
    assert "spellings" in fails(book, "'('")


LIVE = """\
# First

```python
--8<-- "part/first.py"
```

/// live | part/first.py:line
    alt: A line.
Drag it.
///
"""


def live_book(folder, results):
    book = TinyBook(folder)
    book.page("part/first.md", LIVE)
    book.program("part/first.py", DRAWS + f"results = {results}\n")
    book.write("docs", "assets/live.js", "// drives figures\n")
    return book


@pytest.mark.slow
def test_a_live_figure_is_a_figure_with_numbers_for_its_script(tmp_path):
    book = live_book(tmp_path / "book", {"live": {"line": {"slope": [1, 2.5]}}})
    page = builds(book, "part/first.html")
    assert 'data-live="line" data-numbers="../figures/part/first/line.js"' in page
    assert page.count('src="../assets/live.js"') == 1
    assert 'alt="A line."' in page and "Drag it." in page
    numbers = (book.site / "figures/part/first/line.js").read_text()
    assert numbers == 'live.take(...["line",{"slope":[1,2.5]}])\n'


@pytest.mark.slow
def test_a_live_figure_without_numbers_is_a_mistake(tmp_path):
    book = live_book(tmp_path / "book", {"live": {"other": 1}})
    output = fails(book, "part/first.md, line 7", "'line', which a live figure needs")
    assert 'results["live"]' in output


@pytest.mark.slow
def test_a_result_may_be_called_live(tmp_path):
    book = live_book(tmp_path / "book", {"live": 3})
    fails(book, "part/first.md, line 7", "'line', which a live figure needs")
    book.page("part/first.md", LIVE.replace("/// live |", "/// figure |"))
    builds(book)


def test_a_live_figure_without_its_script_is_a_mistake(tmp_path):
    book = live_book(tmp_path / "book", {"live": {"line": 1}})
    (book.root / "docs/assets/live.js").unlink()
    fails(book, "part/first.md, line 7", "docs/assets/live.js")


@pytest.mark.slow
def test_no_line_begins_with_the_stop_behind_a_formula(book):
    book.page(
        "part/first.md",
        PAGES["part/first.md"]
        + "\nLet $x = 2$, or $y$) and\n\n$$z = 3$$\n\nbe; $w$ is none.\n",
    )
    page = builds(book, "part/first.html")
    boxes = re.findall(
        r'<span class="stop">([^<]*)</span></span></span></span></span>', page
    )
    assert boxes == [",", ")"]
    assert "2, or" in text_of(page)


@pytest.mark.slow
def test_references_that_would_be_cited_alike_have_letters(tmp_path):
    entry = "@book{%s, author={Bea Two}, title={%s}, publisher={P}, year={2001}}\n"
    book = TinyBook(tmp_path, {"references": "docs/two.bib"})
    book.page("two.bib", entry % ("one", "An A") + entry % ("two", "A 2001 B"))
    book.page("part/first.md", PAGES["part/first.md"] + "\n[@one; @two]\n")
    page = text_of(builds(book, "part/first.html"))
    assert "(Two, 2001a; Two, 2001b)" in page
    listed = text_of(book.html("bibliography.html"))
    assert "A 2001 B" in listed and "2001a" in listed and "2001b" in listed


def test_a_margin_does_not_show_by_what_a_claim_chose(book):
    book.page(
        "part/first.md",
        PAGES["part/first.md"] + "\n/// claim | Those above 1 are 2.\n```python\n"
        "assert all(x == 2 for x in (0.5, 2) if x > 1)\nassert mean < 3\n```\n///\n",
    )
    page = text_of(builds(book, "part/first.html"))
    assert "mean < 3: 2 < 3" in page
    assert "0.5 > 1" not in page
