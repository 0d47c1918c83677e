"""Measures how long a build takes and how much memory it needs, beside a build that runs no code.

    python -m bookbuild.bench [N ...] [--json FILE]

For each N a book of N pages with N small training programs is made in a
temporary folder, and beside it the same pages without bookbuild: the floor.
Everything is measured in one run, since only ratios of one run mean much on
a machine that does other things too.
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
import urllib.error
import urllib.request
from pathlib import Path

import psutil

from bookbuild.runner import cores

ROOT = Path(__file__).parent.parent
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

{prose}
## Summary

| units | frequency | seed |
|------:|----------:|-----:|
| {width} | {frequency} | {seed} |

{prose}
"""
BUILT = {
    "EDITION": "{{ edition }}",
    "LOSS": "{{ loss:.4f }}",
    "OUTPUT": "/// output | examples/variation_%d.py:training\n///",
    "FIGURE": "/// figure | examples/variation_%d.py:fit\n    alt: A wave "
    "and a curve\nThe wave and the curve of the network.\n///",
}
PLAIN = {
    "EDITION": "0",
    "LOSS": "0.0123",
    "OUTPUT": "```text\n" + "step 100  loss 0.0123\n" * 6 + "```",
    "FIGURE": "The wave and the curve of the network.",
}


# The books -----------------------------------------------------------------


def program_name(seed):
    """Name of a program, relative to snippets/."""
    return f"examples/variation_{seed}.py"


def write_book(root, count, built):
    """Write a book.

    Args:
        root: the folder.
        count: how many pages and programs.
        built: whether bookbuild builds it; else it is the floor.
    """
    for seed in range(count):
        names = {
            "seed": seed,
            "width": 64 + 4 * (seed % 8),
            "frequency": 1 + seed % 5 / 4,
            "prose": PROSE,
        }
        page = PAGE.format(**names)
        for word, text in (BUILT if built else PLAIN).items():
            page = page.replace(word, text.replace("%d", str(seed)))
        write(root / "docs" / f"examples/variation-{seed}.md", page)
        write(root / "snippets" / program_name(seed), PROGRAM.format(**names))
    write(root / "docs/index.md", "# Variations\n\n" + PROSE)
    write(
        root / "hooks.py",
        f"import sys\nsys.path.insert(0, {str(ROOT)!r})"
        "\nfrom bookbuild.site import *\n",
    )
    write(root / "mkdocs.yml", json.dumps(configuration(root, count, built)))


def configuration(root, count, built):
    """The mkdocs.yml of a book; JSON is YAML."""
    pages = [f"examples/variation-{seed}.md" for seed in range(count)]
    config = {
        "site_name": "Variations",
        "plugins": ["search"],
        "strict": True,
        "theme": {
            "name": "material",
            "font": False,
            "features": ["navigation.sections", "content.code.copy"],
        },
        "nav": ["index.md", {"Examples": pages}],
        "watch": ["snippets"],
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
    if built:
        config["hooks"] = ["hooks.py"]
        config["extra"] = {"bookbuild": {"preload": PRELOAD, "limit": 120}}
    return config


def write(path, text):
    """Write a text file, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def edit(root, seed, edition):
    """Change a program so that its result names an edition."""
    path = root / "snippets" / program_name(seed)
    write(
        path,
        re.sub(
            r"edition = \d+",
            f"edition = {edition}",
            path.read_text(encoding="utf-8"),
            count=1,
        ),
    )


def records(root):
    """The cache entries of a book, newest last."""
    paths = (root / ".cache/bookbuild/programs").glob("*.json")
    return [
        json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(paths, key=lambda path: path.stat().st_mtime)
    ]


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


def import_seconds():
    """Seconds a new Python needs to import the libraries."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", f"import {', '.join(PRELOAD)}"], check=True)
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
        for _ in range(cores())
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
    shutil.rmtree(root / ".cache", ignore_errors=True)
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


