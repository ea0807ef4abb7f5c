"""The teams of a cohort's project, as its facilitators put people together, move them and take somebody out."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lms.access import Deed
from lms.extensions import begin_reading, db, utcnow
from lms.guard import allowed, person
from lms.projects import letters
from lms.projects.cohort.models import CohortProject, cohort_project, learners
from lms.projects.models import MAX_KEY
from lms.projects.teams import actions
from lms.projects.teams.models import team_choices
from lms.projects.views import blueprint
from lms.projects.views.loading import said
from lms.refusals import Refused

CHOICES_AT_MOST = 300


@dataclass(frozen=True)
class Filled:
    """What the form held that could not be done, and why."""

    problem: str = ""
    chosen: frozenset[int] = field(default_factory=frozenset)
    name: str = ""
    into: int = 0
    reason: str = ""


def load_team_project(code: str, item: str) -> CohortProject | None:
    """The project of an address, where it is for teams."""
    place = cohort_project(code, item)
    return place if place is not None and place.project.team.max != 1 else None


@blueprint.get("/proyek/angkatan/<code>/<item>/tim")
@allowed(Deed.FACILITATE, load_team_project)
def teams(place: CohortProject) -> ResponseReturnValue:
    """Who works with whom: the learners of a cohort, each with the team."""
    return _page(place, Filled())


def _page(place: CohortProject, filled: Filled) -> str:
    return render_template(
        "projects/teams.html",
        where=place,
        project=place.project,
        page=learners(place, request.args.get("after")),
        choices=team_choices(place.cohort_id, place.line.stable_id, limit=CHOICES_AT_MOST),
        filled=filled,
        here=request.full_path.rstrip("?"),
    )


@blueprint.post("/proyek/angkatan/<code>/<item>/tim")
@allowed(Deed.FACILITATE, load_team_project)
def change_teams(place: CohortProject) -> ResponseReturnValue:
    """Put the chosen learners into a new team or into one there is, or take them out of theirs."""
    chosen = [_row_id(text) for text in request.form.getlist("who")[: actions.TOGETHER_AT_MOST + 1]]
    filled = Filled(
        chosen=frozenset(chosen),
        name=request.form.get("name", "")[:200],
        into=_row_id(request.form.get("into", "")),
        reason=request.form.get("reason", "")[:400],
    )
    act = request.form.get("act")
    try:
        if act in ("new", "into"):
            told = _put_together(place, chosen, filled, into=filled.into if act == "into" else None)
        elif act == "out":
            told = _take_out(place, chosen, filled)
        else:
            abort(400)
    except Refused as error:
        problem = said(error)
        db.session.rollback()
        begin_reading()
        kept = Filled(problem, filled.chosen, filled.name, filled.into, filled.reason)
        return _page(place, kept), 400
    db.session.commit()
    flash(told, "ok")
    return redirect(url_for(".teams", code=place.code, item=place.line.stable_id), 303)


def _row_id(text: str) -> int:
    """A row id, 0 for nonsense: no row has that."""
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else 0
    return number if number <= MAX_KEY else 0


def _put_together(place: CohortProject, chosen: list[int], filled: Filled, *, into: int | None) -> str:
    now = utcnow()
    placed = actions.put_together(
        place.cohort_id,
        place.line.id,
        place.line.stable_id,
        place.project,
        chosen,
        into=into,
        name=filled.name,
        by=person().id,
        now=now,
    )
    letters.placed(place.code, place.line.stable_id, place.project.title, placed, now=now)
    if not placed.person_ids:
        return gettext("Semua yang dipilih sudah berada di tim %(team)s.", team=placed.name)
    return gettext(
        "%(count)s peserta sekarang di tim %(team)s dan diberi tahu lewat surel.",
        count=len(placed.person_ids),
        team=placed.name,
    )


def _take_out(place: CohortProject, chosen: list[int], filled: Filled) -> str:
    now = utcnow()
    out = actions.take_out(
        place.cohort_id, place.line.stable_id, chosen, filled.reason, by=person().id, now=now
    )
    for enrolment_id, (team, person_id) in out.items():
        letters.taken_out(
            person_id,
            team,
            place.code,
            place.line.stable_id,
            place.project.title,
            " ".join(filled.reason.split()),
            key=f"{enrolment_id}:{now.isoformat(timespec='seconds')}",
            now=now,
        )
    return gettext("%(count)s peserta dikeluarkan dari timnya dan diberi tahu lewat surel.", count=len(out))
