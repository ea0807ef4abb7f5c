"""The front of a project and the pages of its sections, as browsers with and without our modules use them."""

from __future__ import annotations

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select, update

from lms.courses.models import Enrolment, Progress, Schedule
from lms.extensions import db, utcnow
from lms.projects import models
from lms.projects.content import Table
from lms.projects.models import Draft, ImprovementNote, Work
from lms.projects.source import parse
from lms.projects.views import sheet
from tests import page_checks
from tests.cast import CODE, OTHER, Cast
from tests.conftest import Browser
from tests.projects.work import CHAIN, FRONT, ITEM, TEXT, change_project, fill, hand_in, review

START = f"{FRONT}/mulai"


@pytest.fixture
def work(cast: Cast, as_person: Any, session: Any) -> models.Workspace:
    """sari's work, begun through the real form."""
    browser = as_person("sari")
    response = browser.submit_form(browser.get(FRONT), START)
    assert response.status_code == 303
    work_id = db.session.scalar(select(Work.id))
    found = models.workspace(work_id or 0)
    db.session.rollback()
    assert found is not None
    assert response.location == f"/proyek/kerja/{found.id}/isu"
    return found


def page_of(work: models.Workspace, section_id: str) -> str:
    return f"/proyek/kerja/{work.id}/{section_id}"


def text(response: Any) -> str:
    return unescape(response.get_data(as_text=True))


def stored(work: models.Workspace, section_id: str) -> models.DraftRow:
    try:
        return models.drafts(work.id)[section_id]
    finally:
        db.session.rollback()


# The front


def test_before_it_begins_the_front_says_what_is_asked(
    cast: Cast, as_person: Any, count_statements: Any
) -> None:
    browser = as_person("sari")
    browser.get(FRONT)  # what never changes is read once
    with count_statements() as counted:
        response = browser.get(FRONT)
    assert len(counted) <= 8
    page = text(response)
    for words in ("Proyek uji", "Kerjakan proyek uji ini", "Isu strategis", "5–200 kata", "Mulai proyek"):
        assert words in page
    assert "Sabtu, 28 November 2099, pukul 23.59 WIB" in page
    assert "lagi)" in page


def test_after_it_has_begun_the_front_is_an_overview(
    work: models.Workspace, as_person: Any, count_statements: Any
) -> None:
    browser = as_person("sari")
    with count_statements() as counted:
        page = text(browser.get(FRONT))
    assert len(counted) <= 8
    assert "Mulai proyek" not in page
    assert "Lanjutkan mengerjakan" in page
    assert "Belum dimulai" in page


def test_pressing_start_twice_leads_to_the_same_work(work: models.Workspace, as_person: Any) -> None:
    response = as_person("sari").post(START)
    assert (response.status_code, response.location) == (303, page_of(work, "isu"))


@pytest.mark.parametrize(
    ("who", "status"), [("dewi", 200), ("ratna", 200), ("tono", 404), ("hasan", 404), ("wati", 404)]
)
def test_who_may_see_the_front(cast: Cast, as_person: Any, who: str, status: int) -> None:
    response = as_person(who).get(FRONT)
    assert response.status_code == status
    assert START not in response.get_data(as_text=True)


@pytest.mark.parametrize(("who", "status"), [("dewi", 403), ("ratna", 403), ("tono", 404)])
def test_who_may_not_begin(cast: Cast, as_person: Any, session: Any, who: str, status: int) -> None:
    assert as_person(who).post(START).status_code == status
    assert db.session.scalar(select(Work.id)) is None


@pytest.mark.parametrize("item", ["pembuka", "kuis-uji", "rubrik-uji", "tidak-ada"])
def test_only_projects_have_a_front(cast: Cast, as_person: Any, item: str) -> None:
    browser = as_person("sari")
    assert browser.get(f"/proyek/{CODE}/{item}").status_code == 404
    assert browser.post(f"/proyek/{CODE}/{item}/mulai").status_code == 404
    assert browser.get(f"/proyek/{OTHER}/{ITEM}").status_code == 404


