"""Pages and records to HTML.

A page is parsed once, by Python-Markdown. While that happens everything the
page says of programs is written down where it is made (listings, claims,
figures, numbers, references), and what must wait for a program's record
leaves a slot in the text. When the records are there, the slots are filled.

  page.py       a page: its text, and what was written down while it was parsed
  slots.py      what waits in a page for a record
  show.py       slots and records -> HTML
  book.py       all pages, programs and records of one build
  extension.py  the Markdown extension, bound to one page
  listings.py   included programs and fences
  blocks.py     the blocks figure, output and claim
  inline.py     numbers, citations, cross-references
  finish.py     the last look at a page: titles, formulas, exercises, slips
  maths.py      TeX -> HTML and MathML, with KaTeX
  citations.py  BibTeX -> references
  numbering.py  navigation -> numbers of chapters and pages
  notebooks.py  pages, programs and answers -> notebooks
"""
