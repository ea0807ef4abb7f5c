"""Turns to write: who gets one, how it ends, and what is kept of those who come too late."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from lms.courses.models import CohortFacilitator
from lms.extensions import db
from lms.grading import actions, content, models
from lms.grading.content import Note, ReviewContent, SectionReview
from lms.grading.leases import actions as leases
from lms.grading.leases import models as held
from lms.grading.leases.jobs import end_leases
from lms.grading.leases.models import ReviewLease
from lms.people import models as people
from lms.projects import models as projects
from lms.projects.models import SubmissionVersion
from lms.projects.source import Reconcile
from tests.cast import NOW, Cast
from tests.grading.reviews import ACCEPTED, RETURNED, handed_in, send
from tests.projects.work import change_project

MINUTE = timedelta(minutes=1)
SAYING = ReviewContent(sections={"isu": SectionReview("return", (Note("Sebutkan sumber."),))})
OTHER = ReviewContent(sections={"isu": SectionReview("return", (Note("Ringkas."),))})


@pytest.fixture
def version(cast: Cast, session: Any) -> SubmissionVersion:
    """Sari's first version, waiting."""
    return handed_in(cast)


@pytest.fixture
def dewi(cast: Cast) -> int:
    return cast.people["dewi"]


def facilitator(cast: Cast, name: str) -> int:
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


@pytest.fixture
def rekan(cast: Cast, version: SubmissionVersion) -> int:
    return facilitator(cast, "rekan")


def save(
    version: SubmissionVersion, said: ReviewContent, by: int, *, revision: int = 0, now: datetime = NOW
) -> models.ReviewDraft | None:
    draft = models.draft_of(version.id, by)
    return actions.save_draft(
        version, draft, said, beginning=ReviewContent(), revision=revision, by=by, now=now
    )


def holders(version: SubmissionVersion, now: datetime = NOW) -> list[int]:
    return [each.reviewer_id for each in held.holders_of(version.id, now=now)]


def test_the_first_save_takes_the_turn_and_each_save_renews_it(version: SubmissionVersion, dewi: int) -> None:
    save(version, ReviewContent(), dewi)
    assert holders(version) == []  # looking is not reviewing
    save(version, SAYING, dewi)
    (first,) = held.holders_of(version.id, now=NOW)
    assert (first.reviewer_id, first.since, first.until) == (dewi, NOW, NOW + leases.LASTS)
    save(version, OTHER, dewi, revision=1, now=NOW + MINUTE)
    (later,) = held.holders_of(version.id, now=NOW)
    assert (later.since, later.until) == (NOW, NOW + MINUTE + leases.LASTS)
    # saving what is stored already is being there too
    save(version, OTHER, dewi, revision=2, now=NOW + 2 * MINUTE)
    assert held.holders_of(version.id, now=NOW)[0].until == NOW + 2 * MINUTE + leases.LASTS


def test_a_second_person_does_not_write_until_it_runs_out(
    version: SubmissionVersion, dewi: int, rekan: int
) -> None:
    save(version, SAYING, dewi)
    for deed in (
        lambda: save(version, OTHER, rekan, now=NOW + MINUTE),
        lambda: send(version, RETURNED, rekan, now=NOW + MINUTE),
        lambda: leases.take(version, by=rekan, now=NOW + MINUTE),
    ):
        with pytest.raises(leases.Taken) as caught:
            deed()
        assert [each.reviewer_id for each in caught.value.holders] == [dewi]
    assert models.draft_of(version.id, rekan) is None
    save(version, OTHER, rekan, now=NOW + leases.LASTS)  # to the second
    assert holders(version, NOW + leases.LASTS) == [rekan]


def test_who_comes_too_late_keeps_the_text(version: SubmissionVersion, dewi: int, rekan: int) -> None:
    save(version, SAYING, dewi)
    later = NOW + leases.LASTS
    save(version, OTHER, rekan, now=later)
    with pytest.raises(leases.Taken) as caught:
        save(version, RETURNED, dewi, revision=1, now=later + MINUTE)
    assert [each.reviewer_id for each in caught.value.holders] == [rekan]
    mine = models.draft_of(version.id, dewi)
    assert mine is not None
    assert content.decode(mine.content) == SAYING
    kept = actions.keep_draft(
        version, mine, RETURNED, beginning=ReviewContent(), revision=1, by=dewi, now=later + MINUTE
    )
    assert kept is not None
    assert content.decode(kept.content) == RETURNED
    assert holders(version, later + MINUTE) == [rekan]
    # and goes on when the turn is over
    send(version, RETURNED, dewi, revision=2, now=later + 2 * leases.LASTS)


def test_a_lease_that_ran_out_is_renewed_by_its_own_holder_while_nobody_took_it(
    version: SubmissionVersion, dewi: int
) -> None:
    save(version, SAYING, dewi)
    save(version, OTHER, dewi, revision=1, now=NOW + 3 * leases.LASTS)
    assert holders(version, NOW + 3 * leases.LASTS) == [dewi]


def test_sending_and_giving_back_end_the_turn(version: SubmissionVersion, dewi: int, rekan: int) -> None:
    save(version, SAYING, dewi)
    assert leases.give_back(version, by=dewi)
    assert not leases.give_back(version, by=dewi)
    save(version, OTHER, rekan)
    assert models.draft_of(version.id, dewi) is not None
    send(version, RETURNED, rekan, revision=1)
    assert db.session.scalar(select(func.count(ReviewLease.id))) == 0


