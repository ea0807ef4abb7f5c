"""What the review desk reads of a version: where it comes from, its sections, its reviews."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
)

from lms import anchors
from lms.anchors import Anchor
from lms.courses.models import Cohort, Item, item_source
from lms.extensions import db
from lms.grading import content
from lms.grading.content import ReviewContent
from lms.grading.models.reviews import Review
from lms.grading.models.rubrics import judged_by
from lms.grading.models.standing import IS_RELEASED, member_names, names_for_reviewers
from lms.grading.verdict import Sent
from lms.people import identity
from lms.people.models import Person
from lms.projects import models as projects
from lms.projects.checks import Finding
from lms.projects.checks import run as run_checks
from lms.projects.content import decode as decode_part
from lms.projects.deadlines import Extension, late_seconds
from lms.projects.models import ImprovementNote, SubmissionPart, SubmissionVersion, Work, WorkMember
from lms.projects.models import rubric_of as rubric_of


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a handed-in version comes from, the course version whose rubric it is judged by, and whether its names are hidden from reviewers."""

    code: str
    cohort: str
    version_id: int
    names: str
    masked: bool
    released: bool


# Statements are put together once: that takes longer than running them.


@cache
def _setting() -> Any:
    return (
        select(
            Cohort.code,
            Cohort.name,
            func.coalesce(judged_by(), Item.version_id).label("version_id"),
            Work.item_id,
            Work.name.label("team"),
            member_names().label("names"),
            IS_RELEASED.label("released"),
        )
        .join(Cohort, Cohort.id == Work.cohort_id)
        .join(Item, Item.id == Work.item_id)
        .where(Work.id == bindparam("work"))
    )


def setting_of(work_id: int) -> Setting:
    """The cohort, course version and members of a work in one statement. Raises LookupError."""
    row = db.session.execute(_setting(), {"work": work_id}).first()
    if row is None:
        raise LookupError(f"no work {work_id}")
    names, masked = names_for_reviewers(row, released=row.released)
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
    values = {"work": work_id, "numbers": list(numbers)}
    rows: Any = db.session.execute(_parts(read is None), values if read is None else values | {"read": read})
    found: dict[int, dict[str, PartLine]] = {}
    for number, *columns in rows:
        line = PartLine(*columns)
        found.setdefault(number, {})[line.section_id] = line
    return found


@cache
def _parts(every: bool) -> Any:
    text: ColumnElement[str] = (
        SubmissionPart.content.expression
        if every
        else case((SubmissionPart.section_id == bindparam("read"), SubmissionPart.content), else_=literal(""))
    )
    return (
        select(
            SubmissionVersion.number,
            SubmissionPart.section_id,
            SubmissionPart.sha256,
            SubmissionPart.words,
            SubmissionPart.carried_from,
            text,
        )
        .join(SubmissionVersion, SubmissionVersion.id == SubmissionPart.submission_id)
        .where(
            SubmissionVersion.work_id == bindparam("work"),
            SubmissionVersion.number.in_(bindparam("numbers", expanding=True)),
        )
        .order_by(SubmissionVersion.number, SubmissionPart.position)
    )


def findings_of(submission: SubmissionVersion) -> Mapping[str, Sequence[Finding]]:
    """What the checks find in a version, by section; kept in memory, since neither ever changes.

    One statement the first time.
    """
    item_id = submission.work.item_id
    return _found(item_source(item_id)[1], item_id, submission.id, submission.sha256)


@lru_cache(maxsize=128)
def _found(
    _definition: str, item_id: int, submission_id: int, _sha256: str
) -> Mapping[str, Sequence[Finding]]:
    rows = db.session.execute(
        select(SubmissionPart.section_id, SubmissionPart.content).where(
            SubmissionPart.submission_id == submission_id
        )
    )
    held = {section_id: decode_part(text) for section_id, text in rows}
    found: dict[str, list[Finding]] = {}
    for finding in run_checks(projects.project(item_id), held):
        found.setdefault(finding.section, []).append(finding)
    return found


class NoteLine(NamedTuple):
    """A note of the version before, which the version answers, as the desk shows it (see ``ImprovementNote``)."""

    id: int
    section_id: str
    version: int
    author_id: int
    must: bool
    kind: str
    anchor: str
    text: str
    reply: str
    reply_kind: str

    @property
    def answerable(self) -> bool:
        """Whether it asks for anything."""
        return self.kind != "praise"

    @property
    def place(self) -> Anchor | None:
        """Where it stands; None for the whole section."""
        return anchors.decode(self.anchor)


@cache
def _notes() -> Any:
    return (
        select(*(getattr(ImprovementNote, name) for name in NoteLine._fields))
        .where(ImprovementNote.work_id == bindparam("work"), ImprovementNote.version == bindparam("version"))
        .order_by(ImprovementNote.id)
    )


