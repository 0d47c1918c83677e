"""Versions of the site beside one another: the selector of versions, and its absence from a file."""

import json
import shutil
import subprocess
import sys
import threading

import pytest
from conftest import NAV, ROOT, Host, TinyBook, builds

pytestmark = pytest.mark.slow

THEME = {"name": "material", "custom_dir": str(ROOT / "theme"), "font": False}


@pytest.fixture
def beside(tmp_path):
    """Two versions of a tiny book, one with another page, as they are published."""
    sites = {}
    for name, text in {"latest": "It ends.", "v1.0.0": "It begins."}.items():
        made = TinyBook(
            tmp_path / name,
            config={
                "theme": THEME,
                "nav": ["index.md", *NAV],
                "site_url": f"https://example.org/book/{name}/",
                "extra": {"version": {"provider": "mike"}},
            },
            plugins=["search"],
        )
        made.page("index.md", "# A tiny book\n\nThere is a part.\n")
        made.page("part/index.md", f"# The part\n\n{text}\n")
        builds(made)
        sites[name] = made.site
    folder = tmp_path / "host" / "book"
    pairs = [f"{name}={site}" for name, site in sites.items()]
    subprocess.run([sys.executable, ROOT / ".ci/versions", folder, *pairs], check=True)
    return folder


@pytest.fixture
def served(beside):
    """The address of the versions, which lie in a folder of their host."""
    shutil.copy(beside / "404.html", beside.parent)  # the host's
    host = Host(beside.parent)
    threading.Thread(target=host.serve_forever, daemon=True).start()
    yield f"{host.address}book/"
    host.shutdown()
    host.server_close()


def test_a_reader_can_go_to_another_version(browser, served):
    page = browser.new_page()
    page.goto(served)  # leads to the latest
    page.wait_for_url("**/latest/")
    page.goto(f"{served}latest/part/index.html")
    assert "It ends." in page.text_content("article")
    page.wait_for_selector(".md-version__current")
    assert page.text_content(".md-version__current").strip() == "latest"
    page.hover(".md-version")
    page.click(".md-version__link:text('v1.0.0')")
    page.wait_for_url("**/v1.0.0/part/index.html")  # the same page
    assert "It begins." in page.text_content("article")
    page.wait_for_selector(".md-version__current:text('v1.0.0')")
    page.close()


def test_a_file_asks_for_no_versions(browser, beside):
    page, asked = browser.new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: asked.append(message.text))  # if refused
    page.goto((beside / "latest/part/index.html").as_uri())
    page.wait_for_timeout(500)
    assert len(asked) > 3 and not any("versions.json" in url for url in asked)
    assert not page.query_selector(".md-version")
    page.close()


def test_versions_are_named_newest_first(beside):
    known = json.loads((beside / "versions.json").read_text())
    assert [one["version"] for one in known] == ["latest", "v1.0.0"]
    assert (beside / "404.html").exists()
