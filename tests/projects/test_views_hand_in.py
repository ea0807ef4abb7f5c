"""Handing in through the pages: what blocks, what asks, the receipt, the version that stays."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select, update

from lms.courses.models import Enrolment
from lms.extensions import db, utcnow
from lms.mail import Mail
from lms.people.models import Person
from lms.projects import models
from lms.projects.content import Table
from lms.projects.models import SubmissionVersion
from tests.cast import Cast
from tests.conftest import Browser
from tests.projects.work import FRONT, ROW, TABLE, TEXT, begin, fill, hand_in, review, save


@pytest.fixture
def work(cast: Cast, session: Any) -> models.Workspace:
    found = begin(cast)
    db.session.commit()
    return found


@pytest.fixture
def filled(work: models.Workspace, cast: Cast) -> models.Workspace:
    fill(work, cast.people["sari"])
    db.session.commit()
    return work


def page_of(work: models.Workspace) -> str:
    return f"/proyek/kerja/{work.id}/kumpulkan"


def text(response: Any) -> str:
    return " ".join(unescape(response.get_data(as_text=True)).split())


def versions(work: models.Workspace) -> list[models.VersionLine]:
    try:
        return models.versions_of(work.id)
    finally:
        db.session.rollback()


def test_what_blocks_is_listed_with_the_way_there(
    work: models.Workspace, cast: Cast, as_person: Any, session: Any, count_statements: Any
) -> None:
    save(work, "isu", "Satu dua", by=cast.people["sari"])
    save(work, "sasaran", Table((ROW | {"t1": "6"},)), by=cast.people["sari"])
    db.session.commit()
    browser = as_person("sari")
    with count_statements() as counted:
        response = browser.get(page_of(work))
    assert len(counted) <= 8
    page = text(response)
    assert "Wajib diperbaiki sebelum mengumpulkan" in page
    assert f"/proyek/kerja/{work.id}/sasaran#sel-baris1-t1" in page
    assert f"/proyek/kerja/{work.id}/isu#isian" in page
    assert "Kumpulkan versi" not in page
    refused = browser.submit_form(response, page_of(work), integrity="1")
    assert refused.status_code in (409, 422)
    assert "Belum dikumpulkan" in text(refused)
    assert versions(work) == []


def test_handing_in_gives_a_receipt(
    filled: models.Workspace, cast: Cast, as_person: Any, session: Any
) -> None:
    browser = as_person("sari")
    page = browser.get(page_of(filled))
    assert "Kumpulkan versi 1" in text(page)
    assert "tidak dapat ditarik kembali" in text(page)
    response = browser.submit_form(page, page_of(filled), integrity="1")
    assert response.status_code == 303
    assert re.fullmatch(r"/proyek/bukti/\d+", response.location)
    (line,) = versions(filled)
    receipt = browser.get(response.location)
    shown = text(receipt)
    version = db.session.get(SubmissionVersion, line.id)
    assert version is not None
    assert line.receipt in shown
    assert version.sha256 in shown
    assert version.signature in shown
    for part in version.parts:
        assert part.sha256 in shown
    assert "Sari Wulandari" in shown
    assert re.search(r"\w+, \d+ \w+ 20\d\d, pukul \d\d\.\d\d WIB", shown)
    assert f"/verifikasi/{line.receipt}" in shown
    db.session.rollback()
    assert browser.get(f"/verifikasi/{line.receipt}").status_code == 200


def test_the_receipt_is_mailed_once(
    filled: models.Workspace, cast: Cast, as_person: Any, session: Any
) -> None:
    browser = as_person("sari")
    page = browser.get(page_of(filled))
    for _ in range(2):
        assert browser.submit_form(page, page_of(filled), integrity="1").status_code == 303
    (line,) = versions(filled)
    (mail,) = db.session.scalars(select(Mail)).all()
    assert mail.address == cast.emails["sari"]
    assert "Proyek uji" in mail.subject
    signature = db.session.scalar(select(SubmissionVersion.signature)) or "tidak ada"
    for words in (line.receipt, signature, f"/proyek/bukti/{line.id}", f"/verifikasi/{line.receipt}", "WIB"):
        assert words in mail.body


def test_the_mail_speaks_its_readers_language(
    filled: models.Workspace, cast: Cast, as_person: Any, session: Any
) -> None:
    db.session.execute(update(Person).where(Person.id == cast.people["sari"]).values(language="en"))
    db.session.commit()
    browser = as_person("sari")
    browser.submit_form(browser.get(page_of(filled)), page_of(filled), integrity="1")
    (mail,) = db.session.scalars(select(Mail)).all()
    assert re.search(r"\d\d:\d\d WIB", mail.body)  # English clocks have a colon


def test_a_double_click_gives_one_version_and_the_same_receipt(
    filled: models.Workspace, as_person: Any
) -> None:
    browser = as_person("sari")
    page = browser.get(page_of(filled))
    first = browser.submit_form(page, page_of(filled), integrity="1")
    second = browser.submit_form(page, page_of(filled), integrity="1")
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == second.location
    assert len(versions(filled)) == 1


@pytest.mark.parametrize(
    "changes", [{"expected": "5"}, {"expected": "x"}, {"seen": "lain"}, {"expected": "-1"}]
)
def test_a_form_of_another_state_makes_no_version(
    filled: models.Workspace, as_person: Any, changes: dict[str, str]
) -> None:
    browser = as_person("sari")
    response = browser.submit_form(
        browser.get(page_of(filled)), page_of(filled), **({"integrity": "1"} | changes)
    )
    assert response.status_code == 409
    assert "berubah" in text(response)
    assert versions(filled) == []


def test_the_statement_is_asked_for(filled: models.Workspace, as_person: Any) -> None:
    browser = as_person("sari")
    response = browser.submit_form(browser.get(page_of(filled)), page_of(filled))
    assert response.status_code == 422
    assert 'href="#pernyataan"' in text(response)
    assert versions(filled) == []


def test_a_warning_asks_for_a_reason_that_is_kept(
    work: models.Workspace, cast: Cast, as_person: Any, session: Any
) -> None:
    by = cast.people["sari"]
    save(work, "isu", TEXT, by=by)
    save(work, "sasaran", Table((ROW | {"sasaran": "Meningkatkan pelaksanaan wisata"},)), by=by)
    db.session.commit()
    browser = as_person("sari")
    page = browser.get(page_of(work))
    assert "Saran: ikuti, atau beri alasan" in text(page)
    refused = browser.submit_form(page, page_of(work), integrity="1")
    assert refused.status_code == 422
    assert 'href="#alasan-1"' in text(refused)
    assert "checked" in text(refused)  # what was right stays
    sent = browser.submit_form(refused, page_of(work), reason="Istilah baku <nasional>.")
    assert sent.status_code == 303
    reasons = db.session.scalar(select(SubmissionVersion.reasons))
    assert "Istilah baku <nasional>." in (reasons or "")
    db.session.rollback()
    # the next version offers the reason again
    review(work.id, 1, returned=("isu", "sasaran", "lampiran"))
    db.session.commit()
    assert "Istilah baku <nasional>." in text(browser.get(page_of(work)))


def test_while_a_version_waits_there_is_nothing_to_press(
    filled: models.Workspace, cast: Cast, as_person: Any, session: Any
) -> None:
    hand_in(filled, cast.people["sari"])
    db.session.commit()
    browser = as_person("sari")
    page = text(browser.get(page_of(filled)))
    assert "Versi 1 sedang ditelaah" in page
    assert "Kumpulkan versi" not in page
    response = browser.post(page_of(filled), data={"expected": "2", "seen": "x", "integrity": "1"})
    assert response.status_code == 409
    assert len(versions(filled)) == 1


def test_a_note_that_must_be_answered_blocks_with_the_way_there(
    filled: models.Workspace, cast: Cast, as_person: Any, session: Any
) -> None:
    hand_in(filled, cast.people["sari"])
    notes = [("isu", cast.people["dewi"], True, "Sebutkan sumber.")]
    (note_id,) = review(filled.id, 1, accepted=("sasaran", "lampiran"), returned=("isu",), notes=notes)
    db.session.commit()
    browser = as_person("sari")
    page = browser.get(page_of(filled))
    assert f"/proyek/kerja/{filled.id}/isu#catatan-{note_id}" in text(page)
    assert "Dibawa dari versi 1, sudah diterima" in text(page)
    assert browser.submit_form(page, page_of(filled), integrity="1").status_code == 409
    browser.post(f"/proyek/catatan/{note_id}", data={"reply": "Sudah."})
    response = browser.submit_form(browser.get(page_of(filled)), page_of(filled), integrity="1")
    assert response.status_code == 303
    assert [line.number for line in versions(filled)] == [2, 1]


def test_when_all_is_accepted_the_page_says_so(
    filled: models.Workspace, cast: Cast, as_person: Any, session: Any
) -> None:
    hand_in(filled, cast.people["sari"])
    review(filled.id, 1, accepted=("isu", "sasaran", "lampiran"))
    db.session.commit()
    browser = as_person("sari")
    assert "Seluruh bagian sudah diterima" in text(browser.get(page_of(filled)))
    assert "Seluruh bagian sudah diterima" in text(browser.get(FRONT))


def test_the_front_lists_versions(
    filled: models.Workspace, cast: Cast, as_person: Any, session: Any, count_statements: Any
) -> None:
    version = hand_in(filled, cast.people["sari"])
    version_id = version.id
    db.session.commit()
    browser = as_person("sari")
    as_person("sari").get(FRONT)  # what never changes is read once
    with count_statements() as counted:
        page = text(browser.get(FRONT))
    assert len(counted) <= 8
    assert "Versi 1 sedang ditelaah" in page
    assert f"/proyek/versi/{version_id}" in page
    assert f"/proyek/bukti/{version_id}" in page


# Receipts and versions


@pytest.fixture
def version_id(filled: models.Workspace, cast: Cast, session: Any) -> int:
    version = hand_in(filled, cast.people["sari"])
    found = version.id
    db.session.commit()
    return found


@pytest.mark.parametrize(
    ("who", "receipt", "version"),
    [
        ("sari", 200, 200),
        ("budi", 404, 404),
        ("dewi", 403, 200),
        ("ratna", 403, 200),
        ("hasan", 404, 404),
        ("tono", 404, 404),
        ("wati", 404, 404),
    ],
)
def test_who_may_see_what_was_handed_in(
    version_id: int, as_person: Any, count_statements: Any, who: str, receipt: int, version: int
) -> None:
    browser = as_person(who)
    for address, status in (
        (f"/proyek/bukti/{version_id}", receipt),
        (f"/proyek/versi/{version_id}", version),
    ):
        with count_statements() as counted:
            response = browser.get(address)
        assert response.status_code == status
        assert len(counted) <= 8


def test_signed_out_nothing_of_it_is_seen(version_id: int, browser: Browser) -> None:
    for address in (f"/proyek/bukti/{version_id}", f"/proyek/versi/{version_id}"):
        assert browser.get(address).status_code in (302, 303, 401)


def test_a_removed_learner_keeps_what_was_handed_in(
    version_id: int, filled: models.Workspace, cast: Cast, as_person: Any, session: Any
) -> None:
    browser = as_person("sari")
    db.session.execute(
        update(Enrolment).where(Enrolment.id == cast.enrolments["sari"]).values(removed_at=utcnow())
    )
    db.session.commit()
    assert browser.get(f"/proyek/bukti/{version_id}").status_code == 200
    assert browser.get(f"/proyek/versi/{version_id}").status_code == 200
    assert browser.get(page_of(filled)).status_code in (403, 404)


def test_a_version_shows_what_it_was_not_what_came_after(
    version_id: int, filled: models.Workspace, cast: Cast, as_person: Any, session: Any
) -> None:
    review(filled.id, 1, returned=("isu", "sasaran", "lampiran"))
    save(filled, "isu", f"{TEXT} Kalimat baru.", by=cast.people["sari"])
    save(
        filled,
        "sasaran",
        Table((*TABLE.rows, ROW | {"_id": "baris2", "t0": "1234567,5"})),
        by=cast.people["sari"],
    )
    db.session.commit()
    page = text(as_person("dewi").get(f"/proyek/versi/{version_id}"))
    assert "Lama tinggal wisatawan hanya 1,3 hari" in page
    assert "Kalimat baru." not in page
    assert page.count("Pengangguran menurun") == 1
    assert "5,55" in page
    assert "<textarea" not in page


def test_cells_are_shown_as_their_columns_are_written(
    filled: models.Workspace, cast: Cast, as_person: Any, session: Any
) -> None:
    rows = (ROW | {"t0": "1234567,5", "t1": "bukan <b>angka</b>"},)
    save(filled, "sasaran", Table(rows), by=cast.people["sari"])
    db.session.execute(update(models.Draft).where(models.Draft.section_id == "sasaran").values(accepted_in=1))
    db.session.commit()
    response = as_person("sari").get(f"/proyek/kerja/{filled.id}/sasaran")
    assert "1.234.567,5" in text(response)
    assert "bukan &lt;b&gt;angka" in response.get_data(as_text=True)


def test_a_late_version_says_so(filled: models.Workspace, cast: Cast, as_person: Any, session: Any) -> None:
    assert filled.due_at is not None
    version = hand_in(filled, cast.people["sari"], now=filled.due_at + timedelta(hours=2))
    found = version.id
    db.session.commit()
    page = text(as_person("sari").get(f"/proyek/bukti/{found}"))
    assert "Terlambat" in page
    assert "terlambat 2 jam" in page
