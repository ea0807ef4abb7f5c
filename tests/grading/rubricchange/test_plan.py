"""Three choices, what each does with a work, and the fingerprint of it all; no database."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.grading.rubricchange.plan import (
    CHOICES,
    Case,
    Choice,
    Grade,
    differences,
    dry_run,
    effect,
    unmapped,
)
from lms.grading.state import WorkState
from lms.rubric import Criterion, Level, Rubric

LEVELS = (Level(id=2, label="A"), Level(id=1, label="B"))
TEXT = {1: "b", 2: "a"}


def rubric(*criteria: tuple[str, int], levels: tuple[Level, ...] = LEVELS, **words: str) -> Rubric:
    return Rubric(
        title="R",
        levels=levels,
        criteria=tuple(
            Criterion(id=name, title=words.get(name, name), weight=Decimal(weight), levels=TEXT)
            for name, weight in criteria
        ),
    )


OLD = rubric(("a", 60), ("b", 40))
GRADE = Grade(1, 5, Decimal(85), Decimal("82.5"))
GRADED = Case(work_id=1, state=WorkState.GRADED, version=1, submission_id=3, sent=1, grades=(GRADE,))


def test_what_differs_is_named_once() -> None:
    assert differences(OLD, OLD) == ()
    found = differences(OLD, rubric(("a", 50), ("c", 50)))
    assert [(each.id, each.old, each.new) for each in found] == [
        ("a", Decimal(60), Decimal(50)),
        ("c", None, Decimal(50)),
        ("b", Decimal(40), None),
    ]
    assert [each.words for each in differences(OLD, rubric(("a", 60), ("b", 40), a="Lain"))] == [True]
    half = (LEVELS[0], Level(id=1, label="B", points=Decimal("0.4")))
    assert all(each.levels for each in differences(OLD, rubric(("a", 60), ("b", 40), levels=half)))


def test_what_no_score_speaks_of_cannot_be_recomputed() -> None:
    new = rubric(("a", 50), ("c", 50))
    assert unmapped(new, [{"a": 2}]) == ("c",)
    assert unmapped(new, [{"a": 2, "c": 1}, {"a": 1}]) == ("c",)
    assert unmapped(new, [{"a": 2, "c": 1}]) == ()


@pytest.mark.parametrize(
    ("changes", "recompute", "review"),
    [
        ({}, ("rescore", ""), ("reopen", "")),
        ({"state": WorkState.RELEASED}, ("rescore", ""), ("impossible", "released")),
        ({"missing": ("c",)}, ("impossible", "unmapped"), ("reopen", "")),
        ({"appealed": True}, ("impossible", "appealed"), ("reopen", "")),
        ({"renamed": True}, ("impossible", "renamed"), ("impossible", "renamed")),
        ({"state": None, "version": 0, "sent": 0}, ("switch", ""), ("switch", "")),
        ({"state": WorkState.WAITING, "sent": 0}, ("switch", ""), ("switch", "")),
        ({"state": WorkState.IN_REVIEW, "sent": 0}, ("switch", ""), ("switch", "")),
        ({"state": WorkState.RETURNED, "sent": 1}, ("switch", ""), ("switch", "")),
        ({"state": WorkState.IN_REVIEW, "sent": 1}, ("impossible", "partly"), ("impossible", "partly")),
        ({"state": WorkState.MODERATION, "sent": 2}, ("impossible", "partly"), ("impossible", "partly")),
    ],
)
def test_what_each_choice_does(
    changes: dict[str, object], recompute: tuple[str, str], review: tuple[str, str]
) -> None:
    case = msgspec.structs.replace(GRADED, **changes)
    assert effect("keep", case) == ("keep", "")
    assert effect("recompute", case) == recompute
    assert effect("review", case) == review


def test_who_passes_by_a_choice_and_who_no_longer_is_counted() -> None:
    up = Grade(2, 6, Decimal(69), Decimal(70))
    down = Grade(3, 7, Decimal(70), Decimal("69.99"))
    cases = [
        msgspec.structs.replace(GRADED, work_id=at, grades=(each,))
        for at, each in enumerate((GRADE, up, down))
    ]
    stuck = msgspec.structs.replace(GRADED, work_id=9, grades=(down,), missing=("c",))
    run = dry_run("p", [*cases, stuck], "x")
    assert run.turned("recompute", Decimal(70)) == (1, 1)
    assert run.turned("recompute", Decimal(85)) == (0, 1)
    assert run.turned("keep", Decimal(70)) == run.turned("review", Decimal(70)) == (0, 0)


CASES = st.lists(
    st.builds(
        Case,
        work_id=st.integers(1, 50),
        state=st.sampled_from([None, *WorkState]),
        sent=st.integers(0, 2),
        missing=st.sampled_from([(), ("c",)]),
        appealed=st.booleans(),
        renamed=st.booleans(),
    ),
    max_size=6,
    unique_by=lambda case: case.work_id,
)


@given(CASES, st.sampled_from(CHOICES))
def test_every_work_is_counted_once(cases: list[Case], choice: Choice) -> None:
    run = dry_run("p", cases, "x")
    deeds = ("keep", "switch", "rescore", "reopen", "impossible")
    assert sum(run.count(choice, deed) for deed in deeds) == len(cases)
    if choice == "keep":
        assert run.count("keep", "keep") == len(cases)
        assert run.changed("keep") == 0
        assert not run.touches_released("keep")


@given(CASES)
def test_the_fingerprint_knows_no_order_and_every_fact(cases: list[Case]) -> None:
    plan = dry_run("p", cases, "x").fingerprint
    assert dry_run("p", list(reversed(cases)), "x").fingerprint == plan
    assert dry_run("p", cases, "y").fingerprint != plan
    for at, case in enumerate(cases):
        for change in ({"sent": case.sent + 1}, {"grades": (*case.grades, GRADE)}):
            other = [*cases[:at], msgspec.structs.replace(case, **change), *cases[at + 1 :]]
            assert dry_run("p", other, "x").fingerprint != plan
