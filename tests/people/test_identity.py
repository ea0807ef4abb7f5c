from __future__ import annotations

import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.people import identity
from lms.people.identity import FullName, Unreadable, parse, sign_in_name, split_degrees

PNS = "198609262015051001"
PPPK = "198609262021212010"


def test_a_nip_is_taken_apart() -> None:
    number = parse("19860926 201505 1 001")
    assert number.digits == PNS
    assert (number.kind, number.birth, number.year, number.month) == ("pns", date(1986, 9, 26), 2015, 5)
    assert (number.sex, number.sequence) == ("male", 1)


def test_an_ni_pppk_holds_a_year_and_no_month() -> None:
    number = parse(PPPK)
    assert (number.kind, number.year, number.month) == ("pppk", 2021, None)
    assert (number.sex, number.sequence) == ("female", 10)


@pytest.mark.parametrize(
    "typed",
    [
        "19860926 201505 1 001",
        "19860926.201505.1.001",
        "  19860926-201505-1-001\n",
        "19860926\u00a0201505\u20091\u202f001",
        "\ufeff198609262015051001\u200b",
        "１９８６０９２６２０１５０５１００１",
        "19860926 – 201505 – 1 – 001",
    ],
)
def test_a_number_is_read_however_it_is_spaced(typed: str) -> None:
    assert parse(typed).digits == PNS


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "hanya berisi angka"),
        ("rina", "hanya berisi angka"),
        ("1986092620150510O1", "hanya berisi angka"),
        ("19860926201505100", "17 angka"),
        ("1986092620150510012", "19 angka"),
        ("198602302015051001", "19860230 bukan tanggal"),
        ("198613012015051001", "19861301 bukan tanggal"),
        ("000001012015051001", "bukan tanggal"),
        ("198609262015131001", "bulan pengangkatan"),
        ("198609262015001001", "bulan pengangkatan"),
        ("198609262015201001", "bulan pengangkatan"),  # 20: neither a month nor a PPPK mark
        ("198609262004081001", "17 tahun"),
        ("198609260000051001", "-1986 tahun"),
        ("198609262047101001", "61 tahun"),
        ("198609262021293001", "Angka ke-15"),
        ("198609262015050001", "Angka ke-15"),
        ("198609262015051000", "nomor urut"),
        ("200509262021212010", "16 tahun"),
    ],
)
def test_an_unreadable_number_says_what_is_wrong(typed: str, says: str) -> None:
    with pytest.raises(Unreadable) as error:
        parse(typed)
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("digits", "kind"),
    [
        ("198609262004091001", "pns"),  # turned 18 on the 26th of the month of appointment
        ("198609262047091001", "pns"),  # turns 61 in that month
        ("196002292015051001", "pns"),  # a leap day
        ("198609262021111001", "pns"),  # November, not PPPK
        ("198609262021121001", "pns"),
        ("198609262021211001", "pppk"),
        ("198609262021291001", "pppk"),
        ("198609262015052999", "pns"),
    ],
)
def test_numbers_at_the_edge_are_read(digits: str, kind: str) -> None:
    assert parse(digits).kind == kind


def test_a_number_is_shown_in_groups() -> None:
    assert parse(PNS).grouped == "19860926 201505 1 001"
    assert identity.grouped(PPPK) == "19860926 202121 2 010"
    assert identity.grouped("0012345678") == "0012345678"
    assert identity.grouped("") == ""


def test_doubts_warn_and_do_not_block() -> None:
    today = date(2026, 11, 24)
    assert identity.warnings(parse(PNS), kind="pns", today=today, birth=date(1986, 9, 26)) == ()
    (wrong_birth,) = identity.warnings(parse(PNS), kind="pns", today=today, birth=date(1986, 9, 25))
    assert "berbeda" in wrong_birth
    (wrong_kind,) = identity.warnings(parse(PNS), kind="pppk", today=today)
    assert "padahal statusnya PPPK" in wrong_kind
    (wrong_kind,) = identity.warnings(parse(PPPK), kind="pns", today=today)
    assert "padahal statusnya PNS" in wrong_kind
    assert identity.warnings(parse(PPPK), kind="lecturer", today=today) == ()
    (future,) = identity.warnings(parse("198609262026121001"), kind="pns", today=today)
    assert "belum terjadi" in future
    assert identity.warnings(parse("198609262026111001"), kind="pns", today=today) == ()


@st.composite
def numbers(draw: st.DrawFn) -> str:
    birth = draw(st.dates(date(1950, 1, 1), date(2005, 12, 31)))
    year = birth.year + draw(st.integers(20, 59))
    middle = draw(st.one_of(st.integers(1, 12).map("{:02}".format), st.integers(1, 9).map("2{}".format)))
    sex = draw(st.sampled_from("12"))
    return f"{birth:%Y%m%d}{year}{middle}{sex}{draw(st.integers(1, 999)):03}"


