"""Pages to paper: the rendered pages of a book become one PDF.

It knows neither MkDocs nor how pages are made; what it needs comes as
arguments of `print_book`, and there is nothing it keeps but drawn formulas.

  press.py      entries -> PDF: the way through all of these
  document.py   the HTML of pages -> HTML for print, with calls of Typst in it
  marks.py      values -> Typst source -> elements that carry it (marks.lua)
  formulas.py   TeX -> SVG, with MathJax (mathjax.cjs)
  epub.py       entries -> EPUB, by document.py with other steps
  blame.py      what Typst says -> an error of the page it comes from
  book.typ      how the printed book looks
"""

from bookbuild.paper.document import Entry
from bookbuild.paper.press import WORDS, Cover, Paper, print_book

__all__ = ["WORDS", "Cover", "Entry", "Paper", "print_book"]
