"""What a sheet of an offline pack, and each of its rows, is about: signed, so that none can be moved or made up.

A sheet's token names the version, its content, the rubric, the reviewer and the draft that it was made from. A row's token
names what the row decides about and the value it went out with; it is signed together with the sheet's token, so a
row that is copied onto another sheet stands for nothing there.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable

import msgspec

from lms.rubric import Rubric

_SIGNED = 20  # bytes of a sheet's signature
_ROW_SIGNED = 10  # bytes of a row's: it only stands together with its sheet's
_LONGEST = 1_000


class Identity(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a sheet is about.

    ``content`` and ``rubric`` are hashes; ``revision`` is that of the reviewer's draft, 0 where there was none.
    """

    submission: int
    reviewer: int
    content: str
    rubric: str
    revision: int


class RowName(msgspec.Struct, frozen=True):
    """What a row decides about ("kriteria:isu"), and a digest of the value that it went out with."""

    name: str
    base: str


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Identity)


def rubric_hash(rubric: Rubric) -> str:
    """What stands for a rubric, its levels and weights."""
    return hashlib.sha256(msgspec.json.encode(rubric)).hexdigest()[:32]


def key(secret: str) -> bytes:
    """The key of packs: made from the platform's secret, and good for nothing else."""
    return hmac.digest(secret.encode(), b"offline review pack", hashlib.sha256)


def _sign(key: bytes, text: str, length: int) -> str:
    return hmac.digest(key, text.encode(), hashlib.sha256)[:length].hex()


def sheet(key: bytes, about: Identity) -> str:
    """The token of a sheet."""
    said = base64.urlsafe_b64encode(_encoder.encode(about)).decode().rstrip("=")
    return f"{said}.{_sign(key, said, _SIGNED)}"


def row(key: bytes, sheet_token: str, name: str, base: str) -> str:
    """The token of a row of that sheet."""
    return f"{name}~{base}~{_sign(key, _row(sheet_token, name, base), _ROW_SIGNED)}"


def _row(sheet_token: str, name: str, base: str) -> str:
    return f"{sheet_token}\n{name}\n{base}"


def read_sheet(keys: Iterable[bytes], token: str) -> Identity | None:
    """What a sheet is about; None where one of these keys did not sign it."""
    said, dot, signature = token.strip().partition(".")
    if not dot or len(token) > _LONGEST or not token.isascii():
        return None
    if not any(hmac.compare_digest(_sign(key, said, _SIGNED), signature) for key in keys):
        return None
    try:
        return _decoder.decode(base64.urlsafe_b64decode(said + "=" * (-len(said) % 4)))
    except (binascii.Error, msgspec.DecodeError):
        return None


def read_row(keys: Iterable[bytes], sheet_token: str, token: str) -> RowName | None:
    """What a row of this sheet decides about; None where it belongs to another one, or to none."""
    name, _, rest = token.strip().partition("~")
    base, tilde, signature = rest.partition("~")
    if not tilde or len(token) > _LONGEST or not token.isascii():
        return None
    said = _row(sheet_token.strip(), name, base)
    if not any(hmac.compare_digest(_sign(key, said, _ROW_SIGNED), signature) for key in keys):
        return None
    return RowName(name, base)


def digest(values: Iterable[str]) -> str:
    """What stands for a row's value in its token."""
    return hashlib.sha256(msgspec.json.encode(list(values))).hexdigest()[:16]
