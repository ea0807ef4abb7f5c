"""The receipt of a handed-in version: its number, the one hash that stands for all its parts, the server's signature."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime

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


def signing_key(secret: str) -> bytes:
    """The key that receipts are signed with: made from the platform's secret, and good for nothing else."""
    return hmac.digest(secret.encode(), b"receipt of a handed-in version", hashlib.sha256)


def sign(key: bytes, code: str, number: int, at: datetime, sha256: str) -> str:
    """HMAC-SHA256 (hex) over a receipt's four facts: its number, the version's, when it came, what is in it.

    Each stands in a line of its own with a line feed, the time in UTC with six decimals, as in
    ``2026-11-24T01:00:00.000000+00:00``.
    """
    stamp = at.astimezone(UTC).isoformat(timespec="microseconds")
    return hmac.digest(key, f"{code}\n{number}\n{stamp}\n{sha256}\n".encode(), hashlib.sha256).hex()


def stands(keys: Iterable[bytes], signature: str, code: str, number: int, at: datetime, sha256: str) -> bool:
    """Whether a signature was made over these facts with one of these keys."""
    return any(
        hmac.compare_digest(sign(key, code, number, at, sha256).encode(), signature.encode()) for key in keys
    )
