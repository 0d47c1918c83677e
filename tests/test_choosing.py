"""The table of docs/choosing/index.md says rightly who is ahead."""

import re

import lxml.html
import pytest

pytestmark = pytest.mark.slow


def values(cell):
    """A cell's number, and the lowest and highest of its runs: '0.9 (0.8, 0.95)'."""
    mean, *runs = (float(number) for number in re.findall(r"\d+\.\d+", cell))
    return mean, min([mean, *runs]), max([mean, *runs])


def right(plain, network, higher):
    """Who may be called ahead; both near a border, which another machine may cross."""
    (a, a_low, a_high), (b, b_low, b_high) = plain, network
    better = "network" if (b > a) == higher else "plain"
    apart = max(a_low, b_low) - min(a_high, b_high)  # negative if runs overlap
    spread = max(a_high - a_low, b_high - b_low)
    least = 0.01 if higher else 0.02 * a
    allowed = set()
    if apart < 0.5 * spread or abs(a - b) < 1.5 * least:
        allowed.add("even")
    if apart > -0.25 * spread and abs(a - b) > 0.5 * least:
        allowed.add(better)
    return allowed


def test_runs_that_overlap_are_even():
    assert right((0.91, 0.89, 0.95), (0.89, 0.88, 0.91), higher=True) == {"even"}
    assert right((0.7, 0.7, 0.7), (0.9, 0.8, 0.95), higher=True) == {"network"}
    assert right((2.2, 2.2, 2.2), (2.4, 2.37, 2.41), higher=False) == {"plain"}
    assert right((0.780, 0.780, 0.780), (0.778, 0.778, 0.778), True) == {"even"}


def test_the_table_says_who_is_ahead(site):
    page = lxml.html.parse(str(site / "choosing/index.html")).getroot()
    rows = page.xpath("//table[.//th[text()='Ahead']]/tbody/tr")
    assert len(rows) >= 20
    wrong = []
    for row in rows:
        cells = [cell.text_content().strip() for cell in row.findall("td")]
        data, measured, _, plain, _, network, ahead = cells
        higher = measured.endswith("higher is better")
        assert higher or measured.endswith("lower is better"), cells
        allowed = right(values(plain), values(network), higher)
        if ahead not in allowed:
            wrong.append(f"docs/choosing/index.md, '{data}': {allowed}, not {ahead}")
    assert not wrong, "\n".join(wrong)
