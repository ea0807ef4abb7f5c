"""Pages of ``grading``: the queue, the review desk, a work's result, the grades of a cohort."""

from flask import Blueprint

blueprint = Blueprint("grading", __name__)

from lms.grading.views import cohort, compare, criteria, desk, queue, result  # noqa: E402, F401 - they add their routes
