"""Pages given as HTML become the PDF they should, or an error that names the page."""

import io
import os
import re
import subprocess
import sys
import zipfile

import lxml.html
import pypdf
import pytest
from conftest import ROOT
from PIL import Image
from test_pdf import A4, MACROS, NODE_MODULES, empty, overlapping, poppler, text_of

from bookbuild.errors import BookError
from bookbuild.paper import Cover, Entry, print_book
from bookbuild.paper.formulas import Formula, draw

LISTING = """<div class="highlight language-python"><span class="filename">p.py</span>
<pre><span></span><code>print({n})</code></pre></div>
<div class="highlight output"><pre><code>{n}\n</code></pre></div>
"""
MANY = "<h1>Many</h1>" + "".join(LISTING.format(n=n) for n in range(30))
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="100" height="50">'
    '<text x="5" y="20">{}</text></svg>'
)
NOTE = '<p>x<sup id="fnref:{0}"><a class="footnote-ref" href="#fn:{0}">1</a></sup></p>'


class Memory(dict):
    """A store that lasts as long as a test."""

    def get(self, kind, key):
        return super().get((kind, key))

    def put(self, kind, key, value):
        self[kind, key] = value


def print_pages(site, *pages, store=None, words=(), wording=None, **cover):
    """Print pages p0.md, p1.md, ... of a folder, given as their HTML."""
    entries = [Entry("part", 1, "A part")] + [
        Entry("chapter", 2, f"Page {n}", str(n), f"p{n}.md", f"p{n}.html", html)
        for n, html in enumerate(pages)
    ]
    return print_book(
        entries,
        Cover("A title", **cover),
        site,
        NODE_MODULES,
        MACROS,
        dict(words),
        Memory() if store is None else store,
        0,
        wording,
    )


def text_printed(folder, *pages, **options):
    """The text of the PDF that pages become."""
    path = folder / "printed.pdf"
    path.write_bytes(print_pages(folder, *pages, **options).pdf)
    return text_of(path)


def prepared(html, seed):
    """What document.py makes of a page, in a process with a hash seed."""
    code = (
        "import sys; from pathlib import Path;"
        "from bookbuild.paper import WORDS, Entry;"
        "from bookbuild.paper.document import Document;"
        "pages = [Entry('chapter', 1, 'P', '1', 'p.md', 'p.html',"
        " sys.stdin.read())];"
        "print(Document(pages, Path(), Path(), WORDS).prepare({})[0][1])"
    )
    return subprocess.run(
        [sys.executable, "-c", code],
        input=html,
        text=True,
        check=True,
        capture_output=True,
        env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
    ).stdout


def test_printed_output_stays_with_its_code_in_every_run():
    first, second = prepared(MANY, "1"), prepared(MANY, "2")
    assert first == second
    calls = lxml.html.fromstring(first).xpath(
        "//@data-typst[starts-with(., '#listing')]"
    )
    assert len(calls) == 60
    assert [call.endswith("true)") for call in calls] == [True, False] * 30
    assert [int(re.search(r"\d+", call)[0]) for call in calls] == [
        n for n in range(30) for _ in range(2)
    ]


@pytest.mark.slow
def test_printed_output_stands_below_the_last_lines_of_its_code(tmp_path):
    code = "\n".join(f"line_{i} = {{n}}" for i in range(20))
    long = LISTING.replace("print({n})", code + "\nprint({n})")
    html = "<h1>Long</h1>" + "".join(
        long.format(n=n) + "<p>Words.</p>" * (n % 5) for n in range(30)
    )
    path = tmp_path / "printed.pdf"
    path.write_bytes(print_pages(tmp_path, html).pdf)
    pages = [page.split() for page in poppler("pdftotext", path, "-").split("\f")]
    for n in range(30):
        (page,) = [page for page in pages if f"print({n})" in page]
        end = page.index(f"print({n})")
        assert page[end + 1] == f"{n}", n
        assert page[end - 3 : end] == ["line_19", "=", f"{n}"], n


@pytest.mark.slow
def test_pages_print_to_the_same_bytes_with_and_without_kept_drawings(tmp_path):
    html = MANY + '<p><span data-tex="x^2">x</span>-axis</p>' * 3
    store = Memory()
    papers = [print_pages(tmp_path, html, store=store) for _ in range(2)]
    assert len(store) == 1
    assert papers[0] == papers[1] == print_pages(tmp_path, html)


