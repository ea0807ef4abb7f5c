"""What every mail has in common, and the mails of ``people``, in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask import current_app, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, select

from lms import formats, mail
from lms.extensions import db
from lms.people.models import Person, token_hash
from lms.settings import Settings


def _settings() -> Settings:
    settings: Settings = current_app.config["LMS"]
    return settings


def reachable(condition: ColumnElement[bool]) -> Sequence[Person]:
    """Those of these people who can be written to, in one order."""
    query = select(Person).where(condition, Person.active, Person.email.is_not(None)).order_by(Person.id)
    return db.session.scalars(query).all()


def letter(person: Person, paragraphs: Sequence[str]) -> str:
    """The body of a letter: how its reader is addressed, what it says, and how it ends."""
    greeting = _("Yth. %(name)s,", name=person.full_name)
    closing = _(
        "Surel ini dikirim otomatis oleh %(site)s. Mohon tidak membalasnya.", site=_settings().site_name
    )
    return "\n\n".join([greeting, *paragraphs, closing]) + "\n"


def _link(token: str) -> str:
    # the address of the setting, never the Host header of whoever asked
    return _settings().public_url + url_for("people.reset", token=token)


def _send(person: Person, key: str, subject: str, paragraphs: list[str], *, now: datetime) -> None:
    mail.queue(
        key,
        person.email or "",
        f"{subject} – {_settings().site_name}"[:200],
        letter(person, paragraphs),
        now=now,
    )


def reset_link(person: Person, token: str, *, now: datetime) -> None:
    """The link for a forgotten password."""
    with force_locale(person.language):
        paragraphs = [
            _(
                "Kami menerima permintaan untuk mengatur ulang kata sandi akun Anda. "
                "Buka tautan ini dalam 1 jam:"
            ),
            _link(token),
            _(
                "Tautan hanya dapat dipakai satu kali. "
                "Abaikan surel ini bila Anda tidak memintanya: kata sandi Anda tidak berubah."
            ),
        ]
        _send(person, _key(token), _("Atur ulang kata sandi"), paragraphs, now=now)


def welcome(person: Person, token: str, *, until: datetime, now: datetime) -> None:
    """The link with which somebody new sets the first password."""
    with force_locale(person.language):
        paragraphs = [
            _(
                "Administrator telah membuat akun %(site)s untuk Anda. "
                "Buka tautan ini untuk membuat kata sandi:",
                site=_settings().site_name,
            ),
            _link(token),
            _(
                "Tautan berlaku sampai %(until)s dan hanya dapat dipakai satu kali. "
                "Setelah itu, gunakan “Lupa kata sandi” di halaman masuk.",
                until=formats.long_datetime(until, person.timezone, person.language),
            ),
        ]
        _send(person, _key(token), _("Akun Anda sudah siap"), paragraphs, now=now)


def password_changed(person: Person, *, now: datetime) -> None:
    """Tell the owner, so that somebody else's change does not go unnoticed."""
    if not person.email:
        return
    with force_locale(person.language):
        paragraphs = [
            _(
                "Kata sandi akun Anda diganti pada %(at)s.",
                at=formats.long_datetime(now, person.timezone, person.language),
            ),
            _(
                "Bila bukan Anda yang menggantinya, segera gunakan “Lupa kata sandi” di halaman masuk "
                "dan beri tahu administrator."
            ),
        ]
        key = f"password:{person.id}:{person.session_key}"
        _send(person, key, _("Kata sandi Anda diganti"), paragraphs, now=now)


def _key(token: str) -> str:
    # not the row's number: numbers of deleted rows come again
    return f"reset:{token_hash(token)}"