def notes_before(work_id: int, number: int) -> list[NoteLine]:
    """The notes that a version answers, in order: those of the one before it; no statement for the first."""
    if number == 1:
        return []
    rows = db.session.execute(_notes(), {"work": work_id, "version": number - 1})
    return [NoteLine(*row) for row in rows]


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
    round_number: int
    submitted_at: datetime
    late_seconds: int
    receipt: str
    settled_at: datetime | None
    reviews: tuple[ReviewLine, ...]

    @property
    def returned(self) -> bool:
        return any(review.outcome == "returned" for review in self.reviews)


@cache
def _rounds() -> Any:
    return (
        select(
            SubmissionVersion.id,
            SubmissionVersion.number,
            SubmissionVersion.round_number,
            SubmissionVersion.submitted_at,
            SubmissionVersion.late_seconds,
            SubmissionVersion.receipt,
            SubmissionVersion.settled_at,
            Review.id.label("review"),
            Review.reviewer_id,
            Review.outcome,
            Review.content,
            Review.points,
            Review.sent_at,
            Person.name,
            Person.title_before,
            Person.title_after,
            SubmissionVersion.work_id,
        )
        .outerjoin(Review, Review.submission_id == SubmissionVersion.id)
        .outerjoin(Person, Person.id == Review.reviewer_id)
        .where(SubmissionVersion.work_id.in_(bindparam("works", expanding=True)))
        .order_by(SubmissionVersion.work_id, SubmissionVersion.number, Review.sent_at, Review.id)
    )


def rounds_of(work_id: int) -> list[Round]:
    """All versions of a work with their sent reviews, oldest first; one statement, two where the first came late."""
    return rounds_of_all([work_id]).get(work_id, [])


def rounds_of_all(work_ids: Sequence[int]) -> dict[int, list[Round]]:
    """The same of several works, by work; as many statements as for one."""
    found: dict[int, list[Round]] = {}
    for row in db.session.execute(_rounds(), {"works": list(work_ids)}):
        rounds = found.setdefault(row.work_id, [])
        if not rounds or rounds[-1].submission_id != row.id:
            rounds.append(
                Round(
                    row.id,
                    row.number,
                    row.round_number,
                    row.submitted_at,
                    row.late_seconds,
                    row.receipt,
                    row.settled_at,
                    (),
                )
            )
        if row.review is not None:
            line = ReviewLine(
                row.review,
                row.reviewer_id,
                identity.full_name(row.title_before, row.name, row.title_after),
                row.outcome,
                content.decode(row.content),
                row.points,
                row.sent_at,
            )
            rounds[-1] = replace(rounds[-1], reviews=(*rounds[-1].reviews, line))
    late = {
        work_id: rounds[-1].settled_at if rounds[-1].reviews and not rounds[-1].returned else None
        for work_id, rounds in found.items()
        if rounds[0].late_seconds
    }
    for work_id, seconds in first_late_seconds_of(late).items():
        found[work_id][0] = replace(found[work_id][0], late_seconds=seconds)
    return found


def first_late_seconds(work_id: int) -> int:
    """How late the first version came, after what was granted until now; one statement."""
    return first_late_seconds_of({work_id: None}).get(work_id, 0)


def first_late_seconds_of(graded: Mapping[int, datetime | None]) -> dict[int, int]:
    """How late the first versions of works came, by work; one statement, none without a work.

    ``graded`` names the works, each with the moment until which what was granted counts (None: until now).
    """
    if not graded:
        return {}
    standing = select(WorkMember.enrolment_id).where(
        WorkMember.work_id == Work.id, WorkMember.left_at.is_(None)
    )
    rows = db.session.execute(
        select(
            SubmissionVersion.work_id,
            SubmissionVersion.submitted_at,
            SubmissionVersion.late_seconds,
            Extension.until,
            Extension.granted_at,
        )
        .join(Work, Work.id == SubmissionVersion.work_id)
        .outerjoin(
            Extension,
            and_(
                Extension.cohort_id == Work.cohort_id,
                Extension.stable_id == Work.stable_id,
                or_(Extension.enrolment_id.is_(None), Extension.enrolment_id.in_(standing.correlate(Work))),
            ),
        )
        .where(SubmissionVersion.work_id.in_(list(graded)), SubmissionVersion.number == 1)
    )
    first: dict[int, tuple[datetime, int]] = {}
    untils: dict[int, list[datetime]] = {}
    for work_id, submitted_at, recorded, until, granted_at in rows:
        first[work_id] = submitted_at, recorded
        end = graded[work_id]
        if until is not None and (end is None or granted_at <= end):
            untils.setdefault(work_id, []).append(until)
    return {
        work_id: late_seconds(submitted_at, recorded, *untils.get(work_id, ()))
        for work_id, (submitted_at, recorded) in first.items()
    }
