"""Begins a page: a Markdown file, its program, its breaks and its answers, which build and pass as they are."""

from __future__ import annotations

import re
from pathlib import Path

from bookbuild.errors import BookError
from bookbuild.run.breaks import breaks_file

NAME = re.compile(r"[a-z][a-z0-9-]*/[a-z][a-z0-9-]*")

PAGE = """\
---
constants:
  - "three numbers"
---
# {title}

What does this page answer? Say it in two sentences, before any formula.

## An example with numbers

```python
--8<-- "{program}:example"
```

/// output | {program}:example
///

/// figure | {program}:numbers
    alt: >-
      The three numbers as dots on a line, and between them a cross at their mean, {{{{ mean:.1f }}}}.
The numbers, and their mean.
///

The mean of the three numbers is {{{{ mean:.1f }}}}.

/// claim | The mean lies between the smallest and the largest of the numbers.
```python
assert min(numbers) < results["mean"] < max(numbers)
```
///

```python
--8<-- "{program}:draw"
```

## What breaks

What happens when the idea is taken out of the program?

## Summary

One to five sentences.

## {questions}

1. *Recall.* A question.

## Read more

- {citation}: what a reader finds there.
"""
PROGRAM = '''\
"""{title}: one sentence on what this program shows."""

# --8<-- [start:example]
import matplotlib.pyplot as plt

numbers = [1, 2, 6]
mean = sum(numbers) / len(numbers)
print("mean of", numbers, "is", mean)
results = {{"mean": mean}}
# --8<-- [end:example]

# --8<-- [start:draw]
fig, ax = plt.subplots(num="numbers", figsize=(6.4, 1.4))
ax.plot(numbers, [0] * len(numbers), "o")
ax.plot(mean, 0, "x", markersize=10)
ax.set(xlabel="number", yticks=[])
plt.show()
# --8<-- [end:draw]
'''
BREAKS = """\
[[break]]
name = "divided by one"
old = "/ len(numbers)"
new = "/ 1"
fails = ["claim-the-mean-lies-between-the-smallest-and-the"]
"""
ANSWER = """\
# %% [markdown]
# # Answers: {title}
#
# ## {question} 1
#
# The answer.

# %%
--8<-- "{program}:example"
"""


def begin(
    docs: Path,
    programs: Path,
    answers: Path,
    name: str,
    words: dict[str, str],
    reference: str = "",
) -> list[Path]:
    """Write the four files of a new page.

    Args:
        docs, programs, answers: the folders in which they lie.
        name: chapter and page, as `rnn/attention`.
        words: those of the book: see `pages.book.WORDS`.
        reference: the key of one that the page can cite to begin with.
    Returns:
        the files that were written.
    Raises:
        BookError: the name cannot be one, or a file is already there.
    """
    name = name.removesuffix(".md").removeprefix(f"{docs.name}/")
    if not NAME.fullmatch(name):
        raise BookError(f"{name!r} is no chapter/page in small letters and hyphens")
    chapter, page = name.split("/")
    program = f"{chapter}/{page.replace('-', '_')}.py"
    title = page.replace("-", " ").capitalize()
    citation = f"[@{reference}]" if reference else "A book or an article"
    texts = {
        docs / f"{name}.md": PAGE,
        programs / program: PROGRAM,
        breaks_file(programs / program): BREAKS,
        answers / f"{name}.py": ANSWER,
    }
    for path in texts:
        if path.exists():
            raise BookError(f"{path} is already there")
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.name.endswith(".breaks.toml"):
            path.write_text(text, encoding="utf-8")
        else:
            filled = text.format(
                title=title,
                program=program,
                citation=citation,
                question=words["question"],
                questions=words["questions"],
            )
            path.write_text(filled, encoding="utf-8")
    return list(texts)