def test_signed_out_the_front_asks_to_sign_in(browser: Browser, cast: Cast) -> None:
    response = browser.get(FRONT)
    assert response.status_code in (302, 303, 401)
    assert browser.post(START).status_code in (302, 303, 401)


def test_a_project_that_has_not_opened_cannot_begin(cast: Cast, as_person: Any, session: Any) -> None:
    opens = utcnow() + timedelta(days=2)
    db.session.execute(update(Schedule).where(Schedule.cohort_id == cast.cohort_id).values(opens_at=opens))
    db.session.commit()
    browser = as_person("sari")
    page = browser.get(FRONT)
    assert "Proyek dibuka" in text(page)
    assert START not in text(page)
    response = browser.post(START)
    assert response.status_code == 303
    assert "belum dibuka" in text(browser.get(response.location))
    assert db.session.scalar(select(Work.id)) is None


def test_what_must_come_first_is_said_and_kept(cast: Cast, as_person: Any, session: Any) -> None:
    change_project(requires=("pembuka",))
    db.session.commit()
    browser = as_person("sari")
    assert "Selesaikan dahulu" in text(browser.get(FRONT))
    response = browser.post(START)
    assert "Pembuka" in text(browser.get(response.location))
    assert db.session.scalar(select(Work.id)) is None
    db.session.add(
        Progress(
            enrolment_id=cast.enrolments["sari"],
            stable_id="pembuka",
            percent=100,
            seen_at=utcnow(),
            completed_at=utcnow(),
        )
    )
    db.session.commit()
    assert browser.submit_form(browser.get(FRONT), START).status_code == 303
    assert db.session.scalar(select(Work.id)) is not None


# Who may see a section


@pytest.mark.parametrize("section_id", ["isu", "sasaran", "lampiran"])
def test_a_section_opens_within_its_statements(
    work: models.Workspace, as_person: Any, count_statements: Any, section_id: str
) -> None:
    browser = as_person("sari")
    with count_statements() as counted:
        response = browser.get(page_of(work, section_id))
    assert response.status_code == 200
    assert len(counted) <= 8


@pytest.mark.parametrize(
    ("who", "status"),
    [("budi", 404), ("tono", 404), ("wati", 404), ("hasan", 404), ("dewi", 403), ("ratna", 403)],
)
def test_drafts_are_their_members_own(work: models.Workspace, as_person: Any, who: str, status: int) -> None:
    browser = as_person(who)
    assert browser.get(page_of(work, "isu")).status_code == status
    assert browser.post(page_of(work, "isu"), data={"revision": "0", "text": "x"}).status_code == status
    assert browser.post_json(page_of(work, "isu"), {"revision": "0", "text": "x"}).status_code == status
    assert browser.get(f"/proyek/kerja/{work.id}/kumpulkan").status_code == status
    assert browser.post(f"/proyek/kerja/{work.id}/lampiran/berkas").status_code == status
    assert stored(work, "isu").revision == 0


def test_after_removal_from_the_cohort_drafts_are_closed(
    work: models.Workspace, cast: Cast, as_person: Any, session: Any
) -> None:
    browser = as_person("sari")
    db.session.execute(
        update(Enrolment).where(Enrolment.id == cast.enrolments["sari"]).values(removed_at=utcnow())
    )
    db.session.commit()
    assert browser.get(page_of(work, "isu")).status_code in (403, 404)
    response = browser.post_json(page_of(work, "isu"), {"revision": "0", "text": "x"})
    assert response.status_code in (403, 404)
    assert stored(work, "isu").revision == 0


