"""Appealing against single criteria of a released grade, and answering an appeal."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lms import formats
from lms.access import Deed
from lms.extensions import begin_reading, db, utcnow
from lms.grading import letters, models
from lms.grading.appeals import actions
from lms.grading.appeals.models import AppealDraft, AppealLine, Dispute, deadline_of, dispute, draft_of
from lms.grading.explaining.models import basis_of
from lms.grading.forms import revision_in, typed
from lms.grading.models.rubrics import rubric_version
from lms.grading.views import blueprint
from lms.grading.views.words import said, who
from lms.guard import allowed, person, wants_json
from lms.projects import models as projects
from lms.projects.models import Workspace
from lms.refusals import N_, Refused
from lms.rubric import Rubric
from lms.web import language, zone


def _page(
    work: Workspace,
    *,
    filled: Mapping[str, str] | None = None,
    revision: int | None = None,
    problem: str = "",
    unfit: str = "",
    other: Mapping[str, str] | None = None,
) -> str:
    """The learner's form; ``filled`` is what was typed, by criterion (None: what is kept), ``unfit`` the criterion
    that is refused, ``other`` what is kept where that is something else.
    """
    own = next(
        (each.enrolment_id for each in models.members_of(work.id) if each.person_id == person().id), None
    )
    deadline = deadline_of(own, work) if own is not None else None
    basis = basis_of(work) if deadline is not None else None
    draft = draft_of(work.id, person().id) if basis is not None else None
    kept = draft.reasons if draft is not None else {}
    held = filled if filled is not None else kept
    sent = {each.criterion for each in basis.appeals} if basis is not None else set()
    return render_template(
        "grading/appeal.html",
        work=work,
        project=work.project,
        basis=basis,
        lines=basis.explain(own).lines if basis is not None else [],
        before={each.criterion: each for each in basis.appeals} if basis is not None else {},
        deadline=deadline,
        open=deadline is not None and utcnow() <= deadline,
        filled=held,
        revision=revision if revision is not None else draft.revision if draft is not None else 0,
        saved_text=gettext("Tersimpan %(time)s", time=_time(draft)) if draft is not None and kept else "",
        # another key once something was sent: what was typed before is no text that did not get through
        local_key=f"{person().id}/banding/{work.id}/{len(sent)}",
        differences=_differences(basis.rubric, other, held)
        if basis is not None and other is not None
        else [],
        problem=problem,
        # a criterion that is not in the rubric has no field to lead to
        unfit=unfit if basis is not None and basis.rubric.criterion(unfit) is not None else "",
        least=actions.REASON_AT_LEAST,
        most=actions.REASON_AT_MOST,
    )


def _time(draft: AppealDraft) -> str:
    return formats.clock_time(draft.updated_at, zone(), language())


def _differences(
    rubric: Rubric, other: Mapping[str, str], mine: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    """Where what is kept and what was typed differ: (criterion, kept, typed)."""
    return [
        (each.title, other.get(each.id, ""), mine.get(each.id, ""))
        for each in rubric.criteria
        if other.get(each.id, "") != mine.get(each.id, "")
    ]


def _typed() -> dict[str, str]:
    """The reasons in the form, by criterion."""
    found = {
        name.removeprefix("alasan-"): typed(text)
        for name, text in request.form.items()
        if name.startswith("alasan-") and len(name) < 100
    }
    return {name: text for name, text in found.items() if text}


@blueprint.get("/proyek/hasil/<int:work_id>/banding")
@allowed(Deed.APPEAL, projects.workspace)
def appeal(work: Workspace) -> ResponseReturnValue:
    """The criteria that one may appeal against, until when, and what became of earlier appeals."""
    return _page(work)


@blueprint.post("/proyek/hasil/<int:work_id>/banding/draf")
@allowed(Deed.APPEAL, projects.workspace)
def save_appeal(work: Workspace) -> ResponseReturnValue:
    """Keep what is written so far: JSON for autosave.js, a redirect for the form's own button."""
    filled, revision = _typed(), revision_in(request.form)
    try:
        draft = actions.save_draft(work, filled, revision=revision, by=person().id, now=utcnow())
    except actions.Stale as error:
        return _stale(work, filled, error)
    except Refused as error:
        problem, unfit = said(error), error.criterion if isinstance(error, actions.Unfit) else ""
        db.session.rollback()
        if wants_json():
            return jsonify(error="refused", message=problem), 422
        begin_reading()
        return _page(work, filled=filled, revision=revision, problem=problem, unfit=unfit), 422
    answer: dict[str, Any] = {"fragments": {}}
    if draft is not None:
        saved = gettext("Tersimpan otomatis %(time)s", time=_time(draft))
        answer |= {"revision": str(draft.revision), "saved": saved}
    db.session.commit()
    if wants_json():
        return jsonify(answer)
    flash(gettext("Tulisan Anda tersimpan, tetapi belum dikirim."), "ok")
    return redirect(url_for("grading.appeal", work_id=work.id), 303)


