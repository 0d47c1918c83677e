"""Checks the built book as a reader gets it: links, figures, no requests, downloads, search, looks; and that it is built the same twice."""

import filecmp
import gzip
import os
import re
import shutil
import subprocess
import sys
from urllib.parse import unquote, urlsplit

import lxml.html
import pytest
from conftest import ROOT, TinyBook, builds

from bookbuild.check.book import CheckedBook
from bookbuild.run.record import Record

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def pages(site):
    """Every page of the site as (path, parsed HTML)."""
    return [
        (
            path,
            lxml.html.parse(
                str(path), parser=lxml.html.HTMLParser(encoding="utf-8")
            ).getroot(),
        )
        for path in sorted(site.rglob("*.html"))
    ]


def test_every_link_leads_somewhere(site, pages):
    ids = {
        path: {e.get("id") for e in root.iter() if e.get("id")}
        | {e.get("name") for e in root.iter("a") if e.get("name")}
        for path, root in pages
    }
    broken, checked = [], 0
    for path, root in pages:
        if path.name == "404.html":
            continue  # its links are absolute, for any folder
        for link in root.iter("a"):
            url = urlsplit(link.get("href", ""))
            if url.scheme or url.netloc or link.get("href") is None:
                continue
            target = (path.parent / unquote(url.path)).resolve() if url.path else path
            if target.is_dir():
                target /= "index.html"
            checked += 1
            if not target.exists() or (
                url.fragment
                and target in ids
                and unquote(url.fragment) not in ids[target]
                and not url.fragment.startswith("__")
            ):
                broken.append(f"{path.relative_to(site)}: {link.get('href')}")
    assert checked > 200
    assert not broken


def test_nothing_is_loaded_from_another_host(site, pages):
    outside = []
    for path, root in pages:
        for element in root.iter("script", "img", "link", "iframe", "source"):
            if element.get("rel") == "canonical":
                continue  # it names this page, and loads nothing
            for value in (element.get("src"), element.get("href")):
                if value and urlsplit(value).netloc:
                    outside.append((path.name, value))
    for style in site.rglob("*.css"):
        outside += [
            (style.name, url)
            for url in re.findall(
                r"url\([\"']?(https?://[^)]+)", style.read_text("utf-8")
            )
        ]
    assert not outside


def test_every_image_exists_and_is_described(site, pages):
    seen = 0
    for path, root in pages:
        for image in root.iter("img"):
            alt, src = image.get("alt", ""), image.get("src")
            assert len(alt) > 20, f"{path.name}: {src} has no description"
            assert not alt.lower().startswith(("plot of", "image of")), alt
            if not src.startswith("data:"):
                assert (path.parent / src).exists(), src
            seen += 1
    assert seen > 10


def test_no_formula_is_left_as_text(pages):
    for path, root in pages:
        for element in root.iter("p", "li", "td", "figcaption"):
            if not element.xpath("ancestor-or-self::*[contains(@class, 'output')]"):
                text = "".join(
                    element.xpath(
                        ".//text()[not(ancestor::*[contains(@class, 'math') "
                        "or self::code or self::script])]"
                    )
                )
                assert "$" not in text and "{{" not in text, (path.name, text)


def test_nothing_of_the_book_s_own_syntax_is_left(site):
    for path in site.rglob("*.html"):
        text = path.read_text("utf-8")
        left = re.findall("[\ue000-\ue003]|book-problem|book-running|book-error", text)
        assert not left, f"{path.relative_to(site)}: {set(left)}"


def test_every_page_offers_its_programs(site, pages):
    offered = set()
    for path, root in pages:
        for link in root.cssselect(".programs a[download]"):
            target = (path.parent / link.get("href")).resolve()
            assert target.exists(), f"{path.relative_to(site)}: {link.get('href')}"
            offered.add(target)
    assert offered == {p for p in (site / "programs").iterdir()}


def test_all_claims_are_listed(site, pages):
    claims = sum(len(root.cssselect("details.claim")) for _, root in pages)
    listing = (site / "appendix/checked-claims.html").read_text("utf-8")
    assert claims == len(re.findall(r"#claim-", listing)) > 10


def test_pages_are_light(site):
    """What a reader's browser has to load of a page itself, compressed."""
    for path in site.rglob("*.html"):
        assert len(gzip.compress(path.read_bytes())) < 70_000, path


def test_programs_keep_their_budget(records):
    seconds = {
        name: record.cpu
        for name, record in records.items()
        if not name.startswith("solutions/")
    }
    slow = [
        f"snippets/{name} took {cpu:.0f} s of CPU time"
        for name, cpu in seconds.items()
        if cpu > 90  # 60 alone; beside others a program costs up to half more
    ]
    assert not slow, "\n".join(slow)
    # 20 minutes up to the LSTMs, 12 for what generates, transformers and the rest.
    assert sum(seconds.values()) < 1920, f"{sum(seconds.values()):.0f} s in all"


# The same twice ---------------------------------------------------------------