@given(numbers(), st.lists(st.tuples(st.integers(0, 18), st.sampled_from([" ", ".", "-", "\u00a0", "\t"]))))
def test_every_valid_number_survives_spacing_and_grouping(digits: str, marks: list[tuple[int, str]]) -> None:
    typed = digits
    for at, mark in marks:
        typed = typed[:at] + mark + typed[at:]
    number = parse(typed)
    assert number.digits == digits
    assert parse(number.grouped) == number
    assert sign_in_name(typed).nip == digits
    assert number.birth.strftime("%Y%m%d") == digits[:8]


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_with_a_sentence(text: str) -> None:
    said = []
    for read in (parse, sign_in_name, identity.email):
        try:
            read(text)
        except Unreadable as error:
            said.append(str(error))
    assert all(sentence.endswith(".") for sentence in said)


@given(st.text(alphabet="0123456789 .", max_size=30))
def test_what_is_read_is_eighteen_plain_digits(text: str) -> None:
    try:
        number = parse(text)
    except Unreadable:
        return
    assert len(number.digits) == 18
    assert number.digits.isascii()


def test_sign_in_takes_a_number_or_an_email() -> None:
    assert sign_in_name(" 19860926 201505 1 001 ").nip == PNS
    assert sign_in_name(" Rina.Sari@Contoh.GO.ID ").email == "rina.sari@contoh.go.id"
    # the date cannot be, but whoever has this number recorded must get in
    assert sign_in_name("198613262015051001").nip == "198613262015051001"


@pytest.mark.parametrize(
    "typed", ["", "rina", "12345", "rina@", "@contoh.id", "a@b", "rina@contoh.id\nBcc: x@y.id"]
)
def test_sign_in_says_what_it_expects(typed: str) -> None:
    with pytest.raises(Unreadable) as error:
        sign_in_name(typed)
    assert "misalnya" in str(error.value)


@pytest.mark.parametrize(
    "typed", ["a b@c.id", "a@b@c.id", "a@-\u0000.id", "<a@b.id>", "a,b@c.id", "a@" + "b" * 260 + ".id"]
)
def test_an_odd_email_is_refused(typed: str) -> None:
    with pytest.raises(Unreadable):
        identity.email(typed)


@pytest.mark.parametrize(
    ("written", "before", "name", "after"),
    [
        ("Dr. Rina Sari, S.E., M.Si.", "Dr.", "Rina Sari", "S.E., M.Si."),
        ("Budi", "", "Budi", ""),
        ("Drs. H. Amir Hamzah", "Drs. H.", "Amir Hamzah", ""),
        ("Prof. Dr. dr. Sari Dewi, Sp.A(K)", "Prof. Dr. dr.", "Sari Dewi", "Sp.A(K)"),
        ("Dr. (H.C.) Ir. Joko", "Dr. (H.C.) Ir.", "Joko", ""),
        ("  Rina   Sari ,SE,MSi ", "", "Rina Sari", "SE, MSi"),
        ("Andi, S.STP., M.AP", "", "Andi", "S.STP., M.AP"),
        (
            "Ns. Ani, S.Kep., Ners, M.Kep.",
            "Ns.",
            "Ani, S.Kep., Ners, M.Kep.",
            "",
        ),  # not surely a degree: kept
        ("M. Yusuf", "", "M. Yusuf", ""),  # M. is a name here
        ("Sari, Rina", "", "Sari, Rina", ""),
        ("Dr.", "", "Dr.", ""),
        ("", "", "", ""),
        (", S.E.", "", ", S.E.", ""),
        ("Haji Amir", "", "Haji Amir", ""),
    ],
)
def test_degrees_are_taken_off_a_name(written: str, before: str, name: str, after: str) -> None:
    assert split_degrees(written) == FullName(before, name, after)


@given(st.text(max_size=200))
def test_splitting_loses_nothing_but_spacing(text: str) -> None:
    parts = split_degrees(text)
    assert bool(parts.name) == bool(identity.tidy(text))
    whole = f"{parts.before}{parts.name}{parts.after}"
    assert [c for c in whole if c not in " ,"] == [c for c in identity.tidy(text) if c not in " ,"]


def test_splitting_hostile_text_takes_no_time() -> None:
    hostile = "A, " + "A." * 100_000 + "!"
    assert split_degrees(hostile).after == ""
    assert split_degrees("A, " + "a" * 200_000 + ".").after == ""


def test_lists_sort_by_the_name_without_degrees() -> None:
    written = ["Dr. Zainal, M.Si.", "Hj. Aminah", "budi", "Prof. Citra, Ph.D."]
    assert sorted(written, key=identity.sort_name) == [
        "Hj. Aminah",
        "budi",
        "Prof. Citra, Ph.D.",
        "Dr. Zainal, M.Si.",
    ]
    assert identity.sort_name("Dr. Rina SARI, S.E.") == "rina sari"


@given(st.text(max_size=100))
def test_tidy_text_is_one_line_without_control_characters(text: str) -> None:
    tidied = identity.tidy(text)
    assert tidied == identity.tidy(tidied)
    assert not any(unicodedata.category(c)[0] == "C" for c in tidied)
    assert "  " not in tidied
