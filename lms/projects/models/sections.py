"""The sections of works as lists show them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, literal, select

from lms.extensions import db
from lms.projects.models.definitions import project
from lms.projects.models.drafts import STANDING, Draft, DraftRow
from lms.projects.models.notes import ImprovementNote
from lms.projects.models.versions import SubmissionVersion
from lms.projects.models.workspaces import WorkLine
from lms.projects.source import Project, Section
from lms.projects.state import SectionState


class Shown(NamedTuple):
    """What lists say of a section, and nothing that only its writer types: the words for it are kept."""

    number: int
    title: str
    kind: str
    state: SectionState
    size: int = 0
    findings: int = 0
    submitted_in: int | None = None
    accepted_in: int | None = None
    returned_in: int | None = None
    """None once a later version took the section along."""
    notes: int = 0
    unanswered: int = 0


@dataclass(frozen=True, slots=True)
class SectionLine:
    """A section in a list: its place from 1, its draft (None before the work began), its reviewers' notes."""

    number: int
    section: Section
    row: DraftRow | None
    notes: int = 0
    unanswered: int = 0

    @property
    def state(self) -> SectionState:
        """Where the section stands."""
        return self.row.state if self.row else SectionState.NOT_STARTED

    @property
    def shown(self) -> Shown:
        """What lists say of it."""
        row, section = self.row, self.section
        if row is None:
            return Shown(self.number, section.title, section.kind, SectionState.NOT_STARTED)
        return Shown(
            self.number,
            section.title,
            section.kind,
            row.state,
            row.size,
            row.findings,
            row.submitted_in,
            row.accepted_in,
            row.returned_in if row.returned else None,
            self.notes,
            self.unanswered,
        )


def lines_of(
    project: Project, rows: Mapping[str, DraftRow], notes: Iterable[ImprovementNote] = ()
) -> list[SectionLine]:
    """The sections of a project in its order, each with its draft and the notes it was returned with."""
    told: Counter[str] = Counter()
    left: Counter[str] = Counter()
    for each in notes:
        told[each.section_id] += 1
        left[each.section_id] += each.answerable and not each.reply
    return [
        SectionLine(
            number,
            section,
            rows.get(section.id),
            told[section.id],
            left[section.id],
        )
        for number, section in enumerate(project.sections, start=1)
    ]


def next_section(lines: Iterable[SectionLine]) -> SectionLine | None:
    """The section to go on with: what came back, then what has findings, then what is not begun, in order."""
    rank = {"returned": 0, "findings": 1, "draft": 2, "not_started": 3}
    open_lines = [line for line in lines if line.row is None or line.row.open]
    begun = [line for line in open_lines if line.row and line.row.returned and line.unanswered]
    if begun:
        return begun[0]
    return min(open_lines, key=lambda line: (rank.get(str(line.state), 4), line.number), default=None)


@cache
def _section_lines() -> tuple[Any, Any]:
    ids: Any = bindparam("ids", expanding=True)
    drafts = select(Draft.work_id, Draft.id, Draft.section_id, literal(""), *STANDING).where(
        Draft.work_id.in_(ids)
    )
    newest = (
        select(func.max(SubmissionVersion.number))
        .where(SubmissionVersion.work_id == ImprovementNote.work_id)
        .correlate(ImprovementNote)
        .scalar_subquery()
    )
    told = select(ImprovementNote).where(ImprovementNote.work_id.in_(ids), ImprovementNote.version == newest)
    return drafts, told


def section_lines(works: Sequence[WorkLine]) -> dict[int, list[SectionLine]]:
    """The sections of several works by the work's id, in two statements however many they are."""
    if not works:
        return {}
    ids = [work.id for work in works]
    rows: dict[int, dict[str, DraftRow]] = {}
    drafts, told = _section_lines()
    for work_id, *columns in db.session.execute(drafts, {"ids": ids}):
        row = DraftRow(*columns)
        rows.setdefault(work_id, {})[row.section_id] = row
    notes: dict[int, list[ImprovementNote]] = {}
    for each in db.session.scalars(told, {"ids": ids}):
        notes.setdefault(each.work_id, []).append(each)
    return {
        work.id: lines_of(project(work.item_id), rows.get(work.id, {}), notes.get(work.id, ()))
        for work in works
    }
