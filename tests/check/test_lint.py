"""Numbers that nothing computes are found, in figures and in words."""

import pytest

from bookbuild.check.lint import literals
from bookbuild.pages.page import Page, Statement


def found(where, text, assertion="", constants=()):
    """The literal numbers that are found in a text of a page."""
    page = Page("a.md", "", programs=["a.py"], constants=constants)
    page.texts = [(where, 1, text)]
    page.claims = [Statement("claim-it", 1, "a.py", code=[(2, assertion)])]
    return [literal.number for literal in literals(page)]


@pytest.mark.parametrize(
    "text, numbers",
    [
        ("In seventeen of nineteen runs, a fifth.", ["seventeen", "nineteen", "fifth"]),
        ("Two rows of 2 boxes, once.", []),
        ("Fourteen billion, 97.5 % or a hundredth", ["Fourteen", "billion", "97.5 %", "hundredth"]),
        ("Something else", []),
    ],
)  # fmt: skip
def test_every_number_of_a_caption_counts_from_three_on(text, numbers):
    assert found("caption", text) == numbers


@pytest.mark.parametrize(
    "text, numbers",
    [
        ("It is right in nine of ten cases.", ["nine of ten"]),
        ("Right in 9 out of the 10 runs", ["9 out of the 10"]),
        ("It took 3.5 and 40 %", ["3.5", "40 %"]),
        ("One of the ten digits, counts of 1, of 2 and of 3", []),
        ("Nine pages, of which ten", []),
    ],
)
def test_in_prose_what_reads_like_a_result_counts(text, numbers):
    assert found("prose", text) == numbers


@pytest.mark.parametrize(
    "text, assertion, numbers",
    [
        ("It is above 97.5 %.", "assert x > 0.975", []),
        ("It is above 97.5 %.", "assert x > 0.97", ["97.5 %"]),
        ("Less than a fifth", "assert x < y / 5", []),
        ("Less than a fifth", "assert x < 0.2 * y", []),
        ("Less than a fifth", "assert x < 0.5 * y", ["fifth"]),
    ],
)
def test_a_number_of_a_claim_may_stand_in_its_assertion(text, assertion, numbers):
    assert found("claim", text, assertion) == numbers


def test_declared_constants_do_not_count():
    assert found("caption", "Ten digits", constants=("ten digits",)) == []
