"""Files that are made to hurt whoever opens them."""

from __future__ import annotations

import contextlib
import io
import stat
import time
import zipfile

import pytest

from lms.quizzes.exchange import tree, upload
from lms.quizzes.exchange.hypertext import Converter
from lms.quizzes.exchange.pictures import Pictures
from lms.quizzes.exchange.registry import READ, quiz_from
from lms.refusals import Refused

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))


def zipped(entries: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        f'<!DOCTYPE quiz [<!ENTITY l0 "ha">{LAUGHS}]><quiz>&l8;</quiz>',
        '<!DOCTYPE quiz [<!ENTITY x SYSTEM "file:///etc/passwd">]><quiz>&x;</quiz>',
        '<!DOCTYPE quiz SYSTEM "http://contoh.invalid/x.dtd"><quiz/>',
        '<!DOCTYPE quiz [<!ENTITY % p SYSTEM "http://contoh.invalid/p">%p;]><quiz/>',
        '<!DOCTYPE quiz [<!ENTITY a "b">]><quiz><question type="essay"/></quiz>',
    ],
    ids=["laughs", "file", "dtd", "parameter", "entity"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_document_types_and_entities(text: str, encoding: str) -> None:
    with pytest.raises(Refused, match="DOCTYPE"):
        quiz_from("kuis.xml", text.encode(encoding))


def test_an_unknown_entity_is_no_xml() -> None:
    with pytest.raises(Refused, match="baris 2"):
        tree.parsed("<quiz>\n&tidakada;</quiz>")


def test_depth() -> None:
    deep = "<a>" * (tree.MAX_DEPTH + 1) + "</a>" * (tree.MAX_DEPTH + 1)
    with pytest.raises(Refused, match="bersarang"):
        tree.parsed(deep)
    assert tree.parsed("<a>" * tree.MAX_DEPTH + "</a>" * tree.MAX_DEPTH).name == "a"


def test_numbers_of_elements_and_attributes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MAX_NODES", 50)
    with pytest.raises(Refused, match="terlalu besar"):
        tree.parsed(f"<a>{'<b/>' * 50}</a>")
    many = " ".join(f'a{n}="x"' for n in range(tree.MAX_ATTRIBUTES + 1))
    with pytest.raises(Refused, match="terlalu besar"):
        tree.parsed(f"<a {many}/>")


@pytest.mark.parametrize(
    "content", [b"", b" \n", b"x" * (upload.MAX_BYTES + 1)], ids=["empty", "blank", "huge"]
)
def test_size(content: bytes) -> None:
    with pytest.raises(Refused):
        quiz_from("kuis.txt", content)


@pytest.mark.parametrize(
    "name", ["../a.xml", "/etc/a.xml", "a\\..\\b.xml", "c:a.xml", "/".join("abcdefghi") + ".xml"]
)
def test_paths_in_a_zip(name: str) -> None:
    with pytest.raises(Refused):
        upload.opened("kuis.zip", zipped({"imsmanifest.xml": b"<manifest/>", name: b"x"}))


def test_links_and_encrypted_entries() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        entry = zipfile.ZipInfo("imsmanifest.xml")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    with pytest.raises(Refused):
        upload.opened("kuis.zip", out.getvalue())
    locked = bytearray(zipped({"a.xml": b"<a/>"}))
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):
        at = locked.index(mark) + (6 if mark[2] == 3 else 8)
        locked[at] |= 1
    with pytest.raises(Refused):
        upload.opened("kuis.zip", bytes(locked))


def test_bombs_and_crowds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "LIMITS", upload.LIMITS._replace(bytes=2**20))
    with pytest.raises(Refused, match="1 MB"):
        upload.opened("kuis.zip", zipped({"a.xml": b"\0" * (5 * 2**20)}))
    with pytest.raises(Refused, match="500"):
        upload.opened("kuis.zip", zipped({f"{n}.xml": b"" for n in range(501)}))


@pytest.mark.parametrize("content", [b"PK\x03\x04 rubbish", b"PK\x05\x06"])
def test_what_is_no_zip(content: bytes) -> None:
    with pytest.raises(Refused):
        upload.opened("kuis.zip", content)


@pytest.mark.parametrize(
    "piece",
    [
        "<",
        "<!--",
        "<![CDATA[",
        "<a ",
        "<p>",
        "<b>",
        "&",
        "<table>",
        "<li>",
        "<div><p>",
        "\\(",
        "$$",
        "<a href='",
    ]
    + ["[(", "</p>", "<p a=b c=d ", "<script>", "*", "`", '<img src="', "<ol><li>"],
)
def test_html_that_never_ends_costs_no_more_than_its_length(piece: str) -> None:
    html = (piece * 100_000)[:100_000]
    before = time.process_time()
    Converter(Pictures({}), lambda _: None).pieces(html)
    assert time.process_time() - before < 5


@pytest.mark.parametrize(
    "piece",
    ["{", "}", "::", "{=a}\n\n", "~", "=", "####", "\\", "//[x:", "[id:", "%5%", "a {~b}{", "![a](", "<p>"],
)
def test_gift_that_never_ends(piece: str) -> None:
    text = "::a::b{=c}\n\n" + (piece * 60_000)[:60_000]
    before = time.process_time()
    with contextlib.suppress(Refused):
        quiz_from("kuis.gift", text.encode(), form="gift")
    assert time.process_time() - before < 10


@pytest.mark.parametrize("form", ["gift", "aiken", "text2qti"])
def test_blank_lines_without_end_are_looked_at_once(form: str) -> None:
    text = "Soal {=a}\n1. Soal\n* x\n" + "\n \t" * 100_000 + "x"
    before = time.process_time()
    next(each for each in READ if form == each.NAME).claims(upload.Upload("kuis.txt", text))
    assert time.process_time() - before < 2


def test_more_questions_than_anybody_asks() -> None:
    with pytest.raises(Refused, match="1000 soal"):
        quiz_from("kuis.gift", b"a{=b}\n\n" * 1001)
    found = quiz_from("kuis.gift", b"a{=b}\n\n" * 201)
    assert "Soal 201: kuis paling banyak 200 soal, disimpan sebagai komentar" in [
        str(each) for each in found.losses
    ]
    assert found.written == 200


@pytest.mark.parametrize("piece", ["~a\n", "=a -> b\n", "=ab\n", "=1\n"])
def test_a_question_with_more_answers_than_anybody_writes(piece: str) -> None:
    opening = "#" if piece == "=1\n" else ""
    before = time.process_time()
    found = quiz_from("kuis.gift", f"Soal?{{{opening}{piece * 100_000}}}".encode(), form="gift")
    assert time.process_time() - before < 10
    assert found.written == 0
    assert "terlalu banyak pilihan atau jawaban" in found.markdown


def test_tables_within_tables_are_read_once() -> None:
    html = "<table><tr><td>" * 20 + "x" + "</td></tr></table>" * 20
    (piece,) = Converter(Pictures({}), lambda _: None).pieces(html)
    assert piece.text.count("x") == 1


def test_an_archive_packed_in_a_broken_way_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.xml", b"<a/>" * 100)
    data = bytearray(out.getvalue())
    at = data.index(b"a.xml") + 5 + 9
    data[at : at + 20] = b"\xff" * 20
    with pytest.raises(Refused, match="ZIP"):
        quiz_from("kuis.zip", bytes(data))
