"""Samples, the private drafts and the sent marks of those who practise, and whom the queue is open to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, aliased, column_property, joinedload, mapped_column, relationship

from lms.courses.models import Cohort, CourseVersion
from lms.extensions import Base, Key, db
from lms.grading.models import Review, ReviewDraft
from lms.grading.models.reviews import PrivateDraft
from lms.projects.models import MAX_KEY, SubmissionVersion, Work
from lms.projects.reviewers import barred_column, ids_in


class CalibrationSetting(Base):
    """What a cohort asks of new reviewers of a project: the newest row counts, none or no threshold asks nothing.

    ``threshold`` is in percent (of kappa: times 100).
    """

    __tablename__ = "calibration_setting"
    __immutable__ = True

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"))
    stable_id: Mapped[str] = mapped_column(String(80))
    measure: Mapped[str] = mapped_column(String(10))
    threshold: Mapped[Decimal | None]
    decided_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("measure in ('exact', 'adjacent', 'kappa')", name="measure"),
        Index("ix_calibration_setting_place", "cohort_id", "stable_id", "id"),
        Index("ix_calibration_setting_decided_by", "decided_by"),
    )


class GoldSample(Base):
    """A handed-in version with the levels that were agreed on, and why; a copy by reference, never changed.

    ``version_id`` is the course version whose rubric the levels are of. The version may be of another cohort whose
    sample was taken over (``is_taken``). The thing of ``Deed.PRACTICE``, and of ``Deed.CALIBRATE``.
    """

    __tablename__ = "gold_sample"
    __immutable__ = True

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"))
    stable_id: Mapped[str] = mapped_column(String(80))
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission_version.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    content: Mapped[str] = mapped_column(Text)
    made_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]

    submission: Mapped[SubmissionVersion] = relationship()
    barred_joined: Mapped[str | None] = column_property(
        barred_column(
            select(SubmissionVersion.work_id)
            .where(SubmissionVersion.id == submission_id)
            .correlate_except(SubmissionVersion)
            .scalar_subquery(),
            cohort_id,
        )
    )

    __table_args__ = (
        UniqueConstraint("cohort_id", "stable_id", "submission_id"),
        Index("ix_gold_sample_submission_id", "submission_id"),
        Index("ix_gold_sample_version_id", "version_id"),
        Index("ix_gold_sample_made_by", "made_by"),
    )

    @property
    def member_ids(self) -> frozenset[int]:
        """The people whose work the sample is of."""
        return self.submission.member_ids

    @property
    def barred_ids(self) -> frozenset[int]:
        """The facilitators of the sample's cohort who are too close to them."""
        return ids_in(self.barred_joined)

    @property
    def is_taken(self) -> bool:
        """Whether it was agreed on in another cohort."""
        return self.submission.cohort_id != self.cohort_id


class SampleRetirement(Base):
    """A sample that nobody is asked to mark any more; what people answered stays."""

    __tablename__ = "sample_retirement"
    __immutable__ = True

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    sample_id: Mapped[int] = mapped_column(ForeignKey("gold_sample.id"), unique=True)
    reason: Mapped[str] = mapped_column(String(300))
    retired_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    retired_at: Mapped[datetime]

    __table_args__ = (Index("ix_sample_retirement_retired_by", "retired_by"),)


