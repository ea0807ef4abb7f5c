"""All that a grade was made of, as stored: reviews, a moderator's ruling, appeals, adjustments, the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select

from lms.courses.models import CourseVersion, GradeEntry, Item
from lms.extensions import db
from lms.grading import content, models, verdict
from lms.grading.adjusting.models import Given, adjustments_of
from lms.grading.appeals.models import AppealLine, appeals_of, changes
from lms.grading.explaining import arithmetic
from lms.grading.explaining.arithmetic import Explanation
from lms.grading.models import Round
from lms.grading.moderation import content as rulings
from lms.grading.moderation.models import Decided
from lms.grading.moderation.models import decided as moderations
from lms.people.models import Person
from lms.projects.models import Workspace, rubric_of, version_of
from lms.rubric import Rubric, Score


@dataclass(frozen=True, slots=True)
class Basis:
    """What a work's grade rests on: the accepted round, its rubric, who decided, what was appealed against."""

    rubric: Rubric
    rounds: Sequence[Round]
    accepted: Round
    ruled: Decided | None
    appeals: Sequence[AppealLine]
    given: dict[int, Given]
    scores: Sequence[dict[str, Score]]
    ruling: dict[str, Score] | None
    base: Decimal
    work: Workspace

    def explain(self, enrolment_id: int | None = None) -> Explanation:
        """The arithmetic of one member's grade, or of the team's."""
        given = self.given.get(enrolment_id) if enrolment_id is not None else None
        return arithmetic.explain(
            self.rubric,
            self.scores,
            self.ruling,
            self.base,
            changes=changes(self.appeals),
            late=self.work.project.late,
            late_seconds=self.rounds[0].late_seconds,
            adjustment=given.points if given else Decimal(0),
        )


def basis_of(work: Workspace) -> Basis | None:
    """What the grade of a work rests on; None before its reviews came to one. At most six statements."""
    rounds = models.rounds_of(work.id)
    decided = [each for each in rounds if each.settled_at is not None]
    accepted = next((each for each in reversed(decided) if each.reviews and not each.returned), None)
    if accepted is None:
        return None
    rubric = rubric_of(version_of(work.item_id), work.project)
    ruled = moderations([accepted.submission_id]).get(accepted.submission_id)
    scores = [content.scores(rubric, review.content) for review in accepted.reviews]
    ruling: dict[str, Score] | None = None
    if ruled is not None:
        sides = [
            rulings.Side(review.id, review.content, review.points)
            for review in accepted.reviews
            if review.points is not None
        ]
        whole = next((side for side in sides if side.id == ruled.row.review_id), None)
        ruling = (
            content.scores(rubric, whole.content)
            if whole is not None
            else rulings.scores(rubric, rulings.decode(ruled.row.content), sides)
        )
    mark = verdict.mark(
        work.project, [review.sent for review in accepted.reviews], ruled.row.points if ruled else None
    )
    if ruled is None and mark.how == "moderated":
        # before moderation was a deed of its own, one review more than asked for decided
        ruling = scores[-1]
    return Basis(
        rubric,
        rounds,
        accepted,
        ruled,
        appeals_of(work.id),
        adjustments_of(work.id) if work.is_team else {},
        scores,
        ruling,
        mark.points,
        work,
    )


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the ledger with the name of who wrote it."""

    entry: GradeEntry
    by: str


def ledger_of(enrolment_id: int, stable_id: str) -> list[Row]:
    """Every decision about a learner's grade in its order; one statement."""
    rows = db.session.execute(
        select(GradeEntry, Person)
        .outerjoin(Person, Person.id == GradeEntry.decided_by)
        .where(GradeEntry.enrolment_id == enrolment_id, GradeEntry.stable_id == stable_id)
        .order_by(GradeEntry.id)
    )
    return [Row(entry, person.full_name if person is not None else "") for entry, person in rows]


@dataclass(frozen=True, slots=True)
class Edition:
    """The course version whose rubric a work is judged by."""

    number: int
    content_hash: str
    title: str
    published_at: datetime


def edition_of(item_id: int) -> Edition:
    """The course version that an item belongs to. Raises LookupError."""
    row = db.session.execute(
        select(
            CourseVersion.number, CourseVersion.content_hash, CourseVersion.title, CourseVersion.published_at
        )
        .join(Item, Item.version_id == CourseVersion.id)
        .where(Item.id == item_id)
    ).first()
    if row is None:
        raise LookupError(f"no item {item_id}")
    return Edition(*row)
