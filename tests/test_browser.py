"""The site from a server, in a browser: weight, layout that stays, access for all, valid HTML, search when it is used."""

import json
import shutil
import subprocess

import pytest
from conftest import ROOT

pytestmark = pytest.mark.slow
CHAPTERS = sorted(
    p.relative_to(ROOT / "docs").with_suffix(".html").as_posix()
    for p in (ROOT / "docs").glob("*/*.md")
    if p.parent.name != "appendix"
)
ANSWERS = sorted(
    p.relative_to(ROOT / "docs").with_suffix(".html").as_posix()
    for p in (ROOT / "docs/solutions").glob("*/*.py")
)
APPENDIX = sorted(
    p.relative_to(ROOT / "docs").with_suffix(".html").as_posix()
    for p in (ROOT / "docs/appendix").glob("*.md")
)
# Of every kind, over the whole book.
SOME = ["index.html", *CHAPTERS[::8], *ANSWERS[::22], *APPENDIX[::3]]
LIVE_AT_ONCE = "diffusion/learned-score.html"  # its live figure is in the first view
TABLES = "appendix/notation.html"  # long ones, full of formulas
FIRST = 300  # kB that a first visit may weigh; more than half of it is the same on all pages
SHIFTS = """
  window.shifted = 0
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value
  }).observe({type: "layout-shift", buffered: true})
"""
SCROLL = """async () => {
  for (let y = 0; y < document.body.scrollHeight; y += 800) {
    scrollTo(0, y)
    await new Promise(next => setTimeout(next, 15))
  }
}"""

# What is seen at once waits for its button; all else starts when it comes near.
STARTED = """async figure => {
  figure.querySelector(".live-start")?.click()
  while (!figure.matches(".live-on")) await new Promise(next => setTimeout(next, 15))
}"""

# Whether a preloaded font came after the first paint, as on a busy machine.
LATE = """() => {
  const [paint] = performance.getEntriesByName("first-contentful-paint")
  return performance.getEntriesByType("resource").some(
    ({name, initiatorType, responseEnd}) =>
      name.endsWith(".woff2") && initiatorType === "link" && responseEnd > paint.startTime)
}"""


@pytest.fixture
def visit(browser, hosted):
    """Opens a page from the server as a reader who has not been there."""
    contexts, problems = [], []

    def visit_it(path, width=1280, scheme="light", **options):
        contexts.append(
            browser.new_context(
                viewport={"width": width, "height": 900},
                color_scheme=scheme,
                **options,
            )
        )
        contexts[-1].add_init_script(SHIFTS)
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "console",
            # A drawing that is opened by itself has no icon.
            lambda m: (
                problems.append(m.text)
                if m.type == "error" and "favicon" not in m.location["url"]
                else 0
            ),
        )
        page.goto(hosted.address + path)
        return page

    yield visit_it
    for context in contexts:
        context.close()
    assert not problems


def weighed(hosted, act):
    """kB that the server sends while something is done, and the largest files."""
    before = len(hosted.sent)
    act()
    sent = hosted.sent[before:]
    return sum(size for _, size in sent) / 1000, sorted(sent, key=lambda s: -s[1])[:6]


def styled(page):
    """How many elements a browser styles while it loads a page anew, by those the page has."""
    session, events, ended = page.context.new_cdp_session(page), [], []
    session.on("Tracing.dataCollected", lambda data: events.extend(data["value"]))
    session.on("Tracing.tracingComplete", lambda _: ended.append(True))
    config = {"includedCategories": ["devtools.timeline"]}
    session.send("Tracing.start", {"traceConfig": config})
    page.reload(wait_until="networkidle")
    page.wait_for_timeout(500)
    session.send("Tracing.end")
    while not ended:
        page.wait_for_timeout(50)
    count = sum(
        event["args"].get("elementCount", 0)
        for event in events
        if event["name"] == "UpdateLayoutTree"
    )
    return count / page.evaluate("document.querySelectorAll('body *').length")


@pytest.mark.parametrize("path", ["lstm/index.html", "neural-networks/losses.html"])
def test_a_page_is_styled_hardly_more_than_once(visit, path):
    # What keeps a phone busy. A switch of colours as the theme has it, code
    # that gets its button at once or a class for the whole page cost once more each,
    # at every load; a font that comes late does so now and then.
    page = visit(path, 412)
    assert min(styled(page) for _ in range(3)) < 2.5


def test_code_gets_its_button_when_it_is_seen(visit):
    page = visit("lstm/index.html")
    page.wait_for_load_state("networkidle")
    buttons, blocks = page.locator(".md-code__button"), page.locator("pre > code")
    assert buttons.count() < blocks.count() / 4
    last = page.locator(".md-content > article > .highlight pre > code").last
    last.scroll_into_view_if_needed()
    last.locator("xpath=..").locator(".md-code__button").wait_for()


