"""Writes of reading (ticks, places, notes) and of running cohorts; add and flush only, the view commits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from lms import audit
from lms.courses.cohort import RosterLine, is_code, suggest_code
from lms.courses.models import (
    REVIEW_DAYS,
    Cohort,
    CohortFacilitator,
    CourseVersion,
    Enrolment,
    Note,
    Progress,
    Schedule,
    rubrics_differ,
    schedules_of,
)
from lms.extensions import db
from lms.people.models import Person
from lms.refusals import N_, Refused

PLACE_AT_MOST = 120
NOTE_AT_MOST = 20_000
"""Characters of one private note."""


def _upsert(table: Any) -> Any:
    """An INSERT that knows ON CONFLICT, which both databases spell alike."""
    if db.session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


# Reading


def complete(enrolment_id: int, stable_id: str, *, now: datetime) -> None:
    """Tick an item; ticking it again changes nothing but when it was last seen. Safe against a second tab."""
    complete_all([enrolment_id], stable_id, now=now)


def complete_all(enrolment_ids: Iterable[int], stable_id: str, *, now: datetime) -> None:
    """Tick an item for several learners, in one statement."""
    rows = [
        {
            "enrolment_id": enrolment_id,
            "stable_id": stable_id,
            "place": "",
            "percent": 100,
            "seen_at": now,
            "completed_at": now,
        }
        for enrolment_id in enrolment_ids
    ]
    if not rows:
        return
    insert = _upsert(Progress)
    db.session.execute(
        insert.on_conflict_do_update(
            index_elements=["enrolment_id", "stable_id"],
            set_={
                "percent": 100,
                "seen_at": insert.excluded.seen_at,
                "completed_at": func.coalesce(Progress.completed_at, insert.excluded.completed_at),
            },
        ),
        rows,
    )


def remember_place(enrolment_id: int, stable_id: str, place: str, percent: int, *, now: datetime) -> None:
    """Keep where reading stopped (a heading id, '' for the beginning) and how much of the page was passed."""
    insert = _upsert(Progress).values(
        enrolment_id=enrolment_id,
        stable_id=stable_id,
        place=place[:PLACE_AT_MOST],
        percent=min(max(percent, 0), 100),
        seen_at=now,
        completed_at=None,
    )
    db.session.execute(
        insert.on_conflict_do_update(
            index_elements=["enrolment_id", "stable_id"],
            set_={name: insert.excluded[name] for name in ("place", "percent", "seen_at")},
        )
    )


class StaleNote(Refused):
    """The note was changed elsewhere since it was opened; ``text`` and ``revision`` are what stands now."""

    def __init__(self, text: str, revision: int) -> None:
        super().__init__(
            N_(
                "Catatan ini telah diubah di tempat lain sejak Anda membukanya. "
                "Keduanya masih ada: gabungkan, lalu simpan."
            )
        )
        self.text = text
        self.revision = revision


def save_note(
    enrolment_id: int, stable_id: str, anchor: str, text: str, revision: int, *, now: datetime
) -> int:
    """Save a private note if it still has the ``revision`` that was opened (0: none yet); return the new one.

    Raises StaleNote when another tab or device saved in between, Refused when it is too long. The same text
    sent twice is saved once: a phone repeats what it got no answer for.
    """
    if len(text) > NOTE_AT_MOST:
        raise Refused(
            "Catatan paling panjang %(limit)s karakter, sedangkan ini %(length)s. "
            "Pendekkan, lalu simpan lagi.",
            limit=NOTE_AT_MOST,
            length=len(text),
        )
    key = {"enrolment_id": enrolment_id, "stable_id": stable_id, "anchor": anchor}
    # RETURNING tells on both databases whether a row was written; how many rows, PostgreSQL does not say here
    if revision == 0:
        write = (
            _upsert(Note)
            .values(**key, text=text, revision=1, updated_at=now)
            .on_conflict_do_nothing(index_elements=list(key))
        )
    else:
        write = (
            update(Note)
            .filter_by(**key, revision=revision)
            .values(text=text, revision=revision + 1, updated_at=now)
            .execution_options(synchronize_session=False)
        )
    written = db.session.scalar(write.returning(Note.revision))
    if written is not None:
        return int(written)
    row = db.session.execute(select(Note.text, Note.revision).filter_by(**key)).first()
    if row is not None and row.text == text:
        return int(row.revision)
    raise StaleNote(row.text if row else "", row.revision if row else 0)


# Cohorts


def _version_for_cohorts(version_id: int) -> CourseVersion:
    version = db.session.get(CourseVersion, version_id)
    if version is None:
        raise Refused("Versi pelatihan itu tidak ada. Pilih versi dari daftar.")
    if version.retired_at is not None:
        raise Refused(
            "%(title)s versi %(number)s sudah ditarik dan tidak dapat dipakai angkatan. Pilih versi lain.",
            title=version.title,
            number=version.number,
        )
    return version


def _check_dates(facts: CohortFacts) -> None:
    if facts.ends_at <= facts.starts_at:
        raise Refused("Tanggal selesai harus sama dengan atau setelah tanggal mulai.")


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortFacts:
    """What may change about a cohort: its name, when it runs, within how many working days reviews are promised, and
    within how many days one may appeal (None: as each project says).
    """

    name: str
    starts_at: datetime
    ends_at: datetime
    review_days: int = REVIEW_DAYS
    appeal_days: int | None = None


def create_cohort(version_id: int, code: str, facts: CohortFacts, *, by: int, now: datetime) -> Cohort:
    """Open a cohort on a version that is not retired; an empty code is made from the name.

    Raises Refused for a retired version, a code that is taken or malformed, and dates in the wrong order.
    """
    version = _version_for_cohorts(version_id)
    _check_dates(facts)
    if not code:
        stem = suggest_code(facts.name, frozenset())
        taken = db.session.scalars(select(Cohort.code).where(Cohort.code.startswith(stem, autoescape=True)))
        code = suggest_code(facts.name, frozenset(taken))
    if not is_code(code):
        raise Refused("Kode hanya boleh berisi huruf kecil, angka, dan tanda hubung, misalnya rpjmd-2026-1.")
    if db.session.scalar(select(Cohort.id).where(Cohort.code == code)) is not None:
        raise Refused("Kode %(code)s sudah dipakai angkatan lain. Pilih kode lain.", code=code)
    cohort = Cohort(
        code=code,
        name=facts.name,
        version_id=version.id,
        starts_at=facts.starts_at,
        ends_at=facts.ends_at,
        review_days=facts.review_days,
        appeal_days=facts.appeal_days,
        created_at=now,
    )
    db.session.add(cohort)
    db.session.flush()
    audit.record("create cohort", f"cohort:{cohort.id}", by=by, now=now, detail={"version": version.id})
    return cohort


def change_cohort(cohort: Cohort, facts: CohortFacts, *, by: int, now: datetime) -> None:
    """Change a cohort's name and dates; its code stays, because people have it in their bookmarks."""
    _check_dates(facts)
    now_there = CohortFacts(
        name=cohort.name,
        starts_at=cohort.starts_at,
        ends_at=cohort.ends_at,
        review_days=cohort.review_days,
        appeal_days=cohort.appeal_days,
    )
    if now_there == facts:
        return
    cohort.name, cohort.starts_at, cohort.ends_at = facts.name, facts.starts_at, facts.ends_at
    cohort.review_days, cohort.appeal_days = facts.review_days, facts.appeal_days
    db.session.flush()
    audit.record(
        "change cohort",
        f"cohort:{cohort.id}",
        by=by,
        now=now,
        detail={
            "starts_at": facts.starts_at.isoformat(),
            "ends_at": facts.ends_at.isoformat(),
            "review_days": facts.review_days,
            "appeal_days": facts.appeal_days,
        },
    )


