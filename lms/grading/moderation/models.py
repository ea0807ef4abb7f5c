"""Disputed versions as their moderator reads them, the private draft of a decision, and the decision itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, cast, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.courses.models import CohortFacilitator
from lms.extensions import Base, Key, db
from lms.grading.models import Referral, Review
from lms.grading.models.reviews import PrivateDraft
from lms.grading.models.standing import member_names, names_for_reviewers
from lms.paging import Page, by_key
from lms.people.models import Person
from lms.projects import models as projects
from lms.projects.models import SubmissionVersion, Work, members_column
from lms.projects.reviewers import barred_administrators, conflict, ids_in

SOURCE = "moderation:"
"""How the ledger names what a row of ``Moderation`` decided."""


class ModerationDraft(PrivateDraft, Base):
    """What a moderator is writing about one version; deciding takes it away."""

    __tablename__ = "moderation_draft"

    submission_id: Mapped[int] = mapped_column(ForeignKey("submission_version.id"))
    moderator_id: Mapped[int] = mapped_column(ForeignKey("person.id"))

    __table_args__ = (
        UniqueConstraint("submission_id", "moderator_id"),
        Index("ix_moderation_draft_moderator_id", "moderator_id"),
    )


class Moderation(Base):
    """A moderator's decision between the reviews of one version, made once; the reviews stay as they were sent.

    ``decision`` is ``review`` where one review (``review_id``) was taken as it is, ``own`` where each criterion was
    decided; ``content`` says how, ``points`` (0..100, before lateness) what it came to, ``reason`` why.
    """

    __tablename__ = "moderation"
    __immutable__ = True

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission_version.id"), unique=True)
    moderator_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    decision: Mapped[str] = mapped_column(String(10))
    review_id: Mapped[int | None] = mapped_column(ForeignKey("review.id"))
    content: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    points: Mapped[Decimal]
    decided_at: Mapped[datetime]

    submission: Mapped[SubmissionVersion] = relationship()

    __table_args__ = (
        CheckConstraint("decision in ('review', 'own')", name="decision"),
        CheckConstraint("(decision = 'review') = (review_id is not null)", name="review"),
        Index("ix_moderation_moderator_id", "moderator_id"),
        Index("ix_moderation_review_id", "review_id"),
    )


@dataclass(frozen=True, slots=True)
class Case:
    """A referred version: the thing of ``Deed.MODERATE``; ``grader_ids`` sent the reviews to decide between."""

    version: SubmissionVersion
    referral: Referral
    grader_ids: frozenset[int]
    barred_ids: frozenset[int]

    @property
    def cohort_id(self) -> int:
        return self.version.cohort_id

    @property
    def member_ids(self) -> frozenset[int]:
        return self.version.member_ids


def case(submission_id: int) -> Case | None:
    """A version that was referred to a moderator, decided or not; None for every other one. Three statements."""
    version = projects.submission(submission_id)
    if version is None:
        return None
    rows = db.session.execute(
        select(Referral, Review.reviewer_id)
        .join(Review, Review.submission_id == Referral.submission_id)
        .where(Referral.submission_id == version.id)
    ).all()
    if not rows:
        return None
    return Case(
        version,
        rows[0][0],
        frozenset(reviewer_id for _, reviewer_id in rows),
        version.barred_ids | barred_administrators(version.work_id),
    )


def moderators_of(version: SubmissionVersion) -> frozenset[int]:
    """Who is asked to decide between the reviews of a version; at most four statements."""
    graders = db.session.scalars(select(Review.reviewer_id).where(Review.submission_id == version.id))
    kept = frozenset(graders) | version.member_ids | version.barred_ids
    return judges_of(version.cohort_id, version.work_id, kept)


def judges_of(cohort_id: int, work_id: int, kept: frozenset[int]) -> frozenset[int]:
    """Who is asked to judge a work again (``access.judges_again_here``), ``kept`` being those who must not: those
    who lead its cohort, else the administrators; at most three statements.
    """
    leading = db.session.scalars(
        select(CohortFacilitator.person_id)
        .join(Person, Person.id == CohortFacilitator.person_id)
        .where(
            CohortFacilitator.cohort_id == cohort_id,
            CohortFacilitator.leads,
            Person.facilitator,
            Person.active,
        )
    )
    free = frozenset(leading) - kept
    if free:
        return free
    running = db.session.scalars(select(Person.id).where(Person.administrator, Person.active))
    return frozenset(running) - kept - barred_administrators(work_id)


@dataclass(frozen=True, slots=True)
class Referred:
    """A version that waits for a moderator, in a list; a thing of ``Deed.MODERATE`` for the person it was read for.

    ``barred_ids`` holds that person where a conflict of interest keeps them away, and nobody else.
    """

    id: int
    submission_id: int
    work_id: int
    cohort_id: int
    item_id: int
    number: int
    names: str
    masked: bool
    difference: Decimal
    referred_at: datetime
    member_ids: frozenset[int]
    grader_ids: frozenset[int]
    barred_ids: frozenset[int]

    @property
    def title(self) -> str:
        return projects.project(self.item_id).title


def _waits(cohort_id: int) -> tuple[Any, ...]:
    return SubmissionVersion.cohort_id == cohort_id, SubmissionVersion.settled_at.is_(None)


def referred_count(cohort_id: int) -> int:
    """How many versions of a cohort wait for a moderator; one statement."""
    return (
        db.session.scalar(
            select(func.count(Referral.id))
            .join(SubmissionVersion, SubmissionVersion.id == Referral.submission_id)
            .where(*_waits(cohort_id))
        )
        or 0
    )


def referred_in(cohort_id: int, person_id: int, after: str | None) -> Page[Referred]:
    """The versions of a cohort that wait for a moderator, longest first, as this person reads them; one statement."""
    reviewer = Person.__table__.alias("reviewer")
    barred = (
        select(reviewer.c.id)
        .where(reviewer.c.id == person_id, conflict(reviewer.c, Work.id))
        .correlate(Work)
        .exists()
    )
    graders = (
        select(func.aggregate_strings(cast(Review.reviewer_id, String), ","))
        .where(Review.submission_id == SubmissionVersion.id)
        .correlate(SubmissionVersion)
        .scalar_subquery()
    )
    query: Any = (
        select(
            Referral.id,
            SubmissionVersion.id.label("submission_id"),
            SubmissionVersion.number,
            Work.id.label("work_id"),
            Work.item_id,
            Work.name.label("team"),
            member_names().label("names"),
            Referral.difference,
            Referral.referred_at,
            members_column(Work.id).label("members"),
            graders.label("graders"),
            barred.label("barred"),
        )
        .join(SubmissionVersion, SubmissionVersion.id == Referral.submission_id)
        .join(Work, Work.id == SubmissionVersion.work_id)
        .where(*_waits(cohort_id))
    )
    page = by_key(query, [Referral.id], after, scalars=False)
    rows = []
    for row in page.rows:
        names, masked = names_for_reviewers(row, released=False)
        rows.append(
            Referred(
                row.id,
                row.submission_id,
                row.work_id,
                cohort_id,
                row.item_id,
                row.number,
                names,
                masked,
                row.difference,
                row.referred_at,
                ids_in(row.members),
                ids_in(row.graders),
                frozenset({person_id}) if row.barred else frozenset(),
            )
        )
    return Page(rows, page.next, page.after)


def draft_of(submission_id: int, moderator_id: int) -> ModerationDraft | None:
    """The moderator's private draft about a version, as it stands now whatever was read before."""
    return db.session.scalar(
        select(ModerationDraft)
        .where(ModerationDraft.submission_id == submission_id, ModerationDraft.moderator_id == moderator_id)
        .execution_options(populate_existing=True)
    )


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision with the name of who made it."""

    row: Moderation
    moderator: str


def decided(submission_ids: Sequence[int]) -> dict[int, Decided]:
    """The decisions about these versions, by version; one statement."""
    rows = db.session.execute(
        select(Moderation, Person)
        .join(Person, Person.id == Moderation.moderator_id)
        .where(Moderation.submission_id.in_(submission_ids))
    )
    return {row.submission_id: Decided(row, moderator.full_name) for row, moderator in rows}
