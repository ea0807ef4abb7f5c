"""What facilitators take, know, and when they are away."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from lms import audit
from lms.extensions import db
from lms.grading.allocation.models import Absence, Expertise, ReviewerCap, UniversityCap
from lms.refusals import N_, Refused

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
