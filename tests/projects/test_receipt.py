"""Numbers nobody guesses, and a hash that anybody can compute again."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta, timezone

import pytest

from lms.projects import receipt


def test_numbers_are_readable_and_do_not_repeat() -> None:
    codes = {receipt.new_code() for _ in range(500)}
    assert len(codes) == 500
    assert all(re.fullmatch(r"(?:[0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}", code) for code in codes)


def test_the_whole_is_the_hash_of_its_parts_line_by_line() -> None:
    assert (
        receipt.whole([("isu", "aa"), ("sasaran", "bb")])
        == hashlib.sha256(b"isu aa\nsasaran bb\n").hexdigest()
    )
    assert receipt.whole([("isu", "aa"), ("sasaran", "bb")]) != receipt.whole(
        [("sasaran", "bb"), ("isu", "aa")]
    )


KEY = receipt.signing_key("a secret that is long enough to be one")
AT = datetime(2026, 11, 24, 1, 0, 0, 250, tzinfo=UTC)
FACTS = ("7K2M-9QXB-4TRD-HW3N", 2, AT, "ab" * 32)


def test_the_signature_is_over_lines_that_anybody_can_write_down() -> None:
    lines = f"7K2M-9QXB-4TRD-HW3N\n2\n2026-11-24T01:00:00.000250+00:00\n{'ab' * 32}\n"
    assert receipt.sign(KEY, *FACTS) == hmac.new(KEY, lines.encode(), "sha256").hexdigest()
    # the same moment in another zone is the same fact
    there = AT.astimezone(timezone(timedelta(hours=7)))
    assert receipt.sign(KEY, FACTS[0], 2, there, FACTS[3]) == receipt.sign(KEY, *FACTS)


@pytest.mark.parametrize(
    "facts",
    [
        ("7K2M-9QXB-4TRD-HW3P", 2, AT, "ab" * 32),
        ("7K2M-9QXB-4TRD-HW3N", 1, AT, "ab" * 32),
        ("7K2M-9QXB-4TRD-HW3N", 2, AT + timedelta(microseconds=1), "ab" * 32),
        ("7K2M-9QXB-4TRD-HW3N", 2, AT, "ab" * 31 + "ac"),
    ],
)
def test_no_other_facts_have_this_signature(facts: tuple[str, int, datetime, str]) -> None:
    signature = receipt.sign(KEY, *FACTS)
    assert receipt.stands([KEY], signature, *FACTS)
    assert not receipt.stands([KEY], signature, *facts)


def test_a_former_key_still_verifies_and_a_foreign_one_never_does() -> None:
    signature = receipt.sign(KEY, *FACTS)
    new = receipt.signing_key("another secret that is long enough too")
    assert receipt.stands([new, KEY], signature, *FACTS)
    assert not receipt.stands([new], signature, *FACTS)
    assert not receipt.stands([], signature, *FACTS)
    for broken in ("", signature[:-1], "tanda-tangan-é", signature.upper()):
        assert not receipt.stands([KEY], broken, *FACTS)


def test_the_key_signs_nothing_else() -> None:
    secret = "a secret that is long enough to be one"
    assert secret.encode() != KEY
    assert KEY == receipt.signing_key(secret) != receipt.signing_key(f"{secret} ")
