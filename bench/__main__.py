"""Measures how long a book takes to build, serve and test, and how much memory, beside a build that runs no code.

    python -m bench [N ...] [--no-whole] [--json FILE]

For each N a book of N pages is made in a temporary folder, each with a small
training program, a claim, a break and a page of answers; and beside it the
same pages for MkDocs and mkdocs-jupyter alone: the floor. Everything is
measured in one run, since only ratios of one run mean much on a machine that
does other things too. Then comes this repository's own book, in a copy, with
what is known of its programs: its quick tests, and its first page.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

import psutil

from bookbuild.run.pool import available_cores
from bookbuild.run.program import read_program

ROOT = Path(__file__).parent.parent  # whose front-end packages are used
PRELOAD = [
    "numpy",
    "torch",
    "torch._dynamo",
    "torch.optim",
    "matplotlib.pyplot",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
]
REPEATS = 3
EDITS = 5
SPIN = """
import time
start = time.monotonic()
while time.monotonic() < start + 1:
    pass
print(time.process_time() / (time.monotonic() - start))
"""
POLL = 0.01  # seconds between looks at a served page
SAMPLE = 0.05  # seconds between looks at the memory

PROGRAM = '''\
"""Fits a noisy wave with a small network, in variation {seed}."""
# --8<-- [start:data]
import matplotlib.pyplot as plt
import torch
from torch import nn

edition = 0
torch.manual_seed({seed})
X = torch.linspace(-3, 3, 256).unsqueeze(1)  # (N, 1)
y = torch.sin({frequency} * X) + 0.1 * torch.randn_like(X)
# --8<-- [end:data]

# --8<-- [start:model]
model = nn.Sequential(nn.Linear(1, {width}), nn.Tanh(),
                      nn.Linear({width}, {width}), nn.Tanh(),
                      nn.Linear({width}, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
# --8<-- [end:model]

# --8<-- [start:training]
losses = []
for step in range(600):
    loss = nn.functional.mse_loss(model(X), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
    if step % 100 == 0:
        print(f"step {{step:3d}}  loss {{loss.item():.4f}}")
# --8<-- [end:training]

# --8<-- [start:figure]
fig, (left, right) = plt.subplots(1, 2, num="fit")
left.plot(X, y, ".", label="data")
left.plot(X, model(X).detach(), label="network")
left.legend()
right.semilogy(losses)
right.set(xlabel="step", ylabel="loss")
plt.show()
results = {{"loss": losses[-1], "edition": edition}}
# --8<-- [end:figure]
'''
PROSE = """\
A network that is fitted to a wave has to bend where the wave bends, and it
can do so only where enough of its hidden units change from one end of their
range to the other. We can see this in the figure: with few units the curve
follows the first bends and then gives up. The loss $L(\\theta)$ says how far
away it stays from the data, and the text says what a larger network changes.
"""
PAGE = """\
# Variation {seed}

How closely does a network of {width} units follow a wave? Edition EDITION.

## The data

{prose}
```python
--8<-- "examples/variation_{seed}.py:data"
```

{prose}
{prose}
## The model

{prose}
$$
L(\\theta) = \\frac{{1}}{{N}} \\sum_{{n=1}}^{{N}} (f_\\theta(x_n) - y_n)^2
+ \\lambda_{{{seed}}} \\lVert \\theta \\rVert^2
$$

```python
--8<-- "examples/variation_{seed}.py:model"
```

{prose}
## The training

{prose}
```python
--8<-- "examples/variation_{seed}.py:training"
```

OUTPUT

{prose}
## The result

{prose}
```python
--8<-- "examples/variation_{seed}.py:figure"
```

FIGURE

At the end the loss is LOSS.

CLAIM

{prose}
## Exercises

1. How far does the loss fall with a second seed?

## Summary

| units | frequency | seed |
|------:|----------:|-----:|
| {width} | {frequency} | {seed} |

{prose}
"""
ANSWERS = """\
# %% [markdown]
# # Answers: variation {seed}
#
# ## Exercise 1
#
# As far as with the first, within $10^{{-2}}$.

