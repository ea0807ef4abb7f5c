"""Giving works to reviewers and taking them back; rows are ended, never removed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import aliased

from lms import audit
from lms.courses import actions as courses
from lms.courses.models import CohortFacilitator
from lms.extensions import db
from lms.grading.allocation.models import Allocation, DeclaredRelation, standing
from lms.grading.models.reviews import Referral
from lms.people.models import Organization, Person
from lms.projects import models as projects
from lms.projects.models import SubmissionVersion, Work, WorkMember
from lms.projects.reviewers import FIRST, LATER, conflict, day_of
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
    (cohort_id,) = _hold([work_id]).values()
    row = standing(work_id, reviewer_id)
    if row is not None:
        return row
    _refuse_unfit(work_id, cohort_id, reviewer_id)
    row = _add(work_id, cohort_id, reviewer_id, how=how, reason=reason, by=by, now=now)
    requeue([work_id])
    return row


def _hold(work_ids: Collection[int]) -> dict[int, int]:
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


def _add(
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
    _hold([allocation.work_id])
    _end([allocation], reason, by=by, now=now)


def _end(rows: Iterable[Allocation], reason: str, *, by: int, now: datetime) -> None:
    works = set()
    for row in rows:
        if row.ended_at is not None:
            continue
        row.ended_at, row.ended_by, row.ended_reason = now, by, reason.strip()[:REASON_AT_MOST]
        row.waiting_on = None
        works.add(row.work_id)
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
        .where(Allocation.work_id.in_(work_ids), Allocation.ended_at.is_(None))
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
            row = _add(
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
        _hold({row.work_id for row in rows})
        _end(rows, "Tidak lagi memfasilitasi angkatan ini", by=by, now=now)


courses.when_facilitators_leave(end_for_leaver)


# Conflicts of interest


def declare(
    reviewer_id: int,
    *,
    learner_id: int | None = None,
    organization_id: int | None = None,
    reason: str,
    by: int,
    now: datetime,
) -> DeclaredRelation:
    """Say that a facilitator is too close to a learner, or to an organization; works allocated against it end.

    Declaring it again changes nothing. Raises Refused without a reason, and for whom nobody knows.
    """
    reason = " ".join(reason.split())
    if not reason:
        raise Refused(N_("Tulis apa hubungannya, misalnya: pernah menjadi atasan langsung."))
    if len(reason) > REASON_AT_MOST:
        raise Refused(N_("Tulis hubungannya dengan paling banyak 300 karakter."))
    known = (
        db.session.get(Person, learner_id)
        if learner_id is not None
        else db.session.get(Organization, organization_id)
    )
    if known is None or learner_id == reviewer_id:
        raise Refused(N_("Pilih peserta atau instansi yang berhubungan dengan fasilitator ini."))
    whom = (
        DeclaredRelation.learner_id == learner_id
        if learner_id is not None
        else DeclaredRelation.organization_id == organization_id
    )
    row = db.session.scalar(
        select(DeclaredRelation).where(
            DeclaredRelation.reviewer_id == reviewer_id, whom, DeclaredRelation.ended_at.is_(None)
        )
    )
    if row is not None:
        return row
    row = DeclaredRelation(
        reviewer_id=reviewer_id,
        learner_id=learner_id,
        organization_id=organization_id if learner_id is None else None,
        reason=reason,
        declared_by=by,
        declared_at=now,
    )
    db.session.add(row)
    db.session.flush()
    audit.record("declare relation", f"relation:{row.id}", by=by, now=now, detail={"reviewer": reviewer_id})
    reviewer = aliased(Person)
    against = db.session.scalars(
        select(Allocation)
        .join(reviewer, reviewer.id == Allocation.reviewer_id)
        .where(
            Allocation.reviewer_id == reviewer_id,
            Allocation.ended_at.is_(None),
            conflict(reviewer, Allocation.work_id),
        )
    ).all()
    if against:
        _hold({each.work_id for each in against})
        _end(against, "Benturan kepentingan dinyatakan", by=by, now=now)
    return row


def withdraw(relation: DeclaredRelation, *, by: int, now: datetime) -> None:
    """A declared relation holds no more; the row stays. Twice does no harm."""
    if relation.ended_at is not None:
        return
    relation.ended_at, relation.ended_by = now, by
    db.session.flush()
    audit.record(
        "withdraw relation",
        f"relation:{relation.id}",
        by=by,
        now=now,
        detail={"reviewer": relation.reviewer_id},
    )
