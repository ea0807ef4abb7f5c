"""Bytes that nobody said the encoding of."""

from __future__ import annotations

import codecs

import pytest

from lms.quizzes.exchange.encoding import decoded
from lms.refusals import Refused
from tests.quizzes.exchange.reading import imported, losses, quiz_of

TEXT = "Apa ibu kota “Prancis” – é? {=Paris =Paříž}\n"
PLAIN = "Ibu kota – “Côte”? {=Padang}\n"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (codecs.BOM_UTF8 + TEXT.encode(), "utf-8"),
        (codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), "utf-16-le"),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "utf-16-be"),
        (TEXT.encode("utf-16-le"), "utf-16-le"),
        (TEXT.encode("utf-16-be"), "utf-16-be"),
    ],
    ids=["utf-8", "utf-8 mark", "le mark", "be mark", "le", "be"],
)
def test_unicode_is_known_for_sure(content: bytes, encoding: str) -> None:
    found = decoded(content)
    assert (found.text, found.encoding, found.guessed) == (TEXT, encoding, False)
    assert quiz_of(imported(content)).questions[0].prompt == "Apa ibu kota “Prancis” – é?"


def test_windows_1252_is_guessed_and_said() -> None:
    found = imported(PLAIN.encode("windows-1252"))
    assert quiz_of(found).questions[0].prompt == "Ibu kota – “Côte”?"
    assert losses(found) == ["Kuis: berkas bukan UTF-8 dan dibaca sebagai Windows-1252; periksa huruf khusus"]


@pytest.mark.parametrize("name", ["windows-1252", "ISO-8859-1"])
def test_a_declared_encoding_is_no_guess(name: str) -> None:
    text = f'<?xml version="1.0" encoding="{name}"?><quiz>é</quiz>'
    assert decoded(text.encode("windows-1252")).guessed is False


def test_a_declaration_that_lies_is_overruled() -> None:
    text = '<?xml version="1.0" encoding="ISO-8859-1"?><quiz>é</quiz>'
    assert decoded(text.encode()).text == text
    wide = text.replace("ISO-8859-1", "utf-8").encode("utf-16")
    assert decoded(wide).text == text.replace("ISO-8859-1", "utf-8")


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends(end: str) -> None:
    assert decoded(TEXT.replace("\n", end).encode()).text == TEXT


@pytest.mark.parametrize(
    "content",
    [b"\x81\x8d\x8f", codecs.BOM_UTF16_LE + b"\x00\xd8\x41", b"abc\x00\x01def", b"%PDF-1.4\x00\x02\xff"],
)
def test_what_is_no_text(content: bytes) -> None:
    with pytest.raises(Refused):
        decoded(content)


def test_a_control_character_is_told_by_its_line() -> None:
    with pytest.raises(Refused, match="baris 3"):
        decoded(b"satu\ndua\nti\x07ga")
