"""What is typed into the sections of a work, and where each section stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    bindparam,
    literal,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from lms.courses.models import Enrolment, count_as_learning, latest_of
from lms.extensions import Base, Key, db
from lms.projects import content
from lms.projects.models.works import WorkMember
from lms.projects.source import Project, Section, empty
from lms.projects.state import SectionFacts, SectionState, section_state


class Draft(Base):
    """What is typed into one section, with the counter that a save must name to replace it.

    ``findings`` counts what its checks ask for, ``size`` the words of a text, the rows of a table or the
    files. ``submitted_in`` is the number of the version that last took the section along, at
    ``submitted_revision``. ``accepted_in`` and ``returned_in`` are the numbers of the versions whose review
    accepted (and so locked) or returned the section; grading writes them when a review is sent. Whether a
    section may be written follows from the row alone, so that locking it is enough to know.
    """

    __tablename__ = "draft"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    work_id: Mapped[int] = mapped_column(ForeignKey("work.id"))
    section_id: Mapped[str] = mapped_column(String(80))
    content: Mapped[str] = mapped_column(Text)
    revision: Mapped[int] = mapped_column(default=0)
    findings: Mapped[int] = mapped_column(default=0)
    size: Mapped[int] = mapped_column(default=0)
    updated_at: Mapped[datetime]
    updated_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    submitted_in: Mapped[int | None]
    submitted_revision: Mapped[int | None]
    accepted_in: Mapped[int | None]
    returned_in: Mapped[int | None]

    __table_args__ = (
        UniqueConstraint("work_id", "section_id"),
        Index("ix_draft_updated_by", "updated_by"),
    )


_own = WorkMember.enrolment_id == Enrolment.id
count_as_learning(
    latest_of(WorkMember.joined_at, _own),
    # in a team everybody's own saves
    latest_of(
        Draft.updated_at, Draft.work_id == WorkMember.work_id, Draft.updated_by == WorkMember.person_id, _own
    ),
)


@dataclass(frozen=True, slots=True)
class DraftRow:
    """A section's draft as it was read; ``text`` is its JSON, empty where only the standing was asked for."""

    id: int
    section_id: str
    text: str
    revision: int
    findings: int
    size: int
    updated_at: datetime
    updated_by: int | None
    submitted_in: int | None
    submitted_revision: int | None
    accepted_in: int | None
    returned_in: int | None

    @property
    def state(self) -> SectionState:
        """Where the section stands."""
        return section_state(
            SectionFacts(
                empty=self.revision == 0,
                errors=self.findings,
                handed_in=self.submitted_in,
                changed=self.revision != self.submitted_revision,
                returned_in=self.returned_in,
                accepted_in=self.accepted_in,
            )
        )

    @property
    def returned(self) -> bool:
        """The last review sent the section back, whatever was written since."""
        return not self.accepted and self.returned_in is not None and self.returned_in == self.submitted_in

    @property
    def accepted(self) -> bool:
        """A review accepted the section: it stays as it is."""
        return self.accepted_in is not None

    @property
    def waiting(self) -> bool:
        """A version took the section along and its review is not back yet."""
        return (
            self.submitted_in is not None
            and not self.accepted
            and (self.returned_in or 0) < self.submitted_in
        )

    @property
    def open(self) -> bool:
        """Whether the section may be written now."""
        return not self.accepted and not self.waiting

    @property
    def content(self) -> content.Content:
        return content.decode(self.text)


# The statements of every save name columns of tables, not of entities: they are put together in half the time.
_draft = Draft.__table__.c
STANDING = (
    _draft.revision,
    _draft.findings,
    _draft.size,
    _draft.updated_at,
    _draft.updated_by,
    _draft.submitted_in,
    _draft.submitted_revision,
    _draft.accepted_in,
    _draft.returned_in,
)
"""What a ``DraftRow`` says after its id, section and text, in its order."""
_DRAFTS = select(_draft.id, _draft.section_id, _draft.content, *STANDING).where(
    _draft.work_id == bindparam("work_id")
)
_HELD_DRAFTS = _DRAFTS.order_by(_draft.id).with_for_update()
_STANDINGS = select(_draft.id, _draft.section_id, literal(""), *STANDING).where(
    _draft.work_id == bindparam("work_id")
)
_DRAFT = Base.metadata.tables["draft"]
_SAVE_DRAFT = (
    update(_DRAFT)
    .where(_draft.id == bindparam("draft_id"))
    .values(
        {
            name: bindparam(name)
            for name in ("findings", "content", "size", "revision", "updated_at", "updated_by")
        }
    )
)
_COUNT_FINDINGS = (
    update(_DRAFT).where(_draft.id == bindparam("draft_id")).values(findings=bindparam("findings"))
)


def save_draft(row: DraftRow) -> None:
    """Write a section as this row has it; its standing in reviews is others' to write."""
    db.session.execute(
        _SAVE_DRAFT,
        {
            "draft_id": row.id,
            "findings": row.findings,
            "content": row.text,
            "size": row.size,
            "revision": row.revision,
            "updated_at": row.updated_at,
            "updated_by": row.updated_by,
        },
    )


def count_findings(row: DraftRow) -> None:
    """Write how many findings a section has, and nothing else of it."""
    db.session.execute(_COUNT_FINDINGS, {"draft_id": row.id, "findings": row.findings})


def drafts(work_id: int, *, lock: bool = False) -> dict[str, DraftRow]:
    """The drafts of a work by section, in one statement.

    With ``lock`` they are held, in one order, until the transaction ends: saves, uploads and hand-ins of one
    work wait for each other and each sees what the one before it wrote.
    """
    rows = db.session.execute(_HELD_DRAFTS if lock else _DRAFTS, {"work_id": work_id})
    return _by_section(rows)


def standings(work_id: int) -> dict[str, DraftRow]:
    """The drafts of a work by section without what is in them, in one statement."""
    return _by_section(db.session.execute(_STANDINGS, {"work_id": work_id}))


def _by_section(rows: Iterable[Sequence[Any]]) -> dict[str, DraftRow]:
    listed = [DraftRow(*row) for row in rows]
    return {row.section_id: row for row in listed}


def unsaved_draft(section: Section, *, now: datetime) -> DraftRow:
    """The draft of a section that has no row yet, because a newer course version brought it."""
    return DraftRow(0, section.id, content.encode(empty(section)), 0, 0, 0, now, None, None, None, None, None)


def complete(project: Project, rows: Mapping[str, DraftRow], *, now: datetime) -> dict[str, DraftRow]:
    """The drafts of all sections in the project's order, unsaved ones where there is no row."""
    return {
        section.id: rows.get(section.id) or unsaved_draft(section, now=now) for section in project.sections
    }


def contents_of(rows: Mapping[str, DraftRow]) -> dict[str, content.Content]:
    """The drafts' contents by section, as checks take them."""
    return {section_id: row.content for section_id, row in rows.items()}