# %%
DATA

# %%
MODEL

# %%
TRAINING

# %%
print(f"loss {{losses[-1]:.3f}}")
"""
BREAKS = """\
[[break]]
name = "no step {seed}"
old = "    optimizer.step()\\n"
new = ""
fails = ["claim-the-loss-falls-to-less-than-a-tenth"]
"""
BUILT = {
    "EDITION": "{{ edition }}",
    "LOSS": "{{ loss:.4f }}",
    "OUTPUT": "/// output | examples/variation_%d.py:training\n///",
    "FIGURE": "/// figure | examples/variation_%d.py:fit\n    alt: A wave "
    "and a curve\nThe wave and the curve of the network.\n///",
    "CLAIM": "/// claim | The loss falls to less than a tenth.\n```python\n"
    "assert losses[-1] < losses[0] / 10\n```\n///",
}
PLAIN = {
    "EDITION": "0",
    "LOSS": "0.0123",
    "OUTPUT": "```text\n" + "step 100  loss 0.0123\n" * 6 + "```",
    "FIGURE": "The wave and the curve of the network.",
    "CLAIM": "The loss falls to less than a tenth.",
}


# The books -----------------------------------------------------------------


def program_name(seed):
    """Name of a program, relative to snippets/."""
    return f"examples/variation_{seed}.py"


def write_book(root, count, built):
    """Write a book.

    Args:
        root: the folder.
        count: how many pages, programs and pages of answers.
        built: whether bookbuild builds it; else it is the floor.
    """
    for seed in range(count):
        names = {
            "seed": seed,
            "width": 64 + 4 * (seed % 8),
            "frequency": 1 + seed % 5 / 4,
            "prose": PROSE,
        }
        program = root / "snippets" / program_name(seed)
        write(program, PROGRAM.format(**names))
        write(program.with_suffix(".breaks.toml"), BREAKS.format(**names))
        page = PAGE.format(**names)
        for word, text in (BUILT if built else PLAIN).items():
            page = page.replace(word, text.replace("%d", str(seed)))
        write(root / "docs" / f"examples/variation-{seed}.md", page)
        answers = ANSWERS.format(**names)
        known = read_program(program_name(seed), program, root / "snippets")
        for section in ("data", "model", "training"):
            include = f'--8<-- "{program_name(seed)}:{section}"'
            code = include if built else known.section(section)
            answers = answers.replace(section.upper(), code)
        write(root / "docs/solutions" / f"examples/variation-{seed}.py", answers)
    write(root / "docs/index.md", "# Variations\n\n" + PROSE)
    write(root / "pytest.ini", "[pytest]\naddopts = --codeblocks -q -p no:faker\n")
    write(root / "mkdocs.yml", json.dumps(configuration(root, count, built)))
    (root / "node_modules").symlink_to(ROOT / "node_modules")


def configuration(root, count, built):
    """The mkdocs.yml of a book; JSON is YAML."""
    pages = [f"examples/variation-{seed}" for seed in range(count)]
    jupyter = {"include": ["solutions/*/*.py"], "execute": False}
    return {
        "site_name": "Variations",
        "plugins": [
            "search",
            {"mkdocs-jupyter": jupyter},
            *([{"book": {"preload": PRELOAD, "limit": 120}}] if built else []),
        ],
        "strict": True,
        "theme": {
            "name": "material",
            "font": False,
            "features": ["navigation.sections", "content.code.copy"],
        },
        "nav": [
            "index.md",
            {"Examples": [f"{page}.md" for page in pages]},
            {"Answers": [f"solutions/{page}.py" for page in pages]},
        ],
        "markdown_extensions": [
            "abbr",
            "admonition",
            "attr_list",
            "def_list",
            "footnotes",
            "md_in_html",
            "tables",
            {"toc": {"permalink": "#"}},
            {"pymdownx.arithmatex": {"generic": True}},
            "pymdownx.highlight",
            "pymdownx.inlinehilite",
            "pymdownx.superfences",
            {
                "pymdownx.snippets": {
                    "base_path": [str(root / "snippets")],
                    "check_paths": True,
                    "dedent_subsections": True,
                }
            },
        ],
    }


def write(path, text):
    """Write a text file, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def edit(root, seed, edition):
    """Change a program so that its result names an edition."""
    path = root / "snippets" / program_name(seed)
    text = path.read_text(encoding="utf-8")
    write(path, re.sub(r"edition = \d+", f"edition = {edition}", text, count=1))


