"""Item analysis against sets worked out by hand, and what must hold for any.

The main set, six learners and four questions of one point, right (1) or wrong (0):

    ======= == == == == =====
    learner q1 q2 q3 q4 total
    ======= == == == == =====
    A        1  1  1  1     4
    B        1  1  1  0     3
    C        1  1  0  1     3
    D        1  0  1  0     2
    E        1  0  0  0     1
    F        0  1  0  0     1
    right    5  4  3  2    14
    ======= == == == == =====
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import atanh, isclose, sqrt, tanh
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.quizzes.advice import Advice, advice, reliability_grade
from lms.quizzes.statistics import (
    Counts,
    Figure,
    Figures,
    Reply,
    Sheet,
    figures,
    thirds_of,
    time_spent,
)

QUESTIONS = ("q1", "q2", "q3", "q4")
SET = {"A": "1111", "B": "1110", "C": "1101", "D": "1010", "E": "1000", "F": "0100"}
ONE, NONE = Decimal(1), Decimal(0)


def sheet(marks: str) -> Sheet:
    """A learner's sheet: "1" right, "0" wrong, "_" blank, "." not asked."""
    return {
        question: Reply(ONE if mark == "1" else NONE, ONE, answered=mark != "_")
        for question, mark in zip(QUESTIONS, marks, strict=False)
        if mark != "."
    }


def worked() -> Figures:
    return figures(QUESTIONS, [sheet(marks) for marks in SET.values()])


def close(figure: Figure, expected: float) -> bool:
    return figure.value is not None and isclose(figure.value, expected, abs_tol=1e-9)


def of(marks: list[str], questions: str = "q1 q2 q3 q4") -> Figures:
    return figures(questions.split(), [sheet(each) for each in marks])


# --- by hand ------------------------------------------------------------------------------------------------


def test_facility_is_the_share_of_the_points() -> None:
    items = worked().items
    for question, right in (("q1", 5), ("q2", 4), ("q3", 3), ("q4", 2)):
        assert close(items[question].facility, right / 6)


def test_mean_median_and_deviation() -> None:
    # sum 14, sum of squares 16 + 9 + 9 + 4 + 1 + 1 = 40
    # mean 14/6 = 7/3 of 4 points; variance 40/6 - (7/3)² = 60/9 - 49/9 = 11/9; median between 2 and 3
    quiz = worked().quiz
    assert quiz.n == 6
    assert close(quiz.mean, 7 / 3 * 25)
    assert close(quiz.median, 62.5)
    assert close(quiz.deviation, sqrt(11) / 3 * 25)


def test_reliability_and_error_of_measurement() -> None:
    # p (1 - p): 5/6 * 1/6 = 5/36, 4/6 * 2/6 = 8/36, 3/6 * 3/6 = 9/36, 2/6 * 4/6 = 8/36; together 30/36 = 5/6
    # KR-20 = 4/3 * (1 - 5/6 / (11/9)) = 4/3 * (1 - 15/22) = 4/3 * 7/22 = 14/33
    # error = sqrt(11/9 * (1 - 14/33)) = sqrt(11/9 * 19/33) = sqrt(19/27) of 4 points
    quiz = worked().quiz
    assert close(quiz.kr20, 14 / 33)
    assert close(quiz.alpha, 14 / 33)
    assert close(quiz.error, sqrt(19 / 27) * 25)
    assert (quiz.covered, quiz.questions) == (4, 4)