@pytest.mark.parametrize("work_id", ["0", "999999", "9223372036854775808", "9" * 40])
def test_foreign_ids_lead_nowhere(work: models.Workspace, as_person: Any, work_id: str) -> None:
    browser = as_person("sari")
    for address in (
        f"/proyek/kerja/{work_id}/isu",
        f"/proyek/kerja/{work_id}/kumpulkan",
        f"/proyek/bukti/{work_id}",
        f"/proyek/versi/{work_id}",
        f"/proyek/berkas/{work_id}",
    ):
        assert browser.get(address).status_code == 404
    assert browser.post(f"/proyek/catatan/{work_id}", data={"reply": "x"}).status_code == 404
    assert browser.post(f"/proyek/kerja/{work_id}/isu", data={"text": "x"}).status_code == 404


def test_a_section_that_is_not_there_is_not_there(work: models.Workspace, as_person: Any) -> None:
    browser = as_person("sari")
    assert browser.get(page_of(work, "tidak-ada")).status_code == 404
    assert browser.post(page_of(work, "tidak-ada"), data={"text": "x"}).status_code == 404
    assert browser.post(page_of(work, "lampiran"), data={"text": "x"}).status_code == 405
    assert browser.other("put", page_of(work, "isu")).status_code == 405


def test_a_section_cannot_take_the_address_of_a_page() -> None:
    project, problems = parse(CHAIN.replace("id: program", "id: kumpulkan"), "uji.md")
    assert project is None
    assert any("kumpulkan" in problem.message for problem in problems)


def test_a_signed_out_autosave_is_told_so(work: models.Workspace, browser: Browser) -> None:
    response = browser.post_json(page_of(work, "isu"), {"revision": "0", "text": TEXT})
    assert response.status_code == 401
    assert response.is_json
    assert stored(work, "isu").revision == 0


def test_a_signed_out_form_keeps_its_text_through_the_sign_in(
    work: models.Workspace, browser: Browser, cast: Cast
) -> None:
    response = browser.post(page_of(work, "isu"), data={"revision": "0", "text": TEXT})
    assert "kept" in response.get_data(as_text=True)
    fields = page_checks.form_fields(response, "/masuk")
    fields |= {"who": cast.emails["sari"], "password": "belajar-asn-2026"}
    offered = browser.post("/masuk", data=fields)
    assert TEXT.splitlines()[0] in text(offered)
    assert browser.submit_form(offered, page_of(work, "isu")).status_code == 303
    assert stored(work, "isu").content == TEXT


# Text


def test_text_is_saved_through_the_plain_form(work: models.Workspace, as_person: Any) -> None:
    browser = as_person("sari")
    response = browser.submit_form(browser.get(page_of(work, "isu")), page_of(work, "isu"), text=TEXT)
    assert (response.status_code, response.location) == (303, page_of(work, "isu"))
    page = text(browser.get(page_of(work, "isu")))
    assert TEXT in page
    assert "Tersimpan" in page
    assert "WIB" in page


def test_an_autosave_answers_with_what_changed(
    work: models.Workspace, as_person: Any, count_statements: Any
) -> None:
    browser = as_person("sari")
    token = browser.csrf_token()
    with count_statements() as counted:
        response = browser.post_json(
            page_of(work, "isu"), {"revision": "0", "text": "Satu dua", "csrf_token": token}
        )
    assert len(counted) <= 6
    assert response.status_code == 200
    answer = response.get_json()
    assert answer["revision"] == "1"
    assert answer["saved"].startswith("Tersimpan otomatis ")
    assert answer["saved"].endswith(" WIB")
    assert set(answer["fragments"]) == {"temuan", "daftar-bagian", "syarat"}
    assert "Wajib" in answer["fragments"]["temuan"]
    assert "2 temuan" in answer["fragments"]["daftar-bagian"]
    assert 'aria-current="page"' in answer["fragments"]["daftar-bagian"]
    page = text(browser.get(page_of(work, "isu")))
    for fragment in answer["fragments"].values():  # the same as a new page shows
        assert " ".join(unescape(fragment).split()) in " ".join(page.split())


