"""Quick questions: every choice is what some code prints; one is right."""

import xml.etree.ElementTree as etree
import zipfile

import pytest
from conftest import builds, fails, text_of

PAGE = """\
# First

```python
--8<-- "part/first.py:work"
```

## Quick questions

<!-- questions -->

## Exercises

1. Think.
"""
BREAKS = """\
[[break]]
name = "one more"
old = "[1, 2, 3]"
new = "[1, 2, 3, 9]"
fails = []
"""
QUESTIONS = """\
[[question]]
ask = "What does `print` say?"
setup = '--8<-- "part/first.py:work"'
code = "print(mean * 2)"
why = "Twice the mean."
wrong = [
  {break = "one more", why = "That is the mean of `four` numbers."},
  {old = "* 2", new = "+ '2'", why = "A number and a text do not add up."},
]
"""
NAMESPACE = {"q": "http://www.imsglobal.org/xsd/imsqti_v2p1"}


@pytest.fixture
def asking(book):
    book.page("part/first.md", PAGE)
    book.page("claims.md", "# Claims\n\n<!-- claims -->\n\n<!-- decks -->\n")
    book.program("part/first.breaks.toml", BREAKS)
    book.program("part/first.questions.toml", QUESTIONS)
    return book


def test_choices_are_what_the_code_and_its_broken_variants_print(asking):
    html = builds(asking, "part/first.html")
    question = html[html.index('class="question"') : html.index('class="break-it"')]
    choices = question.split("<li>")[1:]
    assert len(choices) == 3
    [right] = [choice for choice in choices if "Right." in choice]
    assert "<code>4.0</code>" in right and "Twice the mean." in right
    assert sum("No." in choice for choice in choices) == 2
    assert "<code>10.0</code>" in question and "<code>TypeError</code>" in question
    assert "What does <code>print</code> say?" in question
    assert "python -m bookbuild grade part/first.py mine.py" in text_of(html)


def test_the_letter_printed_on_paper_is_that_of_the_right_choice(asking):
    html = builds(asking, "part/first.html")
    question = html[html.index('class="question"') : html.index('class="break-it"')]
    choices = question.split("<li>")[1:]
    [place] = [n for n, choice in enumerate(choices) if "Right." in choice]
    assert f"Answer: {'ABC'[place]}. Twice the mean." in question


@pytest.mark.slow
def test_a_changed_program_changes_the_choices(asking):
    builds(asking)
    text = asking.root / "snippets" / "part" / "first.py"
    text.write_text(text.read_text().replace("/ 3", "/ 6"))
    assert "<code>2.0</code>" in builds(asking, "part/first.html")


def test_decks_hold_all_questions(asking):
    html = builds(asking, "claims.html")
    assert 'href="questions/anki.txt"' in html and 'href="questions/qti.zip"' in html
    folder = asking.site / "questions"
    cards = [
        line.split("\t")
        for line in (folder / "anki.txt").read_text().splitlines()
        if not line.startswith("#")
    ]
    [(front, back, tag)] = cards
    assert "print(mean * 2)" in front and "4.0" in back and tag == "part::first"
    with zipfile.ZipFile(folder / "qti.zip") as archive:
        manifest = etree.fromstring(archive.read("imsmanifest.xml"))
        files = {
            file.get("href") for file in manifest.iter() if file.tag.endswith("}file")
        }
        assert files == set(archive.namelist()) - {"imsmanifest.xml"} != set()
        [item] = [etree.fromstring(archive.read(name)) for name in files]
    choices = {
        c.get("identifier"): c.text
        for c in item.iterfind(".//q:simpleChoice", NAMESPACE)
    }
    assert choices[item.find(".//q:value", NAMESPACE).text] == "4.0"
    assert sorted(choices.values()) == ["10.0", "4.0", "TypeError"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("+ '2'", "* 2.0", "its choices are not different"),
        ("print(mean * 2)", "print(meen * 2)", "name 'meen' is not defined"),
        ("print(mean * 2)", "mean * 2", "its choices are not different"),
        ('"one more"', '"one less"', "no break 'one less'"),
        ('old = "* 2"', 'old = "* 3"', "its code does not have '* 3'"),
        ('why = "Twice the mean."', "", "lacks why"),
        ("ask =", "wonder = 1\nask =", "no field wonder"),
        ("first.py:work", "first.py:play", "no section 'play'"),
        ("first.py:work", "last.py:work", "there is no such program"),
        ("[[question]]", "[question]", "double brackets"),
        ("[[question]]", "[[question", "not TOML"),
        ("\n  {break", "\n  3, {break", "a wrong choice is"),
    ],
)
def test_a_mistake_is_said_in_one_sentence(asking, old, new, said):
    assert old in QUESTIONS
    asking.program("part/first.questions.toml", QUESTIONS.replace(old, new))
    fails(asking, "part/first.questions.toml", said)


def test_a_page_asks_for_questions_that_nobody_wrote(asking):
    (asking.root / "snippets" / "part" / "first.questions.toml").unlink()
    fails(asking, "part/first.questions.toml", "there is no such program")


def test_questions_that_no_page_asks_are_warned_of(asking):
    asking.page("part/first.md", PAGE.replace("<!-- questions -->", ""))
    fails(asking, "no page asks these questions")
