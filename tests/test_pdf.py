"""The PDF: a small book that has everything, and the real book."""

import io
import os
import re
import shutil
import subprocess
import sys
import zipfile

import pypdf
import pytest
from conftest import ROOT, TinyBook

pytestmark = pytest.mark.slow

A4 = 595.28, 841.89
NODE_MODULES = ROOT / "node_modules"

# Constructs that converters of formulas tend to get wrong.
FORMULAS = [
    r"\operatorname{softmax}(z)_i = \frac{e^{z_i}}{\sum_{j=1}^{K} e^{z_j}}",
    r"\operatorname{Attention}(Q, K, V) = \operatorname{softmax}\!\left("
    r"\frac{QK^\top}{\sqrt{d_k}}\right) V",
    r"\begin{aligned} \log p_\theta(x) &= \E_{q}\!\left[\log"
    r"\frac{p_\theta(x, z)}{q_\phi(z \mid x)}\right] + \KL\!\left(q_\phi\,"
    r"\middle\|\,p_\theta\right) \\ &\ge \mathcal{L}(\theta, \phi; x)"
    r"\end{aligned}",
    r"\begin{aligned} f_t &= \sigma(W_f x_t + U_f h_{t-1}) \\ \tilde{c}_t &="
    r"\tanh(W_c x_t) \\ h_t &= o_t \odot \tanh(c_t) \end{aligned}",
    r"Y_{n,o,i,j} = b_o + \sum_{c=0}^{C-1} \sum_{u=0}^{k-1} X_{n,\,c,\,si+u}"
    r"\, W_{o,c,u}",
    r"\hat{y} = \operatorname*{arg\,max}_{y \in \mathcal{Y}} p_\theta(y)",
    r"\theta^\star = \argmin_\theta \frac{1}{N} \sum_{i=1}^N \ell(f(x_i))",
    r"A = \begin{bmatrix} a_{11} & \cdots & a_{1n} \\ \vdots & \ddots &"
    r"\vdots \\ a_{m1} & \cdots & a_{mn} \end{bmatrix}",
    r"\begin{pmatrix} \cos\phi & -\sin\phi \\ \sin\phi & \cos\phi"
    r"\end{pmatrix}, \quad \begin{vmatrix} a & b \\ c & d \end{vmatrix}",
    r"\operatorname{ReLU}(x) = \begin{cases} x & \text{if } x > 0, \\ 0 &"
    r"\text{otherwise.} \end{cases}",
    r"\underbrace{\E[\log p(x \mid z)]}_{\text{reconstruction}} -"
    r"\overbrace{\KL(q \parallel p)}^{\text{regulariser}}",
    r"\lVert w \rVert_2^2 = \sum_i w_i^2, \quad \left\lVert \frac{\partial L}"
    r"{\partial w} \right\rVert_\infty",
    r"H' = \left\lfloor \frac{H + 2p - k}{s} + 1 \right\rfloor",
    r"\nabla_\theta J = \E_{\tau \sim \pi}\left[\sum_{t=0}^T \nabla \log"
    r"\pi(a_t \mid s_t) \hat{A}_t\right]",
    r"\frac{\partial L}{\partial W^{(\ell)}} = \delta^{(\ell)} \left("
    r"a^{(\ell-1)}\right)^{\!\top}",
    r"\hat{m}_t = \frac{m_t}{1 - \beta_1^t}, \quad \frac{\eta}{\sqrt{"
    r"\hat{v}_t} + \epsilon}",
    r"q(x_t \mid x_{t-1}) = \mathcal{N}\!\left(x_t;\, \sqrt{1-\beta_t}\,"
    r"x_{t-1},\, \beta_t \mathbf{I}\right)",
    r"\bar{\alpha}_t = \prod_{s=1}^t (1 - \beta_s), \qquad \tilde\mu_t",
    r"\min_G \max_D \E_{x \sim p_{\text{data}}}[\log D(x)]",
    r"H(p, q) = -\sum_{x \in \mathcal{X}} p(x) \log q(x)",
    r"\boldsymbol{\theta}, \bm{x}, \mathbf{W}, \mathsf{T}, \mathfrak{g},"
    r"\mathscr{F}, \mathtt{abc}, \mathit{diff}",
    r"\widehat{xyz}, \widetilde{abc}, \overline{x+y}, \vec{v}, \dot{x},"
    r"\ddot{x}, \overrightarrow{AB}",
    r"x \xrightarrow{f} y \xleftarrow[\text{below}]{\text{above}} z",
    r"\mathbb{R}^{n \times d}, \quad \mathbf{1}_{\{x > 0\}}, \mathds{1}_A",
    r"\sum_{\substack{1 \le i \le n \\ i \ne j}} a_{ij}",
    r"\left. \frac{\partial f}{\partial x} \right|_{x = x_0}",
    r"\text{PE}_{(pos, 2i)} = \sin\!\left(\frac{pos}{10000^{2i/d}}\right)",
    r"\int_{-\infty}^\infty e^{-x^2} \, \mathrm{d}x = \sqrt{\pi}",
    r"f \ast g \coloneqq \int f(\tau) g(t - \tau) \, d\tau",
    r"X \perp\!\!\!\perp Y \mid Z",
    r"\exp\!\Bigl(-\tfrac12 (x - \mu)^\top \Sigma^{-1} (x - \mu)\Bigr)",
    r"\mathrm{FFN}(x) = \max(0, x W_1 + b_1) W_2 + b_2",
    r"\mathcal{O}(n^2 d), \quad x \in \{0, 1\}^n",
    r"\begin{array}{c|cc} & 0 & 1 \\ \hline 0 & a & b \\ 1 & c & d"
    r"\end{array}",
    r"\binom{n}{k} = \frac{n!}{k!(n-k)!}, \quad \lim_{n \to \infty} a_n",
    r"\boxed{E = mc^2} \quad \textcolor{blue}{y}",
    r"h_t = \sum_i \alpha_{t,i} h_i \tag{3.7}",
    r"\begin{align} a &= b + c \\ &= d \end{align}",
    r"\cancel{x} + \phantom{x} z' + f''(x), \bigl\langle u, v \bigr\rangle",
    r"\mathop{\mathrm{lim\,sup}}\limits_{n \to \infty} x_n, \not\in,"
    r"\nexists, \iff, \implies",
    r"\varepsilon\ \varphi\ \vartheta\ \varrho\ \ell\ \hbar\ \nabla"
    r"\ \propto\ \triangleq\ \stackrel{\text{def}}{=}",
    r"\left[\begin{array}{cc|c} 1 & 0 & x \end{array}\right],"
    r"\begin{smallmatrix} a & b \\ c & d \end{smallmatrix}",
]
CONFIG = {
    "site_name": "A Small Book",
    "site_description": "It has everything once.",
    "site_author": "Its Authors",
    "copyright": 'Free to "use"',
    "theme": {"name": "material", "language": "en", "font": False},
    "nav": [
        "index.md",
        {
            "First part": [
                {
                    "Chapter of plenty": [
                        "plenty/index.md",
                        "plenty/page-one.md",
                        "plenty/more.md",
                    ]
                },
                {"Another chapter": ["another/index.md", "loose.md"]},
            ]
        },
        {"Appendix": ["words.md"]},
    ],
    "validation": {
        "omitted_files": "ignore",
        "links": {"not_found": "ignore", "anchors": "ignore"},
    },
    "markdown_extensions": [
        "abbr",
        "admonition",
        "attr_list",
        "def_list",
        "footnotes",
        "md_in_html",
        "tables",
        {"toc": {"permalink": "#"}},
        {"pymdownx.arithmatex": {"generic": True}},
        "pymdownx.blocks.details",
        {"pymdownx.highlight": {"pygments_lang_class": True}},
        "pymdownx.superfences",
    ],
}
MACROS = {
    r"\argmin": r"\operatorname*{arg\,min}",
    r"\bm": r"\boldsymbol{#1}",
    r"\mathds": r"\mathbf{#1}",
    r"\KL": r"D_{\mathrm{KL}}",
    r"\E": r"\mathbb{E}",
}
PROGRAM = '''"""A small program."""
# --8<-- [start:draw]
import matplotlib.pyplot as plt

fig, ax = plt.subplots(num="line")
ax.plot([0, 1, 4])
print("drew", 1, "line")
# --8<-- [end:draw]
# --8<-- [start:results]
results = {"count": 3}
# --8<-- [end:results]
'''
PLENTY = """# Chapter of plenty

It's "quoted", has 5 * 3 = 15 #hashes, $dollars, @signs, under_scores and
&lt;angles>[^note]. See [](page-one.md), [](#fig-line),
[the words](../words.md), [a word](../words.md#tensor) and
[elsewhere](https://example.org/a?b=c#d).
The HTML standard.

*[HTML]: HyperText Markup Language

[^note]: A note with $n$-th **power** and `code`.

<!-- a comment that nobody sees -->

```python
--8<-- "plenty/index.py:draw"
```

/// output | plenty/index.py:draw
///

/// figure | plenty/index.py:line
    alt: A line that goes up.
A *caption* with $x_1$.
///

```python
--8<-- "plenty/index.py:results"
```

/// claim | The count, $c$, is {{ count }}.
```python
assert results["count"] == 3
```
///

## A *section* of it

#### A heading too deep

| Name  | Value | Formula |
|:------|------:|:-------:|
| alpha |  1.50 |  $a_1$  |
| beta  | 22.25 |   `b`   |

!!! warning "Mind the $\\epsilon$"

    A box with a list:

    1. one
    2. two

/// details | More of this
Inside.
///

Long {long} ends.

```text
{long}
    {words}
```
""".replace("{long}", "x" * 300).replace("{words}", "word " * 60)
PAGES = {
    "index.md": "# A Small Book\n\nWhat this is about. Start at [](plenty/index.md).\n\n"
    "It is one PDF<!-- pdf -->.\n",
    "plenty/index.md": PLENTY,
    "plenty/page-one.md": "# Page one\n\n## In page one\n\n### Deeper\n\n"
    "Back to [the section](index.md#a-section-of-it) "
    "and to [](index.md#fig-line).\n",
    "plenty/more.md": "# More\n\nText[^a].\n\n[^a]: Another note.\n",
    "another/index.md": "# Another chapter\n\n"
    + "".join(f"$$\n{tex}\n$$\n\n" for tex in FORMULAS),
    "loose.md": "# A loose page\n\n> A quotation.\n\n---\n\n- a\n    - b\n",
    "words.md": "# Words\n\n<span id='tensor'></span>Tensor\n"
    ":   An array with any number of axes.\n",
}
TITLES = [
    "A Small Book",
    "Preface",
    "First part",
    "Chapter of plenty",
    "Page one",
    "More",
    "Another chapter",
    "A loose page",
    "Appendix",
    "Words",
]


