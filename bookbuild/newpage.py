"""Begins a page: a Markdown file, its program, its breaks and its answers, which build and pass as they are."""

from __future__ import annotations

import re
from pathlib import Path

from bookbuild.errors import BookError
from bookbuild.run.breaks import breaks_file

NAME = re.compile(r"[a-z][a-z0-9-]*/[a-z][a-z0-9-]*")

PAGE = """\
# {title}

What does this page answer? Say it in two sentences, before any formula.

## An example with numbers

```python
--8<-- "{program}:example"
```

/// output | {program}:example
///

The mean of the three numbers is {{{{ mean:.1f }}}}.

/// claim | The mean lies between the smallest and the largest of the numbers.
```python
assert min(numbers) < results["mean"] < max(numbers)
```
///

## What breaks

What happens when the idea is taken out of the program?

## Summary

One to five sentences.

## Exercises

1. *Recall.* A question.

## Read more

A reference, cited by its key in the bibliography.
"""
PROGRAM = '''\
"""{title}: one sentence on what this program shows."""

# --8<-- [start:example]
numbers = [1, 2, 6]
mean = sum(numbers) / len(numbers)
print("mean of", numbers, "is", mean)
results = {{"mean": mean}}
# --8<-- [end:example]
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
# ## Exercise 1
#
# The answer.

# %%
--8<-- "{program}:example"
"""


def begin(docs: Path, programs: Path, answers: Path, name: str) -> list[Path]:
    """Write the four files of a new page.

    Args:
        docs, programs, answers: the folders in which they lie.
        name: chapter and page, as `rnn/attention`.
    Returns:
        the files that were written.
    Raises:
        BookError: the name cannot be one, or a file is already there.
    """
    name = name.removesuffix(".md").removeprefix("docs/")
    if not NAME.fullmatch(name):
        raise BookError(f"{name!r} is no chapter/page in small letters and hyphens")
    chapter, page = name.split("/")
    program = f"{chapter}/{page.replace('-', '_')}.py"
    title = page.replace("-", " ").capitalize()
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
            path.write_text(text.format(title=title, program=program), "utf-8")
    return list(texts)
