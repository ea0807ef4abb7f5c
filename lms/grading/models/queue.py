"""What waits for a reviewer: the queue, its counts, and what comes next."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
    union_all,
)

from lms import access, formats
from lms.courses.models import Cohort
from lms.extensions import db
from lms.grading import turnaround
from lms.grading.models.reviews import Review, ReviewDraft
from lms.grading.models.standing import (
    AWAITING,
    DISPUTED,
    IN_STATE,
    REFERRED,
    STARTED,
    UNSETTLED,
    allocated_to,
    facilitated,
    facts_columns,
    led,
    member_names,
    names_for_reviewers,
    reviewable,
    state_of,
)
from lms.grading.models.turns import taken_within
from lms.grading.shuffle import factors, place, shuffled
from lms.grading.state import WorkState
from lms.paging import PER_PAGE, Page, past, read_token, token
from lms.projects import models as projects
from lms.projects.deadlines import late_seconds
from lms.projects.models import SubmissionVersion, Work
from lms.projects.models import rubric_of as rubric_of
from lms.projects.reviewers import FIRST, LATER, Allocation, day_of
from lms.projects.source import Project


@dataclass(frozen=True, slots=True)
class QueueLine:
    """A handed-in version in the queue.

    ``late_seconds`` are those that no extension has excused. ``names`` are the members' (with the team's name before them), empty while the project hides them from its
    reviewers: then ``masked`` is true. ``mine``: the person has a private draft about it; ``sent``: the
    person's review of it was sent; ``again``: the person returned an earlier version of it. ``due_at`` is when its
    review was promised.
    """

    submission_id: int
    work_id: int
    cohort_id: int
    code: str
    cohort: str
    item_id: int
    number: int
    submitted_at: datetime
    due_at: datetime
    late_seconds: int
    state: WorkState
    names: str
    masked: bool
    mine: bool
    sent: bool
    again: bool

    @property
    def project(self) -> Project:
        return projects.project(self.item_id)

    @property
    def revision(self) -> bool:
        """Whether it is a later version of a work that came back."""
        return self.number > 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of a queue is asked for: one cohort, one project, some states."""

    cohort_id: int | None = None
    stable_id: str | None = None
    states: frozenset[WorkState] = frozenset(AWAITING)

    @property
    def awaiting(self) -> bool:
        """Whether a reviewer is the one to act on all of it."""
        return self.states <= frozenset(AWAITING)

    @property
    def condition(self) -> ColumnElement[bool]:
        """What a version must meet, beside being somebody's to review."""
        if self.stable_id is None:
            return _condition(self.states)
        return and_(_condition(self.states), Work.stable_id == self.stable_id)


def _condition(states: frozenset[WorkState]) -> ColumnElement[bool]:
    if states == frozenset(AWAITING):
        return true()
    return or_(*(IN_STATE[state] for state in WorkState if state in states))


Key = tuple[Any, ...]
"""Where a line stands: (turn, day, place among equals, id) of what waits, (hand-in, id) of what does not."""

_TURN_KEY, _TIME_KEY = (int, int, int, int), (datetime, int)


def _select_lines(person_id: Any, keys: Any) -> Select[Any]:
    """The lines of these keys in their order, each with its key."""
    mine = select(ReviewDraft.id).where(
        ReviewDraft.submission_id == SubmissionVersion.id, ReviewDraft.reviewer_id == person_id
    )
    sent = select(Review.id).where(
        Review.submission_id == SubmissionVersion.id, Review.reviewer_id == person_id
    )
    order = list(keys.c)
    found: Any = (
        select(
            SubmissionVersion.id,
            SubmissionVersion.work_id,
            SubmissionVersion.cohort_id,
            Cohort.code,
            Cohort.name.label("cohort"),
            Cohort.review_days,
            Work.item_id,
            Work.name.label("team"),
            SubmissionVersion.submitted_at,
            SubmissionVersion.late_seconds,
            *(until.label(f"until_{at}") for at, until in enumerate(projects.GRANTED)),
            member_names().label("names"),
            mine.correlate(SubmissionVersion).exists().label("mine"),
            sent.correlate(SubmissionVersion).exists().label("own"),
            *facts_columns(),
            *(column.label(f"key_{at}") for at, column in enumerate(order)),
        )
        .join(keys, keys.c.id == SubmissionVersion.id)
        .join(Work, Work.id == SubmissionVersion.work_id)
        .join(Cohort, Cohort.id == SubmissionVersion.cohort_id)
        .order_by(*order)
    )
    return cast(Select[Any], found)


