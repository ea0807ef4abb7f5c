"""The learners of a cohort with their attempts at one quiz, the log of an attempt, what was granted beyond the rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import String, case, cast, func, literal, null, select, union_all
from sqlalchemy.orm import aliased

from lms.courses.models import Enrolment, GradeEntry, standing_enrolment
from lms.extensions import UtcDateTime, db
from lms.paging import Page, by_key
from lms.people.models import Organization, Person
from lms.quizzes.cohort.models import CohortQuiz, cohort_quiz
from lms.quizzes.gain import Pair
from lms.quizzes.models import (
    COUNTS,
    NEWEST_RESCORE,
    Allowance,
    Answer,
    AnswerLock,
    Attempt,
    AttemptEvent,
    Rescore,
    Scored,
    scored,
)

MOST_ENTRIES = 200
"""Entries of a log that stand on one page."""

_NAME = (Person.sort_name, Person.name, Person.title_before, Person.title_after)


def learners(cohort_id: int, after: str | None) -> Page[Any]:
    """A page of a cohort's learners by name, in one statement."""
    query: Any = (
        select(Enrolment.id, *_NAME, Person.active, Organization.name.label("organization"))
        .join(Person, Person.id == Enrolment.person_id)
        .outerjoin(Organization, Organization.id == Person.organization_id)
        .where(Enrolment.cohort_id == cohort_id, Enrolment.removed_at.is_(None))
    )
    return by_key(query, [Person.sort_name, Enrolment.id], after, scalars=False)


def attempts_by_learner(enrolment_ids: Iterable[int], stable_id: str) -> dict[int, list[Scored]]:
    """Attempts at a quiz by enrolment, first to last, each with the score that counts now; one statement."""
    found: dict[int, list[Scored]] = {}
    query = (
        select(Attempt, Rescore.points, Rescore.max_points)
        .outerjoin(Rescore, NEWEST_RESCORE)
        .where(Attempt.enrolment_id.in_(list(enrolment_ids)), Attempt.stable_id == stable_id)
        .order_by(Attempt.enrolment_id, Attempt.number)
    )
    for row in db.session.execute(query):
        found.setdefault(row[0].enrolment_id, []).append(scored(*row))
    return found


# What was granted


@dataclass(frozen=True, slots=True)
class LearnerPlace:
    """A learner of a cohort and one of its quizzes: a thing of ``FACILITATE``."""

    quiz: CohortQuiz
    enrolment: Enrolment

    @property
    def cohort_id(self) -> int:
        return self.quiz.cohort_id


def learner_place(code: str, item: str, enrolment_id: int) -> LearnerPlace | None:
    """A learner who has a seat in the cohort with this code, and its quiz; in two statements."""
    quiz = cohort_quiz(code, item)
    enrolment = standing_enrolment(code, enrolment_id) if quiz and enrolment_id < 2**63 else None
    return LearnerPlace(quiz, enrolment) if quiz and enrolment else None


_granter = aliased(Person)


def allowances(cohort_id: int, stable_id: str, after: str | None) -> Page[Any]:
    """A page of what is granted for a quiz, or for all quizzes of the cohort, by name, in one statement."""
    query: Any = (
        select(
            Enrolment.id,
            *_NAME,
            Allowance.stable_id,
            Allowance.extra_minutes,
            Allowance.extra_attempts,
            Allowance.reason,
            Allowance.granted_at,
            _granter.name.label("granted_by"),
        )
        .join(Enrolment, Enrolment.id == Allowance.enrolment_id)
        .join(Person, Person.id == Enrolment.person_id)
        .join(_granter, _granter.id == Allowance.granted_by)
        .where(
            Enrolment.cohort_id == cohort_id,
            Enrolment.removed_at.is_(None),
            Allowance.stable_id.in_((stable_id, "")),
        )
    )
    return by_key(query, [Person.sort_name, Enrolment.id, Allowance.stable_id], after, scalars=False)


