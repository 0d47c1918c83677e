"""Turns a program into what a reader downloads (.py, .ipynb), and a solutions program into an executed notebook.

The sections of a program become the cells of its notebook. A solutions
program is already written in cells (`# %%`, the percent format); what its
cells printed and drew stands in its record, so no kernel has to start.
"""

import base64
import hashlib
import re
from html import escape

from bookbuild.book import MARKER, docstring
from bookbuild.figures import darken

CELL = re.compile(r"^# %%.*$", re.M)


def cell_program(text):
    """A program with its section markers as percent cells, for editors."""
    lines = []
    for line in text.splitlines():
        if not (match := MARKER.match(line)):
            lines.append(line)
        elif match[1] == "start":
            lines.append(f"# %% {match[2].replace('-', ' ')}")
    return "\n".join(lines) + "\n"


def to_notebook(text):
    """A program in percent format as a notebook without outputs, as JSON."""
    import jupytext

    notebook = jupytext.reads(text, fmt="py:percent")
    if notebook.cells and not notebook.cells[0].source.startswith("#"):
        if title := docstring(text):
            from nbformat.v4 import new_markdown_cell
            notebook.cells.insert(0, new_markdown_cell(title))
    return write(notebook)


def write(notebook):
    """A notebook as JSON, the same at every run."""
    import nbformat

    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
    notebook.metadata = {"kernelspec": {
        "display_name": "Python 3", "language": "python", "name": "python3"}}
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return nbformat.writes(notebook)


def executed_notebook(program, record):
    """A solutions program as a notebook with what its cells produced.

    Args:
        program: a `book.Program` in percent format.
        record: the record of its run.
    Returns:
        the notebook as JSON. A figure belongs to the cell whose text names
        it (`num="name"`); it comes as two images, light and dark.
    """
    import jupytext
    from nbformat.v4 import new_output

    notebook = jupytext.reads(program.text, fmt="py:percent")
    starts = [program.text.count("\n", 0, m.start()) + 1
              for m in CELL.finditer(program.text)]
    ends = [*starts[1:], float("inf")]
    for cell, first, last in zip(notebook.cells, starts, ends):
        if cell.cell_type != "code":
            continue
        printed = "".join(text for line, text in record["output"]
                          if first <= line < last)
        cell.outputs = []
        if printed:
            cell.outputs.append(new_output("stream", text=printed))
        for name, figure in record["figures"].items():
            if f'"{name}"' in cell.source:
                cell.outputs.append(new_output("display_data", data={
                    "text/html": image_pair(figure, cell.source)}))
    return write(notebook)


def image_pair(figure, source):
    """The light and the dark image of a figure, inside the page.

    The alternative text is the comment `# alt: ...` of the cell.
    """
    alt = " ".join(re.findall(r"^# alt: (.*)$", source, re.M))
    images = []
    for look, svg in (("light", figure["svg"]),
                      ("dark", darken(figure["svg"]))):
        data = base64.b64encode(svg.encode()).decode()
        images.append(f'<img class="on-{look}" alt="{alt}" '
                      f'width="{figure["width"]}" height="{figure["height"]}" '
                      f'src="data:image/svg+xml;base64,{data}">')
    return "".join(images)


def cached_notebook(folder, text):
    """`to_notebook`, kept in a cache folder."""
    from bookbuild.cache import write_atomically

    digest = hashlib.sha256(text.encode()).hexdigest()[:24]
    path = folder / "notebooks" / f"{digest}.ipynb"
    if not path.exists():
        write_atomically(path, to_notebook(text))
    return path


def page_html(html, text, convert):
    """A page made by mkdocs-jupyter, in the shape of the other pages.

    Its Markdown cells are rendered again with the book's own extensions
    (formulas, admonitions, citations), and its code cells lose what only a
    live notebook needs.

    Args:
        html: the page as mkdocs-jupyter rendered it.
        text: the program, in percent format.
        convert: turns Markdown into HTML.
    """
    import jupytext
    import lxml.html

    root = lxml.html.fragment_fromstring(html, create_parent="div")
    shown = root.cssselect(".jp-Cell[id]")
    parts = []
    for cell, element in zip(jupytext.reads(text, fmt="py:percent").cells,
                             shown, strict=True):
        if cell.cell_type == "markdown":
            parts.append(re.sub(r'href="([^":]+)\.md', r'href="\1.html',
                                convert(cell.source)))
        else:
            parts += code_cell(element)
    return "\n".join(parts)


def code_cell(element):
    """The listing, printed text and images of a code cell, as HTML."""
    import lxml.html

    def text_of(node):
        return lxml.html.tostring(node, encoding="unicode", with_tail=False)

    for pre in element.cssselect("[class^=highlight] pre"):
        inner = text_of(pre).removeprefix("<pre>").removesuffix("</pre>")
        yield ('<div class="highlight language-python"><pre><code>'
               f"{inner}</code></pre></div>")
    for printed in element.cssselect(".jp-OutputArea-output pre"):
        yield ('<div class="highlight output"><pre><code>'
               f"{escape(printed.text_content())}</code></pre></div>")
    images = element.cssselect(".jp-OutputArea-output img")
    if images:
        yield ('<figure class="book-figure">'
               + "".join(map(text_of, images)) + "</figure>")
