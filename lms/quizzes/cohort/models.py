"""A quiz in a cohort, and how the cohort stands with its quizzes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import Float, bindparam, cast, func, select

from lms.courses.items.models import CohortItem, cohort_item, items_of
from lms.courses.models import (
    CourseVersion,
    Enrolment,
    GradeEntry,
    Item,
    ItemLine,
    Progress,
)
from lms.extensions import db
from lms.quizzes import scoring
from lms.quizzes.cohort.sheets import sheet_of
from lms.quizzes.kinds.question import Answer as Value
from lms.quizzes.marking.models import asked_ids, history_of, key_paper
from lms.quizzes.models import COUNTS, RANK, Answer, Attempt, EssayMark, paper_of, read_value
from lms.quizzes.paper import Paper
from lms.quizzes.source import Quiz
from lms.quizzes.statistics import Sheet, time_spent


@dataclass(frozen=True, slots=True)
class CohortQuiz(CohortItem):
    """A quiz of the version that a cohort takes now: a thing of ``FACILITATE``."""

    @property
    def paper(self) -> Paper:
        return paper_of(self.line.id)


def quizzes_of(version_id: int) -> list[ItemLine]:
    """The quizzes of a version, in the order of its course."""
    return items_of(version_id, "quiz")


def cohort_quiz(code: str, item: str) -> CohortQuiz | None:
    """The quiz with this stable id in the cohort with this code, in one statement."""
    return cohort_item(CohortQuiz, code, item, "quiz")


@dataclass(frozen=True, slots=True)
class Figures:
    """How a cohort's learners stand with one quiz.

    ``began`` and ``handed_in`` count learners, not attempts. ``mean`` is that of the grades that count (0 to 100,
    None without any), ``passed`` how many learners have passed.
    """

    began: int = 0
    handed_in: int = 0
    mean: float | None = None
    passed: int = 0

    @property
    def pass_share(self) -> float | None:
        """Those who passed among those who handed in, in percent; None before anybody did."""
        return 100 * self.passed / self.handed_in if self.handed_in else None


_HERE = (Enrolment.cohort_id == bindparam("cohort_id"), Enrolment.removed_at.is_(None))
_LEARNERS = select(func.count(Enrolment.id)).where(*_HERE)
_BEGUN = (
    select(
        Attempt.stable_id,
        func.count(Attempt.enrolment_id.distinct()),
        func.count(Attempt.enrolment_id.distinct()).filter(Attempt.submitted_at.is_not(None)),
    )
    .join(Enrolment, Enrolment.id == Attempt.enrolment_id)
    .where(*_HERE)
    .group_by(Attempt.stable_id)
)
_newest = (
    select(func.max(GradeEntry.id))
    .join(Enrolment, Enrolment.id == GradeEntry.enrolment_id)
    .where(
        *_HERE,
        GradeEntry.stable_id.in_(bindparam("quizzes", expanding=True)),
        GradeEntry.state.in_(("released", "revised")),
    )
    .group_by(GradeEntry.enrolment_id, GradeEntry.stable_id)
)
# a mean for people to look at: nothing is decided by it, so that floats will do
_MEANS = (
    select(GradeEntry.stable_id, func.avg(cast(GradeEntry.points, Float)))
    .where(GradeEntry.id.in_(_newest))
    .group_by(GradeEntry.stable_id)
)
_PASSED = (
    select(Progress.stable_id, func.count(Progress.enrolment_id))
    .join(Enrolment, Enrolment.id == Progress.enrolment_id)
    .where(
        *_HERE,
        Progress.stable_id.in_(bindparam("quizzes", expanding=True)),
        Progress.completed_at.is_not(None),
    )
    .group_by(Progress.stable_id)
)


def learner_count(cohort_id: int) -> int:
    """How many learners a cohort has now."""
    return db.session.scalar(_LEARNERS, {"cohort_id": cohort_id}) or 0


def figures_of(cohort_id: int, quizzes: Iterable[str]) -> dict[str, Figures]:
    """How a cohort stands with the quizzes (stable ids), in three statements; learners who left do not count."""
    wanted = list(quizzes)
    values = {"cohort_id": cohort_id, "quizzes": wanted}
    begun = {row[0]: row for row in db.session.execute(_BEGUN, {"cohort_id": cohort_id})}
    means = {row[0]: row[1] for row in db.session.execute(_MEANS, values)}
    passed = {row[0]: row[1] for row in db.session.execute(_PASSED, values)}
    return {
        stable_id: Figures(
            began=begun[stable_id][1] if stable_id in begun else 0,
            handed_in=begun[stable_id][2] if stable_id in begun else 0,
            mean=means.get(stable_id),
            passed=passed.get(stable_id, 0),
        )
        for stable_id in wanted
    }


# First attempts, for item analysis


@dataclass(frozen=True, slots=True)
class Taken:
    """A first attempt: the state of the quiz it was begun with, and when it was handed in (None: it runs)."""

    id: int
    item_id: int
    version: int
    seed: int
    drawn: str
    started_at: datetime
    submitted_at: datetime | None


@dataclass(frozen=True, slots=True)
class FirstAttempts:
    """The first attempts of a cohort's learners at one version of a quiz, as sheets without names.

    Only first ones, because whoever comes again has seen the questions, and often the key: their answers say how
    well they remember, and one learner would count several times. ``running`` and ``waiting`` count those that
    are not in the sheets yet: not handed in, or with essays to be marked. ``handed_in`` is how many there are at
    each version, ``quiz`` has the key that counts now.
    """

    version: int
    quiz: Quiz
    paper: Paper
    sheets: Sequence[Sheet]
    running: int
    waiting: int
    handed_in: Mapping[int, int]


_FIRST = (Attempt.stable_id == bindparam("stable_id"), Attempt.number == 1)
_TAKEN = (
    select(
        Attempt.id,
        Attempt.item_id,
        CourseVersion.number,
        Attempt.seed,
        Attempt.drawn,
        Attempt.started_at,
        Attempt.submitted_at,
    )
    .join(Enrolment, Enrolment.id == Attempt.enrolment_id)
    .join(Item, Item.id == Attempt.item_id)
    .join(CourseVersion, CourseVersion.id == Item.version_id)
    .where(*_HERE, *_FIRST)
    .order_by(Attempt.submitted_at, Attempt.id)
)
_OF_ITEM = (*_HERE, *_FIRST, Attempt.item_id == bindparam("item_id"), Attempt.submitted_at.is_not(None))
_ranked = (
    select(
        Answer.attempt_id,
        Answer.question_id,
        Answer.value,
        RANK,
    )
    .join(Attempt, Attempt.id == Answer.attempt_id)
    .join(Enrolment, Enrolment.id == Attempt.enrolment_id)
    .where(*_OF_ITEM, COUNTS)
    .subquery()
)
_ANSWERS = select(_ranked.c.attempt_id, _ranked.c.question_id, _ranked.c.value).where(_ranked.c.rank == 1)
# of saves of the same question one after the other (a text, saved as it is typed) the last says all
_saves = (
    select(
        Answer.attempt_id,
        Answer.question_id,
        Answer.given_at,
        Answer.sequence,
        func.lead(Answer.question_id)
        .over(partition_by=Answer.attempt_id, order_by=(Answer.given_at, Answer.sequence))
        .label("next"),
    )
    .join(Attempt, Attempt.id == Answer.attempt_id)
    .join(Enrolment, Enrolment.id == Attempt.enrolment_id)
    .where(*_OF_ITEM, COUNTS)
    .subquery()
)
_SAVES = (
    select(_saves.c.attempt_id, _saves.c.question_id, _saves.c.given_at)
    .where(_saves.c.question_id.is_distinct_from(_saves.c.next))
    .order_by(_saves.c.attempt_id, _saves.c.given_at, _saves.c.sequence)
)
_SHARES = (
    select(EssayMark.attempt_id, EssayMark.question_id, EssayMark.share)
    .join(Attempt, Attempt.id == EssayMark.attempt_id)
    .join(Enrolment, Enrolment.id == Attempt.enrolment_id)
    .where(*_OF_ITEM)
    .order_by(EssayMark.id)
)


def first_attempts(place: CohortQuiz, version: int | None = None) -> FirstAttempts:
    """What item analysis reads, at one version of the quiz, in five statements however many learners there are.

    Without ``version``, or where nobody handed in at it: the one that the cohort takes now, or else the newest at
    which somebody did.
    """
    here: dict[str, Any] = {"cohort_id": place.cohort_id, "stable_id": place.line.stable_id}
    everything = [Taken(*row) for row in db.session.execute(_TAKEN, here)]
    handed_in: dict[int, int] = {}
    for each in everything:
        if each.submitted_at is not None:
            handed_in[each.version] = handed_in.get(each.version, 0) + 1
    now = place.outline.version_number
    if version not in handed_in:
        version = now if now in handed_in or not handed_in else max(handed_in)
    assert version is not None
    taken = [each for each in everything if each.version == version]
    done = [(each, each.submitted_at) for each in taken if each.submitted_at is not None]
    item_id = taken[0].item_id if taken else place.line.id
    history = history_of(**here)
    # the one that the earliest was scored by has seen every regrade
    key = key_paper(item_id, history.regrades, done[0][1]) if done else paper_of(item_id)
    sheets: list[Sheet] = []
    if done:
        wanted = here | {"item_id": item_id}
        answers, saves = _answers(wanted), _times(wanted)
        shares = _marks(wanted) if any(question.by_hand for question in key.quiz.questions) else {}
        for each, submitted_at in done:
            quiz, given = key_paper(item_id, history.regrades, submitted_at).quiz, answers.get(each.id, {})
            result = scoring.score(
                quiz,
                given,
                asked_ids(item_id, each.seed, each.drawn),
                marks=shares.get(each.id, {}),
                rulings=history.rulings_for(submitted_at),
            )
            if not result.pending:
                seconds = time_spent(each.started_at, saves.get(each.id, ()))
                sheets.append(sheet_of(quiz, result, given, seconds))
    return FirstAttempts(
        version=version,
        quiz=key.quiz,
        paper=paper_of(item_id),
        sheets=sheets,
        running=len(taken) - len(done),
        waiting=len(done) - len(sheets),
        handed_in=dict(sorted(handed_in.items())),
    )


def _answers(wanted: Mapping[str, object]) -> dict[int, dict[str, Value]]:
    found: dict[int, dict[str, Value]] = {}
    for attempt_id, question_id, value in db.session.execute(_ANSWERS, wanted):
        found.setdefault(attempt_id, {})[question_id] = read_value(value)
    return found


def _times(wanted: Mapping[str, object]) -> dict[int, list[tuple[str, datetime]]]:
    found: dict[int, list[tuple[str, datetime]]] = {}
    for attempt_id, question_id, given_at in db.session.execute(_SAVES, wanted):
        found.setdefault(attempt_id, []).append((question_id, given_at))
    return found


def _marks(wanted: Mapping[str, object]) -> dict[int, dict[str, Fraction]]:
    found: dict[int, dict[str, Fraction]] = {}
    for attempt_id, question_id, share in db.session.execute(_SHARES, wanted):
        found.setdefault(attempt_id, {})[question_id] = Fraction(share)
    return found
