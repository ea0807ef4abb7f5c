"""What a draft was before: snapshots to go back to, and who changed how much of which section."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, bindparam, func, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from lms.extensions import Base, Key, db
from lms.paging import Page, by_key


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


_SNAPSHOT = insert(Snapshot.__table__)  # type: ignore[arg-type]
_CONTRIBUTION = Contribution.__table__.c
_COUNT = (
    update(Contribution.__table__)  # type: ignore[arg-type]
    .where(
        _CONTRIBUTION.work_id == bindparam("work"),
        _CONTRIBUTION.section_id == bindparam("section"),
        _CONTRIBUTION.person_id == bindparam("person"),
    )
    .values(
        saves=_CONTRIBUTION.saves + 1,
        added=_CONTRIBUTION.added + bindparam("came", type_=_CONTRIBUTION.added.type),
        removed=_CONTRIBUTION.removed + bindparam("went", type_=_CONTRIBUTION.removed.type),
        last_at=bindparam("at", type_=_CONTRIBUTION.last_at.type),
    )
)


def keep(
    work_id: int, section_id: str, *, revision: int, content: str, saved_by: int | None, taken_at: datetime
) -> None:
    """Keep a draft as it stood, before something else takes its place."""
    db.session.execute(
        _SNAPSHOT,
        {
            "work_id": work_id,
            "section_id": section_id,
            "revision": revision,
            "content": content,
            "saved_by": saved_by,
            "taken_at": taken_at,
        },
    )


def count(work_id: int, section_id: str, *, by: int, added: int, removed: int, now: datetime) -> None:
    """Count one save of a team's member; the section's draft must be held, so that nobody else counts meanwhile."""
    at = {"work": work_id, "section": section_id, "person": by, "came": added, "went": removed, "at": now}
    if db.session.execute(_COUNT, at).rowcount:  # type: ignore[attr-defined]
        return
    db.session.execute(
        insert(Contribution),
        {
            "work_id": work_id,
            "section_id": section_id,
            "person_id": by,
            "saves": 1,
            "added": added,
            "removed": removed,
            "first_at": now,
            "last_at": now,
        },
    )


PER_PAGE = 30


def snapshots(work_id: int, section_id: str, after: str | None) -> Page[Any]:
    """What a section was before, newest first, without the contents; their length stands in ``size``."""
    query = select(
        Snapshot.id,
        Snapshot.revision,
        Snapshot.saved_by,
        Snapshot.taken_at,
        func.length(Snapshot.content).label("size"),
    ).where(Snapshot.work_id == work_id, Snapshot.section_id == section_id)
    return by_key(query, [Snapshot.id], after, per_page=PER_PAGE, descending=True, scalars=False)


def snapshot(work_id: int, section_id: str, snapshot_id: int) -> Snapshot | None:
    """One of them, if it belongs to this section."""
    found = db.session.get(Snapshot, snapshot_id) if 0 < snapshot_id < 2**63 else None
    return found if found and (found.work_id, found.section_id) == (work_id, section_id) else None
