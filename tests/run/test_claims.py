"""Which claims held, what is said of one that did not, and which numbers were compared."""

import math

import pytest

from bookbuild.run.claims import check
from bookbuild.run.record import Claim, Comparison


def verdicts(*codes, **names):
    """The verdicts on claims at lines 10, 20, ... of a page."""
    claims = tuple(
        Claim(f"c{number}", "cnn/index.md", 10 * number, code)
        for number, code in enumerate(codes, 1)
    )
    return check(claims, names)


def verdict(code, **names):
    (found,) = verdicts(code, **names)
    return found


def numbers(found):
    return [(c.left_value, c.operator, c.right_value) for c in found.comparisons]


def test_a_claim_that_holds_tells_what_it_compared():
    found = verdict("assert score > 0.97", score=0.98)
    assert found.held and found.message == "" and found.code == ""
    assert found.comparisons == (Comparison("score", ">", "0.97", 0.98, 0.97),)


def test_a_claim_that_fails_names_page_line_text_and_values():
    found = verdict("x = 1\n\nassert score > 0.97", score=0.95)
    assert not found.held
    assert found.message == ("cnn/index.md, line 12: assert score > 0.97 (0.95 > 0.97)")
    assert found.code == "assert score > 0.97"
    assert numbers(found) == [(0.95, ">", 0.97)]


def test_its_own_message_comes_first():
    found = verdict("assert a == b, f'{a} is not b'", a=1, b=2)
    assert found.message == (
        "cnn/index.md, line 10: 1 is not b: assert a == b, f'{a} is not b' (1 == 2)"
    )


def test_an_assertion_of_several_lines_is_told_on_one():
    found = verdict("assert (a\n        >\n   b)", a=1, b=2)
    assert found.message == "cnn/index.md, line 10: assert (a > b) (1 > 2)"


def test_other_exceptions_name_their_line():
    found = verdict("a = 1\nassert a < nothing")
    assert found.message == (
        "cnn/index.md, line 11: NameError: name 'nothing' is not defined"
    )
    assert found.code == "assert a < nothing"


def test_an_exception_in_the_program_is_told_at_the_line_of_the_claim():
    def f():
        raise ValueError("bad\nthing")

    found = verdict("a = 1\nassert f() < 3", f=f)
    assert found.message == "cnn/index.md, line 11: ValueError: bad thing"


@pytest.mark.parametrize("end", ["raise SystemExit(0)", "exit()", "1 / 0"])
def test_nothing_a_claim_raises_goes_further(end):
    first, second = verdicts(f"assert True\n{end}", "assert 1 < 2")
    assert not first.held and "line 11: " in first.message
    assert second.held


def test_an_unprintable_exception_is_told():
    class E(Exception):
        def __str__(self):
            raise RuntimeError

    def f():
        raise E

    assert verdict("assert f()", f=f).message == "cnn/index.md, line 10: E"


def test_a_syntax_error_names_page_and_line():
    found = verdict("x = 1\nassert (1 ==\n")
    assert not found.held
    assert found.message.startswith("cnn/index.md, line 11: SyntaxError: ")


def test_a_claim_without_an_assertion_fails():
    found = verdict("print(1 < 2)")
    assert not found.held
    assert found.message == "cnn/index.md, line 10: the claim asserts nothing"
    assert not verdict("").held


def test_claims_share_names_and_do_not_stop_each_other():
    found = verdicts("a = 1\nassert a > 1", "assert a < 2", "assert b", b=True)
    assert [each.held for each in found] == [False, True, True]


def test_an_assertion_that_is_no_assert_statement_is_told_with_its_text():
    def same(a, b):
        raise AssertionError(f"{a} differs from {b}")

    found = verdict("assert True\nsame(1, 2)", same=same)
    assert found.message == ("cnn/index.md, line 11: 1 differs from 2: same(1, 2)")


