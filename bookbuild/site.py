"""Turns MkDocs's events into calls of the rest: find, run, generate, number, fill in."""

import hashlib
import json
import logging
import os
import posixpath
import re
import subprocess
import time
from html import escape
from pathlib import Path

import filelock
import markdown as python_markdown
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File
from mkdocs.utils import CountHandler

from bookbuild import book as state
from bookbuild import citations, maths, notebooks, numbering
from bookbuild.book import Book, PageSource
from bookbuild.cache import read_json, write_atomically
from bookbuild.errors import BookError
from bookbuild.figures import darken
from bookbuild.markup import figure_path

__all__ = ["on_startup", "on_config", "on_files", "on_nav",
           "on_page_markdown", "on_page_content", "on_env", "on_post_page",
           "on_post_build", "on_build_error", "on_serve"]

log = logging.getLogger("mkdocs.plugins.bookbuild")
EXTENSIONS = ["bookbuild.markup", "bookbuild.maths", "bookbuild.citations"]
CLAIM = re.compile(r'<details class="claim" id="([^"]+)">\s*'
                   r"<summary>(.*?)</summary>", re.S)
DEFAULTS = {"preload": [], "limit": 120, "assets": {}, "references": None,
            "bibliography": "bibliography.md"}

_serving = False
_lock = None


def on_startup(command, dirty):
    """Remember whether errors end the build or are shown in the page."""
    global _serving
    _serving = command == "serve"


def on_config(config):
    """Start a build: take the book's lock, read its settings."""
    global _lock
    if _serving:
        forgive_warnings()
    root = Path(config.config_file_path).parent
    os.environ.setdefault("SOURCE_DATE_EPOCH", commit_time(root))
    settings = DEFAULTS | config.extra.get("bookbuild", {})
    book = state.current = Book(root, config.docs_dir, root / "snippets",
                                settings, _serving)
    book.cited, book.references = set(), {}
    _lock = take_lock(book.cache.folder)
    if settings["references"]:
        book.references = citations.read(root / settings["references"],
                                         book.cache.folder)
    config.markdown_extensions.extend(
        name for name in EXTENSIONS if name not in config.markdown_extensions)
    return config


@event_priority(100)  # before mkdocs-jupyter looks for notebooks
def on_files(files, config):
    """Find what pages refer to, run what has to run, add what it produced."""
    book = state.current
    solutions = [file for file in files
                 if re.fullmatch(r"solutions/[\w-]+\.py", file.src_uri)]
    for file in files.documentation_pages():
        book.add_page(file.src_uri, Path(file.abs_src_path).read_text(
            encoding="utf-8"))
    for file in solutions:
        add_solutions_page(book, file)
    run_programs(book)
    book.check()
    if book.errors and not book.serving:
        errors = [error for page in book.errors.values() for error in page]
        if len(errors) == 1:
            raise errors[0]
        raise BookError("\n  ".join([f"{len(errors)} problems:",
                                     *map(str, errors)]))
    for file in solutions:
        add_notebook_page(book, file, files, config)
    add_results(book, files, config)
    for target, pattern in book.settings["assets"].items():
        add_assets(target, pattern, files, config)
    warn_of_orphans(book)
    return files


def on_nav(nav, config, files):
    """Number chapters and pages."""
    book = state.current
    book.numbers = numbering.number_pages(nav)
    book.order = [page.file.src_uri for page in nav.pages]

    def walk(items):
        for item in items:
            if item.is_section:
                first = item.children[0]
                number = first.is_page and book.numbers.get(
                    first.file.src_uri)
                if number:
                    item.title = f"{number} {item.title}"
                walk(item.children)

    walk(nav.items)
    return nav


def on_page_markdown(markdown, page, config, files):
    """Tell the Markdown extensions which page they are in."""
    book, uri = state.current, page.file.src_uri
    book.current = book.pages.get(uri) or PageSource(uri, markdown)
    if errors := book.errors.get(uri):  # only when serving
        return error_page(markdown, errors)
    return markdown


def on_page_content(html, page, config, files):
    """Number the title and offer the page's programs for download."""
    book, uri = state.current, page.file.src_uri
    if uri.startswith("solutions/"):
        uri = uri.replace(".ipynb", ".py")
        book.current = book.pages[uri]
        converter = python_markdown.Markdown(
            extensions=config.markdown_extensions,
            extension_configs=config.mdx_configs)
        html = notebooks.page_html(html, book.programs[uri].text,
                                   lambda text: converter.reset().convert(text))
    if number := book.numbers.get(uri):
        html = numbering.number_heading(html, number)
    if source := book.pages.get(uri):
        html = html.replace("</h1>", "</h1>" + downloads(
            source.programs, page.url), 1)
    return html


