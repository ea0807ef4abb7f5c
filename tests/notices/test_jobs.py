"""The sweeps: running one twice does no harm, a crash in between loses nothing."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from lms import files, mail
from lms.mail import FileBackend, Mail
from lms.notices import jobs
from lms.people.models import PasswordReset

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


class Broken:
    """A mail server that is down."""

    def send(self, message: EmailMessage) -> None:
        raise ConnectionRefusedError("down")


def test_mail_goes_once(clean: None, session: Any, tmp_path: Path) -> None:
    for _ in range(2):
        mail.queue("reset:1", "a@uji.example", "Perihal – é", "Isi dengan €", now=NOW)
    session.commit()
    backend = FileBackend(tmp_path)
    assert jobs.send_due_mail(backend, "Belajar <x@y.example>", now=NOW) == 1
    assert jobs.send_due_mail(backend, "Belajar <x@y.example>", now=NOW) == 0
    (written,) = tmp_path.glob("*.eml")
    message = message_from_bytes(written.read_bytes(), policy=policy.default)
    assert message["To"] == "a@uji.example"
    assert message["Subject"] == "Perihal – é"
    assert "€" in message.get_content()
    assert message["Auto-Submitted"] == "auto-generated"


def test_mail_that_is_not_due_waits(clean: None, session: Any, tmp_path: Path) -> None:
    mail.queue("later", "a@uji.example", "s", "b", now=NOW + timedelta(hours=1))
    session.commit()
    assert jobs.send_due_mail(FileBackend(tmp_path), "x@y.example", now=NOW) == 0
    assert jobs.send_due_mail(FileBackend(tmp_path), "x@y.example", now=NOW + timedelta(hours=2)) == 1


def test_a_failure_is_tried_again_later_and_not_for_ever(clean: None, session: Any) -> None:
    mail.queue("k", "a@uji.example", "s", "b", now=NOW)
    session.commit()
    at = NOW
    for _ in range(jobs.TRIES + 3):
        jobs.send_due_mail(Broken(), "x@y.example", now=at)
        at += timedelta(days=1)
    row = session.scalar(select(Mail))
    assert row.tries == jobs.TRIES
    assert row.sent_at is None
    assert row.error == "ConnectionRefusedError"


def test_a_header_cannot_be_smuggled_in(clean: None, session: Any, tmp_path: Path) -> None:
    mail.queue("k", "a@uji.example", "s\r\nBcc: b@uji.example", "b", now=NOW)
    session.commit()
    assert jobs.send_due_mail(FileBackend(tmp_path), "x@y.example", now=NOW) == 1
    (written,) = tmp_path.glob("*.eml")
    message = message_from_bytes(written.read_bytes(), policy=policy.default)
    assert message["Bcc"] is None
    assert message["Subject"] == "s Bcc: b@uji.example"


def test_expired_links_are_forgotten(cast: Any, session: Any) -> None:
    for at, token in ((NOW - timedelta(days=2), "old"), (NOW - timedelta(hours=1), "fresh")):
        session.add(PasswordReset(person_id=cast.people["sari"], token_hash=token, expires_at=at))
    session.commit()
    assert jobs.forget_expired_resets(now=NOW) == 1
    assert jobs.forget_expired_resets(now=NOW) == 0
    assert session.scalars(select(PasswordReset.token_hash)).all() == ["fresh"]


def test_orphan_files_go_and_named_ones_stay(cast: Any, session: Any) -> None:
    named = session.scalar(select(files.Blob.sha256))
    content = b"nobody names this"
    files.keep_bytes(content, "application/pdf", now=NOW - timedelta(days=400))
    young = b"somebody is about to name this"
    files.keep_bytes(young, "application/pdf", now=NOW)
    session.commit()
    sha256 = hashlib.sha256(content).hexdigest()
    # the course's picture is old enough, but a version names it
    assert jobs.delete_orphan_files(now=NOW + timedelta(hours=1)) == 1
    assert jobs.delete_orphan_files(now=NOW + timedelta(hours=1)) == 0
    with pytest.raises(FileNotFoundError):
        files.store().open(sha256)
    files.store().open(named).close()
    files.store().open(hashlib.sha256(young).hexdigest()).close()
    assert session.scalar(select(func.count()).select_from(files.Blob)) == 2
