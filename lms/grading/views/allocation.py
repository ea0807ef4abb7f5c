"""Who reviews what: one work's reviewers, those of a cohort, and the plan that is looked at before it is done."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import cast

import msgspec
from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from itsdangerous import BadData, URLSafeSerializer

from lms import formats, paging
from lms.access import Deed
from lms.courses.models import Cohort, cohort_by_code, outline
from lms.extensions import begin_reading, db, utcnow
from lms.grading import letters, models
from lms.grading.allocation import actions
from lms.grading.allocation.actions import Planned, Wish
from lms.grading.allocation.balance import Given, Left
from lms.grading.allocation.models import (
    OF_RELATION,
    Scope,
    WorkLine,
    close_to,
    facilitators_of,
    history_of,
    standing,
    work_line,
    works_in,
)
from lms.grading.views import blueprint
from lms.grading.views.words import said, who
from lms.guard import allowed, person
from lms.projects import models as projects
from lms.projects.models import Work, Workspace
from lms.refusals import N_, Refused


def row_id(text: str | None) -> int:
    """A row id as typed into a form, 0 for nonsense: no row has that."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 19 else 0


def how_word(how: str) -> str:
    """How an allocation came about."""
    return {
        "hand": gettext("ditetapkan"),
        "balanced": gettext("dibagi rata"),
        "returned": gettext("mengembalikan versi sebelumnya"),
    }[how]


@blueprint.get("/telaah/kerja/<int:work_id>/penelaah")
@allowed(Deed.ALLOCATE, projects.workspace)
def work_reviewers(work: Workspace) -> ResponseReturnValue:
    """Who reviews a work now, and whoever did before."""
    return _work_page(work)


def _work_page(work: Workspace, *, problem: str = "", reason: str = "") -> str:
    setting = models.setting_of(work.id)
    today = formats.local(utcnow()).date()
    people = [line for line in facilitators_of(work.cohort_id, today=today) if line.active]
    history = history_of(work.id)
    close = close_to(work.id, [line.id for line in people])
    return render_template(
        "grading/work_reviewers.html",
        work=work,
        project=work.project,
        owner=who(setting.names, setting.masked, work.id),
        standing=[line for line in history if line.ended_at is None],
        history=history,
        free=[line for line in people if line.id not in close and line.id not in work.reviewer_ids],
        close=[line for line in people if line.id in close],
        masked=setting.masked,
        # in blind review the reason why somebody lost a work tells who its author is close to
        unsaid={line.id for line in history if setting.masked and line.ended_reason == OF_RELATION},
        today=today,
        how_word=how_word,
        problem=problem,
        reason=reason,
    )


@blueprint.post("/telaah/kerja/<int:work_id>/penelaah")
@allowed(Deed.ALLOCATE, projects.workspace)
def change_reviewers(work: Workspace) -> ResponseReturnValue:
    """Give a work to a reviewer, in place of another one where that is named; or take it from one."""
    reviewer, instead = row_id(request.form.get("reviewer")), row_id(request.form.get("instead"))
    reason = " ".join(request.form.get("reason", "").split())[: actions.REASON_AT_MOST]
    given = None
    now = utcnow()
    try:
        if "end" in request.form:
            row = standing(work.id, row_id(request.form.get("end")))
            if row is not None:
                actions.end(row, reason, by=person().id, now=now)
            said_so = gettext(
                "Hasil kerja ini diambil kembali dari penelaahnya. Draf telaahnya tetap tersimpan."
            )
        elif not reviewer:
            raise Refused(N_("Pilih penelaahnya."))
        elif instead:
            given = actions.replace(work.id, instead, reviewer, reason=reason, by=person().id, now=now)
            said_so = gettext("Penelaah diganti. Draf telaah penelaah pertama tetap tersimpan untuknya.")
        else:
            given = actions.allocate(work.id, reviewer, reason=reason, by=person().id, now=now)
            said_so = gettext("Penelaah ditetapkan.")
    except Refused as error:
        problem = said(error)
        db.session.rollback()
        begin_reading()
        return _work_page(work, problem=problem, reason=reason), 400
    if given is not None and given.allocated_at == now:  # an older one stood already
        letters.allocated(work.cohort, work.code, [given.id], by=person().id, now=now)
    db.session.commit()
    flash(said_so, "ok")
    return redirect(url_for(".work_reviewers", work_id=work.id), 303)


# A cohort's works


def owner(line: WorkLine) -> str:
    """Whose work it is, or the code that stands for them."""
    return who(line.names, line.masked, line.id)


def _projects(cohort: Cohort) -> list[tuple[str, str]]:
    return [
        (line.stable_id, line.title) for line in outline(cohort.version_id).items if line.kind == "project"
    ]


@blueprint.get("/telaah/angkatan/<code>/penelaah")
@allowed(Deed.ALLOCATE, cohort_by_code)
def reviewers(cohort: Cohort) -> ResponseReturnValue:
    """The facilitators of a cohort with what they have to do, and its works with who reviews them."""
    known = _projects(cohort)
    project = request.args.get("proyek", "")
    project = project if project in dict(known) else ""
    everything = request.args.get("tampil") == "semua"
    scope = Scope(project, lacking=not everything)
    page = paging.by_key(
        works_in(cohort.id, scope, asked_by=person().id), [Work.id], request.args.get("after"), scalars=False
    )
    today = formats.local(utcnow()).date()
    return render_template(
        "grading/reviewers.html",
        cohort=cohort,
        people=facilitators_of(cohort.id, today=today),
        today=today,
        page=page,
        lines=[(line, owner(line)) for line in map(work_line, page.rows)],
        projects=known,
        project=project,
        everything=everything,
    )


