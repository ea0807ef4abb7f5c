"""The grades of a cohort, and what waits to be let out."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lms.access import Deed
from lms.courses.models import Cohort, Enrolment, GradeEntry, cohort_by_code, outline
from lms.courses.outline import ItemLine
from lms.grading import models
from lms.grading.appeals.models import open_appeals
from lms.grading.models import WorkStanding
from lms.grading.moderation.models import referred_count
from lms.grading.views import blueprint
from lms.grading.views.words import appeal_lines, state_kind, state_word, who
from lms.guard import allowed, can, person
from lms.paging import by_key
from lms.people.models import Person
from lms.projects.models import project
from lms.quizzes.models import paper_of

WORKS_AT_MOST = 200


@dataclass(frozen=True)
class Whole:
    """A cohort as the thing of a release; whose own work it holds is asked where it is done."""

    cohort_id: int
    member_ids: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Cell:
    """A learner's standing with one item: a word, the grade where there is one, where to read on."""

    word: str
    kind: str
    entry: GradeEntry | None = None
    work_id: int | None = None
    submission_id: int | None = None


def _pass_mark(line: ItemLine) -> Decimal | int:
    """What a grade is shown against."""
    return paper_of(line.id).quiz.pass_mark if line.kind == "quiz" else project(line.id).pass_mark


def _cell(line: ItemLine, entry: GradeEntry | None, standing: WorkStanding | None) -> Cell:
    if line.kind == "quiz":
        return Cell("", "plain", entry) if entry else Cell("", "plain")
    if standing is None:
        return Cell(gettext("Belum dimulai"), "plain")
    if standing.masked:
        # whose work is at which state would tell whose code it is
        return Cell(gettext("Disamarkan"), "plain")
    return Cell(
        state_word(standing.state),
        state_kind(standing.state),
        entry,
        standing.work_id if standing.submission_id else None,
        standing.submission_id,
    )


@blueprint.get("/telaah/angkatan/<code>")
@allowed(Deed.FACILITATE, cohort_by_code)
def cohort(cohort: Cohort) -> ResponseReturnValue:
    """The learners of a cohort with their grades, and the works whose grades can be released."""
    lines = [line for line in outline(cohort.version_id).items if line.kind in ("quiz", "project")]
    page = by_key(
        models.learners(cohort.id),
        [Person.sort_name, Enrolment.id],
        request.args.get("after"),
        scalars=False,
    )
    enrolments = [row.id for row in page.rows]
    entries = models.newest_entries(enrolments)
    standings = models.standings_of(enrolments)
    ready = models.ready_of(cohort.id, limit=WORKS_AT_MOST)
    return render_template(
        "grading/cohort.html",
        cohort=cohort,
        title=outline(cohort.version_id).title,
        lines=lines,
        marks=[_pass_mark(line) for line in lines],
        page=page,
        rows=[
            (
                row,
                [
                    _cell(
                        line, entries.get((row.id, line.stable_id)), standings.get((row.id, line.stable_id))
                    )
                    for line in lines
                ],
            )
            for row in page.rows
        ],
        ready=[(work, who(work.names, work.masked, work.work_id)) for work in ready],
        waiting=[
            (line, sum(1 for work in ready if work.stable_id == line.stable_id))
            for line in lines
            if line.kind == "project"
        ],
        appeals=appeal_lines(open_appeals([cohort.id], person().id)),
        may_release=can("release", Whole(cohort.id)),
        may_check=can("check release", Whole(cohort.id)),
        disputed=referred_count(cohort.id),
        full=len(ready) == WORKS_AT_MOST,
    )