def test_where_two_graders_are_asked_for_two_write_and_a_third_waits(
    version: SubmissionVersion, dewi: int, rekan: int, cast: Cast
) -> None:
    change_project(graders=2, reconcile=Reconcile("average"))
    third = facilitator(cast, "ketiga")
    save(version, SAYING, dewi)
    save(version, OTHER, rekan)
    with pytest.raises(leases.Taken):
        save(version, OTHER, third)
    send(version, ACCEPTED, dewi, revision=1, now=NOW)
    with pytest.raises(leases.Taken):  # one review is there, the other is being written
        save(version, OTHER, third)


def test_whoever_decides_between_two_is_not_kept_out(
    version: SubmissionVersion, dewi: int, rekan: int, cast: Cast
) -> None:
    change_project(graders=2, reconcile=Reconcile("average"))
    save(version, SAYING, dewi)
    save(version, OTHER, rekan)
    for each in (dewi, rekan):
        leases.give_back(version, by=each)
    leases.take(version, by=facilitator(cast, "ketiga"), now=NOW)


def test_the_sweep_ends_what_ran_out_and_only_that(version: SubmissionVersion, dewi: int) -> None:
    save(version, SAYING, dewi)
    db.session.commit()
    assert end_leases(now=NOW + leases.LASTS - MINUTE) == 0
    assert end_leases(now=NOW + leases.LASTS) == 1
    assert end_leases(now=NOW + leases.LASTS) == 0
    save(version, OTHER, dewi, revision=1, now=NOW + leases.LASTS)
    assert holders(version, NOW + leases.LASTS) == [dewi]


# At once, with real threads


def at_once(app: Flask, *deeds: Callable[[], Any]) -> list[Any]:
    """Let go together, each in a thread with a session of its own; results or what was raised."""
    barrier = threading.Barrier(len(deeds))
    results: list[Any] = [None] * len(deeds)

    def work(at: int) -> None:
        with app.app_context():
            barrier.wait()
            try:
                results[at] = deeds[at]()
                db.session.commit()
            except Exception as error:
                db.session.rollback()
                results[at] = error
            finally:
                db.session.remove()

    threads = [threading.Thread(target=work, args=(at,)) for at in range(len(deeds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


def read(version_id: int) -> SubmissionVersion:
    version = projects.submission(version_id)
    assert version is not None
    return version


@pytest.mark.parametrize("graders", [1, 2])
def test_those_who_take_the_last_turns_at_once_do_not_all_get_one(
    app: Flask, cast: Cast, session: Any, graders: int
) -> None:
    change_project(graders=graders)
    version_id = handed_in(cast).id
    reviewers = [cast.people["dewi"], *(facilitator(cast, name) for name in ("rekan", "ketiga", "keempat"))]
    db.session.commit()

    def taking(by: int) -> Callable[[], int]:
        def deed() -> int:
            save(read(version_id), SAYING, by)
            return by

        return deed

    results = at_once(app, *(taking(by) for by in reviewers))
    won = [each for each in results if isinstance(each, int)]
    assert len(won) == graders, results
    assert all(isinstance(each, leases.Taken) for each in results if each not in won), results
    session.expire_all()
    assert set(holders(read(version_id))) == set(won)


def test_a_lease_that_runs_out_during_a_save_is_lost_or_renewed_never_both(
    app: Flask, cast: Cast, session: Any
) -> None:
    version_id = handed_in(cast).id
    dewi, rekan = cast.people["dewi"], facilitator(cast, "rekan")
    over = NOW + leases.LASTS
    for turn in range(6):
        db.session.execute(ReviewLease.__table__.delete())  # type: ignore[attr-defined]
        db.session.execute(models.ReviewDraft.__table__.delete())  # type: ignore[attr-defined]
        db.session.commit()
        db.session.remove()
        save(read(version_id), SAYING, dewi)
        db.session.commit()
        db.session.remove()
        results = at_once(
            app,
            # hers still runs by her clock, is over by the other's, and the sweep passes by
            lambda: save(read(version_id), OTHER, dewi, revision=1, now=over - timedelta(seconds=1)),
            lambda: save(read(version_id), RETURNED, rekan, now=over),
            lambda: end_leases(now=over),
        )
        assert not isinstance(results[2], Exception), results
        lost = [each for each in results[:2] if isinstance(each, leases.Taken)]
        assert len(lost) == 1, (turn, results)
        assert len(holders(read(version_id), over)) == 1
        mine = models.draft_of(version_id, dewi)
        assert mine is not None  # the text saved before is there either way
        assert content.decode(mine.content) == (OTHER if lost[0] is results[1] else SAYING)


def test_a_send_and_a_takeover_at_once_leave_one_writer(app: Flask, cast: Cast, session: Any) -> None:
    version_id = handed_in(cast).id
    dewi, rekan = cast.people["dewi"], facilitator(cast, "rekan")
    save(read(version_id), RETURNED, dewi)
    db.session.commit()
    db.session.remove()
    over = NOW + leases.LASTS
    results = at_once(
        app,
        lambda: send(read(version_id), RETURNED, dewi, revision=1, now=over)[1],
        lambda: save(read(version_id), OTHER, rekan, now=over),
    )
    sent, saved = results
    if sent is True:
        assert isinstance(saved, actions.Closed), results
    else:
        assert isinstance(sent, leases.Taken), results
        assert holders(read(version_id), over) == [rekan]