def test_discrimination_is_the_correlation_with_the_rest() -> None:
    # r = (n Σxy - Σx Σy) / sqrt((n Σx² - (Σx)²) (n Σy² - (Σy)²)), y the rest: total less the question
    # q1: x 1 1 1 1 1 0, y 3 2 2 1 0 1: Σx 5, Σy 9, Σxy 8, Σy² 19; (48 - 45) / sqrt(5 * 33) = 3 / sqrt 165
    # q2: x 1 1 1 0 0 1, y 3 2 2 2 1 0: Σx 4, Σy 10, Σxy 7, Σy² 22; (42 - 40) / sqrt(8 * 32) = 1/8
    # q3: x 1 1 0 1 0 0, y 3 2 3 1 1 1: Σx 3, Σy 11, Σxy 6, Σy² 25; (36 - 33) / sqrt(9 * 29) = 1 / sqrt 29
    # q4: x 1 0 1 0 0 0, y 3 3 2 2 1 1: Σx 2, Σy 12, Σxy 5, Σy² 28; (30 - 24) / sqrt(8 * 24) = sqrt 3 / 4
    items = worked().items
    assert close(items["q1"].discrimination, 3 / sqrt(165))
    assert close(items["q2"].discrimination, 1 / 8)
    assert close(items["q3"].discrimination, 1 / sqrt(29))
    assert close(items["q4"].discrimination, sqrt(3) / 4)


def test_the_interval_of_a_correlation() -> None:
    # q2, r = 1/8 of six: artanh 1/8 = ln(9/7) / 2 = 0.125657..., 1.959964 / sqrt 3 = 1.131586...
    # tanh x = (e^2x - 1) / (e^2x + 1): -6.4772 / 8.4772 = -0.7641 and 11.3601 / 13.3601 = 0.8503
    low, high = worked().items["q2"].interval or (0, 0)
    assert isclose(low, -0.7641, abs_tol=5e-5)
    assert isclose(high, 0.8503, abs_tol=5e-5)
    assert isclose(low, tanh(atanh(1 / 8) - 1.959963984540054 / sqrt(3)))


def test_thirds_are_by_the_rest_and_ties_stay_together() -> None:
    # q4: rests A 3, B 3 | C 2, D 2 | E 1, F 1. Right were A and C
    q4 = worked().items["q4"]
    assert q4.asked == Counts(upper=2, middle=2, lower=2)
    assert q4.outcomes["right"] == Counts(upper=1, middle=1, lower=0)
    # q1: rests E 0 | D 1, F 1, B 2, C 2 | A 3: the ties reach over both borders, their middle lies between
    q1 = worked().items["q1"]
    assert q1.asked == Counts(upper=1, middle=4, lower=1)
    assert q1.outcomes["wrong"] == Counts(upper=0, middle=1, lower=0)


def test_partial_credit_and_weights() -> None:
    # points of q1 (2) and q2 (1): A 2 1, B 1 1, C 1 0, D 0 0; totals 3 2 1 0
    # variances: q1 1/2, q2 1/4, total 5/4; alpha = 2 * (1 - (3/4) / (5/4)) = 4/5
    # error: deviation sqrt(5/4) of 3 points, sqrt(5/4 * 1/5) = 1/2 point
    # q1: shares 1 1/2 1/2 0, rest 1 1 0 0: r = (4 * 3/2 - 2 * 2) / sqrt((4 * 3/2 - 4) (8 - 4)) = 2 / sqrt 8
    sheets: list[Sheet] = [
        {"q1": Reply(Decimal(first), Decimal(2)), "q2": Reply(Decimal(second), ONE)}
        for first, second in ((2, 1), (1, 1), (1, 0), (0, 0))
    ]
    found = figures(("q1", "q2"), sheets)
    assert close(found.quiz.alpha, 4 / 5)
    assert close(found.quiz.error, 50 / 3)
    assert found.quiz.kr20 == Figure(None, "shares")
    assert close(found.items["q1"].facility, 1 / 2)
    assert close(found.items["q1"].discrimination, 1 / sqrt(2))
    assert found.items["q1"].outcomes["partly"].all == 2


def test_different_weights_have_no_kr20() -> None:
    sheets: list[Sheet] = [
        {"q1": Reply(Decimal(2 * first), Decimal(2)), "q2": Reply(Decimal(second), ONE)}
        for first, second in ((1, 1), (1, 0), (0, 0))
    ]
    quiz = figures(("q1", "q2"), sheets).quiz
    assert quiz.alpha.value is not None
    assert quiz.kr20 == Figure(None, "weights")


