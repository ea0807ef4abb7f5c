"""What everybody may see: the catalogue, a course's page, its open lessons and their pictures."""

from __future__ import annotations

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from lms import paging
from lms.courses import progress
from lms.courses.models import (
    CourseVersion,
    OwnCohort,
    courses_on_offer,
    facilitators_of,
    lesson_page,
    open_hrefs,
    outline,
    own_cohorts,
    progress_of,
    versions_of,
)
from lms.courses.views import pictures
from lms.courses.views.blueprint import blueprint
from lms.extensions import utcnow
from lms.guard import person, public
from lms.web import spliced

PER_PAGE = 24


def _own(slug: str | None = None) -> list[OwnCohort]:
    """The asking person's cohorts: those that end next first, those that have ended last."""
    if not current_user.is_authenticated:
        return []
    now = utcnow()
    cohorts = own_cohorts(person(), slug)
    running = sorted((own for own in cohorts if own.ends_at >= now), key=lambda own: own.ends_at)
    return running + [own for own in cohorts if own.ends_at < now]


@blueprint.get("/pelatihan")
@public
def catalogue() -> ResponseReturnValue:
    """Own courses with progress, then everything on offer."""
    after = request.args.get("after")
    page = paging.by_key(
        courses_on_offer(),
        [CourseVersion.title, CourseVersion.id],
        after,
        per_page=PER_PAGE,
        scalars=False,
    )
    own = [] if page.after else _own()
    return render_template("courses/catalogue.html", own=own, page=page, at=utcnow())


@blueprint.get("/pelatihan/<slug>")
@public
def course(slug: str) -> ResponseReturnValue:
    """A course's page: as the person's own cohort has it, else as it is on offer."""
    offered, newest = versions_of(slug)
    if newest is None:
        abort(404)
    own = _own(slug)
    if offered is None and not own and not _administrates():
        return _retired(newest)
    mine = own[0] if own else None
    shown = outline(mine.version_id if mine else offered or newest)
    marks = progress_of(mine.enrolment_id) if mine and mine.enrolment_id is not None else {}
    completed = progress.completed_of(marks)
    return render_template(
        "courses/course.html",
        course=shown,
        own=own,
        mine=mine,
        completed=completed,
        locked=shown.locked(completed) if mine and mine.enrolment_id is not None else frozenset(),
        step=progress.next_step(shown, completed, marks) if mine and mine.enrolment_id is not None else None,
        tally=progress.tally(shown, completed, marks),
        facilitators=facilitators_of(mine.cohort_id) if mine else [],
        retired=offered is None,
        at=utcnow(),
    )


def _administrates() -> bool:
    return bool(current_user.is_authenticated and person().administrator)


def _retired(version_id: int) -> ResponseReturnValue:
    """410: it was public once, so there is nothing to hide, and search engines may forget it."""
    return render_template("courses/retired.html", title=outline(version_id).title), 410


@blueprint.get("/pelatihan/<slug>/<item>")
@public
def open_item(slug: str, item: str) -> ResponseReturnValue:
    """A lesson that its author opened to everybody; whoever has a seat reads it there."""
    offered, newest = versions_of(slug)
    if newest is None:
        abort(404)
    own = next((cohort for cohort in _own(slug) if outline(cohort.version_id).item(item)), None)
    if own is not None:
        return redirect(url_for("courses.item", code=own.code, item=item))
    if offered is None:
        return _retired(newest)
    shown = outline(offered)
    line = shown.item(item)
    if line is None:
        abort(404)
    if not line.open or line.kind != "lesson":
        return render_template("courses/closed.html", course=shown, line=line), 403
    opened = [other for other in shown.items if other.open and other.kind == "lesson"]
    at = opened.index(line)
    page = lesson_page(line.id)
    html = render_template(
        "courses/open.html",
        course=shown,
        module=shown.modules[line.module - 1],
        line=line,
        page=page,
        before=opened[at - 1] if at else None,
        after=opened[at + 1] if at + 1 < len(opened) else None,
    )
    return spliced(html, [piece.html for piece in page.pieces])


@blueprint.get("/pelatihan/<slug>/berkas/<name>")
@public
def course_picture(slug: str, name: str) -> ResponseReturnValue:
    """A picture or download that an open lesson uses; all others need a seat."""
    offered, _newest = versions_of(slug)
    if offered is None or f"berkas/{name}" not in open_hrefs(offered):
        abort(404)
    return pictures.send(offered, name, shared=True)
