"""Giving works to reviewers and taking them back; rows are ended, never removed."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Any, Literal, NamedTuple

import msgspec
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import aliased

from lms import audit, formats
from lms.courses import actions as courses
from lms.courses.models import Cohort, CohortFacilitator
from lms.extensions import db
from lms.grading.allocation import balance
from lms.grading.allocation.balance import Plan
from lms.grading.allocation.models import (
    Absence,
    Allocation,
    DeclaredRelation,
    Expertise,
    FacilitatorLine,
    ReviewerCap,
    Scope,
    UniversityCap,
    WorkLine,
    facilitators_of,
    standing,
    work_line,
    works_in,
)
from lms.grading.leases.models import ReviewLease
from lms.grading.models.reviews import Referral
from lms.people import actions as people
from lms.people.models import Organization, Person
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
    _hold_seats(select(Work.cohort_id).where(Work.id == work_id).scalar_subquery())
    (cohort_id,) = _hold([work_id]).values()
    row = standing(work_id, reviewer_id)
    if row is not None:
        return row
    _refuse_unfit(work_id, cohort_id, reviewer_id)
    row = _add(work_id, cohort_id, reviewer_id, how=how, reason=reason, by=by, now=now)
    requeue([work_id])
    return row


def _hold_seats(cohort_id: Any) -> None:
    """Whoever takes a facilitator from the cohort waits: then what was given here ends with the rest. Before ``_hold``."""
    db.session.execute(
        select(CohortFacilitator.person_id)
        .where(CohortFacilitator.cohort_id == cohort_id)
        .order_by(CohortFacilitator.person_id)
        .with_for_update(read=True, key_share=True)
    )


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


def end_everywhere(person_id: int, *, by: int, now: datetime) -> None:
    """Somebody reviews nothing any more: their account was closed, or they are no facilitator."""
    rows = db.session.scalars(
        select(Allocation).where(Allocation.reviewer_id == person_id, Allocation.ended_at.is_(None))
    ).all()
    if rows:
        _hold({row.work_id for row in rows})
        _end(rows, "Tidak lagi menjadi fasilitator aktif", by=by, now=now)


people.when_facilitators_stop(end_everywhere)


# Plans

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


def apply(cohort_id: int, wish: Wish, digest: str, *, by: int, now: datetime) -> int:
    """Allocate exactly what was looked at; returns how many places were given. Raises Changed, and writes nothing,
    where the same wish gives another plan now.
    """
    # one plan of a cohort at a time, so that two do not fill the same cap
    db.session.execute(select(Cohort.id).where(Cohort.id == cohort_id).with_for_update(key_share=True))
    before = plan(cohort_id, wish, by=by, now=now)
    ids = {each.work_id for each in before.plan.given}
    if ids:
        _hold_seats(cohort_id)
        _hold(ids)
    planned = plan(cohort_id, wish, by=by, now=now)
    if planned.plan.digest != digest:
        raise Changed(planned)
    for each in planned.plan.given:
        _add(each.work_id, cohort_id, each.reviewer_id, how=wish.how, reason="", by=by, now=now)
    requeue(ids)
    return len(planned.plan.given)


# What facilitators take, know, and when they are away

CAP_AT_MOST = 10_000
TAGS_AT_MOST = 20
_TAG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")


def set_caps(
    cohort_id: int,
    people: Mapping[int, int | None],
    universities: Mapping[int, int | None],
    *,
    by: int,
    now: datetime,
) -> None:
    """How many works each facilitator, and each university, reviews in a cohort at most (None: any number)."""
    for person_id, works in people.items():
        _set_cap(ReviewerCap, {"cohort_id": cohort_id, "person_id": person_id}, works)
    for organization_id, works in universities.items():
        _set_cap(UniversityCap, {"cohort_id": cohort_id, "organization_id": organization_id}, works)
    db.session.flush()
    audit.record("set caps", f"cohort:{cohort_id}", by=by, now=now)


def _set_cap(kind: type[ReviewerCap] | type[UniversityCap], key: dict[str, int], works: int | None) -> None:
    if works is not None and not 0 <= works <= CAP_AT_MOST:
        raise Refused(N_("Isi batas dengan angka 0 sampai 10.000, atau kosongkan bila tidak dibatasi."))
    row: Any = db.session.get(kind, key)
    if works is None:
        if row is not None:
            db.session.delete(row)
    elif row is None:
        db.session.add(kind(**key, works=works))
    else:
        row.works = works


def note_absence(person_id: int, first: date, last: date, *, by: int, now: datetime) -> Absence:
    """Say on which days somebody takes no new work. Raises Refused where they end before they begin."""
    if last < first:
        raise Refused(N_("Hari terakhir tidak boleh sebelum hari pertama."))
    if last.toordinal() - first.toordinal() > 366:
        raise Refused(N_("Catat paling lama satu tahun sekaligus."))
    row = db.session.scalar(
        select(Absence).where(
            Absence.person_id == person_id,
            Absence.from_on == first,
            Absence.until_on == last,
            Absence.ended_at.is_(None),
        )
    )
    if row is None:
        row = Absence(person_id=person_id, from_on=first, until_on=last, noted_by=by, noted_at=now)
        db.session.add(row)
        db.session.flush()
        audit.record("note absence", f"person:{person_id}", by=by, now=now)
    return row


def end_absence(absence: Absence, *, by: int, now: datetime) -> None:
    """The absence does not hold any more. Twice does no harm."""
    if absence.ended_at is None:
        absence.ended_at = now
        db.session.flush()
        audit.record("end absence", f"person:{absence.person_id}", by=by, now=now)


def set_tags(person_id: int, written: str, *, by: int, now: datetime) -> list[str]:
    """What somebody knows well, as written: parted by commas, blanks within become hyphens. Raises Refused."""
    tags = sorted({"-".join(part.casefold().split()) for part in re.split("[,\n]", written)} - {""})
    odd = [tag for tag in tags if not _TAG.fullmatch(tag)]
    if odd or len(tags) > TAGS_AT_MOST:
        raise Refused(
            N_(
                "Tulis paling banyak 20 keahlian, dipisahkan koma, dengan huruf, angka, dan tanda hubung saja."
            )
        )
    known = {
        row.tag: row for row in db.session.scalars(select(Expertise).where(Expertise.person_id == person_id))
    }
    if set(known) == set(tags):
        return tags
    for tag in known.keys() - set(tags):
        db.session.delete(known[tag])
    for tag in set(tags) - known.keys():
        db.session.add(Expertise(person_id=person_id, tag=tag))
    db.session.flush()
    audit.record("set expertise", f"person:{person_id}", by=by, now=now)
    return tags


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
