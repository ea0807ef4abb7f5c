"""Pages of quizzes: the front, an attempt, its summary and its result; a cohort's quizzes for its facilitators."""

from lms.quizzes.views import (
    allowances,
    analysis,
    attempt,
    attempts,
    check,
    cohort,
    essays,
    front,
    key,
    regrade,
    result,
    summary,
)
from lms.quizzes.views.blueprint import blueprint

__all__ = [
    "allowances",
    "analysis",
    "attempt",
    "attempts",
    "blueprint",
    "check",
    "cohort",
    "essays",
    "front",
    "key",
    "regrade",
    "result",
    "summary",
]
