"""When a draft's state is worth keeping, and how much of it changed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.projects import keeping
from tests.cast import NOW

START = NOW.replace(minute=0, second=0, microsecond=0)


@given(
    st.text("ab", max_size=12),
    st.text("ab", max_size=12),
    st.text("abc", max_size=12),
    st.text("abc", max_size=12),
)
def test_what_both_begin_and_end_with_is_not_counted(head: str, tail: str, old: str, new: str) -> None:
    came, went = keeping.changed(head + old + tail, head + new + tail)
    assert 0 <= came <= len(new)
    assert 0 <= went <= len(old)
    assert came - went == len(new) - len(old)
    if old == new:
        assert (came, went) == (0, 0)


@pytest.mark.parametrize(
    ("old", "new", "counts"),
    [("", "abc", (3, 0)), ("abc", "", (0, 3)), ("aa", "aaa", (1, 0)), ("abcd", "axcd", (1, 1))],
)
def test_small_cases(old: str, new: str, counts: tuple[int, int]) -> None:
    assert keeping.changed(old, new) == counts


@pytest.mark.parametrize(
    ("minutes", "by", "removed", "kept"),
    [(1, 1, 0, False), (9, 1, 199, False), (10, 1, 0, True), (1, 2, 0, True), (1, 1, 200, True)],
)
def test_worth(minutes: int, by: int, removed: int, kept: bool) -> None:
    worth = keeping.is_worth(
        '"teks"', removed, saved_at=START, saved_by=1, by=by, now=START + timedelta(minutes=minutes)
    )
    assert worth is kept


@pytest.mark.parametrize("empty", ['""', '{"rows":[]}', ""])
def test_nothing_is_kept_of_nothing(empty: str) -> None:
    assert not keeping.is_worth(empty, 999, saved_at=START, saved_by=1, by=2, now=START + timedelta(days=1))
