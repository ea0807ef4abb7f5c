"""A project in a cohort, when it is due for whom, and what was granted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import aliased

from lms.courses.items.models import CohortItem, cohort_item, items_of
from lms.courses.models import (
    Enrolment,
    ItemLine,
    Schedule,
    standing_enrolment,
)
from lms.extensions import db
from lms.paging import Page, by_key
from lms.people.models import Organization, Person
from lms.projects.deadlines import Due, Extension, due
from lms.projects.models import MAX_KEY, Work, WorkMember, project
from lms.projects.source import Project


@dataclass(frozen=True, slots=True)
class CohortProject(CohortItem):
    """A project of the version that a cohort takes now: a thing of ``FACILITATE``."""

    @property
    def project(self) -> Project:
        return project(self.line.id)


def projects_of(version_id: int) -> list[ItemLine]:
    """The projects of a version, in the order of its course."""
    return items_of(version_id, "project")


def cohort_project(code: str, item: str) -> CohortProject | None:
    """The project with this stable id in the cohort with this code, in one statement."""
    return cohort_item(CohortProject, code, item, "project")


@dataclass(frozen=True, slots=True)
class Dates:
    """When a project of a cohort opens and is due for everybody; ``scheduled`` is what the schedule alone says."""

    opens_at: datetime | None
    scheduled: datetime | None
    due: Due

    def is_open(self, now: datetime) -> bool:
        """Whether it can be worked on and has a deadline that everybody's time can be added to."""
        return self.due.at is not None and (self.opens_at is None or self.opens_at <= now)


NO_DATES = Dates(None, None, Due(None))


def dates_by_project(cohort_id: int) -> dict[str, Dates]:
    """When the projects (and quizzes) of a cohort open and are due for everybody, by stable id; one statement."""
    shared = (
        select(func.max(Extension.until))
        .where(
            Extension.cohort_id == Schedule.cohort_id,
            Extension.stable_id == Schedule.stable_id,
            Extension.enrolment_id.is_(None),
        )
        .correlate(Schedule)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(Schedule.stable_id, Schedule.opens_at, Schedule.due_at, shared).where(
            Schedule.cohort_id == cohort_id
        )
    )
    return {
        stable_id: Dates(opens_at, due_at, due(due_at, until)) for stable_id, opens_at, due_at, until in rows
    }


_NAME = (Person.sort_name, Person.name, Person.title_before, Person.title_after)
_mate = aliased(WorkMember)


def learners(place: CohortProject, after: str | None) -> Page[Any]:
    """A page of a cohort's learners by name, in one statement.

    Rows have id (the enrolment's), person_id, the parts of the name, organization, team (a name, None for nobody) and
    until: what the learner or anybody of the team was granted by themselves.
    """
    mates = select(_mate.enrolment_id).where(_mate.work_id == WorkMember.work_id, _mate.left_at.is_(None))
    until = (
        select(func.max(Extension.until))
        .where(
            Extension.cohort_id == place.cohort_id,
            Extension.stable_id == place.line.stable_id,
            or_(
                Extension.enrolment_id == Enrolment.id,
                Extension.enrolment_id.in_(mates.correlate(WorkMember)),
            ),
        )
        .correlate(Enrolment, WorkMember)
        .scalar_subquery()
    )
    query: Any = (
        select(
            Enrolment.id,
            Enrolment.person_id,
            *_NAME,
            Organization.name.label("organization"),
            Work.name.label("team"),
            until.label("until"),
        )
        .join(Person, Person.id == Enrolment.person_id)
        .outerjoin(Organization, Organization.id == Person.organization_id)
        .outerjoin(WorkMember, _standing_in(place))
        .outerjoin(Work, Work.id == WorkMember.work_id)
        .where(Enrolment.cohort_id == place.cohort_id, Enrolment.removed_at.is_(None))
    )
    return by_key(query, [Person.sort_name, Enrolment.id], after, scalars=False)


def _standing_in(place: CohortProject) -> Any:
    return and_(
        WorkMember.enrolment_id == Enrolment.id,
        WorkMember.stable_id == place.line.stable_id,
        WorkMember.left_at.is_(None),
    )


