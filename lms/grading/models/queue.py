"""What waits for a reviewer: the queue, its counts, and what comes next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    union_all,
)

from lms import access
from lms.courses.models import Cohort
from lms.extensions import db
from lms.grading.models.reviews import Review, ReviewDraft
from lms.grading.models.standing import (
    AWAITING,
    IN_STATE,
    STARTED,
    UNSETTLED,
    facilitated,
    facts_columns,
    member_names,
    state_of,
    with_team,
)
from lms.grading.state import WorkState
from lms.paging import PER_PAGE, Page, read_token, token
from lms.projects import models as projects
from lms.projects.deadlines import late_seconds
from lms.projects.models import SubmissionVersion, Work, WorkMember, is_blind
from lms.projects.models import rubric_of as rubric_of
from lms.projects.source import Project


@dataclass(frozen=True, slots=True)
class QueueLine:
    """A handed-in version in the queue.

    ``late_seconds`` are those that no extension has excused. ``names`` are the members' (with the team's name before them), empty while the project hides them from its
    reviewers: then ``masked`` is true. ``mine``: the person has a private draft about it; ``sent``: the
    person's review of it was sent.
    """

    submission_id: int
    work_id: int
    cohort_id: int
    code: str
    cohort: str
    item_id: int
    number: int
    submitted_at: datetime
    late_seconds: int
    state: WorkState
    names: str
    masked: bool
    mine: bool
    sent: bool

    @property
    def project(self) -> Project:
        return projects.project(self.item_id)

    @property
    def revision(self) -> bool:
        """Whether it is a later version of a work that came back."""
        return self.number > 1


def _queue_lines(person_id: int, keys: Any) -> list[QueueLine]:
    """The lines of these submission ids, oldest first, in one statement."""
    mine = select(ReviewDraft.id).where(
        ReviewDraft.submission_id == SubmissionVersion.id, ReviewDraft.reviewer_id == person_id
    )
    sent = select(Review.id).where(
        Review.submission_id == SubmissionVersion.id, Review.reviewer_id == person_id
    )
    rows = db.session.execute(
        select(
            SubmissionVersion.id,
            SubmissionVersion.work_id,
            SubmissionVersion.cohort_id,
            Cohort.code,
            Cohort.name.label("cohort"),
            Work.item_id,
            Work.name.label("team"),
            SubmissionVersion.submitted_at,
            SubmissionVersion.late_seconds,
            *(until.label(f"until_{at}") for at, until in enumerate(projects.GRANTED)),
            member_names().label("names"),
            mine.correlate(SubmissionVersion).exists().label("mine"),
            sent.correlate(SubmissionVersion).exists().label("own"),
            *facts_columns(),
        )
        .join(Work, Work.id == SubmissionVersion.work_id)
        .join(Cohort, Cohort.id == SubmissionVersion.cohort_id)
        .where(SubmissionVersion.id.in_(keys))
        .order_by(SubmissionVersion.submitted_at, SubmissionVersion.id)
    )
    lines = []
    for row in rows:
        project = projects.project(row.item_id)
        masked = is_blind(project) and not row.released
        lines.append(
            QueueLine(
                submission_id=row.id,
                work_id=row.work_id,
                cohort_id=row.cohort_id,
                code=row.code,
                cohort=row.cohort,
                item_id=row.item_id,
                number=row.number,
                submitted_at=row.submitted_at,
                late_seconds=late_seconds(row.submitted_at, row.late_seconds, row.until_0, row.until_1),
                state=state_of(row, project),
                names="" if masked else with_team(row.team, row.names),
                masked=masked,
                mine=row.mine,
                sent=row.own,
            )
        )
    return lines


def _not_own(person_id: int) -> ColumnElement[bool]:
    """Nobody reviews what is their own (the same as ``access.reviews_here``)."""
    return ~(
        select(WorkMember.id)
        .where(
            WorkMember.work_id == SubmissionVersion.work_id,
            WorkMember.person_id == person_id,
            WorkMember.left_at.is_(None),
        )
        .correlate(SubmissionVersion)
        .exists()
    )


def _keys(
    person: access.Person,
    cohort_ids: Iterable[int],
    condition: ColumnElement[bool],
    limit: int,
    after: tuple[datetime, int] | None = None,
) -> Select[Any] | None:
    """The ids of the oldest versions that meet a condition; None where there is no cohort to look at.

    They are picked cohort by cohort, so that each part reads only the beginning of an index however many
    versions wait elsewhere.
    """
    parts = []
    for cohort_id in sorted(cohort_ids):
        part = (
            select(SubmissionVersion.id.label("id"), SubmissionVersion.submitted_at.label("at"))
            .join(Work, Work.id == SubmissionVersion.work_id)
            .where(SubmissionVersion.cohort_id == cohort_id, condition, _not_own(person.id))
        )
        if after is not None:
            at, last = after
            part = part.where(
                or_(
                    SubmissionVersion.submitted_at > at,
                    and_(SubmissionVersion.submitted_at == at, SubmissionVersion.id > last),
                )
            )
        ordered = part.order_by(SubmissionVersion.submitted_at, SubmissionVersion.id).limit(limit).subquery()
        parts.append(select(ordered.c.id, ordered.c.at))
    if not parts:
        return None
    every = union_all(*parts).subquery() if len(parts) > 1 else parts[0].subquery()
    first = select(every.c.id).order_by(every.c.at, every.c.id).limit(limit).subquery()
    return select(first.c.id)


def _condition(states: Iterable[WorkState]) -> ColumnElement[bool]:
    wanted = frozenset(states)
    if wanted == frozenset(AWAITING):
        return UNSETTLED
    return or_(*(IN_STATE[state] for state in WorkState if state in wanted))


def queue(
    person: access.Person,
    *,
    cohort_id: int | None = None,
    states: Iterable[WorkState] = AWAITING,
    after: str | None = None,
    per_page: int = PER_PAGE,
) -> Page[QueueLine]:
    """The newest versions in these states that the person may review, oldest first, in one statement."""
    key = read_token(after, [datetime, int])
    begin = (key[0], key[1]) if key else None
    keys = _keys(person, facilitated(person, cohort_id), _condition(states), per_page + 1, begin)
    if keys is None:
        return Page([], None, None)
    lines = _queue_lines(person.id, keys)
    following = None
    if len(lines) > per_page:
        lines = lines[:per_page]
        following = token([lines[-1].submitted_at, lines[-1].submission_id])
    return Page(lines, following, after if key else None)


def oldest_waiting(person: access.Person, limit: int) -> list[QueueLine]:
    """What has waited longest for the person's review, in one statement."""
    keys = _keys(person, facilitated(person), UNSETTLED, limit)
    return [] if keys is None else _queue_lines(person.id, keys)


