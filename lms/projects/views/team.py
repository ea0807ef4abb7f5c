"""Teams as learners make them: a name, a code that others join with, leaving, coming back, who did how much."""

from __future__ import annotations

from collections.abc import Callable

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lms.access import Deed
from lms.courses.models import ItemLine, Seat
from lms.extensions import begin_reading, db, utcnow
from lms.guard import allowed, person
from lms.projects import models
from lms.projects.models import MAX_KEY, Workspace
from lms.projects.teams import actions
from lms.projects.teams.actions import Place
from lms.projects.teams.models import contributions_of
from lms.projects.views import blueprint
from lms.projects.views.front import Refusal, front_page, missing_items, project_line
from lms.projects.views.loading import is_masked, load_seat, load_work, said
from lms.refusals import N_, Refused


def _place(seat: Seat, line: ItemLine) -> Place:
    assert seat.enrolment_id is not None  # the deed is only for the enrolled
    return Place(
        seat.cohort_id, line.id, line.stable_id, models.project(line.id), seat.enrolment_id, person().id
    )


def _do(seat: Seat, item: str, field: str, act: Callable[[Place, str], int]) -> ResponseReturnValue:
    """Do one act on teams with what the form holds, and go to the project's front; or say there why not."""
    line = project_line(seat, item)
    typed = request.form.get(field, "")
    missing = missing_items(seat, line)
    try:
        if missing:
            titles = ", ".join(each.title for each in missing)
            raise Refused(N_("Selesaikan dahulu: %(titles)s."), titles=titles)
        act(_place(seat, line), typed)
    except Refused as error:
        problem = said(error)
        db.session.rollback()
        begin_reading()
        return front_page(seat, line, Refusal(field, problem, typed[:200])), 400
    db.session.commit()
    return redirect(url_for(".front", code=seat.code, item=line.stable_id, _anchor="tim"), 303)


@blueprint.post("/proyek/<code>/<item>/tim")
@allowed(Deed.LEARN, load_seat)
def make_team(seat: Seat, item: str) -> ResponseReturnValue:
    """Make a team with this name; work that was begun alone becomes the team's."""
    return _do(seat, item, "name", lambda place, name: actions.make(place, name, now=utcnow()))


@blueprint.post("/proyek/<code>/<item>/gabung")
@allowed(Deed.LEARN, load_seat)
def join_team(seat: Seat, item: str) -> ResponseReturnValue:
    """Join the team with this code; one's own draft is kept, and left."""
    return _do(seat, item, "code", lambda place, code: actions.join(place, code, now=utcnow()))


@blueprint.post("/proyek/<code>/<item>/kembali")
@allowed(Deed.LEARN, load_seat)
def resume(seat: Seat, item: str) -> ResponseReturnValue:
    """Go on with a draft that one left and nobody else works in."""

    def act(place: Place, typed: str) -> int:
        number = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 19 else 0
        return actions.resume(place, min(number, MAX_KEY), now=utcnow())

    return _do(seat, item, "work", act)


@blueprint.post("/proyek/tim/<int:work_id>/keluar")
@allowed(Deed.WRITE_WORK, load_work)
def leave_team(work: Workspace) -> ResponseReturnValue:
    """Leave the team; the page asked once before this."""
    seat = load_seat(work.code)
    if seat is None or seat.enrolment_id is None:
        abort(404)
    line = project_line(seat, work.stable_id)
    try:
        actions.leave(_place(seat, line), work.id, now=utcnow())
    except Refused as error:
        db.session.rollback()
        flash(said(error), "warn")
    else:
        db.session.commit()
        flash(gettext("Anda keluar dari tim. Tulisan Anda tetap ada pada tim itu."), "ok")
    return redirect(url_for(".front", code=seat.code, item=line.stable_id), 303)


@blueprint.get("/proyek/kontribusi/<int:work_id>")
@allowed(Deed.SEE_SUBMISSION, load_work)
def contributions(work: Workspace) -> ResponseReturnValue:
    """Who changed which section, how much and when; reviewers of a blind project read no names."""
    member = person().id in work.member_ids
    if not member and not models.last_number(work.id):
        abort(404)  # drafts are the members' own until something is handed in
    found = contributions_of(work.id)
    masked = is_masked(work, [each.enrolment_id for each in found.parties if each.left_at is None])
    names = {
        each.person_id: gettext("Anggota %(number)s", number=number) if masked else each.name
        for number, each in enumerate(found.parties, start=1)
    }
    return render_template(
        "projects/contributions.html",
        work=work,
        project=work.project,
        found=found,
        names=names,
        member=member,
        masked=masked,
        left={each.person_id for each in found.parties if each.left_at is not None},
    )
