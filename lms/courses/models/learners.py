"""The learners of cohorts as those who run them see them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ScalarSelect, func, select

from lms import access
from lms.courses.models.cohorts import Cohort, Enrolment
from lms.courses.models.progress import Progress, done_of
from lms.extensions import db
from lms.people.models import Organization, Person, people_visible_to


def learners_to_enrol(person: access.Person, cohort_id: int, words: str, *, limit: int = 10) -> list[Any]:
    """Active learners that a search finds: rows with id, name, email, nip, enrolled (in this cohort)."""
    enrolled = (
        select(Enrolment.id)
        .where(
            Enrolment.person_id == Person.id,
            Enrolment.cohort_id == cohort_id,
            Enrolment.removed_at.is_(None),
        )
        .exists()
    )
    query = people_visible_to(person, words).where(Person.learner, Person.active)
    return list(
        db.session.execute(
            query.with_only_columns(
                Person.id, Person.name, Person.email, Person.nip, enrolled.label("enrolled")
            )
            .order_by(Person.sort_name, Person.id)
            .limit(limit)
        )
    )


def latest_of(moment: Any, *conditions: Any) -> ScalarSelect[Any]:
    """The latest of some moments that belong to an enrolment, to be read beside the ``Enrolment`` itself."""
    return select(func.max(moment)).where(*conditions).correlate(Enrolment).scalar_subquery()


_worked_at: list[ScalarSelect[Any]] = [latest_of(Progress.seen_at, Progress.enrolment_id == Enrolment.id)]


def count_as_learning(*moments: ScalarSelect[Any]) -> None:
    """Let what another feature keeps count where it is said when learners last worked on anything (``latest_of``)."""
    _worked_at.extend(moments)


def last_seen(row: Any) -> datetime | None:
    """When the learner of a row of ``learners_of`` last worked on anything; None for who has not begun."""
    moments = [row._mapping[f"worked_at_{at}"] for at in range(len(_worked_at))]
    return max((moment for moment in moments if moment is not None), default=None)


def learners_of(cohort_id: int) -> Any:
    """The learners of a cohort with how many items each has completed (``last_seen`` says when they were there)."""
    return (
        select(
            Enrolment.id,
            Person.sort_name,
            Person.name,
            Person.title_before,
            Person.title_after,
            Person.nip,
            Person.email,
            Person.active,
            Organization.name.label("organization"),
            done_of(Enrolment.id, Cohort.version_id).label("done"),
            *(moment.label(f"worked_at_{at}") for at, moment in enumerate(_worked_at)),
        )
        .join(Person, Person.id == Enrolment.person_id)
        .join(Cohort, Cohort.id == Enrolment.cohort_id)
        .outerjoin(Organization, Organization.id == Person.organization_id)
        .where(Enrolment.cohort_id == cohort_id, Enrolment.removed_at.is_(None))
    )
