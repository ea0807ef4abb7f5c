"""What facilitators decide about a cohort's projects: more time for a learner, for a team, for everybody at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import insert, select

from lms import audit
from lms.courses.models import Cohort
from lms.extensions import db
from lms.projects.cohort import models
from lms.projects.cohort.models import LearnerProject
from lms.projects.deadlines import Extension
from lms.refusals import N_, Refused

REASON_AT_MOST = 300
LONGEST = timedelta(days=366)
"""How far beyond the deadline that holds one act may go: more is a slip of the keyboard."""
HOURS_AT_MOST = 30 * 24


def _hold(cohort_id: int) -> None:
    """Whoever grants time in a cohort waits here for the one before."""
    db.session.execute(
        select(Cohort.id).where(Cohort.id == cohort_id).with_for_update(key_share=True, of=Cohort)
    )


def grant(whose: LearnerProject, until: datetime, reason: str, *, by: int, now: datetime) -> Extension | None:
    """Give a learner (and so the whole team) until then; None where exactly this was granted already.

    Raises Refused where there is no deadline, or it would not be later, or much too late.
    """
    place, enrolment = whose.place, whose.enrolment
    _hold(place.cohort_id)
    same = db.session.scalar(
        select(Extension.id).where(
            Extension.cohort_id == place.cohort_id,
            Extension.stable_id == place.line.stable_id,
            Extension.enrolment_id == enrolment.id,
            Extension.until == until,
            Extension.reason == reason,
        )
    )
    if same is not None:  # a second press
        return None
    current = models.due_for(place.cohort_id, place.line.stable_id, [enrolment.id]).at
    if current is None:
        raise Refused(N_("Proyek ini belum memiliki tenggat, jadi tidak ada yang diperpanjang."))
    if whose.due.at is not None:
        current = max(current, whose.due.at)
    if until <= current:
        raise Refused(N_("Pilih waktu setelah tenggat yang berlaku sekarang."))
    if until - current > LONGEST:
        raise Refused(N_("Perpanjangan ini lebih dari satu tahun. Periksa tanggalnya."))
    row = Extension(
        cohort_id=place.cohort_id,
        stable_id=place.line.stable_id,
        enrolment_id=enrolment.id,
        until=until,
        reason=reason,
        granted_by=by,
        granted_at=now,
    )
    db.session.add(row)
    db.session.flush()
    audit.record(
        "extend deadline",
        f"enrolment:{enrolment.id}",
        by=by,
        now=now,
        detail={"extension": row.id, "item": place.line.stable_id, "until": until.isoformat()},
    )
    return row


@dataclass(frozen=True, slots=True)
class Moved:
    """A project whose deadline was moved for everybody; ``others`` learners had more time and keep their lead."""

    extension_id: int
    stable_id: str
    until: datetime
    others: int


def extend_all(
    cohort_id: int,
    seen: Mapping[str, datetime],
    hours: int,
    reason: str,
    *,
    by: int,
    now: datetime,
) -> list[Moved]:
    """Move the deadlines of several projects of a cohort by some hours, for everybody, in one act.

    ``seen`` are the deadlines (by stable id) that whoever decides looked at. Learners who have more time than everybody
    get the same hours on top. Returns what was moved; nothing where this very act was done already. Raises Refused
    where a deadline is another one by now, or the hours make no sense.
    """
    if not 1 <= hours <= HOURS_AT_MOST:
        raise Refused(N_("Isi lama perpanjangan antara 1 jam dan 30 hari."))
    _hold(cohort_id)
    more = timedelta(hours=hours)
    dates = models.dates_by_project(cohort_id)
    current = {name: dates.get(name, models.NO_DATES).due.at for name in seen}
    if not seen:
        raise Refused(N_("Tidak ada proyek yang sedang dibuka dan memiliki tenggat."))
    if current == {name: at + more for name, at in seen.items()} and _last_act(cohort_id, reason, by):
        return []
    if current != dict(seen):
        raise Refused(N_("Tenggat berubah setelah halaman ini dibuka. Periksa lagi, lalu perpanjang."))
    moved = []
    for name, at in sorted(seen.items()):
        values = {
            "cohort_id": cohort_id,
            "stable_id": name,
            "reason": reason,
            "granted_by": by,
            "granted_at": now,
        }
        shared = Extension(**values, enrolment_id=None, until=at + more)
        db.session.add(shared)
        db.session.flush()
        longer = models.running_extensions(cohort_id, name, at)
        if longer:
            db.session.execute(
                insert(Extension),
                [values | {"enrolment_id": whose, "until": until + more} for whose, until in longer.items()],
            )
        moved.append(Moved(shared.id, name, at + more, len(longer)))
    db.session.flush()
    audit.record(
        "extend deadlines",
        f"cohort:{cohort_id}",
        by=by,
        now=now,
        detail={"hours": hours} | {each.stable_id: each.until.isoformat() for each in moved},
    )
    return moved


def _last_act(cohort_id: int, reason: str, by: int) -> bool:
    """Whether the newest extension of everybody's time is this person's, with this reason."""
    row = db.session.execute(
        select(Extension.granted_by, Extension.reason)
        .where(Extension.cohort_id == cohort_id, Extension.enrolment_id.is_(None))
        .order_by(Extension.id.desc())
        .limit(1)
    ).first()
    return row is not None and (row.granted_by, row.reason) == (by, reason)
