"""Keeping, changing and deleting saved comments."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from lms.extensions import db
from lms.grading.comments.models import SavedComment
from lms.refusals import N_, Refused

AT_MOST = 300
TEXT_AT_MOST = 2_000


class CannotKeep(Refused):
    """The comment cannot be kept as it is."""


def keep(text: str, *, stable_id: str = "", criterion_id: str = "", by: int, now: datetime) -> SavedComment:
    """Keep a comment; one that is kept already is that one. Raises CannotKeep."""
    text = checked(text)
    own = select(SavedComment).where(SavedComment.person_id == by)
    known = db.session.scalar(
        own.where(
            SavedComment.text == text,
            SavedComment.stable_id == stable_id,
            SavedComment.criterion_id == criterion_id,
        ).limit(1)
    )
    if known is not None:
        return known
    count = db.session.scalar(select(func.count(SavedComment.id)).where(SavedComment.person_id == by)) or 0
    if count >= AT_MOST:
        raise CannotKeep(
            N_("Anda sudah menyimpan %(count)s komentar. Hapus yang tidak dipakai, lalu simpan lagi."),
            count=count,
        )
    row = SavedComment(
        person_id=by, stable_id=stable_id, criterion_id=criterion_id, text=text, created_at=now
    )
    db.session.add(row)
    db.session.flush()
    return row


def change(comment: SavedComment, text: str) -> None:
    """Give a comment another text. Raises CannotKeep."""
    comment.text = checked(text)
    db.session.flush()


def delete(comment: SavedComment) -> None:
    """Delete a comment; what was written with it stays."""
    db.session.delete(comment)
    db.session.flush()


def checked(text: str) -> str:
    """The text as kept. Raises CannotKeep."""
    text = text.strip()
    if not text:
        raise CannotKeep(N_("Tulis komentarnya, lalu simpan."))
    if len(text) > TEXT_AT_MOST:
        raise CannotKeep(
            N_(
                "Komentar tersimpan paling panjang %(limit)s karakter. Isinya belum disimpan: ringkas dahulu."
            ),
            limit=TEXT_AT_MOST,
        )
    return text
