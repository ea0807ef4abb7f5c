"""When reviews are due, what they took, and how they were shared."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.grading.shuffle import shuffled
from lms.grading.turnaround import (
    Pace,
    Passage,
    Share,
    due,
    last_over,
    pace,
    paces,
    shares,
    working_days_over,
)

ZONE = "Asia/Jakarta"
MONDAY = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def ends(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 16, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("handed_in", "days", "last"),
    [
        (MONDAY, 1, date(2026, 11, 24)),
        (MONDAY, 5, date(2026, 11, 30)),
        (MONDAY + 4 * DAY, 1, date(2026, 11, 30)),  # a Friday
        (MONDAY + 5 * DAY, 1, date(2026, 11, 30)),  # a Saturday: Monday is the first day
        (MONDAY + 6 * DAY, 5, date(2026, 12, 4)),
        (datetime(2026, 11, 23, 17, 30, tzinfo=UTC), 1, date(2026, 11, 25)),  # after midnight in Jakarta
    ],
)
def test_working_days_are_counted_from_the_day_after(handed_in: datetime, days: int, last: date) -> None:
    assert due(handed_in, days, ZONE) == ends(last)


def test_what_is_over_is_counted_in_working_days() -> None:
    friday = ends(date(2026, 11, 27))
    assert working_days_over(friday, friday, ZONE) == 0
    assert working_days_over(friday, friday + DAY, ZONE) == 0  # the weekend does not count
    assert working_days_over(friday, friday + 3 * DAY, ZONE) == 1
    assert working_days_over(friday, friday + 10 * DAY, ZONE) == 6


@given(st.integers(0, 60), st.integers(1, 30), st.integers(0, 86_399))
def test_the_last_day_over_is_the_last(ahead: int, days: int, second: int) -> None:
    now = MONDAY + ahead * DAY + timedelta(seconds=second)
    last = last_over(now, days, ZONE)
    noon = datetime(last.year, last.month, last.day, 5, tzinfo=UTC)
    assert due(noon, days, ZONE) < now <= due(noon + DAY, days, ZONE)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)), st.integers(0, 72), st.integers(1, 20))
def test_who_hands_in_later_is_due_no_earlier(at: datetime, hours: int, days: int) -> None:
    first = at.replace(tzinfo=UTC)
    assert due(first, days, ZONE) <= due(first + timedelta(hours=hours), days, ZONE)


def passage(cycle: int, who: int, start: float | None, end: float) -> Passage:
    started = None if start is None else MONDAY + start * DAY
    return Passage(cycle, who, "Universitas", MONDAY, started, MONDAY + end * DAY)


def test_waiting_and_reviewing_are_told_apart() -> None:
    found = pace([passage(1, 7, 1, 3), passage(1, 7, 2, 3), passage(1, 8, 6, 12)], 5, ZONE)
    assert found == Pace(n=3, kept=2, timed=3, waiting=2.0, reviewing=2.0, whole=3.0)


def test_a_review_whose_start_is_unknown_counts_as_a_whole_only() -> None:
    assert pace([passage(1, 7, None, 4)], 5, ZONE) == Pace(1, 1, 0, None, None, 4.0)
    assert pace([], 5, ZONE) == Pace(0, 0, 0, None, None, None)


def test_each_group_has_its_own() -> None:
    found = paces([passage(1, 7, 1, 2), passage(2, 7, 1, 4)], lambda each: each.cycle, 5, ZONE)
    assert {name: each.whole for name, each in found.items()} == {1: 2.0, 2: 4.0}


def test_shares_are_equal_or_by_caps() -> None:
    assert shares({1: 3, 2: 1}, {1: None, 2: None}) == {1: Share(3, 2.0), 2: Share(1, 2.0)}
    assert shares({1: 3, 2: 1}, {1: 30, 2: 10}) == {1: Share(3, 3.0), 2: Share(1, 1.0)}
    assert shares({1: 3, 2: 1}, {1: 30, 2: None})[1].fair == 2.0
    assert shares({1: 3}, {1: 0, 2: 0})[2] == Share(0, 1.5)
    assert shares({}, {1: None})[1].ratio is None
    assert shares({5: 9}, {}) == {}
    assert Share(3, 2.0).ratio == 1.5


@given(st.integers(1, 10**9), st.sets(st.integers(1, 10**12), min_size=2, max_size=50))
def test_the_shuffle_is_the_same_every_time_and_a_small_number(who: int, versions: set[int]) -> None:
    places = [shuffled(who, each) for each in versions]
    assert places == [shuffled(who, each) for each in versions]
    assert all(0 <= place < 2**31 for place in places)


def test_neighbours_are_parted_and_each_reviewer_has_an_own_order() -> None:
    orders = [tuple(sorted(range(1, 31), key=lambda each: shuffled(who, each))) for who in range(1, 40)]
    assert len(set(orders)) == len(orders)
    # nobody's place is common to all: over many reviewers each version is early about as often as late
    for version in range(1, 31):
        mean = sum(order.index(version) for order in orders) / len(orders)
        assert 8 < mean < 22
