"""Essays that wait to be marked, and the rubrics that they name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import and_, bindparam, func, or_, select

from lms.courses.models import Cohort, Enrolment, item_id, item_source, outline, version_of
from lms.extensions import db
from lms.quizzes.kinds.essay import Essay
from lms.quizzes.kinds.question import Question
from lms.quizzes.models import COUNTS, RANK, Answer, Attempt, EssayMark
from lms.rubric import Rubric

# --- rubrics of essays --------------------------------------------------------------------------------------


def rubric_of(item: int, question: Question) -> Rubric | None:
    """The rubric that an essay of an item names, of the same course version; None where it names none."""
    named = question.rubric if isinstance(question, Essay) else ""
    found = item_id(version_of(item), named) if named else None
    return _decoded(item_source(found)[1]) if found else None


_LEVELS = msgspec.json.Decoder(dict[str, int])
_RUBRIC = msgspec.json.Decoder(Rubric)


def read_levels(stored: str) -> dict[str, int]:
    """The level ids of a mark by criterion id, as they were stored."""
    return _LEVELS.decode(stored) if stored else {}


@lru_cache(maxsize=64)
def _decoded(definition: str) -> Rubric:
    return _RUBRIC.decode(definition)


# --- essays that wait ---------------------------------------------------------------------------------------

_ESSAYS = (
    select(
        Answer.attempt_id,
        Answer.question_id,
        Answer.value,
        Attempt.submitted_at,
        Attempt.points,
        Enrolment.person_id,
        RANK,
        select(func.max(EssayMark.id))
        .where(EssayMark.attempt_id == Answer.attempt_id, EssayMark.question_id == Answer.question_id)
        .correlate(Answer)
        .scalar_subquery()
        .label("mark_id"),
    )
    .join(Attempt, Attempt.id == Answer.attempt_id)
    .join(Enrolment, Enrolment.id == Attempt.enrolment_id)
    .where(
        Enrolment.cohort_id == bindparam("cohort_id"),
        Attempt.stable_id == bindparam("stable_id"),
        Attempt.submitted_at.is_not(None),
        Answer.question_id.in_(bindparam("questions", expanding=True)),
        COUNTS,
    )
    .subquery()
)
_BLANK = "null"  # an answer that was taken back, as it is stored
_GIVEN = (_ESSAYS.c.rank == 1, _ESSAYS.c.value != _BLANK)
# an attempt that got its score without a mark for this answer (its question was voided) waits for nobody
_WAITS = _ESSAYS.c.mark_id.is_(None) & _ESSAYS.c.points.is_(None)


@dataclass(frozen=True, slots=True)
class EssayCount:
    """How many answers one essay question has, and how many of them wait to be marked, since when."""

    given: int
    waiting: int
    since: datetime | None


def essay_counts(cohort_id: int, stable_id: str, questions: Sequence[str]) -> dict[str, EssayCount]:
    """The handed-in answers to essay questions of a quiz in a cohort, by question id, in one statement."""
    rows = db.session.execute(
        select(
            _ESSAYS.c.question_id,
            func.count(),
            func.count().filter(_WAITS),
            func.min(_ESSAYS.c.submitted_at).filter(_WAITS),
        )
        .where(*_GIVEN)
        .group_by(_ESSAYS.c.question_id),
        {"cohort_id": cohort_id, "stable_id": stable_id, "questions": list(questions)},
    )
    return {question: EssayCount(given, waiting, since) for question, given, waiting, since in rows}


def essay_answers(waiting: bool) -> Any:
    """A query for ``paging.by_key``: rows of attempt_id, submitted_at, person_id, mark_id; of those that wait, or of
    those that are marked. Takes ``params`` cohort_id, stable_id and questions (a list of one)."""
    return select(_ESSAYS.c.attempt_id, _ESSAYS.c.submitted_at, _ESSAYS.c.person_id, _ESSAYS.c.mark_id).where(
        *_GIVEN, _WAITS if waiting else _ESSAYS.c.mark_id.is_not(None)
    )


ESSAY_KEY = (_ESSAYS.c.submitted_at, _ESSAYS.c.attempt_id)


def next_essay(
    cohort_id: int,
    stable_id: str,
    question: str,
    person_id: int,
    *,
    after: tuple[datetime, int] | None = None,
) -> int | None:
    """The attempt whose answer to a question waits longest, of those handed in after one, else of all.

    Nobody's own is among them.
    """
    query = essay_answers(True).where(_ESSAYS.c.person_id != person_id).order_by(*ESSAY_KEY).limit(1)
    values = {"cohort_id": cohort_id, "stable_id": stable_id, "questions": [question]}
    if after is not None:
        at, attempt_id = ESSAY_KEY
        found = db.session.scalar(
            query.where(or_(at > after[0], and_(at == after[0], attempt_id > after[1]))), values
        )
        if found is not None:
            return int(found)
    found = db.session.scalar(query, values)
    return None if found is None else int(found)


@dataclass(frozen=True, slots=True)
class WaitingQuiz:
    """A quiz of a cohort with handed-in attempts whose essays wait, and since when."""

    cohort_id: int
    code: str
    cohort: str
    version_id: int
    stable_id: str
    count: int
    since: datetime | None

    @property
    def title(self) -> str:
        """The quiz's title, as the cohort takes it now."""
        line = outline(self.version_id).item(self.stable_id)
        return line.title if line else self.stable_id


def quizzes_waiting(cohort_ids: Iterable[int]) -> list[WaitingQuiz]:
    """The quizzes of these cohorts with essays that wait, the longest first, in one statement."""
    wanted = list(cohort_ids)
    if not wanted:
        return []
    rows = db.session.execute(
        select(
            Cohort.id,
            Cohort.code,
            Cohort.name,
            Cohort.version_id,
            Attempt.stable_id,
            func.count(Attempt.id),
            func.min(Attempt.submitted_at),
        )
        .join(Enrolment, Enrolment.id == Attempt.enrolment_id)
        .join(Cohort, Cohort.id == Enrolment.cohort_id)
        .where(Cohort.id.in_(wanted), Attempt.submitted_at.is_not(None), Attempt.points.is_(None))
        .group_by(Cohort.id, Attempt.stable_id)
        .order_by(func.min(Attempt.submitted_at), Cohort.id, Attempt.stable_id)
    )
    return [WaitingQuiz(*row) for row in rows]
