"""Names and states as the pages of ``grading`` say them."""

from __future__ import annotations

from collections.abc import Iterable

from flask import current_app
from flask_babel import gettext

from lms.grading import blind
from lms.grading.appeals.models import Waiting
from lms.grading.content import Gap
from lms.grading.models.rubrics import rubric_version
from lms.grading.state import WorkState
from lms.projects import models as projects
from lms.projects.source import Project
from lms.refusals import N_, Refused
from lms.rubric import Rubric
from lms.settings import Settings

KINDS = {
    WorkState.WAITING: "warn",
    WorkState.IN_REVIEW: "info",
    WorkState.MODERATION: "warn",
    WorkState.RETURNED: "bad",
    WorkState.RESUBMITTED: "warn",
    WorkState.GRADED: "info",
    WorkState.RELEASED: "ok",
}

# Translated where one of them is shown, and only that one: a page of the queue asks for twenty-five.
STATES = {
    None: N_("Belum dikumpulkan"),
    WorkState.WAITING: N_("Menunggu telaah"),
    WorkState.IN_REVIEW: N_("Sedang ditelaah"),
    WorkState.MODERATION: N_("Menunggu moderasi nilai"),
    WorkState.RETURNED: N_("Dikembalikan"),
    WorkState.RESUBMITTED: N_("Revisi menunggu telaah"),
    WorkState.GRADED: N_("Nilai belum diumumkan"),
    WorkState.RELEASED: N_("Nilai diumumkan"),
}

NOTE_KINDS = {
    "must": N_("Wajib diperbaiki"),
    "suggestion": N_("Saran"),
    "question": N_("Pertanyaan"),
    "praise": N_("Apresiasi"),
}


def state_word(state: WorkState | None) -> str:
    """What a state is called."""
    return gettext(STATES[state])


def state_kind(state: WorkState | None) -> str:
    """The colour of its tag; the word carries the meaning."""
    return KINDS[state] if state is not None else "plain"


def who(names: str, masked: bool, work_id: int) -> str:
    """Whose work it is, or the code that stands for them in blind review."""
    if not masked:
        return names
    settings: Settings = current_app.config["LMS"]
    return gettext("Peserta %(code)s (disamarkan)", code=blind.code(settings.secret_key, work_id))


def kind_word(kind: str) -> str:
    """What a kind of note is called."""
    return gettext(NOTE_KINDS.get(kind, NOTE_KINDS["suggestion"]))


def appeal_lines(appeals: Iterable[Waiting]) -> list[tuple[Waiting, str, str]]:
    """Appeals with the titles of their criterion and project."""
    found = []
    for each in appeals:
        project = projects.project(each.item_id)
        criterion = projects.rubric_of(rubric_version(each.work_id), project).criterion(each.criterion)
        found.append((each, criterion.title if criterion else each.criterion, project.title))
    return found


def said(error: Refused) -> str:
    """A refusal in the reader's language."""
    return gettext(error.message, **error.values)


def gap_word(gap: Gap, project: Project, rubric: Rubric) -> str:
    """What is missing, and what to do about it."""
    section = project.section(gap.section)
    criterion = rubric.criterion(gap.criterion)
    title = section.title if section else criterion.title if criterion else ""
    match gap.kind:
        case "undecided":
            return gettext("Bagian “%(title)s” belum diputuskan: terima atau kembalikan.", title=title)
        case "no_note":
            return gettext(
                "Bagian “%(title)s” dikembalikan tanpa catatan. Tulis apa yang perlu diperbaiki.", title=title
            )
        case "unjudged":
            return gettext(
                "Bagian “%(title)s”: nyatakan setiap catatan lama yang wajib diperbaiki selesai atau belum.",
                title=title,
            )
        case "last_round":
            return gettext(
                "Bagian “%(title)s” tidak dapat dikembalikan: ini putaran terakhir. "
                "Terima, dan nyatakan kekurangannya dalam skor dan komentar.",
                title=title,
            )
        case "must_accepted":
            return gettext(
                "Bagian “%(title)s” diterima, tetapi ada catatan yang wajib diperbaiki. "
                "Kembalikan bagian ini, atau jadikan catatannya saran.",
                title=title,
            )
        case "open_accepted":
            return gettext(
                "Bagian “%(title)s” diterima, tetapi ada catatan lama yang dinyatakan belum selesai. "
                "Kembalikan bagian ini, atau nyatakan catatannya selesai.",
                title=title,
            )
        case "unscored":
            return gettext("Kriteria “%(title)s” belum dinilai.", title=title)
        case "bad_points":
            return gettext(
                "Angka pada kriteria “%(title)s” tidak termasuk tingkat yang dipilih. "
                "Ubah angkanya, atau kosongkan.",
                title=title,
            )
