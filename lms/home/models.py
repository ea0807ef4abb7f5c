"""The queries of Beranda, each one statement however many cohorts somebody has."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, func, or_, select

from lms.courses.models import Cohort, Enrolment, OwnCohort, Progress, Schedule, outline
from lms.extensions import db
from lms.projects.deadlines import Extension, due
from lms.projects.models import WorkLine

MOST = 5


@dataclass(frozen=True, slots=True)
class Coming:
    """Something with a date: an item that opens or is due, or a cohort that ends (``title`` is then the cohort's)."""

    at: datetime
    what: str
    title: str
    code: str
    item: str
    kind: str


@cache
def _coming() -> Any:
    completed = (
        select(Progress.stable_id)
        .where(
            Progress.enrolment_id.in_(bindparam("own", expanding=True)),
            Progress.stable_id == Schedule.stable_id,
            Progress.completed_at.is_not(None),
        )
        .join(
            Enrolment, (Enrolment.id == Progress.enrolment_id) & (Enrolment.cohort_id == Schedule.cohort_id)
        )
        .correlate(Schedule)
        .exists()
    )
    granted = (
        select(func.max(Extension.until))
        .where(
            Extension.cohort_id == Schedule.cohort_id,
            Extension.stable_id == Schedule.stable_id,
            or_(
                Extension.enrolment_id.is_(None), Extension.enrolment_id.in_(bindparam("own", expanding=True))
            ),
        )
        .correlate(Schedule)
        .scalar_subquery()
    )
    return (
        select(
            Schedule.cohort_id,
            Schedule.stable_id,
            Schedule.opens_at,
            Schedule.due_at,
            granted.label("until"),
        )
        .join(Cohort, Cohort.id == Schedule.cohort_id)
        .where(
            Schedule.cohort_id.in_(bindparam("cohorts", expanding=True)),
            Cohort.ends_at > bindparam("now"),
            ~completed,
        )
        .limit(500)
    )


def coming(
    cohorts: Sequence[OwnCohort],
    *,
    works: Sequence[WorkLine] = (),
    handed_in: AbstractSet[tuple[str, str]] = frozenset(),
    now: datetime,
) -> list[Coming]:
    """What comes next in these cohorts, soonest first; one statement.

    A deadline that its learner has met is left out: that of an item that is completed, or of a project (code,
    stable id) that is ``handed_in``. Where more time was granted, to everybody, to the learner or to anybody of the
    team (``works`` are those begun), that is the deadline.
    """
    found = [
        Coming(cohort.ends_at, "ends", cohort.name, cohort.code, "", "")
        for cohort in cohorts
        if cohort.ends_at > now
    ]
    by_id = {cohort.cohort_id: cohort for cohort in cohorts}
    own = [cohort.enrolment_id for cohort in cohorts if cohort.enrolment_id]
    begun = {(work.cohort_id, work.stable_id): work.due_at for work in works}
    rows = db.session.execute(_coming(), {"own": own, "cohorts": sorted(by_id), "now": now})
    for row in rows:
        cohort = by_id[row.cohort_id]
        line = outline(cohort.version_id).item(row.stable_id)
        if line is None or (cohort.code, line.stable_id) in handed_in:
            continue
        due_at = due(row.due_at, row.until, begun.get((row.cohort_id, row.stable_id))).at
        for at, what in ((row.opens_at, "opens"), (due_at, "due")):
            if at is not None and at > now:
                found.append(Coming(at, what, line.title, cohort.code, line.stable_id, line.kind))
    return sorted(found, key=lambda each: each.at)[:MOST]
