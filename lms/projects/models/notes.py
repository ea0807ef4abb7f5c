"""What reviewers noted on versions, and what their teams answered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column

from lms import anchors
from lms.anchors import Anchor
from lms.extensions import Base, Key, db
from lms.projects.models.drafts import DraftRow
from lms.projects.models.works import MAX_KEY, OfWork, Work


def _kind_of_note(context: Any) -> str:
    return "must" if context.get_current_parameters().get("must", True) else "suggestion"


class ImprovementNote(OfWork, Base):
    """A reviewer's note as delivered (catatan penyempurnaan), and the team's follow-up (tindak lanjut).

    Written when a review is sent; the note's own text never changes after that, the follow-up is the team's.
    ``kind`` is must, suggestion, question or praise, ``anchor`` where the note stands (``lms.anchors`` as JSON, empty
    for the whole section), ``reply_kind`` whether the team followed it (fixed) or disagrees (disagree).
    """

    __tablename__ = "improvement_note"
    __immutable__ = True
    __mutable__ = ("reply", "reply_kind", "replied_at", "replied_by", "resolved_in")

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    work_id: Mapped[int] = mapped_column(ForeignKey("work.id"))
    version: Mapped[int]
    section_id: Mapped[str] = mapped_column(String(80))
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    must: Mapped[bool] = mapped_column(default=True)
    kind: Mapped[str] = mapped_column(String(12), default=_kind_of_note, server_default="must")
    anchor: Mapped[str] = mapped_column(Text, default="", server_default="")
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    reply: Mapped[str] = mapped_column(Text, default="")
    reply_kind: Mapped[str] = mapped_column(String(10), default="", server_default="")
    replied_at: Mapped[datetime | None]
    replied_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    resolved_in: Mapped[int | None]

    @property
    def answerable(self) -> bool:
        """Whether it asks for anything."""
        return self.kind != "praise"

    @property
    def place(self) -> Anchor | None:
        """Where it stands; None for the whole section."""
        return anchors.decode(self.anchor)

    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        Index("ix_improvement_note_work_id", "work_id", "version", "id"),
        Index("ix_improvement_note_author_id", "author_id"),
        Index("ix_improvement_note_replied_by", "replied_by"),
    )

    @property
    def cohort_id(self) -> int:
        return self.work.cohort_id


def newest_notes(work_id: int, rows: Mapping[str, DraftRow]) -> list[ImprovementNote]:
    """The notes of the last review; no statement where none was sent yet."""
    returned = [row.returned_in or row.accepted_in or 0 for row in rows.values()]
    newest = max(returned, default=0)
    return notes_of(work_id, newest) if newest else []


def notes_of(work_id: int, version: int | None = None) -> list[ImprovementNote]:
    """The notes that reviews delivered, in order; of one version where it is given."""
    query = select(ImprovementNote).where(ImprovementNote.work_id == work_id)
    if version is not None:
        query = query.where(ImprovementNote.version == version)
    return list(db.session.scalars(query.order_by(ImprovementNote.version, ImprovementNote.id)))


def note(note_id: int) -> ImprovementNote | None:
    """A note with its work and members: a thing of the access table, in one statement."""
    return (
        db.session.execute(
            select(ImprovementNote)
            .options(joinedload(ImprovementNote.work).joinedload(Work.members))
            .where(ImprovementNote.id == min(note_id, MAX_KEY))
        )
        .unique()
        .scalar_one_or_none()
    )
