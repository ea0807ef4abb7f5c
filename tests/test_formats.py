from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms import formats
from lms.formats import AmbiguousNumber, NotANumber, UnreadableNumber, parse_decimal, parse_integer

NIGHT = datetime(2026, 11, 24, 16, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", "0"),
        ("4,64", "4.64"),
        ("4.64", "4.64"),
        ("1.234.567,89", "1234567.89"),
        ("1,234,567.89", "1234567.89"),
        ("1.234.567", "1234567"),
        ("1,234,567", "1234567"),
        ("1 234 567,89", "1234567.89"),
        ("1\u00a0234\u202f567", "1234567"),
        ("1.234,5", "1234.5"),
        ("1,234.5", "1234.5"),
        ("1.234,567", "1234.567"),
        ("0.125", "0.125"),
        ("0,125", "0.125"),
        ("1234.567", "1234.567"),
        ("1,2340", "1.2340"),
        (",5", "0.5"),
        (".5", "0.5"),
        ("  66.962.000 ", "66962000"),
        ("Rp1.250.000", "1250000"),
        ("Rp 1.250", "1250"),
        ("rp. 1.250.000,-", "1250000"),
        ("IDR 1,250,000", "1250000"),
        ("16,4 %", "16.4"),
        ("16,4%", "16.4"),
        ("2,72 persen", "2.72"),
        ("-3,5", "-3.5"),
        ("\u22123,5", "-3.5"),
        ("\u20133", "-3"),
        ("- 3", "-3"),
        ("-Rp5.000", "-5000"),
        ("Rp-5.000", "-5000"),
        ("+7", "7"),
    ],
)
def test_reads_numbers_as_people_write_them(text: str, value: str) -> None:
    assert parse_decimal(text) == Decimal(value)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "-",
            "Rp",
            "%",
            ".",
            ",",
            "5.",
            "5,",
            "1..5",
            "1,,5",
            "1.2.3",
            "12.34.567",
            "1.23.456",
            "0.123.456",
            "1.234.56",
        ),
        *(
            "1 2",
            "12 34",
            "1 234 5",
            "1.234,567,8",
            "1,234.567.8",
            "1e5",
            "NaN",
            "inf",
            "Infinity",
            "0x10",
            "1_000",
            "½",
            "٣",
            "lima",
        ),
        *(
            "--5",
            "-Rp-5",
            "Rp5%",
            "5 Rp",
            "5 orang",
            "1/2",
            "5%%",
            "1.250.000,- %",
            "9" * 41,
            "1\n2",
            "1\x00",
            "1" * 2_000_000,
        ),
    ],
)
def test_refuses_what_is_not_one_number(text: str) -> None:
    with pytest.raises(NotANumber) as caught:
        parse_decimal(text)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("text", "grouped", "fraction"),
    [
        ("1.234", "1234", "1.234"),
        ("1,234", "1234", "1.234"),
        ("-12.500", "-12500", "-12.5"),
        ("999,000%", "999000", "999"),
    ],
)
def test_asks_when_one_mark_stands_before_three_digits(text: str, grouped: str, fraction: str) -> None:
    with pytest.raises(AmbiguousNumber) as caught:
        parse_decimal(text)
    assert caught.value.readings == (Decimal(grouped), Decimal(fraction))
    assert tuple(map(parse_decimal, caught.value.spellings)) == caught.value.readings


def test_says_how_to_write_an_ambiguous_number() -> None:
    with pytest.raises(
        AmbiguousNumber, match="“1.234” dapat berarti 1234 atau 1,234. Tulis 1234 atau 1,2340."
    ):
        parse_decimal("1.234")


def test_a_hint_decides_what_would_be_ambiguous() -> None:
    assert parse_decimal("1.234", grouping="id") == 1234
    assert parse_decimal("1,234", grouping="id") == Decimal("1.234")
    assert parse_decimal("1.234", grouping="en") == Decimal("1.234")
    assert parse_decimal("1,234", grouping="en") == 1234
    assert parse_decimal("1.234", whole=True) == parse_decimal("1,234", whole=True) == 1234
    assert parse_decimal("1.5", grouping="id") == Decimal("1.5")


