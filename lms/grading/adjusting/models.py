"""The members of a graded team, the team's grade, and what single members get beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select

from lms.courses.models import GradeEntry
from lms.extensions import db
from lms.grading.models import DECIDED, VISIBLE, Adjustment
from lms.people.models import Person

SOURCE = "adjustment:"
"""How the ledger names what a row of ``Adjustment`` decided."""


@dataclass(frozen=True, slots=True)
class Given:
    """A member's newest adjustment: points beside the team's grade, why, by whom and when."""

    enrolment_id: int
    points: Decimal
    reason: str
    by: str
    at: datetime


def adjustments_of(work_id: int) -> dict[int, Given]:
    """The newest adjustment of each member of a work, by enrolment; one statement."""
    return adjustments_of_all([work_id]).get(work_id, {})


def adjustments_of_all(work_ids: Sequence[int]) -> dict[int, dict[int, Given]]:
    """The same of several works, by work; one statement, none without a work."""
    if not work_ids:
        return {}
    newest = (
        select(func.max(Adjustment.id))
        .where(Adjustment.work_id.in_(work_ids))
        .group_by(Adjustment.work_id, Adjustment.enrolment_id)
    )
    rows = db.session.execute(
        select(
            Adjustment.work_id,
            Adjustment.enrolment_id,
            Adjustment.points,
            Adjustment.reason,
            Person.name,
            Adjustment.decided_at,
        )
        .join(Person, Person.id == Adjustment.decided_by)
        .where(Adjustment.id.in_(newest))
    )
    found: dict[int, dict[int, Given]] = {}
    for row in rows:
        found.setdefault(row.work_id, {})[row.enrolment_id] = Given(*row[1:])
    return found


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a member's grade stands: the team's row of the ledger, the row that counts now, and whether it is out."""

    base: GradeEntry
    current: GradeEntry
    released: bool


def standings_of(enrolment_ids: Iterable[int], stable_id: str) -> dict[int, Standing]:
    """How the members of a work stand, by enrolment; who has no decided grade is left out. One statement."""
    rows = db.session.scalars(
        select(GradeEntry)
        .where(
            GradeEntry.enrolment_id.in_(list(enrolment_ids)),
            GradeEntry.stable_id == stable_id,
            GradeEntry.state.in_(DECIDED),
        )
        .order_by(GradeEntry.id)
    )
    base: dict[int, GradeEntry] = {}
    current: dict[int, GradeEntry] = {}
    out: set[int] = set()
    for row in rows:
        current[row.enrolment_id] = row
        if row.state in VISIBLE:
            out.add(row.enrolment_id)
        if not row.source.startswith((SOURCE, "release:", "rubric:")):
            base[row.enrolment_id] = row
    return {key: Standing(entry, current[key], key in out) for key, entry in base.items()}
