"""Builds a textbook from pages (docs/) and the programs they embed (snippets/).

It runs every program once, keeps what it printed, drew and computed, and puts
that into the pages. It knows nothing of what the book is about.

  book.py       finds the pages, the programs they embed, and what has to run
  runner.py     runs programs in forked processes that share their imports
  worker.py     what happens in such a process: one program, one record
  errors.py     the one kind of error, with page, program and line
  cache.py      keeps what a program produced until something it read changes
  figures.py    draws each figure once, for a light and for a dark page
  markup.py     the blocks a page may use: figure, output, claim, numbers
  maths.py      formulas, with KaTeX
  citations.py  [@key] and the bibliography
  numbering.py  numbers chapters, pages and figures, and fills references
  notebooks.py  programs as notebooks, and solutions as pages
  site.py       what MkDocs calls while it builds
  codeblocks.py what pytest-codeblocks sees of a page
  pdf.py        the book as one PDF, through:
    print_html.py   pages as HTML for print
    print_maths.py  formulas as drawings for print, with MathJax
    typst_blocks.py pandoc's document as calls of book.typ
  bench.py      how long a build takes
"""
