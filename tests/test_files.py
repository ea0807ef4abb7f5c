"""Blobs: what content is believed, what is refused, what is stored under its hash."""

from __future__ import annotations

import hashlib
import io
import threading
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from lms import files

PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 30
JPG = b"\xff\xd8\xff\xe0" + b"\0" * 30


def office(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "<x/>")
    return out.getvalue()


DOCX = office("[Content_Types].xml", "word/document.xml")
XLSX = office("[Content_Types].xml", "xl/workbook.xml")
EVERYTHING = ("pdf", "png", "jpg", "docx", "xlsx")


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.pdf", PDF), ("a.PNG", PNG), ("a.jpeg", JPG), ("a.jpg", JPG), ("a.docx", DOCX), ("a.b.xlsx", XLSX)],
)
def test_content_that_is_what_its_name_says(name: str, content: bytes) -> None:
    upload = files.receive(io.BytesIO(content), name, accept=EVERYTHING, max_bytes=10_000)
    assert upload.sha256 == hashlib.sha256(content).hexdigest()
    assert upload.size == len(content)
    assert upload.path.read_bytes() == content
    upload.path.unlink()


def of_a_later_zip() -> bytes:
    """A file that asks for a version of ZIP that there is not."""
    data = bytearray(office("word/document.xml"))
    data[data.index(b"PK\x01\x02") + 6] = 99
    return bytes(data)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.pdf", b"", "kosong"),
        ("a.pdf", b"MZ\x90\0 a program", "bukan"),
        ("a.pdf", PNG, "isinya PNG"),
        ("a", PDF, "isinya PDF"),
        ("a.docx", office("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), "bukan"),
        ("a.docx", office("other.txt"), "bukan"),
        ("a.docx", b"PK\x03\x04 not a zip at all", "bukan"),
        ("a.docx", of_a_later_zip(), "bukan"),
        ("a.pdf", PDF + b"x" * 20_000, "melebihi"),
    ],
)
def test_content_that_is_refused(
    name: str, content: bytes, words: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(files, "_parts", tmp_path)
    with pytest.raises(files.FileRefused, match=words):
        files.receive(io.BytesIO(content), name, accept=EVERYTHING, max_bytes=10_000)
    assert list(tmp_path.iterdir()) == [], "a refused upload leaves nothing behind"


def test_a_kind_that_this_place_does_not_take() -> None:
    with pytest.raises(files.FileRefused, match="PDF"):
        files.receive(io.BytesIO(PNG), "a.png", accept=("pdf",), max_bytes=10_000)


def test_folder_store(tmp_path: Path) -> None:
    store = files.FolderStore(tmp_path / "store")
    source = tmp_path / "source"
    source.write_bytes(PDF)
    sha256 = hashlib.sha256(PDF).hexdigest()
    assert store.healthy()
    for _ in range(2):  # storing twice does no harm
        store.put(source, sha256, "application/pdf")
    assert [path for path in (tmp_path / "store").rglob("*") if path.is_file()] == [store._path(sha256)]
    with store.open(sha256) as stream:
        assert stream.read() == PDF
    half = store._path(sha256).with_name(f"{sha256}.half-x")  # of a process that died
    half.write_bytes(b"%PDF")
    later = datetime.now(UTC) + timedelta(minutes=1)
    assert list(store.listed(sha256[:2], before=later)) == [sha256, half.name]
    assert list(store.listed(sha256[:2], before=later - timedelta(days=1))) == []
    assert [
        each for place in files.PLACES if place != sha256[:2] for each in store.listed(place, before=later)
    ] == []
    store.delete(half.name)
    store.delete(sha256)
    store.delete(sha256)
    with pytest.raises(FileNotFoundError):
        store.open(sha256)
    assert list(store.listed(sha256[:2], before=later)) == []


class Bucket:
    """The few S3 calls that we need, in memory."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def listing(self, prefix: str) -> bytes:
        found = "".join(
            f"<Contents><Key>{key}</Key><LastModified>2026-11-24T00:00:00.000Z</LastModified>"
            f"<Size>{len(body)}</Size></Contents>"
            for key, body in self.objects.items()
            if key.startswith(prefix)
        )
        return (
            '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>berkas</Name>'
            f"<IsTruncated>false</IsTruncated>{found}</ListBucketResult>"
        ).encode()

    def __call__(self, environ: dict, start_response: object) -> list[bytes]:  # type: ignore[type-arg]
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        respond = start_response
        if path.strip("/") == "berkas":  # the bucket itself
            asked = dict(parse_qsl(environ["QUERY_STRING"]))
            body = self.listing(asked["prefix"]) if "prefix" in asked else b""
            respond("200 OK", [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])  # type: ignore[operator]
            return [body]
        key = path.split("/")[-1]
        if method == "PUT":
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            self.objects[key] = body
            respond("200 OK", [("ETag", '"x"'), ("Content-Length", "0")])  # type: ignore[operator]
            return []
        if method == "DELETE":
            self.objects.pop(key, None)
            respond("204 No Content", [])  # type: ignore[operator]
            return []
        if key not in self.objects:
            body = b"<Error><Code>NoSuchKey</Code><Message>-</Message></Error>"
            respond(
                "404 Not Found", [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))]
            )  # type: ignore[operator]
            return [body]
        body = self.objects[key]
        respond("200 OK", [("Content-Length", str(len(body))), ("ETag", '"x"')])  # type: ignore[operator]
        return [body] if method == "GET" else []


class Quiet(WSGIRequestHandler):
    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def bucket_url() -> Iterator[str]:
    server = make_server("127.0.0.1", 0, Bucket(), handler_class=Quiet)  # type: ignore[arg-type]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"s3://kunci:rahasia@127.0.0.1:{server.server_port}/berkas?tls=0"
    server.shutdown()
    thread.join(5)
    server.server_close()


def test_s3_store(bucket_url: str, tmp_path: Path) -> None:
    store = files.make_store(bucket_url)
    source = tmp_path / "source"
    source.write_bytes(PDF)
    sha256 = hashlib.sha256(PDF).hexdigest()
    assert store.healthy()
    store.put(source, sha256, "application/pdf")
    with store.open(sha256) as stream:
        assert stream.read() == PDF
    store.put(source, f"{sha256[:2]} of somebody else's", "application/pdf")
    put_at = datetime(2026, 11, 24, tzinfo=UTC)  # by the bucket's clock
    assert list(store.listed(sha256[:2], before=put_at + timedelta(seconds=1))) == [sha256]
    assert list(store.listed(sha256[:2], before=put_at)) == []
    store.delete(sha256)
    with pytest.raises(FileNotFoundError):
        store.open(sha256)


@pytest.mark.parametrize("url", ["ftp://x/y", "s3://host", "", "folder"])
def test_an_unknown_storage_stops_the_start(url: str) -> None:
    with pytest.raises(ValueError, match="LMS_STORAGE_URL"):
        files.make_store(url)


def test_a_crash_between_bytes_and_row_leaves_no_row(
    app: object, clean: None, session: object, tmp_path: Path
) -> None:
    blob = files.keep_bytes(PDF, "application/pdf", now=datetime(2026, 11, 24, tzinfo=UTC))
    again = files.keep_bytes(PDF, "application/pdf", now=datetime(2026, 11, 24, tzinfo=UTC))
    assert again is blob
    session.rollback()  # type: ignore[attr-defined]
    assert session.get(files.Blob, hashlib.sha256(PDF).hexdigest()) is None  # type: ignore[attr-defined]