def test_without_javascript_the_page_counts_words_and_ticks_headings(
    work: models.Workspace, as_person: Any
) -> None:
    browser = as_person("sari")
    browser.post(page_of(work, "isu"), data={"revision": "0", "text": TEXT})
    page = " ".join(text(browser.get(page_of(work, "isu"))).split())
    assert f'data-max="200">{stored(work, "isu").size}</b> kata' in page
    assert 'Judul “Akar masalah” <span class="muted">ada' in page


def test_the_preview_is_safe_html_of_what_is_saved(work: models.Workspace, as_person: Any) -> None:
    browser = as_person("sari")
    hostile = f"{TEXT}\n\n**tebal** <script>alert(1)</script> [x](javascript:alert(1))"
    response = browser.submit_form(
        browser.get(page_of(work, "isu")), page_of(work, "isu"), text=hostile, then="preview"
    )
    assert response.location.endswith("?tampil=pratinjau#pratinjau")
    page = browser.get(response.location).get_data(as_text=True)
    preview = page.split('id="pratinjau-judul"', 1)[1]
    assert "<strong>tebal</strong>" in preview
    assert "<script>alert" not in page
    assert 'href="javascript' not in page


def test_two_tabs_lose_neither_text(work: models.Workspace, as_person: Any) -> None:
    browser = as_person("sari")
    address = page_of(work, "isu")
    first, second = browser.get(address), browser.get(address)
    assert browser.submit_form(first, address, text=f"{TEXT}\nKalimat tab pertama.").status_code == 303
    conflict = browser.submit_form(second, address, text=f"{TEXT}\nKalimat tab kedua.")
    assert conflict.status_code == 409
    page = text(conflict)
    assert "Kalimat tab pertama." in page
    assert "Kalimat tab kedua." in page
    assert "juga disimpan oleh Anda, di tab atau perangkat lain" in page
    assert "<del>" in page
    assert "<ins>" in page
    assert stored(work, "isu").content == f"{TEXT}\nKalimat tab pertama."
    # mine over it, on purpose
    assert browser.submit_form(conflict, address).status_code == 303
    assert stored(work, "isu").content == f"{TEXT}\nKalimat tab kedua."


def test_two_tabs_can_be_put_together(work: models.Workspace, as_person: Any) -> None:
    browser = as_person("sari")
    address = page_of(work, "isu")
    browser.post(address, data={"revision": "0", "text": "Satu\nTab pertama"})
    conflict = browser.post(address, data={"revision": "0", "text": "Satu\nTab kedua"})
    merged = (
        text(conflict)
        .split('<textarea class="control writing"', 1)[1]
        .split(">", 1)[1]
        .split("</textarea>")[0]
    )
    assert merged.strip() == "Satu\nTab pertama\nTab kedua"
    assert browser.post(address, data={"revision": "1", "text": merged}).status_code == 303
    assert stored(work, "isu").revision == 2


def test_an_autosave_that_comes_late_is_told_who_saved(
    work: models.Workspace, cast: Cast, as_person: Any, session: Any
) -> None:
    browser = as_person("sari")
    address = page_of(work, "isu")
    browser.post_json(address, {"revision": "0", "text": "Satu"})
    again = browser.post_json(address, {"revision": "0", "text": "Satu"})
    assert (again.status_code, again.get_json()["revision"]) == (200, "1")
    db.session.execute(update(Draft).values(updated_by=cast.people["budi"]))
    db.session.commit()
    late = browser.post_json(address, {"revision": "0", "text": "Dua"})
    assert late.status_code == 409
    assert late.get_json()["error"] == "conflict"
    assert "Budi" in late.get_json()["message"]


def test_a_megabyte_is_refused_and_stays_on_the_page(work: models.Workspace, as_person: Any) -> None:
    browser = as_person("sari")
    long = "kata " * 200_000
    response = browser.post(page_of(work, "isu"), data={"revision": "0", "text": long})
    assert response.status_code == 413
    assert "melebihi batas 200 KB" in text(response)
    assert long in text(response)
    told = browser.post_json(page_of(work, "isu"), {"revision": "0", "text": long})
    assert told.status_code == 413
    assert "200 KB" in told.get_json()["message"]
    assert stored(work, "isu").revision == 0


