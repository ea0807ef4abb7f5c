from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher
from argon2.low_level import Type

from lms.people import passwords

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
def cheap() -> Iterator[None]:
    before, passwords.hasher = passwords.hasher, CHEAP
    yield
    passwords.hasher = before


def test_a_password_is_verified_against_its_hash(cheap: None) -> None:
    stored = passwords.hash_password("kuda lari di hujan")
    assert stored.startswith("$argon2id$")
    assert passwords.verify(stored, "kuda lari di hujan")
    assert not passwords.verify(stored, "kuda lari di Hujan")
    assert stored != passwords.hash_password("kuda lari di hujan")


def test_the_same_characters_in_other_code_points_are_the_same_password(cheap: None) -> None:
    stored = passwords.hash_password(unicodedata.normalize("NFC", "kafé di ujung jalan"))
    assert passwords.verify(stored, unicodedata.normalize("NFD", "kafé di ujung jalan"))


@pytest.mark.parametrize("stored", ["", "nonsense", "$argon2id$v=19$m=8,t=1,p=1$AAAA$AAAA"])
def test_nobody_and_broken_hashes_let_no_one_in(stored: str) -> None:
    assert not passwords.verify(stored, "")
    assert not passwords.verify(stored, "kuda lari di hujan")


def test_nobody_costs_what_somebody_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in hash has today's parameters, and it is really worked through."""
    real = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
    assert not real.check_needs_rehash(passwords.NOBODY)
    worked: list[str] = []

    class Watched:
        def verify(self, stored: str, text: str) -> bool:
            worked.append(stored)
            return CHEAP.verify(stored, text)

    monkeypatch.setattr(passwords, "hasher", Watched())
    assert not passwords.verify("", "kuda lari di hujan")
    assert worked == [passwords.NOBODY]


def test_old_parameters_are_noticed(cheap: None) -> None:
    assert passwords.needs_rehash(passwords.NOBODY)
    assert not passwords.needs_rehash(passwords.hash_password("kuda lari di hujan"))
    assert CHEAP.type is Type.ID


@pytest.mark.parametrize(
    "text",
    [
        "password1234",
        "PASSWORD1234",
        "P@ssw0rd2031!",
        "qwertyuiop123",
        "qwertyuiopas",
        "poiuytrewq12",
        "indonesia2026",
        "Indonesia-2026!",
        "bismillah1234",
        "bismillah7777",
        "Sawahlunto 1888",
        "17agustus1945",
        "rahasia rahasia",
        "passwordpassword",
        "123456789012",
        "987654321098",
        "abcdefghijklm",
        "aaaaaaaaaaaa",
        "abababababab",
        "abcabcabcabc",
        "belajar-asn-2026",
        "ＰＡＳＳＷＯＲＤ１２３４",
        "katasandi2027",
        "!!!!!!!!!!!!",
        "............",
    ],
)
def test_what_guessers_try_first_is_too_common(text: str) -> None:
    assert passwords.too_common(text)


@pytest.mark.parametrize(
    "text",
    [
        "kuda-lari-malam-hujan",
        "tiga gajah minum jamu",
        "Xk29fjw02mvq",
        "lautan4biru8tenang",
        "batu hitam di sungai",
        "rahasia dapur nenek saya",
        "indonesia tanah air beta",
        "ジャワ島の朝は早い時間です",
    ],
)
def test_honest_passwords_pass(text: str) -> None:
    assert not passwords.too_common(text)


def test_the_list_is_long_and_clean() -> None:
    listed = passwords._common()
    assert len(listed) >= 500
    assert sum(len(line) >= passwords.AT_LEAST for line in listed) >= 300
    assert all(line == line.strip().casefold() for line in listed)
    assert all(passwords.too_common(line) for line in listed)


def test_the_check_of_a_megabyte_is_quick() -> None:
    assert not passwords.too_common("kuda lari malam hujan " * 50_000 + "x")


@pytest.mark.parametrize(
    "text",
    [
        "wulandari2026!",
        "Wulandari-aman",
        "xx198609262015052001",
        "rumah-19860926-biru-sekali",
        "rumah 26091986 biru sekali",
        "saya s.wulandari.99 di rumah",
    ],
)
def test_a_password_on_ones_own_name_or_number_is_noticed(text: str) -> None:
    assert passwords.contains_own(
        text, name="Sari Wulandari", nip="198609262015052001", email="s.wulandari.99@contoh.id"
    )


@pytest.mark.parametrize(
    "text", ["kuda-lari-malam-hujan", "intisari air laut biru tua", "26 kuda 09 lari 86"]
)
def test_a_name_within_a_long_password_does_no_harm(text: str) -> None:
    assert not passwords.contains_own(
        text, name="Sari Wulandari", nip="198609262015052001", email="sari@contoh.id"
    )


def test_somebody_without_name_or_number_owns_nothing() -> None:
    assert not passwords.contains_own("kuda-lari-malam-hujan")
