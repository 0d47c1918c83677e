"""The command line of a book: `python -m bookbuild run cnn/index.py`, `pdf`, `epub`, `new page`, `claims`, `expected`, `grade`."""

from __future__ import annotations

import argparse
import contextlib
import logging
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bookbuild.errors import BookError


def main(words: list[str] | None = None) -> int:
    """Run one command; returns what to end the process with."""
    parser = argparse.ArgumentParser(prog="python -m bookbuild", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser(
        "run", help="run a program, and check the claims about it"
    )
    run.add_argument(
        "program", help="as cnn/index.py, or solutions/cnn/index.py for answers"
    )
    run.add_argument(
        "--break",
        dest="broken",
        metavar="NAME",
        help="break it first, as its .breaks.toml says",
    )
    run.add_argument(
        "--fresh", action="store_true", help="although its record is known"
    )
    build = commands.add_parser("build", help="build the site, as mkdocs build does")
    pdf = commands.add_parser("pdf", help="build the site and one PDF of it")
    pdf.add_argument(
        "output",
        nargs="?",
        type=Path,
        help="where to; in the site, which then offers it, when left out",
    )
    epub = commands.add_parser("epub", help="build the site and one EPUB of it")
    epub.add_argument(
        "output", nargs="?", type=Path, help="where to; in the site when left out"
    )
    new = commands.add_parser("new", help="begin a page")
    new.add_argument("kind", choices=["page"])
    new.add_argument("name", help="as rnn/attention")
    claims = commands.add_parser("claims", help="a table of all claims and margins")
    claims.add_argument("--output", type=Path, help="a Markdown file to write")
    for command in (run, claims):
        command.add_argument(
            "--seeds", metavar="N", type=int, help="add N to every seed before"
        )
    expected = commands.add_parser(
        "expected",
        help="write down how long programs take, for those who have no record",
    )
    grade = commands.add_parser(
        "grade", help="see which broken versions of a program your assertions notice"
    )
    grade.add_argument("program", help="as cnn/index.py")
    grade.add_argument("answer", type=Path, help="a file with your assertions")
    parser.add_argument(
        "--root", type=Path, default=Path("."), help="the book's folder"
    )
    for command in (run, pdf, epub, new, claims, expected, grade):
        command.set_defaults(parser=command)
    for command in (run, build, pdf, epub, claims):
        command.add_argument(
            "--cluster",
            metavar="ADDRESS",
            help="run programs on a Dask cluster, as tcp://scheduler:8786",
        )
    chosen = parser.parse_args(words)
    try:
        action = {
            "run": run_program,
            "build": build_site,
            "pdf": print_site,
            "epub": print_site,
            "new": new_page,
            "claims": list_claims,
            "expected": write_expected,
            "grade": grade_answer,
        }[chosen.command]
        return action(chosen)
    except BookError as error:
        print(error, file=sys.stderr)
    except OSError as error:  # a file that cannot be written, or is a folder
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
    except KeyboardInterrupt:
        pass
    return 1


def run_program(chosen: Any) -> int:
    """Run one program; show what it printed and what became of its claims."""
    from bookbuild.check.book import CheckedBook
    from bookbuild.run.record import Failure

    book = CheckedBook(chosen.root, chosen.fresh, chosen.cluster)
    name = chosen.program
    for folder in (Path(book.config.docs_dir).name, book.settings.programs):
        name = name.removeprefix(f"{folder}/")
    broken = None
    if chosen.broken:
        known = {entry.name: entry for entry in book.breaks(name)}
        if chosen.broken not in known:
            raise BookError(
                f"there is no break {chosen.broken!r}; there is: " + ", ".join(known),
                program=name,
            )
        broken = known[chosen.broken]
    elif chosen.seeds and name in book.jobs:
        broken = book.other_seeds(name, chosen.seeds)
    try:
        outcome = book.outcome(name, broken)
    finally:
        book.close()
    if isinstance(outcome, Failure):
        raise BookError(outcome.message, program=name, program_line=outcome.line)
    sys.stdout.write(outcome.printed())
    print(
        f"\n{name}: {outcome.cpu:.1f} s of CPU time, figures: "
        + (", ".join(outcome.figures) or "none")
    )
    for verdict in outcome.verdicts:
        print(("holds  " if verdict.held else "FAILS  ") + verdict.claim)
        for c in verdict.comparisons:
            print(
                f"         {c.left} {c.operator} {c.right}: "
                f"{c.left_value:.4g} {c.operator} {c.right_value:.4g}"
            )
        if not verdict.held:
            print(f"         {verdict.message}")
    return 0 if chosen.broken or all(v.held for v in outcome.verdicts) else 1


def print_site(chosen: Any) -> int:
    """Build the site, and the PDF or the EPUB from its pages."""
    begun = time.monotonic()

    def prints(config: Any, plugin: Any) -> None:
        name = "".join(c if c.isalnum() else "-" for c in config.site_name.lower())
        file = f"{name}.{chosen.command}"
        plugin.print_to = chosen.output or Path(config.site_dir) / file
        plugin.print_as = chosen.command
        plugin.offer_pdf = chosen.output is None and chosen.command == "pdf"

    plugin = built(chosen, prints)
    if plugin is None:
        return 1
    print(
        f"{plugin.print_to}: {plugin.printed} pages, {time.monotonic() - begun:.1f} s"
    )
    return 0


def build_site(chosen: Any) -> int:
    """Build the site."""
    return 0 if built(chosen) else 1


def built(chosen: Any, prepare: Callable[[Any, Any], None] | None = None) -> Any:
    """Build the site; returns the plugin, or None when MkDocs has said what is wrong.

    Args:
        chosen: the words of the command.
        prepare: called with the configuration and the plugin before.
    """
    from mkdocs.commands.build import build
    from mkdocs.config import load_config
    from mkdocs.exceptions import Abort, MkDocsException

    from bookbuild.plugin import plugin_of

    try:
        config = load_config(str(chosen.root / "mkdocs.yml"))
        plugin = plugin_of(config)
        plugin.config.cluster = chosen.cluster or plugin.config.cluster
        if prepare:
            prepare(config, plugin)
        with shown_log():
            config.plugins.on_startup(command="build", dirty=False)
            try:
                build(config)
            finally:
                config.plugins.on_shutdown()
    except Abort as error:
        if "BuildError" not in str(error):  # else MkDocs has said it already
            print(error, file=sys.stderr)
        return None
    except (MkDocsException, OSError) as error:
        raise BookError(str(error)) from error
    return plugin


@contextlib.contextmanager
def shown_log() -> Iterator[None]:
    """Show what MkDocs warns of, and which programs run."""
    handler, logger = logging.StreamHandler(), logging.getLogger("mkdocs")
    handler.setFormatter(logging.Formatter("%(message)s"))
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.WARNING)
    logging.getLogger("mkdocs.plugins.bookbuild").setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