def test_nul_and_odd_revisions_do_no_harm(work: models.Workspace, as_person: Any) -> None:
    browser = as_person("sari")
    browser.post(page_of(work, "isu"), data={"revision": "0", "text": "a\0b"})
    assert stored(work, "isu").content == "ab"
    for revision in ("", "x", "-1", "9" * 50):
        assert browser.post(page_of(work, "isu"), data={"revision": revision, "text": "c"}).status_code == 409
    assert stored(work, "isu").content == "ab"


def test_a_form_without_its_token_keeps_the_text(work: models.Workspace, as_person: Any) -> None:
    browser = as_person("sari")
    browser.get("/profil")
    response = browser.post(page_of(work, "isu"), data={"revision": "0", "text": TEXT, "csrf_token": "palsu"})
    assert response.status_code == 400
    assert TEXT.splitlines()[0] in text(response)
    told = browser.post_json(page_of(work, "isu"), {"text": TEXT, "csrf_token": "palsu"})
    assert (told.status_code, told.get_json()["error"]) == (400, "csrf")


# Tables


def rows_on(page: Any, address: str) -> list[str]:
    ids = page_checks.form_fields(page, address)["row"]
    return ids if isinstance(ids, list) else [ids]


def test_a_table_is_filled_through_the_plain_form(work: models.Workspace, as_person: Any) -> None:
    browser = as_person("sari")
    address = page_of(work, "sasaran")
    page = browser.get(address)
    (row,) = rows_on(page, address)
    cells = {f"{row}.sasaran": "Wisata tumbuh", f"{row}.arah": "naik", f"{row}.t0": "1,3", f"{row}.t1": "1,2"}
    assert browser.submit_form(page, address, **cells).status_code == 303
    page = browser.get(address)
    shown = text(page)
    assert rows_on(page, address)[0] == row
    assert len(rows_on(page, address)) == 2  # one more, empty, to go on in
    # the finding names the row, leads to the cell, and the cell knows it
    assert f'href="#sel-{row}-t1"' in shown
    assert f'id="sel-{row}-t1" name="{row}.t1"' in shown
    assert 'aria-describedby="temuan-1" aria-invalid="true"' in shown
    assert "Wajib" in shown
    fixed = browser.submit_form(page, address, **{f"{row}.t1": "1,4"})
    assert fixed.status_code == 303
    assert "aria-invalid" not in text(browser.get(address))


def test_rows_are_added_and_removed_without_javascript(work: models.Workspace, as_person: Any) -> None:
    browser = as_person("sari")
    address = page_of(work, "sasaran")
    page = browser.get(address)
    (row,) = rows_on(page, address)
    more = browser.submit_form(page, address, **{f"{row}.sasaran": "Satu"}, then="add")
    assert "tambah=5" in more.location
    page = browser.get(more.location)
    ids = rows_on(page, address)
    assert len(ids) == 6
    cells = {f"{name}.sasaran": f"Sasaran {at}" for at, name in enumerate(ids[1:4])}
    browser.submit_form(page, address, **cells)
    page = browser.get(address)
    assert len(rows_on(page, address)) == 5
    browser.submit_form(page, address, remove=[ids[0], ids[2]])
    held = stored(work, "sasaran").content
    assert isinstance(held, Table)
    assert [each["sasaran"] for each in held.rows] == ["Sasaran 0", "Sasaran 2"]


