"""Below its title a page says what it builds on, how long it takes to read, and how long its programs run."""

import pytest
from conftest import NAV, builds, text_of

SECOND = """\
# Second

As [before](first.md).

```python
--8<-- "part/first.py:work"
```
"""


@pytest.fixture
def two(book):
    book.page("part/second.md", SECOND)
    pages = ["part/index.md", "part/first.md", "part/second.md"]
    book.settings(nav=[{"Part": pages}, NAV[1]])
    return book


def test_a_page_builds_on_the_earlier_pages_that_it_leads_to(two):
    two.page("part/index.md", "# The part\n\nSee [second](second.md).\n")
    builds(two)
    assert '<a href="first.html" title="1.1 First">1.1</a>' in two.html(
        "part/second.html"
    )
    assert "Builds on" not in two.html("part/index.html")  # what it leads to is later


def test_without_such_links_it_builds_on_its_chapter(two):
    page = builds(two, "part/first.html")
    assert 'Builds on <a href="index.html" title="1 The part">1</a>' in page


def test_links_of_exercises_do_not_count(two):
    two.page(
        "part/second.md",
        SECOND.replace("As [before](first.md).", "")
        + "\n## Exercises\n\n1. See [it](first.md).\n",
    )
    assert 'title="1 The part">1</a>' in builds(two, "part/second.html")


def test_a_page_says_how_long_its_programs_run(two):
    two.write(".", "expected.toml", '[seconds]\n"part/first.py" = 12.4\n')
    two.settings(plugins=[{"book": {"expected": "expected.toml"}}])
    assert "runs in 12 s" in text_of(builds(two, "part/second.html"))
