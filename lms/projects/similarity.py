"""Paragraphs that also stand in somebody else's work: fingerprints kept of every handed-in version."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from lms.extensions import Base, Key


class Fingerprint(Base):
    """One chosen shingle of one paragraph of a handed-in version; equal ``value`` means equal words.

    ``course_id`` and ``stable_id`` name the project over all its cohorts; ``paragraph`` counts from 0 within the
    section.
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