@dataclass(frozen=True, slots=True)
class LearnerProject:
    """A learner of a cohort and one of its projects: a thing of ``GRANT``, whose members are the whole team.

    ``team`` is the team's name, '' for who works alone or has not begun; ``names`` are the members', the learner's
    first.
    """

    place: CohortProject
    enrolment: Enrolment
    team: str
    names: tuple[str, ...]
    member_ids: frozenset[int]
    due: Due

    @property
    def cohort_id(self) -> int:
        return self.place.cohort_id


def learner_project(code: str, item: str, enrolment_id: int) -> LearnerProject | None:
    """A learner who has a seat in the cohort with this code, and its project; in four statements."""
    place = cohort_project(code, item)
    enrolment = standing_enrolment(code, enrolment_id) if place and enrolment_id <= MAX_KEY else None
    if place is None or enrolment is None:
        return None
    own = aliased(WorkMember)
    rows = db.session.execute(
        select(WorkMember.enrolment_id, Person.id, Person, Work.name.label("team"))
        .join(Work, Work.id == WorkMember.work_id)
        .join(own, own.work_id == Work.id)
        .join(Person, Person.id == WorkMember.person_id)
        .where(
            own.enrolment_id == enrolment.id,
            own.stable_id == item,
            own.left_at.is_(None),
            WorkMember.left_at.is_(None),
        )
        .order_by(Person.sort_name, Person.id)
    ).all()
    mates = [row for row in rows if row.enrolment_id != enrolment.id]
    ids = [row.enrolment_id for row in rows] or [enrolment.id]
    return LearnerProject(
        place,
        enrolment,
        rows[0].team if rows else "",
        (enrolment.person.full_name, *(row.Person.full_name for row in mates)),
        frozenset((enrolment.person_id, *(row.id for row in mates))),
        due_for(place.cohort_id, item, ids),
    )


def due_for(cohort_id: int, stable_id: str, enrolment_ids: Iterable[int]) -> Due:
    """When a project is due for the members of one team, in one statement."""
    granted = (
        select(func.max(Extension.until))
        .where(
            Extension.cohort_id == cohort_id,
            Extension.stable_id == stable_id,
            or_(Extension.enrolment_id.is_(None), Extension.enrolment_id.in_(list(enrolment_ids))),
        )
        .scalar_subquery()
    )
    row = db.session.execute(
        select(Schedule.due_at, granted).where(
            Schedule.cohort_id == cohort_id, Schedule.stable_id == stable_id
        )
    ).first()
    return due(*row) if row else Due(None)


_granter = aliased(Person)


def granted(cohort_id: int, stable_id: str | None, after: str | None) -> Page[Any]:
    """A page of what was granted, newest first, in one statement: of one project, or (None) to the whole cohort in any.

    Rows have id, stable_id, until, reason, granted_at, granted_by and, where it was one learner's, the parts of the
    learner's name.
    """
    query: Any = (
        select(
            Extension.id,
            Extension.stable_id,
            Extension.until,
            Extension.reason,
            Extension.granted_at,
            _granter.name.label("granted_by"),
            *_NAME,
        )
        .join(_granter, _granter.id == Extension.granted_by)
        .outerjoin(Enrolment, Enrolment.id == Extension.enrolment_id)
        .outerjoin(Person, Person.id == Enrolment.person_id)
        .where(Extension.cohort_id == cohort_id)
    )
    if stable_id is None:
        query = query.where(Extension.enrolment_id.is_(None))
    else:
        query = query.where(Extension.stable_id == stable_id)
    return by_key(query, [Extension.id], after, descending=True, scalars=False)


def running_extensions(cohort_id: int, stable_id: str, beyond: datetime) -> dict[int, datetime]:
    """The learners (enrolments) who have more time than everybody, each until when; one statement."""
    rows = db.session.execute(
        select(Extension.enrolment_id, func.max(Extension.until))
        .where(
            Extension.cohort_id == cohort_id,
            Extension.stable_id == stable_id,
            Extension.enrolment_id.is_not(None),
        )
        .group_by(Extension.enrolment_id)
        .having(func.max(Extension.until) > beyond)
    )
    return {enrolment_id: until for enrolment_id, until in rows if enrolment_id is not None}
