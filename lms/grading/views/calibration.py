"""Practice before the queue: the samples of a project, marking one, and agreeing on one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lms import formats, markup
from lms.access import Deed
from lms.courses.models import Cohort
from lms.extensions import begin_reading, db, utcnow
from lms.grading import content, models
from lms.grading.calibration import actions, scoring
from lms.grading.calibration import models as calibration
from lms.grading.calibration.models import GoldSample
from lms.grading.content import Opinion, ReviewContent
from lms.grading.forms import TooLong, refuse_long, revision_in, typed
from lms.grading.release.models import CohortProject, cohort_project
from lms.grading.views import blueprint
from lms.grading.views.words import said, who
from lms.guard import allowed, can, person, wants_json
from lms.projects import models as projects
from lms.projects.content import decode as decode_part
from lms.projects.models import SubmissionVersion
from lms.refusals import N_, Refused
from lms.rubric import Rubric
from lms.web import language, zone


@blueprint.get("/telaah/angkatan/<code>/latihan/<item>")
@allowed(Deed.PRACTICE, cohort_project)
def practice(place: CohortProject) -> ResponseReturnValue:
    """The samples of a project: what is asked, how far one is; who leads sets what is asked and makes samples."""
    return _overview(place)


def _overview(place: CohortProject, *, problem: str = "", threshold: str | None = None) -> str:
    cohort_id, stable_id = place.cohort_id, place.line.stable_id
    samples = [each for each in calibration.samples_of(cohort_id, stable_id) if can("practice", each)]
    marks = calibration.marks_of([each.id for each in samples], person().id)
    near, marked = actions.nearness_of(samples, person().id)
    setting = calibration.setting_of(cohort_id, stable_id)
    stored = setting.threshold if setting else None
    leading = can("calibrate", place)
    retired = [
        (each, row)
        for each, row in calibration.retired_samples(cohort_id, stable_id)
        if leading or can("practice", each)
    ]
    old_marks = calibration.marks_of([each.id for each, _ in retired], person().id)
    return render_template(
        "grading/practice.html",
        here=place,
        samples=[(number, each, marks.get(each.id)) for number, each in enumerate(samples, start=1)],
        near=near,
        marked=marked,
        setting=setting,
        passed=calibration.calibrated(cohort_id, stable_id, person().id),
        leading=leading,
        # who leads sees all of them, others what they marked themselves
        retired=[
            (each, row, old_marks.get(each.id)) for each, row in retired if leading or each.id in old_marks
        ],
        sources=_sources(place) if leading else (),
        candidates=[
            (each, who("", True, each.work_id))
            for each in (calibration.candidates(cohort_id, stable_id, place.version_id) if leading else ())
        ],
        measures=_measures(),
        threshold=threshold if threshold is not None else formats.decimal(stored) if stored else "",
        problem=problem,
    )


def _sources(place: CohortProject) -> list[calibration.Source]:
    """The cohorts whose samples the reader may take over: who leads this one need not lead those."""
    me = person()
    among = None if me.administrator else me.leads
    return calibration.sources_for(place.cohort_id, place.line.stable_id, among)


def _measures() -> dict[str, str]:
    return {
        "exact": gettext("Tingkat sama persis (persen)"),
        "adjacent": gettext("Selisih paling banyak satu tingkat (persen)"),
        "kappa": gettext("Kappa berbobot kuadrat (× 100)"),
    }


@blueprint.post("/telaah/angkatan/<code>/latihan/<item>")
@allowed(Deed.CALIBRATE, cohort_project)
def set_practice(place: CohortProject) -> ResponseReturnValue:
    """Ask reviewers to practise until they reach a bound, or ask nothing any more."""
    text = request.form.get("threshold", "").strip()[:20]
    measure = actions.measured(request.form.get("measure", ""))
    try:
        try:
            threshold = formats.parse_decimal(text) if text else None
        except formats.UnreadableNumber as error:
            raise Refused("Tulis ambang di antara 1 dan 100.") from error
        actions.set_threshold(
            place.cohort_id, place.line.stable_id, measure, threshold, by=person().id, now=utcnow()
        )
    except Refused as error:
        problem = said(error)
        db.session.rollback()
        begin_reading()
        return _overview(place, problem=problem, threshold=text), 400
    db.session.commit()
    flash(gettext("Ketentuan latihan tersimpan."), "ok")
    return redirect(url_for("grading.practice", code=place.code, item=place.line.stable_id), 303)


@blueprint.post("/telaah/angkatan/<code>/latihan/<item>/ambil")
@allowed(Deed.CALIBRATE, cohort_project)
def take_samples(place: CohortProject) -> ResponseReturnValue:
    """Take over the samples of another cohort that the reader answers for too."""
    code, now = request.form.get("source", "")[:60], utcnow()
    try:
        if not any(each.code == code for each in _sources(place)):
            raise Refused(N_("Angkatan itu tidak memiliki contoh lain untuk proyek ini."))
        source = cohort_project(code, place.line.stable_id)
        if source is None or not can("calibrate", source):
            raise Refused(N_("Anda tidak dapat mengambil contoh dari angkatan itu."))
        rows = actions.take_over(
            source.cohort_id, place.cohort_id, place.line.stable_id, place.line.id, by=person().id, now=now
        )
    except Refused as error:
        problem = said(error)
        db.session.rollback()
        begin_reading()
        return _overview(place, problem=problem), 422
    db.session.commit()
    flash(gettext("%(count)s contoh diambil beserta kesepakatannya.", count=len(rows)), "ok")
    return redirect(url_for("grading.practice", code=place.code, item=place.line.stable_id), 303)


@blueprint.post("/telaah/latihan/<int:sample_id>/pensiun")
@allowed(Deed.CALIBRATE, calibration.sample)
def retire_sample(sample: GoldSample) -> ResponseReturnValue:
    """Ask nobody to mark the sample any more."""
    cohort = db.session.get_one(Cohort, sample.cohort_id)
    code, item = cohort.code, sample.stable_id
    try:
        actions.retire(sample, request.form.get("reason", ""), by=person().id, now=utcnow())
    except Refused as error:
        problem = said(error)
        db.session.rollback()
        begin_reading()
        place = cohort_project(code, item)
        if place is None:  # the cohort takes a version without the project now
            flash(problem, "bad")
            return redirect(url_for("grading.queue"), 303)
        return _overview(place, problem=problem), 422
    db.session.commit()
    flash(gettext("Contoh tidak dipakai lagi. Jawaban yang sudah ada tetap tersimpan."), "ok")
    return redirect(url_for("grading.practice", code=code, item=item), 303)


def _shown(version: SubmissionVersion) -> Sequence[tuple[Any, Any, Any]]:
    """The sections as (section, content, HTML), without files: those can carry names inside."""
    project = projects.project(version.work.item_id)
    held = {part.section_id: decode_part(part.content) for part in version.parts}
    return [
        (
            section,
            held[section.id],
            markup.to_html(str(held[section.id]), "people") if isinstance(held[section.id], str) else None,
        )
        for section in project.sections
        if section.id in held and section.kind != "files"
    ]


def _said_in(rubric: Rubric) -> ReviewContent:
    levels = {str(level.id): level.id for level in rubric.levels}
    return ReviewContent(
        criteria={
            each.id: Opinion(
                levels.get(request.form.get(f"level.{each.id}", "")),
                comment=typed(request.form.get(f"comment.{each.id}", "")),
            )
            for each in rubric.criteria
        }
    )


def _rubric(sample: GoldSample) -> Rubric:
    return models.rubric_of(sample.version_id, projects.project(sample.submission.work.item_id))


@blueprint.get("/telaah/latihan/<int:sample_id>")
@allowed(Deed.PRACTICE, calibration.sample)
def practise(sample: GoldSample) -> ResponseReturnValue:
    """A sample beside its rubric; once marked, the agreed levels and why, beside one's own."""
    return _desk(sample)