def test_book_is_built_the_same_elsewhere(site, tmp_path):
    copy = tmp_path / "another place"
    ignored = shutil.ignore_patterns(
        ".venv",
        "site",
        "node_modules",
        "__pycache__",
        "locks",
        "lock",
        "answers",
        "formulas",
        "pages",
    )
    shutil.copytree(ROOT, copy, ignore=ignored)
    (copy / "node_modules").symlink_to(ROOT / "node_modules")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "-d", str(tmp_path / "site")],
        cwd=copy,
        timeout=900,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONHASHSEED": "7"},
    )
    assert done.returncode == 0, done.stderr
    assert "Running" not in done.stderr  # records are the same, wherever the book lies
    one = {p.relative_to(site) for p in site.rglob("*") if p.is_file()}
    two = {
        p.relative_to(tmp_path / "site")
        for p in (tmp_path / "site").rglob("*")
        if p.is_file()
    }
    assert one == two
    different = [
        str(p)
        for p in sorted(one)
        if not filecmp.cmp(site / p, tmp_path / "site" / p, shallow=False)
    ]
    assert not different


def test_a_program_of_each_chapter_gives_the_same_again(records):
    cheapest = {}
    for name, record in records.items():
        chapter = name.rpartition("/")[0]
        if chapter and (
            chapter not in cheapest or record.cpu < records[cheapest[chapter]].cpu
        ):
            cheapest[chapter] = name
    again = CheckedBook(ROOT, fresh=True)
    try:
        for name in cheapest.values():
            again.start(name)
        for name in cheapest.values():
            new = again.outcome(name)
            assert isinstance(new, Record), f"{name}: {new}"
            old = records[name]
            assert (new.output, new.results, new.figures) == (
                old.output,
                old.results,
                old.figures,
            ), f"{name} gives other results"
    finally:
        again.close()


# In a browser ---------------------------------------------------------------


def test_search_works_from_a_file(open_page):
    page = open_page("index.html")
    page.fill("input.md-search__input", "receptive field")
    page.wait_for_selector(".md-search-result__item a", timeout=15_000)
    found = page.eval_on_selector_all(
        ".md-search-result__item a", "links => links.map(a => a.href)"
    )
    assert any("cnn/index.html" in link for link in found)


@pytest.mark.parametrize("word", ["normalization", "neighbor", "overfitting"])
def test_search_finds_american_forms_and_puts_pages_before_answers(open_page, word):
    page = open_page("index.html")
    page.fill("input.md-search__input", word)
    page.wait_for_selector(".md-search-result__item a", timeout=15_000)
    found = page.eval_on_selector_all(
        ".md-search-result__item > a", "links => links.map(a => a.href)"
    )
    assert found and "/solutions/" not in found[0], found
    assert not page.locator("p.search-words").first.is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_figures_follow_the_palette(open_page, scheme):
    page = open_page("cnn/index.html", scheme=scheme)
    other = {"light": "dark", "dark": "light"}[scheme]
    assert page.locator(f"figure img.on-{scheme}").first.is_visible()
    assert not page.locator(f"figure img.on-{other}").first.is_visible()
    page.get_by_role("button", name="Switch between light and dark").click()
    for _ in range(2):
        assert page.locator(f"figure img.on-{other}").first.is_visible()
        assert not page.locator(f"figure img.on-{scheme}").first.is_visible()
        canvas = "document.documentElement.style.colorScheme"
        assert page.evaluate(canvas) == other
        page.reload()  # what was chosen stays
    page.emulate_media(color_scheme=other)
    page.emulate_media(color_scheme=scheme)  # and the system no longer decides
    assert page.locator(f"figure img.on-{other}").first.is_visible()


def test_pages_follow_the_system_until_a_reader_chooses(open_page):
    page = open_page("cnn/index.html", scheme="light")
    page.emulate_media(color_scheme="dark")
    page.wait_for_selector("figure img.on-dark", timeout=2000)
    assert not page.locator("figure img.on-light").first.is_visible()


COLOURS = """() => {
  const style = selector => getComputedStyle(
    [...document.querySelectorAll(selector)].find(e => e.checkVisibility()))
  return [style(".md-content p").color, style(".md-content pre > code").color,
          style(".md-content pre > code").backgroundColor]
}"""


def test_dark_pages_print_as_light_ones_do(open_page):
    colours = []
    for scheme in ("light", "dark"):
        page = open_page("cnn/index.html", scheme=scheme)
        page.emulate_media(media="print")
        page.wait_for_timeout(500)  # colours change slowly
        assert page.locator("figure img.on-light").first.is_visible()
        assert not page.locator("figure img.on-dark").first.is_visible()
        canvas = "getComputedStyle(document.documentElement).colorScheme"
        assert page.evaluate(canvas) == "light"
        colours.append(page.evaluate(COLOURS))
    assert colours[0] == colours[1]


def test_fonts_of_a_page_from_a_file_are_the_book_s(open_page):
    page = open_page("rnn/language-modelling.html")
    page.wait_for_timeout(1000)
    widths = page.evaluate("""() => ["Source Serif", "Source Sans", "monospace"].map(font => {
      const text = document.createElement("span")
      text.style.cssText = `font: 40px "${font}", monospace; position: absolute`
      text.textContent = "which letters are wide"
      document.body.append(text)
      return text.getBoundingClientRect().width
    })""")
    assert len(set(widths)) == 3, widths


