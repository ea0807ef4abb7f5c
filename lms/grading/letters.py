"""The mails of ``grading``, in the reader's language; they name the work, never its points."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

from flask import current_app, url_for
from flask_babel import force_locale
from flask_babel import gettext as _

from lms import mail
from lms.grading.allocation.models import shares_of
from lms.grading.appeals.models import answerers_of
from lms.grading.models import Ready
from lms.grading.moderation.models import moderators_of
from lms.people.letters import letter, reachable
from lms.people.models import Person
from lms.projects.models import SubmissionVersion, Workspace
from lms.projects.source import Project
from lms.settings import Settings


def _to_members(
    member_ids: Collection[int],
    key: str,
    work_id: int,
    write: Callable[[], tuple[str, list[str]]],
    *,
    now: datetime,
) -> None:
    """Queue one letter for each member who can be reached; it leads to what became of the work."""
    _to(member_ids, key, url_for("grading.result", work_id=work_id), write, now=now)


def _to(
    person_ids: Collection[int],
    key: str,
    address: str,
    write: Callable[[], tuple[str, list[str]]],
    *,
    now: datetime,
) -> None:
    """Queue one letter for each of these people who can be reached; ``write`` gives subject and paragraphs."""
    settings: Settings = current_app.config["LMS"]
    for member in reachable(Person.id.in_(person_ids)):
        with force_locale(member.language):
            subject, paragraphs = write()
            body = letter(member, [*paragraphs, f"{settings.public_url}{address}"])
            mail.queue(f"{key}:{member.id}", member.email or "", subject[:200], body, now=now)


def reviewed(version: SubmissionVersion, project: Project, *, returned: bool, now: datetime) -> None:
    """Tell the members that their version was reviewed, once all its reviews are there."""

    def write() -> tuple[str, list[str]]:
        facts = {"title": project.title, "number": version.number}
        if returned:
            return _("Perlu diperbaiki: %(title)s, versi %(number)s", **facts), [
                _(
                    "Versi %(number)s proyek “%(title)s” dikembalikan dengan catatan penyempurnaan.",
                    **facts,
                ),
                _("Baca catatannya, perbaiki, tulis tindak lanjutnya, lalu kumpulkan versi berikutnya:"),
            ]
        return _("Diterima: %(title)s, versi %(number)s", **facts), [
            _("Versi %(number)s proyek “%(title)s” telah diterima.", **facts),
            _("Nilainya dapat Anda lihat setelah diumumkan. Hasil telaahnya:"),
        ]

    _to_members(version.member_ids, f"reviewed:{version.receipt}", version.work_id, write, now=now)


def allocated(cohort: str, code: str, allocation_ids: Collection[int], *, by: int, now: datetime) -> None:
    """Tell reviewers what one act of allocating gave them: how many works, not whose; who gave them to himself knows."""
    for share in shares_of(allocation_ids):
        if share.reviewer_id == by:
            continue
        facts: dict[str, int | str] = {"count": share.works, "cohort": cohort, "waiting": share.waiting}

        def write(facts: dict[str, int | str] = facts) -> tuple[str, list[str]]:
            return _("%(count)s hasil kerja untuk Anda telaah: %(cohort)s", **facts), [
                _("%(count)s hasil kerja angkatan “%(cohort)s” dialokasikan kepada Anda.", **facts),
                _("Yang sudah dikumpulkan dan menunggu telaah: %(waiting)s. Antrean Anda:", **facts),
            ]

        address = url_for("grading.queue", angkatan=code)
        _to([share.reviewer_id], f"allocated:{share.first}", address, write, now=now)


def appealed(work: Workspace, count: int, *, key: int, now: datetime) -> None:
    """Tell those who may answer it that an appeal came in, against how many criteria, not whose."""

    def write() -> tuple[str, list[str]]:
        title = work.project.title
        return _("Banding menunggu jawaban: %(title)s", title=title), [
            _(
                "Banding atas %(count)s kriteria proyek “%(title)s”, angkatan “%(cohort)s”, menunggu jawaban "
                "Anda atau orang lain yang tidak ikut menilainya. Daftarnya:",
                count=count,
                title=title,
                cohort=work.cohort,
            )
        ]

    address = url_for("grading.cohort", code=work.code)
    _to(answerers_of(work), f"appealed:{key}", address, write, now=now)


def appeal_answered(work: Workspace, criterion: str, *, key: int, now: datetime) -> None:
    """Tell the members that their appeal was answered."""

    def write() -> tuple[str, list[str]]:
        title = work.project.title
        return _("Banding dijawab: %(title)s", title=title), [
            _(
                "Banding atas kriteria “%(criterion)s” pada proyek “%(title)s” telah dijawab. "
                "Keputusan dan alasannya:",
                criterion=criterion,
                title=title,
            )
        ]

    _to_members(work.member_ids, f"appeal:{key}", work.id, write, now=now)


def recomputed(work: Workspace, *, key: int, now: datetime) -> None:
    """Tell the members that a grade which they have seen was recomputed by a newer rubric."""

    def write() -> tuple[str, list[str]]:
        title = work.project.title
        return _("Nilai dihitung ulang: %(title)s", title=title), [
            _(
                "Rubrik proyek “%(title)s” berubah, dan nilai yang sudah diumumkan dihitung ulang dengannya. "
                "Telaahnya tetap sama. Hitungan dan alasannya:",
                title=title,
            )
        ]

    _to_members(work.member_ids, f"rubric:{key}", work.id, write, now=now)


def referred(version: SubmissionVersion, project: Project, *, now: datetime) -> None:
    """Tell those who may moderate that a version waits for one of them; neither names nor points stand in it."""

    def write() -> tuple[str, list[str]]:
        title = project.title
        return _("Menunggu moderasi nilai: %(title)s", title=title), [
            _(
                "Nilai para penelaah atas satu hasil kerja proyek “%(title)s” berbeda lebih dari batasnya. "
                "Hasil kerja itu menunggu putusan Anda atau fasilitator lain yang memimpin angkatan ini:",
                title=title,
            )
        ]

    address = url_for("grading.moderate", submission_id=version.id)
    _to(moderators_of(version), f"referred:{version.receipt}", address, write, now=now)


def released(work: Ready, *, now: datetime) -> None:
    """Tell the members that their grade can be seen."""

    def write() -> tuple[str, list[str]]:
        title = work.project.title
        return _("Nilai diumumkan: %(title)s", title=title), [
            _("Nilai proyek “%(title)s” telah diumumkan. Rincian dan penjelasannya:", title=title)
        ]

    _to_members(work.member_ids, f"released:{work.submission_id}", work.work_id, write, now=now)
