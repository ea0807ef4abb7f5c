"""One cast for every test: learners of two agencies, facilitators of two universities, an administrator, an outsider.

sari, budi      learners of the cohort ``rpjmd-uji-1``
dewi            facilitator of ``rpjmd-uji-1``;  hasan facilitates ``lain-1`` only
tono            learner of ``lain-1`` only: an outsider to the first cohort
ratna           administrator
wati            learner, enrolled nowhere
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from sqlalchemy import select

from lms.courses.models import Cohort, CohortFacilitator, CourseVersion, Enrolment, Schedule
from lms.extensions import db
from lms.people import passwords
from lms.people.models import Organization, Person
from lms.publishing import actions, source

SAMPLE = Path(__file__).parent / "sample" / "kursus-uji"
PASSWORD = "belajar-asn-2026"
CODE = "rpjmd-uji-1"
OTHER = "lain-1"
NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


@dataclass
class Cast:
    """Ids of everybody and everything, by name; plain values, so that no session has to stay open."""

    people: dict[str, int] = field(default_factory=dict)
    emails: dict[str, str] = field(default_factory=dict)
    nips: dict[str, str] = field(default_factory=dict)
    organizations: dict[str, int] = field(default_factory=dict)
    version_id: int = 0
    course_slug: str = "kursus-uji"
    cohort_id: int = 0
    other_cohort_id: int = 0
    enrolments: dict[str, int] = field(default_factory=dict)
    code: str = CODE
    other_code: str = OTHER


@lru_cache(maxsize=1)
def sample() -> source.Draft:
    """The sample course, parsed once per run."""
    draft, problems = source.read_folder(SAMPLE)
    assert draft is not None, "\n".join(map(str, problems))
    return draft


@lru_cache(maxsize=1)
def password_hash() -> str:
    return passwords.hash_password(PASSWORD)


PEOPLE = {
    # name, full name, organization, roles, nip
    "sari": ("Sari Wulandari", "Bapperida", "learner", "198609262015052001"),
    "budi": ("Budi", "Dinas Pariwisata", "learner", "199003122014021002"),
    "wati": ("Wati Rahayu", "Bapperida", "learner", "198501012010012003"),
    "tono": ("Tono Hartono", "Dinas Pariwisata", "learner", "198705052011011004"),
    "dewi": ("Dewi Anggraini", "Universitas Andalas Uji", "facilitator", None),
    "hasan": ("Hasan Basri", "Universitas Bung Hatta Uji", "facilitator", None),
    "ratna": ("Ratna Sari", "Bapperida", "administrator", "197904042005012005"),
}


def seed() -> Cast:
    """Fill an empty database and commit."""
    cast = Cast()
    for name, kind in (
        ("Bapperida", "agency"),
        ("Dinas Pariwisata", "agency"),
        ("Universitas Andalas Uji", "university"),
        ("Universitas Bung Hatta Uji", "university"),
    ):
        organization = Organization(name=name, kind=kind, created_at=NOW)
        db.session.add(organization)
        db.session.flush()
        cast.organizations[name] = organization.id
    for key, (name, organization_name, role, nip) in PEOPLE.items():
        somebody = Person(
            name=name,
            sort_name=name.casefold(),
            email=f"{key}@uji.example",
            nip=nip,
            kind="lecturer" if role == "facilitator" else "pns",
            organization_id=cast.organizations[organization_name],
            password_hash=password_hash(),
            learner=role == "learner",
            facilitator=role == "facilitator",
            administrator=role == "administrator",
            created_at=NOW,
        )
        db.session.add(somebody)
        db.session.flush()
        cast.people[key] = somebody.id
        cast.emails[key] = f"{key}@uji.example"
        if nip:
            cast.nips[key] = nip
    outcome = actions.publish(sample(), by=cast.people["ratna"], now=NOW)
    assert outcome.version_id is not None
    cast.version_id = outcome.version_id
    for code, learners, facilitators in ((CODE, ("sari", "budi"), ("dewi",)), (OTHER, ("tono",), ("hasan",))):
        cohort = Cohort(
            code=code,
            name=f"Angkatan {code}",
            version_id=cast.version_id,
            starts_at=NOW - timedelta(days=30),
            # far enough that no test run comes after it
            ends_at=datetime(2099, 12, 31, 16, 59, 59, tzinfo=UTC),
            created_at=NOW,
        )
        db.session.add(cohort)
        db.session.flush()
        for learner in learners:
            enrolment = Enrolment(
                cohort_id=cohort.id, person_id=cast.people[learner], enrolled_at=NOW - timedelta(days=30)
            )
            db.session.add(enrolment)
            db.session.flush()
            cast.enrolments[learner] = enrolment.id
        for facilitator in facilitators:
            db.session.add(
                CohortFacilitator(cohort_id=cohort.id, person_id=cast.people[facilitator], added_at=NOW)
            )
        db.session.add(
            Schedule(
                cohort_id=cohort.id,
                stable_id="proyek-uji",
                opens_at=None,
                due_at=datetime(2099, 11, 28, 16, 59, 59, tzinfo=UTC),
            )
        )
        if code == CODE:
            cast.cohort_id = cohort.id
        else:
            cast.other_cohort_id = cohort.id
    db.session.commit()
    assert db.session.scalar(select(CourseVersion.id)) is not None
    return cast
