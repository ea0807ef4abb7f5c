"""A quiz in a cohort, and how the cohort stands with its quizzes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Float, bindparam, cast, func, select

from lms.courses.models import (
    Enrolment,
    GradeEntry,
    ItemLine,
    Outline,
    Progress,
    cohort_by_code,
    outline,
)
from lms.extensions import db
from lms.quizzes.models import Attempt, paper_of
from lms.quizzes.paper import Paper


@dataclass(frozen=True, slots=True)
class CohortQuiz:
    """A quiz of the version that a cohort takes now: a thing of ``FACILITATE``."""

    cohort_id: int
    code: str
    name: str
    version_id: int
    line: ItemLine

    @property
    def outline(self) -> Outline:
        return outline(self.version_id)

    @property
    def paper(self) -> Paper:
        return paper_of(self.line.id)


def quizzes_of(version_id: int) -> list[ItemLine]:
    """The quizzes of a version, in the order of its course."""
    return [line for line in outline(version_id).items if line.kind == "quiz"]


def cohort_quiz(code: str, item: str) -> CohortQuiz | None:
    """The quiz with this stable id in the cohort with this code, in one statement."""
    cohort = cohort_by_code(code)
    line = outline(cohort.version_id).item(item) if cohort else None
    if cohort is None or line is None or line.kind != "quiz":
        return None
    return CohortQuiz(cohort.id, cohort.code, cohort.name, cohort.version_id, line)


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
