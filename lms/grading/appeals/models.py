"""Appeals against single criteria of a released grade, and their answers; neither is ever changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import msgspec
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, func, or_, select
from sqlalchemy.orm import Mapped, aliased, mapped_column

from lms.courses.models import Cohort, GradeEntry
from lms.extensions import Base, Key, db
from lms.grading.explaining.arithmetic import Change
from lms.grading.models import Adjustment, Review
from lms.grading.models.reviews import PrivateDraft
from lms.grading.moderation.models import Moderation, judges_of
from lms.people.models import Person
from lms.projects import models as projects
from lms.projects.models import SubmissionVersion, Work, WorkMember, Workspace
from lms.projects.reviewers import barred_administrators

FILED, ANSWERED = "appeal:", "appeal-answer:"
"""How the ledger names what an appeal and its answer wrote."""


class Appeal(Base):
    """What one member of a work says against what a criterion gave; once per criterion and work."""

    __tablename__ = "appeal"
    __immutable__ = True

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    work_id: Mapped[int] = mapped_column(ForeignKey("work.id"))
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"))
    criterion: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(Text)
    filed_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    filed_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("work_id", "criterion"),
        Index("ix_appeal_cohort_id", "cohort_id", "id"),
        Index("ix_appeal_filed_by", "filed_by"),
    )


_REASONS = msgspec.json.Decoder(dict[str, str])


class AppealDraft(PrivateDraft, Base):
    """What one member is writing for an appeal, by criterion; filing takes it away, nothing else does."""

    __tablename__ = "appeal_draft"

    work_id: Mapped[int] = mapped_column(ForeignKey("work.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))

    __table_args__ = (
        UniqueConstraint("work_id", "person_id"),
        Index("ix_appeal_draft_person_id", "person_id"),
    )

    @property
    def reasons(self) -> dict[str, str]:
        """What is written, by criterion."""
        return _REASONS.decode(self.content)


class AppealAnswer(Base):
    """What became of an appeal: the criterion counted ``before`` and counts ``points`` now (of its weight), and why."""

    __tablename__ = "appeal_answer"
    __immutable__ = True

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    appeal_id: Mapped[int] = mapped_column(ForeignKey("appeal.id"), unique=True)
    decision: Mapped[str] = mapped_column(String(10))
    before: Mapped[Decimal]
    points: Mapped[Decimal]
    reason: Mapped[str] = mapped_column(Text)
    decided_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("decision in ('accepted', 'rejected')", name="decision"),
        Index("ix_appeal_answer_decided_by", "decided_by"),
    )


@dataclass(frozen=True, slots=True)
class AppealLine:
    """An appeal with its answer, None while it is open, and the names of both sides."""

    id: int
    criterion: str
    reason: str
    by: str
    at: datetime
    answer: AppealAnswer | None
    answered_by: str


def appeals_of(work_id: int) -> list[AppealLine]:
    """The appeals against the grade of a work, in the order they came; one statement."""
    return appeals_of_all([work_id]).get(work_id, [])


def appeals_of_all(work_ids: Sequence[int]) -> dict[int, list[AppealLine]]:
    """The same of several works, by work; one statement."""
    answerer = aliased(Person)
    rows = db.session.execute(
        select(Appeal, AppealAnswer, Person, answerer)
        .join(Person, Person.id == Appeal.filed_by)
        .outerjoin(AppealAnswer, AppealAnswer.appeal_id == Appeal.id)
        .outerjoin(answerer, answerer.id == AppealAnswer.decided_by)
        .where(Appeal.work_id.in_(work_ids))
        .order_by(Appeal.id)
    )
    found: dict[int, list[AppealLine]] = {}
    for appeal, answer, filer, judge in rows:
        line = AppealLine(
            appeal.id,
            appeal.criterion,
            appeal.reason,
            filer.full_name,
            appeal.filed_at,
            answer,
            judge.full_name if judge is not None else "",
        )
        found.setdefault(appeal.work_id, []).append(line)
    return found


def draft_of(work_id: int, person_id: int) -> AppealDraft | None:
    """What a member has written so far, as it stands now whatever was read before."""
    return db.session.scalar(
        select(AppealDraft)
        .where(AppealDraft.work_id == work_id, AppealDraft.person_id == person_id)
        .execution_options(populate_existing=True)
    )


def changes(appeals: Iterable[AppealLine]) -> list[Change]:
    """What the accepted ones changed, in the order they were answered."""
    accepted = [
        (each.answer.id, each.criterion, each.answer.points)
        for each in appeals
        if each.answer is not None and each.answer.decision == "accepted"
    ]
    return [Change(criterion, points, f"{ANSWERED}{key}") for key, criterion, points in sorted(accepted)]


def deadline_of(enrolment_id: int, work: Workspace) -> datetime | None:
    """Until when a learner may appeal against the grade of a work, None while it is not out; one statement."""
    at = db.session.scalar(
        select(func.min(GradeEntry.decided_at)).where(
            GradeEntry.enrolment_id == enrolment_id,
            GradeEntry.stable_id == work.stable_id,
            GradeEntry.state == "released",
        )
    )
    return until(at, work) if at is not None else None


def until(at: datetime, work: Workspace) -> datetime:
    """Until when one may appeal against a grade first let out at this moment: the cohort's days, else the project's."""
    days = work.project.appeal_days if work.appeal_days is None else work.appeal_days
    return at + timedelta(days=days)


@dataclass(frozen=True, slots=True)
class Dispute:
    """An appeal to be answered: the thing of ``Deed.ANSWER_APPEAL``; ``grader_ids`` decided about the grade before."""

    appeal: Appeal
    work: Workspace
    grader_ids: frozenset[int]
    barred_ids: frozenset[int]

    @property
    def cohort_id(self) -> int:
        return self.work.cohort_id

    @property
    def member_ids(self) -> frozenset[int]:
        return self.work.member_ids


def graders_of(work_id: int) -> frozenset[int]:
    """Everybody who reviewed or moderated a version of a work, or adjusted a member's grade of it; three statements."""
    reviewed = select(Review.reviewer_id).join(
        SubmissionVersion, SubmissionVersion.id == Review.submission_id
    )
    moderated = select(Moderation.moderator_id).join(
        SubmissionVersion, SubmissionVersion.id == Moderation.submission_id
    )
    return frozenset(
        [
            *db.session.scalars(reviewed.where(SubmissionVersion.work_id == work_id)),
            *db.session.scalars(moderated.where(SubmissionVersion.work_id == work_id)),
            *db.session.scalars(select(Adjustment.decided_by).where(Adjustment.work_id == work_id)),
        ]
    )


