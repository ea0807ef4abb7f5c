"""Why a grade is what it is: one page with its arithmetic and every decision, to be read, checked and printed."""

from __future__ import annotations

from decimal import Decimal

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lms.access import Deed
from lms.grading import models
from lms.grading.adjusting.models import SOURCE as ADJUSTMENT
from lms.grading.appeals.models import ANSWERED
from lms.grading.explaining import arithmetic
from lms.grading.explaining.models import Row, basis_of, edition_of, ledger_of
from lms.grading.moderation.models import SOURCE as MODERATION
from lms.grading.views import blueprint
from lms.grading.views.words import who
from lms.guard import allowed, can, person
from lms.projects import models as projects
from lms.projects.models import Workspace
from lms.projects.teams.models import parties_of


def decision_word(row: Row) -> str:
    """What a line of the ledger decided, in plain words."""
    source, state = row.entry.source, row.entry.state
    if source.startswith(ADJUSTMENT):
        return gettext("Disesuaikan untuk satu anggota")
    if source.startswith(MODERATION):
        return gettext("Diputuskan moderator")
    if source.startswith("rubric:"):
        return gettext("Dihitung ulang dengan rubrik baru")
    if source.startswith(ANSWERED):
        return gettext("Banding dijawab")
    return {
        "proposed": gettext("Diusulkan satu penelaah"),
        "agreed": gettext("Nilai ditetapkan dari telaah"),
        "moderated": gettext("Nilai ditetapkan di antara telaah yang berbeda"),
        "released": gettext("Diumumkan"),
        "appealed": gettext("Banding diajukan"),
        "revised": gettext("Nilai diperbarui"),
    }[state]


@blueprint.get("/proyek/hasil/<int:work_id>/mengapa")
@allowed(Deed.EXPLAIN, projects.workspace)
def why(work: Workspace) -> ResponseReturnValue:
    """The grade of one member: the learner's own once it is out; any, for who answers for the cohort."""
    setting = models.setting_of(work.id)
    member = person().id in work.member_ids
    members = models.members_of(work.id)
    if member:
        chosen = next((each for each in members if each.person_id == person().id), None)
    else:
        at = request.args.get("peserta", "")
        number = int(at) if at.isascii() and at.isdecimal() and len(at) < 4 else 1
        chosen = members[number - 1] if 0 < number <= len(members) else members[0] if members else None
    shown = chosen is not None and (setting.released or not member)
    basis = basis_of(work) if shown else None
    if basis is None or chosen is None:
        return render_template("grading/why.html", work=work, project=work.project, member=member, basis=None)
    explained = basis.explain(chosen.enrolment_id)
    rows = ledger_of(chosen.enrolment_id, work.stable_id)
    counting = [row for row in rows if row.entry.state != "proposed"]
    mark = work.project.pass_mark
    # who graded stays unknown to those who must not know it, in every line
    hidden = work.project.blind == "both" and member
    names = {} if setting.masked else {each.enrolment_id: each.name for each in parties_of(work.id)}
    steps = [explained.rubric, -explained.final.deducted, explained.adjustment, explained.capped]
    return render_template(
        "grading/why.html",
        work=work,
        project=work.project,
        member=member,
        basis=basis,
        owner=who(setting.names, setting.masked, work.id),
        members=[
            (
                number,
                names.get(each.enrolment_id, gettext("Anggota %(number)s", number=number)),
                each == chosen,
            )
            for number, each in enumerate(members, start=1)
        ]
        if not member and len(members) > 1
        else [],
        explained=explained,
        criteria=arithmetic.shown([each.counts for each in explained.lines], explained.rubric, mark),
        steps=arithmetic.shown(steps, explained.total, mark),
        given=basis.given.get(chosen.enrolment_id),
        rows=rows,
        word=decision_word,
        counts=counting[-1].entry if counting else None,
        agrees=bool(counting) and counting[-1].entry.points == explained.total,
        released=setting.released,
        hidden=hidden,
        edition=edition_of(setting.version_id),
        version=projects.submission(basis.accepted.submission_id),
        zero=Decimal(0),
        may_see_version=can("see submission", work),
    )
