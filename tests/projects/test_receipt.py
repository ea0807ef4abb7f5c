"""Numbers nobody guesses, and a hash that anybody can compute again."""

from __future__ import annotations

import hashlib
import re

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
