"""Which versions somebody else has taken for the moment: what the queue says in their rows, and next passes over."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, bindparam, func, select

from lms.extensions import db
from lms.grading.leases import slots
from lms.grading.leases.models import Holder, ReviewLease
from lms.grading.models.reviews import Review
from lms.people.models import Person
from lms.projects import models as projects
from lms.projects.models import SubmissionVersion, Work


@cache  # putting it together takes longer than running it
def _turns(*, within_cohorts: bool) -> Any:
    """The turns that run now, in some cohorts or about some versions, with how many others' reviews are there."""
    sent = (
        select(func.count(func.distinct(Review.reviewer_id)))
        .where(Review.submission_id == ReviewLease.submission_id, Review.reviewer_id != bindparam("me"))
        .correlate(ReviewLease)
        .scalar_subquery()
    )
    among = SubmissionVersion.cohort_id if within_cohorts else ReviewLease.submission_id
    return (
        select(
            ReviewLease.submission_id,
            ReviewLease.taken_at,
            ReviewLease.until,
            Work.item_id,
            sent.label("sent"),
            Person,
        )
        .join(Person, Person.id == ReviewLease.reviewer_id)
        .join(SubmissionVersion, SubmissionVersion.id == ReviewLease.submission_id)
        .join(Work, Work.id == SubmissionVersion.work_id)
        .where(
            among.in_(bindparam("among", type_=BigInteger, expanding=True)),
            ReviewLease.until > bindparam("now"),
        )
        .order_by(ReviewLease.taken_at, ReviewLease.id)
    )


def _taken(
    person_id: int, among: Collection[int], now: datetime, *, within_cohorts: bool
) -> dict[int, list[Holder]]:
    found: dict[int, list[Holder]] = {}
    room: dict[int, tuple[int, int]] = {}
    values = {"me": person_id, "among": list(among), "now": now}
    for row in db.session.execute(_turns(within_cohorts=within_cohorts), values):
        holder = Holder(row.Person.id, row.Person.full_name, row.taken_at, row.until)
        found.setdefault(row.submission_id, []).append(holder)
        room[row.submission_id] = (projects.project(row.item_id).graders, row.sent)
    return {
        submission_id: holders
        for submission_id, holders in found.items()
        if all(each.reviewer_id != person_id for each in holders)
        and not slots.is_free(*room[submission_id], len(holders))
    }


def taken(person_id: int, submission_ids: Collection[int], *, now: datetime) -> dict[int, list[Holder]]:
    """Of these versions those whose every turn is somebody else's now, with who has it; one statement."""
    return _taken(person_id, submission_ids, now, within_cohorts=False) if submission_ids else {}


def taken_within(person_id: int, cohort_ids: Collection[int], *, now: datetime) -> dict[int, list[Holder]]:
    """The same of everything in some cohorts: as many as people are reviewing there at this moment; one statement."""
    return _taken(person_id, cohort_ids, now, within_cohorts=True)