def make_book(folder, **changed):
    """Write the small book; `changed` replaces pages by their name."""
    book = TinyBook(folder, config=CONFIG, settings={"macros": MACROS})
    for name, text in (PAGES | changed).items():
        book.page(name, text)
    book.program("plenty/index.py", PROGRAM)
    return book


def run(folder, *arguments, command="pdf", **environment):
    """Run the command in a folder."""
    return subprocess.run(
        [sys.executable, "-m", "bookbuild", command, *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "NO_MKDOCS_2_WARNING": "1",
            **environment,
        },
    )


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The PDF of the small book, beside its mkdocs.yml."""
    folder = tmp_path_factory.mktemp("small") / "book"
    make_book(folder)
    done = run(folder)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(
        r"\S+/site/a-small-book\.pdf: \d+ pages, [\d.]+ s\n", done.stdout
    )
    page = (folder / "site/index.html").read_text()
    assert 'PDF<span class="pdf-link"> (<a href="a-small-book.pdf">' in page
    # The next build empties site/.
    return (folder / "site/a-small-book.pdf").rename(folder / "first.pdf")


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """The PDF of the book of this repository."""
    output = tmp_path_factory.mktemp("real") / "book.pdf"
    done = run(ROOT, output)
    assert done.returncode == 0, done.stderr
    return output


@pytest.fixture(params=["small", "real"])
def pdf(request):
    """The PDF of either book."""
    return request.getfixturevalue(request.param)


def poppler(tool, *arguments):
    """What a tool of Poppler prints."""
    if shutil.which(tool) is None:
        reason = f"{tool} (poppler-utils) is missing"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    return subprocess.run(
        [tool, *map(str, arguments)], check=True, text=True, capture_output=True
    ).stdout


def text_of(path):
    """The text of a PDF, with every space a single one."""
    return " ".join(poppler("pdftotext", path, "-").split())


def overlapping(path):
    """Pairs of words that stand over one another, as (page, word, word)."""
    box = re.compile(
        r'xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" '
        r'yMax="([-\d.]+)">(.*?)</word>'
    )
    found = []
    pages = poppler("pdftotext", "-bbox", path, "-").split("<page ")[1:]
    for number, page in enumerate(pages, 1):
        words = sorted((*map(float, place), word) for *place, word in box.findall(page))
        for place, (_, top, right, bottom, word) in enumerate(words):
            for left, other_top, _, other_bottom, other in words[place + 1 :]:
                if left > right - 1:
                    break
                if min(bottom, other_bottom) - max(top, other_top) > 3:
                    found.append((number, word, other))
    return found


def empty(path, folder):
    """Which share of each page, from its foot upwards, is white."""
    from PIL import Image

    poppler("pdftoppm", "-gray", "-r", 18, path, folder / "empty")
    shares = []
    for name in sorted(folder.glob("empty*")):
        page = Image.open(name)
        top, foot = (round(page.height * mm / 297) for mm in (30, 267))
        text = page.crop((0, top, page.width, foot)).point(lambda grey: grey < 245)
        box = text.getbbox()
        shares.append(1 - (box[3] if box else 0) / text.height)
    return shares


def elements(path):
    """All elements of the structure tree, as (kind, alternative text)."""

    def walk(node):
        node = node.get_object()
        if isinstance(node, list):
            for child in node:
                yield from walk(child)
        elif isinstance(node, dict):
            if "/S" in node:
                yield node["/S"], node.get("/Alt")
            if "/K" in node:
                yield from walk(node["/K"])

    reader = pypdf.PdfReader(path)
    return list(walk(reader.trailer["/Root"]["/StructTreeRoot"]["/K"]))


def bookmarks(outline):
    """The titles of all bookmarks."""
    for item in outline:
        if isinstance(item, list):
            yield from bookmarks(item)
        else:
            yield item.title


# Both books ----------------------------------------------------------------


def test_the_pdf_does_not_offer_itself(small):
    assert "It is one PDF." in text_of(small)


def test_every_internal_link_leads_to_a_page(pdf):
    reader = pypdf.PdfReader(pdf)
    pages = {page.indirect_reference.idnum for page in reader.pages}
    names, internal = reader.named_destinations, 0
    for page in reader.pages:
        for annotation in page.get("/Annots", []):
            annotation = annotation.get_object()
            action = annotation.get("/A", {})
            if "/URI" in action:
                continue
            target = annotation.get("/Dest", action.get("/D"))
            if isinstance(target, str):
                assert target in names
            else:
                assert target.get_object()[0].idnum in pages
            internal += 1
    assert internal >= 15


def test_all_fonts_are_embedded(pdf):
    rows = poppler("pdffonts", pdf).splitlines()[2:]
    assert rows
    for row in rows:
        embedded = re.search(r"\s(yes|no)\s+(yes|no)\s+(yes|no)\s", row)
        assert embedded[1] == "yes", row


def test_document_is_accessible(pdf):
    reader = pypdf.PdfReader(pdf)
    root = reader.trailer["/Root"]
    assert root["/Lang"] == "en"
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert re.search(rb'pdfuaid:part(="|>)1', root["/Metadata"].get_data())
    assert reader.metadata.title and reader.metadata.author


def test_every_image_and_formula_has_alternative_text(pdf):
    found = [alt for kind, alt in elements(pdf) if kind in ("/Figure", "/Formula")]
    assert found and all(found)


def test_headings_do_not_skip_levels(pdf):
    level = 0
    for kind, _ in elements(pdf):
        if match := re.fullmatch(r"/H([1-6])", kind):
            assert int(match[1]) <= level + 1
            level = int(match[1])
    assert level


def test_nothing_is_outside_the_page(pdf):
    words = re.findall(
        r'xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" '
        r'yMax="([-\d.]+)">',
        poppler("pdftotext", "-bbox", pdf, "-"),
    )
    assert words
    for left, top, right, bottom in words:
        assert float(left) >= 0 and float(right) <= A4[0] - 40
        assert float(top) >= 0 and float(bottom) <= A4[1] - 20


def test_margins_are_empty(pdf, tmp_path):
    from PIL import Image

    poppler("pdftoppm", "-gray", "-r", 40, "-f", 2, pdf, tmp_path / "page")
    pages = sorted(tmp_path.glob("page*"))
    assert len(pages) == len(pypdf.PdfReader(pdf).pages) - 1  # not the cover
    for path in pages:
        page = Image.open(path)
        margin = round(27 / 25.4 * 40)  # the text begins after 31 mm
        for left in (0, page.width - margin):
            band = page.crop((left, 0, left + margin, page.height))
            assert band.getextrema()[0] > 250, path.name


# The small book ------------------------------------------------------------


def test_every_title_is_in_text_and_bookmarks(small):
    text = text_of(small)
    marks = " ".join(bookmarks(pypdf.PdfReader(small).outline))
    for title in TITLES:
        assert title in text
        assert title in marks or title == "A Small Book"
    assert "1.1 Page one" in text and "1.1 Page one" in marks


def test_every_formula_is_drawn_once(small):
    drawn = [alt for kind, alt in elements(small) if kind == "/Formula"]
    inline = ["x_1", "c", "a_1", r"\epsilon", "n"]
    assert len(FORMULAS) == 42
    assert sorted(drawn) == sorted(FORMULAS + inline)
    assert "(3.7)" in text_of(small)


def test_page_is_printed_with_all_it_has(small):
    text = text_of(small)
    for part in [
        "It\u2019s \u201cquoted\u201d, has 5 * 3 = 15 #hashes, $dollars, ",
        "@signs, under_scores and <angles>",
        "Program: plenty/index.py",
        "plenty/index.py import matplotlib.pyplot as plt",
        "drew 1 line",
        "Figure 1.1",
        "A caption with",
        ", is 3.",
        'assert results["count"] == 3',
        "22.25",
        "1. one",
        "More of this Inside.",
        "A quotation.",
        "section 1.1 (p. ",
        "An array with any number of axes.",
        'Free to "use"',
    ]:
        assert part in text
    for part in ["nobody sees", "HyperText", "Notebook", "↩", "site/"]:
        assert part not in text
    assert text.count("x" * 20) >= 2 * (300 // 60)


def test_footnotes_stand_on_their_page(small):
    text = poppler("pdftotext", small, "-")
    (page,) = [page for page in text.split("\f") if "under_scores" in page]
    assert "A note with" in page
    assert sum(kind == "/Note" for kind, _ in elements(small)) == 2


def test_figure_is_the_light_one_with_its_text(small):
    found = [alt for kind, alt in elements(small) if kind == "/Figure"]
    assert found == ["A line that goes up."]


def test_second_run_gives_the_same_bytes(small, tmp_path):
    done = run(small.parent, tmp_path / "again.pdf")
    assert done.returncode == 0, done.stderr
    assert "Running" not in done.stderr
    assert (tmp_path / "again.pdf").read_bytes() == small.read_bytes()


@pytest.mark.parametrize("link", ["index.md#nothing", "#nothing", "nothing.html"])
def test_link_to_nowhere_fails_with_one_sentence(tmp_path, link):
    book = make_book(
        tmp_path / "book", **{"plenty/more.md": f"# More\n\n[here]({link})\n"}
    )
    done = run(book.root)
    assert done.returncode == 1
    errors = [
        line
        for line in done.stderr.splitlines()
        if "programs on" not in line and not line.startswith("[")
    ]
    assert len(errors) == 1, done.stderr
    assert errors[0].startswith("plenty/more.md: the link to ")
    assert "leads nowhere" in errors[0]


@pytest.mark.parametrize("module, tool", [("pypandoc", "Pandoc"), ("typst", "Typst")])
def test_missing_tool_is_said_in_one_sentence(tmp_path, module, tool):
    book = make_book(tmp_path / "book")
    (tmp_path / f"{module}.py").write_text("raise ImportError\n")
    done = run(book.root, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.strip().splitlines()[-1].startswith(f"{tool} is missing")


def test_missing_node_is_said_in_one_sentence(tmp_path):
    book = make_book(tmp_path / "book")
    done = run(book.root, PATH=str(tmp_path))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.strip().splitlines()[-1].startswith("Node.js is missing")


# The real book -------------------------------------------------------------


PRINT_CHAPTER = """
import re, sys
from pathlib import Path
from bookbuild.paper import Cover, Entry, print_book
class Nothing:
    def get(self, kind, key): return None
    def put(self, kind, key, value): pass