def records(root):
    """The records of a book's programs, newest last."""
    paths = (root / ".cache/bookbuild/records").glob("*.json")
    return [
        json.loads(path.read_text(encoding="utf-8"))["value"]
        for path in sorted(paths, key=lambda path: path.stat().st_mtime)
    ]


def last_cpu(root, program):
    """Seconds of CPU time of the latest run of a program."""
    return [r["cpu"] for r in records(root) if r["program"] == program][-1]


# Measuring -----------------------------------------------------------------


def mkdocs(root, *words):
    """Start MkDocs in a book; returns its process."""
    return subprocess.Popen(
        [sys.executable, "-m", "mkdocs", *words],
        cwd=root,
        text=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
    )


def build(root):
    """Build a book; returns seconds.

    Raises:
        RuntimeError: the build failed.
    """
    start = time.perf_counter()
    process = mkdocs(root, "build", "--quiet")
    _, output = process.communicate()
    seconds = time.perf_counter() - start
    if process.returncode:
        raise RuntimeError(f"the build in {root} failed:\n{output}")
    return seconds


def import_seconds(*modules):
    """Seconds a new Python needs to import modules."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", f"import {', '.join(modules)}"], check=True)
    return time.perf_counter() - start


def share():
    """Which part of all cores this measurement gets, from 0 to 1.

    Well below 1, something else uses the machine, and the times of what
    runs on all cores (cold) say more about that than about the build.
    """
    spins = [
        subprocess.Popen(
            [sys.executable, "-c", SPIN], text=True, stdout=subprocess.PIPE
        )
        for _ in range(available_cores())
    ]
    return statistics.mean(float(spin.communicate()[0]) for spin in spins)


def memory(process):
    """Bytes a process holds; shared pages count in proportion."""
    with contextlib.suppress(psutil.Error):
        full = process.memory_full_info()
        return getattr(full, "pss", full.rss)
    return 0


def peak_memory(root):
    """Bytes all processes of a cold build hold at most, together."""
    process, peak = mkdocs(root, "build", "--quiet"), 0
    drain = threading.Thread(target=process.communicate)
    drain.start()
    parent = psutil.Process(process.pid)
    while drain.is_alive():
        with contextlib.suppress(psutil.Error):
            family = [parent, *parent.children(recursive=True)]
            peak = max(peak, sum(map(memory, family)))
        drain.join(SAMPLE)
    return peak


@contextlib.contextmanager
def serving(root, page="examples/variation-0/"):
    """Run `mkdocs serve`; gives the address of a page of the book."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{free.getsockname()[1]}"
    server = mkdocs(root, "serve", "--quiet", "-a", host)
    drain = threading.Thread(target=server.communicate)
    drain.start()
    try:
        yield f"http://{host}/{page}"
    finally:
        server.send_signal(signal.SIGINT)
        drain.join()


def first_page(root, text, *page):
    """Seconds from the start of `mkdocs serve` until a page can be read."""
    start = time.perf_counter()
    with serving(root, *page) as address:
        wait_for(address, text)
        return time.perf_counter() - start


def served_edits(root):
    """Seconds from an edit under `mkdocs serve` to the new page.

    Returns:
        a list of (seconds until the page is there, CPU seconds of the
        edited program alone).
    """
    found = []
    with serving(root) as address:
        wait_for(address, "Edition")
        for repeat, edition in enumerate(range(101, 101 + EDITS)):
            # MkDocs looks for edits twice a second: not always just before.
            time.sleep(1 + repeat / EDITS / 2 if repeat else 8)
            start = time.perf_counter()
            edit(root, 0, edition)
            wait_for(address, f"Edition {edition}.")
            seconds = time.perf_counter() - start
            found.append((seconds, last_cpu(root, program_name(0))))
    return found


