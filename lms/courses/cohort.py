"""What administrators type about a cohort: lists of people, its code, days and deadlines."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from lms.people import identity

CODE_AT_MOST = 60
RESERVED_CODES = frozenset({"baru", "angkatan", "percobaan"})
"""Codes that are addresses of their own beside the cohorts'."""

ROSTER_AT_MOST = 500
"""Lines of a list that are read at once."""

LINE_AT_MOST = 2000
"""Characters of one line that are looked at: a row of a sheet, not a book."""

_BETWEEN = re.compile(r"[\s<>,;:\"'()]+")
_NUMBER = re.compile(r"(?<!\d)\d(?:[ .]{0,2}\d){17}(?!\d)")
_CODE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class RosterLine:
    """One line of a pasted list: the email or the 18-digit number found in it, both '' when there is none."""

    number: int
    text: str
    email: str = ""
    nip: str = ""


def read_roster(text: str) -> Iterator[RosterLine]:
    """The lines that hold something, numbered from 1 as typed; a line may be a whole row copied from a sheet.

    An email is taken before a number, because numbers change and are mistyped more often.
    """
    for number, line in enumerate(text.splitlines(), start=1):
        words = " ".join(line[:LINE_AT_MOST].split())
        if not words:
            continue
        email = _email(words)
        digits = _NUMBER.search(words) if not email else None
        yield RosterLine(
            number=number,
            text=words[:200],
            email=email,
            nip=re.sub(r"\D", "", digits.group()) if digits else "",
        )


def _email(words: str) -> str:
    for word in _BETWEEN.split(words):
        if "@" in word:
            try:
                return identity.email(word.rstrip("."))
            except identity.Unreadable:
                continue
    return ""


def is_code(text: str) -> bool:
    """Whether a text may be a cohort's code: lower-case letters, digits, hyphens; no address of ours."""
    return len(text) <= CODE_AT_MOST and _CODE.fullmatch(text) is not None and text not in RESERVED_CODES


def suggest_code(name: str, taken: AbstractSet[str]) -> str:
    """A code made from a name: "RPJMD Angkatan III" gives "rpjmd-angkatan-iii", numbered where taken."""
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    stem = "-".join(re.findall(r"[a-z0-9]+", plain))[: CODE_AT_MOST - 4].strip("-") or "angkatan"
    if stem not in taken and is_code(stem):
        return stem
    return next(code for at in range(2, 10_000) if (code := f"{stem}-{at}") not in taken and is_code(code))


def day_begins(day: date, zone: str) -> datetime:
    """The first moment of a day in a zone, in UTC."""
    return datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)


def day_ends(day: date, zone: str) -> datetime:
    """The last whole second of a day in a zone (23.59.59), in UTC."""
    return datetime.combine(day, time(23, 59, 59), ZoneInfo(zone)).astimezone(UTC)


def moment_in(typed: datetime, zone: str) -> datetime:
    """What a date-and-time field holds, read in a zone, in UTC.

    A deadline typed as 23.59 lasts to the end of that minute: whoever hands in at 23.59.30 is not late.
    """
    seconds = 59 if (typed.hour, typed.minute) == (23, 59) else 0
    return typed.replace(second=seconds, microsecond=0, tzinfo=ZoneInfo(zone)).astimezone(UTC)
