"""What a draft was before: snapshots to go back to, and who changed how much of which section."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lms.extensions import Base, Key


class Snapshot(Base):
    """A section's draft as it stood at one moment of work; written once, never thrown away.

    ``revision`` is the draft's counter then, ``saved_by`` who had written it.
    """

    __tablename__ = "draft_snapshot"
    __immutable__ = True

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    work_id: Mapped[int] = mapped_column(ForeignKey("work.id"))
    section_id: Mapped[str] = mapped_column(String(80))
    revision: Mapped[int]
    content: Mapped[str] = mapped_column(Text)
    saved_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    taken_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_draft_snapshot_section", "work_id", "section_id", "id"),
        Index("ix_draft_snapshot_saved_by", "saved_by"),
    )


class Contribution(Base):
    """How much one member changed one section: saves, characters that came and went, first and last time."""

    __tablename__ = "contribution"

    work_id: Mapped[int] = mapped_column(ForeignKey("work.id"), primary_key=True)
    section_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    saves: Mapped[int] = mapped_column(default=0)
    added: Mapped[int] = mapped_column(default=0)
    removed: Mapped[int] = mapped_column(default=0)
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]

    __table_args__ = (Index("ix_contribution_person_id", "person_id"),)
