"""What graders gave the same work: the newest sent review of each grader on each version that had several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from lms.extensions import db
from lms.grading import content
from lms.grading.content import ReviewContent
from lms.grading.models import Review
from lms.people.models import Organization, Person
from lms.projects.models import SubmissionVersion, Work

VERSIONS_AT_MOST = 500


@dataclass(frozen=True, slots=True)
class Given:
    """One grader's review of one version; ``points`` is None where it returned the work."""

    submission_id: int
    item_id: int
    reviewer_id: int
    reviewer: str
    organization: str
    review: ReviewContent
    points: Decimal | None


def given(cohort_id: int, stable_id: str) -> Sequence[Given]:
    """The reviews of a project's versions that two or more graders have sent, in one statement.

    Only of versions that are settled: before, a grader who has yet to send must not learn from the figures what
    the others gave, and a moderator not how severe they are.
    """
    newer = aliased(Review)
    several = (
        select(Review.submission_id)
        .join(SubmissionVersion, SubmissionVersion.id == Review.submission_id)
        .join(Work, Work.id == SubmissionVersion.work_id)
        .where(
            SubmissionVersion.cohort_id == cohort_id,
            Work.stable_id == stable_id,
            SubmissionVersion.settled_at.is_not(None),
        )
        .group_by(Review.submission_id)
        .having(func.count(func.distinct(Review.reviewer_id)) > 1)
        .order_by(Review.submission_id.desc())
        .limit(VERSIONS_AT_MOST)
    )
    rows = db.session.execute(
        select(
            Review.submission_id,
            Work.item_id,
            Review.reviewer_id,
            Person.name,
            Organization.name,
            Review.content,
            Review.points,
        )
        .join(SubmissionVersion, SubmissionVersion.id == Review.submission_id)
        .join(Work, Work.id == SubmissionVersion.work_id)
        .join(Person, Person.id == Review.reviewer_id)
        .outerjoin(Organization, Organization.id == Person.organization_id)
        .outerjoin(
            newer,
            (newer.submission_id == Review.submission_id)
            & (newer.reviewer_id == Review.reviewer_id)
            & (newer.number > Review.number),
        )
        .where(Review.submission_id.in_(several), newer.id.is_(None))
        .order_by(Review.submission_id, Review.reviewer_id)
    )
    return [
        Given(submission_id, item_id, reviewer_id, name, organization or "", content.decode(text), points)
        for submission_id, item_id, reviewer_id, name, organization, text, points in rows
    ]
