"""The gain between two tests, checked against figures worked out by hand."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.quizzes.gain import Pair, class_gain, gain

GRADES = st.decimals(0, 100, places=2)


@pytest.mark.parametrize(
    ("before", "after", "points", "share"),
    [
        (40, 70, 30, Fraction(1, 2)),
        (40, 100, 60, Fraction(1)),
        (50, 50, 0, Fraction(0)),
        (80, 60, -20, Fraction(-1)),
        (0, 25, 25, Fraction(1, 4)),
        (100, 100, 0, None),
        (100, 90, -10, None),
    ],
)
def test_one_learner(before: int, after: int, points: int, share: Fraction | None) -> None:
    found = gain(Pair(Decimal(before), Decimal(after)))
    assert (found.points, found.share) == (points, share)


def test_a_group_is_worked_out_from_its_averages() -> None:
    group = [Pair(Decimal(20), Decimal(60)), Pair(Decimal(60), Decimal(80))]
    found = class_gain(group)
    assert found is not None
    # averages 40 and 70: 30 of 60; the average of the two people's shares would be 1/2 as well here ...
    assert (found.count, found.points, found.share) == (2, 30, Fraction(1, 2))
    found = class_gain([*group, Pair(Decimal(100), Decimal(100))])
    assert found is not None
    # ... but who had everything before has no share of their own, and counts in the averages all the same
    assert (found.count, found.share) == (3, Fraction(1, 2))


def test_nobody_gained_nothing() -> None:
    assert class_gain([]) is None


@given(GRADES, GRADES)
def test_a_share_is_at_most_the_whole_and_has_the_sign_of_the_points(before: Decimal, after: Decimal) -> None:
    found = gain(Pair(before, after))
    assert (found.share is None) == (before == 100)
    if found.share is not None:
        assert found.share <= 1
        assert (found.share > 0) == (found.points > 0)
