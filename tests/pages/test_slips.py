"""What an author writes nearly right is refused with its line, or read as it was meant; nothing of it reaches a reader."""

import re
from html import escape

import pytest
from conftest import BIB, DRAWS, PROGRAMS, TinyBook, builds, fails, text_of

GOOD = PROGRAMS["part/first.py"]
SECTION = '```python\n--8<-- "part/first.py:work"\n```\n'
FIGURE = "/// figure | part/first.py:line\n    alt: {}\nCaption.\n///\n"


# The book's own syntax, nearly right --------------------------------------


@pytest.mark.parametrize(
    "slip, line",
    [
        ("{{ mean .2f }}", 3),
        ("{{ mean|round }}", 3),
        ("{{ mean:.2f }", 3),
        ("{{ part/first.py:mean }}", 3),
        ("{{mean", 3),
        ("mean }}", 3),
        ("{mean:.2f}", 3),
        ("{ mean }", 3),
        ("{part/first.py mean}", 3),
        ("{ { mean } }", 3),
        ("{{{ mean }}}", 3),
        ("<br title='{{ mean .2f }}'>", 3),
    ],
)
def test_number_that_cannot_be_read_is_refused(book, slip, line):
    book.page("part/first.md", f"# First\n\nA {slip} B\n\n{{{{ mean }}}}\n")
    fails(book, f"part/first.md, line {line}", "a number that cannot be read")


@pytest.mark.parametrize(
    "slip",
    [
        "[see @two2001]",
        "[@two2001 p. 5]",
        "[-@two2001]",
        "[@two2001: 5]",
        "[@two2001",
        "@two2001",
        "(@two2001)",
        "<b>[@two2001]</b> <i>[@two2001 p. 3]</i>",
    ],
)
def test_citation_that_cannot_be_read_is_refused(tmp_path, slip):
    book = cited_book(tmp_path)
    book.page(
        "part/first.md", f"# First\n\nSaid {slip}, and [@two2001].\n\n{{{{ mean }}}}\n"
    )
    fails(book, "part/first.md, line 3", "citation")


def cited_book(tmp_path):
    """A book with one reference."""
    book = TinyBook(tmp_path / "book", settings={"references": "refs.bib"})
    book.write(".", "refs.bib", BIB)
    return book


def test_citation_before_a_colon_defines_no_link(tmp_path):
    book = cited_book(tmp_path)
    book.page("part/first.md", "# First\n\n- [@two2001]: Adam.\n\n{{ mean }}\n")
    page = builds(book, "part/first.html")
    assert "Two, 2001): Adam." in text_of(page)
    assert not re.search(r"<li>\s*</li>", page)


def test_link_whose_text_begins_with_at_is_a_link(tmp_path):
    book = cited_book(tmp_path)
    book.page(
        "part/first.md",
        "# First\n\n[@two2001] [@karpathy](https://x.org)\n\n{{ mean }}\n",
    )
    assert '<a href="https://x.org">@karpathy</a>' in builds(book, "part/first.html")


ALTERNATIVES = [
    "Loss: it falls",
    '"Loss" falls',
    "Curve #1 of three",
    "[left] falls, [right] rises",
    "It's 'here' & {a, b}",
    "- a list?",
    "50 % < 60 %",
    "> falls",
]


@pytest.mark.slow
def test_alternative_text_is_text_and_may_hold_numbers(book):
    known = range(len(ALTERNATIVES))
    book.program(
        "part/first.py",
        GOOD + DRAWS + "".join(f"plt.figure(num='line{number}')\n" for number in known),
    )
    book.page(
        "part/first.md",
        "# First {{ mean:.1f }}\n\n/// figure | part/first.py:line\n"
        "    alt: >-\n      A line: it\n      rises to {{ mean:.1f }}.\n"
        "The caption says {{ mean:.2f }}.\n///\n\n"
        + "\n".join(
            FIGURE.format(ALTERNATIVES[number]).replace("line", f"line{number}")
            for number in known
        ),
    )
    page = builds(book, "part/first.html")
    for alt in ALTERNATIVES:
        assert page.count(f'alt="{escape(alt)}"') == 2
    assert 'alt="A line: it rises to 2.0."' in page
    assert "The caption says 2.00." in text_of(page)
    assert "First 2.0" in text_of(page.partition("</title>")[0])
    assert "\ue000" not in page