def _desk(
    sample: GoldSample,
    *,
    typed_now: ReviewContent | None = None,
    revision: int | None = None,
    problem: str = "",
    missing: Sequence[str] = (),
) -> str:
    me = person().id
    attempts = calibration.attempts_of(sample.id, me)
    wait = actions.can_mark(sample, me, now=utcnow())
    retirement = calibration.retirement_of(sample.id)
    again = bool(attempts) and wait is None and request.args.get("lagi") == "1"
    writing = retirement is None and (not attempts or again or typed_now is not None)
    draft = calibration.draft_of(sample.id, me) if writing or not attempts else None
    held = typed_now if typed_now is not None else content.decode(draft.content) if draft else ReviewContent()
    rubric = _rubric(sample)
    agreed = content.decode(sample.content)
    mine = content.decode(attempts[-1].content) if attempts else ReviewContent()
    setting = calibration.setting_of(sample.cohort_id, sample.stable_id)
    return render_template(
        "grading/practice_desk.html",
        sample=sample,
        code=db.session.get_one(Cohort, sample.cohort_id).code,
        retirement=retirement,
        sections=_shown(sample.submission),
        rubric=rubric,
        held=held,
        agreed=agreed,
        mine=mine,
        attempts=attempts,
        near=scoring.nearness(scoring.pairs(agreed, mine, agreed.criteria)),
        writing=writing,
        wait=wait,
        setting=setting,
        passed=calibration.calibrated(sample.cohort_id, sample.stable_id, me),
        revision=revision if revision is not None else draft.revision if draft else 0,
        saved_text=gettext("Tersimpan %(time)s", time=_time(draft)) if draft else "",
        local_key=f"{me}/latihan/{sample.id}",
        problem=problem,
        missing=[each for each in rubric.criteria if each.id in missing],
    )


