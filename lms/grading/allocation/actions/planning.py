"""Allocating many works at once by a plan that was looked at before."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple

import msgspec
from sqlalchemy import select

from lms import formats
from lms.courses.models import Cohort
from lms.extensions import db
from lms.grading.allocation import balance
from lms.grading.allocation.actions.allocating import add, hold, hold_seats, requeue
from lms.grading.allocation.balance import Plan
from lms.grading.allocation.models import (
    FacilitatorLine,
    Scope,
    WorkLine,
    facilitators_of,
    work_line,
    works_in,
)
from lms.projects.models import Work
from lms.refusals import N_, Refused

PLANNED_AT_MOST = 200


class Wish(msgspec.Struct, frozen=True):
    """What somebody asks a plan for; with the state of the cohort it decides the plan."""

    how: Literal["balanced", "hand"] = "balanced"
    stable_id: str = ""
    waiting: bool = True
    work_ids: tuple[int, ...] = ()
    reviewer_id: int = 0
    seed: int = 0


class Planned(NamedTuple):
    """A plan with the works and the people it is about; ``more`` says that it does not hold all that was asked for."""

    plan: Plan
    works: dict[int, WorkLine]
    people: dict[int, FacilitatorLine]
    more: bool


class Changed(Refused):
    """Things stand otherwise than when the plan was looked at; ``planned`` is the plan as it would be now."""

    def __init__(self, planned: Planned) -> None:
        super().__init__(
            N_(
                "Keadaan berubah sejak pratinjau dibuat, jadi belum ada yang dialokasikan. Periksa pratinjau yang baru."
            )
        )
        self.planned = planned


def plan(cohort_id: int, wish: Wish, *, by: int, now: datetime) -> Planned:
    """Who would get what, as things stand; nothing is written."""
    today = formats.local(now).date()
    if wish.how == "hand":
        scope = Scope(work_ids=wish.work_ids[:PLANNED_AT_MOST])
    else:
        scope = Scope(wish.stable_id, wish.waiting, lacking=True)
    rows = db.session.execute(
        works_in(cohort_id, scope, asked_by=by).order_by(Work.id).limit(PLANNED_AT_MOST + 1)
    ).all()
    lines = [work_line(row) for row in rows[:PLANNED_AT_MOST]]
    people = [line for line in facilitators_of(cohort_id, today=today) if line.active]
    works = [
        balance.Work(
            line.id,
            line.places,
            line.barred_ids,
            line.reviewer_ids,
            frozenset(line.project.expertise),
        )
        for line in lines
    ]
    reviewers = [
        balance.Reviewer(
            id=line.id,
            waiting=line.waiting,
            works=line.works,
            cap=line.cap,
            university=line.organization_id,
            university_cap=line.university_cap,
            away=line.away_on(today),
            tags=line.tags,
        )
        for line in people
    ]
    found = (
        balance.by_hand(works, reviewers, wish.reviewer_id)
        if wish.how == "hand"
        else balance.balanced(works, reviewers, seed=wish.seed)
    )
    return Planned(
        found,
        {line.id: line for line in lines},
        {line.id: line for line in people},
        len(rows) > PLANNED_AT_MOST,
    )


def apply(cohort_id: int, wish: Wish, digest: str, *, by: int, now: datetime) -> list[int]:
    """Allocate exactly what was looked at; returns the ids of the new allocations. Raises Changed, and writes
    nothing, where the same wish gives another plan now.
    """
    # one plan of a cohort at a time, so that two do not fill the same cap
    db.session.execute(select(Cohort.id).where(Cohort.id == cohort_id).with_for_update(key_share=True))
    before = plan(cohort_id, wish, by=by, now=now)
    ids = {each.work_id for each in before.plan.given}
    if ids:
        hold_seats(cohort_id)
        hold(ids)
    planned = plan(cohort_id, wish, by=by, now=now)
    if planned.plan.digest != digest:
        raise Changed(planned)
    added = [
        add(each.work_id, cohort_id, each.reviewer_id, how=wish.how, reason="", by=by, now=now).id
        for each in planned.plan.given
    ]
    requeue(ids)
    return added
