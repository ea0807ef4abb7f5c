"""When an attempt ends by itself, and which answers still count; arithmetic only, the server's clock is an argument."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

GRACE = timedelta(seconds=30)
"""How long after its end an answer may arrive that was given before it: the way through a weak network."""


def closing(
    started_at: datetime, *, limit: int | None, extra: int, date: datetime, dated: bool
) -> datetime | None:
    """The moment at which an attempt that began at ``started_at`` ends by itself; None when it does not.

    ``limit`` are the minutes that the quiz gives, ``extra`` those that this person has beside them, ``date`` is
    when the quiz closes for the cohort. The closing date cuts an attempt short, save for whoever has extra
    minutes: theirs are theirs in full. Without a limit an attempt that was begun in time may be finished later,
    unless the quiz is ``dated``: its key is told on the closing date, so nobody may answer after it.
    """
    more = timedelta(minutes=extra)
    if limit is None:
        return date + more if dated else None
    end = started_at + timedelta(minutes=limit) + more
    return end if extra else min(end, date)


def is_past(closes_at: datetime | None, now: datetime) -> bool:
    """The time is over: what is given now counts no more."""
    return closes_at is not None and now > closes_at


def is_over(closes_at: datetime | None, now: datetime) -> bool:
    """The time is over, and so is the grace for what was on its way: the attempt can be closed."""
    return closes_at is not None and now > closes_at + GRACE


def seconds_left(closes_at: datetime, now: datetime) -> int:
    """Whole seconds until the end, rounded up; 0 when it is past."""
    return max(0, ceil((closes_at - now).total_seconds()))