def serve_seconds(root):
    """Seconds from an edit under `mkdocs serve` to the new page.

    Returns:
        a list of (seconds until the page is there, CPU seconds of the
        edited program alone).
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host = "127.0.0.1:%d" % free.getsockname()[1]
    server, found = mkdocs(root, "serve", "--quiet", "-a", host), []
    try:
        address = f"http://{host}/examples/variation-0/"
        wait_for(address, "Edition")
        for repeat, edition in enumerate(range(101, 101 + EDITS)):
            # MkDocs looks for edits twice a second: not always just before.
            time.sleep(1 + repeat / EDITS / 2 if repeat else 8)
            start = time.perf_counter()
            edit(root, 0, edition)
            wait_for(address, f"Edition {edition}.")
            seconds = time.perf_counter() - start
            found.append((seconds, records(root)[-1]["cpu"]))
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate()
    return found


def wait_for(address, text):
    """Ask for a page until it contains a text.

    Raises:
        TimeoutError: it does not within a minute.
    """
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with (
            contextlib.suppress(urllib.error.URLError, ConnectionError),
            urllib.request.urlopen(address) as answer,
        ):
            if text in answer.read().decode():
                return
        time.sleep(POLL)
    raise TimeoutError(f"{address} never said {text!r}")


def measure(folder, count):
    """All figures of a book with so many pages, in seconds and bytes."""
    book, floor = folder / f"book-{count}", folder / f"floor-{count}"
    write_book(book, count, True)
    write_book(floor, count, False)
    build(floor)  # fills the page cache
    found = {
        "pages": count,
        "cores": cores(),
        "imports": statistics.median(import_seconds() for _ in range(REPEATS)),
    }
    before = share()
    found["cold"] = build(book)
    found["share"] = (before + share()) / 2
    found["programs"] = sum(record["cpu"] for record in records(book))
    pairs = [(build(floor), build(book)) for _ in range(REPEATS)]
    found["floor"], found["unchanged"] = map(statistics.median, zip(*pairs))
    edit(book, 0, 1)
    found["changed"] = build(book)
    found["changed_program"] = records(book)[-1]["cpu"]
    seconds, cpu = zip(*serve_seconds(book))
    found["served_first"] = seconds[0]
    found["served"] = statistics.median(seconds)
    found["served_program"] = statistics.median(cpu)
    found["peak"] = peak_memory(book)
    return found


# Reporting -----------------------------------------------------------------

ROWS = [
    ("floor", "floor: no code run (median of 3)"),
    ("unchanged", "nothing changed (median of 3)"),
    ("cold", "cold: empty cache"),
    ("changed", "one program changed"),
    ("changed_program", "  CPU of that program"),
    ("served", "one edit under serve (median of 5)"),
    ("served_first", "  the first of them"),
    ("served_program", "  CPU of that program"),
    ("imports", "import of the libraries (median of 3)"),
    ("programs", "CPU of all programs"),
]


def targets(found):
    """The targets of a book: list of (name, measured, at most, unit)."""
    floor = found["floor"]
    ideal = floor + found["imports"] + found["programs"] / found["cores"]
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
        ("peak memory < 3 GB", found["peak"] / 1e9, 3, "GB"),
    ]


def report(books):
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
        for name, value, most, unit in targets(book):
            verdict = "met   " if value <= most else "MISSED"
            print(f"  {verdict} {name}: {value:.2f} of {most:.2f} {unit}")


def main():
    """Measure, print, and write the figures when asked to."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("pages", nargs="*", type=int, default=[8, 40])
    parser.add_argument("--json", help="a file for the figures")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        books = []
        for count in sorted(options.pages):
            print(f"Measuring {count} pages", flush=True)
            books.append(measure(Path(folder), count))
    report(books)
    if options.json:
        write(Path(options.json), json.dumps(books, indent=2) + "\n")


if __name__ == "__main__":
    main()