class PracticeDraft(PrivateDraft, Base):
    """What somebody is writing about a sample; sending takes it away."""

    __tablename__ = "practice_draft"

    sample_id: Mapped[int] = mapped_column(ForeignKey("gold_sample.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))

    __table_args__ = (
        UniqueConstraint("sample_id", "person_id"),
        Index("ix_practice_draft_person_id", "person_id"),
    )


class PracticeMark(Base):
    """A sent mark of a sample; ``attempt`` counts a person's marks of it, the newest counts, all are kept."""

    __tablename__ = "practice_mark"
    __immutable__ = True

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    sample_id: Mapped[int] = mapped_column(ForeignKey("gold_sample.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    attempt: Mapped[int]
    content: Mapped[str] = mapped_column(Text)
    sent_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("sample_id", "person_id", "attempt"),
        Index("ix_practice_mark_person_id", "person_id"),
    )


class Calibrated(Base):
    """Somebody came near enough: the queue of this project in this cohort is open to them from then on.

    It stays open when the threshold is raised or samples are added later: nobody is sent back amid their reviews.
    """

    __tablename__ = "calibrated"
    __immutable__ = True

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"))
    stable_id: Mapped[str] = mapped_column(String(80))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    measure: Mapped[str] = mapped_column(String(10))
    reached: Mapped[Decimal]
    at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("cohort_id", "stable_id", "person_id"),
        Index("ix_calibrated_person_id", "person_id"),
    )


def setting_of(cohort_id: int, stable_id: str) -> CalibrationSetting | None:
    """What is asked of reviewers here, None where nothing ever was."""
    return db.session.scalar(
        select(CalibrationSetting)
        .where(CalibrationSetting.cohort_id == cohort_id, CalibrationSetting.stable_id == stable_id)
        .order_by(CalibrationSetting.id.desc())
        .limit(1)
    )


def is_open_to(cohort_id: int, stable_id: str, person_id: int) -> bool:
    """Whether somebody may review the project in the cohort, as far as practice goes; one statement."""
    passed = exists().where(
        Calibrated.cohort_id == cohort_id,
        Calibrated.stable_id == stable_id,
        Calibrated.person_id == person_id,
    )
    row = db.session.execute(
        select(CalibrationSetting.threshold, passed.label("passed"))
        .where(CalibrationSetting.cohort_id == cohort_id, CalibrationSetting.stable_id == stable_id)
        .order_by(CalibrationSetting.id.desc())
        .limit(1)
    ).first()
    return row is None or row.threshold is None or bool(row.passed)


def has_begun(work_id: int, person_id: int) -> bool:
    """Whether somebody has a draft or a sent review of any version of the work; one statement."""
    of_work = select(SubmissionVersion.id).where(SubmissionVersion.work_id == work_id)
    draft = exists().where(ReviewDraft.reviewer_id == person_id, ReviewDraft.submission_id.in_(of_work))
    sent = exists().where(Review.reviewer_id == person_id, Review.submission_id.in_(of_work))
    return bool(db.session.scalar(select(or_(draft, sent))))


def calibrated(cohort_id: int, stable_id: str, person_id: int) -> Calibrated | None:
    """When and how somebody came near enough."""
    return db.session.scalar(
        select(Calibrated).where(
            Calibrated.cohort_id == cohort_id,
            Calibrated.stable_id == stable_id,
            Calibrated.person_id == person_id,
        )
    )


def sample(sample_id: int) -> GoldSample | None:
    """A sample: a thing of the access table."""
    return db.session.get(GoldSample, min(sample_id, MAX_KEY))


SAMPLES_AT_MOST = 20


_is_retired = exists().where(SampleRetirement.sample_id == GoldSample.id)


def _samples(cohort_id: int, stable_id: str) -> Any:
    return (
        select(GoldSample)
        .where(GoldSample.cohort_id == cohort_id, GoldSample.stable_id == stable_id)
        .limit(SAMPLES_AT_MOST)
        .options(
            joinedload(GoldSample.submission).joinedload(SubmissionVersion.work).selectinload(Work.members)
        )
    )


def samples_of(cohort_id: int, stable_id: str) -> list[GoldSample]:
    """The samples of a project that reviewers of a cohort are asked to mark, in the order they were made."""
    return list(
        db.session.scalars(_samples(cohort_id, stable_id).where(~_is_retired).order_by(GoldSample.id))
    )


def retired_samples(cohort_id: int, stable_id: str) -> list[tuple[GoldSample, SampleRetirement]]:
    """Those that nobody is asked to mark any more, the newest first."""
    query = (
        _samples(cohort_id, stable_id)
        .add_columns(SampleRetirement)
        .join(SampleRetirement, SampleRetirement.sample_id == GoldSample.id)
        .order_by(GoldSample.id.desc())
    )
    return [(one, retirement) for one, retirement in db.session.execute(query)]


def retirement_of(sample_id: int) -> SampleRetirement | None:
    """When and why a sample was retired, None for one in use."""
    return db.session.scalar(select(SampleRetirement).where(SampleRetirement.sample_id == sample_id))


@dataclass(frozen=True, slots=True)
class Source:
    """A cohort whose samples another one could take over: how many it has that the other lacks."""

    code: str
    name: str
    samples: int


SOURCES_AT_MOST = 20


def sources_for(cohort_id: int, stable_id: str, among: Collection[int] | None) -> list[Source]:
    """The cohorts of the same course (``among`` these; None: all) with samples of the project that this one lacks."""
    theirs, here, own = aliased(CourseVersion), aliased(CourseVersion), aliased(Cohort)
    mine = aliased(GoldSample)
    course = (
        select(here.course_id)
        .join(own, own.version_id == here.id)
        .where(own.id == cohort_id)
        .scalar_subquery()
    )
    has = exists().where(
        mine.cohort_id == cohort_id,
        mine.stable_id == stable_id,
        mine.submission_id == GoldSample.submission_id,
    )
    query = (
        select(Cohort.code, Cohort.name, func.count(GoldSample.id))
        .join(theirs, theirs.id == Cohort.version_id)
        .join(GoldSample, GoldSample.cohort_id == Cohort.id)
        .where(
            theirs.course_id == course,
            Cohort.id != cohort_id,
            GoldSample.stable_id == stable_id,
            ~_is_retired,
            ~has,
        )
        .group_by(Cohort.id, Cohort.code, Cohort.name)
        .order_by(Cohort.id.desc())
        .limit(SOURCES_AT_MOST)
    )
    if among is not None:
        query = query.where(Cohort.id.in_(among))
    return [Source(*row) for row in db.session.execute(query)]


def submissions_known(cohort_id: int, stable_id: str) -> set[int]:
    """The versions that are samples here or were."""
    return set(
        db.session.scalars(
            select(GoldSample.submission_id).where(
                GoldSample.cohort_id == cohort_id, GoldSample.stable_id == stable_id
            )
        )
    )


def marks_of(sample_ids: Sequence[int], person_id: int) -> dict[int, PracticeMark]:
    """The newest mark of each sample by a person; one statement."""
    rows = db.session.scalars(
        select(PracticeMark)
        .where(PracticeMark.sample_id.in_(sample_ids), PracticeMark.person_id == person_id)
        .order_by(PracticeMark.attempt)
    )
    return {row.sample_id: row for row in rows}


def attempts_of(sample_id: int, person_id: int) -> list[PracticeMark]:
    """All of a person's marks of a sample, the first first."""
    return list(
        db.session.scalars(
            select(PracticeMark)
            .where(PracticeMark.sample_id == sample_id, PracticeMark.person_id == person_id)
            .order_by(PracticeMark.attempt)
        )
    )


def draft_of(sample_id: int, person_id: int) -> PracticeDraft | None:
    """A person's draft about a sample, as it stands now whatever was read before."""
    return db.session.scalar(
        select(PracticeDraft)
        .where(PracticeDraft.sample_id == sample_id, PracticeDraft.person_id == person_id)
        .execution_options(populate_existing=True)
    )


@dataclass(frozen=True, slots=True)
class Candidate:
    """A settled version that a sample could be made of."""

    submission_id: int
    work_id: int
    number: int


def candidates(cohort_id: int, stable_id: str, version_id: int) -> list[Candidate]:
    """The newest decided versions of this cohort's works that are of its present rubric and no samples yet."""
    from_item = select(Work.id).where(Work.cohort_id == cohort_id, Work.stable_id == stable_id)
    taken = exists().where(
        GoldSample.submission_id == SubmissionVersion.id,
        GoldSample.cohort_id == cohort_id,
        GoldSample.stable_id == stable_id,
    )
    rows: Any = db.session.execute(
        select(SubmissionVersion.id, SubmissionVersion.work_id, SubmissionVersion.number)
        .where(
            SubmissionVersion.cohort_id == cohort_id,
            SubmissionVersion.work_id.in_(from_item),
            SubmissionVersion.settled_at.is_not(None),
            exists().where(Review.submission_id == SubmissionVersion.id, Review.outcome == "accepted"),
            ~taken,
        )
        .order_by(SubmissionVersion.id.desc())
        .limit(SAMPLES_AT_MOST)
    )
    return [Candidate(*row) for row in rows]


def practised_by(sample_ids: Sequence[int]) -> list[int]:
    """Whoever has sent a mark of one of these samples."""
    return list(
        db.session.scalars(
            select(func.distinct(PracticeMark.person_id)).where(PracticeMark.sample_id.in_(sample_ids))
        )
    )
