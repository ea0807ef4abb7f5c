"""A draft by compare-and-set, a review once, grades as rows of the ledger, released once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, func, select

from lms.access import Deed, Person, may
from lms.audit import AuditEntry
from lms.courses.models import CohortFacilitator, Enrolment, GradeEntry, Progress
from lms.extensions import db
from lms.grading import actions, content, models
from lms.grading.content import Note, Opinion, ReviewContent, SectionReview
from lms.grading.leases import actions as leases
from lms.grading.models import AWAITING, Review, ReviewDraft
from lms.grading.state import WorkState
from lms.people import models as people
from lms.projects import models as projects
from lms.projects.models import SubmissionVersion, WorkMember
from lms.projects.source import Late, Reconcile
from tests.cast import NOW, Cast
from tests.grading.reviews import (
    ACCEPT,
    ACCEPTED,
    BETWEEN,
    HOUR,
    RETURNED,
    SCORED,
    WORSE,
    committed,
    handed_in,
    second_version,
    send,
    work_of,
)
from tests.projects.work import ITEM, begin, change_project, fill, hand_in

SAYING = ReviewContent(sections={"isu": SectionReview("return", (Note("Sebutkan sumber."),))})
NOTHING = ReviewContent()


@pytest.fixture
def version(cast: Cast, session: Any) -> SubmissionVersion:
    """Sari's first version, waiting."""
    return handed_in(cast)


@pytest.fixture
def dewi(cast: Cast) -> int:
    return cast.people["dewi"]


def keep(
    version: SubmissionVersion,
    said: ReviewContent,
    by: int,
    *,
    revision: int = 0,
    beginning: ReviewContent = NOTHING,
    now: datetime = NOW + HOUR,
) -> ReviewDraft | None:
    draft = models.draft_of(version.id, by)
    return actions.save_draft(version, draft, said, beginning=beginning, revision=revision, by=by, now=now)


def ledger(cast: Cast, who: str = "sari") -> list[tuple[str, Decimal]]:
    rows = db.session.scalars(
        select(GradeEntry).where(GradeEntry.enrolment_id == cast.enrolments[who]).order_by(GradeEntry.id)
    )
    return [(row.state, row.points) for row in rows]


def state_of(version: SubmissionVersion, cast: Cast, who: str = "sari") -> WorkState | None:
    return models.standings_of([cast.enrolments[who]])[cast.enrolments[who], ITEM].state


def another_facilitator(cast: Cast, name: str) -> int:
    """Somebody else who facilitates the cohort."""
    person = people.Person(
        name=name,
        sort_name=name,
        email=f"{name}@uji.example",
        kind="lecturer",
        facilitator=True,
        created_at=NOW,
    )
    db.session.add(person)
    db.session.flush()
    db.session.add(CohortFacilitator(cohort_id=cast.cohort_id, person_id=person.id, added_at=NOW))
    db.session.flush()
    return person.id


