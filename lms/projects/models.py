"""Project work: who works on it, the drafts they type, and the versions they hand in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.courses.models import Enrolment
from lms.extensions import Base, Key


class Work(Base):
    """One project as one person or team does it, in one cohort."""

    __tablename__ = "work"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    stable_id: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(120), default="")
    created_at: Mapped[datetime]

    members: Mapped[list[WorkMember]] = relationship(back_populates="work")

    __table_args__ = (
        Index("ix_work_cohort", "cohort_id", "stable_id", "id"),
        Index("ix_work_item_id", "item_id"),
    )

    @property
    def member_ids(self) -> frozenset[int]:
        """The people whose work this is (a thing of the access table)."""
        return frozenset(member.person_id for member in self.members if member.left_at is None)


class WorkMember(Base):
    """A learner's part in a work; one work per learner and project."""

    __tablename__ = "work_member"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    work_id: Mapped[int] = mapped_column(ForeignKey("work.id"))
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    stable_id: Mapped[str] = mapped_column(String(80))
    joined_at: Mapped[datetime]
    left_at: Mapped[datetime | None]

    work: Mapped[Work] = relationship(back_populates="members")
    enrolment: Mapped[Enrolment] = relationship()

    __table_args__ = (
        UniqueConstraint("enrolment_id", "stable_id"),
        Index("ix_work_member_work_id", "work_id"),
        Index("ix_work_member_person_id", "person_id"),
    )


class Draft(Base):
    """What is typed into one section, with the counter that a save must name to replace it.

    ``accepted_in`` and ``returned_in`` are the numbers of the versions whose review accepted (and so locked)
    or returned the section; grading writes them when a review is sent.
    """

    __tablename__ = "draft"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    work_id: Mapped[int] = mapped_column(ForeignKey("work.id"))
    section_id: Mapped[str] = mapped_column(String(80))
    content: Mapped[str] = mapped_column(Text)
    revision: Mapped[int] = mapped_column(default=0)
    findings: Mapped[int] = mapped_column(default=0)
    updated_at: Mapped[datetime]
    updated_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    accepted_in: Mapped[int | None]
    returned_in: Mapped[int | None]

    __table_args__ = (
        UniqueConstraint("work_id", "section_id"),
        Index("ix_draft_updated_by", "updated_by"),
    )


class Attachment(Base):
    """A file put into a files section; taking it out of the draft keeps the row (a version may hold it)."""

    __tablename__ = "attachment"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    work_id: Mapped[int] = mapped_column(ForeignKey("work.id"))
    section_id: Mapped[str] = mapped_column(String(80))
    sha256: Mapped[str] = mapped_column(ForeignKey("blob.sha256"))
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(Key)
    added_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    added_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]

    work: Mapped[Work] = relationship()

    __table_args__ = (
        Index("ix_attachment_work_id", "work_id", "section_id"),
        Index("ix_attachment_sha256", "sha256"),
        Index("ix_attachment_added_by", "added_by"),
    )


class SubmissionVersion(Base):
    """A handed-in version: number, facts about lateness, receipt; written once."""

    __tablename__ = "submission_version"
    __immutable__ = True

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    work_id: Mapped[int] = mapped_column(ForeignKey("work.id"))
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"))
    number: Mapped[int]
    submitted_at: Mapped[datetime]
    submitted_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    due_at: Mapped[datetime | None]
    late_seconds: Mapped[int] = mapped_column(default=0)
    reasons: Mapped[str] = mapped_column(Text, default="{}")  # warning id → the reason given for it
    sha256: Mapped[str] = mapped_column(String(64))
    receipt: Mapped[str] = mapped_column(String(40), unique=True)

    work: Mapped[Work] = relationship()
    parts: Mapped[list[SubmissionPart]] = relationship(
        back_populates="submission", order_by="SubmissionPart.position"
    )

    __table_args__ = (
        UniqueConstraint("work_id", "number"),
        Index("ix_submission_version_queue", "cohort_id", "submitted_at", "id"),
        Index("ix_submission_version_submitted_by", "submitted_by"),
    )

    @property
    def member_ids(self) -> frozenset[int]:
        return self.work.member_ids


class SubmissionPart(Base):
    """One section of a version: its content and hash; ``carried_from`` is the version that was accepted, if locked."""

    __tablename__ = "submission_part"
    __immutable__ = True

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission_version.id"))
    section_id: Mapped[str] = mapped_column(String(80))
    position: Mapped[int]
    content: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    words: Mapped[int] = mapped_column(default=0)
    carried_from: Mapped[int | None]

    submission: Mapped[SubmissionVersion] = relationship(back_populates="parts")

    __table_args__ = (UniqueConstraint("submission_id", "section_id"),)


class ImprovementNote(Base):
    """A reviewer's note as delivered (catatan penyempurnaan), and the team's follow-up (tindak lanjut).

    Written when a review is sent; the note's own text never changes after that, the follow-up is the team's.
    """

    __tablename__ = "improvement_note"
    __immutable__ = True
    __mutable__ = ("reply", "replied_at", "replied_by", "resolved_in")

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    work_id: Mapped[int] = mapped_column(ForeignKey("work.id"))
    version: Mapped[int]
    section_id: Mapped[str] = mapped_column(String(80))
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    must: Mapped[bool] = mapped_column(default=True)
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    reply: Mapped[str] = mapped_column(Text, default="")
    replied_at: Mapped[datetime | None]
    replied_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    resolved_in: Mapped[int | None]

    work: Mapped[Work] = relationship()

    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        Index("ix_improvement_note_work_id", "work_id", "version", "id"),
        Index("ix_improvement_note_author_id", "author_id"),
        Index("ix_improvement_note_replied_by", "replied_by"),
    )

    @property
    def cohort_id(self) -> int:
        return self.work.cohort_id

    @property
    def member_ids(self) -> frozenset[int]:
        return self.work.member_ids
