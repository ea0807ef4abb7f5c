"""Sweeps over attempts: running one twice does no harm, losing one loses nothing."""

from __future__ import annotations

from datetime import datetime

from lms.extensions import db, read_only
from lms.quizzes.actions import close_if_over
from lms.quizzes.models import over_ids, sitting

ATTEMPTS_PER_SWEEP = 500


def close_expired(*, now: datetime) -> int:
    """Close the attempts whose time is over, each in a transaction of its own. Returns how many it closed.

    What a learner hands in, or another sweep closes, in the meantime is left as it is.
    """
    with read_only():
        due = over_ids(now=now, most=ATTEMPTS_PER_SWEEP)
        db.session.rollback()
    closed = 0
    for attempt_id in due:
        held = sitting(attempt_id, lock=True)
        closed += held is not None and close_if_over(held, now=now)
        db.session.commit()
    return closed
