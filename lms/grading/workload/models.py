"""The reviews of a cohort with their moments."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from lms import formats
from lms.extensions import db
from lms.grading.models.reviews import Review
from lms.grading.turnaround import Passage
from lms.people.models import Organization, Person
from lms.projects.models import SubmissionVersion

REVIEWS_AT_MOST = 5_000


def passages_of(cohort_id: int) -> list[Passage]:
    """The newest reviews of a cohort's versions, the newest first; one statement."""
    rows = db.session.execute(
        select(
            SubmissionVersion.number,
            Review.reviewer_id,
            Organization.name,
            SubmissionVersion.submitted_at,
            Review.started_at,
            Review.sent_at,
        )
        .join(SubmissionVersion, SubmissionVersion.id == Review.submission_id)
        .join(Person, Person.id == Review.reviewer_id)
        .outerjoin(Organization, Organization.id == Person.organization_id)
        .where(SubmissionVersion.cohort_id == cohort_id)
        .order_by(SubmissionVersion.submitted_at.desc(), SubmissionVersion.id.desc(), Review.id)
        .limit(REVIEWS_AT_MOST)
    )
    return [
        Passage(number, reviewer_id, university or "", handed_in, started_at, sent_at)
        for number, reviewer_id, university, handed_in, started_at, sent_at in rows
    ]


def waiting_until(cohort_id: int, last: date | None = None) -> int:
    """How many versions of a cohort wait for a review; only those handed in until the end of a day, where it is named."""
    query = select(func.count(SubmissionVersion.id)).where(
        SubmissionVersion.cohort_id == cohort_id, SubmissionVersion.settled_at.is_(None)
    )
    if last is not None:
        end = datetime.combine(last + timedelta(days=1), datetime.min.time(), ZoneInfo(formats.DEFAULT_ZONE))
        query = query.where(SubmissionVersion.submitted_at < end)
    return db.session.scalar(query) or 0