@pytest.mark.parametrize(
    "html, says",
    [
        (
            "<p>Good: \u00e9 \u03b1 \u2192. Bad: \u6f22 and \U0001f642</p>",
            "no font of the PDF has \u6f22 (U+6F22), \U0001f642 (U+1F642)",
        ),
        (
            '<div class="highlight output"><pre><code>\u6f22</code></pre></div>',
            "no font of the PDF has \u6f22 (U+6F22)",
        ),
        ("<p><code>\ud55c</code></p>", "no font of the PDF has \ud55c (U+D55C)"),
        ('<img src="words.svg" alt="Words">', "no font of the PDF has \u6f22"),
        (
            '<p><span data-tex="\\text{\u6f22}">x</span></p>',
            "the formula \\text{\u6f22} cannot be printed: its font has no \u6f22",
        ),
        (
            '<p><span data-tex="\\frac{">x</span></p>',
            r"the formula \frac{ cannot be printed: Missing close brace",
        ),
        ('<p><span data-tex=" ">x</span></p>', "a formula is empty"),
        ("<p>\x1b[31mred</p>", "the control character U+001B cannot be printed"),
        ("<h2> </h2>", "a heading is empty"),
        ('<img src="none.png" alt="None">', "the image none.png cannot be printed"),
        (
            '<img src="https://example.org/a.png" alt="Far">',
            "the image https://example.org/a.png cannot be printed",
        ),
        ('<img src="words.svg">', "the image words.svg has no alternative text"),
        ('<img src="broken.png" alt="Broken">', "failed to decode image"),
        (
            '<figure class="book-figure"><img src="broken.png" alt="Broken"></figure>',
            "failed to decode image",
        ),
        ('<img src="half.svg" alt="Half">', "failed to parse SVG"),
        ('<img src="data:image/png;base64,A" alt="A">', "cannot be printed"),
        ('<img src="data:what" alt="A">', "unknown image format"),
        ('<a href="none.html">x</a>', "the link to none.html leads nowhere"),
        ('<a href="p0.html#none">x</a>', "the link to p0.html#none leads nowhere"),
        (f'<a href="{"x" * 5000}">x</a>', "leads nowhere"),
        ('<a href="%00">x</a>', "leads nowhere"),
        (NOTE.format("n"), "the link to #fn:n leads nowhere"),
        (
            NOTE.format("n")
            + '<div class="footnote"><ol><li id="fn:n">'
            + NOTE.format("m")
            + "</li></ol></div>",
            "the footnote #fn:m has no text",
        ),
        (
            "<math><semantics><mi>x</mi><annotation encoding='application/x-tex'>"
            "\\none{</annotation></semantics></math>",
            "Could not convert TeX math",
        ),
    ],
)
def test_page_that_cannot_be_printed_is_named_in_one_sentence(tmp_path, html, says):
    (tmp_path / "words.svg").write_text(SVG.format("\u6f22"), "utf-8")
    (tmp_path / "half.svg").write_text("<svg><text>", "utf-8")
    (tmp_path / "broken.png").write_text("no image", "utf-8")
    with pytest.raises(BookError) as caught:
        print_pages(tmp_path, "<h1>Good</h1>", html, "<h1>Good, too</h1>")
    message = str(caught.value)
    assert message.startswith("p1.md: ") and says in message
    assert "\n" not in message


def test_what_only_a_screen_needs_is_not_printed(tmp_path):
    text = text_printed(
        tmp_path,
        """<h1 id="t">Title</h1>
        <div class="admonition note book-running"><p class="admonition-title">
        Running</p></div><button>Press</button><!-- comment -->
        <div class="page-programs"><details><summary>Whole</summary></details></div>
        <details class="claim" id="c"><summary>It is so.</summary>
        <div class="highlight"><pre><code>assert True</code></pre></div>
        <p class="claim-margin">Measured: 3 &gt; 2.</p></details>
        <ol><li id="e">Why? <a class="answer-link" href="p1.html#e">Answer</a></li></ol>
        """,
        '<h1>Answers</h1><p id="e">Because.</p>',
    )
    assert "It is so. assert True Measured: 3 > 2." in text
    assert "1. Why? Answer (p. 5)" in text
    for word in ("Running", "Press", "comment", "Whole"):
        assert word not in text


def ink(path, folder):
    """How dark each page of a PDF is, below the title of a chapter."""
    poppler("pdftoppm", "-gray", "-r", 60, path, folder / "ink")
    pages = [Image.open(page).convert("L") for page in sorted(folder.glob("ink*"))]
    pages = [page.crop((0, 180, page.width, 640)) for page in pages]
    return [
        sum((255 - grey) * n for grey, n in enumerate(page.histogram()))
        for page in pages
    ]


