"""Tokens of sheets and rows: signed, and of no use anywhere else."""

from lms.grading.offline import identity
from lms.grading.offline.identity import Identity, RowName

KEY, OLD = identity.key("a secret"), identity.key("the secret before")
ONE = Identity(7, 3, "a" * 64, "b" * 32, 2)
OTHER = Identity(8, 3, "a" * 64, "b" * 32, 2)


def test_a_sheet_says_what_it_was_made_for() -> None:
    token = identity.sheet(OLD, ONE)
    assert identity.read_sheet([KEY, OLD], token) == ONE
    assert identity.read_sheet([KEY], token) is None


def test_a_changed_sheet_token_is_nobodys() -> None:
    said, _, signature = identity.sheet(KEY, ONE).partition(".")
    other, _, _ = identity.sheet(KEY, OTHER).partition(".")
    for forged in (f"{other}.{signature}", f"{said}.{'0' * 40}", said, "", ".", "é" * 10, "a" * 5000):
        assert identity.read_sheet([KEY], forged) is None


def test_a_row_stands_on_its_own_sheet_only() -> None:
    one, other = identity.sheet(KEY, ONE), identity.sheet(KEY, OTHER)
    token = identity.row(KEY, one, "kriteria:isu", "0123")
    assert identity.read_row([KEY], one, token) == RowName("kriteria:isu", "0123")
    assert identity.read_row([KEY], other, token) is None
    assert identity.read_row([KEY], one, token.replace("isu", "ist")) is None
    assert identity.read_row([KEY], one, token.replace("0123", "0124")) is None


def test_a_row_is_no_sheet() -> None:
    one = identity.sheet(KEY, ONE)
    assert identity.read_sheet([KEY], identity.row(KEY, one, "umum", "0")) is None
    assert identity.read_row([KEY], one, one) is None


def test_what_stands_for_values_depends_on_where_they_end() -> None:
    assert identity.digest(("ab", "c")) != identity.digest(("a", "bc"))
