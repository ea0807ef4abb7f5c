"""Who is signed in, with the cohorts of theirs."""

from __future__ import annotations

from sqlalchemy import String, bindparam, cast, func, select

from lms import access
from lms.courses.models.cohorts import CohortFacilitator, Enrolment
from lms.extensions import db
from lms.people.models import Account, EndedSession, Organization, Person

# built once and of plain columns, because every page asks
_person, _organization, _enrolment, _facilitator, _ended = (
    entity.__table__.c for entity in (Person, Organization, Enrolment, CohortFacilitator, EndedSession)
)
_ACCOUNT = (
    select(
        _person.id,
        _person.name,
        _person.learner,
        _person.facilitator,
        _person.administrator,
        _person.session_key,
        _person.email,
        _person.language,
        _person.timezone,
        _person.kind,
        _person.active,
        _organization.name.label("organization"),
        select(func.aggregate_strings(cast(_enrolment.cohort_id, String), ","))
        .where(_enrolment.person_id == _person.id, _enrolment.removed_at.is_(None))
        .correlate(Person.__table__)
        .scalar_subquery()
        .label("learns"),
        select(func.aggregate_strings(cast(_facilitator.cohort_id, String), ","))
        .where(_facilitator.person_id == _person.id)
        .correlate(Person.__table__)
        .scalar_subquery()
        .label("facilitates"),
        select(func.aggregate_strings(cast(_facilitator.cohort_id, String), ","))
        .where(_facilitator.person_id == _person.id, _facilitator.leads)
        .correlate(Person.__table__)
        .scalar_subquery()
        .label("leads"),
        select(_ended.id).where(_ended.id == bindparam("session_id")).exists().label("ended"),
    )
    .select_from(
        Person.__table__.outerjoin(Organization.__table__, _organization.id == _person.organization_id)
    )
    .where(_person.id == bindparam("person_id"))
)


def load_account(person_id: int, session_key: str, session_id: str = "") -> Account | None:
    """The signed-in person in one statement, with the cohorts of theirs; None when the session is over."""
    row = db.session.execute(_ACCOUNT, {"person_id": person_id, "session_id": session_id}).first()
    if row is None or not row.active or row.ended or row.session_key != session_key:
        return None
    return Account(
        person=access.Person(
            id=row.id,
            name=row.name,
            learner=row.learner,
            facilitator=row.facilitator,
            administrator=row.administrator,
            learns_in=_ids(row.learns),
            facilitates=_ids(row.facilitates),
            leads=_ids(row.leads),
        ),
        session_key=row.session_key,
        email=row.email,
        language=row.language,
        timezone=row.timezone,
        organization=row.organization or "",
        kind=row.kind,
        session_id=session_id,
    )


def _ids(joined: str | None) -> frozenset[int]:
    return frozenset(int(part) for part in joined.split(",")) if joined else frozenset()