@pytest.mark.parametrize(
    "include",
    [
        '--8‹ "part/first.py:work"',
        '-- 8‹-- "part/first.py:work"',
        '8<-- "part/first.py:work"',
        '-- 8<-- "part/first.py:work"',
        '--8<-- "part/first.py:work" ',
        '--8<-- "part/first.py:work',
        "--8<-- part/first.py",
        '--8<-- "part/first.py:work" # all',
        '> --8<-- "part/first.py:work"',
    ],
)
def test_include_that_cannot_be_read_is_refused(book, include):
    book.page(
        "part/first.md", f"# First\n\n```python\n{include}\n```\n\n{{{{ mean }}}}\n"
    )
    fails(book, "part/first.md, line 4", "this is no include")


def test_include_by_line_numbers_is_refused(book):
    book.page(
        "part/first.md", '# First\n\n```python\n--8<-- "part/first.py:1:2"\n```\n'
    )
    fails(book, "part/first.md, line 4", "name a section")


def test_other_spellings_of_an_include_are_run_too(book):
    book.program("part/bad.py", "# --8<-- [start:work]\n1 / 0\n# --8<-- [end:work]\n")
    book.page(
        "part/first.md",
        "# First\n\n```python\n--8<--\npart/first.py:work\n--8<--\n"
        "```\n\n```python\n--8<-- 'part/bad.py:work'\n```\n",
    )
    fails(book, "part/first.md, line 10 -> part/bad.py, line 2: ZeroDivisionError")


def test_include_outside_of_a_fence_is_refused(book):
    book.page("part/first.md", '# First\n\n--8<-- "part/first.py:work"\n')
    fails(book, "part/first.md, line 3", "outside of a fence")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["part", "part/a\0b.md", "part/a\0b.py", "x" * 300])
def test_include_of_what_is_no_file_is_refused(book, name):
    (book.root / "snippets/part.md").mkdir()
    name = name.replace("part", "part.md") if name == "part" else name
    book.page(
        "part/first.md",
        f'# First\n\n```python\n--8<-- "{name}"\n```\n\n{{{{ mean }}}}\n',
    )
    fails(book, "part/first.md, line 4")


@pytest.mark.slow
@pytest.mark.parametrize(
    "mark", ["Python", "py", "python3", "{.py title=a}", "numpy", "PYTHON"]
)
def test_whatever_is_coloured_as_python_runs(book, mark):
    book.page("part/first.md", f"# First\n\n{{{{ mean }}}}\n\n```{mark}\n1 / 0\n```\n")
    fails(book, "part/first.md, line 6: ZeroDivisionError")


@pytest.mark.slow
@pytest.mark.parametrize("mark", ["pycon", "PyCon", "python2"])
def test_python_that_cannot_be_run_is_refused(book, mark):
    book.page("part/first.md", f"# First\n\n{{{{ mean }}}}\n\n```{mark}\n>>> 1\n```\n")
    fails(book, f"part/first.md, line 5: code marked '{mark}' is never run")


@pytest.mark.slow
@pytest.mark.parametrize("setting", ["published", "references", "expected"])
def test_setting_that_names_a_folder_is_refused(tmp_path, setting):
    book = TinyBook(tmp_path / "book", settings={setting: "docs"})
    fails(book, "docs: cannot be read: ", "Is a directory")


def test_numbers_in_comments_and_code_are_left_alone(book):
    book.page(
        "part/first.md",
        "# First\n\n<!-- {{ old }} -->\n\n    {{ template }}\n\n"
        "> ```text\n> {{ a }}\n> ```\n\n`{{ b }}` {{ mean }}\n",
    )
    page = builds(book, "part/first.html")
    assert "{{ template }}" in page and "{{ a }}" in page and "{{ b }}" in page


def test_numbers_in_included_markdown_are_filled_in(book):
    book.program("part/note.md", "The mean is {{ mean:.2f }} here.\n")
    book.page("part/first.md", '# First\n\n--8<-- "part/note.md"\n\n{{ mean }}\n')
    assert "The mean is 2.00 here." in text_of(builds(book, "part/first.html"))


VALUES = ["<unk>", "__init__", "<s>", "*a*", "a & b", "`x`"]


def test_values_are_text_and_not_markup(book):
    book.program("part/first.py", f"results = {{'token': {VALUES!r}}}\n")
    book.page(
        "part/first.md",
        "# First\n\n"
        + "\n\n".join(
            f"Token {{{{ token.{number} }}}}, then {number}."
            for number in range(len(VALUES))
        ),
    )
    page = builds(book, "part/first.html")
    for number, value in enumerate(VALUES):
        assert f"Token {escape(value, quote=False)}, then {number}." in page