_when_leaving: list[Callable[..., None]] = []


def when_facilitators_leave(act: Callable[..., None]) -> None:
    """Let another feature act, as ``act(cohort_id, person_id, by=, now=)``, when somebody facilitates a cohort no more."""
    _when_leaving.append(act)


def set_facilitators(
    cohort: Cohort,
    person_ids: frozenset[int],
    leads: frozenset[int] = frozenset(),
    *,
    by: int,
    now: datetime,
) -> None:
    """Make these people the cohort's facilitators, and those of them who lead it its leads.

    Somebody has to lead: where nobody of them is named, all do. Raises Refused when one of them has not that role.
    """
    leads = (leads & person_ids) or person_ids
    present = {
        row.person_id: row
        for row in db.session.scalars(
            select(CohortFacilitator).where(CohortFacilitator.cohort_id == cohort.id)
        )
    }
    coming = person_ids - present.keys()
    if coming:
        able = frozenset(
            db.session.scalars(
                select(Person.id).where(Person.id.in_(coming), Person.facilitator, Person.active)
            )
        )
        if coming - able:
            raise Refused("Hanya orang dengan peran fasilitator yang aktif yang dapat mendampingi angkatan.")
    for person_id in sorted(coming):
        db.session.add(
            CohortFacilitator(
                cohort_id=cohort.id, person_id=person_id, added_at=now, leads=person_id in leads
            )
        )
        db.session.flush()
        audit.record(
            "add facilitator",
            f"cohort:{cohort.id}",
            by=by,
            now=now,
            detail={"person": person_id, "leads": int(person_id in leads)},
        )
    for person_id in sorted(present.keys() & person_ids):
        if present[person_id].leads != (person_id in leads):
            present[person_id].leads = person_id in leads
            db.session.flush()
            audit.record(
                "change facilitator",
                f"cohort:{cohort.id}",
                by=by,
                now=now,
                detail={"person": person_id, "leads": int(person_id in leads)},
            )
    for person_id in sorted(present.keys() - person_ids):
        db.session.execute(
            delete(CohortFacilitator).where(
                CohortFacilitator.cohort_id == cohort.id, CohortFacilitator.person_id == person_id
            )
        )
        # after it: whoever is just giving them something holds their seat, and is waited for
        for act in _when_leaving:
            act(cohort.id, person_id, by=by, now=now)
        audit.record(
            "remove facilitator", f"cohort:{cohort.id}", by=by, now=now, detail={"person": person_id}
        )


