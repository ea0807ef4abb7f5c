"""The sweep over leases: running it twice does no harm, losing it loses nothing."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select

from lms.extensions import db
from lms.grading.leases.models import ReviewLease

LEASES_PER_SWEEP = 500


def end_leases(*, now: datetime) -> int:
    """Delete turns that ran out. Returns how many."""
    over = (
        select(ReviewLease.id)
        .where(ReviewLease.until <= now)
        .order_by(ReviewLease.until)
        .limit(LEASES_PER_SWEEP)
    )
    ids = db.session.scalars(over).all()
    # by time again: one that was renewed in between stays
    gone = delete(ReviewLease).where(ReviewLease.id.in_(ids), ReviewLease.until <= now)
    count = db.session.execute(gone).rowcount  # type: ignore[attr-defined]
    db.session.commit()
    return int(count)
