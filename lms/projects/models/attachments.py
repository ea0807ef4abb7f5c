"""The files that were put into works."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column

from lms.extensions import Base, Key, db
from lms.projects.models.works import MAX_KEY, OfWork, Work


class Attachment(OfWork, Base):
    """A file put into a files section; taking it out of the draft keeps the row (a version may hold it).

    ``handed_in`` is the number of the first version that took the file along: from then on reviewers may see
    it.
    """

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
    handed_in: Mapped[int | None]

    __table_args__ = (
        Index("ix_attachment_work_id", "work_id", "section_id"),
        Index("ix_attachment_sha256", "sha256"),
        Index("ix_attachment_added_by", "added_by"),
    )

    @property
    def cohort_id(self) -> int:
        return self.work.cohort_id


def attachment(attachment_id: int) -> Attachment | None:
    """A file with its work and members: a thing of the access table, in one statement."""
    return (
        db.session.execute(
            select(Attachment)
            .options(joinedload(Attachment.work).joinedload(Work.members))
            .where(Attachment.id == min(attachment_id, MAX_KEY))
        )
        .unique()
        .scalar_one_or_none()
    )


def attachment_ids(work_id: int) -> dict[tuple[str, str, str], int]:
    """The files of a work by (section, hash, name), those taken out included: what links of drafts and
    versions need.
    """
    rows = db.session.execute(
        select(Attachment.section_id, Attachment.sha256, Attachment.name, Attachment.id)
        .where(Attachment.work_id == work_id)
        .order_by(Attachment.id)
    )
    return {(section_id, sha256, name): key for section_id, sha256, name, key in rows}


def neutral_names(links: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str, str], str]:
    """What files are called where nobody may learn whose they are: "lampiran-1.pdf", in the order of ``links``.

    Every page of a work must name them from all its files, as ``attachment_ids`` gives them.
    """
    found = {}
    for number, key in enumerate(links, start=1):
        ending = key[2].rpartition(".")[2].lower()
        found[key] = f"lampiran-{number}" + (f".{ending}" if ending.isalnum() and len(ending) <= 5 else "")
    return found