def allowances_of(enrolment_ids: Iterable[int], stable_id: str) -> dict[tuple[int, str], Allowance]:
    """What learners were granted for a quiz and for all of the cohort's (''), in one statement."""
    rows = db.session.scalars(
        select(Allowance).where(
            Allowance.enrolment_id.in_(list(enrolment_ids)), Allowance.stable_id.in_((stable_id, ""))
        )
    )
    return {(row.enrolment_id, row.stable_id): row for row in rows}


# The log


def person_of(enrolment_id: int) -> Person | None:
    """Whose enrolment it is."""
    return db.session.scalar(
        select(Person).join(Enrolment, Enrolment.person_id == Person.id).where(Enrolment.id == enrolment_id)
    )


def log_of(attempt_id: int, after: str | None) -> Page[Any]:
    """A page of what happened in an attempt, first to last, in one statement.

    ``kind`` is that of an ``AttemptEvent`` (late answers stand for themselves), 'saved', or 'checked' for a question
    that was answered for good. A save has its ``question`` and says whether it ``counts``; ``value`` is there for
    those that do not.
    """
    nothing = literal("")
    late = ~COUNTS
    events = select(
        AttemptEvent.at.label("at"),
        case((AttemptEvent.kind == "started", 0), (AttemptEvent.kind == "opened", 1), else_=4).label("rank"),
        AttemptEvent.id.label("number"),
        cast(AttemptEvent.kind, String).label("kind"),
        nothing.label("question"),
        AttemptEvent.address.label("address"),
        AttemptEvent.device.label("device"),
        null().cast(UtcDateTime).label("given_at"),
        nothing.label("value"),
        literal(1).label("counts"),
    ).where(AttemptEvent.attempt_id == attempt_id, AttemptEvent.kind != "late")
    saves = (
        select(
            Answer.saved_at,
            case((late, 5), else_=2),
            Answer.sequence,
            literal("saved"),
            Answer.question_id,
            Answer.address,
            nothing,
            Answer.given_at,
            case((late, Answer.value), else_=""),
            case((late, 0), else_=1),
        )
        .join(Attempt, Attempt.id == Answer.attempt_id)
        .where(Answer.attempt_id == attempt_id)
    )
    locks = select(
        AnswerLock.at,
        literal(3),
        literal(0),
        literal("checked"),
        AnswerLock.question_id,
        nothing,
        nothing,
        null().cast(UtcDateTime),
        nothing,
        literal(1),
    ).where(AnswerLock.attempt_id == attempt_id)
    lines = union_all(events, saves, locks).subquery()
    columns = [lines.c.at, lines.c.rank, lines.c.number, lines.c.question]
    return by_key(select(lines), columns, after, per_page=MOST_ENTRIES, scalars=False)


# A test before and one after


def pairs(cohort_id: int, before: str, after: str) -> list[Pair]:
    """The grades that count of the learners who have one in both quizzes, in one statement."""
    newest = (
        select(func.max(GradeEntry.id))
        .join(Enrolment, Enrolment.id == GradeEntry.enrolment_id)
        .where(
            Enrolment.cohort_id == cohort_id,
            Enrolment.removed_at.is_(None),
            GradeEntry.stable_id.in_((before, after)),
            GradeEntry.state.in_(("released", "revised")),
        )
        .group_by(GradeEntry.enrolment_id, GradeEntry.stable_id)
    )
    grades: dict[int, dict[str, Any]] = {}
    rows = db.session.execute(
        select(GradeEntry.enrolment_id, GradeEntry.stable_id, GradeEntry.points).where(
            GradeEntry.id.in_(newest)
        )
    )
    for enrolment_id, stable_id, points in rows:
        grades.setdefault(enrolment_id, {})[stable_id] = points
    return [Pair(each[before], each[after]) for each in grades.values() if len(each) == 2]


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of a log, ready to be shown: ``number`` is the question's in this attempt, 0 for none.

    ``given_at`` is set where the answer was given noticeably before it arrived; ``words`` are what a late answer said.
    """

    at: datetime
    kind: str
    number: int
    address: str
    device: str
    given_at: datetime | None
    counts: bool
    words: tuple[str, ...]