def test_lists_offer_the_values_of_another_section(
    work: models.Workspace, as_person: Any, session: Any
) -> None:
    change_project(CHAIN)
    db.session.commit()
    browser = as_person("sari")
    found = models.workspace(work.id)
    db.session.rollback()
    assert found is not None
    browser.post(
        page_of(work, "sasaran"), data={"revision": "0", "row": "aaaa", "aaaa.sasaran": "Wisata <tumbuh>"}
    )
    page = browser.get(page_of(work, "program"))
    assert "<option>Wisata &lt;tumbuh&gt;</option>" in page.get_data(as_text=True)
    # what was chosen before stays chosen when it is no longer on offer, and is found
    browser.post(
        page_of(work, "program"),
        data={"revision": "0", "row": "bbbb", "bbbb.sasaran": "Wisata lama", "bbbb.pagu": "Rp1.000"},
    )
    shown = text(browser.get(page_of(work, "program")))
    assert "<option selected>Wisata lama</option>" in shown
    assert "tidak ada di Sasaran" in shown


def test_rows_of_a_long_table_share_one_list(
    work: models.Workspace, as_person: Any, session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheet, "LISTED_AT_MOST", 0)
    change_project(CHAIN)
    db.session.commit()
    browser = as_person("sari")
    browser.post(page_of(work, "sasaran"), data={"revision": "0", "row": "aaaa", "aaaa.sasaran": "Wisata"})
    page = text(browser.get(page_of(work, "program")))
    assert 'list="pilihan-sasaran"' in page
    assert '<datalist id="pilihan-sasaran"><option value="Wisata"></datalist>' in page


def test_two_tabs_lose_neither_table(work: models.Workspace, as_person: Any) -> None:
    browser = as_person("sari")
    address = page_of(work, "sasaran")
    base = {"revision": "0", "row": ["aaaa", "bbbb"], "aaaa.sasaran": "Satu", "bbbb.sasaran": "Dua"}
    assert browser.post(address, data=base).status_code == 303
    one = base | {"revision": "1", "aaaa.t0": "1"}
    two = base | {"revision": "1", "aaaa.t0": "2", "row": ["aaaa", "bbbb", "cccc"], "cccc.sasaran": "Tiga"}
    assert browser.post(address, data=one).status_code == 303
    conflict = browser.post(address, data=two)
    assert conflict.status_code == 409
    page = text(conflict)
    assert "Milik Anda" in page
    merged = page.split("<h2>Gabungkan</h2>", 1)[1]
    assert merged.count('name="row"') == 4  # the row that differs stands twice, the new one once
    assert browser.submit_form(conflict, address).status_code == 303
    held = stored(work, "sasaran").content
    assert isinstance(held, Table)
    assert [(each["sasaran"], each.get("t0", "")) for each in held.rows] == [
        ("Satu", "2"),
        ("Dua", ""),
        ("Tiga", ""),
    ]


def test_a_table_that_is_too_large_stays_on_the_page(work: models.Workspace, as_person: Any) -> None:
    browser = as_person("sari")
    address = page_of(work, "sasaran")
    data = {"revision": "0", "row": "aaaa", "aaaa.sasaran": "x" * 5000, "aaaa.t0": "7,25"}
    response = browser.post(address, data=data)
    assert response.status_code == 413
    assert "x" * 5000 in text(response)
    assert "7,25" in text(response)
    assert stored(work, "sasaran").revision == 0


# Waiting, returned, accepted


@pytest.fixture
def handed_in(work: models.Workspace, cast: Cast, session: Any) -> models.Workspace:
    fill(work, cast.people["sari"])
    hand_in(work, cast.people["sari"])
    db.session.commit()
    return work


def test_what_waits_can_be_read_but_not_written(handed_in: models.Workspace, as_person: Any) -> None:
    browser = as_person("sari")
    page = text(browser.get(page_of(handed_in, "isu")))
    assert "sedang ditelaah" in page
    assert "<textarea" not in page
    assert "Lama tinggal wisatawan" in page
    assert "5,55" in text(browser.get(page_of(handed_in, "sasaran")))
    refused = browser.post(page_of(handed_in, "isu"), data={"revision": "1", "text": "Teks dari tab lama"})
    assert refused.status_code == 409
    assert "Teks dari tab lama" in text(refused)  # not stored, not lost
    told = browser.post_json(page_of(handed_in, "isu"), {"revision": "1", "text": "Lain"})
    assert (told.status_code, told.get_json()["error"]) == (409, "locked")
    assert stored(handed_in, "isu").content == TEXT


