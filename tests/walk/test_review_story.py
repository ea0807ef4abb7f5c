"""A work from its return to its appeal: two graders, a moderator, the release; on the desk by keyboard only."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from lms.courses.models import GradeEntry
from lms.extensions import db
from lms.projects.source import Reconcile
from tests.cast import Cast
from tests.grading.disputes import moderator, second_grader
from tests.grading.releasing import ADDRESS as RELEASE
from tests.grading.reviews import handed_in
from tests.projects.work import change_project
from tests.walk.conftest import WIDTHS, Server, Visitor
from tests.walk.test_workspace import says

REASON = "Tingkat kriteria isu dibaca ulang bersama naskah versi kedua."
OPEN = ("isu", "sasaran", "lampiran")


@dataclass(frozen=True)
class Story:
    """Addresses of the work: its first version, its second one, and itself."""

    work: int
    first: str
    second: str


@pytest.fixture
def story(app: Flask, cast: Cast) -> Story:
    """Sari's first version in a project with two graders, whom a moderator follows where they differ by ten."""
    with app.app_context():
        try:
            change_project(graders=2, reconcile=Reconcile(how="moderator", above=Decimal(10)))
            second_grader(cast)
            moderator(cast)
            version = handed_in(cast)
            found = Story(version.work_id, f"/telaah/{version.id}", f"/telaah/{version.id + 1}")
            db.session.commit()
            return found
        finally:
            db.session.remove()


def press(page: Page, *keys: str) -> None:
    """Keys of the desk, whose last one saves."""
    with page.expect_response(lambda answer: answer.request.method == "POST" and answer.ok):
        for key in keys:
            page.keyboard.press(key)
    says(page, "Tersimpan otomatis")


def review(
    who: Visitor, desk: str, sections: dict[str, str], levels: tuple[str, str], note: str = ""
) -> None:
    """Decide on sections, choose levels and send; no mouse."""
    page = who.page
    for section, key in sections.items():
        page.goto(f"{desk}?bagian={section}")
        if key == "r" and note:
            page.keyboard.press("c")
            expect(page.locator("#note-1")).to_be_focused()
            page.keyboard.type(note)
            page.keyboard.press("Escape")
        press(page, key)
    who.look()
    with page.expect_navigation():
        page.keyboard.press("s")
    press(page, *(key for level in levels for key in ("j", level)))
    who.look()
    page.locator("[data-send]").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/telaah")
    who.look()


def revise(sari: Visitor, story: Story) -> None:
    """Answer the note, change the text, hand in again."""
    page = sari.page
    page.goto(f"/proyek/hasil/{story.work}")
    sari.look()
    page.goto(f"/proyek/kerja/{story.work}/isu")
    page.get_by_label("Diperbaiki di …").first.check()
    page.get_by_label("Tindak lanjut catatan 1").fill("paragraf akar masalah.")
    page.get_by_role("button", name="Simpan tindak lanjut").click()
    says(page, "Tersimpan")
    page.locator("#text, [name=text]").first.fill(
        "## Akar masalah\n\nLama tinggal wisatawan hanya 1,4 hari (BPS, 2025), karena paket belum terpadu."
    )
    page.wait_for_timeout(1500)
    sari.look()
    page.goto(f"/proyek/kerja/{story.work}/kumpulkan")
    page.locator("#pernyataan").check()
    page.get_by_role("button", name="Kumpulkan versi 2").click()
    page.wait_for_url("**/bukti/*")


def moderate(hasan: Visitor, story: Story) -> None:
    """Follow the second review in every criterion, and say why."""
    page = hasan.page
    page.goto(f"{story.second}/moderasi")
    hasan.look()
    for group in page.get_by_role("group", name="Putusan Anda").all():
        group.get_by_role("radio").last.focus()
        page.keyboard.press("Space")
    page.get_by_label("Alasan putusan").focus()
    page.keyboard.type(REASON)
    says(page, "Tersimpan otomatis")
    page.get_by_role("button", name="Putuskan nilai").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Sudah diputuskan").first).to_be_visible()
    hasan.look()


