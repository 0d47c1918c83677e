"""What pytest sees of a book: fences, claims and breaks as test items, from the same runner and store as the build.

book.py    a book read for its tests: what stands on its pages, and its runner
plugin.py  the pytest plugin: where items come from, and who is started first
items.py   the items: one a fence, one a break
lint.py    literal numbers in prose that nothing computes
"""
