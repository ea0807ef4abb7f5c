import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.patterns import BadPattern, compiled


@pytest.mark.parametrize(
    ("pattern", "fits", "fits_not"),
    [
        (r"\d+(\.\d+)*", ["1", "1.02", "1.02.03"], ["", "1.", ".1", "1..2", "1.02a"]),
        (r"^[0-9]\.[0-9]{2}(\.[0-9]{2}){1,2}$", ["1.02.03", "1.02.03.04"], ["1.02", "1.02.03.04.05"]),
        (r"(?:naik|turun)?", ["", "naik", "turun"], ["naikturun", "nai"]),
        (r"a{2}b{2,}c?", ["aabb", "aabbbbc"], ["abb", "aab", "aabbcc"]),
        (r"[^,\s]+", ["satu"], ["satu,dua", "satu dua"]),
        (r"(a|b|)c", ["ac", "bc", "c"], ["abc", "a"]),
        (r"\w.\$", ["a.$", "éx$"], ["a$", "ab$$"]),
        (r"(a*)*b", ["b", "aaab"], ["a", "ba"]),
        (r"[]x]+", ["]x]"], ["y"]),
    ],
)
def test_matches_the_whole_text(pattern: str, fits: list[str], fits_not: list[str]) -> None:
    assert [text for text in fits if not compiled(pattern).matches(text)] == []
    assert [text for text in fits_not if compiled(pattern).matches(text)] == []


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            "(",
            ")",
            "(a",
            "a)",
            "[",
            "[a",
            "*",
            "a**",
            "a+?",
            r"(a)\1",
            "(?=a)",
            "(?P<x>a)",
            "a{2,1}",
            "a{0}",
            "a$b",
            "{",
            "\\",
        ),
        *("a{999}", "(a{20}){20}", "((){999}){999}", "a" * 201, "[z-a]"),
    ],
)
def test_refuses_what_it_cannot_match_in_linear_time(pattern: str) -> None:
    with pytest.raises(BadPattern):
        compiled(pattern)


@pytest.mark.parametrize("pattern", [r"(\d+)+x", r"(a|a)*b", r"(a*)*(a*)*(a*)*b", r"(\w{1,3}){1,60}!"])
def test_never_takes_long(pattern: str) -> None:
    start = time.perf_counter()
    assert not compiled(pattern).matches("1a" * 5_000)
    assert not compiled(pattern).matches("a" * 5_000)
    assert time.perf_counter() - start < 2


atoms = st.sampled_from(["a", "b", ".", r"\d", "[ab]", "[^a]", "1"])
patterns = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({'|'.join(parts)})"),
        st.tuples(inner, st.sampled_from(["?", "*", "+", "{2}", "{0,2}", "{1,}"])).map(
            lambda pair: f"({pair[0]}){pair[1]}"
        ),
    ),
    max_leaves=6,
)


@given(patterns, st.text(alphabet="ab1", max_size=8))
def test_agrees_with_re(pattern: str, text: str) -> None:
    assert compiled(pattern).matches(text) == bool(re.fullmatch(pattern, text))