def test_questions_that_work_against_each_other() -> None:
    # totals 1 1 2: q1 1 0 1, q2 0 1 1; variances 2/9 each, total 2/9; alpha = 2 * (1 - 2) = -2
    found = of(["10", "01", "11"], "q1 q2")
    assert close(found.quiz.alpha, -2)
    assert found.quiz.error == Figure(None, "negative")
    # q1 against q2: n Σxy - Σx Σy = 3 - 4 = -1, both spreads 6 - 4 = 2: r = -1/2
    assert close(found.items["q1"].discrimination, -1 / 2)


# --- what cannot be worked out ------------------------------------------------------------------------------


def test_nobody() -> None:
    found = of([])
    for figure in (
        found.quiz.mean,
        found.quiz.median,
        found.quiz.deviation,
        found.quiz.alpha,
        found.quiz.error,
    ):
        assert figure == Figure(None, "few")
    assert found.quiz.kr20 == Figure(None, "few")
    item = found.items["q1"]
    assert (item.n, item.blank, item.facility) == (0, 0.0, Figure(None, "few"))
    assert (item.discrimination, item.interval) == (Figure(None, "few"), None)


def test_one_learner() -> None:
    found = of(["1100"])
    assert close(found.quiz.mean, 50)
    assert found.quiz.deviation == found.quiz.alpha == found.quiz.error == Figure(None, "few")
    assert close(found.items["q1"].facility, 1)
    assert found.items["q1"].discrimination == Figure(None, "few")


def test_all_the_same() -> None:
    found = of(["1100", "1100", "1100"])
    assert close(found.quiz.deviation, 0)
    assert found.quiz.alpha == found.quiz.error == Figure(None, "same")
    assert found.items["q1"].discrimination == Figure(None, "same")
    assert found.items["q1"].asked == Counts(upper=0, middle=3, lower=0)


def test_the_same_rest() -> None:
    assert of(["1100", "0100"]).items["q1"].discrimination == Figure(None, "same rest")


def test_a_quiz_of_one_question() -> None:
    found = of(["1", "0"], "q1")
    assert found.quiz.alpha == Figure(None, "one question")
    assert found.items["q1"].discrimination == Figure(None, "one question")
    assert close(found.items["q1"].facility, 1 / 2)


def test_a_perfect_correlation_has_no_interval() -> None:
    item = of(["11", "00", "11", "00"], "q1 q2").items["q1"]
    assert close(item.discrimination, 1)
    assert item.interval is None


# --- draws, blanks, void questions, time --------------------------------------------------------------------


def test_drawn_questions_are_judged_by_those_who_were_asked() -> None:
    # q1 and q2 are asked of everybody, q3 or q4 of one half each
    found = of(["111.", "10.0", "010.", "11.1"])
    assert found.items["q3"].n == 2
    assert close(found.items["q3"].facility, 1 / 2)
    # the reliability is that of q1 and q2 alone: variances 3/16 each, totals 2 1 1 2, variance 1/4
    # alpha = 2 * (1 - (6/16) / (1/4)) = -1
    assert (found.quiz.covered, found.quiz.questions) == (2, 4)
    assert close(found.quiz.alpha, -1)
    assert close(found.quiz.mean, (3 / 3 + 1 / 3 + 1 / 3 + 3 / 3) / 4 * 100)


def test_without_common_questions_there_is_no_reliability() -> None:
    found = of(["11..", "..10", "1.0."])
    assert found.quiz.alpha == Figure(None, "draws")
    assert found.quiz.error == Figure(None, "draws")


