"""What is taken from the theme's pages, and given to them."""

from bookbuild.pages.mend import ARTICLE, FORMULA, MANY, mended
from bookbuild.pages.show import for_search


def test_code_is_marked_only_where_it_has_a_colour():
    code = (
        '<pre><code><span class="k">if</span> <span class="n">x</span><span class="o">&lt;</span>'
        '<span class="mi">2</span><span class="p">:</span><span class="w"> </span></code></pre>'
    )
    assert mended(code) == (
        '<pre><code><span class="k">if</span> x&lt;<span class="mi">2</span>: </code></pre>'
    )


def test_a_page_of_very_many_formulas_is_laid_out_as_it_is_seen():
    page = f'{ARTICLE}">{{}}</article>'
    few = page.format(f"{FORMULA}x</span>" * MANY)
    many = page.format(f"{FORMULA}x</span>" * (MANY + 1))
    assert mended(few) == few
    assert mended(many) == many.replace(ARTICLE, f"{ARTICLE} book-many")


def test_the_search_reads_coloured_code_as_text():
    code = '<p>Call <code><span class="nb">print</span><span class="p">()</span></code>.</p>'
    assert for_search(code, {}) == "<p>Call <code>print()</code>.</p>"
