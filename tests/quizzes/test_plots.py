"""Where the marks of a picture stand."""

from __future__ import annotations

from lms.quizzes.cohort.plots import Dot, Field, bins, dots

FIELD = Field(left=10, top=20, width=100, height=200, x=(0.0, 1.0), y=(-1.0, 1.0))


def test_a_field_maps_its_corners_and_its_middle() -> None:
    assert (FIELD.across(0), FIELD.across(0.5), FIELD.across(1)) == (10, 60, 110)
    assert (FIELD.down(1), FIELD.down(0), FIELD.down(-1)) == (20, 120, 220)


def test_marks_that_would_cover_each_other_become_one() -> None:
    points = [("a", 0.5, 0.0), ("b", 0.52, 0.01), ("c", 0.9, 0.0)]
    assert dots(FIELD, points, apart=20) == [Dot(60, 120, ("a", "b")), Dot(100, 120, ("c",))]
    assert len(dots(FIELD, points, apart=1)) == 3
    assert dots(FIELD, [], apart=20) == []


def test_bins_hold_every_value() -> None:
    assert bins([0, 9.99, 10, 55, 99.9, 100]) == [2, 1, 0, 0, 0, 1, 0, 0, 0, 2]
    assert bins([]) == [0] * 10
    assert sum(bins([-1e-9, 100.0000001])) == 2
