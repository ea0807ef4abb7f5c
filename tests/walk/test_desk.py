"""The review desk as it really happens: a save that comes late, and one's own other tab."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from lms.extensions import db
from lms.grading.content import ReviewContent, decode
from lms.grading.models import ReviewDraft
from tests.cast import Cast
from tests.grading.reviews import handed_in
from tests.walk.conftest import WIDTHS, Server, Visitor
from tests.walk.test_workspace import says


@pytest.fixture
def desk(app: Flask, cast: Cast) -> str:
    """The address of sari's first version at the desk."""
    with app.app_context():
        try:
            number = handed_in(cast).id
            db.session.commit()
            return f"/telaah/{number}"
        finally:
            db.session.remove()


@pytest.fixture
def dewi(chromium: Browser, here: Server, cast: Cast, desk: str) -> Iterator[Visitor]:
    visitor = Visitor(chromium, here, WIDTHS["desktop"])
    visitor.sign_in(cast.emails["dewi"])
    yield visitor
    visitor.leave()


def stored(app: Flask) -> ReviewContent:
    with app.app_context():
        try:
            return decode(db.session.scalars(select(ReviewDraft.content)).one())
        finally:
            db.session.remove()


def late_save(page: Page, desk: str, **fields: str) -> None:
    """What the page before sends when it is left, arriving only now."""
    form = {
        "csrf_token": page.locator("[name=csrf_token]").first.input_value(),
        "revision": "0",
        "section": "isu",
        "note": "1",
        "note.1": "",
        **fields,
    }
    answer: Any = page.request.post(desk, form=form, headers={"Accept": "application/json"})
    assert answer.ok, answer.text()


def test_a_late_save_of_the_page_before_is_no_conflict(app: Flask, dewi: Visitor, desk: str) -> None:
    page = dewi.page
    page.goto(f"{desk}?bagian=sasaran")
    late_save(page, desk, **{"note.1": "Sebutkan sumbernya.", "comment.isu": "Belum bersumber."})
    page.locator("#note-1").fill("Lengkapi satuannya.")
    says(page, "Tersimpan otomatis")
    said = stored(app)
    assert [note.text for note in said.section("isu").notes] == ["Sebutkan sumbernya."]
    assert said.opinion("isu").comment == "Belum bersumber."
    assert [note.text for note in said.section("sasaran").notes] == ["Lengkapi satuannya."]
    expect(page.locator("#comment-isu")).to_have_value("Belum bersumber.")
    # and the desk goes on from there
    with page.expect_response(lambda answer: answer.request.method == "POST" and answer.ok):
        page.locator("#note-1").fill("Lengkapi satuan dan sumbernya.")
    assert [note.text for note in stored(app).section("sasaran").notes] == ["Lengkapi satuan dan sumbernya."]


def test_the_same_field_changed_in_two_places_is_shown(app: Flask, dewi: Visitor, desk: str) -> None:
    page = dewi.page
    page.goto(f"{desk}?bagian=isu")
    late_save(page, desk, **{"note.1": "Dari tab lain."})
    page.locator("#note-1").fill("Dari tab ini.")
    expect(page.locator("[data-say]").first).to_contain_text("disimpan di tab atau perangkat lain")
    assert [note.text for note in stored(app).section("isu").notes] == ["Dari tab lain."]
    expect(page.locator("#note-1")).to_have_value("Dari tab ini.")
