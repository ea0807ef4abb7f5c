"""Demo people for development, and their work: made only where the database has nobody."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import delete, select, update

from lms.courses.cohort import day_begins, day_ends
from lms.courses.models import (
    Cohort,
    CohortFacilitator,
    Course,
    CourseVersion,
    Enrolment,
    Progress,
    Schedule,
    outline,
)
from lms.demo import work
from lms.extensions import db
from lms.formats import DEFAULT_ZONE, local
from lms.people import passwords
from lms.people.models import Organization, Person, new_session_key

PASSWORD = "belajar-asn-2026"  # noqa: S105 (known to everybody, in development only)
COURSE = "penyusunan-rpjmd"
ACCOUNTS = (
    # email, name, before, after, organization, kind of organization, roles, position, NIP
    (
        "peserta@contoh.id",
        "Peserta Contoh",
        "",
        "S.T.",
        "Bapperida Kota Contoh",
        "learner",
        "Perencana Ahli Muda",
        "199001012015012001",
    ),
    (
        "peserta2@contoh.id",
        "Rahmi Contoh",
        "",
        "S.E.",
        "Dinas Pariwisata Kota Contoh",
        "learner",
        "Analis Kebijakan",
        "198802022014022002",
    ),
    (
        "fasilitator@contoh.id",
        "Dosen Penelaah",
        "Dr.",
        "M.Si.",
        "Universitas Mitra",
        "facilitator",
        "Lektor Kepala",
        None,
    ),
    ("fasilitator2@contoh.id", "Widya Contoh", "", "M.P.A.", "Institut Mitra", "facilitator", "Lektor", None),
    (
        "admin@contoh.id",
        "Admin Contoh",
        "",
        "",
        "BKPSDM Kota Contoh",
        "administrator",
        "Analis Pengembangan Kompetensi",
        "198503032010011003",
    ),
)


def anybody() -> bool:
    """Whether the database has any person."""
    return db.session.scalar(select(Person.id).limit(1)) is not None


def create(*, key: bytes, now: datetime) -> bool:
    """Make the demo people, their cohort, some progress and one work that waits for its review, unless anybody is there
    already; the caller commits. ``key`` is the one that receipts are signed with.
    """
    if anybody():
        return False
    people = {row[0]: _person(row, now=now) for row in ACCOUNTS}
    version = db.session.scalar(
        select(CourseVersion)
        .join(Course)
        .where(Course.slug == COURSE, CourseVersion.retired_at.is_(None))
        .order_by(CourseVersion.number.desc())
        .limit(1)
    )
    if version is not None:
        _cohort(version, people, key=key, now=now)
    return True


def _person(row: tuple[str, str, str, str, str, str, str, str | None], *, now: datetime) -> Person:
    email, name, before, after, organization, role, position, nip = row
    kind = "university" if role == "facilitator" else "agency"
    house = db.session.scalar(select(Organization).where(Organization.name == organization))
    if house is None:
        house = Organization(name=organization, kind=kind, created_at=now)
        db.session.add(house)
        db.session.flush()
    person = Person(
        name=name,
        title_before=before,
        title_after=after,
        sort_name=name.casefold(),
        email=email,
        nip=nip,
        kind="lecturer" if role == "facilitator" else "pns",
        position=position,
        organization_id=house.id,
        password_hash=passwords.hash_password(PASSWORD),
        learner=role == "learner",
        facilitator=role == "facilitator",
        administrator=role == "administrator",
        demo=True,
        created_at=now,
    )
    db.session.add(person)
    db.session.flush()
    return person


def _cohort(version: CourseVersion, people: dict[str, Person], *, key: bytes, now: datetime) -> None:
    cohort = Cohort(
        code="rpjmd-angkatan-3",
        name="Angkatan III",
        version_id=version.id,
        starts_at=day_begins(_day(now, -20), DEFAULT_ZONE),
        ends_at=day_ends(_day(now, 60), DEFAULT_ZONE),
        created_at=now,
    )
    db.session.add(cohort)
    db.session.flush()
    for email in ("fasilitator@contoh.id", "fasilitator2@contoh.id"):
        db.session.add(CohortFacilitator(cohort_id=cohort.id, person_id=people[email].id, added_at=now))
    enrolments = []
    for email in ("peserta@contoh.id", "peserta2@contoh.id"):
        enrolment = Enrolment(
            cohort_id=cohort.id, person_id=people[email].id, enrolled_at=now - timedelta(days=20)
        )
        db.session.add(enrolment)
        enrolments.append(enrolment)
    db.session.flush()
    lines = outline(version.id)
    for line in lines.items:
        if line.kind == "project":
            db.session.add(
                Schedule(
                    cohort_id=cohort.id,
                    stable_id=line.stable_id,
                    opens_at=None,
                    due_at=day_ends(_day(now, 18), DEFAULT_ZONE),
                )
            )
    # the first learner has read the first lessons and stopped half way through the next one
    lessons = [line for line in lines.items if line.kind == "lesson"]
    for at, line in enumerate(lessons[:4]):
        done = at < 3
        db.session.add(
            Progress(
                enrolment_id=enrolments[0].id,
                stable_id=line.stable_id,
                percent=100 if done else 40,
                seen_at=now - timedelta(days=3 - at if done else 0, hours=2),
                completed_at=now - timedelta(days=3 - at, hours=2) if done else None,
            )
        )
    db.session.flush()
    # the second one has handed in the project: facilitators see at once what they came for
    handed_in = next((line for line in lines.items if line.stable_id == work.PROJECT), None)
    if handed_in is not None:
        work.hand_in(
            enrolments[1].id,
            cohort.id,
            handed_in.id,
            key=key,
            by=enrolments[1].person_id,
            first=now - timedelta(days=6),
            last=now - timedelta(days=1, hours=2),
        )


def _day(now: datetime, days: int) -> date:
    """The day that many days from now, as Jakarta counts it."""
    return local(now + timedelta(days=days), DEFAULT_ZONE).date()


def remove(*, now: datetime) -> int:
    """Close the demo accounts: no password, no roles, no address; their work stays. Returns how many; caller commits."""
    rows = db.session.scalars(select(Person).where(Person.demo)).all()
    for person in rows:
        db.session.execute(
            update(Enrolment)
            .where(Enrolment.person_id == person.id, Enrolment.removed_at.is_(None))
            .values(removed_at=now)
        )
        db.session.execute(delete(CohortFacilitator).where(CohortFacilitator.person_id == person.id))
        person.password_hash = ""
        person.session_key = new_session_key()
        person.email = person.nip = None
        person.learner = person.facilitator = person.administrator = person.active = person.demo = False
    db.session.flush()
    return len(rows)


def standing() -> list[str]:
    """The demo accounts that can sign in, as lines for the terminal."""
    rows = db.session.scalars(select(Person).where(Person.demo, Person.active).order_by(Person.id)).all()
    roles = {"learner": "peserta", "facilitator": "fasilitator", "administrator": "administrator"}
    return [
        f"{row.email:<26} {', '.join(word for name, word in roles.items() if getattr(row, name))}"
        for row in rows
    ]
