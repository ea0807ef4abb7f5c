"""The outbox: mail is a row first, sent by a sweep; a backend by setting (file, console, SMTP)."""

from __future__ import annotations

import smtplib
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from itertools import islice
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from sqlalchemy import Index, String, Text, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from lms.extensions import Base, Key, db


class Mail(Base):
    """One message to one address; ``key`` makes queueing the same message twice one row."""

    __tablename__ = "mail"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    address: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    due_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(String(200), default="")

    __table_args__ = (Index("ix_mail_waiting", "sent_at", "due_at"),)


def queue(key: str, address: str, subject: str, body: str, *, now: datetime) -> None:
    """Put a message in the outbox, once per ``key``; the caller's commit makes it last.

    The subject becomes one line: a name in it must not become a header of its own, nor stop the sweep.
    """
    subject = " ".join(subject.split())[:200]
    if db.session.scalar(select(Mail.id).where(Mail.key == key)) is None:
        db.session.add(Mail(key=key, address=address, subject=subject, body=body, due_at=now))
        db.session.flush()


AT_ONCE = 500


def queue_all(letters: Iterable[tuple[str, str, str, str]], *, now: datetime) -> int:
    """Put many messages (key, address, subject, body) in the outbox, ``AT_ONCE`` in a statement; returns how many.

    Their keys must be new: they carry the id of a row that this transaction made.
    """
    count = 0
    for batch in _batches(letters):
        rows = [
            {
                "key": key,
                "address": address,
                "subject": " ".join(subject.split())[:200],
                "body": body,
                "due_at": now,
                "tries": 0,
                "error": "",
            }
            for key, address, subject, body in batch
        ]
        db.session.execute(insert(Mail), rows)
        count += len(rows)
    return count


def _batches(letters: Iterable[tuple[str, str, str, str]]) -> Iterator[list[tuple[str, str, str, str]]]:
    waiting = iter(letters)
    while batch := list(islice(waiting, AT_ONCE)):
        yield batch


class Backend(Protocol):
    """Where messages go."""

    def send(self, message: EmailMessage) -> None:
        """Deliver one message or raise OSError (smtplib's errors are OSErrors)."""


@dataclass(frozen=True)
class FileBackend:
    """Each message a file in a folder, for development and tests."""

    folder: Path

    def send(self, message: EmailMessage) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        name = str(message["Message-ID"]).strip("<>").split("@")[0]
        (self.folder / f"{name}.eml").write_bytes(bytes(message))


@dataclass(frozen=True)
class ConsoleBackend:
    """Each message on standard output, for development."""

    def send(self, message: EmailMessage) -> None:
        sys.stdout.write(f"{message.as_string()}\n")
        sys.stdout.flush()


@dataclass(frozen=True)
class SmtpBackend:
    """SMTP; ``smtps://`` speaks TLS from the start, ``smtp://`` upgrades by STARTTLS where the server offers it."""

    host: str
    port: int
    user: str | None
    password: str | None
    tls: bool

    def send(self, message: EmailMessage) -> None:
        connect = smtplib.SMTP_SSL if self.tls else smtplib.SMTP
        with connect(self.host, self.port, timeout=20) as server:
            if not self.tls and server.has_extn("starttls"):
                server.starttls()
            if self.user and self.password:
                server.login(self.user, self.password)
            server.send_message(message)


def backend(url: str) -> Backend:
    """The backend that LMS_MAIL_URL names; raises ValueError for an unknown scheme."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return FileBackend(Path(unquote(parts.path)))
    if parts.scheme == "console":
        return ConsoleBackend()
    if parts.scheme in ("smtp", "smtps") and parts.hostname:
        tls = parts.scheme == "smtps"
        user = unquote(parts.username) if parts.username else None
        password = unquote(parts.password) if parts.password else None
        return SmtpBackend(parts.hostname, parts.port or (465 if tls else 587), user, password, tls)
    raise ValueError("Setel LMS_MAIL_URL dengan file:///folder, console:, smtp://, atau smtps://.")