def on_env(env, config, files):
    """With all pages rendered: collect claims, fill in what refers to others."""
    book = state.current
    pages = [file.page for file in files.documentation_pages()
             if file.page and file.page.content]
    for page in pages:
        if "<!-- claims -->" in page.content:
            page.content = page.content.replace(
                "<!-- claims -->", claims_list(pages, page, book))
    for key in book.references.keys() - book.cited:
        log.warning(f"no page cites '{key}'")
    known = numbering.labels({page.url: (page.file.src_uri, page.content)
                              for page in pages}, book.numbers)
    for page in pages:
        page.content, missing = numbering.fill_links(page.content, page.url,
                                                     known)
        for link in missing:
            uri = page.file.src_uri
            text = book.problem(BookError(
                f"nothing numbered stands behind {link}", uri,
                uri in book.pages and numbering.link_line(
                    book.pages[uri].text, link)))
            page.content = page.content.replace(
                link, f"{link[:-4]}{escape(text)}</a>")
        if number := book.numbers.get(page.file.src_uri):
            page.title = f"{number} {page.title}"
    return env


def on_post_page(output, page, config):
    """Put in the formulas, and the PDF's link in a build that makes one."""
    pdf = state.current.settings.get("pdf")
    link = pdf and (' (<a href="' + posixpath.relpath(
        pdf, posixpath.dirname(page.url) or ".") + '">download</a>)')
    return maths.insert_formulas(output).replace("<!-- pdf -->", link or "")


def on_post_build(config):
    """Keep what was learnt and give the lock back."""
    book = state.current
    if maths._engine:
        maths.engine().save()
    book.cache.sweep()
    for errors in book.errors.values():
        for error in errors:
            log.error(str(error))
    _lock.release()


def on_build_error(error):
    """Give the lock back."""
    if _lock:
        _lock.release()


def on_serve(server, config, builder):
    """Load the libraries now, so that the first edit need not wait."""
    from bookbuild import runner

    runner.warm(state.current.settings["preload"])
    return server


# Running -----------------------------------------------------------------

def run_programs(book):
    """Load the records of all programs; run those that have none."""
    stale = []
    for name, program in book.programs.items():
        record = book.cache.load(name, program.text)
        if record is None:
            stale.append(program)
        else:
            book.records[name] = record
    if not stale:
        return
    from bookbuild import runner

    timings_path = book.cache.folder / "timings.json"
    timings = read_json(timings_path) or {}
    usual = sum(timings.values()) / len(timings) if timings else 5
    expected = {program.name: timings.get(program.name, usual)
                for program in stale}
    stale.sort(key=lambda program: -expected[program.name])  # longest first
    jobs = [{"program": program.name, "path": str(program.path),
             "text": program.text, "root": str(book.root), "entry": str(
                 book.cache.path(program.name, program.text))}
            for program in stale]
    start, done = time.monotonic(), 0
    log.info(f"Running {len(jobs)} programs on {runner.cores()} cores")

    def on_event(report):
        nonlocal done
        name = report["program"]
        if "started" in report:
            return
        done += 1
        if "error" in report:
            blame(book, name, report)
            how = "failed"
        else:
            timings[name] = report["cpu"]
            how = f"{report['cpu']:.1f} s"
        del expected[name]
        left = sum(expected.values()) / runner.cores()
        log.info(f"[{done}/{len(jobs)}] {name}: {how} "
                 f"({time.monotonic() - start:.0f} s so far, "
                 f"about {left:.0f} s left)")

    def meanwhile():
        for program in stale:
            download_notebook(book, program)

    runner.run(jobs, book.settings["preload"], book.settings["limit"],
               on_event, meanwhile)
    write_atomically(timings_path, json.dumps(timings))
    for program in stale:
        record = book.cache.load(program.name, program.text)
        if record is not None:
            book.records[program.name] = record


def blame(book, name, report):
    """Put a program's error on every page that refers to it."""
    for uri, page in book.pages.items():
        lines = [r.line for r in page.references if r.program == name]
        if lines:
            book.fail(BookError(report["error"], uri, lines[0], name,
                                report["line"]))


def warn_of_orphans(book):
    """Warn of programs that no page refers to, and of programs that warn."""
    read = {name for record in book.records.values()
            for name in record["files"]}
    for path in sorted(book.snippets.rglob("*.py")):
        name = path.relative_to(book.snippets).as_posix()
        if (name not in book.programs
                and path.relative_to(book.root).as_posix() not in read):
            log.warning(f"{name}: no page refers to this program")
    for name, record in sorted(book.records.items()):
        for warning in record["warnings"]:
            log.warning(f"{name}: {warning}")


# Generated files -----------------------------------------------------------

def add_file(files, config, uri, **content):
    """Add a generated file to the site."""
    files.append(File.generated(config, uri, **content))


