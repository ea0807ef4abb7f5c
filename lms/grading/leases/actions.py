"""Taking, renewing and giving back the turn to write about a version.

Whoever writes about a version holds its row first (``hold``), so that two who take the last turn at once come
one after the other, on SQLite and PostgreSQL alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, delete, func, select, update

from lms.extensions import db
from lms.grading.leases import models, slots
from lms.grading.leases.models import Holder, ReviewLease
from lms.grading.models.reviews import Review
from lms.projects.models import SubmissionVersion, project
from lms.refusals import N_, Refused

LASTS = timedelta(minutes=30)
"""How long a turn lasts after the last save."""


class Taken(Refused):
    """All turns are others'; ``holders`` are those who have them now."""

    def __init__(self, holders: Sequence[Holder]) -> None:
        super().__init__(N_("Penelaah lain sedang menelaah versi ini."))
        self.holders = tuple(holders)


def hold(submission: SubmissionVersion) -> datetime | None:
    """Everybody who writes about one version waits here for the one before; returns when it was settled."""
    settled_at: datetime | None = db.session.scalar(
        select(SubmissionVersion.settled_at)
        .where(SubmissionVersion.id == submission.id)
        .with_for_update(key_share=True)
    )
    return settled_at


def renew(submission: SubmissionVersion, *, by: int, now: datetime) -> bool:
    """Let a turn that still runs run on; False where the person has none."""
    return bool(
        _changed(
            update(ReviewLease)
            .where(
                ReviewLease.submission_id == submission.id,
                ReviewLease.reviewer_id == by,
                ReviewLease.until > now,
            )
            .values(until=now + LASTS)
            .execution_options(synchronize_session=False)
        )
    )


def take(submission: SubmissionVersion, *, by: int, now: datetime) -> None:
    """Give the person a turn, or renew it; the caller holds the version. Raises Taken."""
    if renew(submission, by=by, now=now):
        return
    # first away with what ran out: a renewal that is under way on it is waited for, then counts
    db.session.execute(
        delete(ReviewLease)
        .where(ReviewLease.submission_id == submission.id, ReviewLease.until <= now)
        .execution_options(synchronize_session=False)
    )
    held = db.session.scalar(
        select(func.count(ReviewLease.id)).where(ReviewLease.submission_id == submission.id)
    )
    if held:
        sent = db.session.scalar(
            select(func.count(func.distinct(Review.reviewer_id))).where(
                Review.submission_id == submission.id, Review.reviewer_id != by
            )
        )
        if not slots.is_free(project(submission.work.item_id).graders, sent or 0, held):
            raise Taken(models.holders_of(submission.id, now=now))
    db.session.add(ReviewLease(submission_id=submission.id, reviewer_id=by, taken_at=now, until=now + LASTS))
    db.session.flush()


def give_back(submission: SubmissionVersion, *, by: int) -> bool:
    """End the person's turn; False where there was none."""
    return bool(
        _changed(
            delete(ReviewLease)
            .where(ReviewLease.submission_id == submission.id, ReviewLease.reviewer_id == by)
            .execution_options(synchronize_session=False)
        )
    )


def _changed(statement: Any) -> int:
    result = db.session.execute(statement)
    assert isinstance(result, CursorResult)
    return result.rowcount
