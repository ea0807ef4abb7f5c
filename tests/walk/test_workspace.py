"""Writing in the workspace as it really happens: weak signal, two tabs, a session that ends, a paste from Excel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from lms.extensions import db
from lms.projects import models
from lms.projects.content import Content, words
from lms.projects.source import parse
from tests import rpjmd
from tests.cast import Cast
from tests.projects.work import CHAIN, FRONT, PDF, TEXT, change_project
from tests.walk.conftest import ROOT, WIDTHS, Server, Visitor

AUTOSAVED = "Tersimpan otomatis"


BOTH = pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS.keys())


@pytest.fixture
def width() -> int:
    """Most of this does not depend on the width; what does asks for both."""
    return WIDTHS["desktop"]


@pytest.fixture
def sari(chromium: Browser, here: Server, cast: Cast, width: int) -> Iterator[Visitor]:
    """sari at a browser, with the project begun."""
    visitor = Visitor(chromium, here, width)
    visitor.sign_in(cast.emails["sari"])
    visitor.page.goto(FRONT)
    visitor.page.get_by_role("button", name="Mulai proyek").click()
    visitor.page.wait_for_url("**/isu")
    yield visitor
    visitor.complaints[:] = [each for each in visitor.complaints if "ERR_INTERNET_DISCONNECTED" not in each]
    visitor.leave()


def stored(app: Flask, section_id: str) -> Content:
    """What the database holds of the only work there is."""
    with app.app_context():
        try:
            return models.drafts(1)[section_id].content
        finally:
            db.session.remove()


def says(page: Page, words: str) -> None:
    expect(page.locator("[data-say]").first).to_contain_text(words, timeout=15_000)


def kept(page: Page) -> list[str]:
    """The copies that lie on the device."""
    found: list[str] = page.evaluate("Object.keys(localStorage)")
    return found


def section(page: Page, name: str) -> None:
    page.goto(f"/proyek/kerja/1/{name}")


@BOTH
def test_text_saves_itself_and_the_page_follows(app: Flask, sari: Visitor) -> None:
    page = sari.page
    page.locator("#teks").fill(TEXT)
    expect(page.locator("#jumlah-kata")).to_have_text(str(words(TEXT)))
    says(page, AUTOSAVED)
    expect(page.locator("#temuan")).to_contain_text("terpenuhi")
    expect(page.locator("#daftar-bagian [aria-current]")).to_contain_text("Draf")
    page.get_by_role("button", name="Pratinjau").click()
    expect(page.locator("#pratinjau h3")).to_have_text("Akar masalah")
    assert page.url.endswith("/isu")
    assert stored(app, "isu") == TEXT
    assert kept(page) == []
    sari.look()


def test_what_is_written_offline_is_sent_later(app: Flask, sari: Visitor) -> None:
    page = sari.page
    sari.context.set_offline(True)
    page.locator("#teks").fill("Ditulis di perjalanan.")
    says(page, "Tersimpan di perangkat ini, akan dikirim saat daring")
    assert len(kept(page)) == 1
    assert stored(app, "isu") == ""
    sari.context.set_offline(False)
    says(page, AUTOSAVED)
    assert stored(app, "isu") == "Ditulis di perjalanan."
    assert kept(page) == []


def test_what_a_closed_tab_could_not_send_comes_back(app: Flask, sari: Visitor) -> None:
    section(sari.page, "sasaran")
    sari.context.set_offline(True)
    sari.page.locator(".cell").first.fill("Wisata tumbuh")
    says(sari.page, "Tersimpan di perangkat ini")
    again = sari.context.new_page()
    # the browser's offline switch lets through what a closing page sends, now and then: here it must not arrive
    sari.page.evaluate("() => { window.fetch = () => Promise.reject(new TypeError('offline')); }")
    sari.page.close()
    sari.context.set_offline(False)
    section(again, "sasaran")
    expect(again.locator(".cell").first).to_have_value("Wisata tumbuh")
    says(again, AUTOSAVED)
    (row,) = stored(app, "sasaran").rows  # type: ignore[union-attr]
    assert row["sasaran"] == "Wisata tumbuh"
    assert kept(again) == []
    sari.page = again


def test_a_session_that_ends_costs_no_text(app: Flask, sari: Visitor, cast: Cast) -> None:
    page = sari.page
    other = sari.context.new_page()
    other.goto("/profil")
    other.locator("footer").get_by_role("button", name="Keluar").click()
    other.wait_for_url("**/masuk**")
    page.locator("#teks").fill("Setelah sesi berakhir.")
    says(page, "masuk lagi di tab lain")
    other.get_by_label("NIP atau surel").fill(cast.emails["sari"])
    other.get_by_label("Kata sandi", exact=True).fill("belajar-asn-2026")
    other.get_by_role("button", name="Masuk").click()
    other.wait_for_url("**/")
    other.close()
    page.bring_to_front()
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    says(page, AUTOSAVED)
    assert stored(app, "isu") == "Setelah sesi berakhir."
    sari.complaints[:] = [
        each for each in sari.complaints if "400" not in each
    ]  # the old token, asked for once


def test_two_tabs_are_shown_both_and_put_together(app: Flask, sari: Visitor) -> None:
    first, second = sari.page, sari.context.new_page()
    section(second, "isu")
    first.locator("#teks").fill("Satu.\nDari tab pertama.")
    says(first, AUTOSAVED)
    second.locator("#teks").fill("Satu.\nDari tab kedua.")
    says(second, "juga disimpan oleh Anda")
    assert stored(app, "isu") == "Satu.\nDari tab pertama."
    assert len(kept(second)) == 1
    second.get_by_role("button", name="Bandingkan").click()
    expect(second.locator("ins").first).to_be_visible()
    sari.page = second
    sari.look()
    second.get_by_role("button", name="Simpan gabungan").click()
    expect(second.locator("#teks")).to_have_value("Satu.\nDari tab pertama.\nDari tab kedua.")
    assert stored(app, "isu") == "Satu.\nDari tab pertama.\nDari tab kedua."
    assert kept(second) == []


PASTED = (
    "Wisata tumbuh\tNAIK\t1,3\t1,2\nPengangguran menurun\tturun\t5,55\t5,20\n"
    '"Warga\nsejahtera"\tmembaik\t2\t3\n'
)


def paste(page: Page, text: str) -> None:
    page.locator(".cell").first.evaluate(
        """(cell, text) => {
            const data = new DataTransfer();
            data.setData("text/plain", text);
            cell.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }""",
        text,
    )


@BOTH
def test_a_block_from_excel_fills_rows_and_findings_mark_cells(app: Flask, sari: Visitor) -> None:
    page = sari.page
    section(page, "sasaran")
    paste(page, PASTED)
    says(page, AUTOSAVED)
    rows = stored(app, "sasaran").rows  # type: ignore[union-attr]
    assert [row["sasaran"] for row in rows] == ["Wisata tumbuh", "Pengangguran menurun", "Warga\nsejahtera"]
    assert [row["arah"] for row in rows] == [
        "naik",
        "turun",
        "membaik",
    ]  # what is no choice is kept, and found
    expect(page.locator("tr[data-row]")).to_have_count(4)
    wrong = page.locator(f"#sel-{rows[0]['_id']}-t1")
    expect(wrong).to_have_attribute("aria-invalid", "true")
    page.get_by_role("link", name="Lihat sel baris 1, kolom 2025").click()
    expect(wrong).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("1,5")
    says(page, AUTOSAVED)
    expect(wrong).not_to_have_attribute("aria-invalid", "true")
    sari.look()
    page.reload()
    expect(wrong).to_have_value("1,5")


def test_a_paste_and_a_removed_row_can_be_taken_back(app: Flask, sari: Visitor) -> None:
    page = sari.page
    section(page, "sasaran")
    page.locator(".cell").first.fill("Semula")
    says(page, AUTOSAVED)
    paste(page, PASTED)
    page.get_by_role("button", name="Urungkan").click()
    expect(page.locator("tr[data-row]")).to_have_count(2)
    expect(page.locator(".cell").first).to_have_value("Semula")
    page.get_by_role("button", name="Hapus baris 1").click()
    expect(page.locator(".cell").first).to_have_value("")
    page.get_by_role("button", name="Urungkan").click()
    expect(page.locator(".cell").first).to_have_value("Semula")
    page.wait_for_timeout(1500)
    assert [row.get("sasaran") for row in stored(app, "sasaran").rows] == ["Semula"]  # type: ignore[union-attr]


def test_a_table_is_walked_by_keyboard(app: Flask, sari: Visitor) -> None:
    page = sari.page
    section(page, "sasaran")
    page.locator(".cell").first.focus()
    page.keyboard.type("Satu")
    page.keyboard.press("Enter")
    page.keyboard.type("Dua")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.keyboard.type("1,5")
    page.keyboard.press("ArrowDown")
    page.keyboard.type("2,5")
    says(page, AUTOSAVED)
    rows = stored(app, "sasaran").rows  # type: ignore[union-attr]
    assert [(row["sasaran"], row["t0"]) for row in rows] == [("Satu", "1,5"), ("Dua", "2,5")]
    assert page.url.endswith("/sasaran")  # Enter never sent the form


def test_files_show_their_way_and_why_they_are_refused(app: Flask, sari: Visitor) -> None:
    page = sari.page
    section(page, "lampiran")
    page.set_input_files(
        "#file",
        [
            {"name": "peta.pdf", "mimeType": "application/pdf", "buffer": PDF},
            {"name": "palsu.pdf", "mimeType": "application/pdf", "buffer": b"MZ" + b"\0" * 90},
            {"name": "besar.pdf", "mimeType": "application/pdf", "buffer": PDF + b"0" * 1_100_000},
        ],
    )
    page.get_by_role("button", name="Unggah").click()
    shown = page.locator("[data-uploads] li")
    expect(shown).to_have_count(3)
    expect(shown.nth(0)).to_contain_text("Terunggah")
    expect(shown.nth(1)).to_contain_text("bukan PDF, PNG")
    expect(shown.nth(2)).to_contain_text("melebihi 1 MB")
    expect(page.locator("#berkas")).to_contain_text("peta.pdf")
    sari.look()
    assert [file.name for file in stored(app, "lampiran")] == ["peta.pdf"]  # type: ignore[union-attr]
    page.get_by_role("button", name="Hapus peta.pdf").click()
    expect(page.locator("#berkas")).to_contain_text("Belum ada berkas")
    sari.complaints[:] = [each for each in sari.complaints if "422" not in each]


@BOTH
def test_everything_works_without_javascript(
    app: Flask, chromium: Browser, here: Server, cast: Cast, width: int
) -> None:
    visitor: Any = Visitor(chromium, here, width, java_script_enabled=False)
    page = visitor.page
    page.goto("/masuk")
    page.get_by_label("NIP atau surel").fill(cast.emails["sari"])
    page.get_by_label("Kata sandi", exact=True).fill("belajar-asn-2026")
    page.get_by_role("button", name="Masuk").click()
    page.goto(FRONT)
    page.get_by_role("button", name="Mulai proyek").click()
    page.locator("#teks").fill(TEXT)
    page.get_by_role("button", name="Simpan").click()
    section(page, "sasaran")
    page.locator("textarea.cell").first.fill("Pengangguran menurun")
    page.locator("select.cell").first.select_option("turun")
    page.locator("input.cell").nth(0).fill("5,55")
    page.locator("input.cell").nth(1).fill("5,20")
    page.get_by_role("button", name="Simpan").last.click()
    page.get_by_role("link", name="Periksa dan kumpulkan").click()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Kumpulkan versi 1").click()
    expect(page.locator("h1")).to_have_text("Bukti pengumpulan")
    visitor.leave()


RPJMD = ROOT / "content/penyusunan-rpjmd/05-proyek/02-rancangan-rpjmd.md"


@pytest.mark.parametrize("width", [1280, 1400])
def test_a_table_of_many_columns_shows_what_is_wrong(
    app: Flask, chromium: Browser, here: Server, cast: Cast, width: int
) -> None:
    """The real table of goals: its targets stand in view; where it scrolls, the indicator and a mark stay."""
    with app.app_context():
        project, problems = parse(RPJMD.read_text(), "proyek.md")
        assert project is not None, problems
        change_project(sections=project.sections)
        db.session.commit()
        db.session.remove()
    visitor = Visitor(chromium, here, width)
    visitor.sign_in(cast.emails["sari"])
    page = visitor.page
    page.goto(FRONT)
    page.get_by_role("button", name="Mulai proyek").click()
    page.wait_for_url("**/isu")
    section(page, "sasaran")
    paste(page, rpjmd.GOALS.replace("2,1\t2,1", "2,1\t2,3"))
    says(page, AUTOSAVED)
    row = page.locator("tr[data-row]").first
    last = row.locator(".cell").last
    expect(last).to_have_attribute("aria-invalid", "true")
    box = last.bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= width, "the red cell can be seen"
    visitor.look()
    frame = page.locator(".sheet-frame")
    page.set_viewport_size({"width": 700, "height": 800})
    frame.evaluate("frame => { frame.scrollLeft = frame.scrollWidth }")
    key, edge = row.locator("td.sheet-key").bounding_box(), frame.bounding_box()
    assert key is not None
    assert edge is not None
    assert edge["x"] <= key["x"] < edge["x"] + 80, "which row it is can be read"
    assert row.locator("td.sheet-key .cell").input_value() == "Rata-rata lama tinggal"
    assert row.locator("th").evaluate("th => getComputedStyle(th).boxShadow") != "none", (
        "a mark on its number"
    )
    visitor.leave()


def test_an_upload_in_parts_goes_on_where_the_connection_broke(
    app: Flask, sari: Visitor, here: Server
) -> None:
    page = sari.page
    page.goto(f"{here.address}/proyek/kerja/1/lampiran")
    sent: list[str] = []
    broken: list[str] = []

    def weak(route: Any) -> None:
        sent.append(route.request.url)
        if len(sent) in (2, 3):  # the second part and its first retry never arrive
            broken.append(route.request.url)
            route.abort()
        else:
            route.continue_()

    page.route("**/berkas/bagian/*", weak)
    page.locator("#file").set_input_files(
        {"name": "peta.pdf", "mimeType": "application/pdf", "buffer": PDF + b"% " + b"x" * 900_000}
    )
    page.get_by_role("button", name="Unggah", exact=True).click()
    expect(page.locator("[data-uploads]")).to_contain_text("Terunggah.", timeout=30_000)
    assert len(broken) == 2
    held = stored(app, "lampiran")
    assert isinstance(held, tuple)
    assert [(each.name, each.size) for each in held] == [("peta.pdf", len(PDF) + 2 + 900_000)]
    sari.complaints[:] = [each for each in sari.complaints if "ERR_FAILED" not in each]


def test_rows_move_by_keyboard_and_by_number_and_amounts_are_summed(
    app: Flask, chromium: Browser, here: Server, cast: Cast
) -> None:
    with app.app_context():
        change_project(CHAIN)
        db.session.commit()
        db.session.remove()
    visitor = Visitor(chromium, here, WIDTHS["desktop"])
    visitor.sign_in(cast.emails["sari"])
    page = visitor.page
    page.goto(FRONT)
    page.get_by_role("button", name="Mulai proyek").click()
    page.wait_for_url("**/sasaran")
    section(page, "program")
    paste(page, "A\tRp1.250.000\nB\t750000\nC\tbelum")
    assert page.locator("[data-sum=pagu]").inner_text() == "Rp2.000.000"
    page.locator(".cell").nth(4).press("Alt+ArrowUp")  # C before B
    says(page, AUTOSAVED)
    names = [row["sasaran"] for row in stored(app, "program").rows]  # type: ignore[union-attr]
    assert names == ["A", "C", "B"]
    page.locator("#pindah-dari").fill("3")
    page.locator("#pindah-ke").fill("1")
    page.get_by_role("button", name="Pindahkan", exact=True).click()
    expect(page.locator("[data-sheet-status]")).to_contain_text("Baris dipindahkan ke nomor 1")
    page.get_by_role("button", name="Urungkan").click()
    page.get_by_role("button", name="Pindahkan", exact=True).click()
    page.wait_for_function("document.querySelector('[data-say]').textContent.includes('Tersimpan otomatis')")
    page.reload()
    assert [cell.input_value() for cell in page.locator("tbody tr .cell:first-of-type").all()][:1] == ["B"]
    assert page.locator("[data-sum=pagu]").inner_text() == "Rp2.000.000"
    visitor.look()
    visitor.leave()
