"""Queries over what remains; the rows themselves belong to the features that write them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select

from lms.courses.models import Cohort, CourseVersion, Enrolment, GradeEntry, ItemLine, current_grades, outline
from lms.extensions import db
from lms.projects.models import SubmissionVersion, Work, project, works_of
from lms.projects.receipt import stands
from lms.quizzes.models import paper_of

MOST = 100


@dataclass(frozen=True)
class Graded:
    """An item with the newest ledger row that its learner may see; ``work_id`` is the project's work."""

    line: ItemLine
    entry: GradeEntry
    pass_mark: Decimal | int
    work_id: int | None


@dataclass(frozen=True)
class Record:
    """One of a learner's cohorts with the grades that may be seen."""

    cohort: Cohort
    title: str
    jp: int
    grades: Sequence[Graded]


def _pass_mark(line: ItemLine) -> Decimal | int:
    return paper_of(line.id).quiz.pass_mark if line.kind == "quiz" else project(line.id).pass_mark


def records_of(person_id: int) -> list[Record]:
    """A learner's cohorts, newest first, those left included: what was graded stays. Three statements."""
    rows = db.session.execute(
        select(Enrolment.id, Cohort)
        .join(Cohort, Cohort.id == Enrolment.cohort_id)
        .where(Enrolment.person_id == person_id)
        .order_by(Cohort.ends_at.desc(), Cohort.id.desc())
        .limit(MOST)
    ).all()
    enrolments = [enrolment for enrolment, _ in rows]
    grades = current_grades(enrolments)
    works = {(work.enrolment_id, work.stable_id): work.id for work in works_of(enrolments)}
    found = []
    for enrolment, cohort in rows:
        lines = outline(cohort.version_id)
        graded = [
            Graded(
                line,
                grades[enrolment, line.stable_id],
                _pass_mark(line),
                works.get((enrolment, line.stable_id)),
            )
            for line in lines.items
            if (enrolment, line.stable_id) in grades
        ]
        found.append(Record(cohort, lines.title, lines.jp, graded))
    return found


@dataclass(frozen=True)
class Receipt:
    """What the public page tells about a handed-in version: never who, never the text.

    ``stands`` says whether the server's signature fits the facts; None where there is none yet.
    """

    code: str
    course: str
    project: str
    number: int
    submitted_at: datetime
    sha256: str
    signature: str
    stands: bool | None


def receipt(code: str, keys: Iterable[bytes]) -> Receipt | None:
    """The receipt with this code; ``keys`` are those that receipts were signed with, the newest first."""
    row = db.session.execute(
        select(
            SubmissionVersion.receipt,
            CourseVersion.title,
            CourseVersion.id,
            Work.stable_id,
            SubmissionVersion.number,
            SubmissionVersion.submitted_at,
            SubmissionVersion.sha256,
            SubmissionVersion.signature,
        )
        .join(Work, Work.id == SubmissionVersion.work_id)
        .join(Cohort, Cohort.id == SubmissionVersion.cohort_id)
        .join(CourseVersion, CourseVersion.id == Cohort.version_id)
        .where(SubmissionVersion.receipt == code)
    ).first()
    if row is None:
        return None
    line = outline(row.id).item(row.stable_id)
    return Receipt(
        row.receipt,
        row.title,
        line.title if line else row.stable_id,
        row.number,
        row.submitted_at,
        row.sha256,
        row.signature,
        stands(keys, row.signature, row.receipt, row.number, row.submitted_at, row.sha256)
        if row.signature
        else None,
    )
