from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.grading import verdict
from lms.grading.content import ReviewContent, SectionReview
from lms.grading.verdict import Sent
from lms.projects.source import Late, Project, Reconcile


def project(graders: int = 1, how: str = "average", above: int = 0) -> Project:
    return Project(
        title="P",
        minutes=60,
        graders=graders,
        rubric="r",
        reconcile=Reconcile(how=how, above=Decimal(above)),  # type: ignore[arg-type]
    )


def accepted(points: str) -> Sent:
    return Sent(ReviewContent(), "accepted", Decimal(points))


def returned(*sections: str) -> Sent:
    return Sent(ReviewContent(sections={each: SectionReview("return") for each in sections}), "returned")


def test_one_reviewer_decides_alone() -> None:
    assert not verdict.is_settled(project(), [])
    assert verdict.is_settled(project(), [accepted("80")])
    assert verdict.is_settled(project(), [returned("isu")])
    assert verdict.mark(project(), [accepted("71.25")]) == verdict.Mark(Decimal("71.25"), "agreed")


def test_two_reviewers_wait_for_each_other() -> None:
    two = project(graders=2)
    assert not verdict.is_settled(two, [accepted("80")])
    assert not verdict.is_settled(two, [returned("isu")])
    assert verdict.is_settled(two, [accepted("80"), accepted("40")])
    assert verdict.mark(two, [accepted("80"), accepted("85")]).points == Decimal("82.5")
    three = project(graders=3)
    assert verdict.mark(three, [accepted("80"), accepted("80"), accepted("81")]).points == Decimal(
        "80.333333333333"
    )


def test_what_one_returns_comes_back() -> None:
    reviews = [accepted("80"), returned("isu"), returned("isu", "sasaran")]
    assert verdict.outcome(reviews) == "returned"
    assert verdict.returned_sections(reviews) == {"isu", "sasaran"}
    assert verdict.is_settled(
        project(graders=2, how="moderator", above=10), [accepted("80"), returned("isu")]
    )


def test_where_two_differ_too_far_a_third_decides() -> None:
    moderated = project(graders=2, how="moderator", above=10)
    near, far = [accepted("70"), accepted("80")], [accepted("70"), accepted("80.1")]
    assert verdict.is_settled(moderated, near)
    assert verdict.mark(moderated, near) == verdict.Mark(Decimal(75), "agreed")
    assert not verdict.is_settled(moderated, far)
    assert verdict.is_settled(moderated, [*far, accepted("76")])
    assert verdict.mark(moderated, [*far, accepted("76")]) == verdict.Mark(Decimal(76), "moderated")


def test_an_accepting_review_has_points() -> None:
    with pytest.raises(ValueError, match="without points"):
        verdict.mark(project(), [Sent(ReviewContent(), "accepted", None)])


LATE = Late(grace=3600, per_day=Decimal(5), max=Decimal(25))


@pytest.mark.parametrize(
    ("points", "seconds", "left", "taken", "days"),
    [
        ("80", 0, "80", "0", 0),
        ("80", 3600, "80", "0", 0),
        ("80", 3601, "75", "5", 1),
        ("80", 86_400, "75", "5", 1),
        ("80", 86_401, "70", "10", 2),
        ("80", 100 * 86_400, "55", "25", 100),
        ("10", 100 * 86_400, "0", "10", 100),
    ],
)
def test_lateness_takes_points_off_by_days_begun(
    points: str, seconds: int, left: str, taken: str, days: int
) -> None:
    final = verdict.after_lateness(Decimal(points), LATE, seconds)
    assert final == verdict.Final(Decimal(left), Decimal(points), Decimal(taken), days)


def test_without_a_rule_lateness_costs_nothing() -> None:
    assert verdict.after_lateness(Decimal(80), None, 10**6) == verdict.Final(
        Decimal(80), Decimal(80), Decimal(0), 0
    )


@given(st.decimals(0, 100, places=2), st.integers(0, 10**8))
def test_a_grade_stays_between_nothing_and_the_rubrics(points: Decimal, seconds: int) -> None:
    final = verdict.after_lateness(points, LATE, seconds)
    assert 0 <= final.points <= points
    assert final.points + final.deducted == points
