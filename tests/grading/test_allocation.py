"""Giving works to reviewers: who then sees what, in whose queue it waits, and what stays when it is taken back."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from lms.access import Deed, Person, may
from lms.courses import actions as courses
from lms.courses.models import Cohort, CohortFacilitator, load_account
from lms.extensions import db
from lms.grading import actions as reviewing
from lms.grading import content, models
from lms.grading.allocation import actions
from lms.grading.allocation.models import Allocation, Scope, history_of, standing, work_line, works_in
from lms.grading.content import ReviewContent
from lms.grading.leases.models import holders_of
from lms.grading.state import WorkState
from lms.people import actions as people
from lms.people.actions import Facts
from lms.people.models import Person as PersonRow
from lms.projects import models as projects
from lms.projects.models import SubmissionVersion
from lms.projects.reviewers import wait_from
from lms.projects.source import Reconcile
from lms.refusals import Refused
from tests.cast import NOW, Cast
from tests.grading.disputes import second_grader
from tests.grading.reviews import ACCEPTED, HOUR, RETURNED, WORSE, handed_in, second_version, send
from tests.projects.work import change_project

DAY = timedelta(days=1)


@pytest.fixture
def team(cast: Cast, session: Any) -> dict[str, int]:
    """Dewi leads the cohort; hasan and a third facilitator, yuni, review what they are given."""
    row = PersonRow(
        name="Yuni",
        sort_name="yuni",
        email="yuni@uji.example",
        kind="lecturer",
        organization_id=cast.organizations["Universitas Andalas Uji"],
        password_hash="",
        facilitator=True,
        created_at=NOW,
    )
    db.session.add(row)
    db.session.flush()
    people = {"dewi": cast.people["dewi"], "hasan": cast.people["hasan"], "yuni": row.id}
    for name in ("hasan", "yuni"):
        db.session.add(
            CohortFacilitator(cohort_id=cast.cohort_id, person_id=people[name], added_at=NOW, leads=False)
        )
    db.session.flush()
    return people


def snapshot(person_id: int) -> Person:
    row = db.session.get_one(PersonRow, person_id)
    account = load_account(person_id, row.session_key)
    assert account is not None
    return account.person


def give(version: SubmissionVersion, reviewer: int, by: int, **values: Any) -> Allocation:
    return actions.allocate(version.work_id, reviewer, by=by, now=NOW + HOUR, **values)


def waiting(person_id: int) -> list[int]:
    """The queue of somebody, however it is asked for."""
    person = snapshot(person_id)
    found = [line.submission_id for line in models.queue(person).rows]
    assert [line.submission_id for line in models.oldest_waiting(person, 50)] == found
    assert models.waiting_counts(person).total == len(found)
    return found


def test_the_snapshot_says_which_cohorts_somebody_leads(cast: Cast, team: dict[str, int]) -> None:
    assert snapshot(team["dewi"]).leads == {cast.cohort_id}
    hasan = snapshot(team["hasan"])
    assert hasan.facilitates == {cast.cohort_id, cast.other_cohort_id}
    assert hasan.leads == {cast.other_cohort_id}


def test_what_nobody_was_given_waits_for_who_leads(cast: Cast, team: dict[str, int]) -> None:
    version = handed_in(cast)
    assert waiting(team["dewi"]) == [version.id]
    assert waiting(team["hasan"]) == []


def test_what_was_given_waits_for_that_one_only(cast: Cast, team: dict[str, int]) -> None:
    version = handed_in(cast)
    give(version, team["hasan"], team["dewi"])
    assert waiting(team["hasan"]) == [version.id]
    assert waiting(team["dewi"]) == []
    assert may(snapshot(team["dewi"]), Deed.REVIEW, projects.submission(version.id))
    assert waiting(team["yuni"]) == []


def test_a_work_that_wants_two_waits_for_one_more(cast: Cast, team: dict[str, int]) -> None:
    change_project(graders=2)
    version = handed_in(cast)
    give(version, team["hasan"], team["dewi"])
    assert waiting(team["dewi"]) == waiting(team["hasan"]) == [version.id]
    give(version, team["dewi"], team["dewi"])
    assert waiting(team["dewi"]) == [version.id]  # once
    assert waiting(team["yuni"]) == []


def test_given_before_it_is_handed_in(cast: Cast, team: dict[str, int]) -> None:
    version = handed_in(cast)
    send(version, RETURNED, team["dewi"])
    for row in db.session.scalars(select(Allocation)):
        actions.end(row, "", by=team["dewi"], now=NOW)
    give(version, team["yuni"], team["dewi"])
    assert waiting(team["yuni"]) == []
    again = second_version(cast, version)
    assert waiting(team["yuni"]) == [again.id]
    assert waiting(team["dewi"]) == []


def test_giving_it_twice_is_giving_it_once(cast: Cast, team: dict[str, int]) -> None:
    version = handed_in(cast)
    first = give(version, team["hasan"], team["dewi"])
    assert give(version, team["hasan"], team["dewi"]).id == first.id


@pytest.mark.parametrize("who", ["sari", "ratna", "tono"])
def test_only_the_cohorts_facilitators_are_given_work(cast: Cast, team: dict[str, int], who: str) -> None:
    version = handed_in(cast)
    with pytest.raises(Refused):
        give(version, cast.people[who], team["dewi"])


def test_nobody_is_given_their_own_work_or_that_of_a_colleague(cast: Cast, team: dict[str, int]) -> None:
    version = handed_in(cast)
    sari = db.session.get_one(PersonRow, cast.people["sari"])
    sari.facilitator = True
    db.session.add(CohortFacilitator(cohort_id=cast.cohort_id, person_id=sari.id, added_at=NOW))
    db.session.flush()
    with pytest.raises(Refused):
        give(version, sari.id, team["dewi"])
    yuni = db.session.get_one(PersonRow, team["yuni"])
    yuni.organization_id = sari.organization_id
    db.session.flush()
    with pytest.raises(Refused, match="benturan"):
        give(version, yuni.id, team["dewi"])


def test_a_declared_relation_takes_the_work_back(cast: Cast, team: dict[str, int]) -> None:
    version = handed_in(cast)
    give(version, team["hasan"], team["dewi"])
    row = actions.declare(
        team["hasan"], learner_id=cast.people["sari"], reason="Saudara ipar", by=team["hasan"], now=NOW
    )
    assert waiting(team["hasan"]) == []
    assert waiting(team["dewi"]) == [version.id]
    assert history_of(version.work_id)[0].ended_reason
    with pytest.raises(Refused, match="benturan"):
        give(version, team["hasan"], team["dewi"])
    assert (
        actions.declare(
            team["hasan"], learner_id=cast.people["sari"], reason="Lagi", by=team["hasan"], now=NOW
        )
        is row
    )
    actions.withdraw(row, by=team["hasan"], now=NOW)
    give(version, team["hasan"], team["dewi"])
    assert waiting(team["hasan"]) == [version.id]


def test_a_relation_needs_a_reason_and_somebody(cast: Cast, team: dict[str, int]) -> None:
    for values in (
        {"learner_id": cast.people["sari"], "reason": "  "},
        {"learner_id": cast.people["sari"], "reason": "x" * 301},
        {"learner_id": 10**9, "reason": "Saudara"},
        {"organization_id": 10**9, "reason": "Saudara"},
        {"learner_id": team["hasan"], "reason": "Saya sendiri"},
    ):
        with pytest.raises(Refused):
            actions.declare(team["hasan"], by=team["hasan"], now=NOW, **values)


def test_a_lead_too_close_to_an_agency_does_not_review_its_people(cast: Cast, team: dict[str, int]) -> None:
    sari, budi = handed_in(cast, "sari"), handed_in(cast, "budi", now=NOW + DAY)
    actions.declare(
        team["dewi"],
        organization_id=cast.organizations["Bapperida"],
        reason="Konsultan di sana",
        by=team["dewi"],
        now=NOW,
    )
    dewi = snapshot(team["dewi"])
    assert waiting(team["dewi"]) == [budi.id]
    assert not may(dewi, Deed.REVIEW, projects.submission(sari.id))
    # who leads still answers for it
    assert may(dewi, Deed.SEE_SUBMISSION, projects.submission(sari.id))
    work = projects.workspace(sari.work_id)
    assert work is not None
    assert work.barred_ids == {team["dewi"]}


def test_the_first_ones_draft_stays_theirs(cast: Cast, team: dict[str, int]) -> None:
    version = handed_in(cast)
    give(version, team["hasan"], team["dewi"])
    said = ReviewContent(summary="Baru separuh dibaca.")
    draft = reviewing.save_draft(
        version, None, said, beginning=ReviewContent(), revision=0, by=team["hasan"], now=NOW + HOUR
    )
    assert draft is not None
    assert holders_of(version.id, now=NOW + HOUR)
    actions.replace(
        version.work_id, team["hasan"], team["yuni"], reason="Cuti", by=team["dewi"], now=NOW + 2 * HOUR
    )
    assert waiting(team["hasan"]) == []
    assert waiting(team["yuni"]) == [version.id]
    assert holders_of(version.id, now=NOW + HOUR) == []  # the second one need not wait for the first
    assert not may(snapshot(team["hasan"]), Deed.SEE_SUBMISSION, projects.submission(version.id))
    assert models.draft_of(version.id, team["yuni"]) is None
    kept = models.draft_of(version.id, team["hasan"])
    assert kept is not None
    assert content.decode(kept.content) == said
    actions.replace(
        version.work_id, team["yuni"], team["hasan"], reason="", by=team["dewi"], now=NOW + 3 * HOUR
    )
    assert waiting(team["hasan"]) == [version.id]
    assert models.draft_of(version.id, team["hasan"]) is kept
    assert [(line.reviewer, line.ended_at is None) for line in history_of(version.work_id)] == [
        ("Hasan Basri", True),
        ("Yuni", False),
        ("Hasan Basri", False),
    ]


def test_a_resubmission_goes_to_who_returned_it_and_comes_first(cast: Cast, team: dict[str, int]) -> None:
    second_lead = db.session.get_one(CohortFacilitator, (cast.cohort_id, team["yuni"]))
    second_lead.leads = True
    db.session.flush()
    version = handed_in(cast, "sari")
    older = handed_in(cast, "budi", now=NOW + HOUR)
    send(version, RETURNED, team["yuni"], now=NOW + 2 * HOUR)
    again = second_version(cast, version, now=NOW + 3 * DAY)
    assert waiting(team["yuni"]) == [again.id, older.id]
    assert waiting(team["dewi"]) == [older.id]
    person = snapshot(team["yuni"])
    assert models.queue(person).rows[0].again
    # the next after the first is the older one, and round again
    assert models.following(person, again, now=NOW) == older.id
    assert models.following(person, older, now=NOW) == again.id
    page = models.queue(person, per_page=1)
    assert [line.submission_id for line in models.queue(person, per_page=1, after=page.next).rows] == [
        older.id
    ]


def test_what_is_decided_waits_for_nobody(cast: Cast, team: dict[str, int]) -> None:
    version = handed_in(cast)
    give(version, team["hasan"], team["dewi"])
    send(version, ACCEPTED, team["hasan"])
    assert waiting(team["hasan"]) == waiting(team["dewi"]) == []
    row = standing(version.work_id, team["hasan"])
    assert row is not None
    assert row.waiting_on is None
    # and may still be read by who reviewed it
    assert may(snapshot(team["hasan"]), Deed.SEE_SUBMISSION, projects.submission(version.id))


def test_who_leaves_the_cohort_leaves_the_work(cast: Cast, team: dict[str, int]) -> None:
    version = handed_in(cast)
    give(version, team["hasan"], team["dewi"])
    cohort = db.session.get_one(Cohort, cast.cohort_id)
    courses.set_facilitators(
        cohort,
        frozenset((team["dewi"], team["yuni"])),
        frozenset((team["dewi"],)),
        by=cast.people["ratna"],
        now=NOW,
    )
    assert standing(version.work_id, team["hasan"]) is None
    assert waiting(team["dewi"]) == [version.id]


def test_somebody_always_leads(cast: Cast, team: dict[str, int]) -> None:
    cohort = db.session.get_one(Cohort, cast.cohort_id)
    everybody = frozenset(team.values())
    courses.set_facilitators(cohort, everybody, frozenset((team["yuni"],)), by=1, now=NOW)
    assert not snapshot(team["dewi"]).leads
    assert snapshot(team["yuni"]).leads == {cast.cohort_id}
    courses.set_facilitators(cohort, everybody, by=1, now=NOW)
    assert snapshot(team["dewi"]).leads == snapshot(team["yuni"]).leads == {cast.cohort_id}


def test_queues_and_rights_agree_over_everybody(cast: Cast, team: dict[str, int]) -> None:
    """Whatever was given to whom: a queue holds what its person may review and is to review, nothing else."""
    sari, budi = handed_in(cast, "sari"), handed_in(cast, "budi", now=NOW + DAY)
    boss = db.session.get_one(PersonRow, cast.people["budi"])
    boss.facilitator = True
    db.session.add(CohortFacilitator(cohort_id=cast.cohort_id, person_id=boss.id, added_at=NOW))
    db.session.flush()

    def agree() -> None:
        for person_id in (*cast.people.values(), team["yuni"]):
            person = snapshot(person_id)
            expected = []
            for version in (sari, budi):
                thing = projects.submission(version.id)
                assert thing is not None
                db.session.refresh(thing.work)
                mine = person.id in thing.reviewer_ids
                lacking = not thing.reviewer_ids and thing.cohort_id in person.leads
                if may(person, Deed.REVIEW, thing) and (mine or lacking):
                    expected.append(version.id)
                assert not mine or may(person, Deed.REVIEW, thing) or person.id in thing.barred_ids
            assert waiting(person_id) == expected, person.name
            assert models.following(person, now=NOW) == (expected[0] if expected else None)

    agree()
    give(sari, team["hasan"], team["dewi"])
    agree()
    give(budi, team["yuni"], team["dewi"])
    agree()
    actions.declare(team["dewi"], learner_id=cast.people["budi"], reason="Saudara", by=1, now=NOW)
    agree()
    row = standing(budi.work_id, team["yuni"])
    assert row is not None
    actions.end(row, "", by=1, now=NOW)
    agree()
    yuni = db.session.get_one(PersonRow, team["yuni"])
    yuni.organization_id = cast.organizations["Bapperida"]
    db.session.flush()
    agree()


def test_lists_of_what_is_decided_show_each_what_is_theirs(cast: Cast, team: dict[str, int]) -> None:
    sari, budi = handed_in(cast, "sari"), handed_in(cast, "budi", now=NOW + HOUR)
    give(sari, team["hasan"], team["dewi"])
    send(sari, RETURNED, team["hasan"], now=NOW + 2 * HOUR)
    send(budi, RETURNED, team["dewi"], now=NOW + 2 * HOUR)
    returned = [WorkState.RETURNED]

    def listed(who: str) -> list[int]:
        return [line.submission_id for line in models.queue(snapshot(team[who]), states=returned).rows]

    assert listed("dewi") == [sari.id, budi.id]
    assert listed("hasan") == [sari.id]
    assert listed("yuni") == []


def test_the_counts_are_those_of_the_one_state_function(cast: Cast, team: dict[str, int]) -> None:
    change_project(graders=2)
    sari, budi = handed_in(cast, "sari"), handed_in(cast, "budi", now=NOW + HOUR)

    def check() -> Counter[str]:
        person = snapshot(team["dewi"])
        states = Counter(line.state.value for line in models.queue(person).rows)
        counts = models.waiting_counts(person)
        names = ("waiting", "resubmitted", "in_review", "moderation")
        assert {name: getattr(counts, name) for name in names} == {name: states[name] for name in names}
        return states

    assert check() == {"waiting": 2}
    send(sari, RETURNED, team["dewi"])
    assert check() == {"waiting": 1, "in_review": 1}
    give(sari, team["hasan"], team["dewi"])
    send(sari, RETURNED, team["hasan"], now=NOW + 2 * HOUR)
    assert check() == {"waiting": 1}
    second_version(cast, sari)
    assert check() == {"waiting": 1, "resubmitted": 1}
    assert budi.id in waiting(team["dewi"])


def test_what_is_disputed_waits_for_a_lead_who_was_given_it_too(cast: Cast, team: dict[str, int]) -> None:
    change_project(graders=2, reconcile=Reconcile(how="moderator", above=Decimal(10)))
    version = handed_in(cast)
    send(version, ACCEPTED, team["dewi"])
    send(version, WORSE, second_grader(cast), now=NOW + 2 * HOUR)
    lead = db.session.get_one(CohortFacilitator, (cast.cohort_id, team["yuni"]))
    lead.leads = True
    db.session.flush()
    give(version, team["yuni"], team["dewi"])
    assert waiting(team["yuni"]) == [version.id]  # once


def test_their_seat_is_gone_before_their_works_are_taken(
    cast: Cast, team: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    seats = []

    def act(cohort_id: int, person_id: int, **_: Any) -> None:
        seats.append(db.session.get(CohortFacilitator, (cohort_id, person_id), populate_existing=True))

    monkeypatch.setattr(courses, "_when_leaving", [act])
    cohort = db.session.get_one(Cohort, cast.cohort_id)
    courses.set_facilitators(
        cohort, frozenset((team["dewi"], team["hasan"])), frozenset((team["dewi"],)), by=team["dewi"], now=NOW
    )
    assert seats == [None]


@pytest.mark.parametrize("changes", [{"active": False}, {"roles": frozenset({"learner"})}])
def test_what_somebody_can_no_longer_review_goes_back_to_who_leads(
    cast: Cast, team: dict[str, int], changes: dict[str, Any]
) -> None:
    version = handed_in(cast)
    give(version, team["yuni"], team["dewi"])
    yuni = db.session.get_one(PersonRow, team["yuni"])
    facts = Facts(name="Yuni", email=yuni.email, kind="lecturer", roles=frozenset({"facilitator"}))
    people.change_person(yuni, replace(facts, **changes), by=cast.people["ratna"], now=NOW + DAY)
    assert waiting(team["dewi"]) == [version.id]
    assert history_of(version.work_id)[0].ended_reason


def test_an_allocation_to_a_closed_account_fills_no_place(cast: Cast, team: dict[str, int]) -> None:
    version = handed_in(cast)
    give(version, team["yuni"], team["dewi"])
    db.session.get_one(PersonRow, team["yuni"]).active = False  # as before such allocations ended
    db.session.flush()
    actions.requeue([version.work_id])
    assert waiting(team["dewi"]) == [version.id]
    scope = Scope(lacking=True)
    (row,) = db.session.execute(works_in(cast.cohort_id, scope, asked_by=team["dewi"])).all()
    assert work_line(row).places == 1
    assert wait_from(version.work_id, NOW) == 0