def test_formula_in_a_quotation_is_drawn_as_outside_of_it(tmp_path):
    formulas = (
        '<p>x <span data-tex="\\frac{a}{b} + y_1">x</span></p>'
        '<div data-tex="\\sum_{i=1}^n a_i^2 = c"></div>'
    ) * 6
    path = tmp_path / "printed.pdf"
    quoted = f"<blockquote>{formulas}</blockquote>"
    pages = [f"<h1>Same</h1>{html}" for html in (formulas, quoted)]
    path.write_bytes(print_pages(tmp_path, *pages).pdf)
    outside, inside = ink(path, tmp_path)[-2:]
    assert abs(inside / outside - 1) < 0.02


def test_code_of_a_figure_is_left_to_its_program(tmp_path):
    box = (
        "<details><summary>{}</summary>"
        '<div class="highlight"><span class="filename">a/b.py</span>'
        "<pre><code>{}</code></pre></div>{}</details>"
    )
    text = text_printed(
        tmp_path,
        "<h1>Code</h1>"
        + box.format("Code for the figure", "fig, ax = plt.subplots()", "")
        + box.format("The numbers", "results = {1: 2}", "")
        + box.format("The data", "X = 1", "")
        + box.format("The data, in words", "X = results", "<p>Words.</p>"),
    )
    assert "Code for the figure: a/b.py The numbers: a/b.py" in text
    assert "subplots" not in text and "{1: 2}" not in text
    assert "X = 1" in text and "X = results Words." in text


GLOSSARY = """<h1>Terms</h1><dl><dt>Tensor</dt><dd>An <em>array</em>.</dd>
<dt>Unit</dt><dd>A thing.</dd></dl>"""


def test_terms_stand_beside_their_definitions_and_in_an_index(tmp_path):
    text = text_printed(
        tmp_path,
        "<h1>First</h1><p>A <strong>tensor</strong>, and <strong>units</strong>.</p>",
        "<h1>Second</h1><p>A tensor.</p>",
        GLOSSARY,
        words={"index": "Where"},
    )
    assert "Tensor An array. Unit A thing." in text
    assert "Where Tensor, 4, 6 Unit, 4, 6" in text


def test_a_table_too_wide_for_paper_is_a_list(tmp_path):
    def row(tag, *cells):
        return "<tr>" + "".join(f"<{tag}>{c}</{tag}>" for c in cells) + "</tr>"

    table = (
        "<table><thead>"
        + row("th", "Data", "Package", "File", "Content", "Licence", "Used")
        + "</thead><tbody>"
        + row("td", "Digits", *["extraordinarily long contents of a cell"] * 5) * 3
        + "</tbody></table>"
    )
    text = text_printed(tmp_path, f"<h1>Data</h1>{table}")
    assert text.count("Package: extra") == text.count("Used: extra") == 3


LONG_CODE = "aeon/datasets/data/{GunPoint,PickupGestureWiimoteZ}/movement_libras.dat"


def test_words_in_a_table_do_not_overlap(tmp_path):
    cells = [f"<code>{LONG_CODE}</code>", "daily prices " * 12, "x" * 12, "BSD-3"]
    row = "".join(f"<td>{cell}</td>" for cell in cells)
    html = "<h1>T</h1><table><tr>" + "<th>a</th>" * 4 + f"</tr><tr>{row}</tr></table>"
    path = tmp_path / "printed.pdf"
    path.write_bytes(print_pages(tmp_path, html).pdf)
    assert overlapping(path) == []


def test_a_page_number_is_not_parted_from_its_word(tmp_path):
    words = "word " * 3
    html = "<h1>P</h1><p>" + (words + '<a href="p1.html">there</a> ') * 90 + "</p>"
    path = tmp_path / "printed.pdf"
    path.write_bytes(print_pages(tmp_path, html, "<h1>Q</h1>").pdf)
    text = poppler("pdftotext", path, "-")
    assert text.count("(p.\u00a0") + text.count("(p. ") == 90
    assert "(p.\n" not in text


def test_wrapped_lines_of_code_and_references_hang(tmp_path):
    html = (
        '<h1>H</h1><div class="highlight"><pre><code>first '
        + "word " * 40
        + '</code></pre></div><ul class="bibliography"><li>Author '
        + "title " * 40
        + "</li></ul>"
    )
    path = tmp_path / "printed.pdf"
    path.write_bytes(print_pages(tmp_path, html).pdf)
    page = poppler("pdftotext", "-bbox", path, "-").split("<page ")[-1]
    left = {}  # where the leftmost of the same words begins
    for x, word in re.findall(r'<word xMin="([\d.]+)".*>(.+)</word>', page):
        left[word] = min(float(x), left.get(word, A4[0]))
    assert left["word"] > left["first"] + 8
    assert left["title"] > left["Author"] + 8


