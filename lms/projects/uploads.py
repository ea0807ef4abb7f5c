"""Uploads that arrive in parts, so that a weak connection goes on where it broke."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from lms.extensions import Base, Key


class PartialUpload(Base):
    """A file on its way into a section: ``received`` of ``size`` bytes lie beside the store under ``code``.

    The row goes when the file is complete, or when a sweep finds that nothing arrived for long.
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
