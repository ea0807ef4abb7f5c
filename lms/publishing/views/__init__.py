"""The administrator's pages of courses: the front, versions, quizzes from and to other platforms."""

from lms.publishing.views import courses, quizzes
from lms.publishing.views.blueprint import blueprint

__all__ = ["blueprint", "courses", "quizzes"]