def test_an_error_of_measurement_is_for_whole_quizzes_only() -> None:
    found = of(["111.", "00.0", "110.", "00.1"])
    assert found.quiz.alpha.value is not None
    assert found.quiz.alpha.value > 0
    assert found.quiz.error == Figure(None, "draws")


def test_blank_answers() -> None:
    item = of(["_1", "11", "00", "_0"], "q1 q2").items["q1"]
    assert item.blank == 0.5
    assert item.outcomes["blank"].all == 2
    assert close(item.facility, 1 / 4)


def test_void_questions_count_for_nothing_but_their_answers() -> None:
    plain = of(["110", "100", "011"], "q1 q2 q3")
    sheets = [
        {**sheet(marks), "q4": Reply(ONE, ONE, chosen=frozenset({"a"}), void=True)}
        for marks in ("110", "100", "011")
    ]
    found = figures(QUESTIONS, sheets)
    assert found.quiz == plain.quiz
    assert found.items["q1"] == plain.items["q1"]
    item = found.items["q4"]
    assert item.void
    assert item.facility == item.discrimination == Figure(None, "void")
    assert item.chosen["a"].all == 3


def test_options_by_thirds() -> None:
    # rests 0 1 2: a was taken by the first and the last
    sheets: list[Sheet] = [
        {**sheet(f"{marks}"), "q4": Reply(NONE, ONE, chosen=frozenset(chosen))}
        for marks, chosen in (("000", "a"), ("100", "b"), ("110", "ab"))
    ]
    item = figures(QUESTIONS, sheets).items["q4"]
    assert item.chosen == {"a": Counts(upper=1, lower=1), "b": Counts(upper=1, middle=1)}


@pytest.mark.parametrize(
    ("values", "thirds"),
    [
        ([], ""),
        ([5], "m"),
        ([1, 2], "lu"),
        ([1, 2, 3], "lmu"),
        ([3, 1, 2], "ulm"),
        ([1, 1, 2, 2], "lluu"),
        ([1, 1, 1, 2], "mmmu"),
        ([7, 7, 7, 7], "mmmm"),
        (list(range(9)), "lllmmmuuu"),
    ],
)
def test_thirds(values: list[float], thirds: str) -> None:
    assert "".join(third[0] for third in thirds_of(values)) == thirds


START = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_time_goes_to_the_question_that_was_saved_next() -> None:
    assert time_spent(START, [("q1", at(30)), ("q2", at(50)), ("q1", at(55))]) == {"q1": 35, "q2": 20}


def test_time_of_what_was_saved_together_is_not_known() -> None:
    saves = [("q1", at(30)), ("q2", at(90)), ("q3", at(90)), ("q4", at(100)), ("q2", at(110))]
    assert time_spent(START, saves) == {"q1": 30, "q4": 10}


def test_time_never_runs_backwards() -> None:
    assert time_spent(START, [("q1", at(-5)), ("q2", at(10))]) == {"q1": 0, "q2": 10}
    assert time_spent(START, []) == {}


def test_the_median_time_is_of_those_whose_time_is_known() -> None:
    sheets: list[Sheet] = [{"q1": Reply(ONE, ONE, seconds=each)} for each in (10.0, 70.0, None, 20.0)]
    item = figures(("q1",), sheets).items["q1"]
    assert (item.seconds, item.timed) == (Figure(20.0), 3)
    assert worked().items["q1"].seconds == Figure(None, "untimed")


# --- advice -------------------------------------------------------------------------------------------------


def choices(rows: list[tuple[str, str, int]], right: str = "a") -> Any:
    """The item "q4" after (rest marks, option taken, how many learners): right is option `right`, "" is blank."""
    sheets: list[Sheet] = [
        {
            **sheet(marks),
            "q4": Reply(
                ONE if option == right else NONE, ONE, answered=bool(option), chosen=frozenset(option)
            ),
        }
        for marks, option, count in rows
        for _ in range(count)
    ]
    return figures(QUESTIONS, sheets).items["q4"]


