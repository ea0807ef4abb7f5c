"""Answering the notes of reviewers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from lms.extensions import db
from lms.projects import models
from lms.projects.actions.saving import Locked
from lms.projects.models import Draft, ImprovementNote
from lms.refusals import Refused

REPLY_AT_MOST = 2_000

REPLY_KINDS = ("fixed", "disagree")


def reply(note: ImprovementNote, text: str, *, by: int, now: datetime, kind: str = "fixed") -> None:
    """Write the team's follow-up to a note of the newest version; an empty text takes it back.

    ``kind`` says whether the note was followed (fixed) or not (disagree); a question is only answered. Raises Refused
    when a later version is handed in, the text is too long, or the note asks for nothing.
    """
    if not note.answerable:
        raise Refused("Catatan apresiasi tidak memerlukan tindak lanjut.")
    # wait for a hand-in that is under way: what it took along must not change behind it
    db.session.execute(
        select(Draft.id).where(Draft.work_id == note.work_id).order_by(Draft.id).with_for_update()
    )
    if note.version != models.last_number(note.work_id):
        raise Locked("Tindak lanjut ini sudah dikumpulkan bersama versi berikutnya, jadi tidak dapat diubah.")
    if len(text) > REPLY_AT_MOST:
        raise Refused(
            "Tindak lanjut paling panjang %(limit)s karakter. Ringkas isinya, lalu simpan lagi.",
            limit=REPLY_AT_MOST,
        )
    note.reply = text
    note.reply_kind = (kind if kind in REPLY_KINDS else "fixed") if text and note.kind != "question" else ""
    note.replied_at = now if text else None
    note.replied_by = by if text else None
    db.session.flush()