@pytest.mark.parametrize("text", ["1.250", "1,250", "1250", "Rp1.250,00", "Rp1.250,-", "1 250"])
def test_reads_whole_numbers(text: str) -> None:
    assert parse_integer(text) == 1250


@pytest.mark.parametrize("text", ["1,5", "Rp1.250,50", "0,1", "dua"])
def test_refuses_parts_of_a_whole_number(text: str) -> None:
    with pytest.raises(NotANumber):
        parse_integer(text)


numbers = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**12), max_value=10**12)


@given(numbers, st.sampled_from(["id", "en"]))
def test_what_is_shown_reads_back(value: Decimal, language: str) -> None:
    shown = formats.decimal(value, language)
    assert parse_decimal(shown, grouping="en" if language == "en" else "id") == value
    assert parse_decimal(formats.decimal(value, language, places=4)) == value  # four decimals leave no doubt


@given(st.integers(-(10**15), 10**15))
def test_money_reads_back(rupiah: int) -> None:
    assert parse_integer(formats.money(rupiah)) == rupiah
    assert parse_integer(formats.money(rupiah, "en")) == rupiah


@given(st.text() | st.text(alphabet="0123456789.,- %Rp\u00a0\u2212", max_size=45))
def test_garbage_is_a_number_or_a_clear_refusal(text: str) -> None:
    try:
        value = parse_decimal(text)
    except UnreadableNumber:
        return
    assert value.is_finite()


@pytest.mark.parametrize(
    ("value", "places", "indonesian", "english"),
    [
        (Decimal("1234567.89"), None, "1.234.567,89", "1,234,567.89"),
        (Decimal("4.640"), None, "4,64", "4.64"),
        (Decimal("100"), None, "100", "100"),
        (Decimal("1E+3"), None, "1.000", "1,000"),
        (Decimal("2.345"), 2, "2,35", "2.35"),
        (Decimal("-2.345"), 2, "-2,35", "-2.35"),
        (Decimal("82.5"), 0, "83", "83"),
        (Decimal("3"), 2, "3,00", "3.00"),
        (Decimal("-0.001"), 2, "0,00", "0.00"),
        (Decimal("-0"), None, "0", "0"),
        (0, None, "0", "0"),
        (0.1, None, "0,1", "0.1"),
        (Decimal(9) * 10**35, 1, "900" + ".000" * 11 + ",0", "900" + ",000" * 11 + ".0"),
    ],
)
def test_shows_numbers(value: Decimal, places: int | None, indonesian: str, english: str) -> None:
    assert formats.decimal(value, places=places) == indonesian
    assert formats.decimal(value, "en", places) == english


def test_shows_money_and_percentages() -> None:
    assert formats.money(1250000) == "Rp1.250.000"
    assert formats.money(1250000, "en") == "Rp1,250,000"
    assert formats.money(-5000) == "-Rp5.000"
    assert formats.money(Decimal("10.5")) == "Rp11"
    assert formats.percent(Decimal("16.40")) == "16,4%"
    assert formats.percent(Decimal("16.45"), "en", 1) == "16.5%"


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 byte"),
        (1023, "1.023 byte"),
        (1024, "1 KB"),
        (3_250_000, "3,1 MB"),
        (20 * 1024**2, "20 MB"),
        (1024**2 - 1, "1 MB"),
        (5 * 1024**4, "5 TB"),
    ],
)
def test_shows_file_sizes(size: int, shown: str) -> None:
    assert formats.file_size(size) == shown


def test_shows_lengths_of_time() -> None:
    assert formats.minutes(12) == "12 menit"
    assert formats.minutes(75) == "1 jam 15 menit"
    assert formats.minutes(540) == "9 jam"
    assert formats.minutes(0) == "0 menit"
    assert formats.minutes(61, "en") == "1 hour 1 minute"
    assert formats.minutes(120, "en") == "2 hours"
    assert formats.jp(540) == "12 JP"
    assert formats.jp(60) == "1,3 JP"
    assert formats.jp(60, "en", per=60) == "1 JP"


