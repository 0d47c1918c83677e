"""Begins a page: a Markdown file, its program, its breaks, its questions and its answers, which build and pass as they are."""

from __future__ import annotations

import re
from pathlib import Path

from bookbuild.errors import BookError
from bookbuild.pages.questions import ENDING
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

## Quick questions

<!-- questions -->

## {questions}

1. *By hand.* A task with numbers.
2. *Proof.* Something that follows.
3. *Change the program.* A line to change, and what to look for.
4. *Open.* Something that no program has answered yet.

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
QUESTIONS = """\
[[question]]
ask = "What does this print?"
code = '''
numbers = [1, 2, 6]
print(sum(numbers) / len(numbers))'''
why = "Nine, shared by three."
wrong = [
  {old = " / len(numbers)", new = "", why = "That is the sum."},
  {old = "sum(numbers) / len(numbers)", new = "sorted(numbers)[1]", why = "That is the one in the middle, the median."},
]

[[question]]
ask = "What does this print?"
code = '''
numbers = [1, 2, 6]
print(len(numbers))'''
why = "Three numbers."
wrong = [
  {old = "len", new = "max", why = "That is the largest."},
  {old = "len", new = "min", why = "That is the smallest."},
]

[[question]]
ask = "What does this print?"
code = '''
mean = 3.0
print(1 < mean < 6)'''
why = "A mean lies between the smallest and the largest number."
wrong = [
  {old = "1 < mean < 6", new = "mean < 1", why = "It is larger than the smallest number."},
  {old = "1 < mean < 6", new = "mean", why = "That is the mean itself."},
]
"""
ANSWER = """\
# %% [markdown]
# # Answers: {title}
#
# ## {question} 1
#
# The answer.
#
# ## {question} 2
#
# The proof.
#
# ## {question} 3
#
# What happens then.
#
# ## {question} 4
#
# What would have to be tried.

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
    """Write the five files of a new page.

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
        programs / (program.removesuffix(".py") + ENDING): QUESTIONS,
        answers / f"{name}.py": ANSWER,
    }
    for path in texts:
        if path.exists():
            raise BookError(f"{path} is already there")
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".toml":
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