def release(dewi: Visitor) -> None:
    """Let the cohort see its grades; who has not handed in is left out with a reason."""
    page = dewi.page
    page.goto(RELEASE)
    dewi.look()
    for each in page.locator("[name=kecuali]").all():
        each.focus()
        page.keyboard.press("Space")
    page.get_by_role("button", name="Umumkan").last.focus()
    page.keyboard.press("Enter")
    expect(
        page.get_by_text("Semua nilai sudah diumumkan").or_(page.get_by_text("diumumkan").first).first
    ).to_be_visible()
    dewi.look()


def appeal(sari: Visitor, story: Story) -> None:
    """Read why, and appeal against a criterion."""
    page = sari.page
    page.goto(f"/proyek/hasil/{story.work}")
    expect(page.locator(".grade-number").first).to_be_visible()
    sari.look()
    page.get_by_role("link", name="Mengapa nilai ini").click()
    sari.look()
    page.goto(f"/proyek/hasil/{story.work}/banding")
    sari.look()
    page.locator("#alasan-isu").fill(
        "Versi kedua menyebut sumber data di paragraf pertama, sesuai uraian tingkat empat."
    )
    page.get_by_role("button", name="Kirim banding").click()
    page.wait_for_url(f"**/proyek/hasil/{story.work}**")
    sari.look()


def answer(ratna: Visitor, story: Story) -> None:
    """Somebody who had no part in the grade answers."""
    page = ratna.page
    page.goto("/telaah/banding/1")
    ratna.look()
    page.locator("#terima").focus()
    page.keyboard.press("Space")
    page.locator("#poin").fill("60")
    page.locator("#alasan").fill("Sumber data memang disebut; tingkat empat tepat untuk kriteria ini.")
    page.get_by_role("button", name="Simpan jawaban banding").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("sudah dijawab").or_(page.get_by_role("status")).first).to_be_visible()


@pytest.mark.parametrize("width", WIDTHS.values())
def test_from_the_return_to_the_appeal(
    app: Flask, chromium: Browser, here: Server, cast: Cast, story: Story, width: int
) -> None:
    people = {name: Visitor(chromium, here, width) for name in ("sari", "dewi", "rekan", "hasan", "ratna")}
    for name, visitor in people.items():
        visitor.sign_in(cast.emails[name])
    sari, dewi, rekan = people["sari"], people["dewi"], people["rekan"]
    accept = dict.fromkeys(OPEN, "a")

    review(dewi, story.first, {**accept, "isu": "r"}, ("2", "4"), "Sebutkan sumbernya.")
    sari.page.goto(f"/proyek/hasil/{story.work}")
    expect(sari.page.get_by_text("Sebutkan sumbernya.")).to_have_count(0)  # not before both have sent
    review(rekan, story.first, accept, ("3", "4"))
    revise(sari, story)
    review(dewi, story.second, {"isu": "a"}, ("4", "4"))
    review(rekan, story.second, {"isu": "a"}, ("1", "4"))
    moderate(people["hasan"], story)
    sari.page.goto(f"/proyek/hasil/{story.work}")
    expect(sari.page.locator(".grade-number")).to_have_count(0)  # not before the release
    release(dewi)
    appeal(sari, story)
    answer(people["ratna"], story)
    sari.page.reload()
    expect(sari.page.get_by_text("tingkat empat tepat untuk kriteria ini").first).to_be_visible()
    sari.look()
    with app.app_context():
        states = list(db.session.scalars(select(GradeEntry.state).order_by(GradeEntry.id)))
        db.session.remove()
    assert states == ["proposed", "proposed", "proposed", "moderated", "released", "appealed", "revised"]
    for visitor in people.values():
        visitor.leave()
