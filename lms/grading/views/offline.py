"""Reviewing without a network: what can be taken along, and what its sheets call things."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, gettext

from lms import markup
from lms.access import Deed
from lms.extensions import utcnow
from lms.grading import models
from lms.grading.content import NOTE_KINDS
from lms.grading.offline.rows import EarlierNote, Option, Subject, Words
from lms.grading.views import blueprint
from lms.grading.views.deskpage import Desk
from lms.grading.views.queue import Shown, shown
from lms.grading.views.words import kind_word
from lms.guard import allowed, person
from lms.web import LANGUAGES

VERSIONS_AT_MOST = 20
BY_ITSELF = 10
FILES_AT_MOST = 150 * 1024 * 1024
"""Bytes of learners' files in one pack."""

BOOK = "telaah.xlsx"


@blueprint.get("/telaah/paket")
@allowed(Deed.SEE_QUEUE)
def offline() -> ResponseReturnValue:
    """What can be taken along, and where to bring it back."""
    return render_template("grading/offline/offline.html", **choices(), problem="")


def choices() -> dict[str, object]:
    """What the page shows beside a problem."""
    return {
        "lines": waiting(),
        "by_itself": BY_ITSELF,
        "most": VERSIONS_AT_MOST,
        "room": FILES_AT_MOST,
    }


def waiting() -> list[Shown]:
    """What the person can still review, in the order of the queue, as far as one pack can hold and some more."""
    now = utcnow()
    lines = models.oldest_waiting(person(), 2 * VERSIONS_AT_MOST)
    return [shown(line, now) for line in lines if not line.sent]


def subject_of(desk: Desk) -> Subject:
    """What the reviewer decides about, for the rows of a sheet."""
    titles = {section.id: f"{n}. {section.title}" for n, section in enumerate(desk.sections, start=1)}
    return Subject(
        sections=tuple(Option(each.id, titles[each.id]) for each in desk.open),
        rubric=desk.rubric,
        earlier=tuple(
            EarlierNote(note.id, note.section_id, markup.plain(note.text), note.reply)
            for note in desk.earlier
            if note.answerable and desk.is_open(note.section_id)
        ),
    )


def _options() -> tuple[tuple[Option, ...], tuple[Option, ...], tuple[Option, ...]]:
    return (
        (Option("accept", gettext("Terima")), Option("return", gettext("Kembalikan"))),
        tuple(Option(kind, kind_word(kind)) for kind in NOTE_KINDS),
        (Option("settled", gettext("Selesai")), Option("open", gettext("Belum"))),
    )


def sheet_words() -> Words:
    """What the sheets call things, in the reader's language; what comes back may be in any."""
    also: dict[str, str] = {}
    for code in LANGUAGES:
        with force_locale(code):
            also |= {
                " ".join(option.label.split()).casefold(): option.id
                for options in _options()
                for option in options
            }
    decisions, kinds, judgements = _options()
    titles = {
        "decisions": gettext("Keputusan per bagian"),
        "criteria": gettext("Rubrik"),
        "earlier": gettext("Catatan versi sebelumnya"),
        "notes": gettext("Catatan penyempurnaan"),
        "general": gettext("Rekomendasi umum"),
        "section": gettext("Bagian"),
        "decision": gettext("Keputusan"),
        "criterion": gettext("Kriteria (bobot)"),
        "level": gettext("Tingkat"),
        "points": gettext("Angka dari 100"),
        "comment": gettext("Komentar"),
        "descriptors": gettext("Uraian tingkat"),
        "judgement": gettext("Sudah selesai?"),
        "note": gettext("Catatan"),
        "reply": gettext("Tindak lanjut peserta"),
        "kind": gettext("Jenis"),
    }
    return Words(decisions, kinds, judgements, titles, also)
