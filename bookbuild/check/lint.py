"""Finds literal numbers in a page's text that no program computes and no list of constants declares.

In headings, captions, alternative texts and claims every number counts, from
three on also in words; elsewhere only what reads like a result: a decimal,
a percentage, a number of points, times, seconds and the like, or "nine of ten". A number in
a claim's sentence may also stand in its assertions: 97.5 % as 0.975.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from bookbuild.pages.page import Page

VALUES = {
    word: value
    for value, names in {
        3: "three",
        4: "four",
        5: "five",
        6: "six",
        7: "seven",
        8: "eight",
        9: "nine",
        10: "ten",
        11: "eleven",
        12: "twelve",
        13: "thirteen",
        14: "fourteen",
        15: "fifteen",
        16: "sixteen",
        17: "seventeen",
        18: "eighteen",
        19: "nineteen",
        20: "twenty",
        30: "thirty",
        40: "forty",
        50: "fifty",
        60: "sixty",
        70: "seventy",
        80: "eighty",
        90: "ninety",
        100: "hundred",
        1000: "thousand",
        1e6: "million",
        1e9: "billion",
        2: "twice double",
        1 / 2: "half",
        1 / 3: "third thirds",
        1 / 4: "quarter quarters",
        1 / 5: "fifth fifths",
        1 / 6: "sixth sixths",
        1 / 7: "seventh sevenths",
        1 / 8: "eighth eighths",
        1 / 9: "ninth ninths",
        1 / 10: "tenth tenths",
        1 / 20: "twentieth",
        1 / 100: "hundredth",
        1 / 1000: "thousandth",
    }.items()
    for word in names.split()
}
WORDS = "|".join(VALUES)
ANY = re.compile(rf"(?<![\w.])\d[\d.,]*(?:\s?%)?|\b(?:{WORDS})\b", re.I)
SMALL = {"0", "1", "2"}  # like the words: numbers count from three on
UNITS = (
    "points?|percentage|times|seconds?|minutes?|bits?|nats|degrees?|per cent|"
    "epochs?|steps?|parameters|weights|words|characters|digits|images|examples"
)
COUNT = rf"(?:\d+|{'|'.join(word for word, value in VALUES.items() if value > 2)})"
RESULT = re.compile(
    r"(?<![\w.])(?:\d+\.\d+(?:\s?%)?|\d[\d,]*\s?%|"
    rf"\d[\d,]*\s(?:{UNITS})\b|\b{COUNT} (?:out )?of (?:the )?{COUNT}\b)",
    re.I,
)


@dataclass(frozen=True)
class Literal:
    """A number in a text that is tied to nothing."""

    page: str
    line: int | None
    where: str
    number: str
    text: str

    def __str__(self) -> str:
        place = f"{self.page}, line {self.line}" if self.line else self.page
        return (
            f"{place}: the {self.where} says {self.number!r}, which nothing computes: "
            f"{self.text[:90]!r}; write {{{{ name }}}}, or declare it under "
            "'constants:' at the top of the page"
        )


def literals(page: Page) -> list[Literal]:
    """The literal numbers of a page that are neither computed nor declared."""
    found = []
    constants = sorted(page.constants, key=len, reverse=True)
    for where, line, text in page.texts:
        if where == "prose" and not page.programs:
            continue  # it is not about results
        left = text
        for constant in constants:
            left = re.sub(rf"(?<!\w){re.escape(constant)}(?!\w)", " ", left, flags=re.I)
        asked = asserted(page, line) if where == "claim" else set()
        pattern = RESULT if where == "prose" else ANY
        for match in pattern.finditer(left):
            if asked & readings(match[0]) or match[0].strip(".,") in SMALL:
                continue
            found.append(Literal(page.uri, line, where, match[0].strip(".,"), text))
    return found


def asserted(page: Page, line: int | None) -> set[float]:
    """The numbers that stand in the assertions of the claim on a line."""
    found = set()
    for claim in page.claims:
        if claim.line != line:
            continue
        for _, code in claim.code:
            try:
                tree = ast.parse(code)
            except SyntaxError:
                continue
            found |= {
                round(float(node.value), 9)
                for node in ast.walk(tree)
                if isinstance(node, ast.Constant)
                and isinstance(node.value, int | float)
                and not isinstance(node.value, bool)
            }
            found |= {
                round(float(number), 9)
                for node in ast.walk(tree)
                if isinstance(node, ast.Constant) and isinstance(node.value, str)
                for number in re.findall(r"\d+(?:\.\d+)?", node.value)
            }
    return found


def readings(number: str) -> set[float]:
    """The values that a number in a text may mean: 97.5 % is also 0.975."""
    text = number.strip(" .,%").replace(",", "").lower()
    try:
        value = VALUES[text] if text in VALUES else float(text.split()[0])
    except ValueError:
        return set()
    share = value / 100  # "3 % better" may stand as a factor of 0.97 or 1.03
    # A tenth may stand as a division by ten.
    found = [value, share, 1 - share, 1 + share, *([1 / value] if value else [])]
    return {round(v, 9) for v in found}