def _stale(work: Workspace, filled: Mapping[str, str], stale: actions.Stale) -> ResponseReturnValue:
    """What was typed stays in the form; what is kept stands beside it, and pressing again takes the form's."""
    other = stale.row.reasons if stale.row is not None else {}
    revision = stale.row.revision if stale.row is not None else 0
    db.session.rollback()
    if wants_json():
        return jsonify(error="conflict", message=said(stale)), 409
    begin_reading()
    return _page(work, filled=filled, revision=revision, problem=said(stale), other=other), 409


@blueprint.post("/proyek/hasil/<int:work_id>/banding")
@allowed(Deed.APPEAL, projects.workspace)
def file_appeal(work: Workspace) -> ResponseReturnValue:
    """Appeal against every criterion for which a reason is written."""
    filled, revision = _typed(), revision_in(request.form)
    now = utcnow()
    try:
        rows = actions.appeal(work, filled, revision=revision, by=person().id, now=now)
    except actions.Stale as error:
        return _stale(work, filled, error)
    except Refused as error:
        problem, unfit = said(error), error.criterion if isinstance(error, actions.Unfit) else ""
        db.session.rollback()
        begin_reading()
        return _page(work, filled=filled, revision=revision, problem=problem, unfit=unfit), 400
    if rows:
        letters.appealed(work, len(rows), key=rows[0].id, now=now)
    db.session.commit()
    if rows:
        flash(
            gettext(
                "Banding atas %(count)s kriteria terkirim. Jawabannya dikirim lewat surel.", count=len(rows)
            ),
            "ok",
        )
    else:
        flash(gettext("Banding ini sudah terkirim sebelumnya."), "warn")
    return redirect(url_for("grading.result", work_id=work.id, _anchor="banding"), 303)


def _answer_page(
    case: Dispute, *, decision: str = "", points: str = "", reason: str = "", problem: str = ""
) -> str:
    basis = basis_of(case.work)
    assert basis is not None  # an appeal is against a released grade
    name = case.appeal.criterion
    setting = models.setting_of(case.work.id)
    explained = basis.explain()
    line = next(each for each in explained.lines if each.id == name)
    mine: AppealLine = next(each for each in basis.appeals if each.id == case.appeal.id)
    return render_template(
        "grading/appeal_answer.html",
        case=case,
        work=case.work,
        project=case.work.project,
        owner=who(setting.names, setting.masked, case.work.id),
        appeal=mine,
        criterion=basis.rubric.criterion(name),
        rubric=basis.rubric,
        line=line,
        comments=[review.content.opinion(name).comment for review in basis.accepted.reviews],
        submission_id=basis.accepted.submission_id,
        number=basis.accepted.number,
        decision=decision,
        points=points,
        reason=reason,
        problem=problem,
        least=actions.REASON_AT_LEAST,
        most=actions.REASON_AT_MOST,
    )


@blueprint.get("/telaah/banding/<int:appeal_id>")
@allowed(Deed.ANSWER_APPEAL, dispute)
def answer(case: Dispute) -> ResponseReturnValue:
    """The appeal, what the criterion gave and why, and the form for its answer."""
    return _answer_page(case)


@blueprint.post("/telaah/banding/<int:appeal_id>")
@allowed(Deed.ANSWER_APPEAL, dispute)
def answer_appeal(case: Dispute) -> ResponseReturnValue:
    """Answer an appeal, once."""
    decision = request.form.get("decision", "")
    typed = request.form.get("points", "")[:40]
    reason = request.form.get("reason", "")[: actions.REASON_AT_MOST * 2]
    now = utcnow()
    try:
        if decision not in ("accepted", "rejected"):
            raise Refused(N_("Pilih menerima atau menolak banding ini."))
        done = actions.answer(
            case,
            accepted=decision == "accepted",
            points=_points(typed) if decision == "accepted" else None,
            reason=reason,
            by=person().id,
            now=now,
        )
    except Refused as error:
        problem = said(error)
        status = 409 if isinstance(error, actions.Answered) else 400
        db.session.rollback()
        begin_reading()
        return _answer_page(case, decision=decision, points=typed, reason=reason, problem=problem), status
    if done.made:
        rubric = models.rubric_of(rubric_version(case.work.id), case.work.project)
        criterion = rubric.criterion(case.appeal.criterion)
        letters.appeal_answered(
            case.work, criterion.title if criterion else case.appeal.criterion, key=done.row.id, now=now
        )
    db.session.commit()
    flash(
        gettext("Jawaban banding tersimpan. Peserta diberi tahu lewat surel.")
        if done.made
        else gettext("Banding ini sudah Anda jawab. Tidak ada yang diubah."),
        "ok" if done.made else "warn",
    )
    return redirect(url_for("grading.why", work_id=case.work.id), 303)


def _points(text: str) -> Decimal:
    try:
        return formats.parse_decimal(text)
    except formats.UnreadableNumber as error:
        raise Refused(N_("Tulis poin baru untuk kriteria ini.")) from error
