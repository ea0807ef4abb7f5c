"""What identifies people: NIP and NI PPPK, names with their degrees, what is typed to sign in."""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from typing import Literal

from lms.refusals import N_, Refused

NIP_DIGITS = 18
YOUNGEST, OLDEST = 18, 60  # age in years at a PNS appointment
EMAIL_AT_MOST = 254

Kind = Literal["pns", "pppk"]
Sex = Literal["male", "female"]

# Typed or pasted between the groups: spaces of every width, dots, hyphens, marks that copying leaves behind.
_BETWEEN = re.compile(r"[\s.\-\u00ad\u200b-\u200f\u2010-\u2015\u2060\ufeff]+")
_EMAIL = re.compile(r"[^\s@\"(),:;<>\[\]\\]{1,64}@[^\s@\"(),:;<>\[\]\\.]+(?:\.[^\s@\"(),:;<>\[\]\\.]+)+")


class Unreadable(Refused):
    """What was typed cannot be what it should be."""


@dataclass(frozen=True, slots=True)
class Number:
    """A NIP (PNS) or NI PPPK, taken apart. ``month`` is None for PPPK, whose number holds only the year."""

    digits: str
    kind: Kind
    birth: date
    year: int
    month: int | None
    sex: Sex
    sequence: int

    @property
    def grouped(self) -> str:
        """``19860926 201505 1 001``."""
        return grouped(self.digits)


def digits_of(text: str) -> str:
    """The text without what people type between groups of digits; full-width digits become plain ones."""
    return _BETWEEN.sub("", unicodedata.normalize("NFKC", text))


def grouped(digits: str) -> str:
    """A stored number as people read it, ``19860926 201505 1 001``; anything else comes back as it is."""
    if len(digits) != NIP_DIGITS:
        return digits
    return f"{digits[:8]} {digits[8:14]} {digits[14]} {digits[15:]}"


def parse(text: str) -> Number:
    """Read a NIP or NI PPPK, however it is spaced.

    NIP: birth ``YYYYMMDD``, appointment ``YYYYMM``, sex ``1|2``, sequence ``001..999``. NI PPPK: birth, year
    ``YYYY``, ``2``, ``1..9``, sex, sequence. There is no check digit. Raises Unreadable.
    """
    digits = _shape(text)
    birth = _birth(digits[:8])
    year, month = int(digits[8:12]), int(digits[12:14])
    kind: Kind = "pppk" if digits[12] == "2" and digits[13] != "0" else "pns"
    if kind == "pns":
        if not 1 <= month <= 12:
            raise Unreadable(
                "Angka ke-13 dan ke-14 NIP adalah bulan pengangkatan (01 sampai 12), bukan %(month)s.",
                month=digits[12:14],
            )
        # the number holds no day: whoever turns 18 within the month may, whoever turns 61 within it still may
        youngest = _age(birth, date(max(year, 1), month, 1))
        age = _age(birth, date(max(year, 1), month, monthrange(year, month)[1]))
        if age < YOUNGEST or youngest > OLDEST:
            raise Unreadable(
                "Menurut NIP ini usia saat pengangkatan %(age)d tahun. "
                "Periksa delapan angka tanggal lahir dan enam angka bulan pengangkatan.",
                age=age,
            )
    elif year - birth.year < YOUNGEST:
        raise Unreadable(
            "Menurut NI PPPK ini usia saat pengangkatan %(age)d tahun. Periksa tanggal lahir dan tahunnya.",
            age=year - birth.year,
        )
    if digits[14] not in "12":
        raise Unreadable(
            "Angka ke-15 harus 1 (laki-laki) atau 2 (perempuan), bukan %(digit)s.", digit=digits[14]
        )
    if digits[15:] == "000":
        raise Unreadable("Tiga angka terakhir adalah nomor urut dan tidak mungkin 000.")
    return Number(
        digits=digits,
        kind=kind,
        birth=birth,
        year=year,
        month=month if kind == "pns" else None,
        sex="male" if digits[14] == "1" else "female",
        sequence=int(digits[15:]),
    )


def _shape(text: str) -> str:
    digits = digits_of(text)
    if not (digits.isascii() and digits.isdecimal()):
        raise Unreadable("NIP hanya berisi angka, misalnya 19860926 201505 1 001.")
    if len(digits) != NIP_DIGITS:
        raise Unreadable(
            "NIP atau NI PPPK terdiri atas 18 angka, misalnya 19860926 201505 1 001; "
            "yang Anda ketik %(count)d angka.",
            count=len(digits),
        )
    return digits


def _birth(digits: str) -> date:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        raise Unreadable(
            "Delapan angka pertama adalah tanggal lahir (tahun, bulan, tanggal), "
            "tetapi %(digits)s bukan tanggal.",
            digits=digits,
        ) from None


def _age(birth: date, on: date) -> int:
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))


