"""The review desk as it really happens: a save that comes late, and one's own other tab."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select, update

from lms.courses.models import CohortFacilitator
from lms.extensions import db, utcnow
from lms.grading.comments import actions
from lms.grading.content import ReviewContent, decode
from lms.grading.leases.models import ReviewLease
from lms.grading.models import ReviewDraft
from lms.people.models import Person
from lms.projects.models import SubmissionVersion
from tests.cast import NOW, Cast
from tests.grading.reviews import RETURNED, handed_in, send
from tests.projects.work import change_project
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


@pytest.fixture
def hasan(chromium: Browser, here: Server, app: Flask, cast: Cast, desk: str) -> Iterator[Visitor]:
    """The cohort's second facilitator."""
    with app.app_context():
        db.session.add(
            CohortFacilitator(cohort_id=cast.cohort_id, person_id=cast.people["hasan"], added_at=NOW)
        )
        db.session.commit()
        db.session.remove()
    visitor = Visitor(chromium, here, WIDTHS["desktop"])
    visitor.sign_in(cast.emails["hasan"])
    yield visitor
    visitor.leave()


def run_out(app: Flask) -> None:
    """Half an hour passes for whoever has a turn."""
    with app.app_context():
        db.session.execute(update(ReviewLease).values(until=utcnow() - timedelta(seconds=1)))
        db.session.commit()
        db.session.remove()


def look_everywhere(visitor: Visitor) -> None:
    """On a phone, a tablet and a desktop, and at the narrowest."""
    for wide in (320, 768, *WIDTHS.values()):
        visitor.page.set_viewport_size({"width": wide, "height": 800})
        visitor.look()


def test_a_desk_that_is_only_read_has_the_keys_that_move(
    app: Flask, cast: Cast, dewi: Visitor, desk: str
) -> None:
    with app.app_context():
        version = db.session.get_one(SubmissionVersion, int(desk.rpartition("/")[2]))
        send(version, RETURNED, cast.people["dewi"])
        db.session.commit()
        db.session.remove()
    page = dewi.page
    page.goto(f"{desk}?bagian=isu")
    look_everywhere(dewi)
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Pintasan papan ketik")
    expect(sheet).to_be_visible()
    assert sheet.locator("kbd").all_inner_texts() == ["[", "]", "s", "n"]
    dewi.look()
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    for key in "jkcar/139":
        page.keyboard.press(key)
    assert page.url.endswith("bagian=isu")
    with page.expect_navigation():
        page.keyboard.press("]")
    assert page.url.endswith("bagian=sasaran")
    with page.expect_navigation():
        page.keyboard.press("[")
    assert page.url.endswith("bagian=isu")
    with page.expect_navigation():
        page.keyboard.press("s")
    assert page.url.endswith("tampil=ringkasan")
    look_everywhere(dewi)
    with page.expect_navigation():
        page.keyboard.press("n")
    assert page.url.endswith("/telaah")


def test_who_lost_the_turn_reads_what_was_kept_and_the_queue_says_who_has_it(
    app: Flask, dewi: Visitor, hasan: Visitor, desk: str
) -> None:
    mine, theirs = dewi.page, hasan.page
    mine.goto(f"{desk}?bagian=isu")
    mine.locator("#note-1").fill("Sebutkan sumbernya.")
    says(mine, "Tersimpan otomatis")
    run_out(app)
    with theirs.expect_response(lambda answer: answer.url.endswith("/giliran")):
        theirs.goto(f"{desk}?bagian=isu")
    with mine.expect_navigation():
        mine.locator("#note-1").fill("Sebutkan sumbernya dan tahunnya.")
    expect(mine.get_by_role("heading", level=1)).to_have_text("Versi ini sedang ditelaah orang lain")
    expect(mine.get_by_text("Hasan Basri menelaah sejak")).to_be_visible()
    expect(mine.get_by_text("Sebutkan sumbernya dan tahunnya.")).to_be_visible()
    look_everywhere(dewi)
    # nothing else waits: next leads to the queue, whose row says who has it
    mine.get_by_role("link", name="Telaah berikutnya").click()
    mine.wait_for_url("**/telaah")
    expect(mine.locator(".queue > li")).to_contain_text("oleh Hasan Basri sejak")
    expect(mine.get_by_role("link", name="Mulai dari yang pertama")).to_have_count(0)
    look_everywhere(dewi)
    mine.locator(".queue a").click()
    expect(mine.get_by_text("Draf Anda sendiri tersimpan")).to_be_visible()
    look_everywhere(dewi)


def keep(app: Flask, person_id: int, text: str) -> None:
    with app.app_context():
        actions.keep(text, by=person_id, now=NOW)
        db.session.commit()
        db.session.remove()