def test_claim_may_hold_a_footnote(book):
    book.page(
        "part/first.md",
        "# First\n\n{{ mean }}\n\n/// claim | Claim with a note[^1]."
        "\n```python\nassert True\n```\n///\n\n[^1]: The note.\n",
    )
    book.settings(
        markdown_extensions=[*book.config["markdown_extensions"], "footnotes"]
    )
    page = builds(book, "claims.html")
    assert "Claim with a note" in text_of(page)


@pytest.mark.slow
@pytest.mark.parametrize(
    "slip, said",
    [
        ("Mail a@b.org, said @karpathy, see {1, 2} and a/b | c; $\\{x\\}$", None),
        ("<p>{{ mean:.0f }}</p>", "a number that cannot be read"),
        ("<div><i>{{ mean:.0f }}</i></div>", "a number that cannot be read"),
        ("See [] (#fig-x).", "a reference that cannot be read"),
        ("See [ ](#fig-x).", "a link without a text"),
        ("// figure | part/first.py:line", "a block that cannot be read"),
        ("//figure | part/first.py:line", "a block that cannot be read"),
        ("/ claim | It is so.", "a block that cannot be read"),
        ("/// Figur | part/first.py:line", "a block that cannot be read"),
        ("<!--claims-->", "write <!-- claims -->"),
        ("<!-- Claims -->", "write <!-- claims -->"),
        ("<!--- bibliography --->", "write <!-- bibliography -->"),
        ('--8‹-- "part/note.md"', "an include that cannot be read"),
        ("/// claim | The mean is 2.", "line 3: the block '/// claim | The mean"),
        ("/// output | part/first.py:work\n", "is never closed; end it with ///"),
    ],
)
def test_whatever_else_is_nearly_right_is_refused(book, slip, said):
    book.page("part/first.md", f"# First\n\n{slip}\n\nMore. {{{{ mean }}}}\n")
    if said is None:
        builds(book)
    else:
        fails(book, "part/first.md, line 3", said)


def test_alternative_text_with_a_slip_is_refused(book):
    book.program("part/first.py", GOOD + DRAWS)
    book.page("part/first.md", "# First\n\n" + FIGURE.format("Rises to {mean:.1f}"))
    fails(book, "part/first.md, line 4", "a number that cannot be read")


@pytest.mark.slow
@pytest.mark.parametrize(
    "front", ["constants: [three", "constants: a: b", "just words", "- a list"]
)
def test_front_matter_that_is_no_yaml_is_refused(book, front):
    book.page("part/first.md", f"---\n{front}\n---\n\n# First\n\n{{{{ mean }}}}\n")
    fails(book, "part/first.md, line 1: the front matter")


# Names that collide --------------------------------------------------------


def test_figure_shown_twice_is_refused(book):
    book.program("part/first.py", DRAWS + GOOD)
    book.page(
        "part/first.md", "# First\n\n" + FIGURE.format("A") + "\n" + FIGURE.format("B")
    )
    fails(
        book, "part/first.md, line 8", "the same anchor, fig-line, as the one on line 3"
    )


def test_figures_of_one_name_in_two_programs_are_refused(book):
    book.program("part/first.py", DRAWS + GOOD)
    book.program("part/other.py", DRAWS)
    book.page(
        "part/first.md",
        "# First\n\n"
        + FIGURE.format("A")
        + "\n"
        + FIGURE.format("B").replace("first.py", "other.py"),
    )
    fails(book, "part/first.md, line 8", "the same anchor")


def test_claims_with_the_same_first_words_are_refused(book):
    claim = (
        "/// claim | The mean of the outputs over all runs is above {}.\n"
        "```python\nassert True\n```\n///\n"
    )
    book.page(
        "part/first.md",
        "# First\n\n{{ mean }}\n\n" + claim.format("one") + "\n" + claim.format("two"),
    )
    fails(book, "part/first.md, line 11", "as the one on line 5")


# Files that cannot be read ---------------------------------------------------


def test_page_that_is_not_utf8_is_named(book):
    (book.root / "docs/part/first.md").write_bytes(b"# Caf\xe9\n")
    fails(book, "part/first.md: the file is not UTF-8")


def test_program_that_is_not_utf8_is_named(book):
    (book.root / "snippets/part/first.py").write_bytes(
        b"# -*- coding: latin-1 -*-\nprint('caf\xe9')\n"
    )
    fails(book, "part/first.py: the file is not UTF-8")


