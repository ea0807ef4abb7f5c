"""Uploads that arrive in parts, so that a weak connection goes on where it broke."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from lms.extensions import Base, Key, db


class PartialUpload(Base):
    """A file on its way into a section: ``received`` of ``size`` bytes lie beside the store under ``code``.

    When all have arrived the file is in its section; the row stays a while, so that whoever lost the answer to the
    last part learns that. A sweep takes away what nobody touched for long.
    """

    __tablename__ = "partial_upload"

    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    work_id: Mapped[int] = mapped_column(ForeignKey("work.id"))
    section_id: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(200))
    size: Mapped[int] = mapped_column(Key)
    received: Mapped[int] = mapped_column(Key, default=0)
    started_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    started_at: Mapped[datetime]
    touched_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_partial_upload_work_id", "work_id", "section_id"),
        Index("ix_partial_upload_started_by", "started_by"),
        Index("ix_partial_upload_touched_at", "touched_at"),
    )


class Inspection(Base):
    """What is known about a stored content beside its bytes: whether it was scanned, and what is active in it.

    ``scan`` is 'waiting', 'clean', 'infected', or 'unscanned' where no scanner is set; ``active`` lists macros,
    scripts and embedded files by name, separated by commas.
    """

    __tablename__ = "inspection"

    sha256: Mapped[str] = mapped_column(ForeignKey("blob.sha256"), primary_key=True)
    scan: Mapped[str] = mapped_column(String(10), default="waiting")
    found: Mapped[str] = mapped_column(String(200), default="")
    active: Mapped[str] = mapped_column(String(300), default="")
    pages: Mapped[int] = mapped_column(default=0)
    inspected_at: Mapped[datetime]

    __table_args__ = (Index("ix_inspection_scan", "scan", "inspected_at"),)


def inspect(sha256: str, *, active: Iterable[str], scanning: bool, now: datetime) -> None:
    """Write down what is known of a content when it comes in, once; ``scanning`` says that a scanner will look."""
    if db.session.get(Inspection, sha256) is None:
        db.session.add(
            Inspection(
                sha256=sha256,
                scan="waiting" if scanning else "unscanned",
                active=",".join(active)[:300],
                inspected_at=now,
            )
        )
        db.session.flush()


def inspections(hashes: Iterable[str]) -> Mapping[str, Inspection]:
    """What is known of these contents, by hash; nothing is asked for none."""
    wanted = set(hashes)
    if not wanted:
        return {}
    rows = db.session.scalars(select(Inspection).where(Inspection.sha256.in_(wanted)))
    return {row.sha256: row for row in rows}


OPEN_AT_MOST = 6
"""Uploads in parts that one work can have under way."""


def code_for(work_id: int, section_id: str, *, name: str, size: int, modified: str, by: int) -> str:
    """The code of an upload: the same for the same file by the same person, so that a broken one goes on.

    ``modified`` is when the file was last changed, as the browser says it: parts of two states of a file, which may be
    of one size, must not become one file.
    """
    facts = "\0".join((str(work_id), section_id, name, str(size), modified, str(by)))
    return hashlib.sha256(facts.encode()).hexdigest()[:32]


def complete(code: str, *, now: datetime) -> None:
    """All of a file is here."""
    db.session.execute(
        update(PartialUpload)
        .where(PartialUpload.code == code)
        .values(received=PartialUpload.size, touched_at=now)
        .execution_options(synchronize_session=False)
    )


def under_way(work_id: int) -> int:
    """How many uploads in parts a work has."""
    counted = (
        select(func.count())
        .select_from(PartialUpload)
        .where(PartialUpload.work_id == work_id, PartialUpload.received < PartialUpload.size)
    )
    return db.session.scalar(counted) or 0


def held(code: str, work_id: int, section_id: str) -> PartialUpload | None:
    """One of them, held until the transaction ends; None if it is not of this section."""
    found = db.session.scalar(select(PartialUpload).where(PartialUpload.code == code).with_for_update())
    return found if found and (found.work_id, found.section_id) == (work_id, section_id) else None
