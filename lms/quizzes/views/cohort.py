"""The quizzes of a cohort, for whoever facilitates it: how each stands, and the way to its own pages."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from lms.access import Deed
from lms.courses.models import Cohort, cohort_by_code, outline
from lms.guard import allowed
from lms.quizzes.cohort.models import figures_of, learner_count, quizzes_of
from lms.quizzes.models import paper_of
from lms.quizzes.views.blueprint import blueprint


@blueprint.get("/kuis/angkatan/<code>")
@allowed(Deed.FACILITATE, cohort_by_code)
def cohort(cohort: Cohort) -> ResponseReturnValue:
    """Every quiz of the version that the cohort takes, with how its learners stand."""
    lines = quizzes_of(cohort.version_id)
    figures = figures_of(cohort.id, [line.stable_id for line in lines])
    return render_template(
        "quizzes/cohort.html",
        cohort=cohort,
        course=outline(cohort.version_id),
        learners=learner_count(cohort.id),
        rows=[(line, paper_of(line.id), figures[line.stable_id]) for line in lines],
    )
