from decimal import Decimal

import msgspec
import pytest

from lms import formats
from lms.grading import content
from lms.grading.content import Gap, Note, Open, Opinion, OutOfLevel, ReviewContent, SectionReview
from lms.rubric import BadScore, Rubric, parse

RUBRIC_TEXT = """title: Rubrik
levels: [{id: 4, label: Sangat baik}, {id: 3, label: Baik}, {id: 2, label: Cukup}, {id: 1, label: Kurang}]
criteria:
  - {id: isu, title: Isu, weight: 60, sections: [isu], levels: {4: a, 3: b, 2: c, 1: d}}
  - {id: target, title: Target, weight: 30, range: true, sections: [isu, sasaran], levels: {4: a, 3: b, 2: c, 1: d}}
  - {id: bahasa, title: Bahasa, weight: 10, levels: {4: a, 3: b, 2: c, 1: d}}
"""
_parsed, _problems = parse(RUBRIC_TEXT, "rubrik.yml")
assert _parsed is not None, _problems
RUBRIC: Rubric = _parsed
ISU, SASARAN = Open("isu"), Open("sasaran")
SCORED = {"isu": Opinion(level=3), "target": Opinion(level=4), "bahasa": Opinion(level=2)}


def review(isu: SectionReview, sasaran: SectionReview | None = None, **more: object) -> ReviewContent:
    return ReviewContent(sections={"isu": isu, "sasaran": sasaran or SectionReview("accept")}, **more)  # type: ignore[arg-type]


def test_what_is_stored_is_read_again_and_says_nothing_of_what_nobody_said() -> None:
    said = ReviewContent(
        sections={"isu": SectionReview("return", (Note("Sebutkan sumber."), Note("Rapikan.", must=False)))},
        criteria={"isu": Opinion(level=3, points="", comment="Baik"), "bahasa": Opinion()},
        earlier={7: "settled"},
        summary="Lanjutkan.",
    )
    stored = content.encode(said)
    assert content.decode(stored) == msgspec.structs.replace(said, criteria={"isu": said.criteria["isu"]})
    assert content.encode(content.decode(stored)) == stored
    assert "bahasa" not in stored


def test_a_field_that_is_added_later_does_not_make_old_reviews_unreadable() -> None:
    assert content.decode("{}") == ReviewContent()
    assert content.decode('{"sections":{"isu":{"decision":"accept"}},"tomorrow":1}').section("isu").decision


@pytest.mark.parametrize("text", ["", "[]", '{"sections":[]}', '{"sections":{"isu":{"decision":"maybe"}}}'])
def test_what_is_no_review_is_not_read(text: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        content.decode(text)


def criterion(name: str):
    found = RUBRIC.criterion(name)
    assert found is not None
    return found


def test_a_level_is_a_score_and_points_inside_it_are_exact() -> None:
    assert content.score_of(RUBRIC, criterion("isu"), Opinion()) is None
    assert content.score_of(RUBRIC, criterion("isu"), Opinion(level=3)) == 3
    # points are for criteria with a range; elsewhere they mean nothing
    assert content.score_of(RUBRIC, criterion("isu"), Opinion(level=3, points="60")) == 3
    assert content.score_of(RUBRIC, criterion("target"), Opinion(level=3)) == 3
    assert content.score_of(RUBRIC, criterion("target"), Opinion(level=3, points="62,5")) == Decimal("0.625")
    assert content.score_of(RUBRIC, criterion("target"), Opinion(level=1, points="0")) == 0


@pytest.mark.parametrize("points", ["50", "76", "0", "100", "-1", "1.000.000"])
def test_points_belong_to_the_level_chosen(points: str) -> None:
    with pytest.raises(OutOfLevel) as caught:
        content.score_of(RUBRIC, criterion("target"), Opinion(level=3, points=points))
    assert (caught.value.low, caught.value.high) == (50, 75)


def test_unreadable_points_and_unknown_levels_are_not_scores() -> None:
    with pytest.raises(formats.UnreadableNumber):
        content.score_of(RUBRIC, criterion("target"), Opinion(level=3, points="banyak"))
    with pytest.raises(BadScore):
        content.score_of(RUBRIC, criterion("isu"), Opinion(level=9))
    said = ReviewContent(
        criteria={"isu": Opinion(level=9), "target": Opinion(level=3, points="x"), "bahasa": Opinion(level=2)}
    )
    assert content.scores(RUBRIC, said) == {"bahasa": 2}


def test_one_returned_section_returns_the_work() -> None:
    both = [ISU, SASARAN]
    assert content.outcome(both, review(SectionReview("accept"))) == "accepted"
    assert content.outcome(both, review(SectionReview("return"))) == "returned"
    assert content.outcome(both, ReviewContent(sections={"sasaran": SectionReview("return")})) == "returned"
    assert content.outcome(both, ReviewContent(sections={"sasaran": SectionReview("accept")})) is None
    assert content.outcome([], ReviewContent()) is None


@pytest.mark.parametrize(
    ("said", "missing"),
    [
        (review(SectionReview("accept"), criteria=SCORED), []),
        (review(SectionReview("")), [("undecided", "isu", "")]),
        (review(SectionReview("return")), [("no_note", "isu", "")]),
        (review(SectionReview("return", (Note("Perbaiki."),))), []),
        (review(SectionReview("return", (Note("Sebaiknya", must=False),))), []),
        (
            review(SectionReview("accept", (Note("Perbaiki."),)), criteria=SCORED),
            [("must_accepted", "isu", "")],
        ),
        (review(SectionReview("accept", (Note("Bagus", must=False),)), criteria=SCORED), []),
        (
            review(SectionReview("accept"), criteria=SCORED, earlier={5: "open"}),
            [("open_accepted", "isu", "")],
        ),
        (review(SectionReview("accept"), criteria=SCORED, earlier={5: "settled"}), []),
        # what is still open is reason enough to return a section
        (review(SectionReview("return"), earlier={5: "open"}), []),
        (review(SectionReview("return"), earlier={5: "settled"}), [("no_note", "isu", "")]),
        (
            review(SectionReview("accept"), criteria={"isu": Opinion(level=3)}),
            [("unscored", "", "target"), ("unscored", "", "bahasa")],
        ),
        (
            review(SectionReview("accept"), criteria=SCORED | {"target": Opinion(level=3, points="99")}),
            [("bad_points", "", "target")],
        ),
        (
            review(SectionReview("return", (Note("x"),)), criteria={"target": Opinion(level=3, points="99")}),
            [("bad_points", "", "target")],
        ),
    ],
)
def test_says_everything_that_is_missing(said: ReviewContent, missing: list[tuple[str, str, str]]) -> None:
    sections = [Open("isu", earlier=(5,)), SASARAN]
    assert content.gaps(sections, RUBRIC, said) == tuple(
        Gap(kind, section=section, criterion=criterion)
        for kind, section, criterion in missing  # type: ignore[arg-type]
    )


def test_the_next_review_begins_with_what_was_thought_of_unchanged_sections() -> None:
    before = ReviewContent(criteria=SCORED | {"isu": Opinion(level=3, comment="Kuat")}, summary="Lama")
    assert content.beginning(RUBRIC, None, {"isu"}) == ReviewContent()
    assert content.beginning(RUBRIC, before, {"isu"}) == ReviewContent(
        criteria={"isu": before.criteria["isu"]}
    )
    both = content.beginning(RUBRIC, before, {"isu", "sasaran"})
    # a criterion about the whole document is judged anew each time
    assert set(both.criteria) == {"isu", "target"}