site, output, node = map(Path, sys.argv[1:])
html = (site / "cnn/index.html").read_text("utf-8")
html = re.search("<article[^>]*>(.*)</article>", html, re.S)[1]
html = re.sub(r' href="(?!#)[^"]*"', "", html)
entries = [Entry("chapter", 1, "A chapter", "1", "cnn/index.md", "cnn/index.html", html)]
paper = print_book(entries, Cover("One"), site, node, {}, {}, Nothing(), 0)
output.write_bytes(paper.pdf)
"""


def test_a_chapter_of_the_book_prints_to_the_same_bytes(real, tmp_path):
    printed = []
    for seed in "12":
        output = tmp_path / f"{seed}.pdf"
        subprocess.run(
            [sys.executable, "-c", PRINT_CHAPTER, ROOT / "site", output, NODE_MODULES],
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            check=True,
        )
        printed.append(output.read_bytes())
    assert len(printed[0]) > 100_000
    assert printed[0] == printed[1]


def test_pages_are_filled_to_the_end_of_their_chapter(real, tmp_path):
    reader = pypdf.PdfReader(real)

    def openings(outline, depth=0):
        for item in outline:
            if isinstance(item, list):
                yield from openings(item, depth + 1)
            elif depth < 2:  # parts and chapters
                yield reader.get_destination_page_number(item)

    gaps = empty(real, tmp_path)
    ends = {opening - 1 for opening in openings(reader.outline)} | {len(gaps) - 1}
    wide = [n + 1 for n, gap in enumerate(gaps) if gap > 0.25 and n not in ends]
    assert not wide


def test_no_word_stands_over_another(real):
    assert overlapping(real) == []


def test_every_program_is_attached(real):
    [content] = pypdf.PdfReader(real).attachments["programs.zip"]
    names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    text = " ".join(poppler("pdftotext", real, "-").split())
    offered = re.findall(r"Programs?: ((?:[\w/-]+\.py(?:, )?)+)", text)
    names = {name.replace("-", "") for name in names}  # lines end at hyphens
    found = [name for name in ", ".join(offered).split(", ") if name]
    assert len(found) > 100
    assert not [name for name in found if name.replace("-", "") not in names]


def test_every_page_of_the_navigation_is_printed(real):
    import yaml

    settings = re.search(
        r"^nav:\n(.*?)\n(?=\S)", (ROOT / "mkdocs.yml").read_text(), re.S | re.M
    )[1]

    def pages(item):
        if isinstance(item, str):
            yield item
        for child in (
            item.values()
            if isinstance(item, dict)
            else item
            if isinstance(item, list)
            else []
        ):
            yield from pages(child)

    text = text_of(real)
    for uri in pages(yaml.safe_load(settings)):
        path = ROOT / "docs" / uri.replace(".ipynb", ".py")
        title = re.search(r"^(?:# )?# (\w.*)$", path.read_text(), re.M)[1]
        assert " ".join(title.split()) in text, uri