def warnings(number: Number, *, kind: str, today: date, birth: date | None = None) -> tuple[str, ...]:
    """What looks wrong about a readable number but does not block saving, as sentences to translate.

    ``kind`` is the person's recorded kind, ``birth`` the recorded birth date where there is one.
    """
    found = []
    if kind == "pns" and number.kind == "pppk":
        found.append(N_("Nomor ini berpola NI PPPK, padahal statusnya PNS. Periksa status atau nomornya."))
    if kind == "pppk" and number.kind == "pns":
        found.append(N_("Nomor ini berpola NIP PNS, padahal statusnya PPPK. Periksa status atau nomornya."))
    if birth is not None and birth != number.birth:
        found.append(N_("Tanggal lahir dalam nomor ini berbeda dari tanggal lahir yang tercatat."))
    if (number.year, number.month or 1) > (today.year, today.month):
        found.append(N_("Menurut nomor ini pengangkatannya belum terjadi. Periksa angka tahun dan bulannya."))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class SignInName:
    """Who wants to sign in: exactly one of the two."""

    email: str | None = None
    nip: str | None = None


def sign_in_name(text: str) -> SignInName:
    """Read what was typed to sign in: an email, or a number of 18 digits however it is spaced.

    Only the shape is asked for, so that a recorded number with an unlikely date still lets its owner in.
    Raises Unreadable.
    """
    if "@" in text:
        return SignInName(email=email(text))
    digits = digits_of(text)
    if not digits.isascii() or not digits.isdecimal():
        raise Unreadable(
            "Isi dengan NIP (18 angka, misalnya 19860926 201505 1 001) "
            "atau alamat surel (misalnya nama@contoh.go.id)."
        )
    return SignInName(nip=_shape(digits))


def email(text: str) -> str:
    """An email address as it is stored: trimmed, lower case. Raises Unreadable."""
    address = unicodedata.normalize("NFKC", text).strip().lower()
    if len(address) > EMAIL_AT_MOST or not _EMAIL.fullmatch(address) or not address.isprintable():
        raise Unreadable("Tulis alamat surel yang lengkap, misalnya nama@contoh.go.id.")
    return address


# Names. People have one name field, many a single name; degrees stand before and after it.

_BEFORE = frozenset(
    (
        "dr",
        "drs",
        "dra",
        "drg",
        "drh",
        "ir",
        "prof",
        "h",
        "hj",
        "kh",
        "apt",
        "ns",
        "ust",
        "dr.ing",
        "dr.(h.c.)",
        "(h.c.)",
    )
)
# A word behind the comma that is spelled like a degree: S.E.  M.Si  Ph.D.  Sp.A(K)  Ak. | SE  CGCAE | MSi
_AFTER = re.compile(
    r"(?:[A-Z][A-Za-z]{0,5}\.(?:[A-Za-z]{1,8}\.){0,4}[A-Za-z]{0,8}|[A-Z]{1,8}|[A-Z][a-z]{0,2}[A-Z][A-Za-z]{0,4})"
    r"(?:\([A-Za-z.]{1,8}\))?"
)


@dataclass(frozen=True, slots=True)
class FullName:
    """A name and the degrees around it."""

    before: str
    name: str
    after: str


def tidy(text: str) -> str:
    """The text on one line: no control characters, single spaces, composed letters."""
    kept = "".join(
        " " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c)[0] != "C"
    )
    return " ".join(unicodedata.normalize("NFC", kept).split())


def split_degrees(text: str) -> FullName:
    """Take ``Dr. Rina Sari, S.E., M.Si.`` apart into ``Dr.``, ``Rina Sari`` and ``S.E., M.Si.``.

    Only what is surely a degree goes: known words with a dot in front, parts behind a comma that are spelled
    like degrees. Everything else stays in the name, which is never empty unless the text is.
    """
    name, _, behind = tidy(text).partition(",")
    parts = [part.strip() for part in behind.split(",") if part.strip()]
    after = ", ".join(parts)
    if not name.strip() or not all(_AFTER.fullmatch(word) for part in parts for word in part.split()):
        name, after = tidy(text), ""
    words = name.split()
    at = 0
    while at < len(words) - 1 and _stands_before(words[at]):
        at += 1
    return FullName(" ".join(words[:at]), " ".join(words[at:]), after)


def _stands_before(word: str) -> bool:
    plain = word.lower()
    if plain in _BEFORE and len(plain) > 2 and "." not in plain:
        return True  # "Drs Amir": long enough to be no one's initials
    return plain.endswith((".", ")")) and (plain.rstrip(".") in _BEFORE or plain in _BEFORE)


def sort_name(text: str) -> str:
    """What lists sort by: the name without degrees, in one case."""
    return split_degrees(text).name.casefold()


def full_name(before: str, name: str, after: str) -> str:
    """A name between its degrees, as it is written: ``Dr. Rina Sari, S.E., M.Si.``."""
    return f"{before} {name}".strip() + (f", {after}" if after else "")
