"""Attempts and their append-only answers."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.extensions import Base, Key


class Attempt(Base):
    """One try at a quiz. ``seed`` fixes the drawn questions and their order; ``item_id`` pins the version's text."""

    __tablename__ = "attempt"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))
    stable_id: Mapped[str] = mapped_column(String(80))
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    number: Mapped[int]
    seed: Mapped[int]
    started_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    points: Mapped[Decimal | None]
    max_points: Mapped[Decimal | None]

    __table_args__ = (
        # two tabs that start at once make one attempt, and numbers never repeat
        UniqueConstraint("enrolment_id", "stable_id", "number"),
        Index(
            "uq_attempt_running",
            "enrolment_id",
            "stable_id",
            unique=True,
            sqlite_where=text("submitted_at IS NULL"),
            postgresql_where=text("submitted_at IS NULL"),
        ),
        Index("ix_attempt_item_id", "item_id"),
    )


class Answer(Base):
    """One save of one question's answer: appended, never changed; the highest sequence counts."""

    __tablename__ = "answer"
    __immutable__ = True

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    sequence: Mapped[int]
    question_id: Mapped[str] = mapped_column(String(80))
    value: Mapped[str] = mapped_column(Text)
    saved_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("attempt_id", "sequence"),)