KEY = {"a": True, "b": False, "c": False}


def test_a_distractor_that_attracts_the_strongest() -> None:
    item = choices([("111", "b", 4), ("111", "a", 1), ("100", "a", 4), ("000", "c", 4)])
    assert advice(item, KEY)[:2] == (Advice("key", ("b",)), Advice("against"))


def test_a_question_that_needs_nothing() -> None:
    item = choices([("111", "a", 5), ("110", "a", 2), ("110", "b", 2), ("000", "b", 2), ("000", "c", 3)])
    assert advice(item, KEY) == ()


def test_easy_and_unchosen() -> None:
    item = choices([("111", "a", 15), ("100", "a", 9)])
    assert advice(item, KEY) == (Advice("easy"), Advice("unchosen", ("b", "c")))


def test_hard() -> None:
    item = choices([("111", "a", 2), ("110", "b", 4), ("000", "b", 3), ("000", "c", 4)])
    assert Advice("hard") in advice(item, KEY)
    assert Advice("weak") not in advice(item, KEY)


def test_weak() -> None:
    item = choices(
        [("111", "a", 3), ("111", "b", 2), ("000", "a", 3), ("000", "b", 2), ("100", "c", 1), ("100", "a", 1)]
    )
    assert advice(item, KEY) == (Advice("weak"),)


def test_blank() -> None:
    assert advice(choices([("111", "", 6), ("000", "", 6)]), KEY) == (Advice("unanswered"),)
    item = choices([("111", "a", 6), ("100", "b", 1), ("100", "c", 1), ("000", "", 4)])
    assert advice(item, KEY) == (Advice("blank"),)


def test_long_times() -> None:
    sheets: list[Sheet] = [
        {"q1": Reply(ONE if n % 2 else NONE, ONE, seconds=200.0), "q2": Reply(ONE if n % 2 else NONE, ONE)}
        for n in range(12)
    ]
    item = figures(("q1", "q2"), sheets).items["q1"]
    assert advice(item, {}, planned=90) == (Advice("slow"),)
    assert advice(item, {}, planned=100) == ()
    assert advice(item, {}) == ()


def test_a_quick_quiz_calls_nothing_below_a_minute_long() -> None:
    sheets: list[Sheet] = [
        {"q1": Reply(ONE if n % 2 else NONE, ONE, seconds=50.0), "q2": Reply(ONE if n % 2 else NONE, ONE)}
        for n in range(12)
    ]
    assert advice(figures(("q1", "q2"), sheets).items["q1"], {}, planned=10) == ()


def test_too_few_for_advice() -> None:
    assert advice(choices([("111", "b", 5), ("000", "a", 4)]), KEY) == ()
    assert advice(choices([("111", "b", 5), ("000", "a", 5)]), KEY)[0] == Advice("key", ("b",))


def test_void_questions_need_no_advice() -> None:
    sheets: list[Sheet] = [{"q1": Reply(NONE, ONE, answered=False, void=True)} for _ in range(20)]
    assert advice(figures(("q1",), sheets).items["q1"], {}) == ()


def test_of_several_right_options_each_must_attract_the_strongest() -> None:
    key = {"a": True, "b": True, "c": False}
    item = choices([("111", "abc", 3), ("111", "ac", 2), ("000", "a", 6)], right="ab")
    assert Advice("key", ("c",)) in advice(item, key)
    item = choices([("111", "ab", 3), ("111", "abc", 2), ("000", "a", 6)], right="ab")
    assert Advice("key", ("c",)) not in advice(item, key)


def test_reliability_in_a_word() -> None:
    words = [reliability_grade(alpha) for alpha in (0.93, 0.8, 0.75, 0.7, 0.69, 0.0, -0.1)]
    assert words == ["high", "high", "fair", "fair", "low", "low", "negative"]


# --- whatever comes in --------------------------------------------------------------------------------------

