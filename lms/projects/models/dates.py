"""When projects open and are due, with the time that was granted beyond it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ScalarSelect, bindparam, func, or_, select

from lms.courses.models import Schedule
from lms.extensions import db
from lms.projects.deadlines import Due, Extension, due
from lms.projects.models.works import Work, WorkMember

# as every save's statements: of columns of tables, which takes half the time
_work, _member, _schedule, _extension = (
    entity.__table__.c for entity in (Work, WorkMember, Schedule, Extension)
)


def _granted(*conditions: Any) -> ScalarSelect[datetime | None]:
    """Until when a ``Work`` has more time by what meets these conditions; each finds its rows in an index."""
    return (
        select(func.max(_extension.until))
        .where(_extension.cohort_id == _work.cohort_id, _extension.stable_id == _work.stable_id, *conditions)
        .correlate(Work.__table__)
        .scalar_subquery()
    )


GRANTED = (
    _granted(_extension.enrolment_id.is_(None)),
    _granted(
        _extension.enrolment_id == _member.enrolment_id,
        _member.work_id == _work.id,
        _member.left_at.is_(None),
    ),
)
"""Until when a work has more time: as everybody of its cohort, and by what any standing member was granted."""

_HERE: dict[str, Any] = {"cohort_id": bindparam("cohort_id"), "stable_id": bindparam("stable_id")}


def _scheduled(column: Any) -> ScalarSelect[datetime | None]:
    return (
        select(column)
        .where(_schedule.cohort_id == _HERE["cohort_id"], _schedule.stable_id == _HERE["stable_id"])
        .scalar_subquery()
    )


def _extended(whose: Any) -> ScalarSelect[datetime | None]:
    return (
        select(func.max(_extension.until))
        .where(_extension.cohort_id == _HERE["cohort_id"], _extension.stable_id == _HERE["stable_id"], whose)
        .scalar_subquery()
    )


_DATES = select(
    _scheduled(_schedule.opens_at),
    _scheduled(_schedule.due_at),
    _extended(_extension.enrolment_id.is_(None)),
    _extended(_extension.enrolment_id == bindparam("enrolment_id")),
)


def dates_of(cohort_id: int, stable_id: str, enrolment_id: int | None) -> tuple[datetime | None, Due]:
    """When a project opens and is due for a learner who has not begun it (None: for anybody); one statement."""
    opens_at, *dates = db.session.execute(
        _DATES, {"cohort_id": cohort_id, "stable_id": stable_id, "enrolment_id": enrolment_id}
    ).one()
    return opens_at, due(*dates)


def reason_of(
    cohort_id: int, stable_id: str, until: datetime, *, work_id: int | None, enrolment_id: int | None
) -> str:
    """Why a project is due then: the newest reason of those that hold for a work, or for who has not begun; ''."""
    whose = (
        Extension.enrolment_id == enrolment_id
        if work_id is None
        else Extension.enrolment_id.in_(
            select(WorkMember.enrolment_id).where(WorkMember.work_id == work_id, WorkMember.left_at.is_(None))
        )
    )
    found = db.session.scalar(
        select(Extension.reason)
        .where(
            Extension.cohort_id == cohort_id,
            Extension.stable_id == stable_id,
            Extension.until == until,
            or_(Extension.enrolment_id.is_(None), whose),
        )
        .order_by(Extension.id.desc())
        .limit(1)
    )
    return found or ""