def following(person: access.Person, submission: SubmissionVersion | None = None) -> int | None:
    """The version that waits next after this one for the person's review, from the oldest again after the
    last; None when no other waits. What the person has sent a review of does not wait for the person.
    """
    own = (
        select(Review.id)
        .where(Review.submission_id == SubmissionVersion.id, Review.reviewer_id == person.id)
        .correlate(SubmissionVersion)
        .exists()
    )
    condition = and_(UNSETTLED, ~own)
    cohorts = facilitated(person)
    if submission is not None:
        condition = and_(condition, SubmissionVersion.id != submission.id)
        keys = _keys(person, cohorts, condition, 1, (submission.submitted_at, submission.id))
        found: int | None = None if keys is None else db.session.scalar(keys)
        if found is not None:
            return found
    keys = _keys(person, cohorts, condition, 1)
    first: int | None = None if keys is None else db.session.scalar(keys)
    return first


COUNTED_AT_MOST = 500


@dataclass(frozen=True, slots=True)
class Counts:
    """How many versions are in each state that asks for a reviewer; ``more`` says that counting stopped."""

    waiting: int = 0
    resubmitted: int = 0
    in_review: int = 0
    more: bool = False

    @property
    def total(self) -> int:
        return self.waiting + self.resubmitted + self.in_review


def waiting_counts(person: access.Person) -> Counts:
    """What waits for the person's review, by state, up to ``COUNTED_AT_MOST``; one statement."""
    keys = _keys(person, facilitated(person), UNSETTLED, COUNTED_AT_MOST)
    if keys is None:
        return Counts()
    state = case(
        (STARTED, literal(WorkState.IN_REVIEW.value)),
        (SubmissionVersion.number > 1, literal(WorkState.RESUBMITTED.value)),
        else_=literal(WorkState.WAITING.value),
    )
    found = select(state.label("state")).where(SubmissionVersion.id.in_(keys)).subquery()
    rows = db.session.execute(select(found.c.state, func.count()).group_by(found.c.state))
    counts: dict[str, int] = {state: count for state, count in rows}  # noqa: C416 - rows are not pairs to mypy
    return Counts(
        waiting=counts.get("waiting", 0),
        resubmitted=counts.get("resubmitted", 0),
        in_review=counts.get("in_review", 0),
        more=sum(counts.values()) >= COUNTED_AT_MOST,
    )
