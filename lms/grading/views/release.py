"""What is open before a cohort may see its grades, and the one act that lets them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lms.access import Deed
from lms.extensions import begin_reading, db, utcnow
from lms.grading import letters
from lms.grading.release import actions, models
from lms.grading.release.models import CohortProject, cohort_project
from lms.grading.release.preflight import REASON_AT_MOST, Missing, Open, Party
from lms.grading.views import blueprint
from lms.grading.views.words import said, who
from lms.guard import allowed, can, person
from lms.refusals import Refused

ORDER = (
    "unmarked",
    "second_review",
    "disagreeing",
    "newer_version",
    "rubric_changed",
    "returned",
    "not_handed_in",
)


def kind_words(kind: str) -> tuple[str, str]:
    """What an open point is called, and what settles it."""
    return {
        "unmarked": (
            gettext("Belum ditelaah"),
            gettext("Sudah dikumpulkan dan menunggu telaah. Selesaikan telaahnya di meja telaah."),
        ),
        "second_review": (
            gettext("Telaah kedua belum ada"),
            gettext("Proyek ini dinilai beberapa penelaah, dan belum semuanya mengirim telaah."),
        ),
        "disagreeing": (
            gettext("Penilai berbeda jauh"),
            gettext("Selisih nilai para penelaah melebihi batas. Moderator memutuskan nilainya."),
        ),
        "newer_version": (
            gettext("Berubah sejak dinilai"),
            gettext("Ada versi yang lebih baru daripada yang dinilai. Telaah versi itu dahulu."),
        ),
        "rubric_changed": (
            gettext("Rubrik berubah sejak dinilai"),
            gettext(
                "Angkatan ini memakai versi pelatihan dengan rubrik lain. Putuskan dahulu nasib nilai yang sudah ada."
            ),
        ),
        "returned": (
            gettext("Dikembalikan dan belum dikumpulkan lagi"),
            gettext("Tunggu perbaikannya, atau umumkan tanpa hasil kerja ini dengan alasan."),
        ),
        "not_handed_in": (
            gettext("Belum mengumpulkan"),
            gettext("Tunggu hasil kerjanya, atau umumkan tanpa peserta ini dengan alasan."),
        ),
    }[kind]


def _missing_words(missing: Missing) -> str:
    return {
        "unsettled": "",  # its own line says what to do
        "not_excluded": gettext("Centang “Tidak diumumkan” dan tulis alasannya, atau tunggu hasil kerjanya."),
        "no_reason": gettext("Tulis alasan peserta ini tidak diumumkan."),
        "long_reason": gettext("Alasan paling panjang %(count)s karakter.", count=REASON_AT_MOST),
    }[missing]


@dataclass(frozen=True)
class Line:
    """A party as the page shows it; ``reason`` is what is typed (None: not left out), ``error`` what is wrong."""

    party: Party
    name: str
    points: Decimal | None
    passed: bool
    reason: str | None
    error: str


@dataclass(frozen=True)
class Group:
    """The parties that the same is open about."""

    kind: str
    title: str
    what: str
    excludable: bool
    lines: Sequence[Line]


def _filled() -> dict[str, str]:
    """The reasons of the form, by the party that is ticked to be left out."""
    ticked = request.form.getlist("kecuali")[:2000]
    return {key: request.form.get(f"alasan-{key}", "")[:1000] for key in ticked if len(key) < 24}


def _page(
    place: CohortProject,
    *,
    filled: Mapping[str, str] | None = None,
    problem: str = "",
    missing: Mapping[str, Missing] | None = None,
) -> str:
    """The preflight; ``filled`` is what a form sent (None: what the release before was told)."""
    stable_id = place.line.stable_id
    standing = models.standing_of(place.cohort_id, place.version_id, place.line.id, stable_id)
    done, before = models.releases_of(place.cohort_id, stable_id)
    found = standing.preflight
    # in blind review, who has not handed in would tell by and by whose the works are that still wait
    hidden = standing.blind and bool(found.blocking)

    def line(party: Party) -> Line:
        if party.work_id is not None:
            masked = standing.blind and party not in found.done
            name = who(standing.names[party.key].text, masked, party.work_id)
        else:
            name = gettext("Peserta yang belum mengumpulkan") if hidden else standing.names[party.key].text
        points = models.total(party)
        reason = filled.get(party.key) if filled is not None else before.get(party.enrolments[0])
        return Line(
            party,
            name,
            points,
            points is not None and points >= place.project.pass_mark,
            reason,
            _missing_words(missing[party.key]) if missing and party.key in missing else "",
        )

    kept: dict[str, list[Open]] = {}
    for each in found.open:
        kept.setdefault(each.kind, []).append(each)
    return render_template(
        "grading/release/preflight.html",
        cohort=place,
        project=place.project,
        groups=[
            Group(
                kind,
                *kind_words(kind),
                kept[kind][0].excludable,
                [line(each.party) for each in kept[kind]],
            )
            for kind in ORDER
            if kind in kept
        ],
        blocking=len(found.blocking),
        excludable=len(found.excludable),
        ready=[line(each) for each in found.ready],
        released=len(found.done),
        done=done,
        masked=standing.blind,
        hidden=standing.blind and bool(found.blocking or found.ready),
        kind_words=kind_words,
        may_release=can("release", place),
        plan=found.fingerprint,
        problem=problem,
        most=REASON_AT_MOST,
    )


@blueprint.get("/telaah/angkatan/<code>/umumkan/<item>")
@allowed(Deed.CHECK_RELEASE, cohort_project)
def preflight(place: CohortProject) -> ResponseReturnValue:
    """Everything that is open, and what would be let out; nothing is written."""
    return _page(place)


@blueprint.post("/telaah/angkatan/<code>/umumkan/<item>")
@allowed(Deed.RELEASE, cohort_project)
def release(place: CohortProject) -> ResponseReturnValue:
    """Let the cohort see its grades, as previewed; else show what is there now, with everything that was typed."""
    now, filled = utcnow(), _filled()
    try:
        done = actions.release(
            place,
            plan=request.form.get("plan", "")[:64],
            excluded=filled,
            by=person().id,
            now=now,
        )
    except Refused as error:
        problem = said(error)
        missing = error.missing if isinstance(error, actions.StillOpen) else None
        stale = isinstance(error, actions.StalePreview)
        db.session.rollback()
        begin_reading()
        return _page(place, filled=filled, problem=problem, missing=missing), 409 if stale else 400
    for work in done.works:
        letters.released(work, now=now)
    db.session.commit()
    if done.again:
        flash(gettext("Nilainya sudah diumumkan sebelumnya. Tidak ada yang diubah."), "warn")
    elif done.left_out:
        flash(
            gettext(
                "Nilai %(count)s hasil kerja diumumkan, tanpa %(left)s peserta. Peserta diberi tahu lewat surel.",
                count=len(done.works),
                left=done.left_out,
            ),
            "ok",
        )
    else:
        flash(
            gettext(
                "Nilai %(count)s hasil kerja diumumkan. Peserta diberi tahu lewat surel.",
                count=len(done.works),
            ),
            "ok",
        )
    return redirect(url_for("grading.cohort", code=place.code), 303)
