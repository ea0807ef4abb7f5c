"""What a learner types for an appeal survives a closed tab and an ended session."""

from __future__ import annotations

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from lms.extensions import db, utcnow
from lms.grading import actions as grading
from lms.grading.appeals.models import Appeal, AppealDraft
from tests.cast import Cast
from tests.grading.disputes import moderator
from tests.grading.reviews import ACCEPTED, handed_in, send
from tests.walk.conftest import WIDTHS, Server, Visitor
from tests.walk.test_workspace import says

WRITTEN = "Versi kedua menyebut sumber data di paragraf pertama, sesuai uraian tingkat empat."


@pytest.fixture
def work(app: Flask, cast: Cast) -> int:
    """Sari's, whose grade is out."""
    with app.app_context():
        try:
            moderator(cast)
            version = handed_in(cast)
            send(version, ACCEPTED, cast.people["dewi"])
            grading.release(cast.cohort_id, [version.work_id], by=cast.people["dewi"], now=utcnow())
            db.session.commit()
            return version.work_id
        finally:
            db.session.remove()


def drafts(app: Flask) -> list[dict[str, str]]:
    with app.app_context():
        try:
            return [each.reasons for each in db.session.scalars(select(AppealDraft))]
        finally:
            db.session.remove()


@pytest.mark.parametrize("width", list(WIDTHS.values()))
def test_an_appeal_is_written_in_two_sittings(
    app: Flask, chromium: Browser, here: Server, cast: Cast, work: int, width: int
) -> None:
    address = f"/proyek/hasil/{work}/banding"
    sari = Visitor(chromium, here, width)
    sari.sign_in(cast.emails["sari"])
    page = sari.page
    page.goto(address)
    sari.look()
    page.locator("#alasan-isu").fill("Versi kedua menyebut")
    says(page, "Tersimpan otomatis")
    assert drafts(app) == [{"isu": "Versi kedua menyebut"}]
    page.close()

    # another tab; then the session ends while she writes
    page = sari.page = sari.context.new_page()
    page.goto(address)
    expect(page.locator("#alasan-isu")).to_have_value("Versi kedua menyebut")
    cookies = sari.context.cookies()
    sari.context.clear_cookies()
    page.locator("#alasan-isu").fill(WRITTEN)
    says(page, "Sesi Anda berakhir")
    sari.look()
    page.close()
    sari.context.add_cookies(
        [{**each, "url": here.address, "domain": None, "path": None} for each in cookies]
    )
    page = sari.page = sari.context.new_page()
    page.goto(address)
    expect(page.locator("#alasan-isu")).to_have_value(WRITTEN)
    says(page, "Tersimpan otomatis")
    assert drafts(app) == [{"isu": WRITTEN}]
    page.get_by_role("button", name="Kirim banding").click()
    page.wait_for_url(f"**/proyek/hasil/{work}**")
    assert drafts(app) == []
    page.goto(address)
    sari.look()
    expect(page.get_by_text("tulisan yang belum terkirim")).to_have_count(0)
    with app.app_context():
        assert db.session.scalars(select(Appeal)).one().reason == WRITTEN
        db.session.remove()
    sari.leave()
