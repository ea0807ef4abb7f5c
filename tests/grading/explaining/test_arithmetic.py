"""A grade can be added up again: exact inside, and as shown with a line for what rounding leaves."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms import formats
from lms import rubric as rubrics
from lms.grading.explaining.arithmetic import Change, changed, explain, shown
from lms.projects.source import Late
from lms.rubric import Criterion, Level, Rubric

LEVELS = (Level(id=3, label="A"), Level(id=2, label="B"), Level(id=1, label="C"))
TEXT = {1: "c", 2: "b", 3: "a"}
POINTS = st.decimals(0, 100, places=12)


def rubric_of(weights: list[int]) -> Rubric:
    return Rubric(
        title="R",
        levels=LEVELS,
        criteria=tuple(
            Criterion(id=f"k{at}", title=f"K{at}", weight=Decimal(weight), levels=TEXT)
            for at, weight in enumerate(weights)
        ),
    )


@st.composite
def graded(draw: st.DrawFn) -> tuple[Rubric, list[dict[str, int]]]:
    cuts = sorted(draw(st.sets(st.integers(1, 99), max_size=6)))
    weights = [b - a for a, b in zip([0, *cuts], [*cuts, 100], strict=True)]
    reviews = draw(
        st.lists(
            st.fixed_dictionaries({f"k{at}": st.integers(1, 3) for at in range(len(weights))}),
            min_size=1,
            max_size=4,
        )
    )
    return rubric_of(weights), reviews


def mean(rubric: Rubric, reviews: list[dict[str, int]]) -> Decimal:
    points = [rubrics.points(rubric, each) for each in reviews]
    return sum((each for each in points if each is not None), Decimal(0)) / len(points)


NEAR = Decimal("1e-9")


@given(graded())
def test_what_the_criteria_give_is_the_rubrics_grade(case: tuple[Rubric, list[dict[str, int]]]) -> None:
    rubric, reviews = case
    base = mean(rubric, reviews)
    found = explain(rubric, reviews, None, base)
    assert abs(sum((line.counts for line in found.lines), Decimal(0)) - base) < NEAR
    assert found.total == found.rubric == base
    ruled = explain(rubric, reviews, reviews[0], rubrics.points(rubric, reviews[0]) or Decimal(0))
    assert [line.counts for line in ruled.lines] == [line.given[0] for line in ruled.lines]


@given(graded(), st.data())
def test_an_appeal_moves_the_grade_by_what_it_moves_its_criterion(
    case: tuple[Rubric, list[dict[str, int]]], data: st.DataObject
) -> None:
    rubric, reviews = case
    base = mean(rubric, reviews)
    before = explain(rubric, reviews, None, base)
    line = data.draw(st.sampled_from(before.lines))
    points = data.draw(st.decimals(line.counts, line.weight, places=2).filter(lambda x: x >= line.counts))
    late = Late(per_day=Decimal("2.5"), max=Decimal(10))
    seconds = data.draw(st.integers(0, 10 * 86_400))
    given_ = data.draw(st.decimals(-20, 20, places=2))
    after = explain(
        rubric,
        reviews,
        None,
        base,
        changes=[Change(line.id, points, "x")],
        late=late,
        late_seconds=seconds,
        adjustment=given_,
    )
    assert abs(after.rubric - base - (points - line.counts)) < NEAR
    assert abs(sum((each.counts for each in after.lines), Decimal(0)) - after.rubric) < NEAR
    assert after.final.points == max(after.rubric - late.deduction(seconds), Decimal(0))
    assert after.total == after.final.points + given_ + after.capped
    assert 0 <= after.total <= 100


@given(st.lists(POINTS, min_size=1, max_size=8), POINTS, st.sampled_from([None, 60, 70]))
def test_what_is_shown_adds_up(parts: list[Decimal], total: Decimal, mark: int | None) -> None:
    found = shown(parts, total, mark)
    assert sum(found.parts, Decimal(0)) + found.rounding == found.total == formats.grade(total, mark)
    assert found.parts == tuple(formats.grade(part) for part in parts)


def test_rounding_has_a_line_only_where_it_is_needed() -> None:
    third = Decimal("33.333333333333")
    assert shown([third, third, third], Decimal(100)).rounding == Decimal("0.01")
    assert shown([Decimal(45), Decimal(40)], Decimal(85)).rounding == 0


def test_bounds_hold_and_are_told() -> None:
    rubric = rubric_of([100])
    found = explain(rubric, [{"k0": 3}], None, Decimal(100), adjustment=Decimal(5))
    assert (found.total, found.capped) == (Decimal(100), Decimal(-5))
    assert changed(Decimal(99), Decimal(1), Decimal(9)) == 100


def test_a_grade_without_a_score_cannot_be_explained() -> None:
    with pytest.raises(ValueError, match="without a score"):
        explain(rubric_of([40, 60]), [{"k0": 1}], None, Decimal(10))
