"""The EPUB: a small book that has everything, and the real book."""

import io
import posixpath
import re
import subprocess
import zipfile
from urllib.parse import unquote, urlsplit

import pytest
from conftest import ROOT
from lxml import etree
from test_pdf import TITLES, make_book, run

pytestmark = pytest.mark.slow

CHECKER = ROOT / "node_modules/@likecoin/epubcheck-ts/bin/epubcheck.js"
HTML = "{http://www.w3.org/1999/xhtml}"
MATH = "{http://www.w3.org/1998/Math/MathML}math"


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The EPUB of the small book, beside its mkdocs.yml."""
    folder = tmp_path_factory.mktemp("small") / "book"
    make_book(folder)
    done = run(folder, command="epub")
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(
        r"\S+/site/a-small-book\.epub: \d+ pages, [\d.]+ s\n", done.stdout
    )
    # The next build empties site/.
    return (folder / "site/a-small-book.epub").rename(folder / "first.epub")


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """The EPUB of the book of this repository."""
    output = tmp_path_factory.mktemp("real") / "book.epub"
    done = run(ROOT, output, command="epub")
    assert done.returncode == 0, done.stderr
    return output


@pytest.fixture(params=["small", "real"])
def epub(request):
    """The EPUB of either book."""
    return request.getfixturevalue(request.param)


def pages_of(path):
    """The pages of an EPUB as trees, by their name; fails when one is no XML."""
    with zipfile.ZipFile(path) as archive:
        return {
            name: etree.parse(io.BytesIO(archive.read(name)))
            for name in archive.namelist()
            if name.endswith(".xhtml")
        }


def text_of(tree):
    """The text of a page, on one line."""
    return " ".join("".join(tree.getroot().itertext()).split())


def check(path):
    """What the checker says of an EPUB, and whether it accepts it."""
    done = subprocess.run(["node", CHECKER, path], capture_output=True, text=True)
    return done.returncode == 0, done.stdout + done.stderr


def test_it_is_valid(epub):
    accepted, said = check(epub)
    assert accepted, said


def test_a_link_that_leads_nowhere_is_noticed(small, tmp_path):
    broken = tmp_path / "broken.epub"
    with zipfile.ZipFile(small) as old, zipfile.ZipFile(broken, "w") as new:
        for item in old.infolist():
            new.writestr(item, old.read(item).replace(b'id="at.', b'id="of.'))
    assert not check(broken)[0]


def test_readers_recognise_the_archive(epub):
    with zipfile.ZipFile(epub) as archive:
        first = archive.infolist()[0]
        assert archive.read(first) == b"application/epub+zip"
    assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)


def test_links_and_images_lead_to_what_is_there(epub):
    pages = pages_of(epub)
    with zipfile.ZipFile(epub) as archive:
        files = set(archive.namelist())
    ids = {name: set(tree.getroot().xpath("//@id")) for name, tree in pages.items()}
    followed = 0
    for name, tree in pages.items():
        for address in tree.getroot().xpath("//@href | //@src"):
            url = urlsplit(address)
            if url.scheme:
                assert url.scheme in ("http", "https", "mailto"), address
                continue
            path = posixpath.join(posixpath.dirname(name), unquote(url.path))
            there = posixpath.normpath(path) if url.path else name
            assert there in files, f"{name}: {address}"
            if url.fragment:
                assert unquote(url.fragment) in ids[there], f"{name}: {address}"
                followed += 1
    assert followed > 10


def test_images_have_alternative_texts(epub):
    images = [
        image for tree in pages_of(epub).values() for image in tree.iter(f"{HTML}img")
    ]
    assert images and all(image.get("alt", "").strip() for image in images)


def test_the_navigation_names_all_pages_in_their_order(small):
    titles = [
        "".join(link.itertext())
        for link in pages_of(small)["EPUB/nav.xhtml"].iter(f"{HTML}a")
        if "nav.xhtml" not in link.get("href")
    ]
    found = [title for title in titles if any(title.endswith(t) for t in TITLES)]
    assert [re.sub(r"^[\d.]+ ", "", title) for title in found[: len(TITLES) - 1]] == [
        title for title in TITLES if title != "A Small Book"
    ]


def test_formulas_are_mathml_and_nothing_is_left_of_typst(small):
    pages = pages_of(small)
    assert sum(len(list(tree.iter(MATH))) for tree in pages.values()) > 42
    text = " ".join(map(text_of, pages.values()))
    assert not re.search(r"#\w+\(", text)


def test_code_output_claims_and_notes_are_there(small):
    text = " ".join(map(text_of, pages_of(small).values()))
    for words in ("import matplotlib.pyplot", "drew 1 line", "The count", "A note with",
                  "Mind the", "Inside."):  # fmt: skip
        assert words in text


def test_two_builds_give_the_same_bytes(small):
    folder = small.parent
    done = run(folder, folder / "second.epub", command="epub")
    assert done.returncode == 0, done.stderr
    assert (folder / "second.epub").read_bytes() == small.read_bytes()


def test_pages_lie_in_files_of_their_own(small):
    pages = pages_of(small).items()
    [one] = [name for name, tree in pages if "Back to the section" in text_of(tree)]
    [two] = [name for name, tree in pages if "drew 1 line" in text_of(tree)]
    assert one != two
