"""The mails of ``projects``, in the reader's language."""

from __future__ import annotations

from datetime import datetime

from flask import current_app, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select

from lms import formats, mail
from lms.extensions import db
from lms.people.models import Person
from lms.projects.models import SubmissionVersion, Workspace
from lms.settings import Settings


def receipt(work: Workspace, version: SubmissionVersion, *, now: datetime) -> None:
    """The receipt of a handed-in version, to every member of the work, once."""
    settings: Settings = current_app.config["LMS"]
    members = db.session.scalars(
        select(Person).where(Person.id.in_(work.member_ids), Person.active, Person.email.is_not(None))
    )
    for member in members:
        with force_locale(member.language):
            lines = [
                _("Yth. %(name)s,", name=member.full_name),
                _(
                    "Proyek “%(title)s” berhasil dikumpulkan sebagai versi %(number)s pada %(at)s.",
                    title=work.project.title,
                    number=version.number,
                    at=formats.long_datetime(version.submitted_at, member.timezone, member.language),
                ),
                _("Nomor bukti: %(code)s", code=version.receipt),
                _("Sidik SHA-256: %(sha256)s", sha256=version.sha256),
                _("Tanda tangan peladen: %(signature)s", signature=version.signature),
                _("Bukti lengkap:")
                + f"\n{settings.public_url}{url_for('projects.receipt', submission_id=version.id)}",
                _("Siapa pun yang memegang nomor ini dapat memeriksanya di:")
                + f"\n{settings.public_url}{url_for('records.verify', code=version.receipt)}",
                _(
                    "Surel ini dikirim otomatis oleh %(site)s. Mohon tidak membalasnya.",
                    site=settings.site_name,
                ),
            ]
            subject = _(
                "Bukti pengumpulan: %(title)s, versi %(number)s",
                title=work.project.title,
                number=version.number,
            )
            mail.queue(
                f"receipt:{version.receipt}:{member.id}",
                member.email or "",
                subject[:200],
                "\n\n".join(lines) + "\n",
                now=now,
            )
