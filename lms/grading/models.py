"""Reviews: a private autosaved draft until sent, then immutable; the queue, and where each work stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    ScalarSelect,
    Select,
    String,
    Text,
    UniqueConstraint,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Mapped, aliased, mapped_column, relationship

from lms import access
from lms.courses.models import Cohort, CohortFacilitator, Enrolment, GradeEntry, Item
from lms.extensions import Base, Key, db
from lms.grading import content
from lms.grading.content import ReviewContent
from lms.grading.state import WorkFacts, WorkState, work_state
from lms.grading.verdict import Sent
from lms.paging import PER_PAGE, Page, read_token, token
from lms.people.models import Person
from lms.projects import models as projects
from lms.projects.deadlines import Extension, late_seconds
from lms.projects.models import SubmissionPart, SubmissionVersion, Work, WorkMember, is_blind
from lms.projects.models import rubric_of as rubric_of
from lms.projects.source import Project


class ReviewDraft(Base):
    """What a reviewer is writing about one version; nobody else sees it.

    ``revision`` is its compare-and-set counter. Sending the review takes the draft away.
    """

    __tablename__ = "review_draft"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission_version.id"))
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    content: Mapped[str] = mapped_column(Text)
    revision: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    submission: Mapped[SubmissionVersion] = relationship()

    __table_args__ = (
        UniqueConstraint("submission_id", "reviewer_id"),
        Index("ix_review_draft_reviewer_id", "reviewer_id"),
    )


class Review(Base):
    """A sent review: scores, comments and decisions as they were, with the points they gave (0..100)."""

    __tablename__ = "review"
    __immutable__ = True

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission_version.id"))
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    number: Mapped[int]
    outcome: Mapped[str] = mapped_column(String(10))
    content: Mapped[str] = mapped_column(Text)
    points: Mapped[Decimal | None]
    sent_at: Mapped[datetime]

    submission: Mapped[SubmissionVersion] = relationship()

    __table_args__ = (
        # ``number`` counts a reviewer's reviews of one version: a later one supersedes, none is changed
        UniqueConstraint("submission_id", "reviewer_id", "number"),
        CheckConstraint("outcome in ('accepted', 'returned')", name="outcome"),
        Index("ix_review_reviewer_id", "reviewer_id"),
    )

    @property
    def cohort_id(self) -> int:
        return self.submission.cohort_id

    @property
    def member_ids(self) -> frozenset[int]:
        return self.submission.member_ids


class Adjustment(Base):
    """Points that one member of a team gets more (or fewer, below 0) than the team's grade, and why.

    Rows are added, never changed: a member's newest counts, and 0 takes back what was before.
    """

    __tablename__ = "adjustment"
    __immutable__ = True

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    work_id: Mapped[int] = mapped_column(ForeignKey("work.id"))
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))
    points: Mapped[Decimal]
    reason: Mapped[str] = mapped_column(String(300))
    decided_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_adjustment_work_id", "work_id", "enrolment_id", "id"),
        Index("ix_adjustment_enrolment_id", "enrolment_id"),
        Index("ix_adjustment_decided_by", "decided_by"),
    )


# Where works stand. These expressions are about one row of ``SubmissionVersion`` joined to its ``Work``.

DECIDED = ("agreed", "moderated", "released", "appealed", "revised")
VISIBLE = ("released", "revised")


def _counted(query: Select[Any]) -> ScalarSelect[int]:
    return query.correlate(SubmissionVersion).scalar_subquery()


_DRAFTED = _counted(
    select(func.count(ReviewDraft.id)).where(ReviewDraft.submission_id == SubmissionVersion.id)
)
_REVIEWED = _counted(select(func.count(Review.id)).where(Review.submission_id == SubmissionVersion.id))


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


_IS_GRADED = _ledger(DECIDED)
_IS_RELEASED = _ledger(VISIBLE)
_STARTED = or_(
    select(ReviewDraft.id)
    .where(ReviewDraft.submission_id == SubmissionVersion.id)
    .correlate(SubmissionVersion)
    .exists(),
    select(Review.id)
    .where(Review.submission_id == SubmissionVersion.id)
    .correlate(SubmissionVersion)
    .exists(),
)
_UNSETTLED = SubmissionVersion.settled_at.is_(None)
_newer = aliased(SubmissionVersion)
_NEWEST = ~(
    select(_newer.id)
    .where(_newer.work_id == SubmissionVersion.work_id, _newer.number > SubmissionVersion.number)
    .correlate(SubmissionVersion)
    .exists()
)
# ``state.work_state`` decides; these only pick the rows of a state for a list, and a test holds them to it.
_IN_STATE: dict[WorkState, ColumnElement[bool]] = {
    WorkState.WAITING: and_(_UNSETTLED, SubmissionVersion.number == 1, ~_STARTED),
    WorkState.RESUBMITTED: and_(_UNSETTLED, SubmissionVersion.number > 1, ~_STARTED),
    WorkState.IN_REVIEW: and_(_UNSETTLED, _STARTED),
    WorkState.RETURNED: and_(~_UNSETTLED, _NEWEST, ~_IS_GRADED),
    WorkState.GRADED: and_(~_UNSETTLED, _NEWEST, _IS_GRADED, ~_IS_RELEASED),
    WorkState.RELEASED: and_(~_UNSETTLED, _NEWEST, _IS_RELEASED),
}
AWAITING = (WorkState.WAITING, WorkState.RESUBMITTED, WorkState.IN_REVIEW)


def _facts_columns() -> list[Any]:
    return [
        SubmissionVersion.number,
        _DRAFTED.label("drafted"),
        _REVIEWED.label("sent"),
        _counted(
            select(func.count(Review.id)).where(
                Review.submission_id == SubmissionVersion.id, Review.outcome == "returned"
            )
        ).label("returned"),
        _IS_GRADED.label("graded"),
        _IS_RELEASED.label("released"),
    ]


def _state(row: Any, project: Project) -> WorkState:
    state = work_state(
        WorkFacts(
            version=row.number,
            needed=project.graders,
            started=row.drafted + row.sent,
            sent=row.sent,
            returned=row.returned > 0,
            graded=row.graded,
            released=row.released,
        )
    )
    assert state is not None  # there is a version
    return state


def _names() -> ScalarSelect[str]:
    return (
        select(func.aggregate_strings(Person.name, ", "))
        .join(WorkMember, WorkMember.person_id == Person.id)
        .where(WorkMember.work_id == Work.id, WorkMember.left_at.is_(None))
        .correlate(Work)
        .scalar_subquery()
    )


# The queue


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
            _names().label("names"),
            mine.correlate(SubmissionVersion).exists().label("mine"),
            sent.correlate(SubmissionVersion).exists().label("own"),
            *_facts_columns(),
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
                state=_state(row, project),
                names="" if masked else with_team(row.team, row.names),
                masked=masked,
                mine=row.mine,
                sent=row.own,
            )
        )
    return lines


def with_team(team: str, names: str | None) -> str:
    """A team's name with its members behind it, or the members alone."""
    return f"{team} ({names})" if team and names else team or names or ""


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


