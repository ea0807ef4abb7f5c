"""All that a grade was made of, as stored: reviews, a moderator's ruling, appeals, adjustments, the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from sqlalchemy import select

from lms import rubric as rubrics
from lms.courses.models import CourseVersion, GradeEntry
from lms.extensions import db
from lms.grading import content, models, verdict
from lms.grading.adjusting.models import Given, adjustments_of_all
from lms.grading.appeals.models import AppealLine, appeals_of_all, changes
from lms.grading.explaining import arithmetic
from lms.grading.explaining.arithmetic import Explanation
from lms.grading.models import ReviewLine, Round
from lms.grading.models.rubrics import rubric_version
from lms.grading.moderation import content as rulings
from lms.grading.moderation.models import Decided
from lms.grading.moderation.models import decided as moderations
from lms.people.models import Person
from lms.projects.models import Workspace, rubric_of
from lms.projects.source import Project
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


@dataclass(frozen=True, slots=True)
class Settled:
    """What the reviews of an accepted version come to by a rubric; ``points`` are each review's."""

    scores: Sequence[dict[str, Score]]
    ruling: dict[str, Score] | None
    points: Sequence[Decimal | None]
    base: Decimal


def settled(
    rubric: Rubric, project: Project, reviews: Sequence[ReviewLine], ruled: Decided | None
) -> Settled:
    """Read the reviews of an accepted version by a rubric, also by a newer one than they were written for.

    By the rubric they were written for this gives exactly the points that they were sent with.
    """
    scores = [content.scores(rubric, review.content) for review in reviews]
    ruling: dict[str, Score] | None = None
    if ruled is not None:
        sides = [
            rulings.Side(review.id, review.content, review.points)
            for review in reviews
            if review.points is not None
        ]
        whole = next((side for side in sides if side.id == ruled.row.review_id), None)
        ruling = (
            content.scores(rubric, whole.content)
            if whole is not None
            else rulings.scores(rubric, rulings.decode(ruled.row.content), sides)
        )
    mark = verdict.mark(project, [review.sent for review in reviews], ruled.row.points if ruled else None)
    if ruled is None and mark.how == "moderated":
        # before moderation was a deed of its own, one review more than asked for decided
        ruling = scores[-1]
    points = [
        found if (found := rubrics.points(rubric, each)) is not None else review.points
        for each, review in zip(scores, reviews, strict=True)
    ]
    if ruling is not None:
        held = rubrics.points(rubric, ruling)
        return Settled(scores, ruling, points, held if held is not None else mark.points)
    total = sum((Fraction(each) for each in points if each is not None), Fraction(0))
    return Settled(scores, None, points, arithmetic.tidy(total / len(points)))


def basis_of(work: Workspace) -> Basis | None:
    """What the grade of a work rests on; None while its newest version waits or came back. At most seven statements."""
    return bases_of([work], {work.id: rubric_of(rubric_version(work.id), work.project)}).get(work.id)


def bases_of(works: Sequence[Workspace], under: Mapping[int, Rubric]) -> dict[int, Basis]:
    """What the grades of works rest on, by work, the reviews read by the rubric that ``under`` names for each.

    Those are left out whose newest version waits or came back. At most five statements for any number of works.
    """
    every = models.rounds_of_all([work.id for work in works])
    accepted = {
        work_id: rounds[-1]
        for work_id, rounds in every.items()
        if rounds[-1].settled_at is not None and rounds[-1].reviews and not rounds[-1].returned
    }
    if not accepted:
        return {}
    rulings_made = moderations([each.submission_id for each in accepted.values()])
    appeals = appeals_of_all(list(accepted))
    given = adjustments_of_all([work.id for work in works if work.is_team and work.id in accepted])
    bases = {}
    for work in works:
        last = accepted.get(work.id)
        if last is None:
            continue
        rubric = under[work.id]
        ruled = rulings_made.get(last.submission_id)
        found = settled(rubric, work.project, last.reviews, ruled)
        bases[work.id] = Basis(
            rubric,
            every[work.id],
            last,
            ruled,
            appeals.get(work.id, ()),
            given.get(work.id, {}),
            found.scores,
            found.ruling,
            found.base,
            work,
        )
    return bases


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


def edition_of(version_id: int) -> Edition:
    """A course version by its id. Raises LookupError."""
    row = db.session.execute(
        select(
            CourseVersion.number, CourseVersion.content_hash, CourseVersion.title, CourseVersion.published_at
        ).where(CourseVersion.id == version_id)
    ).first()
    if row is None:
        raise LookupError(f"no course version {version_id}")
    return Edition(*row)
