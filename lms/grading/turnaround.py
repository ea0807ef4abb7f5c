"""When a review is due by what was promised, in working days (Monday to Friday) from the hand-in; what reviews took."""

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec

K = TypeVar("K")

SATURDAY = 5
_DAY = timedelta(days=1)


def working_day(day: date) -> bool:
    """Whether reviews are promised to go on that day: public holidays are not known here, weekends are."""
    return day.weekday() < SATURDAY


def due(handed_in: datetime, days: int, zone: str) -> datetime:
    """The end of the last of so many working days after the day of the hand-in, as the zone counts days."""
    place = ZoneInfo(zone)
    day = handed_in.astimezone(place).date()
    while days > 0:
        day += _DAY
        days -= working_day(day)
    return datetime.combine(day, time(23, 59, 59), place).astimezone(handed_in.tzinfo)


def working_days_over(due_at: datetime, now: datetime, zone: str) -> int:
    """How many working days have begun since something was due; 0 while it is not."""
    if now <= due_at:
        return 0
    place = ZoneInfo(zone)
    day, last = due_at.astimezone(place).date(), now.astimezone(place).date()
    over = 0
    while day < last:
        day += _DAY
        over += working_day(day)
    return over


def last_over(now: datetime, days: int, zone: str) -> date:
    """The last day of hand-ins whose reviews are past their promise."""
    place = ZoneInfo(zone)
    day = now.astimezone(place).date()
    while now <= due(datetime.combine(day, time(12), place), days, zone):
        day -= _DAY
    return day


# What reviews took


class Passage(msgspec.Struct, frozen=True):
    """One review's way: of which cycle (a version's number), by whom, and its moments.

    ``started_at`` is when the first words of it were kept; None where nobody knows.
    """

    cycle: int
    reviewer_id: int
    university: str
    handed_in: datetime
    started_at: datetime | None
    sent_at: datetime


class Pace(msgspec.Struct, frozen=True):
    """What ``n`` reviews took, in days: the medians of waiting, of reviewing, and of both; and how many kept the promise.

    ``timed`` of them are known to have been started some time, only these tell waiting from reviewing.
    """

    n: int
    kept: int
    timed: int
    waiting: float | None
    reviewing: float | None
    whole: float | None


def pace(passages: Iterable[Passage], days: int, zone: str) -> Pace:
    """What these reviews took, against the promise of so many working days."""
    every = list(passages)
    timed = [(each, max(each.started_at, each.handed_in)) for each in every if each.started_at is not None]
    return Pace(
        n=len(every),
        kept=sum(each.sent_at <= due(each.handed_in, days, zone) for each in every),
        timed=len(timed),
        waiting=_median([_days(each.handed_in, started) for each, started in timed]),
        reviewing=_median([_days(started, each.sent_at) for each, started in timed]),
        whole=_median([_days(each.handed_in, each.sent_at) for each in every]),
    )


def paces(passages: Iterable[Passage], key: Callable[[Passage], K], days: int, zone: str) -> dict[K, Pace]:
    """The same for each group of them."""
    groups: dict[K, list[Passage]] = {}
    for each in passages:
        groups.setdefault(key(each), []).append(each)
    return {name: pace(group, days, zone) for name, group in groups.items()}


def _days(start: datetime, end: datetime) -> float:
    return max(0.0, (end - start).total_seconds() / 86_400)


def _median(values: Sequence[float]) -> float | None:
    return statistics.median(values) if values else None


class Share(msgspec.Struct, frozen=True):
    """What somebody did, and what would have been fair: their part of all that was done."""

    done: int
    fair: float

    @property
    def ratio(self) -> float | None:
        """1 is exactly fair; None where nothing was to be shared."""
        return self.done / self.fair if self.fair else None


def shares(done: Mapping[int, int], caps: Mapping[int, int | None]) -> dict[int, Share]:
    """Each one's share of the reviews: by their caps where everybody has one, else in equal parts.

    ``caps`` names everybody between whom the work is shared; who did some and is not among them is left out.
    """
    weights = {person: cap for person, cap in caps.items() if cap is not None}
    if len(weights) < len(caps) or not sum(weights.values()):
        weights = dict.fromkeys(caps, 1)
    total, whole = sum(done.get(person, 0) for person in caps), sum(weights.values())
    return {person: Share(done.get(person, 0), total * weight / whole) for person, weight in weights.items()}