def add_results(book, files, config):
    """Add the figures of all programs, and the programs for download."""
    for name, program in sorted(book.programs.items()):
        for figure, drawn in book.records.get(name, {}).get(
                "figures", {}).items():
            for look, svg in (("light", drawn["svg"]),
                              ("dark", darken(drawn["svg"]))):
                add_file(files, config, figure_path(name, figure, look),
                         content=svg)
        add_file(files, config, f"programs/{name}",
                 content=notebooks.cell_program(program.text))
        add_file(files, config, f"programs/{name[:-3]}.ipynb",
                 abs_src_path=str(download_notebook(book, program)))


def download_notebook(book, program):
    """The file of a program's notebook, made when it is new."""
    return notebooks.cached_notebook(
        book.cache.folder, notebooks.cell_program(program.text))


def add_assets(target, pattern, files, config):
    """Add files of the front-end packages to the site.

    Args:
        target: a path in the site; a folder when it ends in a slash.
        pattern: a glob below node_modules.
    """
    paths = sorted(maths.NODE_MODULES.glob(pattern))
    if not paths:
        raise BookError(f"{pattern} is missing among the front-end packages: "
                        "npm ci")
    for path in paths:
        uri = target + path.name if target.endswith("/") else target
        add_file(files, config, uri, abs_src_path=str(path))


def commit_time(root):
    """Seconds since 1970 of the last commit, so that two builds agree."""
    try:
        answer = subprocess.run(
            ["git", "log", "-1", "--format=%ct"], cwd=root,
            capture_output=True, text=True)
        return answer.stdout.strip() or "315532800"
    except OSError:
        return "315532800"


def take_lock(folder):
    """Wait until no other build of this book is running."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(folder / "lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        log.info("Another build of this book is running; waiting for it")
        lock.acquire()
    return lock


def forgive_warnings():
    """Keep `mkdocs serve` running: in strict mode a warning would end it."""
    logger = logging.getLogger("mkdocs")
    for handler in list(logger.handlers):
        if isinstance(handler, CountHandler):
            logger.removeHandler(handler)


# HTML ----------------------------------------------------------------------

def error_page(markdown, errors):
    """What `mkdocs serve` shows in place of a page with errors."""
    title = next((line for line in markdown.splitlines()
                  if line.startswith("# ")), "# This page")
    rows = "".join(f"<p><code>{escape(str(error))}</code></p>"
                   for error in errors)
    return (f'{title}\n\n<div class="admonition failure book-error">'
            '<p class="admonition-title">This page cannot be built</p>'
            f"{rows}</div>\n")


def downloads(programs, url):
    """The line under a title that offers the page's programs."""
    if not programs:
        return ""
    links = []
    for name in programs:
        target = posixpath.relpath(f"programs/{name}",
                                   posixpath.dirname(url) or ".")
        links.append(
            f'<span><code>{posixpath.basename(name)}</code> '
            f'<a href="{target}" download>Python</a> '
            f'<a href="{target[:-3]}.ipynb" download>Notebook</a></span>')
    return ('<p class="programs" data-search-exclude>'
            + "".join(links) + "</p>")


def claims_list(pages, here, book):
    """The list of all claims of the book, page by page in reading order."""
    parts, order = [], {uri: n for n, uri in enumerate(book.order)}
    for page in sorted(pages, key=lambda page: order.get(
            page.file.src_uri, len(order))):
        claims = CLAIM.findall(page.content)
        if not claims:
            continue
        target = posixpath.relpath(page.url, posixpath.dirname(here.url) or ".")
        title = " ".join(filter(None, [
            book.numbers.get(page.file.src_uri), page.title]))
        parts.append(f'<h2 id="{escape(page.url)}">'
                     f'<a href="{target}">{title}</a></h2><ol>')
        parts += [f'<li><a href="{target}#{anchor}">{sentence}</a></li>'
                  for anchor, sentence in claims]
        parts.append("</ol>")
    return "".join(parts)


# Solutions -----------------------------------------------------------------

def add_solutions_page(book, file):
    """Register a solutions notebook: a page that is its own program."""
    text = Path(file.abs_src_path).read_text(encoding="utf-8")
    prose = "\n".join(line if line.startswith("#") else ""
                      for line in text.splitlines())
    book.add_page(file.src_uri, prose)
    try:
        book.program(file.src_uri)
    except BookError as error:
        book.fail(error)


def add_notebook_page(book, file, files, config):
    """Hand mkdocs-jupyter the executed notebook in place of the program."""
    name = file.src_uri
    page = name.removesuffix(".py") + ".ipynb"
    files.remove(file)
    if name not in book.records:  # serving, and it failed
        add_file(files, config, name.removesuffix(".py") + ".md",
                 content=f"# {name}\n")
        return
    text, record = book.programs[name].text, book.records[name]
    digest = hashlib.sha256(repr((text, record)).encode()).hexdigest()[:24]
    folder = book.cache.folder / "notebooks" / digest
    if not (folder / page).exists():
        write_atomically(folder / page, notebooks.executed_notebook(
            book.programs[name], record))
    files.append(File(page, str(folder), config.site_dir,
                      config.use_directory_urls))
