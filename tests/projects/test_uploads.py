"""Files on their way in: part by part, freed of what they tell about people, looked at for what acts, scanned."""

from __future__ import annotations

import hashlib
import io
import os
import socket
import struct
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select

from lms import files
from lms.extensions import db, utcnow
from lms.projects import jobs, models
from lms.projects.models import Attachment
from lms.projects.uploads import Inspection
from tests.cast import Cast
from tests.projects.work import PDF, begin, fill, hand_in

BODY = PDF + b"% " + b"x" * 3000


@pytest.fixture
def work(cast: Cast, session: Any) -> models.Workspace:
    found = begin(cast)
    db.session.commit()
    return found


def place(work: models.Workspace, section: str = "lampiran") -> str:
    return f"/proyek/kerja/{work.id}/{section}/berkas/bagian"


def start(
    browser: Any, work: models.Workspace, name: str = "peta.pdf", size: int = len(BODY), modified: str = "1"
) -> Any:
    return browser.post_json(place(work), {"name": name, "size": str(size), "modified": modified})


def part(browser: Any, work: models.Workspace, code: str, at: int, data: bytes) -> Any:
    headers = {"Accept": "application/json", "X-CSRFToken": browser.csrf_token()}
    return browser.post(
        f"{place(work)}/{code}?dari={at}",
        data=data,
        token=False,
        headers=headers,
        content_type="application/octet-stream",
    )


def attachments() -> list[tuple[str, int]]:
    try:
        rows = db.session.execute(select(Attachment.name, Attachment.size).order_by(Attachment.id))
        return [(name, size) for name, size in rows]
    finally:
        db.session.rollback()


def test_part_after_part_becomes_one_file(work: models.Workspace, as_person: Any) -> None:
    browser = as_person("sari")
    code = start(browser, work).json["code"]
    assert part(browser, work, code, 0, BODY[:1000]).json == {"received": 1000}
    # the answer was lost: the same part again says where to go on, and changes nothing
    assert part(browser, work, code, 0, BODY[:1000]).json == {"error": "offset", "received": 1000}
    # the page was closed: the same file chosen again goes on there
    assert start(browser, work).json == {"code": code, "received": 1000}
    assert part(browser, work, code, 1000, BODY[1000:2000]).json == {"received": 2000}
    last = part(browser, work, code, 2000, BODY[2000:])
    assert last.status_code == 200
    assert "peta.pdf" in last.json["fragments"]["berkas"]
    assert attachments() == [("peta.pdf", len(BODY))]
    assert not files.part(code).exists()
    # and again the answer was lost: it is in its section, once
    again = part(browser, work, code, 2000, BODY[2000:])
    assert again.status_code == 200
    assert again.json["fragments"] == last.json["fragments"]
    assert attachments() == [("peta.pdf", len(BODY))]
    # a file of that name and size that is chosen later is another upload
    assert start(browser, work).json == {"code": code, "received": 0}
    with files.store().open(db.session.scalar(select(Attachment.sha256)) or "") as stream:
        assert stream.read() == BODY


@pytest.mark.parametrize(("at", "data"), [(5, b"x"), (-1, b"x"), (0, b""), (0, b"x" * (len(BODY) + 1))])
def test_a_part_out_of_place_changes_nothing(
    work: models.Workspace, as_person: Any, at: int, data: bytes
) -> None:
    browser = as_person("sari")
    code = start(browser, work).json["code"]
    assert part(browser, work, code, at, data).status_code == 409
    assert start(browser, work).json == {"code": code, "received": 0}


def test_a_part_that_is_too_large_is_refused(work: models.Workspace, as_person: Any) -> None:
    browser = as_person("sari")
    code = start(browser, work, size=1_000_000).json["code"]
    assert part(browser, work, code, 0, b"x" * 1_100_000).status_code == 413


def test_what_turns_out_to_be_no_such_file_goes(work: models.Workspace, as_person: Any) -> None:
    browser = as_person("sari")
    code = start(browser, work, size=40).json["code"]
    response = part(browser, work, code, 0, b"MZ" + b"x" * 38)
    assert response.status_code == 422
    assert "bukan" in response.json["message"]
    assert attachments() == []
    assert not files.part(code).exists()
    assert start(browser, work, size=40).json == {"code": code, "received": 0}


def test_another_state_of_a_file_is_another_file(work: models.Workspace, as_person: Any) -> None:
    browser = as_person("sari")
    code = start(browser, work, modified="1").json["code"]
    part(browser, work, code, 0, BODY[:1000])
    other = start(browser, work, modified="2").json
    assert other["code"] != code
    assert other["received"] == 0


def test_parts_that_went_missing_are_sent_again(work: models.Workspace, as_person: Any) -> None:
    browser = as_person("sari")
    code = start(browser, work).json["code"]
    part(browser, work, code, 0, BODY[:2000])
    files.part(code).write_bytes(BODY[:700])
    last = part(browser, work, code, 2000, BODY[2000:])
    assert (last.status_code, last.json) == (409, {"error": "offset", "received": 0})
    assert part(browser, work, code, 0, BODY).status_code == 200
    assert attachments() == [("peta.pdf", len(BODY))]


