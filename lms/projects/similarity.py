"""Paragraphs that also stand in somebody else's work: fingerprints kept of every handed-in version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ForeignKey, Index, String, exists, func, select
from sqlalchemy.orm import Mapped, aliased, mapped_column

from lms.extensions import Base, Key, db
from lms.projects.models import SubmissionVersion

NONE = -1
"""The value of a version without fingerprints; no hash is negative."""

COMMON_IN = 8
"""Works from which on a shingle counts as common property (a regulation's wording), not as a likeness."""

SHOWN_AT_MOST = 60


class Fingerprint(Base):
    """One chosen shingle of one paragraph of a handed-in version; equal ``value`` means equal words.

    ``course_id`` and ``stable_id`` name the project over all its cohorts; ``paragraph`` counts from 0 within the
    section. A version that leaves none has one row with the value NONE, so that it is not looked at again.
    """

    __tablename__ = "fingerprint"
    __immutable__ = True

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    stable_id: Mapped[str] = mapped_column(String(80))
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission_version.id"))
    section_id: Mapped[str] = mapped_column(String(80))
    paragraph: Mapped[int]
    value: Mapped[int] = mapped_column(Key)

    __table_args__ = (
        Index("ix_fingerprint_value", "course_id", "stable_id", "value"),
        Index("ix_fingerprint_submission_id", "submission_id"),
    )


@dataclass(frozen=True, slots=True)
class Likeness:
    """A paragraph of one version and one of somebody else's that share ``common`` fingerprints."""

    section_id: str
    paragraph: int
    submission_id: int
    other_section_id: str
    other_paragraph: int
    common: int


def fingerprint_counts(submission_id: int) -> Mapping[tuple[str, int], int]:
    """How many fingerprints each paragraph of a version left, by (section, paragraph), in one statement."""
    rows = db.session.execute(
        select(Fingerprint.section_id, Fingerprint.paragraph, func.count())
        .where(Fingerprint.submission_id == submission_id, Fingerprint.value != NONE)
        .group_by(Fingerprint.section_id, Fingerprint.paragraph)
    )
    return {(section_id, paragraph): count for section_id, paragraph, count in rows}


def likenesses(submission_id: int, *, course_id: int, stable_id: str, work_id: int) -> Sequence[Likeness]:
    """The pairs that share most, of this version and of other works on the same project, in one statement.

    Shingles that stand in COMMON_IN works or more are left out.
    """
    own, there = aliased(Fingerprint), aliased(Fingerprint)
    version = aliased(SubmissionVersion)
    usual = (
        select(Fingerprint.value)
        .join(SubmissionVersion, SubmissionVersion.id == Fingerprint.submission_id)
        .where(
            Fingerprint.course_id == course_id,
            Fingerprint.stable_id == stable_id,
            Fingerprint.value.in_(select(own.value).where(own.submission_id == submission_id)),
        )
        .group_by(Fingerprint.value)
        .having(func.count(func.distinct(SubmissionVersion.work_id)) >= COMMON_IN)
    )
    common = func.count(func.distinct(own.value))
    rows = db.session.execute(
        select(
            own.section_id,
            own.paragraph,
            there.submission_id,
            there.section_id,
            there.paragraph,
            common,
        )
        .join(
            there,
            (there.course_id == own.course_id)
            & (there.stable_id == own.stable_id)
            & (there.value == own.value),
        )
        .join(version, version.id == there.submission_id)
        .where(
            own.submission_id == submission_id,
            own.course_id == course_id,
            own.stable_id == stable_id,
            own.value != NONE,
            own.value.not_in(usual),
            version.work_id != work_id,
        )
        .group_by(own.section_id, own.paragraph, there.submission_id, there.section_id, there.paragraph)
        .having(common >= 2)
        .order_by(common.desc(), there.submission_id.desc())
        .limit(SHOWN_AT_MOST * 5)
    )
    return [Likeness(*row) for row in rows]


def examined(submission_id: int) -> bool:
    """Whether the version's fingerprints were taken, be there any or not."""
    return bool(db.session.scalar(select(exists().where(Fingerprint.submission_id == submission_id))))