@dataclass(frozen=True, slots=True)
class Dates:
    """When an item opens and is due; None leaves it open."""

    opens_at: datetime | None
    due_at: datetime | None


class RefusedItem(Refused):
    """A refusal about one item's dates."""

    def __init__(self, message: str, stable_id: str) -> None:
        super().__init__(message)
        self.stable_id = stable_id


def set_schedule(cohort: Cohort, dates: Mapping[str, Dates], *, by: int, now: datetime) -> None:
    """Set when items open and are due, by stable id; items that are not named keep theirs.

    Raises RefusedItem when something would be due before it opens, or a date that is new lies outside the cohort's.
    """
    present = schedules_of(cohort.id)
    for stable_id, wanted in dates.items():
        if wanted.opens_at and wanted.due_at and wanted.due_at <= wanted.opens_at:
            raise RefusedItem(N_("Tenggat harus setelah waktu dibuka."), stable_id)
        row = present.get(stable_id)
        before = (row.opens_at if row else None, row.due_at if row else None)
        if before == (wanted.opens_at, wanted.due_at):
            continue
        # what stands is let be: the cohort's own days may have moved since
        new = {wanted.opens_at, wanted.due_at} - {None, *before}
        if any(at is not None and not cohort.starts_at <= at <= cohort.ends_at for at in new):
            raise RefusedItem(
                N_("Waktu dibuka dan tenggat harus di antara awal dan akhir angkatan."), stable_id
            )
        if row is None:
            row = Schedule(cohort_id=cohort.id, stable_id=stable_id)
            db.session.add(row)
        row.opens_at, row.due_at = wanted.opens_at, wanted.due_at
        db.session.flush()
        audit.record(
            "schedule",
            f"cohort:{cohort.id}",
            by=by,
            now=now,
            detail={
                "item": stable_id,
                "opens_at": wanted.opens_at.isoformat() if wanted.opens_at else None,
                "due_at": wanted.due_at.isoformat() if wanted.due_at else None,
            },
        )


