"""Conflicts of interest that are declared and withdrawn."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import aliased

from lms import audit
from lms.extensions import db
from lms.grading.allocation.actions.allocating import REASON_AT_MOST, end_all, hold
from lms.grading.allocation.models import OF_RELATION, Allocation, DeclaredRelation
from lms.people.models import Organization, Person
from lms.projects.reviewers import conflict
from lms.refusals import N_, Refused


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
        hold({each.work_id for each in against})
        end_all(against, OF_RELATION, by=by, now=now)
    return row


def withdraw(relation: DeclaredRelation, *, by: int, now: datetime) -> None:
    """A declared relation holds no more; the row stays. Twice does no harm.

    Raises Refused but for who declared it, and for administrators whom it does not keep from anything.
    """
    if by != relation.declared_by and (
        by == relation.reviewer_id
        or db.session.scalar(select(Person.administrator).where(Person.id == by, Person.active)) is not True
    ):
        raise Refused(N_("Hanya yang menyatakan hubungan ini, atau administrator, yang dapat mencabutnya."))
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