def list_claims(chosen: Any) -> int:
    """Write a table of every claim, what was measured and what was asked."""
    from bookbuild.check.book import CheckedBook
    from bookbuild.pages.show import came_true
    from bookbuild.run.record import Failure

    book = CheckedBook(chosen.root, cluster=chosen.cluster)
    rows = [
        "| claim | program | holds | measured and asked | fails with |",
        "|---|---|---|---|---|",
    ]
    wanted = {
        name: (claims, book.other_seeds(name, chosen.seeds) if chosen.seeds else None)
        for name, (_, claims) in book.jobs.items()
        if claims
    }
    try:
        for name, (_, other) in wanted.items():
            book.start(name, other)
        for name, (claims, other) in wanted.items():
            outcome = book.outcome(name, other)
            breaks = [] if name.endswith(".md") else book.breaks(name)
            for claim in claims:
                if isinstance(outcome, Failure):
                    rows.append(f"| {claim.id} | {name} | no | {outcome.message} | |")
                    continue
                verdict = next(v for v in outcome.verdicts if v.claim == claim.id)
                shown = (
                    "; ".join(
                        f"`{c.left} {c.operator} {c.right}`: {c.left_value:.4g} "
                        f"{c.operator} {c.right_value:.4g}".replace("|", "\\|")
                        for c in verdict.comparisons
                        if not verdict.held or came_true(c)
                    )
                    or verdict.message
                )
                failing = "; ".join(b.name for b in breaks if claim.id in b.fails)
                held = "yes" if verdict.held else "**no**"
                rows.append(f"| {claim.id} | {name} | {held} | {shown} | {failing} |")
    finally:
        book.close()
    text = "\n".join(rows) + "\n"
    if chosen.output:
        chosen.output.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
    return 0


def write_expected(chosen: Any) -> int:
    """Write down the CPU seconds of all programs, longest first."""
    from bookbuild.check.book import CheckedBook

    book = CheckedBook(chosen.root)
    name = book.settings.expected
    if not name:
        raise BookError("mkdocs.yml names no file with 'expected' (plugin 'book')")
    seconds = {}
    for key, (program, claims) in book.jobs.items():
        record = book.runner.load(program, claims=claims)
        value = record.cpu if record else book.runner.expected(key)
        if value is not None:
            seconds[key] = value
    lines = [
        "# Seconds of CPU time that programs took where this was written; "
        "longest first.",
        "[seconds]",
    ]
    lines += [
        f'"{key}" = {value:.1f}'
        for key, value in sorted(seconds.items(), key=lambda item: (-item[1], item[0]))
    ]
    (chosen.root / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


def grade_answer(chosen: Any) -> int:
    """Say which broken versions of a program a reader's assertions notice."""
    from bookbuild.check.book import CheckedBook
    from bookbuild.check.grade import grade

    book = CheckedBook(chosen.root)
    caught, versions = 0, 0
    try:
        for one in grade(book, chosen.program, chosen.answer):
            if not one.version and not one.good:
                print(f"the right program fails: {one.message}")
                return 1
            if not one.version:
                print("the right program passes")
                continue
            versions += 1
            caught += one.good
            print(f"{'caught' if one.good else 'MISSED'}  {one.version}", end="")
            print(f": {one.message}" if one.message else "")
    finally:
        book.close()
    print(f"caught {caught} of {versions}")
    return 0 if caught == versions else 1


def new_page(chosen: Any) -> int:
    """Begin a page: its Markdown, its program, its breaks and its answers."""
    from bookbuild.check.book import CheckedBook
    from bookbuild.newpage import begin

    book = CheckedBook(chosen.root)
    docs = Path(book.config.docs_dir)
    programs, answers = book.root / book.settings.programs, docs / book.settings.answers
    reference = next(iter(book.book.references), "")
    for path in begin(docs, programs, answers, chosen.name, book.book.words, reference):
        print(path.relative_to(book.root))
    return 0


if __name__ == "__main__":
    sys.exit(main())
