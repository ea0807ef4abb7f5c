"""The grades of a cohort: where every work stands, what is ready for release, what learners see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import (
    and_,
    func,
    select,
)
from sqlalchemy.orm import aliased

from lms import access
from lms.courses.models import Cohort, CohortFacilitator, Enrolment, GradeEntry
from lms.extensions import db
from lms.grading.models.reviews import Adjustment
from lms.grading.models.standing import (
    DECIDED,
    IN_STATE,
    NEWEST,
    VISIBLE,
    facilitated,
    facts_columns,
    member_names,
    names_for_reviewers,
    state_of,
)
from lms.grading.state import WorkState
from lms.paging import PER_PAGE
from lms.people.models import Person
from lms.projects import models as projects
from lms.projects.models import SubmissionVersion, Work, WorkMember, is_blind, members_column
from lms.projects.models import rubric_of as rubric_of
from lms.projects.reviewers import barred_column, ids_in, reviewers_column
from lms.projects.source import Project


class MemberLine(NamedTuple):
    """A member of a work with the enrolment that grades hang on."""

    enrolment_id: int
    person_id: int


def members_of(work_id: int) -> list[MemberLine]:
    """The standing members of a work, in one order."""
    rows = db.session.execute(
        select(WorkMember.enrolment_id, WorkMember.person_id)
        .where(WorkMember.work_id == work_id, WorkMember.left_at.is_(None))
        .order_by(WorkMember.enrolment_id)
    )
    return [MemberLine(*row) for row in rows]


def members_of_all(work_ids: Sequence[int]) -> dict[int, list[MemberLine]]:
    """The standing members of several works, by work; one statement."""
    found: dict[int, list[MemberLine]] = {}
    for work_id, *line in db.session.execute(
        select(WorkMember.work_id, WorkMember.enrolment_id, WorkMember.person_id)
        .where(WorkMember.work_id.in_(work_ids), WorkMember.left_at.is_(None))
        .order_by(WorkMember.enrolment_id)
    ):
        found.setdefault(work_id, []).append(MemberLine(*line))
    return found


def newest_entries(enrolment_ids: Iterable[int]) -> dict[tuple[int, str], GradeEntry]:
    """The newest decided ledger row by (enrolment, item), whatever its learner may see; one statement.

    Proposals are left out: they are for those who decide.
    """
    newest = (
        select(func.max(GradeEntry.id))
        .where(GradeEntry.enrolment_id.in_(list(enrolment_ids)), GradeEntry.state.in_(DECIDED))
        .group_by(GradeEntry.enrolment_id, GradeEntry.stable_id)
    )
    rows = db.session.scalars(select(GradeEntry).where(GradeEntry.id.in_(newest)))
    return {(row.enrolment_id, row.stable_id): row for row in rows}


@dataclass(frozen=True, slots=True)
class WorkStanding:
    """A learner's work on a project: where it stands and its newest version (None before the first)."""

    work_id: int
    enrolment_id: int
    stable_id: str
    item_id: int
    submission_id: int | None
    number: int
    state: WorkState | None

    @property
    def masked(self) -> bool:
        """Whether reviewers may not know yet whose work this is."""
        return is_blind(projects.project(self.item_id)) and self.state is not WorkState.RELEASED


def standings_of(enrolment_ids: Sequence[int]) -> dict[tuple[int, str], WorkStanding]:
    """Where the works of these enrolments stand, by (enrolment, project); one statement."""
    newest = and_(SubmissionVersion.work_id == Work.id, NEWEST)
    rows = db.session.execute(
        select(
            WorkMember.enrolment_id,
            Work.id,
            Work.stable_id,
            Work.item_id,
            SubmissionVersion.id.label("submission_id"),
            *facts_columns(),
        )
        .select_from(WorkMember)
        .join(Work, Work.id == WorkMember.work_id)
        .outerjoin(SubmissionVersion, newest)
        .where(WorkMember.enrolment_id.in_(enrolment_ids), WorkMember.left_at.is_(None))
    )
    found = {}
    for row in rows:
        state = state_of(row, projects.project(row.item_id)) if row.submission_id is not None else None
        found[row.enrolment_id, row.stable_id] = WorkStanding(
            row.id, row.enrolment_id, row.stable_id, row.item_id, row.submission_id, row.number or 0, state
        )
    return found


@dataclass(frozen=True, slots=True)
class Ready:
    """A graded work whose learners do not see the grade yet: what a release is made of.

    ``points`` are the team's; ``adjusted`` members get others.
    """

    work_id: int
    cohort_id: int
    item_id: int
    stable_id: str
    submission_id: int
    number: int
    names: str
    masked: bool
    points: Decimal
    member_ids: frozenset[int]
    adjusted: int
    reviewer_ids: frozenset[int]
    barred_ids: frozenset[int]

    @property
    def project(self) -> Project:
        return projects.project(self.item_id)

    @property
    def passed(self) -> bool:
        return self.points >= self.project.pass_mark