def _time(draft: calibration.PracticeDraft) -> str:
    return formats.clock_time(draft.updated_at, zone(), language())


@blueprint.post("/telaah/latihan/<int:sample_id>")
@allowed(Deed.PRACTICE, calibration.sample)
def save_practice(sample: GoldSample) -> ResponseReturnValue:
    """Keep the draft: JSON for autosave.js, a redirect for the form's own button."""
    written, revision = _said_in(_rubric(sample)), revision_in(request.form)
    try:
        refuse_long(written)
        draft = actions.save_draft(sample, written, revision=revision, by=person().id, now=utcnow())
    except actions.Stale as error:
        return _stale(sample, written, error)
    except TooLong as error:
        return _too_long(sample, written, error)
    except actions.Retired as error:
        return _retired(sample, written, error)
    if wants_json():
        answer: dict[str, Any] = {"fragments": {}}
        if draft is not None:
            saved = gettext("Tersimpan otomatis %(time)s", time=_time(draft))
            answer |= {"revision": str(draft.revision), "saved": saved}
        db.session.commit()
        return jsonify(answer)
    db.session.commit()
    return redirect(url_for("grading.practise", sample_id=sample.id, lagi=1), 303)


def _stale(sample: GoldSample, written: ReviewContent, error: actions.Stale) -> ResponseReturnValue:
    """What was typed stays in the form; saving again replaces what is stored."""
    problem, sample_id = said(error), sample.id
    db.session.rollback()
    if wants_json():
        return jsonify(error="conflict", message=problem), 409
    begin_reading()
    again = calibration.sample(sample_id)
    assert again is not None
    draft = calibration.draft_of(sample_id, person().id)
    return _desk(again, typed_now=written, revision=draft.revision if draft else 0, problem=problem), 409


