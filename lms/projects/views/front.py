"""The front of a project: what is asked before it begins, where everything stands afterwards."""

from __future__ import annotations

from dataclasses import dataclass

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from lms.access import Deed
from lms.courses.models import ItemLine, Seat, progress_of
from lms.courses.progress import completed_of, missing_requirements
from lms.extensions import db, utcnow
from lms.guard import allowed, person
from lms.projects import actions, models
from lms.projects.teams.models import Left, Mate, by_section, left_behind
from lms.projects.teams.models import mates as mates_of
from lms.projects.views import blueprint
from lms.projects.views.loading import author_text, load_seat, said
from lms.refusals import N_, Refused


def project_line(seat: Seat, item: str) -> ItemLine:
    """The project of an address in the cohort's course, or 404."""
    line = seat.outline.item(item)
    if line is None or line.kind != "project":
        abort(404)
    return line


def missing_items(seat: Seat, line: ItemLine) -> tuple[ItemLine, ...]:
    """What a learner must complete first; nothing is asked where the project requires nothing."""
    if not line.requires or seat.enrolment_id is None:
        return ()
    return missing_requirements(seat.outline, completed_of(progress_of(seat.enrolment_id)), line.stable_id)


@blueprint.get("/proyek/<code>/<item>")
@allowed(Deed.SEE_COHORT, load_seat)
def front(seat: Seat, item: str) -> ResponseReturnValue:
    """The brief and the way in, or the overview of the work that has begun."""
    return front_page(seat, project_line(seat, item))


@dataclass(frozen=True)
class Refusal:
    """What a form about teams could not do: which field (name, code, or '' for none), why, and what was typed."""

    field: str
    problem: str
    typed: str


def front_page(seat: Seat, line: ItemLine, refusal: Refusal | None = None) -> str:
    """The page; ``refusal`` is what a form about teams on it could not do."""
    now = utcnow()
    work = models.own_workspace(seat.enrolment_id, line.stable_id) if seat.enrolment_id else None
    item_id = work.item_id if work else line.id
    project = models.project(item_id)
    mates: list[Mate] = []
    left: list[Left] = []
    if work is None:
        opens_at, due = models.dates_of(seat.cohort_id, line.stable_id, seat.enrolment_id)
        lines = models.lines_of(project, {})
        missing = missing_items(seat, line)
        versions: list[models.VersionLine] = []
        if project.team.max != 1 and seat.enrolment_id is not None:
            left = left_behind(seat.enrolment_id, line.stable_id)
    else:
        opens_at, due, missing = work.opens_at, work.due, ()
        rows = models.complete(project, models.standings(work.id), now=now)
        lines = models.lines_of(project, rows, models.newest_notes(work.id, rows))
        versions = models.versions_of(work.id)
        if work.is_team:
            mates = mates_of(work.id, now=now)
    me = person().id
    return render_template(
        "projects/front.html",
        seat=seat,
        item=line,
        project=project,
        work=work,
        lines=lines,
        versions=versions,
        opens_at=opens_at if opens_at and opens_at > now else None,
        due=due,
        reason=models.reason_of(
            seat.cohort_id,
            line.stable_id,
            due.at,
            work_id=work.id if work else None,
            enrolment_id=seat.enrolment_id,
        )
        if due.at and due.extended
        else "",
        missing=missing,
        mates=mates,
        writing=by_section(
            (section_id, mate.name) for mate in mates if mate.person_id != me for section_id in mate.writing
        ),
        left=left,
        refusal=refusal,
        brief=author_text(models.brief(item_id), project, seat.code, line.stable_id),
        next=models.next_section(lines),
        rubric=models.rubric_of(
            seat.version_id if item_id == line.id else models.version_of(item_id), project
        ),
    )


@blueprint.post("/proyek/<code>/<item>/mulai")
@allowed(Deed.LEARN, load_seat)
def start(seat: Seat, item: str) -> ResponseReturnValue:
    """Begin the project, once; pressing twice leads to the same work."""
    line = project_line(seat, item)
    address = url_for("projects.front", code=seat.code, item=line.stable_id)
    missing = missing_items(seat, line)
    try:
        if missing:
            raise Refused(
                N_("Selesaikan dahulu: %(titles)s."), titles=", ".join(each.title for each in missing)
            )
        assert seat.enrolment_id is not None  # the deed is only for the enrolled
        work_id = actions.start(
            enrolment_id=seat.enrolment_id,
            cohort_id=seat.cohort_id,
            item_id=line.id,
            stable_id=line.stable_id,
            project=models.project(line.id),
            by=person().id,
            now=utcnow(),
        )
    except Refused as error:
        db.session.rollback()
        flash(said(error), "warn")
        return redirect(address, 303)
    db.session.commit()
    first = models.project(line.id).sections[0]
    return redirect(url_for("projects.section", work_id=work_id, section_id=first.id), 303)