def test_a_button_offers_the_saved_comments_where_one_writes(
    app: Flask, cast: Cast, dewi: Visitor, desk: str
) -> None:
    page = dewi.page
    page.goto(f"{desk}?bagian=isu")
    # nothing is saved yet: the page says what to do
    with page.expect_navigation():
        page.get_by_role("button", name="Komentar tersimpan untuk catatan").click()
    expect(page.get_by_text("Belum ada komentar tersimpan untuk isian ini.")).to_be_in_viewport()
    look_everywhere(dewi)
    keep(app, cast.people["dewi"], "Sebutkan sumber dan tahunnya.")
    page.goto(f"{desk}?bagian=isu")
    page.get_by_role("button", name="Komentar tersimpan untuk catatan").click()
    offers = page.get_by_role("listbox", name="Komentar tersimpan")
    expect(offers.get_by_role("option")).to_have_text(["Sebutkan sumber dan tahunnya."])
    dewi.look()
    # leaving the list leaves nothing behind in the box; what is typed there searches
    page.keyboard.press("Escape")
    expect(offers).to_be_hidden()
    expect(page.locator("#note-1")).to_have_value("")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("tahun")
    expect(offers.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("#note-1")).to_have_value("Sebutkan sumber dan tahunnya.")
    says(page, "Tersimpan otomatis")
    assert page.url.endswith("?bagian=isu")
    # behind what is there already, on a line of its own
    page.locator("#comment-isu").evaluate("area => area.closest('details').open = true")
    page.locator("#comment-isu").fill("Rapi.")
    page.get_by_role("button", name="Komentar tersimpan untuk Isu").click()
    page.keyboard.press("Enter")
    expect(page.locator("#comment-isu")).to_have_value("Rapi.\nSebutkan sumber dan tahunnya.")


def test_without_javascript_a_saved_comment_is_put_in_and_nothing_is_lost(
    app: Flask, chromium: Browser, here: Server, cast: Cast, desk: str
) -> None:
    keep(app, cast.people["dewi"], "Sebutkan sumber dan tahunnya.")
    dewi = Visitor(chromium, here, WIDTHS["desktop"], java_script_enabled=False)
    page = dewi.page
    page.goto("/masuk")
    page.get_by_label("NIP atau surel").fill(cast.emails["dewi"])
    page.get_by_label("Kata sandi", exact=True).fill("belajar-asn-2026")
    page.get_by_role("button", name="Masuk").click()
    page.goto(f"{desk}?bagian=isu")
    page.locator("#note-1").fill("Ringkas kalimatnya.")
    page.locator("#kriteria-isu summary").click()
    page.get_by_role("button", name="Komentar tersimpan untuk Isu").click()
    insert = page.get_by_role("button", name="Sisipkan")
    expect(insert).to_be_in_viewport()
    insert.click()
    expect(page.locator("#comment-isu")).to_have_value("Sebutkan sumber dan tahunnya.")
    expect(page.locator("#comment-isu")).to_be_in_viewport()
    expect(page.locator("#note-1")).to_have_value("Ringkas kalimatnya.")
    dewi.leave()


# How much wider a list of choices would be if it had the room that its words need.
CLIPPED = """() => Math.max(...[...document.querySelectorAll(".note-kind")].map((select) => {
  const free = select.cloneNode(true);
  Object.assign(free.style, { position: "absolute", width: "max-content", maxWidth: "none" });
  select.parentElement.append(free);
  const more = free.offsetWidth - select.offsetWidth;
  free.remove();
  return more;
}))"""


def test_many_notes_leave_the_rubric_in_sight(app: Flask, cast: Cast, dewi: Visitor, desk: str) -> None:
    page = dewi.page
    page.goto(f"{desk}?bagian=isu")
    fields = {f"note.{at}": f"Catatan ke-{at} yang perlu diperbaiki." for at in range(1, 16)}
    token = page.locator("[name=csrf_token]").first.input_value()
    form = {"csrf_token": token, "revision": "0", "section": "isu", **fields}
    body = urlencode([*form.items(), *(("note", str(at)) for at in range(1, 16))])
    kind = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    assert page.request.post(desk, data=body, headers=kind).ok
    page.goto(f"{desk}?bagian=isu")
    for wide in (768, WIDTHS["desktop"]):
        page.set_viewport_size({"width": wide, "height": 800})
        page.reload()
        expect(page.locator("#note-16")).to_be_in_viewport()
        expect(page.locator("#rubrik-judul")).to_be_in_viewport()
        assert page.evaluate(CLIPPED) <= 0
    look_everywhere(dewi)


def test_endless_names_and_titles_stay_in_the_queue(
    app: Flask, cast: Cast, dewi: Visitor, hasan: Visitor, desk: str
) -> None:
    with app.app_context():
        change_project(title="T" * 200)
        for name, letter in (("sari", "S"), ("hasan", "H")):
            db.session.get_one(Person, cast.people[name]).name = letter * 200
        db.session.commit()
        db.session.remove()
    with hasan.page.expect_response(lambda answer: answer.url.endswith("/giliran")):
        hasan.page.goto(f"{desk}?bagian=isu")
    for address in ("/telaah", desk, f"{desk}?tampil=ringkasan"):
        dewi.page.goto(address)
        look_everywhere(dewi)
    expect(dewi.page.get_by_text("S" * 200).first).to_be_visible()