def wait_for(address, text):
    """Ask for a page until it contains a text.

    Raises:
        TimeoutError: it does not within two minutes.
    """
    end = time.monotonic() + 120
    while time.monotonic() < end:
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(address, timeout=60) as answer,
        ):
            if text in answer.read().decode():
                return
        time.sleep(POLL)
    raise TimeoutError(f"{address} never said {text!r}")


def test_seconds(root, *words):
    """Seconds of `pytest` in a book.

    Raises:
        RuntimeError: a test failed.
    """
    start = time.perf_counter()
    words = words or ("docs", "snippets")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words],
        cwd=root,
        capture_output=True,
        text=True,
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(f"pytest in {root} failed:\n{done.stdout[-3000:]}")
    return seconds


def forget(root):
    """Delete everything that is kept of a book."""
    shutil.rmtree(root / ".cache", ignore_errors=True)


def measure(folder, count):
    """All figures of a book with so many pages, in seconds and bytes."""
    book, floor = folder / f"book-{count}", folder / f"floor-{count}"
    write_book(book, count, True)
    write_book(floor, count, False)
    build(floor)  # fills the page cache
    found = {
        "pages": count,
        "cores": available_cores(),
        "imports": median(lambda: import_seconds(*PRELOAD)),
        "mkdocs": median(lambda: import_seconds("mkdocs.__main__", "material")),
    }
    before = share()
    found["cold"] = build(book)
    found["share"] = (before + share()) / 2
    found["programs"] = sum(record["cpu"] for record in records(book))
    pairs = [(build(floor), build(book)) for _ in range(REPEATS)]
    found["floor"], found["unchanged"] = (
        statistics.median(each) for each in zip(*pairs, strict=True)
    )
    found["tests_warm_but_breaks"] = test_seconds(book)
    found["tests_warm"] = test_seconds(book)
    edit(book, 0, 1)
    found["changed"] = build(book)
    found["changed_program"] = last_cpu(book, program_name(0))
    found["first_full"] = first_page(book, "Edition 1.")
    seconds, cpu = zip(*served_edits(book), strict=True)
    found["served_first"] = seconds[0]
    found["served"] = statistics.median(seconds)
    found["served_program"] = statistics.median(cpu)
    forget(book)
    found["first_empty"] = first_page(book, "How closely does a network")
    forget(book)
    found["tests_cold"] = test_seconds(book)
    forget(book)
    found["peak"] = peak_memory(book)
    return found


def measure_whole(folder):
    """The same of this repository's book, in a copy of it.

    Its programs run only where there are no records of them.
    """
    copy = folder / "whole"
    ignored = shutil.ignore_patterns(".git", "site", "node_modules", ".*_cache")
    shutil.copytree(ROOT, copy, ignore=ignored, symlinks=True)
    (copy / "node_modules").symlink_to(ROOT / "node_modules")
    build(copy)
    found = {
        "mkdocs": median(lambda: import_seconds("mkdocs.__main__", "material")),
        "unchanged": build(copy),
        "quick": test_seconds(copy, "-m", "not slow"),
    }
    forget(copy)
    found["first_empty"] = first_page(copy, "<h1", "")
    return found


def median(action):
    """The median of what an action returns when it is repeated."""
    return statistics.median(action() for _ in range(REPEATS))


# Reporting -----------------------------------------------------------------

ROWS = [
    ("floor", "floor: no code run (median of 3)"),
    ("unchanged", "nothing changed (median of 3)"),
    ("cold", "cold: empty cache"),
    ("changed", "one program changed"),
    ("changed_program", "  CPU of that program"),
    ("first_full", "first page of serve, full cache"),
    ("first_empty", "first page of serve, empty cache"),
    ("served", "one edit under serve (median of 5)"),
    ("served_first", "  the first of them"),
    ("served_program", "  CPU of that program"),
    ("tests_cold", "pytest, empty cache"),
    ("tests_warm_but_breaks", "pytest after a build"),
    ("tests_warm", "pytest, nothing changed"),
    ("imports", "import of the libraries (median of 3)"),
    ("mkdocs", "import of MkDocs (median of 3)"),
    ("programs", "CPU of all programs, answers included"),
]