def _lines(query: Select[Any], values: dict[str, Any], key_size: int) -> list[tuple[QueueLine, Key]]:
    """What such a statement finds."""
    lines = []
    for row in db.session.execute(query, values):
        project = projects.project(row.item_id)
        names, masked = names_for_reviewers(row, released=row.released)
        key = tuple(row._mapping[f"key_{at}"] for at in range(key_size))
        line = QueueLine(
            submission_id=row.id,
            work_id=row.work_id,
            cohort_id=row.cohort_id,
            code=row.code,
            cohort=row.cohort,
            item_id=row.item_id,
            number=row.number,
            submitted_at=row.submitted_at,
            due_at=turnaround.due(row.submitted_at, row.review_days, formats.DEFAULT_ZONE),
            late_seconds=late_seconds(row.submitted_at, row.late_seconds, row.until_0, row.until_1),
            state=state_of(row, project),
            names=names,
            masked=masked,
            mine=row.mine,
            sent=row.own,
            again=key_size == len(_TURN_KEY) and key[0] == FIRST,
        )
        lines.append((line, key))
    return lines


# What waits is asked for again and again, and putting such a statement together takes far longer than running it: each
# shape of it is made once, and its values come with the question.


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a statement about waiting versions depends on beside its values.

    ``given`` and ``pools`` count the cohorts in which the person is allocated work, and those they lead; ``after`` is
    the turn of the key it begins behind; with ``others`` it leaves out some versions, and what the person need not act on.
    """

    given: int
    pools: int
    states: frozenset[WorkState] = frozenset(AWAITING)
    project: bool = False
    after: int | None = None
    others: bool = False


def _int(name: str) -> BindParameter[int]:
    return bindparam(name, type_=BigInteger)


_ME = _int("me")


def _waiting(shape: _Shape) -> list[tuple[Select[Any], tuple[Any, ...]]]:
    """What waits for a person, in parts that each read only the beginning of an index, with each part's order.

    Per cohort they are the versions allocated to the person, and, of cohorts they lead, those that lack reviewers.
    """
    where = place(SubmissionVersion.id, _int("first"), _int("second"))
    conditions = [UNSETTLED, _condition(shape.states), reviewable(_ME)]
    if shape.project:
        conditions.append(Work.stable_id == bindparam("stable_id"))
    if shape.others:
        own = (
            select(Review.id)
            .where(Review.submission_id == SubmissionVersion.id, Review.reviewer_id == _ME)
            .correlate(SubmissionVersion)
            .exists()
        )
        but = bindparam("but", type_=BigInteger, expanding=True)
        conditions += [~own, ~REFERRED, SubmissionVersion.id.not_in(but)]
    versions = (
        select(SubmissionVersion.id.label("id"), where.label("place"))
        .join(Work, Work.id == SubmissionVersion.work_id)
        .where(*conditions)
    )
    after = [_int(name) for name in ("turn", "day", "place", "id")]
    parts: list[tuple[Select[Any], tuple[Any, ...]]] = []
    for at in range(shape.given):
        order: tuple[Any, ...] = (Allocation.turn, Allocation.waiting_on, where, SubmissionVersion.id)
        given = (
            versions.add_columns(Allocation.turn.label("turn"), Allocation.waiting_on.label("day"))
            .join(Allocation, Allocation.work_id == SubmissionVersion.work_id)
            .where(
                Allocation.reviewer_id == _ME,
                Allocation.cohort_id == _int(f"given_{at}"),
                Allocation.ended_at.is_(None),
                Allocation.waiting_on.is_not(None),
            )
        )
        if shape.after is not None:
            reached = tuple_(Allocation.turn, Allocation.waiting_on) >= tuple_(*after[:2])
            given = given.where(reached, past(order, after))
        parts.append((given, order))
    for at in range(shape.pools):
        pool = versions.add_columns(
            literal(LATER).label("turn"), SubmissionVersion.pool_on.label("day")
        ).where(
            SubmissionVersion.cohort_id == _int(f"pool_{at}"),
            SubmissionVersion.pool_on.is_not(None),
            # what is disputed waits for a decision, whoever reviewed it, and in nobody's own part
            or_(REFERRED, ~allocated_to(_ME)),
        )
        order = (SubmissionVersion.pool_on, where, SubmissionVersion.id)
        if shape.after == LATER:
            pool = pool.where(SubmissionVersion.pool_on >= after[1], past(order, after[1:]))
        parts.append((pool, order))
    return parts


def _first_waiting(shape: _Shape) -> Any:
    """The keys of what waits, its beginning."""
    limit = _int("limit")
    parts = [part.order_by(*order).limit(limit).subquery() for part, order in _waiting(shape)]
    every = union_all(
        *(select(part.c.turn, part.c.day, part.c.place, part.c.id) for part in parts)
    ).subquery()
    order = [every.c.turn, every.c.day, every.c.place, every.c.id]
    return select(*order).order_by(*order).limit(limit).subquery()


@lru_cache(maxsize=64)
def _waiting_lines(shape: _Shape) -> Select[Any]:
    return _select_lines(_ME, _first_waiting(shape))


@lru_cache(maxsize=64)
def _waiting_ids(shape: _Shape) -> Select[Any]:
    return select(_first_waiting(shape).c.id)


def _asked(
    person: access.Person,
    wanted: Wanted,
    limit: int,
    after: Key | None = None,
    *,
    but: Collection[int] | None = None,
) -> tuple[_Shape, dict[str, Any]] | None:
    """The shape of a question and its values; None where there is nowhere to look.

    With ``but`` only what the person is to act on, without these versions.
    """
    given, pools = sorted(facilitated(person, wanted.cohort_id)), sorted(led(person, wanted.cohort_id))
    if not given:
        return None
    first, second = factors(person.id)
    values: dict[str, Any] = {"me": person.id, "first": first, "second": second, "limit": limit}
    values |= {f"given_{at}": cohort_id for at, cohort_id in enumerate(given)}
    values |= {f"pool_{at}": cohort_id for at, cohort_id in enumerate(pools)}
    if wanted.stable_id is not None:
        values["stable_id"] = wanted.stable_id
    if after is not None:
        values |= dict(zip(("turn", "day", "place", "id"), after, strict=True))
    if but is not None:
        values["but"] = list(but)
    shape = _Shape(
        len(given),
        len(pools),
        wanted.states,
        wanted.stable_id is not None,
        None if after is None else LATER if after[0] == LATER else FIRST,
        but is not None,
    )
    return shape, values


def _first_seen(person: access.Person, wanted: Wanted, limit: int, after: Key | None = None) -> Any | None:
    """The keys of what the person may look at, whoever is to act, oldest first; None where there is nowhere to look."""
    parts = []
    order = (SubmissionVersion.submitted_at, SubmissionVersion.id)
    everything = led(person, wanted.cohort_id)
    for cohort_id in sorted(facilitated(person, wanted.cohort_id)):
        part = (
            select(SubmissionVersion.submitted_at.label("at"), SubmissionVersion.id.label("id"))
            .join(Work, Work.id == SubmissionVersion.work_id)
            .where(SubmissionVersion.cohort_id == cohort_id, wanted.condition, reviewable(person.id))
        )
        if cohort_id not in everything:
            part = part.where(allocated_to(person.id))
        if after is not None:
            part = part.where(past(order, after))
        parts.append(part.order_by(*order).limit(limit).subquery())
    if not parts:
        return None
    every = union_all(*(select(part.c.at, part.c.id) for part in parts)).subquery()
    return select(every.c.at, every.c.id).order_by(every.c.at, every.c.id).limit(limit).subquery()


def queue(
    person: access.Person,
    *,
    cohort_id: int | None = None,
    stable_id: str | None = None,
    states: Iterable[WorkState] = AWAITING,
    after: str | None = None,
    per_page: int = PER_PAGE,
) -> Page[QueueLine]:
    """The newest versions in these states that the person is to review, in one statement.

    What waits: what the person returned and got back first, then by the day it was handed in, then in the person's
    own order. What does not wait any more: by hand-in, the oldest first.
    """
    wanted = Wanted(cohort_id, stable_id, frozenset(states))
    kinds = _TURN_KEY if wanted.awaiting else _TIME_KEY
    key = read_token(after, kinds)
    begin = tuple(key) if key else None
    if wanted.awaiting:
        asked = _asked(person, wanted, per_page + 1, begin)
        lines = _lines(_waiting_lines(asked[0]), asked[1], len(kinds)) if asked else []
    else:
        keys = _first_seen(person, wanted, per_page + 1, begin)
        lines = [] if keys is None else _lines(_select_lines(person.id, keys), {}, len(kinds))
    following = None
    if len(lines) > per_page:
        lines = lines[:per_page]
        following = token(lines[-1][1])
    return Page([line for line, _ in lines], following, after if key else None)


def oldest_waiting(person: access.Person, limit: int) -> list[QueueLine]:
    """What the person is to review first, in one statement."""
    asked = _asked(person, Wanted(), limit)
    if asked is None:
        return []
    return [line for line, _ in _lines(_waiting_lines(asked[0]), asked[1], len(_TURN_KEY))]


def following(
    person: access.Person, submission: SubmissionVersion | None = None, *, now: datetime
) -> int | None:
    """The version that waits next after this one for the person's review, from the first again after the
    last; None when no other waits. What the person has sent a review of does not wait for the person, and
    what others are reviewing at this moment is passed over.
    """
    cohorts = facilitated(person)
    if not cohorts:
        return None
    but = set(taken_within(person.id, sorted(cohorts), now=now))
    begins: list[Key | None] = [None]
    if submission is not None:
        but.add(submission.id)
        begins.insert(0, _key_of(person, submission))
    for begin in begins:
        asked = _asked(person, Wanted(), 1, begin, but=but)
        found: int | None = db.session.scalar(_waiting_ids(asked[0]), asked[1]) if asked else None
        if found is not None:
            return found
    return None


def _key_of(person: access.Person, submission: SubmissionVersion) -> Key:
    """Where a version stands, or stood, in the person's queue."""
    turn = db.session.scalar(
        select(Allocation.turn).where(
            Allocation.work_id == submission.work_id,
            Allocation.reviewer_id == person.id,
            Allocation.ended_at.is_(None),
        )
    )
    return (
        LATER if turn is None else turn,
        day_of(submission.submitted_at),
        shuffled(person.id, submission.id),
        submission.id,
    )


