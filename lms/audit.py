"""An append-only, hash-chained log of who did what, written in the same transaction as the deed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec
from sqlalchemy import Index, String, Text, func, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from lms.extensions import Base, Key, db

_LOCK = (
    0x62656C61  # an arbitrary constant: the PostgreSQL advisory lock that puts the chain's writers in a row
)


class AuditEntry(Base):
    """One deed: ids and numbers only, never personal text."""

    __tablename__ = "audit_entry"
    __immutable__ = True

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(Key)
    deed: Mapped[str] = mapped_column(String(60))
    thing: Mapped[str] = mapped_column(String(80))
    detail: Mapped[str] = mapped_column(Text)
    previous: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64), unique=True)

    __table_args__ = (Index("ix_audit_entry_thing", "thing", "id"),)


def digest(previous: str, at: datetime, actor_id: int | None, deed: str, thing: str, detail: str) -> str:
    """The SHA-256 that chains an entry to the one before it (hex)."""
    stamp = at.astimezone(UTC).isoformat(timespec="microseconds")
    text = "\x1f".join((previous, stamp, str(actor_id or ""), deed, thing, detail))
    return hashlib.sha256(text.encode()).hexdigest()


_ENTRY = insert(AuditEntry.__table__)  # type: ignore[arg-type]
_LAST = select(AuditEntry.digest).order_by(AuditEntry.id.desc()).limit(1)


def record(
    deed: str,
    thing: str,
    *,
    by: int | None,
    now: datetime,
    detail: Mapping[str, str | int | None] | None = None,
) -> None:
    """Append one entry (``thing`` is "kind:id"); the caller's commit makes it last."""
    if db.session.get_bind().dialect.name == "postgresql":
        db.session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    last = db.session.scalar(_LAST) or ""
    text = msgspec.json.encode(dict(detail or {}), order="sorted").decode()
    db.session.execute(
        _ENTRY,
        {
            "at": now,
            "actor_id": by,
            "deed": deed,
            "thing": thing,
            "detail": text,
            "previous": last,
            "digest": digest(last, now, by, deed, thing, text),
        },
    )


def first_broken() -> int | None:
    """The id of the first entry whose hash does not follow from the one before it, or None when all hold."""
    previous = ""
    rows = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id).execution_options(yield_per=500))
    for entry in rows:
        expected = digest(previous, entry.at, entry.actor_id, entry.deed, entry.thing, entry.detail)
        if entry.previous != previous or entry.digest != expected:
            return entry.id
        previous = entry.digest
    return None
