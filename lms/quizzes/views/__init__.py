"""Pages of quizzes: the front, an attempt, its result."""

from lms.quizzes.views import attempt, front, result
from lms.quizzes.views.blueprint import blueprint

__all__ = ["attempt", "blueprint", "front", "result"]
