"""Passwords: hashing, checking in constant work, and what is refused as too easy to guess."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from lms.refusals import Refused

# OWASP's Password Storage Cheat Sheet: Argon2id with 19 MiB, two passes, one lane. The library's own 64 MiB
# per sign-in are more than a small server can lend to a whole class that signs in at eight o'clock.
hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)

# The hash of a random value nobody kept, made with the parameters above: the unknown cost the same work.
NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$T9y0MfL25qWTFli1CvVYeQ$/KAHjXbCiSSD4L6yIopl9N9/BG8n3X976YVQue6T7HE"

AT_LEAST = 12  # NIST SP 800-63B asks for 8 and advises more; the platform asks for 12
AT_MOST = 200
AFFIX_AT_MOST = 8  # digits and signs around a common word that do not make it uncommon
OWN_AT_LEAST = 4  # shorter parts of a name stand in too many honest passwords
OWN_WHOLE = 8
DISTINCT_AT_LEAST = 5
ROW_AT_LEAST = 4

_LIST = Path(__file__).with_name("common_passwords.txt")
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz" * 2,
    "01234567890" * 4,
    "12345678901234567890",
    "qwertyuiopasdfghjklzxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "1q2w3e4r5t6y7u8i9o0p",
    "qazwsxedcrfvtgbyhnujmikolp",
)
_LOOKALIKES = str.maketrans("0134578@$!", "oieastbasi")


def _normal(text: str) -> str:
    # the same characters typed on two keyboards are the same password (NIST SP 800-63B)
    return unicodedata.normalize("NFKC", text)


def hash_password(text: str) -> str:
    """The Argon2id hash to store. It takes tens of milliseconds: never hold the write lock meanwhile."""
    return hasher.hash(_normal(text))


def verify(stored: str, text: str) -> bool:
    """Whether ``text`` is the password behind ``stored``; an empty one (nobody) costs the same work."""
    try:
        return hasher.verify(stored or NOBODY, _normal(text)) and bool(stored)
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(stored: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return hasher.check_needs_rehash(stored)


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    lines = _LIST.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def _letters(text: str) -> str:
    return "".join(c for c in text if c.isalnum())


def too_common(password: str) -> bool:
    """Whether guessers try this early: a listed word, with or without digits, a row of keys, a repetition.

    The kinds are those of NIST SP 800-63B, 5.1.1.2: breached values, dictionary words, repetitive or
    sequential characters, words of the service's own context.
    """
    plain = _normal(password).casefold()
    packed = _letters(plain)
    if plain in _common() or packed in _common() or len(set(packed)) < DISTINCT_AT_LEAST:
        return True
    if _in_a_row(packed) or _repeats(packed):
        return True
    word = packed.strip("0123456789")
    if len(packed) - len(word) <= AFFIX_AT_MOST and (word in _common() or _in_a_row(word) or _repeats(word)):
        return True
    # p@ssw0rd: signs that stand for letters; the digits behind the word are cut off first
    seen = _letters(plain.rstrip("0123456789!?.,*#-_ ").translate(_LOOKALIKES))
    return seen in _common() and len(plain) - len(seen) <= AFFIX_AT_MOST


def _in_a_row(text: str) -> bool:
    """Whether the keys or letters follow one another, forwards or backwards."""
    return len(text) >= ROW_AT_LEAST and any(text in row or text[::-1] in row for row in _ROWS)


def _repeats(text: str) -> bool:
    """Whether the text is one short piece, or one listed word, again and again."""
    at = (text + text).find(text, 1) if text else 0
    return 0 < at < len(text) and (at <= 6 or text[:at].strip("0123456789") in _common())


def check(text: str, *, name: str = "", nip: str | None = None, email: str | None = None) -> None:
    """Accept a new password or raise Refused with what to change."""
    if len(text) < AT_LEAST:
        raise Refused(
            "Kata sandi minimal %(count)d karakter. Beberapa kata acak mudah diingat.", count=AT_LEAST
        )
    if len(text) > AT_MOST:
        raise Refused("Kata sandi maksimal %(count)d karakter.", count=AT_MOST)
    if contains_own(text, name=name, nip=nip, email=email):
        raise Refused(
            "Kata sandi ini memuat nama, NIP, tanggal lahir, atau surel Anda. Gunakan kata yang lain."
        )
    if too_common(text):
        raise Refused(
            "Kata sandi ini terlalu umum dan mudah ditebak. Gunakan beberapa kata yang tidak berkaitan."
        )


def contains_own(password: str, *, name: str = "", nip: str | None = None, email: str | None = None) -> bool:
    """Whether the password is built on the person's own name, number, birth date or email local part.

    A word of a name may stand in a password that is long enough without it; the number, the date and a long
    local part may not stand in one at all.
    """
    packed = _letters(_normal(password).casefold())
    local = _letters((email or "").split("@")[0].casefold())
    digits = nip or ""
    never = [
        digits,
        digits[:8],
        digits[6:8] + digits[4:6] + digits[:4],
        local if len(local) >= OWN_WHOLE else "",
    ]
    if any(len(piece) >= OWN_WHOLE and piece in packed for piece in never):
        return True
    words = [_letters(word) for word in _normal(name).casefold().split()]
    return any(
        len(word) >= OWN_AT_LEAST and word in packed and len(packed) - len(word) < AT_LEAST
        for word in (*words, local)
    )
