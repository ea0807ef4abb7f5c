"""The name that a reviewer sees instead of a learner's in blind review."""

import hashlib
import hmac

# Crockford's base32: no I, L, O and U, so that a code read aloud stays the same code.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LETTERS = 3


def code(secret: str, work_id: int) -> str:
    """The code of a work ("7K2"), the same on every page and in every version; only the secret leads back.

    Two works may share a code: it is a name to speak of, never a key.
    """
    digest = hmac.digest(secret.encode(), f"blind review of work {work_id}".encode(), hashlib.sha256)
    number = int.from_bytes(digest[:8], "big")
    return "".join(ALPHABET[(number >> (5 * place)) % 32] for place in range(LETTERS))