COUNTED_AT_MOST = 500


@dataclass(frozen=True, slots=True)
class Counts:
    """How many versions are in each state that asks for a reviewer; ``more`` says that counting stopped."""

    waiting: int = 0
    resubmitted: int = 0
    in_review: int = 0
    moderation: int = 0
    more: bool = False

    @property
    def total(self) -> int:
        return self.waiting + self.resubmitted + self.in_review + self.moderation


@lru_cache(maxsize=64)
def _waiting_states(shape: _Shape) -> Select[Any]:
    limit = _int("limit")
    # in the order of the index and no finer: that is read to the limit, without sorting
    parts = [part.order_by(*order[:-2]).limit(limit).subquery() for part, order in _waiting(shape)]
    every = union_all(*(select(part.c.id) for part in parts)).subquery()
    state = case(
        (DISPUTED, literal(WorkState.MODERATION.value)),
        (STARTED, literal(WorkState.IN_REVIEW.value)),
        (SubmissionVersion.number > 1, literal(WorkState.RESUBMITTED.value)),
        else_=literal(WorkState.WAITING.value),
    )
    first = select(every.c.id).limit(limit)
    found = select(state.label("state")).where(SubmissionVersion.id.in_(first)).subquery()
    return select(found.c.state, func.count()).group_by(found.c.state)


def waiting_counts(person: access.Person) -> Counts:
    """What waits for the person's review, by state, up to ``COUNTED_AT_MOST``; one statement."""
    asked = _asked(person, Wanted(), COUNTED_AT_MOST)
    if asked is None:
        return Counts()
    rows = db.session.execute(_waiting_states(asked[0]), asked[1])
    counts: dict[str, int] = {state: count for state, count in rows}  # noqa: C416 - rows are not pairs to mypy
    return Counts(
        waiting=counts.get("waiting", 0),
        resubmitted=counts.get("resubmitted", 0),
        in_review=counts.get("in_review", 0),
        moderation=counts.get("moderation", 0),
        more=sum(counts.values()) >= COUNTED_AT_MOST,
    )
