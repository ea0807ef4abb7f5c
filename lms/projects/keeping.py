"""When what a draft was is kept: at the end of every ten minutes of work, and before much of it goes."""

from datetime import datetime

WINDOW = 600
"""Seconds of work that one snapshot stands for."""

MUCH = 200
"""Characters that may go in one save before what they were is kept."""


def changed(old: str, new: str) -> tuple[int, int]:
    """How many characters came and went between two texts, leaving out what both begin and end with."""
    start = _shared(old, new)
    end = min(_shared(old[::-1], new[::-1]), len(old) - start, len(new) - start)
    return len(new) - start - end, len(old) - start - end


def _shared(one: str, other: str) -> int:
    """How many characters two texts begin with in common, by halves: whole slices compare fast."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def is_worth(
    old: str, removed: int, *, saved_at: datetime, saved_by: int | None, by: int, now: datetime
) -> bool:
    """Whether a state is kept before the next one replaces it.

    It is when it was the last of its ten minutes, was somebody else's, or loses MUCH at once. ``old`` is the
    section's JSON: nothing is kept of one that was empty.
    """
    if old in ("", '""', '{"rows":[]}', "[]"):
        return False
    another_window = saved_at.timestamp() // WINDOW != now.timestamp() // WINDOW
    return another_window or (saved_by is not None and saved_by != by) or removed >= MUCH
