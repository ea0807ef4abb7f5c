"""Sweeps over rows: running one twice does no harm, losing one loses nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path

from sqlalchemy import ColumnElement, delete, exists, select

from lms import files
from lms.courses.models import CourseFile
from lms.extensions import db
from lms.files import Blob
from lms.grading.leases.jobs import end_leases
from lms.mail import Backend, Mail
from lms.notices.models import Heartbeat
from lms.people.models import PasswordReset
from lms.projects import previews
from lms.projects.jobs import fingerprint_versions, forget_partial_uploads, scan_files
from lms.projects.models import Attachment
from lms.projects.uploads import Inspection
from lms.quizzes.jobs import close_expired

MAILS_PER_SWEEP = 50
TRIES = 8
ORPHAN_AGE = timedelta(days=1)


def send_due_mail(backend: Backend, sender: str, *, now: datetime) -> int:
    """Send what is due, oldest first; a failure waits 2, 4, 8 ... minutes, eight times at most. Returns how many went."""
    sent = 0
    due = db.session.scalars(
        select(Mail)
        .where(Mail.sent_at.is_(None), Mail.due_at <= now, Mail.tries < TRIES)
        .order_by(Mail.due_at, Mail.id)
        .limit(MAILS_PER_SWEEP)
    ).all()
    for mail in due:
        message = EmailMessage()
        message["From"] = sender
        message["To"] = mail.address
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(now)
        message["Message-ID"] = make_msgid(
            idstring=str(mail.id), domain=sender.rpartition("@")[2].strip("> ")
        )
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.body)
        try:
            backend.send(message)
        except OSError as error:
            mail.tries += 1
            mail.error = type(error).__name__
            mail.due_at = now + timedelta(minutes=2**mail.tries)
        else:
            mail.sent_at = now
            mail.body = ""  # a set-password link must not stay readable once it is on its way
            sent += 1
        db.session.commit()  # each message for itself: a crash must not send the others twice
    return sent


def forget_expired_resets(*, now: datetime) -> int:
    """Delete password links that ran out a day ago. Returns how many."""
    gone = delete(PasswordReset).where(PasswordReset.expires_at < now - timedelta(days=1))
    count = db.session.execute(gone).rowcount  # type: ignore[attr-defined]
    db.session.commit()
    return int(count)


def _unused() -> ColumnElement[bool]:
    return ~exists().where(Attachment.sha256 == Blob.sha256) & ~exists().where(
        CourseFile.sha256 == Blob.sha256
    )


def _unused_content() -> ColumnElement[bool]:
    """The same of what is known about a content: nobody names the content any more."""
    return ~exists().where(Attachment.sha256 == Inspection.sha256) & ~exists().where(
        CourseFile.sha256 == Inspection.sha256
    )


def delete_orphan_files(*, now: datetime) -> int:
    """Delete contents that no row names and that are a day old. Returns how many.

    The row goes first: should the process die in between, bytes without a row stay behind for
    ``delete_unnamed_bytes``, never a row without its bytes.
    """
    orphans = db.session.scalars(
        select(Blob.sha256).where(Blob.created_at < now - ORPHAN_AGE, _unused()).limit(200)
    ).all()
    count = 0
    for sha256 in orphans:
        files.hold(sha256)
        db.session.execute(delete(Inspection).where(Inspection.sha256 == sha256, _unused_content()))
        db.session.execute(delete(Blob).where(Blob.sha256 == sha256, _unused()))
        db.session.commit()
        count += files.forget([sha256])
    return count


def delete_unnamed_bytes(*, now: datetime, places: Sequence[str] = ()) -> int:
    """Delete what a process that died had stored before its row. Returns how many.

    Looks at one of the store's parts (the one whose minute it is, all of them in some four hours), or at ``places``.
    """
    turn = files.PLACES[int(now.timestamp()) // 60 % len(files.PLACES)]
    return sum(
        files.forget(files.store().listed(place, before=now - ORPHAN_AGE)) for place in places or (turn,)
    )


def forget_previews(folder: Path, *, now: datetime, places: Sequence[str] = ()) -> int:
    """Delete pages of files that nobody looked at for a while (see ``previews.forget``). Returns how many.

    Looks at one part of the folder (the one whose minute it is, all of them in some four hours), or at ``places``.
    """
    turn = files.PLACES[int(now.timestamp()) // 60 % len(files.PLACES)]
    return sum(previews.forget(folder, place, now=now) for place in places or (turn,))


def beat(name: str, *, now: datetime) -> None:
    """Write down that a sweep ran to its end; the health page reads it."""
    row = db.session.get(Heartbeat, name)
    if row is None:
        db.session.add(Heartbeat(name=name, at=now))
    else:
        row.at = now
    db.session.commit()


Sweep = Callable[[datetime], object]


def sweeps(backend: Backend, sender: str, previews_in: Path, clamav: str = "") -> dict[str, Sweep]:
    """Every sweep by name, each taking the time."""
    return {
        "mail": lambda now: send_due_mail(backend, sender, now=now),
        "resets": lambda now: forget_expired_resets(now=now),
        "files": lambda now: delete_orphan_files(now=now),
        "bytes": lambda now: delete_unnamed_bytes(now=now),
        "previews": lambda now: forget_previews(previews_in, now=now),
        "similarity": lambda now: fingerprint_versions(now=now),
        "scan": lambda now: scan_files(clamav, now=now),
        "uploads": lambda now: forget_partial_uploads(now=now),
        "quizzes": lambda now: close_expired(now=now),
        "leases": lambda now: end_leases(now=now),
    }
