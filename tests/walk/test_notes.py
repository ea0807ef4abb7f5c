"""Words are selected, a note stands there; the team answers it; in the next version it is found and settled."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from lms.extensions import db
from tests.cast import Cast
from tests.grading.reviews import handed_in
from tests.walk.conftest import WIDTHS, Server, Visitor
from tests.walk.test_workspace import says

SELECT = """(words) => {
  const walker = document.createTreeWalker(document.querySelector(".desk-read"), NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const at = node.data.indexOf(words);
    if (at < 0) continue;
    const range = document.createRange();
    range.setStart(node, at);
    range.setEnd(node, at + words.length);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    return;
  }
}"""


def decide(page: Page, desk: str, section: str, choice: str) -> None:
    page.goto(f"{desk}?bagian={section}")
    page.locator("h1").click()
    with page.expect_response(lambda answer: answer.request.method == "POST" and answer.ok):
        page.keyboard.press(choice)
    says(page, "Tersimpan otomatis")


def send(page: Page, desk: str) -> None:
    page.goto(f"{desk}?tampil=ringkasan")
    page.get_by_role("button", name="Kirim hasil telaah").click()
    page.wait_for_url("**/telaah")


@pytest.mark.parametrize("width", WIDTHS.values())
def test_a_note_on_words_is_answered_found_again_and_settled(
    app: Flask, chromium: Browser, here: Server, cast: Cast, width: int
) -> None:
    with app.app_context():
        try:
            version = handed_in(cast)
            first, work = version.id, version.work_id
            db.session.commit()
        finally:
            db.session.remove()
    desk = f"/telaah/{first}"
    dewi, sari = (Visitor(chromium, here, width) for _ in range(2))
    dewi.sign_in(cast.emails["dewi"])
    sari.sign_in(cast.emails["sari"])

    page = dewi.page
    page.goto(f"{desk}?bagian=isu")
    page.evaluate(SELECT, "paket perjal")
    offer = page.get_by_role("button", name="Catatan untuk kata yang dipilih")
    expect(offer).to_be_visible()
    page.keyboard.press("c")
    expect(page.locator("#note-1")).to_be_focused()
    page.keyboard.type("Rinci paketnya.")
    says(page, "Tersimpan otomatis")
    page.reload()
    mark = page.locator("mark.note-must")
    expect(mark).to_have_text("paket perjalanan")
    dewi.look()
    page.locator("#tanda-1").click()
    expect(page.locator("#note-1")).to_be_in_viewport()
    for section, choice in (("isu", "r"), ("sasaran", "a"), ("lampiran", "a")):
        decide(page, desk, section, choice)
    send(page, desk)

    page = sari.page
    page.goto(f"/proyek/kerja/{work}/kumpulkan")
    sari.look()
    page.get_by_role("link", name="Isu").first.click()
    expect(page.get_by_text("0 dari 1 catatan wajib sudah dijawab.")).to_be_visible()
    sari.look()
    page.get_by_role("link", name="Ke tempatnya").click()
    chosen = page.evaluate("getSelection().toString()")
    assert chosen == "paket perjalanan"
    page.get_by_label("Tidak sependapat karena …").check()
    page.get_by_label("Tindak lanjut catatan 1").fill("paketnya sudah dirinci pada lampiran.")
    page.get_by_role("button", name="Simpan tindak lanjut").click()
    says(page, "Tersimpan")
    text = page.locator("#text, [name=text]").first
    text.fill("## Akar masalah\n\nBaru: lama tinggal hanya 1,3 hari, karena paket perjalanan belum terpadu.")
    page.wait_for_timeout(1500)
    page.goto(f"/proyek/kerja/{work}/kumpulkan")
    page.locator("#pernyataan").check()
    page.get_by_role("button", name="Kumpulkan versi 2").click()
    page.wait_for_url("**/bukti/*")

    page = dewi.page
    second = f"/telaah/{first + 1}"
    page.goto(f"{second}?bagian=isu&tampil=penuh")
    expect(page.locator("mark")).to_have_text("paket perjalanan")
    expect(page.get_by_text("Tidak sependapat")).to_be_visible()
    dewi.look()
    page.get_by_label("Selesai").focus()
    page.keyboard.press("Space")
    says(page, "Tersimpan otomatis")
    page.goto(f"{second}?bagian=isu&tampil=perubahan")
    expect(page.locator("mark")).to_have_count(1)
    decide(page, second, "isu", "a")
    choose_levels(page, second)
    send(page, second)

    page = sari.page
    page.goto(f"/proyek/hasil/{work}/lembar/1")
    expect(page.get_by_text("Selesai di versi 2")).to_be_visible()
    sari.look()
    dewi.leave()
    sari.leave()


def choose_levels(page: Page, desk: str) -> None:
    """The best level of every criterion, by keyboard."""
    page.goto(f"{desk}?tampil=ringkasan")
    count: Any = page.locator("[data-criterion]").count()
    for _ in range(count):
        page.keyboard.press("j")
        page.keyboard.press("4")
    says(page, "Tersimpan otomatis")