def _retired(sample: GoldSample, written: ReviewContent, error: actions.Retired) -> ResponseReturnValue:
    """Nobody needs the mark any more; what was typed is shown once more, to be copied."""
    problem, sample_id = said(error), sample.id
    db.session.rollback()
    if wants_json():
        return jsonify(error="locked", message=problem), 409
    begin_reading()
    again = calibration.sample(sample_id)
    assert again is not None
    return _desk(again, typed_now=written, problem=problem), 409


def _too_long(sample: GoldSample, written: ReviewContent, error: TooLong) -> ResponseReturnValue:
    """What was typed stays in the form; nothing is stored."""
    problem, sample_id = said(error), sample.id
    db.session.rollback()
    if wants_json():
        return jsonify(error="too_long", message=problem), 413
    begin_reading()
    again = calibration.sample(sample_id)
    assert again is not None
    revision = revision_in(request.form)
    return _desk(again, typed_now=written, revision=revision, problem=problem), 413


@blueprint.post("/telaah/latihan/<int:sample_id>/kirim")
@allowed(Deed.PRACTICE, calibration.sample)
def send_practice(sample: GoldSample) -> ResponseReturnValue:
    """Send the mark, and see how the others judge."""
    written, revision = _said_in(_rubric(sample)), revision_in(request.form)
    try:
        refuse_long(written)
        _, made = actions.send_mark(sample, written, revision=revision, by=person().id, now=utcnow())
    except actions.Stale as error:
        return _stale(sample, written, error)
    except TooLong as error:
        return _too_long(sample, written, error)
    except actions.Retired as error:
        return _retired(sample, written, error)
    except actions.Incomplete as error:
        problem, criteria, sample_id = said(error), error.criteria, sample.id
        db.session.rollback()
        begin_reading()
        again = calibration.sample(sample_id)
        assert again is not None
        return _desk(again, typed_now=written, revision=revision, problem=problem, missing=criteria), 422
    db.session.commit()
    if made:
        flash(gettext("Penilaian latihan terkirim. Bandingkan dengan kesepakatan di bawah."), "ok")
    return redirect(url_for("grading.practise", sample_id=sample.id), 303)


@blueprint.get("/telaah/<int:submission_id>/contoh")
@allowed(Deed.CALIBRATE, projects.submission)
def new_sample(version: SubmissionVersion) -> ResponseReturnValue:
    """Agree on the levels of a decided version."""
    return _new(version, ReviewContent())


def _new(
    version: SubmissionVersion, held: ReviewContent, *, problem: str = "", missing: Sequence[str] = ()
) -> str:
    project = projects.project(version.work.item_id)
    rubric = models.rubric_of(projects.version_of(version.work.item_id), project)
    return render_template(
        "grading/new_sample.html",
        version=version,
        project=project,
        code=models.setting_of(version.work_id).code,
        sections=_shown(version),
        rubric=rubric,
        held=held,
        problem=problem,
        missing=[each for each in rubric.criteria if each.id in missing],
        least=scoring.REASON_AT_LEAST,
    )


@blueprint.post("/telaah/<int:submission_id>/contoh")
@allowed(Deed.CALIBRATE, projects.submission)
def make_sample(version: SubmissionVersion) -> ResponseReturnValue:
    """Make a sample of it."""
    project = projects.project(version.work.item_id)
    written = _said_in(models.rubric_of(projects.version_of(version.work.item_id), project))
    submission_id, stable_id = version.id, version.work.stable_id
    try:
        refuse_long(written)
        actions.make_sample(version, stable_id, written, by=person().id, now=utcnow())
    except Refused as error:
        problem = said(error)
        missing = error.criteria if isinstance(error, actions.Incomplete) else ()
        db.session.rollback()
        begin_reading()
        again = projects.submission(submission_id)
        assert again is not None
        return _new(again, written, problem=problem, missing=missing), 422
    code = models.setting_of(version.work_id).code
    db.session.commit()
    flash(gettext("Contoh tersimpan. Isinya tidak dapat diubah lagi."), "ok")
    return redirect(url_for("grading.practice", code=code, item=stable_id), 303)