def answerers_of(work: Workspace) -> frozenset[int]:
    """Who is asked to answer appeals against the grade of a work; at most six statements."""
    kept = graders_of(work.id) | work.member_ids | work.barred_ids
    return judges_of(work.cohort_id, work.id, kept)


def dispute(appeal_id: int) -> Dispute | None:
    """The appeal with its work and whoever graded it; six statements."""
    if appeal_id > projects.MAX_KEY:
        return None
    appeal = db.session.get(Appeal, appeal_id)
    work = projects.workspace(appeal.work_id) if appeal is not None else None
    if appeal is None or work is None:
        return None
    return Dispute(appeal, work, graders_of(work.id), work.barred_ids | barred_administrators(work.id))


@dataclass(frozen=True, slots=True)
class Waiting:
    """An appeal that nobody has answered yet; ``own`` where the reader graded or did the work, so others answer."""

    id: int
    work_id: int
    item_id: int
    criterion: str
    filed_at: datetime
    code: str
    cohort: str
    own: bool


def open_appeals(cohort_ids: Sequence[int], person_id: int, *, limit: int = 50) -> list[Waiting]:
    """The oldest unanswered appeals of these cohorts; one statement, none without a cohort."""
    if not cohort_ids:
        return []
    rows = db.session.execute(
        select(
            Appeal.id,
            Appeal.work_id,
            Work.item_id,
            Appeal.criterion,
            Appeal.filed_at,
            Cohort.code,
            Cohort.name,
            or_(
                select(Review.id)
                .join(SubmissionVersion, SubmissionVersion.id == Review.submission_id)
                .where(SubmissionVersion.work_id == Appeal.work_id, Review.reviewer_id == person_id)
                .exists(),
                select(Moderation.id)
                .join(SubmissionVersion, SubmissionVersion.id == Moderation.submission_id)
                .where(SubmissionVersion.work_id == Appeal.work_id, Moderation.moderator_id == person_id)
                .exists(),
                select(Adjustment.id)
                .where(Adjustment.work_id == Appeal.work_id, Adjustment.decided_by == person_id)
                .exists(),
                select(WorkMember.id)
                .where(WorkMember.work_id == Appeal.work_id, WorkMember.person_id == person_id)
                .exists(),
            ).label("own"),
        )
        .join(Work, Work.id == Appeal.work_id)
        .join(Cohort, Cohort.id == Appeal.cohort_id)
        .where(
            Appeal.cohort_id.in_(cohort_ids),
            ~select(AppealAnswer.id).where(AppealAnswer.appeal_id == Appeal.id).exists(),
        )
        .order_by(Appeal.id)
        .limit(limit)
    )
    return [Waiting(*row) for row in rows]