def test_programs_are_attached_and_linked_to_the_site(tmp_path):
    (tmp_path / "programs").mkdir()
    (tmp_path / "programs/a-b.py").write_text("x = 1\n")
    html = (
        '<h1>P</h1><p class="programs"><a href="programs/a-b.py" '
        'data-program="a/b.py">x</a></p>'
    )
    paper = print_pages(tmp_path, html, address="https://example.org/book/")
    reader = pypdf.PdfReader(io.BytesIO(paper.pdf))
    [content] = reader.attachments["programs.zip"]
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert archive.namelist() == ["a/b.py"]
    assert archive.read("a/b.py") == b"x = 1\n"
    addresses = [
        note.get_object().get("/A", {}).get("/URI")
        for page in reader.pages
        for note in page.get("/Annots", [])
    ]
    assert "https://example.org/book/" in addresses  # on the cover
    assert "https://example.org/book/programs/a-b.py" in addresses


def test_text_speaks_of_sections_and_code_does_not(tmp_path):
    html = (
        "<h1>On this page</h1><p>This page, <em>the page</em> before.</p>"
        '<p class="on-screen">Press.</p><p class="on-paper">Leaf.</p>'
        "<p><code>page = 1</code></p>"
    )
    wording = {r"\bpage\b": "section"}
    text = text_printed(tmp_path, html, wording=wording)
    assert "On this section This section, the section before. Leaf. page = 1" in text
    assert "Press" not in text


def test_figures_float_and_leave_no_gap(tmp_path):
    (tmp_path / "tall.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="380">'
        '<rect width="300" height="380" fill="#999"/></svg>'
    )
    figure = '<figure class="book-figure"><img src="tall.svg" alt="Tall"></figure>'
    html = "<h1>Many</h1>" + ("<p>" + "word " * 170 + "</p>" + figure) * 12
    path = tmp_path / "printed.pdf"
    path.write_bytes(print_pages(tmp_path, html).pdf)
    gaps = empty(path, tmp_path)[3:-2]  # the last pages hold what is left
    assert len(gaps) > 5 and max(gaps) < 0.25, gaps


def test_all_printed_words_can_be_in_another_language(tmp_path):
    words = {
        "contents": "Inhalt",
        "page": "S.",
        "preface": "Vorwort",
        "program": "Programm",
        "programs": "Programme",
    }
    pages = [
        f'<h1>{n}</h1><p class="programs"><a href="a-b.py" '
        f'data-program="a/b.py">x</a></p><a href="p{1 - n}.html">Dort</a>'
        for n in range(2)
    ]
    text = text_printed(
        tmp_path, *pages, words=words, language="de-AT", edition="Ausgabe vom 1. Mai"
    )
    for part in ("Inhalt", "Programm: a/b.py", "Dort (S. 4)", "Ausgabe vom 1. Mai"):
        assert part in text
    for word in ("Contents", "Program:", "p.", "Edition"):
        assert word not in text


def test_missing_mathjax_is_said_in_one_sentence(tmp_path):
    with pytest.raises(BookError, match=r"^MathJax is missing in .*: npm ci$"):
        draw({Formula("x", False): "p.md"}, tmp_path, {}, Memory())


@pytest.mark.slow
def test_a_formula_does_not_see_what_another_defines():
    formulas = [Formula(tex, False) for tex in (r"\label{a} x", r"\label{a} y")]
    together = draw(dict.fromkeys(formulas, "p.md"), NODE_MODULES, {}, Memory())
    for formula in formulas:
        alone = draw({formula: "p.md"}, NODE_MODULES, {}, Memory())
        assert together[formula] == alone[formula]


def test_a_quick_question_stays_on_one_page(tmp_path):
    question = (
        '<div class="question"><p class="ask">{0}. What is printed?</p>'
        '<div class="highlight"><pre><code>print({0})</code></pre></div>'
        "<ol><li>one {0}</li><li>two {0}</li></ol><p>Answer: B {0}.</p></div>"
    )
    html = "<h1>Ask</h1>" + "".join(question.format(n) for n in range(100, 140))
    path = tmp_path / "printed.pdf"
    path.write_bytes(print_pages(tmp_path, html).pdf)
    pages = [page.extract_text() for page in pypdf.PdfReader(path).pages]
    for n in range(100, 140):
        [whole] = [text for text in pages if f"{n}. What is printed?" in text]
        assert f"Answer: B {n}." in whole