def test_links_in_text_are_underlined(open_page):
    page = open_page("rnn/index.html")
    lines = page.eval_on_selector_all(
        ".md-content p > a:not(.headerlink, .answer-link), .md-content .citation > a",
        "links => links.map(a => getComputedStyle(a).textDecorationLine)",
    )
    assert len(lines) > 10 and set(lines) == {"underline"}


def test_every_page_describes_itself(site, pages):
    seen = {}
    for path, root in pages:
        [meta] = root.cssselect("meta[name=description]")
        name = path.relative_to(site).as_posix()
        if name.startswith(("appendix", "solutions")) or name == "404.html":
            continue
        text = meta.get("content")
        assert 20 < len(text) <= 162, f"{name}: {text!r}"
        assert seen.setdefault(text, name) == name, f"{name}: {text!r}"
        [title] = root.cssselect("meta[property='og:title']")
        assert title.get("content")


@pytest.mark.parametrize("address", ["https://example.org/book/", ""])
def test_pages_say_where_they_are_if_it_is_known(tmp_path, address):
    theme = {"name": "material", "custom_dir": str(ROOT / "theme"), "font": False}
    made = TinyBook(
        tmp_path / "book",
        config={"theme": theme, "site_url": address},
        plugins=["search"],
    )
    made.page("part/index.md", '# The part\n\nWhat is "it" & why?\n')
    root = lxml.html.fromstring(builds(made, "part/index.html"))
    [text] = root.cssselect("meta[property='og:description']")
    assert text.get("content").startswith('What is "it" & why?')

    def found(selector, name):
        return [element.get(name) for element in root.cssselect(selector)]

    here = [f"{address}part/index.html"] if address else []
    card = [f"{address}cards/part/index.md.png"] if address else []
    assert found("link[rel=canonical]", "href") == here
    assert found("meta[property='og:url']", "content") == here
    assert found("meta[property='og:image']", "content") == card
    sitemap = (made.site / "sitemap.xml").read_text()
    assert sitemap.count("<loc>") == (
        len(list(made.site.glob("**/*.html"))) - 1
    ) * bool(address)
    lost = lxml.html.fromstring(made.html("404.html"))
    assert lost.cssselect("title")[0].text.startswith("No such page")
    for element in lost.cssselect("link[rel=stylesheet], script[src], a[href]"):
        link = element.get("href") or element.get("src")
        assert link.startswith(("#", "/book/" if address else "/", "https:")), link


def test_references_lead_to_articles_and_back(site):
    root = lxml.html.parse(str(site / "appendix/bibliography.html")).getroot()
    entries = root.cssselect("ul.bibliography > li")
    linked = [e for e in entries if e.cssselect("a[href^='https://']")]
    assert len(linked) > 0.8 * len(entries)
    lonely = [e.get("id") for e in entries if not e.cssselect(".cited a")]
    assert not lonely, f"docs/appendix/references.bib: nothing cites {lonely}"
    marks = [a.get("href").partition("#")[2] for a in root.cssselect(".cited a")]
    assert all(mark.startswith("cite-") for mark in marks)


def test_answers_do_not_show_descriptions_of_figures_as_code(pages):
    for path, root in pages:
        for code in root.cssselect(".highlight code"):
            assert "# alt:" not in code.text_content(), path


def test_links_to_downloads_say_of_what(pages):
    for path, root in pages:
        said = [a.get("aria-label") for a in root.cssselect(".programs a[download]")]
        assert all(said) and len(set(said)) == len(said), f"{path.name}: {said}"


def test_figures_are_light(site):
    """Numbers are no finer than a screen, pictures no larger than their colours."""
    for path in (site / "figures").rglob("*.svg"):
        assert len(gzip.compress(path.read_bytes())) < 140_000, path
        paths = re.findall(r' d="([^"]*)"', path.read_text("utf-8"))
        assert not [d for d in paths if re.search(r"\.\d{3}", d)], path


def test_figures_load_and_keep_their_place(open_page):
    page = open_page("cnn/object-detection.html")
    images = page.locator("figure img.on-light")
    for number in range(images.count()):
        images.nth(number).scroll_into_view_if_needed()
        page.wait_for_function(
            "i => document.querySelectorAll('figure img.on-light')[i].naturalWidth > 0",
            arg=number,
        )


@pytest.mark.parametrize(
    "path",
    sorted(
        p.relative_to(ROOT / "docs").with_suffix(".html").as_posix()
        for p in [
            *(ROOT / "docs").rglob("*.md"),
            *(ROOT / "docs/solutions").glob("*/*.py"),
        ]
    ),
)
def test_page_fits_on_a_phone(open_page, path):
    page = open_page(path, width=400)
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0, f"{wide} pixels too wide"


def test_a_claim_opens_and_shows_its_assertions(open_page):
    page = open_page("cnn/index.html")
    claim = page.locator("details.claim").first
    assert not claim.locator("code").last.is_visible()
    claim.locator("summary").click()
    assert "assert" in claim.locator("pre").inner_text()