def targets(found):
    """The targets of a book: list of (name, measured, at most, unit)."""
    floor = found["floor"]
    ideal = floor + found["imports"] + found["programs"] / found["cores"]
    first = 1.5 * found["unchanged"] + found["mkdocs"]
    return [
        ("nothing changed <= 1.5 x floor", found["unchanged"], 1.5 * floor, "s"),
        (
            "edit under serve <= program + 1.5 x floor",
            found["served"],
            found["served_program"] + 1.5 * floor,
            "s",
        ),
        (
            "cold <= 1.25 x (floor + imports + CPU / cores)",
            found["cold"],
            1.25 * ideal,
            "s",
        ),
        (
            "first page, empty cache <= 1.5 x unchanged + MkDocs",
            found["first_empty"],
            first,
            "s",
        ),
        (
            "pytest after a build <= 1/10 of a cold one",
            found["tests_warm_but_breaks"],
            found["tests_cold"] / 10,
            "s",
        ),
        (
            "pytest, nothing changed <= 1/10 of a cold one",
            found["tests_warm"],
            found["tests_cold"] / 10,
            "s",
        ),
        ("peak memory < 3 GB", found["peak"] / 1e9, 3, "GB"),
    ]


def whole_targets(found):
    """The targets of the whole book, in the form of `targets`."""
    first = 1.5 * found["unchanged"] + found["mkdocs"]
    return [
        ('pytest -m "not slow" <= a minute', found["quick"], 60, "s"),
        (
            "first page, empty cache <= 1.5 x unchanged + MkDocs",
            found["first_empty"],
            first,
            "s",
        ),
    ]


def report(books, whole):
    """Print what was measured, and which targets are met."""
    heads = "".join(f"{book['pages']:>9}" for book in books)
    print(f"\n{'seconds, for a book of so many pages':42}{heads}")
    for key, name in ROWS:
        print(f"{name:42}" + "".join(f"{b[key]:9.2f}" for b in books))
    print(
        f"{'peak memory, all processes (GB)':42}"
        + "".join(f"{b['peak'] / 1e9:9.2f}" for b in books)
    )
    print(
        f"{'share of the cores we got around cold':42}"
        + "".join(f"{b['share']:9.2f}" for b in books)
    )
    if len(books) > 1:
        first, last = books[0], books[-1]
        pages = last["pages"] - first["pages"]
        for key in ("floor", "unchanged"):
            added = (last[key] - first[key]) / pages
            print(f"each added page, {key}: {1000 * added:.0f} ms")
    for book in books:
        print(f"\ntargets with {book['pages']} pages on {book['cores']} cores")
        judge(targets(book))
    if whole:
        print(f"\nthe whole book; nothing changed: {whole['unchanged']:.2f} s")
        judge(whole_targets(whole))


def judge(wanted):
    """Print which targets are met."""
    for name, value, most, unit in wanted:
        verdict = "met   " if value <= most else "MISSED"
        print(f"  {verdict} {name}: {value:.2f} of {most:.2f} {unit}")


def main():
    """Measure, print, and write the figures when asked to."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("pages", nargs="*", type=int, default=[8, 40])
    parser.add_argument("--json", help="a file for the figures")
    parser.add_argument(
        "--whole",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="measure this repository's book too",
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        books = []
        for count in sorted(options.pages):
            print(f"Measuring {count} pages", flush=True)
            books.append(measure(Path(folder), count))
        if options.whole:
            print("Measuring the whole book", flush=True)
        whole = measure_whole(Path(folder)) if options.whole else None
    report(books, whole)
    if options.json:
        text = json.dumps({"books": books, "whole": whole}, indent=2)
        write(Path(options.json), text + "\n")


if __name__ == "__main__":
    main()
