"""The mails of ``projects``, in the reader's language."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from flask import current_app, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select

from lms import formats, mail
from lms.courses.models import Enrolment
from lms.people.letters import letter, reachable
from lms.people.models import Person
from lms.projects.deadlines import Extension
from lms.projects.models import SubmissionVersion, WorkMember, Workspace
from lms.projects.teams.actions import Placed
from lms.settings import Settings


def receipt(work: Workspace, version: SubmissionVersion, *, now: datetime) -> None:
    """The receipt of a version that was just made, to every member of the work."""
    settings: Settings = current_app.config["LMS"]
    # as they stand now: somebody may have joined after the page was opened
    standing = select(WorkMember.person_id).where(WorkMember.work_id == work.id, WorkMember.left_at.is_(None))
    written = []
    for member in reachable(Person.id.in_(standing)):
        with force_locale(member.language):
            lines = [
                _(
                    "Proyek “%(title)s” berhasil dikumpulkan sebagai versi %(number)s pada %(at)s.",
                    title=work.project.title,
                    number=version.number,
                    at=formats.long_datetime(version.submitted_at, member.timezone, member.language),
                ),
                _("Nomor bukti: %(code)s", code=version.receipt),
                _("Sidik SHA-256: %(sha256)s", sha256=version.sha256),
                _("Tanda tangan server: %(signature)s", signature=version.signature),
                _("Bukti lengkap:")
                + f"\n{settings.public_url}{url_for('projects.receipt', submission_id=version.id)}",
                _("Siapa pun yang memegang nomor ini dapat memeriksanya di:")
                + f"\n{settings.public_url}{url_for('records.verify', code=version.receipt)}",
            ]
            subject = _(
                "Bukti pengumpulan: %(title)s, versi %(number)s",
                title=work.project.title,
                number=version.number,
            )
            written.append(
                (
                    f"receipt:{version.receipt}:{member.id}",
                    member.email or "",
                    subject[:200],
                    letter(member, lines),
                )
            )
    mail.queue_all(written, now=now)


def extended(
    member_ids: Collection[int], code: str, stable_id: str, title: str, granted: Extension, *, now: datetime
) -> None:
    """Tell a learner and the team that they have more time for a project, until when and why."""
    for member in reachable(Person.id.in_(member_ids)):
        key = f"extension:{granted.id}:{member.id}"
        mail.queue(
            key, *_more_time(member, code, [(stable_id, title, granted.until)], granted.reason), now=now
        )


def extended_all(
    cohort_id: int,
    code: str,
    moved: Sequence[tuple[str, str, datetime]],
    reason: str,
    *,
    key: int,
    now: datetime,
) -> int:
    """Tell all learners of a cohort that everybody has more time for these projects (stable id, title, until when).

    ``key`` is the id of a row that this act made. Returns how many letters went to the outbox.
    """
    learners = reachable(
        Person.id.in_(
            select(Enrolment.person_id).where(
                Enrolment.cohort_id == cohort_id, Enrolment.removed_at.is_(None)
            )
        )
    )
    letters = (
        (f"extension:{key}:{member.id}", *_more_time(member, code, moved, reason, everybody=True))
        for member in learners
    )
    return mail.queue_all(letters, now=now)


def placed(code: str, stable_id: str, title: str, team: Placed, *, now: datetime) -> None:
    """Tell those whom a facilitator put into a team which one it is."""
    for member in reachable(Person.id.in_(team.person_ids)):
        with force_locale(member.language):
            lines = [
                _(
                    "Fasilitator menempatkan Anda di tim %(team)s untuk proyek “%(title)s”.",
                    team=team.name,
                    title=title,
                ),
                _("Draf yang sudah Anda tulis sendiri tetap tersimpan. Tim Anda dan drafnya:"),
            ]
            subject = _("Tim Anda: %(title)s", title=title)
            key = f"team:{team.work_id}:{member.id}:{now.isoformat(timespec='seconds')}"
            mail.queue(key, member.email or "", subject, _letter(member, lines, code, stable_id), now=now)


def taken_out(
    person_id: int, team: str, code: str, stable_id: str, title: str, reason: str, *, key: str, now: datetime
) -> None:
    """Tell somebody that a facilitator took them out of a team, and why."""
    for member in reachable(Person.id == person_id):
        with force_locale(member.language):
            lines = [
                _(
                    "Fasilitator mengeluarkan Anda dari tim %(team)s pada proyek “%(title)s”.",
                    team=team,
                    title=title,
                ),
                _("Alasannya: %(reason)s", reason=reason),
                _("Anda dapat mengerjakan proyek itu sendiri, bila boleh, atau bergabung dengan tim lain:"),
            ]
            subject = _("Anda dikeluarkan dari tim: %(title)s", title=title)
            body = _letter(member, lines, code, stable_id)
            mail.queue(f"team-out:{key}", member.email or "", subject, body, now=now)


def _letter(member: Person, paragraphs: Sequence[str], code: str, stable_id: str) -> str:
    """A letter with the way to the project's front under its last paragraph."""
    settings: Settings = current_app.config["LMS"]
    front = f"{settings.public_url}{url_for('projects.front', code=code, item=stable_id)}"
    return letter(member, [*paragraphs[:-1], f"{paragraphs[-1]}\n{front}"])


def _more_time(
    member: Person,
    code: str,
    moved: Sequence[tuple[str, str, datetime]],
    reason: str,
    *,
    everybody: bool = False,
) -> tuple[str, str, str]:
    """The address, subject and body of a letter about more time."""
    settings: Settings = current_app.config["LMS"]
    with force_locale(member.language):
        lines = [
            _(
                "Tenggat proyek “%(title)s” diperpanjang sampai %(until)s.",
                title=title,
                until=formats.long_datetime(until, member.timezone, member.language),
            )
            + f"\n{settings.public_url}{url_for('projects.front', code=code, item=stable_id)}"
            for stable_id, title, until in moved
        ]
        lines.append(_("Alasannya: %(reason)s", reason=reason))
        if everybody:
            lines.append(
                _(
                    "Perpanjangan ini berlaku untuk seluruh angkatan. Bila Anda atau tim Anda sudah mendapat "
                    "perpanjangan yang lebih lama, waktunya bertambah sama banyak."
                )
            )
        subject = (
            _("Tenggat diperpanjang: %(title)s", title=moved[0][1])
            if len(moved) == 1
            else _("Tenggat %(count)s proyek diperpanjang", count=len(moved))
        )
        body = letter(member, lines)
    return member.email or "", subject, body