def test_what_is_refused_for_now_keeps_its_parts(work: models.Workspace, as_person: Any) -> None:
    browser = as_person("sari")
    send(browser, work, BODY, "sama.pdf")
    code = start(browser, work).json["code"]
    part(browser, work, code, 0, BODY[:2000])
    assert part(browser, work, code, 2000, BODY[2000:]).status_code == 409
    sha256 = db.session.scalar(select(Attachment.sha256))
    db.session.rollback()
    browser.post(f"/proyek/kerja/{work.id}/lampiran/berkas/hapus", data={"sha256": sha256}, token=True)
    assert part(browser, work, code, 2000, BODY[2000:]).status_code == 200
    assert attachments()[-1] == ("peta.pdf", len(BODY))
    assert not files.part(code).exists()


def test_nobody_waits_while_the_file_is_read(
    work: models.Workspace, as_person: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On SQLite one open transaction that writes holds up everybody."""
    held: list[bool] = []
    real = files.without_metadata

    def looked(upload: files.Upload) -> files.Upload:
        held.append(db.session().in_transaction())
        return real(upload)

    monkeypatch.setattr(files, "without_metadata", looked)
    browser = as_person("sari")
    code = start(browser, work).json["code"]
    assert part(browser, work, code, 0, BODY).status_code == 200
    assert held == [False]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"name": "a.pdf", "size": "0"}, 422),
        ({"name": "a.pdf", "size": "x"}, 422),
        ({"name": "a.pdf", "size": "99999999999"}, 413),
        ({}, 422),
    ],
)
def test_a_beginning_that_makes_no_sense_is_refused(
    work: models.Workspace, as_person: Any, data: dict[str, str], status: int
) -> None:
    assert as_person("sari").post_json(place(work), data).status_code == status


def test_only_so_many_at_once(work: models.Workspace, as_person: Any) -> None:
    browser = as_person("sari")
    for number in range(6):
        assert start(browser, work, f"peta{number}.pdf").status_code == 200
    assert start(browser, work, "peta7.pdf").status_code == 429


def test_nobody_else_s_upload(work: models.Workspace, as_person: Any) -> None:
    code = start(as_person("sari"), work).json["code"]
    for person, status in (("budi", 404), ("dewi", 403), ("hasan", 404)):
        assert start(as_person(person), work).status_code == status
        assert part(as_person(person), work, code, 0, b"x").status_code == status
    assert as_person("sari").post_json(place(work, "isu"), {"name": "a", "size": "1"}).status_code == 404
    assert part(as_person("sari"), work, "0" * 32, 0, b"x").status_code == 404
    assert part(as_person("sari"), work, "..%2F..%2Fetc", 0, b"x").status_code == 404


def test_a_locked_section_takes_no_parts(work: models.Workspace, cast: Cast, as_person: Any) -> None:
    browser = as_person("sari")
    code = start(browser, work).json["code"]
    fill(work, cast.people["sari"])
    hand_in(work, cast.people["sari"])
    db.session.commit()
    assert part(browser, work, code, 0, BODY).status_code == 409
    assert attachments() == []


def test_a_folder_that_was_emptied_means_from_the_beginning(work: models.Workspace, as_person: Any) -> None:
    browser = as_person("sari")
    code = start(browser, work).json["code"]
    part(browser, work, code, 0, BODY[:1000])
    files.part(code).unlink()
    assert part(browser, work, code, 1000, BODY[1000:]).json == {"error": "offset", "received": 0}
    assert part(browser, work, code, 0, BODY).status_code == 200
    assert attachments() == [("peta.pdf", len(BODY))]


def test_a_section_that_is_full_takes_the_last_part_when_there_is_room(
    work: models.Workspace, as_person: Any
) -> None:
    browser = as_person("sari")
    code = start(browser, work).json["code"]
    part(browser, work, code, 0, BODY[:1000])
    held = 0
    while send(browser, work, PDF + b"%d" % held, f"lain{held}.pdf").status_code == 303:
        held += 1
    assert part(browser, work, code, 1000, BODY[1000:]).status_code == 409
    with files.store().open(db.session.scalar(select(Attachment.sha256)) or "") as stream:
        sha256 = hashlib.sha256(stream.read()).hexdigest()
    db.session.rollback()
    browser.post(f"/proyek/kerja/{work.id}/lampiran/berkas/hapus", data={"sha256": sha256})
    assert start(browser, work).json == {"code": code, "received": 1000}
    assert part(browser, work, code, 1000, BODY[1000:]).status_code == 200
    assert ("peta.pdf", len(BODY)) in attachments()


def test_a_file_sent_twice_is_there_once(work: models.Workspace, as_person: Any) -> None:
    browser = as_person("sari")
    for _ in range(2):
        assert send(browser, work, PDF, "peta.pdf").status_code == 303
    assert send(browser, work, PDF, "nama lain.pdf").status_code == 409
    assert attachments() == [("peta.pdf", len(PDF))]


def test_the_sweep_forgets_what_nobody_goes_on_with(work: models.Workspace, as_person: Any) -> None:
    browser = as_person("sari")
    code = start(browser, work).json["code"]
    part(browser, work, code, 0, BODY[:100])
    assert jobs.forget_partial_uploads(now=utcnow()) == 0
    assert files.part(code).exists()
    assert jobs.forget_partial_uploads(now=utcnow() + timedelta(days=2)) == 1
    assert not files.part(code).exists()
    stray = files.part("f" * 32)
    stray.write_bytes(b"x")
    os.utime(stray, (0, 0))
    assert jobs.forget_partial_uploads(now=utcnow()) == 0
    assert not stray.exists()


# What comes in is freed of what it tells, and looked at


def send(browser: Any, work: models.Workspace, data: bytes, name: str) -> Any:
    return browser.post(f"/proyek/kerja/{work.id}/lampiran/berkas", data={"file": (io.BytesIO(data), name)})


def photo() -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "Telepon Sari"
    stream = io.BytesIO()
    Image.new("RGB", (20, 10), "green").save(stream, "PNG", exif=exif)
    return stream.getvalue()


def test_a_picture_is_stored_without_its_metadata(work: models.Workspace, as_person: Any) -> None:
    data = photo()
    assert b"Telepon" in data
    assert send(as_person("sari"), work, data, "foto.png").status_code == 303
    with files.store().open(db.session.scalar(select(Attachment.sha256)) or "") as stream:
        assert b"Telepon" not in stream.read()
    db.session.rollback()


def test_a_broken_picture_says_so(work: models.Workspace, as_person: Any) -> None:
    response = send(as_person("sari"), work, b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "foto.png")
    assert response.status_code == 422
    assert "rusak" in response.get_data(as_text=True)


def test_what_acts_is_flagged_wherever_the_file_is_listed(work: models.Workspace, as_person: Any) -> None:
    browser = as_person("sari")
    send(browser, work, PDF + b"/OpenAction << /S /JavaScript /JS (x) >>", "surat.pdf")
    page = browser.get(f"/proyek/kerja/{work.id}/lampiran").get_data(as_text=True)
    assert "berisi JavaScript, OpenAction" in page
    assert "tidak dipindai" in page
    assert "berisi JavaScript" in browser.get("/proyek/berkas/1/lihat").get_data(as_text=True)


class Clamd:
    """A scanner that speaks clamd's protocol and finds EICAR."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.bind(self.path)
        self.socket.listen(4)
        self.answer = b""
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as stream:
                assert stream.read(10) == b"zINSTREAM\0"
                data = b""
                while length := struct.unpack(">I", stream.read(4))[0]:
                    data += stream.read(length)
                found = b"stream: Eicar-Test FOUND\0" if b"EICAR" in data else b"stream: OK\0"
                connection.sendall(self.answer or found)


@pytest.fixture
def clamd(tmp_path: Path) -> Iterator[Clamd]:
    made = Clamd(tmp_path / "clamd.sock")
    yield made
    made.socket.close()


def states() -> list[str]:
    try:
        return list(db.session.scalars(select(Inspection.scan).order_by(Inspection.scan)))
    finally:
        db.session.rollback()


def test_with_a_scanner_files_wait_and_what_is_infected_is_handed_to_nobody(
    app: Flask, work: models.Workspace, as_person: Any, clamd: Clamd, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    monkeypatch.setitem(app.config, "LMS", replace(app.config["LMS"], clamav=clamd.path))
    browser = as_person("sari")
    send(browser, work, PDF + b"EICAR", "jahat.pdf")
    send(browser, work, photo(), "bersih.png")
    assert states() == ["waiting", "waiting"]
    assert "menunggu pemindaian" in browser.get(f"/proyek/kerja/{work.id}/lampiran").get_data(as_text=True)
    clamd.answer = b"INSTREAM size limit exceeded. ERROR\0"
    assert jobs.scan_files(clamd.path, now=utcnow()) == 0
    assert states() == ["waiting", "waiting"]
    clamd.answer = b""
    assert jobs.scan_files(clamd.path, now=utcnow()) == 2
    assert jobs.scan_files(clamd.path, now=utcnow()) == 0
    assert states() == ["clean", "infected"]
    for path in ("", "/lihat", "/halaman/1.png"):
        assert browser.get(f"/proyek/berkas/1{path}").status_code == 403
    assert browser.get("/proyek/berkas/2").status_code == 200
    assert "terinfeksi" in browser.get(f"/proyek/kerja/{work.id}/lampiran").get_data(as_text=True)


def test_a_scanner_that_is_away_lets_files_wait(
    work: models.Workspace, as_person: Any, tmp_path: Path
) -> None:
    send(as_person("sari"), work, PDF, "peta.pdf")
    inspection = db.session.scalars(select(Inspection)).one()
    inspection.scan = "waiting"
    db.session.commit()
    assert jobs.scan_files(str(tmp_path / "nobody.sock"), now=utcnow()) == 0
    assert jobs.scan_files("", now=utcnow()) == 0
    assert states() == ["waiting"]
