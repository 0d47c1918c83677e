"""Makes tiny real books and builds them with the real MkDocs."""

import contextlib
import gzip
import html
import http.server
import io
import json
import logging
import mimetypes
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import zlib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

os.environ["NO_MKDOCS_2_WARNING"] = "1"

import fontTools.subset  # noqa: F401  pytester forgets modules; this one cannot be imported twice
import pytest
from mkdocs.commands.build import build as build_site
from mkdocs.config import load_config
from mkdocs.exceptions import Abort, MkDocsException
from passed import pytest_configure  # noqa: F401  remembers what has passed

ROOT = Path(__file__).parent.parent
NAV = [
    {"Part": ["part/index.md", "part/first.md"]},
    {"Appendix": ["bibliography.md", "claims.md"]},
]
PAGES = {
    "part/index.md": "# The part\n\nIt begins.\n",
    "part/first.md": """\
# First

```python
--8<-- "part/first.py:work"
```

/// output | part/first.py:work
///

The mean is {{ mean:.2f }}.
""",
    "bibliography.md": "# Bibliography\n\n<!-- bibliography -->\n",
    "claims.md": "# Claims\n\n<!-- claims -->\n",
}
PROGRAMS = {
    "part/first.py": """\
\"\"\"The first program.\"\"\"
# --8<-- [start:work]
mean = sum([1, 2, 3]) / 3
print("mean is", mean)
results = {"mean": mean}
# --8<-- [end:work]
""",
}
BIB = """\
@book{two2001, author={Bea Two}, title={A book}, publisher={P}, year={2001}}
"""
DRAWS = """\
import matplotlib.pyplot as plt

fig, ax = plt.subplots(num="line")
ax.plot([0, 1], [0, 1], label="a line")
ax.set_xlabel("time (s)")
plt.show()
"""


@dataclass
class Build:
    """How a build ended."""

    code: int
    output: str
    seconds: float

    @property
    def runs(self):
        """Names of the programs that ran, in the order they ended."""
        return [
            line.split("] ")[1].split(": ")[0]
            for line in self.output.splitlines()
            if "/" in line.partition("]")[0] and "s so far" in line
        ]