def _facilitated(person: access.Person, cohort_id: int | None = None) -> frozenset[int]:
    """The cohorts whose handed-in work the person reviews."""
    if not person.facilitator:
        return frozenset()
    return person.facilitates if cohort_id is None else person.facilitates & {cohort_id}


def _condition(states: Iterable[WorkState]) -> ColumnElement[bool]:
    wanted = frozenset(states)
    if wanted == frozenset(AWAITING):
        return _UNSETTLED
    return or_(*(_IN_STATE[state] for state in WorkState if state in wanted))


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
    keys = _keys(person, _facilitated(person, cohort_id), _condition(states), per_page + 1, begin)
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
    keys = _keys(person, _facilitated(person), _UNSETTLED, limit)
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
    condition = and_(_UNSETTLED, ~own)
    cohorts = _facilitated(person)
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
    keys = _keys(person, _facilitated(person), _UNSETTLED, COUNTED_AT_MOST)
    if keys is None:
        return Counts()
    state = case(
        (_STARTED, literal(WorkState.IN_REVIEW.value)),
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


# The desk


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a handed-in version comes from, and whether its names are hidden from reviewers."""

    code: str
    cohort: str
    version_id: int
    names: str
    masked: bool
    released: bool


def setting_of(work_id: int) -> Setting:
    """The cohort, course version and members of a work in one statement. Raises LookupError."""
    row = db.session.execute(
        select(
            Cohort.code,
            Cohort.name,
            Item.version_id,
            Work.item_id,
            Work.name.label("team"),
            _names().label("names"),
            _IS_RELEASED.label("released"),
        )
        .join(Cohort, Cohort.id == Work.cohort_id)
        .join(Item, Item.id == Work.item_id)
        .where(Work.id == work_id)
    ).first()
    if row is None:
        raise LookupError(f"no work {work_id}")
    masked = is_blind(projects.project(row.item_id)) and not row.released
    names = "" if masked else with_team(row.team, row.names)
    return Setting(row.code, row.name, row.version_id, names, masked, row.released)


@dataclass(frozen=True, slots=True)
class PartLine:
    """A section of a version; ``text`` is its content as JSON, empty for sections that are not read."""

    section_id: str
    sha256: str
    words: int
    carried_from: int | None
    text: str


def parts_of(work_id: int, numbers: Sequence[int], read: str | None) -> dict[int, dict[str, PartLine]]:
    """The sections of these versions by number and id, with the content of one (None: all); one statement."""
    text: ColumnElement[str] = (
        case((SubmissionPart.section_id == read, SubmissionPart.content), else_=literal(""))
        if read is not None
        else SubmissionPart.content.expression
    )
    rows: Any = db.session.execute(
        select(
            SubmissionVersion.number,
            SubmissionPart.section_id,
            SubmissionPart.sha256,
            SubmissionPart.words,
            SubmissionPart.carried_from,
            text,
        )
        .join(SubmissionVersion, SubmissionVersion.id == SubmissionPart.submission_id)
        .where(SubmissionVersion.work_id == work_id, SubmissionVersion.number.in_(numbers))
        .order_by(SubmissionVersion.number, SubmissionPart.position)
    )
    found: dict[int, dict[str, PartLine]] = {}
    for number, *columns in rows:
        line = PartLine(*columns)
        found.setdefault(number, {})[line.section_id] = line
    return found


class ReviewLine(NamedTuple):
    """A sent review with who sent it."""

    id: int
    reviewer_id: int
    reviewer: str
    outcome: str
    content: ReviewContent
    points: Decimal | None
    sent_at: datetime

    @property
    def sent(self) -> Sent:
        """What the verdict needs of it."""
        return Sent(self.content, "returned" if self.outcome == "returned" else "accepted", self.points)


@dataclass(frozen=True, slots=True)
class Round:
    """A version with the reviews of it that were sent, in order; ``settled_at`` is when they decided.

    ``late_seconds`` are those that count: what was granted until the work was graded excuses.
    """

    submission_id: int
    number: int
    submitted_at: datetime
    late_seconds: int
    receipt: str
    settled_at: datetime | None
    reviews: tuple[ReviewLine, ...]

    @property
    def returned(self) -> bool:
        return any(review.outcome == "returned" for review in self.reviews)


def rounds_of(work_id: int) -> list[Round]:
    """All versions of a work with their sent reviews, oldest first; one statement, two where the first came late."""
    rows = db.session.execute(
        select(SubmissionVersion, Review, Person)
        .outerjoin(Review, Review.submission_id == SubmissionVersion.id)
        .outerjoin(Person, Person.id == Review.reviewer_id)
        .where(SubmissionVersion.work_id == work_id)
        .order_by(SubmissionVersion.number, Review.sent_at, Review.id)
    )
    found: dict[int, tuple[SubmissionVersion, list[ReviewLine]]] = {}
    for version, review, reviewer in rows:
        _, reviews = found.setdefault(version.id, (version, []))
        if review is not None:
            reviews.append(
                ReviewLine(
                    review.id,
                    review.reviewer_id,
                    reviewer.full_name,
                    review.outcome,
                    content.decode(review.content),
                    review.points,
                    review.sent_at,
                )
            )
    rounds = [
        Round(
            version.id,
            version.number,
            version.submitted_at,
            version.late_seconds,
            version.receipt,
            version.settled_at,
            tuple(reviews),
        )
        for version, reviews in found.values()
    ]
    if rounds and rounds[0].late_seconds:
        last = rounds[-1]
        graded_at = last.settled_at if last.reviews and not last.returned else None
        rounds[0] = replace(rounds[0], late_seconds=first_late_seconds(work_id, graded_at))
    return rounds


def first_late_seconds(work_id: int, graded_at: datetime | None = None) -> int:
    """How late the first version came, after what was granted (until the work was graded, where it is); one statement."""
    granted = select(func.max(Extension.until)).where(
        Extension.cohort_id == Work.cohort_id, Extension.stable_id == Work.stable_id
    )
    if graded_at is not None:
        granted = granted.where(Extension.granted_at <= graded_at)
    standing = select(WorkMember.enrolment_id).where(
        WorkMember.work_id == Work.id, WorkMember.left_at.is_(None)
    )
    row = db.session.execute(
        select(
            SubmissionVersion.submitted_at,
            SubmissionVersion.late_seconds,
            granted.where(Extension.enrolment_id.is_(None)).correlate(Work).scalar_subquery(),
            granted.where(Extension.enrolment_id.in_(standing.correlate(Work)))
            .correlate(Work)
            .scalar_subquery(),
        )
        .join(Work, Work.id == SubmissionVersion.work_id)
        .where(SubmissionVersion.work_id == work_id)
        .order_by(SubmissionVersion.number)
        .limit(1)
    ).first()
    return late_seconds(*row) if row else 0


def draft_of(submission_id: int, reviewer_id: int) -> ReviewDraft | None:
    """The reviewer's private draft about a version."""
    return db.session.scalar(
        select(ReviewDraft).where(
            ReviewDraft.submission_id == submission_id, ReviewDraft.reviewer_id == reviewer_id
        )
    )


# The grades of a cohort


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
    newest = and_(SubmissionVersion.work_id == Work.id, _NEWEST)
    rows = db.session.execute(
        select(
            WorkMember.enrolment_id,
            Work.id,
            Work.stable_id,
            Work.item_id,
            SubmissionVersion.id.label("submission_id"),
            *_facts_columns(),
        )
        .select_from(WorkMember)
        .join(Work, Work.id == WorkMember.work_id)
        .outerjoin(SubmissionVersion, newest)
        .where(WorkMember.enrolment_id.in_(enrolment_ids), WorkMember.left_at.is_(None))
    )
    found = {}
    for row in rows:
        state = _state(row, projects.project(row.item_id)) if row.submission_id is not None else None
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
    adjusted: int = 0

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
    members = (
        select(func.aggregate_strings(cast(WorkMember.person_id, String), ","))
        .where(WorkMember.work_id == Work.id, WorkMember.left_at.is_(None))
        .correlate(Work)
        .scalar_subquery()
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
        .order_by(GradeEntry.id.desc())
        .limit(1)
        .correlate(Work)
        .scalar_subquery()
    )
    newer = aliased(Adjustment)
    adjusted = (
        select(func.count(Adjustment.id))
        .join(WorkMember, WorkMember.enrolment_id == Adjustment.enrolment_id)
        .where(
            Adjustment.work_id == Work.id,
            Adjustment.points != Decimal(0),
            WorkMember.work_id == Work.id,
            WorkMember.left_at.is_(None),
            ~select(newer.id)
            .where(
                newer.work_id == Adjustment.work_id,
                newer.enrolment_id == Adjustment.enrolment_id,
                newer.id > Adjustment.id,
            )
            .exists(),
        )
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
            _names().label("names"),
            points.label("points"),
            members.label("members"),
            adjusted.label("adjusted"),
        )
        .join(SubmissionVersion, SubmissionVersion.work_id == Work.id)
        .where(Work.cohort_id == cohort_id, _IN_STATE[WorkState.GRADED])
        .order_by(Work.id)
        .limit(limit)
    )
    if work_ids is not None:
        query = query.where(Work.id.in_(work_ids))
    found = []
    for row in db.session.execute(query):
        masked = is_blind(projects.project(row.item_id))
        found.append(
            Ready(
                row.id,
                row.cohort_id,
                row.item_id,
                row.stable_id,
                row.submission_id,
                row.number,
                "" if masked else with_team(row.team, row.names),
                masked,
                row.points,
                frozenset(int(part) for part in row.members.split(",")) if row.members else frozenset(),
                row.adjusted,
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


def cohorts_facilitated(person: access.Person) -> list[tuple[int, str, str]]:
    """The (id, code, name) of the cohorts the person facilitates, latest end first; one statement."""
    if not _facilitated(person):
        return []
    rows = db.session.execute(
        select(Cohort.id, Cohort.code, Cohort.name)
        .join(CohortFacilitator, CohortFacilitator.cohort_id == Cohort.id)
        .where(CohortFacilitator.person_id == person.id)
        .order_by(Cohort.ends_at.desc(), Cohort.id.desc())
        .limit(100)
    )
    return [(row.id, row.code, row.name) for row in rows]