Outcome = Literal[
    "enrolled", "restored", "already", "repeated", "unreadable", "unknown", "not_learner", "inactive"
]


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What became of one line of a list."""

    line: RosterLine
    outcome: Outcome
    name: str = ""

    @property
    def done(self) -> bool:
        """Whether the person now has a seat in the cohort."""
        return self.outcome in ("enrolled", "restored", "already", "repeated")


def enrol(cohort: Cohort, lines: Sequence[RosterLine], *, by: int, now: datetime) -> list[Enrolled]:
    """Enrol whoever the lines name; each line has its outcome, and a bad one keeps no other from its seat.

    Sending the same list again does no harm.
    """
    emails = {line.email for line in lines if line.email}
    nips = {line.nip for line in lines if line.nip}
    people = db.session.scalars(
        select(Person).where((func.lower(Person.email).in_(emails)) | Person.nip.in_(nips))
    ).all()
    by_email = {person.email.lower(): person for person in people if person.email}
    by_nip = {person.nip: person for person in people if person.nip}
    seats = {
        row.person_id: row
        for row in db.session.scalars(
            select(Enrolment).where(
                Enrolment.cohort_id == cohort.id, Enrolment.person_id.in_([person.id for person in people])
            )
        )
    }
    report: list[Enrolled] = []
    named: set[int] = set()
    for line in lines:
        person = by_email.get(line.email) if line.email else by_nip.get(line.nip)
        if person is None:
            report.append(Enrolled(line, "unknown" if line.email or line.nip else "unreadable"))
        elif person.id in named:
            report.append(Enrolled(line, "repeated", person.full_name))
        elif not person.active:
            report.append(Enrolled(line, "inactive", person.full_name))
        elif not person.learner:
            report.append(Enrolled(line, "not_learner", person.full_name))
        else:
            named.add(person.id)
            outcome = _take_seat(cohort, person, seats.get(person.id), by=by, now=now)
            report.append(Enrolled(line, outcome, person.full_name))
    return report


def _take_seat(
    cohort: Cohort, person: Person, seat: Enrolment | None, *, by: int, now: datetime
) -> Literal["enrolled", "restored", "already"]:
    if seat is not None and seat.removed_at is None:
        return "already"
    outcome: Literal["enrolled", "restored"] = "restored"
    if seat is None:
        seat = Enrolment(cohort_id=cohort.id, person_id=person.id, enrolled_at=now)
        db.session.add(seat)
        outcome = "enrolled"
    seat.removed_at = None
    db.session.flush()
    audit.record(
        "enrol", f"enrolment:{seat.id}", by=by, now=now, detail={"cohort": cohort.id, "person": person.id}
    )
    return outcome


def remove(enrolment: Enrolment, *, by: int, now: datetime) -> None:
    """Take a learner's seat; what they did stays and comes back with it. Doing it twice does no harm."""
    if enrolment.removed_at is not None:
        return
    enrolment.removed_at = now
    db.session.flush()
    audit.record(
        "remove",
        f"enrolment:{enrolment.id}",
        by=by,
        now=now,
        detail={"cohort": enrolment.cohort_id, "person": enrolment.person_id},
    )


def move_cohort(
    cohort: Cohort, *, seen: int, to: int, by: int, now: datetime, rubrics_decided: bool = False
) -> CourseVersion:
    """Let a cohort learn from a newer version of its course; ``seen`` is the one it was compared with.

    Ticks, notes and grades hang on stable ids and stay; attempts and project work that have begun keep the
    text they began with. A rubric that differs needs a decision about what was judged by it first
    (``rubrics_decided``). Raises Refused when the cohort has moved since, or the version is retired, older or
    of another course.
    """
    if cohort.version_id != seen:
        raise Refused("Angkatan ini sudah dipindahkan ke versi lain. Periksa lagi perubahannya.")
    current = db.session.get_one(CourseVersion, cohort.version_id)
    version = _version_for_cohorts(to)
    if version.course_id != current.course_id or version.number <= current.number:
        raise Refused("Angkatan hanya dapat dipindahkan ke versi yang lebih baru dari pelatihan yang sama.")
    if not rubrics_decided and rubrics_differ(current.id, version.id):
        raise Refused(
            "Rubrik berubah di versi ini. Putuskan dahulu nasib hasil kerja yang sudah ada, lalu pindahkan dari sana."
        )
    cohort.version_id = version.id
    db.session.flush()
    audit.record(
        "move cohort", f"cohort:{cohort.id}", by=by, now=now, detail={"from": current.id, "to": version.id}
    )
    return version
