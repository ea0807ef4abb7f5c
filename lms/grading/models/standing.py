"""Where works stand, as expressions about one row of ``SubmissionVersion`` joined to its ``Work``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    and_,
    func,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from lms import access
from lms.courses.models import GradeEntry
from lms.grading.models.reviews import Referral, Review, ReviewDraft
from lms.grading.state import WorkFacts, WorkState, work_state
from lms.people.models import Person
from lms.projects import models as projects
from lms.projects.models import SubmissionVersion, Work, WorkMember, is_blind
from lms.projects.models import rubric_of as rubric_of
from lms.projects.reviewers import Allocation, conflict
from lms.projects.source import Project

DECIDED = ("agreed", "moderated", "released", "appealed", "revised")
VISIBLE = ("released", "revised")


def counted(query: Select[Any]) -> ScalarSelect[int]:
    return query.correlate(SubmissionVersion).scalar_subquery()


DRAFTED = counted(select(func.count(ReviewDraft.id)).where(ReviewDraft.submission_id == SubmissionVersion.id))
REVIEWED = counted(select(func.count(Review.id)).where(Review.submission_id == SubmissionVersion.id))


def _ledger(states: Sequence[str]) -> ColumnElement[bool]:
    """Whether the ledger holds a grade of one of these states for a standing member of the work."""
    return (
        select(GradeEntry.id)
        .join(WorkMember, WorkMember.enrolment_id == GradeEntry.enrolment_id)
        .where(
            WorkMember.work_id == Work.id,
            WorkMember.left_at.is_(None),
            GradeEntry.stable_id == Work.stable_id,
            GradeEntry.state.in_(states),
        )
        .correlate(Work)
        .exists()
    )


IS_RELEASED = _ledger(VISIBLE)
STARTED = or_(
    select(ReviewDraft.id)
    .where(ReviewDraft.submission_id == SubmissionVersion.id)
    .correlate(SubmissionVersion)
    .exists(),
    select(Review.id)
    .where(Review.submission_id == SubmissionVersion.id)
    .correlate(SubmissionVersion)
    .exists(),
)
UNSETTLED = SubmissionVersion.settled_at.is_(None)
HANDED_BACK = (
    select(Review.id)
    .where(Review.submission_id == SubmissionVersion.id, Review.outcome == "returned")
    .correlate(SubmissionVersion)
    .exists()
)
# a grade of an older version counts no more once a newer one waits, or came back
IS_GRADED = and_(~UNSETTLED, ~HANDED_BACK, _ledger(DECIDED))
REFERRED = (
    select(Referral.id)
    .where(Referral.submission_id == SubmissionVersion.id)
    .correlate(SubmissionVersion)
    .exists()
)
DISPUTED = and_(UNSETTLED, REFERRED)
_newer = aliased(SubmissionVersion)
NEWEST = ~(
    select(_newer.id)
    .where(_newer.work_id == SubmissionVersion.work_id, _newer.number > SubmissionVersion.number)
    .correlate(SubmissionVersion)
    .exists()
)
# the same about a ``Work`` whose versions are not in the statement
WORK_GRADED = and_(
    select(SubmissionVersion.id)
    .where(SubmissionVersion.work_id == Work.id, NEWEST, ~UNSETTLED, ~HANDED_BACK)
    .correlate(Work)
    .exists(),
    _ledger(DECIDED),
)
# ``state.work_state`` decides; these only pick the rows of a state for a list, and a test holds them to it.
IN_STATE: dict[WorkState, ColumnElement[bool]] = {
    WorkState.WAITING: and_(UNSETTLED, SubmissionVersion.number == 1, ~STARTED),
    WorkState.RESUBMITTED: and_(UNSETTLED, SubmissionVersion.number > 1, ~STARTED),
    WorkState.IN_REVIEW: and_(UNSETTLED, STARTED, ~REFERRED),
    WorkState.MODERATION: DISPUTED,
    WorkState.RETURNED: and_(~UNSETTLED, NEWEST, ~IS_GRADED, ~IS_RELEASED),
    WorkState.GRADED: and_(~UNSETTLED, NEWEST, IS_GRADED, ~IS_RELEASED),
    WorkState.RELEASED: and_(~UNSETTLED, NEWEST, IS_RELEASED),
}
AWAITING = (WorkState.WAITING, WorkState.RESUBMITTED, WorkState.IN_REVIEW, WorkState.MODERATION)


def facts_columns() -> list[Any]:
    return [
        SubmissionVersion.number,
        DRAFTED.label("drafted"),
        REVIEWED.label("sent"),
        counted(
            select(func.count(Review.id)).where(
                Review.submission_id == SubmissionVersion.id, Review.outcome == "returned"
            )
        ).label("returned"),
        DISPUTED.label("disputed"),
        IS_GRADED.label("graded"),
        IS_RELEASED.label("released"),
    ]


def state_of(row: Any, project: Project) -> WorkState:
    state = work_state(
        WorkFacts(
            version=row.number,
            needed=project.graders,
            started=row.drafted + row.sent,
            sent=row.sent,
            returned=row.returned > 0,
            disputed=bool(row.disputed),
            graded=row.graded,
            released=row.released,
        )
    )
    assert state is not None  # there is a version
    return state


def member_names() -> ScalarSelect[str]:
    return (
        select(func.aggregate_strings(Person.name, ", "))
        .join(WorkMember, WorkMember.person_id == Person.id)
        .where(WorkMember.work_id == Work.id, WorkMember.left_at.is_(None))
        .correlate(Work)
        .scalar_subquery()
    )


def with_team(team: str, names: str | None) -> str:
    """A team's name with its members behind it, or the members alone."""
    return f"{team} ({names})" if team and names else team or names or ""


def names_for_reviewers(row: Any, *, released: bool) -> tuple[str, bool]:
    """Whose work a row (item_id, team, names) is about, and whether reviewers may not know it yet: then nobody's."""
    masked = is_blind(projects.project(row.item_id)) and not released
    return "" if masked else with_team(row.team, row.names), masked


def facilitated(person: access.Person, cohort_id: int | None = None) -> frozenset[int]:
    """The cohorts in which the person reviews what is allocated to them."""
    if not person.facilitator:
        return frozenset()
    return person.facilitates if cohort_id is None else person.facilitates & {cohort_id}


def led(person: access.Person, cohort_id: int | None = None) -> frozenset[int]:
    """The cohorts all of whose handed-in work the person answers for."""
    return facilitated(person, cohort_id) & person.leads


def reviewable(person_id: Any) -> ColumnElement[bool]:
    """Neither the person's own work nor that of somebody they are close to (the same as ``access.reviews_here``)."""
    own = (
        select(WorkMember.id)
        .where(
            WorkMember.work_id == SubmissionVersion.work_id,
            WorkMember.person_id == person_id,
            WorkMember.left_at.is_(None),
        )
        .correlate(SubmissionVersion)
        .exists()
    )
    reviewer = Person.__table__.alias("reviewer")
    close = (
        select(reviewer.c.id)
        .where(reviewer.c.id == person_id, conflict(reviewer.c, SubmissionVersion.work_id))
        .correlate(SubmissionVersion)
        .exists()
    )
    return and_(~own, ~close)


def allocated_to(person_id: Any) -> ColumnElement[bool]:
    """Whether the work is the person's to review."""
    return (
        select(Allocation.id)
        .where(
            Allocation.work_id == SubmissionVersion.work_id,
            Allocation.reviewer_id == person_id,
            Allocation.ended_at.is_(None),
        )
        .correlate(SubmissionVersion)
        .exists()
    )
