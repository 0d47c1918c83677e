"""Builds a textbook from pages and the programs they embed; it knows nothing of what the book is about.

plugin.py    MkDocs's events: reads pages, has programs run, fills pages in
building.py  what a build does apart from that: settings to a book, records to files
ahead.py     pages of answers, converted by another core
serving.py   served pages while their programs run
printing.py  a built site, as a printed book or an EPUB
__main__.py  the command line
errors.py    the one kind of error, with page, program and line
run/         programs -> records; knows neither MkDocs nor Markdown
pages/       pages and records -> HTML
paper/       HTML -> PDF, EPUB
check/       what pytest sees
"""

__version__ = "2.0.0"