def test_shows_moments_in_the_zone_of_the_reader() -> None:
    assert formats.long_datetime(NIGHT) == "Selasa, 24 November 2026, pukul 23.59 WIB"
    assert formats.long_datetime(NIGHT, "Asia/Jayapura") == "Rabu, 25 November 2026, pukul 01.59 WIT"
    assert formats.long_datetime(NIGHT, language="en") == "Tuesday, 24 November 2026, 23:59 WIB"
    assert formats.medium_datetime(NIGHT + timedelta(days=4)) == "28 Nov, 23.59 WIB"
    assert formats.medium_datetime(NIGHT, "Asia/Makassar", "en") == "25 Nov, 00:59 WITA"
    assert formats.clock_time(datetime(2026, 11, 24, 0, 52)) == "07.52 WIB"
    assert formats.clock_time(NIGHT, "UTC") == "16.59 UTC"
    second = NIGHT + timedelta(seconds=9)
    assert formats.exact_time(second) == "24/11/2026, 23.59.09 WIB"
    assert formats.exact_time(second, "Asia/Makassar", "en") == "25/11/2026, 00:59:09 WITA"


def test_shows_days() -> None:
    assert formats.short_date(NIGHT) == formats.short_date(date(2026, 11, 24)) == "24/11/2026"
    assert formats.long_date(NIGHT) == "Selasa, 24 November 2026"
    assert formats.long_date(date(2026, 8, 17), language="en") == "Monday, 17 August 2026"
    assert formats.plain_date(date(2026, 5, 2)) == "2 Mei 2026"
    assert formats.date_range(date(2026, 11, 24), date(2026, 11, 28)) == "24–28 November 2026"
    assert formats.date_range(date(2026, 11, 24), date(2026, 12, 3)) == "24 November–3 Desember 2026"
    assert formats.date_range(date(2026, 12, 28), date(2027, 1, 3)) == "28 Desember 2026–3 Januari 2027"
    assert formats.date_range(date(2026, 12, 28), date(2026, 12, 28), language="en") == "28 December 2026"


@pytest.mark.parametrize(
    ("gap", "indonesian", "english"),
    [
        (timedelta(0), "baru saja", "just now"),
        (timedelta(seconds=30), "sebentar lagi", "in a moment"),
        (timedelta(seconds=-59), "baru saja", "just now"),
        (timedelta(minutes=1), "1 menit lagi", "in 1 minute"),
        (timedelta(hours=-2, minutes=-59), "2 jam lalu", "2 hours ago"),
        (timedelta(days=4, hours=23), "4 hari lagi", "in 4 days"),
        (timedelta(days=-59), "59 hari lalu", "59 days ago"),
        (timedelta(days=61), "2 bulan lagi", "in 2 months"),
        (timedelta(days=-800), "2 tahun lalu", "2 years ago"),
    ],
)
def test_says_how_far_a_moment_is(gap: timedelta, indonesian: str, english: str) -> None:
    assert formats.distance(NIGHT + gap, now=NIGHT) == indonesian
    assert formats.distance(NIGHT + gap, now=NIGHT, language="en") == english


@pytest.mark.parametrize(
    ("points", "mark", "shown"),
    [
        ("86.25", 70, "86,25"),
        ("66.666666666667", 70, "66,67"),
        ("80.000000000000", None, "80"),
        ("69.96", 70, "69,96"),
        ("69.996", 70, "69,996"),
        ("69.99999", 70, "69,99999"),
        ("69.9999999", 70, "69,9999999"),
        ("69.996", None, "70"),
        ("79.999", 70, "80"),
        ("33.335", Decimal("33.34"), "33,335"),
    ],
)
def test_grade(points: str, mark: Decimal | int | None, shown: str) -> None:
    assert formats.decimal(formats.grade(Decimal(points), mark)) == shown
