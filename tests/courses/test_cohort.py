"""What administrators type: lists of people, codes, days, deadlines."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.courses import cohort

JAKARTA = "Asia/Jakarta"


@pytest.mark.parametrize(
    ("line", "email", "nip"),
    [
        ("sari@contoh.id", "sari@contoh.id", ""),
        ("  Sari@Contoh.ID  ", "sari@contoh.id", ""),
        ("198609262015052001", "", "198609262015052001"),
        ("19860926 201505 2 001", "", "198609262015052001"),
        ("19860926.201505.2.001", "", "198609262015052001"),
        ("Sari Wulandari\t19860926 201505 2 001\tBapperida", "", "198609262015052001"),
        ("1\tSari\t19860926 201505 2 001", "", "198609262015052001"),
        ("Sari <sari@contoh.id>; 198609262015052001", "sari@contoh.id", ""),
        ("sari@contoh.id.", "sari@contoh.id", ""),
        ("NIP. 19860926\u00a0201505\u00a02\u00a0001", "", "198609262015052001"),
        ("Sari Wulandari", "", ""),
        ("12345", "", ""),
        ("1986092620150520011", "", ""),
        ("@contoh", "", ""),
    ],
)
def test_a_line_names_somebody(line: str, email: str, nip: str) -> None:
    [read] = cohort.read_roster(line)
    assert (read.email, read.nip) == (email, nip)


def test_lines_keep_their_number_and_empty_ones_are_left_out() -> None:
    read = list(cohort.read_roster("a@b.id\r\n\r\n   \nc@d.id\n"))
    assert [(line.number, line.text) for line in read] == [(1, "a@b.id"), (4, "c@d.id")]


@given(st.text())
def test_any_text_can_be_pasted(text: str) -> None:
    for line in cohort.read_roster(text):
        assert line.text.strip()
        assert len(line.text) <= 200
        assert line.nip == "" or (len(line.nip) == 18 and line.nip.isdecimal())
        assert not (line.email and line.nip)


def test_a_long_list_is_read_in_linear_time() -> None:
    assert len(list(cohort.read_roster("1 " * 500_000))) == 1
    assert len(list(cohort.read_roster("a@" * 500_000))) == 1


@pytest.mark.parametrize(
    ("code", "fits"),
    [
        ("rpjmd-2026-1", True),
        ("a", True),
        ("", False),
        ("-a", False),
        ("a--b", False),
        ("A", False),
        ("é", False),
        ("a/b", False),
        ("baru", False),
        ("a" * 60, True),
        ("a" * 61, False),
        ("a\n", False),
    ],
)
def test_codes(code: str, fits: bool) -> None:
    assert cohort.is_code(code) is fits


@pytest.mark.parametrize(
    ("name", "taken", "code"),
    [
        ("RPJMD Angkatan III", set(), "rpjmd-angkatan-iii"),
        ("RPJMD Angkatan III", {"rpjmd-angkatan-iii"}, "rpjmd-angkatan-iii-2"),
        ("RPJMD", {"rpjmd", "rpjmd-2", "rpjmd-3"}, "rpjmd-4"),
        ("Baru", set(), "baru-2"),
        ("Café & Résumé", set(), "cafe-resume"),
        ("日本", set(), "angkatan-2"),
    ],
)
def test_suggested_codes(name: str, taken: set[str], code: str) -> None:
    assert cohort.suggest_code(name, taken) == code


@given(st.text(max_size=200), st.sets(st.text(max_size=5)))
def test_every_suggestion_is_a_code(name: str, taken: set[str]) -> None:
    code = cohort.suggest_code(name, taken)
    assert cohort.is_code(code)
    assert code not in taken


def test_days_are_whole_days_where_they_are_lived() -> None:
    day = date(2026, 11, 28)
    assert cohort.day_begins(day, JAKARTA) == datetime(2026, 11, 27, 17, 0, tzinfo=UTC)
    assert cohort.day_ends(day, JAKARTA) == datetime(2026, 11, 28, 16, 59, 59, tzinfo=UTC)


def test_the_last_minute_of_a_day_lasts_to_its_end() -> None:
    assert cohort.moment_in(datetime(2026, 11, 28, 23, 59), JAKARTA) == datetime(
        2026, 11, 28, 16, 59, 59, tzinfo=UTC
    )
    assert cohort.moment_in(datetime(2026, 11, 28, 12, 0), JAKARTA) == datetime(
        2026, 11, 28, 5, 0, tzinfo=UTC
    )
