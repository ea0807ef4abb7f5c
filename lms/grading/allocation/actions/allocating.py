"""Giving works to reviewers and taking them back; rows are ended, never removed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update

from lms import audit
from lms.courses import actions as courses
from lms.courses.models import CohortFacilitator
from lms.extensions import db
from lms.grading.allocation.models import Allocation, standing
from lms.grading.leases.models import ReviewLease
from lms.grading.models.reviews import Referral
from lms.people import actions as people
from lms.people.models import Person
from lms.projects import models as projects
from lms.projects.models import SubmissionVersion, Work, WorkMember
from lms.projects.reviewers import FIRST, LATER, conflict, day_of, fills_place
from lms.refusals import N_, Refused

REASON_AT_MOST = 300


def allocate(
    work_id: int,
    reviewer_id: int,
    *,
    how: str = "hand",
    reason: str = "",
    by: int,
    now: datetime,
) -> Allocation:
    """Give a work to a facilitator of its cohort; who has it already keeps it.

    Raises Refused for who does not facilitate the cohort, and where there is a conflict of interest.
    """
    hold_seats(select(Work.cohort_id).where(Work.id == work_id).scalar_subquery())
    (cohort_id,) = hold([work_id]).values()
    row = standing(work_id, reviewer_id)
    if row is not None:
        return row
    _refuse_unfit(work_id, cohort_id, reviewer_id)
    row = add(work_id, cohort_id, reviewer_id, how=how, reason=reason, by=by, now=now)
    requeue([work_id])
    return row


def hold_seats(cohort_id: Any) -> None:
    """Whoever takes a facilitator from the cohort waits: then what was given here ends with the rest. Before ``hold``."""
    db.session.execute(
        select(CohortFacilitator.person_id)
        .where(CohortFacilitator.cohort_id == cohort_id)
        .order_by(CohortFacilitator.person_id)
        .with_for_update(read=True, key_share=True)
    )


def hold(work_ids: Collection[int]) -> dict[int, int]:
    """Whoever hands in, allocates or decides waits; returns the cohort of each work. Raises Refused for one unknown."""
    wanted = sorted(set(work_ids))
    # the version first, as whoever sends its review does
    db.session.execute(
        select(SubmissionVersion.id)
        .where(SubmissionVersion.work_id.in_(wanted), SubmissionVersion.settled_at.is_(None))
        .order_by(SubmissionVersion.id)
        .with_for_update(key_share=True)
    )
    rows = db.session.execute(
        select(Work.id, Work.cohort_id).where(Work.id.in_(wanted)).order_by(Work.id).with_for_update()
    )
    found = {key: cohort_id for key, cohort_id in rows}  # noqa: C416 - rows are not pairs to mypy
    if len(found) < len(wanted):
        raise Refused(N_("Hasil kerja itu tidak ada."))
    return found


def _refuse_unfit(work_id: int, cohort_id: int, reviewer_id: int) -> None:
    reviewer = Person.__table__.alias("reviewer")
    own = (
        select(WorkMember.id)
        .where(
            WorkMember.work_id == work_id,
            WorkMember.person_id == reviewer.c.id,
            WorkMember.left_at.is_(None),
        )
        .exists()
    )
    row = db.session.execute(
        select(reviewer.c.id, own.label("own"), conflict(reviewer.c, work_id).label("close"))
        .join(CohortFacilitator, CohortFacilitator.person_id == reviewer.c.id)
        .where(
            CohortFacilitator.cohort_id == cohort_id,
            reviewer.c.id == reviewer_id,
            reviewer.c.facilitator,
            reviewer.c.active,
        )
    ).first()
    if row is None:
        raise Refused(N_("Hanya fasilitator aktif angkatan ini yang dapat menelaah hasil kerjanya."))
    if row.own:
        raise Refused(N_("Hasil kerja itu milik fasilitator ini sendiri."))
    if row.close:
        raise Refused(
            N_(
                "Ada benturan kepentingan antara fasilitator ini dan peserta, jadi ia tidak dapat menelaahnya."
            )
        )


def add(
    work_id: int,
    cohort_id: int,
    reviewer_id: int,
    *,
    how: str,
    reason: str,
    by: int,
    now: datetime,
    turn: int = LATER,
) -> Allocation:
    """A row for a work that is held, and its line in the audit log."""
    earlier = db.session.scalar(
        select(Allocation.id)
        .where(Allocation.work_id == work_id, Allocation.reviewer_id == reviewer_id, Allocation.turn == FIRST)
        .limit(1)
    )
    row = Allocation(
        work_id=work_id,
        cohort_id=cohort_id,
        reviewer_id=reviewer_id,
        how=how,
        reason=reason[:REASON_AT_MOST],
        allocated_by=by,
        allocated_at=now,
        # who returned a version and gets the work back still comes first
        turn=FIRST if earlier is not None else turn,
    )
    db.session.add(row)
    db.session.flush()
    audit.record("allocate", f"work:{work_id}", by=by, now=now, detail={"reviewer": reviewer_id, "how": how})
    return row


def replace(work_id: int, old_id: int, new_id: int, *, reason: str, by: int, now: datetime) -> Allocation:
    """Give a work to somebody else: the first one loses it, and keeps what they wrote. Raises Refused as ``allocate``."""
    row = standing(work_id, old_id)
    given = allocate(work_id, new_id, reason=reason, by=by, now=now)
    if row is not None and old_id != new_id:
        end(row, reason, by=by, now=now)
    return given


def end(allocation: Allocation, reason: str, *, by: int, now: datetime) -> None:
    """Take a work from a reviewer; what they wrote of it stays theirs and comes back with it. Twice does no harm."""
    hold([allocation.work_id])
    end_all([allocation], reason, by=by, now=now)


def end_all(rows: Iterable[Allocation], reason: str, *, by: int, now: datetime) -> None:
    """End these rows, whose works are held; those that ended already stay as they are."""
    works = set()
    for row in rows:
        if row.ended_at is not None:
            continue
        row.ended_at, row.ended_by, row.ended_reason = now, by, reason.strip()[:REASON_AT_MOST]
        row.waiting_on = None
        works.add(row.work_id)
        # their turn to write goes with it, so that whoever comes next need not wait for it to run out
        db.session.execute(
            delete(ReviewLease).where(
                ReviewLease.reviewer_id == row.reviewer_id,
                ReviewLease.submission_id.in_(
                    select(SubmissionVersion.id).where(SubmissionVersion.work_id == row.work_id)
                ),
            )
        )
        audit.record(
            "end allocation", f"work:{row.work_id}", by=by, now=now, detail={"reviewer": row.reviewer_id}
        )
    db.session.flush()
    requeue(works)


def requeue(work_ids: Collection[int]) -> None:
    """Put what waits of these works where it belongs: with their reviewers, and with who leads while some are lacking."""
    if not work_ids:
        return
    waiting = db.session.execute(
        select(
            SubmissionVersion.id,
            SubmissionVersion.work_id,
            SubmissionVersion.submitted_at,
            Work.item_id,
            Referral.id.label("referral"),
        )
        .join(Work, Work.id == SubmissionVersion.work_id)
        .outerjoin(Referral, Referral.submission_id == SubmissionVersion.id)
        .where(SubmissionVersion.work_id.in_(work_ids), SubmissionVersion.settled_at.is_(None))
    ).all()
    rows = db.session.execute(
        select(Allocation.work_id, func.count(Allocation.id))
        .where(Allocation.work_id.in_(work_ids), fills_place(Allocation))
        .group_by(Allocation.work_id)
    )
    counts: dict[int, int] = {work_id: count for work_id, count in rows}  # noqa: C416 - rows are not pairs to mypy
    by_day: dict[int, list[int]] = defaultdict(list)
    pools: dict[int | None, list[int]] = defaultdict(list)
    for row in waiting:
        day = day_of(row.submitted_at)
        if row.referral is not None:  # it waits for a moderator, whoever else is given it
            continue
        by_day[day].append(row.work_id)
        full = counts.get(row.work_id, 0) >= projects.project(row.item_id).graders
        pools[None if full else day].append(row.id)
    for day, works in by_day.items():
        db.session.execute(
            update(Allocation)
            .where(Allocation.work_id.in_(works), Allocation.ended_at.is_(None))
            .values(waiting_on=day)
        )
    for pool_on, versions in pools.items():
        db.session.execute(
            update(SubmissionVersion).where(SubmissionVersion.id.in_(versions)).values(pool_on=pool_on)
        )


def follow_up(submission: SubmissionVersion, reviewers: Iterable[tuple[int, bool]], *, now: datetime) -> None:
    """A version was returned: whoever reviewed it (and whether they returned it) reviews the next one.

    Nobody waits for the version any more. Those who lost the work, or the cohort, meanwhile are left out.
    """
    given = {
        row.reviewer_id: row
        for row in db.session.scalars(
            select(Allocation).where(Allocation.work_id == submission.work_id, Allocation.ended_at.is_(None))
        )
    }
    here = set(
        db.session.scalars(
            select(CohortFacilitator.person_id).where(CohortFacilitator.cohort_id == submission.cohort_id)
        )
    )
    # a work that others were given since is theirs: a lead who looked in does not take it back
    free = submission.pool_on is not None
    for reviewer_id, returned in reviewers:
        row = given.get(reviewer_id)
        if row is None and free and reviewer_id in here:
            row = add(
                submission.work_id,
                submission.cohort_id,
                reviewer_id,
                how="returned",
                reason="",
                by=reviewer_id,
                now=now,
            )
        if row is not None and returned:
            row.turn = FIRST
    db.session.flush()


def end_for_leaver(cohort_id: int, person_id: int, *, by: int, now: datetime) -> None:
    """Somebody facilitates a cohort no more: their works there go back to who leads it."""
    rows = db.session.scalars(
        select(Allocation).where(
            Allocation.cohort_id == cohort_id,
            Allocation.reviewer_id == person_id,
            Allocation.ended_at.is_(None),
        )
    ).all()
    if rows:
        hold({row.work_id for row in rows})
        end_all(rows, "Tidak lagi memfasilitasi angkatan ini", by=by, now=now)


courses.when_facilitators_leave(end_for_leaver)


def end_everywhere(person_id: int, *, by: int, now: datetime) -> None:
    """Somebody reviews nothing any more: their account was closed, or they are no facilitator."""
    rows = db.session.scalars(
        select(Allocation).where(Allocation.reviewer_id == person_id, Allocation.ended_at.is_(None))
    ).all()
    if rows:
        hold({row.work_id for row in rows})
        end_all(rows, "Tidak lagi menjadi fasilitator aktif", by=by, now=now)


people.when_facilitators_stop(end_everywhere)
