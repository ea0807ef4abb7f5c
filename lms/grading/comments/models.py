"""Saved comments as stored: each person's own, in general or for one criterion of a project."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from lms.extensions import Base, Key, db
from lms.paging import Page, by_key

OFFERED_AT_MOST = 100


class SavedComment(Base):
    """A sentence that its person uses again; nobody else sees it.

    ``stable_id`` and ``criterion_id`` name the project and criterion it is for, '' for any.
    """

    __tablename__ = "saved_comment"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    stable_id: Mapped[str] = mapped_column(String(80), default="")
    criterion_id: Mapped[str] = mapped_column(String(80), default="")
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]

    __table_args__ = (Index("ix_saved_comment_person_id", "person_id", "id"),)

    @property
    def cohort_id(self) -> None:
        """It belongs to no cohort."""
        return

    @property
    def member_ids(self) -> frozenset[int]:
        """Whose it is."""
        return frozenset({self.person_id})


def saved_comment(comment_id: int) -> SavedComment | None:
    """One comment by its id."""
    return db.session.get(SavedComment, comment_id) if comment_id < 2**63 else None


def offered(person_id: int, stable_id: str) -> list[SavedComment]:
    """What the desk offers on a project: its own and the general ones, newest first; one statement."""
    rows = (
        select(SavedComment)
        .where(
            SavedComment.person_id == person_id,
            or_(SavedComment.stable_id == "", SavedComment.stable_id == stable_id),
        )
        .order_by(SavedComment.id.desc())
        .limit(OFFERED_AT_MOST)
    )
    return list(db.session.scalars(rows))


def comments_of(person_id: int, after: str | None = None) -> Page[SavedComment]:
    """A person's comments, newest first; one statement."""
    own = select(SavedComment).where(SavedComment.person_id == person_id)
    return by_key(own, [SavedComment.id], after, descending=True)