# The plan that is looked at first


def _wish() -> Wish:
    """What the address asks a plan for."""
    chosen = tuple(sorted({row_id(each) for each in request.args.getlist("kerja")[:1000]} - {0}))
    if request.args.get("cara") == "tangan":
        return Wish(how="hand", work_ids=chosen, reviewer_id=row_id(request.args.get("penelaah")))
    return Wish(
        stable_id=request.args.get("proyek", "")[:80],
        waiting=request.args.get("cakupan") != "semua",
        # the same all day, so that looking twice shows the same
        seed=formats.local(utcnow()).date().toordinal(),
    )


def _signer(cohort_id: int) -> URLSafeSerializer:
    return URLSafeSerializer(
        cast(str, current_app.secret_key), salt=f"allocation plan of {cohort_id} by {person().id}"
    )


def obstacle_word(name: str) -> str:
    """What keeps somebody from a work."""
    return {
        "has it": gettext("sudah menelaahnya"),
        "conflict": gettext("benturan kepentingan"),
        "away": gettext("tidak di tempat"),
        "cap": gettext("batas fasilitator tercapai"),
        "university cap": gettext("batas perguruan tinggi tercapai"),
    }[name]


@dataclass(frozen=True)
class Row:
    """A line of the plan in words: the work, who gets it, why."""

    work: str
    project: str
    reviewer: str
    why: str


def _why(given: Given, wish: Wish) -> str:
    if wish.how == "hand":
        return gettext("dipilih")
    load = gettext("%(count)s menunggu sebelumnya", count=given.waiting)
    if given.tags:
        return gettext("keahlian %(tags)s; %(load)s", tags=", ".join(given.tags), load=load)
    return load


def _left(left: Left, line: WorkLine) -> str:
    if not left.obstacles:
        return gettext("Angkatan ini belum memiliki fasilitator aktif.")
    if line.masked:  # how many are too close to an author whose name is hidden is not told work by work
        return gettext(
            "%(count)s orang tidak dapat menerimanya", count=sum(count for _, count in left.obstacles)
        )
    return ", ".join(
        gettext("%(count)s orang: %(why)s", count=count, why=obstacle_word(name))
        for name, count in left.obstacles
    )


def _preview(cohort: Cohort, wish: Wish, planned: Planned, *, problem: str = "") -> str:
    comes = Counter(each.reviewer_id for each in planned.plan.given)

    def named(work_id: int) -> tuple[str, str]:
        line = planned.works[work_id]
        return owner(line), line.project.title

    by_hand = wish.how == "hand"
    # the chosen reviewer and the works that drop out would tell whose work it is
    untold = [
        each
        for each in planned.plan.left
        if by_hand
        and planned.works[each.work_id].masked
        and any(name == "conflict" for name, _ in each.obstacles)
    ]
    return render_template(
        "grading/plan.html",
        cohort=cohort,
        by_hand=by_hand,
        chosen=planned.people.get(wish.reviewer_id),
        rows=[
            Row(*named(each.work_id), planned.people[each.reviewer_id].name, _why(each, wish))
            for each in planned.plan.given
        ],
        left=[
            (*named(each.work_id), _left(each, planned.works[each.work_id]))
            for each in planned.plan.left
            if each not in untold
        ],
        untold=len(untold),
        people=[(line, comes[line.id]) for line in planned.people.values()],
        more=planned.more,
        most=actions.PLANNED_AT_MOST,
        signed=_signer(cohort.id).dumps([msgspec.to_builtins(wish), planned.plan.digest]),
        problem=problem,
    )


@blueprint.get("/telaah/angkatan/<code>/penelaah/pratinjau")
@allowed(Deed.ALLOCATE, cohort_by_code)
def allocation_plan(cohort: Cohort) -> ResponseReturnValue:
    """Who would get what and why; nothing is allocated by looking."""
    wish = _wish()
    if wish.how == "hand" and not (wish.work_ids and wish.reviewer_id):
        flash(gettext("Pilih dahulu hasil kerja dan penelaahnya."), "warn")
        return redirect(url_for(".reviewers", code=cohort.code))
    planned = actions.plan(cohort.id, wish, by=person().id, now=utcnow())
    return _preview(cohort, wish, planned)


@blueprint.post("/telaah/angkatan/<code>/penelaah/terapkan")
@allowed(Deed.ALLOCATE, cohort_by_code)
def apply_plan(cohort: Cohort) -> ResponseReturnValue:
    """Allocate exactly what the preview showed."""
    try:
        values, digest = _signer(cohort.id).loads(request.form.get("plan", ""))
        wish = msgspec.convert(values, Wish)
    except (BadData, ValueError, TypeError, msgspec.ValidationError):
        flash(gettext("Pratinjau itu tidak dapat dibaca. Buat pratinjau yang baru."), "bad")
        return redirect(url_for(".reviewers", code=cohort.code), 303)
    now = utcnow()
    try:
        added = actions.apply(cohort.id, wish, str(digest), by=person().id, now=now)
    except actions.Changed as error:
        page = _preview(cohort, wish, error.planned, problem=said(error))
        db.session.rollback()
        begin_reading()
        return page, 409
    letters.allocated(cohort.name, cohort.code, added, by=person().id, now=now)
    db.session.commit()
    flash(gettext("%(count)s telaah dialokasikan.", count=len(added)), "ok")
    return redirect(url_for(".reviewers", code=cohort.code), 303)