def reply_to(note_id: int) -> str | None:
    try:
        return db.session.scalar(select(ImprovementNote.reply).where(ImprovementNote.id == note_id))
    finally:
        db.session.rollback()


@pytest.fixture
def returned(handed_in: models.Workspace, cast: Cast, session: Any) -> tuple[models.Workspace, int]:
    notes = [("isu", cast.people["dewi"], True, "Sebutkan **sumber** angka.")]
    (note_id,) = review(handed_in.id, 1, accepted=("sasaran", "lampiran"), returned=("isu",), notes=notes)
    db.session.commit()
    return handed_in, note_id


def test_a_returned_section_shows_its_notes_and_takes_answers(
    returned: tuple[models.Workspace, int], as_person: Any, session: Any, count_statements: Any
) -> None:
    work, note_id = returned
    browser = as_person("sari")
    with count_statements() as counted:
        page = browser.get(page_of(work, "isu"))
    assert len(counted) <= 8
    assert "<strong>sumber</strong>" in page.get_data(as_text=True)
    assert "1 catatan" in text(page)
    assert "Wajib diperbaiki" in text(page)
    answer = f"/proyek/catatan/{note_id}"
    response = browser.submit_form(page, answer, reply="Sumber ditambahkan: BPS, 2025.")
    assert (response.status_code, response.location) == (303, f"{page_of(work, 'isu')}#catatan-{note_id}")
    assert reply_to(note_id) == "Sumber ditambahkan: BPS, 2025."
    told = browser.post_json(answer, {"reply": "Diperbarui."})
    assert told.status_code == 200
    assert told.get_json()["saved"].startswith("Tersimpan otomatis")
    long = browser.post(answer, data={"reply": "panjang " * 400})
    assert long.status_code == 413
    assert "panjang panjang" in text(long)


@pytest.mark.parametrize(("who", "status"), [("budi", 404), ("tono", 404), ("dewi", 403), ("ratna", 403)])
def test_only_members_answer_notes(
    returned: tuple[models.Workspace, int], as_person: Any, session: Any, who: str, status: int
) -> None:
    _, note_id = returned
    assert as_person(who).post(f"/proyek/catatan/{note_id}", data={"reply": "x"}).status_code == status
    assert reply_to(note_id) == ""


def test_an_accepted_section_is_locked(returned: tuple[models.Workspace, int], as_person: Any) -> None:
    work, _ = returned
    browser = as_person("sari")
    page = text(browser.get(page_of(work, "sasaran")))
    assert "sudah diterima pada versi 1" in page
    assert "Dikunci sejak versi 1" in page
    assert 'name="row"' not in page
    refused = browser.post(page_of(work, "sasaran"), data={"revision": "1", "row": "aaaa", "aaaa.t0": "77"})
    assert refused.status_code == 409
    assert "77" in text(refused)


def test_answers_stay_as_they_were_handed_in(
    returned: tuple[models.Workspace, int], cast: Cast, as_person: Any, session: Any
) -> None:
    work, note_id = returned
    browser = as_person("sari")
    browser.post(f"/proyek/catatan/{note_id}", data={"reply": "Sudah."})
    hand_in(work, cast.people["sari"])
    db.session.commit()
    refused = browser.post(f"/proyek/catatan/{note_id}", data={"reply": "Belum."})
    assert refused.status_code == 409
    assert "Belum." in text(refused)
    page = text(browser.get(page_of(work, "isu")))
    assert "Tindak lanjut Anda:" in page
    assert "Sudah." in page