@pytest.mark.parametrize("path", CHAPTERS)
def test_a_first_visit_is_light_and_a_second_costs_nothing(visit, hosted, path):
    def first():
        page = visit(path)
        page.evaluate(SCROLL)
        for figure in page.locator("figure[data-live][data-numbers]").all():
            figure.scroll_into_view_if_needed()
            figure.evaluate(STARTED)
        page.wait_for_load_state("networkidle")
        pages.append(page)

    pages, before = [], len(hosted.sent)
    size, largest = weighed(hosted, first)
    names = [name for name, _ in hosted.sent[before:]]
    assert size <= FIRST, f"{size:.0f} kB: {largest}"
    assert not any("search_index" in name for name in names)
    [page] = pages
    again, largest = weighed(hosted, lambda: (page.reload(), page.evaluate(SCROLL)))
    assert again <= 30, f"{again:.0f} kB: {largest}"


@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize("path", [*SOME, LIVE_AT_ONCE, TABLES])
def test_layout_stays(visit, path, width):
    for _ in range(3):
        page = visit(path, width=width)
        page.wait_for_load_state("networkidle")
        page.evaluate(SCROLL)
        page.wait_for_timeout(100)
        if page.evaluate("window.shifted") <= 0.02 or not page.evaluate(LATE):
            break
    assert page.evaluate("window.shifted") <= 0.02


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (400, "dark")])
@pytest.mark.parametrize("path", SOME)
def test_axe_finds_nothing(visit, path, width, scheme):
    page = visit(path, width=width, scheme=scheme)
    page.wait_for_load_state("networkidle")
    page.add_script_tag(path=ROOT / "node_modules/axe-core/axe.min.js")
    found = page.evaluate(
        """() => axe.run(document, {resultTypes: ["violations"]}).then(result =>
          result.violations.map(v => [v.id, v.nodes.slice(0, 3).map(n => n.html.slice(0, 200))]))"""
    )
    assert not found, "\n".join(f"{rule}: {nodes}" for rule, nodes in found)


def test_html_is_valid(site, tmp_path):
    """Every second page; all of them take a minute and a half."""
    pages = sorted(p for p in site.rglob("*.html"))[::2]
    for page in pages:
        text = page.read_text("utf-8")
        # Material's own: without it Firefox would open menus again.
        for name in ("__drawer", "__search"):
            text = text.replace(f'id="{name}" autocomplete="off"', f'id="{name}"')
        copy = tmp_path / page.relative_to(site)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(text, "utf-8")
    rules = {"extends": ["html-validate:standard"], "root": True}
    (tmp_path / ".htmlvalidate.json").write_text(json.dumps(rules))
    done = subprocess.run(
        [
            shutil.which("node"),
            ROOT / "node_modules/html-validate/bin/html-validate.mjs",
            "--formatter",
            "json",
            ".",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.stdout, done.stderr
    found = {}
    for result in json.loads(done.stdout):
        for m in result["messages"]:
            place = result["filePath"].removeprefix(f"{tmp_path}/")
            found.setdefault(f"{m['ruleId']}: {m['message']}", f"{place}:{m['line']}")
    assert not found, "\n".join(f"{place}: {what}" for what, place in found.items())


def results(page):
    page.wait_for_selector(".md-search-result__item a", timeout=15_000)
    return page.eval_on_selector_all(
        ".md-search-result__item > a", "links => links.map(a => a.pathname)"
    )


def test_the_search_is_loaded_when_it_is_used(visit, hosted):
    page = visit("index.html")
    before = len(hosted.sent)
    page.keyboard.press("/")
    page.keyboard.type("receptive field")
    assert any(path.startswith("/cnn/") for path in results(page)[:3])
    assert any("search_index" in name for name, _ in hosted.sent[before:])


def test_a_search_in_the_address_is_answered(visit):
    assert results(visit("index.html?q=receptive+field"))


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("batch normalization", "/neural-networks/"),
        ("receptive field", "/cnn/index"),
        ("forget gate", "/lstm/"),
        ("KL divergence", "/start/probability"),
    ],
)
def test_the_search_puts_first_what_explains(visit, words, first):
    page = visit("index.html")
    page.fill("input.md-search__input", words)
    found = results(page)[:3]
    assert not found[0].startswith(("/appendix", "/solutions")), found
    assert [path for path in found if path.startswith(first)], found


def test_a_touch_shows_what_is_cited(visit):
    page = visit("rnn/index.html", width=400, has_touch=True, is_mobile=True)
    link = page.locator(".citation a").first
    link.scroll_into_view_if_needed()
    link.tap()
    shown = page.locator(".book-note")
    assert "19" in shown.inner_text() or "20" in shown.inner_text()
    assert page.url.endswith("rnn/index.html")
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    page.locator("h1").tap()
    assert not shown.count()
    link.tap()
    link.tap()  # goes there
    page.wait_for_url("**/bibliography.html#ref-*")


def test_a_figure_opens_large_and_its_words_can_be_selected(visit):
    page = visit("cnn/index.html")
    link = page.locator("figure a.zoom.on-light").first
    assert page.locator("figure a.zoom.on-dark").first.is_hidden()
    link.click()
    page.wait_for_url("**/*.svg")
    page.locator("text", has_text="kernel").first.dblclick()
    assert page.evaluate("getSelection().toString()").strip() == "kernel"


def test_what_scrolls_sideways_can_be_reached_with_the_keyboard(visit):
    page = visit("solutions/cnn/index.html", width=400)
    page.wait_for_timeout(300)
    assert page.locator("div.math[tabindex='0']").count() > 0
    assert not visit("index.html").locator("div.math[tabindex='0']").count()
