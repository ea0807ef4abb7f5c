"""An order among equals that is each reviewer's own: late items of one common order are known to get lower marks.

The same arithmetic works on a number and on a database's column: nothing but ``%`` and ``*``.
"""

import hashlib
from typing import Any

_FIRST, _SECOND = 2_147_483_647, 2_147_483_629
"""Two primes below 2**31, so that no product passes 2**63."""


def factors(reviewer_id: int) -> tuple[int, int]:
    """What makes a reviewer's order their own."""
    digest = hashlib.sha256(f"queue of reviewer {reviewer_id}".encode()).digest()
    return (
        int.from_bytes(digest[:4], "big") % (_FIRST - 1) + 1,
        int.from_bytes(digest[4:8], "big") % (_SECOND - 1) + 1,
    )


def place(submission_id: Any, first: Any, second: Any) -> Any:
    """Where a submission stands among its equals for the reviewer with these factors; the same every time."""
    # the second modulus breaks up the even steps that consecutive ids would take through the first
    return ((submission_id % _FIRST) * first % _FIRST) * second % _SECOND


def shuffled(reviewer_id: int, submission_id: int) -> int:
    """The same for a reviewer."""
    return int(place(submission_id, *factors(reviewer_id)))
