"""Numbers, money, sizes and dates, read from people and shown to them, in Indonesian and in English.

Nothing here knows a request, a clock or a person: the language ("id" or "en"; anything else reads as
Indonesian) and the zone are arguments. Numbers inside the platform are exact (`Decimal` or `int`); they are
rounded here, once, when they are shown. Datetimes are UTC inside; one without a zone is taken as UTC.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cache
from typing import Literal
from zoneinfo import ZoneInfo

from babel import Locale

Number = Decimal | int | float

DEFAULT_ZONE = "Asia/Jakarta"
MINUTES_PER_JP = 45  # PerLAN 10/2018; a caller that knows the administrator's setting passes `per=`

# The four IANA zones of Indonesia and the names people use for them; any other zone shows its own
# abbreviation.
ZONE_NAMES: Mapping[str, str] = {
    "Asia/Jakarta": "WIB",
    "Asia/Pontianak": "WIB",
    "Asia/Makassar": "WITA",
    "Asia/Jayapura": "WIT",
}

LONGEST_NUMBER = 40  # characters a person may type for one number; far more than any budget needs


# Reading numbers


class UnreadableNumber(ValueError):
    """Text that is not exactly one number; `text` is what was read, str() says in Indonesian what to do."""

    def __init__(self, text: str, message: str) -> None:
        super().__init__(message)
        self.text = text


class NotANumber(UnreadableNumber):
    """Text that no reading makes a number, or that is not the whole number it should be."""


class AmbiguousNumber(UnreadableNumber):
    """Text with two readings, such as "1.234"; `grouped` is 1234, `fraction` is 1.234."""

    def __init__(self, text: str, grouped: Decimal, fraction: Decimal) -> None:
        self.grouped = grouped
        self.fraction = fraction
        # Both spellings read back without a doubt: no separator at all, and four digits after the comma.
        self.spellings = (f"{grouped:f}", f"{fraction:f}0".replace(".", ","))
        super().__init__(
            text,
            f"“{text}” dapat berarti {self.spellings[0]} atau {decimal(fraction)}. "
            f"Tulis {self.spellings[0]} atau {self.spellings[1]}.",
        )

    @property
    def readings(self) -> tuple[Decimal, Decimal]:
        """Both readings, the one with thousands first."""
        return self.grouped, self.fraction


_MINUS = "\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d-"  # the plain hyphen last, where no class reads a range
_SPACES = str.maketrans(dict.fromkeys("\t\u00a0\u2007\u2009\u202f", " "))
_AROUND = re.compile(
    rf"(?P<sign>[+{_MINUS}]?) ?(?P<money>(?:rp\.?|idr)?) ?(?P<inner>[+{_MINUS}]?) ?"
    rf"(?P<body>[0-9][0-9., ]*|[.,][0-9]+)(?P<tail>(?:,[{_MINUS}]| ?%| ?persen)?)",
    re.IGNORECASE,
)
# What nearly every cell holds and what reads one way only: no mark, or one not before three digits.
_PLAIN = re.compile(r"-?[0-9]{1,20}(?:[.,](?:[0-9]{1,2}|[0-9]{4,9}))?")
_BY_SPACES = re.compile(r"[1-9][0-9]{0,2}(?: [0-9]{3})+(?:[.,][0-9]+)?")
_BY_DOTS = re.compile(r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+(?:,[0-9]+)?")
_BY_COMMAS = re.compile(r"[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_ONE_MARK = re.compile(r"([0-9]*)[.,]([0-9]+)")


def parse_decimal(text: str, *, grouping: Literal["id", "en"] | None = None, whole: bool = False) -> Decimal:
    """Read one number as people write it in Indonesian or in English.

    Understands "1.234.567,89", "1,234,567.89", "1 234 567,89", "4,64", "4.64", ",5", "Rp1.250.000", "Rp
    1.250.000,-", "16,4 %" and every kind of minus sign; "16,4 %" is 16.4. One mark before exactly three
    digits ("1.234", "1,234") has two readings: `grouping` names the language that decides, `whole` says that
    the value can only be a whole number (so does "Rp"), and without either it is asked. Raises
    AmbiguousNumber or NotANumber; never reads exponents, NaN, infinity or digits outside 0-9.
    """
    if _PLAIN.fullmatch(text):
        return Decimal(text.replace(",", "."))
    if len(text) > 4 * LONGEST_NUMBER:
        raise _not_a_number(text)
    cleaned = text.translate(_SPACES).strip()
    match = _AROUND.fullmatch(cleaned) if len(cleaned) <= LONGEST_NUMBER else None
    if match is None:
        raise _not_a_number(text)
    money, sign, tail = match["money"], match["sign"] + match["inner"], match["tail"].strip().lower()
    body = match["body"].rstrip(" ")
    if len(sign) > 1 or (money and tail in ("%", "persen")):
        raise _not_a_number(text)
    whole = whole or bool(money)
    minus = bool(sign) and sign in _MINUS

    def signed(digits: str) -> Decimal:
        return Decimal(f"-{digits}" if minus else digits)

    if body.isdigit():
        return signed(body)
    if _BY_SPACES.fullmatch(body):
        return signed(body.replace(" ", "").replace(",", "."))
    dots, commas = body.count("."), body.count(",")
    if " " not in body and dots + commas == 1 and (mark := _ONE_MARK.fullmatch(body)):
        head, digits = mark.groups()
        fraction = signed(f"{head or '0'}.{digits}")
        if len(digits) != 3 or not 1 <= len(head) <= 3 or head[0] == "0":
            return fraction
        grouped = signed(head + digits)
        if whole or grouping == ("id" if dots else "en"):
            return grouped
        if grouping is not None:
            return fraction
        raise AmbiguousNumber(cleaned, grouped, fraction)
    if _BY_DOTS.fullmatch(body):
        return signed(body.replace(".", "").replace(",", "."))
    if _BY_COMMAS.fullmatch(body):
        return signed(body.replace(",", ""))
    raise _not_a_number(text)


def _not_a_number(text: str) -> NotANumber:
    shown = text[:LONGEST_NUMBER]
    return NotANumber(shown, f"“{shown}” bukan angka. Tulis seperti 1.250 atau 4,64.")


def parse_integer(text: str) -> int:
    """Read one whole number; "1.250", "1,250", "Rp1.250,00" and "Rp1.250,-" are all 1250.

    Raises NotANumber, also when something other than zero follows the decimal mark.
    """
    value = parse_decimal(text, whole=True)
    if value != value.to_integral_value():
        raise NotANumber(text, f"“{text.strip()}” bukan bilangan bulat. Tulis tanpa angka di belakang koma.")
    return int(value)


# Showing numbers

_SWAPPED = str.maketrans(",.", ".,")
# Wide enough for sums of the longest numbers that parse_decimal lets in; the default 28 digits is not.
_ROUNDING = Context(prec=120, rounding=ROUND_HALF_UP)


def decimal(value: Number, language: str = "id", places: int | None = None) -> str:
    """Show a number, "1.234.567,89" or "1,234,567.89".

    With `places` it is rounded half up to that many digits and shows all of them; without, it shows every
    digit it has but no closing zeros.
    """
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    if places is not None:
        text = f"{exact.quantize(Decimal(1).scaleb(-places), context=_ROUNDING):,f}"
    else:
        text = f"{exact:,f}"
        if "." in text:
            text = text.rstrip("0").rstrip(".")
    if text.startswith("-") and not text.strip("-0.,"):
        text = text[1:]  # what rounds to zero has no sign
    return text if language == "en" else text.translate(_SWAPPED)


def grade(points: Decimal, mark: Number | None = None) -> Decimal:
    """Round a grade for showing: to two decimals, half up, or to as many as it takes not to look passed when it is not.

    ``mark`` is the pass mark, where there is one.
    """
    for places in (2, 4, 6):
        rounded = points.quantize(Decimal(1).scaleb(-places), context=_ROUNDING)
        if mark is None or (rounded >= mark) == (points >= mark):
            return rounded
    return points


def money(rupiah: Number, language: str = "id") -> str:
    """Show whole rupiah, "Rp1.250.000"; a part of a rupiah is rounded half up."""
    text = decimal(rupiah, language, places=0)
    return f"-Rp{text[1:]}" if text.startswith("-") else f"Rp{text}"


def percent(value: Number, language: str = "id", places: int | None = None) -> str:
    """Show a percentage, 16.4 as "16,4%"."""
    return f"{decimal(value, language, places)}%"


def file_size(size: int, language: str = "id") -> str:
    """Show bytes as "812 byte", "48,2 KB", "3,1 MB"; 1 KB is 1,024 bytes, as Windows counts."""
    if size < 1024:
        unit = "byte" if language != "en" or size == 1 else "bytes"
        return f"{decimal(size, language)} {unit}"
    # What would round to 1.024,0 belongs to the next unit.
    power = next((n for n in (1, 2, 3) if size < Decimal("1023.95") * 1024**n), 4)
    value = _rounded(Decimal(size) / 1024**power)
    return f"{decimal(value, language)} {('KB', 'MB', 'GB', 'TB')[power - 1]}"


def minutes(count: int, language: str = "id") -> str:
    """Show a length of time in minutes, "12 menit", "1 jam 15 menit", "9 jam"."""
    hours, rest = divmod(count, 60)
    parts = []
    if hours:
        parts.append(_counted(hours, "jam", "hour", language))
    if rest or not hours:
        parts.append(_counted(rest, "menit", "minute", language))
    return " ".join(parts)


def jp(count: int, language: str = "id", per: int = MINUTES_PER_JP) -> str:
    """Show designed minutes as training hours, 540 as "12 JP", 60 as "1,3 JP"; one JP has `per` minutes."""
    return f"{decimal(_rounded(Decimal(count) / per), language)} JP"


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.1"), context=_ROUNDING)


def _counted(count: int, indonesian: str, english: str, language: str) -> str:
    if language == "en":
        return f"{count} {english}" if count == 1 else f"{count} {english}s"
    return f"{count} {indonesian}"


# Showing dates and times


def zone_name(zone: str = DEFAULT_ZONE, at: datetime | None = None) -> str:
    """The abbreviation people use for a zone: WIB, WITA, WIT, or what the zone calls itself then."""
    return ZONE_NAMES.get(zone) or (at.astimezone(ZoneInfo(zone)).tzname() if at else None) or zone


def local(at: datetime, zone: str = DEFAULT_ZONE) -> datetime:
    """The same moment in a zone; a datetime without a zone is UTC."""
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(ZoneInfo(zone))


def long_datetime(at: datetime, zone: str = DEFAULT_ZONE, language: str = "id") -> str:
    """ "Selasa, 24 November 2026, pukul 23.59 WIB"; in English "Tuesday, 24 November 2026, 23:59 WIB"."""
    before = "" if language == "en" else "pukul "
    return f"{long_date(at, zone, language)}, {before}{clock_time(at, zone, language)}"


def medium_datetime(at: datetime, zone: str = DEFAULT_ZONE, language: str = "id") -> str:
    """ "28 Nov, 23.59 WIB", for lists of what is near; the year is not shown."""
    day = local(at, zone)
    return f"{day.day} {_names(language).short_months[day.month - 1]}, {clock_time(at, zone, language)}"


def clock_time(at: datetime, zone: str = DEFAULT_ZONE, language: str = "id") -> str:
    """ "07.52 WIB"; in English "07:52 WIB"."""
    there = local(at, zone)
    mark = ":" if language == "en" else "."
    return f"{there.hour:02}{mark}{there.minute:02} {zone_name(zone, there)}"


def exact_time(at: datetime, zone: str = DEFAULT_ZONE, language: str = "id") -> str:
    """ "24/11/2026, 07.52.09 WIB", for logs, where the second matters; in English "24/11/2026, 07:52:09 WIB"."""
    there = local(at, zone)
    mark = ":" if language == "en" else "."
    clock = mark.join(f"{part:02}" for part in (there.hour, there.minute, there.second))
    return f"{short_date(at, zone, language)}, {clock} {zone_name(zone, there)}"


def long_date(at: date | datetime, zone: str = DEFAULT_ZONE, language: str = "id") -> str:
    """ "Selasa, 24 November 2026"."""
    day = _day(at, zone)
    return f"{_names(language).days[day.weekday()]}, {plain_date(day, zone, language)}"


def plain_date(at: date | datetime, zone: str = DEFAULT_ZONE, language: str = "id") -> str:
    """ "24 November 2026", as certificates write it."""
    day = _day(at, zone)
    return f"{day.day} {_names(language).months[day.month - 1]} {day.year}"


def short_date(at: date | datetime, zone: str = DEFAULT_ZONE, language: str = "id") -> str:
    """ "24/11/2026", in both languages: day, month, year."""
    day = _day(at, zone)
    return f"{day.day:02}/{day.month:02}/{day.year:04}"


def date_range(
    start: date | datetime, end: date | datetime, zone: str = DEFAULT_ZONE, language: str = "id"
) -> str:
    """ "24–28 November 2026", "24 November–3 Desember 2026"; years where they differ, one day alone."""
    first, last = _day(start, zone), _day(end, zone)
    if first == last:
        return plain_date(first, zone, language)
    opening = str(first.day)
    if (first.year, first.month) != (last.year, last.month):
        opening += f" {_names(language).months[first.month - 1]}"
    if first.year != last.year:
        opening += f" {first.year}"
    return f"{opening}–{plain_date(last, zone, language)}"


def distance(at: datetime, *, now: datetime, language: str = "id") -> str:
    """How far a moment is from now: "4 hari lagi", "2 jam lalu", "sebentar lagi", "baru saja".

    Counts whole units only, so a deadline never looks further away than it is.
    """
    seconds = int((local(at) - local(now)).total_seconds())
    ahead, gap = seconds > 0, abs(seconds)
    english = language == "en"
    if gap < 60:
        if ahead:
            return "in a moment" if english else "sebentar lagi"
        return "just now" if english else "baru saja"
    for least, length, indonesian, name in _UNITS:
        if gap >= least:
            amount = _counted(gap // length, indonesian, name, language)
            break
    if english:
        return f"in {amount}" if ahead else f"{amount} ago"
    return f"{amount} lagi" if ahead else f"{amount} lalu"


_DAY = 86_400
# Days are counted up to two months and months up to two years: "45 hari lagi" says more than "1 bulan lagi".
_UNITS = (
    (730 * _DAY, 365 * _DAY, "tahun", "year"),
    (60 * _DAY, 30 * _DAY, "bulan", "month"),
    (_DAY, _DAY, "hari", "day"),
    (3600, 3600, "jam", "hour"),
    (60, 60, "menit", "minute"),
)


class _Names:
    """Day and month names of one language, from Monday and from January."""

    def __init__(self, code: str) -> None:
        locale = Locale(code)
        self.days = [locale.days["format"]["wide"][index] for index in range(7)]
        self.months = [locale.months["format"]["wide"][index] for index in range(1, 13)]
        self.short_months = [locale.months["format"]["abbreviated"][index] for index in range(1, 13)]


@cache
def _names_in(code: str) -> _Names:
    return _Names(code)


def _names(language: str) -> _Names:
    return _names_in("en" if language == "en" else "id")


def _day(at: date | datetime, zone: str) -> date:
    return local(at, zone).date() if isinstance(at, datetime) else at