def test_byte_order_mark_and_form_feed_do_not_shift_sections(book):
    (book.root / "snippets/part/first.py").write_bytes(
        b"\xef\xbb\xbfx = 1\n\x0c\n# --8<-- [start:work]\nprint('in section')\n"
        b"results = {'mean': 2}\n# --8<-- [end:work]\nprint('after')\n"
    )
    page = builds(book, "part/first.html")
    shown = re.search(r'highlight output"><pre><code>(.*?)</code>', page, re.S)[1]
    assert shown == "in section\n"


@pytest.mark.parametrize(
    "entry, words",
    [
        ("@misc{k, title={PyTorch}, year={2020}}", "no author"),
        ("@book{k, author={A B}, title={T}, publisher={P}}", "no year"),
        ("@article{k, author={A B}, title={T}, year={2020}}", "cannot be listed"),
        ("@book{k, author={A B, title={T}", "no BibTeX"),
        (
            "@book{k, author={A B}, title={T}, publisher={P}, year={2001}}\n" * 2,
            "repeated",
        ),
    ],
    ids=["author", "year", "journal", "syntax", "twice"],
)
def test_wrong_bibliography_is_said_in_one_sentence(tmp_path, entry, words):
    book = TinyBook(tmp_path / "book", settings={"references": "refs.bib"})
    book.write(".", "refs.bib", entry)
    fails(book, "refs.bib", words)


def test_missing_bibliography_is_said_in_one_sentence(tmp_path):
    fails(
        TinyBook(tmp_path / "book", settings={"references": "refs.bib"}),
        "refs.bib: cannot be read",
    )


@pytest.mark.parametrize(
    "settings, words",
    [
        ({"limits": 3}, "limits"),
        ({"limit": "long"}, "limit"),
        ({"words": {"figur": "Abbildung"}}, "figur"),
        ({"preload": "numpy"}, "preload"),
        ({"expected": "refs.toml"}, "a table [seconds]"),
    ],
)
def test_misspelt_setting_is_an_error(tmp_path, settings, words):
    book = TinyBook(tmp_path / "book", settings=settings)
    book.write(".", "refs.toml", "a = 1\n")
    fails(book, words)


def test_book_builds_from_another_folder(book, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "The mean is 2.00" in builds(book, "part/first.html")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["book"]


def test_lock_files_of_editors_are_no_programs(book):
    (book.root / "snippets/part/.#first.py").symlink_to("me@host.1")
    builds(book)


# Claims ----------------------------------------------------------------------

CLAIM = """\
# First

{{ mean }}

/// claim | The mean is {{ mean:.0f }}, more than {bar}.
```python
assert results["mean"] > {bar}
```
///
"""


def test_build_fails_when_a_claim_is_false(book):
    book.page("part/first.md", CLAIM.replace("{bar}", "3"))
    output = fails(book, "part/first.md, line 5", "the claim does not hold")
    assert "line 7" in output


def test_claim_shows_its_margin_and_what_breaks_it(book):
    book.page("part/first.md", CLAIM.replace("{bar}", "1.5"))
    book.program(
        "part/first.breaks.toml",
        '[[break]]\nname = "divided by nine"\n'
        'old = "/ 3"\nnew = "/ 9"\nfails = ["claim-the-mean-is-more-than-15"]\n',
    )
    page = text_of(builds(book, "part/first.html"))
    assert "The mean is 2, more than 1.5." in page
    assert 'results["mean"] > 1.5: 2 > 1.5' in page
    assert "Fails with: divided by nine" in page
    assert "divided by nine" in book.html("claims.html")


def test_claim_that_asserts_nothing_is_refused(book):
    book.page(
        "part/first.md",
        "# First\n\n{{ mean }}\n\n/// claim | It is so.\n"
        "```python\nresults\n```\n///\n",
    )
    fails(book, "asserts nothing")


def test_claim_with_wrong_syntax_names_its_page(book):
    book.page(
        "part/first.md",
        "# First\n\n{{ mean }}\n\n/// claim | It is so.\n"
        "```python\nassert (1 ==\n```\n///\n",
    )
    fails(book, "part/first.md, line 7", "SyntaxError")


def test_constants_that_are_no_list_are_refused(book):
    book.page("part/first.md", "---\nconstants: three\n---\n# First\n\n{{ mean }}\n")
    fails(book, "part/first.md, line 2: 'constants:' is a list")