def at_once(app: Flask, count: int, deed: Callable[[int], Any]) -> list[Any]:
    """Run a deed in several threads that are let go together, each with a session of its own."""
    barrier = threading.Barrier(count)
    results: list[Any] = [None] * count

    def work(at: int) -> None:
        with app.app_context():
            barrier.wait()
            try:
                results[at] = deed(at)
                db.session.commit()
            except Exception as error:
                db.session.rollback()
                results[at] = error
            finally:
                db.session.remove()

    threads = [threading.Thread(target=work, args=(at,)) for at in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


# Drafts


def test_looking_at_a_version_is_not_reviewing_it(version: SubmissionVersion, dewi: int, cast: Cast) -> None:
    assert keep(version, NOTHING, dewi) is None
    taken_over = ReviewContent(criteria={"isu": Opinion(level=3)})
    assert keep(version, taken_over, dewi, beginning=taken_over) is None
    assert state_of(version, cast) is WorkState.WAITING
    assert keep(version, SAYING, dewi, beginning=taken_over) is not None
    assert state_of(version, cast) is WorkState.IN_REVIEW


def test_each_save_names_the_one_before(version: SubmissionVersion, dewi: int) -> None:
    first = keep(version, SAYING, dewi)
    assert first is not None
    assert (first.revision, content.decode(first.content)) == (1, SAYING)
    second = keep(version, RETURNED, dewi, revision=1)
    assert second is not None
    assert second.revision == 2
    with pytest.raises(actions.Stale) as caught:
        keep(version, SAYING, dewi, revision=1)
    assert caught.value.row is not None
    assert content.decode(caught.value.row.content) == RETURNED
    assert caught.value.row.revision == 2
    with pytest.raises(actions.Stale):
        keep(version, SAYING, dewi, revision=0)


def test_the_same_save_sent_twice_is_saved_once(version: SubmissionVersion, dewi: int) -> None:
    keep(version, SAYING, dewi)
    again = keep(version, SAYING, dewi, revision=0)
    assert again is not None
    assert again.revision == 1


def test_drafts_are_each_reviewers_own(version: SubmissionVersion, dewi: int, cast: Cast) -> None:
    other = another_facilitator(cast, "rekan")
    keep(version, SAYING, dewi)
    with pytest.raises(leases.Taken):
        keep(version, RETURNED, other)
    keep(version, RETURNED, other, now=NOW + HOUR + leases.LASTS)
    mine = models.draft_of(version.id, dewi)
    assert mine is not None
    assert content.decode(mine.content) == SAYING


def test_two_tabs_that_save_at_once_lose_nothing(app: Flask, cast: Cast, session: Any) -> None:
    version_id = committed(handed_in(cast)).id
    dewi = cast.people["dewi"]
    texts = [ReviewContent(summary=f"Tulisan {at}") for at in range(4)]

    def deed(at: int) -> Any:
        version = projects.submission(version_id)
        assert version is not None
        draft = models.draft_of(version_id, dewi)
        return actions.save_draft(
            version, draft, texts[at], beginning=NOTHING, revision=0, by=dewi, now=NOW
        ).content  # type: ignore[union-attr]

    results = at_once(app, 4, deed)
    kept = [result for result in results if isinstance(result, str)]
    assert len(kept) == 1
    assert all(isinstance(result, actions.Stale) for result in results if not isinstance(result, str)), (
        results
    )
    session.expire_all()
    assert models.draft_of(version_id, dewi).content == kept[0]  # type: ignore[union-attr]


# Sending


def test_a_returned_version_gives_its_notes_and_its_sections_back(
    version: SubmissionVersion, dewi: int, cast: Cast
) -> None:
    keep(version, SAYING, dewi)
    review, made, settled = send(version, RETURNED, dewi, revision=1)
    assert (made, settled) == (True, True)
    assert (review.outcome, review.number, review.points) == ("returned", 1, Decimal(70))
    assert models.draft_of(version.id, dewi) is None
    rows = projects.drafts(version.work_id)
    assert (rows["isu"].returned_in, rows["isu"].accepted_in, rows["isu"].open) == (1, None, True)
    assert (rows["sasaran"].returned_in, rows["sasaran"].accepted_in) == (None, 1)
    notes = projects.notes_of(version.work_id, 1)
    assert [(note.section_id, note.must, note.text, note.author_id) for note in notes] == [
        ("isu", True, "Sebutkan sumber angka.", dewi),
        ("isu", False, "Ringkas kalimatnya.", dewi),
    ]
    assert ledger(cast) == []
    assert version.settled_at == NOW + HOUR
    assert state_of(version, cast) is WorkState.RETURNED


def test_an_accepted_version_is_graded_and_nobody_sees_it(
    version: SubmissionVersion, dewi: int, cast: Cast
) -> None:
    review, _, settled = send(version, ACCEPTED, dewi)
    assert settled
    assert review.points == 85
    rows = db.session.scalars(select(GradeEntry)).all()
    assert [(row.state, row.points, row.source, row.decided_by) for row in rows] == [
        ("agreed", Decimal(85), f"review:{review.id}", dewi)
    ]
    assert rows[0].reason == "Versi 1, nilai rubrik 85"
    assert all(row.accepted for row in projects.drafts(version.work_id).values())
    assert state_of(version, cast) is WorkState.GRADED
    entry = db.session.scalar(select(AuditEntry).where(AuditEntry.deed == "send review"))
    assert entry is not None
    assert (entry.thing, entry.actor_id) == (f"submission:{version.id}", dewi)


def test_what_is_incomplete_is_not_sent(version: SubmissionVersion, dewi: int) -> None:
    keep(version, SAYING, dewi)
    with pytest.raises(actions.Incomplete) as caught:
        send(version, SAYING, dewi, revision=1)
    assert [(gap.kind, gap.section) for gap in caught.value.gaps] == [
        ("undecided", "sasaran"),
        ("undecided", "lampiran"),
    ]
    assert models.draft_of(version.id, dewi) is not None
    assert db.session.scalar(select(func.count(Review.id))) == 0


def test_a_stale_page_cannot_send(version: SubmissionVersion, dewi: int) -> None:
    keep(version, SAYING, dewi)
    with pytest.raises(actions.Stale):
        send(version, RETURNED, dewi, revision=0)
    assert db.session.scalar(select(func.count(Review.id))) == 0


def test_sending_twice_is_sending_once(version: SubmissionVersion, dewi: int) -> None:
    first, _, _ = send(version, RETURNED, dewi)
    again, made, settled = send(version, ACCEPTED, dewi)
    assert (again.id, made, settled) == (first.id, False, True)
    assert db.session.scalar(select(func.count(Review.id))) == 1
    assert len(projects.notes_of(version.work_id)) == 2


def test_after_sending_nothing_is_saved(version: SubmissionVersion, dewi: int) -> None:
    send(version, RETURNED, dewi)
    with pytest.raises(actions.Closed):
        keep(version, SAYING, dewi)
    assert models.draft_of(version.id, dewi) is None


def test_one_reviewer_is_enough_and_the_next_comes_too_late(
    version: SubmissionVersion, dewi: int, cast: Cast
) -> None:
    other = another_facilitator(cast, "rekan")
    keep(version, ACCEPTED, other, now=NOW + HOUR - leases.LASTS)
    send(version, RETURNED, dewi)
    with pytest.raises(actions.Closed):
        send(version, ACCEPTED, other, revision=1)
    with pytest.raises(actions.Closed):
        keep(version, SAYING, other, revision=1)
    # what they wrote is theirs still
    assert models.draft_of(version.id, other) is not None


def test_double_sends_from_two_tabs_are_one(app: Flask, cast: Cast, session: Any) -> None:
    version_id = committed(handed_in(cast)).id
    dewi = cast.people["dewi"]

    def deed(_at: int) -> tuple[int, bool]:
        version = projects.submission(version_id)
        assert version is not None
        review, made, _ = send(version, RETURNED, dewi)
        return review.id, made

    results = at_once(app, 4, deed)
    assert len({review_id for review_id, _ in results}) == 1, results
    assert sorted(made for _, made in results) == [False, False, False, True]
    session.expire_all()
    assert session.scalar(select(func.count(Review.id))) == 1
    assert len(projects.notes_of(projects.submission(version_id).work_id)) == 2  # type: ignore[union-attr]


def test_two_reviewers_who_send_at_once_do_not_both_decide(app: Flask, cast: Cast, session: Any) -> None:
    version_id = handed_in(cast).id
    reviewers = [cast.people["dewi"], another_facilitator(cast, "rekan")]
    db.session.commit()

    def deed(at: int) -> bool:
        version = projects.submission(version_id)
        assert version is not None
        return send(version, RETURNED if at else ACCEPTED, reviewers[at])[1]

    results = at_once(app, 2, deed)
    assert sum(result is True for result in results) == 1, results
    assert sum(isinstance(result, actions.Closed) for result in results) == 1, results


def test_a_sent_review_and_a_grade_never_change(version: SubmissionVersion, dewi: int) -> None:
    review, _, _ = send(version, ACCEPTED, dewi)
    review.content = "{}"
    with pytest.raises(RuntimeError, match="immutable"):
        db.session.flush()
    db.session.rollback()


@pytest.mark.parametrize("column", ["points", "state"])
def test_the_ledger_is_only_added_to(version: SubmissionVersion, dewi: int, column: str) -> None:
    send(version, ACCEPTED, dewi)
    entry = db.session.scalars(select(GradeEntry)).one()
    setattr(entry, column, Decimal(100) if column == "points" else "released")
    with pytest.raises(RuntimeError, match="immutable"):
        db.session.flush()
    db.session.rollback()


# The second version


def test_what_was_accepted_stays_locked_and_the_rest_is_judged_again(
    version: SubmissionVersion, dewi: int, cast: Cast
) -> None:
    send(version, RETURNED, dewi)
    second = second_version(cast, version)
    assert state_of(second, cast) is WorkState.RESUBMITTED
    earlier = actions.earlier_notes(second)
    assert [note.reply for note in earlier] == ["Sumber ditambahkan.", "Sumber ditambahkan."]
    sections = actions.open_sections(second.id, earlier)
    assert [(each.id, each.earlier) for each in sections] == [("isu", tuple(note.id for note in earlier))]
    said = ReviewContent(
        sections={"isu": ACCEPT}, criteria=SCORED, earlier={earlier[0].id: "settled"}, summary="Baik."
    )
    review, _, _ = send(second, said, dewi, now=NOW + 4 * HOUR)
    assert review.points == 85
    # accepting the section settles what nobody called open
    assert [note.resolved_in for note in projects.notes_of(version.work_id, 1)] == [2, 2]
    assert ledger(cast) == [("agreed", Decimal(85))]


def test_a_note_that_is_still_open_is_asked_again(version: SubmissionVersion, dewi: int, cast: Cast) -> None:
    send(version, RETURNED, dewi)
    second = second_version(cast, version)
    wanted, advice = actions.earlier_notes(second)
    said = ReviewContent(
        sections={"isu": SectionReview("return")}, earlier={wanted.id: "open", advice.id: "settled"}
    )
    send(second, said, dewi, now=NOW + 4 * HOUR)
    (again,) = projects.notes_of(version.work_id, 2)
    assert (again.text, again.must, again.reply, again.version) == ("Sebutkan sumber angka.", True, "", 2)
    assert (wanted.resolved_in, advice.resolved_in) == (None, 2)
    assert projects.drafts(version.work_id)["isu"].returned_in == 2


def test_a_version_that_was_decided_is_closed_when_the_next_is_there(
    version: SubmissionVersion, dewi: int, cast: Cast
) -> None:
    other = another_facilitator(cast, "rekan")
    send(version, RETURNED, dewi)
    second_version(cast, version)
    with pytest.raises(actions.Closed):
        send(version, ACCEPTED, other)


# Lateness


def test_lateness_of_the_first_version_is_taken_off(cast: Cast, session: Any, dewi: int) -> None:
    change_project(late=Late(grace=3600, per_day=Decimal(5), max=Decimal(25)))
    work = begin(cast)
    due = work.due_at
    assert due is not None
    fill(work, cast.people["sari"], now=due)
    version = hand_in(work, cast.people["sari"], now=due + timedelta(hours=30))
    send(version, RETURNED, dewi, now=due + timedelta(days=9))
    # the second comes later still, by the time the review took
    second = second_version(cast, version, now=due + timedelta(days=10))
    send(second, ReviewContent(sections={"isu": ACCEPT}, criteria=SCORED), dewi, now=due + timedelta(days=11))
    assert ledger(cast) == [("agreed", Decimal(75))]
    reason = db.session.scalar(select(GradeEntry.reason))
    assert reason == "Versi 2, nilai rubrik 85, dikurangi 10 karena versi pertama terlambat 2 hari"


# Several reviewers


def test_two_reviewers_work_apart_until_both_have_sent(cast: Cast, session: Any, dewi: int) -> None:
    change_project(graders=2)
    version, other = handed_in(cast), another_facilitator(cast, "rekan")
    _, made, settled = send(version, ACCEPTED, dewi)
    assert (made, settled) == (True, False)
    assert state_of(version, cast) is WorkState.IN_REVIEW
    assert ledger(cast) == [("proposed", Decimal(85))]
    assert not projects.notes_of(version.work_id)
    assert all(row.waiting for row in projects.drafts(version.work_id).values())
    worse = ReviewContent(
        sections=ACCEPTED.sections, criteria={"isu": Opinion(level=2), "sasaran": Opinion(level=4)}
    )
    _, _, settled = send(version, worse, other, now=NOW + 2 * HOUR)
    assert settled
    assert ledger(cast)[-1] == ("agreed", Decimal("77.5"))
    assert state_of(version, cast) is WorkState.GRADED


def test_what_one_of_two_returns_comes_back_with_the_notes_of_both(
    cast: Cast, session: Any, dewi: int
) -> None:
    change_project(graders=2)
    version, other = handed_in(cast), another_facilitator(cast, "rekan")
    praised = ReviewContent(
        sections={**ACCEPTED.sections, "sasaran": SectionReview("accept", (Note("Rapi.", must=False),))},
        criteria=SCORED,
    )
    send(version, praised, dewi)
    send(version, RETURNED, other, now=NOW + 2 * HOUR)
    assert {note.text for note in projects.notes_of(version.work_id)} == {
        "Rapi.",
        "Sebutkan sumber angka.",
        "Ringkas kalimatnya.",
    }
    assert state_of(version, cast) is WorkState.RETURNED
    assert [state for state, _ in ledger(cast)] == ["proposed"]


def test_what_differs_too_far_waits_for_a_moderator_and_for_no_third_review(
    cast: Cast, session: Any, dewi: int
) -> None:
    change_project(graders=2, reconcile=Reconcile(how="moderator", above=Decimal(10)))
    version = handed_in(cast)
    second, third = another_facilitator(cast, "kedua"), another_facilitator(cast, "ketiga")
    send(version, ACCEPTED, dewi)
    assert state_of(version, cast) is WorkState.IN_REVIEW
    _, _, settled = send(version, WORSE, second, now=NOW + 2 * HOUR)
    assert not settled
    assert state_of(version, cast) is WorkState.MODERATION
    assert [state for state, _ in ledger(cast)] == ["proposed", "proposed"]
    with pytest.raises(actions.Closed, match="moderasi"):
        send(version, ACCEPTED, third, now=NOW + 3 * HOUR)
    with pytest.raises(actions.Closed, match="moderasi"):
        keep(version, SAYING, third)


def test_where_a_third_review_decided_in_the_past_it_still_does(cast: Cast, session: Any, dewi: int) -> None:
    change_project(graders=2, reconcile=Reconcile(how="moderator", above=Decimal(10)))
    version = handed_in(cast)
    second, third = another_facilitator(cast, "kedua"), another_facilitator(cast, "ketiga")
    send(version, ACCEPTED, dewi)
    send(version, WORSE, second, now=NOW + 2 * HOUR)
    # the row of the old way, as a database of the past holds it
    db.session.execute(delete(models.Referral))
    _, _, settled = send(version, BETWEEN, third, now=NOW + 3 * HOUR)
    assert settled
    assert ledger(cast)[-1] == ("moderated", Decimal(70))
    assert state_of(version, cast) is WorkState.GRADED


# A team


def test_every_member_gets_the_grade(cast: Cast, session: Any, dewi: int) -> None:
    version = handed_in(cast)
    db.session.add(
        WorkMember(
            work_id=version.work_id,
            enrolment_id=cast.enrolments["budi"],
            person_id=cast.people["budi"],
            stable_id=ITEM,
            joined_at=NOW,
        )
    )
    db.session.flush()
    db.session.expire_all()
    send(version, ACCEPTED, dewi)
    assert ledger(cast, "sari") == ledger(cast, "budi") == [("agreed", Decimal(85))]
    actions.release(cast.cohort_id, [version.work_id], by=dewi, now=NOW + 2 * HOUR)
    assert ledger(cast, "budi")[-1] == ("released", Decimal(85))


# Releasing


def completed(cast: Cast, who: str = "sari") -> bool:
    row = db.session.get(Progress, (cast.enrolments[who], ITEM))
    return row is not None and row.completed_at is not None


def test_a_release_copies_the_decision_and_completes_what_is_passed(
    version: SubmissionVersion, dewi: int, cast: Cast
) -> None:
    send(version, ACCEPTED, dewi)
    decided = db.session.scalars(select(GradeEntry)).one()
    assert not completed(cast)
    (ready,) = actions.release(cast.cohort_id, [version.work_id], by=dewi, now=NOW + 2 * HOUR)
    assert (ready.points, ready.passed, ready.number) == (Decimal(85), True, 1)
    released = db.session.scalars(select(GradeEntry).order_by(GradeEntry.id.desc()).limit(1)).one()
    assert (released.state, released.points, released.source, released.reason, released.decided_by) == (
        "released",
        Decimal(85),
        f"release:{decided.id}",
        decided.reason,
        dewi,
    )
    assert completed(cast)
    assert state_of(version, cast) is WorkState.RELEASED
    assert db.session.scalar(select(AuditEntry.thing).where(AuditEntry.deed == "release grade")) == (
        f"work:{version.work_id}"
    )


def test_who_did_not_reach_the_pass_mark_has_not_completed(cast: Cast, session: Any, dewi: int) -> None:
    change_project(pass_mark=Decimal(90))
    version = handed_in(cast)
    send(version, ACCEPTED, dewi)
    (ready,) = actions.release(cast.cohort_id, [version.work_id], by=dewi, now=NOW)
    assert not ready.passed
    assert not completed(cast)
    assert ledger(cast)[-1][0] == "released"


def test_releasing_twice_is_releasing_once(version: SubmissionVersion, dewi: int, cast: Cast) -> None:
    send(version, ACCEPTED, dewi)
    actions.release(cast.cohort_id, [version.work_id], by=dewi, now=NOW)
    assert actions.release(cast.cohort_id, [version.work_id], by=dewi, now=NOW) == []
    assert [state for state, _ in ledger(cast)] == ["agreed", "released"]


def test_only_what_is_graded_and_of_this_cohort_is_released(
    version: SubmissionVersion, dewi: int, cast: Cast
) -> None:
    assert actions.release(cast.cohort_id, [version.work_id], by=dewi, now=NOW) == []
    send(version, ACCEPTED, dewi)
    assert actions.release(cast.other_cohort_id, [version.work_id], by=dewi, now=NOW) == []
    assert actions.release(cast.cohort_id, [10**9], by=dewi, now=NOW) == []
    assert actions.release(cast.cohort_id, [], by=dewi, now=NOW) == []
    assert [state for state, _ in ledger(cast)] == ["agreed"]


def test_two_releases_at_once_are_one(app: Flask, cast: Cast, session: Any) -> None:
    version = handed_in(cast)
    dewi, work_id = cast.people["dewi"], version.work_id
    send(version, ACCEPTED, dewi)
    db.session.commit()
    results = at_once(app, 3, lambda _at: len(actions.release(cast.cohort_id, [work_id], by=dewi, now=NOW)))
    assert sorted(results) == [0, 0, 1]
    session.expire_all()
    assert [state for state, _ in ledger(cast)] == ["agreed", "released"]


# Lists and where works stand


DAY = timedelta(days=1)


def somebody(cast: Cast, who: str, *, facilitator: bool = False, learner: bool = False) -> Person:
    cohort = {"dewi": cast.cohort_id, "hasan": cast.other_cohort_id}.get(who, cast.cohort_id)
    return Person(
        id=cast.people[who],
        learner=learner,
        facilitator=facilitator,
        facilitates=frozenset((cohort,)) if facilitator else frozenset(),
        leads=frozenset((cohort,)) if facilitator else frozenset(),
        learns_in=frozenset((cast.cohort_id,)) if learner else frozenset(),
    )


def test_lists_pick_the_rows_whose_state_they_name(cast: Cast, session: Any, dewi: int) -> None:
    """The conditions of the lists against the one function that says where a work stands."""
    person = somebody(cast, "dewi", facilitator=True)

    def listed() -> dict[WorkState, list[int]]:
        return {
            state: [line.submission_id for line in models.queue(person, states=[state]).rows]
            for state in WorkState
        }

    def check(version: SubmissionVersion, state: WorkState) -> None:
        assert state_of(version, cast) is state
        assert {each: ids for each, ids in listed().items() if ids} == {state: [version.id]}
        for line in models.queue(person, states=[state]).rows:
            assert line.state is state
        counts = models.waiting_counts(person)
        assert counts.total == (state in AWAITING)
        assert [line.submission_id for line in models.oldest_waiting(person, 5)] == (
            [version.id] if state in AWAITING else []
        )

    version = handed_in(cast)
    check(version, WorkState.WAITING)
    keep(version, SAYING, dewi)
    check(version, WorkState.IN_REVIEW)
    send(version, RETURNED, dewi, revision=1)
    check(version, WorkState.RETURNED)
    second = second_version(cast, version)
    check(second, WorkState.RESUBMITTED)
    send(second, ReviewContent(sections={"isu": ACCEPT}, criteria=SCORED), dewi, now=NOW + 4 * HOUR)
    check(second, WorkState.GRADED)
    actions.release(cast.cohort_id, [version.work_id], by=dewi, now=NOW + 5 * HOUR)
    check(second, WorkState.RELEASED)


def test_the_queue_and_the_table_of_rights_agree(cast: Cast, session: Any, dewi: int) -> None:
    sari = handed_in(cast, "sari")
    budi = handed_in(cast, "budi", now=NOW + DAY)
    both = Person(
        id=cast.people["sari"],
        learner=True,
        facilitator=True,
        learns_in=frozenset((cast.cohort_id,)),
        facilitates=frozenset((cast.cohort_id,)),
        leads=frozenset((cast.cohort_id,)),
    )
    asking = [
        somebody(cast, "dewi", facilitator=True),
        somebody(cast, "hasan", facilitator=True),
        somebody(cast, "budi", learner=True),
        both,
        Person(id=cast.people["ratna"], administrator=True),
        Person(id=dewi, facilitates=frozenset((cast.cohort_id,))),
    ]
    for person in asking:
        allowed = [each.id for each in (sari, budi) if may(person, Deed.REVIEW, projects.submission(each.id))]
        assert [line.submission_id for line in models.queue(person).rows] == allowed
        assert [line.submission_id for line in models.oldest_waiting(person, 9)] == allowed
        assert models.waiting_counts(person).total == len(allowed)
        assert models.following(person, now=NOW) == (allowed[0] if allowed else None)


def test_the_queue_goes_on_where_its_page_ended(cast: Cast, session: Any) -> None:
    person = Person(
        id=cast.people["dewi"],
        facilitator=True,
        facilitates=frozenset((cast.cohort_id, cast.other_cohort_id)),
        leads=frozenset((cast.cohort_id, cast.other_cohort_id)),
    )
    first = handed_in(cast, "sari")
    second = handed_in(cast, "budi", now=NOW + DAY)
    page = models.queue(person, per_page=1)
    assert [line.submission_id for line in page.rows] == [first.id]
    assert page.next is not None
    rest = models.queue(person, per_page=1, after=page.next)
    assert [line.submission_id for line in rest.rows] == [second.id]
    assert rest.next is None
    assert models.queue(person, after="no token").rows[0].submission_id == first.id
    assert models.queue(person, cohort_id=cast.other_cohort_id).rows == []
    assert models.queue(person, cohort_id=10**6).rows == []


def test_the_next_in_the_queue_goes_round(cast: Cast, session: Any, dewi: int) -> None:
    person = somebody(cast, "dewi", facilitator=True)
    first, second = handed_in(cast, "sari"), handed_in(cast, "budi", now=NOW + DAY)
    assert models.following(person, now=NOW) == first.id
    assert models.following(person, first, now=NOW) == second.id
    assert models.following(person, second, now=NOW) == first.id
    send(second, RETURNED, dewi)
    assert models.following(person, first, now=NOW) is None
    assert models.following(person, second, now=NOW) == first.id


def test_names_are_hidden_in_the_rows_themselves(cast: Cast, session: Any, dewi: int) -> None:
    change_project(blind="learner")
    person = somebody(cast, "dewi", facilitator=True)
    version = handed_in(cast)
    (line,) = models.queue(person).rows
    assert (line.names, line.masked) == ("", True)
    assert models.setting_of(version.work_id).names == ""
    send(version, ACCEPTED, dewi)
    (ready,) = models.ready_of(cast.cohort_id)
    assert (ready.names, ready.masked) == ("", True)
    actions.release(cast.cohort_id, [version.work_id], by=dewi, now=NOW)
    (line,) = models.queue(person, states=[WorkState.RELEASED]).rows
    assert (line.names, line.masked) == ("Sari Wulandari", False)
    assert models.setting_of(version.work_id).names == "Sari Wulandari"


def test_a_removed_learner_keeps_the_grade(version: SubmissionVersion, dewi: int, cast: Cast) -> None:
    db.session.get_one(Enrolment, cast.enrolments["sari"]).removed_at = NOW
    db.session.flush()
    send(version, ACCEPTED, dewi)
    actions.release(cast.cohort_id, [version.work_id], by=dewi, now=NOW)
    assert [state for state, _ in ledger(cast)] == ["agreed", "released"]


def test_the_work_is_found_by_its_rubric(version: SubmissionVersion, cast: Cast) -> None:
    project = projects.project(version.work.item_id)
    rubric = models.rubric_of(cast.version_id, project)
    assert [criterion.id for criterion in rubric.criteria] == ["isu", "sasaran"]
    assert work_of(version).id == version.work_id
    with pytest.raises(LookupError):
        models.rubric_of(10**6, project)
    with pytest.raises(LookupError):
        models.setting_of(10**6)
