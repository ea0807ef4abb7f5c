"""The rubric as whoever is judged by it reads it, before anything is graded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue

from lms import rubric
from lms.access import Deed
from lms.courses.models import Seat
from lms.grading.models.rubrics import rubric_version
from lms.grading.views import blueprint
from lms.guard import allowed
from lms.projects import models as projects
from lms.projects.source import Project
from lms.projects.views.loading import load_seat
from lms.rubric import Criterion, Level


@dataclass(frozen=True)
class LevelLine:
    """A level of one criterion; ``gain`` is what it gives of 100."""

    level: Level
    descriptor: str
    gain: Decimal


@dataclass(frozen=True)
class CriterionLine:
    """A criterion with its levels from the best; ``sections`` are (number, id, title), ``here`` says that the section
    asked about is one of them.
    """

    criterion: Criterion
    levels: Sequence[LevelLine]
    sections: Sequence[tuple[int, str, str]]
    here: bool


@blueprint.get("/proyek/<code>/<item>/rubrik")
@allowed(Deed.SEE_COHORT, load_seat)
def criteria(seat: Seat, item: str) -> ResponseReturnValue:
    """What a project is judged by: criteria, weights, levels, and where each criterion looks."""
    line = seat.outline.item(item)
    if line is None or line.kind != "project":
        abort(404)
    work_id = projects.work_of(seat.enrolment_id, line.stable_id) if seat.enrolment_id else None
    work = projects.workspace(work_id) if work_id else None
    # a work keeps the project, and so the rubric, that it began with
    version_id = rubric_version(work.id) if work else seat.version_id
    project = work.project if work else projects.project(line.id)
    found = projects.rubric_of(version_id, project)
    asked = project.section(request.args.get("bagian", ""))
    return render_template(
        "grading/criteria.html",
        seat=seat,
        line=line,
        work=work,
        project=project,
        rubric=found,
        shares=[(level, 100 * rubric.level_points(found, level.id)) for level in found.levels],
        lines=[_line(found, each, project, asked.id if asked else "") for each in found.criteria],
        asked=asked,
    )


def _line(found: rubric.Rubric, criterion: Criterion, project: Project, asked: str) -> CriterionLine:
    return CriterionLine(
        criterion,
        [
            LevelLine(
                level,
                criterion.levels.get(level.id, ""),
                criterion.weight * rubric.level_points(found, level.id),
            )
            for level in found.levels
        ],
        [
            (number, section.id, section.title)
            for number, section in enumerate(project.sections, start=1)
            if section.id in criterion.sections
        ],
        here=bool(asked) and asked in criterion.sections,
    )
