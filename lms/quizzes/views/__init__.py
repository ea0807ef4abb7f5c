"""Pages of quizzes: the front, an attempt, its result; a cohort's quizzes for its facilitators."""

from lms.quizzes.views import attempt, cohort, front, result
from lms.quizzes.views.blueprint import blueprint

__all__ = ["attempt", "blueprint", "cohort", "front", "result"]
