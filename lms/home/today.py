"""What Beranda puts first: the greeting of the hour and what fits into the minutes somebody has."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from lms.courses.progress import Step

CHOICES = (10, 20, 45)
"""Minutes that Beranda offers; 45 are one JP."""


def part_of_day(now: datetime, zone: str) -> str:
    """ "pagi", "siang", "sore" or "malam", as Indonesians greet: until 11, 15 and 18.30, and the rest."""
    there = now.astimezone(ZoneInfo(zone))
    minutes = there.hour * 60 + there.minute
    if 4 * 60 <= minutes < 11 * 60:
        return "pagi"
    if 11 * 60 <= minutes < 15 * 60:
        return "siang"
    if 15 * 60 <= minutes < 18 * 60 + 30:
        return "sore"
    return "malam"


def that_fit(steps: Iterable[Step], minutes: int, most: int = 3) -> list[Step]:
    """The first steps, in order, whose remaining minutes fit into ``minutes`` together; project work never counts."""
    chosen: list[Step] = []
    left = minutes
    for step in steps:
        if step.line.kind != "project" and step.minutes_left <= left and len(chosen) < most:
            chosen.append(step)
            left -= step.minutes_left
    return chosen