# code, names -> the numbers that are kept
KEPT = [
    ("assert 0 < a < 1", {"a": 0.25}, [(0, "<", 0.25), (0.25, "<", 1)]),
    ("assert a != b", {"a": 1, "b": 2}, [(1, "!=", 2)]),
    ("assert a >= b and a <= 9", {"a": 2, "b": 1}, [(2, ">=", 1), (2, "<=", 9)]),
    ("assert a > 5 or a < 3", {"a": 2}, [(2, ">", 5), (2, "<", 3)]),
    ("assert not a > 5", {"a": 2}, [(2, ">", 5)]),
    ("assert all(a > 1 for a in x)", {"x": [5, 2, 9]}, [(2, ">", 1)]),
    ("assert any(a > 4 for a in x)", {"x": [1, 3, 9, 5]}, [(9, ">", 4)]),
    ("assert not any(a > 9 for a in x)", {"x": [5, 8, 2]}, [(8, ">", 9)]),
    ("assert not all(a > 4 for a in x)", {"x": [5, 1, 2]}, [(1, ">", 4)]),
    ("for a in x:\n    assert not a > 9", {"x": [5, 8, 2]}, [(8, ">", 9)]),
    ("for a in x:\n    assert a < 10", {"x": [1, 9, 5]}, [(9, "<", 10)]),
    ("assert all([a < 10 for a in x])", {"x": [1, 9, 5]}, [(9, "<", 10)]),
    (
        "assert sum(a > 2 for a in x) >= 2",
        {"x": [3, 5, 1]},
        [(2, ">=", 2), (1, ">", 2)],
    ),
    ("def f(a):\n    assert a > 1\nf(3)\nf(2)", {}, [(2, ">", 1)]),
    ("assert a == b", {"a": True, "b": 1}, []),
    ("assert a == b", {"a": "x", "b": "x"}, []),
    ("assert a in b", {"a": 1, "b": [1]}, []),
    ("assert 1 < a in b", {"a": 2, "b": [2]}, []),
    ("assert a is not None", {"a": 1}, []),
    ("assert abs(a - b) < 1e-3 * max(a, b)", {"a": 2, "b": 2}, [(0, "<", 0.002)]),
    ("assert a < float('inf')", {"a": 1}, [(1, "<", math.inf)]),
    ("if a < 3:\n    assert a", {"a": 1}, []),
    ("assert (b := a + 1) > 2\nassert b == 3", {"a": 2}, [(3, ">", 2), (3, "==", 3)]),
    ("assert (lambda y: y > 1)(a)", {"a": 2}, [(2, ">", 1)]),
    ("assert 10 ** 400 > 1", {}, []),
]


@pytest.mark.parametrize(("code", "names", "kept"), KEPT)
def test_the_numbers_nearest_to_failing_are_kept(code, names, kept):
    found = verdict(code, **names)
    assert found.held, found.message
    assert sorted(numbers(found)) == sorted(kept)


def test_of_a_loop_that_fails_the_numbers_that_failed_are_told():
    found = verdict("for a in x:\n    assert a > 3 or a < -3", x=[9, -9, 1, 7])
    assert found.message.endswith("(1 > 3, 1 < -3)")


@pytest.mark.parametrize("code", ["3 < 2 < 5", "1 < 3 < 2", "2 == 1 != 3 > 0"])
def test_a_chain_fails_with_any_of_its_parts(code):
    assert not verdict(f"assert {code}").held


def test_nan_is_told():
    found = verdict("assert a > 1", a=math.nan)
    assert found.message.endswith("assert a > 1 (nan > 1)")


def test_scalars_of_numpy_and_torch_are_numbers():
    np = pytest.importorskip("numpy")
    torch = pytest.importorskip("torch")
    found = verdict(
        "assert a > 1\nassert b > 1\nassert c > 1\nassert d > 1",
        a=np.float32(2),
        b=np.array(3),
        c=torch.tensor(4),
        d=torch.tensor(5.0, requires_grad=True),
    )
    assert found.held, found.message
    assert [n for n, _, _ in numbers(found)] == [2, 3, 4, 5]


def test_arrays_compare_as_ever():
    np = pytest.importorskip("numpy")
    x = np.array([1, 2, 3])
    assert verdict("assert (x > 0).all()", x=x).held
    assert verdict("assert all(x < 4) and (x == x).sum() == 3", x=x).held
    found = verdict("assert x > 0", x=x)
    assert "ValueError" in found.message
    found = verdict("assert 0 < x < 4", x=x)
    assert "ValueError" in found.message
    found = verdict("assert not (x < 2)", x=x)
    assert "ValueError" in found.message


def test_what_is_compared_is_evaluated_once_and_in_order():
    seen = []

    def f(value):
        seen.append(value)
        return value

    assert verdict("assert f(1) < f(2) < f(3)", f=f).held
    assert seen == [1, 2, 3]


def test_own_classes_may_compare_to_anything():
    class Odd:
        def __lt__(self, other):
            return "yes"

        def __eq__(self, other):
            return []

        __hash__ = None

    assert verdict("assert (a < 3) == 'yes'", a=Odd()).held
    assert verdict("assert (a == 3) == []", a=Odd()).held


def test_the_namespace_keeps_nothing_of_the_instruments():
    names = {}
    check((Claim("c", "p.md", 1, "a = 1\nassert a > 0"),), names)
    assert set(names) == {"a", "__builtins__"}


def test_a_claim_without_a_page_counts_lines_from_its_start():
    (found,) = check((Claim("c", "", 1, "\nassert 1 > 2"),), {})
    assert found.message == "line 2: assert 1 > 2 (1 > 2)"


def test_annotations_are_evaluated_as_the_author_expects():
    """The future imports of this package are not the claims' own."""
    code = "def f(x: int): pass\nassert f.__annotations__['x'] is int"
    assert verdict(code).held
