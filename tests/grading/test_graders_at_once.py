"""Several graders, moderators and releases in the same moment, with threads of their own, on SQLite and PostgreSQL."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from lms.courses.models import GradeEntry
from lms.grading import actions, content, models
from lms.grading.content import ReviewContent
from lms.grading.models import Referral, Review
from lms.grading.state import WorkState
from lms.projects import models as projects
from lms.projects.models import SubmissionVersion
from lms.projects.source import Reconcile
from tests.cast import NOW, Cast
from tests.grading.disputes import second_grader
from tests.grading.reviews import ACCEPTED, BETWEEN, HOUR, RETURNED, WORSE, committed, handed_in, send
from tests.grading.test_actions import at_once, ledger, state_of
from tests.projects.work import change_project

TWICE = 2  # a race that is lost once in a while should be run more than once


def found(version_id: int) -> SubmissionVersion:
    version = projects.submission(version_id)
    assert version is not None
    return version


@pytest.mark.parametrize("_run", range(TWICE))
def test_two_graders_who_send_at_once_settle_once(app: Flask, cast: Cast, session: Any, _run: int) -> None:
    change_project(graders=2)
    version_id = handed_in(cast).id
    graders = [cast.people["dewi"], second_grader(cast)]
    session.commit()

    def deed(at: int) -> tuple[bool, bool]:
        _, made, settled = send(found(version_id), (ACCEPTED, BETWEEN)[at], graders[at])
        return made, settled

    results = at_once(app, 2, deed)
    assert sorted(results) == [(True, False), (True, True)], results
    session.expire_all()
    rows = ledger(cast)
    assert sorted(rows[:2]) == [("proposed", Decimal(70)), ("proposed", Decimal(85))]
    assert rows[2:] == [("agreed", Decimal("77.5"))]
    assert state_of(found(version_id), cast) is WorkState.GRADED


def test_graders_who_press_twice_at_once_send_one_review_each(app: Flask, cast: Cast, session: Any) -> None:
    change_project(graders=2)
    version_id = handed_in(cast).id
    graders = [cast.people["dewi"], second_grader(cast)]
    session.commit()
    results = at_once(
        app, 4, lambda at: send(found(version_id), (ACCEPTED, BETWEEN)[at % 2], graders[at % 2])[1]
    )
    assert sorted(results) == [False, False, True, True], results
    session.expire_all()
    assert session.scalar(select(func.count(Review.id))) == 2
    assert [state for state, _ in ledger(cast)] == ["proposed", "proposed", "agreed"]


def test_two_graders_who_differ_at_once_are_referred_once(app: Flask, cast: Cast, session: Any) -> None:
    change_project(graders=2, reconcile=Reconcile(how="moderator", above=Decimal(10)))
    version_id = handed_in(cast).id
    graders = [cast.people["dewi"], second_grader(cast)]
    session.commit()
    results = at_once(app, 2, lambda at: send(found(version_id), (ACCEPTED, WORSE)[at], graders[at])[1:])
    assert results == [(True, False), (True, False)], results
    session.expire_all()
    (referral,) = session.scalars(select(Referral)).all()
    assert referral.difference == Decimal(30)
    assert [state for state, _ in ledger(cast)] == ["proposed", "proposed"]
    assert state_of(found(version_id), cast) is WorkState.MODERATION


def test_one_returns_while_the_other_accepts_at_once(app: Flask, cast: Cast, session: Any) -> None:
    change_project(graders=2)
    version_id = handed_in(cast).id
    graders = [cast.people["dewi"], second_grader(cast)]
    session.commit()
    results = at_once(app, 2, lambda at: send(found(version_id), (ACCEPTED, RETURNED)[at], graders[at])[2])
    assert sorted(results) == [False, True], results
    session.expire_all()
    assert state_of(found(version_id), cast) is WorkState.RETURNED
    assert [state for state, _ in ledger(cast)] == ["proposed"]
    assert len(projects.notes_of(found(version_id).work_id)) == 2


@pytest.mark.parametrize("_run", range(TWICE))
def test_a_release_beside_the_last_send_takes_all_or_nothing(
    app: Flask, cast: Cast, session: Any, _run: int
) -> None:
    change_project(graders=2)
    version = handed_in(cast)
    version_id, work_id = version.id, version.work_id
    dewi, rekan = cast.people["dewi"], second_grader(cast)
    send(version, ACCEPTED, dewi)
    session.commit()

    def deed(at: int) -> Any:
        if at:
            return len(actions.release(cast.cohort_id, [work_id], by=dewi, now=NOW + 3 * HOUR))
        return send(found(version_id), BETWEEN, rekan, now=NOW + 2 * HOUR)[2]

    settled, released = at_once(app, 2, deed)
    session.expire_all()
    assert settled is True
    states = [state for state, _ in ledger(cast)]
    # a proposal alone is never let out; the grade is, if the release came second
    assert states == ["proposed", "proposed", "agreed"] + ["released"] * released
    if released:
        assert ledger(cast)[-1] == ("released", Decimal("77.5"))
        assert state_of(found(version_id), cast) is WorkState.RELEASED


def test_a_release_during_a_save_leaves_the_grade_and_takes_no_draft(
    app: Flask, cast: Cast, session: Any
) -> None:
    """A third facilitator still types while the grade goes out."""
    version = handed_in(cast)
    version_id, work_id = version.id, version.work_id
    dewi, rekan = cast.people["dewi"], second_grader(cast)
    draft = actions.keep_draft(
        version, None, ReviewContent(summary="awal"), beginning=ReviewContent(), revision=0, by=rekan, now=NOW
    )
    assert draft is not None
    send(version, ACCEPTED, dewi)
    session.commit()

    def deed(at: int) -> Any:
        if at:
            return len(actions.release(cast.cohort_id, [work_id], by=dewi, now=NOW + 3 * HOUR))
        row = actions.keep_draft(
            found(version_id),
            models.draft_of(version_id, rekan),
            ReviewContent(summary="akhir"),
            beginning=ReviewContent(),
            revision=1,
            by=rekan,
            now=NOW + 2 * HOUR,
        )
        assert row is not None
        return row.revision

    saved, released = at_once(app, 2, deed)
    session.expire_all()
    assert (saved, released) == (2, 1)
    kept = models.draft_of(version_id, rekan)
    assert kept is not None
    assert content.decode(kept.content).summary == "akhir"
    assert ledger(cast) == [("agreed", Decimal(85)), ("released", Decimal(85))]


def test_everything_of_one_ledger_has_one_source_each(app: Flask, cast: Cast, session: Any) -> None:
    change_project(graders=2)
    version = committed(handed_in(cast))
    version_id, rekan = version.id, second_grader(cast)
    session.commit()
    at_once(
        app, 2, lambda at: send(found(version_id), (ACCEPTED, BETWEEN)[at], (cast.people["dewi"], rekan)[at])
    )
    session.expire_all()
    sources = session.execute(select(GradeEntry.state, GradeEntry.source)).all()
    assert len(sources) == len(set(sources)) == 3