def ready_of(cohort_id: int, work_ids: Sequence[int] | None = None, *, limit: int = PER_PAGE) -> list[Ready]:
    """The works of a cohort whose grades can be released, in the order they were begun; one statement.

    Only works whose version is settled and graded, and not released; of these ids where they are given.
    """
    newer = aliased(Adjustment)
    stands = and_(
        Adjustment.work_id == Work.id,
        Adjustment.points != Decimal(0),
        ~select(newer.id)
        .where(
            newer.work_id == Adjustment.work_id,
            newer.enrolment_id == Adjustment.enrolment_id,
            newer.id > Adjustment.id,
        )
        .exists(),
    )
    points = (
        select(GradeEntry.points)
        .join(WorkMember, WorkMember.enrolment_id == GradeEntry.enrolment_id)
        .where(
            WorkMember.work_id == Work.id,
            WorkMember.left_at.is_(None),
            GradeEntry.stable_id == Work.stable_id,
            GradeEntry.state.in_(DECIDED),
            # the team's grade, not what one member got beside it
            ~GradeEntry.source.startswith("adjustment:", autoescape=True),
        )
        # a grade computed anew holds the adjustment of the member it is for: one without any comes first
        .order_by(
            select(Adjustment.id).where(Adjustment.enrolment_id == WorkMember.enrolment_id, stands).exists(),
            GradeEntry.id.desc(),
        )
        .limit(1)
        .correlate(Work)
        .scalar_subquery()
    )
    adjusted = (
        select(func.count(Adjustment.id))
        .join(WorkMember, WorkMember.enrolment_id == Adjustment.enrolment_id)
        .where(stands, WorkMember.work_id == Work.id, WorkMember.left_at.is_(None))
        .correlate(Work)
        .scalar_subquery()
    )
    query = (
        select(
            Work.id,
            Work.cohort_id,
            Work.item_id,
            Work.stable_id,
            SubmissionVersion.id.label("submission_id"),
            SubmissionVersion.number,
            Work.name.label("team"),
            member_names().label("names"),
            points.label("points"),
            members_column(Work.id).label("members"),
            adjusted.label("adjusted"),
            reviewers_column(Work.id).label("reviewers"),
            barred_column(Work.id, Work.cohort_id).label("barred"),
        )
        .join(SubmissionVersion, SubmissionVersion.work_id == Work.id)
        .where(Work.cohort_id == cohort_id, IN_STATE[WorkState.GRADED])
        .order_by(Work.id)
        .limit(limit)
    )
    if work_ids is not None:
        query = query.where(Work.id.in_(work_ids))
    found = []
    for row in db.session.execute(query):
        names, masked = names_for_reviewers(row, released=False)
        found.append(
            Ready(
                row.id,
                row.cohort_id,
                row.item_id,
                row.stable_id,
                row.submission_id,
                row.number,
                names,
                masked,
                row.points,
                ids_in(row.members),
                row.adjusted,
                ids_in(row.reviewers),
                ids_in(row.barred),
            )
        )
    return found


def learners(cohort_id: int) -> Any:
    """The standing learners of a cohort: rows with id (the enrolment's), person_id, sort_name, name."""
    return (
        select(
            Enrolment.id,
            Enrolment.person_id,
            Person.sort_name,
            Person.name,
            Person.title_before,
            Person.title_after,
        )
        .join(Person, Person.id == Enrolment.person_id)
        .where(Enrolment.cohort_id == cohort_id, Enrolment.removed_at.is_(None))
    )


def visible_entry(enrolment_ids: Sequence[int], stable_id: str) -> GradeEntry | None:
    """The newest grade that the learners may see."""
    return db.session.scalar(
        select(GradeEntry)
        .where(
            GradeEntry.enrolment_id.in_(enrolment_ids),
            GradeEntry.stable_id == stable_id,
            GradeEntry.state.in_(VISIBLE),
        )
        .order_by(GradeEntry.id.desc())
        .limit(1)
    )


class CohortLine(NamedTuple):
    """A cohort in a list of somebody's own."""

    id: int
    code: str
    name: str
    version_id: int


def cohorts_facilitated(person: access.Person) -> list[CohortLine]:
    """The cohorts the person facilitates, latest end first; one statement."""
    if not facilitated(person):
        return []
    rows = db.session.execute(
        select(Cohort.id, Cohort.code, Cohort.name, Cohort.version_id)
        .join(CohortFacilitator, CohortFacilitator.cohort_id == Cohort.id)
        .where(CohortFacilitator.person_id == person.id)
        .order_by(Cohort.ends_at.desc(), Cohort.id.desc())
        .limit(100)
    )
    return [CohortLine(*row) for row in rows]