class TinyBook:
    """A small book on disk: pages, programs and settings that a test edits.

    Args:
        root: an empty folder.
        settings: for the plugin `book` in mkdocs.yml.
        config: for the top level of mkdocs.yml.
        plugins: other plugins.
    """

    def __init__(self, root, settings=None, config=None, plugins=()):
        self.root = Path(root)
        self.site = self.root / "site"
        self.records = self.root / ".cache" / "bookbuild" / "records"
        (self.root / "docs").mkdir(parents=True)
        (self.root / "snippets").mkdir()
        (self.root / "node_modules").symlink_to(ROOT / "node_modules")
        self.config = {
            "site_name": "A tiny book",
            "theme": {"name": "mkdocs"},
            "nav": NAV,
            "strict": True,
            "use_directory_urls": False,
            "validation": {
                "omitted_files": "ignore",
                "anchors": "warn",
                "unrecognized_links": "warn",
            },
            "markdown_extensions": [
                "admonition",
                "attr_list",
                "md_in_html",
                "tables",
                {"pymdownx.arithmatex": {"generic": True}},
                "pymdownx.highlight",
                "pymdownx.superfences",
            ],
            "plugins": [*plugins, {"book": {"limit": 60, **(settings or {})}}],
            **(config or {}),
        }
        self.settings()
        for name, text in PAGES.items():
            self.page(name, text)
        for name, text in PROGRAMS.items():
            self.program(name, text)

    def settings(self, **changes):
        """Write mkdocs.yml, with settings of its top level changed."""
        self.config |= changes
        # JSON is YAML.
        (self.root / "mkdocs.yml").write_text(json.dumps(self.config))

    def page(self, name, text):
        """Write a page (or another file of docs/)."""
        return self.write("docs", name, text)

    def program(self, name, text):
        """Write a program (or another file of snippets/)."""
        return self.write("snippets", name, text)

    def write(self, folder, name, text):
        """Write a file of the book, making its folder."""
        path = self.root / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def command(self, *words, module="mkdocs"):
        """The arguments and environment with which MkDocs is started."""
        return (
            [sys.executable, "-m", module, *words],
            {
                "cwd": self.root,
                "env": os.environ
                | {
                    "NO_MKDOCS_2_WARNING": "1",
                    "PYTHONUNBUFFERED": "1",
                    "PYTHONDONTWRITEBYTECODE": "",
                },
            },
        )

    def build(self):
        """Build the book in this process, as `mkdocs build` does; returns a `Build`."""
        start, code = time.monotonic(), 0
        with captured_log() as log:
            try:
                config = load_config(str(self.root / "mkdocs.yml"))
                config.plugins.on_startup(command="build", dirty=False)
                try:
                    build_site(config)
                finally:
                    config.plugins.on_shutdown()
            except (Abort, MkDocsException) as error:
                code = 1
                log.write(f"{error}\n")
        return Build(code, log.getvalue(), time.monotonic() - start)

    def build_apart(self, hash_seed="random"):
        """Build the book in a process of its own; returns a `Build`."""
        words, options = self.command("build")
        options["env"]["PYTHONHASHSEED"] = hash_seed
        start = time.monotonic()
        done = subprocess.run(
            words,
            stdout=subprocess.PIPE,
            timeout=120,
            stderr=subprocess.STDOUT,
            text=True,
            **options,
        )
        return Build(done.returncode, done.stdout, time.monotonic() - start)

    def start(self, *words, module="mkdocs"):
        """Start a build and return its process, output in `log.txt`."""
        words, options = self.command(*words, module=module)
        with open(self.root / "log.txt", "w") as log:
            return subprocess.Popen(
                words, stdout=log, stderr=subprocess.STDOUT, **options
            )

    @property
    def log(self):
        """What the build that `start` started has written so far."""
        return (self.root / "log.txt").read_text()

    def html(self, page):
        """A page of the built site."""
        return (self.site / page).read_text()

    def record(self, program):
        """Path and content of the one record of a program that is kept."""
        found = [
            (path, entry)
            for path in self.records.glob("*.json")
            if (entry := json.loads(path.read_text()))["value"]["program"] == program
        ]
        [record] = found
        return record


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the whole book, built by the command readers use."""
    folder = tmp_path_factory.mktemp("book") / "site"
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "-d", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    return folder


@pytest.fixture(scope="session")
def checked():
    """The book of this repository, read for its tests."""
    from bookbuild.check.book import CheckedBook

    return CheckedBook(ROOT)


@pytest.fixture(scope="session")
def records(site, checked):
    """The record of every program of the book."""
    known = {
        name: checked.runner.load(program, claims=claims)
        for name, (program, claims) in checked.jobs.items()
    }
    missing = [name for name, record in known.items() if record is None]
    assert not missing, f"the build has left no record of {', '.join(missing)}"
    return known


@contextlib.contextmanager
def captured_log():
    """What MkDocs and its plugins log, as its command shows it; keeps `os.environ`."""
    log, before = io.StringIO(), dict(os.environ)
    handler, logger = logging.StreamHandler(log), logging.getLogger("mkdocs")
    handler.setFormatter(logging.Formatter("%(levelname)-7s -  %(message)s"))
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield log
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        os.environ.clear()
        os.environ.update(before)


def builds(book, page=None):
    """Build a book that has no mistakes; returns the `Build`, or a page of it."""
    done = book.build()
    assert done.code == 0, done.output
    return book.html(page) if page else done


def fails(book, *words):
    """Build a book that has a mistake; returns its one message.

    Checks that all words are said, and nothing like a traceback.
    """
    done = book.build()
    assert done.code != 0, done.output
    assert "Traceback" not in done.output and 'File "' not in done.output, done.output
    for word in words:
        assert word in done.output, done.output
    return done.output


def text_of(page):
    """The text of an HTML page, on one line."""
    page = re.sub(r"<(script|style|annotation)\b.*?</\1>", "", page, flags=re.S)
    return html.unescape(" ".join(re.sub(r"<[^>]+>", "", page).split()))


@pytest.fixture
def book(tmp_path):
    """A tiny book with one program."""
    return TinyBook(tmp_path / "book")


def wait_for(condition, seconds=30):
    """Wait until a condition holds; returns what it returned last."""
    end = time.monotonic() + seconds
    while not (value := condition()) and time.monotonic() < end:
        time.sleep(0.02)
    return value


class Server:
    """`mkdocs serve` for a book, on a free port of this machine."""

    def __init__(self, book):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.book, self.address = book, f"http://127.0.0.1:{port}/"
        self.process = book.start("serve", "--dev-addr", f"127.0.0.1:{port}")

    def get(self, page):
        """A page as it is served now, or "" when there is no answer."""
        try:
            with urllib.request.urlopen(self.address + page, timeout=20) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.read().decode()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return ""

    def shows(self, page, text, seconds=30):
        """Whether a page comes to contain a text."""
        return wait_for(lambda: text in self.get(page), seconds)

    def stop(self):
        """End the server as a reader does, with Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def serve():
    """Start `mkdocs serve` for a book; it is stopped after the test."""
    servers = []

    def start(book):
        servers.append(Server(book))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium; skipped when none is installed, except in CI."""
    from playwright.sync_api import sync_playwright

    path = next(
        filter(
            None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))
        ),
        None,
    )
    if path is None and not os.environ.get("CI"):
        pytest.skip("no Chromium found: apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=path,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-sync",
                "--disable-background-networking",
                "--disable-component-update",
            ],
        )
        yield chromium
        chromium.close()


class Host(http.server.ThreadingHTTPServer):
    """Serves a site on this machine as hosts do: compressed, kept by browsers.

    Attributes:
        sent: (path, bytes of the answer's body) of every answer, in order.
    """

    def __init__(self, folder):
        self.folder, self.sent = Path(folder), []
        super().__init__(("127.0.0.1", 0), HostHandler)
        self.address = f"http://127.0.0.1:{self.server_port}/"


class HostHandler(http.server.BaseHTTPRequestHandler):
    """Answers one request."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        path = self.server.folder / unquote(urlsplit(self.path).path).lstrip("/")
        if path.is_dir():
            path /= "index.html"
        found = path.is_file()
        body = (path if found else self.server.folder / "404.html").read_bytes()
        kind = mimetypes.guess_type(path.name)[0] if found else "text/html"
        packed = path.suffix not in (".woff2", ".png", ".pdf")
        mark = f'"{zlib.crc32(body)}"'
        if self.headers["If-None-Match"] == mark:
            self.send_response(304)
            self.end_headers()
            return
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", kind or "application/octet-stream")
        self.send_header("ETag", mark)
        if packed:
            body = gzip.compress(body, 6)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Cache-Control", "max-age=600")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.server.sent.append((self.path, len(body)))


@pytest.fixture(scope="session")
def hosted(site):
    """The site as a server on this machine offers it."""
    host = Host(site)
    threading.Thread(target=host.serve_forever, daemon=True).start()
    yield host
    host.shutdown()
    host.server_close()


@pytest.fixture
def open_page(browser, site):
    """Opens a page of the site from its file; checks requests at the end."""
    asked, problems, contexts = [], [], []

    def open_it(path, width=1280, scheme="light"):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme
        )
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: problems.append(str(error)))
        path, mark, place = path.partition("#")
        page.goto(f"{(site / path).as_uri()}{mark}{place}")
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert not [url for url in asked if not url.startswith(("file:", "data:", "blob:"))]
    assert not problems
