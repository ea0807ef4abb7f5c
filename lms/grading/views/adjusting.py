"""The grader's page for single members of a team."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lms import formats
from lms.access import Deed
from lms.extensions import begin_reading, db, utcnow
from lms.grading import models
from lms.grading.adjusting import actions
from lms.grading.adjusting.models import Given, Standing, adjustments_of, standings_of
from lms.grading.views import blueprint
from lms.grading.views.words import said, who
from lms.guard import allowed, person
from lms.projects import models as projects
from lms.projects.models import Workspace
from lms.projects.teams.models import Total, contributions_of
from lms.refusals import N_, Refused


@dataclass(frozen=True)
class Member:
    """A standing member as the page shows one: a name or a number, the grade, what was given beside it, the work done."""

    number: int
    name: str
    enrolment_id: int
    standing: Standing | None
    given: Given | None
    total: Total


def _members(work: Workspace, *, masked: bool) -> list[Member]:
    """The standing members, numbered as on the page of their contributions; three statements."""
    found = contributions_of(work.id)
    ids = [each.enrolment_id for each in found.parties if each.left_at is None]
    standings = standings_of(ids, work.stable_id)
    given = adjustments_of(work.id)
    return [
        Member(
            number,
            gettext("Anggota %(number)s", number=number) if masked else each.name,
            each.enrolment_id,
            standings.get(each.enrolment_id),
            given.get(each.enrolment_id),
            found.totals.get(each.person_id, Total()),
        )
        for number, each in enumerate(found.parties, start=1)
        if each.left_at is None
    ]


@dataclass(frozen=True)
class Filled:
    """What a member's form held that could not be done, and why."""

    number: int = 0
    points: str = ""
    reason: str = ""
    problem: str = ""


@blueprint.get("/telaah/kerja/<int:work_id>/penyesuaian")
@allowed(Deed.REVIEW, projects.workspace)
def adjustments(work: Workspace) -> ResponseReturnValue:
    """The members of a team with the grade of each."""
    return _page(work, Filled())


def _page(work: Workspace, filled: Filled) -> str:
    setting = models.setting_of(work.id)
    members = _members(work, masked=setting.masked)
    standing = [each.standing for each in members if each.standing is not None]
    return render_template(
        "grading/adjustments.html",
        work=work,
        project=work.project,
        members=members,
        owner=who(setting.names, setting.masked, work.id),
        masked=setting.masked,
        graded=bool(standing),
        released=any(each.released for each in standing),
        filled=filled,
    )


@blueprint.post("/telaah/kerja/<int:work_id>/penyesuaian")
@allowed(Deed.REVIEW, projects.workspace)
def adjust(work: Workspace) -> ResponseReturnValue:
    """Give one member more or fewer points than the team, with a reason that this member reads."""
    typed = request.form.get("member", "")
    number = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 6 else 0
    filled = Filled(number, request.form.get("points", "")[:40], request.form.get("reason", "")[:400])
    masked = models.setting_of(work.id).masked
    try:
        member = next((each for each in _members(work, masked=masked) if each.number == number), None)
        if member is None:
            raise Refused(N_("Anggota itu tidak ada lagi di tim ini. Muat ulang halaman."))
        row = actions.adjust(
            work, member.enrolment_id, _points(filled.points), filled.reason, by=person().id, now=utcnow()
        )
    except Refused as error:
        problem = said(error)
        db.session.rollback()
        begin_reading()
        return _page(work, Filled(number, filled.points, filled.reason, problem)), 400
    if row is not None:
        db.session.commit()
    flash(gettext("Penyesuaian untuk %(name)s tersimpan.", name=member.name), "ok")
    return redirect(url_for(".adjustments", work_id=work.id), 303)


def _points(text: str) -> Decimal:
    try:
        return formats.parse_decimal(text)
    except formats.UnreadableNumber as error:
        raise Refused(N_("Tulis berapa poin ditambah atau dikurangi, misalnya 5 atau -2,5.")) from error
