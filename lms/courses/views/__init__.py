"""Pages of courses: the catalogue, the pages one reads, and the administrator's cohorts."""

from lms.courses.views import catalogue, cohorts, lessons
from lms.courses.views.blueprint import blueprint

__all__ = ["blueprint", "catalogue", "cohorts", "lessons"]
