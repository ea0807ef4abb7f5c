"""The official sheet of a decided version, to print and as PDF."""

from __future__ import annotations

import io

from flask import abort, current_app, render_template, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lms import formats
from lms.access import Deed
from lms.extensions import db
from lms.grading import models
from lms.grading.models import Round
from lms.grading.sheet import pdf
from lms.grading.sheet.pdf import Line, Paper
from lms.grading.sheet.table import Entry, Place, entries
from lms.grading.views import blueprint
from lms.grading.views.words import kind_word, who
from lms.guard import allowed, person
from lms.projects import models as projects
from lms.projects.models import Workspace
from lms.settings import Settings
from lms.web import SANDBOX, language, zone


@blueprint.get("/proyek/hasil/<int:work_id>/lembar/<int:number>")
@allowed(Deed.SEE_SUBMISSION, projects.workspace)
def paper(work: Workspace, number: int) -> ResponseReturnValue:
    """The sheet as a page that prints as the form does."""
    return render_template("grading/paper.html", work=work, number=number, paper=_paper(work, number))


@blueprint.get("/proyek/hasil/<int:work_id>/lembar/<int:number>.pdf")
@allowed(Deed.SEE_SUBMISSION, projects.workspace)
def paper_pdf(work: Workspace, number: int) -> ResponseReturnValue:
    """The sheet as PDF; neither its name nor its facts say more than the page."""
    made = _paper(work, number)
    name = f"lembar-{work.stable_id}-versi-{number}.pdf"
    db.session.rollback()  # setting a page takes a while: nobody waits for this reader meanwhile
    response = send_file(
        io.BytesIO(pdf.write(made)),
        mimetype="application/pdf",
        as_attachment=True,
        download_name=name,
        max_age=0,
    )
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _paper(work: Workspace, number: int) -> Paper:
    """Everything on the sheet, as whoever asks may read it; 404 before the version is decided."""
    rounds = [each for each in models.rounds_of(work.id) if each.settled_at is not None]
    decided = next((each for each in rounds if each.number == number), None)
    if decided is None:
        abort(404)
    member = person().id in work.member_ids
    setting = models.setting_of(work.id)
    reviewers_hidden = work.project.blind == "both" and member
    if member:
        names = ", ".join(sorted(projects.member_names(work.member_ids).values()))
    else:
        names = who(setting.names, setting.masked, work.id)
    settings: Settings = current_app.config["LMS"]
    summaries = [review.content.summary for review in decided.reviews if review.content.summary]
    made = entries(
        work.project,
        number,
        [review.sent for review in decided.reviews],
        projects.notes_of(work.id, number),
        rounds[-1].number,
    )
    return Paper(
        issuer=settings.organiser,
        heading=gettext("Lembar catatan penyempurnaan"),
        title=f"{work.project.title} · {gettext('versi %(number)s', number=number)}",
        facts=_facts(work, decided, names),
        heads=(
            gettext("Bab/Subbab"),
            gettext("Catatan penyempurnaan"),
            gettext("Tindak lanjut"),
            gettext("Rekomendasi"),
        ),
        lines=[_line(entry) for entry in made],
        advice_head=gettext("Rekomendasi"),
        advice=[
            gettext("Diperbaiki sesuai catatan dan dikumpulkan kembali.")
            if decided.returned
            else gettext("Diterima tanpa perbaikan lebih lanjut."),
            *summaries,
        ],
        signer=gettext("Penelaah"),
        signers=[]
        if reviewers_hidden
        else list(dict.fromkeys(review.reviewer for review in decided.reviews)),
        page=gettext("Halaman"),
        language=language(),
    )


def _facts(work: Workspace, decided: Round, names: str) -> list[tuple[str, str]]:
    """What the head of the sheet says."""
    limit = work.project.rounds
    rounds = (
        gettext("%(number)s dari paling banyak %(rounds)s", number=decided.round_number, rounds=limit)
        if limit
        else ""
    )
    assert decided.settled_at is not None
    return [
        (gettext("Proyek"), work.project.title),
        (gettext("Angkatan"), work.cohort),
        *([(gettext("Penyusun"), names)] if names else []),
        (gettext("Versi"), f"{decided.number}"),
        *([(gettext("Putaran"), rounds)] if rounds else []),
        (gettext("Dikumpulkan"), formats.long_datetime(decided.submitted_at, zone(), language())),
        (gettext("Ditelaah"), formats.long_datetime(decided.settled_at, zone(), language())),
    ]


def _line(entry: Entry) -> Line:
    answer = {"fixed": gettext("Diperbaiki"), "disagree": gettext("Tidak sependapat")}.get(
        entry.reply_kind, ""
    )
    return Line(
        entry.section,
        entry.rows,
        kind_word(entry.kind) if entry.kind else "",
        entry.text or "–",
        _place_word(entry.place),
        answer,
        entry.reply or "–",
        _advice_word(entry),
    )


def _place_word(place: Place) -> str:
    if place.kind == "row":
        row = gettext("Baris %(number)s", number=place.number)
        return f"{row}, {place.words}" if place.words else row
    if place.kind == "page":
        return gettext("Halaman %(number)s", number=place.number)
    return f"“{place.words}”" if place.words else ""


def _advice_word(entry: Entry) -> str:
    return {
        "accepted": gettext("Diterima"),
        "return": gettext("Diperbaiki dan dikumpulkan kembali"),
        "before": gettext("Sudah diterima"),
        "settled": gettext("Selesai di versi %(number)s", number=entry.version),
        "again": gettext("Diperbaiki dan dikumpulkan kembali"),
        "open": gettext("Belum selesai"),
        "consider": gettext("Untuk dipertimbangkan"),
        "none": "–",
    }[entry.advice]
