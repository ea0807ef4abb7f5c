"""What blocks a release, what can be left out, and that the fingerprint moves with anything that would."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.grading.release.preflight import (
    EXCLUDABLE,
    REASON_AT_MOST,
    Mark,
    Party,
    missing,
    open_kind,
    preflight,
)
from lms.grading.state import WorkState

GRADED = Party(
    key="k1",
    work_id=1,
    enrolments=(1,),
    state=WorkState.GRADED,
    submission_id=5,
    version=2,
    sent=1,
    settled=True,
    marks=(Mark(1, 9, Decimal("85.5")),),
)


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, None),
        ({"state": WorkState.RELEASED}, None),
        ({"state": None, "version": 0}, "not_handed_in"),
        ({"state": WorkState.RETURNED}, "returned"),
        ({"state": WorkState.WAITING, "settled": False, "sent": 0}, "unmarked"),
        ({"state": WorkState.RESUBMITTED, "settled": False, "sent": 0}, "unmarked"),
        ({"state": WorkState.IN_REVIEW, "settled": False, "sent": 0}, "unmarked"),
        ({"state": WorkState.IN_REVIEW, "settled": False, "sent": 1, "needed": 2}, "second_review"),
        ({"state": WorkState.IN_REVIEW, "settled": False, "sent": 2, "needed": 2}, "disagreeing"),
        ({"settled": False}, "newer_version"),
        ({"state": WorkState.RELEASED, "settled": False}, "newer_version"),
        ({"rubric_changed": True}, "rubric_changed"),
        # what is out already was answered for when it went out
        ({"state": WorkState.RELEASED, "rubric_changed": True}, None),
    ],
)
def test_what_is_open(changes: dict[str, object], kind: str | None) -> None:
    assert open_kind(msgspec.structs.replace(GRADED, **changes)) == kind


def test_only_what_learners_owe_can_be_left_out() -> None:
    assert {"returned", "not_handed_in"} == EXCLUDABLE


PARTIES = st.builds(
    Party,
    key=st.integers(1, 40).map(lambda at: f"k{at}"),
    work_id=st.just(1),
    enrolments=st.lists(st.integers(1, 99), min_size=1, max_size=3).map(tuple),
    state=st.sampled_from([None, *WorkState]),
    version=st.integers(0, 4),
    needed=st.integers(1, 3),
    sent=st.integers(0, 3),
    settled=st.booleans(),
    rubric_changed=st.booleans(),
)
SOME = st.lists(PARTIES, max_size=8, unique_by=lambda party: party.key)


@given(SOME)
def test_every_party_is_in_exactly_one_place(parties: list[Party]) -> None:
    found = preflight(parties, "")
    sorted_ = [*found.ready, *(each.party for each in found.open), *found.done]
    assert sorted(each.key for each in sorted_) == sorted(each.key for each in parties)
    assert all(each.state is WorkState.GRADED and each.settled for each in found.ready)
    assert set(found.open) == {*found.blocking, *found.excludable}


@given(SOME, st.randoms())
def test_the_fingerprint_knows_no_order_and_every_fact(parties: list[Party], random: object) -> None:
    shuffled = list(parties)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    plan = preflight(parties, "a").fingerprint
    assert preflight(shuffled, "a").fingerprint == plan
    assert preflight(parties, "b").fingerprint != plan
    for at, party in enumerate(parties):
        for change in (
            {"version": party.version + 1},
            {"settled": not party.settled},
            {"marks": (*party.marks, Mark(1, 1, Decimal(1)))},
            {"rubric_changed": not party.rubric_changed},
        ):
            others = [*parties[:at], msgspec.structs.replace(party, **change), *parties[at + 1 :]]
            assert preflight(others, "a").fingerprint != plan


@given(SOME)
def test_with_a_reason_for_everybody_only_the_graders_work_is_missing(parties: list[Party]) -> None:
    found = preflight(parties, "")
    reasons = {party.key: "belum mengumpulkan" for party in parties}
    assert missing(found, reasons) == {each.party.key: "unsettled" for each in found.blocking}
    assert set(missing(found, {})) == {each.party.key for each in found.open}


def test_a_reason_has_words_and_an_end() -> None:
    found = preflight([Party(key="p1", enrolments=(1,))], "")
    assert missing(found, {}) == {"p1": "not_excluded"}
    assert missing(found, {"p1": "  "}) == {"p1": "no_reason"}
    assert missing(found, {"p1": "x" * (REASON_AT_MOST + 1)}) == {"p1": "long_reason"}
    assert missing(found, {"p1": "x" * REASON_AT_MOST}) == {}
    assert missing(found, {"p1": "x", "p2": "nobody"}) == {}
