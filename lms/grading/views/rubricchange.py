"""What a newer rubric would do with a cohort's works: a dry run under three named choices, then one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lms.access import Deed
from lms.courses.models import Cohort, cohort_by_code, cohort_to_change, outline
from lms.extensions import begin_reading, db, utcnow
from lms.grading import letters
from lms.grading.release.models import CohortProject, cohort_project
from lms.grading.rubricchange import actions
from lms.grading.rubricchange.models import Shift, move_of
from lms.grading.rubricchange.plan import CHOICES, Case, Choice, effect
from lms.grading.views import blueprint
from lms.grading.views.words import said, state_word, who
from lms.guard import allowed, person
from lms.paging import PER_PAGE, Page, read_token, token
from lms.projects.models import workspace
from lms.projects.receipt import signing_key
from lms.refusals import Refused
from lms.settings import Settings


def choice_words(choice: Choice) -> tuple[str, str]:
    """What a choice is called, and what it does."""
    return {
        "keep": (
            gettext("Pertahankan"),
            gettext(
                "Semua hasil kerja yang sudah dimulai tetap dinilai dengan rubrik lama. Tidak ada nilai yang berubah."
            ),
        ),
        "recompute": (
            gettext("Hitung ulang"),
            gettext(
                "Tingkat yang sudah dipilih dibaca dengan rubrik baru: bobot dan poin baru. Telaah tidak berubah."
            ),
        ),
        "review": (
            gettext("Telaah ulang"),
            gettext(
                "Hasil kerja kembali ke antrean penelaah sebagai versi dengan naskah yang sama. Tidak ada yang dihapus."
            ),
        ),
    }[choice]


def effect_words(choice: Choice, case: Case) -> str:
    """What a choice does with one work."""
    deed, trouble = effect(choice, case)
    if deed == "impossible":
        return {
            "unmapped": gettext("Tidak dapat: ada kriteria baru atau tingkat yang tidak dikenal"),
            "partly": gettext("Tidak dapat: telaahnya belum lengkap"),
            "released": gettext("Tidak dapat: sudah diumumkan"),
            "appealed": gettext("Tidak dapat: ada banding"),
            "renamed": gettext("Tidak dapat: proyek memakai rubrik dengan nama lain"),
        }.get(trouble, "")
    return {
        "keep": gettext("Tetap"),
        "switch": gettext("Dinilai dengan rubrik baru"),
        "rescore": gettext("Dihitung ulang"),
        "reopen": gettext("Kembali ke antrean"),
    }[deed]


@dataclass(frozen=True)
class Line:
    """A work in the dry run: its name, where it stands, and what each choice does with it."""

    name: str
    state: str
    case: Case
    effects: tuple[str, ...]


SHOWN = 10
"""How many works of a project the page of the decision lists; the rest stand on a page of their own."""


def _lines(shift: Shift, cases: Sequence[Case]) -> list[Line]:
    return [
        Line(
            who(shift.names[case.work_id], shift.blind and not case.released, case.work_id),
            state_word(case.state),
            case,
            tuple(effect_words(choice, case) for choice in CHOICES),
        )
        for case in cases
    ]


def _page(
    cohort: Cohort,
    *,
    chosen: Mapping[str, str] | None = None,
    reason: str = "",
    confirmed: bool = False,
    problem: str = "",
) -> str:
    move = move_of(cohort)
    return render_template(
        "grading/rubric_change.html",
        cohort=cohort,
        move=move,
        old=outline(cohort.version_id),
        new=outline(move.target),
        shifts=[(shift, _lines(shift, shift.run.cases[:SHOWN])) for shift in move.shifts],
        choices=[(choice, *choice_words(choice)) for choice in CHOICES],
        touches=any(shift.run.touches_released("recompute") for shift in move.shifts),
        plan=actions.fingerprint(move),
        chosen=chosen or {},
        reason=reason,
        confirmed=confirmed,
        problem=problem,
        most=actions.REASON_AT_MOST,
    )


@blueprint.get("/kelola/angkatan/<code>/rubrik")
@allowed(Deed.MANAGE_COHORTS, cohort_by_code)
def rubric_change(cohort: Cohort) -> ResponseReturnValue:
    """The dry run; nothing is written."""
    return _page(cohort)


@blueprint.get("/kelola/angkatan/<code>/rubrik/<item>")
@allowed(Deed.MANAGE_COHORTS, cohort_project)
def rubric_change_works(place: CohortProject) -> ResponseReturnValue:
    """Every work of one project that a newer rubric touches, paged."""
    cohort = cohort_by_code(place.code)
    assert cohort is not None  # its project was found
    shift = next(
        (each for each in move_of(cohort).shifts if each.stable_id == place.line.stable_id),
        None,
    )
    if shift is None:
        return redirect(url_for("grading.rubric_change", code=place.code), 303)
    key = read_token(request.args.get("after"), [int])
    rest = [case for case in shift.run.cases if key is None or case.work_id > key[0]]
    cases = rest[:PER_PAGE]
    following = token([cases[-1].work_id]) if len(rest) > PER_PAGE else None
    return render_template(
        "grading/rubric_change_works.html",
        cohort=cohort,
        shift=shift,
        page=Page(_lines(shift, cases), following, request.args.get("after") if key else None),
    )


@blueprint.post("/kelola/angkatan/<code>/rubrik")
@allowed(Deed.MANAGE_COHORTS, cohort_to_change)
def change_rubric(cohort: Cohort) -> ResponseReturnValue:
    """Do exactly what was previewed, by the choice that is named."""
    settings: Settings = current_app.config["LMS"]
    chosen = {
        name.removeprefix("pilihan-"): value[:20]
        for name, value in request.form.items()
        if name.startswith("pilihan-") and len(name) < 100
    }
    reason = request.form.get("reason", "")[:1000]
    confirmed, now = request.form.get("confirmed") == "1", utcnow()
    try:
        done = actions.decide(
            cohort,
            chosen,
            plan=request.form.get("plan", "")[:64],
            reason=reason,
            confirmed=confirmed,
            key=signing_key(settings.secret_key),
            by=person().id,
            now=now,
        )
    except Refused as error:
        problem, code = said(error), cohort.code
        status = 409 if isinstance(error, actions.StalePreview) else 400
        db.session.rollback()
        begin_reading()
        again = cohort_by_code(code)
        assert again is not None  # cohorts are never deleted
        return _page(again, chosen=chosen, reason=reason, confirmed=confirmed, problem=problem), status
    for work_id, ruling_id in done.told:
        work = workspace(work_id)
        if work is not None:
            letters.recomputed(work, key=ruling_id, now=now)
    db.session.commit()
    flash(
        gettext(
            "Keputusan tersimpan: %(rescored)s nilai dihitung ulang, %(reopened)s hasil kerja kembali ke antrean.",
            rescored=done.rescored,
            reopened=done.reopened,
        ),
        "ok",
    )
    return redirect(url_for("courses.cohort", code=cohort.code), 303)
