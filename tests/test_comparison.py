"""The tables of docs/diffusion/comparison.md say rightly who is ahead in each column."""

import lxml.html
import pytest

pytestmark = pytest.mark.slow

PAGE = "docs/diffusion/comparison.md"
STORED = {"copies of training digits", "means of two neighbours"}
# How far apart two sources are even: as the page says.
EVEN = {
    "Distance": 1,
    "Precision": 0.03,
    "Recall": 0.03,
    "Sure": 0.02,
    "Rarest": 0.02,
    "Nearest": 0.05,
}


def test_the_tables_say_who_is_ahead_in_each_column(site):
    page = lxml.html.parse(str(site / "diffusion/comparison.html")).getroot()
    head, *body = table(page, "Source")
    costs, *rows = table(page, "Cost of")
    sources = {row[0]: dict(zip(head, row, strict=True)) for row in body}
    for row in rows:
        sources[row[0]] |= dict(zip(costs[1:], row[1:], strict=True))
    real = next(iter(sources))
    assert real.startswith("real digits"), real
    verdicts = {row[0]: row[1:] for row in table(page, "Column")[1:]}
    assert set(verdicts) == {*head[1:], *costs[1:]}
    wrong = []
    assert len(rows) == len(sources)
    for column, cells in verdicts.items():
        goal = number(sources[real][column])
        values = {
            name: number(row[column]) for name, row in sources.items() if name != real
        }
        learned = {n: v for n, v in values.items() if n not in STORED}
        for cell, group in zip(cells, (values, learned), strict=True):
            named = set(group) if cell == "all" else set(cell.split("; "))
            behind_best = behind(column, group, goal)
            # Near the border either is right: another machine may differ.
            surely = {n for n, v in behind_best.items() if v <= 0.5}
            perhaps = {n for n, v in behind_best.items() if v < 1.5}
            if not surely <= named <= perhaps:
                wrong.append(
                    f"{PAGE}, {column!r}: {sorted(surely)}, and perhaps "
                    f"{sorted(perhaps - surely)}, not {sorted(named)}"
                )
    assert not wrong, "\n".join(wrong)


def table(page, first):
    """The cells of the table whose heading begins with a word."""
    [found] = [t for t in page.xpath("//table") if t.xpath(".//th")[0].text == first]
    return [
        [cell.text_content().strip() for cell in row.xpath("./th|./td")]
        for row in found.xpath(".//tr")
    ]


def number(cell):
    """The number of a cell, without what is in brackets; the mean if there are three."""
    values = [float(value) for value in cell.partition(" (")[0].split(",")]
    return sum(values) / len(values)


def behind(column, values, goal):
    """How far each source is behind the best, in units of what counts as even."""
    if column not in EVEN:  # a cost: those within a fifth are even
        best = min(values.values())
        return {
            name: 5 * (value / best - 1) if best else 9 * (value > 0)
            for name, value in values.items()
        }
    lag = {
        name: (value if column == "Distance" else abs(value - goal)) / EVEN[column]
        for name, value in values.items()
    }
    return {name: value - min(lag.values()) for name, value in lag.items()}
