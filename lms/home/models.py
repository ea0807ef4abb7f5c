"""The queries of Beranda, each one statement however many cohorts somebody has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from lms.courses.models import Cohort, OwnCohort, Schedule, outline
from lms.extensions import db

MOST = 5


@dataclass(frozen=True, slots=True)
class Coming:
    """Something with a date: an item that opens or is due, or a cohort that ends (``title`` is then the course's)."""

    at: datetime
    what: str
    title: str
    code: str
    item: str
    kind: str


def coming(cohorts: Sequence[OwnCohort], *, now: datetime) -> list[Coming]:
    """What comes next in these cohorts, soonest first; one statement."""
    found = [
        Coming(cohort.ends_at, "ends", cohort.title, cohort.code, "", "")
        for cohort in cohorts
        if cohort.ends_at > now
    ]
    by_id = {cohort.cohort_id: cohort for cohort in cohorts}
    rows = db.session.execute(
        select(Schedule.cohort_id, Schedule.stable_id, Schedule.opens_at, Schedule.due_at)
        .join(Cohort, Cohort.id == Schedule.cohort_id)
        .where(Schedule.cohort_id.in_(by_id), Cohort.ends_at > now)
        .limit(500)
    )
    for row in rows:
        cohort = by_id[row.cohort_id]
        line = outline(cohort.version_id).item(row.stable_id)
        if line is None:
            continue
        for at, what in ((row.opens_at, "opens"), (row.due_at, "due")):
            if at is not None and at > now:
                found.append(Coming(at, what, line.title, cohort.code, line.stable_id, line.kind))
    return sorted(found, key=lambda each: each.at)[:MOST]
