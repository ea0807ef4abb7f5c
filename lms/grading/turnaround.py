"""When a review is due by what was promised, in working days (Monday to Friday) from the hand-in."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

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