# drawn from a list, because building each by chance takes a hundred times as long
replies = st.sampled_from(
    [
        Reply(round(Decimal(share) / 2, 6), Decimal(3), answered, frozenset(chosen), seconds)
        for share in (0, 1, 2, 4, 6)
        for answered in (True, False)
        for chosen in ("", "a", "bc")
        for seconds in (None, 0.0, 12.5)
    ]
)
sheets_of = st.lists(st.dictionaries(st.sampled_from(QUESTIONS), replies, max_size=4), max_size=9)
whole_sheets = st.lists(
    st.tuples(replies, replies, replies, replies).map(lambda each: dict(zip(QUESTIONS, each, strict=True))),
    min_size=2,
    max_size=9,
)


@given(sheets_of)
def test_figures_stay_within_their_bounds(sheets: list[Sheet]) -> None:
    found = figures(QUESTIONS, sheets)
    assert found.quiz.alpha.value is None or found.quiz.alpha.value <= 1
    assert found.quiz.kr20.value is None or found.quiz.kr20.value <= 1
    for figure in (found.quiz.mean, found.quiz.median):
        assert figure.value is None or -1e-9 <= figure.value <= 100 + 1e-9
    for item in found.items.values():
        assert item.facility.value is None or 0 <= item.facility.value <= 1
        assert item.discrimination.value is None or -1 <= item.discrimination.value <= 1
        if item.interval and item.discrimination.value is not None:
            assert -1 <= item.interval[0] <= item.discrimination.value <= item.interval[1] <= 1
        assert 0 <= item.blank <= 1
        assert sum(count.all for count in item.outcomes.values()) == item.n
        assert all(count.all <= item.n for count in item.chosen.values())
    assert all(bool(each.lack) == (each.value is None) for each in every_figure(found))


def every_figure(found: Figures) -> list[Figure]:
    quiz = found.quiz
    return [quiz.mean, quiz.median, quiz.deviation, quiz.alpha, quiz.kr20, quiz.error] + [
        figure
        for item in found.items.values()
        for figure in (item.facility, item.discrimination, item.seconds)
    ]


@given(sheets_of, st.randoms(use_true_random=False))
def test_the_order_of_the_learners_decides_nothing(sheets: list[Sheet], chance: random.Random) -> None:
    mixed = list(sheets)
    chance.shuffle(mixed)
    assert figures(QUESTIONS, mixed) == figures(QUESTIONS, sheets)


@given(whole_sheets)
def test_the_order_of_the_questions_decides_nothing(sheets: list[Sheet]) -> None:
    there, back = figures(QUESTIONS, sheets), figures(QUESTIONS[::-1], sheets)
    assert there.items == back.items
    assert there.quiz == back.quiz


@given(st.lists(st.text("01", min_size=4, max_size=4), min_size=2, max_size=12))
def test_of_right_and_wrong_alpha_is_kr20(marks: list[str]) -> None:
    quiz = of(marks).quiz
    assert quiz.kr20.lack == quiz.alpha.lack
    if quiz.alpha.value is not None:
        assert close(quiz.kr20, quiz.alpha.value)


@given(whole_sheets)
def test_everybody_twice_changes_no_figure(sheets: list[Sheet]) -> None:
    once, twice = figures(QUESTIONS, sheets), figures(QUESTIONS, [*sheets, *sheets])
    for one, other in zip(every_figure(once), every_figure(twice), strict=True):
        assert one.lack == other.lack
        assert one.value is None or close(other, one.value)


@given(st.lists(st.integers(0, 9), max_size=20))
def test_thirds_rise_and_part_no_ties(values: list[int]) -> None:
    rank = {"lower": 0, "middle": 1, "upper": 2}
    pairs = {(value, rank[third]) for value, third in zip(values, thirds_of(values), strict=True)}
    assert len(pairs) == len(set(values))
    ranks = [third for _, third in sorted(pairs)]
    assert ranks == sorted(ranks)
