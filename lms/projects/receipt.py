"""The receipt of a handed-in version: its number, and the one hash that stands for all its parts."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable

# Crockford's base32: no I, L, O and U, so that a number read aloud or copied by hand stays the same number.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
GROUPS, LETTERS = 4, 4


def new_code() -> str:
    """A number nobody can guess, 80 random bits as four groups of four: ``7K2M-9QXB-4TRD-HW3N``."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(LETTERS)) for _ in range(GROUPS))


def whole(parts: Iterable[tuple[str, str]]) -> str:
    """The SHA-256 (hex) of a version: of one line ``section_id sha256`` for each part, in the project's
    order.

    Each line ends with a line feed, so ``sha256sum`` over a file of these lines gives the same.
    """
    lines = "".join(f"{section_id} {sha256}\n" for section_id, sha256 in parts)
    return hashlib.sha256(lines.encode()).hexdigest()
