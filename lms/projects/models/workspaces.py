"""Works as their pages and lists need them, each with its cohort and deadline in one statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, select

from lms.courses.models import Cohort, Schedule
from lms.extensions import db
from lms.projects.deadlines import Due, due
from lms.projects.models.dates import GRANTED
from lms.projects.models.definitions import project
from lms.projects.models.works import MAX_KEY, Work, WorkMember, members_column
from lms.projects.reviewers import barred_column, ids_in, reviewers_column
from lms.projects.source import Project


@dataclass(frozen=True, slots=True)
class Workspace:
    """A work as its pages need it, read in one statement: the thing of ``SEE_WORK`` and ``WRITE_WORK``."""

    id: int
    cohort_id: int
    code: str
    cohort: str
    item_id: int
    stable_id: str
    name: str
    join_code: str | None
    appeal_days: int | None
    opens_at: datetime | None
    due: Due
    member_ids: frozenset[int]
    reviewer_ids: frozenset[int]
    barred_ids: frozenset[int]

    @property
    def due_at(self) -> datetime | None:
        """When it must be handed in, with all the time that was granted."""
        return self.due.at

    @property
    def project(self) -> Project:
        return project(self.item_id)

    @property
    def is_team(self) -> bool:
        """Whether it is a team's, however many belong to it now."""
        return self.join_code is not None or len(self.member_ids) > 1


# The statements of every save name columns of tables, not of entities: they are put together in half the time.
_work, _member, _cohort, _schedule = (entity.__table__.c for entity in (Work, WorkMember, Cohort, Schedule))
_OF_PROJECT = and_(Schedule.cohort_id == Work.cohort_id, Schedule.stable_id == Work.stable_id)
_WORKSPACES = select(
    _work.id,
    _work.cohort_id,
    _cohort.code,
    _cohort.name,
    _work.item_id,
    _work.stable_id,
    _work.name,
    _work.join_code,
    _cohort.appeal_days,
    _schedule.opens_at,
    _schedule.due_at,
    *GRANTED,
    members_column(_work.id),
    reviewers_column(_work.id),
    barred_column(_work.id, _work.cohort_id),
).select_from(
    Work.__table__.join(Cohort.__table__, _cohort.id == _work.cohort_id).outerjoin(
        Schedule.__table__,
        and_(_schedule.cohort_id == _work.cohort_id, _schedule.stable_id == _work.stable_id),
    )
)
_WORKSPACE = _WORKSPACES.where(_work.id == bindparam("work_id"))
_WORKSPACES_LISTED = _WORKSPACES.where(_work.id.in_(bindparam("work_ids", expanding=True))).order_by(_work.id)
_OWN_WORKSPACE = _WORKSPACES.where(
    _work.id
    == select(_member.work_id)
    .where(
        _member.enrolment_id == bindparam("enrolment_id"),
        _member.stable_id == bindparam("stable_id"),
        _member.left_at.is_(None),
    )
    .scalar_subquery()
)


def workspace(work_id: int) -> Workspace | None:
    """The work with its cohort, deadline and members."""
    return _workspace(_WORKSPACE, {"work_id": work_id}) if work_id <= MAX_KEY else None


def workspaces(work_ids: Sequence[int]) -> list[Workspace]:
    """Several works at once, by their ids; one statement, none without a work."""
    if not work_ids:
        return []
    rows = db.session.execute(_WORKSPACES_LISTED, {"work_ids": list(work_ids)})
    return [_read(row) for row in rows]


def own_workspace(enrolment_id: int, stable_id: str) -> Workspace | None:
    """The learner's work on a project, if it was begun; one statement."""
    return _workspace(_OWN_WORKSPACE, {"enrolment_id": enrolment_id, "stable_id": stable_id})


def _workspace(query: Select[Any], values: Mapping[str, Any]) -> Workspace | None:
    row = db.session.execute(query, values).first()
    return None if row is None else _read(row)


def _read(row: Any) -> Workspace:
    found = list(row)
    members, reviewers, barred = (ids_in(joined) for joined in found[-3:])
    found[10:] = [due(*found[10:-3]), members, reviewers, barred]
    return Workspace(*found)


@dataclass(frozen=True, slots=True)
class WorkLine:
    """A learner's work in a list: which enrolment it belongs to and when its project is due."""

    id: int
    enrolment_id: int
    cohort_id: int
    code: str
    item_id: int
    stable_id: str
    due_at: datetime | None


_NEVER = datetime.max.replace(tzinfo=UTC)


@cache  # as the other lists of Beranda: put together once
def _works_of() -> Any:
    return (
        select(
            Work.id,
            WorkMember.enrolment_id,
            Work.cohort_id,
            Cohort.code,
            Work.item_id,
            Work.stable_id,
            Schedule.due_at,
            *GRANTED,
        )
        .join(WorkMember, WorkMember.work_id == Work.id)
        .join(Cohort, Cohort.id == Work.cohort_id)
        .outerjoin(Schedule, _OF_PROJECT)
        .where(WorkMember.enrolment_id.in_(bindparam("ids", expanding=True)), WorkMember.left_at.is_(None))
    )


def works_of(enrolment_ids: Sequence[int]) -> list[WorkLine]:
    """The works of these enrolments, those due first; one statement."""
    if not enrolment_ids:
        return []
    rows = db.session.execute(_works_of(), {"ids": enrolment_ids})
    lines = []
    for row in rows:
        columns, dates = row[:6], row[6:]
        lines.append(WorkLine(*columns, due(*dates).at))  # type: ignore[call-arg] # a row's width is not known
    return sorted(lines, key=lambda line: (line.due_at or _NEVER, line.id))
